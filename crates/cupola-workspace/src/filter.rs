//! Jobs are searched with the language that runs of a hub are searched with.

use cupola_domain::time::Timestamp;
use cupola_search::filter::{Attribute, Comparison, Field, Filter, Found, Literal, Relation, Test};
use serde_json::Value;

use crate::model::{Job, JobState, Reason};

/// Whether `job` is wanted. Rows of lists have no parameters: a filter that
/// [mentions them](Filter::mentions_params) needs those of the job.
pub fn holds(filter: &Filter, job: &Job, parameters: Option<&Value>, now: Timestamp) -> bool {
    filter.holds(&|comparison| compares(comparison, job, parameters, now))
}

fn compares(
    comparison: &Comparison,
    job: &Job,
    parameters: Option<&Value>,
    now: Timestamp,
) -> bool {
    let test = &comparison.test;
    match &comparison.field {
        Field::Attribute(Attribute::State) => {
            let (word, kind) = (job.state.as_str(), kind_of(job));
            any(test, [word, kind].into_iter())
        }
        Field::Attribute(Attribute::Experiment) => {
            any(test, job.runs.iter().map(|run| run.experiment.as_str()))
        }
        Field::Attribute(attribute) => test.accepts(&attribute_of(job, *attribute, now)),
        Field::Tag(name) => test.accepts(&found(job.tags.find(name))),
        Field::Param(name) => test.accepts(&found(parameters.and_then(|all| within(all, name)))),
        Field::Metric(..) => test.accepts(&Found::Missing),
    }
}

/// Whether one of a job's words passes; that it is unequal is said of all of them, if there is one.
fn any<'a>(test: &Test, words: impl Iterator<Item = &'a str>) -> bool {
    let mut words = words.peekable();
    if words.peek().is_none() {
        return *test == Test::Missing;
    }
    let mut passes = |test: &Test| words.any(|word| test.accepts(&Found::Text(word.into())));
    match test {
        Test::Is(Relation::Unequal, Literal::Text(word)) => {
            !passes(&Test::Is(Relation::Equal, Literal::Text(word.clone())))
        }
        Test::Missing => false,
        test => passes(test),
    }
}

/// Which of the five words its state comes down to.
fn kind_of(job: &Job) -> &'static str {
    match (job.state, job.reason) {
        (JobState::Error, Some(Reason::Cancelled)) => "cancelled",
        (JobState::Error, _) => "failed",
        (JobState::Done, _) => "completed",
        (JobState::Running, _) => "running",
        (JobState::Phantom, _) => "phantom",
        _ => "pending",
    }
}

fn attribute_of(job: &Job, attribute: Attribute, now: Timestamp) -> Found<'_> {
    let time = |time: Option<Timestamp>| time.map_or(Found::Missing, |time| millis(time.millis()));
    match attribute {
        Attribute::Id => Found::Text(job.key.id.as_str().into()),
        Attribute::Name => Found::Text(job.key.task.as_str().into()),
        Attribute::Failure => text(job.reason.map(Reason::as_str)),
        Attribute::Worker => text(job.process.as_ref().and_then(|p| p.host.as_deref())),
        Attribute::Attempt => Found::Number(f64::from(job.retries) + 1.0),
        Attribute::Created => time(job.submitted_at),
        Attribute::Started => time(job.started_at),
        Attribute::Finished => time(job.ended_at),
        Attribute::Duration => job.started_at.map_or(Found::Missing, |started| {
            let span = job.ended_at.unwrap_or(now).since(started);
            Found::Number(span.as_secs_f64())
        }),
        Attribute::State
        | Attribute::Experiment
        | Attribute::Task
        | Attribute::Seed
        | Attribute::Cost => Found::Missing,
    }
}

fn text(text: Option<&str>) -> Found<'_> {
    text.map_or(Found::Missing, |text| Found::Text(text.into()))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the times of calendars are far below 2^53 milliseconds"
)]
fn millis(millis: i64) -> Found<'static> {
    Found::Number(millis as f64)
}

/// A value below names with dots between: `optimizer.lr`, `layers.0`.
fn within<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    if let Some(found) = child(value, name) {
        return Some(found);
    }
    let (head, rest) = name.split_once('.')?;
    within(child(value, head)?, rest)
}

fn child<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    }
}

fn found(value: Option<&Value>) -> Found<'_> {
    match value {
        None | Some(Value::Null) => Found::Missing,
        Some(Value::String(text)) => Found::Text(text.as_str().into()),
        Some(Value::Number(number)) => number.as_f64().map_or(Found::Missing, Found::Number),
        Some(value) => Found::Text(value.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{JobKey, Process, RunKey};

    fn job() -> Job {
        let tags = [
            ("lr", json!(0.01)),
            ("seed", json!(1)),
            ("flag", json!(true)),
        ];
        Job {
            key: JobKey {
                task: "ir.bm25.index".to_owned(),
                id: "0a1b".to_owned(),
            },
            path: "/w".into(),
            state: JobState::Waiting,
            reason: None,
            scheduler: None,
            submitted_at: Some(Timestamp::from_millis(1_000)),
            started_at: Some(Timestamp::from_millis(2_000)),
            ended_at: None,
            exit_code: None,
            retries: 1,
            progress: Vec::new(),
            tags: tags
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            process: Some(Process {
                kind: "local".to_owned(),
                pid: "7".to_owned(),
                host: Some("node-3".to_owned()),
            }),
            carbon: None,
            runs: ["a", "b"]
                .map(|experiment| RunKey {
                    experiment: experiment.to_owned(),
                    run: "20261120_164652".to_owned(),
                })
                .into(),
            problem: None,
        }
    }

    fn check(filter: &str, expected: bool) {
        check_of(&job(), filter, expected);
    }

    fn check_of(job: &Job, filter: &str, expected: bool) {
        let read = Filter::parse_jobs(filter).unwrap().unwrap();
        let parameters = json!({"model": {"layers": [{"width": 3}]}, "a.b": 1});
        let now = Timestamp::from_millis(12_000);
        assert_eq!(
            holds(&read, job, Some(&parameters), now),
            expected,
            "{filter}"
        );
    }

    #[test]
    fn states_are_said_finely_or_in_five_words() {
        check("state = waiting", true);
        check("state = pending", true);
        check("state != pending", false);
        check("state != ready", true);
        check("state in [running, waiting]", true);
        check("state = done", false);
    }

    #[test]
    fn an_error_is_one_whatever_it_comes_down_to() {
        let cancelled = Job {
            state: JobState::Error,
            reason: Some(Reason::Cancelled),
            ..job()
        };
        check_of(&cancelled, "state = error and state = cancelled", true);
        check_of(&cancelled, "state = failed or state != error", false);
        let done = Job {
            state: JobState::Done,
            ..job()
        };
        check_of(&done, "state = done and state = completed", true);
    }

    #[test]
    fn what_nothing_names_is_unequal_to_no_experiment() {
        let unnamed = Job {
            runs: Vec::new(),
            ..job()
        };
        check_of(&unnamed, "experiment != a", false);
        check_of(&unnamed, "experiment = a", false);
        check_of(&unnamed, "experiment is missing", true);
    }

    #[test]
    fn what_every_job_has_is_compared() {
        check("@name ~ 'ir.bm25'", true);
        check("@name ~ bm25", false);
        check("id = 0a1b and attempt = 2", true);
        check("duration = 10 and host = node-3", true);
        check("created < 1970-01-02 and finished is missing", true);
        check("experiment = b and experiment ~ a", true);
        check("experiment != b", false);
        check("reason is missing", true);
    }

    #[test]
    fn tags_keep_their_types() {
        check("lr < 0.1 and seed = 1", true);
        check("seed = '1'", true);
        check("flag = true", true);
        check("nothing is missing", true);
    }

    #[test]
    fn parameters_are_found_below_each_other() {
        check("params.model.layers.0.width = 3", true);
        check("params.a.b = 1", true);
        check("params.model.depth is missing", true);
    }
}
