use std::{fs, os::unix::fs::PermissionsExt as _};

use super::*;

/// Longer than a script takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Cluster {
    folder: tempfile::TempDir,
    slurm: Slurm,
    minutes: std::cell::Cell<u64>,
}

impl Cluster {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            slurm: Slurm::with_programs_in(folder.path()),
            folder,
            minutes: std::cell::Cell::new(0),
        }
    }

    /// A program that notes how it was called and says what the file beside it has.
    fn install(&self, name: &str, script: &str) {
        let path = self.folder.path().join(name);
        let text = format!("#!/bin/sh\necho \"$@\" >> \"$0.asked\"\n{script}\n");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn says(&self, name: &str, lines: &str) {
        self.install(name, &format!("cat <<'END'\n{lines}\nEND"));
    }

    fn asked(&self, name: &str) -> Vec<String> {
        let path = self.folder.path().join(format!("{name}.asked"));
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// A minute later, until it was answered.
    fn ask(&self, ids: &[&str]) {
        self.minutes.set(self.minutes.get() + 1);
        let now = Timestamp::from_millis(0).plus(Duration::from_mins(self.minutes.get()));
        self.slurm.ask(ids.iter().map(|id| (*id).to_owned()), now);
        let until = Instant::now() + PATIENCE;
        while self.slurm.heard().is_asking {
            assert!(Instant::now() < until, "it never answered");
            std::thread::yield_now();
        }
    }

    fn gone(&self, ids: &[&str]) -> Vec<Option<Reason>> {
        ids.iter().map(|id| self.slurm.gone(id)).collect()
    }
}

#[test]
fn what_the_queue_no_longer_knows_is_lost_when_it_was_asked_twice() {
    let cluster = Cluster::new();
    let ids = ["70", "71", "72"];
    cluster.says("squeue", "70|RUNNING\n71|PENDING");
    cluster.ask(&ids);
    assert_eq!(
        cluster.gone(&ids),
        [None; 3],
        "it may be about to say how it ended"
    );
    cluster.ask(&ids);
    assert_eq!(cluster.gone(&ids), [None, None, Some(Reason::Lost)]);
    let words = "--noheader --states=all --format=%A|%T --jobs=70,71,72";
    assert_eq!(cluster.asked("squeue"), [words; 2]);
}

#[test]
fn what_it_was_let_go_for_is_the_reason() {
    let cluster = Cluster::new();
    let ids = ["1", "2", "3", "4", "5", "6"];
    cluster.says("squeue", "1|TIMEOUT\n2|COMPLETING\n3|SOMETHING_NEW");
    cluster.says("sacct", "4|CANCELLED by 1000\n5|OUT_OF_MEMORY");
    cluster.ask(&ids);
    cluster.ask(&ids);
    let expected = [
        Some(Reason::Timeout),
        None,
        None,
        Some(Reason::Cancelled),
        Some(Reason::Memory),
        Some(Reason::Lost),
    ];
    assert_eq!(cluster.gone(&ids), expected);
    let words = "--noheader --parsable2 --allocations --format=JobIDRaw,State --jobs=4,5,6";
    assert_eq!(cluster.asked("sacct"), [words; 2]);
}

#[test]
fn the_only_job_that_is_unknown_is_gone() {
    let cluster = Cluster::new();
    let words = "slurm_load_jobs error: Invalid job id specified";
    cluster.install("squeue", &format!("echo '{words}' >&2; exit 1"));
    cluster.ask(&["7"]);
    cluster.ask(&["7"]);
    assert_eq!(cluster.gone(&["7"]), [Some(Reason::Lost)]);
}

#[test]
fn a_queue_that_does_not_answer_says_nothing() {
    for script in ["exit 1", "echo '8|RUNNING'; exec sleep 60", "kill -9 $$"] {
        let cluster = Cluster::new();
        cluster.install("squeue", script);
        cluster.ask(&["7"]);
        cluster.ask(&["7"]);
        assert_eq!(cluster.gone(&["7"]), [None], "{script}");
    }
}

#[test]
fn it_is_asked_now_and_then_and_not_where_it_is_not() {
    let cluster = Cluster::new();
    cluster.ask(&["7"]);
    cluster.says("squeue", "");
    cluster.ask(&["7"]);
    assert!(cluster.asked("squeue").is_empty(), "there was none");
    let cluster = Cluster::new();
    cluster.says("squeue", "");
    cluster.ask(&["7"]);
    let soon = Timestamp::from_millis(89_000);
    cluster.slurm.ask(["7".to_owned()].into_iter(), soon);
    assert!(!cluster.slurm.heard().is_asking);
    assert_eq!(cluster.asked("squeue").len(), 1);
}

#[test]
fn only_numbers_are_asked_for() {
    let cluster = Cluster::new();
    cluster.says("squeue", "");
    cluster.ask(&["", "--help", "1;x", "7", "1,2"]);
    let words = "--noheader --states=all --format=%A|%T --jobs=7";
    assert_eq!(cluster.asked("squeue"), [words]);
}
