//! A log is found again by line, by level and in both directions.

use cupola_domain::{
    log::{Level, LevelCounts},
    time::Timestamp,
};
use cupola_store::logs;
use cupola_testkit::{Database, on_each_database};

use crate::rows::Sample;

on_each_database! {
    a_log_is_read_both_ways_by_level,
    a_line_in_several_chunks_is_found_again,
}

/// Chunks with a line each of these levels, numbered from 0; lines from 1.
fn chunks(levels: &[Level]) -> Vec<logs::Chunk> {
    let chunk = |(number, level): (i64, &Level)| {
        let mut levels = LevelCounts::default();
        levels.add(*level);
        logs::Chunk {
            number,
            stream: "stdout".into(),
            at: Timestamp::from_millis(number),
            first_line: number + 1,
            levels,
            omitted: 0,
            body: b"a\n".to_vec(),
        }
    };
    (0..).zip(levels).map(chunk).collect()
}

fn a_log_is_read_both_ways_by_level(database: &Database) {
    use logs::Direction::{Down, Up};
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let written = chunks(&[Level::Debug, Level::Error, Level::Warn, Level::Info]);
    sample.write(move |tx| written.iter().try_for_each(|c| logs::insert(tx, run, c)));
    for (level, direction, from, limit, expected) in [
        (Level::Debug, Up, 0, 9, &[0, 1, 2, 3][..]),
        (Level::Debug, Up, 1, 2, &[1, 2]),
        (Level::Info, Up, 0, 9, &[1, 2, 3]),
        (Level::Warn, Up, 2, 9, &[2]),
        (Level::Error, Up, 0, 9, &[1]),
        (Level::Debug, Down, 2, 2, &[2, 1]),
        (Level::Info, Down, 3, 9, &[3, 2, 1]),
        (Level::Warn, Down, 9, 1, &[2]),
        (Level::Error, Down, 0, 9, &[]),
    ] {
        let found = sample.read(move |tx| logs::list_with(tx, run, level, direction, from, limit));
        let found: Vec<_> = found.iter().map(|chunk| chunk.number).collect();
        assert_eq!(found, expected, "{level} {direction:?} from {from}");
    }
}

fn a_line_in_several_chunks_is_found_again(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let mut written = chunks(&[Level::Info; 5]);
    for number in [2, 4] {
        written[number].first_line = 2;
        written[number].levels = LevelCounts::default();
    }
    written[3].first_line = 3;
    sample.write(move |tx| written.iter().try_for_each(|c| logs::insert(tx, run, c)));
    for (line, chunk) in [(0, 0), (1, 0), (2, 1), (3, 3), (4, 3)] {
        let found = sample.read(move |tx| logs::find_chunk_of_line(tx, run, line));
        assert_eq!(found, chunk, "line {line}");
    }
    for (line, rest) in [(1, None), (2, Some((4, 4))), (3, None)] {
        let found = sample.read(move |tx| logs::find_rest_of_line(tx, run, line));
        assert_eq!(found, rest, "line {line}");
    }
    let going_on = sample.read(move |tx| logs::list_going_on(tx, run, 2, 2, 9));
    assert_eq!(going_on.len(), 1);
    let found = sample.read(move |tx| logs::find(tx, run, 4));
    assert_eq!(found.as_ref(), going_on.first());
}
