//! What may not stand in a source, and where it may.

use super::Source;

/// A text that may stand only below certain paths.
struct Rule {
    /// Any of these.
    texts: &'static [&'static str],
    /// Only here.
    only_in: &'static [&'static str],
    /// What to do instead.
    remedy: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        texts: &[
            "\"SELECT ",
            "\"INSERT INTO",
            "\"UPDATE ",
            "\"DELETE FROM",
            "\"CREATE TABLE",
        ],
        only_in: &["crates/cupola-store/"],
        remedy: "SQL stands only in the store",
    },
    Rule {
        texts: &["<!doctype", "<!DOCTYPE", "<div", "<table>", "<script"],
        only_in: &[
            "crates/cupola-web/templates/",
            "crates/cupola-web/src/ui",
            // A file that stands alone, with no page around it.
            "crates/cupola-report/src/html.rs",
        ],
        remedy: "HTML stands only in the templates",
    },
    Rule {
        texts: &["derive(Serialize", ", Serialize", "Deserialize)]"],
        only_in: &[
            "crates/cupola-protocol/",
            // A report is a document: what is kept of it is what it is.
            "crates/cupola-report/",
            "crates/cupola-client/",
            "crates/cupola-monitor/",
            "crates/cupola-worker/",
            "crates/cupola-train/",
            "crates/cupola-web/",
            "crates/cupola-hub/src/templates/manifest.rs",
            "crates/cupola/",
        ],
        remedy: "only protocol types cross a process boundary; domain values are not serialised",
    },
    Rule {
        texts: &["SystemTime::now"],
        only_in: &["crates/cupola/src/world.rs"],
        remedy: "take `now` from the World",
    },
];

/// What may not stand anywhere in the product.
const MARKS: &[&str] = &[
    "todo!(",
    "unimplemented!(",
    "dbg!(",
    "FIXME",
    "XXX",
    "#[ignore",
];

pub(crate) fn breaches(files: &[Source]) -> Vec<String> {
    let product = files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test());
    product.flat_map(breaches_of).collect()
}

fn breaches_of(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let code = file.code();
    for rule in RULES {
        if rule
            .only_in
            .iter()
            .any(|place| file.path.starts_with(place))
        {
            continue;
        }
        if let Some(text) = rule.texts.iter().find(|text| code.contains(**text)) {
            found.push(format!("{}: `{text}`: {}", file.path, rule.remedy));
        }
    }
    if let Some(mark) = MARKS.iter().find(|mark| code.contains(**mark)) {
        found.push(format!("{}: `{mark}` is left", file.path));
    }
    if !file.text.starts_with("//!") && !file.path.ends_with("build.rs") {
        found.push(format!(
            "{}: begins without a line that says what it is",
            file.path
        ));
    }
    found
}
