//! Sends what the hub has decided to tell, and tells the hub how it went.
//!
//! A delivery is due until that is written down. Whoever is killed between sending and writing sends
//! again, under the same id.

use std::{sync::Arc, time::Duration};

use cupola_domain::{alert::Sending, ids::DeliveryId};
use cupola_hub::{Changes, Hub, HubError, alerts::Outgoing};
use cupola_notify::{Parcel, Sender};
use tokio::{sync::watch, task::JoinSet};

/// So many are on their way at once.
const AT_ONCE: u32 = 16;

/// Nobody waits for longer than this without looking whether something is due.
const LOOK: Duration = Duration::from_secs(30);

/// After trouble with the hub itself.
const REST: Duration = Duration::from_secs(5);

/// Sends until `stopped` says so. What is on its way then is sent again by the next hub.
pub(crate) async fn run(hub: Arc<Hub>, sender: Sender, mut stopped: watch::Receiver<bool>) {
    let sender = Arc::new(sender);
    let mut changes = hub.subscribe();
    let sending = async {
        loop {
            let wait = match round(&hub, &sender).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "messages about alerts are held up");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = is_news(&mut changes) => {}
            }
        }
    };
    tokio::select! {
        () = sending => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// Sends what is due until nothing is; says how long to wait for the next.
async fn round(hub: &Arc<Hub>, sender: &Arc<Sender>) -> Result<Duration, HubError> {
    loop {
        let due = call(hub, |hub| hub.due_alert_deliveries(AT_ONCE)).await?;
        if due.is_empty() {
            let next = call(hub, Hub::next_alert_delivery).await?;
            let wait = next.map(|at| at.since(hub.now()));
            return Ok(wait.unwrap_or(LOOK).clamp(Duration::from_millis(10), LOOK));
        }
        let mut on_their_way = JoinSet::new();
        for outgoing in due {
            let (sender, now) = (Arc::clone(sender), hub.now());
            on_their_way.spawn(async move {
                let id = outgoing.delivery.id;
                let sending = match parcel(outgoing) {
                    Some(parcel) => sender.send(&parcel, now).await,
                    None => {
                        Sending::Refused("its address is not in this copy of the store".to_owned())
                    }
                };
                (id, sending)
            });
        }
        while let Some(sent) = on_their_way.join_next().await {
            match sent {
                Ok((id, sending)) => settle(hub, id, sending).await?,
                Err(error) => {
                    tracing::error!(%error, "a message could not be sent");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }
}

async fn settle(hub: &Arc<Hub>, id: DeliveryId, sending: Sending) -> Result<(), HubError> {
    match &sending {
        Sending::Taken => {}
        Sending::Failed(why) => tracing::info!(%id, why, "a message is sent again later"),
        Sending::Refused(why) => tracing::warn!(%id, why, "a message was refused"),
    }
    call(hub, move |hub| hub.settle_alert_delivery(id, sending)).await
}

fn parcel(outgoing: Outgoing) -> Option<Parcel> {
    Some(Parcel {
        delivery: outgoing.delivery.id,
        message: outgoing.message,
        kind: outgoing.target.kind,
        address: outgoing.address?,
    })
}

/// Waits until something about messages changed, or something was missed.
async fn is_news(changes: &mut Changes) {
    loop {
        match changes.next().await {
            None => return,
            Some(rows) if rows.iter().any(|row| row.kind == "alerting") => return,
            Some(_) => {}
        }
    }
}

/// The hub's methods block, so they run beside the threads that serve.
async fn call<T: Send + 'static>(
    hub: &Arc<Hub>,
    ask: impl FnOnce(&Hub) -> Result<T, HubError> + Send + 'static,
) -> Result<T, HubError> {
    let hub = Arc::clone(hub);
    tokio::task::spawn_blocking(move || ask(&hub))
        .await
        .unwrap_or_else(|panic| Err(HubError::Unavailable(panic.to_string())))
}
