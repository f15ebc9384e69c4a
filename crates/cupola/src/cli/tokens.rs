//! The options of `cupola token`.

use clap::Subcommand;

use super::{Connect, Read};

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token; its secret is printed this once.
    Create {
        /// What it is for.
        name: String,
        /// `viewer`, `researcher`, `operator`, `admin` or `worker`.
        #[arg(long, default_value = "viewer")]
        role: String,
        /// The person it belongs to; who is called as the token is, unless given.
        #[arg(long, default_value = "")]
        owner: String,
        /// Their team.
        #[arg(long, default_value = "")]
        team: String,
        /// How long it can be used: `90s`, `30m`, `1h`, `7d`; for ever, unless given.
        #[arg(long, value_parser = span)]
        ttl: Option<u64>,
        /// The same in hours.
        #[arg(long, hide = true, conflicts_with = "ttl")]
        hours: Option<u64>,
        #[command(flatten)]
        read: Read,
    },
    /// Make a join code, by which machines come in as workers with tokens of their own.
    Worker {
        /// What it is for.
        #[arg(long, default_value = "")]
        name: String,
        /// Whose the machines are: yours, unless somebody else is named.
        #[arg(long, default_value = "")]
        owner: String,
        /// Their team.
        #[arg(long, default_value = "")]
        team: String,
        /// How long it can be used: `90s`, `30m`, `1h`, `7d`.
        #[arg(long, default_value = "1h", value_parser = span)]
        ttl: u64,
        /// How many machines may use it.
        #[arg(long, default_value_t = 1)]
        uses: u32,
        #[command(flatten)]
        read: Read,
    },
    /// List the join codes that were made, without their secrets.
    Codes(Read),
    /// List tokens.
    List(Read),
    /// Shut a token out, or close a join code.
    Revoke {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

/// Seconds.
fn span(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a time; write `90s`, `30m`, `1h` or `7d`");
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let secs: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_a_unit() {
        let check =
            |text: &str, expected: Option<u64>| assert_eq!(span(text).ok(), expected, "{text}");
        check("90s", Some(90));
        check("30m", Some(1_800));
        check("1h", Some(3_600));
        check("7d", Some(604_800));
        for wrong in [
            "",
            "1",
            "h",
            "1.5h",
            "-1h",
            "1 h",
            "1ü",
            "99999999999999999999d",
        ] {
            check(wrong, None);
        }
    }
}
