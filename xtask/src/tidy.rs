//! The rules that no compiler knows, each an absence. One pass over the files that git tracks.

mod layers;
mod lengths;
mod sources;
mod vendor;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};

use crate::say;

/// A file that git tracks.
pub(crate) struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its text; empty for what is no text.
    pub text: String,
}

impl Source {
    /// The part of a Rust file before its tests.
    pub(crate) fn code(&self) -> &str {
        self.text
            .split("#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default()
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.rsplit('.').next() == Some("rs")
    }

    /// Integration tests, fixtures and examples: the rules for the product do not bind them.
    pub(crate) fn is_test(&self) -> bool {
        [
            "/tests/",
            "/examples/",
            "/benches/",
            "xtask/",
            "cupola-testkit/",
        ]
        .iter()
        .any(|part| self.path.contains(part))
            || self.path.ends_with("tests.rs")
    }
}

/// Checks everything and names every breach.
pub(crate) fn run() -> anyhow::Result<()> {
    let root = root()?;
    let files = tracked(&root)?;
    let mut breaches = Vec::new();
    breaches.extend(layers::breaches(&root)?);
    breaches.extend(sources::breaches(&files));
    breaches.extend(lengths::breaches(&files));
    breaches.extend(recipes(&root, &files));
    breaches.extend(links(&root, &files));
    breaches.extend(vendor::breaches(&root)?);
    if breaches.is_empty() {
        say(&format!("── tidy: {} files", files.len()));
        return Ok(());
    }
    bail!(
        "tidy found {} breaches:\n  {}",
        breaches.len(),
        breaches.join("\n  ")
    )
}

fn root() -> anyhow::Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(manifest
        .parent()
        .context("the workspace is above this crate")?
        .to_owned())
}

#[expect(clippy::disallowed_methods, reason = "git knows which files are ours")]
fn tracked(root: &Path) -> anyhow::Result<Vec<Source>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()?;
    ensure!(listed.status.success(), "git ls-files failed");
    let names = String::from_utf8(listed.stdout)?;
    let source = |path: &str| {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        Source {
            path: path.to_owned(),
            text,
        }
    };
    Ok(names
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(source)
        .collect())
}

/// Links of Markdown files to files of ours must lead somewhere.
fn links(root: &Path, files: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.path.rsplit('.').next() == Some("md"))
    {
        let folder = root.join(&file.path);
        let folder = folder.parent().unwrap_or(root);
        for target in file
            .text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = target.split('#').next().unwrap_or_default();
            let is_ours = !target.is_empty() && !target.contains("://");
            if is_ours && !folder.join(target).exists() {
                breaches.push(format!(
                    "{} links to `{target}`, which is not there",
                    file.path
                ));
            }
        }
    }
    breaches
}

/// The files that the recipes name must exist: `` `crates/…` `` in CONTRIBUTING.md and ARCHITECTURE.md.
fn recipes(root: &Path, files: &[Source]) -> Vec<String> {
    let guides = ["CONTRIBUTING.md", "ARCHITECTURE.md"];
    let named = files
        .iter()
        .filter(|file| guides.contains(&file.path.as_str()))
        .flat_map(|file| {
            let quoted = file.text.split('`').skip(1).step_by(2);
            let paths = quoted.filter(|text| {
                text.starts_with("crates/") && !text.contains(['<', '{', '*', ' ', '…'])
            });
            paths
                .map(|path| (file.path.clone(), path.to_owned()))
                .collect::<Vec<_>>()
        });
    named
        .filter(|(_, path)| !root.join(path).exists())
        .map(|(guide, path)| format!("{guide} names `{path}`, which is not there"))
        .collect()
}
