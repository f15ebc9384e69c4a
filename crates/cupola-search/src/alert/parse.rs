//! Reads a condition word by word; what is wrong is named with its column and what to write instead.

use std::time::Duration;

use super::{By, Condition, CostOf, SPANS, Test, Watched};
use crate::filter::{
    Filter, FilterError, Relation,
    tokens::{Placed, Token, tokens},
};

/// How a condition may begin, for messages.
const BEGINNINGS: &str = "`metric NAME > 1`, `telemetry NAME > 1`, `change NAME +50% in 10m`, \
     `no data 15m`, `run failed`, `worker gone 5m`, `budget` or `cost rate > 5`";

pub(super) fn condition(text: &str) -> Result<Condition, FilterError> {
    let (mut reader, filter) = Reader::new(text)?;
    let has_filter = filter.is_some();
    let condition = reader.condition(filter)?;
    if reader.at < reader.tokens.len() {
        let found = reader.shown();
        return Err(reader.fault(format!("{found} is unexpected; {}", reader.ending)));
    }
    let is_about_runs =
        condition.filter().is_some() && !matches!(condition.watched(), Some(Watched::Telemetry(_)));
    if has_filter && !is_about_runs {
        return Err(FilterError {
            column: reader.end,
            message: "`where` chooses runs, and this condition is not about runs; leave it out"
                .to_owned(),
        });
    }
    Ok(condition)
}

struct Reader {
    tokens: Vec<Placed>,
    at: usize,
    /// The column after the last token.
    end: usize,
    /// What may stand where the condition could end.
    ending: &'static str,
}

impl Reader {
    /// The words before `where`, and the filter after it.
    fn new(text: &str) -> Result<(Self, Option<Filter>), FilterError> {
        let mut tokens = tokens(text)?;
        let is_where = |(_, token): &Placed| is_word(token, "where");
        let Some(at) = tokens.iter().position(is_where) else {
            let end = text.trim_end().chars().count() + 1;
            return Ok((Self::of(tokens, end), None));
        };
        let column = tokens[at].0;
        tokens.truncate(at);
        // Columns count from 1, and `where` has five characters.
        let before = column + 4;
        let rest: String = text.chars().skip(before).collect();
        let moved = |error: FilterError| FilterError {
            column: error.column + before,
            message: error.message,
        };
        let filter = Filter::parse(&rest).map_err(moved)?;
        if filter.is_none() {
            return Err(FilterError {
                column: before + 1,
                message: "a filter is missing after `where`; write one such as `tags.team = a`"
                    .to_owned(),
            });
        }
        Ok((Self::of(tokens, column), filter))
    }

    fn of(tokens: Vec<Placed>, end: usize) -> Self {
        Self {
            tokens,
            at: 0,
            end,
            ending: "leave it out",
        }
    }

    fn condition(&mut self, filter: Option<Filter>) -> Result<Condition, FilterError> {
        let beginning = self.word().unwrap_or_default().to_ascii_lowercase();
        match beginning.as_str() {
            "metric" => {
                let of = Watched::Metric(self.name()?);
                self.threshold(of, filter)
            }
            "telemetry" => {
                let of = Watched::Telemetry(self.name()?);
                self.threshold(of, filter)
            }
            "change" => self.change(filter),
            "no" => {
                self.expect("data")?;
                let silence = self.span("no data")?;
                self.ending = "write `where` and a filter, or leave it out";
                Ok(Condition::NoData { silence, filter })
            }
            "run" => {
                self.expect("failed")?;
                self.ending = "write `where` and a filter, or leave it out";
                Ok(Condition::RunFailed { filter })
            }
            "worker" => {
                self.expect("gone")?;
                let silence = self.span("worker gone")?;
                Ok(Condition::WorkerGone { silence })
            }
            "budget" => self.budget(),
            "cost" => self.cost(filter),
            _ => Err(self.no_beginning()),
        }
    }

    fn no_beginning(&self) -> FilterError {
        let (column, message) = match self.tokens.first() {
            Some((column, token)) => {
                let found = excerpt(token);
                (
                    *column,
                    format!("`{found}` begins no condition; write {BEGINNINGS}"),
                )
            }
            None => (1, format!("a condition is missing; write {BEGINNINGS}")),
        };
        FilterError { column, message }
    }

    /// `> 10 for 5m`, `is nan`
    fn threshold(&mut self, of: Watched, filter: Option<Filter>) -> Result<Condition, FilterError> {
        let test = self.test()?;
        let lasting = if self.takes("for") {
            self.span("for")?
        } else {
            Duration::ZERO
        };
        self.ending = "write `for 5m`, `where` and a filter, or leave it out";
        Ok(Condition::Threshold {
            of,
            test,
            lasting,
            filter,
        })
    }

    fn test(&mut self) -> Result<Test, FilterError> {
        if self.takes("is") {
            self.expect("nan")?;
            return Ok(Test::NotANumber);
        }
        let relation = self.relation()?;
        Ok(Test::Is(relation, self.number()?))
    }

    /// `loss +50% in 10m`, `telemetry cpu.celsius +10 in 5m`
    fn change(&mut self, filter: Option<Filter>) -> Result<Condition, FilterError> {
        let of = if self.takes("telemetry") {
            Watched::Telemetry(self.name()?)
        } else {
            self.takes("metric");
            Watched::Metric(self.name()?)
        };
        let by = self.by()?;
        self.expect("in")?;
        let within = self.span("in")?;
        self.ending = "write `where` and a filter, or leave it out";
        Ok(Condition::Change {
            of,
            by,
            within,
            filter,
        })
    }

    /// `+50%`, `-0.1`
    fn by(&mut self) -> Result<By, FilterError> {
        let read = |word: &str| {
            let (sign, rest) = word.split_at_checked(1)?;
            let is_rise = match sign {
                "+" => true,
                "-" => false,
                _ => return None,
            };
            let is_percent = rest.ends_with('%');
            let amount: f64 = rest.strip_suffix('%').unwrap_or(rest).parse().ok()?;
            let is_known = amount.is_finite() && amount > 0.0 && !rest.starts_with(['+', '-']);
            is_known.then_some(By {
                amount,
                is_percent,
                is_rise,
            })
        };
        let found = self.peek_word().and_then(read);
        self.taken(found, "is no change; write `+50%`, `-10%`, `+0.5` or `-2`")
    }

    fn budget(&mut self) -> Result<Condition, FilterError> {
        self.ending = "write a level such as `90%`, or leave it out";
        if self.at == self.tokens.len() {
            return Ok(Condition::Budget { percent: None });
        }
        let read = |word: &str| {
            let percent: u8 = word.strip_suffix('%')?.parse().ok()?;
            (1..=100).contains(&percent).then_some(percent)
        };
        let found = self.peek_word().and_then(read);
        let percent = self.taken(found, "is no level; write one such as `90%`")?;
        Ok(Condition::Budget {
            percent: Some(percent),
        })
    }

    fn cost(&mut self, filter: Option<Filter>) -> Result<Condition, FilterError> {
        let read = |word: &str| {
            let word = word.to_ascii_lowercase();
            CostOf::ALL.into_iter().find(|of| of.as_str() == word)
        };
        let found = self.peek_word().and_then(read);
        let of = self.taken(found, "is no cost; write `rate`, `today`, `total` or `run`")?;
        let relation = self.relation()?;
        let amount = self.number()?;
        if of != CostOf::Run && filter.is_some() {
            return Err(FilterError {
                column: self.end,
                message:
                    "`where` chooses runs, and only `cost run` is about single runs; leave it \
                          out"
                    .to_owned(),
            });
        }
        Ok(Condition::Cost {
            of,
            relation,
            amount,
            filter,
        })
    }

    fn name(&mut self) -> Result<String, FilterError> {
        let found = match self.tokens.get(self.at) {
            Some((_, Token::Word(name) | Token::Text(name))) if !name.is_empty() => {
                Some(name.clone())
            }
            _ => None,
        };
        self.taken(
            found,
            "is not a name; write the name of a series, in quotes where it holds blanks",
        )
    }

    fn relation(&mut self) -> Result<Relation, FilterError> {
        let found = match self.tokens.get(self.at) {
            Some((_, Token::Relation(relation))) => Some(*relation),
            _ => None,
        };
        self.taken(
            found,
            "is no comparison; write `>`, `>=`, `<`, `<=`, `=`, `!=` or `is nan`",
        )
    }

    fn number(&mut self) -> Result<f64, FilterError> {
        let read = |word: &str| word.parse::<f64>().ok().filter(|number| number.is_finite());
        // There is one zero.
        let found = self.peek_word().and_then(read).map(|number| number + 0.0);
        self.taken(found, "is not a number; write one such as `10` or `0.5`")
    }

    /// `90s`, `5m`, `2h`, `1d`
    fn span(&mut self, after: &str) -> Result<Duration, FilterError> {
        let read = |word: &str| {
            let (digits, unit) = word.split_at_checked(word.len().checked_sub(1)?)?;
            let secs = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let number: u64 = is_number.then(|| digits.parse().ok())??;
            let span = Duration::from_secs(number.checked_mul(secs)?);
            SPANS.contains(&span).then_some(span)
        };
        let found = self.peek_word().and_then(read);
        let remedy = format!(
            "is no time after `{after}`; write one from 1 second to 30 days: `90s`, `5m`, `2h` or `1d`"
        );
        self.taken(found, &remedy)
    }

    /// Goes on behind what was found here; otherwise says what to write.
    fn taken<T>(&mut self, found: Option<T>, remedy: &str) -> Result<T, FilterError> {
        let Some(found) = found else {
            let shown = self.shown();
            return Err(self.fault(format!("{shown} {remedy}")));
        };
        self.at += 1;
        Ok(found)
    }

    fn word(&mut self) -> Option<String> {
        let word = self.peek_word()?.to_owned();
        self.at += 1;
        Some(word)
    }

    fn peek_word(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => Some(word),
            _ => None,
        }
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let next = self.tokens.get(self.at);
        let is_next = next.is_some_and(|(_, token)| is_word(token, keyword));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, keyword: &str) -> Result<(), FilterError> {
        if self.takes(keyword) {
            return Ok(());
        }
        let found = self.shown();
        Err(self.fault(format!("{found} is unexpected; write `{keyword}`")))
    }

    /// What stands here, for a message.
    fn shown(&self) -> String {
        match self.tokens.get(self.at) {
            Some((_, token)) => format!("`{}`", excerpt(token)),
            None => "the end".to_owned(),
        }
    }

    fn column(&self) -> usize {
        let token = self.tokens.get(self.at);
        token.map_or(self.end, |(column, _)| *column)
    }

    fn fault(&self, message: String) -> FilterError {
        FilterError {
            column: self.column(),
            message,
        }
    }
}

fn excerpt(token: &Token) -> String {
    cupola_domain::text::excerpt(token)
}

fn is_word(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}
