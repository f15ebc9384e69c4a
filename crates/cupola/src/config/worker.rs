//! `[worker]`: the worker beside the hub.

use std::path::{Path, PathBuf};

use cupola_worker::{Admits, Sandbox};
use serde::Deserialize;

/// What may stand in the section.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    sandbox: Option<String>,
    network: Option<String>,
    read: Vec<PathBuf>,
    run: Option<String>,
}

impl Section {
    /// How far the worker beside the hub keeps programs in, and which it runs; folders are named from `base`.
    pub(super) fn read(self, base: &Path) -> anyhow::Result<(Sandbox, Admits)> {
        let wrong = |key: &str, reason: String| anyhow::anyhow!("`worker.{key}`: {reason}");
        let mode = self.sandbox.map(|word| word.parse()).transpose();
        let network = self.network.map(|word| word.parse()).transpose();
        let admits = self.run.map(|word| word.parse()).transpose();
        let admits = admits.map_err(|reason| wrong("run", reason))?;
        let from_base = |path: PathBuf| {
            if path.starts_with("~") {
                path
            } else {
                base.join(path)
            }
        };
        let sandbox = Sandbox {
            mode: mode
                .map_err(|reason| wrong("sandbox", reason))?
                .unwrap_or_default(),
            network: network.map_err(|reason| wrong("network", reason))?,
            read: self.read.into_iter().map(from_base).collect(),
            private: Vec::new(),
        };
        Ok((sandbox, admits.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use cupola_worker::{Mode, Network};

    use super::*;

    fn read(text: &str) -> Result<(Sandbox, Admits), String> {
        let section: Section = toml::from_str(text).map_err(|error| error.to_string())?;
        section
            .read(Path::new("/etc/cupola"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_owner_says_how_far_programs_are_kept_in() {
        let expected = Sandbox {
            mode: Mode::Require,
            network: Some(Network::Never),
            read: ["/data", "/etc/cupola/sets", "~/x"]
                .map(PathBuf::from)
                .into(),
            private: Vec::new(),
        };
        let text = "sandbox = 'require'\nnetwork = 'never'\nread = ['/data', 'sets', '~/x']\nrun = 'built-in'";
        assert_eq!(read(text), Ok((expected, Admits::BuiltIn)));
        assert_eq!(read(""), Ok((Sandbox::default(), Admits::Signed)));
    }

    #[test]
    fn other_words_are_refused_with_a_remedy() {
        let check = |text: &str, said: &str| {
            let refused = read(text).expect_err(text);
            assert!(refused.contains(said), "{refused}");
        };
        check(
            "sandbox = 'tight'",
            "`worker.sandbox`: `tight` is no sandbox",
        );
        check("network = 'no'", "`worker.network`: `no` is not");
        check("run = 'all'", "`worker.run`: `all` is not");
        check("other = 1", "unknown field");
    }
}
