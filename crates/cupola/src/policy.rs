//! What an owner said of the programs that a worker runs: kept in its folder, for the next start too.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cupola_worker::{Admits, Mode, Network};
use serde::{Deserialize, Serialize};

use crate::data::{make_private, write_private};

const FILE: &str = "policy.json";

/// What was said, in the words of the command line; what was not stands as it does for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Policy {
    /// How far programs are kept in.
    #[serde(with = "word")]
    pub sandbox: Option<Mode>,
    /// Whether they may use the network.
    #[serde(with = "word")]
    pub network: Option<Network>,
    /// Which orders it runs.
    #[serde(with = "word")]
    pub run: Option<Admits>,
    /// What programs may read when they ask for it.
    pub read: Vec<PathBuf>,
}

impl Policy {
    /// What is said now over what was kept; kept from now on.
    pub(crate) fn over_kept(self, state: &Path) -> anyhow::Result<Self> {
        let kept = Self::read(state)?;
        let both = self.over(kept.clone());
        if both != kept {
            let path = state.join(FILE);
            let text = serde_json::to_string(&both)?;
            make_private(state)
                .and_then(|()| write_private(&path, &text))
                .with_context(|| format!("failed to write `{}`", path.display()))?;
        }
        Ok(both)
    }

    fn over(self, kept: Self) -> Self {
        Self {
            sandbox: self.sandbox.or(kept.sandbox),
            network: self.network.or(kept.network),
            run: self.run.or(kept.run),
            read: if self.read.is_empty() {
                kept.read
            } else {
                self.read
            },
        }
    }

    fn read(state: &Path) -> anyhow::Result<Self> {
        let path = state.join(FILE);
        let shown = path.display();
        match fs::read(&path) {
            // What cannot be read may have kept programs in further than they are by themselves.
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!("`{shown}` is not what an owner said of programs: mend it, or remove it")
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("failed to read `{shown}`")),
        }
    }
}

/// One word, or none.
mod word {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<T: Display, S: Serializer>(
        word: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        word.as_ref().map(ToString::to_string).serialize(to)
    }

    pub(super) fn deserialize<'d, T: FromStr<Err = String>, D: Deserializer<'d>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        let word = Option::<String>::deserialize(from)?;
        word.map(|word| word.parse().map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sandbox: Option<Mode>, read: &[&str]) -> Policy {
        Policy {
            sandbox,
            read: read.iter().map(PathBuf::from).collect(),
            ..Policy::default()
        }
    }

    #[test]
    fn what_was_said_once_holds_until_something_else_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let check = |policy: Policy, expected: Policy| {
            assert_eq!(policy.over_kept(folder.path()).unwrap(), expected);
        };
        check(Policy::default(), Policy::default());
        assert!(!folder.path().join(FILE).exists());
        let best = said(Some(Mode::Best), &["/data"]);
        check(best.clone(), best.clone());
        check(Policy::default(), best);
        check(
            said(Some(Mode::Require), &[]),
            said(Some(Mode::Require), &["/data"]),
        );
    }

    #[test]
    fn what_cannot_be_read_lifts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["{\"sandbox\": \"strong\"}", "{", "{\"sandbag\": \"best\"}"] {
            fs::write(folder.path().join(FILE), text).unwrap();
            let error = Policy::default().over_kept(folder.path()).unwrap_err();
            assert!(error.to_string().contains(FILE), "{error}");
        }
    }
}
