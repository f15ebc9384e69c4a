//! Keys with their values, and text as a program wrote it.

use askama::Template;
use serde_json::{Map, Value};

use crate::ui::format;

/// One key.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// Its value, short.
    pub value: String,
    /// Its value, exactly.
    pub exact: String,
}

/// A configuration or the results of a run.
#[derive(Debug, Clone, Template)]
#[template(path = "components/config_table.html")]
pub struct ConfigTable {
    /// What it is, for screen readers.
    pub caption: String,
    /// In order.
    pub pairs: Vec<Pair>,
}

/// Text as a program wrote it, to be copied.
#[derive(Debug, Clone, Template)]
#[template(path = "components/code_block.html")]
pub struct CodeBlock {
    /// What it is.
    pub label: String,
    /// The text.
    pub text: String,
}

super::html_safe!(ConfigTable, CodeBlock);

impl ConfigTable {
    /// The pairs of `map`.
    pub fn new(caption: impl Into<String>, map: &Map<String, Value>) -> Self {
        let pair = |(key, value): (&String, &Value)| Pair {
            key: key.clone(),
            value: format::json(value),
            exact: value.to_string(),
        };
        Self {
            caption: caption.into(),
            pairs: map.iter().map(pair).collect(),
        }
    }
}

impl CodeBlock {
    /// Text that is kept as it is.
    pub fn new(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            text: text.into(),
        }
    }

    /// A JSON value, indented.
    pub fn json(label: impl Into<String>, value: &Value) -> Self {
        Self::new(label, format!("{value:#}"))
    }
}
