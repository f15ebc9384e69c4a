//! YAML as a tree that knows its lines and cannot grow beyond a bound.
//!
//! The parser gives events; the tree is built here, because an error names a line and because an
//! alias is a copy: nine lines of aliases to aliases would otherwise fill any memory.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::Value;

use super::{FileError, scalar};

/// The longest file.
pub(super) const BYTES_MAX: usize = 4 << 20;

/// The most values, each alias counted as what it stands for.
const NODES_MAX: usize = 200_000;

/// The most text in keys and values, each alias counted as what it stands for.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// The longest key: it is part of paths and messages.
const KEY_BYTES_MAX: usize = 200;

/// The deepest nesting.
const DEPTH_MAX: usize = 64;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// From 1.
    pub line: usize,
    pub tree: Tree,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    /// Of the key.
    pub line: usize,
    pub node: Node,
}

impl Node {
    /// The value as JSON.
    pub(super) fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Scalar(value) => value.clone(),
            Tree::List(items) => items.iter().map(Node::to_json).collect(),
            Tree::Map(entries) => entries
                .iter()
                .map(|entry| (entry.name.clone(), entry.node.to_json()))
                .collect(),
        }
    }

    fn size(&self) -> Size {
        let mut size = Size { nodes: 1, bytes: 0 };
        match &self.tree {
            Tree::Scalar(Value::String(text)) => size.bytes = text.len(),
            Tree::Scalar(_) => {}
            Tree::List(items) => items.iter().for_each(|item| size.add(item.size())),
            Tree::Map(entries) => {
                for entry in entries {
                    size.bytes += entry.name.len();
                    size.add(entry.node.size());
                }
            }
        }
        size
    }
}

/// What a part of the tree takes.
#[derive(Default, Clone, Copy)]
struct Size {
    /// Values, itself included.
    nodes: usize,
    /// Of its texts.
    bytes: usize,
}

impl Size {
    const fn add(&mut self, other: Self) {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, FileError> {
    if text.len() > BYTES_MAX {
        let message = format!("has {} bytes; at most {BYTES_MAX} are read", text.len());
        return Err(FileError::new(0, "", message));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let message = format!("is no YAML: {}", error.info());
            FileError::new(error.marker().line(), "", message)
        })?;
        builder.take(event, span)?;
    }
    builder.root.ok_or_else(|| {
        let message = "is empty; give a `name` and a `template` or a `command`";
        FileError::new(1, "", message)
    })
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    /// What is not closed yet, the outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    size: Size,
}

struct Open {
    line: usize,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Each key with its line.
        seen: HashMap<String, usize>,
        /// The key whose value comes next, with its line.
        key: Option<(String, usize)>,
    },
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), FileError> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(FileError::new(
                line,
                "",
                "has a second document; keep one experiment in a file",
            )),
            Event::Scalar(text, style, anchor, tag) => {
                let value = value_of(&text, style, tag.as_deref(), line)?;
                self.add(anchor, scalar_node(line, value))
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).ok_or_else(|| {
                    FileError::new(line, "", "has an alias inside of what it stands for")
                })?;
                self.size.add(node.size());
                self.check_size(line)?;
                let tree = self.anchors[&anchor].tree.clone();
                self.put(Node { line, tree })
            }
            Event::SequenceStart(anchor, _) => self.open(line, anchor, Inside::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(
                line,
                anchor,
                Inside::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => Ok(()),
        }
    }

    fn open(&mut self, line: usize, anchor: usize, inside: Inside) -> Result<(), FileError> {
        if self.open.len() == DEPTH_MAX {
            let message = format!("is nested more than {DEPTH_MAX} deep");
            return Err(FileError::new(line, "", message));
        }
        if let Some(Open {
            inside: Inside::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            let message = "has a list or a mapping as a key; keys are texts";
            return Err(FileError::new(line, "", message));
        }
        self.open.push(Open {
            line,
            anchor,
            inside,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), FileError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let tree = match open.inside {
            Inside::List(items) => Tree::List(items),
            Inside::Map { entries, .. } => Tree::Map(merged(entries)?),
        };
        let node = Node {
            line: open.line,
            tree,
        };
        self.add(open.anchor, node)
    }

    /// A node that was read, not copied.
    fn add(&mut self, anchor: usize, node: Node) -> Result<(), FileError> {
        self.size.nodes += 1;
        if let Tree::Scalar(Value::String(text)) = &node.tree {
            self.size.bytes += text.len();
        }
        if anchor > 0 {
            self.size.add(node.size());
        }
        self.check_size(node.line)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.put(node)
    }

    fn put(&mut self, node: Node) -> Result<(), FileError> {
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Map { entries, seen, key }) => match key.take() {
                None => *key = Some((key_of(&node)?, node.line)),
                Some((name, line)) => {
                    if let Some(first) = seen.insert(name.clone(), line) {
                        let message = format!("stands here again after line {first}");
                        return Err(FileError::new(line, name, message));
                    }
                    entries.push(Entry { name, line, node });
                }
            },
        }
        Ok(())
    }

    fn check_size(&self, line: usize) -> Result<(), FileError> {
        let most = if self.size.nodes > NODES_MAX {
            format!("{NODES_MAX} values")
        } else if self.size.bytes > TEXT_BYTES_MAX {
            format!("{} MiB of text", TEXT_BYTES_MAX >> 20)
        } else {
            return Ok(());
        };
        let message = format!("has more than {most} with its aliases; make it smaller");
        Err(FileError::new(line, "", message))
    }
}

const fn scalar_node(line: usize, value: Value) -> Node {
    Node {
        line,
        tree: Tree::Scalar(value),
    }
}

/// Quoted and block scalars are texts; plain ones are what YAML 1.2 says they are.
fn value_of(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    line: usize,
) -> Result<Value, FileError> {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if is_text || style != ScalarStyle::Plain {
        return Ok(Value::from(text));
    }
    scalar::plain(text).map_err(|message| FileError::new(line, "", message))
}

fn key_of(node: &Node) -> Result<String, FileError> {
    match &node.tree {
        Tree::Scalar(Value::String(text)) if text.len() > KEY_BYTES_MAX => {
            let message = format!(
                "has a key of {} bytes; at most {KEY_BYTES_MAX} fit",
                text.len()
            );
            Err(FileError::new(node.line, "", message))
        }
        Tree::Scalar(Value::String(text)) => Ok(text.clone()),
        Tree::Scalar(Value::Null) => {
            let message = "has an empty key; give it a name";
            Err(FileError::new(node.line, "", message))
        }
        Tree::Scalar(value) => Ok(value.to_string()),
        Tree::List(_) | Tree::Map(_) => {
            let message = "has a list or a mapping as a key; keys are texts";
            Err(FileError::new(node.line, "", message))
        }
    }
}

/// The entries with those that `<<` names, which give way to the mapping's own.
fn merged(entries: Vec<Entry>) -> Result<Vec<Entry>, FileError> {
    let (given, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.name == "<<");
    let mut names: HashSet<String> = own.iter().map(|entry| entry.name.clone()).collect();
    for Entry { line, node, .. } in given {
        let mappings = match node.tree {
            Tree::List(items) => items,
            _ => vec![node],
        };
        for mapping in mappings {
            let Tree::Map(entries) = mapping.tree else {
                let message = "is not a mapping; `<<` takes a mapping or a list of them";
                return Err(FileError::new(line, "<<", message));
            };
            for entry in entries {
                if names.insert(entry.name.clone()) {
                    own.push(entry);
                }
            }
        }
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match parse(text) {
            Ok(node) => node.to_json().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(found.contains(expected), "{text}: {found}");
    }

    #[test]
    fn values_are_those_of_yaml_1_2() {
        check("a: yes", r#"{"a":"yes"}"#);
        check(
            "a: 1e-4\nb: 010\nc: 0x1f\nd: ~",
            r#"{"a":0.0001,"b":10,"c":31,"d":null}"#,
        );
        check(
            "a: '1'\nb: !!str 2\nc: |\n  x\n  y\n",
            r#"{"a":"1","b":"2","c":"x\ny\n"}"#,
        );
        check(
            "{a: [1, 2.5, true], b: {c: -3}}",
            r#"{"a":[1,2.5,true],"b":{"c":-3}}"#,
        );
        check("a: .nan", "`.nan` is no finite number");
        check("1: a\ntrue: b", r#"{"1":"a","true":"b"}"#);
    }

    #[test]
    fn aliases_are_copies_and_merges_give_way() {
        check("a: &x [1, 2]\nb: *x", r#"{"a":[1,2],"b":[1,2]}"#);
        check(
            "a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}",
            r#""b":{"l":3,"k":1}"#,
        );
        check("a: &x 1\nb: {<<: *x}", "2: `<<`: is not a mapping");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        check("", "is empty");
        check("# nothing\n", "is empty");
        check("a: 1\nb: [1, 2\n", "3: is no YAML");
        check("a: 1\n\tb: 2\n", "is no YAML");
        check("a: 1\nb: 2\na: 3", "3: `a`: stands here again after line 1");
        check("a: *nothing", "1: is no YAML");
        check("[1]: 2", "keys are texts");
        check("a: 1\n---\nb: 2\n", "second document");
        check("a: &x [*x]", "");
    }

    #[test]
    fn no_file_fills_the_memory() {
        let level = |n: u32| {
            let uses = vec![format!("*a{}", n - 1); 10].join(", ");
            format!("a{n}: &a{n} [{uses}]")
        };
        let bomb: Vec<_> = (1..12).map(level).collect();
        check(
            &format!("a0: &a0 [x, y]\n{}", bomb.join("\n")),
            "more than 200000 values",
        );
        check(&"[".repeat(100), "more than 64 deep");
        check(&"[".repeat(100_000), "1: ");
        check(&" ".repeat(BYTES_MAX + 1), "at most 4194304 are read");
        check(
            &format!("[{}]", "1,".repeat(200_001)),
            "more than 200000 values",
        );
        let uses = vec!["*a"; 70].join(", ");
        check(
            &format!("a: &a {}\nb: [{uses}]", "x".repeat(1 << 20)),
            "2: has more than 64 MiB of text with its aliases",
        );
        check(
            &format!("a: 1\n{}: 2", "k".repeat(201)),
            "2: has a key of 201 bytes; at most 200 fit",
        );
        check(&format!("{}: 2", "k".repeat(200)), "kk");
    }
}
