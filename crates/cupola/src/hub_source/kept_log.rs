//! A run's log as bytes per stream: a hub gives lines, a viewer asks for parts.

use cupola_client::{Client, Error, query::LogFilter};
use cupola_workspace::source::{LogAsked, LogPart};

/// Lines that are read at once.
const LINES: u32 = 1_000;

/// So much is kept; of what is longer the beginning is shown.
const BYTES_MAX: usize = 64 << 20;

/// A run's log, as far as it was read.
pub(super) struct KeptLog {
    pub(super) run: String,
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
        while self.stdout.len() + self.stderr.len() < BYTES_MAX {
            let filter = LogFilter {
                after: self.next,
                limit: Some(LINES),
            };
            let part = client.run_log(&self.run, &filter).await?;
            self.next = Some(part.next);
            for line in &part.lines {
                let stream = if line.stream == "stderr" {
                    &mut self.stderr
                } else {
                    &mut self.stdout
                };
                stream.extend_from_slice(line.text.as_bytes());
                stream.push(b'\n');
            }
            if part.lines.is_empty() {
                break;
            }
        }
        Ok(())
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
    fn parts_are_of_the_bytes_and_ends_begin_with_a_line() {
        check(None, 100, (0, "one\ntwo\nthree\n"));
        check(None, 9, (8, "three\n"));
        check(Some(4), 4, (4, "two\n"));
        check(Some(99), 4, (14, ""));
    }
}
