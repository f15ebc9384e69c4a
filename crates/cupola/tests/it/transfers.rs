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
