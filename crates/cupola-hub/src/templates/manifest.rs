//! `template.toml`: the manifest of a template.

use cupola_domain::{
    objective::{Direction, Objective},
    reading,
    resources::{GIB, Needs},
    schema::{Schema, definition},
    template::{CodeFile, Template, is_template_name, unknown_placeholders},
};
use cupola_search::space::Space;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::code_hash;

/// Why a manifest could not be read, with the line where there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(pub(crate) String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    command: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    objective: Option<ObjectiveManifest>,
    #[serde(default)]
    needs: NeedsManifest,
    #[serde(default)]
    space: Map<String, Value>,
    #[serde(default)]
    fields: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectiveManifest {
    metric: String,
    direction: String,
    #[serde(default)]
    unit: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct NeedsManifest {
    cpu_cores: u32,
    memory_gb: f64,
    disk_gb: f64,
    gpus: u32,
    gpu_memory_gb: f64,
    python: bool,
    torch: bool,
    cuda: bool,
}

/// Reads a manifest; `content_of` gives the bytes of a file that it names.
pub(crate) fn parse(
    text: &str,
    content_of: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Template, ManifestError> {
    let manifest: Manifest =
        toml::from_str(text).map_err(|error| ManifestError(error.to_string().trim().to_owned()))?;
    check(&manifest).map_err(ManifestError)?;
    let files = files(&manifest.files, content_of).map_err(ManifestError)?;
    let space = space(&manifest.space).map_err(ManifestError)?;
    let objective = manifest.objective.map(objective).transpose();
    let objective = objective.map_err(ManifestError)?;
    let schema = schema(manifest.fields).map_err(ManifestError)?;
    Ok(Template {
        title: if manifest.title.is_empty() {
            manifest.name.clone()
        } else {
            manifest.title
        },
        code_hash: code_hash(&manifest.command, &files),
        name: manifest.name,
        description: manifest.description,
        command: manifest.command,
        schema,
        objective,
        needs: needs(&manifest.needs),
        space,
        files,
    })
}

fn check(manifest: &Manifest) -> Result<(), String> {
    if !is_template_name(&manifest.name) {
        return Err(format!(
            "`name`: `{}` does not fit; use up to 64 lower-case letters, digits and dashes",
            manifest.name
        ));
    }
    if manifest.command.is_empty() {
        return Err("`command`: is empty; give the program and its arguments as a list".to_owned());
    }
    let unknown: Vec<_> = manifest
        .command
        .iter()
        .flat_map(|arg| unknown_placeholders(arg))
        .collect();
    match unknown.first() {
        Some(name) => Err(format!(
            "`command`: `{{{name}}}` is not a placeholder; there are {{config}}, {{code}}, {{run}}, \
             {{python}} and {{cupola}}"
        )),
        None => Ok(()),
    }
}

fn objective(manifest: ObjectiveManifest) -> Result<Objective, String> {
    if manifest.metric.is_empty() {
        return Err("`objective.metric`: is empty; name a key of the result".to_owned());
    }
    Ok(Objective {
        direction: manifest.direction.parse::<Direction>()?,
        metric: manifest.metric,
        unit: manifest.unit,
    })
}

fn files(
    names: &[String],
    content_of: impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<CodeFile>, String> {
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        let part_fits = |part: &str| !part.is_empty() && part != "." && part != "..";
        if name.contains('\\') || !name.split('/').all(part_fits) {
            return Err(format!(
                "`files`: `{name}` must be a path below the template's folder"
            ));
        }
        let bytes = content_of(name).map_err(|reason| format!("`files`: `{name}` {reason}"))?;
        files.push(CodeFile {
            path: name.clone(),
            bytes,
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The space in its full form, so that nobody has to read expressions again.
fn space(given: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let space = Space::parse_json(&Value::Object(given.clone())).map_err(|errors| {
        let errors: Vec<_> = errors
            .iter()
            .map(|e| format!("`space.{}`: {}", e.field, e.message))
            .collect();
        errors.join("; ")
    })?;
    match space.to_json() {
        Value::Object(space) => Ok(space),
        other => Err(format!("`space`: is {other}, not a table")),
    }
}

fn needs(manifest: &NeedsManifest) -> Needs {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a float becomes the nearest whole number of bytes; negatives become none"
    )]
    let bytes = |gb: f64| (gb * GIB as f64) as u64;
    Needs {
        cpu_cores: manifest.cpu_cores,
        memory_bytes: bytes(manifest.memory_gb),
        disk_bytes: bytes(manifest.disk_gb),
        gpus: manifest.gpus,
        gpu_memory_bytes: bytes(manifest.gpu_memory_gb),
        python: manifest.python,
        torch: manifest.torch,
        cuda: manifest.cuda,
    }
}

fn schema(fields: Vec<Value>) -> Result<Schema, String> {
    let fields = Map::from_iter([("fields".to_owned(), Value::Array(fields))]);
    let schema = reading::read(&fields, |table| Some(definition::manifest_fields(table)));
    let schema = schema.map_err(|errors| errors[0].to_string())?;
    match schema.flaws().first() {
        None => Ok(schema),
        Some(flaw) => Err(format!("`fields.{}`: {}", flaw.field, flaw.message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        name = "t"
        command = ["sh", "{code}/run.sh"]
        files = ["run.sh"]
        objective = { metric = "loss", direction = "minimize" }
        space = { lr = "uniform(0, 1)" }
    "#;

    fn check(change: (&str, &str), expected: &str) {
        let text = GOOD.replace(change.0, change.1);
        let found = match parse(&text, |_| Ok(b"true".to_vec())) {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected), "{found}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(("", ""), "fine");
        check(("\"t\"", "\"T!\""), "`name`: `T!`");
        check(("{code}", "{cod}"), "`{cod}` is not a placeholder");
        check(("minimize", "down"), "`down` is not a direction");
        check(("uniform(0, 1)", "uniform(1, 0)"), "`space.lr`");
        check(
            ("[\"run.sh\"]", "[\"../x\"]"),
            "`../x` must be a path below",
        );
        check(("name = \"t\"", "nam = \"t\""), "line 2");
    }

    #[test]
    fn the_hash_tells_code_apart() {
        let one = parse(GOOD, |_| Ok(b"true".to_vec())).unwrap();
        let other = parse(GOOD, |_| Ok(b"false".to_vec())).unwrap();
        assert_ne!(one.code_hash, other.code_hash);
        assert_eq!(one.code_hash.len(), 64);
    }
}
