//! The language in which clients filter: comparisons joined by `AND`.
//!
//! ```text
//! filter     = [ comparison { AND comparison } ]
//! comparison = field ( op value | [NOT] IN "(" value { "," value } ")" | IS [NOT] NULL )
//! field      = [ entity "." ] key          key: a word with dots, or quoted by `…` or "…"
//! op         = "=" | "!=" | "<" | "<=" | ">" | ">=" | LIKE | ILIKE
//! value      = number | '…' | "…"
//! ```

mod tokens;

use cupola_search::filter::{COMPARISONS_MAX, TEXT_BYTES_MAX as VALUE_BYTES_MAX, VALUES_MAX};

use self::tokens::{Token, tokens};
use super::{Error, names};

/// A filter has at most so many bytes: a thousand ids fit.
const TEXT_BYTES_MAX: usize = 48 << 10;

/// What a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity {
    /// The thing itself.
    Attribute,
    /// The last value of a series.
    Metric,
    /// A parameter.
    Param,
    /// A tag.
    Tag,
    /// The data that a run used.
    Dataset,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it belongs to.
    pub(crate) entity: Entity,
    /// Its name there.
    pub(crate) key: String,
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// With `%` and `_`.
    Like,
    /// The same whatever the case.
    ILike,
}

impl Op {
    /// Whether it compares with a pattern.
    pub(crate) const fn is_pattern(self) -> bool {
        matches!(self, Op::Like | Op::ILike)
    }

    /// Whether it asks for more or less.
    pub(crate) const fn is_order(self) -> bool {
        matches!(self, Op::Lt | Op::Le | Op::Gt | Op::Ge)
    }
}

/// With what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// Compared with one value.
    Is(Op, Value),
    /// One of these, or none of them.
    In {
        /// The values.
        values: Vec<String>,
        /// Whether none of them is meant.
        is_negated: bool,
    },
    /// Absent, or there.
    Null {
        /// Whether it is to be there.
        is_negated: bool,
    },
}

/// A field with its condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Comparison {
    /// What is compared.
    pub(crate) field: Field,
    /// How.
    pub(crate) test: Test,
}

/// Reads a filter; all of its comparisons must hold.
pub(crate) fn parse(text: &str) -> Result<Vec<Comparison>, Error> {
    names::check_length(text, "filter", TEXT_BYTES_MAX)?;
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        text,
    };
    let mut found = Vec::new();
    if parser.peek().is_none() {
        return Ok(found);
    }
    loop {
        found.push(parser.comparison()?);
        if found.len() > COMPARISONS_MAX {
            return Err(too_many("comparisons", COMPARISONS_MAX));
        }
        if parser.peek().is_none() {
            return Ok(found);
        }
        if !parser.takes_word("AND") {
            return Err(parser.wrong("`AND` between two comparisons, or the end"));
        }
    }
}

/// Reads a field by itself, as in an order: `metrics.loss DESC` without the way.
pub(crate) fn parse_field(text: &str) -> Result<Field, Error> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        text,
    };
    let field = parser.field()?;
    match parser.peek() {
        None => Ok(field),
        Some(_) => Err(parser.wrong("nothing more")),
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    at: usize,
    text: &'a str,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Passes over a keyword, whatever its case.
    fn takes_word(&mut self, word: &str) -> bool {
        let is_there =
            matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(is_there);
        is_there
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_there = self.peek() == Some(token);
        self.at += usize::from(is_there);
        is_there
    }

    fn wrong(&self, expected: &str) -> Error {
        let place = self
            .tokens
            .get(self.at)
            .map_or(self.text.len(), |(at, _)| *at);
        let rest: String = self.text[place..].chars().take(40).collect();
        let found = match rest.as_str() {
            "" => "the end".to_owned(),
            rest => format!("`{rest}`"),
        };
        let place = self.text[..place].chars().count() + 1;
        Error::invalid(format!(
            "Invalid filter: expected {expected} at character {place}, found {found}."
        ))
    }

    fn comparison(&mut self) -> Result<Comparison, Error> {
        let field = self.field()?;
        let test = self.test()?;
        Ok(Comparison { field, test })
    }

    /// `metrics.loss`, `` `metrics`.`my loss` ``, `start_time`.
    fn field(&mut self) -> Result<Field, Error> {
        let first = match self.peek() {
            Some(Token::Word(_) | Token::Backticked(_) | Token::Quoted('"', _)) => self.next(),
            _ => None,
        };
        let Some(first) = first.map(Token::into_text) else {
            return Err(self.wrong("a field such as `metrics.loss`"));
        };
        // A word has its dots in it; a quoted key follows one.
        let (entity, key) = match first.split_once('.') {
            Some((entity, "")) => (Some(entity.to_owned()), self.key()?),
            Some((entity, key)) => (Some(entity.to_owned()), key.to_owned()),
            None if self.takes(&Token::Dot) => (Some(first), self.key()?),
            None => (None, first),
        };
        let entity = entity.map_or(Ok(Entity::Attribute), |word| entity_of(&word))?;
        Ok(Field { entity, key })
    }

    fn key(&mut self) -> Result<String, Error> {
        match self.peek() {
            Some(Token::Word(_) | Token::Backticked(_) | Token::Quoted('"', _)) => {
                Ok(self.next().map(Token::into_text).unwrap_or_default())
            }
            _ => Err(self.wrong("a key")),
        }
    }

    fn test(&mut self) -> Result<Test, Error> {
        if self.takes_word("IS") {
            let is_negated = self.takes_word("NOT");
            return if self.takes_word("NULL") {
                Ok(Test::Null { is_negated })
            } else {
                Err(self.wrong("`NULL`"))
            };
        }
        let is_negated = self.takes_word("NOT");
        if self.takes_word("IN") {
            let values = self.list()?;
            return Ok(Test::In { values, is_negated });
        }
        if is_negated {
            return Err(self.wrong("`IN`"));
        }
        let op = self.op()?;
        Ok(Test::Is(op, self.value()?))
    }

    fn op(&mut self) -> Result<Op, Error> {
        let op = match self.peek() {
            Some(Token::Op(op)) => *op,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("LIKE") => Op::Like,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("ILIKE") => Op::ILike,
            _ => return Err(self.wrong("a comparator")),
        };
        self.at += 1;
        Ok(op)
    }

    fn value(&mut self) -> Result<Value, Error> {
        match self.peek() {
            Some(Token::Number(number)) => {
                let number = *number;
                self.at += 1;
                Ok(Value::Number(number))
            }
            Some(Token::Quoted(_, text)) if text.len() > VALUE_BYTES_MAX => {
                Err(self.wrong(&format!("a text of at most {VALUE_BYTES_MAX} bytes")))
            }
            Some(Token::Quoted(..)) => Ok(Value::Text(
                self.next().map(Token::into_text).unwrap_or_default(),
            )),
            _ => Err(self.wrong("a number or a text in quotes")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Error> {
        if !self.takes(&Token::Open) {
            return Err(self.wrong("`(`"));
        }
        let mut values = Vec::new();
        loop {
            match self.value()? {
                Value::Text(text) => values.push(text),
                Value::Number(_) => return Err(self.wrong("texts in quotes")),
            }
            if values.len() > VALUES_MAX {
                return Err(too_many("values in one list", VALUES_MAX));
            }
            if self.takes(&Token::Close) {
                return Ok(values);
            }
            if !self.takes(&Token::Comma) {
                return Err(self.wrong("`,` or `)`"));
            }
        }
    }
}

fn too_many(what: &str, max: usize) -> Error {
    Error::invalid(format!(
        "Invalid filter: it has too many {what}; at most {max} are taken."
    ))
}

fn entity_of(word: &str) -> Result<Entity, Error> {
    Ok(match word {
        "attribute" | "attributes" | "attr" | "run" => Entity::Attribute,
        "metric" | "metrics" => Entity::Metric,
        "parameter" | "parameters" | "param" | "params" => Entity::Param,
        "tag" | "tags" => Entity::Tag,
        "dataset" | "datasets" => Entity::Dataset,
        _ => {
            let message = format!(
                "Invalid entity type '{word}'; there are metrics, params, tags, attributes and datasets."
            );
            return Err(Error::invalid(message));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows what is read: `metric acc < 0.5; …`, or the error.
    fn check(filter: &str, expected: &str) {
        let seen = match parse(filter) {
            Ok(found) => found.iter().map(show).collect::<Vec<_>>().join("; "),
            Err(error) => format!("{error:?}"),
        };
        let is_same = seen == expected
            || (!expected.is_empty() && seen.contains("Error") && seen.contains(expected));
        assert!(is_same, "{filter}: {seen} is not {expected}");
    }

    fn show(comparison: &Comparison) -> String {
        let Field { entity, key } = &comparison.field;
        let test = match &comparison.test {
            Test::Is(op, Value::Number(number)) => format!("{op:?} {number}"),
            Test::Is(op, Value::Text(text)) => format!("{op:?} '{text}'"),
            Test::In { values, is_negated } => format!("{is_negated} in {values:?}"),
            Test::Null { is_negated } => format!("{is_negated} null"),
        };
        format!("{entity:?} {key} {test}")
    }

    #[test]
    fn comparisons_are_joined_by_and() {
        check("", "");
        check("  ", "");
        check("metrics.acc < 0.5", "Metric acc Lt 0.5");
        check(
            "metrics.acc>=1e-3 and params.lr = '0.1' AND tags.x != \"y\"",
            "Metric acc Ge 0.001; Param lr Eq '0.1'; Tag x Ne 'y'",
        );
        check(
            "metric.a = -1 AND attr.status = 'x'",
            "Metric a Eq -1; Attribute status Eq 'x'",
        );
    }

    #[test]
    fn keys_are_quoted_by_backticks_and_double_quotes() {
        check("params.`a b` = 'x'", "Param a b Eq 'x'");
        check(
            "tags.\"mlflow.runName\" LIKE '%a%'",
            "Tag mlflow.runName Like '%a%'",
        );
        check(
            "tags.mlflow.runName ilike 'A'",
            "Tag mlflow.runName ILike 'A'",
        );
        check("`metrics`.`a/b` > 1", "Metric a/b Gt 1");
        check("metrics.\"a\" > .5", "Metric a Gt 0.5");
        check(
            "start_time > 1700000000000",
            "Attribute start_time Gt 1700000000000",
        );
        check("`run name` = 'x'", "Attribute run name Eq 'x'");
    }

    #[test]
    fn sets_and_absence() {
        check(
            "run_id IN ('a', 'b')",
            "Attribute run_id false in [\"a\", \"b\"]",
        );
        check(
            "dataset.name not in (\"a\")",
            "Dataset name true in [\"a\"]",
        );
        check(
            "params.a IS NULL AND tags.b is not null",
            "Param a false null; Tag b true null",
        );
    }

    #[test]
    fn texts_keep_what_is_in_them() {
        check(
            "params.a = 'it''s AND \"x\"'",
            "Param a Eq 'it's AND \"x\"'",
        );
        check("params.a = \"it's\"", "Param a Eq 'it's'");
        check("params.a = ''", "Param a Eq ''");
        check("params.é = '雪'", "Param é Eq '雪'");
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        check("metrics.a", "a comparator at character 10, found the end");
        check("metrics.a <", "a number or a text in quotes");
        check(
            "metrics.a < 1 OR metrics.b < 2",
            "`AND` between two comparisons",
        );
        check("(metrics.a < 1)", "a field");
        check("metrics.a == 1", "`== 1` is not understood");
        check("params.a = x", "a number or a text");
        check("params.a = 'x", "never ends");
        check("foo.a = 1", "Invalid entity type 'foo'");
        check("metrics.a < 1 AND", "a field");
        check("run_id IN ()", "a number or a text");
        check("run_id IN ('a'", "`,` or `)`");
        check("run_id NOT 'a'", "`IN`");
        check("params.a IS 'x'", "`NULL`");
        check("a = 1; DROP TABLE run", "`; DROP TABLE run` is not");
        check("metrics.a < 1e999", "`1e999`");
        check(&"(".repeat(40_000), "a field");
    }

    #[test]
    fn a_filter_has_bounds() {
        let joined = |count: usize| vec!["metrics.a < 1"; count].join(" AND ");
        let listed = |count: usize| format!("run_id IN ({})", vec!["'a'"; count].join(","));
        let like = |length: usize| format!("params.a LIKE '{}'", "%".repeat(length));
        for (fits, breaks, expected) in [
            (
                joined(COMPARISONS_MAX),
                joined(COMPARISONS_MAX + 1),
                "too many comparisons; at most 100",
            ),
            (
                listed(VALUES_MAX),
                listed(VALUES_MAX + 1),
                "too many values in one list; at most 1000",
            ),
            (
                like(VALUE_BYTES_MAX),
                like(VALUE_BYTES_MAX + 1),
                "a text of at most 16384 bytes",
            ),
            (
                " ".repeat(TEXT_BYTES_MAX),
                " ".repeat(TEXT_BYTES_MAX + 1),
                "exceeds the maximum length of 49152",
            ),
        ] {
            assert!(parse(&fits).is_ok(), "{expected}");
            check(&breaks, expected);
        }
    }

    #[test]
    fn a_field_stands_by_itself_in_an_order() {
        let field = parse_field("metrics.`a b`").unwrap();
        assert_eq!((field.entity, field.key.as_str()), (Entity::Metric, "a b"));
        assert!(parse_field("metrics.a DESC").is_err());
        assert!(parse_field("").is_err());
    }
}
