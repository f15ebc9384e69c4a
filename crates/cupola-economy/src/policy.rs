//! How careful a hub is: the numbers of the scheme, in three profiles.

use std::{fmt, str::FromStr, time::Duration};

/// How long credits stay in escrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// So many later results of the same owner must have come in, without one that was found wrong.
    pub results: u64,
    /// And so much time must have passed.
    pub time: Duration,
    /// After so much time the results are not waited for: whoever stopped working is paid, too.
    pub away: Duration,
}

impl Wait {
    /// Whether what has waited for this long may be given.
    pub fn is_over(&self, later_results: u64, waited: Duration) -> bool {
        waited >= self.away || (later_results >= self.results && waited >= self.time)
    }
}

/// All numbers of the scheme. `docs/economy.md` says where they come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// n0: every result is checked until so many in a row were found right.
    pub probation: u32,
    /// The least probability of an audit, however long one was right.
    pub audit_min: f64,
    /// How long credits stay in escrow.
    pub wait: Wait,
    /// ρ: the share of audits that the hub's own machine does.
    pub referee_share: f64,
    /// The share of a newcomer's tasks whose answer is known before.
    pub spot_share: f64,
    /// Whether a new best is always checked before it is called best.
    pub verify_best: bool,
    /// So many frauds end an owner's time here; in probation one does.
    pub frauds_max: u32,
    /// So many faults of the machine too.
    pub faults_max: u32,
    /// One fault is forgotten after so many clean audits.
    pub forgiven_after: u32,
    /// How many identities come of one invitation.
    pub identities_per_invite: u32,
}

/// Whose machines they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// One's own: little is checked, nothing waits.
    Lab,
    /// Those of people one knows.
    #[default]
    Friends,
    /// Anybody's.
    Open,
}

const HOUR: Duration = Duration::from_hours(1);

impl Profile {
    /// The most trusting first.
    pub const ALL: [Profile; 3] = [Profile::Lab, Profile::Friends, Profile::Open];

    /// The numbers of the profile.
    pub const fn policy(self) -> Policy {
        let friends = Policy {
            probation: 10,
            audit_min: 0.05,
            wait: Wait {
                results: 100,
                time: HOUR.saturating_mul(48),
                away: HOUR.saturating_mul(14 * 24),
            },
            referee_share: 0.25,
            spot_share: 0.25,
            verify_best: true,
            frauds_max: 2,
            faults_max: 6,
            forgiven_after: 200,
            identities_per_invite: 3,
        };
        match self {
            Profile::Friends => friends,
            Profile::Lab => Policy {
                probation: 0,
                audit_min: 0.01,
                wait: Wait {
                    results: 0,
                    time: Duration::ZERO,
                    away: Duration::ZERO,
                },
                ..friends
            },
            Profile::Open => Policy {
                probation: 20,
                audit_min: 0.1,
                wait: Wait {
                    results: 200,
                    ..friends.wait
                },
                referee_share: 0.5,
                ..friends
            },
        }
    }

    /// The word in settings and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Profile::Lab => "lab",
            Profile::Friends => "friends",
            Profile::Open => "open",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no profile; say `lab`, `friends` or `open`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(profile: Profile, later_results: u64, hours: u32, is_over: bool) {
        let wait = profile.policy().wait;
        let found = wait.is_over(later_results, HOUR * hours);
        assert_eq!(found, is_over, "{profile}: {later_results}, {hours} h");
    }

    #[test]
    fn friends_wait_for_both_results_and_time() {
        check(Profile::Friends, 99, 49, false);
        check(Profile::Friends, 100, 47, false);
        check(Profile::Friends, 100, 48, true);
    }

    #[test]
    fn whoever_stopped_working_is_paid_after_two_weeks() {
        check(Profile::Friends, 0, 14 * 24 - 1, false);
        check(Profile::Friends, 0, 14 * 24, true);
    }

    #[test]
    fn in_a_lab_nothing_waits() {
        check(Profile::Lab, 0, 0, true);
    }

    #[test]
    fn profiles_read_back() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        assert!("strangers".parse::<Profile>().is_err());
    }
}
