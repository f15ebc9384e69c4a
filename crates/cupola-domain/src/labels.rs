//! What a run is found by: parameters and tags, each a key with a text.
//!
//! A parameter is what a run was told to do and stays as it was said first; a tag says something
//! about the run and may change.

use serde_json::Value;

use crate::{field::FieldError, task::Config};

/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 250;

/// Bytes of a parameter's value.
pub const PARAM_BYTES_MAX: usize = 6_000;

/// Bytes of a tag's value.
pub const TAG_BYTES_MAX: usize = 8_000;

/// So many values of one configuration are parameters; the rest of a huge one is not searched.
pub const PARAMS_OF_CONFIG_MAX: usize = 1_000;

/// The finite number that a text says, if it says one. There is one zero.
pub fn number(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok()?;
    number.is_finite().then_some(number + 0.0)
}

/// A configuration's values as parameters: `{"layers": [{"width": 3}]}` is `layers.0.width` = `3`.
///
/// Texts stand without quotes, other values as JSON, and long ones are cut. A key that is too long,
/// or that says the same as an earlier one, is left out.
pub fn params_of(config: &Config) -> Vec<(String, String)> {
    let mut params = Vec::new();
    for (key, value) in config {
        flatten(key.clone(), value, &mut params);
    }
    params
}

/// Whether this may be a parameter of a run.
pub fn check_param(key: &str, value: &str) -> Result<(), FieldError> {
    check(key, value, PARAM_BYTES_MAX)
}

/// Whether this may be a tag of a run.
pub fn check_tag(key: &str, value: &str) -> Result<(), FieldError> {
    check(key, value, TAG_BYTES_MAX)
}

/// The beginning of a text, at most so many bytes, ending with a whole character.
pub fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

fn check(key: &str, value: &str, bytes_max: usize) -> Result<(), FieldError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let message = format!(
            "the key has {} bytes; choose one of 1 to {KEY_BYTES_MAX}",
            key.len()
        );
        return Err(FieldError::new(cut(key, KEY_BYTES_MAX), message));
    }
    if value.len() > bytes_max {
        let message = format!(
            "has {} bytes; at most {bytes_max} are kept, so keep it as a file",
            value.len()
        );
        return Err(FieldError::new(key, message));
    }
    Ok(())
}

fn flatten(key: String, value: &Value, params: &mut Vec<(String, String)>) {
    if params.len() >= PARAMS_OF_CONFIG_MAX || key.len() > KEY_BYTES_MAX {
        return;
    }
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            for (name, value) in inner {
                flatten(format!("{key}.{name}"), value, params);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate().take(PARAMS_OF_CONFIG_MAX) {
                flatten(format!("{key}.{at}"), value, params);
            }
        }
        _ if key.is_empty() => {}
        Value::String(text) => params.push((key, cut(text, PARAM_BYTES_MAX).to_owned())),
        other => params.push((key, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_params(config: &str, expected: &str) {
        let config = serde_json::from_str(config).unwrap();
        let params = params_of(&config);
        let shown: Vec<_> = params.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn a_configuration_is_flattened() {
        check_params(
            r#"{"a": 1, "b": "x y", "c": true, "d": null}"#,
            "a=1 b=x y c=true d=null",
        );
        check_params(
            r#"{"layers": [{"width": 3}, 0.5]}"#,
            "layers.0.width=3 layers.1=0.5",
        );
        check_params(r#"{"a": {}, "b": [], "": 1}"#, "a={} b=[]");
    }

    #[test]
    fn what_is_too_long_is_cut_or_left_out() {
        let long = "ä".repeat(PARAM_BYTES_MAX);
        let config = format!(
            r#"{{"{}": 1, "b": "{long}"}}"#,
            "k".repeat(KEY_BYTES_MAX + 1)
        );
        let params = params_of(&serde_json::from_str(&config).unwrap());
        assert_eq!(params.len(), 1);
        assert_eq!(params[0].1.len(), PARAM_BYTES_MAX);
        let many: Vec<_> = (0..PARAMS_OF_CONFIG_MAX + 5)
            .map(|n| n.to_string())
            .collect();
        let config = format!(r#"{{"a": [{}]}}"#, many.join(","));
        let params = params_of(&serde_json::from_str(&config).unwrap());
        assert_eq!(params.len(), PARAMS_OF_CONFIG_MAX);
    }

    #[test]
    fn numbers_are_what_texts_say() {
        for (text, expected) in [
            ("0.01", Some(0.01)),
            (" 1e3 ", Some(1000.0)),
            ("-0", Some(0.0)),
            ("NaN", None),
            ("inf", None),
            ("", None),
            ("1x", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
        assert!(number("-0").unwrap().is_sign_positive());
    }

    #[test]
    fn bounds_are_said() {
        assert!(check_param("k", &"v".repeat(PARAM_BYTES_MAX)).is_ok());
        for (key, value, expected) in [
            ("", 1, "``: the key has 0 bytes; choose one of 1 to 250"),
            (
                "k",
                PARAM_BYTES_MAX + 1,
                "`k`: has 6001 bytes; at most 6000 are kept, so keep it as a file",
            ),
        ] {
            let error = check_param(key, &"v".repeat(value)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        assert!(check_tag("k", &"v".repeat(TAG_BYTES_MAX)).is_ok());
    }
}
