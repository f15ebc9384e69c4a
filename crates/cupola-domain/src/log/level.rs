//! Four levels, and counts by them.

use std::{fmt, str::FromStr};

/// How loud a line is; a later one is louder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// For who looks for a fault.
    #[default]
    Debug,
    /// What goes on.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

impl Level {
    /// From the quietest.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level that a program's word means, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, level)| *level)
    }
}

/// The words of the loggers of several languages.
const WORDS: [(&str, Level); 14] = [
    ("info", Level::Info),
    ("debug", Level::Debug),
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("error", Level::Error),
    ("trace", Level::Debug),
    ("notice", Level::Info),
    ("err", Level::Error),
    ("critical", Level::Error),
    ("crit", Level::Error),
    ("fatal", Level::Error),
    ("alert", Level::Error),
    ("emergency", Level::Error),
    ("panic", Level::Error),
];

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No level is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is `{0}`; say `debug`, `info`, `warn` or `error`")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::from_word(text).ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

/// How many lines there are of each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LevelCounts([i64; 4]);

impl LevelCounts {
    /// Counts in the order of [`Level::ALL`].
    pub fn new(counts: [i64; 4]) -> Self {
        Self(counts)
    }

    /// Counts of each level and all louder ones, in the order of [`Level::ALL`]; what
    /// [`Self::at_least`] gives back.
    pub fn from_least([debug, info, warn, error]: [i64; 4]) -> Self {
        Self([debug - info, info - warn, warn - error, error])
    }

    /// Counts one line.
    pub fn add(&mut self, level: Level) {
        self.0[level as usize] += 1;
    }

    /// Counts other lines too.
    pub fn add_all(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Lines of exactly this level.
    pub fn of(self, level: Level) -> i64 {
        self.0[level as usize]
    }

    /// Lines of this level and of louder ones.
    pub fn at_least(self, level: Level) -> i64 {
        self.0[level as usize..].iter().sum()
    }

    /// All lines.
    pub fn total(self) -> i64 {
        self.0.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_case_mean_a_level() {
        for (word, expected) in [
            ("WARNING", Some(Level::Warn)),
            ("Critical", Some(Level::Error)),
            ("trace", Some(Level::Debug)),
            ("loud", None),
        ] {
            assert_eq!(Level::from_word(word), expected);
        }
        assert_eq!(
            "loud".parse::<Level>().unwrap_err().to_string(),
            "is `loud`; say `debug`, `info`, `warn` or `error`"
        );
    }

    #[test]
    fn every_level_reads_back() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
    }

    #[test]
    fn counts_add_up() {
        let mut counts = LevelCounts::default();
        for level in [Level::Info, Level::Error, Level::Error] {
            counts.add(level);
        }
        counts.add_all(LevelCounts::new([5, 0, 1, 0]));
        let least = Level::ALL.map(|level| counts.at_least(level));
        assert_eq!(least, [9, 4, 3, 2]);
        assert_eq!(LevelCounts::from_least(least), counts);
        assert_eq!((counts.of(Level::Info), counts.total()), (1, 9));
    }
}
