//! Templates' code as it was when an experiment was made, and the needs that tasks have.

use cupola_domain::{
    resources::Needs,
    template::CodeFile,
    text::{hex, unhex},
};
use serde_json::{Value, json};

use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO code (hash, template, command, files) VALUES ($1, $2, $3, $4)
              ON CONFLICT (hash) DO NOTHING";
    FIND = "SELECT * FROM code WHERE hash = $1";
    /// Without reading the files, which may be long: none are `[]`.
    FIND_COMMAND = "SELECT hash, template, command, OCTET_LENGTH(files) = 2 AS is_empty
                    FROM code WHERE hash = $1";
    INSERT_NEEDS = "INSERT INTO needs (id, body) SELECT COALESCE(MAX(id), 0) + 1, CAST($1 AS TEXT)
                    FROM needs WHERE 1 = 1 ON CONFLICT (body) DO NOTHING";
    FIND_NEEDS_ID = "SELECT id FROM needs WHERE body = $1";
    LIST_NEEDS = "SELECT id, body FROM needs ORDER BY id";
}

/// The command of some code, and whether files go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The template it came from.
    pub template: String,
    /// One argument an item.
    pub command: Vec<String>,
    /// Whether there are files to fetch.
    pub has_files: bool,
}

/// Keeps a template's command and files under their hash; keeping them again changes nothing.
pub fn insert(
    tx: &mut Tx,
    hash: &str,
    template: &str,
    command: &[String],
    files: &[CodeFile],
) -> Result<(), StoreError> {
    let files: Vec<Value> = files
        .iter()
        .map(|file| json!({"path": file.path, "bytes": hex(&file.bytes)}))
        .collect();
    let (command, files) = (json!(command).to_string(), Value::Array(files).to_string());
    tx.execute(INSERT, &[&hash, &template, &command, &files])
        .map(drop)
}

/// The files kept under `hash`, with the command.
pub fn find(tx: &mut Tx, hash: &str) -> Result<Option<(Command, Vec<CodeFile>)>, StoreError> {
    tx.query_optional(FIND, &[&hash], |row| {
        let bad = |column| StoreError::Inconsistent {
            table: "code",
            column,
            row: hash.to_owned(),
        };
        let files: Vec<Value> =
            serde_json::from_str(&row.text("files")?).map_err(|_| bad("files"))?;
        let file = |file: &Value| {
            let path = file["path"].as_str()?.to_owned();
            Some(CodeFile {
                path,
                bytes: unhex(file["bytes"].as_str()?)?,
            })
        };
        let files: Option<Vec<_>> = files.iter().map(file).collect();
        let files = files.ok_or_else(|| bad("files"))?;
        let command = serde_json::from_str(&row.text("command")?).map_err(|_| bad("command"))?;
        let template = row.text("template")?;
        Ok((
            Command {
                template,
                command,
                has_files: !files.is_empty(),
            },
            files,
        ))
    })
}

/// The command kept under `hash`, without reading the files.
pub fn find_command(tx: &mut Tx, hash: &str) -> Result<Option<Command>, StoreError> {
    tx.query_optional(FIND_COMMAND, &[&hash], |row| {
        let command =
            serde_json::from_str(&row.text("command")?).map_err(|_| StoreError::Inconsistent {
                table: "code",
                column: "command",
                row: hash.to_owned(),
            })?;
        Ok(Command {
            template: row.text("template")?,
            command,
            has_files: !row.bool("is_empty")?,
        })
    })
}

/// The number under which these needs are known.
pub fn needs_id(tx: &mut Tx, needs: &Needs) -> Result<i64, StoreError> {
    let body = codec::needs_text(needs);
    tx.execute(INSERT_NEEDS, &[&body])?;
    tx.query_one(FIND_NEEDS_ID, &[&body], |row| row.i64("id"))
}

/// All needs that any task ever had: a handful.
pub fn list_needs(tx: &mut Tx) -> Result<Vec<(i64, Needs)>, StoreError> {
    tx.query(LIST_NEEDS, &[], |row| {
        let id = row.i64("id")?;
        let needs =
            codec::needs_from_text(&row.text("body")?).ok_or_else(|| StoreError::Inconsistent {
                table: "needs",
                column: "body",
                row: id.to_string(),
            })?;
        Ok((id, needs))
    })
}
