//! Templates and code on the wire.

use cupola_domain::{
    schema::json_schema,
    template::{CodeFile, Source},
};
use cupola_hub::{
    HubError,
    templates::{Broken, KeptCode, TemplateRow},
};
use cupola_protocol::templates::{
    BrokenTemplateBody, CheckedConfig, CodeBody, CodeFileBody, FileBody, FlawBody, TemplateBody,
    TemplateDetail,
};

use serde_json::{Map, Value};

use super::{direction, needs};
use crate::error::field_problem;

/// A longer text is only counted.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A template.
pub fn row(row: &TemplateRow) -> TemplateBody {
    let template = &row.template;
    let objective = template.objective.as_ref();
    TemplateBody {
        name: template.name.clone(),
        title: template.title.clone(),
        description: template.description.clone(),
        source: source(&template.source),
        metric_name: objective.map_or_else(String::new, |o| o.metric.clone()),
        direction: direction(objective).to_owned(),
        needs: needs(&template.needs),
        space: template.space.clone(),
        code_hash: template.code_hash.clone(),
        experiments: row.experiments,
    }
}

/// What a check found: what is wrong is the answer here, not an error.
pub fn checked(found: Result<Map<String, Value>, HubError>) -> Result<CheckedConfig, HubError> {
    match found {
        Ok(config) => Ok(CheckedConfig {
            config: Some(config),
            errors: Vec::new(),
        }),
        Err(HubError::Invalid(errors)) => Ok(CheckedConfig {
            config: None,
            errors: errors.iter().map(field_problem).collect(),
        }),
        Err(error) => Err(error),
    }
}

/// `built in`, or the folder.
pub fn source(source: &Source) -> String {
    match source {
        Source::BuiltIn => "built in".to_owned(),
        Source::Folder(path) => path.display().to_string(),
        Source::Command => "command".to_owned(),
    }
}

/// A template with all that it says.
pub fn detail(found: &TemplateRow) -> TemplateDetail {
    let template = &found.template;
    let file = |file: &CodeFile| FileBody {
        path: file.path.clone(),
        size_bytes: file.bytes.len() as u64,
    };
    TemplateDetail {
        template: row(found),
        command: template.command.clone(),
        schema: json_schema::to_json(&template.schema, &template.title),
        files: template.files.iter().map(file).collect(),
    }
}

/// A manifest that could not be read.
pub fn broken(broken: &Broken) -> BrokenTemplateBody {
    let flaws = broken.flaws.iter().map(|flaw| FlawBody {
        line: flaw.line,
        reason: flaw.reason.clone(),
    });
    BrokenTemplateBody {
        path: broken.path.display().to_string(),
        name: broken.name.clone(),
        flaws: flaws.collect(),
    }
}

/// Code that was kept.
pub fn code(code: &KeptCode) -> CodeBody {
    let file = |file: &CodeFile| {
        let text = std::str::from_utf8(&file.bytes).ok();
        CodeFileBody {
            path: file.path.clone(),
            size_bytes: file.bytes.len() as u64,
            text: text
                .filter(|text| text.len() <= TEXT_BYTES_MAX)
                .map(str::to_owned),
        }
    };
    CodeBody {
        code_hash: code.hash.clone(),
        template: code.template.clone(),
        command: code.command.clone(),
        files: code.files.iter().map(file).collect(),
    }
}
