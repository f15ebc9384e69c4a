//! Background work: loops that compare what is with what should be.
//!
//! Each is an idempotent `tick` that takes no input and retries by running again. [`drive`] runs
//! one on a period; the command that made it necessary may do the same work at once.

pub mod alerts;
pub mod artifacts;
pub mod campaigns;
pub mod costs;
pub mod folders;
pub mod labels;
pub mod leases;
pub mod ledger;
pub mod retention;
pub mod run_folders;
pub mod series;
pub mod templates;
pub mod training;
pub mod verification;

use std::{sync::Arc, time::Duration};

use crate::{Hub, HubError};

/// A loop: its name, its period, and what it does. The answer says how much there was to do.
#[derive(Clone, Copy)]
pub struct Loop {
    /// For logs.
    pub name: &'static str,
    /// From the end of one tick to the beginning of the next.
    pub period: Duration,
    /// One tick.
    pub tick: fn(&Hub) -> Result<usize, HubError>,
}

/// Every loop of a hub.
pub const ALL: [Loop; 14] = [
    leases::LOOP,
    campaigns::LOOP,
    retention::LOOP,
    templates::LOOP,
    artifacts::LOOP,
    series::LOOP,
    labels::LOOP,
    costs::LOOP,
    ledger::LOOP,
    verification::LOOP,
    folders::LOOP,
    run_folders::LOOP,
    training::LOOP,
    alerts::LOOP,
];

/// Ticks until `stopped` resolves. A tick that fails is logged and tried again a period later.
pub async fn drive(hub: Arc<Hub>, each: Loop, mut stopped: tokio::sync::watch::Receiver<bool>) {
    loop {
        let ticking = Arc::clone(&hub);
        let ticked = tokio::task::spawn_blocking(move || (each.tick)(&ticking)).await;
        match ticked {
            Ok(Ok(0)) => {}
            Ok(Ok(done)) => tracing::debug!(name = each.name, done, "loop ticked"),
            Ok(Err(error)) => tracing::warn!(name = each.name, %error, "loop failed"),
            Err(panic) => tracing::error!(name = each.name, %panic, "loop panicked"),
        }
        tokio::select! {
            () = tokio::time::sleep(each.period) => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}
