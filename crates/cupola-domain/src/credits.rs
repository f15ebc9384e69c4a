//! Credits: integer micro-credits, checked arithmetic.

use std::{fmt, str::FromStr};

/// An amount of credits in millionths of one credit. Never a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Credits(i64);

const MICROS: i64 = 1_000_000;

/// Nobody asks for more at once, so that sums of what people asked for can always be counted.
pub const ASKED_MAX: Credits = Credits(1_000_000_000 * MICROS);

/// An amount that somebody asks for: up to [`ASKED_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked(pub Credits);

impl Credits {
    /// An amount in millionths.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// All six decimals, as programs take amounts: `12.345678`.
    pub fn exact(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let unit = MICROS.unsigned_abs();
        format!("{sign}{}.{:06}", micros / unit, micros % unit)
    }
}

impl fmt::Display for Credits {
    /// All that there is, and no more zeros than needed, as people read amounts: `1000`, `12.5`, `0.000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(shown(&self.exact()))
    }
}

/// An amount with six decimals as people read it: `12.5` of `12.500000`.
pub fn shown(exact: &str) -> &str {
    if !exact.contains('.') {
        return exact;
    }
    exact.trim_end_matches('0').trim_end_matches('.')
}

impl FromStr for Credits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused =
            || format!("`{text}` is not an amount of credits; write for example `1000` or `12.5`");
        micros_of(text).map(Self).ok_or_else(refused)
    }
}

impl TryFrom<Credits> for Asked {
    type Error = String;

    fn try_from(credits: Credits) -> Result<Self, String> {
        if credits <= ASKED_MAX {
            return Ok(Self(credits));
        }
        Err(format!("is {credits}; choose up to {ASKED_MAX}"))
    }
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<Credits>()?.try_into()
    }
}

/// Millionths of an amount with up to six decimals; none of what is not written as one.
pub(crate) fn micros_of(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    whole.checked_mul(MICROS)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        let read = text
            .parse::<Credits>()
            .map_or_else(|_| "!".to_owned(), |c| c.to_string());
        assert_eq!(read, shown, "{text}");
    }

    #[test]
    fn amounts_read_and_show() {
        check("1000", "1000");
        check("12.5", "12.5");
        check("0.000001", "0.000001");
        check("0.005", "0.005");
        check("0", "0");
        assert_eq!(Credits::from_micros(-1_500_000).to_string(), "-1.5");
    }

    #[test]
    fn programs_are_told_all_of_an_amount() {
        let check = |micros, exact| assert_eq!(Credits::from_micros(micros).exact(), exact);
        check(12_345_678, "12.345678");
        check(-5, "-0.000005");
        check(i64::MIN, "-9223372036854.775808");
    }

    #[test]
    fn nobody_asks_for_more_than_can_be_counted() {
        let read = |text: &str| text.parse::<Asked>().map(|Asked(credits)| credits);
        assert_eq!(read("1000000000"), Ok(ASKED_MAX));
        let refused = "is 1000000001; choose up to 1000000000";
        assert_eq!(read("1000000001"), Err(refused.to_owned()));
        assert!(read("many").is_err());
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        check("", "!");
        check("-1", "!");
        check("1,5", "!");
        check("1e3", "!");
        check("99999999999999999999", "!");
        check("0.0000001", "!");
    }
}
