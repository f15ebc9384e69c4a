//! What is known of an owner: how often checks found the results right, and what was found wrong.
//!
//! ```text
//! Probation --n0 checks passed in a row--> Trusted --fault--> Probation
//!     |                                       |
//!     +--fraud, or as many faults as allowed--+--as many frauds or faults as allowed--> Banned
//! ```
//!
//! Trust is earned for each numeric class of the owner's machines; what was found wrong counts for the
//! owner, whichever machine it was, and so does a ban.

use crate::{policy::Policy, verdict::Verdict};

/// Why an owner is banned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Results that were made up.
    Fraud,
    /// A machine that goes wrong again and again.
    Faults,
    /// Somebody who runs the hub decided so.
    Decision,
}

impl Cause {
    /// The word in tables and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Fraud => "fraud",
            Cause::Faults => "faults",
            Cause::Decision => "decision",
        }
    }
}

impl std::str::FromStr for Cause {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Cause::Fraud, Cause::Faults, Cause::Decision];
        let found = all.into_iter().find(|cause| cause.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no cause of a ban"))
    }
}

/// Where an owner's class stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Every result is checked.
    Probation,
    /// Some results are checked, and it may check others'.
    Trusted,
    /// It gets no work.
    Banned(Cause),
}

/// What a check changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing that others need to know.
    None,
    /// Something was found wrong: trust begins anew, and so does the wait of what is in escrow.
    Disturbed,
    /// The owner was banned by it.
    Banned(Cause),
}

/// What a result itself says about whether it should be checked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Signals {
    /// From 0 to 1: how odd it looks, by [`oddness`].
    pub oddness: f64,
    /// Whether it would be a new best.
    pub is_best: bool,
}

/// What is known of one owner; `C` names numeric classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reputation<C> {
    passed: Vec<(C, u32)>,
    /// How often something was made up.
    pub frauds: u32,
    /// How often a machine went wrong, those left out that are forgotten.
    pub faults: u32,
    clean: u32,
    ban: Option<Cause>,
}

/// All that is known of an owner, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<C> {
    /// n of each class.
    pub passed: Vec<(C, u32)>,
    /// How often something was made up.
    pub frauds: u32,
    /// How often a machine went wrong.
    pub faults: u32,
    /// Clean audits since a fault was forgotten.
    pub clean: u32,
    /// Why the owner is banned.
    pub ban: Option<Cause>,
}

impl<C> From<Record<C>> for Reputation<C> {
    fn from(record: Record<C>) -> Self {
        let Record {
            passed,
            frauds,
            faults,
            clean,
            ban,
        } = record;
        Self {
            passed,
            frauds,
            faults,
            clean,
            ban,
        }
    }
}

impl<C: Clone> Reputation<C> {
    /// What has to be kept of it.
    pub fn record(&self) -> Record<C> {
        Record {
            passed: self.passed.clone(),
            frauds: self.frauds,
            faults: self.faults,
            clean: self.clean,
            ban: self.ban,
        }
    }
}

impl<C> Default for Reputation<C> {
    fn default() -> Self {
        Self {
            passed: Vec::new(),
            frauds: 0,
            faults: 0,
            clean: 0,
            ban: None,
        }
    }
}

impl<C: Copy + Eq> Reputation<C> {
    /// n: how many checks in a row found this class right. A class that is new begins with none, however
    /// well its owner's others are known.
    pub fn passed(&self, class: C) -> u32 {
        let found = self.passed.iter().find(|(of, _)| *of == class);
        found.map_or(0, |(_, passed)| *passed)
    }

    /// Why the owner is banned.
    pub fn ban(&self) -> Option<Cause> {
        self.ban
    }

    /// Where the class stands.
    pub fn status(&self, class: C, policy: &Policy) -> Status {
        match self.ban {
            Some(cause) => Status::Banned(cause),
            None if self.passed(class) < policy.probation => Status::Probation,
            None => Status::Trusted,
        }
    }

    /// With which probability a result of this class is checked.
    pub fn audit_probability(&self, class: C, signals: Signals, policy: &Policy) -> f64 {
        let passed = self.passed(class);
        if passed < policy.probation || (signals.is_best && policy.verify_best) {
            return 1.0;
        }
        let earned = f64::from(policy.probation) / f64::from(passed.max(1));
        earned.max(policy.audit_min).max(signals.oddness).min(1.0)
    }

    /// Bans the owner by somebody's decision. Who is banned already stays so for the first cause.
    pub fn ban_by_decision(&mut self) {
        self.ban.get_or_insert(Cause::Decision);
    }

    /// Lifts a ban: the owner begins anew, in probation and without what was found wrong.
    pub fn lift(&mut self) {
        *self = Self::default();
    }

    /// Takes what a check found of one result of this class.
    pub fn take(&mut self, class: C, verdict: Verdict, policy: &Policy) -> Effect {
        match verdict {
            Verdict::Valid => self.pass(class, policy),
            Verdict::Noisy => Effect::None,
            Verdict::WrongWorse => {
                self.fail(class);
                self.faults += 1;
                self.disturbed(self.faults >= policy.faults_max, Cause::Faults)
            }
            Verdict::WrongBetter => {
                let was_probation = self.passed(class) < policy.probation;
                self.fail(class);
                self.frauds += 1;
                let is_too_much = was_probation || self.frauds >= policy.frauds_max;
                self.disturbed(is_too_much, Cause::Fraud)
            }
        }
    }

    fn pass(&mut self, class: C, policy: &Policy) -> Effect {
        let passed = self.of(class);
        *passed = passed.saturating_add(1);
        self.clean += 1;
        if self.clean >= policy.forgiven_after {
            self.clean = 0;
            self.faults = self.faults.saturating_sub(1);
        }
        Effect::None
    }

    fn fail(&mut self, class: C) {
        *self.of(class) = 0;
        self.clean = 0;
    }

    fn disturbed(&mut self, is_too_much: bool, cause: Cause) -> Effect {
        if !is_too_much {
            return Effect::Disturbed;
        }
        let cause = *self.ban.get_or_insert(cause);
        Effect::Banned(cause)
    }

    fn of(&mut self, class: C) -> &mut u32 {
        let at = self.passed.iter().position(|(of, _)| *of == class);
        let at = at.unwrap_or_else(|| {
            self.passed.push((class, 0));
            self.passed.len() - 1
        });
        &mut self.passed[at].1
    }
}

/// How odd a result is that lies `z` deviations from what was expected: nothing up to three deviations,
/// so that honest results are hardly ever checked for it, certainly odd from six on.
pub fn oddness(z: f64) -> f64 {
    if z.is_nan() {
        return 1.0;
    }
    ((z.abs() - 3.0) / 3.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Profile;

    /// Plays words such as `v*10 worse better` for class 0, `1:v` for class 1; says n of class 0 and
    /// where it stands.
    fn check(script: &str, expected: &str) {
        let policy = Profile::Friends.policy();
        let mut owner = Reputation::default();
        for word in script.split_whitespace() {
            let (word, times) = word.split_once('*').unwrap_or((word, "1"));
            let (class, word) = word.split_once(':').unwrap_or(("0", word));
            let verdict = match word {
                "v" => Verdict::Valid,
                "noisy" => Verdict::Noisy,
                "worse" => Verdict::WrongWorse,
                "better" => Verdict::WrongBetter,
                other => panic!("no verdict is called {other}"),
            };
            for _ in 0..times.parse().unwrap() {
                owner.take(class.parse::<u8>().unwrap(), verdict, &policy);
            }
        }
        let status = match owner.status(0, &policy) {
            Status::Probation => "probation",
            Status::Trusted => "trusted",
            Status::Banned(Cause::Fraud) => "banned for fraud",
            Status::Banned(Cause::Faults) => "banned for faults",
            Status::Banned(Cause::Decision) => "banned by decision",
        };
        assert_eq!(
            format!("{} {status}", owner.passed(0)),
            expected,
            "{script}"
        );
    }

    #[test]
    fn trust_is_earned_by_checks_in_a_row() {
        check("", "0 probation");
        check("v*9", "9 probation");
        check("v*10", "10 trusted");
        check("v*10 worse", "0 probation");
        check("v*10 worse v*10", "10 trusted");
        check("v*10 noisy v", "11 trusted");
    }

    #[test]
    fn one_fraud_in_probation_ends_it_and_two_later() {
        check("better", "0 banned for fraud");
        check("v*10 better", "0 probation");
        check("v*10 better v*9 better", "0 banned for fraud");
        check("v*10 better v*50 better", "0 banned for fraud");
    }

    #[test]
    fn faults_are_borne_for_a_while_and_forgotten() {
        check("worse*5", "0 probation");
        check("worse*6", "0 banned for faults");
        check("worse*5 v*199 worse", "0 banned for faults");
        check("worse*5 v*200 worse", "0 probation");
        check("worse*5 v*400 worse*2 v*200 worse", "0 probation");
    }

    #[test]
    fn a_new_class_begins_anew_and_bears_what_its_owner_did() {
        check("1:v*100", "0 probation");
        check("1:better", "0 banned for fraud");
        check("v*20 1:v*20 1:better v*5 better", "0 banned for fraud");
        check("1:worse*5 worse", "0 banned for faults");
    }

    #[test]
    fn a_ban_is_for_good() {
        check("better v*500", "500 banned for fraud");
        check("worse*6 v*500 better", "0 banned for faults");
    }

    #[test]
    fn who_is_banned_by_decision_may_begin_anew() {
        let policy = Profile::Friends.policy();
        let mut owner = Reputation::default();
        for _ in 0..20 {
            owner.take(0u8, Verdict::Valid, &policy);
        }
        owner.ban_by_decision();
        assert_eq!(owner.status(0, &policy), Status::Banned(Cause::Decision));
        assert_eq!(Reputation::from(owner.record()), owner);
        owner.lift();
        assert_eq!(owner.status(0, &policy), Status::Probation);
    }

    fn check_probability(passed: u32, signals: Signals, expected: f64) {
        let policy = Profile::Friends.policy();
        let mut owner = Reputation::default();
        for _ in 0..passed {
            owner.take(0u8, Verdict::Valid, &policy);
        }
        let found = owner.audit_probability(0, signals, &policy);
        assert!((found - expected).abs() < 1e-12, "{passed}: {found}");
    }

    #[test]
    fn audits_become_rarer_and_never_end() {
        let plain = Signals::default();
        check_probability(0, plain, 1.0);
        check_probability(9, plain, 1.0);
        check_probability(10, plain, 1.0);
        check_probability(40, plain, 0.25);
        check_probability(200, plain, 0.05);
        check_probability(100_000, plain, 0.05);
    }

    #[test]
    fn what_is_odd_or_best_is_looked_at() {
        let odd = |oddness| Signals {
            oddness,
            is_best: false,
        };
        check_probability(200, odd(oddness(3.0)), 0.05);
        check_probability(200, odd(oddness(-4.5)), 0.5);
        check_probability(200, odd(oddness(60.0)), 1.0);
        check_probability(200, odd(oddness(f64::NAN)), 1.0);
        let best = Signals {
            oddness: 0.0,
            is_best: true,
        };
        check_probability(100_000, best, 1.0);
    }

    proptest! {
        #[test]
        fn a_probability_is_one_and_a_ban_stays(
            verdicts in prop::collection::vec((0..3u8, 0..4u8), 0..600),
            oddness in 0.0..1.0f64,
        ) {
            let policy = Profile::Open.policy();
            let mut owner = Reputation::default();
            let mut banned = None;
            for (class, verdict) in verdicts {
                let verdict = match verdict {
                    0 => Verdict::WrongWorse,
                    1 => Verdict::WrongBetter,
                    _ => Verdict::Valid,
                };
                owner.take(class, verdict, &policy);
                let p = owner.audit_probability(class, Signals { oddness, is_best: false }, &policy);
                prop_assert!((policy.audit_min..=1.0).contains(&p));
                if verdict != Verdict::Valid {
                    prop_assert_eq!(owner.passed(class), 0);
                }
                prop_assert!(banned.is_none() || owner.ban() == banned);
                banned = owner.ban();
            }
        }
    }
}
