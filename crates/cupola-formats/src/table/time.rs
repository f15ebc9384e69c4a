//! Times as RFC 3339 in UTC with milliseconds.

const DAY_MILLIS: i64 = 86_400_000;

/// Days from the year 0's first of March to 1970.
const DAYS_TO_1970: i64 = 719_468;

/// Four centuries have the same days each.
const DAYS_OF_400_YEARS: i64 = 146_097;

/// `1970-01-01T00:00:00.000Z` and so on; milliseconds for what is outside the years 0 to 9999.
pub(super) fn text(millis: i64) -> String {
    let (days, of_day) = (millis.div_euclid(DAY_MILLIS), millis.rem_euclid(DAY_MILLIS));
    let (year, month, day) = date(days);
    if !(0..=9999).contains(&year) {
        return format!("{millis}ms");
    }
    let (secs, millis) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (secs / 3600, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The Gregorian date so many days after 1970 began. Years are counted from March, so that the day
/// that some lack is the last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (
        days.div_euclid(DAYS_OF_400_YEARS),
        days.rem_euclid(DAYS_OF_400_YEARS),
    );
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + is_next, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_calendars_say() {
        let check = |millis, expected: &str| assert_eq!(text(millis), expected);
        check(0, "1970-01-01T00:00:00.000Z");
        check(-1, "1969-12-31T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(1_795_213_800_123, "2026-11-20T22:30:00.123Z");
        check(4_107_542_399_999, "2100-02-28T23:59:59.999Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
        check(i64::MAX, "9223372036854775807ms");
        check(i64::MIN, "-9223372036854775808ms");
    }
}
