//! Numbers as people read them.

/// Five significant digits, without zeros at the end.
pub fn amount(value: f64) -> String {
    if !value.is_finite() {
        return format!("{value}");
    }
    let size = value.abs();
    if size >= 1e6 || (size > 0.0 && size < 1e-4) {
        return format!("{value:.4e}");
    }
    let decimals = match size {
        size if size >= 10_000.0 => 0,
        size if size >= 1_000.0 => 1,
        size if size >= 100.0 => 2,
        size if size >= 10.0 => 3,
        size if size >= 1.0 => 4,
        size if size >= 0.1 => 5,
        size if size >= 0.01 => 6,
        _ => 7,
    };
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (2.123_456_7, "2.1235"),
            (1_234.567, "1234.6"),
            (50_000.0, "50000"),
            (0.000_01, "1.0000e-5"),
            (-0.25, "-0.25"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(amount(value), expected);
        }
    }
}
