//! Conditions read, printed and held against values.

use std::time::Duration;

use cupola_domain::{
    ids::Ids,
    time::{Instant, Timestamp},
};
use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, printed: &str) {
    let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(condition.to_string(), printed);
    assert_eq!(Condition::parse(printed).unwrap(), condition, "{printed}");
}

#[track_caller]
fn check_wrong(text: &str, expected: &str) {
    let error = Condition::parse(text).unwrap_err().to_string();
    assert!(
        error.starts_with(expected),
        "{text}\n  {error}\n  {expected}"
    );
}

#[test]
fn a_condition_reads_back() {
    check("metric val_loss > 10", "metric val_loss > 10");
    check(" METRIC loss>=0.50 FOR 300s ", "metric loss >= 0.5 for 5m");
    check("metric \"a b\" is NaN", "metric \"a b\" is nan");
    check("metric \"where\" < 1", "metric \"where\" < 1");
    check(
        "telemetry gpu.0.celsius > 85 for 2m",
        "telemetry gpu.0.celsius > 85 for 2m",
    );
    check("change loss +50% in 10m", "change loss +50% in 10m");
    check(
        "change telemetry cpu.celsius -2.5 in 90s",
        "change telemetry cpu.celsius -2.5 in 90s",
    );
    check(
        "change \"telemetry\" +1 in 1h",
        "change \"telemetry\" +1 in 1h",
    );
    check("no data 15m", "no data 15m");
    check("run failed", "run failed");
    check("worker gone 1d", "worker gone 1d");
    check("budget", "budget");
    check("budget 90%", "budget 90%");
    check("cost rate > 5", "cost rate > 5");
    check(
        "cost run >= 1 where tags.a = b",
        "cost run >= 1 where tags.a = \"b\"",
    );
    check(
        "run failed where tags.model = majora and not failure = lost",
        "run failed where tags.model = \"majora\" and not failure = \"lost\"",
    );
    check(
        "metric loss > 1 for 1m where params.lr < 0.1",
        "metric loss > 1 for 1m where params.lr < 0.1",
    );
}

#[test]
fn what_is_wrong_is_named_with_its_column_and_the_remedy() {
    check_wrong(
        "",
        "column 1: a condition is missing; write `metric NAME > 1`",
    );
    check_wrong(
        "loss > 1",
        "column 1: `loss` begins no condition; write `metric",
    );
    check_wrong("metric > 1", "column 8: `>` is not a name; write");
    check_wrong(
        "metric loss 1",
        "column 13: `1` is no comparison; write `>`",
    );
    check_wrong(
        "metric loss > much",
        "column 15: `much` is not a number; write",
    );
    check_wrong(
        "metric loss > nan",
        "column 15: `nan` is not a number; write",
    );
    check_wrong(
        "metric loss > 1 for ever",
        "column 21: `ever` is no time after `for`; write",
    );
    check_wrong(
        "metric loss > 1 for 0s",
        "column 21: `0s` is no time after `for`; write",
    );
    check_wrong("metric loss > 1 for 31d", "column 21: `31d` is no time");
    check_wrong("metric loss > 1 for 99999999999999999999h", "column 21: `");
    check_wrong(
        "metric loss > 1 often",
        "column 17: `often` is unexpected; write `for 5m`",
    );
    check_wrong(
        "metric loss is big",
        "column 16: `big` is unexpected; write `nan`",
    );
}

#[test]
fn what_is_wrong_with_changes_and_silences_is_named_with_its_column() {
    check_wrong(
        "change loss 50% in 1m",
        "column 13: `50%` is no change; write `+50%`",
    );
    check_wrong("change loss +-5 in 1m", "column 13: `+-5` is no change");
    check_wrong("change loss +0% in 1m", "column 13: `+0%` is no change");
    check_wrong(
        "change loss +5",
        "column 15: the end is unexpected; write `in`",
    );
    check_wrong("no news 5m", "column 4: `news` is unexpected; write `data`");
    check_wrong("no data", "column 8: the end is no time after `no data`");
    check_wrong("run lost", "column 5: `lost` is unexpected; write `failed`");
}

#[test]
fn what_is_wrong_with_filters_levels_and_texts_is_named_with_its_column() {
    check_wrong(
        "worker gone 5m where state = running",
        "column 16: `where` chooses runs",
    );
    check_wrong(
        "telemetry x > 1 where ",
        "column 22: a filter is missing after `where`",
    );
    check_wrong(
        "run failed where colour = red",
        "column 18: `colour` is not a field",
    );
    check_wrong("budget 120%", "column 8: `120%` is no level; write");
    check_wrong(
        "cost tomorrow > 1",
        "column 6: `tomorrow` is no cost; write `rate`",
    );
    check_wrong(
        "cost rate > 1 where state = running",
        "column 15: `where` chooses runs",
    );
    check_wrong(
        "metric \"loss > 1",
        "column 8: the text that begins with \" has no end",
    );
    check_wrong("metric ü§ > 1", "column 9: `§` has no meaning here");
}

#[test]
fn telemetry_has_no_runs_to_choose() {
    check_wrong(
        "telemetry cpu.percent > 1 where state = running",
        "column 27: `where` chooses runs",
    );
    check_wrong(
        "change telemetry cpu.percent +1 in 1m where state = running",
        "column 39: `where` chooses runs",
    );
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_read_reads_back(text in ".{0,60}") {
        if let Ok(condition) = Condition::parse(&text) {
            prop_assert_eq!(Condition::parse(&condition.to_string()).unwrap(), condition);
        }
    }

    #[test]
    fn no_order_of_words_panics(words in proptest::collection::vec(
        prop::sample::select(vec![
            "metric", "telemetry", "change", "no", "data", "run", "failed", "worker", "gone", "cost",
            "budget", "rate", "loss", ">", "is", "nan", "10", "+5%", "in", "for", "5m", "where",
            "state", "=", "running", "\"a b\"",
        ]), 0..9,
    )) {
        let text = words.join(" ");
        if let Ok(condition) = Condition::parse(&text) {
            prop_assert_eq!(Condition::parse(&condition.to_string()).unwrap(), condition);
        }
    }
}

#[test]
fn a_value_that_is_no_number_is_beyond_no_bound() {
    let above = Test::Is(Relation::Greater, 10.0);
    assert!(above.holds(f64::INFINITY) && above.holds(10.5));
    assert!(!above.holds(10.0) && !above.holds(f64::NAN));
    assert!(Test::NotANumber.holds(f64::NAN) && !Test::NotANumber.holds(1.0));
}

/// Values at minutes; the answer is at which minutes the change was found.
#[track_caller]
fn check_change(text: &str, values: &[(u64, f64)], expected: &[u64]) {
    let Ok(Condition::Change { by, within, .. }) = Condition::parse(text) else {
        panic!("{text}");
    };
    let mut swing = Swing::new(by, within);
    let found = values.iter().filter(|(minute, value)| {
        let at = Instant::from_origin(Duration::from_mins(*minute));
        swing
            .add(at, *value)
            .is_some_and(|from| by.holds(from, *value))
    });
    let found: Vec<u64> = found.map(|(minute, _)| *minute).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_change_is_measured_from_the_farthest_value_of_the_window() {
    let rising = [(0, 10.0), (2, 8.0), (4, 11.0), (6, 12.0), (20, 12.0)];
    check_change("change x +50% in 10m", &rising, &[6]);
    check_change("change x +3 in 10m", &rising, &[4, 6]);
    check_change("change x +3 in 1m", &rising, &[]);
    let falling = [(0, 1.0), (1, 0.9), (2, 0.4), (30, 0.1)];
    check_change("change x -50% in 10m", &falling, &[2]);
    let odd = [(0, 0.0), (1, f64::NAN), (2, 1.0)];
    check_change("change x +10% in 5m", &odd, &[2]);
    let below = [(0, -10.0), (1, -4.0)];
    check_change("change x +50% in 5m", &below, &[1]);
}

#[test]
fn a_window_stays_short_however_much_comes() {
    let by = By {
        amount: 1.0,
        is_percent: false,
        is_rise: true,
    };
    let mut swing = Swing::new(by, Duration::from_mins(10));
    for second in 0..100_000_u32 {
        let at = Instant::from_origin(Duration::from_secs(second.into()));
        swing.add(at, f64::from(second));
    }
    let text = format!("{swing:?}");
    assert!(text.matches("Instant").count() <= 66, "{text}");
}

#[test]
fn numbers_are_shown_short() {
    let check = |value: f64, expected: &str| assert_eq!(shown(value), expected);
    check(12.5, "12.5");
    check(0.1 + 0.2, "0.3");
    check(85.0, "85");
    check(123_456.789, "123456.79");
    check(0.000_012_3, "1.230e-5");
    check(f64::NAN, "NaN");
    check(f64::NEG_INFINITY, "-Infinity");
    check(0.0, "0");
}

#[test]
fn a_rule_tells_once_in_its_time_and_not_while_it_is_muted() {
    let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
    let mut rule = Rule {
        id: Ids::new(1).next(at(0)),
        name: "r".to_owned(),
        condition: Condition::parse("run failed").unwrap(),
        repeat: Duration::from_mins(5),
        targets: Vec::new(),
        muted_until: None,
        told_at: None,
        author: "ada".to_owned(),
        created_at: at(0),
        updated_at: at(0),
    };
    assert!(rule.may_tell(at(0)));
    rule.told_at = Some(at(10));
    assert!(!rule.may_tell(at(14)) && rule.may_tell(at(15)));
    // A clock that was set back holds nothing up.
    assert!(rule.may_tell(at(9)));
    rule.muted_until = Some(at(60));
    assert!(!rule.may_tell(at(59)) && rule.may_tell(at(60)));
}
