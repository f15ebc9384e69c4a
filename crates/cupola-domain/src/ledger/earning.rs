//! What a run earns, from the lease to the person.
//!
//! ```text
//! Reserved --post--> Posted --release---> Released
//!     |                 \-----clawback--> ClawedBack
//!     +--void--> Voided
//! ```

use std::str::FromStr;

use crate::credits::Credits;

use super::{Account, Kind, Refused, Transfer};

/// Where an earning is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Held while the run goes on.
    Reserved,
    /// Earned and not yet given.
    Posted,
    /// The run came to nothing.
    Voided,
    /// Given to the person.
    Released,
    /// Taken back before it was given.
    ClawedBack,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 5] = [
        Stage::Reserved,
        Stage::Posted,
        Stage::Voided,
        Stage::Released,
        Stage::ClawedBack,
    ];

    /// The word in tables and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Reserved => "reserved",
            Stage::Posted => "posted",
            Stage::Voided => "voided",
            Stage::Released => "released",
            Stage::ClawedBack => "clawed_back",
        }
    }

    /// Every legal move, in one table; `None` where it has been made before.
    pub fn step(self, kind: Kind) -> Result<Option<Stage>, Refused> {
        use {Kind as K, Stage as S};
        match (self, kind) {
            (S::Reserved, K::Post) => Ok(Some(S::Posted)),
            (S::Reserved, K::Void) => Ok(Some(S::Voided)),
            (S::Posted, K::Release) => Ok(Some(S::Released)),
            (S::Posted, K::Clawback) => Ok(Some(S::ClawedBack)),
            (S::Posted | S::Released | S::ClawedBack, K::Post)
            | (S::Voided, K::Void)
            | (S::Released, K::Release)
            | (S::ClawedBack, K::Clawback) => Ok(None),
            (stage, kind) => Err(Refused::Move { stage, kind }),
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|stage| stage.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no stage of an earning"))
    }
}

/// What one run earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earning<N = String> {
    /// Who pays: a brief, a person, or for a check nobody: then it is issued.
    pub payer: Account<N>,
    /// Whose worker it is.
    pub earner: N,
    /// The price of its task.
    pub amount: Credits,
    /// Where it is.
    pub stage: Stage,
}

impl<N: Clone> Earning<N> {
    /// The transfer that makes a move of it.
    pub fn transfer<K>(&self, kind: Kind, key: K) -> Transfer<N, K> {
        let escrow = Account::Escrow(self.earner.clone());
        let (debit, credit) = match kind {
            Kind::Release => (escrow, Account::Person(self.earner.clone())),
            Kind::Clawback => (escrow, self.payer.clone()),
            _ => (self.payer.clone(), escrow),
        };
        Transfer {
            kind,
            key,
            debit,
            credit,
            amount: self.amount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(script: &str, expected: &str) {
        let mut stage = Stage::Reserved;
        let mut seen = vec![stage.as_str()];
        for word in script.split_whitespace() {
            match stage.step(word.parse().unwrap()) {
                Ok(Some(next)) => {
                    stage = next;
                    seen.push(stage.as_str());
                }
                Ok(None) => seen.push("="),
                Err(_) => seen.push("!"),
            }
        }
        assert_eq!(seen.join(" "), expected, "{script}");
    }

    #[test]
    fn what_is_earned_is_given_once() {
        check(
            "post post release release post void clawback",
            "reserved posted = released = = ! !",
        );
    }

    #[test]
    fn what_was_found_out_is_taken_back_once() {
        check(
            "post clawback clawback release",
            "reserved posted clawed_back = !",
        );
    }

    #[test]
    fn what_came_to_nothing_is_never_earned() {
        check("void post void release", "reserved voided ! = !");
    }

    #[test]
    fn what_is_only_held_is_not_given() {
        check("release clawback grant", "reserved ! ! !");
    }
}
