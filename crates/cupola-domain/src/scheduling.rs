//! Which of the tasks that are ready goes first.
//!
//! Tasks of one owner wait in a line of their own, in the order in which they are due. Between lines
//! the one goes first whose claim is highest; among equal claims the owner who has least at work for
//! their share; then what is due first. Nothing of an owner whose quota is used up is given.
//!
//! ```text
//! due   = made - urgency × 10 min                       within a line, the earliest first
//! claim = urgency + (now - later of made and the line's last turn) / 10 min, rounded down
//! load  = what the owner has at work / the owner's share
//! ```
//!
//! Within a line a task overtakes whatever was made so much later that its urgency does not make up for it,
//! and a line that is passed over claims more the longer it waits: nothing waits for ever. A line that is
//! served claims nothing for its age, so that who came with many tasks first does not keep out who came
//! with few afterwards.

use std::{cmp::Reverse, collections::BTreeMap, fmt, time::Duration};

use crate::{
    ids::{ExperimentId, TaskId},
    time::Timestamp,
};

/// A task that waits this long is as urgent as one with a priority higher by one that has just come.
pub const AGEING_STEP: Duration = Duration::from_mins(10);

const AGEING_STEP_MILLIS: i64 = 600_000;

/// An owner's share lies between 1 and this.
pub const SHARE_MAX: u32 = 1_000;

/// On which machines the tasks of an experiment run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// On any that have what they need.
    #[default]
    Anywhere,
    /// On machines of one device class, that of the first lease, so that their values compare.
    OneClass,
}

impl Placement {
    /// The word in bodies, files and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Placement::Anywhere => "any",
            Placement::OneClass => "same",
        }
    }
}

impl std::str::FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" | "any" => Ok(Placement::Anywhere),
            "same" => Ok(Placement::OneClass),
            _ => Err(format!("is `{text}`; say `any` or `same`")),
        }
    }
}

/// Tasks that wait in one line: an owner's, and apart from them those of each experiment that keeps to
/// one device class.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    /// Whose they are.
    pub owner: String,
    /// The experiment that has a line of its own.
    pub experiment: Option<ExperimentId>,
}

impl Lane {
    /// The line of an experiment's tasks.
    pub fn of(owner: &str, placement: Placement, experiment: ExperimentId) -> Self {
        Self {
            owner: owner.to_owned(),
            experiment: (placement == Placement::OneClass).then_some(experiment),
        }
    }

    /// Reads what is displayed.
    pub fn parse(text: &str) -> Self {
        let parts = text.rsplit_once('\n');
        let own = parts.and_then(|(owner, id)| Some((owner, id.parse().ok()?)));
        let (owner, experiment) = own.map_or((text, None), |(owner, id)| (owner, Some(id)));
        Self {
            owner: owner.to_owned(),
            experiment,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.owner)?;
        match self.experiment {
            Some(experiment) => write!(f, "\n{experiment}"),
            None => Ok(()),
        }
    }
}

/// When a task is due: the earliest of a line goes first.
pub fn due(made: Timestamp, urgency: i64) -> Timestamp {
    let ahead = urgency.saturating_mul(AGEING_STEP_MILLIS);
    Timestamp::from_millis(made.millis().saturating_sub(ahead))
}

/// When a task was made that is due then.
pub fn made(due: Timestamp, urgency: i64) -> Timestamp {
    let ahead = urgency.saturating_mul(AGEING_STEP_MILLIS);
    Timestamp::from_millis(due.millis().saturating_add(ahead))
}

/// The first of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The line.
    pub lane: Lane,
    /// The task that goes first in it.
    pub task: TaskId,
    /// When that is due.
    pub due: Timestamp,
    /// When it was made.
    pub made: Timestamp,
    /// The highest urgency in the line.
    pub urgency: i64,
}

impl Head {
    /// What the line claims; `turn` is when something of it was leased last.
    pub fn claim(&self, turn: Option<Timestamp>, now: Timestamp) -> i64 {
        let since = turn.map_or(self.made, |turn| turn.max(self.made));
        let waited = now.millis().saturating_sub(since.millis()).max(0);
        self.urgency.saturating_add(waited / AGEING_STEP_MILLIS)
    }
}

/// What an owner may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Who has twice the share has twice as much at work when all want more.
    pub share: u32,
    /// So many tasks at work at once; `None` is no limit.
    pub running_max: Option<u32>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            share: 1,
            running_max: None,
        }
    }
}

/// What owners may have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Everybody who is not named.
    pub others: Terms,
    /// By owner.
    pub owners: BTreeMap<String, Terms>,
}

impl Policy {
    /// What one owner may have.
    pub fn of(&self, owner: &str) -> Terms {
        self.owners.get(owner).copied().unwrap_or(self.others)
    }

    /// Why nothing more of an owner is leased who has so many tasks at work; nothing where something is.
    pub fn refusal(&self, owner: &str, running: u64) -> Option<String> {
        let most = self.of(owner).running_max?;
        (running >= u64::from(most)).then(|| {
            let tasks = if running == 1 { "task" } else { "tasks" };
            format!("`{owner}` has {running} {tasks} at work and a quota of {most}")
        })
    }
}

/// How many tasks of each owner are at work.
pub type Loads = BTreeMap<String, u64>;

/// The line whose first task goes first, by its place among `heads`, each with when it had its last turn.
pub fn choose<'a>(
    heads: impl IntoIterator<Item = (&'a Head, Option<Timestamp>)>,
    loads: &Loads,
    policy: &Policy,
    now: Timestamp,
) -> Option<usize> {
    let load = |owner: &str| loads.get(owner).copied().unwrap_or(0);
    let open = heads.into_iter().enumerate().filter(|(_, (head, _))| {
        let owner = head.lane.owner.as_str();
        policy.refusal(owner, load(owner)).is_none()
    });
    let first = open.min_by_key(|(_, (head, turn))| {
        let owner = head.lane.owner.as_str();
        let share = u128::from(policy.of(owner).share.max(1));
        // Millionths of a task for each share, so that whole numbers do.
        let weighed = u128::from(load(owner)) * 1_000_000 / share;
        (
            Reverse(head.claim(*turn, now)),
            weighed,
            head.due,
            head.task,
        )
    });
    first.map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ids;

    const START: i64 = 1_000_000_000;

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::from_millis(START + minutes * 60_000)
    }

    /// `ada:2@30` is a task of ada's with urgency 2 that was made in minute 30; `ada:2@30<50` had its last
    /// turn in minute 50. Loads are `ada=3`, terms `ada/2` for a share and `ada!4` for a quota.
    fn check(script: &str, now: i64, expected: &str) {
        let mut ids = Ids::new(1);
        let (mut heads, mut loads, mut policy) = (Vec::new(), Loads::new(), Policy::default());
        for word in script.split_whitespace() {
            let number = |text: &str| text.parse::<i64>().unwrap();
            if let Some((owner, running)) = word.split_once('=') {
                loads.insert(owner.to_owned(), u64::try_from(number(running)).unwrap());
            } else if let Some((owner, share)) = word.split_once('/') {
                let terms = policy.owners.entry(owner.to_owned()).or_default();
                terms.share = u32::try_from(number(share)).unwrap();
            } else if let Some((owner, most)) = word.split_once('!') {
                let terms = policy.owners.entry(owner.to_owned()).or_default();
                terms.running_max = Some(u32::try_from(number(most)).unwrap());
            } else {
                let (owner, rest) = word.split_once(':').unwrap();
                let (rest, turn) = rest.split_once('<').map_or((rest, None), |(rest, turn)| {
                    (rest, Some(minute(number(turn))))
                });
                let (urgency, made) = rest.split_once('@').unwrap();
                let (urgency, made) = (number(urgency), minute(number(made)));
                let head = Head {
                    lane: Lane::parse(owner),
                    task: ids.next(minute(0)),
                    due: due(made, urgency),
                    made,
                    urgency,
                };
                heads.push((head, turn));
            }
        }
        let asked = heads.iter().map(|(head, turn)| (head, *turn));
        let chosen = choose(asked, &loads, &policy, minute(now));
        let owner = chosen.map_or("nobody", |at| heads[at].0.lane.owner.as_str());
        assert_eq!(owner, expected, "{script} in minute {now}");
    }

    #[test]
    fn what_is_more_urgent_goes_first_and_then_what_was_made_first() {
        check("", 0, "nobody");
        check("ada:0@0 bob:1@5", 5, "bob");
        check("ada:1@3 bob:1@2", 5, "bob");
        check("ada:-1@0 bob:0@5", 5, "bob");
        // Made in the same moment: the one that was numbered first.
        check("ada:0@0 bob:0@0", 5, "ada");
    }

    #[test]
    fn who_waits_claims_a_step_more_every_ten_minutes() {
        check("ada:0@0 bob:1@9", 9, "bob");
        check("ada:0@0 bob:1@10", 10, "ada");
        check("ada:0@0 bob:5@49", 49, "bob");
        check("ada:0@0 bob:5@50", 50, "ada");
    }

    #[test]
    fn who_was_served_does_not_claim_for_what_has_waited_long() {
        check("ada:0@0<600 bob:0@595 ada=9", 600, "bob");
        check("ada:0@0<600 bob:0@595 bob=9", 600, "ada");
        check("ada:0@0<590 bob:0@600", 600, "ada");
    }

    #[test]
    fn among_equals_who_has_least_for_their_share_goes_first() {
        check("ada:0@0 bob:0@1 ada=1", 2, "bob");
        check("ada:0@0 bob:0@1 ada=1 bob=1", 2, "ada");
        check("ada:0@0 bob:0@1 ada=3 bob=2 ada/2", 2, "ada");
        check("ada:0@0 bob:0@1 ada=4 bob=2 ada/2", 2, "ada");
        check("ada:0@0 bob:0@1 ada=5 bob=2 ada/2", 2, "bob");
        // Fairness is among equals only.
        check("ada:1@0 bob:0@0 ada=100", 2, "ada");
    }

    #[test]
    fn who_has_used_up_a_quota_is_passed_over() {
        check("ada:9@0 bob:0@1 ada=2 ada!2", 2, "bob");
        check("ada:9@0 bob:0@1 ada=1 ada!2", 2, "ada");
        check("ada:9@0 ada!0", 2, "nobody");
    }

    #[test]
    fn a_line_says_who_and_what_it_is_of() {
        let experiment: ExperimentId = Ids::new(1).next(minute(0));
        for (placement, own) in [
            (Placement::Anywhere, None),
            (Placement::OneClass, Some(experiment)),
        ] {
            let lane = Lane::of("ada\nlovelace", placement, experiment);
            assert_eq!(lane.experiment, own);
            assert_eq!(Lane::parse(&lane.to_string()), lane);
        }
    }

    #[test]
    fn what_is_made_later_needs_an_urgency_to_go_first_in_its_line() {
        assert!(due(minute(0), 0) < due(minute(1), 0));
        assert!(due(minute(9), 1) < due(minute(0), 0));
        assert!(due(minute(11), 1) > due(minute(0), 0));
        assert_eq!(made(due(minute(7), -3), -3), minute(7));
    }

    /// One machine, owners who always have more: whatever was made at the start is done at last.
    #[test]
    fn nothing_waits_for_ever() {
        let mut ids = Ids::new(1);
        let mut head = |owner: &str, urgency: i64, at: i64| Head {
            lane: Lane::parse(owner),
            task: ids.next(minute(at)),
            due: due(minute(at), urgency),
            made: minute(at),
            urgency,
        };
        let old = head("ada", 0, 0);
        let mut turn = None;
        for now in 0..1_000 {
            let urgent = head("bob", 50, now);
            let heads = [(&urgent, turn), (&old, None)];
            if choose(heads, &Loads::new(), &Policy::default(), minute(now)) == Some(1) {
                assert_eq!(now, 500);
                return;
            }
            turn = Some(minute(now));
        }
        panic!("it was never given");
    }

    /// Everybody always has more: what they get is as their shares.
    #[test]
    fn machines_are_divided_by_share() {
        let mut ids = Ids::new(1);
        let mut policy = Policy::default();
        for (owner, share) in [("ada", 1), ("bob", 2), ("eve", 5)] {
            let terms = Terms {
                share,
                running_max: None,
            };
            policy.owners.insert(owner.to_owned(), terms);
        }
        let heads: Vec<_> = ["ada", "bob", "eve"]
            .map(|owner| Head {
                lane: Lane::parse(owner),
                task: ids.next(minute(0)),
                due: minute(0),
                made: minute(0),
                urgency: 0,
            })
            .into();
        let mut loads = Loads::new();
        for _ in 0..80 {
            let asked = heads.iter().map(|head| (head, Some(minute(0))));
            let at = choose(asked, &loads, &policy, minute(0)).unwrap();
            *loads.entry(heads[at].lane.owner.clone()).or_default() += 1;
        }
        let got: Vec<_> = loads.into_iter().collect();
        let expected = [("ada", 10), ("bob", 20), ("eve", 50)];
        assert_eq!(
            got,
            expected.map(|(owner, number)| (owner.to_owned(), number))
        );
    }
}
