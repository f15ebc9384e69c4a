//! Bodies about templates and the code that runs used.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{families::NeedsBody, problem::FieldProblem};

/// A template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TemplateBody {
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Where it was found: `built in`, or its folder.
    pub source: String,
    /// What its runs are judged by; empty when ending well is enough.
    pub metric_name: String,
    /// `minimize` or `maximize`; empty without a metric.
    pub direction: String,
    /// What a worker must have.
    pub needs: NeedsBody,
    /// The search space that a new brief starts from.
    pub space: Map<String, Value>,
    /// The hash of its command and files.
    pub code_hash: String,
    /// How many experiments and families are of it.
    pub experiments: u64,
}

/// A template with all that it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TemplateDetail {
    /// The template.
    pub template: TemplateBody,
    /// One argument an item, with placeholders in braces.
    pub command: Vec<String>,
    /// What it can be configured with, as JSON Schema.
    pub schema: Value,
    /// The files that travel to a worker.
    pub files: Vec<FileBody>,
}

/// A file of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileBody {
    /// Below the template's folder.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
}

/// A manifest that could not be read; its template is not offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrokenTemplateBody {
    /// The manifest, or a folder that should hold templates.
    pub path: String,
    /// What the template is or was called, as far as known.
    pub name: Option<String>,
    /// Everything that is wrong.
    pub flaws: Vec<FlawBody>,
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlawBody {
    /// Where, from 1, if it has a place.
    pub line: Option<u32>,
    /// What, with the remedy.
    pub reason: String,
}

/// A configuration to be looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigToCheck {
    /// Field → value.
    pub config: Map<String, Value>,
}

/// Whether a configuration fits, or an experiment with all that it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckedConfig {
    /// The configuration with its defaults; none if something is wrong with it.
    pub config: Option<Map<String, Value>>,
    /// Everything that is wrong.
    pub errors: Vec<FieldProblem>,
}

/// Code as it was kept when something was made to run it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeBody {
    /// What it is known by.
    pub code_hash: String,
    /// The template that it came from.
    pub template: String,
    /// One argument an item, with placeholders in braces.
    pub command: Vec<String>,
    /// The files.
    pub files: Vec<CodeFileBody>,
}

/// A file of kept code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeFileBody {
    /// Below the template's folder.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// What it says; none if it is no text, or longer than 1 MiB.
    pub text: Option<String>,
}
