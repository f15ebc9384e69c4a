//! What Experimaestro's server can be asked to do.

use cupola_workspace::{
    model::JobKey,
    source::{Action, SourceError},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{super::link::Link, about_job, unsupported};

#[derive(Deserialize)]
struct Done {
    success: bool,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

pub(crate) fn act(link: &Link, action: &Action) -> Result<String, SourceError> {
    match action {
        Action::Kill(key) => done(
            link,
            "kill_job",
            about_job(key),
            &format!("killed job `{key}`"),
        ),
        Action::Delete(key) => delete(link, key),
        Action::DeleteExperiment {
            experiment,
            run: None,
            with_jobs,
        } => {
            let about = json!({
                "experiment_id": experiment, "delete_jobs": with_jobs, "perform": true,
            });
            let words = format!("deleted experiment `{experiment}`");
            done(link, "delete_experiment", about, &words)
        }
        Action::DeleteExperiment { run: Some(_), .. } => {
            Err(unsupported("way to delete one run of an experiment"))
        }
        Action::Warning { run, key, action } => {
            let about = json!({
                "warning_key": key, "action_key": action,
                "experiment_id": run.experiment, "run_id": run.run,
            });
            link.call("execute_warning_action", &about)?;
            Ok(format!("did `{action}`"))
        }
        Action::KillStray(keys) => each(keys, |key| act(link, &Action::Kill(key))),
        Action::DeleteOrphans(keys) => each(keys, |key| delete(link, &key)),
        Action::StartService(..) | Action::StopService(..) => Err(unsupported("services")),
        Action::Execute(..) => Err(unsupported("actions")),
        Action::Start(_) => Err(unsupported("way to start a job")),
    }
}

/// Until one is refused.
fn each(
    keys: &[JobKey],
    act: impl Fn(JobKey) -> Result<String, SourceError>,
) -> Result<String, SourceError> {
    for key in keys {
        act(key.clone())?;
    }
    Ok(format!("done: {}", keys.len()))
}

fn delete(link: &Link, key: &JobKey) -> Result<String, SourceError> {
    let mut about = about_job(key);
    about["perform"] = Value::Bool(true);
    let words = format!("deleted job `{key}`");
    done(link, "delete_job_safely", about, &words)
}

fn done(link: &Link, method: &str, about: Value, words: &str) -> Result<String, SourceError> {
    let done: Done = link.call(method, &about)?.body()?;
    let said = done.message.or(done.error);
    if done.success {
        Ok(said.unwrap_or_else(|| words.to_owned()))
    } else {
        Err(SourceError::Refused(
            said.unwrap_or_else(|| "it was not done there".to_owned()),
        ))
    }
}
