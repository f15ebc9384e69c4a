//! What programs write for `TensorBoard`.

use std::path::PathBuf;

use crate::support::{
    TestWorker,
    hub::{FakeHub, World},
    order, script,
};

/// Files that `tensorboardX` and `TensorBoard` wrote.
fn fixture(name: &str) -> String {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = crates.join("cupola-formats/tests/fixtures").join(name);
    let path = path.canonicalize().expect("it is in the repository");
    path.to_string_lossy().into_owned()
}

fn notes(world: &World, run: &str) -> String {
    String::from_utf8_lossy(&world.log(run, "worker").0).into_owned()
}

fn params(world: &World, run: &str) -> String {
    let said = world.reports[run].iter().flat_map(|report| &report.params);
    let said = said.map(|(key, value)| format!("{key}={value}"));
    // The file's own order is any.
    let mut said: Vec<_> = said.collect();
    said.sort();
    said.join(" ")
}

#[tokio::test]
async fn what_is_in_event_files_is_read_before_a_run_ends() {
    let run = "e-short";
    let text = format!(
        r#"
        mkdir -p runs/now/17.5
        cp {} runs/now/events.out.tfevents.1
        cp {} runs/now/17.5/events.out.tfevents.2
        echo '{{"loss": 1}}'
        "#,
        fixture("tensorboardx.tfevents"),
        fixture("tensorboardx-hparams.tfevents"),
    );
    let hub = FakeHub::with([script(run, &text)]);
    let worker = TestWorker::start(&hub);
    assert_eq!(hub.finished(run).await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
    let world = hub.world();
    let third = f64::from(1.0_f32 / 3.0);
    let fifth = f64::from(0.2_f32);
    assert_eq!(
        world.series(run, "loss/train"),
        [1.0, 0.5, third, 0.25, fifth]
    );
    assert!(world.series(run, "odd")[0].is_nan());
    assert_eq!(params(&world, run), r#"amp="true" lr="0.1" opt="adam""#);
    let kept: Vec<_> = world
        .artifacts
        .keys()
        .map(|(_, name)| name.as_str())
        .collect();
    assert_eq!(
        kept,
        [
            "tensorboard/note/text_summary/2.md",
            "tensorboard/sample/3.png"
        ]
    );
    assert_eq!(notes(&world, run), "");
    let pieces = world.reports[run].iter().flat_map(|report| &report.metrics);
    let losses = pieces.filter(|piece| piece.name == "loss/train");
    let times: Vec<_> = losses.flat_map(|piece| &piece.points).collect();
    assert_eq!(times[0].1, 1_700_000_000_000);
}

#[tokio::test]
async fn a_file_is_followed_while_it_grows() {
    let run = "e-live";
    let file = fixture("tensorboard.tfevents");
    let text = format!(
        r#"
        mkdir -p logs/validation
        head -c 190 {file} > logs/validation/events.out.tfevents.1
        while ! [ -e go ]; do sleep 0.05; done
        tail -c +191 {file} >> logs/validation/events.out.tfevents.1
        while ! [ -e end ]; do sleep 0.05; done
        echo '{{"loss": 1}}'
        "#
    );
    let hub = FakeHub::with([script(run, &text)]);
    let worker = TestWorker::start(&hub);
    let name = "validation/accuracy";
    let so_far = async |count: usize| {
        hub.until("points", |world| {
            (world.series(run, name).len() == count).then_some(())
        })
        .await;
    };
    // Half of a record waits for its rest.
    so_far(1).await;
    let touch = |name: &str| {
        std::fs::write(worker.run_folder(run).join(name), "").expect("the folder is there");
    };
    touch("go");
    so_far(4).await;
    assert!(!hub.world().finished.contains_key(run));
    touch("end");
    hub.finished(run).await;
    assert_eq!(hub.world().series(run, name), [0.0, 0.25, 0.5, 0.75]);
    assert_eq!(notes(&hub.world(), run), "");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn damage_is_told_once_with_its_place_and_the_rest_is_read() {
    let run = "e-damaged";
    let file = fixture("tensorboard.tfevents");
    let text = format!(
        r#"
        size=$(stat -c %s {file})
        head -c 240 {file} > a.tfevents
        printf X >> a.tfevents
        tail -c +242 {file} | head -c $((size - 245)) >> a.tfevents
        head -c 999 /dev/urandom > b.tfevents
        ln -s {file} c.tfevents
        mkfifo d.tfevents
        sleep 1.2
        echo '{{"loss": 1}}'
        "#
    );
    let hub = FakeHub::with([script(run, &text)]);
    let worker = TestWorker::start(&hub);
    hub.finished(run).await;
    worker.stop().await.expect("it leaves in order");
    let world = hub.world();
    let told = notes(&world, run);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(world.series(run, "accuracy"), [0.0, 0.25, 0.75], "{told}");
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines[0].starts_with("event file `a.tfevents`, at byte 223: a record"),
        "{told}"
    );
    assert!(
        lines[1].starts_with("event file `b.tfevents`, at byte 0: a length"),
        "{told}"
    );
    assert!(
        lines[2].ends_with("the file ends within a record"),
        "{told}"
    );
}

/// A Python with `tensorboardX`, where there is one; CI has one.
fn python() -> Option<String> {
    let python = std::env::var("CUPOLA_TEST_PYTHON").ok();
    python.filter(|python| !python.is_empty())
}

#[tokio::test]
async fn a_program_with_tensorboardx_is_followed() {
    let Some(python) = python() else {
        return;
    };
    let run = "e-python";
    let text = r#"
import os, time
from tensorboardX import SummaryWriter
with SummaryWriter("runs/one", flush_secs=1) as writer:
    for step in range(1000):
        writer.add_scalar("loss", step / 4, step)
    writer.flush()
    while not os.path.exists("go"):
        time.sleep(0.05)
    for step in range(1000, 1500):
        writer.add_scalar("loss", step / 4, step)
    writer.add_text("note", "**done**", 1500)
    writer.add_hparams({"lr": 0.1, "opt": "adam"}, {"score": 0.5}, name="hp")
print('{"loss": 0.1}')
"#;
    let hub = FakeHub::with([order(run, &[&python, "-c", text])]);
    let worker = TestWorker::start(&hub);
    hub.until("the first points", |world| {
        (world.series(run, "loss").len() == 1000).then_some(())
    })
    .await;
    let go = worker.run_folder(run).join("go");
    std::fs::write(go, "").expect("the folder is there");
    assert_eq!(hub.finished(run).await.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
    let world = hub.world();
    let expected: Vec<f64> = (0..1500).map(|step| f64::from(step) / 4.0).collect();
    let found = world.series(run, "loss");
    let wrong = found
        .iter()
        .zip(&expected)
        .position(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!((found.len(), wrong), (expected.len(), None));
    assert_eq!(world.series(run, "hp/score"), [0.5]);
    assert_eq!(params(&world, run), r#"lr="0.1" opt="adam""#);
    let note = (
        run.to_owned(),
        "tensorboard/note/text_summary/1500.md".to_owned(),
    );
    assert_eq!(
        world.artifacts.get(&note).map(Vec::as_slice),
        Some(&b"**done**"[..])
    );
}
