//! What is asked of all experiments and workers: the best for each objective, whose they are, how quick.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cupola_domain::{
    counts::State,
    ids::{ExperimentId, WorkerId},
    objective::{Direction, Objective},
    text::excerpt,
};
use cupola_hub::{
    HubError,
    tasks::{Filter, Sort},
};

use super::{Answer, Desk, quoted, timing::took};
use crate::{
    facts::{self, Standing},
    links,
    names::{Key, Kind, Thing},
    numbers::{amount, plural},
    people,
};

/// Experiments that are looked through for the best: the newest.
const EXPERIMENTS_MAX: usize = 200;

/// Of each objective so many experiments are looked at closely where one is wanted.
const CLOSELY: usize = 3;

/// Things that are told one by one.
const LISTED_MAX: usize = 8;

/// Briefs that are read for those of one person: the newest.
const BRIEFS_MAX: u32 = 200;

/// Runs whose times are held against each other.
const TIMED_MAX: u32 = 500;

/// What the runs of one worker took.
#[derive(Default)]
struct Taken {
    runs: u64,
    secs: f64,
    experiments: BTreeSet<ExperimentId>,
}

impl Desk<'_> {
    /// The best of each objective: what is judged by different things is not put in one order.
    pub(super) fn best_of_all(&self, count: usize) -> Result<Answer, HubError> {
        let known = self.hub.known_experiments()?;
        let there = known
            .iter()
            .filter(|known| known.deleted_at.is_none() && known.bin_of.is_none());
        let judged = there
            .filter_map(|known| Some((&known.experiment, known.experiment.objective.as_ref()?)));
        let judged = judged.filter(|(experiment, _)| experiment.counts.completed > 0);
        let judged: Vec<_> = judged.collect();
        let mut by_objective: BTreeMap<(&str, &str), Vec<(f64, ExperimentId)>> = BTreeMap::new();
        for (experiment, objective) in judged.iter().take(EXPERIMENTS_MAX) {
            if let Some(value) = self.best_value(experiment.id, objective)? {
                let key = (objective.metric.as_str(), objective.direction.as_str());
                by_objective
                    .entry(key)
                    .or_default()
                    .push((value, experiment.id));
            }
        }
        let mut answer = Answer::default();
        for ((metric, direction), mut found) in by_objective {
            let is_up = direction == Direction::Maximize.as_str();
            found.sort_by(|a, b| {
                if is_up {
                    b.0.total_cmp(&a.0)
                } else {
                    a.0.total_cmp(&b.0)
                }
            });
            let closely = found.iter().take(CLOSELY.max(count));
            let mut stood: Vec<Standing> = closely
                .map(|(_, id)| facts::standing(self.hub, *id))
                .collect::<Result<_, _>>()?;
            stood.retain(|one| !one.ranked.is_empty());
            let best = |one: &Standing| one.ranked[0].value;
            stood.sort_by(|a, b| {
                if is_up {
                    best(b).total_cmp(&best(a))
                } else {
                    best(a).total_cmp(&best(b))
                }
            });
            for (at, one) in stood.iter().take(count).enumerate() {
                answer = self.best_line(answer, (metric, direction), (at, count), one)?;
            }
        }
        let kinds = answer.detail.len() as u64;
        answer.text = match kinds {
            0 => "No experiment with an objective has a result yet.".to_owned(),
            1 if answer.listed.len() == 1 => answer.detail.remove(0),
            _ => "The best for each objective; what is judged by different things is not put in one order:".to_owned(),
        };
        if judged.len() > EXPERIMENTS_MAX {
            answer = answer.more(format!(
                "Looked at are the newest {EXPERIMENTS_MAX} of {} experiments.",
                judged.len()
            ));
        }
        Ok(answer.link("experiments", links::EXPERIMENTS))
    }

    fn best_value(&self, id: ExperimentId, objective: &Objective) -> Result<Option<f64>, HubError> {
        let page = self.hub.list_tasks(Filter {
            experiment: Some(id),
            state: Some(State::Completed),
            sort: Sort::Value,
            descending: objective.direction == Direction::Maximize,
            limit: 1,
            ..Filter::default()
        })?;
        Ok(page.tasks.first().and_then(|task| task.value))
    }

    /// One experiment of an objective in its place.
    fn best_line(
        &self,
        mut answer: Answer,
        (metric, direction): (&str, &str),
        (at, count): (usize, usize),
        standing: &Standing,
    ) -> Result<Answer, HubError> {
        let Some(best) = standing.ranked.first() else {
            return Ok(answer);
        };
        let run = facts::run_of(self.hub, best)?;
        let name = self.label(standing);
        let place = if count > 1 {
            format!("{}. ", at + 1)
        } else {
            String::new()
        };
        let unit = standing
            .objective
            .as_ref()
            .map_or("", |objective| objective.unit.as_str());
        let label = format!("{} of task {} of {name}", excerpt(metric), best.number);
        let source = links::run(run);
        let id = standing.experiment.id;
        answer = answer
            .more(format!(
                "By {} ({direction}): {place}{name}, whose best is task {} with {}.",
                quoted(metric),
                best.number,
                amount(best.value)
            ))
            .number(label, best.value, unit, &source)
            .link(format!("task {} of {name}", best.number), source)
            .listing(self.names.thing(id, &standing.experiment.name));
        Ok(answer)
    }

    /// Which worker takes the longest for its runs, or the shortest: by those that completed last.
    pub(super) fn speed(&self, is_slowest: bool) -> Result<Answer, HubError> {
        let found = self.search("state = completed", Vec::new(), TIMED_MAX)?;
        let mut taken: HashMap<WorkerId, Taken> = HashMap::new();
        for found in &found.runs {
            if let (Some(worker), Some((span, false))) =
                (found.run.worker, took(&found.run, self.now))
            {
                let one = taken.entry(worker).or_default();
                one.runs += 1;
                one.secs += span.as_secs_f64();
                one.experiments.insert(found.run.experiment);
            }
        }
        let workers = self.hub.list_workers()?;
        let names: HashMap<_, _> = workers
            .iter()
            .map(|row| (row.worker.id, row.worker.name.as_str()))
            .collect();
        let means = taken.iter().filter_map(|(id, one)| {
            #[expect(clippy::cast_precision_loss, reason = "no more than were read")]
            let mean = one.secs / one.runs as f64;
            Some((*names.get(id)?, *id, mean, one))
        });
        let mut means: Vec<_> = means.collect();
        means.sort_by(|a, b| {
            if is_slowest {
                b.2.total_cmp(&a.2)
            } else {
                a.2.total_cmp(&b.2)
            }
        });
        let mut answer = Answer::default();
        for (name, id, mean, one) in means.iter().take(LISTED_MAX) {
            let source = links::worker(*id);
            answer = answer
                .more(format!(
                    "{}: {} s on average over {}",
                    quoted(name),
                    amount(*mean),
                    plural(one.runs, "completed run")
                ))
                .number(
                    format!("mean duration on {}", quoted(name)),
                    *mean,
                    "s",
                    &source,
                )
                .link((*name).to_owned(), source)
                .listing(Thing::new(Key::Worker(*id), *name));
        }
        let end = if is_slowest { "longest" } else { "shortest" };
        let other = if is_slowest { "slowest" } else { "fastest" };
        answer.text = match means.as_slice() {
            [] => format!(
                "It cannot be told which worker is the {other}: no run that completed was measured."
            ),
            [(name, ..)] => format!(
                "It cannot be told which worker is the {other}: only {} completed any of the latest runs.",
                quoted(name)
            ),
            [(name, _, mean, one), ..] => format!(
                "The completed runs of {} took {end}: {} s on average over {}.",
                quoted(name),
                amount(*mean),
                plural(one.runs, "run")
            ),
        };
        let all: BTreeSet<_> = means.iter().map(|(.., one)| &one.experiments).collect();
        if all.len() > 1 {
            answer = answer.more("They did not work for the same experiments, so the work itself may make the difference.");
        }
        if found.has_more {
            answer = answer.more(format!(
                "Looked at are the latest {}.",
                plural(found.runs.len() as u64, "completed run")
            ));
        }
        Ok(answer.link("workers", links::WORKERS))
    }

    /// Briefs, the newest first.
    pub(super) fn briefs(&self, is_own: bool) -> Result<Answer, HubError> {
        let limit = if is_own {
            BRIEFS_MAX
        } else {
            u32::try_from(LISTED_MAX).unwrap_or(u32::MAX)
        };
        let (mut rows, total) = self.hub.list_briefs("", limit, 0)?;
        let is_all = total <= u64::from(limit);
        let mut count = total;
        if is_own {
            let names = self.own_names()?;
            rows.retain(|row| names.contains(&row.brief.author));
            count = rows.len() as u64;
        }
        let whose = if is_own { " of yours" } else { "" };
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
            if !is_all {
                answer = answer.more(format!("Looked at are the newest {BRIEFS_MAX} of {total}."));
            }
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
