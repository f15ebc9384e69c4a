//! Vendored files are exactly those of their manifest.

use std::{fs, path::Path};

use anyhow::Context as _;
use serde_json::Value;

const FOLDERS: [&str; 2] = [
    "crates/cupola-web/assets/vendor",
    "crates/cupola/tests/vendor",
];

pub(crate) fn breaches(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut breaches = Vec::new();
    for name in FOLDERS {
        breaches.extend(breaches_of(root, name)?);
    }
    Ok(breaches)
}

fn breaches_of(root: &Path, name: &str) -> anyhow::Result<Vec<String>> {
    let folder = root.join(name);
    let text = fs::read_to_string(folder.join("manifest.json"))
        .context("vendored files need a manifest")?;
    let manifest: Value = serde_json::from_str(&text)?;
    let mut named = Vec::new();
    collect(&manifest, &mut named);
    let mut breaches = Vec::new();
    for (file, hash) in &named {
        let bytes = fs::read(folder.join(file)).unwrap_or_default();
        if sha256(&bytes) != *hash {
            breaches.push(format!("{name}/{file} is not the file of its manifest"));
        }
    }
    for entry in fs::read_dir(&folder)? {
        let entry = entry?.file_name().to_string_lossy().into_owned();
        let is_code = [".js", ".css", ".mjs"]
            .iter()
            .any(|end| entry.ends_with(end));
        if is_code && named.iter().all(|(file, _)| *file != entry) {
            breaches.push(format!("{name}/{entry} is not in the manifest"));
        }
    }
    Ok(breaches)
}

/// Every object with a `file` and a `sha256`, however the manifest nests them.
fn collect(value: &Value, found: &mut Vec<(String, String)>) {
    if let (Some(file), Some(hash)) = (value["file"].as_str(), value["sha256"].as_str()) {
        found.push((file.to_owned(), hash.to_owned()));
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    sha2::Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
