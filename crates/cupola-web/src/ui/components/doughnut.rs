//! Shares of a whole as a ring, with the numbers beside it.

use askama::Template;

use crate::ui::format;

/// So many shares have a colour of their own; smaller ones are drawn together.
const SLICES_MAX: usize = 9;

/// One share of the ring, in hundredths of its way around.
#[derive(Debug, Clone)]
pub struct Slice {
    /// What it is of.
    pub name: String,
    /// How much, in words.
    pub amount: String,
    /// `24 %`.
    pub percent: String,
    /// How long it is.
    pub length: f64,
    /// Where it begins.
    pub offset: f64,
    /// Which of the colours of curves.
    pub colour: usize,
}

/// The ring. Who cannot see it reads the list beside it, which says the same.
#[derive(Debug, Clone, Template)]
#[template(path = "components/doughnut.html")]
pub struct Doughnut {
    /// What it shows: `Cost by model`.
    pub label: String,
    /// Stands in its middle.
    pub total: String,
    /// The largest first.
    pub slices: Vec<Slice>,
}

super::html_safe!(Doughnut);

impl Doughnut {
    /// Of names with amounts and how those are written. What is not above zero has no share. So many
    /// `more`, which are smaller than all parts, have so much together.
    pub fn new(
        label: impl Into<String>,
        total: impl Into<String>,
        mut parts: Vec<(String, f64, String)>,
        more: (usize, f64),
        rest: impl Fn(f64) -> String,
    ) -> Self {
        parts.retain(|(_, amount, _)| amount.is_finite() && *amount > 0.0);
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let others = parts.split_off(SLICES_MAX.min(parts.len()));
        let sum = more.1 + others.iter().map(|(_, amount, _)| amount).sum::<f64>();
        if sum > 0.0 {
            let count = (others.len() + more.0) as u64;
            parts.push((format::counted(count, "other", "others"), sum, rest(sum)));
        }
        let whole: f64 = parts.iter().map(|(_, amount, _)| amount).sum();
        let mut offset = 0.0;
        let mut slices = Vec::with_capacity(parts.len());
        for (at, (name, amount, text)) in parts.into_iter().enumerate() {
            let share = amount / whole;
            slices.push(Slice {
                name,
                amount: text,
                percent: format::percent(share),
                length: rounded(share * 100.0),
                offset: rounded(-offset),
                colour: at + 1,
            });
            offset += share * 100.0;
        }
        Self {
            label: label.into(),
            total: total.into(),
            slices,
        }
    }
}

/// To a thousandth of the way around, without a negative zero.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(amounts: &[f64]) -> Doughnut {
        let parts = amounts
            .iter()
            .map(|amount| (format!("m{amount}"), *amount, String::new()));
        Doughnut::new("Cost", "1", parts.collect(), (0, 0.0), |sum| {
            sum.to_string()
        })
    }

    #[test]
    fn shares_go_all_the_way_around_the_largest_first() {
        let ring = of(&[1.0, 2.0, 1.0]);
        let drawn: Vec<_> = ring
            .slices
            .iter()
            .map(|one| (one.length, one.offset))
            .collect();
        assert_eq!(drawn, [(50.0, 0.0), (25.0, -50.0), (25.0, -75.0)]);
        assert_eq!(ring.slices[0].percent, "50 %");
    }

    #[test]
    fn what_is_nothing_or_no_number_has_no_share() {
        assert_eq!(of(&[0.0, -1.0, f64::NAN, f64::INFINITY]).slices.len(), 0);
        assert_eq!(of(&[]).slices.len(), 0);
    }

    #[test]
    fn many_small_shares_are_one() {
        let amounts: Vec<f64> = (1..=30).map(f64::from).collect();
        let ring = of(&amounts);
        assert_eq!(ring.slices.len(), SLICES_MAX + 1);
        let last = ring.slices.last().unwrap();
        assert_eq!(
            (last.name.as_str(), last.amount.as_str()),
            ("21 others", "231")
        );
        let length: f64 = ring.slices.iter().map(|one| one.length).sum();
        assert!((length - 100.0).abs() < 0.01);
    }

    #[test]
    fn what_is_in_no_part_is_one_of_the_others() {
        let part = |n: u32| (format!("m{n}"), f64::from(100 - n), String::new());
        let ring = Doughnut::new("Cost", "1", (0..10).map(part).collect(), (7, 9.0), |sum| {
            sum.to_string()
        });
        let last = ring.slices.last().unwrap();
        let told = (last.name.as_str(), last.amount.as_str());
        assert_eq!(told, ("8 others", "100"));
    }
}
