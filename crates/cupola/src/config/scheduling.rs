//! `[scheduling]`: what owners of tasks may have at work.

use std::collections::BTreeMap;

use cupola_domain::scheduling::{Policy, SHARE_MAX, Terms};
use serde::Deserialize;

/// As it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    share: Option<u32>,
    quota: Quota,
    owners: BTreeMap<String, Owner>,
}

/// What one owner may have; what is not said is as for everybody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Owner {
    share: Option<u32>,
    quota: Quota,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Quota {
    running: Option<u32>,
}

impl Section {
    /// What owners may have, or everything that is wrong with it, a line for each.
    pub(super) fn read(self) -> anyhow::Result<Policy> {
        let mut wrong = Vec::new();
        let mut share = |key: String, share: Option<u32>, default: u32| {
            let share = share.unwrap_or(default);
            if !(1..=SHARE_MAX).contains(&share) {
                wrong.push(format!("`{key}`: is {share}; choose 1 to {SHARE_MAX}"));
            }
            share
        };
        let others = Terms {
            share: share("scheduling.share".to_owned(), self.share, 1),
            running_max: self.quota.running,
        };
        let owners = self.owners.into_iter().map(|(name, owner)| {
            let key = format!("scheduling.owners.{name}.share");
            let terms = Terms {
                share: share(key, owner.share, others.share),
                running_max: owner.quota.running.or(others.running_max),
            };
            (name, terms)
        });
        let owners = owners.collect();
        if wrong.is_empty() {
            return Ok(Policy { others, owners });
        }
        Err(anyhow::anyhow!("{}", wrong.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, owner: &str, expected: &str) {
        let section: Section = toml::from_str(text).unwrap();
        let found = match section.read() {
            Ok(policy) => {
                let Terms { share, running_max } = policy.of(owner);
                format!("{share} {running_max:?}")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_owner_has_what_everybody_has_unless_named() {
        check("", "ada", "1 None");
        let text = "quota = { running = 4 }\nowners.ada = { share = 3 }\n\
                    owners.bob.quota.running = 9";
        check(text, "eve", "1 Some(4)");
        check(text, "ada", "3 Some(4)");
        check(text, "bob", "1 Some(9)");
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "share = 0\nowners.ada.share = 2000",
            "ada",
            "`scheduling.share`: is 0; choose 1 to 1000\n\
             `scheduling.owners.ada.share`: is 2000; choose 1 to 1000",
        );
    }
}
