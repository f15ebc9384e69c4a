//! `[tls]`: whether the hub encrypts, and by which certificate.

use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::Deserialize;

use crate::tls::Encryption;

/// What may stand in the section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    enabled: Option<bool>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Section {
    /// What was asked for; files are named from `base`. Flags come first.
    pub(super) fn read(
        self,
        base: &Path,
        is_asked: bool,
        flags: (Option<PathBuf>, Option<PathBuf>),
    ) -> anyhow::Result<Encryption> {
        let from_base = |path: PathBuf| base.join(path);
        let files = match flags {
            (None, None) => (self.certificate.map(from_base), self.key.map(from_base)),
            flags => flags,
        };
        let is_on = is_asked
            || self
                .enabled
                .unwrap_or(files.0.is_some() || files.1.is_some());
        match files {
            _ if !is_on => Ok(Encryption::Off),
            (None, None) => Ok(Encryption::Own),
            (Some(certificate), Some(key)) => Ok(Encryption::Files { certificate, key }),
            (Some(_), None) => bail!("`tls.certificate`: has no `key` beside it; name both"),
            (None, Some(_)) => bail!("`tls.key`: has no `certificate` beside it; name both"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, flags: (bool, Option<&str>), expected: &str) {
        let section: Section = toml::from_str(text).unwrap();
        let file = flags.1.map(PathBuf::from);
        let read = section.read(Path::new("/etc/cupola"), flags.0, (file.clone(), file));
        let found = match read {
            Ok(Encryption::Off) => "off".to_owned(),
            Ok(Encryption::Own) => "own".to_owned(),
            Ok(Encryption::Files { certificate, key }) => {
                format!("{} {}", certificate.display(), key.display())
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text} {flags:?}");
    }

    #[test]
    fn a_hub_encrypts_when_it_is_told_to() {
        let unsaid = (false, None);
        check("", unsaid, "off");
        check("enabled = true", unsaid, "own");
        check("", (true, None), "own");
        let files = "certificate = 'hub.pem'\nkey = '/keys/hub.key'";
        check(files, unsaid, "/etc/cupola/hub.pem /keys/hub.key");
        check(&format!("enabled = false\n{files}"), unsaid, "off");
        check(files, (false, Some("mine.pem")), "mine.pem mine.pem");
        check("", (false, Some("mine.pem")), "mine.pem mine.pem");
    }

    #[test]
    fn half_a_pair_is_refused() {
        let unsaid = (false, None);
        check(
            "certificate = 'a'",
            unsaid,
            "`tls.certificate`: has no `key` beside it; name both",
        );
        check(
            "key = 'a'",
            unsaid,
            "`tls.key`: has no `certificate` beside it; name both",
        );
    }
}
