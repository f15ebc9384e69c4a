//! `[assistant]`: the language model that answers questions, where there is one.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use cupola_language::Address;
use cupola_web::language::Limits;
use serde::Deserialize;

/// Unless said otherwise.
const TOKENS_PER_DAY: u64 = 1_000_000;
const TOKENS_PER_CONVERSATION: u64 = 200_000;
const TIMEOUT_SECS: u64 = 60;

/// Nobody waits longer.
const TIMEOUT_SECS_MAX: u64 = 600;

/// What may stand in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    /// Such as `http://127.0.0.1:11434/v1`.
    endpoint: Option<String>,
    model: Option<String>,
    api_key_file: Option<PathBuf>,
    /// The variable that has it.
    api_key_env: Option<String>,
    tokens_per_day: Option<u64>,
    tokens_per_conversation: Option<u64>,
    timeout_secs: Option<u64>,
}

/// A model, and how much it may take.
#[derive(Debug, Clone)]
pub(crate) struct Assistant {
    pub address: Address,
    pub limits: Limits,
}

impl Section {
    /// Files are named from `base`; `variable` reads the surroundings.
    pub(super) fn read(
        self,
        base: &Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Option<Assistant>> {
        let Some(endpoint) = self.endpoint else {
            if self.model.is_some() || self.api_key_file.is_some() || self.api_key_env.is_some() {
                bail!(
                    "`assistant.endpoint`: is missing; write one such as `http://127.0.0.1:11434/v1`"
                );
            }
            return Ok(None);
        };
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            bail!(
                "`assistant.endpoint`: is `{endpoint}`; write one such as `http://127.0.0.1:11434/v1`"
            );
        }
        let model = self.model.filter(|model| !model.trim().is_empty());
        let model =
            model.context("`assistant.model`: is missing; name one that the endpoint has")?;
        let key = match (self.api_key_file, self.api_key_env) {
            (Some(_), Some(_)) => {
                bail!(
                    "`assistant.api_key_file`: goes with no `api_key_env`; take one of the two away"
                )
            }
            (Some(path), None) => {
                let path = base.join(path);
                let text = std::fs::read_to_string(&path);
                text.with_context(|| {
                    format!(
                        "`assistant.api_key_file`: failed to read `{}`",
                        path.display()
                    )
                })?
            }
            (None, Some(name)) => variable(&name)
                .with_context(|| format!("`assistant.api_key_env`: `{name}` is not set"))?,
            (None, None) => String::new(),
        };
        let secs = self.timeout_secs.unwrap_or(TIMEOUT_SECS);
        if !(1..=TIMEOUT_SECS_MAX).contains(&secs) {
            bail!("`assistant.timeout_secs`: is {secs}; choose 1 to {TIMEOUT_SECS_MAX}");
        }
        Ok(Some(Assistant {
            address: Address {
                endpoint,
                model,
                key: key.trim().to_owned(),
            },
            limits: Limits {
                tokens_per_day: self.tokens_per_day.unwrap_or(TOKENS_PER_DAY),
                tokens_per_conversation: self
                    .tokens_per_conversation
                    .unwrap_or(TOKENS_PER_CONVERSATION),
                timeout: Duration::from_secs(secs),
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Option<Assistant>> {
        let section: Section = toml::from_str(text)?;
        let variable = |name: &str| (name == "KEY").then(|| "secret\n".to_owned());
        section.read(Path::new("/nowhere"), variable)
    }

    #[track_caller]
    fn check_wrong(text: &str, expected: &str) {
        let error = format!("{:#}", read(text).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn without_an_endpoint_there_is_no_model() {
        assert!(read("").unwrap().is_none());
        assert!(read("tokens_per_day = 1").unwrap().is_none());
    }

    #[test]
    fn an_endpoint_has_a_model_a_key_and_limits() {
        let text = "endpoint = 'http://h/v1'\nmodel = 'm'\napi_key_env = 'KEY'\ntimeout_secs = 5";
        let read = read(text).unwrap().unwrap();
        assert_eq!(read.address.key, "secret");
        assert_eq!(read.limits.timeout, Duration::from_secs(5));
        assert_eq!(read.limits.tokens_per_day, TOKENS_PER_DAY);
        assert!(!format!("{read:?}").contains("secret"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let with = |more: &str| format!("endpoint = 'http://h'\nmodel = 'm'\n{more}");
        check_wrong("model = 'm'", "`assistant.endpoint`: is missing");
        check_wrong(
            "endpoint = 'h'\nmodel = 'm'",
            "`assistant.endpoint`: is `h`",
        );
        check_wrong("endpoint = 'http://h'", "`assistant.model`: is missing");
        check_wrong(&with("api_key_env = 'X'"), "`X` is not set");
        check_wrong(&with("api_key_file = 'k'"), "failed to read `/nowhere/k`");
        check_wrong(
            &with("api_key_file = 'k'\napi_key_env = 'KEY'"),
            "take one of the two away",
        );
        check_wrong(&with("timeout_secs = 0"), "choose 1 to 600");
        check_wrong(&with("temperature = 1"), "unknown field");
    }
}
