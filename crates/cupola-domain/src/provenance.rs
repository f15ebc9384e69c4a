//! Where a value came from. No number is shown that was not measured without saying so.

use std::{fmt, str::FromStr};

/// How a value came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// A program measured it.
    Measured,
    /// Computed before the fact.
    Planned,
    /// A person entered it.
    Manual,
    /// Another system measured it.
    Imported,
    /// Made up by a program. Earns nothing, is never best, never enters an aggregate.
    Simulated,
}

impl Provenance {
    /// Every one.
    pub const ALL: [Provenance; 5] = [
        Provenance::Measured,
        Provenance::Planned,
        Provenance::Manual,
        Provenance::Imported,
        Provenance::Simulated,
    ];

    /// Whether a value may be best or enter a mean.
    pub const fn counts(self) -> bool {
        matches!(self, Provenance::Measured | Provenance::Imported)
    }

    /// The word in the database and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Provenance::Measured => "measured",
            Provenance::Planned => "planned",
            Provenance::Manual => "manual",
            Provenance::Imported => "imported",
            Provenance::Simulated => "simulated",
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provenance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a provenance"))
    }
}
