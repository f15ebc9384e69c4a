//! What happens when: machines, messages and clocks around the hub.

mod queue;
mod troubles;

use std::collections::{BTreeMap, HashSet};

use cupola_domain::credits::Credits;

use super::{
    Progress, Setup, Summary,
    fleet::{Chance, Job, Report, Truths, Worker},
    hub::{Hub, Message, Order},
    setup::{Faults, Kind},
};

use queue::Queue;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A worker that got nothing asks again after so long.
const IDLE_POLL: u64 = 10 * MINUTE;

/// So many results in a thousand of a blatant liar come with one for somebody else's task.
const REPLAYED: f64 = 0.1;

#[derive(Clone, Copy)]
enum Event {
    Poll(u32),
    Done { worker: u32, life: u32, job: Job },
    Send(Message),
    Deliver(Message),
    Refereed { task: u32, recheck: Option<usize> },
    Die { worker: u32, life: u32 },
    Cut { worker: u32, life: u32 },
    Back { worker: u32, silence: u32 },
    Overdue { worker: u32, silence: u32 },
    Rejoin(u32),
    Up,
}

pub(super) struct World {
    hub: Hub,
    fleet: Vec<Worker>,
    truths: Truths,
    ring: HashSet<u32>,
    chance: Chance,
    faults: Faults,
    now: u64,
    queue: Queue<Event>,
    tasks: u32,
    down_until: u64,
    restarts_left: u32,
    banned: BTreeMap<Kind, u64>,
    fakes_running: f64,
}

impl World {
    pub(super) fn new(setup: &Setup) -> Self {
        let truths = Truths::new(setup.seed);
        let mut world = Self {
            hub: Hub::new(setup, truths),
            fleet: Vec::new(),
            truths,
            ring: HashSet::new(),
            chance: Chance::new(setup.seed),
            faults: setup.faults,
            now: 0,
            queue: Queue::default(),
            tasks: setup.tasks,
            down_until: 0,
            restarts_left: setup.faults.restarts,
            banned: BTreeMap::new(),
            fakes_running: 0.0,
        };
        world.gather(&setup.mix.kinds(setup.workers));
        world
    }

    /// Plays until every task is at its end and nothing is under way.
    pub(super) fn play(mut self, mut watch: impl FnMut(Progress)) -> Summary {
        let every = u64::from(self.tasks / 2).max(64);
        let most = 100_000 + 500 * u64::from(self.tasks) + 1_000 * self.fleet.len() as u64;
        let mut seen = 0;
        while self.hub.open > 0 || self.hub.pending > 0 {
            let Some(event) = self.next() else {
                break;
            };
            seen += 1;
            if seen > most {
                let open = self.hub.open;
                let say = || format!("no end in sight: {open} tasks are open after {most} events");
                self.hub.checks.must(false, say);
                break;
            }
            self.happen(event);
            self.obey();
            if seen % every == 0 {
                self.hub.add_up();
            }
            if seen % (every / 25).max(64) == 0 {
                watch(self.progress());
            }
        }
        let tally = &self.hub.tally;
        self.fakes_running = share(tally.fake_released, tally.released);
        let away = u64::try_from(self.hub.policy.wait.away.as_millis()).unwrap_or(u64::MAX);
        self.hub.close(self.now.saturating_add(away));
        watch(self.progress());
        self.summary()
    }

    /// The first workers join. Of the honest ones every fifth belongs to the owner of the one before.
    fn gather(&mut self, kinds: &[Kind]) {
        let mut owner = None;
        for (at, kind) in kinds.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| kinds[at]);
            let shares = at % 5 == 4 && kind.is_honest() && before.is_some_and(Kind::is_honest);
            let of = match owner.filter(|_| shares) {
                Some(owner) => owner,
                None => self.hub.add_owner(),
            };
            owner = Some(of);
            let worker = self.join(*kind, of);
            // A herd that comes at once is spread.
            let at = self.chance.millis(0, 10 * MINUTE);
            self.push(at, Event::Poll(worker));
        }
    }

    fn join(&mut self, kind: Kind, owner: u32) -> u32 {
        let worker = Worker::new(kind, &mut self.chance);
        self.hub.add_worker(owner, worker.class, worker.slots);
        self.fleet.push(worker);
        u32::try_from(self.fleet.len() - 1).unwrap_or(u32::MAX)
    }

    fn push(&mut self, at: u64, event: Event) {
        self.queue.push(at, event);
    }

    fn next(&mut self) -> Option<Event> {
        let (at, event) = self.queue.pop()?;
        self.now = at;
        Some(event)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Poll(worker) => {
                self.fleet[worker as usize].is_waiting = false;
                self.poll(worker);
            }
            Event::Done { worker, life, job } => self.done(worker, life, job),
            Event::Send(message) => self.send(message),
            Event::Deliver(message) => self.deliver(message),
            Event::Refereed { task, recheck } => self.refereed(task, recheck),
            Event::Die { worker, life } => self.die(worker, life),
            Event::Cut { worker, life } => self.cut(worker, life),
            Event::Back { worker, silence } => self.back(worker, silence),
            Event::Overdue { worker, silence } => self.overdue(worker, silence),
            Event::Rejoin(worker) => self.rejoin(worker),
            Event::Up => self.hub.restart(self.now),
        }
    }

    /// Whether the hub is away; if so, the event comes again when it is back.
    fn is_down(&mut self, event: Event) -> bool {
        if self.now >= self.down_until {
            return false;
        }
        let at = self.down_until + self.chance.millis(SECOND, MINUTE);
        self.push(at, event);
        true
    }

    fn poll(&mut self, name: u32) {
        let now = self.now;
        let worker = &self.fleet[name as usize];
        if worker.is_dead || worker.is_gone || worker.is_waiting || now < worker.cut_until {
            return;
        }
        if now < self.down_until {
            let at = self.down_until + self.chance.millis(SECOND, MINUTE);
            return self.poll_at(name, at);
        }
        // Who lies about everything says that it has room for more than it has.
        let mut more = worker.kind == Kind::Blatant;
        loop {
            let worker = &self.fleet[name as usize];
            if worker.jobs.len() >= usize::from(worker.slots) && !std::mem::take(&mut more) {
                return;
            }
            let Some(job) = self.hub.poll(name, &worker.jobs, now) else {
                return self.poll_at(name, now + IDLE_POLL);
            };
            if self.chance.happens(self.faults.lost) {
                self.hub.counts.messages_lost += 1;
                let at = now + self.chance.millis(SECOND, MINUTE);
                return self.poll_at(name, at);
            }
            self.start(name, job);
        }
    }

    fn poll_at(&mut self, name: u32, at: u64) {
        self.fleet[name as usize].is_waiting = true;
        self.push(at, Event::Poll(name));
    }

    fn start(&mut self, name: u32, job: Job) {
        let worker = &mut self.fleet[name as usize];
        worker.jobs.push(job);
        let (life, speed, frailty) = (worker.life, worker.speed, worker.frailty());
        let budget = self.truths.time_budget(job.task).as_secs() * SECOND;
        let reference = budget * 9 / 10 + self.chance.millis(0, budget / 10);
        let takes = reference * 1_000 / u64::from(speed);
        self.push(
            self.now + takes,
            Event::Done {
                worker: name,
                life,
                job,
            },
        );
        if self.chance.happens(self.faults.deaths * frailty) {
            let at = self.now + self.chance.millis(0, takes);
            self.push(at, Event::Die { worker: name, life });
        }
        if self.chance.happens(self.faults.cuts * frailty) {
            let at = self.now + self.chance.millis(0, takes);
            self.push(at, Event::Cut { worker: name, life });
        }
    }

    fn done(&mut self, name: u32, life: u32, job: Job) {
        let worker = &mut self.fleet[name as usize];
        if worker.life != life || !worker.jobs.contains(&job) {
            return;
        }
        let luck = (&mut self.chance, &self.faults);
        let report = worker.report(name, job.task, &self.truths, &mut self.ring, luck);
        let is_liar = worker.kind == Kind::Blatant;
        self.send(Message {
            worker: name,
            job,
            report,
        });
        if is_liar && self.chance.happens(REPLAYED) {
            self.replay(name, report);
        }
    }

    /// A liar sends its result for a task of somebody else.
    fn replay(&mut self, worker: u32, report: Report) {
        let task = self.chance.below(self.hub.begun());
        let epoch = 1 + self.chance.below(2);
        let job = Job { task, epoch };
        self.send(Message {
            worker,
            job,
            report,
        });
    }

    fn send(&mut self, message: Message) {
        let now = self.now;
        let cut_until = self.fleet[message.worker as usize].cut_until;
        if now < cut_until {
            return self.push(cut_until + SECOND, Event::Send(message));
        }
        if self.chance.happens(self.faults.lost) {
            self.hub.counts.messages_lost += 1;
            let at = now + self.chance.millis(SECOND, MINUTE);
            return self.push(at, Event::Send(message));
        }
        let takes = if self.chance.happens(self.faults.delayed) {
            self.chance.millis(SECOND, HOUR)
        } else {
            self.chance.millis(10, 300)
        };
        self.push(now + takes, Event::Deliver(message));
        if self.chance.happens(self.faults.doubled) {
            let at = now + self.chance.millis(10, 2 * HOUR);
            self.push(at, Event::Deliver(message));
        }
    }

    fn deliver(&mut self, message: Message) {
        if self.is_down(Event::Deliver(message)) {
            return;
        }
        self.hub.deliver(&message, self.now);
        self.fleet[message.worker as usize]
            .jobs
            .retain(|job| *job != message.job);
        self.obey();
        self.poll(message.worker);
        self.restart_when_due();
    }

    fn refereed(&mut self, task: u32, recheck: Option<usize>) {
        if !self.is_down(Event::Refereed { task, recheck }) {
            self.hub.refereed(task, recheck, self.now);
        }
    }

    /// Does what the hub ordered.
    fn obey(&mut self) {
        while let Some(order) = self.hub.orders.pop() {
            match order {
                Order::Referee { task, recheck } => {
                    let takes = self.truths.time_budget(task).as_secs() * SECOND / 2;
                    self.push(self.now + takes, Event::Refereed { task, recheck });
                }
                Order::Banned { owner } => self.shut_out(owner),
            }
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            accepted: u64::from(self.tasks - self.hub.open) - self.hub.tally.failed,
            tasks: u64::from(self.tasks),
            violations: self.hub.checks.violations,
        }
    }

    fn summary(self) -> Summary {
        let Progress {
            accepted, tasks, ..
        } = self.progress();
        let Hub {
            checks,
            counts,
            tally,
            ..
        } = self.hub;
        let runs = counts.runs + counts.referee_runs;
        Summary {
            tasks,
            accepted,
            failed: tally.failed,
            fake_credit_share: share(tally.fake_released, tally.released),
            fake_credit_share_running: self.fakes_running,
            wrong_credit_share: share(tally.wrong_released, tally.released),
            overhead: share(signed(runs) - signed(accepted), signed(accepted)),
            violations: checks.violations,
            broken: checks.broken,
            wrong_result_share: share(tally.wrong_results, signed(accepted)),
            banned: self.banned.into_iter().collect(),
            counts,
            released: Credits::from_micros(tally.released),
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share is shown with a few digits"
)]
fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
