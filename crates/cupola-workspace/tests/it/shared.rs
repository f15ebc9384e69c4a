//! Jobs that several runs name.

use cupola_workspace::{Folder, model::RunKey, source::Source as _};

use crate::support::{Made, open};

const STARTED: &str = r#"{"state": "done", "started_time": 150, "ended_time": 160}"#;

/// The only job, as one run of `e` or whoever asks for all has it: `submitted tag`.
fn shown(folder: &Folder, run: Option<&str>) -> String {
    let run = run.map(|run| RunKey {
        experiment: "e".to_owned(),
        run: run.to_owned(),
    });
    let jobs = folder.jobs(run.as_ref()).unwrap();
    let job = &jobs[0];
    let at = job.submitted_at.unwrap().millis() / 1000;
    format!("{at} {}", job.tags.find("by").unwrap())
}

#[test]
fn each_run_shows_when_it_gave_a_job_and_by_which_tags() {
    let made = Made::new();
    for (run, at) in [("1", 50), ("2", 100), ("3", 200)] {
        made.run("e", run, &[]);
        let line = format!(
            r#"{{"task_id": "t.x", "job_id": "a", "tags": {{"by": {run}}}, "timestamp": {at}}}"#
        );
        made.write(&format!("experiments/e/{run}/jobs.jsonl"), line + "\n");
    }
    let check = |files: &[(&str, &str)], of_all: &str| {
        made.job("t.x", "a", files);
        let folder = open(made.folder.path());
        let each = ["1", "2", "3"].map(|run| shown(&folder, Some(run)));
        assert_eq!(each, ["50 1", "100 2", "200 3"]);
        assert_eq!(shown(&folder, None), of_all);
    };
    check(&[], "200 3");
    let status = (".experimaestro/status.json", STARTED);
    check(&[("x.done", ""), status], "100 3");
    let early = STARTED.replace("150", "20");
    check(&[(status.0, &early)], "50 3");
}
