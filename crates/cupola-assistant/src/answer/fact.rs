//! What one look at the hub answers: what is wrong, what somebody did, what came in last.

use cupola_domain::{
    alert::AlertWord, counts::State, ids::ExperimentId, text::excerpt, time::Timestamp,
    worker::Presence,
};
use cupola_hub::{
    HubError,
    comparison::Column,
    run_search::{Columns, RunSearch, filter},
    tasks::{Filter, Sort, TaskPage},
    workers::WorkerRow,
};

use super::{
    Answer, Desk, quoted,
    times::{LOOKED_BACK, moment},
    timing::ago,
};
use crate::{
    fact::{Averaged, Fact},
    facts,
    intent::Spent,
    links,
    names::{Key, Thing},
    numbers::{amount, plural},
    people,
    period::Period,
};

/// Of each kind of trouble so many are told one by one.
const TOLD_MAX: usize = 3;

/// Results that are told one by one.
const LATEST_MAX: usize = 8;

/// Tasks that wait, of which is looked for what keeps them.
const WAITING_MAX: u32 = 100;

impl Desk<'_> {
    pub(super) fn fact(&self, fact: &Fact) -> Result<Answer, HubError> {
        match fact {
            Fact::Problems { within } => self.problems(within.as_ref()),
            Fact::Deeds { of, within } => self.deeds(of.as_ref(), within.as_ref()),
            Fact::Latest { of } => self.latest(of.as_ref()),
            Fact::Timing { of, what } => self.timing(of, *what),
            Fact::Mean { of, metric, what } => match what {
                Averaged::Values => self.mean(of, metric.as_ref()),
                Averaged::Duration => self.mean_of(of, &Column::Duration),
                Averaged::Cost => self.mean_of(of, &Column::Cost),
            },
            Fact::Spenders {
                is_people,
                is_highest,
                is_today,
            } => self.spenders(*is_people, *is_highest, *is_today),
            Fact::Standing {
                state,
                is_not,
                is_briefs,
            } => self.experiments_in(*state, (*is_not, *is_briefs)),
            Fact::Busy { is_busy } => self.busy(*is_busy),
            Fact::Made { within } => self.made(within),
            Fact::NeverRan => self.never_ran(),
            Fact::Presence { is_online } => self.presence(*is_online),
            Fact::Maker { of } => self.maker(of),
            Fact::Alerts => self.alerts(),
            Fact::Value { of, metric } => self.value(of, metric),
            Fact::Seeds { of } => self.seeds(of),
            Fact::Config { of } => self.config(of),
            Fact::BestOfAll { count } => self.best_of_all(*count as usize),
            Fact::WhyCancelled { of } => self.why_cancelled(of),
            Fact::Speed { is_slowest } => self.speed(*is_slowest),
            Fact::Briefs { is_own, within } => self.briefs(*is_own, within.as_ref()),
            Fact::Own { kind } => self.own(*kind),
            Fact::Elsewhere { what, on } => self.elsewhere(*what, on.as_ref()),
            Fact::Nothing => Ok(Answer::saying(
                "Nothing is done. Ask whatever else you like.",
            )),
            Fact::Again { of } => self.again(of),
            Fact::NoDraft { was_there: true } => Ok(Answer::saying(
                "The draft is thrown away; nothing was submitted.",
            )),
            Fact::NoDraft { was_there: false } => Ok(super::drafts::asking(
                "There is no draft; begin one with such as: draft a brief for the smallest loss with char-lm, 50 tasks of 5 minutes.",
            )),
            Fact::Estimate { wish, is_time } => self.estimate(wish, *is_time),
        }
    }

    /// Failed runs, workers that are not heard of or rest, open alerts, and what keeps tasks waiting.
    fn problems(&self, within: Option<&Period>) -> Result<Answer, HubError> {
        let when = within.map_or("in the last 24 hours".to_owned(), |period| {
            excerpt(&period.words)
        });
        let mut answer = Answer::default();
        let mut troubles = Vec::new();
        let (failed, at_least) = self.failed_in(within, &mut answer)?;
        if failed > 0 {
            troubles.push(format!("{at_least}{} failed {when}", plural(failed, "run")));
        }
        let mut workers = self.hub.list_workers()?;
        workers.retain(|row| row.worker.left_at.is_none());
        let silent: Vec<&WorkerRow> = workers
            .iter()
            .filter(|row| row.presence != Presence::Online)
            .collect();
        answer = answer.count("workers not heard of", silent.len() as u64, links::WORKERS);
        if !silent.is_empty() {
            let all = plural(workers.len() as u64, "worker");
            let verb = if silent.len() == 1 { "is" } else { "are" };
            troubles.push(format!("{} of {all} {verb} not heard of", silent.len()));
        }
        for row in silent.iter().take(TOLD_MAX) {
            let since = ago(row.worker.last_seen_at, self.now);
            let name = quoted(&row.worker.name);
            answer = answer
                .more(format!("{name} was heard of last {since}."))
                .link(row.worker.name.clone(), links::worker(row.worker.id));
        }
        let resting = workers
            .iter()
            .filter_map(|row| Some((row, row.paused.as_ref()?)));
        let resting: Vec<_> = resting.collect();
        answer = answer.count("workers that rest", resting.len() as u64, links::WORKERS);
        if !resting.is_empty() {
            let verb = if resting.len() == 1 { "rests" } else { "rest" };
            troubles.push(format!("{} {verb}", plural(resting.len() as u64, "worker")));
        }
        for (row, paused) in resting.iter().take(TOLD_MAX) {
            answer = answer
                .more(format!(
                    "{} rests: {}.",
                    quoted(&row.worker.name),
                    excerpt(&paused.why)
                ))
                .link(row.worker.name.clone(), links::worker(row.worker.id));
        }
        let alerts = self.open_alerts(&mut answer)?;
        if alerts > 0 {
            answer = answer.link("alerts", links::ALERTS);
            let verb = if alerts == 1 { "is" } else { "are" };
            troubles.push(format!("{} {verb} open", plural(alerts, "alert")));
        }
        let (kept, at_least) = self.kept_waiting(&mut answer)?;
        if kept > 0 {
            let verb = if kept == 1 { "waits" } else { "wait" };
            troubles.push(format!(
                "tasks of {at_least}{} {verb} that nobody can take",
                plural(kept, "experiment")
            ));
        }
        answer.text = if troubles.is_empty() {
            format!(
                "None that I know of: no run failed {when}, every worker is heard of, and no alert is open."
            )
        } else {
            format!("There are problems: {}.", troubles.join("; "))
        };
        Ok(answer.link("overview", links::OVERVIEW))
    }

    /// How many runs failed in that time, with the first of them in the answer; `at least ` where not all
    /// were counted.
    fn failed_in(
        &self,
        within: Option<&Period>,
        answer: &mut Answer,
    ) -> Result<(u64, &'static str), HubError> {
        let from = within.and_then(|period| period.from);
        let from = from.unwrap_or_else(|| self.now.minus(LOOKED_BACK));
        let until = within
            .and_then(|period| period.until)
            .map_or(String::new(), |until| {
                format!(" and finished < {}", moment(until))
            });
        let also = format!("finished >= {}{until}", moment(from));
        let failures = facts::failures(self.hub, &[], &also, super::work::COUNTED_MAX)?;
        let at_least = if failures.is_all { "" } else { "at least " };
        let first = failures
            .runs
            .get(..TOLD_MAX.min(failures.runs.len()))
            .unwrap_or_default();
        *answer = self.listed(std::mem::take(answer), first).count(
            "runs that failed",
            failures.count,
            links::RUNS,
        );
        Ok((failures.count, at_least))
    }

    fn alerts(&self) -> Result<Answer, HubError> {
        let mut answer = Answer::default();
        let open = self.open_alerts(&mut answer)?;
        answer.text = match open {
            0 => "No alert is open.".to_owned(),
            1 => "1 alert is open.".to_owned(),
            open => format!("{open} alerts are open."),
        };
        Ok(answer.link("alerts", links::ALERTS))
    }

    fn open_alerts(&self, answer: &mut Answer) -> Result<u64, HubError> {
        let (open, total) = self.hub.list_alerts(vec![AlertWord::Open], (0, 3))?;
        for (alert, rule) in open {
            let line = format!(
                "The alert {} is open {}: {}",
                quoted(&rule.name),
                ago(alert.opened_at, self.now),
                excerpt(&alert.text)
            );
            *answer = std::mem::take(answer).more(line);
        }
        let counted = std::mem::take(answer).count("open alerts", total, links::ALERTS);
        *answer = counted;
        Ok(total)
    }

    /// How many of the experiments whose tasks wait longest nobody could work for as things are; `at least `
    /// where not all were looked at.
    fn kept_waiting(&self, answer: &mut Answer) -> Result<(u64, &'static str), HubError> {
        let wrong = |error: filter::FilterError| HubError::Internal(error.into());
        let found = self.hub.search_runs(RunSearch {
            filter: filter::Filter::parse("state = pending").map_err(wrong)?,
            columns: Columns::These(Vec::new()),
            order: filter::Order::parse("created asc").map_err(wrong)?,
            limit: WAITING_MAX,
            ..RunSearch::default()
        })?;
        let mut seen: Vec<ExperimentId> = Vec::new();
        let mut kept = 0;
        let mut is_all = !found.has_more;
        for found in &found.runs {
            let id = found.run.experiment;
            if seen.contains(&id) {
                continue;
            }
            if seen.len() >= TOLD_MAX {
                is_all = false;
                break;
            }
            seen.push(id);
            let detail = self.hub.experiment_detail(id)?;
            if detail.obstacle.is_empty() {
                continue;
            }
            kept += 1;
            let name = self.called(id, &found.experiment_name);
            *answer = std::mem::take(answer)
                .more(format!(
                    "{name} waits, because {}.",
                    excerpt(&detail.obstacle)
                ))
                .link(name, links::experiment(&detail.experiment));
        }
        *answer = std::mem::take(answer).count(
            "experiments that nobody can work for",
            kept,
            links::EXPERIMENTS,
        );
        Ok((kept, if is_all { "" } else { "at least " }))
    }

    /// What somebody made, and what their runs came to.
    fn deeds(&self, of: Option<&Thing>, within: Option<&Period>) -> Result<Answer, HubError> {
        let who = of.map_or(self.caller.owner.as_str(), |thing| thing.name.as_str());
        let mut names = people::names_of(self.hub, who)?;
        if of.is_none() {
            names.insert(self.caller.name.clone());
        }
        let is_in = |at: Timestamp| within.is_none_or(|period| period.contains(at));
        let known = self.hub.known_experiments()?;
        let made = known.iter().filter(|known| {
            known.deleted_at.is_none()
                && known.bin_of.is_none()
                && names.contains(&known.experiment.author)
                && is_in(known.experiment.created_at)
        });
        let made: Vec<_> = made.collect();
        let person = Thing::new(Key::Person(who.to_owned()), who);
        let spent = self.cost(Some(&person), within, Spent::Money)?;
        let runs = spent.numbers.iter().find(|number| number.name == "runs");
        let runs = runs.map_or(0.0, |number| number.value);
        let when = within.map_or(String::new(), |period| {
            format!(" {}", excerpt(&period.words))
        });
        let text = format!(
            "{} made {}{when}; runs of theirs that ended: {}.",
            quoted(who),
            plural(made.len() as u64, "experiment"),
            amount(runs)
        );
        let made: Vec<_> = made.into_iter().map(|known| &known.experiment).collect();
        let mut answer = self.with_made(Answer::saying(text), &made);
        answer.numbers.extend(spent.numbers);
        answer.detail.extend(spent.detail);
        answer.links.extend(spent.links);
        Ok(answer.more("What people do beside that is not recorded."))
    }

    /// The results that came in last.
    fn latest(&self, of: Option<&Thing>) -> Result<Answer, HubError> {
        let experiment = of.map(super::standing::experiment_of).transpose()?;
        let (tasks, experiments) = if experiment.is_none() {
            // The index by time is walked from its end.
            let activity = self.hub.activity()?;
            (activity.latest, activity.experiments)
        } else {
            let completed = Some(State::Completed);
            let page = self.latest_tasks(experiment, completed, LATEST_MAX)?;
            (page.tasks, page.experiments)
        };
        let name = of.map_or(String::new(), |thing| {
            format!(" of {}", quoted(&thing.name))
        });
        if tasks.is_empty() {
            return Ok(
                Answer::saying(format!("No run{name} has a result yet.")).link("runs", links::RUNS)
            );
        }
        let text = format!("The latest results{name}, the last first:");
        let mut answer = Answer::saying(text);
        for task in tasks.iter().take(LATEST_MAX) {
            let Some(experiment) = experiments.get(&task.experiment) else {
                continue;
            };
            let called = self.called(experiment.id, &experiment.name);
            let label = format!("task {} of {called}", task.number);
            let source = links::run(task.run);
            let ended = task
                .finished_at
                .map_or(String::new(), |at| format!(", {}", ago(at, self.now)));
            let line = match (task.value, &experiment.objective) {
                (Some(value), Some(objective)) => {
                    let metric = excerpt(&objective.metric);
                    answer = answer.number(
                        format!("{metric} of {label}"),
                        value,
                        &objective.unit,
                        &source,
                    );
                    format!("{label}: {metric} {}{ended}", amount(value))
                }
                _ => format!("{label}: completed{ended}"),
            };
            let thing = Thing::new(
                Key::Run(task.run),
                format!(
                    "{} #{}",
                    self.names.called(experiment.id, &experiment.name),
                    task.number
                ),
            );
            answer = answer.more(line).link(label, source).listing(thing);
        }
        if let [only] = tasks.as_slice() {
            answer = answer.showing(only.run);
        }
        Ok(answer.link("runs", links::RUNS))
    }

    /// Tasks that ended, the last first.
    pub(super) fn latest_tasks(
        &self,
        experiment: Option<ExperimentId>,
        state: Option<State>,
        limit: usize,
    ) -> Result<TaskPage, HubError> {
        self.hub.list_tasks(Filter {
            experiment,
            state,
            sort: Sort::Finished,
            descending: true,
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
            ..Filter::default()
        })
    }
}
