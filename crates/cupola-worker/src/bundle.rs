//! A template's files: what their hash covers and which of them are refused.

pub(crate) mod cache;

use cupola_domain::{
    template::{CodeFile, feed_code_hash},
    text::hex,
};
use cupola_protocol::work::Bundle;
use sha2::{Digest as _, Sha256};

/// The bytes that all files of a bundle may have together.
pub const BUNDLE_BYTES_MAX: u64 = 64 << 20;

/// How many files a bundle may have.
pub const BUNDLE_FILES_MAX: usize = 10_000;

/// Why a bundle is not run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBundle {
    /// The files or the command are not those that the hash stands for.
    #[error("the code has the hash `{found}` instead of `{expected}`")]
    OtherCode {
        /// What was asked for.
        expected: String,
        /// What came.
        found: String,
    },
    /// A path that could lead out of the folder.
    #[error("`{0}` is not a path inside a bundle")]
    Path(String),
    /// Bytes that are not base 64.
    #[error("`{0}` is not base 64")]
    Encoding(String),
    /// Too much of it.
    #[error("more than {BUNDLE_FILES_MAX} files or {BUNDLE_BYTES_MAX} bytes")]
    TooLarge,
}

/// The hash that stands for a command and its files, as 64 hexadecimal digits.
pub fn bundle_hash(command: &[String], files: &[CodeFile]) -> String {
    let mut hash = Sha256::new();
    feed_code_hash(command, files, |bytes| hash.update(bytes));
    hex(&hash.finalize())
}

/// The files of `bundle`, when they are what `hash` stands for and safe to unpack.
pub(crate) fn verified(bundle: &Bundle, hash: &str) -> Result<Vec<CodeFile>, InvalidBundle> {
    if bundle.files.len() > BUNDLE_FILES_MAX {
        return Err(InvalidBundle::TooLarge);
    }
    let (mut files, mut bytes_total) = (Vec::with_capacity(bundle.files.len()), 0);
    for file in &bundle.files {
        if !is_inside(&file.path) {
            return Err(InvalidBundle::Path(file.path.clone()));
        }
        let bytes = file.decoded();
        let bytes = bytes.ok_or_else(|| InvalidBundle::Encoding(file.path.clone()))?;
        bytes_total += bytes.len() as u64;
        if bytes_total > BUNDLE_BYTES_MAX {
            return Err(InvalidBundle::TooLarge);
        }
        let path = file.path.clone();
        files.push(CodeFile { path, bytes });
    }
    let found = bundle_hash(&bundle.command, &files);
    if found == hash {
        Ok(files)
    } else {
        let expected = hash.to_owned();
        Err(InvalidBundle::OtherCode { expected, found })
    }
}

/// Whether `path` is relative, goes only downwards and means the same on every system.
fn is_inside(path: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    !path.contains(['\\', '\0', ':']) && path.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use cupola_protocol::work::BundleFile;

    use super::*;

    fn command(arguments: &[&str]) -> Vec<String> {
        arguments.iter().map(|a| (*a).to_owned()).collect()
    }

    fn file(path: &str, bytes: &[u8]) -> CodeFile {
        CodeFile {
            path: path.to_owned(),
            bytes: bytes.to_vec(),
        }
    }

    fn bundle(path: &str, bytes: &str) -> Bundle {
        Bundle {
            command: command(&["sh"]),
            files: vec![BundleFile {
                path: path.to_owned(),
                bytes: bytes.to_owned(),
            }],
        }
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        assert_eq!(
            bundle_hash(&[], &[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let files = [file("train.py", b"print(1)\n"), file("lib/a.txt", b"")];
        assert_eq!(
            bundle_hash(&command(&["{python}", "{code}/train.py"]), &files),
            "76058b48c2fcb65816da6e748364e9175637aa01c034f60ebf3833b1bbbc2a37"
        );
    }

    #[test]
    fn the_order_of_files_does_not_matter_and_borders_do() {
        let (a, b) = (file("a", b"1"), file("b", b"2"));
        let hash = |files: &[CodeFile]| bundle_hash(&command(&["x"]), files);
        assert_eq!(hash(&[a.clone(), b.clone()]), hash(&[b, a]));
        assert_ne!(hash(&[file("a", b"bc")]), hash(&[file("ab", b"c")]));
        assert_ne!(
            bundle_hash(&command(&["ab", "c"]), &[]),
            bundle_hash(&command(&["a", "bc"]), &[])
        );
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../x",
            "a//b",
            "./a",
            "a\\b",
            "c:x",
            "a\0b",
            "a/",
        ] {
            let refused = Err(InvalidBundle::Path(path.to_owned()));
            assert_eq!(verified(&bundle(path, ""), ""), refused, "{path:?}");
        }
    }

    #[test]
    fn other_code_is_refused() {
        let given = bundle("a", "MQ==");
        let right = bundle_hash(&given.command, &[file("a", b"1")]);
        assert_eq!(verified(&given, &right), Ok(vec![file("a", b"1")]));
        assert!(matches!(
            verified(&bundle("a", "Mg=="), &right),
            Err(InvalidBundle::OtherCode { .. })
        ));
        assert!(matches!(
            verified(&bundle("a", "?"), &right),
            Err(InvalidBundle::Encoding(_))
        ));
    }

    #[test]
    fn too_many_files_are_refused() {
        let mut given = bundle("a", "");
        given.files = vec![given.files[0].clone(); BUNDLE_FILES_MAX + 1];
        assert_eq!(verified(&given, ""), Err(InvalidBundle::TooLarge));
    }
}
