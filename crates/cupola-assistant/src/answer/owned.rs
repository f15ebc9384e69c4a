//! Whose things are: briefs, experiments and workers of whoever asks, who made something, who is there.

use std::collections::BTreeSet;

use cupola_domain::{counts::State, experiment::Experiment, text::excerpt, worker::Presence};
use cupola_hub::{HubError, workers::WorkerRow};

use super::{
    Answer, Desk, quoted,
    timing::{ago, date_of},
};
use crate::{
    links,
    names::{Key, Kind, Thing},
    numbers::plural,
    people,
    period::Period,
};

/// Things that are told one by one.
const LISTED_MAX: usize = 8;

/// Briefs that are read for those of one person: the newest.
const BRIEFS_MAX: u32 = 200;

impl Desk<'_> {
    /// Experiments by how they stand; of what failed or was cancelled, those with any such task, or with none.
    pub(super) fn experiments_in(&self, state: State, is_not: bool) -> Result<Answer, HubError> {
        let known = self.hub.known_experiments()?.into_iter();
        let there = known.filter(|known| known.deleted_at.is_none() && known.bin_of.is_none());
        let is_meant = |experiment: &Experiment| match state {
            State::Failed | State::Cancelled => (experiment.counts.of(state) > 0) != is_not,
            state => (experiment.state() == state && experiment.counts.total() > 0) != is_not,
        };
        let found: Vec<_> = there
            .map(|known| known.experiment)
            .filter(is_meant)
            .collect();
        let count = found.len() as u64;
        let no = if is_not { "no " } else { "" };
        let not = if is_not { "not " } else { "" };
        let what = match (state, count) {
            (State::Failed | State::Cancelled, 1) => format!("has {no}{state} tasks"),
            (State::Failed | State::Cancelled, _) => format!("have {no}{state} tasks"),
            (state, 1) => format!("is {not}{state}"),
            (state, _) => format!("are {not}{state}"),
        };
        let text = match count {
            0 => format!("No experiments {what}."),
            count => format!("{} {what}:", plural(count, "experiment")),
        };
        let mut answer = Answer::saying(text).count("experiments", count, links::EXPERIMENTS);
        for experiment in found.iter().take(LISTED_MAX) {
            let (id, counts) = (experiment.id, &experiment.counts);
            let name = self.called(id, &experiment.name);
            let source = links::experiment(experiment);
            let line = match counts.total() {
                0 => format!("{name}: no tasks"),
                total if is_not => {
                    format!("{name}: {}, {}", experiment.state(), plural(total, "task"))
                }
                total => format!(
                    "{name}: {} of {} {state}",
                    counts.of(state),
                    plural(total, "task")
                ),
            };
            answer = answer
                .more(line)
                .count(
                    format!("{state} tasks of {name}"),
                    counts.of(state),
                    &source,
                )
                .link(name, source)
                .listing(self.names.thing(id, &experiment.name));
        }
        Ok(answer.link("experiments", links::EXPERIMENTS))
    }

    /// Experiments of which no run was ever started, the newest first.
    pub(super) fn never_ran(&self) -> Result<Answer, HubError> {
        let known = self.hub.known_experiments()?.into_iter();
        let there = known.filter(|known| known.deleted_at.is_none() && known.bin_of.is_none());
        let mut found = Vec::new();
        for experiment in there.map(|known| known.experiment) {
            let counts = &experiment.counts;
            let has_run = counts.completed + counts.failed + counts.running > 0;
            if !has_run && (counts.total() == 0 || self.first_start(experiment.id)?.is_none()) {
                found.push(experiment);
            }
        }
        let count = found.len() as u64;
        let text = match count {
            0 => "Every experiment had a run that was started.".to_owned(),
            1 => "1 experiment never ran:".to_owned(),
            count => format!("{} never ran:", plural(count, "experiment")),
        };
        let mut answer = Answer::saying(text).count("experiments", count, links::EXPERIMENTS);
        for experiment in found.iter().take(LISTED_MAX) {
            let name = self.called(experiment.id, &experiment.name);
            let tasks = match experiment.counts.total() {
                0 => "no tasks".to_owned(),
                total => plural(total, "task"),
            };
            answer = answer
                .more(format!("{name}: {tasks}"))
                .link(name, links::experiment(experiment))
                .listing(self.names.thing(experiment.id, &experiment.name));
        }
        Ok(answer.link("experiments", links::EXPERIMENTS))
    }

    /// The workers that are heard of, or are not.
    pub(super) fn presence(&self, is_online: bool) -> Result<Answer, HubError> {
        let rows = self.hub.list_workers()?;
        let total = rows.len() as u64;
        let is_meant = |row: &&WorkerRow| (row.presence == Presence::Online) == is_online;
        let found: Vec<_> = rows.iter().filter(is_meant).collect();
        let count = found.len() as u64;
        let word = if is_online { "online" } else { "not online" };
        let verb = if count == 1 { "is" } else { "are" };
        let text = format!("{count} of {} {verb} {word}.", plural(total, "worker"));
        let mut answer = Answer::saying(text)
            .count(format!("workers {word}"), count, links::WORKERS)
            .count("workers", total, links::WORKERS);
        for row in found.into_iter().take(LISTED_MAX) {
            let (name, source) = (&row.worker.name, links::worker(row.worker.id));
            let seen = ago(row.worker.last_seen_at, self.now);
            answer = answer
                .more(format!(
                    "{}: {}, heard of {seen}",
                    quoted(name),
                    crate::tools::presence(row.presence)
                ))
                .link(name.clone(), source)
                .listing(Thing::new(Key::Worker(row.worker.id), name.clone()));
        }
        Ok(answer.link("workers", links::WORKERS))
    }

    /// The workers that have runs at work, or have none.
    pub(super) fn busy(&self, is_busy: bool) -> Result<Answer, HubError> {
        let mut rows = self.hub.list_workers()?;
        rows.retain(|row| row.worker.left_at.is_none());
        let total = rows.len() as u64;
        let found: Vec<_> = rows
            .iter()
            .filter(|row| (row.running > 0) == is_busy)
            .collect();
        let count = found.len() as u64;
        let verb = if count == 1 { "has" } else { "have" };
        let what = if is_busy { "runs" } else { "no runs" };
        let text = format!("{count} of {} {verb} {what}.", plural(total, "worker"));
        let mut answer = Answer::saying(text)
            .count(format!("workers with {what}"), count, links::WORKERS)
            .count("workers", total, links::WORKERS);
        for row in found.into_iter().take(LISTED_MAX) {
            let (name, source) = (&row.worker.name, links::worker(row.worker.id));
            answer = answer
                .more(format!(
                    "{}: {}, {}",
                    quoted(name),
                    crate::tools::presence(row.presence),
                    plural(row.running as u64, "run")
                ))
                .link(name.clone(), source)
                .listing(Thing::new(Key::Worker(row.worker.id), name.clone()));
        }
        Ok(answer.link("workers", links::WORKERS))
    }

    /// The experiments that were made in a time.
    pub(super) fn made(&self, within: &Period) -> Result<Answer, HubError> {
        let known = self.hub.known_experiments()?;
        let made = known.iter().filter(|known| {
            known.deleted_at.is_none()
                && known.bin_of.is_none()
                && within.contains(known.experiment.created_at)
        });
        let made: Vec<_> = made.map(|known| &known.experiment).collect();
        let when = excerpt(&within.words);
        let text = match made.len() as u64 {
            0 => format!("No experiment was made {when}."),
            1 => format!("1 experiment was made {when}:"),
            count => format!("{} were made {when}:", plural(count, "experiment")),
        };
        let answer = self.with_made(Answer::saying(text), &made);
        Ok(answer.link("experiments", links::EXPERIMENTS))
    }

    /// Experiments that were made, the newest first.
    pub(super) fn with_made(&self, answer: Answer, made: &[&Experiment]) -> Answer {
        let count = made.len() as u64;
        let mut answer = answer.count("experiments made", count, links::EXPERIMENTS);
        for experiment in made.iter().take(LISTED_MAX) {
            let name = self.called(experiment.id, &experiment.name);
            let made = ago(experiment.created_at, self.now);
            answer = answer
                .more(format!("{name}, made {made}"))
                .link(name, links::experiment(experiment))
                .listing(self.names.thing(experiment.id, &experiment.name));
        }
        if made.len() > LISTED_MAX {
            let others = made.len() - LISTED_MAX;
            answer = answer.more(format!("And {others} more, made before."));
        }
        answer
    }

    /// Who made something, as far as that is kept.
    pub(super) fn maker(&self, of: &Thing) -> Result<Answer, HubError> {
        let name = quoted(&of.name);
        if let Key::Worker(id) = of.key {
            let row = self.hub.worker_detail(id)?.row;
            let text = match row.owner.as_str() {
                "" => format!("Whose {name} is is not known any more: its token is gone."),
                owner => format!("{name} is {}'s.", quoted(owner)),
            };
            return Ok(Answer::saying(text).link(of.name.clone(), links::worker(id)));
        }
        let experiment = match of.key {
            Key::Experiment(id) => self.hub.experiment_detail(id)?.experiment,
            _ => self.hub.run_detail(self.run_of(of)?)?.experiment,
        };
        let called = self.called(experiment.id, &experiment.name);
        let text = format!(
            "{called} was made by {} {}; who started single runs is not recorded.",
            quoted(&experiment.author),
            date_of(experiment.created_at)
        );
        Ok(Answer::saying(text).link(called, links::experiment(&experiment)))
    }

    /// Briefs, the newest first.
    pub(super) fn briefs(&self, is_own: bool, within: Option<&Period>) -> Result<Answer, HubError> {
        let limit = if is_own || within.is_some() {
            BRIEFS_MAX
        } else {
            u32::try_from(LISTED_MAX).unwrap_or(u32::MAX)
        };
        let (mut rows, total) = self.hub.list_briefs("", limit, 0)?;
        // Older ones than the last that was read were not made in that time.
        let from = within.and_then(|period| period.from);
        let is_before = rows
            .last()
            .zip(from)
            .is_some_and(|(row, from)| row.brief.created_at < from);
        let is_all = total <= u64::from(limit) || is_before;
        let mut count = total;
        if let Some(period) = within {
            rows.retain(|row| period.contains(row.brief.created_at));
            count = rows.len() as u64;
        }
        if is_own {
            let names = self.own_names()?;
            rows.retain(|row| names.contains(&row.brief.author));
            count = rows.len() as u64;
        }
        let of = if is_own { " of yours" } else { "" };
        let when = within.map_or(String::new(), |period| {
            format!(", made {}", excerpt(&period.words))
        });
        let whose = format!("{of}{when}");
        let first = if count > LISTED_MAX as u64 {
            ", the newest first"
        } else {
            ""
        };
        let text = match count {
            0 => format!("There is no brief{whose}."),
            1 => format!("There is 1 brief{whose}:"),
            count => format!("There are {}{whose}{first}:", plural(count, "brief")),
        };
        let mut answer = Answer::saying(text).count("briefs", count, links::BRIEFS);
        for row in rows.iter().take(LISTED_MAX) {
            let family = &row.family;
            let name = self.called(family.id, &family.name);
            answer = answer
                .more(format!(
                    "{name}: {}, {}",
                    family.state(),
                    plural(family.counts.total(), "task")
                ))
                .link(name, links::experiment(family))
                .listing(self.names.thing(family.id, &family.name));
        }
        if is_own {
            answer = self.known_as(answer)?;
        }
        if !is_all && (is_own || within.is_some()) {
            answer = answer.more(format!("Looked at are the newest {BRIEFS_MAX} of {total}."));
        }
        Ok(answer.link("briefs", links::BRIEFS))
    }

    /// The experiments or the workers of whoever asks.
    pub(super) fn own(&self, kind: Kind) -> Result<Answer, HubError> {
        let mut found: Vec<(Thing, String, String)> = Vec::new();
        let source = if kind == Kind::Worker {
            links::WORKERS
        } else {
            links::EXPERIMENTS
        };
        if kind == Kind::Worker {
            let rows = self.hub.list_workers()?;
            for row in rows
                .into_iter()
                .filter(|row| row.owner == self.caller.owner)
            {
                let line = format!(
                    "{}: {}, {}",
                    quoted(&row.worker.name),
                    crate::tools::presence(row.presence),
                    plural(row.running as u64, "run")
                );
                let source = links::worker(row.worker.id);
                found.push((
                    Thing::new(Key::Worker(row.worker.id), row.worker.name),
                    line,
                    source,
                ));
            }
        } else {
            for experiment in self.own_experiments()? {
                let name = self.called(experiment.id, &experiment.name);
                let line = format!(
                    "{name}: {}, {}",
                    experiment.state(),
                    plural(experiment.counts.total(), "task")
                );
                let source = links::experiment(&experiment);
                found.push((
                    self.names.thing(experiment.id, &experiment.name),
                    line,
                    source,
                ));
            }
        }
        let count = found.len() as u64;
        let first = if found.len() > LISTED_MAX {
            ", the newest first"
        } else {
            ""
        };
        let text = match count {
            0 => format!("There is no {kind} of yours."),
            1 => format!("There is 1 {kind} of yours:"),
            count => format!(
                "There are {} of yours{first}:",
                plural(count, kind.as_str())
            ),
        };
        let mut answer = Answer::saying(text).count(format!("{kind}s"), count, source);
        for (thing, line, page) in found.into_iter().take(LISTED_MAX) {
            answer = answer
                .more(line)
                .link(thing.name.clone(), page)
                .listing(thing);
        }
        Ok(self.known_as(answer)?.link(format!("{kind}s"), source))
    }

    /// Experiments that whoever asks made, the newest first.
    pub(super) fn own_experiments(
        &self,
    ) -> Result<Vec<cupola_domain::experiment::Experiment>, HubError> {
        let names = self.own_names()?;
        let known = self.hub.known_experiments()?.into_iter();
        let own = known.filter(|known| {
            known.deleted_at.is_none()
                && known.bin_of.is_none()
                && names.contains(&known.experiment.author)
        });
        Ok(own.map(|known| known.experiment).collect())
    }

    /// Under which names whoever asks makes things.
    fn own_names(&self) -> Result<BTreeSet<String>, HubError> {
        let mut names = people::names_of(self.hub, &self.caller.owner)?;
        names.insert(self.caller.name.clone());
        Ok(names)
    }

    fn known_as(&self, answer: Answer) -> Result<Answer, HubError> {
        let names = self.own_names()?;
        let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
        Ok(answer.more(format!("Yours is what was made as {}.", names.join(", "))))
    }
}
