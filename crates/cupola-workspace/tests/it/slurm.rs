//! Jobs of a cluster: their files are believed, until its queue has let go of them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    Folder, Here, Watching,
    model::{JobState, Reason},
    source::Source as _,
};

use crate::support::{Made, job_of, until};

#[test]
fn a_job_that_its_queue_has_let_go_of_is_lost() {
    let made = Made::new();
    let programs = tempfile::tempdir().unwrap();
    let squeue = programs.path().join("squeue");
    fs::write(&squeue, "#!/bin/sh\necho '76|RUNNING'\n").unwrap();
    fs::set_permissions(&squeue, fs::Permissions::from_mode(0o755)).unwrap();
    made.run(
        "e",
        "1",
        &[("t.kept", "a", "running"), ("t.gone", "b", "running")],
    );
    let noted = |id| format!("{{\"type\": \"slurm\", \"pid\": \"{id}\", \"options\": {{}}}}");
    made.job("t.kept", "a", &[("kept.pid", &noted(76))]);
    made.job("t.gone", "b", &[("gone.pid", &noted(77))]);
    let clock = Arc::new(AtomicI64::new(0));
    let hand = Arc::clone(&clock);
    let now = move || Timestamp::from_millis(hand.load(Ordering::Relaxed));
    let here = Here::new(Arc::new(now)).with_slurm_in(programs.path());
    let folder = Folder::open(made.folder.path(), here, Watching::Auto).unwrap();
    let gone = job_of(&folder, "gone").unwrap();
    assert_eq!(gone.state, JobState::Running, "its files are believed");
    let changes = folder.changes();
    let lost = until(&changes, "the word of its queue", || {
        clock.fetch_add(10_000, Ordering::Relaxed);
        job_of(&folder, "gone").filter(|job| job.state == JobState::Error)
    });
    assert_eq!(lost.reason, Some(Reason::Lost));
    assert_eq!(job_of(&folder, "kept").unwrap().state, JobState::Running);
}
