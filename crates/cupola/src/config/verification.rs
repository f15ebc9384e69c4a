//! `[verification]`: whose machines are the hub's own, and how careful it is with everybody else's.

use cupola_domain::{field::FieldError, text::excerpt};
use cupola_economy::policy::Profile;
use cupola_hub::verification::Verification;
use serde::Deserialize;

/// As it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    profile: Option<String>,
    own: Option<Vec<String>>,
}

impl Section {
    /// Who is believed, or everything that is wrong with it, a line for each.
    pub(super) fn read(self) -> anyhow::Result<Verification> {
        let (mut errors, default) = (Vec::new(), Verification::default());
        let is_on = self.profile.is_some();
        let profile = match self.profile.as_deref().map(str::parse::<Profile>) {
            None => default.profile,
            Some(Ok(profile)) => profile,
            Some(Err(message)) => {
                errors.push(FieldError::new("verification.profile", message));
                default.profile
            }
        };
        let own = self.own.unwrap_or(default.own);
        for name in &own {
            if name.trim().is_empty() || name.trim() != name {
                let message = format!("`{}` is no owner; say what a token says", excerpt(name));
                errors.push(FieldError::new("verification.own", message));
            }
        }
        if errors.is_empty() {
            return Ok(Verification {
                is_on,
                profile,
                own,
            });
        }
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Err(anyhow::anyhow!("{}", lines.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let section: Section = toml::from_str(text).unwrap();
        let found = match section.read() {
            Ok(found) if !found.is_on => format!("off {}", found.own.join(" ")),
            Ok(found) => format!("{} {}", found.profile, found.own.join(" ")),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        check("", "off administrator");
        check("profile = \"lab\"", "lab administrator");
        check(
            "profile = \"open\"\nown = [\"ann\", \"bob\"]",
            "open ann bob",
        );
        check("own = []", "off ");
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "profile = \"strangers\"",
            "`verification.profile`: `strangers` is no profile; say `lab`, `friends` or `open`",
        );
        check(
            "own = [\"\"]",
            "`verification.own`: `` is no owner; say what a token says",
        );
    }
}
