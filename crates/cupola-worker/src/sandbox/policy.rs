//! What a worker's owner says about the programs that run there.

use std::{fmt, path::PathBuf, str::FromStr};

/// How far programs are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Not at all.
    Off,
    /// For one's own programs: they may do what their user may, but do not see secrets of ours.
    #[default]
    Relaxed,
    /// For programs of others: only what they need, as far as the machine can do it.
    Best,
    /// The same; a machine that cannot do it is no worker.
    Require,
}

/// Whether programs may use the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// None may.
    Never,
    /// Those may that ask for it.
    Ask,
    /// All may.
    Always,
}

/// What a worker's owner says about the programs that run there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sandbox {
    /// How far they are kept in.
    pub mode: Mode,
    /// Whether they may use the network; by itself all when relaxed, and else those that ask.
    pub network: Option<Network>,
    /// What they may read when they ask for it. A relaxed worker's programs may read it in any case.
    pub read: Vec<PathBuf>,
    /// Folders that no program sees, besides the worker's own.
    pub private: Vec<PathBuf>,
}

impl Mode {
    /// Whether programs have only what they need.
    pub(crate) fn is_strict(self) -> bool {
        matches!(self, Mode::Best | Mode::Require)
    }
}

impl Sandbox {
    /// Whether programs may use the network.
    pub(crate) fn network(&self) -> Network {
        self.network.unwrap_or(if self.mode.is_strict() {
            Network::Ask
        } else {
            Network::Always
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Off => "off",
            Mode::Relaxed => "relaxed",
            Mode::Best => "best",
            Mode::Require => "require",
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Network::Never => "never",
            Network::Ask => "ask",
            Network::Always => "always",
        })
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "off" => Ok(Mode::Off),
            "relaxed" => Ok(Mode::Relaxed),
            "best" => Ok(Mode::Best),
            "require" => Ok(Mode::Require),
            _ => Err(format!(
                "`{word}` is no sandbox; say `off`, `relaxed`, `best` or `require`"
            )),
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "never" => Ok(Network::Never),
            "ask" => Ok(Network::Ask),
            "always" => Ok(Network::Always),
            _ => Err(format!("`{word}` is not `never`, `ask` or `always`")),
        }
    }
}
