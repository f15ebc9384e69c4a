//! Mail by SMTP.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cupola_domain::{alert::Sending, ids::DeliveryId, time::Timestamp};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    address::Envelope,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};

use crate::{Parcel, Unusable, shapes};

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// How long one exchange may take, from the question for the name to the last answer. The transport
/// waits for ever for a server that falls silent.
const WAIT: Duration = Duration::from_secs(20);

/// Of so many mails that are sent again it is known who has them already.
const PARTLY_MAX: usize = 1_000;

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
    /// What servers said of single recipients of mails that are sent again.
    partly: Mutex<HashMap<DeliveryId, Said>>,
}

/// Who is not asked again: without words where the mail was taken, with them where it was refused.
type Said = HashMap<Address, Option<String>>;

/// Why an exchange came to nothing.
enum NotSent {
    /// What the server says of this mail: it may take it for others.
    Answered { why: String, is_final: bool },
    /// There is no talking to the server now.
    Lost(String),
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
            .timeout(Some(CONNECT))
            .tls(tls(mail, roots_pem)?);
        if let Some((user, password)) = &mail.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            partly: Mutex::default(),
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
        let (envelope, bytes) = (message.envelope(), message.formatted());
        if envelope.to().len() > 1 {
            return self.send_to_each(parcel.delivery, envelope, &bytes).await;
        }
        match self.exchange(envelope, &bytes).await {
            Ok(()) => Sending::Taken,
            Err(NotSent::Answered {
                why,
                is_final: true,
            }) => Sending::Refused(why),
            Err(NotSent::Answered { why, .. } | NotSent::Lost(why)) => Sending::Failed(why),
        }
    }

    /// All at once, or one by one where the server does not take it for all: nobody goes without because
    /// of somebody else. Who has the mail is not written to again while the others are tried.
    async fn send_to_each(&self, id: DeliveryId, envelope: &Envelope, bytes: &[u8]) -> Sending {
        let mut said = self.lock().remove(&id).unwrap_or_default();
        if said.is_empty() {
            match self.exchange(envelope, bytes).await {
                Ok(()) => return Sending::Taken,
                Err(NotSent::Lost(why)) => return Sending::Failed(why),
                Err(NotSent::Answered { .. }) => {}
            }
        }
        let mut trouble = Vec::new();
        for to in envelope.to() {
            if said.contains_key(to) {
                continue;
            }
            let from = envelope.from().cloned();
            let sent = match Envelope::new(from, vec![to.clone()]) {
                Ok(own) => self.exchange(&own, bytes).await,
                Err(error) => Err(NotSent::Lost(error.to_string())),
            };
            match sent {
                Ok(()) => drop(said.insert(to.clone(), None)),
                Err(NotSent::Answered {
                    why,
                    is_final: true,
                }) => {
                    said.insert(to.clone(), Some(why));
                }
                Err(NotSent::Answered { why, .. }) => trouble.push(format!("{to}: {why}")),
                Err(NotSent::Lost(why)) => {
                    trouble.push(why);
                    break;
                }
            }
        }
        if trouble.is_empty() {
            return judge(&said);
        }
        if !said.is_empty() {
            let mut partly = self.lock();
            if partly.len() >= PARTLY_MAX {
                partly.clear();
            }
            partly.insert(id, said);
        }
        Sending::Failed(trouble.join("; "))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<DeliveryId, Said>> {
        self.partly.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One mail to all of an envelope, or to nobody.
    async fn exchange(&self, envelope: &Envelope, bytes: &[u8]) -> Result<(), NotSent> {
        let sending = self.transport.send_raw(envelope, bytes);
        let error = match tokio::time::timeout(WAIT, sending).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => {
                let why = format!("the mail server did not answer within {} s", WAIT.as_secs());
                return Err(NotSent::Lost(why));
            }
        };
        let code = error.status().map(u16::from);
        match code {
            Some(code) if !LOGIN_CODES.contains(&code) => Err(NotSent::Answered {
                why: chain(&error),
                is_final: error.is_permanent(),
            }),
            _ => Err(NotSent::Lost(chain(&error))),
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

/// How it went once there is nothing to say of anybody any more.
fn judge(said: &Said) -> Sending {
    let refused = said
        .iter()
        .filter_map(|(to, why)| Some((to, why.as_ref()?)));
    let mut refused: Vec<String> = refused.map(|(to, why)| format!("{to}: {why}")).collect();
    refused.sort_unstable();
    match said.len() - refused.len() {
        _ if refused.is_empty() => Sending::Taken,
        0 => Sending::Refused(refused.join("; ")),
        taken => Sending::Refused(format!(
            "{taken} of {} recipients have it; {}",
            said.len(),
            refused.join("; ")
        )),
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
