//! What a run will ask of its jobs, from its `objects.jsonl`: an object on each line, which names
//! others above it by number. Before a job begins this is all that is known of its parameters.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
    path::Path,
};

use serde_json::{Value, json};

use super::{
    file::{self, Unread},
    params::{self, Params},
    value,
};
use crate::model::JobKey;

/// No configuration is longer than that.
const LONGEST: usize = 16 << 20;
/// Objects that one job is made of.
const MOST: usize = 100_000;

/// All of a run's, as they are written: only what is asked for is taken apart.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    bytes: Vec<u8>,
    lines: Vec<Range<usize>>,
    by_hash: HashMap<String, usize>,
    /// A number may be given again: what names it means the last one above itself.
    by_number: BTreeSet<(i64, usize)>,
}

impl Objects {
    /// Those in the folder of a run.
    pub(crate) fn read(run: &Path) -> Result<Self, Unread> {
        let mut objects = Self {
            bytes: file::read(&run.join("objects.jsonl"), file::MOST)?,
            ..Self::default()
        };
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &objects.bytes) {
            let range = std::mem::replace(&mut start, end + 1)..end;
            let read = (range.len() <= LONGEST)
                .then(|| serde_json::from_slice::<Value>(&objects.bytes[range.clone()]).ok());
            let Some(object) = read.flatten() else {
                continue;
            };
            let line = objects.lines.len();
            objects.lines.push(range);
            if let Some(number) = number(&object) {
                objects.by_number.insert((number, line));
            }
            if let Some(key) = params::key_of(&object) {
                objects.by_hash.entry(key.id).or_insert(line);
            }
        }
        Ok(objects)
    }

    /// Of one job; `is_job` tells other jobs from parts of it.
    pub(crate) fn params(&self, key: &JobKey, is_job: impl Fn(&JobKey) -> bool) -> Params {
        let root = self.by_hash.get(&key.id).copied();
        let root = root.and_then(|line| Some((line, self.object(line)?)));
        let Some((line, root)) =
            root.filter(|(_, root)| params::key_of(root).as_ref() == Some(key))
        else {
            return Params::default();
        };
        let mut wanted = references(&root);
        let mut seen = HashSet::new();
        let mut objects = Vec::new();
        while let Some(number) = wanted.pop() {
            let above = self
                .by_number
                .range((number, 0)..(number, line))
                .next_back();
            let above = above.filter(|_| objects.len() < MOST && seen.insert(number));
            let Some(mut object) = above.and_then(|(_, line)| self.object(*line)) else {
                continue;
            };
            if params::key_of(&object).is_some_and(|key| is_job(&key)) {
                // As `params.json` tells a job: what made it is itself.
                object["task"] = json!(number);
            } else {
                wanted.extend(references(&object));
            }
            objects.push(object);
        }
        objects.push(root);
        params::parse(&json!({ "objects": objects }))
    }

    fn object(&self, line: usize) -> Option<Value> {
        serde_json::from_slice(&self.bytes[self.lines[line].clone()]).ok()
    }
}

fn number(object: &Value) -> Option<i64> {
    object.get("id")?.as_i64()
}

/// Numbers of what an object names.
fn references(object: &Value) -> Vec<i64> {
    let mut found = Vec::new();
    let before = object.get("init-tasks").and_then(Value::as_array);
    let before = before.into_iter().flatten();
    found.extend(before.chain(object.get("task")).filter_map(Value::as_i64));
    let mut values: Vec<&Value> = object.get("fields").into_iter().collect();
    while let Some(value) = values.pop() {
        match value {
            Value::Array(items) => values.extend(items),
            Value::Object(fields) => {
                let is_reference = value::text(value, "type") == Some("python");
                let named = fields.get("value").and_then(Value::as_i64);
                found.extend(named.filter(|_| is_reference));
                values.extend(fields.values());
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(task: &str, id: &str) -> JobKey {
        JobKey {
            task: task.to_owned(),
            id: id.to_owned(),
        }
    }

    const LINES: &str = r#"{"id":1,"typename":"x.Index","identifier":"a","fields":{"corpus":"big"}}
{"id":2,"typename":"x.Model","identifier":"m","fields":{"depth":3}}
not JSON
{"id":3,"typename":"x.Learn","identifier":"b","fields":{"index":{"type":"python","value":1},"model":{"type":"python","value":2},"lr":0.1}}
{"id":2,"typename":"x.Model","identifier":"n","fields":{"depth":4}}
{"id":4,"typename":"x.Learn","identifier":"c","fields":{"model":{"type":"python","value":2},"made":[{"type":"python","value":5}]}}
{"id":5,"typename":"x.Late","identifier":"l","fields":{}}
{"id":6,"typename":"x.Wait","identifier":"d","fields":{"learn":{"type":"python","value":3}}}
half"#;

    fn check(task: &str, id: &str, parameters: &Value, needs: &str) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("objects.jsonl"), LINES).unwrap();
        let jobs = [
            key("x.index", "a"),
            key("x.learn", "b"),
            key("x.learn", "c"),
            key("x.wait", "d"),
        ];
        let objects = Objects::read(folder.path()).unwrap();
        let read = objects.params(&key(task, id), |key| jobs.contains(key));
        let needed: Vec<_> = read.dependencies.iter().map(ToString::to_string).collect();
        assert_eq!(
            (&read.parameters, needed.join(" ").as_str()),
            (parameters, needs)
        );
    }

    #[test]
    fn jobs_are_named_and_their_parts_shown() {
        let model = |depth: u32| json!({"type": "x.Model", "depth": depth});
        let index = json!({"job": "x.index/a"});
        check("x.index", "a", &json!({"corpus": "big"}), "");
        let learn = json!({"index": index, "model": model(3), "lr": 0.1});
        check("x.learn", "b", &learn, "x.index/a");
        check(
            "x.wait",
            "d",
            &json!({"learn": {"job": "x.learn/b"}}),
            "x.learn/b",
        );
    }

    #[test]
    fn a_number_means_the_last_object_above() {
        let model = json!({"type": "x.Model", "depth": 4});
        check("x.learn", "c", &json!({"model": model, "made": [null]}), "");
    }

    #[test]
    fn what_was_not_written_is_not_known() {
        check("x.learn", "nothing", &Value::Null, "");
        check("x.other", "b", &Value::Null, "");
    }
}
