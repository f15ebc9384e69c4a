//! Orders to stop, start and try again, and what is said where one is not taken.

use cupola_domain::{counts::State, text::excerpt};
use cupola_hub::HubError;
use serde_json::{Map, Value};

use super::{
    Answer, Desk,
    changes::{one, or_said, text},
    quoted,
};
use crate::{
    fact::Deed,
    facts,
    grammar::{NotTaken, Untaken},
    intent::{Action, START_RUNS_MAX},
    links,
    names::{Key, Thing},
    numbers::plural,
    suggest,
    tools::Mode,
};

/// How tasks end.
const ENDED: &[State] = &[State::Completed, State::Failed, State::Cancelled];

/// A call that would change something, and what it is for.
struct Order {
    tool: &'static str,
    arguments: Map<String, Value>,
    what: String,
}

impl Desk<'_> {
    pub(super) fn acted(&self, action: Action, on: &Thing, runs: u32) -> Result<Answer, HubError> {
        if let Some(answer) = self.nothing_to_do(action, on)? {
            return Ok(answer);
        }
        match (self.order(action, on, runs)?, &on.key) {
            (Some(order), _) => self.proposed(order.tool, order.arguments, &order.what),
            (None, Key::Experiment(id)) => self.failed_runs(*id, on),
            (None, Key::Worker(_)) if action == Action::Cancel => {
                self.elsewhere(Deed::Pause, Some(on))
            }
            (None, _) => Ok(Answer::refused(cannot(action, on))),
        }
    }

    /// What an order would do. Nothing is proposed to whoever only asks.
    pub(super) fn would(&self, action: Action, on: Option<&Thing>) -> Result<Answer, HubError> {
        let Some(on) = on else {
            return Ok(Answer::saying(format!(
                "Nothing is done. {}.",
                how_to(Some(action))
            )));
        };
        if let Some(answer) = self.nothing_to_do(action, on)? {
            return Ok(answer);
        }
        let order = match (self.order(action, on, 1)?, &on.key) {
            (Some(order), _) => order,
            (None, Key::Experiment(id)) => return self.failed_runs(*id, on),
            (None, _) => return Ok(Answer::saying(cannot(action, on))),
        };
        let would = match self.call(order.tool, &order.arguments, Mode::DryRun) {
            Ok(found) => text(&found["would"]).to_owned(),
            Err(refused) => return or_said(refused),
        };
        let said = format!("{} {}", action.as_str(), suggest::named(on));
        Ok(Answer::saying(format!(
            "Nothing is done, since you only ask. `{}` would {would}.",
            excerpt(&said)
        )))
    }

    /// The call that an order is; none where there is no such call.
    fn order(&self, action: Action, on: &Thing, runs: u32) -> Result<Option<Order>, HubError> {
        let name = quoted(&on.name);
        let (tool, arguments, what) = match (action, &on.key) {
            (Action::Cancel, Key::Experiment(id)) => (
                "cancel_experiment",
                one("id", id.to_string()),
                format!("Stop what is left of {name}."),
            ),
            (Action::Cancel, Key::Run(_) | Key::Numbered(..)) => (
                "cancel_run",
                one("id", self.run_of(on)?.to_string()),
                format!("Stop {name} for good."),
            ),
            (Action::Retry, Key::Run(_) | Key::Numbered(..)) => (
                "retry_run",
                one("id", self.run_of(on)?.to_string()),
                format!("Run {name} again."),
            ),
            (Action::Start, Key::Experiment(id)) => {
                let mut arguments = one("experiment_id", id.to_string());
                if runs > 1 {
                    arguments.insert("runs".to_owned(), runs.into());
                }
                let what = format!("Start {} of {name}.", plural(runs.into(), "run"));
                ("start_run", arguments, what)
            }
            _ => return Ok(None),
        };
        Ok(Some(Order {
            tool,
            arguments,
            what,
        }))
    }

    /// What is said where all of it has ended, so that nothing would be stopped.
    fn nothing_to_do(&self, action: Action, on: &Thing) -> Result<Option<Answer>, HubError> {
        if action != Action::Cancel {
            return Ok(None);
        }
        let name = quoted(&on.name);
        match &on.key {
            Key::Experiment(id) => {
                let experiment = self.hub.experiment_detail(*id)?.experiment;
                let counts = experiment.counts;
                if counts.of(State::Pending) + counts.of(State::Running) > 0 {
                    return Ok(None);
                }
                let ended = ENDED
                    .iter()
                    .map(|state| (counts.of(*state), state.as_str()));
                let ended: Vec<_> = ended.filter(|(count, _)| *count > 0).collect();
                let state = match ended.as_slice() {
                    [] => "has no run yet".to_owned(),
                    [(_, only)] => format!("is {only}"),
                    several => {
                        let told = several
                            .iter()
                            .map(|(count, state)| format!("{count} {state}"));
                        format!("has ended ({})", told.collect::<Vec<_>>().join(", "))
                    }
                };
                let text = format!("{name} {state}: nothing to cancel.");
                let page = links::experiment(&experiment);
                Ok(Some(Answer::refused(text).link(name, page)))
            }
            Key::Run(_) | Key::Numbered(..) => {
                let id = self.run_of(on)?;
                let state = self.hub.run_detail(id)?.run.state.word();
                let text = format!("{name} is {state}: nothing to cancel.");
                let answer = Answer::refused(text).link(name, links::run(id));
                Ok(state.is_terminal().then_some(answer))
            }
            _ => Ok(None),
        }
    }

    /// Which runs of an experiment could be tried again.
    fn failed_runs(
        &self,
        id: cupola_domain::ids::ExperimentId,
        on: &Thing,
    ) -> Result<Answer, HubError> {
        let failed = facts::failed(self.hub, id, 5)?;
        let source = links::experiment(&self.hub.experiment_detail(id)?.experiment);
        let name = quoted(&on.name);
        let mut answer = Answer::refused(match failed.first() {
            None => format!("No run of {name} failed, so there is nothing to retry."),
            Some(first) => format!(
                "Runs are tried again one by one; name one, such as: retry task {} of {}.",
                first.task_number,
                excerpt(&on.name)
            ),
        });
        for found in failed {
            let title = format!("task {}", found.task_number);
            answer = answer.link(title, links::run(found.run.id));
        }
        Ok(answer.link(name, source))
    }
}

/// What is said where a change is not proposed.
pub(super) fn not_taken(not: &NotTaken) -> Answer {
    let why = match &not.why {
        Untaken::Words(words) => {
            let words: Vec<_> = words.iter().take(8).map(|word| quoted(word)).collect();
            format!("I could not make use of {}", words.join(", "))
        }
        Untaken::Values(values) => format!("values such as {} are not taken", quoted(values)),
        Untaken::Several(things) => {
            let names: Vec<_> = things.iter().map(|thing| quoted(&thing.name)).collect();
            format!("one at a time, and you named {}", names.join(" and "))
        }
        Untaken::Runs(runs) => format!(
            "{} cannot be started at once, only from 1 to {START_RUNS_MAX}",
            plural((*runs).into(), "run")
        ),
    };
    Answer::refused(format!(
        "Nothing is proposed: {why}. {}.",
        how_to(not.action)
    ))
}

/// How a change is asked for, and what it does.
fn how_to(action: Option<Action>) -> &'static str {
    match action {
        Some(Action::Cancel) => {
            "Say `cancel NAME` to stop all of an experiment that waits or runs, `cancel task 3 of NAME` to stop one run"
        }
        Some(Action::Start) => {
            "Say `start NAME` or `start 5 runs of NAME`: they run the configuration that the experiment has"
        }
        Some(Action::Retry) => {
            "Say `retry task 3 of NAME`: it runs with the configuration that it had"
        }
        None => "Say `submit it` once the draft is as it should be",
    }
}

fn cannot(action: Action, on: &Thing) -> String {
    format!("I cannot {} a {}.", action.as_str(), on.kind())
}
