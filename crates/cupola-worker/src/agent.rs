//! The agent: joins, asks for work, renews leases, obeys, and owns what is running.
//!
//! It is one loop over what may happen next. Calls to the hub are in flight beside it, so that a
//! slow hub delays no order and no end of a run.

mod identity;
mod line;
mod membership;
mod place;
mod resting;
mod runs;
mod telling;

use std::{pin::Pin, time::Duration};

pub use identity::{Folder, forget, keep_name, kept_name, note_leaving, note_staying, worker_id};

use cupola_client::{Client, Error};
use cupola_protocol::work::{Heartbeat, Held, LeaseRequest, Orders, Registered};
use tracing::{info, warn};

use crate::{
    WorkerError,
    desk::{Desk, LogLevel},
    limits::Allowed,
    settings::Settings,
};
use line::{Line, Turn};
use membership::Membership;
use resting::Resting;
use runs::Runs;
use telling::{Happening, Telling};

/// How long the goodbye may take.
const DEPARTURE_WAIT: Duration = Duration::from_secs(1);

/// An answer that brings nothing new and comes sooner is followed by a pause: the hub does not wait,
/// or repeats an order that is being obeyed.
const QUICK_ANSWER: Duration = Duration::from_millis(500);

/// With all slots taken for this long, the worker polls all the same: orders to stop come sooner
/// on that way than by the next heartbeat.
const BUSY_POLL_DELAY: Duration = Duration::from_millis(500);

/// Works for a hub until `shutdown` is done or the hub turns the worker away.
///
/// On shutdown no more work is taken, programs are stopped (`SIGTERM`, then `SIGKILL` after the
/// grace), results that are ready are delivered if the hub answers in time, and the hub is told
/// that the worker left, so that it leases at once what was running.
pub async fn run(
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WorkerError> {
    let folder = Folder::take(&settings.state_dir)?;
    run_in(folder, settings, shutdown).await
}

/// The same in its folder, which was taken before.
pub async fn run_in(
    folder: Folder,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WorkerError> {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut joining = std::pin::pin!(Agent::join(folder, settings));
    let mut agent = tokio::select! {
        agent = &mut joining => agent?,
        () = &mut shutdown => {
            // The hub may have let the worker in already, its answer being on the way: without a
            // goodbye it would wait for this worker until it counts it as lost.
            if let Ok(Ok(agent)) = tokio::time::timeout(DEPARTURE_WAIT, joining).await {
                agent.leave(true).await;
            }
            return Ok(());
        }
    };
    let ended = agent.work(shutdown).await;
    let ended = ended.map_err(|error| agent.membership.explained(error));
    agent.leave(ended.is_ok()).await;
    ended
}

/// A worker that has joined.
struct Agent {
    client: Client,
    membership: Membership,
    runs: Runs,
    lease_wait: Duration,
    polling: Line<Orders>,
    /// How many slots the last poll offered.
    polling_slots: u32,
    beating: Line<Orders>,
    /// What the heartbeat in flight gives back.
    returning: Vec<Held>,
    /// Telling the hub that something else is offered; in use while `is_joining_again`.
    joining: Line<Registered>,
    is_joining_again: bool,
    resting: Resting,
    desk: Desk,
    telling: Telling,
}

/// What may happen next.
enum Next {
    Polled(Turn<Orders>),
    Beat(Turn<Orders>),
    Joined(Turn<Registered>),
    Measured(Happening),
    Seen,
    RunChanged,
}

impl Agent {
    async fn join(folder: Folder, settings: Settings) -> Result<Self, WorkerError> {
        let client =
            Client::new(&settings.hub_url, &settings.token).map_err(WorkerError::Client)?;
        let desk = settings.desk.clone();
        desk.begin(&settings.name, &client);
        let resting = Resting::begin(&settings).await;
        let disk_used = resting.disk_used();
        let membership = Membership::join(folder.0, &settings, &client, disk_used).await?;
        desk.ask_earned(&client, membership.worker_id(), Vec::new());
        desk.log(LogLevel::Info, "the worker's loop has started");
        info!(worker = %membership.worker_id(), hub = %client.base_url(), "joined");
        Ok(Self {
            runs: Runs::new(membership.context(&client)),
            lease_wait: settings.lease_wait,
            telling: Telling::begin(settings.state_dir.clone()).await,
            client,
            membership,
            polling: Line::default(),
            polling_slots: 0,
            beating: Line::default(),
            returning: Vec::new(),
            joining: Line::default(),
            is_joining_again: false,
            resting,
            desk,
        })
    }

    async fn work(
        &mut self,
        mut shutdown: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), WorkerError> {
        self.obey_owner()?;
        loop {
            let is_busy = self.runs.is_busy();
            let next = tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = self.runs.changed() => Next::RunChanged,
                turn = self.polling.turn() => Next::Polled(turn),
                turn = self.beating.turn() => Next::Beat(turn),
                turn = self.joining.turn(), if self.is_joining_again => Next::Joined(turn),
                happening = self.telling.next(is_busy) => Next::Measured(happening),
                () = self.resting.next(is_busy) => Next::Seen,
            };
            if let Err(error) = self.take(next)? {
                tokio::select! {
                    () = &mut shutdown => return Ok(()),
                    settled = self.settle(error) => settled?,
                }
            }
        }
    }

    /// Does what is next; the inner error is what the hub says to it.
    fn take(&mut self, next: Next) -> Result<Result<(), Error>, WorkerError> {
        let answer = match next {
            Next::RunChanged => {
                self.ask_for_free_slots();
                if !self.runs.returning().is_empty() {
                    self.beating.hang_up();
                }
                Ok(())
            }
            Next::Measured(happening) => {
                self.tell(happening);
                Ok(())
            }
            Next::Seen => {
                if self.resting.decide() {
                    // Pages of the hub are to say so at once.
                    self.beating.hang_up();
                }
                self.obey_owner()?;
                Ok(())
            }
            Next::Polled(Turn::Due) => {
                self.poll();
                Ok(())
            }
            Next::Beat(Turn::Due) => {
                self.beat();
                Ok(())
            }
            Next::Joined(Turn::Due) => {
                self.join_again();
                Ok(())
            }
            Next::Polled(Turn::Answered { answer, took }) => self.polled(answer, took),
            Next::Beat(Turn::Answered { answer, .. }) => self.beaten(answer),
            Next::Joined(Turn::Answered { answer, .. }) => return self.joined(answer),
        };
        Ok(answer)
    }

    /// Does what the worker's owner says now: work or rest, with this much.
    fn obey_owner(&mut self) -> Result<(), WorkerError> {
        let limits = self.desk.limits();
        self.client.pace().limit(limits.bandwidth);
        if self.membership.grant(limits, self.resting.disk_used())? {
            self.runs
                .replace_context(self.membership.context(&self.client));
            self.joining.hang_up();
            self.is_joining_again = true;
        }
        let Allowed::Resting { stops_running, .. } = self.resting.allowed() else {
            self.ask_for_free_slots();
            return Ok(());
        };
        if self.polling.is_calling() && self.polling_slots > 0 {
            self.polling_slots = 0;
            self.polling.hang_up();
        }
        if stops_running {
            self.runs.give_back();
        }
        Ok(())
    }

    /// How many runs more are taken now.
    fn free_slots(&self) -> u32 {
        if self.resting.is_resting() {
            0
        } else {
            self.runs.free_slots()
        }
    }

    fn join_again(&mut self) {
        let (client, registration) = (self.client.clone(), self.membership.registration());
        self.joining
            .call(async move { client.register(&registration).await });
    }

    fn joined(
        &mut self,
        answer: Result<Registered, Error>,
    ) -> Result<Result<(), Error>, WorkerError> {
        match answer {
            Ok(registered) => {
                self.is_joining_again = false;
                self.membership.keep(registered)?;
                Ok(Ok(()))
            }
            Err(error) => {
                self.joining.pause();
                Ok(Err(error))
            }
        }
    }

    /// A free slot is offered at once. A question in flight that offers none is dropped for it: no
    /// lease is lost with that.
    fn ask_for_free_slots(&mut self) {
        let is_offering = self.polling.is_calling() && self.polling_slots > 0;
        if !is_offering && self.free_slots() > 0 {
            self.polling_slots = self.free_slots();
            self.polling.hang_up();
        }
    }

    fn poll(&mut self) {
        self.polling_slots = self.free_slots();
        let (client, worker) = (self.client.clone(), self.membership.worker_id().to_owned());
        let request = LeaseRequest {
            session: self.membership.session().to_owned(),
            free_slots: self.polling_slots,
            holding: self.runs.holding(),
            wait_secs: self.lease_wait.as_secs_f64(),
        };
        self.polling
            .call(async move { client.lease(&worker, &request).await });
    }

    fn beat(&mut self) {
        let (client, worker) = (self.client.clone(), self.membership.worker_id().to_owned());
        let heartbeat = self.heartbeat();
        self.returning.clone_from(&heartbeat.returning);
        self.beating
            .call(async move { client.heartbeat(&worker, &heartbeat).await });
    }

    /// What the hub says to telemetry moves nothing else: whether the worker is known, other lines hear.
    fn tell(&mut self, happening: Happening) {
        match happening {
            Happening::Sampled => {}
            Happening::Due => {
                let membership = &self.membership;
                self.telling
                    .tell(&self.client, membership.worker_id(), membership.session());
            }
            Happening::Answered(answer) => self.telling.settle(answer),
        }
    }

    fn heartbeat(&self) -> Heartbeat {
        Heartbeat {
            session: self.membership.session().to_owned(),
            holding: self.runs.holding(),
            returning: self.runs.returning(),
            resting: self.resting.told(),
        }
    }

    fn polled(&mut self, answer: Result<Orders, Error>, took: Duration) -> Result<(), Error> {
        let orders = answer.inspect_err(|_| self.polling.pause())?;
        self.desk.heard(Ok(()));
        let is_news = self.obey(orders);
        if !is_news && took < QUICK_ANSWER {
            self.polling.pause();
        } else if self.free_slots() > 0 {
            self.polling.rest(Duration::ZERO);
        } else {
            self.polling_slots = 0;
            self.polling.rest(BUSY_POLL_DELAY);
        }
        Ok(())
    }

    fn beaten(&mut self, answer: Result<Orders, Error>) -> Result<(), Error> {
        let orders = answer.inspect_err(|_| self.beating.pause())?;
        self.desk.heard(Ok(()));
        self.runs.returned(&self.returning);
        self.desk.drained(orders.drained.as_ref());
        let said = orders.next_heartbeat_secs;
        self.beating.rest(self.membership.heartbeat_period(said));
        self.obey(orders);
        Ok(())
    }

    /// Obeys, and says whether there was anything to do.
    fn obey(&mut self, orders: Orders) -> bool {
        let mut is_news = false;
        for held in &orders.abandon {
            is_news |= self.runs.abandon(held);
        }
        for held in &orders.cancel {
            is_news |= self.runs.cancel(held);
        }
        for order in orders.start {
            if self.resting.is_resting() {
                // It was on its way when the worker began to rest.
                if self.runs.decline(&order) {
                    self.beating.hang_up();
                }
            } else {
                is_news |= self.runs.start(order);
            }
        }
        is_news
    }

    /// Decides what a refusal of a poll or a heartbeat means.
    async fn settle(&mut self, error: Error) -> Result<(), WorkerError> {
        match error.status() {
            Some(404) if error.is_final() => self.rejoin().await,
            _ if error.is_final() => Err(WorkerError::TurnedAway(error)),
            _ => {
                warn!(%error, "the hub is not there; asking again");
                self.desk.heard(Err(error.to_string()));
                Ok(())
            }
        }
    }

    /// The hub does not know this worker any more: it lost its memory, or somebody removed it.
    async fn rejoin(&mut self) -> Result<(), WorkerError> {
        let is_same = self.membership.rejoin(&self.client).await?;
        self.is_joining_again = false;
        if !is_same {
            self.runs.abandon_all();
            self.runs
                .replace_context(self.membership.context(&self.client));
        }
        self.polling.rest(Duration::ZERO);
        self.beating.rest(Duration::ZERO);
        Ok(())
    }

    async fn leave(mut self, is_welcome: bool) {
        self.desk.left();
        self.polling = Line::default();
        self.runs.leave(is_welcome).await;
        if !is_welcome {
            return;
        }
        let last = Heartbeat {
            resting: None,
            ..self.heartbeat()
        };
        let departing = self.client.depart(self.membership.worker_id(), &last);
        match tokio::time::timeout(DEPARTURE_WAIT, departing).await {
            Ok(Ok(())) => info!("left"),
            Ok(Err(error)) => warn!(%error, "left without a goodbye"),
            Err(_) => warn!("left without a goodbye: the hub does not answer"),
        }
    }
}
