//! `[mail]` and `[webhooks]`: how messages about alerts leave, and where they go besides the targets
//! that people make.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cupola_domain::alert::TargetKind;
use cupola_hub::alerts::NewConfigured;
use cupola_notify::{Allowed, Mail, Network, Security};
use serde::Deserialize;

/// What the recipients of `[mail]` are called as a target.
const MAIL_TARGET: &str = "mail";

/// How mail is sent.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MailSection {
    /// `smtp.example.org`, `smtp.example.org:587`
    server: Option<String>,
    /// `starttls`, `tls` or `none`.
    security: Option<String>,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    from: Option<String>,
    /// Recipients of a target called `mail`.
    to: Vec<String>,
    /// Certificates that are trusted besides those of the web.
    ca_file: Option<PathBuf>,
}

/// How webhooks are called.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WebhooksSection {
    /// Addresses and networks that are not public and may be sent to all the same.
    allow_private: Vec<String>,
    target: Vec<Hook>,
}

/// A target.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hook {
    name: String,
    #[serde(default = "webhook")]
    kind: String,
    url: String,
    /// With what a webhook's messages are signed.
    secret: Option<String>,
}

/// All that the sections say.
#[derive(Clone, Default)]
pub(crate) struct Alerts {
    pub mail: Option<Mail>,
    pub allowed: Allowed,
    pub roots_pem: Option<String>,
    pub targets: Vec<NewConfigured>,
}

/// Passwords and addresses are not printed.
impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts")
            .field("mail", &self.mail)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MailSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSection")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WebhooksSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhooksSection").finish_non_exhaustive()
    }
}

fn webhook() -> String {
    TargetKind::Webhook.as_str().to_owned()
}

/// Reads both sections; files are named from the folder `base`.
pub(super) fn read(
    mail: MailSection,
    webhooks: WebhooksSection,
    base: &Path,
) -> anyhow::Result<Alerts> {
    let mut targets = webhooks
        .target
        .into_iter()
        .map(Hook::read)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let networks = webhooks.allow_private.iter().map(|text| {
        let network = text.parse::<Network>();
        network.map_err(|error| anyhow::anyhow!("`webhooks.allow_private`: {error}"))
    });
    let allowed = Allowed(networks.collect::<anyhow::Result<_>>()?);
    let roots_pem = match &mail.ca_file {
        Some(path) => Some(text_of("mail.ca_file", &base.join(path))?),
        None => None,
    };
    if !mail.to.is_empty() {
        targets.push(NewConfigured {
            name: MAIL_TARGET.to_owned(),
            kind: TargetKind::Mail,
            address: mail.to.join(", "),
            key: None,
        });
    }
    Ok(Alerts {
        mail: mail.read(base)?,
        allowed,
        roots_pem,
        targets,
    })
}

impl Hook {
    fn read(self) -> anyhow::Result<NewConfigured> {
        let kind = self.kind.parse();
        let kind = match kind {
            Ok(TargetKind::Mail) => bail!(
                "`webhooks.target.kind` of `{}`: is `mail`; recipients stand in `mail.to`",
                self.name
            ),
            Ok(kind) => kind,
            Err(error) => bail!("`webhooks.target.kind` of `{}`: {error}", self.name),
        };
        if kind == TargetKind::Webhook && self.secret.is_none() {
            bail!(
                "`webhooks.target.secret` of `{}`: is missing; write down what its messages are signed \
                 with, 16 characters or more",
                self.name
            );
        }
        Ok(NewConfigured {
            name: self.name,
            kind,
            address: self.url,
            key: self.secret,
        })
    }
}

impl MailSection {
    fn read(self, base: &Path) -> anyhow::Result<Option<Mail>> {
        let Some(server) = self.server else {
            if self.from.is_some() || !self.to.is_empty() {
                bail!(
                    "`mail.server`: is missing; name the server that takes mail, such as \
                       `smtp.example.org:587`"
                );
            }
            return Ok(None);
        };
        let security = match self.security.as_deref() {
            None | Some("starttls") => Security::StartTls,
            Some("tls") => Security::Tls,
            Some("none") => Security::Plain,
            Some(word) => bail!("`mail.security`: is `{word}`; choose `starttls`, `tls` or `none`"),
        };
        let (host, port) = host_and_port(&server, security)?;
        let password = match (self.password, self.password_file) {
            (Some(_), Some(_)) => {
                bail!("`mail.password`: stands beside `password_file`; keep one of them")
            }
            (Some(password), None) => Some(password),
            (None, Some(path)) => Some(
                text_of("mail.password_file", &base.join(path))?
                    .trim_end()
                    .to_owned(),
            ),
            (None, None) => None,
        };
        let login = match (self.user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => bail!("`mail.password`: is missing beside `user`"),
            (None, Some(_)) => bail!("`mail.user`: is missing beside the password"),
        };
        let from = self
            .from
            .context("`mail.from`: is missing; say who mail is from")?;
        Ok(Some(Mail {
            host,
            port,
            security,
            login,
            from,
        }))
    }
}

/// `host`, `host:port`, `[::1]:port`
fn host_and_port(server: &str, security: Security) -> anyhow::Result<(String, u16)> {
    let usual = match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::Plain => 25,
    };
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            let port = port.parse().ok().filter(|port| *port > 0);
            let port = port.with_context(|| {
                format!(
                    "`mail.server`: is `{server}`; write a host, or a host and a port: `host:587`"
                )
            })?;
            (host, port)
        }
        _ => (server, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        bail!("`mail.server`: is `{server}`, which names no host");
    }
    Ok((host.to_owned(), port))
}

fn text_of(key: &str, path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    text.with_context(|| format!("`{key}`: failed to read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct File {
        mail: MailSection,
        webhooks: WebhooksSection,
    }

    fn read_text(text: &str) -> anyhow::Result<Alerts> {
        let file: File = toml::from_str(text)?;
        read(file.mail, file.webhooks, Path::new("/nowhere"))
    }

    #[track_caller]
    fn check_wrong(text: &str, expected: &str) {
        let error = format!("{:#}", read_text(text).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn both_sections_are_read() {
        let alerts = read_text(
            r#"
            [mail]
            server = "smtp.example.org"
            user = "u"
            password = "SECRET"
            from = "Cupola <c@example.org>"
            to = ["a@example.org", "b@example.org"]
            [webhooks]
            allow_private = ["127.0.0.1", "10.0.0.0/8"]
            [[webhooks.target]]
            name = "ops"
            kind = "slack"
            url = "https://hooks.example/SECRET"
            "#,
        )
        .unwrap();
        let mail = alerts.mail.as_ref().unwrap();
        assert_eq!((mail.host.as_str(), mail.port), ("smtp.example.org", 587));
        assert_eq!(mail.security, Security::StartTls);
        let names: Vec<_> = alerts
            .targets
            .iter()
            .map(|t| (t.name.as_str(), t.kind))
            .collect();
        assert_eq!(
            names,
            [("ops", TargetKind::Slack), ("mail", TargetKind::Mail)]
        );
        assert_eq!(alerts.targets[1].address, "a@example.org, b@example.org");
        assert!(!format!("{alerts:?}").contains("SECRET"));
        assert!(read_text("").unwrap().mail.is_none());
    }

    #[test]
    fn a_server_has_a_port_of_its_own_or_the_usual_one() {
        let check = |server: &str, security: Security, expected: (&str, u16)| {
            let (host, port) = host_and_port(server, security).unwrap();
            assert_eq!((host.as_str(), port), expected);
        };
        check("h", Security::Tls, ("h", 465));
        check("h:2525", Security::StartTls, ("h", 2525));
        check("[::1]:25", Security::Plain, ("::1", 25));
        check("::1", Security::Plain, ("::1", 25));
        for wrong in ["h:", "h:0", "h:x", ""] {
            assert!(host_and_port(wrong, Security::Tls).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        check_wrong("[mail]\nto = ['a@b']", "`mail.server`: is missing");
        check_wrong("[mail]\nserver = 'h'", "`mail.from`: is missing");
        check_wrong(
            "[mail]\nserver = 'h'\nfrom = 'a@b'\nuser = 'u'",
            "`mail.password`: is missing",
        );
        check_wrong(
            "[mail]\nserver = 'h'\nsecurity = 'ssl'",
            "choose `starttls`",
        );
        check_wrong(
            "[mail]\nserver = 'h'\nfrom = 'a@b'\nuser = 'u'\npassword_file = 'gone'",
            "`mail.password_file`: failed to read `/nowhere/gone`",
        );
        check_wrong("[webhooks]\nallow_private = ['lan']", "`lan` is no address");
        check_wrong("[webhooks]\nallowed = []", "unknown field `allowed`");
        let hook =
            |kind: &str| format!("[[webhooks.target]]\nname = 'x'\nkind = '{kind}'\nurl = 'u'");
        check_wrong(&hook("irc"), "`irc` is no kind of target");
        check_wrong(
            &hook("webhook"),
            "`webhooks.target.secret` of `x`: is missing",
        );
        check_wrong(&hook("mail"), "recipients stand in `mail.to`");
    }
}
