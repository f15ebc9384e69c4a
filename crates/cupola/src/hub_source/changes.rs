//! What changes on a hub: by its live stream, and where there is none by looking now and then.

use std::{sync::mpsc::Sender, time::Duration};

use cupola_client::{Client, Error, Events, Told, query::ExperimentFilter};
use cupola_protocol::{experiments::ExperimentBody, page::PER_PAGE_MAX};
use cupola_workspace::source::{Change, Connection};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

/// What is listened to: whatever lists and tables show.
const KEYS: &str = "experiments,families,tasks,runs,workers,briefs,budgets";

/// Changes go on at most so often: many runs that report are read once.
const SPACING: Duration = Duration::from_millis(250);

/// A hub says every 15 s that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// So often is looked where a hub has no stream.
const PERIOD: Duration = Duration::from_secs(1);

/// After so many looks a stream is asked for again.
const LOOKS: u32 = 60;

/// A hub that is away is asked less and less often.
const AWAY_MIN: Duration = Duration::from_secs(1);
const AWAY_MAX: Duration = Duration::from_secs(30);

/// Nobody listens any more.
struct NobodyListens;

/// Tells of changes until nobody listens.
pub(super) fn watch(client: Client, runtime: &Handle, sender: Sender<Change>) {
    runtime.spawn(async move {
        let mut watcher = Watcher {
            client,
            sender,
            seq: None,
            pause: AWAY_MIN,
            is_away: false,
        };
        while watcher.once().await.is_ok() {}
    });
}

struct Watcher {
    client: Client,
    sender: Sender<Change>,
    /// The newest change that was told.
    seq: Option<i64>,
    pause: Duration,
    is_away: bool,
}

impl Watcher {
    /// One stream from its beginning to its end, or some looks where there is none.
    async fn once(&mut self) -> Result<(), NobodyListens> {
        match timeout(SILENCE_MAX, self.client.events(KEYS, self.seq)).await {
            Ok(Ok(stream)) => self.listen(stream).await,
            Ok(Err(error)) if is_without_stream(&error) => self.look().await,
            Ok(Err(error)) => self.away(&error.to_string()).await,
            Err(_) => self.away("the hub does not answer").await,
        }
    }

    async fn listen(&mut self, mut stream: Events) -> Result<(), NobodyListens> {
        loop {
            let told = match timeout(SILENCE_MAX, stream.next()).await {
                Ok(Ok(Some(told))) => told,
                // A hub that stops ends its streams, and so does one that was asked by a token
                // that is gone; the next attempt says which.
                Ok(Ok(None)) => return self.away("the hub ended its stream").await,
                Ok(Err(error)) => return self.away(&error.to_string()).await,
                Err(_) => return self.away("the hub says nothing any more").await,
            };
            self.back()?;
            let has_changed = match told {
                Told::Changed { seq, .. } | Told::Reset(seq) => {
                    self.seq = Some(seq);
                    true
                }
                // What was read before the first stream began may be old by now.
                Told::Ready(seq) => self.seq.replace(seq).is_none(),
                Told::Alive => false,
            };
            if has_changed {
                self.say(Change::All)?;
                // What comes meanwhile waits in the stream, and goes together on the hub.
                sleep(SPACING).await;
            }
        }
    }

    async fn look(&mut self) -> Result<(), NobodyListens> {
        let mut known: Option<Vec<ExperimentBody>> = None;
        for _ in 0..LOOKS {
            match look(&self.client).await {
                Ok(found) => {
                    self.back()?;
                    let is_running = found.iter().any(|body| body.tasks.running > 0);
                    // The runs of an experiment move while it runs, whatever its counts say.
                    if is_running || known.as_ref().is_some_and(|known| *known != found) {
                        self.say(Change::All)?;
                    }
                    known = Some(found);
                }
                Err(error) => return self.away(&error.to_string()).await,
            }
            sleep(PERIOD).await;
        }
        Ok(())
    }

    fn back(&mut self) -> Result<(), NobodyListens> {
        self.pause = AWAY_MIN;
        if std::mem::take(&mut self.is_away) {
            self.say(Change::Connection(Connection::Live))?;
        }
        Ok(())
    }

    async fn away(&mut self, why: &str) -> Result<(), NobodyListens> {
        let (why, next) = (why.to_owned(), self.pause);
        self.is_away = true;
        self.say(Change::Connection(Connection::Away { why, next }))?;
        sleep(next).await;
        self.pause = (self.pause * 2).min(AWAY_MAX);
        Ok(())
    }

    fn say(&self, change: Change) -> Result<(), NobodyListens> {
        self.sender.send(change).map_err(|_| NobodyListens)
    }
}

/// Whether there is a hub that has no stream for whoever asks, or no room for one.
fn is_without_stream(error: &Error) -> bool {
    matches!(error.status(), Some(404 | 405 | 429))
}

async fn look(client: &Client) -> Result<Vec<ExperimentBody>, Error> {
    let filter = ExperimentFilter {
        families: Some(true),
        per_page: Some(PER_PAGE_MAX),
        ..ExperimentFilter::default()
    };
    Ok(client.experiments(&filter).await?.items)
}
