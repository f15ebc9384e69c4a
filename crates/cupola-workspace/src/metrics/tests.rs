use std::{fs, io::Write as _, os::unix::fs::symlink};

use cupola_formats::tensorboard::record;

use super::*;

/// One value of `tag`, as a program appends it.
fn event(tag: &str, step: u8, value: f32) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, length][..], bytes].concat()
    };
    let value = [
        field(1, tag.as_bytes()),
        [&[0x15][..], &value.to_le_bytes()].concat(),
    ];
    let head = [&[0x09][..], &1.5_f64.to_le_bytes(), &[0x10, step]].concat();
    record(&[head, field(5, &field(1, &value.concat()))].concat())
}

struct Job {
    folder: tempfile::TempDir,
    metrics: Metrics,
}

impl Job {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            metrics: Metrics::default(),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, bytes: &[u8]) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::File::options().create(true).append(true).open(path);
        file.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// `loss 0:1 1:0.5; train/loss 0:2`
    fn shown(&self) -> String {
        let series = self.metrics.series(self.folder.path(), 100).unwrap();
        let series = series.iter().map(|series| {
            let points = series.points.iter();
            let points = points.map(|(step, value)| format!(" {step}:{value}"));
            format!("{}{}", series.name, points.collect::<String>())
        });
        series.collect::<Vec<_>>().join("; ")
    }
}

#[test]
fn a_file_is_followed_while_it_grows() {
    let job = Job::new();
    assert_eq!(job.shown(), "");
    let name = "runs/events.out.tfevents.1.host";
    job.append(name, &event("loss", 0, 1.0));
    assert_eq!(job.shown(), "loss 0:1");
    let next = event("loss", 1, 0.5);
    job.append(name, &next[..9]);
    assert_eq!(job.shown(), "loss 0:1", "half of it is to come");
    job.append(name, &next[9..]);
    job.append(name, &event("acc", 1, 0.25));
    assert_eq!(job.shown(), "acc 1:0.25; loss 0:1 1:0.5");
    job.append("runs/events.out.tfevents.2.host", &event("loss", 2, 4.0));
    assert_eq!(job.shown(), "acc 1:0.25; loss 0:1 1:0.5 2:4");
}

#[test]
fn folders_tell_metrics_apart() {
    let job = Job::new();
    job.append("out/tb/train/tfevents.1", &event("loss", 0, 1.0));
    job.append("out/tb/val/tfevents.1", &event("loss", 0, 2.0));
    assert_eq!(job.shown(), "train/loss 0:1; val/loss 0:2");
}

#[test]
fn a_program_that_began_again_is_read_anew() {
    let job = Job::new();
    job.append("a.tfevents", &event("old", 0, 1.0));
    job.append("a.tfevents", &event("old", 1, 1.0));
    assert_eq!(job.shown(), "old 0:1 1:1");
    fs::write(job.at("a.tfevents"), event("new", 0, 3.0)).unwrap();
    assert_eq!(job.shown(), "new 0:3", "it is shorter");
    fs::remove_file(job.at("a.tfevents")).unwrap();
    job.append("b.tfevents", &event("other", 0, 4.0));
    assert_eq!(job.shown(), "other 0:4");
}

#[test]
fn links_are_followed_once_and_never_round() {
    let job = Job::new();
    let outside = tempfile::tempdir().unwrap();
    let (near, far) = (outside.path().join("near"), outside.path().join("far"));
    fs::create_dir(&near).unwrap();
    fs::create_dir(&far).unwrap();
    fs::write(near.join("tfevents.1"), event("near", 0, 1.0)).unwrap();
    fs::write(far.join("tfevents.1"), event("far", 0, 1.0)).unwrap();
    symlink(&far, near.join("on")).unwrap();
    symlink(&near, job.at("tb")).unwrap();
    symlink(&near, job.at("again")).unwrap();
    symlink(job.folder.path(), job.at("self")).unwrap();
    symlink(job.folder.path().parent().unwrap(), job.at("up")).unwrap();
    symlink(job.at("ring"), job.at("ring")).unwrap();
    assert_eq!(job.shown(), "near 0:1");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&near, Some(12_345), None).unwrap();
        assert_eq!(job.shown(), "", "another user's is not shown");
    }
}

#[test]
fn what_is_no_event_file_is_passed_over() {
    let job = Job::new();
    job.append("garbage.tfevents", &[7; 4096]);
    let pipe = job.at("pipe.tfevents");
    let rights = rustix::fs::Mode::RWXU;
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, pipe, kind, rights, 0).unwrap();
    job.append("good.tfevents", &event("loss", 1, 2.0));
    assert_eq!(job.shown(), "loss 1:2");
    let gone = job.metrics.series(&job.at("gone"), 10).unwrap_err();
    assert!(gone.to_string().ends_with("no such file or directory"));
}

#[test]
fn only_the_jobs_looked_at_last_are_kept() {
    let metrics = Metrics::default();
    let folders: Vec<_> = (0..JOBS + 3)
        .map(|_| tempfile::tempdir().unwrap())
        .collect();
    for folder in &folders {
        metrics.series(folder.path(), 10).unwrap();
        metrics.series(folders[0].path(), 10).unwrap();
    }
    let kept = metrics.kept.lock().unwrap();
    assert_eq!(kept.len(), JOBS);
    assert_eq!(kept.back().unwrap().0, folders[0].path());
}
