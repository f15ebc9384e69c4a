//! The form as a page shows it: fields, groups and lists with their values and mistakes.

use std::collections::HashMap;

use askama::Template;
use cupola_domain::{
    field::FieldError,
    schema::{self, FieldKind, Schema, TextFormat},
};

use super::{
    Entry, Filled, Written,
    filled::{ITEMS_MAX, plain},
    written::NAME,
};
use crate::ui::{
    components::{Field, Input, Opt, html_safe},
    format,
};

/// A field, or fields that belong together.
#[derive(Debug, Clone, Template)]
#[template(path = "form/_node.html")]
pub struct Node {
    /// Which of these.
    pub shape: Shape,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Shape {
    /// One field.
    Leaf(Field),
    /// Fields that belong together.
    Group(Group),
    /// Several of the same.
    List(List),
}

/// Fields that belong together.
#[derive(Debug, Clone)]
pub struct Group {
    /// `config.optimizer`.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What it is for.
    pub hint: String,
    /// What is wrong with it as a whole.
    pub error: Option<String>,
    /// Whether a form without it is refused.
    pub is_required: bool,
    /// In order.
    pub nodes: Vec<Node>,
}

/// Several of the same.
#[derive(Debug, Clone)]
pub struct List {
    /// `config.layers`.
    pub name: String,
    /// `layers`: what operations call it.
    pub path: String,
    /// What it is called.
    pub label: String,
    /// What it is for.
    pub hint: String,
    /// What is wrong with it as a whole.
    pub error: Option<String>,
    /// Whether a form without it is refused.
    pub is_required: bool,
    /// `3 items`.
    pub count: String,
    /// In order.
    pub items: Vec<Item>,
}

/// One of several.
#[derive(Debug, Clone)]
pub struct Item {
    /// `config.layers.2`.
    pub name: String,
    /// `layers.2`: what operations call it.
    pub path: String,
    /// From 1.
    pub number: usize,
    /// What stands in it, in a line; for when it is folded.
    pub summary: String,
    /// What is wrong with it as a whole.
    pub error: Option<String>,
    /// Whether none comes before it.
    pub is_first: bool,
    /// Whether none comes behind it.
    pub is_last: bool,
    /// Whether it is one field, which needs no folding.
    pub is_plain: bool,
    /// In order.
    pub nodes: Vec<Node>,
}

html_safe!(Node);

/// Texts of an item's summary.
const SUMMARY_TEXTS: usize = 3;

/// Characters of each of them.
const SUMMARY_CHARS: usize = 24;

impl Node {
    /// The nodes of a configuration; `errors` are named as in the form.
    pub fn all(schema: &Schema, written: &Written, errors: &[FieldError]) -> Vec<Node> {
        let mut messages = HashMap::new();
        for error in errors {
            messages
                .entry(error.field.as_str())
                .or_insert(error.message.as_str());
        }
        let maker = Maker { messages };
        match written {
            Written::Fields(filled) => maker.nodes(schema, filled, ""),
            Written::Json(text) => vec![maker.json(NAME, "Configuration as JSON", text, "", false)],
        }
    }

    /// Adds the names of what has an id in the page.
    pub fn names<'n>(&'n self, names: &mut Vec<&'n str>) {
        let (name, below): (&str, Vec<&Node>) = match &self.shape {
            Shape::Leaf(field) => (&field.name, Vec::new()),
            Shape::Group(group) => (&group.name, group.nodes.iter().collect()),
            Shape::List(list) => {
                names.extend(list.items.iter().map(|item| item.name.as_str()));
                let items = list.items.iter();
                (&list.name, items.flat_map(|item| &item.nodes).collect())
            }
        };
        names.push(name);
        for node in below {
            node.names(names);
        }
    }
}

struct Maker<'e> {
    messages: HashMap<&'e str, &'e str>,
}

impl Maker<'_> {
    fn error(&self, name: &str) -> Option<String> {
        self.messages.get(name).map(|&message| message.to_owned())
    }

    /// `path` ends with a dot unless it is empty.
    fn nodes(&self, schema: &Schema, filled: &Filled, path: &str) -> Vec<Node> {
        let pairs = schema.fields.iter().zip(&filled.entries);
        pairs
            .map(|(field, entry)| self.node(field, entry, &format!("{path}{}", field.name)))
            .collect()
    }

    fn node(&self, field: &schema::Field, entry: &Entry, path: &str) -> Node {
        let name = format!("{NAME}.{path}");
        let shape = match (entry, &field.kind) {
            (Entry::Group(group), FieldKind::Group { fields }) => Shape::Group(Group {
                error: self.error(&name),
                name,
                label: label(field),
                hint: field.description.clone(),
                is_required: field.required && field.default.is_none(),
                nodes: self.nodes(fields, group, &format!("{path}.")),
            }),
            (Entry::List(items), FieldKind::List { item, .. }) => Shape::List(List {
                error: self.error(&name),
                name,
                path: path.to_owned(),
                label: label(field),
                hint: sentences(&[&field.description, &bounds(&field.kind)]),
                is_required: field.required && field.default.is_none(),
                count: format::counted(items.len() as u64, "item", "items"),
                items: self.items(item, items, path),
            }),
            (Entry::Json(text), _) => {
                let hint = json_hint(field, text);
                return self.json(&name, &label(field), text, &hint, field.required);
            }
            (Entry::Text(text), _) => Shape::Leaf(Field {
                error: self.error(&name),
                ..leaf(field, text, name)
            }),
            (Entry::Group(_) | Entry::List(_), _) => Shape::Leaf(leaf(field, "", name)),
        };
        Node { shape }
    }

    fn items(&self, kind: &FieldKind, items: &[Entry], path: &str) -> Vec<Item> {
        let numbered = items.iter().enumerate();
        let made = numbered.map(|(at, entry)| {
            let path = format!("{path}.{at}");
            let name = format!("{NAME}.{path}");
            let (nodes, summary) = match (kind, entry) {
                (FieldKind::Group { fields }, Entry::Group(group)) => {
                    let nodes = self.nodes(fields, group, &format!("{path}."));
                    (nodes, Some(summary(fields, group)))
                }
                _ => (
                    vec![self.node(&field_of_item(kind, at), entry, &path)],
                    None,
                ),
            };
            Item {
                error: self.error(&name).filter(|_| summary.is_some()),
                name,
                number: at + 1,
                is_plain: summary.is_none(),
                summary: summary.unwrap_or_default(),
                is_first: at == 0,
                is_last: at + 1 == items.len(),
                nodes,
                path,
            }
        });
        made.collect()
    }

    fn json(&self, name: &str, label: &str, text: &str, hint: &str, is_required: bool) -> Node {
        let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        let rows = (lines + 1).clamp(6, 24);
        let field = Field::new(name, label, text)
            .with(Input::Code { rows })
            .hint(hint);
        Node {
            shape: Shape::Leaf(Field {
                error: self.error(name),
                is_required,
                ..field
            }),
        }
    }
}

/// An item that is one value, as a field.
fn field_of_item(kind: &FieldKind, at: usize) -> schema::Field {
    schema::Field {
        required: true,
        ..schema::Field::new(format!("Item {}", at + 1), kind.clone())
    }
}

fn label(field: &schema::Field) -> String {
    if field.label.is_empty() {
        field.name.clone()
    } else {
        field.label.clone()
    }
}

fn json_hint(field: &schema::Field, text: &str) -> String {
    let items: Option<Vec<serde::de::IgnoredAny>> = serde_json::from_str(text).ok();
    let total = items.map_or(0, |items| items.len());
    let why = if total > ITEMS_MAX {
        format!(
            "It has {} items; lists with more than {ITEMS_MAX} are written as JSON.",
            format::count(total as u64)
        )
    } else {
        "Written as JSON.".to_owned()
    };
    sentences(&[&field.description, &why])
}

fn sentences(parts: &[&str]) -> String {
    let filled: Vec<_> = parts
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect();
    filled.join(" ")
}

fn leaf(field: &schema::Field, text: &str, name: String) -> Field {
    let is_required = field.required && field.default.is_none();
    let input = input(field, text);
    let hint = sentences(&[&field.description, &bounds(&field.kind)]);
    let default = field.default.as_ref().map(plain).unwrap_or_default();
    let made = Field::new(name, label(field), text).with(input).hint(hint);
    let made = match made.input {
        Input::Check { .. } | Input::Select(_) => made,
        _ => made.placeholder(default),
    };
    Field {
        is_required: is_required && !matches!(made.input, Input::Check { .. }),
        ..made
    }
}

fn input(field: &schema::Field, text: &str) -> Input {
    let is_sure = field.required || field.default.is_some();
    match &field.kind {
        FieldKind::Text { options, .. } if !options.is_empty() => {
            let words = options.iter().map(|word| (word.clone(), word.clone()));
            choices(words, text, is_sure)
        }
        FieldKind::Text { format, .. } => match format {
            TextFormat::Plain => Input::Text,
            TextFormat::Area => Input::Area { rows: 4 },
            TextFormat::Email => Input::Email,
            TextFormat::Url => Input::Url,
        },
        FieldKind::Integer { min, max, step } => Input::Stepped {
            min: min.map(|n| n.to_string()).unwrap_or_default(),
            max: max.map(|n| n.to_string()).unwrap_or_default(),
            step: step.unwrap_or(1).to_string(),
        },
        FieldKind::Number { min, max, step } => Input::Stepped {
            min: min.map(|x| x.to_string()).unwrap_or_default(),
            max: max.map(|x| x.to_string()).unwrap_or_default(),
            step: step.map(|x| x.to_string()).unwrap_or_default(),
        },
        FieldKind::Boolean if is_sure && ["true", "false"].contains(&text) => Input::Check {
            is_checked: text == "true",
        },
        FieldKind::Boolean => {
            let words = [("true", "yes"), ("false", "no")];
            choices(
                words.map(|(value, word)| (value.to_owned(), word.to_owned())),
                text,
                is_sure,
            )
        }
        FieldKind::Enum { options } => {
            let words = options.iter().map(plain);
            choices(words.map(|word| (word.clone(), word)), text, is_sure)
        }
        FieldKind::List { .. } | FieldKind::Group { .. } => Input::Code { rows: 6 },
    }
}

/// A choice, with nothing as the first where that may be, and with what was sent even if it is none.
fn choices(
    words: impl IntoIterator<Item = (String, String)>,
    chosen: &str,
    is_sure: bool,
) -> Input {
    let words = words.into_iter();
    let mut options: Vec<_> = words
        .map(|(value, word)| Opt::new(value, word, chosen))
        .collect();
    if options.iter().all(|option| !option.is_selected) && !chosen.is_empty() {
        options.push(Opt::new(chosen, chosen, chosen));
    }
    if !is_sure || chosen.is_empty() {
        let word = if is_sure { "choose one" } else { "not set" };
        options.insert(0, Opt::new("", word, chosen));
    }
    Input::Select(options)
}

/// Which numbers or lengths fit, as a sentence.
fn bounds(kind: &FieldKind) -> String {
    let count = |bound: &Option<u32>| bound.map(|bound| format::count(bound.into()));
    let (min, max, unit) = match kind {
        FieldKind::Integer { min, max, .. } => {
            (min.map(|n| n.to_string()), max.map(|n| n.to_string()), "")
        }
        FieldKind::Number { min, max, .. } => (min.map(format::tick), max.map(format::tick), ""),
        FieldKind::Text {
            min_length,
            max_length,
            ..
        } => (count(min_length), count(max_length), " characters"),
        FieldKind::List {
            min_items,
            max_items,
            ..
        } => (count(min_items), count(max_items), " items"),
        _ => (None, None, ""),
    };
    match (min, max) {
        (Some(min), Some(max)) => format!("From {min} to {max}{unit}."),
        (Some(min), None) => format!("At least {min}{unit}."),
        (None, Some(max)) => format!("At most {max}{unit}."),
        (None, None) => String::new(),
    }
}

/// The first few texts of an item.
fn summary(schema: &Schema, filled: &Filled) -> String {
    let pairs = schema.fields.iter().zip(&filled.entries);
    let texts = pairs.filter_map(|(field, entry)| match entry {
        Entry::Text(text) if !text.is_empty() => {
            let short: String = text.chars().take(SUMMARY_CHARS).collect();
            Some(format!("{} {short}", label(field)))
        }
        _ => None,
    });
    texts.take(SUMMARY_TEXTS).collect::<Vec<_>>().join(", ")
}
