//! Arguments of tools: types that know their JSON schema and read themselves, so that what is described
//! is what is taken.

use cupola_domain::field::FieldError;
use serde_json::{Map, Value, json};

/// Characters of a text that is taken.
const TEXT_CHARS_MAX: usize = 20_000;

/// Items of a list that is taken.
const ITEMS_MAX: usize = 50;

/// Bytes of an object that is taken, as JSON.
const OBJECT_BYTES_MAX: usize = 200_000;

/// The arguments of a tool.
pub(super) trait Arguments: Sized {
    /// Their JSON schema.
    fn schema() -> Value;

    /// Reads them; all that is wrong is named at once.
    fn read(given: &Map<String, Value>) -> Result<Self, Vec<FieldError>>;
}

/// The type of one argument.
pub(super) trait Argument: Sized {
    /// Its JSON schema, without what it means.
    fn schema() -> Value;

    /// What it is where nothing is said; none where it must be said.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads it; the message fits after the argument's name.
    fn read(value: &Value) -> Result<Self, String>;
}

/// Reads one argument.
pub(super) fn argument<T: Argument>(
    given: &Map<String, Value>,
    name: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let read = match given.get(name) {
        None | Some(Value::Null) => T::absent().ok_or_else(|| "is missing".to_owned()),
        Some(value) => T::read(value),
    };
    read.map_err(|message| errors.push(FieldError::new(name, message)))
        .ok()
}

/// Declares a struct of arguments with its schema and its reader. What a field means is its doc comment.
macro_rules! arguments {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $meaning:literal])+ $field:ident: $type:ty,)* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub(super) struct $name {
            $($(#[doc = $meaning])+ pub(super) $field: $type,)*
        }

        impl $crate::tools::arguments::Arguments for $name {
            fn schema() -> ::serde_json::Value {
                let all: Vec<(&str, ::serde_json::Value, bool, String)> = vec![$((
                    stringify!($field),
                    <$type as $crate::tools::arguments::Argument>::schema(),
                    <$type as $crate::tools::arguments::Argument>::absent().is_none(),
                    [$($meaning.trim_ascii()),+].join(" "),
                )),*];
                $crate::tools::arguments::schema_of(all)
            }

            fn read(
                given: &::serde_json::Map<String, ::serde_json::Value>,
            ) -> Result<Self, Vec<::cupola_domain::field::FieldError>> {
                let known: &[&str] = &[$(stringify!($field)),*];
                let mut errors = $crate::tools::arguments::unknown(given, known);
                $(let $field = $crate::tools::arguments::argument::<$type>(given, stringify!($field), &mut errors);)*
                if !errors.is_empty() {
                    return Err(errors);
                }
                let read = || Some(Self { $($field: $field?,)* });
                read().ok_or_else(Vec::new)
            }
        }
    };
}

pub(super) use arguments;

/// The schema of arguments: name, schema, whether it must be said, and what it means.
pub(super) fn schema_of(all: Vec<(&str, Value, bool, String)>) -> Value {
    let required: Vec<&str> = all
        .iter()
        .filter(|(_, _, is_required, _)| *is_required)
        .map(|each| each.0)
        .collect();
    let required = Value::from(required);
    let properties: Map<String, Value> = all
        .into_iter()
        .map(|(name, mut schema, _, meaning)| {
            schema["description"] = meaning.into();
            (name.to_owned(), schema)
        })
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Arguments that a tool does not have.
pub(super) fn unknown(given: &Map<String, Value>, known: &[&str]) -> Vec<FieldError> {
    let strangers = given.keys().filter(|name| !known.contains(&name.as_str()));
    let remedy = match known {
        [] => "it takes none".to_owned(),
        known => format!("it takes `{}`", known.join("`, `")),
    };
    strangers
        .take(ITEMS_MAX)
        .map(|name| {
            FieldError::new(
                cupola_domain::text::excerpt(name),
                format!("is no argument of this tool; {remedy}"),
            )
        })
        .collect()
}

impl Argument for String {
    fn schema() -> Value {
        json!({"type": "string", "maxLength": TEXT_CHARS_MAX})
    }

    fn read(value: &Value) -> Result<Self, String> {
        let text = value
            .as_str()
            .ok_or_else(|| format!("is {}; give a text", kind(value)))?;
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(format!(
                "has {chars} characters; at most {TEXT_CHARS_MAX} fit"
            ));
        }
        Ok(text.to_owned())
    }
}

impl<T: Argument> Argument for Option<T> {
    fn schema() -> Value {
        T::schema()
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }
}

impl Argument for i64 {
    fn schema() -> Value {
        json!({"type": "integer"})
    }

    fn read(value: &Value) -> Result<Self, String> {
        let refused = || {
            let given = cupola_domain::text::excerpt(value);
            format!("is {given}; give a whole number")
        };
        value.as_i64().ok_or_else(refused)
    }
}

impl Argument for Vec<String> {
    fn schema() -> Value {
        json!({"type": "array", "items": String::schema(), "minItems": 1, "maxItems": ITEMS_MAX})
    }

    fn read(value: &Value) -> Result<Self, String> {
        let items = value
            .as_array()
            .ok_or_else(|| format!("is {}; give a list of texts", kind(value)))?;
        if !(1..=ITEMS_MAX).contains(&items.len()) {
            return Err(format!("has {} items; give 1 to {ITEMS_MAX}", items.len()));
        }
        items.iter().map(String::read).collect()
    }
}

impl Argument for Map<String, Value> {
    fn schema() -> Value {
        json!({"type": "object"})
    }

    fn read(value: &Value) -> Result<Self, String> {
        let object = value
            .as_object()
            .ok_or_else(|| format!("is {}; give an object", kind(value)))?;
        let bytes = value.to_string().len();
        if bytes > OBJECT_BYTES_MAX {
            return Err(format!("has {bytes} bytes; at most {OBJECT_BYTES_MAX} fit"));
        }
        Ok(object.clone())
    }
}

/// A whole number from `MIN` to `MAX`; `DEFAULT` where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count<const MIN: u32, const MAX: u32, const DEFAULT: u32>(pub(super) u32);

/// How many of a list.
pub(super) type Limit = Count<1, 100, 20>;

/// How many of a list are passed over.
pub(super) type Offset = Count<0, 10_000_000, 0>;

impl<const MIN: u32, const MAX: u32, const DEFAULT: u32> Argument for Count<MIN, MAX, DEFAULT> {
    fn schema() -> Value {
        json!({"type": "integer", "minimum": MIN, "maximum": MAX, "default": DEFAULT})
    }

    fn absent() -> Option<Self> {
        Some(Self(DEFAULT))
    }

    fn read(value: &Value) -> Result<Self, String> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let refused = || {
            format!(
                "is {}; give a whole number from {MIN} to {MAX}",
                cupola_domain::text::excerpt(value)
            )
        };
        number
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(refused)
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
