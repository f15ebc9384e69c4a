//! The fields of a form as a tree: `config.layers.0.width` stands four levels down.

use std::collections::BTreeMap;

use cupola_domain::task::Config;
use serde_json::Value;

/// A form may have this many fields.
pub const FIELDS_MAX: usize = 5_000;

/// Names with more parts name nothing: no schema is that deep.
const NAME_PARTS_MAX: usize = 64;

/// What was sent for a name, and for the names below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    text: Option<String>,
    below: BTreeMap<String, Posted>,
}

impl Posted {
    /// The fields whose names begin with `prefix` and a dot. Where a name stands twice the last
    /// counts: a box that is not ticked is a hidden field before it.
    pub fn below<'p>(prefix: &str, pairs: impl IntoIterator<Item = &'p (String, String)>) -> Self {
        let mut root = Self::default();
        for (name, text) in pairs {
            let rest = name.strip_prefix(prefix);
            let Some(rest) = rest.and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            if rest.split('.').count() <= NAME_PARTS_MAX {
                let parts = rest.split('.');
                let leaf = parts.fold(&mut root, |node, part| {
                    node.below.entry(part.to_owned()).or_default()
                });
                leaf.text = Some(text.replace("\r\n", "\n"));
            }
        }
        root
    }

    /// What stands for `name` one level down.
    pub fn find(&self, name: &str) -> Option<&Posted> {
        self.below.get(name)
    }

    /// What was sent for the name itself.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What was sent, read without a schema: numbers and words that are no texts as what they look
    /// like, nothing where nothing was typed.
    pub fn guess(&self) -> Option<Value> {
        if let Some(text) = self.text.as_deref().filter(|text| !text.is_empty()) {
            let read = serde_json::from_str(text).ok();
            return read.or_else(|| Some(Value::String(text.to_owned())));
        }
        if self.below.is_empty() {
            return None;
        }
        if self.below.keys().all(|name| name.parse::<u32>().is_ok()) {
            let items = self.items().into_iter();
            return Some(items.filter_map(Posted::guess).collect());
        }
        let below = self.below.iter();
        let object: Config = below
            .filter_map(|(name, posted)| Some((name.clone(), posted.guess()?)))
            .collect();
        Some(Value::Object(object))
    }

    /// What stands below whole numbers, in their order; gaps close.
    pub fn items(&self) -> Vec<&Posted> {
        let numbered = self.below.iter();
        let mut numbered: Vec<(u32, &Posted)> = numbered
            .filter_map(|(name, item)| Some((name.parse().ok()?, item)))
            .collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, item)| item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(pairs: &[(&str, &str)]) -> Posted {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        Posted::below("config", &pairs)
    }

    #[test]
    fn names_become_levels_and_the_last_of_a_name_counts() {
        let tree = posted(&[("config.a.b", "1"), ("config.a.b", "2"), ("name", "x")]);
        let leaf = tree.find("a").and_then(|a| a.find("b"));
        assert_eq!(leaf.and_then(Posted::text), Some("2"));
        assert!(tree.find("name").is_none());
    }

    #[test]
    fn items_stand_in_the_order_of_their_numbers() {
        let tree = posted(&[
            ("config.l.10.x", "c"),
            ("config.l.2.x", "b"),
            ("config.l.0.x", "a"),
            ("config.l.first.x", "?"),
        ]);
        let items = tree.find("l").unwrap().items();
        let texts: Vec<_> = items
            .iter()
            .filter_map(|item| item.find("x")?.text())
            .collect();
        assert_eq!(texts, ["a", "b", "c"]);
    }

    #[test]
    fn a_name_that_is_too_deep_names_nothing() {
        let deep = format!("config{}", ".a".repeat(1_000_000));
        assert_eq!(posted(&[(&deep, "x")]), Posted::default());
    }

    #[test]
    fn without_a_schema_texts_are_what_they_look_like() {
        let tree = posted(&[
            ("config.lr", "1e-3"),
            ("config.act", "relu"),
            ("config.note", ""),
            ("config.layers.0.width", "8"),
        ]);
        let expected = serde_json::json!({"act": "relu", "layers": [{"width": 8}], "lr": 1e-3});
        assert_eq!(tree.guess(), Some(expected));
    }

    #[test]
    fn lines_end_as_programs_expect() {
        let tree = posted(&[("config.a", "1\r\n2")]);
        assert_eq!(tree.find("a").unwrap().text(), Some("1\n2"));
    }
}
