//! Results: any JSON within bounds, and how it is shown without being read whole.

use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::{metric::non_finite_word, text::storable};

/// How large a result may be, as JSON without blanks.
pub const BYTES_MAX: usize = 4 << 20;

/// How deeply a result may be nested. What carries one over a wire is nested a little deeper.
pub const DEPTH_MAX: usize = 120;

/// How long the key of a result may be.
pub const KEY_BYTES_MAX: usize = 1000;

/// How many children of a value are shown at once.
pub const CHILDREN_MAX: usize = 100;

/// How many characters of a value are shown beside its key.
const PREVIEW_CHARS_MAX: usize = 120;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Null,
    /// Yes or no.
    Boolean,
    /// A number, or one of the words for those that JSON lacks.
    Number,
    /// A text.
    String,
    /// So many values in order.
    Array(u64),
    /// So many values by key.
    Object(u64),
}

impl Kind {
    /// What `value` is.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(text) if is_number_word(text) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(items) => Kind::Array(items.len() as u64),
            Value::Object(entries) => Kind::Object(entries.len() as u64),
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Object(_) => "object",
        }
    }

    /// How many values it holds; none for what holds none by its nature.
    pub fn size(self) -> Option<u64> {
        match self {
            Kind::Array(size) | Kind::Object(size) => Some(size),
            _ => None,
        }
    }

    /// What [`Kind::word`] and [`Kind::size`] say.
    pub fn from_parts(word: &str, size: u64) -> Option<Self> {
        Some(match word {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "number" => Kind::Number,
            "string" => Kind::String,
            "array" => Kind::Array(size),
            "object" => Kind::Object(size),
            _ => return None,
        })
    }
}

impl fmt::Display for Kind {
    /// `Array(42)`, `Object{12}`, `Number`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Null => f.write_str("Null"),
            Kind::Boolean => f.write_str("Boolean"),
            Kind::Number => f.write_str("Number"),
            Kind::String => f.write_str("String"),
            Kind::Array(size) => write!(f, "Array({size})"),
            Kind::Object(size) => write!(f, "Object{{{size}}}"),
        }
    }
}

/// A value as it is shown beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// What it is.
    pub kind: Kind,
    /// Its beginning: JSON, with what it holds by kind alone.
    pub preview: String,
}

impl Glance {
    /// `value` at a glance.
    pub fn of(value: &Value) -> Self {
        let preview = match value {
            Value::Array(items) => contents('[', items.iter().map(|item| (None, item)), ']'),
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| (Some(key), value));
                contents('{', entries, '}')
            }
            Value::String(text) => beginning(text),
            other => other.to_string(),
        };
        Self {
            kind: Kind::of(value),
            preview,
        }
    }

    /// Whether the preview is the value itself.
    pub fn is_whole(&self) -> bool {
        match self.kind.size() {
            Some(size) => size == 0,
            None => !self.preview.ends_with('…'),
        }
    }

    /// A text, a number or a word exactly, where the preview holds all of it.
    pub fn exact(&self) -> Option<String> {
        if !self.is_whole() {
            return None;
        }
        match serde_json::from_str(&self.preview) {
            Ok(Value::String(text)) => Some(text),
            _ => Some(self.preview.clone()),
        }
    }
}

/// One value within another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its key, or its place from 0.
    pub key: String,
    /// The JSON pointer to it, from the result.
    pub path: String,
    /// What it is.
    pub glance: Glance,
}

/// The values that one value holds, a part of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// What the value itself is.
    pub glance: Glance,
    /// The value itself where it holds no others.
    pub scalar: Option<Value>,
    /// From `offset` on, at most [`CHILDREN_MAX`].
    pub children: Vec<Child>,
    /// How many come before these.
    pub offset: u64,
    /// How many there are.
    pub total: u64,
}

impl Level {
    /// The level at JSON pointer `path` of `value`; `None` when nothing is there.
    pub fn of(value: &Value, path: &str, offset: u64) -> Option<Self> {
        let value = value.pointer(path)?;
        let glance = Glance::of(value);
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let child = |key: String, value: &Value| Child {
            path: format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")),
            key,
            glance: Glance::of(value),
        };
        let (children, scalar) = match value {
            Value::Array(items) => {
                let part = items.iter().enumerate().skip(skipped).take(CHILDREN_MAX);
                let children = part.map(|(at, item)| child(at.to_string(), item));
                (children.collect(), None)
            }
            Value::Object(entries) => {
                let part = entries.iter().skip(skipped).take(CHILDREN_MAX);
                let children = part.map(|(key, value)| child(key.clone(), value));
                (children.collect(), None)
            }
            scalar => (Vec::new(), Some(scalar.clone())),
        };
        Some(Self {
            total: glance.kind.size().unwrap_or(0),
            glance,
            scalar,
            children,
            offset,
        })
    }

    /// Where the next part begins; `None` after the last.
    pub fn next(&self) -> Option<u64> {
        let end = self.offset + self.children.len() as u64;
        (!self.children.is_empty() && end < self.total).then_some(end)
    }
}

/// A result that is within bounds, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its JSON, without blanks.
    pub text: String,
    /// What it is.
    pub glance: Glance,
}

impl Kept {
    /// `value` under `key`; refused with the reason, which goes after the result's name.
    pub fn new(key: &str, value: &Value) -> Result<Self, String> {
        check_key(key)?;
        let depth = depth(value);
        if depth > DEPTH_MAX {
            return Err(too_deep());
        }
        let text = value.to_string();
        check_bytes(text.len())?;
        Ok(Self {
            text,
            glance: Glance::of(value),
        })
    }
}

/// Refuses what is larger than a result may be.
pub fn check_bytes(bytes: usize) -> Result<(), String> {
    if bytes <= BYTES_MAX {
        return Ok(());
    }
    let (bytes, most) = (grouped(bytes), grouped(BYTES_MAX));
    Err(format!(
        "has {bytes} bytes; at most {most} are kept: say it as an artifact"
    ))
}

/// What is said of a result that is nested too deeply.
pub fn too_deep() -> String {
    format!("is nested deeper than {DEPTH_MAX} levels")
}

fn check_key(key: &str) -> Result<(), String> {
    match key.len() {
        0 => Err("has an empty key".to_owned()),
        1..=KEY_BYTES_MAX => Ok(()),
        bytes => Err(format!(
            "has a key of {bytes} bytes; at most {KEY_BYTES_MAX} are kept"
        )),
    }
}

/// Values of JSON that were read are not nested deeply enough to exhaust a stack.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// `52,428,800`
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

fn is_number_word(text: &str) -> bool {
    [f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
        .into_iter()
        .any(|value| non_finite_word(value) == Some(text))
}

/// `[1, "a", Array(3), …]`: as many values as fit.
fn contents<'v>(
    open: char,
    items: impl Iterator<Item = (Option<&'v String>, &'v Value)>,
    close: char,
) -> String {
    let mut shown = String::from(open);
    for (at, (key, value)) in items.enumerate() {
        let key = key.map(|key| format!("{}: ", shortened(&storable(key))));
        let value = match Kind::of(value) {
            Kind::Array(_) | Kind::Object(_) => Kind::of(value).to_string(),
            Kind::Number => Glance::of(value).exact().unwrap_or_default(),
            _ => Glance::of(value).preview,
        };
        let part = format!("{}{value}", key.unwrap_or_default());
        let separator = if at == 0 { "" } else { ", " };
        if shown.chars().count() + part.chars().count() > PREVIEW_CHARS_MAX {
            shown.push_str(separator);
            shown.push('…');
            break;
        }
        shown.push_str(separator);
        shown.push_str(&part);
    }
    shown.push(close);
    shown
}

/// A text as JSON; one that is cut lacks its last quotation mark.
fn beginning(text: &str) -> String {
    let short = shortened(text);
    let mut json = visible(&Value::from(short.as_str()).to_string());
    if short.len() < text.len() {
        json.pop();
        json.push('…');
    }
    json
}

/// A JSON text in which nothing hides and nothing turns what stands around it: control characters
/// and marks of direction are escaped, which JSON reads as the same.
fn visible(json: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    json.chars().fold(String::new(), |mut shown, c| {
        if is_hidden(c) {
            // Writing to a text cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
        shown
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(PREVIEW_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: &Value, kind: &str, preview: &str, exact: Option<&str>) {
        let glance = Glance::of(value);
        assert_eq!(glance.kind.to_string(), kind);
        assert_eq!(glance.preview, preview);
        assert_eq!(glance.exact().as_deref(), exact);
        let parts = Kind::from_parts(glance.kind.word(), glance.kind.size().unwrap_or(0));
        assert_eq!(parts, Some(glance.kind));
    }

    #[test]
    fn a_value_shows_its_kind_and_its_beginning() {
        check(&json!(null), "Null", "null", Some("null"));
        check(&json!(true), "Boolean", "true", Some("true"));
        check(&json!(1e-300), "Number", "1e-300", Some("1e-300"));
        check(&json!("NaN"), "Number", "\"NaN\"", Some("NaN"));
        check(&json!("nan\n"), "String", r#""nan\n""#, Some("nan\n"));
        check(&json!([]), "Array(0)", "[]", Some("[]"));
        check(&json!([1, [2, 3]]), "Array(2)", "[1, Array(2)]", None);
        check(
            &json!([0.5, "NaN", "-Infinity", "x"]),
            "Array(4)",
            "[0.5, NaN, -Infinity, \"x\"]",
            None,
        );
        let turned = "a\u{202e}b\u{7f}";
        check(
            &json!(turned),
            "String",
            r#""a\u202eb\u007f""#,
            Some(turned),
        );
        check(
            &json!({"a": {}, "b": "x"}),
            "Object{2}",
            r#"{a: Object{0}, b: "x"}"#,
            None,
        );
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        let long = "ü".repeat(200);
        let cut = format!("\"{}…", "ü".repeat(120));
        check(&json!(long), "String", &cut, None);
        let many: Vec<u32> = (0..1000).collect();
        let glance = Glance::of(&json!(many));
        assert!(glance.preview.starts_with("[0, 1, 2, "), "{glance:?}");
        assert!(glance.preview.ends_with(", …]"), "{glance:?}");
        assert!(glance.preview.chars().count() < 150, "{glance:?}");
        let wide = Glance::of(&json!({ long: 1 }));
        assert_eq!(wide.preview, "{…}");
    }

    fn level(value: &Value, path: &str, offset: u64) -> Option<(Vec<String>, u64, Option<u64>)> {
        let level = Level::of(value, path, offset)?;
        let shown = level
            .children
            .iter()
            .map(|c| format!("{} {}", c.path, c.glance.preview));
        Some((shown.collect(), level.total, level.next()))
    }

    #[test]
    fn a_level_holds_a_part_of_the_children_with_their_paths() {
        let value = json!({"a/b": [10, {"~": 1}], "c": "text"});
        assert_eq!(
            level(&value, "", 0),
            Some((
                vec!["/a~1b [10, Object{1}]".to_owned(), "/c \"text\"".to_owned()],
                2,
                None
            ))
        );
        let (children, ..) = level(&value, "/a~1b/1", 0).unwrap();
        assert_eq!(children, ["/a~1b/1/~0 1"]);
        let scalar = Level::of(&value, "/c", 0).unwrap();
        assert_eq!(scalar.scalar, Some(json!("text")));
        assert_eq!(level(&value, "/d", 0), None);
        assert_eq!(level(&value, "c", 0), None);
    }

    #[test]
    fn many_children_come_a_hundred_at_a_time() {
        let value = json!((0..250).collect::<Vec<_>>());
        for (offset, first, count, next) in
            [(0, "/0 0", 100, Some(100)), (200, "/200 200", 50, None)]
        {
            let (children, total, then) = level(&value, "", offset).unwrap();
            assert_eq!(children[0], first);
            assert_eq!((children.len(), total, then), (count, 250, next));
        }
        assert_eq!(level(&value, "", 9999), Some((Vec::new(), 250, None)));
    }

    fn nested(levels: usize) -> Value {
        (1..levels).fold(json!([]), |inner, _| json!([inner]))
    }

    #[test]
    fn results_are_bounded() {
        let text = |bytes: usize| Value::from("x".repeat(bytes - 2));
        assert_eq!(
            Kept::new("k", &text(BYTES_MAX)).unwrap().text.len(),
            BYTES_MAX
        );
        assert!(Kept::new("k", &text(BYTES_MAX + 1)).is_err());
        assert_eq!(
            check_bytes(52_428_800).unwrap_err(),
            "has 52,428,800 bytes; at most 4,194,304 are kept: say it as an artifact"
        );
        assert!(Kept::new("k", &nested(DEPTH_MAX)).is_ok());
        assert_eq!(
            Kept::new("k", &nested(DEPTH_MAX + 1)).unwrap_err(),
            "is nested deeper than 120 levels"
        );
        assert_eq!(Kept::new("", &json!(1)).unwrap_err(), "has an empty key");
        assert_eq!(
            Kept::new(&"k".repeat(1001), &json!(1)).unwrap_err(),
            "has a key of 1001 bytes; at most 1000 are kept"
        );
    }
}
