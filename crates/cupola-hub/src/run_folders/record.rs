//! A file of rows: whole, and as it was written, or refused with a reason.

use std::{fs, io::Read as _, path::Path};

use cupola_domain::text::hex;
use cupola_store::dump;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{VERSION, details::file_of, places::NEW, tables::Rows};
use crate::archive::files;

/// What a run is, without its details, is never that long.
const BYTES_MAX: u64 = 256 << 20;

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    Experiment,
    Code,
}

/// Rows, and the files that go with them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) kind: Kind,
    /// The number of the newest migration of the store that it was written from.
    pub(super) schema: i64,
    pub(super) files: Vec<Kept>,
    pub(super) rows: Rows,
}

/// A file beside a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Run => "cupola run",
            Kind::Experiment => "cupola experiment",
            Kind::Code => "cupola code",
        }
    }
}

impl Record {
    pub(super) fn new(kind: Kind, rows: Rows, files: Vec<Kept>) -> Self {
        Self {
            kind,
            schema: dump::schema_version(),
            files,
            rows,
        }
    }

    /// The rows of a table.
    pub(super) fn of(&self, table: &str) -> impl Iterator<Item = &Map<String, Value>> {
        let rows = self.rows.get(table).and_then(Value::as_array);
        rows.into_iter().flatten().filter_map(Value::as_object)
    }

    /// The one row of a table.
    pub(super) fn one(&self, table: &str) -> Option<&Map<String, Value>> {
        self.of(table).next()
    }

    /// A row a line, so that people can read it, too.
    pub(super) fn to_text(&self) -> String {
        let (kind, schema) = (self.kind.word(), self.schema);
        let files = Kept::all_to_json(&self.files);
        let tables = self.rows.iter().map(|(table, rows)| {
            let rows = rows.as_array().into_iter().flatten();
            let rows = rows.map(|row| format!("\n{row}")).collect::<Vec<_>>();
            format!("\n{}: [{}]", Value::from(table.as_str()), rows.join(","))
        });
        let tables = tables.collect::<Vec<_>>().join(",");
        let sha256 = self.sha256();
        format!(
            "{{\"format\": \"{kind}\", \"version\": {VERSION}, \"schema\": {schema},\n\
             \"sha256\": \"{sha256}\",\n\"files\": {files},\n\"rows\": {{{tables}}}}}\n"
        )
    }

    /// Removes what lies beside the record of a run and is not named in it: what it replaced. What else
    /// people put there stays.
    pub(super) fn tidy(&self, path: &Path) {
        let (Kind::Run, Some(folder)) = (self.kind, path.parent()) else {
            return;
        };
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_named = self.files.iter().any(|file| name == file.name);
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && !is_named && is_ours(&name) {
                // What stays takes room, no more.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// What a file says, if it is whole.
    pub(super) fn read(folder: &Path, name: &str, kind: Kind) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let file = files::open(folder, name).map_err(|error| error.to_string())?;
        let read = file.take(BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| format!("{name}: {error}"))?;
        Self::of_text(&bytes, kind).map_err(|reason| format!("{name}: {reason}"))
    }

    fn of_text(text: &[u8], kind: Kind) -> Result<Self, String> {
        let mut read: Value =
            serde_json::from_slice(text).map_err(|error| format!("is not whole: {error}"))?;
        if read["format"] != kind.word() {
            return Err(format!("is not of a {}", kind.word()));
        }
        if read["version"] != VERSION {
            return Err("is of another version of such files".to_owned());
        }
        let known = dump::schema_version();
        let schema = read["schema"].as_i64().unwrap_or(i64::MAX);
        if schema > known {
            return Err(format!(
                "is of schema {schema}, and this program's is {known}; use a newer one"
            ));
        }
        let found = Self {
            kind,
            schema,
            files: Kept::all_of_json(&read["files"]).ok_or("lacks its files")?,
            rows: match read["rows"].take() {
                Value::Object(rows) => rows,
                _ => return Err("has no rows".to_owned()),
            },
        };
        if read["sha256"] != found.sha256() {
            return Err("is damaged: its hash is another".to_owned());
        }
        Ok(found)
    }

    fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(Kept::all_to_json(&self.files).to_string());
        for (table, rows) in &self.rows {
            hasher.update(table);
            hasher.update(rows.to_string());
        }
        hex(&hasher.finalize())
    }
}

/// Whether a file beside a record is called as those are that belong to one.
fn is_ours(name: &str) -> bool {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    let number = ending.rsplit_once('.').map_or("", |(number, _)| number);
    let is_numbered = number.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = match ending.rsplit('.').next() {
        Some("log") => file_of(stem) == format!("{stem}.log"),
        Some("jsonl") => stem == "details",
        _ => false,
    };
    name.ends_with(NEW) || is_whole && is_numbered
}

impl Kept {
    fn all_to_json(files: &[Self]) -> Value {
        let file = |file: &Self| {
            let Self {
                name,
                bytes,
                sha256,
            } = file;
            json!({"name": name, "bytes": bytes, "sha256": sha256})
        };
        files.iter().map(file).collect()
    }

    fn all_of_json(value: &Value) -> Option<Vec<Self>> {
        let file = |value: &Value| {
            Some(Self {
                name: value["name"].as_str()?.to_owned(),
                bytes: value["bytes"].as_u64()?,
                sha256: value["sha256"].as_str()?.to_owned(),
            })
        };
        value.as_array()?.iter().map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let rows = json!({"run": [{"id": "a", "value": 0.1}, {"id": "b\n"}], "task": []});
        let kept = Kept {
            name: "details.jsonl".to_owned(),
            bytes: 3,
            sha256: "ff".to_owned(),
        };
        let rows = rows.as_object().unwrap().clone();
        Record::new(Kind::Run, rows, vec![kept])
    }

    #[test]
    fn what_is_written_is_read() {
        let text = record().to_text();
        assert_eq!(Record::of_text(text.as_bytes(), Kind::Run), Ok(record()));
    }

    #[test]
    fn what_people_put_beside_a_record_is_theirs() {
        for (name, expected) in [
            ("stdout.log", true),
            ("stdout.2.log", true),
            ("other-streams.log", true),
            ("details.3.jsonl", true),
            ("run.json.new", true),
            ("details.old.jsonl", false),
            ("My notes.log", false),
            ("notes.md", false),
            ("run.json", false),
            ("more.jsonl", false),
        ] {
            assert_eq!(is_ours(name), expected, "{name}");
        }
    }

    fn check(change: impl FnOnce(String) -> String, words: &str) {
        let text = change(record().to_text());
        let refused = Record::of_text(text.as_bytes(), Kind::Run).unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }

    #[test]
    fn what_is_damaged_is_refused() {
        check(|text| text[..text.len() / 2].to_owned(), "is not whole");
        check(|text| text.replace("0.1", "0.2"), "is damaged");
        check(|text| text.replace(":3,", ":4,"), "is damaged");
        check(
            |text| text.replace("cupola run", "tar"),
            "is not of a cupola run",
        );
        check(
            |text| text.replace("\"version\": 1", "\"version\": 2"),
            "another version",
        );
        check(
            |text| text.replace("\"schema\": ", "\"schema\": 9"),
            "use a newer one",
        );
        check(|_| "[]".to_owned(), "is not of a cupola run");
    }
}
