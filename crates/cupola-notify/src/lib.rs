//! Messages about alerts as bytes on their way: webhooks and mail.
//!
//! Knows neither the store nor the hub. Whoever sends asks [`Sender::send`] with a delivery and is told
//! how it went; trying again is the caller's business. Nothing is sent to an address that is not public
//! unless the configuration allows it, and what is connected to is the address that was checked.
#![warn(missing_docs)]

mod allowed;
mod connect;
mod mail;
mod resolve;
mod shapes;
mod tls;
mod webhook;

use cupola_domain::{
    alert::{Address, Message, Sending, TargetKind},
    ids::DeliveryId,
    time::Timestamp,
};

pub use allowed::{Allowed, Network};
pub use mail::{Mail, Security};
pub use resolve::{Resolve, Resolved, SystemResolver};
pub use shapes::{DELIVERY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature};

/// What a sender is started with.
#[derive(Debug, Default)]
pub struct Settings {
    /// Addresses that are not public and may be sent to all the same.
    pub allowed: Allowed,
    /// How mail is sent; none for not at all.
    pub mail: Option<Mail>,
    /// By which address people open the hub: links in messages begin with it.
    pub hub_url: String,
    /// Certificates, as PEM, that are trusted besides those of the web.
    pub roots_pem: Option<String>,
}

/// One message for one target.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The same at every attempt.
    pub delivery: DeliveryId,
    /// What is told.
    pub message: Message,
    /// What the target understands.
    pub kind: TargetKind,
    /// Where it is.
    pub address: Address,
}

/// Why a sender cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

/// Sends messages.
#[derive(Debug)]
pub struct Sender {
    post: webhook::Post,
    mail: Option<mail::Mailer>,
    hub_url: String,
}

impl Sender {
    /// Ready to send; the settings are checked.
    pub fn new(settings: Settings) -> Result<Self, Unusable> {
        Self::with_resolver(settings, Box::new(SystemResolver))
    }

    /// The same with names resolved by somebody else.
    pub fn with_resolver(settings: Settings, resolver: Box<dyn Resolve>) -> Result<Self, Unusable> {
        let roots = settings.roots_pem.as_deref();
        Ok(Self {
            post: webhook::Post::new(tls::config(roots)?, settings.allowed, resolver),
            mail: match &settings.mail {
                Some(mail) => Some(mail::Mailer::new(mail, roots)?),
                None => None,
            },
            hub_url: settings.hub_url.trim_end_matches('/').to_owned(),
        })
    }

    /// Tries to send once; `now` is the time that the message is signed or dated with.
    pub async fn send(&self, parcel: &Parcel, now: Timestamp) -> Sending {
        let link = shapes::Links(&self.hub_url);
        let to = &parcel.address.to;
        match parcel.kind {
            TargetKind::Mail => match &self.mail {
                Some(mailer) => mailer.send(parcel, link, now).await,
                None => Sending::Refused(
                    "mail is not configured; add a `[mail]` section to the hub's configuration"
                        .to_owned(),
                ),
            },
            TargetKind::Webhook => {
                let body = shapes::generic(parcel, link);
                let headers = shapes::signed(parcel, &body, now);
                self.post.send(to, &headers, body).await
            }
            TargetKind::Slack => self.post.send(to, &[], shapes::slack(parcel, link)).await,
            TargetKind::Discord => self.post.send(to, &[], shapes::discord(parcel, link)).await,
        }
    }
}
