//! Parts of a run's page: how far it is and how it is stopped, what it keeps, what it ran in.

use std::time::Duration;

use askama::Template;
use cupola_domain::{artifact::Artifact, progress::Level, run::RunState, time::Timestamp};
use cupola_hub::work::config_of_run;
use serde_json::Value;

use super::present::Seen;
use crate::ui::{
    components::{CodeBlock, Lasting, Link, Moment, Progress, html_safe},
    format,
    listing::escaped,
    paths,
    plain::plain,
    present::worker_link,
};

/// One level of a program's progress.
#[derive(Debug, Clone)]
pub struct LevelBar {
    /// The bar with its per cent.
    pub bar: Progress,
    /// `3 of 10`; empty where the program said a share.
    pub count: String,
    /// In the program's words.
    pub message: String,
}

/// How far stopping the program has gone.
#[derive(Debug, Clone)]
pub struct Stopping {
    /// `asked`, `SIGTERM sent` or `SIGKILL sent`.
    pub phase: &'static str,
    /// What follows, and in how long.
    pub next: Option<(&'static str, Lasting)>,
}

/// The files that a run keeps.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_artifacts.html")]
pub struct Artifacts {
    /// `run:ID`.
    pub key: String,
    /// `/runs/{id}/artifacts`.
    pub src: String,
    /// By name.
    pub rows: Vec<ArtifactRow>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct ArtifactRow {
    /// Its name, which leads to its bytes.
    pub file: Link,
    /// `1.2 MiB`.
    pub size: String,
    /// The SHA-256 of its bytes.
    pub hash: String,
    /// When it was kept.
    pub kept: Moment,
}

/// What a run used, as it was when it started.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_environment.html")]
pub struct Environment {
    /// `run:ID`.
    pub key: String,
    /// `/runs/{id}/environment`.
    pub src: String,
    /// The template whose code it runs.
    pub template: String,
    /// Where that is, while it is still there.
    pub template_href: Option<String>,
    /// `changed since`, when the template's code is no longer this; else empty.
    pub changed: &'static str,
    /// The hash of its code; empty before it was leased.
    pub code_hash: String,
    /// Who ran it.
    pub worker: Option<Link>,
    /// Versions and machine: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// Whether a client logged the run: nothing here ran it.
    pub is_logged: bool,
    /// What the run was marked with: key and value.
    pub tags: Vec<(String, String)>,
    /// The command, the configuration, the variables, and all that the worker said.
    pub blocks: Vec<CodeBlock>,
}

html_safe!(Artifacts, Environment);

impl Seen {
    /// A bar for each level; one that only moves while the program says nothing.
    pub(super) fn levels(&self) -> Vec<LevelBar> {
        let said = self.detail.run.progress.as_ref();
        let levels: Vec<_> = said
            .into_iter()
            .flat_map(|said| said.levels.iter())
            .collect();
        if levels.is_empty() {
            return vec![LevelBar {
                bar: Progress::new(None, "Progress of the run"),
                count: String::new(),
                message: String::new(),
            }];
        }
        levels.into_iter().map(level_bar).collect()
    }

    /// The share of the whole, where there are levels to put together.
    pub(super) fn overall(&self) -> String {
        let said = self.detail.run.progress.as_ref();
        let nested = said.filter(|said| said.levels.iter().count() > 1);
        let fraction = nested.and_then(cupola_domain::progress::Progress::fraction);
        fraction.map(format::percent).unwrap_or_default()
    }

    /// How long it takes yet at the rate that was measured.
    pub(super) fn ends(&self) -> Option<Lasting> {
        let at = self.detail.run.progress.as_ref()?.ends_at()?;
        Some(until(at, self.now))
    }

    /// Between which bounds that lies, in words.
    pub(super) fn ends_range(&self) -> String {
        let said = self.detail.run.progress.as_ref();
        let estimate = said.and_then(cupola_domain::progress::Progress::estimate);
        let Some((early, late)) = estimate.and_then(|estimate| estimate.range) else {
            return String::new();
        };
        let left = |at: Timestamp| {
            let left = at.since(self.now);
            // To the second: it is no better known than that.
            format::duration(Duration::from_secs(left.as_secs()))
        };
        match (left(early), left(late)) {
            (early, late) if early == late => String::new(),
            (early, late) => format!(", between {early} and {late}"),
        }
    }

    pub(super) fn stopping(&self) -> Option<Stopping> {
        let run = &self.detail.run;
        let is_going_on = matches!(
            run.state,
            RunState::Running { .. } | RunState::Cancelling { .. }
        );
        let stopping = run.stopping.filter(|_| is_going_on)?;
        Some(Stopping {
            phase: stopping.step.phase(),
            next: stopping
                .step
                .next()
                .zip(stopping.next_at.map(|at| until(at, self.now))),
        })
    }

    pub(super) fn artifacts(&self) -> Artifacts {
        let run = self.detail.run.id;
        let row = |artifact: &Artifact| {
            let parts: Vec<_> = artifact.name.split('/').map(escaped).collect();
            let path = format!("/artifacts/{}", parts.join("/"));
            ArtifactRow {
                file: Link::new(plain(&artifact.name), paths::run(run, &path)),
                size: format::bytes(artifact.size),
                hash: artifact.hash.clone(),
                kept: artifact.kept_at.into(),
            }
        };
        Artifacts {
            key: self.key(),
            src: paths::run(run, "/artifacts"),
            rows: self.detail.artifacts.iter().map(row).collect(),
        }
    }

    pub(super) fn environment(&self) -> Environment {
        let (run, task) = (&self.detail.run, &self.detail.task);
        let said = run
            .environment
            .as_ref()
            .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())));
        let current = self.template_hash.as_ref();
        let config = config_of_run(run, task);
        Environment {
            key: self.key(),
            src: paths::run(run.id, "/environment"),
            template: plain(&self.detail.template),
            template_href: current
                .map(|_| format!("/templates/{}", escaped(&self.detail.template))),
            changed: match current {
                Some(hash) if *hash == run.code_hash => "",
                Some(_) => "changed since",
                None if run.is_logged() => "",
                None => "no longer there",
            },
            code_hash: run
                .leased_at
                .map_or_else(String::new, |_| run.code_hash.clone()),
            worker: worker_link(&self.detail.workers, run.worker),
            facts: said.as_ref().map(facts).unwrap_or_default(),
            is_logged: run.is_logged(),
            tags: (self.detail.tags.iter())
                .map(|(key, value)| (plain(key), plain(value)))
                .collect(),
            blocks: [
                Some(CodeBlock::json("config.json", &Value::Object(config))),
                said.map(|said| CodeBlock::json("environment.json", &said)),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

fn level_bar(level: &Level) -> LevelBar {
    // A share of 1 is what a program says that does not count.
    let count = match level.total {
        Some(1.0) => String::new(),
        Some(total) => format!("{} of {}", number(level.current), number(total)),
        None => number(level.current),
    };
    let message = plain(&level.message);
    let label = match message.as_str() {
        "" => "Progress of the run",
        message => message,
    };
    LevelBar {
        bar: Progress::new(level.fraction(), label),
        count,
        message,
    }
}

fn number(value: f64) -> String {
    serde_json::Number::from_f64(value).map_or_else(String::new, |number| {
        let text = number.to_string();
        text.strip_suffix(".0").unwrap_or(&text).to_owned()
    })
}

fn until(at: Timestamp, now: Timestamp) -> Lasting {
    Lasting::running_out(at.since(now))
}

/// What of a worker's words deserves a line of its own.
fn facts(said: &Value) -> Vec<(&'static str, String)> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| item.as_str().unwrap_or("?"))
                .collect();
            plain(&items.join(" "))
        }
        other => other.to_string(),
    };
    let machine = &said["machine"];
    let memory = machine["memory_bytes"].as_u64().map(format::bytes);
    [
        ("Command", text(&said["command"])),
        ("Sandbox", sandbox(&said["sandbox"])),
        ("Working folder", text(&said["working_folder"])),
        ("Worker version", text(&said["worker_version"])),
        ("Machine", text(&machine["hostname"])),
        ("Platform", text(&machine["platform"])),
        ("Processor", text(&machine["cpu_model"])),
        ("Cores", text(&machine["cpu_cores"])),
        ("Memory", memory.unwrap_or_default()),
        ("Python", text(&machine["python"]["version"])),
        ("PyTorch", text(&machine["python"]["torch"])),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

/// How far its worker kept the program in, and in what it did not.
fn sandbox(said: &Value) -> String {
    let Some(level) = said["level"].as_str() else {
        return String::new();
    };
    let list = |key: &str| {
        let items = said[key].as_array().into_iter().flatten();
        let items: Vec<_> = items.filter_map(Value::as_str).collect();
        items.join("; ")
    };
    let (holds, gaps) = (list("holds"), list("gaps"));
    let part = |lead: &str, text: &str| match text {
        "" => String::new(),
        text => format!("{lead}{text}"),
    };
    let (holds, gaps) = (part(": ", &holds), part(". Not kept in: ", &gaps));
    plain(&format!("{level}{holds}{gaps}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_says_how_many_of_how_many() {
        let check = |current, total, expected: &str| {
            let level = Level::new(current, total, "x").unwrap();
            assert_eq!(level_bar(&level).count, expected);
        };
        check(3.0, Some(10.0), "3 of 10");
        check(12.0, Some(10.0), "12 of 10");
        check(2.5, None, "2.5");
        check(0.5, Some(1.0), "");
    }

    #[test]
    fn facts_are_what_the_worker_said() {
        let said = serde_json::json!({
            "command": ["sh", "-c", "a\u{1b}b"], "machine": {"cpu_cores": 2, "python": null},
        });
        let found = facts(&said);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], ("Cores", "2".to_owned()));
        assert!(!found[0].1.contains('\u{1b}'));
    }

    #[test]
    fn how_far_a_program_was_kept_in_is_a_fact() {
        let check = |said: Value, expected: &[(&'static str, String)]| {
            assert_eq!(facts(&serde_json::json!({"sandbox": said})), expected);
        };
        let line = |text: &str| [("Sandbox", text.to_owned())];
        check(Value::Null, &[]);
        check(
            serde_json::json!({"level": "strict", "holds": ["a", "b"], "gaps": []}),
            &line("strict: a; b"),
        );
        check(
            serde_json::json!({"level": "partly strict", "holds": ["a"], "gaps": ["b", "c\u{1b}"]}),
            &line("partly strict: a. Not kept in: b; c"),
        );
        check(serde_json::json!({"level": "none"}), &line("none"));
    }
}
