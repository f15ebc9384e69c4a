//! What is simulated: how many of which, for whom, and what goes wrong.

use std::{fmt, str::FromStr};

use crate::policy::Profile;

use super::planted::Planted;

/// One simulation.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What all chance follows from.
    pub seed: u64,
    /// How many workers there are at a time.
    pub workers: u32,
    /// How many tasks are to be done.
    pub tasks: u32,
    /// Who they are.
    pub mix: Mix,
    /// How careful the hub is.
    pub profile: Profile,
    /// What goes wrong besides.
    pub faults: Faults,
    pub(crate) planted: Option<Planted>,
}

impl Setup {
    /// A mixed fleet among friends with the usual faults.
    pub fn new(seed: u64, workers: u32, tasks: u32) -> Self {
        Self {
            seed,
            workers: workers.max(2),
            tasks,
            mix: Mix::default(),
            profile: Profile::Friends,
            faults: Faults::USUAL,
            planted: None,
        }
    }
}

/// How a worker behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// As it should; its machine goes wrong now and then.
    Honest,
    /// Honest, on a machine with a fifth of the speed.
    Slow,
    /// Honest, on a machine that dies often and computes wrong often.
    Flaky,
    /// Makes up every result, and sends results for others' tasks.
    Blatant,
    /// Makes up one result in ten.
    Stealth,
    /// Makes up every result after ten honest ones.
    Sleeper,
    /// Makes up every result after a hundred honest ones.
    LateSleeper,
    /// Makes up every result, the same ones as its fellows.
    Colluding,
    /// One result in ten, the same ones as its fellows.
    ColludingStealth,
    /// Every result after ten honest ones, the same ones as its fellows.
    ColludingSleeper,
    /// Makes one result in ten look worse than it is.
    Pessimist,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Kind::Honest,
        Kind::Slow,
        Kind::Flaky,
        Kind::Blatant,
        Kind::Stealth,
        Kind::Sleeper,
        Kind::LateSleeper,
        Kind::Colluding,
        Kind::ColludingStealth,
        Kind::ColludingSleeper,
        Kind::Pessimist,
    ];

    /// The word in commands and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Honest => "honest",
            Kind::Slow => "slow",
            Kind::Flaky => "flaky",
            Kind::Blatant => "blatant",
            Kind::Stealth => "stealth",
            Kind::Sleeper => "sleeper",
            Kind::LateSleeper => "late-sleeper",
            Kind::Colluding => "colluding",
            Kind::ColludingStealth => "colluding-stealth",
            Kind::ColludingSleeper => "colluding-sleeper",
            Kind::Pessimist => "pessimist",
        }
    }

    /// Whether it means what it says, even if its machine does not.
    pub const fn is_honest(self) -> bool {
        matches!(self, Kind::Honest | Kind::Slow | Kind::Flaky)
    }

    pub(super) const fn colludes(self) -> bool {
        matches!(
            self,
            Kind::Colluding | Kind::ColludingStealth | Kind::ColludingSleeper
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            let known: Vec<String> = Self::ALL.iter().map(|kind| format!("`{kind}`")).collect();
            format!("`{text}` is no kind of worker; say {}", known.join(", "))
        })
    }
}

/// Who the workers are: shares in thousandths. Whoever is not named is honest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    shares: Vec<(Kind, u32)>,
}

impl Default for Mix {
    /// Mostly honest, and some of everything.
    fn default() -> Self {
        Self {
            shares: vec![
                (Kind::Slow, 50),
                (Kind::Flaky, 30),
                (Kind::Blatant, 20),
                (Kind::Stealth, 20),
                (Kind::Sleeper, 20),
                (Kind::LateSleeper, 10),
                (Kind::Colluding, 10),
                (Kind::ColludingStealth, 10),
                (Kind::ColludingSleeper, 10),
                (Kind::Pessimist, 10),
            ],
        }
    }
}

impl Mix {
    /// All honest, but for these shares in thousandths; refused beyond a whole.
    pub fn new(shares: Vec<(Kind, u32)>) -> Result<Self, String> {
        let total: u64 = shares.iter().map(|(_, share)| u64::from(*share)).sum();
        if total > 1_000 {
            return Err(format!(
                "the shares are {} % together; choose at most 100 %",
                total / 10
            ));
        }
        Ok(Self { shares })
    }

    /// The shares that were named, in thousandths.
    pub fn shares(&self) -> &[(Kind, u32)] {
        &self.shares
    }

    /// What each of `workers` is. Every kind that was named has one at least where there is room.
    pub(super) fn kinds(&self, workers: u32) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (kind, share) in self.shares.iter().filter(|(_, share)| *share > 0) {
            let count = (u64::from(workers) * u64::from(*share) / 1_000).max(1);
            kinds.extend((0..count).map(|_| *kind));
        }
        kinds.truncate(workers as usize);
        kinds.resize(workers as usize, Kind::Honest);
        kinds
    }
}

impl FromStr for Mix {
    type Err = String;

    /// `honest`, or shares in percent: `blatant=10,stealth=2.5`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == Kind::Honest.as_str() {
            return Self::new(Vec::new());
        }
        let share = |part: &str| {
            let refused = || {
                format!("`{part}` is no share of a kind of worker; write for example `blatant=10`")
            };
            let (kind, percent) = part.trim().split_once('=').ok_or_else(refused)?;
            Ok((kind.parse()?, thousandths(percent).ok_or_else(refused)?))
        };
        Self::new(text.split(',').map(share).collect::<Result<_, String>>()?)
    }
}

/// Thousandths of a percentage with at most one decimal.
fn thousandths(percent: &str) -> Option<u32> {
    let (whole, tenth) = percent.split_once('.').unwrap_or((percent, "0"));
    let whole: u32 = whole.parse().ok()?;
    let tenth: u32 = tenth.parse().ok().filter(|tenth| *tenth < 10)?;
    whole.checked_mul(10)?.checked_add(tenth)
}

/// What goes wrong besides, as shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    /// Of messages that are lost, so that they are sent again.
    pub lost: f64,
    /// Of messages that come twice.
    pub doubled: f64,
    /// Of messages that come late, up to an hour.
    pub delayed: f64,
    /// Of runs during which the worker dies.
    pub deaths: f64,
    /// Of runs during which the worker is cut off and goes on.
    pub cuts: f64,
    /// Of results that an honest machine computes wrong.
    pub wrong: f64,
    /// How often the hub restarts while the tasks are done.
    pub restarts: u32,
}

impl Faults {
    /// Machines compute wrong now and then; all else is well.
    pub const NONE: Faults = Faults {
        lost: 0.0,
        doubled: 0.0,
        delayed: 0.0,
        deaths: 0.0,
        cuts: 0.0,
        wrong: 0.002,
        restarts: 0,
    };

    /// What a fleet over the internet sees.
    pub const USUAL: Faults = Faults {
        lost: 0.01,
        doubled: 0.01,
        delayed: 0.005,
        deaths: 0.005,
        cuts: 0.005,
        wrong: 0.002,
        restarts: 8,
    };

    /// Far more than that, to find what breaks.
    pub const HEAVY: Faults = Faults {
        lost: 0.1,
        doubled: 0.15,
        delayed: 0.1,
        deaths: 0.08,
        cuts: 0.1,
        wrong: 0.03,
        restarts: 6,
    };
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Faults::NONE),
            "usual" => Ok(Faults::USUAL),
            "heavy" => Ok(Faults::HEAVY),
            _ => Err(format!(
                "`{text}` is no kind of faults; say `none`, `usual` or `heavy`"
            )),
        }
    }
}
