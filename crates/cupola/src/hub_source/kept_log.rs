//! A run's log as bytes per stream: a hub gives lines, a viewer asks for parts.

use cupola_client::{Client, Error, query::LogFilter};
use cupola_protocol::logs::LogBody;
use cupola_workspace::source::{LogAsked, LogPart};

/// The last lines are read first, so many; then whatever follows.
const LINES: u32 = 10_000;

/// So much is kept; what grows beyond that begins again with its last lines.
const BYTES_MAX: usize = 64 << 20;

/// A run's log, as far as it was read.
pub(super) struct KeptLog {
    run: String,
    /// Where to go on.
    next: Option<i64>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl KeptLog {
    pub(super) fn new(run: &str) -> Self {
        Self {
            run: run.to_owned(),
            next: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }

    /// Reads what is new.
    pub(super) async fn read_on(&mut self, client: &Client) -> Result<(), Error> {
        if self.stdout.len() + self.stderr.len() > BYTES_MAX {
            *self = Self::new(&self.run);
        }
        loop {
            let filter = LogFilter {
                after: self.next,
                limit: Some(LINES),
            };
            let part = client.run_log(&self.run, &filter).await?;
            self.take(&part);
            let is_large = self.stdout.len() + self.stderr.len() > BYTES_MAX;
            if part.lines.is_empty() || is_large {
                return Ok(());
            }
        }
    }

    fn take(&mut self, part: &LogBody) {
        let is_first = self.next.replace(part.next).is_none();
        let before = part
            .lines
            .first()
            .map_or(0, |line| line.number.saturating_sub(1));
        if is_first && before > 0 {
            let words = format!(
                "[{before} lines before these are left out; `cupola run logs {}` prints them]\n",
                self.run
            );
            self.stdout.extend_from_slice(words.as_bytes());
            self.stderr.extend_from_slice(words.as_bytes());
        }
        for line in &part.lines {
            let stream = if line.stream == "stderr" {
                &mut self.stderr
            } else {
                &mut self.stdout
            };
            stream.extend_from_slice(line.text.as_bytes());
            stream.push(b'\n');
        }
    }

    /// A part of a stream, beginning with a line where its end is asked for.
    pub(super) fn part(&self, asked: &LogAsked) -> LogPart {
        let bytes = if asked.stream == "stderr" {
            &self.stderr
        } else {
            &self.stdout
        };
        let most = usize::try_from(asked.bytes).unwrap_or(usize::MAX);
        let from = if let Some(offset) = asked.offset {
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            offset.min(bytes.len())
        } else {
            let from = bytes.len().saturating_sub(most);
            let line = bytes[from..].iter().position(|byte| *byte == b'\n');
            line.filter(|_| from > 0)
                .map_or(from, |line| from + line + 1)
        };
        let to = from.saturating_add(most).min(bytes.len());
        LogPart {
            offset: from as u64,
            bytes: bytes[from..to].to_vec(),
            size: bytes.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::time::Timestamp;
    use cupola_protocol::{logs::LogLine, time::Time};
    use cupola_workspace::{model::JobKey, source::LogOf};

    use super::*;

    fn check(offset: Option<u64>, bytes: u64, expected: (u64, &str)) {
        let mut log = KeptLog::new("r");
        log.stdout = b"one\ntwo\nthree\n".to_vec();
        let key = JobKey {
            task: "t".to_owned(),
            id: "r".to_owned(),
        };
        let part = log.part(&LogAsked {
            of: LogOf::Job(key),
            stream: "stdout".to_owned(),
            offset,
            bytes,
        });
        assert_eq!(
            (part.offset, part.bytes.as_slice()),
            (expected.0, expected.1.as_bytes())
        );
        assert_eq!(part.size, 14);
    }

    #[test]
    fn a_long_log_says_that_its_beginning_is_left_out() {
        let check = |first: u64, expected: &str| {
            let mut log = KeptLog::new("r");
            for number in [first, first + 1] {
                log.take(&LogBody {
                    lines: vec![LogLine {
                        number,
                        stream: "stdout".to_owned(),
                        at: Time(Timestamp::from_millis(0)),
                        text: format!("line {number}"),
                    }],
                    next: number.cast_signed(),
                    complete: false,
                    lines_total: number,
                    bytes_omitted: 0,
                });
            }
            assert_eq!(String::from_utf8(log.stdout).unwrap(), expected);
        };
        check(1, "line 1\nline 2\n");
        check(
            12_346,
            "[12345 lines before these are left out; `cupola run logs r` prints them]\n\
             line 12346\nline 12347\n",
        );
    }

    #[test]
    fn parts_are_of_the_bytes_and_ends_begin_with_a_line() {
        check(None, 100, (0, "one\ntwo\nthree\n"));
        check(None, 9, (8, "three\n"));
        check(Some(4), 4, (4, "two\n"));
        check(Some(99), 4, (14, ""));
    }
}
