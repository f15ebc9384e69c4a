//! The model survives the journey, both ways and in both dialects.

use std::path::PathBuf;

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{Job, JobState, Orphan, Reason, Series, Tags},
    source::{Action, LogAsked, LogOf, LogPart},
};
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    ours::{self, samples},
    theirs,
};

/// Through a frame and back.
fn sent<B: Serialize + DeserializeOwned>(body: impl Into<B>) -> B {
    let text = serde_json::to_string(&body.into()).unwrap();
    assert!(!text.contains('\n'), "a body is one line");
    serde_json::from_str(&text).unwrap()
}

/// What Experimaestro's body of a job can say, as it says it.
fn said_by_theirs(mut job: Job) -> Job {
    if job.state == JobState::Phantom {
        job.state = JobState::Unscheduled;
    }
    job.reason = job.reason.map(|reason| match reason {
        Reason::Lost => Reason::Failed,
        reason => reason,
    });
    job.scheduler = None;
    if let Some(carbon) = &mut job.carbon {
        for watts in [
            &mut carbon.cpu_power_w,
            &mut carbon.gpu_power_w,
            &mut carbon.ram_power_w,
        ] {
            *watts = Some(watts.unwrap_or(0.0));
        }
    }
    Job {
        submitted_at: None,
        tags: Tags::default(),
        runs: Vec::new(),
        problem: None,
        ..job
    }
}

proptest! {
    #[test]
    fn a_job_survives_between_ours(job in samples::job()) {
        prop_assert_eq!(Job::from(sent::<ours::JobBody>(&job)), job);
    }

    #[test]
    fn an_experiment_survives_between_ours(experiment in samples::experiment()) {
        let body = sent::<ours::ExperimentBody>(experiment.clone());
        prop_assert_eq!(cupola_workspace::model::Experiment::from(body), experiment);
    }

    #[test]
    fn an_orphan_survives_between_ours(job in samples::job(), is_stray: bool, bytes: Option<u64>) {
        let orphan = Orphan { job, is_stray, bytes };
        prop_assert_eq!(Orphan::from(sent::<ours::OrphanBody>(orphan.clone())), orphan);
    }

    #[test]
    fn a_part_of_a_log_survives_whatever_its_bytes(bytes: Vec<u8>, offset: u64, size: u64) {
        let part = LogPart { offset, bytes, size };
        let body = sent::<ours::LogPartBody>(part.clone());
        prop_assert_eq!(LogPart::try_from(body).unwrap(), part);
    }

    #[test]
    fn a_curve_survives_but_for_what_json_cannot_say(points: Vec<(f64, f64)>) {
        let series = Series { name: "loss".to_owned(), points, is_reduced: true };
        let back = Series::from(sent::<ours::SeriesBody>(series.clone()));
        let plain = |points: &[(f64, f64)]| -> Vec<_> {
            let bits = |value: f64| if value.is_finite() { value.to_bits() } else { f64::NAN.to_bits() };
            points.iter().map(|(x, y)| (bits(*x), bits(*y))).collect()
        };
        prop_assert_eq!(plain(&back.points), plain(&series.points));
    }

    #[test]
    fn what_is_asked_survives(key in samples::job_key(), run in samples::run_key(), name: String, offset: Option<u64>) {
        let asked = LogAsked {
            of: LogOf::Service(run.clone(), name.clone()),
            stream: "stdout".to_owned(),
            offset,
            bytes: 7,
        };
        prop_assert_eq!(LogAsked::from(sent::<ours::LogAskedBody>(&asked)), asked);
        for action in [
            Action::Kill(key.clone()),
            Action::Delete(key.clone()),
            Action::DeleteExperiment { experiment: name.clone(), run: None, with_jobs: true },
            Action::StartService(run.clone(), name.clone()),
            Action::StopService(run.clone(), name.clone()),
            Action::Warning { run: run.clone(), key: name.clone(), action: name.clone() },
            Action::KillStray(vec![key.clone()]),
            Action::DeleteOrphans(vec![key.clone(), key.clone()]),
            Action::Execute(run.clone(), name.clone()),
            Action::Start(key.clone()),
        ] {
            prop_assert_eq!(Action::from(sent::<ours::ActionBody>(action.clone())), action);
        }
    }

    #[test]
    fn theirs_says_of_a_job_what_it_can(job in samples::job(), hours in -12_i8..14) {
        let zone = TimeZone::fixed(Offset::constant(hours));
        let job = Job { scheduler: None, ..job };
        let body = sent::<theirs::JobBody>(theirs::JobBody::new(&job, &zone));
        prop_assert_eq!(body.to_job(&zone), said_by_theirs(job));
    }

    #[test]
    fn a_body_of_theirs_is_told_as_it_was_read(job in samples::job(), hours in -12_i8..14) {
        let zone = TimeZone::fixed(Offset::constant(hours));
        let body = theirs::JobBody::new(&said_by_theirs(job), &zone);
        let read = sent::<theirs::JobBody>(body.clone()).to_job(&zone);
        prop_assert_eq!(theirs::JobBody::new(&read, &zone), body);
    }

    #[test]
    fn when_and_by_which_tags_stands_in_the_run(job in samples::job()) {
        let info = sent::<theirs::jobs::JobInfoBody>(theirs::jobs::JobInfoBody::new(&job));
        prop_assert_eq!(info.submitted_at(&TimeZone::UTC), job.submitted_at);
        prop_assert_eq!(Tags::from(info.tags), job.tags);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text: String) {
        let _ = serde_json::from_str::<theirs::JobBody>(&text);
        let _ = serde_json::from_str::<ours::JobBody>(&text);
    }
}

#[test]
fn a_job_that_experimaestro_told_is_read() {
    let told = r#"{"job_id": "a9", "task_id": "tasks.train", "path": "/w/jobs/tasks.train/a9",
        "state": "running", "failure_reason": null, "scheduler_state": "scheduled",
        "scheduler_failure_reason": null, "started_time": "2026-11-21T13:35:05.867320",
        "ended_time": null, "exit_code": null, "retry_count": 0, "resumable": false,
        "progress": [{"level": 0, "desc": null, "progress": 0.5}],
        "process": {"type": "local", "pid": 10697, "host": "vm"},
        "run_group_id": "20261121-133504.91", "events_count": 0}"#;
    let body: theirs::JobBody = serde_json::from_str(told).unwrap();
    let job = body.to_job(&TimeZone::UTC);
    assert_eq!(job.state, JobState::Running);
    assert_eq!(job.scheduler, None, "the scheduler only lags behind");
    assert_eq!(job.path, PathBuf::from("/w/jobs/tasks.train/a9"));
    assert_eq!(job.process.unwrap().pid, "10697");
    assert_eq!(job.progress[0].desc, "");
    assert_eq!(
        job.started_at,
        Some(Timestamp::from_millis(1_795_268_105_867))
    );
}
