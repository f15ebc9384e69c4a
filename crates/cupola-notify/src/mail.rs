//! Mail by SMTP.

use std::time::{Duration, SystemTime};

use cupola_domain::{alert::Sending, time::Timestamp};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};

use crate::{Parcel, Unusable, shapes};

/// How long each step of the exchange may take.
const WAIT: Duration = Duration::from_secs(10);

/// The server wants somebody to log in, or did not take who did: the configuration may be mended.
const LOGIN_CODES: [u16; 2] = [530, 535];

/// How mail is sent.
#[derive(Clone)]
pub struct Mail {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is kept secret.
    pub security: Security,
    /// Who logs in, with which password.
    pub login: Option<(String, String)>,
    /// `Cupola <cupola@example.org>`.
    pub from: String,
}

/// How the way to a server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// The server is asked to encrypt, and nothing is said before it does.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
    /// Not at all: only to a server on this machine.
    Plain,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

/// Sends mail.
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl Mailer {
    pub(crate) fn new(mail: &Mail, roots_pem: Option<&str>) -> Result<Self, Unusable> {
        let from = mail.from.parse().map_err(|error| {
            Unusable(format!(
                "`from = \"{}\"` is no address of mail: {error}",
                mail.from
            ))
        })?;
        let is_here = mail.host == "localhost"
            || mail
                .host
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if mail.security == Security::Plain && !is_here {
            let message = "mail without encryption goes only to a server on this machine; say \
                           `security = \"starttls\"` or `\"tls\"`";
            return Err(Unusable(message.to_owned()));
        }
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
            .port(mail.port)
            .timeout(Some(WAIT))
            .tls(tls(mail, roots_pem)?);
        if let Some((user, password)) = &mail.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self {
            transport: builder.build(),
            from,
        })
    }

    pub(crate) async fn send(
        &self,
        parcel: &Parcel,
        links: shapes::Links<'_>,
        now: Timestamp,
    ) -> Sending {
        let message = match self.message(parcel, links, now) {
            Ok(message) => message,
            Err(error) => return Sending::Refused(format!("no mail can be made of it: {error}")),
        };
        match self.transport.send(message).await {
            Ok(_) => Sending::Taken,
            Err(error) => {
                let code = error.status().map(u16::from);
                let is_login = code.is_some_and(|code| LOGIN_CODES.contains(&code));
                let why = chain(&error);
                if error.is_permanent() && !is_login {
                    Sending::Refused(why)
                } else {
                    Sending::Failed(why)
                }
            }
        }
    }

    fn message(
        &self,
        parcel: &Parcel,
        links: shapes::Links<'_>,
        now: Timestamp,
    ) -> Result<Message, Box<dyn std::error::Error>> {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let title = parcel.message.title();
        // A subject is one line.
        let subject: String = title
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let domain = self.from.email.domain();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(format!("[Cupola] {subject}"))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(format!("<{}@{domain}>", parcel.delivery)))
            .header(ContentType::TEXT_PLAIN);
        for to in parcel.address.to.split(',') {
            builder = builder.to(to.trim().parse()?);
        }
        Ok(builder.body(shapes::mail(parcel, links))?)
    }
}

fn tls(mail: &Mail, roots_pem: Option<&str>) -> Result<Tls, Unusable> {
    if mail.security == Security::Plain {
        return Ok(Tls::None);
    }
    let unusable = |error: lettre::transport::smtp::Error| {
        Unusable(format!(
            "the way to the mail server cannot be encrypted: {error}"
        ))
    };
    let mut parameters = TlsParameters::builder(mail.host.clone());
    if let Some(pem) = roots_pem {
        let root = Certificate::from_pem(pem.as_bytes()).map_err(unusable)?;
        parameters = parameters.add_root_certificate(root);
    }
    let parameters = parameters.build_rustls().map_err(unusable)?;
    Ok(match mail.security {
        Security::Tls => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        inner = error.source();
    }
    text
}
