//! Conditions as text that reads back as equal.

use std::{fmt, time::Duration};

use super::{By, Condition, Test, Watched};
use crate::{
    filter::tokens::{is_bare_name, quoted},
    numbers::shortest,
};

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threshold {
                of, test, lasting, ..
            } => {
                let word = match of {
                    Watched::Metric(_) => "metric",
                    Watched::Telemetry(_) => "telemetry",
                };
                write!(f, "{word} {} {test}", name(of))?;
                if !lasting.is_zero() {
                    write!(f, " for {}", span(*lasting))?;
                }
            }
            Self::Change { of, by, within, .. } => {
                let word = match of {
                    Watched::Metric(_) => "",
                    Watched::Telemetry(_) => "telemetry ",
                };
                write!(f, "change {word}{} {by} in {}", name(of), span(*within))?;
            }
            Self::NoData { silence, .. } => write!(f, "no data {}", span(*silence))?,
            Self::RunFailed { .. } => f.write_str("run failed")?,
            Self::WorkerGone { silence } => write!(f, "worker gone {}", span(*silence))?,
            Self::Budget { percent: None } => f.write_str("budget")?,
            Self::Budget {
                percent: Some(percent),
            } => write!(f, "budget {percent}%")?,
            Self::Cost {
                of,
                relation,
                amount,
                ..
            } => write!(f, "cost {} {relation} {}", of.as_str(), shortest(*amount))?,
        }
        match self.filter() {
            Some(filter) => write!(f, " where {filter}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(relation, number) => write!(f, "{relation} {}", shortest(*number)),
            Self::NotANumber => f.write_str("is nan"),
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_rise { '+' } else { '-' };
        let unit = if self.is_percent { "%" } else { "" };
        write!(f, "{sign}{}{unit}", shortest(self.amount))
    }
}

/// Words of the language are no bare names: `change telemetry …` would read as something else.
fn name(of: &Watched) -> String {
    let name = of.name();
    let is_word = ["telemetry", "metric", "where"].contains(&name.to_ascii_lowercase().as_str());
    if is_bare_name(name) && !is_word {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The largest unit that has it whole.
pub(super) fn span(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        s if s % 86_400 == 0 && s > 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 && s > 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 && s > 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
