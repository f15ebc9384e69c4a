//! The ledger: who has how many credits, and the transfers by which they came there.
//!
//! ```text
//!  issued --grant--> person --fund--> brief --reserve, post--> escrow --release--> person
//!                       ^--- refund ----+ ^------- clawback ------+
//! ```
//!
//! Every transfer takes from one account what it adds to another, so that all balances together are zero
//! at every moment. What was earned by one run goes through [`Earning`]s.

mod balance;
mod book;
mod earning;
mod givers;
pub mod price;

use std::{fmt, str::FromStr};

use crate::{credits::Credits, time::Timestamp};

pub use balance::{Balance, Credit};
pub use book::{Book, Trial, Written};
pub use earning::{Earning, Stage};
pub use givers::{Giver, shares_again, shares_back};

/// Where credits are. `N` names people and briefs: texts in a hub, numbers in a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account<N = String> {
    /// Where grants come from: as far below zero as credits were issued.
    Issued,
    /// What somebody has.
    Person(N),
    /// What is left of a brief's budget.
    Brief(N),
    /// What somebody earned and was not given yet.
    Escrow(N),
}

impl<N> Account<N> {
    /// How far a transfer may make its balance fall: a person's as far as people may, a brief's and escrow
    /// never below zero.
    pub fn credit(&self, people: Credit) -> Credit {
        match self {
            Account::Issued => Credit::Unlimited,
            Account::Person(_) => people,
            Account::Brief(_) | Account::Escrow(_) => Credit::None,
        }
    }

    fn sort(&self) -> Sort {
        match self {
            Account::Issued => Sort::Issued,
            Account::Person(_) => Sort::Person,
            Account::Brief(_) => Sort::Brief,
            Account::Escrow(_) => Sort::Escrow,
        }
    }
}

impl<N: fmt::Display> fmt::Display for Account<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Issued => f.write_str("issued"),
            Account::Person(name) => write!(f, "person:{name}"),
            Account::Brief(name) => write!(f, "brief:{name}"),
            Account::Escrow(name) => write!(f, "escrow:{name}"),
        }
    }
}

impl FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty());
        let read = match text.split_once(':') {
            None if text == "issued" => Some(Account::Issued),
            Some(("person", of)) => name(of).map(Account::Person),
            Some(("brief", of)) => name(of).map(Account::Brief),
            Some(("escrow", of)) => name(of).map(Account::Escrow),
            _ => None,
        };
        read.ok_or_else(|| {
            format!(
                "`{text}` is no account; say `person:NAME`, `brief:ID`, `escrow:NAME` or `issued`"
            )
        })
    }
}

/// What a transfer is for. Together with its key it is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Credits are given to a person.
    Grant,
    /// A person gives a brief its budget.
    Fund,
    /// A worker takes a run: its price is held for whom the worker belongs to.
    Reserve,
    /// The run's result was accepted: what was held is earned.
    Post,
    /// The run came to nothing: what was held is free again.
    Void,
    /// What was earned is given to the person.
    Release,
    /// What was earned goes back to whom it came from: it was found out.
    Clawback,
    /// What a brief has left goes back to the person.
    Refund,
    /// An operator puts right what somebody has.
    Correction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Issued,
    Person,
    Brief,
    Escrow,
}

impl Kind {
    /// Every kind, in the order of a credit's life.
    pub const ALL: [Kind; 9] = [
        Kind::Grant,
        Kind::Fund,
        Kind::Reserve,
        Kind::Post,
        Kind::Void,
        Kind::Release,
        Kind::Clawback,
        Kind::Refund,
        Kind::Correction,
    ];

    /// The word in tables and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Grant => "grant",
            Kind::Fund => "fund",
            Kind::Reserve => "reserve",
            Kind::Post => "post",
            Kind::Void => "void",
            Kind::Release => "release",
            Kind::Clawback => "clawback",
            Kind::Refund => "refund",
            Kind::Correction => "correction",
        }
    }

    /// Whether balances change by it; a reserve and a void only change what is held.
    pub const fn is_posted(self) -> bool {
        !matches!(self, Kind::Reserve | Kind::Void)
    }

    /// Whether it belongs to the life of an [`Earning`].
    pub const fn is_of_earning(self) -> bool {
        use Kind::{Clawback, Post, Release, Reserve, Void};
        matches!(self, Reserve | Post | Void | Release | Clawback)
    }

    /// Between which accounts it goes.
    fn joins(self, debit: Sort, credit: Sort) -> bool {
        use Sort::{Brief, Escrow, Issued, Person};
        match self {
            Kind::Grant => (debit, credit) == (Issued, Person),
            Kind::Fund => (debit, credit) == (Person, Brief),
            // Whoever checks another's result is paid by nobody's budget.
            Kind::Reserve | Kind::Post | Kind::Void => {
                matches!(debit, Brief | Person | Issued) && credit == Escrow
            }
            Kind::Release => (debit, credit) == (Escrow, Person),
            Kind::Clawback => debit == Escrow && matches!(credit, Brief | Person | Issued),
            Kind::Refund => (debit, credit) == (Brief, Person),
            Kind::Correction => {
                matches!(debit, Issued | Person) && matches!(credit, Issued | Person)
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no kind of transfer"))
    }
}

/// Credits go from one account to another. Once written it never changes; what was wrong is put right by
/// another one. `K` is the key that is written once for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Transfer<N = String, K = String> {
    /// What for.
    pub kind: Kind,
    /// What it is known by.
    pub key: K,
    /// Which account it takes from.
    pub debit: Account<N>,
    /// Which account it adds to.
    pub credit: Account<N>,
    /// How much; above zero.
    pub amount: Credits,
}

impl<N: PartialEq, K> Transfer<N, K> {
    /// Whether it is one at all, whatever the accounts hold.
    pub fn check(&self) -> Result<(), Refused> {
        if self.amount <= Credits::default() {
            return Err(Refused::Amount(self.amount));
        }
        let joins = self.kind.joins(self.debit.sort(), self.credit.sort());
        if !joins || self.debit == self.credit {
            return Err(Refused::Accounts(self.kind));
        }
        Ok(())
    }
}

/// A transfer as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 1 and without gaps.
    pub number: i64,
    /// What went where.
    pub transfer: Transfer,
    /// When.
    pub at: Timestamp,
    /// Who did it; empty for the hub itself.
    pub author: String,
    /// Why, in their words.
    pub note: String,
    /// What vouches for it: SHA-256 in hex of the hash before it, a line's end and its own line.
    pub hash: String,
}

impl Entry {
    /// Why, in words: in those of whoever did it, else what such a transfer is for.
    pub fn why(&self) -> String {
        if !self.note.is_empty() {
            return self.note.clone();
        }
        let key = self.transfer.key.as_str();
        let brief = key.split_once(':').map_or(key, |(brief, _)| brief);
        match self.transfer.kind {
            Kind::Grant => "given to everybody who is new".to_owned(),
            Kind::Fund => format!("budget of brief {brief}"),
            Kind::Reserve => format!("held while run {key} goes on"),
            Kind::Post => format!("earned with run {key}"),
            Kind::Void => format!("run {key} came to nothing"),
            Kind::Release => format!("earned with run {key}, its time in escrow is over"),
            Kind::Clawback => format!("taken back: the result of run {key} does not count"),
            Kind::Refund => format!("left of the budget of brief {brief}"),
            Kind::Correction => "put right by an operator".to_owned(),
        }
    }

    /// What its hash vouches for, as one line. With the line the hash of the one before it is hashed, so
    /// that nothing can be changed, left out or put between without its being seen.
    pub fn line(&self) -> String {
        let Transfer {
            kind,
            key,
            debit,
            credit,
            amount,
        } = &self.transfer;
        let (number, micros, at) = (self.number, amount.micros(), self.at.millis());
        let [key, author, note] = [key, &self.author, &self.note].map(|text| one_line(text));
        let [debit, credit] = [debit, credit].map(|account| one_line(&account.to_string()));
        format!("{number}\t{kind}\t{key}\t{debit}\t{credit}\t{micros}\t{at}\t{author}\t{note}")
    }
}

/// Tabs and ends of lines are the line's own.
fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// Why the law forbids a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing, or less.
    #[error("{0} credits cannot be moved; a transfer moves more than nothing")]
    Amount(Credits),
    /// Accounts that the kind does not join.
    #[error("no {0} goes between these accounts")]
    Accounts(Kind),
    /// The account does not have it.
    #[error("{available} credits are there, {missing} are missing")]
    Short {
        /// What there is.
        available: Credits,
        /// What there would have to be more.
        missing: Credits,
    },
    /// Beyond what can be counted.
    #[error("so many credits cannot be counted")]
    Overflow,
    /// The key was used for something else.
    #[error("the key of this {0} was used for another one")]
    Differs(Kind),
    /// The earning is at a point of its life where this cannot happen.
    #[error("an earning that is {} cannot take a {kind}", .stage.as_str())]
    Move {
        /// Where it is.
        stage: Stage,
        /// What was tried.
        kind: Kind,
    },
    /// There is no earning by that key.
    #[error("nothing was reserved under this key")]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, debit: &str, credit: &str, amount: i64, expected: &str) {
        let transfer = Transfer {
            kind: kind.parse().unwrap(),
            key: String::new(),
            debit: debit.parse().unwrap(),
            credit: credit.parse().unwrap(),
            amount: Credits::from_micros(amount),
        };
        let found = transfer
            .check()
            .map_or_else(|refused| refused.to_string(), |()| "good".to_owned());
        assert_eq!(found, expected, "{kind} {debit} {credit}");
    }

    #[test]
    fn each_kind_joins_its_own_accounts() {
        check("grant", "issued", "person:a", 1, "good");
        check("fund", "person:a", "brief:b", 1, "good");
        check("reserve", "brief:b", "escrow:c", 1, "good");
        check("reserve", "person:a", "escrow:a", 1, "good");
        check("reserve", "issued", "escrow:c", 1, "good");
        check("clawback", "escrow:c", "issued", 1, "good");
        check("release", "escrow:c", "person:c", 1, "good");
        check("clawback", "escrow:c", "person:a", 1, "good");
        check("refund", "brief:b", "person:a", 1, "good");
        check("correction", "person:a", "issued", 1, "good");
        let refused = "no grant goes between these accounts";
        check("grant", "person:b", "person:a", 1, refused);
        check("grant", "issued", "escrow:a", 1, refused);
        let refused = "no correction goes between these accounts";
        check("correction", "brief:b", "person:a", 1, refused);
        let refused = "no release goes between these accounts";
        check("release", "brief:b", "person:c", 1, refused);
    }

    #[test]
    fn nothing_goes_nowhere() {
        let refused = "no correction goes between these accounts";
        check("correction", "person:a", "person:a", 1, refused);
        let refused = "0 credits cannot be moved; a transfer moves more than nothing";
        check("grant", "issued", "person:a", 0, refused);
        let refused = "-1 credits cannot be moved; a transfer moves more than nothing";
        check("grant", "issued", "person:a", -1_000_000, refused);
    }

    #[test]
    fn a_line_reads_one_way() {
        let entry = Entry {
            number: 1,
            transfer: Transfer {
                kind: Kind::Grant,
                key: "k\tl".to_owned(),
                debit: Account::Issued,
                credit: Account::Person("a\tissued\n".to_owned()),
                amount: Credits::from_micros(5),
            },
            at: Timestamp::from_millis(9),
            author: "o\tp".to_owned(),
            note: "why".to_owned(),
            hash: String::new(),
        };
        let expected = "1\tgrant\tk l\tissued\tperson:a issued \t5\t9\to p\twhy";
        assert_eq!(entry.line(), expected);
    }

    #[test]
    fn every_transfer_says_why() {
        let why = |kind: Kind, key: &str, note: &str| {
            let entry = Entry {
                number: 1,
                transfer: Transfer {
                    kind,
                    key: key.to_owned(),
                    debit: Account::Issued,
                    credit: Account::Person("a".to_owned()),
                    amount: Credits::from_micros(5),
                },
                at: Timestamp::from_millis(9),
                author: String::new(),
                note: note.to_owned(),
                hash: String::new(),
            };
            entry.why()
        };
        assert_eq!(why(Kind::Fund, "b:2", ""), "budget of brief b");
        assert_eq!(why(Kind::Post, "r", ""), "earned with run r");
        assert_eq!(why(Kind::Grant, "k", "prize"), "prize");
        for kind in Kind::ALL {
            assert!(!why(kind, "k", "").is_empty(), "{kind}");
        }
    }

    #[test]
    fn accounts_and_kinds_read_back() {
        for text in ["issued", "person:a:b", "brief:1", "escrow:ä"] {
            assert_eq!(text.parse::<Account>().unwrap().to_string(), text);
        }
        for text in ["", "person", "person:", "issued:", "bank:a"] {
            assert!(text.parse::<Account>().is_err(), "{text}");
        }
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
