//! What an account has, and what a transfer does to it.

use crate::credits::Credits;

use super::{Kind, Refused};

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// All that was added less all that was taken.
    pub posted: Credits,
    /// How much of it is held for runs that have not ended; never below zero.
    pub held: Credits,
}

/// How far a balance may fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Credit {
    /// Not below zero.
    #[default]
    None,
    /// As far as sums can be counted.
    Unlimited,
}

/// Nobody owes more than this: what is held for runs can then always be taken at their end.
const DEBT_MAX: Credits = Credits::from_micros(i64::MAX / 2);

impl Balance {
    /// What is there and is not held.
    pub fn available(self) -> Credits {
        Credits::from_micros(self.posted.micros().saturating_sub(self.held.micros()))
    }

    /// What may be taken: what is there, and what may be owed.
    pub fn spendable(self, credit: Credit) -> Credits {
        let owed = match credit {
            Credit::None => Credits::default(),
            Credit::Unlimited => DEBT_MAX,
        };
        Credits::from_micros(self.available().micros().saturating_add(owed.micros()))
    }

    /// After a transfer of that kind took the amount.
    pub fn debited(self, kind: Kind, amount: Credits, credit: Credit) -> Result<Self, Refused> {
        let Self { posted, held } = self;
        match kind {
            Kind::Reserve => {
                self.check(amount, credit)?;
                let held = add(held, amount)?;
                Ok(Self { posted, held })
            }
            Kind::Post => Ok(Self {
                posted: take(posted, amount)?,
                held: unheld(held, amount)?,
            }),
            Kind::Void => {
                let held = unheld(held, amount)?;
                Ok(Self { posted, held })
            }
            _ => {
                self.check(amount, credit)?;
                let posted = take(posted, amount)?;
                Ok(Self { posted, held })
            }
        }
    }

    /// After a transfer of that kind added the amount.
    pub fn credited(self, kind: Kind, amount: Credits) -> Result<Self, Refused> {
        if !kind.is_posted() {
            return Ok(self);
        }
        let posted = add(self.posted, amount)?;
        Ok(Self { posted, ..self })
    }

    fn check(self, amount: Credits, credit: Credit) -> Result<(), Refused> {
        let available = self.available();
        match credit {
            _ if self.spendable(credit) >= amount => Ok(()),
            Credit::None => Err(Refused::Short {
                available,
                missing: take(amount, available)?,
            }),
            Credit::Unlimited => Err(Refused::Overflow),
        }
    }
}

fn add(to: Credits, amount: Credits) -> Result<Credits, Refused> {
    let sum = to.micros().checked_add(amount.micros());
    sum.map(Credits::from_micros).ok_or(Refused::Overflow)
}

fn take(from: Credits, amount: Credits) -> Result<Credits, Refused> {
    let rest = from.micros().checked_sub(amount.micros());
    rest.map(Credits::from_micros).ok_or(Refused::Overflow)
}

/// What is not held cannot be let go.
fn unheld(held: Credits, amount: Credits) -> Result<Credits, Refused> {
    let rest = take(held, amount)?;
    if rest < Credits::default() {
        return Err(Refused::Unknown);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDIT: i64 = 1_000_000;

    /// Plays a script of debits and credits and says the balance after each: posted, held.
    fn check(script: &[(&str, i64)], credit: Credit, expected: &str) {
        let mut balance = Balance::default();
        let mut seen = Vec::new();
        for (word, credits) in script {
            let amount = Credits::from_micros(credits * CREDIT);
            let next = match *word {
                "receive" => balance.credited(Kind::Grant, amount),
                kind => balance.debited(kind.parse().unwrap(), amount, credit),
            };
            match next {
                Ok(next) => {
                    balance = next;
                    let of = |credits: Credits| credits.micros() / CREDIT;
                    seen.push(format!("{},{}", of(balance.posted), of(balance.held)));
                }
                Err(_) => seen.push("!".to_owned()),
            }
        }
        assert_eq!(seen.join(" "), expected, "{script:?}");
    }

    #[test]
    fn what_is_held_cannot_be_spent_twice() {
        let script = [
            ("receive", 10),
            ("reserve", 6),
            ("reserve", 6),
            ("refund", 5),
            ("refund", 4),
            ("post", 6),
        ];
        check(&script, Credit::None, "10,0 10,6 ! ! 6,6 0,0");
    }

    #[test]
    fn what_is_let_go_is_there_again() {
        let script = [
            ("receive", 5),
            ("reserve", 5),
            ("void", 5),
            ("reserve", 5),
            ("void", 6),
        ];
        check(&script, Credit::None, "5,0 5,5 5,0 5,5 !");
    }

    #[test]
    fn with_credit_a_balance_falls_below_zero() {
        let script = [("reserve", 5), ("fund", 3), ("post", 5)];
        check(&script, Credit::Unlimited, "0,5 -3,5 -8,0");
        check(&script, Credit::None, "! ! !");
    }

    #[test]
    fn what_somebody_may_owe_can_be_taken_at_the_end_of_every_run() {
        let check = |posted: i64, held: i64, amount: i64, is_taken: bool| {
            let balance = Balance {
                posted: Credits::from_micros(posted),
                held: Credits::from_micros(held),
            };
            let amount = Credits::from_micros(amount);
            let reserved = balance.debited(Kind::Reserve, amount, Credit::Unlimited);
            assert_eq!(reserved.is_ok(), is_taken, "{posted} {held} {amount}");
            if let Ok(reserved) = reserved {
                let posted = reserved.debited(Kind::Post, amount, Credit::None);
                assert!(posted.is_ok(), "{posted:?}");
            }
        };
        let most = DEBT_MAX.micros();
        check(0, 0, most, true);
        check(0, 0, most + 1, false);
        check(-most, 0, 1, false);
        check(-most + 5, 4, 1, true);
        check(-most + 5, 4, 2, false);
        check(i64::MIN, 0, 1, false);
    }

    #[test]
    fn nothing_wraps_around() {
        let most = Balance {
            posted: Credits::from_micros(i64::MAX),
            held: Credits::default(),
        };
        let one = Credits::from_micros(1);
        assert_eq!(most.credited(Kind::Grant, one), Err(Refused::Overflow));
        let least = Balance {
            posted: Credits::from_micros(i64::MIN),
            held: Credits::default(),
        };
        let taken = least.debited(Kind::Grant, one, Credit::Unlimited);
        assert_eq!(taken, Err(Refused::Overflow));
    }
}
