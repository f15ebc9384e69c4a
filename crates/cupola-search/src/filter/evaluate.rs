//! Whether a filter holds of something that is in memory. Runs of a store are found by statements.

use std::{borrow::Cow, cmp::Ordering};

use super::{Comparison, Field, Filter, Literal, Relation, Test};
use crate::numbers::shortest;

/// What a field is of something that is searched.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'a> {
    /// It has no such value.
    Missing,
    /// A number, or a time in milliseconds since 1970.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
}

impl Filter {
    /// Whether it compares a parameter, which may have to be read for that.
    pub fn mentions_params(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::mentions_params),
            Self::Not(inner) => inner.mentions_params(),
            Self::Compare(comparison) => matches!(comparison.field, Field::Param(_)),
        }
    }

    /// Whether it holds of something of which `compares` knows how single comparisons turn out.
    pub fn holds(&self, compares: &impl Fn(&Comparison) -> bool) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(compares)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(compares)),
            Self::Not(inner) => !inner.holds(compares),
            Self::Compare(comparison) => compares(comparison),
        }
    }
}

impl Test {
    /// Whether it holds of a value; of a missing one nothing holds but that it is missing.
    pub fn accepts(&self, found: &Found<'_>) -> bool {
        match (self, found) {
            (Self::Missing, found) => *found == Found::Missing,
            (_, Found::Missing) => false,
            (Self::Is(relation, literal), found) => relates(found, *relation, literal),
            (Self::In(literals), found) => literals
                .iter()
                .any(|literal| relates(found, Relation::Equal, literal)),
            (Self::Contains(part), found) => has(text(found).as_bytes(), part.as_bytes()),
            (Self::Matches(pattern), found) => pattern.begins(&text(found)),
            (
                Self::Like {
                    pattern,
                    ignores_case,
                },
                found,
            ) => {
                let (pattern, text) = (pattern.as_str(), text(found));
                if *ignores_case {
                    is_like(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
                } else {
                    is_like(pattern, &text)
                }
            }
        }
    }
}

/// A number and a text are compared as numbers where the text is one; what is no number is unequal to
/// all numbers.
fn relates(found: &Found<'_>, relation: Relation, literal: &Literal) -> bool {
    let order = match (found, literal) {
        (Found::Missing, _) => return false,
        (Found::Text(found), Literal::Number(literal)) => match found.parse::<f64>() {
            Ok(found) => found.partial_cmp(literal),
            Err(_) => None,
        },
        (Found::Number(found), Literal::Number(literal)) => found.partial_cmp(literal),
        (Found::Text(found), Literal::Text(literal)) => Some((**found).cmp(literal)),
        (Found::Number(number), Literal::Text(literal)) => match literal.parse::<f64>() {
            Ok(literal) => number.partial_cmp(&literal),
            Err(_) => Some((*text(found)).cmp(literal)),
        },
    };
    match relation {
        Relation::Equal => order == Some(Ordering::Equal),
        Relation::Unequal => order != Some(Ordering::Equal),
        Relation::Less => order == Some(Ordering::Less),
        Relation::AtMost => order.is_some_and(Ordering::is_le),
        Relation::Greater => order == Some(Ordering::Greater),
        Relation::AtLeast => order.is_some_and(Ordering::is_ge),
    }
}

fn text<'a>(found: &'a Found<'_>) -> Cow<'a, str> {
    match found {
        Found::Missing => Cow::Borrowed(""),
        Found::Number(number) => Cow::Owned(shortest(*number)),
        Found::Text(text) => Cow::Borrowed(text),
    }
}

/// Whatever the case of ASCII letters.
fn has(text: &[u8], part: &[u8]) -> bool {
    part.is_empty()
        || text
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part))
}

/// `%` stands for any text, `_` for one character. After a mismatch only the last `%` takes more.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                last = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '_' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = last else {
                    return false;
                };
                last = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a filter holds of something whose tags are these.
    fn check(filter: &str, tags: &[(&str, Found<'_>)], expected: bool) {
        let read = Filter::parse_jobs(filter).unwrap().unwrap();
        let holds = read.holds(&|comparison| {
            let found = tags
                .iter()
                .find(|(name, _)| matches!(&comparison.field, Field::Tag(tag) if tag == name));
            let found = found.map_or(&Found::Missing, |(_, found)| found);
            comparison.test.accepts(found)
        });
        assert_eq!(holds, expected, "{filter}");
    }

    fn tags() -> [(&'static str, Found<'static>); 3] {
        [
            ("model", Found::Text("BM25-long".into())),
            ("lr", Found::Number(0.01)),
            ("bad", Found::Number(f64::NAN)),
        ]
    }

    #[test]
    fn texts_are_compared() {
        check("model = 'BM25-long'", &tags(), true);
        check("model = 'bm25-long'", &tags(), false);
        check("model ~ BM25", &tags(), true);
        check("model !~ BM25", &tags(), false);
        check("model like '%25_l%g'", &tags(), true);
        check("model like '%25_g'", &tags(), false);
        check("model ilike 'bm%'", &tags(), true);
        check("model in ['a', 'BM25-long']", &tags(), true);
        check("model in [a,b]", &tags(), false);
        check("model not in (a, b)", &tags(), true);
        check("model > 'A'", &tags(), true);
    }

    #[test]
    fn numbers_are_compared_with_what_reads_as_one() {
        check("lr = 0.01", &tags(), true);
        check("lr = '1e-2'", &tags(), true);
        check("lr < 0.1 and lr >= 0.01", &tags(), true);
        check("lr > small", &tags(), false);
        check("lr ~ '.*01'", &tags(), true);
        check("bad = bad", &tags(), false);
        check("bad != 1", &tags(), true);
        check("bad < 1 or bad >= 1", &tags(), false);
    }

    #[test]
    fn a_text_beside_a_number_is_read_as_one() {
        for (filter, text, expected) in [
            ("params.x != 1", "adam", true),
            (
                "params.x = 1 or params.x < 1 or params.x >= 1",
                "adam",
                false,
            ),
            ("params.x = 1e-2 and params.x < 1", "0.01", true),
            ("params.x != 0.01", "0.01", false),
        ] {
            let read = Filter::parse_jobs(filter).unwrap().unwrap();
            let found = Found::Text(text.into());
            let holds = read.holds(&|comparison| comparison.test.accepts(&found));
            assert_eq!(holds, expected, "{filter}");
        }
    }

    #[test]
    fn expressions_match_from_the_beginning() {
        check("model ~ 'BM25-(long|short)$'", &tags(), true);
        check("model ~ long", &tags(), false);
        check("model ~ '.*long'", &tags(), true);
        check("model ~ bm25", &tags(), false);
        check("model ~ '(?i)bm25'", &tags(), true);
        check("model ~ 'x|BM'", &tags(), true);
        check("model !~ 'x|BM'", &tags(), false);
        check("seed ~ '.*'", &tags(), false);
    }

    #[test]
    fn what_is_missing_is_only_missing() {
        check("seed = 1", &tags(), false);
        check("seed != 1", &tags(), false);
        check("not seed = 1", &tags(), true);
        check("seed is missing", &tags(), true);
        check("lr is missing", &tags(), false);
    }

    #[test]
    fn parameters_are_found_wherever_they_are_mentioned() {
        for (filter, expected) in [
            ("params.lr is missing", true),
            ("state = done or (a = 1 and not params.lr < 1)", true),
            ("state = done and lr = 1", false),
        ] {
            let read = Filter::parse_jobs(filter).unwrap().unwrap();
            assert_eq!(read.mentions_params(), expected, "{filter}");
        }
    }

    #[test]
    fn and_or_and_not_stand_together() {
        check("lr = 1 and model ~ BM or lr = 0.01", &tags(), true);
        check("lr = 1 and (model ~ BM or lr = 0.01)", &tags(), false);
        check("not (lr = 1 or model = x)", &tags(), true);
    }
}
