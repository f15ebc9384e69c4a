//! Where messages go.

use std::{fmt, str::FromStr};

use crate::{alert::Hook, field::FieldError, ids::AlertTargetId, time::Timestamp};

/// An address or a secret is at most so long.
const BYTES_MAX: usize = 2_000;

/// So many people one target writes to at most.
const RECIPIENTS_MAX: usize = 50;

/// What a target understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// JSON with a signature.
    Webhook,
    /// What Slack's incoming webhooks take.
    Slack,
    /// What Discord's webhooks take.
    Discord,
    /// Mail.
    Mail,
}

/// Where messages go, without what is secret about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Names it.
    pub id: AlertTargetId,
    /// What people call it; nobody else's.
    pub name: String,
    /// What it understands.
    pub kind: TargetKind,
    /// What may be seen of its address: the recipients of mail, or the host.
    pub shown: String,
    /// Whether the address and the secret are there: neither travels with a copy of the store.
    pub has_address: bool,
    /// Whether the configuration names it: then it is changed only there.
    pub is_configured: bool,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
}

/// What is secret about a target. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// A URL, or the recipients of mail with commas between them.
    pub to: String,
    /// With what a webhook's messages are signed.
    pub key: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl TargetKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Webhook, Self::Slack, Self::Discord, Self::Mail];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Mail => "mail",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TargetKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no kind of target; choose `webhook`, `slack`, `discord` or `mail`")
        })
    }
}

/// Checks an address for a kind of target; the answer is what may be shown of it.
pub fn check_address(kind: TargetKind, to: &str) -> Result<String, FieldError> {
    let wrong = |message: &str| FieldError::new("address", message);
    if to.len() > BYTES_MAX || to.chars().any(char::is_control) {
        return Err(wrong("is too long or has control characters in it"));
    }
    match kind {
        TargetKind::Mail => check_recipients(to).map_err(|message| wrong(&message)),
        _ => match Hook::parse(to) {
            Some(hook) => Ok(hook.shown()),
            None => Err(wrong(
                "is no address of a webhook; write one such as `https://host/path`, in letters and \
                 signs that URLs are written in",
            )),
        },
    }
}

fn check_recipients(to: &str) -> Result<String, String> {
    let all: Vec<_> = to.split(',').map(str::trim).collect();
    if all.len() > RECIPIENTS_MAX {
        return Err(format!(
            "has too many recipients; write at most {RECIPIENTS_MAX}"
        ));
    }
    let is_mail = |text: &str| {
        let plain = |part: &str| {
            let is_sign = |c: char| c.is_whitespace() || "<>()[],;:\\\"@".contains(c);
            !part.is_empty() && !part.contains(is_sign)
        };
        text.split_once('@')
            .is_some_and(|(user, host)| plain(user) && plain(host))
    };
    match all.iter().find(|one| !is_mail(one)) {
        None => Ok(all.join(", ")),
        Some(one) => Err(format!(
            "`{one}` is no address of mail; write `name@host`, several with commas between them"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: TargetKind, to: &str, expected: Option<&str>) {
        assert_eq!(check_address(kind, to).ok().as_deref(), expected, "{to}");
    }

    #[test]
    fn of_a_webhook_the_host_is_shown() {
        let hook = TargetKind::Slack;
        check(
            hook,
            "https://hooks.example.com/T0/SECRET?x=1",
            Some("https://hooks.example.com/…"),
        );
        check(
            hook,
            "http://127.0.0.1:8080",
            Some("http://127.0.0.1:8080/…"),
        );
        for wrong in [
            "",
            "ftp://host/x",
            "https://",
            "https://a@b/",
            "https://a b/",
            "host/x",
            "https://h:99999/x",
            "https://hö/x",
        ] {
            check(hook, wrong, None);
        }
    }

    #[test]
    fn of_mail_the_recipients_are_shown() {
        let mail = TargetKind::Mail;
        check(mail, "a@b.c,d@e", Some("a@b.c, d@e"));
        for wrong in [
            "",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@c",
            "a@b,",
            "a@b\r\nBcc: x@y",
        ] {
            check(mail, wrong, None);
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let address = Address {
            to: "https://host/SECRET".to_owned(),
            key: Some("SECRET".to_owned()),
        };
        assert_eq!(format!("{address:?}"), "Address(…)");
    }
}
