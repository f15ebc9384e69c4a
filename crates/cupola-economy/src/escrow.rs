//! What an owner earned and was not given yet, so that it can be taken back when it turns out wrong.

use std::{collections::VecDeque, time::Duration};

use cupola_domain::{credits::Credits, time::Timestamp};

use crate::policy::Wait;

/// Names one earning in an owner's escrow; later ones are larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// One earning that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<T> {
    /// Its name.
    pub ticket: Ticket,
    /// What it is for.
    pub item: T,
    /// How much.
    pub amount: Credits,
    /// Whether a second run found the result right.
    pub is_confirmed: bool,
    since: Timestamp,
    results_before: u64,
}

/// The escrow of one owner.
#[derive(Debug, Clone)]
pub struct Escrow<T> {
    held: VecDeque<Held<T>>,
    results: u64,
    next: u64,
    calm_since: Timestamp,
    calm_results: u64,
}

impl<T> Default for Escrow<T> {
    fn default() -> Self {
        Self {
            held: VecDeque::new(),
            results: 0,
            next: 0,
            calm_since: Timestamp::from_millis(i64::MIN),
            calm_results: 0,
        }
    }
}

impl<T> Escrow<T> {
    /// Notes that one more result of the owner came in.
    pub fn count_result(&mut self) {
        self.results += 1;
    }

    /// Keeps what was earned by a result that was counted.
    pub fn hold(&mut self, item: T, amount: Credits, is_confirmed: bool, now: Timestamp) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.held.push_back(Held {
            ticket,
            item,
            amount,
            is_confirmed,
            since: now,
            results_before: self.results,
        });
        ticket
    }

    /// Says whether a second run found it right. Nothing happens to what is not here any more.
    pub fn set_confirmed(&mut self, ticket: Ticket, is_confirmed: bool) {
        if let Ok(at) = self.place(ticket) {
            self.held[at].is_confirmed = is_confirmed;
        }
    }

    /// A result was found wrong: the wait of all that is here begins anew.
    pub fn disturb(&mut self, now: Timestamp) {
        self.calm_since = now;
        self.calm_results = self.results;
    }

    /// Takes out the oldest earning whose wait is over.
    pub fn release_next(&mut self, now: Timestamp, wait: &Wait) -> Option<Held<T>> {
        let (later, waited) = self.waited(self.held.front()?, now);
        wait.is_over(later, waited).then(|| self.held.pop_front())?
    }

    /// Takes one out that was found wrong.
    pub fn take(&mut self, ticket: Ticket) -> Option<Held<T>> {
        let at = self.place(ticket).ok()?;
        self.held.remove(at)
    }

    /// Takes all out: the owner was banned.
    pub fn forfeit(&mut self) -> Vec<Held<T>> {
        self.held.drain(..).collect()
    }

    /// What is here, the oldest first.
    pub fn held(&self) -> impl Iterator<Item = &Held<T>> {
        self.held.iter()
    }

    fn waited(&self, held: &Held<T>, now: Timestamp) -> (u64, Duration) {
        let results_before = held.results_before.max(self.calm_results);
        let since = held.since.max(self.calm_since);
        (self.results - results_before, now.since(since))
    }

    fn place(&self, ticket: Ticket) -> Result<usize, usize> {
        self.held.binary_search_by_key(&ticket, |held| held.ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Wait = Wait {
        results: 2,
        time: Duration::from_secs(10),
        away: Duration::from_secs(100),
    };

    /// Plays words such as `work` (a result that earns), `result` (one that does not), `wrong`, `at 5`
    /// and `forfeit`; names what comes out, by its number.
    fn check(script: &str, expected: &str) {
        let mut escrow = Escrow::default();
        let (mut now, mut made, mut seen) = (Timestamp::from_millis(0), 0, Vec::new());
        for word in script.split_whitespace() {
            match word {
                "work" => {
                    made += 1;
                    escrow.count_result();
                    escrow.hold(made, Credits::from_micros(1), false, now);
                }
                "result" => escrow.count_result(),
                "wrong" => escrow.disturb(now),
                "forfeit" => seen.extend(escrow.forfeit().into_iter().map(|held| -held.item)),
                secs => now = Timestamp::from_millis(secs.parse::<i64>().unwrap() * 1_000),
            }
            while let Some(held) = escrow.release_next(now, &WAIT) {
                seen.push(held.item);
            }
        }
        let seen: Vec<String> = seen.iter().map(ToString::to_string).collect();
        assert_eq!(seen.join(" "), expected, "{script}");
    }

    #[test]
    fn it_is_given_after_later_results_and_time() {
        check("work work work 9", "");
        check("work work work 10", "1");
        check("work work 20", "");
        check("work 20 result", "");
        check("work 20 result result", "1");
    }

    #[test]
    fn a_wrong_result_makes_all_wait_anew() {
        check("work work work 9 wrong 10 19", "");
        check("work work work 9 wrong 19 result result", "1 2 3");
    }

    #[test]
    fn whoever_stays_away_is_paid_in_the_end() {
        check("work 99", "");
        check("work 100", "1");
        check("work 50 wrong 100 149", "");
        check("work 50 wrong 150", "1");
    }

    #[test]
    fn what_is_forfeited_is_not_given() {
        check("work work forfeit 200", "-1 -2");
    }

    #[test]
    fn one_is_taken_out_by_its_name_once() {
        let mut escrow = Escrow::default();
        let now = Timestamp::from_millis(0);
        let tickets: Vec<Ticket> = (0..4)
            .map(|item| escrow.hold(item, Credits::from_micros(7), false, now))
            .collect();
        assert_eq!(escrow.take(tickets[1]).unwrap().item, 1);
        assert_eq!(escrow.take(tickets[1]), None);
        escrow.set_confirmed(tickets[2], true);
        let left: Vec<(i32, bool)> = escrow
            .held()
            .map(|held| (held.item, held.is_confirmed))
            .collect();
        assert_eq!(left, [(0, false), (2, true), (3, false)]);
    }
}
