//! What a sender asks for and reports.

use cupola_domain::{
    alert::Sending, event::Event, ids::DeliveryId, text::storable, time::Timestamp,
};
use cupola_store::{
    alerts::deliveries::{self, Outgoing},
    events,
};

use crate::{Hub, HubError};

/// What went wrong is kept up to so many characters.
const PROBLEM_CHARS_MAX: usize = 300;

impl Hub {
    /// The deliveries that are due, of each target at most `limit`, what waits longest first: a target
    /// that does not answer keeps nothing from others. They stay due until
    /// [`Hub::settle_alert_delivery`] says how it went: who is killed in between sends again.
    pub fn due_alert_deliveries(&self, limit: u32) -> Result<Vec<Outgoing>, HubError> {
        let now = self.now();
        self.read(move |tx| Ok(deliveries::list_due(tx, now, limit.into())?))
    }

    /// When something is due that is not yet.
    pub fn next_alert_delivery(&self) -> Result<Option<Timestamp>, HubError> {
        let now = self.now();
        self.read(move |tx| Ok(deliveries::next_due(tx, now)?))
    }

    /// How an attempt went. A delivery whose target was removed meanwhile is nobody's business.
    pub fn settle_alert_delivery(&self, id: DeliveryId, sending: Sending) -> Result<(), HubError> {
        let now = self.now();
        let sending = kept(sending);
        self.write(move |tx| {
            if let Some(delivery) = deliveries::find(tx, id)?
                && deliveries::save(tx, &delivery.after(sending, now))?
            {
                events::record(tx, Event::AlertingChanged);
            }
            Ok(())
        })
    }
}

fn kept(sending: Sending) -> Sending {
    let short = |text: String| {
        let text: String = text.chars().take(PROBLEM_CHARS_MAX).collect();
        storable(&text).into_owned()
    };
    match sending {
        Sending::Taken => Sending::Taken,
        Sending::Failed(why) => Sending::Failed(short(why)),
        Sending::Refused(why) => Sending::Refused(short(why)),
    }
}
