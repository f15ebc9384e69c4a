//! Sends what the hub has decided to tell, and tells the hub how it went.
//!
//! A delivery is due until that is written down. Whoever is killed between sending and writing sends
//! again, under the same id. What is next is begun as each ends, and a target has few on their way: one
//! that does not answer keeps nothing from the others.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cupola_domain::{alert::Sending, ids::DeliveryId};
use cupola_hub::{Changes, Hub, HubError, alerts::Outgoing};
use cupola_notify::{Parcel, Sender};
use tokio::{
    sync::watch,
    task::{Id, JoinError, JoinSet},
};

/// So many are on their way to one target at once.
const AT_ONCE: u32 = 2;

/// Nobody waits for longer than this without looking whether something is due.
const LOOK: Duration = Duration::from_secs(30);

/// After trouble with the hub itself.
const REST: Duration = Duration::from_secs(5);

/// Sends until `stopped` says so. What is on its way then is sent again by the next hub.
pub(crate) async fn run(hub: Arc<Hub>, sender: Sender, mut stopped: watch::Receiver<bool>) {
    let mut changes = hub.subscribe();
    let mut post = Post {
        hub,
        sender: Arc::new(sender),
        tasks: JoinSet::new(),
        on_their_way: HashMap::new(),
    };
    let sending = async {
        loop {
            if let Err(error) = post.step(&mut changes).await {
                tracing::warn!(%error, "messages about alerts are held up");
                tokio::time::sleep(REST).await;
            }
        }
    };
    tokio::select! {
        () = sending => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// What is on its way.
struct Post {
    hub: Arc<Hub>,
    sender: Arc<Sender>,
    tasks: JoinSet<Sending>,
    on_their_way: HashMap<Id, DeliveryId>,
}

impl Post {
    /// Begins what is due and may be, then waits until one has ended, something is due, or there is news.
    async fn step(&mut self, changes: &mut Changes) -> Result<(), HubError> {
        for outgoing in call(&self.hub, |hub| hub.due_alert_deliveries(AT_ONCE)).await? {
            self.begin(outgoing);
        }
        let next = call(&self.hub, Hub::next_alert_delivery).await?;
        let wait = next.map_or(LOOK, |at| at.since(self.hub.now()));
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => self.end(ended).await,
            () = tokio::time::sleep(wait.clamp(Duration::from_millis(10), LOOK)) => Ok(()),
            () = is_news(changes) => Ok(()),
        }
    }

    /// Those that are on their way are due still, and so count among those of their target.
    fn begin(&mut self, outgoing: Outgoing) {
        let id = outgoing.delivery.id;
        if self.on_their_way.values().any(|begun| *begun == id) {
            return;
        }
        let (sender, now) = (Arc::clone(&self.sender), self.hub.now());
        let task = self.tasks.spawn(async move {
            match parcel(outgoing) {
                Some(parcel) => sender.send(&parcel, now).await,
                None => Sending::Refused("its address is not in this copy of the store".to_owned()),
            }
        });
        self.on_their_way.insert(task.id(), id);
    }

    async fn end(&mut self, ended: Result<(Id, Sending), JoinError>) -> Result<(), HubError> {
        let (task, sending) = match ended {
            Ok((task, sending)) => (task, sending),
            Err(error) => {
                tracing::error!(%error, "a message could not be sent");
                let why = "sending it failed; the hub's log says how";
                (error.id(), Sending::Failed(why.to_owned()))
            }
        };
        match self.on_their_way.remove(&task) {
            Some(id) => settle(&self.hub, id, sending).await,
            None => Ok(()),
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
