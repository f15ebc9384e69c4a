//! Numbers in words and tables.

use std::time::Duration;

use cupola_domain::credits::Credits;

pub use cupola_report::amount;

/// Two numbers, in full where they would read the same and are not.
pub fn told_apart(a: f64, b: f64) -> (String, String) {
    let told = (amount(a), amount(b));
    if told.0 == told.1 && a.total_cmp(&b).is_ne() {
        return (a.to_string(), b.to_string());
    }
    told
}

/// Money as people say it: what is next to nothing is said to be less than something.
pub fn money(value: f64) -> String {
    if value > 0.0 && value < 1e-4 {
        return "less than 0.0001".to_owned();
    }
    amount(value)
}

/// Credits as a number; whoever needs the last millionth reads the page.
#[expect(clippy::cast_precision_loss, reason = "to be read by people")]
pub fn units(credits: Credits) -> f64 {
    credits.micros() as f64 / 1e6
}

/// A share from 0 to 1 in hundredths.
pub fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

/// A time as people say it.
pub fn duration(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0..60 => format!("{} s", amount(span.as_secs_f64())),
        60..3_600 => format!("{} min {} s", secs / 60, secs % 60),
        3_600..86_400 => format!("{} h {} min", secs / 3_600, secs / 60 % 60),
        _ => format!("{} d {} h", secs / 86_400, secs / 3_600 % 24),
    }
}

/// `1 run`, `2 runs`.
pub fn plural(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_money_is_said_without_exponents() {
        for (value, expected) in [(0.0, "0"), (5.2e-5, "less than 0.0001"), (0.0025, "0.0025")] {
            assert_eq!(money(value), expected);
        }
    }

    #[test]
    fn what_is_not_equal_does_not_read_so() {
        let both = |a: f64, b: f64| told_apart(a, b);
        assert_eq!(both(1.25, 2.0), ("1.25".to_owned(), "2".to_owned()));
        assert_eq!(both(1.25, 1.25), ("1.25".to_owned(), "1.25".to_owned()));
        let close = both(1.25, 1.250_000_000_1);
        assert_eq!(close, ("1.25".to_owned(), "1.2500000001".to_owned()));
    }

    #[test]
    fn times_are_said() {
        for (secs, expected) in [
            (9, "9 s"),
            (90, "1 min 30 s"),
            (7_260, "2 h 1 min"),
            (180_000, "2 d 2 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(secs)), expected);
        }
    }
}
