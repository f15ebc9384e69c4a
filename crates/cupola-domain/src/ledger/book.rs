//! A ledger in memory, by the same law as the one that is stored.

use std::{collections::HashMap, hash::Hash};

use crate::credits::Credits;

use super::{Account, Balance, Credit, Earning, Kind, Refused, Stage, Transfer};

/// Whether something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Just now.
    Now,
    /// Before: nothing changed.
    Before,
}

/// Accounts, and all that was written by its key.
#[derive(Debug, Clone)]
pub struct Book<N, K> {
    people: Credit,
    accounts: HashMap<Account<N>, Balance>,
    earnings: HashMap<K, Earning<N>>,
    others: HashMap<(Kind, K), Moved<N>>,
}

/// From where, to where, and how much.
type Moved<N> = (Account<N>, Account<N>, Credits);

/// What all accounts are together: what a check of the whole finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trial {
    /// The sum of all balances, in millionths; zero in every sound ledger.
    pub posted: i128,
    /// What all accounts say that they hold.
    pub held: i128,
    /// What is reserved: the same in every sound ledger.
    pub reserved: i128,
    /// What is in escrow by the accounts.
    pub escrow: i128,
    /// What is earned and not given: the same in every sound ledger.
    pub earned: i128,
    /// How many briefs and escrows are below zero; none in every sound ledger.
    pub overdrawn: usize,
}

impl Trial {
    /// Adds what an account has.
    pub fn add_account<N>(&mut self, account: &Account<N>, balance: Balance) {
        let posted = i128::from(balance.posted.micros());
        self.posted += posted;
        self.held += i128::from(balance.held.micros());
        if matches!(account, Account::Escrow(_)) {
            self.escrow += posted;
        }
        let is_limited = matches!(account, Account::Brief(_) | Account::Escrow(_));
        let is_below = is_limited && balance.available() < Credits::default();
        self.overdrawn += usize::from(is_below);
    }

    /// Adds what a run earns, where it is now.
    pub fn add_earning(&mut self, stage: Stage, amount: Credits) {
        let amount = i128::from(amount.micros());
        match stage {
            Stage::Reserved => self.reserved += amount,
            Stage::Posted => self.earned += amount,
            Stage::Voided | Stage::Released | Stage::ClawedBack => {}
        }
    }

    /// Whether the ledger is sound.
    pub fn is_balanced(&self) -> bool {
        self.posted == 0
            && self.held == self.reserved
            && self.escrow == self.earned
            && self.overdrawn == 0
    }
}

impl<N: Clone + Eq + Hash, K: Clone + Eq + Hash> Book<N, K> {
    /// An empty one; people's balances may fall that far.
    pub fn new(people: Credit) -> Self {
        Self {
            people,
            accounts: HashMap::new(),
            earnings: HashMap::new(),
            others: HashMap::new(),
        }
    }

    /// What an account has.
    pub fn balance(&self, account: &Account<N>) -> Balance {
        self.accounts.get(account).copied().unwrap_or_default()
    }

    /// All accounts that something ever happened to, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = (&Account<N>, Balance)> {
        self.accounts.iter().map(|(account, of)| (account, *of))
    }

    /// What was reserved under a key, and where it is now.
    pub fn earning(&self, key: &K) -> Option<&Earning<N>> {
        self.earnings.get(key)
    }

    /// Writes a transfer that belongs to no earning: a grant, fund, refund or correction. Written again
    /// it changes nothing.
    pub fn write(&mut self, transfer: Transfer<N, K>) -> Result<Written, Refused> {
        let kind = transfer.kind;
        if kind.is_of_earning() {
            return Err(Refused::Accounts(kind));
        }
        let content = (
            transfer.debit.clone(),
            transfer.credit.clone(),
            transfer.amount,
        );
        let key = (kind, transfer.key.clone());
        match self.others.get(&key) {
            Some(before) if *before == content => return Ok(Written::Before),
            Some(_) => return Err(Refused::Differs(kind)),
            None => self.apply(&transfer)?,
        }
        self.others.insert(key, content);
        Ok(Written::Now)
    }

    /// Holds what a run will earn. Reserved again it changes nothing.
    pub fn reserve(
        &mut self,
        key: K,
        payer: Account<N>,
        earner: N,
        amount: Credits,
    ) -> Result<Written, Refused> {
        let earning = Earning {
            payer,
            earner,
            amount,
            stage: Stage::Reserved,
        };
        if let Some(before) = self.earnings.get(&key) {
            let stage = before.stage;
            return if *before == (Earning { stage, ..earning }) {
                Ok(Written::Before)
            } else {
                Err(Refused::Differs(Kind::Reserve))
            };
        }
        self.apply(&earning.transfer(Kind::Reserve, key.clone()))?;
        self.earnings.insert(key, earning);
        Ok(Written::Now)
    }

    /// Moves an earning: a post, void, release or clawback. Moved again it changes nothing.
    pub fn settle(&mut self, kind: Kind, key: &K) -> Result<Written, Refused> {
        let earning = self.earnings.get(key).ok_or(Refused::Unknown)?;
        let Some(next) = earning.stage.step(kind)? else {
            return Ok(Written::Before);
        };
        let transfer = earning.transfer(kind, key.clone());
        self.apply(&transfer)?;
        if let Some(earning) = self.earnings.get_mut(key) {
            earning.stage = next;
        }
        Ok(Written::Now)
    }

    /// Adds everything up.
    pub fn trial(&self) -> Trial {
        let mut trial = Trial::default();
        for (account, balance) in &self.accounts {
            trial.add_account(account, *balance);
        }
        for earning in self.earnings.values() {
            trial.add_earning(earning.stage, earning.amount);
        }
        trial
    }

    /// Both accounts change, or none does.
    fn apply(&mut self, transfer: &Transfer<N, K>) -> Result<(), Refused> {
        transfer.check()?;
        let Transfer {
            kind,
            debit,
            credit,
            amount,
            ..
        } = transfer;
        let limit = debit.credit(self.people);
        let taken = self.balance(debit).debited(*kind, *amount, limit)?;
        let added = self.balance(credit).credited(*kind, *amount)?;
        self.accounts.insert(debit.clone(), taken);
        self.accounts.insert(credit.clone(), added);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CREDIT: i64 = 1_000_000;

    fn account(text: &str) -> Account {
        text.parse().unwrap()
    }

    fn credits(whole: i64) -> Credits {
        Credits::from_micros(whole * CREDIT)
    }

    /// Plays lines such as `grant 1 issued person:a 10` or `post 1`; says what became of each.
    fn play(book: &mut Book<String, String>, script: &str) -> String {
        let line = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let kind: Kind = words[0].parse().unwrap();
            let key = words[1].to_owned();
            let written = match *words.as_slice() {
                [_, _, debit, credit, amount] => {
                    let amount = credits(amount.parse().unwrap());
                    match account(credit) {
                        Account::Escrow(earner) => {
                            book.reserve(key, account(debit), earner, amount)
                        }
                        credit => book.write(Transfer {
                            kind,
                            key,
                            debit: account(debit),
                            credit,
                            amount,
                        }),
                    }
                }
                _ => book.settle(kind, &key),
            };
            match written {
                Ok(Written::Now) => "+".to_owned(),
                Ok(Written::Before) => "=".to_owned(),
                Err(Refused::Short { missing, .. }) => format!("-{}", missing.micros() / CREDIT),
                Err(_) => "!".to_owned(),
            }
        };
        let seen: Vec<String> = script.split(';').map(line).collect();
        assert!(book.trial().is_balanced(), "{script}: {:?}", book.trial());
        seen.join(" ")
    }

    fn check(script: &str, expected: &str, balances: &[(&str, i64)]) {
        let mut book = Book::new(Credit::None);
        assert_eq!(play(&mut book, script), expected, "{script}");
        for (of, whole) in balances {
            let found = book.balance(&account(of)).available();
            assert_eq!(found, credits(*whole), "{of} after {script}");
        }
    }

    #[test]
    fn credits_go_from_a_grant_to_whoever_ran_the_task() {
        check(
            "grant 1 issued person:a 10; fund b person:a brief:b 8; reserve r brief:b escrow:c 5; \
             post r; release r; refund b brief:b person:a 3",
            "+ + + + + +",
            &[
                ("issued", -10),
                ("person:a", 5),
                ("brief:b", 0),
                ("person:c", 5),
            ],
        );
    }

    #[test]
    fn what_is_said_again_changes_nothing() {
        check(
            "grant 1 issued person:a 10; grant 1 issued person:a 10; grant 1 issued person:a 11; \
             reserve r person:a escrow:c 4; reserve r person:a escrow:c 4; \
             reserve r person:a escrow:c 5; post r; post r; reserve r person:a escrow:c 4; void r",
            "+ = ! + = ! + = = !",
            &[("person:a", 6), ("escrow:c", 4)],
        );
    }

    #[test]
    fn a_brief_never_pays_more_than_it_has() {
        check(
            "grant 1 issued person:a 10; fund b person:a brief:b 10; reserve r brief:b escrow:c 6; \
             reserve s brief:b escrow:c 6; void r; reserve s brief:b escrow:c 6; \
             refund b brief:b person:a 5",
            "+ + + -2 + + -1",
            &[("brief:b", 4)],
        );
    }

    #[test]
    fn what_was_found_out_goes_back_to_whom_it_came_from() {
        check(
            "grant 1 issued person:a 10; fund b person:a brief:b 10; reserve r brief:b escrow:c 6; \
             post r; clawback r; release r; clawback r",
            "+ + + + + ! =",
            &[("brief:b", 10), ("escrow:c", 0), ("person:c", 0)],
        );
    }

    #[test]
    fn no_correction_leaves_a_person_in_debt() {
        check(
            "grant g issued person:a 2; correction x person:a issued 3; \
             correction y person:a person:b 2; correction z brief:b person:a 1",
            "+ -1 + !",
            &[("person:a", 0), ("person:b", 2)],
        );
    }

    fn moves() -> impl Strategy<Value = (usize, u8, u8, u8, i64)> {
        (0..Kind::ALL.len(), 0..12u8, 0..4u8, 0..4u8, -1..40i64)
    }

    fn any_account(number: u8) -> Account<u8> {
        match number {
            0 => Account::Issued,
            1 => Account::Brief(0),
            number => Account::Person(number),
        }
    }

    proptest! {
        #[test]
        fn whatever_is_tried_it_balances_and_saying_it_again_changes_nothing(
            moves in prop::collection::vec(moves(), 0..200),
            is_limited: bool,
        ) {
            let people = if is_limited { Credit::None } else { Credit::Unlimited };
            let mut book: Book<u8, u8> = Book::new(people);
            for (kind, key, from, to, micros) in moves {
                let kind = Kind::ALL[kind];
                let amount = Credits::from_micros(micros);
                let (debit, credit) = (any_account(from), any_account(to));
                let once = |book: &mut Book<u8, u8>| match kind {
                    Kind::Reserve => book.reserve(key, debit, to, amount),
                    kind if kind.is_of_earning() => book.settle(kind, &key),
                    kind => book.write(Transfer { kind, key, debit, credit, amount }),
                };
                let first = once(&mut book);
                let trial = book.trial();
                prop_assert!(trial.is_balanced(), "{kind}: {trial:?}");
                if first.is_ok() {
                    prop_assert_eq!(once(&mut book), Ok(Written::Before));
                    prop_assert_eq!(book.trial(), trial);
                }
            }
        }
    }
}
