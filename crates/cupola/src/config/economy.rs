//! `[economy]`: how credits are given, held and paid.

use std::time::Duration;

use cupola_domain::{credits::Credits, field::FieldError};
use cupola_economy::policy::Profile;
use cupola_hub::ledger::Economy;
use serde::Deserialize;

/// What is earned is held for a year at most.
const ESCROW_HOURS_MAX: u32 = 8_760;

/// As it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    enforce: bool,
    grant: Option<serde_json::Number>,
    credits_per_hour: Option<serde_json::Number>,
    escrow_hours: Option<u32>,
    escrow_results: Option<u32>,
}

impl Section {
    /// How credits go, or everything that is wrong with it, a line for each. What is not said of escrow is as
    /// careful as the hub is with the results.
    pub(super) fn read(self, profile: Profile) -> anyhow::Result<Economy> {
        self.check(profile).map_err(|errors| {
            let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", lines.join("\n"))
        })
    }

    fn check(self, profile: Profile) -> Result<Economy, Vec<FieldError>> {
        let wait = profile.policy().wait;
        let mut errors = Vec::new();
        let default = Economy::default();
        let mut amount = |field: &str, number: Option<serde_json::Number>, default: Credits| {
            let Some(number) = number else {
                return default;
            };
            let read = number.to_string().parse::<Credits>();
            read.unwrap_or_else(|message| {
                errors.push(FieldError::new(field, message));
                default
            })
        };
        let grant = amount("grant", self.grant, default.grant);
        let hourly = amount("credits_per_hour", self.credits_per_hour, default.hourly);
        if let Some(hours) = self.escrow_hours.filter(|hours| *hours > ESCROW_HOURS_MAX) {
            let message = format!("is {hours}; choose up to {ESCROW_HOURS_MAX}");
            errors.push(FieldError::new("escrow_hours", message));
        }
        if hourly <= Credits::default() {
            let message = "is 0; work that earns nothing cannot be held to a budget";
            errors.push(FieldError::new("credits_per_hour", message));
        }
        if !errors.is_empty() {
            let under = errors.into_iter().map(|error| error.under("economy"));
            return Err(under.collect());
        }
        Ok(Economy {
            enforce: self.enforce,
            grant,
            hourly,
            escrow: match self.escrow_hours {
                Some(hours) => Duration::from_hours(hours.into()),
                None => wait.time,
            },
            escrow_results: match self.escrow_results {
                Some(results) => results,
                None => u32::try_from(wait.results).unwrap_or(u32::MAX),
            },
            away: (wait.away > Duration::ZERO)
                .then_some(wait.away)
                .or(Economy::default().away),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        check_with(Profile::Lab, text, expected);
    }

    fn check_with(profile: Profile, text: &str, expected: &str) {
        let section: Section = toml::from_str(text).unwrap();
        let found = match section.read(profile) {
            Ok(economy) => format!(
                "{} {} {} {:?} {}",
                economy.enforce,
                economy.grant,
                economy.hourly,
                economy.escrow,
                economy.escrow_results
            ),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        check("", "false 10000 3600 0ns 0");
        check(
            "enforce = true\ngrant = 12.5\ncredits_per_hour = 60\nescrow_hours = 48\nescrow_results = 100",
            "true 12.5 60 172800s 100",
        );
        check("grant = 0", "false 0 3600 0ns 0");
    }

    #[test]
    fn what_is_not_said_of_escrow_is_the_profiles() {
        check_with(Profile::Friends, "", "false 10000 3600 172800s 100");
        check_with(
            Profile::Open,
            "escrow_hours = 1",
            "false 10000 3600 3600s 200",
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "grant = -1",
            "`economy.grant`: `-1` is not an amount of credits; write for example `1000` or `12.5`",
        );
        check(
            "credits_per_hour = 0",
            "`economy.credits_per_hour`: is 0; work that earns nothing cannot be held to a budget",
        );
        check(
            "escrow_hours = 9000",
            "`economy.escrow_hours`: is 9000; choose up to 8760",
        );
    }
}
