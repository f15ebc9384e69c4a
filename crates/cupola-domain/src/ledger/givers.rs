//! Who gave a brief its budget, and to whom what is left of it goes back.
//!
//! What was given first is spent first: what is left is the last one's, then that of the one before.

use crate::credits::Credits;

/// Somebody who gave a brief a part of its budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Giver {
    /// Who.
    pub person: String,
    /// How much of theirs is spent or still there.
    pub given: Credits,
    /// How much went back to them and may be taken again.
    pub again: Credits,
}

/// What of `left` goes back to whom, by those who gave in the order in which they did: the last one first.
pub fn shares_back(givers: &[Giver], left: Credits) -> Vec<(String, Credits)> {
    let mut rest = left.micros();
    let mut shares = Vec::new();
    for giver in givers.iter().rev() {
        let share = giver.given.micros().min(rest);
        if share > 0 {
            rest -= share;
            shares.push((giver.person.clone(), Credits::from_micros(share)));
        }
    }
    // Of a budget that is older than what is known of its givers.
    if let (Some(first), 1..) = (givers.first(), rest) {
        shares.push((first.person.clone(), Credits::from_micros(rest)));
    }
    shares
}

/// What of `wanted` is taken again from whom: the first one first, each as far as `has` says.
pub fn shares_again(
    givers: &[Giver],
    wanted: Credits,
    mut has: impl FnMut(&str) -> Credits,
) -> Vec<(String, Credits)> {
    let mut rest = wanted.micros();
    let mut shares = Vec::new();
    for giver in givers.iter().filter(|giver| giver.again.micros() > 0) {
        let share = giver.again.min(has(&giver.person)).micros().min(rest);
        if share > 0 {
            rest -= share;
            shares.push((giver.person.clone(), Credits::from_micros(share)));
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn givers(of: &[(&str, i64, i64)]) -> Vec<Giver> {
        let giver = |(person, given, again): &(&str, i64, i64)| Giver {
            person: (*person).to_owned(),
            given: Credits::from_micros(*given),
            again: Credits::from_micros(*again),
        };
        of.iter().map(giver).collect()
    }

    fn words(shares: &[(String, Credits)]) -> String {
        let word = |(person, share): &(String, Credits)| format!("{person} {}", share.micros());
        shares.iter().map(word).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_is_left_is_the_last_ones_first() {
        let check = |left: i64, expected: &str| {
            let of = givers(&[("ann", 10, 0), ("bob", 5, 0)]);
            assert_eq!(
                words(&shares_back(&of, Credits::from_micros(left))),
                expected
            );
        };
        check(0, "");
        check(3, "bob 3");
        check(7, "bob 5, ann 2");
        check(15, "bob 5, ann 10");
        check(16, "bob 5, ann 10, ann 1");
    }

    #[test]
    fn what_is_taken_again_is_the_first_ones_first() {
        let check = |wanted: i64, expected: &str| {
            let of = givers(&[("ann", 8, 2), ("bob", 0, 5), ("eve", 1, 9)]);
            let has = |name: &str| Credits::from_micros(if name == "bob" { 3 } else { 100 });
            let shares = shares_again(&of, Credits::from_micros(wanted), has);
            assert_eq!(words(&shares), expected);
        };
        check(0, "");
        check(2, "ann 2");
        check(6, "ann 2, bob 3, eve 1");
        check(99, "ann 2, bob 3, eve 9");
    }
}
