//! From a job to what its page shows.

use cupola_domain::{terminal::multiline, time::Timestamp};
use cupola_workspace::model::{JobDetails, JobKey, JobState, ProcessNow, RunKey};
use serde_json::Value;

use super::{Details, Fact, FactValue, Parameter, Parameters};
use crate::ui::{
    components::{Link, Progress},
    format,
    plain::plain,
    workspaces::{
        action,
        looked::Looked,
        present::{self, co2, cut, job_badge, job_key, job_lasting},
    },
};

/// Parameters of a page, all levels counted.
const PARAMETERS_MAX: usize = 2_000;

/// Of a longer text only the beginning is shown.
const TEXT_CHARS_MAX: usize = 2_000;

/// Runs that name it, of which more say nothing new.
const RUNS_MAX: usize = 20;

pub(in crate::ui::workspaces) fn title(job: &JobKey) -> String {
    let (task, id) = (present::short_task(&job.task), present::short_id(&job.id));
    format!("{task} {id}")
}

pub(in crate::ui::workspaces) fn details(
    looked: &Looked,
    found: &JobDetails,
    can_act: bool,
    now: Timestamp,
) -> Details {
    let job = &found.job;
    let may_act = can_act && looked.may_act();
    let is_running = job.state == JobState::Running;
    let is_at_work = is_running || job.state == JobState::Scheduled;
    let runs = job.runs.iter().rev().take(RUNS_MAX);
    let run = |key: &RunKey| {
        let words = format!("{} · {}", plain(&key.experiment), plain(&key.run));
        let page = format!("/jobs?{}", present::run_query(key));
        Link::new(words, looked.address(&page))
    };
    Details {
        key: job_key(looked.id(), &job.key),
        src: looked.job_address(&job.key, "/details"),
        title: title(&job.key),
        badge: job_badge(job),
        tags: present::tags(job),
        levels: levels(found),
        is_running,
        facts: facts(found, now),
        runs: runs.map(run).collect(),
        problem: job.problem.as_deref().map(plain).unwrap_or_default(),
        kill: (may_act && is_at_work).then(|| action::Asked::kill(&job.key).address(looked)),
        deletion: (may_act && !is_at_work).then(|| action::Asked::delete(&job.key).address(looked)),
    }
}

fn levels(found: &JobDetails) -> Vec<(Progress, String)> {
    let levels = found.job.progress.iter();
    levels
        .map(|level| {
            let label = format!("Progress, level {}", level.level);
            (
                Progress::new(Some(level.progress), label),
                plain(&level.desc),
            )
        })
        .collect()
}

fn facts(found: &JobDetails, now: Timestamp) -> Vec<Fact> {
    let job = &found.job;
    let text = |name, value: Option<String>| {
        value.map(|value| Fact {
            name,
            value: FactValue::Text(value),
        })
    };
    let at = |name, at: Option<Timestamp>| Fact {
        name,
        value: FactValue::At(at.into()),
    };
    let copied = |name, value: &str| Fact {
        name,
        value: FactValue::Copied(value.to_owned()),
    };
    let carbon = job.carbon.map(|carbon| {
        let energy = format!("{} Wh", format::number(carbon.energy_kwh * 1e3));
        let is_so_far = if carbon.is_final { "" } else { " so far" };
        format!("{}, {energy}{is_so_far}", co2(Some(carbon)))
    });
    let watts = job.carbon.and_then(|carbon| {
        let watts = [
            ("processors", carbon.cpu_power_w),
            ("GPUs", carbon.gpu_power_w),
            ("memory", carbon.ram_power_w),
        ];
        let said = watts.iter().filter_map(|(what, watts)| {
            watts.map(|watts| format!("{} W {what}", format::number(watts)))
        });
        Some(said.collect::<Vec<_>>().join(", ")).filter(|said| !said.is_empty())
    });
    let all = [
        Some(copied("Task", &plain(&job.key.task))),
        Some(copied("Id", &plain(&job.key.id))),
        Some(copied("Folder", &plain(&job.path.display().to_string()))),
        Some(at("Submitted", job.submitted_at)),
        Some(at("Started", job.started_at)),
        Some(at("Ended", job.ended_at)),
        Some(Fact {
            name: "Duration",
            value: FactValue::For(job_lasting(job, now)),
        }),
        text("Exit code", job.exit_code.map(|code| code.to_string())),
        text(
            "Tried again",
            (job.retries > 0).then(|| job.retries.to_string()),
        ),
        text("Process", found.process.as_ref().map(process)),
        text("CO₂", carbon),
        text("Power", watts),
    ];
    all.into_iter().flatten().collect()
}

/// `local 4711 on node-3: runs, 98 % of a processor, 1.2 GiB, 4 threads`.
fn process(now: &ProcessNow) -> String {
    let process = &now.process;
    let host = process.host.as_deref();
    let host = host.map_or_else(String::new, |host| format!(" on {host}"));
    let named = plain(&format!("{} {}{host}", process.kind, process.pid));
    let is_running = match now.is_running {
        Some(true) => Some("runs".to_owned()),
        Some(false) => Some("does not run".to_owned()),
        None => Some("cannot be looked at from here".to_owned()),
    };
    let said = [
        is_running,
        now.cpu_percent
            .map(|percent| format!("{percent:.0} % of a processor")),
        now.memory_bytes.map(format::bytes),
        now.threads
            .map(|threads| format::counted(threads.into(), "thread", "threads")),
    ];
    let said: Vec<_> = said.into_iter().flatten().collect();
    format!("{named}: {}", said.join(", "))
}

/// Nested as the configuration is.
pub fn parameters(all: &Value) -> Parameters {
    let mut room = PARAMETERS_MAX;
    let mut left_out = 0;
    Parameters {
        all: below(all, &mut room, &mut left_out),
        left_out: match left_out {
            0 => String::new(),
            number => format!("{} more are not shown", format::count(number)),
        },
    }
}

fn below(value: &Value, room: &mut usize, left_out: &mut u64) -> Vec<Parameter> {
    let pairs: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (plain(key), value)).collect(),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (key, value) in pairs {
        if *room == 0 {
            *left_out += 1;
            continue;
        }
        *room -= 1;
        let (shown, word) = said(value);
        found.push(Parameter {
            key,
            value: shown,
            word,
            below: below(value, room, left_out),
        });
    }
    found
}

fn said(value: &Value) -> (String, &'static str) {
    match value {
        Value::Object(map) if map.is_empty() => ("{}".to_owned(), "object"),
        Value::Array(items) if items.is_empty() => ("[]".to_owned(), "array"),
        Value::Object(_) => (String::new(), "object"),
        Value::Array(items) => (
            format::counted(items.len() as u64, "item", "items"),
            "array",
        ),
        Value::String(text) => (cut(&multiline(text), TEXT_CHARS_MAX), "string"),
        Value::Number(number) => (number.to_string(), "number"),
        Value::Bool(is) => (is.to_string(), "boolean"),
        Value::Null => ("null".to_owned(), "null"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(of: &[Parameter], depth: usize, out: &mut Vec<String>) {
        for one in of {
            out.push(format!("{}{}={}", " ".repeat(depth), one.key, one.value));
            lines(&one.below, depth + 1, out);
        }
    }

    #[test]
    fn parameters_are_nested_as_they_were() {
        let all = json!({"lr": 0.5, "data": {"job": "a/b", "none": null}, "list": [1, []]});
        let mut found = Vec::new();
        lines(&parameters(&all).all, 0, &mut found);
        assert_eq!(
            found,
            [
                "lr=0.5",
                "data=",
                " job=a/b",
                " none=null",
                "list=2 items",
                " 0=1",
                " 1=[]"
            ]
        );
    }

    #[test]
    fn there_is_an_end_to_what_is_shown() {
        let many: Vec<_> = (0..PARAMETERS_MAX + 7).collect();
        let shown = parameters(&json!({ "many": many }));
        assert_eq!(shown.all[0].below.len(), PARAMETERS_MAX - 1);
        assert_eq!(shown.left_out, "8 more are not shown");
    }
}
