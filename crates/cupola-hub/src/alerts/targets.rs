//! Targets: made and removed by administrators. An address is told once, by whoever makes the target.

use std::{net::IpAddr, sync::OnceLock};

use cupola_domain::{
    alert::{
        Address, Delivery, DeliveryState, Hook, Message, Target, TargetKind, check_address,
        check_name,
    },
    event::Event,
    field::FieldError,
    ids::AlertTargetId,
    time::Timestamp,
};
use cupola_store::{
    Tx,
    alerts::{deliveries, targets},
    events,
};

use super::TARGETS_MAX;
use crate::{Hub, HubError, secret};

/// A shorter secret could be guessed from messages and their signatures.
const KEY_CHARS_MIN: usize = 16;

/// A target as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTarget {
    /// What it is called; nobody else's.
    pub name: String,
    /// What it understands.
    pub kind: TargetKind,
    /// Its URL, or the recipients of mail.
    pub address: String,
    /// With what a webhook's messages are signed; without one, the hub makes one.
    pub key: Option<String>,
}

/// A target that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeTarget {
    /// The target.
    pub target: Target,
    /// With what its messages are signed, where the hub made that up: told this once.
    pub key: Option<String>,
}

/// What was wanted, read.
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) shown: String,
    pub(super) address: Address,
}

/// Which addresses the sender sends to; all, until it says so.
#[derive(Default)]
pub(crate) struct Reach(OnceLock<Box<dyn Fn(IpAddr) -> bool + Send + Sync>>);

impl Reach {
    /// Refuses a webhook at an address that nothing would be sent to. What a name leads to is seen at each
    /// sending.
    fn check(&self, new: &NewTarget) -> Result<(), FieldError> {
        let hook = match new.kind {
            TargetKind::Mail => None,
            _ => Hook::parse(new.address.trim()),
        };
        let address = hook.and_then(|hook| hook.host.parse::<IpAddr>().ok());
        match (address, self.0.get()) {
            (Some(address), Some(takes)) if !takes(address) => {
                let message = format!(
                    "`{address}` is not public, and nothing is sent there; name it under \
                     `webhooks.allow_private` in the hub's configuration first"
                );
                Err(FieldError::new("address", message))
            }
            _ => Ok(()),
        }
    }
}

impl Hub {
    /// Says once which addresses messages are sent to.
    pub fn limit_alert_targets(&self, takes: impl Fn(IpAddr) -> bool + Send + Sync + 'static) {
        self.reach.0.get_or_init(|| Box::new(takes));
    }

    /// Makes a target.
    pub fn create_alert_target(
        &self,
        mut new: NewTarget,
        author: &str,
    ) -> Result<MadeTarget, HubError> {
        let is_signed = new.kind == TargetKind::Webhook;
        new.key = new.key.filter(|key| is_signed && !key.is_empty());
        let made = (is_signed && new.key.is_none()).then(|| secret::new(self.world(), "whsec_"));
        if made.is_some() {
            new.key.clone_from(&made);
        }
        let checked = check(&new)?;
        let reachable = self.reach.check(&new);
        reachable.map_err(|error| HubError::Invalid(vec![error]))?;
        let target = Target {
            id: self.next_id(),
            name: checked.name,
            kind: new.kind,
            shown: checked.shown,
            has_address: true,
            is_configured: false,
            author: author.to_owned(),
            created_at: self.now(),
        };
        self.write(move |tx| {
            let there = i64::try_from(targets::list(tx, TARGETS_MAX)?.len());
            if there.is_ok_and(|there| there >= TARGETS_MAX) {
                let message = format!("there are {TARGETS_MAX} targets already; delete one first");
                return Err(HubError::Conflict(message));
            }
            if targets::find_by_name(tx, &target.name)?.is_some() {
                let message = format!("`{}` is the name of another target", target.name);
                return Err(HubError::Invalid(vec![FieldError::new("name", message)]));
            }
            targets::insert(tx, &target, &checked.address)?;
            events::record(tx, Event::AlertingChanged);
            Ok(MadeTarget { target, key: made })
        })
    }

    /// Removes a target with what was still to be told there.
    pub fn delete_alert_target(&self, id: AlertTargetId) -> Result<(), HubError> {
        self.write(move |tx| {
            let target = find(tx, id)?;
            if target.is_configured {
                let message = format!(
                    "`{}` stands in the hub's configuration; take it out there and restart",
                    target.name
                );
                return Err(HubError::Conflict(message));
            }
            targets::delete(tx, id)?;
            events::record(tx, Event::AlertingChanged);
            Ok(())
        })
    }

    /// Sends a target a message that says that messages arrive, by the same way as all others.
    pub fn test_alert_target(&self, id: AlertTargetId) -> Result<Delivery, HubError> {
        let message = Message::test(self.next_id(), self.now());
        let delivery = delivery(self.next_id(), &message, id);
        self.write(move |tx| {
            find(tx, id)?;
            deliveries::insert_message(tx, &message)?;
            deliveries::insert(tx, &delivery)?;
            events::record(tx, Event::AlertingChanged);
            Ok(delivery)
        })
    }

    /// A target, without what is secret about it.
    pub fn find_alert_target(&self, id: AlertTargetId) -> Result<Target, HubError> {
        self.read(move |tx| find(tx, id))
    }

    /// All targets, by name.
    pub fn list_alert_targets(&self) -> Result<Vec<Target>, HubError> {
        self.read(|tx| Ok(targets::list(tx, TARGETS_MAX)?))
    }
}

/// A delivery that is due at once.
pub(super) fn delivery(
    id: cupola_domain::ids::DeliveryId,
    message: &Message,
    target: AlertTargetId,
) -> Delivery {
    let at: Timestamp = message.at;
    Delivery {
        id,
        message: message.id,
        target,
        attempts: 0,
        state: DeliveryState::Pending { next_at: at },
        problem: String::new(),
        created_at: at,
    }
}

pub(super) fn check(new: &NewTarget) -> Result<Checked, HubError> {
    let mut wrong = Vec::new();
    let name = check_name("name", &new.name).map_err(|error| wrong.push(error));
    let to = new.address.trim();
    let shown = check_address(new.kind, to).map_err(|error| wrong.push(error));
    if let Some(key) = &new.key
        && (key.chars().count() < KEY_CHARS_MIN || key.contains('\0'))
    {
        let message = format!(
            "is too short to be a secret; use at least {KEY_CHARS_MIN} characters, or leave it out \
             and the hub makes one"
        );
        wrong.push(FieldError::new("secret", message));
    }
    match (name, shown) {
        (Ok(name), Ok(shown)) if wrong.is_empty() => Ok(Checked {
            name,
            shown,
            address: Address {
                to: to.to_owned(),
                key: new.key.clone(),
            },
        }),
        _ => Err(HubError::Invalid(wrong)),
    }
}

fn find(tx: &mut Tx, id: AlertTargetId) -> Result<Target, HubError> {
    targets::find(tx, id)?.ok_or_else(|| HubError::not_found("target", id))
}
