//! Jobs, runs and all the rest as chance makes them, for tests.

use std::path::PathBuf;

use cupola_domain::time::Timestamp;
use cupola_workspace::model::{
    Carbon, Counts, Experiment, ExperimentRun, Job, JobKey, JobState, Process, Progress, Reason,
    RunKey, RunStatus, Tags,
};
use proptest::{option::of, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::wire::words::Word;

/// Any value with a word.
pub(crate) fn word<T: Word + std::fmt::Debug>() -> impl Strategy<Value = T> {
    select(T::ALL).prop_map(|(value, _)| value)
}

pub(crate) fn job_key() -> impl Strategy<Value = JobKey> {
    ("[a-z.]{1,12}", "[0-9a-f]{8}").prop_map(|(task, id)| JobKey { task, id })
}

pub(crate) fn run_key() -> impl Strategy<Value = RunKey> {
    ("\\PC{1,8}", "[0-9_.]{1,16}").prop_map(|(experiment, run)| RunKey { experiment, run })
}

pub(crate) fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(Timestamp::from_millis)
}

fn tag() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(|it| json!(it)),
        (-1e9_f64..1e9).prop_map(|it| json!(it)),
        any::<bool>().prop_map(|it| json!(it)),
        any::<String>().prop_map(|it| json!(it)),
    ]
}

fn progress() -> impl Strategy<Value = Progress> {
    (0_u32..4, "\\PC{0,9}", 0.0_f64..1.0).prop_map(|(level, desc, progress)| Progress {
        level,
        desc,
        progress,
    })
}

pub(crate) fn carbon() -> impl Strategy<Value = Carbon> {
    let watts = || of(0.0_f64..900.0);
    let much = || 0.0_f64..1e6;
    (
        much(),
        much(),
        watts(),
        watts(),
        watts(),
        much(),
        any::<bool>(),
    )
        .prop_map(
            |(co2_kg, energy_kwh, cpu_power_w, gpu_power_w, ram_power_w, duration_s, is_final)| {
                Carbon {
                    co2_kg,
                    energy_kwh,
                    cpu_power_w,
                    gpu_power_w,
                    ram_power_w,
                    duration_s,
                    is_final,
                }
            },
        )
}

fn process() -> impl Strategy<Value = Process> {
    let pid = prop_oneof!["[1-9][0-9]{0,6}", "[a-z][a-z0-9]{0,5}"];
    ("[a-z]{1,6}", pid, of("[a-z]{1,6}")).prop_map(|(kind, pid, host)| Process { kind, pid, host })
}

pub(crate) fn job() -> impl Strategy<Value = Job> {
    let state = (
        word::<JobState>(),
        of(word::<Reason>()),
        of(word::<JobState>()),
        of(any::<i32>()),
        0_u32..9,
    );
    let times = (of(time()), of(time()), of(time()));
    let tags = prop::collection::btree_map("[a-z]{1,5}", tag(), 0..4);
    let rest = (
        prop::collection::vec(progress(), 0..3),
        tags,
        of(process()),
        of(carbon()),
        prop::collection::vec(run_key(), 0..3),
        of(any::<String>()),
    );
    (job_key(), "/[a-z '\"/]{0,20}", state, times, rest).prop_map(
        |(key, path, state, times, rest)| Job {
            key,
            path: PathBuf::from(path),
            state: state.0,
            reason: state.1,
            scheduler: state.2,
            exit_code: state.3,
            retries: state.4,
            submitted_at: times.0,
            started_at: times.1,
            ended_at: times.2,
            progress: rest.0,
            tags: Tags::from(rest.1),
            process: rest.2,
            carbon: rest.3,
            runs: rest.4,
            problem: rest.5,
        },
    )
}

fn run() -> impl Strategy<Value = ExperimentRun> {
    let counts = (0_u64..99, 0_u64..99, 0_u64..99, 0_u64..99);
    let rest = (
        of("[a-z]{1,5}"),
        of(time()),
        of(time()),
        prop::collection::vec("[a-z]{1,5}", 0..3),
        of(carbon()),
    );
    (run_key(), word::<RunStatus>(), counts, rest).prop_map(|(key, status, counts, rest)| {
        ExperimentRun {
            path: PathBuf::from("/w/experiments").join(&key.run),
            key,
            status,
            host: rest.0,
            started_at: rest.1,
            ended_at: rest.2,
            counts: Counts {
                total: counts.0,
                done: counts.1,
                failed: counts.2,
                running: counts.3,
                gone: counts.1,
            },
            tags: rest.3,
            carbon: rest.4,
            problem: None,
        }
    })
}

pub(crate) fn experiment() -> impl Strategy<Value = Experiment> {
    let runs = prop::collection::vec(run(), 0..4);
    ("\\PC{1,9}", runs).prop_map(|(id, runs)| Experiment {
        path: PathBuf::from("/w/experiments").join(&id),
        id,
        runs,
    })
}
