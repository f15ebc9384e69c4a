//! What the buttons of a form do to its lists.

use cupola_domain::schema::{FieldKind, Schema};

use super::{
    Filled,
    filled::{Entry, ITEMS_MAX},
};

/// A change of a list. Paths are those of the configuration: `layers`, `layers.2.heads`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Adds an item at the end.
    Add(String),
    /// Takes an item out.
    Remove(String, usize),
    /// Moves an item before the one before it.
    Up(String, usize),
    /// Moves an item behind the one behind it.
    Down(String, usize),
}

impl Op {
    /// Reads `add:layers`, `remove:layers.2`, `up:layers.2`, `down:layers.2`.
    pub fn parse(text: &str) -> Option<Self> {
        let (verb, path) = text.split_once(':')?;
        if verb == "add" {
            return Some(Op::Add(path.to_owned()));
        }
        let (list, at) = path.rsplit_once('.')?;
        let (list, at) = (list.to_owned(), at.parse().ok()?);
        match verb {
            "remove" => Some(Op::Remove(list, at)),
            "up" => Some(Op::Up(list, at)),
            "down" => Some(Op::Down(list, at)),
            _ => None,
        }
    }

    /// Changes the list and says what should have the focus then, by its path. A list or an item
    /// that is not there is left alone.
    pub fn apply(&self, schema: &Schema, filled: &mut Filled) -> Option<String> {
        let path = match self {
            Op::Add(path) | Op::Remove(path, _) | Op::Up(path, _) | Op::Down(path, _) => path,
        };
        let parts: Vec<_> = path.split('.').collect();
        let (item, list) = find(schema, filled, &parts)?;
        let Entry::List(items) = list else {
            return None;
        };
        let end = items.len().checked_sub(1);
        match *self {
            Op::Add(_) => {
                items.push(Entry::of_item(item));
                let added = items.len() - 1;
                if items.len() > ITEMS_MAX {
                    *list = Entry::of_items(item, std::mem::take(items));
                    return Some(path.clone());
                }
                Some(format!("{path}.{added}"))
            }
            Op::Remove(_, at) if Some(at) <= end => {
                items.remove(at);
                let next = at.min(items.len().saturating_sub(1));
                Some(match items.len() {
                    0 => format!("{path}-add"),
                    _ => format!("{path}.{next}-remove"),
                })
            }
            Op::Up(_, at) if at > 0 && Some(at) <= end => {
                items.swap(at, at - 1);
                Some(moved(path, at - 1, items.len(), "up"))
            }
            Op::Down(_, at) if Some(at) < end => {
                items.swap(at, at + 1);
                Some(moved(path, at + 1, items.len(), "down"))
            }
            _ => None,
        }
    }
}

/// The button that moved an item goes along with it; at an end only the other one is of use.
fn moved(path: &str, at: usize, total: usize, way: &str) -> String {
    let way = match at {
        0 => "down",
        _ if at + 1 == total => "up",
        _ => way,
    };
    format!("{path}.{at}-{way}")
}

/// The list at a path, with what its items are.
fn find<'f>(
    schema: &'f Schema,
    filled: &'f mut Filled,
    path: &[&str],
) -> Option<(&'f FieldKind, &'f mut Entry)> {
    let (name, rest) = path.split_first()?;
    let at = schema.fields.iter().position(|field| field.name == *name)?;
    find_in(&schema.fields[at].kind, &mut filled.entries[at], rest)
}

fn find_in<'f>(
    kind: &'f FieldKind,
    entry: &'f mut Entry,
    path: &[&str],
) -> Option<(&'f FieldKind, &'f mut Entry)> {
    match (kind, entry) {
        (FieldKind::List { item, .. }, entry) if path.is_empty() => Some((item, entry)),
        (FieldKind::List { item, .. }, Entry::List(items)) => {
            let (number, rest) = path.split_first()?;
            let entry = items.get_mut(number.parse::<usize>().ok()?)?;
            find_in(item, entry, rest)
        }
        (FieldKind::Group { fields }, Entry::Group(group)) => find(fields, group, path),
        _ => None,
    }
}
