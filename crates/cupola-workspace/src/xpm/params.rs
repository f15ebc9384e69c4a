//! Parameters of a job and the jobs that it needs, from the objects in its `params.json`: a list in
//! which each object names those that it holds by number; the last is the job itself.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::{
    file::{self, Unread},
    value,
};
use crate::model::JobKey;

/// Values within each other: deeper than anybody nests configurations.
const DEPTH: usize = 200;
/// Bytes that one job's parameters may take, about: an object that is shared counts each time it is
/// shown.
const MOST: usize = 8 << 20;
/// Of a value, beside its text.
const EACH: usize = 64;

/// What a job was asked to do.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Params {
    /// Nested as the configuration is.
    pub(crate) parameters: Value,
    /// Jobs that it needs itself, not what those need.
    pub(crate) dependencies: Vec<JobKey>,
    /// What could not be read.
    pub(crate) problem: Option<String>,
}

/// Reads `params.json` of a job.
pub(crate) fn read(folder: &Path) -> Params {
    match file::json(&folder.join("params.json"), file::MOST_OF_PARAMETERS) {
        Ok(mut value) => {
            place(&mut value, folder);
            parse(&value)
        }
        Err(Unread::Missing) => Params::default(),
        Err(Unread::Problem(problem)) => Params {
            problem: Some(problem),
            ..Params::default()
        },
    }
}

/// Paths are written below the workspace or the job where they can be: they are told whole.
fn place(value: &mut Value, folder: &Path) {
    let mut values = vec![value];
    while let Some(value) = values.pop() {
        if let Some(path) = whole(value, folder) {
            value["value"] = path.to_string_lossy().into();
        }
        match value {
            Value::Array(items) => values.extend(items),
            Value::Object(fields) => values.extend(fields.values_mut()),
            _ => {}
        }
    }
}

fn whole(value: &Value, folder: &Path) -> Option<PathBuf> {
    let name = value::text(value, "value").filter(|_| value["type"] == "path")?;
    let base = match value::text(value, "base")? {
        "job" => folder,
        // `jobs/TASK/HASH` below it.
        "workspace" => folder.ancestors().nth(3)?,
        _ => return None,
    };
    Some(base.join(name))
}

/// From the objects that a job is made of.
pub(crate) fn parse(value: &Value) -> Params {
    let objects = value.get("objects").and_then(Value::as_array);
    let objects = objects.map(Vec::as_slice).unwrap_or_default();
    let by_id = objects
        .iter()
        .filter_map(|object| Some((object.get("id")?.as_i64()?, object)))
        .collect();
    let Some(root) = objects.last() else {
        return Params::default();
    };
    let mut reader = Reader {
        by_id,
        needed: HashSet::new(),
        found: Vec::new(),
        above: HashSet::new(),
        depth: 0,
        left: MOST,
        is_cut: false,
    };
    let parameters = reader.fields(root);
    let mut seen = HashSet::new();
    reader.found.retain(|key| seen.insert(key.clone()));
    let is_cut = reader.is_cut;
    Params {
        parameters: Value::Object(parameters),
        dependencies: reader.found,
        problem: is_cut.then(|| "params.json: too much to show all of it".to_owned()),
    }
}

struct Reader<'a> {
    by_id: HashMap<i64, &'a Value>,
    needed: HashSet<i64>,
    found: Vec<JobKey>,
    /// What is being shown, so that a circle ends.
    above: HashSet<i64>,
    depth: usize,
    left: usize,
    is_cut: bool,
}

impl<'a> Reader<'a> {
    fn fields(&mut self, object: &'a Value) -> Map<String, Value> {
        let mut shown = Map::new();
        if let Some(fields) = object.get("fields").and_then(Value::as_object) {
            shown = self.named(fields);
        }
        let before = object.get("init-tasks").and_then(Value::as_array);
        for before in before.into_iter().flatten() {
            // What is run first is a part of it, and may need jobs of its own.
            let _ = self.object(before);
        }
        shown
    }

    fn named(&mut self, fields: &'a Map<String, Value>) -> Map<String, Value> {
        let mut shown = Map::new();
        for (name, value) in fields {
            if !self.affords(name.len()) {
                break;
            }
            shown.insert(name.clone(), self.value(value));
        }
        shown
    }

    fn value(&mut self, value: &'a Value) -> Value {
        let text = value.as_str().map_or(0, str::len);
        self.below(text, |reader| match value {
            Value::Array(items) => items.iter().map(|item| reader.value(item)).collect(),
            Value::Object(fields) => match value::text(value, "type") {
                Some("python") if fields.contains_key("value") => reader.object(&fields["value"]),
                Some("path" | "path.serialized" | "enum") if fields.contains_key("value") => {
                    reader.value(&fields["value"])
                }
                Some("set") if fields.contains_key("items") => reader.value(&fields["items"]),
                _ => Value::Object(reader.named(fields)),
            },
            plain => plain.clone(),
        })
    }

    /// What a number stands for: a job is named, a configuration shown.
    fn object(&mut self, number: &Value) -> Value {
        let known = number
            .as_i64()
            .and_then(|id| Some((id, *self.by_id.get(&id)?)));
        let Some((id, object)) = known else {
            return Value::Null;
        };
        let kind = value::text(object, "typename");
        let text = kind.map_or(0, str::len) + identifier(object).map_or(0, str::len);
        self.below(text, |reader| {
            if let Some(maker) = object.get("task").and_then(Value::as_i64) {
                reader.need(maker);
            }
            if let Some(key) = reader.job(id) {
                reader.need(id);
                return json!({ "job": key.to_string() });
            }
            if !reader.above.insert(id) {
                return Value::Null;
            }
            let mut shown = Map::new();
            if let Some(kind) = kind {
                shown.insert("type".to_owned(), json!(kind));
            }
            shown.extend(reader.fields(object));
            reader.above.remove(&id);
            Value::Object(shown)
        })
    }

    /// Reads what is within another, as long as there is room for it.
    fn below(&mut self, text: usize, read: impl FnOnce(&mut Self) -> Value) -> Value {
        let is_too_deep = self.depth == DEPTH;
        self.is_cut |= is_too_deep;
        if is_too_deep || !self.affords(EACH + text) {
            return Value::Null;
        }
        self.depth += 1;
        let shown = read(self);
        self.depth -= 1;
        shown
    }

    /// Takes so much of what is left; once there is not enough, nothing more is shown.
    fn affords(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.is_cut |= left.is_none();
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// The job that an object is, when it is one: its own maker, or left out because it is one.
    fn job(&self, id: i64) -> Option<JobKey> {
        let object = self.by_id.get(&id)?;
        let is_own_maker = object.get("task").and_then(Value::as_i64) == Some(id);
        (is_own_maker || object.get("stub").is_some()).then(|| key_of(object))?
    }

    fn need(&mut self, id: i64) {
        if self.needed.insert(id) {
            let key = self.by_id.get(&id).and_then(|object| key_of(object));
            self.found.extend(key);
        }
    }
}

/// The job that an object is, if it is one.
pub(crate) fn key_of(object: &Value) -> Option<JobKey> {
    Some(JobKey {
        task: value::text(object, "typename")?.to_lowercase(),
        id: identifier(object)?.to_owned(),
    })
}

fn identifier(object: &Value) -> Option<&str> {
    let identifier = object.get("identifier")?;
    identifier
        .as_str()
        .or_else(|| value::text(identifier, "main"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(objects: Value, parameters: Value, dependencies: &str) {
        let read = parse(&json!({ "objects": objects }));
        let found: Vec<_> = read.dependencies.iter().map(ToString::to_string).collect();
        assert_eq!(read.parameters, parameters);
        assert_eq!(found.join(" "), dependencies);
    }

    fn task(id: i64, name: &str, fields: Value) -> Value {
        json!({"id": id, "typename": name, "identifier": format!("{id:02}"), "task": id, "fields": fields})
    }

    fn of(id: i64) -> Value {
        json!({"type": "python", "value": id})
    }

    #[test]
    fn configurations_are_nested_and_jobs_are_named() {
        let model =
            json!({"id": 2, "typename": "x.Model", "identifier": "m", "fields": {"depth": 3}});
        check(
            json!([
                task(1, "x.Prepare", json!({"source": "words"})),
                model,
                task(
                    3,
                    "x.Learn",
                    json!({"data": of(1), "model": of(2), "lr": 0.1, "all": [of(1), 5]})
                ),
            ]),
            json!({
                "data": {"job": "x.prepare/01"},
                "model": {"type": "x.Model", "depth": 3},
                "lr": 0.1,
                "all": [{"job": "x.prepare/01"}, 5],
            }),
            "x.prepare/01",
        );
    }

    #[test]
    fn only_what_it_needs_itself_counts() {
        check(
            json!([
                task(1, "x.A", json!({})),
                task(2, "x.B", json!({"a": of(1)})),
                task(3, "x.C", json!({"b": of(2)})),
            ]),
            json!({"b": {"job": "x.b/02"}}),
            "x.b/02",
        );
    }

    #[test]
    fn what_a_job_made_needs_that_job() {
        let made = json!({"id": 2, "typename": "x.Made", "identifier": "m", "task": 1, "fields": {"k": 1}});
        check(
            json!([
                task(1, "x.A", json!({})),
                made,
                task(3, "x.C", json!({"made": of(2)}))
            ]),
            json!({"made": {"type": "x.Made", "k": 1}}),
            "x.a/01",
        );
    }

    #[test]
    fn paths_sets_and_names_are_shown_plainly() {
        check(
            json!([task(
                1,
                "x.A",
                json!({
                    "path": {"type": "path", "value": "/data", "base": "workspace"},
                    "kind": {"type": "enum", "module": "m", "enum": "E", "value": "BIG"},
                    "set": {"type": "set", "items": [1, 2]},
                    "map": {"type": "mine", "a": 1},
                })
            )]),
            json!({"path": "/data", "kind": "BIG", "set": [1, 2], "map": {"type": "mine", "a": 1}}),
            "",
        );
    }

    /// Objects that are no jobs, of which each is made of its number; the last is the job.
    fn is_cut(count: i64, fields: impl Fn(i64) -> Value) -> bool {
        let objects: Vec<Value> = (0..count).map(fields).collect();
        let read = parse(&json!({ "objects": objects }));
        read.problem.as_deref() == Some("params.json: too much to show all of it")
    }

    #[test]
    fn objects_made_to_hurt_are_cut_short() {
        let runs_first = |n: i64| json!({"id": n, "init-tasks": [n - 1]});
        assert!(is_cut(100_000, runs_first), "a long chain");
        let twice = |n: i64| json!({"id": n, "init-tasks": [n - 1, n - 1]});
        assert!(is_cut(60, twice), "two of two of two");
        let deep = |n: i64| json!({"id": n, "fields": {"a": [[[[[[[[of(n - 1)]]]]]]]]}});
        assert!(is_cut(100, deep), "deep in each");
        let long = "x".repeat(1 << 20);
        for text in [
            json!({"id": 0, "fields": {"long": long}}),
            json!({"id": 0, "fields": {long.as_str(): 1}}),
            json!({"id": 0, "typename": long}),
            json!({"id": 0, "typename": "x.A", "identifier": {"main": long}, "task": 0}),
            json!({"id": 0, "fields": {"p": {"type": "path", "value": [long]}}}),
        ] {
            let all = vec![of(0); 20];
            let shared = |n: i64| match n {
                0 => text.clone(),
                n => json!({"id": n, "fields": {"all": all}}),
            };
            assert!(is_cut(2, shared), "a long text shown again and again");
        }
        assert!(!is_cut(50, runs_first));
    }

    #[test]
    fn paths_are_whole_wherever_they_were_written_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = |base: &str| json!({"type": "path", "value": "a/go", "base": base});
        let fields = json!({
            "of_all": path("workspace"),
            "own": [path("job")],
            "other": path("moon"),
            "plain": {"type": "path", "value": "/a/go"},
        });
        let job = folder.path().join("jobs/x.a/01");
        std::fs::create_dir_all(&job).unwrap();
        let text = json!({ "objects": [task(1, "x.A", fields)] }).to_string();
        std::fs::write(job.join("params.json"), text).unwrap();
        let expected = json!({
            "of_all": folder.path().join("a/go"),
            "own": [job.join("a/go")],
            "other": "a/go",
            "plain": "/a/go",
        });
        assert_eq!(read(&job).parameters, expected);
    }

    #[test]
    fn circles_and_nonsense_end() {
        let circle =
            |id: i64, other: i64| json!({"id": id, "typename": "x.O", "fields": {"o": of(other)}});
        check(
            json!([
                circle(1, 2),
                circle(2, 1),
                task(
                    3,
                    "x.C",
                    json!({"o": of(1), "gone": of(9), "bad": {"type": "python", "value": "x"}})
                )
            ]),
            json!({"o": {"type": "x.O", "o": {"type": "x.O", "o": null}}, "gone": null, "bad": null}),
            "",
        );
        check(json!([]), Value::Null, "");
        check(json!([7]), json!({}), "");
        check(json!({"a": 1}), Value::Null, "");
    }
}
