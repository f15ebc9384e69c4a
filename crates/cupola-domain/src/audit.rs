//! Checks of results by second runs: why one is made, how far it is, and what it found.
//!
//! ```text
//! Open --somebody is chosen--> AtWork --results agree, or the referee's is there--> Settled
//!   ^                            |
//!   +--did not come back, or results contradict each other: the next round
//! ```

/// A closed set of words, as tables and bodies have them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $what:literal { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word in tables and bodies.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|one| one.as_str() == text);
                found.copied().ok_or_else(|| format!(concat!("`{}` is no ", $what), text))
            }
        }
    };
}

words! {
    /// Why a result is checked.
    Why: "reason of a check" {
        /// Every result of a newcomer is.
        Probation = "probation",
        /// It was drawn.
        Drawn = "drawn",
        /// It would be a new best.
        Best = "best",
        /// An operator asked for it.
        Asked = "asked",
        /// Somebody who was banned had found it right, or had made it.
        Doubt = "doubt",
        /// The answer was known before.
        Spot = "spot",
    }
}

words! {
    /// How far a check is.
    Stage: "stage of a check" {
        /// Nobody has it.
        Open = "open",
        /// Somebody was chosen.
        AtWork = "at_work",
        /// It is over.
        Settled = "settled",
    }
}

words! {
    /// As what a run belongs to a check.
    Role: "role in a check" {
        /// A trusted worker of somebody else.
        Peer = "peer",
        /// The hub's own machine: what it says is true.
        Referee = "referee",
        /// Whose result is compared with an answer that is known.
        Spot = "spot",
        /// An answer that the referee gave before.
        Known = "known",
    }
}

words! {
    /// Where a run of a check is.
    Place: "place of a run of a check" {
        /// Its result is waited for.
        Awaited = "awaited",
        /// Its result is there.
        Came = "came",
        /// It gave none.
        Gone = "gone",
    }
}

words! {
    /// What a check found.
    Finding: "finding of a check" {
        /// The result is right.
        Valid = "valid",
        /// It is off by too little to blame anybody.
        Noisy = "noisy",
        /// It is wrong, and looks no better for it.
        WrongWorse = "wrong_worse",
        /// It is wrong and looks better than the truth.
        WrongBetter = "wrong_better",
        /// The referee could not run the task.
        Undecided = "undecided",
        /// The result counted no more before anything was found.
        Withdrawn = "withdrawn",
    }
}

impl Finding {
    /// Whether the result does not count because of it.
    pub const fn is_against(self) -> bool {
        matches!(
            self,
            Finding::Noisy | Finding::WrongWorse | Finding::WrongBetter
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for finding in Finding::ALL {
            assert_eq!(finding.to_string().parse(), Ok(*finding));
        }
        for why in Why::ALL {
            assert_eq!(why.to_string().parse(), Ok(*why));
        }
        assert_eq!(
            "x".parse::<Role>(),
            Err("`x` is no role in a check".to_owned())
        );
    }
}
