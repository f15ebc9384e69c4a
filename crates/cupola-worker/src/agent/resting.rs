//! Whether the worker takes work: looking at its machine, and hearing what its owner says.

use std::{path::Path, pin::Pin, time::Duration};

use cupola_protocol::desk::RestingBody;
use tokio::time::Instant;

use crate::{
    desk::Desk,
    limits::{Allowed, Observed, Watch},
    process,
    settings::{Clock, Settings},
};

/// So often the machine is looked at.
const PERIOD: Duration = Duration::from_secs(5);

type Looking = Pin<Box<dyn Future<Output = (Watch, Observed)> + Send>>;

/// Whether the worker takes work.
pub(super) struct Resting {
    desk: Desk,
    clock: Clock,
    /// It looks, or will look then.
    looking: Result<Looking, (Option<Watch>, Instant)>,
    observed: Observed,
    allowed: Allowed,
}

impl Resting {
    /// Looks for the first time, so that nobody is disturbed at the start.
    pub(super) async fn begin(settings: &Settings) -> Self {
        let environment = process::allowed(&settings.environment);
        let watch = Watch::new(Path::new("/"), &settings.state_dir, environment);
        let (desk, clock) = (settings.desk.clone(), settings.clock.clone());
        let wanted = desk.limits().wanted();
        let (watch, observed) = watch.look(wanted, false, clock.now()).await;
        let allowed = desk.decide(&observed);
        Self {
            desk,
            clock,
            looking: Err((Some(watch), Instant::now() + PERIOD)),
            observed,
            allowed,
        }
    }

    /// Whether it takes work now.
    pub(super) fn allowed(&self) -> Allowed {
        self.allowed
    }

    /// Whether it takes none.
    pub(super) fn is_resting(&self) -> bool {
        self.allowed != Allowed::Working
    }

    /// What the worker's folder takes, as far as it was counted.
    pub(super) fn disk_used(&self) -> u64 {
        self.observed.disk_used.unwrap_or_default()
    }

    /// What the hub is told of it.
    pub(super) fn told(&self) -> Option<RestingBody> {
        match self.allowed {
            Allowed::Working => None,
            Allowed::Resting { why, until, .. } => Some(RestingBody {
                why: why.as_str().to_owned(),
                until: until.map(Into::into),
            }),
        }
    }

    /// Waits until there is something to decide anew. Nothing is lost by letting go.
    pub(super) async fn next(&mut self, is_busy: bool) {
        let desk = self.desk.clone();
        tokio::select! {
            () = desk.said() => {}
            () = self.look(is_busy) => {}
        }
    }

    /// Decides anew; says whether it came out otherwise than before.
    pub(super) fn decide(&mut self) -> bool {
        let allowed = self.desk.decide(&self.observed);
        std::mem::replace(&mut self.allowed, allowed) != allowed
    }

    async fn look(&mut self, is_busy: bool) {
        if let Err((watch, due)) = &mut self.looking {
            tokio::time::sleep_until(*due).await;
            let Some(watch) = watch.take() else {
                return std::future::pending().await;
            };
            let (wanted, now) = (self.desk.limits().wanted(), self.clock.now());
            self.looking = Ok(Box::pin(watch.look(wanted, is_busy, now)));
        }
        if let Ok(looking) = &mut self.looking {
            let (watch, observed) = looking.await;
            self.looking = Err((Some(watch), Instant::now() + PERIOD));
            self.observed = observed;
        }
    }
}
