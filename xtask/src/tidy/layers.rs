//! Which crate may depend on which. The dependency list is the architecture.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Crate → the crates of ours that its product code may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("cupola-domain", &[]),
    ("cupola-search", &["cupola-domain"]),
    ("cupola-economy", &["cupola-domain"]),
    (
        "cupola-assistant",
        &[
            "cupola-domain",
            "cupola-hub",
            "cupola-report",
            "cupola-search",
        ],
    ),
    ("cupola-language", &[]),
    ("cupola-mcp", &["cupola-protocol"]),
    ("cupola-protocol", &["cupola-domain"]),
    ("cupola-report", &[]),
    ("cupola-series", &["cupola-domain"]),
    ("cupola-formats", &["cupola-domain"]),
    (
        "cupola-store",
        &["cupola-domain", "cupola-search", "cupola-series"],
    ),
    (
        "cupola-hub",
        &[
            "cupola-domain",
            "cupola-economy",
            "cupola-formats",
            "cupola-search",
            "cupola-series",
            "cupola-store",
        ],
    ),
    (
        "cupola-web",
        &[
            "cupola-assistant",
            "cupola-domain",
            "cupola-formats",
            "cupola-search",
            "cupola-hub",
            "cupola-language",
            "cupola-mcp",
            "cupola-protocol",
            "cupola-report",
            "cupola-store",
            "cupola-workspace",
        ],
    ),
    ("cupola-client", &["cupola-domain", "cupola-protocol"]),
    (
        "cupola-worker",
        &[
            "cupola-client",
            "cupola-domain",
            "cupola-formats",
            "cupola-process",
            "cupola-protocol",
        ],
    ),
    ("cupola-monitor", &["cupola-domain", "cupola-workspace"]),
    ("cupola-notify", &["cupola-domain"]),
    ("cupola-process", &[]),
    ("cupola-train", &[]),
    (
        "cupola-workspace",
        &[
            "cupola-domain",
            "cupola-formats",
            "cupola-process",
            "cupola-search",
            "cupola-series",
        ],
    ),
    (
        "cupola-tui",
        &["cupola-domain", "cupola-search", "cupola-workspace"],
    ),
    ("cupola-testkit", &["cupola-domain", "cupola-store"]),
    ("xtask", &[]),
];

/// Crates that do no I/O and are not async, so these may not appear in their dependencies.
const PURE: &[&str] = &[
    "cupola-domain",
    "cupola-economy",
    "cupola-search",
    "cupola-series",
    "cupola-formats",
    "cupola-report",
];
const IMPURE: &[&str] = &[
    "tokio",
    "axum",
    "reqwest",
    "rusqlite",
    "postgres",
    "getrandom",
    "rand",
    "jiff",
];

pub(crate) fn breaches(root: &Path) -> anyhow::Result<Vec<String>> {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut breaches = Vec::new();
    for (name, dependencies) in packages(root)? {
        for dependency in &dependencies {
            let is_ours = dependency.starts_with("cupola");
            let is_allowed = match allowed.get(name.as_str()) {
                Some(arrows) => !is_ours || arrows.contains(&dependency.as_str()),
                // The binary wires everything together.
                None => name == "cupola",
            };
            if !is_allowed {
                breaches.push(format!("{name} may not depend on {dependency}"));
            }
            if PURE.contains(&name.as_str()) && IMPURE.contains(&dependency.as_str()) {
                breaches.push(format!("{name} is pure and may not depend on {dependency}"));
            }
        }
    }
    Ok(breaches)
}

/// Each package of the workspace with its dependencies, those for tests left out.
#[expect(clippy::disallowed_methods, reason = "cargo knows the packages")]
fn packages(root: &Path) -> anyhow::Result<Vec<(String, Vec<String>)>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"]
        .as_array()
        .context("metadata without packages")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let product = |dependency: &&Value| dependency["kind"].is_null();
    Ok(packages
        .iter()
        .map(|package| {
            let all = package["dependencies"].as_array().into_iter().flatten();
            (
                text(&package["name"]),
                all.filter(product).map(|d| text(&d["name"])).collect(),
            )
        })
        .collect())
}
