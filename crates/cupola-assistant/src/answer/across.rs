//! What is asked of all experiments and workers: the best for each objective, whose they are, how quick.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use cupola_domain::{
    cost::Kind as Scoped,
    experiment::Experiment,
    ids::{ExperimentId, WorkerId},
    objective::{Direction, Objective},
    task::Task,
    text::excerpt,
    worker::Worker,
};
use cupola_hub::{
    HubError,
    costs::{CostsQuery, SubjectCost},
    run_search::RunFound,
};

use super::{Answer, Desk, quoted, timing::took};
use crate::{
    links,
    names::{Key, Thing},
    numbers::{amount, plural},
};

/// Experiments that are looked through for the best: the newest.
const EXPERIMENTS_MAX: usize = 200;

/// Things that are told one by one.
const LISTED_MAX: usize = 8;

/// Runs whose times are held against each other.
const TIMED_MAX: u32 = 500;

/// The best of one experiment.
struct Leader<'a> {
    experiment: &'a Experiment,
    objective: &'a Objective,
    task: Task,
    value: f64,
}

/// What the runs of one worker took.
struct Taken {
    worker: Worker,
    runs: u64,
    /// Seconds.
    mean: f64,
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
        let looked_at = judged.iter().take(EXPERIMENTS_MAX);
        let by_id: HashMap<_, _> = looked_at.clone().map(|one| (one.0.id, *one)).collect();
        let asked = looked_at.map(|(experiment, objective)| (experiment.id, objective.direction));
        let mut by_objective: BTreeMap<(&str, &str), Vec<Leader>> = BTreeMap::new();
        for (task, value) in self.hub.best_tasks(asked.collect())? {
            if let Some((experiment, objective)) = by_id.get(&task.experiment) {
                let key = (objective.metric.as_str(), objective.direction.as_str());
                by_objective.entry(key).or_default().push(Leader {
                    experiment,
                    objective,
                    task,
                    value,
                });
            }
        }
        let mut answer = Answer::default();
        let each = (LISTED_MAX / by_objective.len().max(1)).clamp(1, count.max(1));
        let mut left_out = 0;
        for (at, mut found) in by_objective.into_values().enumerate() {
            found.sort_by(|a, b| {
                let order = match a.objective.direction {
                    Direction::Minimize => a.value.total_cmp(&b.value),
                    Direction::Maximize => b.value.total_cmp(&a.value),
                };
                // Of equal ones the earlier.
                order.then(a.task.id.cmp(&b.task.id))
            });
            let told = if at < LISTED_MAX { each } else { 0 };
            left_out += found.len().min(count).saturating_sub(told);
            for (at, one) in found.iter().take(told).enumerate() {
                answer = self.best_line(answer, (at, count), one);
            }
        }
        answer.text = match answer.detail.len() {
            0 => "No experiment with an objective has a result that counts yet.".to_owned(),
            1 if left_out == 0 => answer.detail.remove(0),
            _ => "The best for each objective; what is judged by different things is not put in one order:".to_owned(),
        };
        if left_out > 0 {
            answer = answer.more(format!("{left_out} more are left out."));
        }
        if judged.len() > EXPERIMENTS_MAX {
            answer = answer.more(format!(
                "Looked at are the newest {EXPERIMENTS_MAX} of {} experiments.",
                judged.len()
            ));
        }
        Ok(answer.link("experiments", links::EXPERIMENTS))
    }

    /// One experiment of an objective in its place.
    fn best_line(&self, answer: Answer, (at, count): (usize, usize), one: &Leader) -> Answer {
        let (id, number) = (one.experiment.id, one.task.number);
        let name = self.called(id, &one.experiment.name);
        let place = if count > 1 {
            format!("{}. ", at + 1)
        } else {
            String::new()
        };
        let Objective {
            metric,
            direction,
            unit,
            ..
        } = one.objective;
        let label = format!("{} of task {number} of {name}", excerpt(metric));
        let source = links::run(one.task.run);
        answer
            .more(format!(
                "By {} ({}): {place}{name}, whose best is task {number} with {}.",
                quoted(metric),
                direction.as_str(),
                amount(one.value)
            ))
            .number(label, one.value, unit, &source)
            .link(format!("task {number} of {name}"), source)
            .listing(self.names.thing(id, &one.experiment.name))
    }

    /// Which worker takes the longest for its runs, or the shortest: by those that completed last.
    pub(super) fn speed(&self, is_slowest: bool) -> Result<Answer, HubError> {
        let found = self.search("state = completed", Vec::new(), TIMED_MAX)?;
        let mut means = self.means_of_workers(&found.runs)?;
        means.sort_by(|a, b| {
            if is_slowest {
                b.mean.total_cmp(&a.mean)
            } else {
                a.mean.total_cmp(&b.mean)
            }
        });
        let mut answer = Answer::default();
        for one in means.iter().take(LISTED_MAX) {
            let (name, source) = (quoted(&one.worker.name), links::worker(one.worker.id));
            let line = format!(
                "{name}: {} s on average over {}",
                amount(one.mean),
                plural(one.runs, "completed run")
            );
            answer = answer
                .more(line)
                .number(format!("mean duration on {name}"), one.mean, "s", &source)
                .link(one.worker.name.clone(), source)
                .listing(Thing::new(
                    Key::Worker(one.worker.id),
                    one.worker.name.clone(),
                ));
        }
        let end = if is_slowest { "longest" } else { "shortest" };
        let other = if is_slowest { "slowest" } else { "fastest" };
        answer.text = match means.as_slice() {
            [] => format!(
                "It cannot be told which worker is the {other}: no run that completed was measured."
            ),
            [only] => format!(
                "It cannot be told which worker is the {other}: only {} completed any of the latest runs.",
                quoted(&only.worker.name)
            ),
            [one, ..] => format!(
                "The completed runs of {} took {end}: {} s on average over {}.",
                quoted(&one.worker.name),
                amount(one.mean),
                plural(one.runs, "run")
            ),
        };
        let all: BTreeSet<_> = means.iter().map(|one| &one.experiments).collect();
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

    /// What the runs of each worker took that is still there.
    fn means_of_workers(&self, runs: &[RunFound]) -> Result<Vec<Taken>, HubError> {
        let mut taken: HashMap<WorkerId, (f64, u64, BTreeSet<ExperimentId>)> = HashMap::new();
        for found in runs {
            if let (Some(worker), Some((span, false))) =
                (found.run.worker, took(&found.run, self.now))
            {
                let (secs, count, experiments) = taken.entry(worker).or_default();
                *secs += span.as_secs_f64();
                *count += 1;
                experiments.insert(found.run.experiment);
            }
        }
        let rows = self.hub.list_workers()?.into_iter();
        let means = rows.filter_map(|row| {
            let (secs, runs, experiments) = taken.remove(&row.worker.id)?;
            #[expect(clippy::cast_precision_loss, reason = "no more than were read")]
            let mean = secs / runs as f64;
            Some(Taken {
                worker: row.worker,
                runs,
                mean,
                experiments,
            })
        });
        Ok(means.collect())
    }

    /// Who or what costs the most, or the least.
    pub(super) fn spenders(
        &self,
        is_people: bool,
        is_highest: bool,
        is_today: bool,
    ) -> Result<Answer, HubError> {
        let kind = if is_people {
            Scoped::Person
        } else {
            Scoped::Experiment
        };
        let days = is_today.then_some(1);
        let costs = self.hub.all_costs(&CostsQuery { kind, days })?;
        let currency = self.hub.prices().currency.clone();
        let source = if is_people {
            format!("{}?by=person", links::COSTS)
        } else {
            links::COSTS.to_owned()
        };
        let priced = costs
            .subjects
            .iter()
            .filter(|one| !one.subject.is_empty() && one.total.priced > Duration::ZERO);
        let mut priced: Vec<_> = priced.collect();
        if !is_highest {
            priced.reverse();
        }
        let named = |one: &SubjectCost| match one.subject.parse::<ExperimentId>() {
            Ok(id) if !is_people => self.called(id, one.name.as_deref().unwrap_or(&one.subject)),
            _ => quoted(one.name.as_deref().unwrap_or(&one.subject)),
        };
        let when = if is_today { " today" } else { "" };
        let end = if is_highest { "most" } else { "least" };
        let text = match priced.first() {
            None => format!("It cannot be told: nothing has a price{when}."),
            Some(one) => {
                let name = named(one);
                let what = if is_people {
                    format!("What {name} submitted")
                } else {
                    name
                };
                let money = amount(one.total.money.units());
                format!("{what} cost the {end}{when}: {money} {currency}.")
            }
        };
        let mut answer = Answer::saying(text);
        for one in priced.iter().take(LISTED_MAX) {
            let (name, money) = (named(one), one.total.money.units());
            answer = answer
                .more(format!(
                    "{name}: {} {currency} for {}",
                    amount(money),
                    plural(one.total.runs, "run")
                ))
                .number(format!("cost of {name}"), money, &currency, &source);
        }
        if is_people {
            answer = answer.more("Costs are booked under the names of tokens.");
        }
        if is_today {
            answer = answer.more("Costs are counted by whole days in UTC.");
        }
        Ok(answer.link("costs", source))
    }
}
