//! What changes on a hub, found out by looking at the list of its experiments.

use std::{sync::mpsc::Sender, time::Duration};

use cupola_client::{Client, Error, query::ExperimentFilter};
use cupola_protocol::{experiments::ExperimentBody, page::PER_PAGE_MAX};
use cupola_workspace::source::{Change, Connection};
use tokio::runtime::Handle;

/// So often is looked.
const PERIOD: Duration = Duration::from_secs(1);

/// A hub that is away is asked less and less often.
const AWAY_MAX: Duration = Duration::from_secs(30);

/// Tells of changes until nobody listens.
pub(super) fn watch(client: Client, runtime: &Handle, sender: Sender<Change>) {
    runtime.spawn(async move {
        let mut known: Option<Vec<ExperimentBody>> = None;
        let mut pause = PERIOD;
        loop {
            let changes = match look(&client).await {
                Ok(found) => {
                    let is_back = pause > PERIOD;
                    pause = PERIOD;
                    let changes = between(known.as_deref(), &found, is_back);
                    known = Some(found);
                    changes
                }
                Err(error) => {
                    pause = (pause * 2).min(AWAY_MAX);
                    let why = error.to_string();
                    vec![Change::Connection(Connection::Away { why, next: pause })]
                }
            };
            if changes
                .into_iter()
                .any(|change| sender.send(change).is_err())
            {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    });
}

async fn look(client: &Client) -> Result<Vec<ExperimentBody>, Error> {
    let filter = ExperimentFilter {
        families: Some(true),
        per_page: Some(PER_PAGE_MAX),
        ..ExperimentFilter::default()
    };
    Ok(client.experiments(&filter).await?.items)
}

/// The runs of an experiment move while it runs, whatever its counts say.
fn between(
    known: Option<&[ExperimentBody]>,
    found: &[ExperimentBody],
    is_back: bool,
) -> Vec<Change> {
    if is_back {
        return vec![Change::Connection(Connection::Live)];
    }
    let Some(known) = known else {
        return Vec::new();
    };
    let is_running = found.iter().any(|body| body.tasks.running > 0);
    if is_running || known != found {
        vec![Change::All]
    } else {
        Vec::new()
    }
}
