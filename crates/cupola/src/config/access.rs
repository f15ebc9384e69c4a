//! `[access]`: who comes in without a token.

use std::net::IpAddr;

use anyhow::bail;
use cupola_domain::access::Role;
use serde::Deserialize;

use super::Config;

/// The section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    /// What callers on this machine may do without showing anything.
    loopback_role: Option<String>,
}

impl Section {
    /// The role of callers on loopback, if the hub can be reached by nobody else.
    pub(super) fn loopback_role(&self, config: &Config) -> anyhow::Result<Option<Role>> {
        let Some(word) = &self.loopback_role else {
            return Ok(None);
        };
        let Ok(role @ (Role::Viewer | Role::Researcher | Role::Operator)) = word.parse() else {
            bail!(
                "`access.loopback_role`: is `{word}`; choose `viewer`, `researcher` or `operator`"
            )
        };
        if let Some(door) = other_door(config) {
            bail!(
                "`access.loopback_role`: is `{word}`, which asks callers on this machine for no \
                 token, but {door}; take one of the two away"
            );
        }
        Ok(Some(role))
    }
}

/// How somebody else could come as a caller on this machine.
fn other_door(config: &Config) -> Option<String> {
    if !is_loopback(&config.host) {
        return Some(format!(
            "the hub listens on `{}`, where others reach it",
            config.host
        ));
    }
    let doors = [
        (config.allow_remote, "`allow_remote` lets others reach it"),
        (
            config.behind_tls,
            "`behind_tls` says that a proxy brings others",
        ),
        (
            !config.allow_hosts.is_empty(),
            "`allow_hosts` names it for others",
        ),
    ];
    let found = doors.into_iter().find(|(is_open, _)| *is_open);
    found.map(|(_, door)| door.to_owned())
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, open: impl Fn(&mut Config), expected: Result<Role, &str>) {
        let mut config = Config::private(None, Vec::new(), 1);
        open(&mut config);
        let section = Section {
            loopback_role: Some(word.to_owned()),
        };
        match (section.loopback_role(&config), expected) {
            (Ok(role), Ok(expected)) => assert_eq!(role, Some(expected)),
            (Err(error), Err(part)) => {
                let error = error.to_string();
                assert!(error.contains(part), "{error}");
            }
            (found, expected) => panic!("{word}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn people_on_this_machine_get_a_role() {
        check("viewer", |_| {}, Ok(Role::Viewer));
        check("researcher", |_| {}, Ok(Role::Researcher));
        let v6 = |config: &mut Config| "::1".clone_into(&mut config.host);
        check("operator", v6, Ok(Role::Operator));
        let name = |config: &mut Config| "localhost".clone_into(&mut config.host);
        check("viewer", name, Ok(Role::Viewer));
    }

    #[test]
    fn who_makes_tokens_or_works_shows_a_token() {
        for word in ["admin", "worker", "Researcher", ""] {
            check(word, |_| {}, Err("choose `viewer`"));
        }
    }

    #[test]
    fn nobody_gets_a_role_where_others_come_in() {
        let refused = |open: fn(&mut Config), part| check("viewer", open, Err(part));
        refused(|c| "0.0.0.0".clone_into(&mut c.host), "`0.0.0.0`");
        refused(|c| "192.168.1.4".clone_into(&mut c.host), "`192.168.1.4`");
        refused(|c| "::".clone_into(&mut c.host), "`::`");
        refused(|c| c.allow_remote = true, "`allow_remote`");
        refused(|c| c.behind_tls = true, "`behind_tls`");
        refused(
            |c| c.allow_hosts.push("hub.lab".to_owned()),
            "`allow_hosts`",
        );
    }
}
