//! The workers of the simulation and what they report: the truth, a fault, or something made up.

use std::{collections::HashSet, time::Duration};

use cupola_domain::objective::Direction;

use crate::{prf::Key, verdict::Observation};

use super::setup::{Faults, Kind};

/// How the objective of the simulated tasks is judged.
pub(super) const DIRECTION: Direction = Direction::Minimize;

/// So many numeric classes there are; the referee is of the first.
pub(super) const CLASSES: u8 = 5;

/// How the objective is spread over tasks.
const SEED_DEVIATION: f64 = 0.0112;

/// How far two classes differ on the same task.
const CLASS_NOISE: f64 = 1e-6;

/// How far a wrong value is from the true one.
const FAULT_SIZE: f64 = 0.2;

/// What a result is in truth. Only bookkeeping looks at it, never the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Right,
    Wrong,
    Fake,
}

/// What a run found, as its worker says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Report {
    pub seen: Observation<u8, u64>,
    pub truth: Truth,
}

/// Draws that look random, each once.
pub(super) struct Chance {
    key: Key,
    drawn: u64,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let key = Key::from_seed(seed);
        Self { key, drawn: 0 }
    }

    pub(super) fn unit(&mut self) -> f64 {
        self.drawn += 1;
        self.key.unit(&[self.drawn])
    }

    pub(super) fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.unit() < share
    }

    /// From `low` to `high`, in milliseconds.
    pub(super) fn millis(&mut self, low: u64, high: u64) -> u64 {
        self.drawn += 1;
        let span = usize::try_from(high - low).unwrap_or(usize::MAX);
        low + self.key.place(&[self.drawn], span).unwrap_or(0) as u64
    }

    pub(super) fn below(&mut self, count: u32) -> u32 {
        self.drawn += 1;
        let place = self.key.place(&[self.drawn], count as usize).unwrap_or(0);
        u32::try_from(place).unwrap_or(0)
    }
}

/// What each task would really give.
#[derive(Clone, Copy)]
pub(super) struct Truths {
    key: Key,
}

const VALUE: u64 = 1;
const DIGEST: u64 = 2;
const NOISE: u64 = 3;
const FAKE: u64 = 4;
const BUDGET: u64 = 5;
const RING: u64 = 6;

impl Truths {
    pub(super) fn new(seed: u64) -> Self {
        let key = Key::from_seed(seed ^ 0x7275_7468);
        Self { key }
    }

    /// What a sound machine of the class finds.
    pub(super) fn report(&self, task: u32, class: u8) -> Report {
        let (task, of) = (u64::from(task), u64::from(class));
        let noise = CLASS_NOISE * self.normal(&[NOISE, task, of]);
        let value = 3.5 + SEED_DEVIATION * self.normal(&[VALUE, task]) + noise;
        Report {
            seen: Observation {
                class,
                digest: self.key.bits(&[DIGEST, task, of]),
                value: Some(value),
            },
            truth: Truth::Right,
        }
    }

    /// What somebody makes up who knows how values are spread; the same for the same `author`.
    fn made_up(&self, task: u32, class: u8, author: u64) -> Report {
        let task = u64::from(task);
        let value = 3.5 + SEED_DEVIATION * self.normal(&[FAKE, task, author]);
        Report {
            seen: Observation {
                class,
                digest: self.key.bits(&[FAKE, task, author]),
                value: Some(value),
            },
            truth: Truth::Fake,
        }
    }

    /// How long the task may take.
    pub(super) fn time_budget(&self, task: u32) -> Duration {
        let place = self.key.place(&[BUDGET, u64::from(task)], 4).unwrap_or(0);
        Duration::from_secs([600, 1_200, 1_800, 2_400][place])
    }

    /// Nearly normal: the sum of four units, without a function that machines compute differently.
    fn normal(&self, words: &[u64]) -> f64 {
        let seed = self.key.bits(words);
        let unit = |n| self.key.unit(&[seed, n]);
        (0..4).map(unit).sum::<f64>() * 3.0_f64.sqrt() - 2.0 * 3.0_f64.sqrt()
    }
}

/// A run that a worker has, until its result has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Job {
    pub task: u32,
    pub epoch: u32,
}

/// One worker, from its own side.
pub(super) struct Worker {
    pub kind: Kind,
    pub class: u8,
    /// How fast it is, in thousandths.
    pub speed: u32,
    pub slots: u8,
    /// Counts its lives: what a former life began does not end in a later one.
    pub life: u32,
    pub is_dead: bool,
    /// Until when nothing of it arrives.
    pub cut_until: u64,
    /// Counts how often it fell silent and came back.
    pub silence: u32,
    /// Whether it asks again by itself.
    pub is_waiting: bool,
    pub is_gone: bool,
    pub jobs: Vec<Job>,
    reported: u32,
}

impl Worker {
    pub(super) fn new(kind: Kind, chance: &mut Chance) -> Self {
        let class = u8::try_from(chance.below(u32::from(CLASSES))).unwrap_or(0);
        let speed = 600 + chance.below(900);
        Self {
            kind,
            class,
            speed: if kind == Kind::Slow { speed / 5 } else { speed },
            slots: u8::try_from(1 + chance.below(2)).unwrap_or(1),
            life: 0,
            is_dead: false,
            cut_until: 0,
            silence: 0,
            is_waiting: false,
            is_gone: false,
            jobs: Vec::new(),
            reported: 0,
        }
    }

    /// How much more often than usual it dies or computes wrong.
    pub(super) fn frailty(&self) -> f64 {
        if self.kind == Kind::Flaky { 10.0 } else { 1.0 }
    }

    /// What it reports of a task. `ring` is what colluders have told each other: which tasks they faked.
    pub(super) fn report(
        &mut self,
        name: u32,
        task: u32,
        truths: &Truths,
        ring: &mut HashSet<u32>,
        (chance, faults): (&mut Chance, &Faults),
    ) -> Report {
        let cheats = self.cheats(task, truths, ring, chance);
        self.reported = self.reported.saturating_add(1);
        let honest = truths.report(task, self.class);
        match self.kind {
            _ if !cheats && chance.happens(faults.wrong * self.frailty()) => faulty(honest, chance),
            _ if !cheats => honest,
            Kind::Pessimist => worse(honest),
            kind if kind.colludes() => {
                ring.insert(task);
                truths.made_up(task, self.class, u64::MAX)
            }
            _ => truths.made_up(task, self.class, u64::from(name)),
        }
    }

    fn cheats(&self, task: u32, truths: &Truths, ring: &HashSet<u32>, chance: &mut Chance) -> bool {
        match self.kind {
            Kind::Honest | Kind::Slow | Kind::Flaky => false,
            Kind::Blatant | Kind::Colluding => true,
            Kind::Stealth | Kind::Pessimist => chance.happens(0.1),
            Kind::Sleeper => self.reported >= 10,
            Kind::LateSleeper => self.reported >= 100,
            Kind::ColludingSleeper => self.reported >= 10 || ring.contains(&task),
            Kind::ColludingStealth => truths.key.unit(&[RING, u64::from(task)]) < 0.1,
        }
    }
}

/// A machine computed wrong: mostly it did not come to a number or to a worse one.
fn faulty(honest: Report, chance: &mut Chance) -> Report {
    let by = FAULT_SIZE * chance.unit();
    let value = match chance.unit() {
        share if share < 0.35 => None,
        share if share < 0.98 => honest.seen.value.map(|value| value + by),
        _ => honest.seen.value.map(|value| value - by),
    };
    Report {
        seen: Observation {
            digest: !honest.seen.digest,
            value,
            ..honest.seen
        },
        truth: Truth::Wrong,
    }
}

fn worse(honest: Report) -> Report {
    Report {
        seen: Observation {
            digest: !honest.seen.digest,
            value: honest.seen.value.map(|value| value + 0.05),
            ..honest.seen
        },
        truth: Truth::Fake,
    }
}
