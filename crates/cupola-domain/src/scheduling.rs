//! Which of the tasks that are ready goes first: first whose, then which of theirs.
//!
//! The owner goes first who has least at work for their share; of several, who has been longest without a
//! turn. Who has used up a quota is left out. Of an owner's tasks the one goes that is due first:
//!
//! ```text
//! load = what the owner has at work / the owner's share
//! due  = made - urgency × 10 min
//! ```
//!
//! So a priority orders nothing but its owner's own tasks, and nobody has more for coming with many tasks, many
//! experiments or many kinds of needs.
//!
//! Once in four hours an owner goes before all others, with what has waited for so long while they were given
//! nothing with the same needs and have none at work. Otherwise who has much at work on machines that nobody else can use would be given
//! nothing on those that others want as well.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    time::Duration,
};

use crate::{
    ids::{ExperimentId, TaskId},
    time::Timestamp,
};

/// A task that waits this long is as urgent as one with a priority higher by one that has just come.
pub const AGEING_STEP: Duration = Duration::from_mins(10);

const AGEING_STEP_MILLIS: i64 = 600_000;

/// What waits this long while its owner is given nothing with the same needs and has none at work goes first; of
/// an owner once in that time.
const LATE: Duration = Duration::from_hours(4);

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

/// Which machines may run an experiment's tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// All.
    Any,
    /// Those of one device class: which, as soon as it is kept.
    One(Option<String>),
}

impl Class {
    /// Whether a machine of this device class may; one that did not find out its own is of no class.
    pub fn takes(&self, class: Option<&str>) -> bool {
        match (self, class) {
            (Class::Any, _) => true,
            (Class::One(_), None) => false,
            (Class::One(kept), Some(class)) => kept.as_ref().is_none_or(|kept| kept == class),
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

/// The task of a line that goes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The line.
    pub lane: Lane,
    /// Which machines may run what waits in it.
    pub class: Class,
    /// What is due first.
    pub task: TaskId,
    /// When that is.
    pub due: Timestamp,
    /// How urgent it is.
    pub urgency: i64,
}

impl Head {
    /// When it was made, or tried again by a person.
    pub fn made(&self) -> Timestamp {
        made(self.due, self.urgency)
    }
}

/// Whose turn it is. Known by heart: after a restart everybody's is the same.
#[derive(Debug, Default)]
pub struct Turns {
    /// How many leases there were.
    count: u64,
    /// Which of these was an owner's last.
    last: HashMap<String, u64>,
    /// When an owner was last given what was late.
    late: HashMap<String, Timestamp>,
    /// When an owner was last given something with the same needs; what was so long ago that it makes no
    /// difference any more is forgotten.
    given: HashMap<(String, i64), Timestamp>,
    forgotten: Option<Timestamp>,
}

impl Turns {
    /// Who was never served is before everybody.
    fn of(&self, owner: &str) -> u64 {
        self.last.get(owner).copied().unwrap_or(0)
    }

    /// An owner was given something with these needs.
    pub fn note(&mut self, (owner, needs): (&str, i64), is_late: bool, now: Timestamp) {
        self.count += 1;
        self.last.insert(owner.to_owned(), self.count);
        if is_late {
            self.late.insert(owner.to_owned(), now);
        }
        self.given.insert((owner.to_owned(), needs), now);
        let is_time = |then: Timestamp| now.since(then) >= AGEING_STEP;
        if self.forgotten.is_none_or(is_time) {
            self.forgotten = Some(now);
            self.given.retain(|_, given| now.since(*given) < LATE);
        }
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

    /// Whether anybody has a quota.
    pub fn has_quotas(&self) -> bool {
        let has = |terms: &Terms| terms.running_max.is_some();
        has(&self.others) || self.owners.values().any(has)
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

/// Which needs, by their numbers, owners have something with at work.
pub type Kinds = BTreeSet<(String, i64)>;

/// What is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The line, by its place among those that were asked for.
    pub at: usize,
    /// Whether it goes because it was late.
    pub is_late: bool,
}

/// What a choice goes by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What owners have at work.
    pub loads: &'a Loads,
    /// With which needs.
    pub kinds: &'a Kinds,
    /// What they may have.
    pub policy: &'a Policy,
    /// What they were given so far.
    pub turns: &'a Turns,
    /// The time.
    pub now: Timestamp,
}

impl Facts<'_> {
    /// Whether an owner has used up a quota.
    pub fn is_full(&self, owner: &str) -> bool {
        self.policy.refusal(owner, self.running(owner)).is_some()
    }

    fn running(&self, owner: &str) -> u64 {
        self.loads.get(owner).copied().unwrap_or(0)
    }

    /// Whether a task has waited for too long while its owner has nothing like it.
    fn is_late(&self, needs: i64, head: &Head) -> bool {
        let is_long = |since: Timestamp| self.now.since(since) >= LATE;
        if !is_long(head.made()) {
            return false;
        }
        let kind = (owner_of(head).to_owned(), needs);
        let last = [self.turns.given.get(&kind), self.turns.late.get(&kind.0)];
        last.into_iter().flatten().all(|last| is_long(*last)) && !self.kinds.contains(&kind)
    }

    /// In millionths of a task for each share, so that whole numbers do.
    fn load(&self, owner: &str) -> u128 {
        let share = u128::from(self.policy.of(owner).share.max(1));
        u128::from(self.running(owner)) * 1_000_000 / share
    }
}

/// What goes first of these lines, each with the number of what its tasks need.
pub fn choose<'a>(
    lines: impl IntoIterator<Item = (i64, &'a Head)>,
    facts: Facts<'_>,
) -> Option<Choice> {
    let lines: Vec<_> = lines.into_iter().collect();
    let owners: BTreeSet<&str> = lines.iter().map(|(_, head)| owner_of(head)).collect();
    let open = owners.into_iter().filter(|owner| !facts.is_full(owner));
    let open: BTreeSet<&str> = open.collect();
    let late = lines
        .iter()
        .enumerate()
        .filter(|(_, (needs, head))| open.contains(owner_of(head)) && facts.is_late(*needs, head));
    let late = late.map(|(at, (_, head))| (facts.turns.late.get(owner_of(head)), head.made(), at));
    if let Some((.., at)) = late.min() {
        return Some(Choice { at, is_late: true });
    }
    let mut firsts: BTreeMap<&str, (usize, &Head)> = BTreeMap::new();
    for (at, (_, head)) in lines.iter().enumerate() {
        let first = firsts.entry(owner_of(head)).or_insert((at, head));
        if (head.due, head.task) < (first.1.due, first.1.task) {
            *first = (at, head);
        }
    }
    let waiting = open.into_iter().filter_map(|owner| {
        let (at, head) = firsts.get(owner)?;
        let order = (facts.load(owner), facts.turns.of(owner), head.made());
        Some((order, *at))
    });
    let (_, at) = waiting.min()?;
    Some(Choice { at, is_late: false })
}

fn owner_of(head: &Head) -> &str {
    &head.lane.owner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ids;

    const START: i64 = 1_000_000_000;

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::from_millis(START + minutes * 60_000)
    }

    /// `ada:2@30` is a task of ada's with urgency 2 that was made in minute 30. Loads are `ada=3`, terms
    /// `ada/2` for a share and `ada!4` for a quota; `ada<50` was given something in minute 50, `ada+50`
    /// with the same needs, `ada>50` what was late; `ada~` has something with the same needs at work. What goes first is said with its place.
    fn check(script: &str, now: i64, expected: &str) {
        let mut ids = Ids::new(1);
        let (mut lines, mut loads, mut policy) = (Vec::new(), Loads::new(), Policy::default());
        let (mut turns, mut kinds) = (Turns::default(), Kinds::new());
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
            } else if let Some((owner, then)) = word.split_once('<') {
                turns.note((owner, 2), false, minute(number(then)));
            } else if let Some((owner, then)) = word.split_once('>') {
                turns.note((owner, 2), true, minute(number(then)));
            } else if let Some((owner, then)) = word.split_once('+') {
                turns.note((owner, 1), false, minute(number(then)));
            } else if let Some(owner) = word.strip_suffix('~') {
                kinds.insert((owner.to_owned(), 1));
            } else {
                let (owner, rest) = word.split_once(':').unwrap();
                let (urgency, made) = rest.split_once('@').unwrap();
                let task = ids.next(minute(0));
                lines.push(head(owner, task, number(urgency), number(made)));
            }
        }
        let facts = Facts {
            loads: &loads,
            kinds: &kinds,
            policy: &policy,
            turns: &turns,
            now: minute(now),
        };
        let chosen = choose(lines.iter().map(|head| (1, head)), facts);
        let first = chosen.map_or("nobody".to_owned(), |choice| {
            format!("{} {}", lines[choice.at].lane.owner, choice.at)
        });
        assert_eq!(first, expected, "{script} in minute {now}");
    }

    fn head(owner: &str, task: TaskId, urgency: i64, at: i64) -> Head {
        Head {
            lane: Lane::parse(owner),
            class: Class::Any,
            task,
            due: due(minute(at), urgency),
            urgency,
        }
    }

    #[test]
    fn of_an_owners_tasks_the_one_goes_that_is_due_first() {
        check("", 0, "nobody");
        check("ada:0@5 ada:0@0", 5, "ada 1");
        check("ada:1@3 ada:1@2", 5, "ada 1");
        check("ada:-1@0 ada:0@5", 5, "ada 1");
        // Ten minutes are a step.
        check("ada:0@0 ada:1@9", 9, "ada 1");
        check("ada:0@0 ada:1@11", 11, "ada 0");
        // Made in the same moment: the one that was numbered first.
        check("ada:0@0 ada:0@0", 5, "ada 0");
    }

    #[test]
    fn who_has_least_for_their_share_goes_first() {
        check("ada:0@0 bob:0@1 ada=1", 2, "bob 1");
        check("ada:0@0 bob:0@1 ada=3 bob=2 ada/2", 2, "ada 0");
        check("ada:0@0 bob:0@1 ada=5 bob=2 ada/2", 2, "bob 1");
        // However urgent, and however long it waits.
        check("ada:9@0 bob:0@0 ada=1", 2, "bob 1");
        check("ada:0@0 bob:0@239 ada=1", 239, "bob 1");
    }

    #[test]
    fn among_those_who_have_the_same_at_work_who_was_longest_without_a_turn_goes_first() {
        check("ada:0@0 bob:0@1 ada<2", 3, "bob 1");
        check("ada:0@0 bob:0@1 ada<2 bob<2", 3, "ada 0");
        check("ada:0@0 bob:0@1 eve:0@2 ada<2 bob<2", 3, "eve 2");
        check("ada:0@0 bob:0@1 ada=4 bob=2 ada/2 bob<1 ada<2", 2, "bob 1");
        // Nobody had one yet: whose task was made first, whatever its priority.
        check("ada:0@0 bob:1000000@1", 2, "ada 0");
    }

    #[test]
    fn who_has_used_up_a_quota_is_left_out() {
        check("ada:9@0 bob:0@1 ada=2 bob=3 ada!2", 2, "bob 1");
        check("ada:9@0 bob:0@1 ada=1 bob=1 ada!2", 2, "ada 0");
        check("ada:9@0 ada!0", 2, "nobody");
        check("ada:9@0 ada!0", 600, "nobody");
    }

    #[test]
    fn what_has_waited_four_hours_goes_first_where_nothing_like_it_is_at_work() {
        check("ada:0@0 bob:3@239 ada=9 bob=1", 239, "bob 1");
        check("ada:0@0 bob:3@239 ada=9 bob=1", 240, "ada 0");
        check("ada:0@0 bob:3@239 ada=9 bob=1 ada~", 240, "bob 1");
        // Of an owner once in that time.
        check("ada:0@0 bob:3@239 ada=9 bob=1 ada>1", 240, "bob 1");
        check("ada:0@0 bob:3@239 ada=9 bob=1 ada>0", 240, "ada 0");
        check("ada:0@0 bob:0@1 ada=2 bob=3 ada>0", 241, "bob 1");
        // Something like it was given since.
        check("ada:0@0 bob:3@239 ada=9 bob=1 ada+1", 240, "bob 1");
        check("ada:0@0 bob:3@239 ada=9 bob=1 ada+0", 240, "ada 0");
    }

    #[test]
    fn machines_of_one_class_take_what_keeps_to_it() {
        let check = |class: Class, machine: Option<&str>, expected: bool| {
            assert_eq!(class.takes(machine), expected, "{class:?} {machine:?}");
        };
        check(Class::Any, None, true);
        check(Class::One(None), None, false);
        check(Class::One(None), Some("a"), true);
        check(Class::One(Some("a".to_owned())), Some("a"), true);
        check(Class::One(Some("a".to_owned())), Some("b"), false);
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
    fn when_it_was_made_follows_from_when_it_is_due() {
        assert_eq!(made(due(minute(7), -3), -3), minute(7));
        assert_eq!(made(due(minute(7), 1_000_000), 1_000_000), minute(7));
    }

    /// Machines that are never idle, and owners who have as much as they like.
    struct Shop {
        /// Whose task each has, of which line, until when.
        machines: Vec<Option<(String, i64, i64)>>,
        turns: Turns,
        policy: Policy,
        ids: Ids,
        given: BTreeMap<String, u64>,
    }

    /// A line of an owner's tasks: how urgent they are, when they were made, for how many minutes each runs,
    /// and on which machines.
    #[derive(Clone)]
    struct Wanted {
        owner: &'static str,
        urgency: i64,
        made: i64,
        span: i64,
        machines: std::ops::Range<usize>,
    }

    fn wanted(owner: &'static str, span: i64) -> Wanted {
        Wanted {
            owner,
            urgency: 0,
            made: 0,
            span,
            machines: 0..usize::MAX,
        }
    }

    impl Shop {
        fn new(machines: usize, shares: &[(&str, u32)]) -> Self {
            let mut policy = Policy::default();
            for (owner, share) in shares {
                let terms = Terms {
                    share: *share,
                    running_max: None,
                };
                policy.owners.insert((*owner).to_owned(), terms);
            }
            Self {
                machines: vec![None; machines],
                turns: Turns::default(),
                policy,
                ids: Ids::new(1),
                given: BTreeMap::new(),
            }
        }

        fn loads(&self) -> Loads {
            let mut loads = Loads::new();
            for (owner, ..) in self.machines.iter().flatten() {
                *loads.entry(owner.clone()).or_default() += 1;
            }
            loads
        }

        /// Lets time pass until that minute: what ends ends, and each idle machine is given what goes first.
        fn pass(&mut self, minutes: std::ops::Range<i64>, lines: &[Wanted]) {
            for now in minutes {
                for at in 0..self.machines.len() {
                    let running = self.machines[at].as_ref();
                    if running.is_none_or(|(.., until)| *until <= now) {
                        self.machines[at] = None;
                        self.give(at, now, lines);
                    }
                }
            }
        }

        fn give(&mut self, machine: usize, now: i64, lines: &[Wanted]) {
            let fitting = lines.iter().enumerate();
            let fitting: Vec<_> = fitting
                .filter(|(_, line)| line.machines.contains(&machine))
                .map(|(at, line)| {
                    let task = self.ids.next(minute(0));
                    (at, head(line.owner, task, line.urgency, line.made))
                })
                .collect();
            let number = |at: usize| i64::try_from(at).unwrap();
            let loads = self.loads();
            let running = self.machines.iter().flatten();
            let kinds = running.map(|(owner, line, _)| (owner.clone(), *line));
            let kinds: Kinds = kinds.collect();
            let facts = Facts {
                loads: &loads,
                kinds: &kinds,
                policy: &self.policy,
                turns: &self.turns,
                now: minute(now),
            };
            let heads = fitting.iter().map(|(at, head)| (number(*at), head));
            let Some(choice) = choose(heads, facts) else {
                return;
            };
            let at = fitting[choice.at].0;
            let Wanted { owner, span, .. } = lines[at];
            self.turns
                .note((owner, number(at)), choice.is_late, minute(now));
            self.machines[machine] = Some((owner.to_owned(), number(at), now + span));
            *self.given.entry(owner.to_owned()).or_default() += 1;
        }

        fn given(&self, owner: &str) -> u64 {
            self.given.get(owner).copied().unwrap_or(0)
        }
    }

    #[test]
    fn machines_are_divided_by_share_however_slowly_leases_come() {
        // A lease each 1, 5 and 15 minutes.
        for gap in [1, 5, 15] {
            let machines = 12;
            let span = gap * i64::try_from(machines).unwrap();
            let mut shop = Shop::new(machines, &[("eve", 5)]);
            // At first one begins each gap.
            shop.machines = (0..machines)
                .map(|at| Some(("nobody".to_owned(), 0, gap * i64::try_from(at).unwrap())))
                .collect();
            let lines = [wanted("ada", span), wanted("eve", span)];
            shop.pass(0..600 * gap, &lines);
            let (ada, eve) = (shop.given("ada"), shop.given("eve"));
            assert_eq!(ada + eve, 600);
            assert!(ada.abs_diff(100) <= 10, "{gap}: {ada} and {eve}");
        }
    }

    #[test]
    fn with_fewer_machines_than_owners_each_has_a_turn() {
        let mut shop = Shop::new(1, &[]);
        let mut lines = [wanted("ada", 30), wanted("bob", 30), wanted("eve", 30)];
        lines[2].made = 900;
        shop.pass(900..900 + 30 * 300, &lines);
        for owner in ["ada", "bob", "eve"] {
            assert!(shop.given(owner).abs_diff(100) <= 1, "{:?}", shop.given);
        }
    }

    #[test]
    fn who_has_long_tasks_does_not_hold_more_machines_for_it() {
        let mut shop = Shop::new(4, &[]);
        let lines = [wanted("ada", 600), wanted("bob", 15)];
        let mut held = 0;
        for now in 0..12_000 {
            shop.pass(now..now + 1, &lines);
            held += shop.loads().get("ada").copied().unwrap_or(0);
        }
        let mean = held / 120;
        assert!((190..=210).contains(&mean), "{mean} hundredths");
    }

    #[test]
    fn who_has_many_lines_is_not_many_people() {
        for gap in [1, 15] {
            let mut shop = Shop::new(1, &[]);
            let mut lines = vec![wanted("ada", gap); 200];
            lines.push(wanted("bob", gap));
            lines[200].made = 60;
            shop.pass(60..60 + 2_000 * gap, &lines);
            // Once in four hours ada's goes first.
            assert!(shop.given("bob") >= 870, "{gap}: {:?}", shop.given);
        }
    }

    #[test]
    fn a_high_priority_keeps_nobody_out() {
        let mut shop = Shop::new(2, &[]);
        let mut lines = [wanted("eve", 10), wanted("bob", 10)];
        lines[0].urgency = 1_000_000;
        shop.pass(0..6_000, &lines);
        assert!(shop.given("bob").abs_diff(600) <= 1, "{:?}", shop.given);
    }

    #[test]
    fn an_owners_least_urgent_task_is_given_in_time() {
        let mut ids = Ids::new(1);
        let (loads, kinds) = (Loads::new(), Kinds::from([("ada".to_owned(), 1)]));
        let (policy, turns) = (Policy::default(), Turns::default());
        let old = head("ada", ids.next(minute(0)), -20, 0);
        let goes_at = (0..1_000).find(|now| {
            let new = head("ada", ids.next(minute(0)), 20, *now);
            let facts = Facts {
                loads: &loads,
                kinds: &kinds,
                policy: &policy,
                turns: &turns,
                now: minute(*now),
            };
            choose([(1, &new), (1, &old)], facts).unwrap().at == 1
        });
        assert_eq!(goes_at, Some(400));
    }

    /// Two machines are wanted by both, four by ada alone: she has more at work than bob at all times.
    #[test]
    fn who_has_machines_that_nobody_else_wants_is_given_others_all_the_same() {
        for gap in [1, 15] {
            let mut shop = Shop::new(6, &[]);
            let mut lines = [wanted("ada", gap), wanted("bob", gap), wanted("eve", gap)];
            lines[0].machines = 0..4;
            lines[2].owner = "ada";
            (lines[1].machines, lines[2].machines) = (4..6, 4..6);
            shop.pass(0..1_000 * gap, &lines);
            // Once in four hours.
            let beside = 2_000 - shop.given("bob");
            assert!(beside >= 4, "{gap}: {:?}", shop.given);
        }
    }
}
