//! What is there is seen, what is asked is done, what changes is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering, mpsc::Receiver},
    time::Instant,
};

use cupola_workspace::{
    model::{Job, JobState, RunKey},
    source::{Action, Change, LogAsked, LogOf, Source, SourceError},
};

use super::{
    fake::{self, Fake, NULL, key, run},
    pipes::{LONG, remote_of},
};

/// Waits until `wanted` is told.
pub(crate) fn hear(changes: &Receiver<Change>, mut wanted: impl FnMut(&Change) -> bool) {
    let began = Instant::now();
    loop {
        let left = LONG
            .checked_sub(began.elapsed())
            .expect("it is told in time");
        let change = changes.recv_timeout(left).expect("it is told in time");
        if wanted(&change) {
            return;
        }
    }
}

/// Waits until the jobs of `source` are as `wanted`, reading again whenever something is told.
pub(crate) fn wait_for(
    source: &dyn Source,
    changes: &Receiver<Change>,
    wanted: impl Fn(&[Arc<Job>]) -> bool,
) {
    let began = Instant::now();
    while !wanted(&source.jobs(None).unwrap()) {
        let left = LONG.checked_sub(began.elapsed()).expect("it is so in time");
        changes.recv_timeout(left).expect("it is so in time");
    }
}

/// The same rows in the same order; the first that differs is shown alone.
fn same(seen: &[Arc<Job>], there: &[Arc<Job>]) {
    assert_eq!(seen.len(), there.len());
    for (seen, there) in seen.iter().zip(there) {
        assert_eq!(seen, there);
    }
}

fn log_of_second() -> LogAsked {
    LogAsked {
        of: LogOf::Job(key(1)),
        stream: "stdout".to_owned(),
        offset: Some(6),
        bytes: 100,
    }
}

#[test]
fn between_two_of_ours_everything_is_seen_as_it_is() {
    let fake = Fake::new(1200);
    let remote = remote_of(&fake, false);
    assert_eq!(remote.far_side(), "Cupola 0.1.0");
    assert_eq!(remote.experiments(), fake.experiments());
    same(&remote.jobs(None).unwrap(), &fake.rows());
    same(&remote.jobs(Some(&run())).unwrap(), &fake.rows());
    assert_eq!(remote.dependencies(&run()), fake.dependencies(&run()));
    assert_eq!(remote.job(&key(3)), fake.job(&key(3)));
    assert_eq!(remote.services(None), fake.services(None));
    assert_eq!(remote.actions(&run()), fake.actions(&run()));
    assert_eq!(remote.orphans(true), fake.orphans(true));
    assert_eq!(remote.warnings(), fake.warnings());
    assert_eq!(remote.series(&key(3), 80), fake.series(&key(3), 80));
    assert_eq!(remote.sheets(), fake.sheets());
    assert_eq!(remote.log(&log_of_second()), fake.log(&log_of_second()));
    assert_eq!(remote.now(), fake.now());
}

#[test]
fn as_experimaestro_speaks_all_is_seen_that_it_can_say() {
    let fake = Fake::new(1200);
    let remote = remote_of(&fake, true);
    assert_eq!(remote.far_side(), "Experimaestro (protocol 2.0)");
    same(&remote.jobs(Some(&run())).unwrap(), &fake.rows());
    same(&remote.jobs(None).unwrap(), &fake.rows());
    assert_eq!(remote.dependencies(&run()), fake.dependencies(&run()));
    assert_eq!(remote.services(None), fake.services(None));
    assert_eq!(remote.warnings(), fake.warnings());
    assert_eq!(remote.actions(&run()), fake.actions(&run()));

    assert_eq!(remote.experiments(), fake.experiments());

    let mut details = fake.job(&key(3)).unwrap();
    details.parameters = NULL;
    let seen = remote.job(&key(3)).unwrap();
    assert_eq!(seen.process, details.process);
    assert_eq!(seen.job, details.job);

    let orphans = remote.orphans(false).unwrap();
    let strays: Vec<_> = orphans.iter().map(|it| it.is_stray).collect();
    assert_eq!(strays, [false, true]);
}

#[test]
fn what_is_unknown_or_refused_there_is_so_here() {
    let fake = Fake::new(3);
    let nowhere = RunKey {
        run: "no".to_owned(),
        ..run()
    };
    for is_plain in [false, true] {
        let remote = remote_of(&fake, is_plain);
        assert_eq!(
            remote.job(&key(77)),
            Err(SourceError::Unknown(format!(
                "there is no job `{}`",
                key(77)
            )))
        );
        assert_eq!(
            remote.act(&Action::Delete(key(2))),
            Err(SourceError::Refused("the job is running".to_owned()))
        );
        if !is_plain {
            let error = remote.jobs(Some(&nowhere)).unwrap_err();
            assert!(matches!(error, SourceError::Unknown(_)), "{error:?}");
        }
    }
}

#[test]
fn what_is_asked_is_done_there() {
    let warning = fake::warning();
    let asked = [
        Action::Kill(key(2)),
        Action::Delete(key(0)),
        Action::DeleteExperiment {
            experiment: "demo".to_owned(),
            run: None,
            with_jobs: true,
        },
        Action::Warning {
            run: run(),
            key: warning.key,
            action: "kill".to_owned(),
        },
    ];
    for is_plain in [false, true] {
        let fake = Fake::new(3);
        let remote = remote_of(&fake, is_plain);
        for action in &asked {
            remote.act(action).unwrap();
        }
        assert_eq!(*fake.acted.lock().unwrap(), asked);
    }
}

#[test]
fn a_change_is_told_with_its_row() {
    let fake = Fake::new(5);
    let remote = remote_of(&fake, false);
    let changes = remote.changes();
    remote.jobs(None).unwrap();
    remote.jobs(Some(&run())).unwrap();
    let listed = fake.listed.load(Ordering::Relaxed);
    fake.put(Job {
        state: JobState::Done,
        ..fake::job(2)
    });
    fake.put(fake::job(5));
    hear(&changes, |change| *change == Change::Job(key(5)));
    assert_eq!(remote.jobs(None).unwrap(), fake.rows());
    assert_eq!(remote.jobs(Some(&run())).unwrap(), fake.rows());
    let looked = fake.listed.load(Ordering::Relaxed) - listed;
    assert!(looked <= 2, "the far side looked only to tell it: {looked}");

    fake.remove(&key(0));
    hear(&changes, |change| *change == Change::Job(key(0)));
    assert_eq!(remote.jobs(None).unwrap(), fake.rows());
}

#[test]
fn many_jobs_that_go_at_once_are_gone() {
    let fake = Fake::new(3_000);
    let remote = remote_of(&fake, false);
    let changes = remote.changes();
    remote.jobs(None).unwrap();
    remote.jobs(Some(&run())).unwrap();
    fake.remove_first(2_000);
    wait_for(&remote, &changes, |jobs| jobs.len() == 1_000);
    same(&remote.jobs(Some(&run())).unwrap(), &fake.rows());
}

#[test]
fn an_experiment_and_the_rest_are_told() {
    let fake = Fake::new(5);
    let remote = remote_of(&fake, false);
    let changes = remote.changes();
    let before = remote.experiments().unwrap();
    fake.put(fake::job(6));
    for change in [
        Change::Experiment("demo".to_owned()),
        Change::Log(key(2)),
        Change::Services,
        Change::Warnings,
        Change::All,
    ] {
        fake.tell(&change);
        hear(&changes, |told| *told == change);
    }
    assert_ne!(remote.experiments().unwrap(), before);
    fake.tell(&Change::Experiment("gone".to_owned()));
    hear(&changes, |told| {
        *told == Change::Experiment("gone".to_owned())
    });
}

#[test]
fn as_experimaestro_speaks_changes_are_seen_too() {
    let fake = Fake::new(5);
    let remote = remote_of(&fake, true);
    let changes = remote.changes();
    remote.jobs(None).unwrap();
    fake.put(Job {
        state: JobState::Done,
        progress: Vec::new(),
        ..fake::job(2)
    });
    wait_for(&remote, &changes, |jobs| jobs[2].state == JobState::Done);
    assert_eq!(remote.jobs(None).unwrap()[2].tags, fake.rows()[2].tags);
}

#[test]
fn progress_is_seen_level_by_level() {
    let fake = Fake::new(3);
    let remote = remote_of(&fake, true);
    let changes = remote.changes();
    remote.jobs(None).unwrap();
    let mut job = fake::job(2);
    job.progress[0].progress = 0.75;
    fake.put(job.clone());
    wait_for(&remote, &changes, |jobs| jobs[2].progress == job.progress);
}

#[test]
fn a_hundred_thousand_jobs_come_in_parts() {
    let fake = Fake::new(100_000);
    let remote = remote_of(&fake, false);
    let jobs = remote.jobs(None).unwrap();
    assert_eq!(jobs.len(), 100_000);
    let keys: BTreeMap<_, _> = jobs.iter().map(|job| (&job.key, job)).collect();
    assert_eq!(keys.len(), 100_000);
}
