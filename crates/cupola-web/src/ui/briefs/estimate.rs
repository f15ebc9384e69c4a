//! How long the tasks of a brief will take and what they will cost, before it is submitted.

use std::{sync::Arc, time::Duration};

use cupola_domain::{brief::Draft, cost::Money, resources::Profiles};

use crate::ui::format;

/// What the workers that are there can do.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// How many runs they take at once.
    pub slots: u64,
    /// Which classes of machine may be asked for.
    pub profiles: Arc<Profiles>,
    /// What amounts are in.
    pub currency: String,
    /// What an hour of a slot costs, on the cheapest and the dearest worker of a class that has a price.
    pub hourly: Vec<(String, Money, Money)>,
}

/// How long it will take, as it stood when the page was made.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// `10 tasks × 10 s ≈ 1 min 40 s on one slot`; empty while there is no estimate.
    pub text: String,
    /// What the script goes on with.
    pub offer: Offer,
}

impl Offer {
    /// The prices by class, as the script reads them: `small:0.06:0.24 medium:0.24:0.24`.
    pub fn hourly_text(&self) -> String {
        let class = |(hardware, least, most): &(String, Money, Money)| {
            format!("{hardware}:{}:{}", least.units(), most.units())
        };
        let classes: Vec<_> = self.hourly.iter().map(class).collect();
        classes.join(" ")
    }
}

/// The same arithmetic as `assets/js/estimate.js`, for the first look and for who has no script.
pub(super) fn estimate(draft: &Draft, offer: Offer) -> Estimate {
    let tasks = draft.num_tasks.trim().parse::<u32>().ok();
    let secs = draft.time_budget.trim().parse::<f64>().ok();
    let amount = tasks.filter(|tasks| *tasks > 0).zip(secs);
    let text = amount.and_then(|(tasks, secs)| {
        let each = Duration::try_from_secs_f64(secs).ok()?;
        let rounds = u64::from(tasks).div_ceil(offer.slots.max(1));
        let whole = each.checked_mul(u32::try_from(rounds).ok()?)?;
        Some(format!(
            "{} × {} ≈ {} on {}{}",
            format::counted(tasks.into(), "task", "tasks"),
            format::duration(each),
            format::duration(whole),
            slots_text(offer.slots),
            cost_text(draft, &offer, each.as_secs_f64() * f64::from(tasks))
        ))
    });
    Estimate {
        text: text.unwrap_or_default(),
        offer,
    }
}

fn slots_text(slots: u64) -> String {
    match slots {
        0 | 1 => "one slot".to_owned(),
        slots => format!("{slots} slots"),
    }
}

/// About what so many seconds cost, on the machines that fit.
fn cost_text(draft: &Draft, offer: &Offer, secs: f64) -> String {
    let mut classes = offer.hourly.iter();
    let class = classes.find(|(hardware, ..)| hardware == draft.hardware.trim());
    let cost = |hourly: Money| Money::of(hourly.units() * secs / 3_600.0);
    let Some((least, most)) = class.and_then(|(_, least, most)| cost(*least).zip(cost(*most)))
    else {
        return String::new();
    };
    let money = |amount| format::money(amount, &offer.currency);
    if least == most {
        return format!(", about {} for one attempt each", money(most));
    }
    let (least, most) = (money(least), money(most));
    format!(", about {least} to {most} for one attempt each")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(num_tasks: &str, time_budget: &str, offer: Offer) -> String {
        let draft = Draft {
            num_tasks: num_tasks.to_owned(),
            time_budget: time_budget.to_owned(),
            hardware: "small".to_owned(),
            ..Draft::default()
        };
        estimate(&draft, offer).text
    }

    fn check(num_tasks: &str, time_budget: &str, slots: u64, expected: &str) {
        let offer = Offer {
            slots,
            ..Offer::default()
        };
        assert_eq!(text(num_tasks, time_budget, offer), expected);
    }

    #[test]
    fn an_estimate_is_the_rounds_times_the_budget() {
        check("10", "10", 1, "10 tasks × 10 s ≈ 1 min 40 s on one slot");
        check("10", "10", 4, "10 tasks × 10 s ≈ 30 s on 4 slots");
        check("1", "60", 0, "1 task × 1 min ≈ 1 min on one slot");
    }

    #[test]
    fn nonsense_has_no_estimate() {
        for (num_tasks, time_budget) in [("0", "10"), ("x", "10"), ("10", "-1"), ("10", "NaN")] {
            check(num_tasks, time_budget, 1, "");
        }
    }

    #[test]
    fn a_cost_is_told_where_machines_that_fit_have_prices() {
        let offer = |least, most| Offer {
            profiles: Arc::default(),
            slots: 1,
            currency: "EUR".to_owned(),
            hourly: vec![(
                "small".to_owned(),
                Money::from_micros(least),
                Money::from_micros(most),
            )],
        };
        let check = |offer: Offer, expected: &str| {
            assert!(text("10", "360", offer).ends_with(expected), "{expected}");
        };
        check(
            offer(240_000, 240_000),
            "on one slot, about €0.2400 for one attempt each",
        );
        check(
            offer(60_000, 240_000),
            ", about €0.0600 to €0.2400 for one attempt each",
        );
    }
}
