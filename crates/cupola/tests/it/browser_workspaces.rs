//! A person watches a workspace in a real browser while its jobs run: `cupola monitor --web`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    chromium::Chromium,
    support::{Process, SECRET, cupola, eventually},
};

/// A workspace with a job that runs, one that is done and one that has not begun.
struct Scene {
    folder: tempfile::TempDir,
    program: Process,
}

impl Scene {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        #[expect(
            clippy::disallowed_methods,
            reason = "the test owns the process that it starts"
        )]
        let child = {
            // What is ended must be known to be the job's: it runs the job's own file.
            let script = folder.path().join("xp/jobs/m.learn/bbb2/learn.py");
            fs::create_dir_all(script.parent().unwrap()).unwrap();
            fs::write(&script, "sleep 600\n:\n").unwrap();
            Command::new("sh").arg(script).spawn().unwrap()
        };
        let program = Process { child };
        let scene = Self { folder, program };
        scene.fill();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("xp").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn fill(&self) {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let host = host.trim();
        let run = "experiments/grid/20260101_000000";
        let status =
            json!({"status": "running", "hostname": host, "started_at": "2026-01-01T00:00:00Z"});
        let line = |task: &str, id: &str, lr: f64| {
            json!({"task_id": task, "job_id": id, "tags": {"lr": lr}, "timestamp": 1_767_225_600.5})
                .to_string()
        };
        let lines = [
            line("m.prepare", "aaa1", 0.1),
            line("m.learn", "bbb2", 0.5),
            line("m.learn", "ccc3", 0.9),
        ];
        let object = |id: i64, name: &str, identifier: &str, fields: serde_json::Value| json!({"id": id, "typename": name, "identifier": identifier, "task": id, "fields": fields});
        let data = json!({"data": {"type": "python", "value": 1}, "lr": 0.5});
        let objects = [
            object(1, "m.Prepare", "aaa1", json!({})),
            object(2, "m.Learn", "bbb2", data),
        ];
        let params = json!({"version": 3, "objects": objects}).to_string();
        self.write(&format!("{run}/status.json"), &status.to_string());
        self.write(&format!("{run}/jobs.jsonl"), &(lines.join("\n") + "\n"));
        self.write("jobs/m.prepare/aaa1/prepare.done", "");
        self.write("jobs/m.learn/bbb2/params.json", &params);
        self.write("jobs/m.learn/bbb2/learn.out", "step 1\n");
        let pid = json!({"type": "local", "pid": self.program.id(), "host": host});
        self.write("jobs/m.learn/bbb2/learn.pid", &pid.to_string());
    }

    fn say(&self, text: &str) {
        let log = self.path("jobs/m.learn/bbb2/learn.out");
        let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }
}

/// `cupola monitor --web` on the workspace, and where it answers.
fn serve(data: &Path, workdir: &Path) -> (Process, String) {
    let args = [
        "monitor",
        "--web",
        "--port",
        "0",
        "--no-browser",
        "--workdir",
    ];
    let mut command = cupola(data, &args);
    command
        .arg(workdir)
        .env("CUPOLA_TOKEN", SECRET)
        .env("TMPDIR", data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let process = Process { child };
    let first = lines.next().unwrap().unwrap();
    let url = first.rsplit(' ').next().unwrap().to_owned();
    (process, url)
}

#[tokio::test]
async fn a_workspace_is_watched_in_a_browser() {
    let mut scene = Scene::make();
    let data = tempfile::tempdir().unwrap();
    let (mut server, url) = serve(data.path(), &scene.path(""));
    let chromium = Chromium::start().await;
    chromium.goto(&format!("{url}/login")).await;
    chromium.fill("input[name=token]", SECRET).await;
    chromium.click("form button").await;
    let is_at_home = "return location.pathname === '/workspaces/xp' \
                      && document.querySelectorAll('.sections a').length === 1 \
                      && document.querySelector('#list tbody').textContent.includes('1 of 3 done, 1 running')";
    chromium.until("the experiments", is_at_home).await;

    filters(&chromium).await;
    changes_are_seen(&chromium, &scene).await;
    logs_grow(&chromium, &scene, &url).await;
    kills(&chromium, &mut scene).await;

    chromium.browser.clone().close().await.unwrap();
    assert_eq!(server.interrupt(), Some(0));
    let left: Vec<_> = fs::read_dir(data.path()).unwrap().flatten().collect();
    let is_ours = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("cupola-monitor");
    assert!(
        !left.iter().any(|entry| is_ours(&entry.file_name())),
        "{left:?}"
    );
}

async fn filters(chromium: &Chromium) {
    chromium.click("#list tbody .name a").await;
    let rows = |number: u32| {
        format!("return document.querySelectorAll('#list tbody tr').length === {number}")
    };
    chromium.until("three jobs", &rows(3)).await;
    chromium.fill("#filter", "state = running").await;
    chromium.until("one job", &rows(1)).await;
    chromium.fill("#filter", "state = (").await;
    let is_refused = "return document.querySelector('#list .field-error')?.textContent.includes('column') === true";
    chromium.until("what is wrong", is_refused).await;
    chromium.fill("#filter", "lr > 0.3").await;
    chromium.until("two jobs", &rows(2)).await;
}

/// A job ends on disk, and its row says so without a reload.
async fn changes_are_seen(chromium: &Chromium, scene: &Scene) {
    chromium.mark().await;
    scene.write("made/learn.done", "");
    // Whole at once: what is not under way is not looked into.
    fs::rename(scene.path("made"), scene.path("jobs/m.learn/ccc3")).unwrap();
    let is_done = "return [...document.querySelectorAll('#list tbody tr')]\
                   .some((row) => row.textContent.includes('ccc3') && row.querySelector('.badge').textContent === 'done')";
    chromium.until("the end of a job", is_done).await;
    chromium.assert_marked().await;
}

async fn logs_grow(chromium: &Chromium, scene: &Scene, url: &str) {
    chromium
        .goto(&format!("{url}/workspaces/xp/jobs/m.learn/bbb2"))
        .await;
    let has = |text: &str| {
        format!("return document.querySelector('[data-tail-box]').textContent.includes('{text}')")
    };
    chromium.until("the log", &has("step 1")).await;
    chromium.mark().await;
    let lines: Vec<_> = (2..200).map(|step| format!("step {step}\n")).collect();
    scene.say(&lines.concat());
    chromium.until("more of the log", &has("step 199")).await;
    let is_followed = "const box = document.querySelector('[data-tail-box]'); \
                       return box.scrollHeight - box.scrollTop - box.clientHeight < 9 \
                       && document.querySelector('[data-tail-follow]').ariaPressed === 'true'";
    chromium.until("the end of it", is_followed).await;
    scene.say("10 %\r20 %\r30 %");
    chromium.until("what is being written", &has("30 %")).await;
    let is_collapsed =
        "return !document.querySelector('[data-tail-box]').textContent.includes('20 %')";
    chromium.until("what was written over", is_collapsed).await;
    chromium
        .execute("document.querySelector('[data-tail-box]').scrollTop = 0")
        .await;
    let is_let_go = "return document.querySelector('[data-tail-follow]').ariaPressed === 'false'";
    chromium.until("letting go", is_let_go).await;
    chromium.assert_marked().await;
    let needs = "return document.querySelector('#needed a').textContent === 'prepare aaa1'";
    chromium.until("what it needs", needs).await;
}

async fn kills(chromium: &Chromium, scene: &mut Scene) {
    chromium.click("#details a.danger").await;
    let asks = "return document.querySelector('dialog[open] h1')?.textContent === 'Kill the job learn bbb2?'";
    chromium.until("the question", asks).await;
    assert!(
        scene.program.child.try_wait().unwrap().is_none(),
        "nobody agreed"
    );
    chromium.click("dialog[open] button.danger").await;
    let program = &mut scene.program.child;
    let ended = std::cell::RefCell::new(program);
    eventually("the end of the program", || async {
        ended.borrow_mut().try_wait().unwrap()
    })
    .await;
    let is_seen = "return document.querySelector('#details .badge')?.textContent === 'error' \
                   && !document.querySelector('#details a[href*=\"do=kill\"]')";
    chromium.until("its end on the page", is_seen).await;
}
