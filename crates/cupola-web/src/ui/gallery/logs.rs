//! Logs of the sample runs.

use cupola_domain::{
    log::{Level, LevelCounts},
    time::Timestamp,
};
use cupola_hub::logs::{From, Line, LogPart, LogQuery};
use serde_json::{Map, Value, json};

use super::things::{HOSTILE, run};
use crate::ui::runs::{Log, log_of};

/// These lines, of a log with so many of each level.
pub(super) fn log(lines: Vec<Line>, levels: [i64; 4]) -> Log {
    let query = LogQuery {
        from: From::Last,
        ..LogQuery::default()
    };
    let from = lines.first().map_or(1, |line| line.number);
    let part = LogPart {
        from,
        to: lines.last().map_or(0, |line| line.number),
        is_start: from == 1,
        is_end: true,
        levels: LevelCounts::new(levels),
        bytes_total: 0,
        bytes_omitted: lines.iter().map(|line| line.omitted).sum(),
        is_over: false,
        lines,
    };
    log_of(run(2), &query, &part)
}

fn line(number: i64, stream: &str, level: Level, text: &str) -> Line {
    Line {
        number,
        stream: stream.to_owned(),
        level,
        at: Timestamp::from_millis(1_795_132_800_123 + number * 1_217),
        text: text.to_owned(),
        fields: Map::new(),
        bytes: i64::try_from(text.len()).unwrap_or(0),
        is_cut: false,
        omitted: 0,
    }
}

/// The end of a long log, with one of everything.
pub(super) fn running() -> Log {
    let mut lines: Vec<_> = (1_201..1_250)
        .map(|n| {
            line(
                n,
                "stdout",
                Level::Info,
                &format!("step {n:>5}  loss 3.5705  lr 0.001000"),
            )
        })
        .collect();
    lines.push(line(
        1_250,
        "stderr",
        Level::Warn,
        "warning: the last 3 characters are not used",
    ));
    let mut entry = line(
        1_251,
        "log",
        Level::Error,
        "loss is not finite\nthe batch is left out",
    );
    entry.fields =
        object(&json!({"loss": "NaN", "batch": {"index": 17, "rows": [3, 4]}, "retry": true}));
    lines.push(entry);
    lines.push(line(1_252, "log", Level::Debug, "gathered 31 blocks"));
    lines.push(line(
        1_253,
        "stdout",
        Level::Info,
        "\u{1b}[32mok\u{1b}[0m \u{1b}[1;33m2 warnings\u{1b}[0m \u{1b}[97;41m failed \u{1b}[0m \u{1b}[36m3.1 s\u{1b}[0m",
    ));
    let mut long = line(1_254, "stdout", Level::Info, &"0123456789 ".repeat(40));
    (long.bytes, long.is_cut) = (10_000_000, true);
    lines.push(long);
    let mut after = line(1_255, "stdout", Level::Info, "");
    after.omitted = 1_258_291;
    lines.push(after);
    log(lines, [312, 930, 12, 1])
}

/// What nobody should write, and somebody does.
pub(super) fn hostile() -> Log {
    let mut lines: Vec<_> = (1..5)
        .map(|n| line(n, "stdout", Level::Info, &format!("step {n}")))
        .collect();
    let mut entry = line(5, HOSTILE, Level::Error, &HOSTILE.repeat(3));
    entry.fields = object(&json!({ HOSTILE: HOSTILE }));
    entry.omitted = 1_258_291;
    lines.push(entry);
    log(lines, [0, 4, 0, 1])
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
