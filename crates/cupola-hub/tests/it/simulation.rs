//! Whole fleets in simulation: one seed decides everything.
//!
//! Workers, a researcher and the hub live under a clock that only the simulation moves. Requests
//! and answers get lost, come twice, come late; workers crash, pause and come back; the hub crashes;
//! the wall clock jumps. While that goes on, laws are checked; then the faults stop, and everything
//! must finish.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use cupola_domain::{
    counts::{Counts, State},
    ids::{ExperimentId, RunId, TaskId},
    run::Failure,
};
use cupola_hub::{
    HubError, loops,
    work::{Finish, Held, Order, Report},
};
use cupola_search::rng::Rng;

use crate::support::{Below as _, TestHub, TestWorker, completed, failed, finish, held};

const WORKERS: usize = 4;
const STEPS: usize = 250;
const HEALING_STEPS: usize = 600;

/// What each seed must have seen somewhere, lest the simulation be blind to it.
const SIGHTS: [&str; 10] = [
    "request lost",
    "answer lost",
    "message doubled",
    "message late",
    "lease expired",
    "run leased again",
    "stale result refused",
    "late result taken",
    "hub crashed",
    "given again",
];

#[test]
fn no_task_is_lost_none_has_two_results_and_all_finish_after_healing() {
    let seeds: u64 = std::env::var("CUPOLA_SIMULATION_SEEDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(40);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..seeds {
        let mut fleet = Fleet::new(seed);
        fleet.live();
        fleet.heal();
        for (sight, times) in fleet.seen {
            *seen.entry(sight).or_default() += times;
        }
    }
    for sight in SIGHTS {
        assert!(seen.contains_key(sight), "no seed saw `{sight}`: {seen:?}");
    }
}

/// A program on a simulated worker.
#[derive(Debug, Clone)]
struct Program {
    order: Order,
    reports: i64,
    /// What it will say at its end, once it has ended.
    ending: Option<Finish>,
}

struct SimWorker {
    worker: TestWorker,
    programs: HashMap<RunId, Program>,
    paused_until: usize,
}

/// A message that the network kept back.
enum Late {
    Finish(usize, Order, Finish),
    Report(usize, Order, Report),
}

struct Fleet {
    hub: TestHub,
    rng: Rng,
    seed: u64,
    faults: bool,
    step: usize,
    workers: Vec<SimWorker>,
    families: Vec<ExperimentId>,
    late: Vec<Late>,
    /// Values whose results the hub acknowledged: they stand for ever.
    acknowledged: HashMap<TaskId, f64>,
    epochs: HashMap<TaskId, i64>,
    seen: BTreeMap<&'static str, u64>,
}

impl Fleet {
    fn new(seed: u64) -> Self {
        let hub = TestHub::with_seed(seed);
        let workers = (0..WORKERS)
            .map(|n| SimWorker {
                worker: hub.join(&format!("w{n}")),
                programs: HashMap::new(),
                paused_until: 0,
            })
            .collect();
        let families = vec![hub.submit(6)];
        Self {
            hub,
            rng: Rng::at(seed, 1),
            seed,
            faults: true,
            step: 0,
            workers,
            families,
            late: Vec::new(),
            acknowledged: HashMap::new(),
            epochs: HashMap::new(),
            seen: BTreeMap::new(),
        }
    }

    fn live(&mut self) {
        for _ in 0..STEPS {
            self.advance();
            match self.rng.below(100) {
                0 => self.crash_hub(),
                1 => self.crash_worker(),
                2 => self.pause_worker(),
                3 => self.jump_clock(),
                4..8 => self.research(),
                8..16 => self.deliver_late(),
                _ => self.work(),
            }
            if self.step.is_multiple_of(25) {
                self.check_laws();
            }
        }
    }

    /// The faults stop; in bounded time everything ends.
    fn heal(&mut self) {
        self.faults = false;
        while !self.late.is_empty() {
            self.deliver_late();
        }
        for worker in &mut self.workers {
            worker.paused_until = 0;
        }
        for _ in 0..HEALING_STEPS {
            self.advance();
            for at in 0..WORKERS {
                self.work_of(at);
            }
            if self.counts().finished() == self.counts().total() {
                self.check_laws();
                return;
            }
        }
        panic!(
            "seed {}: not all has finished after healing: {:?}",
            self.seed,
            self.counts()
        );
    }

    fn advance(&mut self) {
        self.step += 1;
        let millis = if self.rng.below(20) == 0 {
            20_000
        } else {
            self.rng.below(3_000)
        };
        self.hub.world.advance(Duration::from_millis(millis));
        let expired = loops::leases::tick(&self.hub).unwrap();
        if expired > 0 {
            self.note("lease expired");
        }
        loops::campaigns::tick(&self.hub).unwrap();
        if self.rng.below(50) == 0 {
            loops::retention::tick(&self.hub).unwrap();
        }
    }

    fn work(&mut self) {
        let at = self.pick(WORKERS);
        self.work_of(at);
    }

    fn work_of(&mut self, at: usize) {
        if self.workers[at].paused_until > self.step {
            return;
        }
        self.run_programs(at);
        match self.rng.below(4) {
            0 => self.heartbeat(at),
            1 => self.report(at),
            2 => self.finish(at),
            _ => self.poll(at),
        }
    }

    /// Programs end by themselves.
    fn run_programs(&mut self, at: usize) {
        let mut rng = Rng::at(self.seed, self.step as u64 + 1000);
        for program in self.workers[at].programs.values_mut() {
            if program.ending.is_none() && rng.below(3) == 0 {
                let value = f64::from(u32::try_from(rng.below(1000)).unwrap()) / 100.0;
                program.ending = Some(match rng.below(10) {
                    0 => failed(Failure::ExitCode(1)),
                    1 => failed(Failure::NotPrepared("no bundle".into())),
                    _ => completed(value),
                });
            }
        }
    }

    fn poll(&mut self, at: usize) {
        if self.lose("request lost") {
            return;
        }
        let holding = self.holding(at);
        let worker = self.workers[at].worker.clone();
        let free = 2u32.saturating_sub(u32::try_from(holding.len()).unwrap());
        let orders = match worker.poll(&self.hub, free, &holding) {
            Ok(orders) => orders,
            Err(error) => return self.rejoin(at, error),
        };
        for order in &orders.start {
            if order.run.attempt > 1 {
                self.note("run leased again");
            }
            let epoch = order.lease.epoch;
            let known = self.epochs.insert(order.task.id, epoch);
            if known == Some(epoch) {
                self.note("given again");
            }
            assert!(known.is_none_or(|known| known <= epoch), "epochs only grow");
        }
        if self.lose("answer lost") {
            return;
        }
        for order in orders.start {
            let program = Program {
                order,
                reports: 0,
                ending: None,
            };
            self.workers[at]
                .programs
                .insert(program.order.run.id, program);
        }
        self.obey(at, &orders.cancel, &orders.abandon);
    }

    fn heartbeat(&mut self, at: usize) {
        if self.lose("request lost") {
            return;
        }
        let holding = self.holding(at);
        let worker = self.workers[at].worker.clone();
        match worker.heartbeat(&self.hub, &holding) {
            Ok(orders) if !self.lose("answer lost") => {
                self.obey(at, &orders.cancel, &orders.abandon);
            }
            Ok(_) => {}
            Err(error) => self.rejoin(at, error),
        }
    }

    fn obey(&mut self, at: usize, cancel: &[Held], abandon: &[Held]) {
        let programs = &mut self.workers[at].programs;
        for (run, _) in abandon {
            programs.remove(run);
        }
        for (run, _) in cancel {
            if let Some(program) = programs.get_mut(run) {
                let mut finish = completed(0.0);
                finish.outcome = cupola_domain::run::Outcome::Cancelled;
                program.ending.get_or_insert(finish);
            }
        }
    }

    fn report(&mut self, at: usize) {
        let Some(program) = self.some_program(at) else {
            return;
        };
        let report = Report {
            seq: program.reports,
            ..Report::default()
        };
        if self.lose("request lost") {
            return;
        }
        if self.faults && self.rng.below(8) == 0 {
            self.late
                .push(Late::Report(at, program.order.clone(), report.clone()));
        }
        self.send_report(&program.order, report.clone(), at);
        if self.double() {
            self.send_report(&program.order, report, at);
        }
    }

    fn send_report(&mut self, order: &Order, report: Report, at: usize) {
        let seq = report.seq;
        let sent = self
            .hub
            .take_report(self.hub.token, order.run.id, order.lease, report);
        if sent.is_ok() && !self.lose("answer lost") {
            if let Some(program) = self.workers[at].programs.get_mut(&order.run.id) {
                program.reports = program.reports.max(seq + 1);
            }
        } else if matches!(sent, Err(HubError::StaleLease(_))) {
            self.workers[at].programs.remove(&order.run.id);
        }
    }

    fn finish(&mut self, at: usize) {
        let ended = |program: &&Program| program.ending.is_some();
        let mut ended: Vec<_> = self.workers[at]
            .programs
            .values()
            .filter(ended)
            .cloned()
            .collect();
        ended.sort_by_key(|program| program.order.run.id);
        for program in ended {
            let Program {
                order,
                ending: Some(ending),
                ..
            } = program
            else {
                continue;
            };
            if self.lose("request lost") {
                continue;
            }
            if self.faults && self.rng.below(6) == 0 {
                self.late.push(Late::Finish(at, order, ending));
                continue;
            }
            self.send_finish(at, &order, ending.clone());
            if self.double() {
                self.send_finish(at, &order, ending);
            }
        }
    }

    fn send_finish(&mut self, at: usize, order: &Order, ending: Finish) {
        let before = self.state_of(order.task.id);
        let value = ending
            .results
            .get("val_bpb")
            .and_then(serde_json::Value::as_f64);
        match finish(&self.hub, order, ending) {
            Ok(run) => {
                if before == Some(State::Pending) && run.state.word() == State::Completed {
                    self.note("late result taken");
                }
                if self.lose("answer lost") {
                    return;
                }
                if run.state.word() == State::Completed {
                    let value = value.expect("a completed run has a value");
                    let first = *self.acknowledged.entry(order.task.id).or_insert(value);
                    assert!(
                        (first - value).abs() < f64::EPSILON,
                        "two results for one task"
                    );
                }
                self.workers[at].programs.remove(&order.run.id);
            }
            Err(HubError::StaleLease(_)) => {
                self.note("stale result refused");
                self.workers[at].programs.remove(&order.run.id);
            }
            Err(HubError::NotFound { .. }) => {
                self.workers[at].programs.remove(&order.run.id);
            }
            Err(HubError::Conflict(_)) => {
                self.workers[at].programs.remove(&order.run.id);
            }
            Err(error) => panic!("seed {}: {error}", self.seed),
        }
    }

    fn deliver_late(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let which = self.pick(self.late.len());
        self.note("message late");
        match self.late.swap_remove(which) {
            Late::Finish(at, order, finish) => self.send_finish(at, &order, finish),
            Late::Report(at, order, report) => self.send_report(&order, report, at),
        }
    }

    fn crash_hub(&mut self) {
        self.note("hub crashed");
        self.hub.restart();
    }

    fn crash_worker(&mut self) {
        let at = self.pick(WORKERS);
        self.workers[at].programs.clear();
        let mut worker = self.workers[at].worker.clone();
        worker.start(&self.hub);
        self.workers[at].worker = worker;
    }

    fn pause_worker(&mut self) {
        let at = self.pick(WORKERS);
        let steps = self.pick(60);
        self.workers[at].paused_until = self.step + steps;
    }

    fn jump_clock(&mut self) {
        let hours = i64::try_from(self.rng.below(48)).unwrap() - 24;
        self.hub.world.jump(hours * 3_600_000);
    }

    /// A worker whose place was taken, or who was removed, joins again.
    fn rejoin(&mut self, at: usize, error: HubError) {
        match error {
            HubError::Conflict(_) | HubError::NotFound { .. } => {
                self.workers[at].programs.clear();
                let name = format!("w{at}-{}", self.step);
                self.workers[at].worker = self.hub.join(&name);
            }
            error => panic!("seed {}: {error}", self.seed),
        }
    }

    fn research(&mut self) {
        let which = self.pick(self.families.len());
        let family = self.families[which];
        let filter = cupola_hub::tasks::Filter {
            experiment: Some(family),
            limit: 100,
            ..Default::default()
        };
        let tasks = self.hub.list_tasks(filter).unwrap().tasks;
        let task = &tasks[self.pick(tasks.len())];
        match self.rng.below(12) {
            0 => {
                let num_tasks = u32::try_from(self.rng.below(8)).unwrap() + 1;
                self.families.push(self.hub.submit(num_tasks));
            }
            1 => drop(self.hub.cancel_family(family).unwrap()),
            2 => {
                let at = self.pick(WORKERS);
                let worker = self.workers[at].worker.id();
                self.hub.remove_worker(worker).unwrap();
                self.rejoin(at, HubError::not_found("worker", worker));
            }
            3..6 => drop(self.hub.retry_task(task.id)),
            6 => drop(self.hub.cancel_run(task.run)),
            _ => drop(self.hub.cancel_task(task.id)),
        }
    }

    /// The laws that hold at every moment.
    fn check_laws(&self) {
        for family in &self.families {
            let filter = cupola_hub::tasks::Filter {
                experiment: Some(*family),
                limit: 1000,
                ..Default::default()
            };
            let page = self.hub.list_tasks(filter).unwrap();
            let mut counted = Counts::default();
            for task in &page.tasks {
                *counted.of_mut(task.state.word()) += 1;
                self.check_task(task.id);
            }
            assert_eq!(
                counted, page.counts,
                "seed {}: the counts add up",
                self.seed
            );
        }
        let ledger = self.hub.verify_ledger().unwrap();
        assert!(ledger.is_sound(), "seed {}: {ledger:?}", self.seed);
        let seqs: Vec<i64> = self
            .hub
            .changes_after(0, 100_000)
            .unwrap()
            .iter()
            .map(|row| row.seq)
            .collect();
        assert!(
            seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "changes have no gaps"
        );
    }

    fn check_task(&self, id: TaskId) {
        let detail = self.hub.task_detail(id).unwrap();
        let completed = detail
            .runs
            .iter()
            .filter(|run| run.state.word() == State::Completed);
        let is_completed = detail.task.state.word() == State::Completed;
        assert_eq!(
            completed.count(),
            usize::from(is_completed),
            "seed {}",
            self.seed
        );
        let with_worker = detail
            .runs
            .iter()
            .filter(|run| run.state.word() == State::Running);
        assert!(
            with_worker.count() <= 1,
            "seed {}: one worker at a time",
            self.seed
        );
        if let Some(value) = self.acknowledged.get(&id) {
            assert!(
                is_completed,
                "seed {}: what was acknowledged stands",
                self.seed
            );
            assert_eq!(detail.task.value, Some(*value), "seed {}", self.seed);
        }
    }

    fn counts(&self) -> Counts {
        self.hub.overview().unwrap().tasks
    }

    fn state_of(&self, task: TaskId) -> Option<State> {
        self.hub
            .task_detail(task)
            .ok()
            .map(|detail| detail.task.state.word())
    }

    fn holding(&self, at: usize) -> Vec<Held> {
        let mut holding: Vec<_> = self.workers[at]
            .programs
            .values()
            .map(|program| held(&program.order))
            .collect();
        holding.sort_unstable();
        holding
    }

    fn some_program(&mut self, at: usize) -> Option<Program> {
        let mut programs: Vec<_> = self.workers[at].programs.values().cloned().collect();
        programs.sort_by_key(|program| program.order.run.id);
        (!programs.is_empty()).then(|| programs.swap_remove(self.pick(programs.len())))
    }

    fn pick(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.below(bound as u64)).unwrap()
    }

    fn lose(&mut self, what: &'static str) -> bool {
        let lost = self.faults && self.rng.below(6) == 0;
        if lost {
            self.note(what);
        }
        lost
    }

    fn double(&mut self) -> bool {
        let doubled = self.faults && self.rng.below(6) == 0;
        if doubled {
            self.note("message doubled");
        }
        doubled
    }

    fn note(&mut self, sight: &'static str) {
        *self.seen.entry(sight).or_default() += 1;
    }
}
