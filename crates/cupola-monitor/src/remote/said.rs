//! What the far side says to people: the last of it, to be read like a log.

use cupola_workspace::source::LogPart;

/// So much is kept; then the older half is let go of.
const BYTES_MAX: usize = 512 << 10;

/// What stands before each line.
const PREFIX: &str = "[SSH] ";

/// The last of what the far side said.
#[derive(Debug, Default)]
pub(super) struct Said {
    bytes: Vec<u8>,
    /// Something was said since somebody was told of it.
    is_fresh: bool,
}

impl Said {
    pub(super) fn hear(&mut self, line: &str) {
        self.bytes.extend_from_slice(PREFIX.as_bytes());
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.push(b'\n');
        self.is_fresh = true;
        if self.bytes.len() > BYTES_MAX {
            let half = &self.bytes[BYTES_MAX / 2..];
            let line = half.iter().position(|byte| *byte == b'\n').unwrap_or(0);
            self.bytes.drain(..=BYTES_MAX / 2 + line);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether something was said since the last time that this was asked.
    pub(super) fn take_fresh(&mut self) -> bool {
        std::mem::take(&mut self.is_fresh)
    }

    /// As a part of a file is read, which was written anew when the older half is gone.
    pub(super) fn part(&self, offset: Option<u64>, most: u64) -> LogPart {
        let all = &self.bytes;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let asked = offset.and_then(|offset| usize::try_from(offset).ok());
        let from = asked.filter(|from| *from <= all.len()).unwrap_or_else(|| {
            let from = all.len().saturating_sub(most);
            let is_cut = from > 0 && all[from - 1] != b'\n';
            let line = all[from..].iter().position(|byte| *byte == b'\n');
            line.filter(|_| is_cut).map_or(from, |line| from + line + 1)
        });
        let to = from.saturating_add(most).min(all.len());
        LogPart {
            offset: from as u64,
            bytes: all[from..to].to_vec(),
            size: all.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(offset: Option<u64>, most: u64, expected: (u64, &str)) {
        let mut said = Said::default();
        said.hear("one");
        said.hear("two");
        let part = said.part(offset, most);
        let text = String::from_utf8(part.bytes).unwrap();
        assert_eq!(
            (part.offset, text.as_str(), part.size),
            (expected.0, expected.1, 20)
        );
    }

    #[test]
    fn it_is_read_in_parts_like_a_log() {
        check(None, 100, (0, "[SSH] one\n[SSH] two\n"));
        check(None, 12, (10, "[SSH] two\n"));
        check(None, 10, (10, "[SSH] two\n"));
        check(Some(0), 4, (0, "[SSH"));
        check(Some(20), 4, (20, ""));
        check(Some(99), 10, (10, "[SSH] two\n"));
    }

    #[test]
    fn whoever_says_much_is_forgotten_from_the_beginning() {
        let mut said = Said::default();
        for number in 0..100_000 {
            said.hear(&format!("line {number}"));
        }
        let all = said.part(Some(0), u64::MAX);
        assert!(all.bytes.len() <= BYTES_MAX && all.bytes.len() > BYTES_MAX / 3);
        assert!(all.bytes.starts_with(PREFIX.as_bytes()));
        assert!(all.bytes.ends_with(b" 99999\n"));
        assert!(said.take_fresh() && !said.take_fresh());
    }
}
