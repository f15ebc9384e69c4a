//! One client's stream: a task that waits for changes and hands on what was asked for.

use std::{
    collections::{BTreeSet, HashSet},
    convert::Infallible,
    time::Duration,
};

use axum::response::sse::Event;
use cupola_hub::{Changes, Hub, HubError};
use cupola_protocol::events::keys_of_parts;
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;

use super::Entered;
use crate::{
    auth::{self, Credential},
    state::{Web, hub_call},
};

/// At most ten messages a second: what changes in between goes together.
const SPACING: Duration = Duration::from_millis(100);

/// How often a stream looks whether its credential still opens.
const RECHECK: Duration = Duration::from_secs(2);

/// Who is farther behind than this starts over.
const BEHIND_MAX: i64 = 5_000;

/// Messages that wait for a slow client; then the stream waits, and the bus says what was missed.
const MESSAGES_MAX: usize = 4;

type Message = Result<Event, Infallible>;

/// What a client asks for.
pub(super) struct Asked {
    pub(super) keys: HashSet<String>,
    pub(super) after: Option<i64>,
    pub(super) credential: Credential,
}

/// Opens a stream. Listening begins before the past is read, so that nothing falls in between.
pub(super) async fn open(
    web: Web,
    asked: Asked,
    entered: Entered,
) -> Result<ReceiverStream<Message>, HubError> {
    let changes = web.hub.subscribe();
    let past = read_past(&web, asked.after).await?;
    let (messages, stream) = mpsc::channel(MESSAGES_MAX);
    let client = Client {
        web,
        asked,
        messages,
        pending: BTreeSet::new(),
        seq: 0,
        _entered: entered,
    };
    tokio::spawn(client.run(changes, past));
    Ok(ReceiverStream::new(stream))
}

/// What happened since a client was last here.
enum Past {
    /// It is told where the stream begins.
    None { seq: i64 },
    /// These keys changed.
    Known { keys: Vec<String>, seq: i64 },
    /// More than is told one by one, or events that are kept no more.
    TooLong { seq: i64 },
}

async fn read_past(web: &Web, after: Option<i64>) -> Result<Past, HubError> {
    hub_call(web, move |hub| {
        let seq = hub.last_change()?;
        let Some(after) = after else {
            return Ok(Past::None { seq });
        };
        if after == seq {
            return Ok(Past::None { seq });
        }
        // A number that was not given yet comes from another database.
        if after > seq || seq - after > BEHIND_MAX {
            return Ok(Past::TooLong { seq });
        }
        let limit = u32::try_from(BEHIND_MAX).unwrap_or(u32::MAX);
        let rows = hub.changes_after(after, limit)?;
        if rows.first().is_none_or(|row| row.seq != after + 1) {
            return Ok(Past::TooLong { seq });
        }
        let seq = rows.last().map_or(seq, |row| row.seq);
        let keys = rows
            .iter()
            .flat_map(|row| keys_of_parts(&row.kind, &row.subject, row.parent.as_deref()))
            .collect();
        Ok(Past::Known { keys, seq })
    })
    .await
}

struct Client {
    web: Web,
    asked: Asked,
    messages: mpsc::Sender<Message>,
    /// What changed and was not told yet; only keys asked for, so never more than those.
    pending: BTreeSet<String>,
    /// The newest change that was looked at.
    seq: i64,
    _entered: Entered,
}

impl Client {
    async fn run(mut self, mut changes: Changes, past: Past) {
        let Some(()) = self.begin(past).await else {
            return;
        };
        let mut recheck = tokio::time::interval(RECHECK);
        recheck.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut due: Option<Instant> = None;
        let mut quiet_until = Instant::now();
        let web = self.web.clone();
        let mut stopped = std::pin::pin!(web.stopped());
        let messages = self.messages.clone();
        loop {
            tokio::select! {
                () = &mut stopped => return,
                () = messages.closed() => return,
                _ = recheck.tick() => {
                    if auth::identify(&self.web, &self.asked.credential, None).await.is_err() {
                        return;
                    }
                }
                notice = changes.next() => {
                    match notice {
                        Some(row) if row.seq > self.seq => {
                            self.seq = row.seq;
                            self.note(keys_of_parts(&row.kind, &row.subject, row.parent.as_deref()));
                        }
                        Some(_) => {}
                        None => {
                            if self.reset().await.is_none() {
                                return;
                            }
                        }
                    }
                    if due.is_none() && !self.pending.is_empty() {
                        due = Some(quiet_until.max(Instant::now()));
                    }
                }
                () = sleep_until(due) => {
                    due = None;
                    quiet_until = Instant::now() + SPACING;
                    if self.tell().await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// The first message says where the stream begins. `None` when nobody listens any more.
    async fn begin(&mut self, past: Past) -> Option<()> {
        match past {
            Past::None { seq } => {
                self.seq = seq;
                let ready = Event::default().event("ready").id(seq.to_string());
                self.send(ready.data("[]")).await
            }
            Past::Known { keys, seq } => {
                self.seq = seq;
                self.note(keys);
                self.tell().await
            }
            Past::TooLong { seq } => {
                self.seq = seq;
                self.send_reset().await
            }
        }
    }

    fn note(&mut self, keys: Vec<String>) {
        let asked = &self.asked.keys;
        self.pending
            .extend(keys.into_iter().filter(|key| asked.contains(key)));
    }

    async fn tell(&mut self) -> Option<()> {
        let keys = std::mem::take(&mut self.pending);
        let keys = serde_json::to_string(&keys).unwrap_or_default();
        self.send(Event::default().id(self.seq.to_string()).data(keys))
            .await
    }

    /// Some changes were missed: all that is shown must be read again.
    async fn reset(&mut self) -> Option<()> {
        self.pending.clear();
        let seq = hub_call(&self.web, Hub::last_change).await.ok()?;
        self.seq = self.seq.max(seq);
        self.send_reset().await
    }

    async fn send_reset(&self) -> Option<()> {
        let reset = Event::default().event("reset").id(self.seq.to_string());
        self.send(reset.data("[]")).await
    }

    async fn send(&self, event: Event) -> Option<()> {
        tokio::select! {
            sent = self.messages.send(Ok(event)) => sent.ok(),
            () = self.web.stopped() => None,
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
