//! The values that one parameter may take.

use serde_json::Value;

use crate::{
    numbers::{self, integer, same, shortest},
    space::continuous,
};

/// Integers beyond this do not survive a JSON reader that knows only floats.
const INTEGER_MAX: i64 = 1 << 53;

/// The values that one parameter may take.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// Any number of the range, all equally likely.
    Uniform {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
    },
    /// Any number of the range, all ratios equally likely; `low` is above zero.
    LogUniform {
        /// The least value.
        low: f64,
        /// The greatest value.
        high: f64,
    },
    /// Any whole number of the range, both ends included.
    Integer {
        /// The least value.
        low: i64,
        /// The greatest value.
        high: i64,
    },
    /// One of some strings, numbers, booleans or `null`.
    Choice(Vec<Value>),
    /// Always this string, number, boolean or `null`.
    Fixed(Value),
}

impl Domain {
    /// The word for this kind in both text forms.
    pub const fn kind(&self) -> &'static str {
        match self {
            Domain::Uniform { .. } => "uniform",
            Domain::LogUniform { .. } => "log_uniform",
            Domain::Integer { .. } => "integer",
            Domain::Choice(_) => "choice",
            Domain::Fixed(_) => "fixed",
        }
    }

    /// Whether the values cannot be listed.
    pub const fn is_continuous(&self) -> bool {
        matches!(self, Domain::Uniform { .. } | Domain::LogUniform { .. })
    }

    /// Whether `value` is one of the values; `3.0` is the integer 3.
    pub fn contains(&self, value: &Value) -> bool {
        match self {
            Domain::Uniform { low, high } | Domain::LogUniform { low, high } => {
                value.as_f64().is_some_and(|x| (*low..=*high).contains(&x))
            }
            Domain::Integer { low, high } => {
                integer(value).is_some_and(|n| (*low..=*high).contains(&n))
            }
            Domain::Choice(values) => values.iter().any(|v| same(v, value)),
            Domain::Fixed(fixed) => same(fixed, value),
        }
    }

    /// The values as a list to choose from; `None` when they are continuous.
    ///
    /// With a divisor, only its multiples are left.
    pub(crate) fn levels(&self, divisor: Option<i64>) -> Option<Levels<'_>> {
        match self {
            Domain::Uniform { .. } | Domain::LogUniform { .. } => None,
            Domain::Integer { low, high } => Some(multiples(*low, *high, divisor.unwrap_or(1))),
            Domain::Choice(values) => Some(listed(values, divisor)),
            Domain::Fixed(value) => Some(listed(std::slice::from_ref(value), divisor)),
        }
    }

    /// As [`Domain::levels`], with a continuous range replaced by `points` of it, ends included.
    pub(crate) fn grid_levels(&self, divisor: Option<i64>, points: u64) -> Levels<'_> {
        self.levels(divisor).unwrap_or(Levels::Points {
            domain: self,
            count: points,
        })
    }

    /// The value at `fraction`, from 0 to 1, of the way through the values.
    pub(crate) fn value_at(&self, fraction: f64, divisor: Option<i64>) -> Value {
        match self.levels(divisor) {
            Some(levels) => {
                let count = levels.count();
                let rank = numbers::floor(fraction * numbers::float(count));
                levels.value(rank.min(count.saturating_sub(1)))
            }
            None => Value::from(self.number_at(fraction)),
        }
    }

    /// What is wrong with the domain by itself, each with its remedy.
    pub(crate) fn faults(&self) -> Vec<String> {
        match self {
            Domain::Uniform { low, high } => range_fault(*low, *high).into_iter().collect(),
            Domain::LogUniform { low, high } => log_range_faults(*low, *high),
            Domain::Integer { low, high } => integer_faults(*low, *high),
            Domain::Choice(values) => choice_faults(values),
            Domain::Fixed(value) => scalar_fault(value).into_iter().collect(),
        }
    }

    fn number_at(&self, fraction: f64) -> f64 {
        match self {
            Domain::LogUniform { low, high } => continuous::logarithmic(*low, *high, fraction),
            Domain::Uniform { low, high } => continuous::linear(*low, *high, fraction),
            _ => f64::NAN,
        }
    }
}

/// Values in a fixed order, without necessarily being stored.
#[derive(Debug)]
pub(crate) enum Levels<'a> {
    Listed(Vec<&'a Value>),
    Steps { first: i64, step: i64, count: u64 },
    Points { domain: &'a Domain, count: u64 },
}

impl Levels<'_> {
    pub(crate) fn count(&self) -> u64 {
        match self {
            Levels::Listed(values) => values.len() as u64,
            Levels::Steps { count, .. } | Levels::Points { count, .. } => *count,
        }
    }

    /// The value of a rank below [`Levels::count`].
    pub(crate) fn value(&self, rank: u64) -> Value {
        match self {
            Levels::Listed(values) => usize::try_from(rank)
                .ok()
                .and_then(|rank| values.get(rank))
                .map_or(Value::Null, |value| (*value).clone()),
            Levels::Steps { first, step, .. } => {
                let rank = i64::try_from(rank).unwrap_or(i64::MAX);
                Value::from(first.saturating_add(rank.saturating_mul(*step)))
            }
            Levels::Points { domain, count } => {
                let last = count.saturating_sub(1).max(1);
                Value::from(domain.number_at(numbers::float(rank) / numbers::float(last)))
            }
        }
    }
}

fn listed(values: &[Value], divisor: Option<i64>) -> Levels<'_> {
    let fits = |value: &&Value| {
        divisor.is_none_or(|divisor| integer(value).is_some_and(|n| n % divisor == 0))
    };
    Levels::Listed(values.iter().filter(fits).collect())
}

fn multiples(low: i64, high: i64, step: i64) -> Levels<'static> {
    let first = low + (step - low.rem_euclid(step)) % step;
    let count = u64::try_from((high - first).div_euclid(step) + 1).unwrap_or(0);
    Levels::Steps { first, step, count }
}

fn range_fault(low: f64, high: f64) -> Option<String> {
    if !low.is_finite() || !high.is_finite() || !(high - low).is_finite() {
        return Some(format!(
            "`{}` to `{}` is not a finite range; give two finite numbers",
            shortest(low),
            shortest(high)
        ));
    }
    (low >= high).then(|| {
        let (low, high) = (shortest(low), shortest(high));
        format!(
            "`low` `{low}` is not below `high` `{high}`; swap them, or write `fixed({low})` for one value"
        )
    })
}

fn log_range_faults(low: f64, high: f64) -> Vec<String> {
    let mut faults: Vec<String> = range_fault(low, high).into_iter().collect();
    if low <= 0.0 {
        faults.push(format!(
            "`low` `{}` has no logarithm; give a number above zero, or use `uniform`",
            shortest(low)
        ));
    }
    faults
}

fn integer_faults(low: i64, high: i64) -> Vec<String> {
    let mut faults = Vec::new();
    if low > high {
        faults.push(format!("`low` `{low}` is above `high` `{high}`; swap them"));
    }
    for bound in [low, high] {
        if !(-INTEGER_MAX..=INTEGER_MAX).contains(&bound) {
            faults.push(format!(
                "`{bound}` is not exact in every JSON reader; stay within ±{INTEGER_MAX}"
            ));
        }
    }
    faults
}

fn choice_faults(values: &[Value]) -> Vec<String> {
    if values.is_empty() {
        return vec!["`choice()` has no values; list at least one".to_owned()];
    }
    let mut faults: Vec<String> = values.iter().filter_map(scalar_fault).collect();
    for (i, value) in values.iter().enumerate() {
        if values[..i].iter().any(|earlier| same(earlier, value)) {
            faults.push(format!("`{value}` is listed twice; list each value once"));
        }
    }
    faults
}

fn scalar_fault(value: &Value) -> Option<String> {
    (value.is_array() || value.is_object())
        .then(|| format!("`{value}` is not one value; use a string, a number, a boolean or null"))
}
