//! What names and values may be. The limits are the clients' own; lengths are in bytes.

use cupola_domain::labels::{KEY_BYTES_MAX, PARAM_BYTES_MAX, TAG_BYTES_MAX};

use super::Error;

/// Bytes of an experiment's name.
const EXPERIMENT_NAME_BYTES_MAX: usize = 500;

/// Bytes of the value of an experiment's tag.
const EXPERIMENT_TAG_BYTES_MAX: usize = 20_000;

/// Whether [`check_key`] takes it, for those who ask often.
pub(crate) fn is_key(key: &str) -> bool {
    check_key(key, "").is_ok()
}

/// Whether a metric, a parameter or a tag may be called so. Such a name may become the name of a file.
pub(crate) fn check_key(key: &str, field: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(Error::missing(field));
    }
    check_length(key, field, KEY_BYTES_MAX)?;
    let fits = |c: char| c.is_alphanumeric() || "_/.- :".contains(c);
    if !key.chars().all(fits) {
        let why = "names have letters, digits, spaces and any of `_/.-:`";
        return Err(Error::of_field(
            field,
            format_args!("'{key}' has other characters; {why}"),
        ));
    }
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if key.starts_with("..") || !key.split('/').all(is_plain) {
        let why = "as a path it would lead elsewhere";
        return Err(Error::of_field(
            field,
            format_args!("'{key}' is no name; {why}"),
        ));
    }
    Ok(())
}

/// Whether a parameter may have this value.
pub(crate) fn check_param(value: &str, field: &str) -> Result<(), Error> {
    check_length(value, field, PARAM_BYTES_MAX)
}

/// Whether a tag of a run may have this value.
pub(crate) fn check_tag(value: &str, field: &str) -> Result<(), Error> {
    check_length(value, field, TAG_BYTES_MAX)
}

/// Whether a tag of an experiment may have this value.
pub(crate) fn check_experiment_tag(value: &str, field: &str) -> Result<(), Error> {
    check_length(value, field, EXPERIMENT_TAG_BYTES_MAX)
}

/// Whether an experiment may be called so.
pub(crate) fn check_experiment_name(name: &str, field: &str) -> Result<(), Error> {
    check_length(name, field, EXPERIMENT_NAME_BYTES_MAX)
}

/// Whether a text is short enough.
pub(crate) fn check_length(text: &str, field: &str, bytes_max: usize) -> Result<(), Error> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    let length = text.len();
    Err(Error::of_field(
        field,
        format_args!("it has {length} bytes and exceeds the maximum length of {bytes_max}"),
    ))
}

/// Whether a list is short enough.
pub(crate) fn check_count(count: usize, field: &str, max: usize) -> Result<(), Error> {
    if count <= max {
        return Ok(());
    }
    let why = format_args!("there are {count} of them, and {max} may be");
    Err(Error::of_field(field, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, is_taken: bool) {
        assert_eq!(check_key(key, "key").is_ok(), is_taken, "{key}");
    }

    #[test]
    fn a_name_is_a_plain_path() {
        for key in ["a", "train/loss", "é 1", "a.b-c_d:e", ".a", "a..b", "a/..b"] {
            check(key, true);
        }
        for key in [
            "", "/a", "a/", "a//b", "./a", "a/../b", "..", "..a", "a\nb", "a,b", "a\0",
        ] {
            check(key, false);
        }
        check(&"x".repeat(250), true);
        check(&"x".repeat(251), false);
    }
}
