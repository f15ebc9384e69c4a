//! Artifacts: files that a run keeps.

use crate::{
    ids::{LoggedModelId, ModelId, RunId},
    time::Timestamp,
};

/// A name has at most so many bytes.
pub const NAME_BYTES_MAX: usize = 255;

/// A run keeps at most so many.
pub const ARTIFACTS_MAX: usize = 1000;

/// What keeps files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keeper {
    /// A run.
    Run(RunId),
    /// A model that a client logged.
    LoggedModel(LoggedModelId),
    /// A version of a registered model: it keeps what it was registered with, whatever becomes of that.
    ModelVersion(ModelId, u32),
}

impl From<RunId> for Keeper {
    fn from(run: RunId) -> Self {
        Keeper::Run(run)
    }
}

/// A file that a run or a model keeps. A later one of the same name takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Relative, with `/` between its parts.
    pub name: String,
    /// The SHA-256 of its bytes, 64 hexadecimal digits in lower case.
    pub hash: String,
    /// How many bytes.
    pub size: u64,
    /// When it was kept.
    pub kept_at: Timestamp,
}

/// Whether an artifact may be called so, and if not, why.
pub fn check_name(name: &str) -> Result<(), String> {
    let refuse = |reason: &str| Err(reason.to_owned());
    if name.is_empty() {
        return refuse("is empty");
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(format!(
            "has {} bytes; at most {NAME_BYTES_MAX} fit",
            name.len()
        ));
    }
    if name.chars().any(is_hidden) {
        return refuse("has control characters");
    }
    if name.contains('\\') {
        return refuse("has a `\\`; write `/` between its parts");
    }
    if name.starts_with('/') {
        return refuse("begins with `/`; a name is relative");
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return refuse("has a part that is empty, `.` or `..`");
    }
    Ok(())
}

/// Whether `hash` can be a SHA-256 as it is written here.
pub fn is_hash(hash: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    hash.len() == 64 && hash.bytes().all(is_digit)
}

/// What is not shown, or turns around what is: a name must not look like another.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Result<(), &str>) {
        assert_eq!(check_name(name), expected.map_err(str::to_owned), "{name}");
    }

    #[test]
    fn relative_names_are_taken_whatever_they_hold() {
        check("model.bin", Ok(()));
        check("plots/<b>loss</b> \"1\".png", Ok(()));
        check("..hidden/...", Ok(()));
        check("модель.bin", Ok(()));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let parts = Err("has a part that is empty, `.` or `..`");
        check("", Err("is empty"));
        check("../secret", parts);
        check("a/../../b", parts);
        check("a//b", parts);
        check("a/", parts);
        check("./a", parts);
        check("/etc/passwd", Err("begins with `/`; a name is relative"));
        check("a\\..\\b", Err("has a `\\`; write `/` between its parts"));
        check("a\nb", Err("has control characters"));
        check("a\u{202e}gpj.exe", Err("has control characters"));
        check(&"x".repeat(256), Err("has 256 bytes; at most 255 fit"));
    }

    #[test]
    fn a_hash_is_64_digits_in_lower_case() {
        assert!(is_hash(&"0a".repeat(32)));
        for refused in [&"0A".repeat(32), &"0a".repeat(31), "../../etc"] {
            assert!(!is_hash(refused), "{refused}");
        }
    }
}
