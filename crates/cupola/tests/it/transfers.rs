//! What goes out of a hub and comes in, by the command line.

use std::{fs, path::Path};

use crate::support::{TestHub, run};

fn fixture(name: &str) -> Vec<u8> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read(crates.join("cupola-formats/tests/fixtures").join(name)).unwrap()
}

#[tokio::test]
async fn event_files_come_in_once_and_go_out_as_tables() {
    let hub = TestHub::start();
    let logs = tempfile::tempdir().unwrap();
    let at = |path: &str| logs.path().join(path);
    fs::create_dir_all(at("one/sub")).unwrap();
    let whole = fixture("tensorboardx.tfevents");
    fs::write(at("one/events.out.tfevents.1"), &whole[..200]).unwrap();
    fs::write(
        at("one/sub/events.out.tfevents.2"),
        fixture("tensorboard.tfevents"),
    )
    .unwrap();
    let ask = |args: &[&str]| {
        let output = run(hub.folder.path(), args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {stderr}");
        (String::from_utf8(output.stdout).unwrap(), stderr)
    };
    let folder = logs.path().to_string_lossy().into_owned();
    let import = || ask(&["import", "tensorboard", &folder, "--experiment", "old"]);
    let (said, warned) = import();
    assert!(said.contains("one/sub: 4 new points of 1 files"), "{said}");
    assert!(warned.contains("the file ends within a record"), "{warned}");
    // The file goes on; the other has nothing new.
    fs::write(at("one/events.out.tfevents.1"), &whole).unwrap();
    let (said, _) = import();
    assert!(said.contains("one/sub: 0 new points of 1 files"), "{said}");
    let (said, _) = import();
    assert!(
        said.contains("0 new points in 2 runs of experiment old"),
        "{said}"
    );

    let (csv, _) = ask(&["export", "metrics", "--experiment", "old"]);
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows.len(), 1 + 6 + 4, "{csv}");
    assert!(
        rows.iter()
            .any(|row| row.ends_with(",odd,1,2023-11-14T22:13:21.000Z,NaN")),
        "{csv}"
    );
    let table = at("runs.jsonl");
    ask(&[
        "export",
        "runs",
        "--filter",
        "name = 'one'",
        "-o",
        &table.to_string_lossy(),
    ]);
    let table = fs::read_to_string(table).unwrap();
    let row: serde_json::Value = serde_json::from_str(&table).unwrap();
    assert_eq!(row["provenance"], "imported");
    assert_eq!(row["started_at"], "2023-11-14T22:13:20.000Z");

    let Ok(python) = std::env::var("CUPOLA_TEST_PYTHON") else {
        return;
    };
    let parquet = at("points.parquet");
    ask(&[
        "export",
        "metrics",
        "--experiment",
        "old",
        "-o",
        &parquet.to_string_lossy(),
    ]);
    let script = "import sys, pyarrow.parquet as p; t = p.read_table(sys.argv[1]); \
                  print(t.num_rows, *[str(f.type) for f in t.schema])";
    #[expect(clippy::disallowed_methods, reason = "another program reads the file")]
    let read = std::process::Command::new(python)
        .args(["-c", script])
        .arg(parquet)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&read.stdout).into_owned();
    assert_eq!(
        said.trim(),
        "10 string string int64 timestamp[ms, tz=UTC] double",
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
}

/// A part of a protocol buffer whose bytes have a length.
fn lengthy(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut said = vec![number << 3 | 2];
    let mut left = bytes.len();
    while left > 0x7f {
        said.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
        left >>= 7;
    }
    said.push(u8::try_from(left).unwrap());
    said.extend_from_slice(bytes);
    said
}

/// A record of an event file: a tag with a field of its value.
fn event(secs: f64, step: u8, tag: &str, field: &[u8]) -> Vec<u8> {
    let value = [&lengthy(1, tag.as_bytes()), field].concat();
    let summary = lengthy(5, &lengthy(1, &value));
    let head = [&[0x09][..], &secs.to_le_bytes(), &[0x10, step]].concat();
    cupola_formats::tensorboard::record(&[head, summary].concat())
}

fn scalar(secs: f64, step: u8, tag: &str) -> Vec<u8> {
    let value = [&[0x15][..], &0.5_f32.to_le_bytes()].concat();
    event(secs, step, tag, &value)
}

fn image(step: u8, tag: &str) -> Vec<u8> {
    event(
        1_700_000_000.0,
        step,
        tag,
        &lengthy(4, &lengthy(4, b"\x89PNG")),
    )
}

#[tokio::test]
async fn what_cannot_come_in_does_not_keep_the_rest_out() {
    let hub = TestHub::start();
    let logs = tempfile::tempdir().unwrap();
    let long = format!("events.out.tfevents.{}", "x".repeat(230));
    let write = |folder: &str, name: &str, records: &[Vec<u8>]| {
        let folder = logs.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), records.concat()).unwrap();
    };
    let mut many = vec![scalar(1_700_000_000.0, 1, "loss"), scalar(1e300, 2, "loss")];
    many.push(scalar(1_700_000_000.0, 3, ""));
    many.extend((0..210).map(|at| image(at % 105, ["a", "b"][usize::from(at / 105)])));
    many.push(scalar(1_700_000_001.0, 4, "loss"));
    write("many", &long, &many);
    // No run has so long a name.
    let deep = [
        "d".repeat(250),
        "e".repeat(250),
        "f".repeat(250),
        "g".repeat(250),
        "h".repeat(9),
    ];
    let point = [scalar(1_700_000_000.0, 1, "loss")];
    write(&deep.join("/"), "events.out.tfevents.1", &point);
    write("rest", "events.out.tfevents.1", &point);

    let folder = logs.path().to_string_lossy().into_owned();
    let import = || {
        let args = ["import", "tensorboard", &folder, "--experiment", "old"];
        let output = run(hub.folder.path(), &args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let warned = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said} {warned}");
        (said, warned)
    };
    let (said, warned) = import();
    assert!(said.contains("many: 4 new points of 1 files"), "{said}");
    assert!(said.contains("rest: 1 new points of 1 files"), "{said}");
    assert!(
        warned.contains("many: 10 texts and images are left out"),
        "{warned}"
    );
    assert!(warned.contains("`` is no name of a series"), "{warned}");
    assert!(
        warned.contains("1 of 3 folders did not come in"),
        "{warned}"
    );
    let (said, _) = import();
    assert!(said.contains("0 new points in 3 runs"), "{said}");

    let output = run(
        hub.folder.path(),
        &["export", "metrics", "--experiment", "old"],
    );
    let csv = String::from_utf8(output.stdout).unwrap();
    assert_eq!(csv.lines().count(), 1 + 3 + 1, "{csv}");
    assert!(
        csv.contains(",loss,2,2023-11-14T22:13:20.000Z,0.5"),
        "{csv}"
    );
}
