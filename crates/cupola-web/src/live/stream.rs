//! One client's stream: a task that waits for changes and hands on what was asked for.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use axum::response::sse::Event;
use cupola_hub::HubError;
use cupola_protocol::events::keys_of_parts;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior},
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Entered,
    board::{Mark, Watched},
};
use crate::{
    auth::{self, Credential},
    state::{Web, hub_call},
};

/// Messages of one stream are at least this far apart: what changes in between goes together.
const SPACING_MIN: Duration = Duration::from_millis(20);

/// With many streams they are farther apart, so that all of them together cost about the same:
/// 45 ms with 100, 270 ms with 1,000.
const SPACING_PER_STREAM: Duration = Duration::from_micros(250);

/// However many streams there are.
const SPACING_MAX: Duration = Duration::from_millis(500);

/// How often a stream looks whether its credential still opens.
const RECHECK: Duration = Duration::from_secs(2);

/// Who is farther behind than this starts over.
const BEHIND_MAX: i64 = 5_000;

/// Messages that wait for a slow client; then the stream waits. What changes meanwhile goes into
/// the message after; who stops reading is hung up on by the server.
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
    let mut keys: Vec<String> = asked.keys.into_iter().collect();
    keys.sort_unstable();
    let watched = web.board().watch(keys.iter().cloned());
    let turn = web.board().turn();
    let past = read_past(&web, asked.after, keys).await?;
    let (messages, stream) = mpsc::channel(MESSAGES_MAX);
    let client = Client {
        web,
        watched,
        credential: asked.credential,
        messages,
        told: Mark {
            seq: past.seq(),
            turn,
        },
        _entered: entered,
    };
    tokio::spawn(client.run(past));
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

impl Past {
    const fn seq(&self) -> i64 {
        match self {
            Past::None { seq } | Past::Known { seq, .. } | Past::TooLong { seq } => *seq,
        }
    }
}

async fn read_past(web: &Web, after: Option<i64>, asked: Vec<String>) -> Result<Past, HubError> {
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
        let changed: HashSet<String> = rows
            .iter()
            .flat_map(|row| keys_of_parts(&row.kind, &row.subject, row.parent.as_deref()))
            .collect();
        let keys = asked.into_iter().filter(|key| changed.contains(key));
        Ok(Past::Known {
            keys: keys.collect(),
            seq,
        })
    })
    .await
}

struct Client {
    web: Web,
    watched: Watched,
    credential: Credential,
    messages: mpsc::Sender<Message>,
    /// What was told, or was nothing to tell.
    told: Mark,
    _entered: Entered,
}

/// Why a stream goes on.
enum Next {
    Changed,
    Recheck,
    Over,
}

impl Client {
    /// Goes on until nobody listens any more, or may.
    async fn run(mut self, past: Past) {
        let mut recheck = tokio::time::interval(RECHECK);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.begin(past).await.is_none() {
            return;
        }
        loop {
            match self.next(&mut recheck).await {
                Next::Over => return,
                Next::Recheck => {
                    let still = auth::identify(&self.web, &self.credential, None).await;
                    if still.is_err() {
                        return;
                    }
                }
                Next::Changed => {
                    if self.tell().await.is_none() || self.rest().await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// The first message says where the stream begins. `None` when nobody listens any more.
    async fn begin(&self, past: Past) -> Option<()> {
        match past {
            Past::None { seq } if self.watched.unkept().next().is_none() => {
                let ready = Event::default().event("ready").id(seq.to_string());
                self.send(ready.data("[]")).await
            }
            Past::None { seq } => {
                let keys: Vec<&str> = self.watched.unkept().collect();
                self.send_keys(&keys, seq).await
            }
            Past::Known { keys, seq } => {
                let keys = keys.iter().map(String::as_str);
                // Nobody knows what happened to these.
                let keys: Vec<&str> = keys.chain(self.watched.unkept()).collect();
                self.send_keys(&keys, seq).await
            }
            Past::TooLong { seq } => {
                let reset = Event::default().event("reset").id(seq.to_string());
                self.send(reset.data("[]")).await
            }
        }
    }

    async fn next(&self, recheck: &mut Interval) -> Next {
        self.watched.be_ready();
        let now = self.web.board().mark();
        if self.watched.has_changed(self.told, now) {
            return Next::Changed;
        }
        tokio::select! {
            () = self.web.stopped() => Next::Over,
            () = self.messages.closed() => Next::Over,
            _ = recheck.tick() => Next::Recheck,
            () = self.watched.woken() => Next::Changed,
        }
    }

    async fn tell(&mut self) -> Option<()> {
        // Before the keys: what is noted meanwhile is told by the next message.
        let now = self.web.board().mark();
        let seq = self.told.seq.max(now.seq);
        let keys = self.watched.changed(self.told, now);
        if !keys.is_empty() {
            self.send_keys(&keys, seq).await?;
        }
        let turn = now.turn;
        self.told = Mark { seq, turn };
        Some(())
    }

    async fn rest(&self) -> Option<()> {
        let streams = u32::try_from(self.web.streams.count()).unwrap_or(u32::MAX);
        let spacing = SPACING_MIN.saturating_add(SPACING_PER_STREAM.saturating_mul(streams));
        tokio::select! {
            () = self.web.stopped() => None,
            () = self.messages.closed() => None,
            () = tokio::time::sleep_until(Instant::now() + spacing.min(SPACING_MAX)) => Some(()),
        }
    }

    async fn send_keys(&self, keys: &[&str], seq: i64) -> Option<()> {
        let keys = serde_json::to_string(keys).unwrap_or_default();
        self.send(Event::default().id(seq.to_string()).data(keys))
            .await
    }

    async fn send(&self, event: Event) -> Option<()> {
        tokio::select! {
            sent = self.messages.send(Ok(event)) => sent.ok(),
            () = self.web.stopped() => None,
        }
    }
}
