//! From templates to what pages show of them.

use cupola_domain::{
    access::{Principal, Role},
    schema::{Field, FieldKind, Schema, TextFormat},
    template::{CodeFile, Template},
};
use cupola_hub::templates::{self, Broken, KeptCode, Replaced, TemplateList, expressions};
use serde_json::Value;

use super::{BrokenRow, Details, FieldRow, FileView, List, TemplateRow};
use crate::{
    api::present::templates::source,
    ui::{
        components::{CodeBlock, EmptyState, Link},
        format, paths,
        present::{better, may, metric, needs},
    },
};

/// So much of a file is shown.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// So many mistakes of one manifest are shown.
const FLAWS_SHOWN: usize = 20;

pub(super) fn list(list: &TemplateList, who: &Principal) -> List {
    let templates = format::counted(list.rows.len() as u64, "template", "templates");
    let broken = match list.broken.len() {
        0 => String::new(),
        n => format!(", {} cannot be read", format::count(n as u64)),
    };
    let empty = || {
        EmptyState::new(
            "No templates",
            "Put a folder with a template.toml where templates are looked for.",
        )
        .with_command("cupola template new my-template")
    };
    List {
        count: format!("{templates}{broken}"),
        rows: list.rows.iter().map(|found| row(found, who)).collect(),
        broken: list.broken.iter().map(broken_row).collect(),
        replaced: list.replaced.iter().map(replaced).collect(),
        empty: list.rows.is_empty().then(empty),
        dirs: list
            .dirs
            .iter()
            .map(|dir| dir.display().to_string())
            .collect(),
    }
}

fn row(row: &templates::TemplateRow, who: &Principal) -> TemplateRow {
    let template = &row.template;
    let objective = metric(template.objective.as_ref());
    TemplateRow {
        name: template.name.clone(),
        title: Link::new(&template.title, paths::template(&template.name, "")),
        description: template.description.clone(),
        source: source(&template.source),
        objective: if objective.is_empty() {
            format::NOTHING.to_owned()
        } else {
            objective
        },
        experiments: format::count(row.experiments),
        actions: actions(template, who),
    }
}

/// What can be made of a template; a brief needs something to judge its family by.
fn actions(template: &Template, who: &Principal) -> Vec<Link> {
    if !may(who, Role::Researcher) {
        return Vec::new();
    }
    let of = |address: &str| format!("{address}?template={}", template.name);
    let experiment = Link::new("New experiment", of(paths::NEW_EXPERIMENT));
    let brief = Link::new("New brief", of(paths::NEW_BRIEF));
    let brief = template.objective.is_some().then_some(brief);
    std::iter::once(experiment).chain(brief).collect()
}

fn broken_row(broken: &Broken) -> BrokenRow {
    let flaw = |flaw: &templates::Flaw| {
        let line = flaw.line.map(|line| line.to_string());
        (line.unwrap_or_default(), flaw.reason.clone())
    };
    let more = broken.flaws.len().saturating_sub(FLAWS_SHOWN);
    BrokenRow {
        path: broken.path.display().to_string(),
        name: broken.name.clone().unwrap_or_default(),
        flaws: broken.flaws.iter().take(FLAWS_SHOWN).map(flaw).collect(),
        more: match more {
            0 => String::new(),
            more => format!("and {} more", format::count(more as u64)),
        },
    }
}

fn replaced(replaced: &Replaced) -> String {
    format!(
        "`{}` ({}) is not offered: {} has the same name and comes later.",
        replaced.name,
        source(&replaced.source),
        replaced.by.display()
    )
}

pub(super) fn details(row: &templates::TemplateRow, who: &Principal) -> Details {
    let template = &row.template;
    let name = &template.name;
    let schema = paths::template_schema(name);
    let mut fields = Vec::new();
    collect_fields(&template.schema, "", &mut fields);
    Details {
        src: paths::template(name, "/details"),
        name: name.clone(),
        title: template.title.clone(),
        description: template.description.clone(),
        actions: actions(template, who),
        facts: facts(row),
        code: Link::new(
            &template.code_hash[..12.min(template.code_hash.len())],
            paths::code(&template.code_hash),
        ),
        command: command(&template.command),
        fields,
        schemas: vec![
            Link::new("JSON Schema", schema.clone()),
            Link::new("Athanor's form", format!("{schema}?format=athanor")),
        ],
        space: expressions(&template.space),
        files: template.files.iter().map(file).collect(),
    }
}

fn facts(row: &templates::TemplateRow) -> Vec<(&'static str, String)> {
    let template = &row.template;
    let objective = match template.objective.as_ref() {
        None => "None: a run has completed when its program ended well".to_owned(),
        Some(objective) if objective.unit.is_empty() => {
            format!("{}, {}", objective.metric, better(Some(objective)))
        }
        Some(objective) => {
            let better = better(Some(objective));
            format!("{} in {}, {better}", objective.metric, objective.unit)
        }
    };
    vec![
        ("Objective", objective),
        ("Needs", needs(&template.needs)),
        ("Source", source(&template.source)),
        ("Experiments", format::count(row.experiments)),
    ]
}

fn command(command: &[String]) -> CodeBlock {
    CodeBlock::new("Command, one argument a line", command.join("\n"))
}

/// Each field above those in it.
fn collect_fields(schema: &Schema, above: &str, rows: &mut Vec<FieldRow>) {
    for field in &schema.fields {
        rows.push(field_row(field, above));
        collect_below(&field.kind, &format!("{above}{}", field.name), rows);
    }
}

fn collect_below(kind: &FieldKind, path: &str, rows: &mut Vec<FieldRow>) {
    match kind {
        FieldKind::Group { fields } => collect_fields(fields, &format!("{path}."), rows),
        FieldKind::List { item, .. } => collect_below(item, &format!("{path}[]"), rows),
        _ => {}
    }
}

fn field_row(field: &Field, above: &str) -> FieldRow {
    let default = field.default.as_ref().map(Value::to_string);
    FieldRow {
        above: above.to_owned(),
        name: field.name.clone(),
        label: field.label.clone(),
        description: field.description.clone(),
        kind: kind(&field.kind),
        allowed: allowed(&field.kind).join(", "),
        default: default.unwrap_or_default(),
        is_required: field.required && field.default.is_none(),
    }
}

fn kind(of: &FieldKind) -> String {
    match of {
        FieldKind::Text { format, .. } => match format {
            TextFormat::Plain => "text",
            TextFormat::Area => "text, several lines",
            TextFormat::Email => "e-mail address",
            TextFormat::Url => "web address",
        }
        .to_owned(),
        FieldKind::Enum { .. } => "choice".to_owned(),
        FieldKind::List { item, .. } => format!("list of {}", kinds(item)),
        other => other.word().to_owned(),
    }
}

fn kinds(item: &FieldKind) -> &'static str {
    match item {
        FieldKind::Text { .. } => "texts",
        FieldKind::Integer { .. } => "integers",
        FieldKind::Number { .. } => "numbers",
        FieldKind::Boolean => "booleans",
        FieldKind::Enum { .. } => "choices",
        FieldKind::List { .. } => "lists",
        FieldKind::Group { .. } => "groups",
    }
}

fn allowed(kind: &FieldKind) -> Vec<String> {
    match kind {
        FieldKind::Text {
            min_length,
            max_length,
            options,
            ..
        } => {
            let length = range(*min_length, *max_length).map(|range| format!("{range} characters"));
            let options = options.iter().map(|option| Value::from(option.as_str()));
            length.into_iter().chain(one_of(options)).collect()
        }
        FieldKind::Integer { min, max, step } => bounds(*min, *max, *step),
        FieldKind::Number { min, max, step } => bounds(*min, *max, *step),
        FieldKind::Enum { options } => one_of(options.iter().cloned()).into_iter().collect(),
        FieldKind::List {
            item,
            min_items,
            max_items,
        } => {
            let items = range(*min_items, *max_items).map(|range| format!("{range} items"));
            let each = allowed(item).join(", ");
            let each = (!each.is_empty()).then(|| format!("each {each}"));
            items.into_iter().chain(each).collect()
        }
        FieldKind::Boolean | FieldKind::Group { .. } => Vec::new(),
    }
}

fn bounds<T: std::fmt::Display>(min: Option<T>, max: Option<T>, step: Option<T>) -> Vec<String> {
    let step = step.map(|step| format!("in steps of {step}"));
    range(min, max).into_iter().chain(step).collect()
}

fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
        (Some(min), None) => Some(format!("at least {min}")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (None, None) => None,
    }
}

fn one_of(options: impl Iterator<Item = Value>) -> Option<String> {
    let options: Vec<_> = options.map(|option| format::json(&option)).collect();
    (!options.is_empty()).then(|| options.join(" | "))
}

pub(super) fn code_parts(code: &KeptCode) -> (CodeBlock, Vec<FileView>) {
    let files = code.files.iter().map(file).collect();
    (command(&code.command), files)
}

/// A file with as much of its text as a page should hold.
fn file(file: &CodeFile) -> FileView {
    let shown = &file.bytes[..file.bytes.len().min(TEXT_BYTES_MAX)];
    // A character that the limit cuts in two does not make a text of something else.
    let text = match std::str::from_utf8(shown) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && shown.len() < file.bytes.len() => {
            std::str::from_utf8(&shown[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let text = text.filter(|text| !text.contains('\0'));
    let rest = file.bytes.len() - text.map_or(0, str::len);
    let remark = match text {
        None => "no text".to_owned(),
        Some(_) if rest > 0 => format!("{} more", format::bytes(rest as u64)),
        Some(_) => String::new(),
    };
    FileView {
        path: file.path.clone(),
        size: format::bytes(file.bytes.len() as u64),
        text: text.map(str::to_owned),
        remark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], shown: Option<usize>, remark: &str) {
        let view = file(&CodeFile {
            path: "x".to_owned(),
            bytes: bytes.to_vec(),
        });
        assert_eq!(
            (view.text.map(|text| text.len()), view.remark.as_str()),
            (shown, remark)
        );
    }

    #[test]
    fn only_so_much_of_a_text_is_shown() {
        check(b"print(1)\n", Some(9), "");
        check(b"", Some(0), "");
        check(b"\xff\xfe", None, "no text");
        check(b"a\0b", None, "no text");
        let mut long = vec![b'a'; TEXT_BYTES_MAX - 1];
        long.extend("ü".as_bytes());
        check(&long, Some(TEXT_BYTES_MAX - 1), "2 B more");
    }
}
