//! `template.toml`: the manifest of a template.

use cupola_domain::{
    field::FieldError,
    objective::{Direction, Objective},
    reading::{self, Table},
    repeats::{Repeats, Steps},
    resources::{GIB, Needs},
    sandbox::{Access, is_readable_path},
    schema::{Schema, athanor, definition},
    template::{CodeFile, Source, Template, is_template_name, unknown_placeholders},
    text::excerpt,
};
use cupola_search::space::Space;
use serde_json::{Map, Value};

use super::{CODE_BYTES_MAX, Flaw, code_hash, document::Document};

/// Gives the bytes of a file beside the manifest, or says why it cannot.
pub(super) type Contents<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// What rounding alone explains between two device classes, where a manifest does not say.
const REPEATS_TOLERANCE: f64 = 1e-6;

/// A manifest that could not be read.
#[derive(Debug)]
pub(super) struct Refused {
    /// The name that it gives itself, where that much could be read.
    pub(super) name: Option<String>,
    /// Everything that is wrong, in the order of reading.
    pub(super) flaws: Vec<Flaw>,
}

/// Reads a manifest.
pub(super) fn parse(
    text: &str,
    source: Source,
    contents: Contents<'_>,
) -> Result<Template, Box<Refused>> {
    let document = Document::parse(text).map_err(|flaws| Refused { name: None, flaws })?;
    let values = document.values();
    reading::read(&values, |table| read(table, source, contents)).map_err(|errors| {
        Box::new(Refused {
            name: values
                .get("name")
                .and_then(Value::as_str)
                .map(str::to_owned),
            flaws: errors.iter().map(|error| document.locate(error)).collect(),
        })
    })
}

fn read(table: &Table<'_>, source: Source, contents: Contents<'_>) -> Option<Template> {
    let name = read_name(table);
    let title = table.text("title").filter(|title| !title.is_empty());
    let description = table.text("description").unwrap_or_default();
    let command = read_command(table);
    let files = read_files(table, contents);
    let objective = table.table("objective", read_objective);
    let repeats = table.table("repeats", |repeats| Some(read_repeats(repeats)));
    if repeats.is_some() && objective.is_none() {
        const WANTED: &str =
            "what comes out again is compared by it; add [objective] with a metric";
        table.refuse(
            "objective",
            format!("is missing beside [repeats]; {WANTED}"),
        );
    }
    let needs = table.table("needs", |needs| Some(read_needs(needs)));
    let access = table.table("sandbox", |sandbox| Some(read_access(sandbox)));
    let space = read_space(table);
    let schema = read_schema(table, contents);
    let name = name?.to_owned();
    Some(Template {
        title: title.unwrap_or(&name).to_owned(),
        code_hash: code_hash(&command, &files),
        name,
        description: description.to_owned(),
        command,
        schema,
        repeats,
        objective,
        needs: Needs {
            access: access.unwrap_or_default(),
            ..needs.unwrap_or_default()
        },
        space,
        files,
        source,
    })
}

fn read_name<'a>(table: &Table<'a>) -> Option<&'a str> {
    const WANTED: &str = "use up to 64 lower-case letters, digits and dashes";
    let name = table.need("name", WANTED, table.text("name"))?;
    if !is_template_name(name) {
        table.refuse("name", format!("is `{}`; {WANTED}", excerpt(name)));
    }
    Some(name)
}

fn read_command(table: &Table<'_>) -> Vec<String> {
    const WANTED: &str = "give the program and its arguments as a list";
    let command = table.texts("command");
    table.need("command", WANTED, Some(()));
    if command.is_empty() && table.has("command") {
        table.refuse("command", format!("is empty; {WANTED}"));
    }
    for (at, argument) in command.iter().enumerate() {
        for name in unknown_placeholders(argument) {
            let message = format!(
                "`{{{name}}}` is not a placeholder; there are {{config}}, {{code}}, {{run}}, \
                 {{python}} and {{cupola}}"
            );
            table.refuse(&format!("command.{at}"), message);
        }
    }
    command
}

fn read_files(table: &Table<'_>, contents: Contents<'_>) -> Vec<CodeFile> {
    let mut files: Vec<CodeFile> = Vec::new();
    let mut total = 0;
    for (at, path) in table.texts("files").into_iter().enumerate() {
        let refuse = |reason: String| table.refuse(&format!("files.{at}"), reason);
        let shown = excerpt(&path);
        if !is_below(&path) {
            refuse(format!(
                "is `{shown}`; give a path below the template's folder"
            ));
        } else if files.iter().any(|file| file.path == path) {
            refuse(format!("names `{shown}` again; remove one"));
        } else {
            match contents(&path) {
                Ok(bytes) => {
                    total += bytes.len() as u64;
                    files.push(CodeFile { path, bytes });
                }
                Err(reason) => refuse(format!("`{shown}` {reason}")),
            }
        }
    }
    if total > CODE_BYTES_MAX {
        let message = format!("have {total} bytes together; at most {CODE_BYTES_MAX} travel");
        table.refuse("files", message);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn is_below(path: &str) -> bool {
    let fits = |part: &str| !part.is_empty() && part != "." && part != "..";
    !path.contains(['\\', '\0']) && path.split('/').all(fits)
}

fn read_objective(table: &Table<'_>) -> Option<Objective> {
    const WANTED: &str = "name a key of the result";
    let metric = table.need("metric", WANTED, table.text("metric"));
    if metric == Some("") {
        table.refuse("metric", format!("is empty; {WANTED}"));
    }
    let direction = table.text("direction").and_then(|word| {
        let direction = word.parse::<Direction>();
        direction
            .map_err(|error| table.refuse("direction", error))
            .ok()
    });
    let direction = table.need("direction", "give minimize or maximize", direction);
    let unit = table.text("unit").unwrap_or_default();
    Some(Objective {
        metric: metric?.to_owned(),
        direction: direction?,
        unit: unit.to_owned(),
    })
}

fn read_repeats(table: &Table<'_>) -> Repeats {
    const WANTED: &str = "name the results that come out again";
    const BOTH: &str =
        "give both, the result that counts the steps and the field with their number";
    let exact = table.texts("exact");
    table.need("exact", WANTED, (!exact.is_empty()).then_some(()));
    let tolerance = |value: &Value| value.as_f64().filter(|floor| *floor >= 0.0);
    let tolerance = table.convert("tolerance", "give a number from 0", tolerance);
    let (steps, until) = (table.text("steps"), table.text("until"));
    let steps = match (steps, until) {
        (Some(result), Some(field)) => Some(Steps {
            field: field.to_owned(),
            result: result.to_owned(),
        }),
        (None, None) => None,
        (None, Some(_)) => table.need("steps", BOTH, None),
        (Some(_), None) => table.need("until", BOTH, None),
    };
    Repeats {
        exact,
        tolerance: tolerance.unwrap_or(REPEATS_TOLERANCE),
        steps,
    }
}

fn read_needs(table: &Table<'_>) -> Needs {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "checked not to be negative; a float becomes the nearest whole number of bytes"
    )]
    let bytes = |key| {
        let gb = |value: &Value| value.as_f64().filter(|gb| *gb >= 0.0);
        let gb = table.convert(key, "give a number of GiB from 0", gb);
        gb.map_or(0, |gb| (gb * GIB as f64) as u64)
    };
    Needs {
        cpu_cores: table.count("cpu_cores").unwrap_or(0),
        memory_bytes: bytes("memory_gb"),
        disk_bytes: bytes("disk_gb"),
        gpus: table.count("gpus").unwrap_or(0),
        gpu_memory_bytes: bytes("gpu_memory_gb"),
        python: table.flag("python"),
        torch: table.flag("torch"),
        cuda: table.flag("cuda"),
        access: Access::default(),
    }
}

fn read_access(table: &Table<'_>) -> Access {
    const WANTED: &str = "give an absolute path, or one that begins with `~/`, without `..`";
    let reads = table.texts("read");
    for (at, path) in reads.iter().enumerate() {
        if !is_readable_path(path) {
            table.refuse(
                &format!("read.{at}"),
                format!("is `{}`; {WANTED}", excerpt(path)),
            );
        }
    }
    let asked = Access {
        network: table.flag("network"),
        gpu: table.flag("gpu"),
        reads,
    };
    // Sorted, each once.
    asked.and(&Access::default())
}

/// The space in its full form, so that nobody has to read expressions again.
fn read_space(table: &Table<'_>) -> Map<String, Value> {
    let given = table.object("space");
    match Space::parse_json(&Value::Object(given)).map(|space| space.to_json()) {
        Ok(Value::Object(space)) => return space,
        Ok(other) => table.refuse("space", format!("is {}; give a table", excerpt(&other))),
        Err(errors) => {
            for error in errors {
                table.refuse(&format!("space.{}", error.field), error.message);
            }
        }
    }
    Map::new()
}

/// From `fields`, or from a file in Athanor's form that `schema` names.
fn read_schema(table: &Table<'_>, contents: Contents<'_>) -> Schema {
    let fields = definition::manifest_fields(table);
    let Some(path) = table.text("schema") else {
        for flaw in fields.flaws() {
            let flaw = flaw.under("fields");
            table.refuse(&flaw.field, flaw.message);
        }
        return fields;
    };
    if table.has("fields") {
        table.refuse("schema", "stands beside `fields`; give one of the two");
    }
    read_schema_file(path, contents).unwrap_or_else(|errors| {
        for error in errors {
            table.refuse("schema", error);
        }
        fields
    })
}

fn read_schema_file(path: &str, contents: Contents<'_>) -> Result<Schema, Vec<String>> {
    let shown = excerpt(path);
    if !is_below(path) {
        let message = format!("is `{shown}`; give a path below the template's folder");
        return Err(vec![message]);
    }
    let bytes = contents(path).map_err(|reason| vec![format!("`{shown}` {reason}")])?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|error| vec![format!("`{shown}` is no JSON: {error}")])?;
    let named = |error: &FieldError| format!("`{shown}` {error}");
    athanor::from_json(&value).map_err(|errors| errors.iter().map(named).collect())
}

#[cfg(test)]
mod tests;
