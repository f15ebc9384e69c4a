//! From costs to what pages show of them.

use std::time::Duration;

use cupola_domain::{
    access::{Principal, Role},
    cost::{Day, Kind, Money, Period, Total},
};
use cupola_hub::{
    budgets,
    costs::{Costs, CostsQuery, Prices, SubjectCost},
};

use super::{BudgetRow, Budgets, Card, Index, Row, View};
use crate::ui::{
    components::{
        Along, Badge, Doughnut, Drawn, DrawnCurve, EmptyState, Link, Progress, Tone, listed,
    },
    format,
    frame::Frame,
    listing, paths,
    present::may,
    training::{Tab, Tabs},
};

/// The times that can be chosen, in days.
const TIMES: [(Option<u32>, &str); 4] = [
    (Some(7), "7 days"),
    (Some(30), "30 days"),
    (Some(90), "90 days"),
    (None, "all"),
];

/// By what costs can be told apart on the page.
const KINDS: [(Kind, &str, &str); 4] = [
    (Kind::Model, "Model", "models"),
    (Kind::Experiment, "Experiment", "experiments"),
    (Kind::Brief, "Brief", "briefs"),
    (Kind::Person, "Person", "people"),
];

/// The page.
pub(in crate::ui) fn index(
    frame: Frame,
    (costs, rows): (&Costs, &[budgets::BudgetRow]),
    query: &CostsQuery,
    prices: &Prices,
    who: &Principal,
) -> Index {
    Index {
        frame,
        tabs: Tabs::new(Tab::Costs),
        kinds: kinds(query),
        times: times(query),
        view: view(costs, query, prices),
        budgets: budgets(rows, prices, who),
        exports: exports(query),
    }
}

fn kinds(query: &CostsQuery) -> Vec<Link> {
    let link = |(kind, label, _): (Kind, &str, &str)| {
        let asked = CostsQuery { kind, ..*query };
        chosen(label, kind == query.kind, &asked)
    };
    KINDS.map(link).into()
}

fn times(query: &CostsQuery) -> Vec<Link> {
    let link = |(days, label): (Option<u32>, &str)| {
        let asked = CostsQuery { days, ..*query };
        chosen(label, days == query.days, &asked)
    };
    TIMES.map(link).into()
}

/// Without an address where it is chosen already.
fn chosen(label: &str, is_chosen: bool, asked: &CostsQuery) -> Link {
    let href = if is_chosen {
        String::new()
    } else {
        address(paths::COSTS, asked)
    };
    Link::new(label, href)
}

fn exports(query: &CostsQuery) -> Vec<Link> {
    let link = |format: &str| {
        let at = address(paths::COSTS_EXPORT, query);
        let joint = if at.contains('?') { '&' } else { '?' };
        Link::new(format.to_uppercase(), format!("{at}{joint}format={format}"))
    };
    ["csv", "json"].map(link).into()
}

fn address(path: &str, query: &CostsQuery) -> String {
    let days = query
        .days
        .map_or_else(|| "all".to_owned(), |days| days.to_string());
    let asked = listing::query(&[("by", query.kind.as_str()), ("days", &days)]);
    format!("{path}?{asked}")
}

pub(super) fn view(costs: &Costs, query: &CostsQuery, prices: &Prices) -> View {
    let money = |amount: Money| format::money(amount, &prices.currency);
    let (_, kind, many) = KINDS
        .into_iter()
        .find(|(kind, ..)| *kind == query.kind)
        .unwrap_or(KINDS[0]);
    let total = money(costs.total.money);
    let parts = costs.subjects.iter().map(|of| {
        let amount = of.total.money;
        (name(of, query.kind), amount.units(), money(amount))
    });
    let more = costs.others.unwrap_or_default();
    let more = (more.count, more.total.money.units());
    let rest = |sum: f64| Money::of(sum).map_or_else(String::new, money);
    View {
        src: address("/training/costs/view", query),
        cards: cards(costs, prices),
        kind,
        shares: Doughnut::new(
            format!("Cost by {many}"),
            &total,
            parts.collect(),
            more,
            rest,
        ),
        curve: curve(&costs.days),
        rows: rows(costs, query.kind, prices),
        total: Row {
            name: Link::new("Total", ""),
            ..numbers(&costs.total, prices)
        },
        remark: remark(costs, prices),
        empty: empty(costs, prices),
    }
}

fn cards(costs: &Costs, prices: &Prices) -> Vec<Card> {
    let money = |amount: Money| format::money(amount, &prices.currency);
    // Where a clock was set back there are days after it.
    let today = costs.days.iter().find(|(day, _)| *day == Day::of(costs.at));
    let today = today.map(|(_, of)| of.money).unwrap_or_default();
    let running = format::counted(costs.running as u64, "run", "runs");
    let energy = costs.total.cost();
    let carbon = energy
        .carbon_g
        .map(|grams| format!("{} CO₂", weight(grams)));
    vec![
        Card {
            label: "Spent",
            value: money(costs.total.money),
            detail: format!("{} h", hours(&costs.total)),
        },
        Card {
            label: "Today",
            value: money(today),
            detail: "by UTC".to_owned(),
        },
        Card {
            label: "Burn rate",
            value: format!("{} / h", money(costs.hourly_now)),
            detail: format!("{running} now"),
        },
        Card {
            label: "Energy",
            value: energy
                .energy_wh
                .map_or_else(|| format::NOTHING.to_owned(), kilowatt_hours),
            detail: carbon.unwrap_or_default(),
        },
    ]
}

/// One for each that is told by itself, and one for the others.
fn rows(costs: &Costs, kind: Kind, prices: &Prices) -> Vec<Row> {
    let row = |name: Link, running: usize, total: &Total| Row {
        name,
        running: if running == 0 {
            String::new()
        } else {
            format!("{} running", format::count(running as u64))
        },
        ..numbers(total, prices)
    };
    let each = costs.subjects.iter().map(|of| {
        let name = Link::new(name(of, kind), href(of, kind));
        row(name, of.running, &of.total)
    });
    let others = costs.others.iter().map(|of| {
        let name = format::counted(of.count as u64, "other", "others");
        row(Link::new(name, ""), of.running, &of.total)
    });
    each.chain(others).collect()
}

fn numbers(total: &Total, prices: &Prices) -> Row {
    let money = |amount: Option<Money>| {
        amount.map_or_else(
            || format::NOTHING.to_owned(),
            |amount| format::money(amount, &prices.currency),
        )
    };
    let cost = total.cost();
    Row {
        name: Link::new("", ""),
        running: String::new(),
        hours: hours(total),
        hourly: money(total.hourly()),
        cost: money(cost.money),
        energy: cost
            .energy_wh
            .map_or_else(|| format::NOTHING.to_owned(), kilowatt_hours),
    }
}

fn name(of: &SubjectCost, kind: Kind) -> String {
    match (&of.name, of.subject.as_str()) {
        (_, "") => format!("no {}", kind.as_str()),
        (Some(name), _) => name.clone(),
        (None, subject) => format!("deleted {} {}", kind.as_str(), last(subject)),
    }
}

/// The end of an id, as pages show ids.
fn last(id: &str) -> &str {
    id.rsplit('-').next().unwrap_or(id)
}

fn href(of: &SubjectCost, kind: Kind) -> String {
    match (kind, &of.name) {
        (_, None) => String::new(),
        (Kind::Experiment, Some(_)) => format!("{}/{}", paths::EXPERIMENTS, of.subject),
        (Kind::Brief, Some(_)) if !of.subject.is_empty() => {
            format!("{}/{}", paths::BRIEFS, of.subject)
        }
        _ => String::new(),
    }
}

/// A point for each day, at its midnight.
fn curve(days: &[(Day, Total)]) -> Drawn {
    let places: Vec<String> = days
        .iter()
        .map(|(day, _)| day.begins_at().millis().to_string())
        .collect();
    let each = days.iter().map(|(_, of)| Some(of.money.units()));
    let mut sum = Money::default();
    let so_far = days.iter().map(|(_, of)| {
        sum = sum + of.money;
        Some(sum.units())
    });
    let curve = |label: &str, values: String| DrawnCurve {
        label: label.to_owned(),
        values,
        most: String::new(),
    };
    Drawn {
        id: "cost-by-day",
        name: "Cost by day".to_owned(),
        along: Along::Time,
        unit: "",
        ends: "",
        places: places.join(","),
        curves: vec![
            curve("that day", listed(each)),
            curve("together", listed(so_far)),
        ],
    }
}

fn remark(costs: &Costs, prices: &Prices) -> String {
    let unpriced = costs.total.time.saturating_sub(costs.total.priced);
    if unpriced > Duration::from_secs(1) {
        let without = format::duration(unpriced);
        return format!("{without} ran where no price is known, and is not in the sum.");
    }
    if prices.book.entries.is_empty() && costs.total.priced.is_zero() {
        return "No machine has a price: say what they cost in the configuration.".to_owned();
    }
    String::new()
}

fn empty(costs: &Costs, prices: &Prices) -> Option<EmptyState> {
    let has_any = costs.running > 0 || !costs.total.time.is_zero();
    let text =
        "What a worker runs from now on stands here, with its time, its cost and its energy.";
    if has_any {
        return None;
    }
    let empty = EmptyState::new("Nothing has run in this time", text);
    Some(if prices.book.entries.is_empty() {
        empty.with_command("[[prices.machine]]\nkind = \"any\"\nper_hour = 0.24")
    } else {
        empty
    })
}

pub(super) fn budgets(rows: &[budgets::BudgetRow], prices: &Prices, who: &Principal) -> Budgets {
    let may_write = may(who, Role::Operator);
    Budgets {
        rows: rows
            .iter()
            .map(|row| budget(row, prices, may_write))
            .collect(),
        new: may_write.then_some(paths::NEW_BUDGET),
    }
}

fn budget(row: &budgets::BudgetRow, prices: &Prices, may_write: bool) -> BudgetRow {
    let wanted = &row.budget.wanted;
    let money = |amount: Money| format::money(amount, &prices.currency);
    let period = match wanted.period {
        Period::Total => "",
        Period::Month => " a month",
        Period::Day => " a day",
    };
    let badge = match row.level {
        100 if wanted.is_hard => Badge::word("spent: starts nothing", Tone::Bad),
        100 => Badge::word("spent", Tone::Bad),
        75 | 90 => Badge::word("over 75 %", Tone::Warning),
        50 => Badge::word("over 50 %", Tone::Waiting),
        _ => Badge::word("within", Tone::Good),
    };
    let id = row.budget.id;
    BudgetRow {
        name: wanted.name.clone(),
        scope: scope(row),
        limit: format!("{}{period}", money(wanted.limit)),
        spent: money(row.spent.money),
        progress: Progress::new(
            Some(row.percent() / 100.0),
            format!("Spent of the budget {}", wanted.name),
        ),
        badge,
        is_hard: wanted.is_hard,
        actions: may_write.then(|| (paths::budget(id, ""), paths::budget(id, "/deletion"))),
    }
}

pub(super) fn scope(row: &budgets::BudgetRow) -> String {
    let of = &row.budget.wanted.scope;
    match (of.kind, &row.subject) {
        (Kind::All, _) => "all runs".to_owned(),
        (kind, Some(name)) => format!("{} {name}", kind.as_str()),
        (kind, None) => format!("deleted {} {}", kind.as_str(), last(&of.subject)),
    }
}

fn hours(total: &Total) -> String {
    format!("{:.2}", total.hours())
}

fn kilowatt_hours(watt_hours: f64) -> String {
    if watt_hours < 1_000.0 {
        format!("{watt_hours:.1} Wh")
    } else {
        format!("{:.2} kWh", watt_hours / 1_000.0)
    }
}

fn weight(grams: f64) -> String {
    if grams < 1_000.0 {
        format!("{grams:.1} g")
    } else {
        format!("{:.2} kg", grams / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::time::Timestamp;
    use cupola_hub::costs::OtherCosts;

    use super::*;

    fn spent(micros: i64) -> Total {
        Total {
            time: Duration::from_hours(1),
            money: Money::from_micros(micros),
            ..Total::default()
        }
    }

    /// Costs of these days, counted from today.
    fn costs(days: &[(i64, i64)]) -> Costs {
        let at = Timestamp::from_millis(1_795_000_000_000);
        let day = |(later, micros): &(i64, i64)| (Day::of(at).plus(*later), spent(*micros));
        Costs {
            at,
            total: spent(9_000_000),
            subjects: Vec::new(),
            others: None,
            days: days.iter().map(day).collect(),
            hourly_now: Money::default(),
            running: 0,
            unpriced: 0,
        }
    }

    #[test]
    fn today_is_the_day_of_the_clock() {
        let check = |days: &[(i64, i64)], expected: &str| {
            let cards = cards(&costs(days), &Prices::default());
            let today = cards.iter().find(|card| card.label == "Today");
            assert_eq!(today.map(|card| card.value.as_str()), Some(expected));
        };
        check(&[(-1, 1_000_000), (0, 2_000_000)], "$2.0000");
        check(&[(0, 2_000_000), (1, 5_000_000)], "$2.0000");
        check(&[(-1, 1_000_000)], "$0.0000");
    }

    #[test]
    fn little_is_told_in_small_units() {
        let check = |grams, expected| assert_eq!(weight(grams), expected);
        check(0.6, "0.6 g");
        check(999.0, "999.0 g");
        check(1_234.0, "1.23 kg");
    }

    #[test]
    fn those_that_are_left_out_are_one_row() {
        let others = OtherCosts {
            count: 1_234,
            total: spent(7_000_000),
            ..OtherCosts::default()
        };
        let costs = Costs {
            others: Some(others),
            ..costs(&[])
        };
        let shown = view(&costs, &CostsQuery::default(), &Prices::default());
        let row = shown.rows.last().unwrap();
        let name = format::counted(1_234, "other", "others");
        assert_eq!(
            (row.name.text.as_str(), row.cost.as_str()),
            (name.as_str(), "$7.0000")
        );
        assert_eq!(shown.shares.slices[0].name, name);
    }
}
