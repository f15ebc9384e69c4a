//! A log is read from anywhere, filtered and searched, whatever a program writes.

use cupola_domain::{ids::RunId, log::Level};
use cupola_hub::{
    logs::{From, LINE_BYTES_MAX, LogPart, LogQuery},
    work::{LogPiece, Order, Report},
};

use crate::support::{TestHub, completed, finish};

/// A run that says what it is told to say.
struct Speaker {
    hub: TestHub,
    order: Order,
    seq: i64,
}

impl Speaker {
    fn new() -> Self {
        let hub = TestHub::new();
        hub.submit(1);
        let order = hub.join("w").take(&hub);
        Self { hub, order, seq: 0 }
    }

    fn run(&self) -> RunId {
        self.order.run.id
    }

    fn say(&mut self, stream: &str, bytes: &[u8]) {
        self.report(stream, bytes, 0);
    }

    fn report(&mut self, stream: &str, bytes: &[u8], omitted: i64) {
        let piece = LogPiece {
            stream: stream.into(),
            at: self.hub.now(),
            bytes: bytes.to_vec(),
            omitted,
        };
        let report = Report {
            seq: self.seq,
            log: vec![piece],
            ..Report::default()
        };
        self.seq += 1;
        self.hub
            .take_report(self.hub.token, self.run(), self.order.lease, report)
            .unwrap();
    }

    fn read(&self, query: LogQuery) -> LogPart {
        self.hub.run_log(self.run(), query).unwrap()
    }

    /// The numbers of the lines and between which was looked.
    fn check(&self, from: From, level: Level, text: &str, limit: usize, expected: &str) {
        let part = self.read(LogQuery {
            from,
            level,
            text: text.to_owned(),
            limit,
            ..LogQuery::default()
        });
        let numbers: Vec<_> = part
            .lines
            .iter()
            .map(|line| line.number.to_string())
            .collect();
        let ends = [(part.is_start, "start"), (part.is_end, "end")];
        let ends: Vec<_> = ends
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, end)| *end)
            .collect();
        let seen = format!(
            "{} in {}-{} {}",
            numbers.join(" "),
            part.from,
            part.to,
            ends.join(" ")
        );
        assert_eq!(seen, expected, "{from:?} {level} {text:?}");
    }

    /// All matches, counted answer by answer.
    fn count(&self, level: Level, text: &str) -> i64 {
        let (mut matches, mut after) = (0, 0);
        loop {
            let count = self
                .hub
                .count_run_log(self.run(), level, text.to_owned(), after);
            let count = count.unwrap();
            matches += count.matches;
            if count.is_end {
                return matches;
            }
            assert!(count.to > after, "it goes on");
            after = count.to;
        }
    }

    /// What a download holds.
    fn download(&self, level: Level, text: &str) -> Vec<u8> {
        let (mut bytes, mut after) = (Vec::new(), 0);
        loop {
            let answer = self
                .hub
                .run_log_matches(self.run(), level, text.to_owned(), after);
            let (more, to, is_end) = answer.unwrap();
            bytes.extend(more);
            after = to;
            if is_end {
                return bytes;
            }
        }
    }

    fn raw(&self) -> Vec<u8> {
        let (mut bytes, mut next) = (Vec::new(), 0);
        loop {
            let (more, after) = self.hub.run_log_bytes(self.run(), next).unwrap();
            if more.is_empty() {
                return bytes;
            }
            bytes.extend(more);
            next = after;
        }
    }

    fn raw_line(&self, line: i64) -> Vec<u8> {
        let (mut bytes, mut after) = (Vec::new(), -1);
        loop {
            let (more, next) = self.hub.run_log_line(self.run(), line, after).unwrap();
            if more.is_empty() {
                return bytes;
            }
            bytes.extend(more);
            after = next;
        }
    }
}

/// Twelve lines in four chunks.
fn twelve() -> Speaker {
    let mut run = Speaker::new();
    run.say("stdout", b"one\nDEBUG two\nERROR three\n");
    run.say("stderr", b"four\nfive\nINFO six\n");
    run.say("stdout", b"seven\neight\nnine\n");
    run.say("stdout", b"error: ten\neleven\ntwelve");
    run
}

#[test]
fn a_window_begins_anywhere() {
    let run = twelve();
    let all = |from, limit, expected| run.check(from, Level::Debug, "", limit, expected);
    all(From::First, 3, "1 2 3 in 1-3 start");
    all(From::Last, 3, "10 11 12 in 10-12 end");
    all(From::Line(5), 2, "5 6 in 5-6 ");
    all(From::After(5), 2, "6 7 in 6-7 ");
    all(From::Before(5), 2, "3 4 in 3-4 ");
    all(From::Before(5), 9, "1 2 3 4 in 1-4 start");
    all(From::After(10), 9, "11 12 in 11-12 end");
    all(From::After(12), 9, " in 13-12 end");
    all(From::After(99), 9, " in 13-12 end");
    all(From::Line(-3), 1, "1 in 1-1 start");
    all(From::Before(1), 9, " in 1-0 start");
    all(From::Last, 0, " in 13-12 end");
}

#[test]
fn a_filter_passes_over_quieter_lines() {
    let run = twelve();
    run.check(From::First, Level::Info, "", 4, "1 3 4 5 in 1-5 start");
    run.check(
        From::First,
        Level::Warn,
        "",
        9,
        "3 4 5 10 in 1-12 start end",
    );
    run.check(From::Last, Level::Warn, "", 2, "5 10 in 5-12 end");
    run.check(From::After(3), Level::Error, "", 9, "10 in 4-12 end");
    run.check(From::Before(10), Level::Error, "", 9, "3 in 1-9 start");
    let levels = run.read(LogQuery::default()).levels;
    assert_eq!(Level::ALL.map(|level| levels.of(level)), [1, 7, 2, 2]);
    assert_eq!(Level::ALL.map(|level| run.count(level, "")), [12, 11, 4, 2]);
}

#[test]
fn a_search_finds_lines_in_any_case() {
    let run = twelve();
    run.check(From::First, Level::Debug, "E", 3, "1 2 3 in 1-3 start");
    run.check(
        From::First,
        Level::Debug,
        "ERR",
        9,
        "3 10 in 1-12 start end",
    );
    run.check(From::First, Level::Warn, "ve", 9, "5 in 1-12 start end");
    run.check(From::Last, Level::Debug, "LVE", 9, "12 in 1-12 start end");
    run.check(
        From::First,
        Level::Debug,
        "nowhere",
        9,
        " in 1-12 start end",
    );
    assert_eq!(run.count(Level::Debug, "t"), 5);
    assert_eq!(
        run.download(Level::Debug, "err"),
        b"ERROR three\nerror: ten\n"
    );
}

#[test]
fn an_empty_log_is_all_there_is() {
    let mut run = Speaker::new();
    run.check(From::Last, Level::Debug, "", 9, " in 1-0 start end");
    run.check(From::First, Level::Error, "x", 9, " in 1-0 start end");
    assert_eq!(run.count(Level::Debug, "x"), 0);
    run.report("stdout", b"", 5);
    run.check(From::First, Level::Debug, "", 9, " in 1-0 start end");
    assert_eq!(run.read(LogQuery::default()).bytes_omitted, 5);
}

#[test]
fn a_long_search_goes_on_where_the_last_answer_ended() {
    let mut run = Speaker::new();
    let line = format!("{}\n", "x".repeat(999));
    let block = line.repeat(1000);
    run.say("stdout", b"needle 1\n");
    for _ in 0..40 {
        run.say("stdout", block.as_bytes());
    }
    run.say("stdout", b"needle 2\n");
    let query = |from| LogQuery {
        from,
        text: "needle".to_owned(),
        ..LogQuery::default()
    };
    let mut part = run.read(query(From::First));
    assert_eq!((part.lines.len(), part.is_end), (1, false));
    let mut answers = 1;
    while !part.is_end {
        part = run.read(query(From::After(part.to)));
        answers += 1;
    }
    assert_eq!((part.lines[0].number, answers), (40_002, 3));
    let part = run.read(query(From::Last));
    assert_eq!((part.lines[0].number, part.is_start), (40_002, false));
    assert_eq!(run.count(Level::Debug, "needle"), 2);
}

#[test]
fn a_line_of_ten_megabytes_is_one_line_and_is_kept_exactly() {
    let mut run = Speaker::new();
    let line: Vec<u8> = (0..10_000_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
    run.say("stdout", b"before\n");
    for (at, piece) in line.chunks(64 << 10).enumerate() {
        run.say("stdout", piece);
        if at == 3 {
            run.say("stderr", b"between\n");
        }
    }
    run.say("stdout", b"\nafter\n");
    let part = run.read(LogQuery::default());
    let numbers: Vec<_> = part
        .lines
        .iter()
        .map(|line| (line.number, line.bytes))
        .collect();
    assert_eq!(numbers, [(1, 6), (2, 10_000_000), (3, 7), (4, 5)]);
    let long = &part.lines[1];
    assert!(long.is_cut);
    assert_eq!(long.text.as_bytes(), &line[..LINE_BYTES_MAX]);
    assert_eq!((part.levels.total(), part.bytes_total), (4, 10_000_022));
    let raw = run.raw_line(2);
    assert_eq!(raw.len(), line.len() + 1);
    assert_eq!(&raw[..line.len()], line);
    assert_eq!(run.raw_line(1), b"before\n");
    assert_eq!(run.raw_line(4), b"after\n");
    let downloaded = run.download(Level::Debug, "abc");
    let (kept, mark) = downloaded.split_at(1 << 20);
    assert_eq!(kept, &line[..1 << 20]);
    assert_eq!(mark, b" [cut: 10000000 bytes in all]\n");
    assert!(run.hub.run_log_line(run.run(), 5, -1).is_err());
}

#[test]
fn a_line_of_a_mebibyte_is_downloaded_whole() {
    let mut run = Speaker::new();
    let mut line = vec![b'a'; 1 << 20];
    for piece in line.chunks(64 << 10) {
        run.say("stdout", piece);
    }
    run.say("stdout", b"\n");
    line.push(b'\n');
    assert_eq!(run.download(Level::Debug, "a"), line);
}

/// What is shown of a line that is rewritten so often, said in pieces of so many bytes.
fn check_rewritten(stream: &str, states: usize, piece: usize, expected: &str) {
    let mut run = Speaker::new();
    let line: Vec<_> = (0..states).map(|n| format!("\rstep {n:09}")).collect();
    let line = line.concat();
    for piece in line.as_bytes().chunks(piece) {
        run.say(stream, piece);
    }
    let shown = |run: &Speaker| {
        let mut part = run.read(LogQuery::default());
        assert_eq!(part.lines.len(), 1);
        part.lines.remove(0)
    };
    let open = shown(&run);
    assert_eq!((open.text.as_str(), open.is_cut), (expected, false));
    run.say(stream, b"\n");
    let ended = shown(&run);
    assert_eq!((ended.text.as_str(), ended.is_cut), (expected, false));
    assert_eq!(ended.bytes, i64::try_from(line.len()).unwrap());
}

#[test]
fn a_long_line_that_was_rewritten_shows_its_last_state() {
    check_rewritten("stdout", 10, 1 << 10, "step 000000009");
    check_rewritten("stdout", 10_000, 4 << 10, "step 000009999");
    check_rewritten("stderr", 10_000, 150_000, "step 000009999");
    check_rewritten("stdout", 100_000, 100_000, "step 000099999");
}

#[test]
fn any_bytes_are_kept_and_shown() {
    let mut run = Speaker::new();
    let bytes = b"\xff\xfe\n\0\n\x1b[31mred\x1b[0m\n10%\r100%\n\n<b>\n";
    run.say("stdout", bytes);
    assert_eq!(run.raw(), bytes);
    let lines = run.read(LogQuery::default()).lines;
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "\u{fffd}\u{fffd}",
            "\u{2400}",
            "\u{1b}[31mred\u{1b}[0m",
            "100%",
            "",
            "<b>"
        ]
    );
}

#[test]
fn entries_have_levels_times_and_fields() {
    let mut run = Speaker::new();
    run.say("log", b"{\"level\":\"error\",\"time\":5,\"message\":\"bad\",\"fields\":{\"loss\":\"NaN\"}}\n{\"level\":\"debug\",\"time\":6,\"message\":\"fine\"}\n");
    run.check(From::First, Level::Error, "", 9, "1 in 1-2 start end");
    run.check(
        From::First,
        Level::Debug,
        "\"loss\":\"nan\"",
        9,
        "1 in 1-2 start end",
    );
    run.check(From::First, Level::Debug, "level", 9, " in 1-2 start end");
    let line = &run.read(LogQuery::default()).lines[0];
    assert_eq!(
        (line.level, line.at.millis(), line.text.as_str()),
        (Level::Error, 5, "bad")
    );
    assert_eq!(line.fields["loss"], "NaN");
}

#[test]
fn a_log_is_complete_when_its_run_is_over() {
    let run = twelve();
    assert!(!run.read(LogQuery::default()).is_complete());
    finish(&run.hub, &run.order, completed(1.0)).unwrap();
    assert!(run.read(LogQuery::default()).is_complete());
    let part = run.read(LogQuery {
        limit: 1,
        ..LogQuery::default()
    });
    assert!(part.is_over && !part.is_complete());
}
