//! Budgets of money: how far they are spent.

use super::Money;

/// The parts of a budget, in per cent, at which somebody is told.
pub const LEVELS: [u8; 4] = [50, 75, 90, 100];

/// The levels that are reached now and were not before, the lowest first.
///
/// A budget of nothing is spent from the start.
pub fn crossed(limit: Money, before: Money, now: Money) -> impl Iterator<Item = u8> {
    let reaches = move |spent: Money, level: u8| {
        i128::from(spent.micros()) * 100 >= i128::from(limit.micros()) * i128::from(level)
    };
    let is_new = move |level: &u8| reaches(now, *level) && !reaches(before, *level);
    LEVELS.into_iter().filter(is_new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: i64, now: i64, expected: &[u8]) {
        let money = Money::from_micros;
        let told: Vec<u8> = crossed(money(1_000), money(before), money(now)).collect();
        assert_eq!(told, expected, "from {before} to {now} of 1000");
    }

    #[test]
    fn each_level_is_told_once() {
        check(0, 499, &[]);
        check(0, 500, &[50]);
        check(500, 749, &[]);
        check(499, 900, &[50, 75, 90]);
        check(999, 1_000, &[100]);
        check(1_000, 5_000, &[]);
        check(0, i64::MAX, &[50, 75, 90, 100]);
        check(800, 100, &[]);
    }
}
