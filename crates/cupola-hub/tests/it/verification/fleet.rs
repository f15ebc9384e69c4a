//! A hub with machines of several owners, and what a test asks of it.

use std::time::Duration;

use cupola_domain::{
    access::{Belonging, Role},
    audit::{Role as SideRole, Stage},
    brief::Draft,
    ids::{ExperimentId, RunId, TokenId, WorkerId},
    provenance::Provenance,
    resources::{Capabilities, GIB, Gpu},
    run::{Failure, Outcome, Run},
};
use cupola_economy::policy::Profile;
use cupola_hub::{
    HubError,
    ledger::{Economy, StatementQuery},
    loops,
    verification::{Audit, Sight, Standing, Verification},
    work::{Finish, Order, Registration},
};
use cupola_testkit::Database;
use serde_json::{Value, json};

use crate::support::{TestHub, draft, laptop};

/// What every task gives.
pub const TRUTH: f64 = 3.5;

/// What looks better than that.
pub const LIE: f64 = 1.25;

/// How many steps a task asks for.
const STEPS: u32 = 100;

/// How long a task may take.
pub const BUDGET: Duration = Duration::from_secs(10);

/// The class of all machines that say nothing else.
const CLASS: &str = "00000000000000aa";

/// A machine for what `large` hardware is asked for.
pub fn large() -> Capabilities {
    Capabilities {
        cpu_cores: 16,
        memory_bytes: 64 * GIB,
        gpus: vec![Gpu {
            name: "big".to_owned(),
            memory_bytes: 24 * GIB,
        }],
        ..laptop()
    }
}

pub struct Fleet {
    pub hub: TestHub,
}

/// One machine.
#[derive(Debug)]
pub struct Machine {
    id: WorkerId,
    token: TokenId,
    session: String,
}

impl Fleet {
    pub fn on(database: &Database, profile: Profile) -> Self {
        Self::of(TestHub::on(database), profile)
    }

    pub fn of(hub: TestHub, profile: Profile) -> Self {
        let fleet = Self { hub };
        fleet.configure(profile);
        fleet
    }

    fn configure(&self, profile: Profile) {
        let wait = profile.policy().wait;
        self.hub.use_verification(Verification {
            is_on: true,
            profile,
            ..Verification::default()
        });
        let economy = Economy {
            escrow: wait.time,
            escrow_results: u32::try_from(wait.results).unwrap(),
            away: (wait.away > Duration::ZERO).then_some(wait.away),
            ..Economy::default()
        };
        self.hub.use_economy(economy).unwrap();
    }

    pub fn restart(&mut self) {
        let profile = self.hub.verification().profile;
        self.hub.restart();
        self.configure(profile);
    }

    /// A machine of the hub's own.
    pub fn own(&self, name: &str) -> Machine {
        self.worker_of("administrator", name)
    }

    /// The first machine of an owner.
    pub fn owner(&self, name: &str) -> Machine {
        self.worker_of(name, name)
    }

    pub fn owner_with_class(&self, name: &str, class: &str) -> Machine {
        self.try_join(name, name, of_class(class)).unwrap()
    }

    pub fn own_with(&self, name: &str, capabilities: Capabilities) -> Machine {
        let capabilities = Capabilities {
            device_class: Some(CLASS.to_owned()),
            ..capabilities
        };
        self.try_join("administrator", name, capabilities).unwrap()
    }

    pub fn owner_with(&self, name: &str, capabilities: Capabilities) -> Machine {
        let capabilities = Capabilities {
            device_class: Some(CLASS.to_owned()),
            ..capabilities
        };
        self.try_join(name, name, capabilities).unwrap()
    }

    pub fn worker_of(&self, owner: &str, name: &str) -> Machine {
        self.try_worker_of(owner, name).unwrap()
    }

    pub fn try_worker_of(&self, owner: &str, name: &str) -> Result<Machine, HubError> {
        self.try_join(owner, name, of_class(CLASS))
    }

    fn try_join(
        &self,
        owner: &str,
        name: &str,
        capabilities: Capabilities,
    ) -> Result<Machine, HubError> {
        let belonging = Belonging {
            owner: owner.to_owned(),
            team: String::new(),
        };
        let made = self
            .hub
            .create_token_of(belonging, (name, Role::Worker), None);
        let (_, token) = made?;
        let registration = Registration {
            id: None,
            name: name.to_owned(),
            session: name.to_owned(),
            place: String::new(),
            slots: 4,
            version: "test".to_owned(),
            capabilities,
        };
        let worker = self.hub.register_worker(token.id, registration)?;
        Ok(Machine {
            id: worker.id,
            token: token.id,
            session: name.to_owned(),
        })
    }

    /// A family whose tasks are ended by their steps.
    pub fn submit(&self, num_tasks: u32) -> ExperimentId {
        self.submit_with(num_tasks, &json!({"max_steps": format!("choice({STEPS})")}))
    }

    /// The same for machines of this class.
    pub fn submit_for(&self, hardware: &str, num_tasks: u32) -> ExperimentId {
        let space = json!({"max_steps": format!("choice({STEPS})")});
        let asked = Draft {
            space: space.as_object().unwrap().clone(),
            hardware: hardware.to_owned(),
            ..draft(num_tasks)
        };
        self.hub.submit_brief(&asked, "ada").unwrap().family.id
    }

    pub fn submit_by_clock(&self, num_tasks: u32) -> ExperimentId {
        self.submit_with(num_tasks, &json!({}))
    }

    fn submit_with(&self, num_tasks: u32, space: &Value) -> ExperimentId {
        let asked = Draft {
            space: space.as_object().unwrap().clone(),
            ..draft(num_tasks)
        };
        self.hub.submit_brief(&asked, "ada").unwrap().family.id
    }

    pub fn states(&self, family: ExperimentId) -> String {
        self.hub.states(family)
    }

    pub fn is_of(&self, run: RunId, family: ExperimentId) -> bool {
        self.hub.run_detail(run).unwrap().run.experiment == family
    }

    /// What is called best, and what would be better and is being checked.
    pub fn best(&self, family: ExperimentId) -> (Option<f64>, Option<f64>) {
        let analysis = self.hub.family_detail(family).unwrap().analysis;
        let best = analysis.best.as_ref().and_then(|best| best.value);
        let (rows, _) = self.hub.list_families("", 10, 0).unwrap();
        let row = rows.iter().find(|row| row.family.id == family).unwrap();
        assert_eq!(row.best, best);
        (best, analysis.claimed.map(|(_, value)| value))
    }

    pub fn audits(&self, run: RunId) -> Vec<Audit> {
        self.hub.audits_of_run(run, Sight::Whole).unwrap()
    }

    pub fn only_audit(&self, run: RunId) -> Audit {
        let mut audits = self.audits(run);
        assert_eq!(audits.len(), 1, "{audits:?}");
        audits.remove(0)
    }

    pub fn open_audits(&self) -> u64 {
        self.hub.count_open_audits().unwrap()
    }

    pub fn awaits_peer(&self, run: RunId) -> bool {
        self.audits(run).iter().any(|audit| {
            let sides = self.hub.sides_of_audit(audit.id).unwrap();
            audit.stage == Stage::AtWork
                && sides.last().is_some_and(|side| side.role == SideRole::Peer)
        })
    }

    /// Who was chosen last for a check of this.
    pub fn auditor(&self, run: RunId) -> String {
        let sides = self.hub.sides_of_audit(self.only_audit(run).id).unwrap();
        sides.last().unwrap().auditor.clone()
    }

    /// A result that waits for a peer, and who that is.
    pub fn awaits_somebody(&self) -> (RunId, Machine) {
        let (referee, ann) = (self.own("r"), self.owner("ann"));
        let bob = self.owner("bob");
        self.trust(&bob, &referee);
        self.submit(60);
        loop {
            let run = ann.work(self, TRUTH);
            if self.awaits_peer(run) {
                return (run, bob);
            }
            referee.work_until_settled(self, run, TRUTH);
        }
    }

    pub fn standing(&self, owner: &str) -> Standing {
        self.hub.standing_of(owner).unwrap().0
    }

    pub fn ban(&self, owner: &str) -> Option<String> {
        self.standing(owner).ban
    }

    /// n, over all classes.
    pub fn passed(&self, owner: &str) -> u32 {
        let (_, trust) = self.hub.standing_of(owner).unwrap();
        trust.iter().map(|trust| trust.passed).sum()
    }

    /// Lets a machine's owner be trusted.
    pub fn trust(&self, machine: &Machine, referee: &Machine) {
        let needed = self.hub.verification().profile.policy().probation;
        let family = self.submit(needed + 20);
        let owner = self.owner_of(machine);
        while self.passed(&owner) < needed {
            let run = machine.work(self, TRUTH);
            referee.work_until_settled(self, run, TRUTH);
        }
        self.hub.cancel_family(family).unwrap();
    }

    fn owner_of(&self, machine: &Machine) -> String {
        let tokens = self.hub.list_tokens().unwrap();
        let token = tokens.iter().find(|token| token.id == machine.token);
        token.unwrap().owner().to_owned()
    }

    /// What one task costs.
    pub fn price(&self) -> i64 {
        let (rows, _) = self.hub.list_families("", 1, 0).unwrap();
        let needs = &rows[0].family.needs;
        let price = self.hub.economy().price(BUDGET, needs);
        price.micros()
    }

    pub fn in_escrow(&self, owner: &str) -> i64 {
        self.statement(owner).0
    }

    pub fn has(&self, owner: &str) -> i64 {
        self.statement(owner).1
    }

    fn statement(&self, owner: &str) -> (i64, i64) {
        let query = StatementQuery {
            person: Some(owner.to_owned()),
            limit: 500,
            ..StatementQuery::default()
        };
        let statement = self.hub.statement(&query).unwrap();
        (statement.escrow.micros(), statement.balance.posted.micros())
    }

    pub fn tick(&self) {
        loops::verification::tick(&self.hub).unwrap();
        loops::ledger::tick(&self.hub).unwrap();
    }

    pub fn pass(&self, span: Duration) {
        self.hub.world.advance(span);
    }

    /// The whole ledger adds up.
    pub fn check(&self) {
        let verified = self.hub.verify_ledger().unwrap();
        assert!(verified.is_sound(), "{verified:?}");
        assert_eq!(verified.trial.posted, 0);
    }
}

fn of_class(class: &str) -> Capabilities {
    Capabilities {
        device_class: Some(class.to_owned()),
        ..laptop()
    }
}

impl Machine {
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    pub fn take(&self, fleet: &Fleet) -> Order {
        self.try_take(fleet).expect("there is work")
    }

    pub fn try_take(&self, fleet: &Fleet) -> Option<Order> {
        let orders = fleet
            .hub
            .lease_runs(self.token, self.id, &self.session, 1, &[]);
        match orders {
            Ok(orders) => orders.start.into_iter().next(),
            Err(HubError::Forbidden(why)) if why.contains("is banned") => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub fn polls_nothing(&self, fleet: &Fleet) -> bool {
        self.try_take(fleet).is_none()
    }

    /// Does the next task, and says that it gave this.
    pub fn work(&self, fleet: &Fleet, value: f64) -> RunId {
        self.work_with(fleet, value, 2.0)
    }

    pub fn work_with(&self, fleet: &Fleet, value: f64, train_loss: f64) -> RunId {
        let order = self.take(fleet);
        self.end(fleet, &order, said(value, train_loss, STEPS))
            .unwrap();
        order.run.id
    }

    pub fn work_all(&self, fleet: &Fleet, value: f64) {
        while let Some(order) = self.try_take(fleet) {
            self.finish(fleet, &order, value).unwrap();
        }
    }

    pub fn work_until_settled(&self, fleet: &Fleet, run: RunId, value: f64) {
        for _ in 0..100 {
            let audits = fleet.audits(run);
            if audits.iter().all(|audit| audit.stage == Stage::Settled) {
                return;
            }
            self.work(fleet, value);
        }
        panic!("the check of {run} goes on and on: {:?}", fleet.audits(run));
    }

    /// The clock ends it before its steps.
    pub fn cut_off(&self, fleet: &Fleet, value: f64) -> RunId {
        let order = self.take(fleet);
        fleet.pass(BUDGET);
        self.end_early(fleet, &order, value).unwrap();
        order.run.id
    }

    pub fn fail(&self, fleet: &Fleet) -> RunId {
        self.fail_by(fleet, Failure::ExitCode(1))
    }

    pub fn fail_by(&self, fleet: &Fleet, failure: Failure) -> RunId {
        let order = self.take(fleet);
        fleet.pass(BUDGET);
        self.end_by(fleet, &order, failure).unwrap();
        order.run.id
    }

    pub fn end_by(&self, fleet: &Fleet, order: &Order, failure: Failure) -> Result<Run, HubError> {
        let failed = Finish {
            outcome: Outcome::Failed(failure),
            results: serde_json::Map::new(),
            ..said(0.0, 0.0, 0)
        };
        self.end(fleet, order, failed)
    }

    /// Does nothing, and says so.
    pub fn make_up(&self, fleet: &Fleet, value: f64) -> RunId {
        let order = self.take(fleet);
        let simulated = Finish {
            provenance: Provenance::Simulated,
            ..said(value, 2.0, STEPS)
        };
        self.end(fleet, &order, simulated).unwrap();
        order.run.id
    }

    /// Says that it was asked to stop.
    pub fn give_up(&self, fleet: &Fleet) -> RunId {
        let order = self.take(fleet);
        let cancelled = Finish {
            outcome: Outcome::Cancelled,
            ..said(0.0, 0.0, 0)
        };
        self.end(fleet, &order, cancelled).unwrap();
        order.run.id
    }

    pub fn end_early(&self, fleet: &Fleet, order: &Order, value: f64) -> Result<Run, HubError> {
        self.end(fleet, order, said(value, 2.0, STEPS - 1))
    }

    pub fn finish(&self, fleet: &Fleet, order: &Order, value: f64) -> Result<Run, HubError> {
        self.end(fleet, order, said(value, 2.0, STEPS))
    }

    fn end(&self, fleet: &Fleet, order: &Order, finish: Finish) -> Result<Run, HubError> {
        fleet
            .hub
            .finish_run(self.token, order.run.id, order.lease, finish)
    }

    pub fn leave(&self, fleet: &Fleet) {
        let left = fleet.hub.dismiss_worker(self.token, self.id, &self.session);
        left.unwrap();
    }

    /// How many of what it has it is told to let go.
    pub fn abandons(&self, fleet: &Fleet, order: &Order) -> usize {
        let holding = [(order.run.id, order.lease.epoch)];
        let orders = fleet
            .hub
            .renew_leases(self.token, self.id, &self.session, &holding);
        orders.unwrap().abandon.len()
    }
}

fn said(value: f64, train_loss: f64, steps: u32) -> Finish {
    let results = json!({
        "val_bpb": value,
        "train_loss": train_loss,
        "steps_completed": steps,
        "model_params": 1000,
        "wall_time_seconds": 9.1,
    });
    Finish {
        outcome: Outcome::Completed,
        results: results.as_object().unwrap().clone(),
        wall_time: Duration::from_secs(9),
        stop: None,
        environment: None,
        provenance: Provenance::Measured,
    }
}
