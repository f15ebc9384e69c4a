//! The short text form of a parameter: `log_uniform(1e-4, 1e-2)`, `choice(64, 128) divisible by
//! n_heads`, `integer(2, 10) if lr_schedule in (step_decay)`.

use std::fmt;

use serde_json::Value;

use crate::{
    numbers::{integer, shortest},
    space::{
        Domain, Parameter, SpaceError,
        rules::own_faults,
        tokens::{Token, literal_text, name_text, tokens},
    },
};

const KINDS: &str = "`uniform(low, high)`, `log_uniform(low, high)`, `integer(low, high)`, \
                     `choice(a, b)` or `fixed(a)`";

impl Parameter {
    /// Reads the short text form, or a bare JSON scalar, which is a fixed value.
    ///
    /// Checks what the parameter says by itself; [`crate::space::Space::new`] checks the rest.
    pub fn parse(name: &str, expression: &str) -> Result<Self, Vec<SpaceError>> {
        let parameter =
            read(name, expression).map_err(|message| vec![SpaceError::new(name, message)])?;
        let faults = own_faults(&parameter);
        if faults.is_empty() {
            return Ok(parameter);
        }
        Err(faults
            .into_iter()
            .map(|message| SpaceError::new(name, message))
            .collect())
    }

    /// The short text form; reads back as the same parameter.
    pub fn expression(&self) -> String {
        let mut parts = vec![self.domain.to_string()];
        if let Some(when) = &self.when {
            let field = name_text(&when.field);
            parts.push(format!("if {field} in ({})", list_text(&when.one_of)));
        }
        if let Some(field) = &self.divisible_by {
            parts.push(format!("divisible by {}", name_text(field)));
        }
        parts.join(" ")
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = match self {
            Domain::Uniform { low, high } | Domain::LogUniform { low, high } => {
                format!("{}, {}", shortest(*low), shortest(*high))
            }
            Domain::Integer { low, high } => format!("{low}, {high}"),
            Domain::Choice(values) => list_text(values),
            Domain::Fixed(value) => literal_text(value),
        };
        write!(f, "{}({arguments})", self.kind())
    }
}

fn list_text(values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(literal_text).collect();
    texts.join(", ")
}

fn read(name: &str, expression: &str) -> Result<Parameter, String> {
    let mut reader = Reader {
        tokens: tokens(expression)?.into_iter().peekable(),
    };
    let mut parameter = Parameter::new(name, reader.domain()?);
    while let Some(token) = reader.tokens.next() {
        let word = match &token {
            Token::Word(word) => word.as_str(),
            _ => "",
        };
        match word {
            "if" if parameter.when.is_none() => {
                let field = reader.name()?;
                reader.word("in")?;
                parameter = parameter.when(field, reader.list()?);
            }
            "divisible" if parameter.divisible_by.is_none() => {
                reader.word("by")?;
                parameter = parameter.divisible_by(reader.name()?);
            }
            _ => {
                return Err(format!(
                    "`{token}` is unexpected; only ` if FIELD in (VALUES)` and ` divisible by FIELD` may \
                 follow, once each"
                ));
            }
        }
    }
    Ok(parameter)
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    fn domain(&mut self) -> Result<Domain, String> {
        match self.tokens.next() {
            Some(Token::Literal(value)) => Ok(Domain::Fixed(value)),
            Some(Token::Word(kind)) if self.tokens.peek() == Some(&Token::Open) => {
                let arguments = self.list()?;
                domain(&kind, arguments)
            }
            Some(Token::Word(word)) => Err(format!(
                "`{word}` is not a kind of parameter; write {KINDS}, here perhaps `fixed({word})`"
            )),
            Some(token) => Err(format!("`{token}` cannot come first; write {KINDS}")),
            None => Err(format!("nothing is said about its values; write {KINDS}")),
        }
    }

    /// `(a, b, c)`; the empty list reads too, so that the rules can say what is wrong with it.
    fn list(&mut self) -> Result<Vec<Value>, String> {
        self.sign(&Token::Open)?;
        let mut values = Vec::new();
        if self.tokens.next_if_eq(&Token::Close).is_some() {
            return Ok(values);
        }
        loop {
            values.push(self.value()?);
            if self.tokens.next_if_eq(&Token::Comma).is_none() {
                self.sign(&Token::Close)?;
                return Ok(values);
            }
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(Value::String(word)),
            Some(Token::Literal(value)) => Ok(value),
            other => Err(unexpected(other.as_ref(), "a value")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Word(name) | Token::Literal(Value::String(name))) => Ok(name),
            other => Err(unexpected(
                other.as_ref(),
                "the name of an earlier parameter",
            )),
        }
    }

    fn word(&mut self, expected: &str) -> Result<(), String> {
        match self.tokens.next() {
            Some(Token::Word(word)) if word == expected => Ok(()),
            other => Err(unexpected(other.as_ref(), &format!("`{expected}`"))),
        }
    }

    fn sign(&mut self, expected: &Token) -> Result<(), String> {
        match self.tokens.next() {
            Some(token) if token == *expected => Ok(()),
            other => Err(unexpected(other.as_ref(), &format!("`{expected}`"))),
        }
    }
}

fn unexpected(found: Option<&Token>, expected: &str) -> String {
    found.map_or_else(
        || format!("the expression ends too early; add {expected}"),
        |found| format!("`{found}` stands where {expected} should; replace it"),
    )
}

fn domain(kind: &str, arguments: Vec<Value>) -> Result<Domain, String> {
    match kind {
        "uniform" => {
            let [low, high] = pair(kind, &arguments, Value::as_f64, "numbers: `uniform(0, 1)`")?;
            Ok(Domain::Uniform { low, high })
        }
        "log_uniform" => {
            let usage = "numbers: `log_uniform(1e-4, 1e-2)`";
            let [low, high] = pair(kind, &arguments, Value::as_f64, usage)?;
            Ok(Domain::LogUniform { low, high })
        }
        "integer" => {
            let [low, high] = pair(kind, &arguments, integer, "whole numbers: `integer(1, 8)`")?;
            Ok(Domain::Integer { low, high })
        }
        "choice" => Ok(Domain::Choice(arguments)),
        "fixed" => match <[Value; 1]>::try_from(arguments) {
            Ok([value]) => Ok(Domain::Fixed(value)),
            Err(values) => Err(format!(
                "`fixed({0})` does not hold one value; write `fixed(3)`, or `choice({0})` to vary it",
                list_text(&values)
            )),
        },
        _ => Err(format!(
            "`{kind}` is not a kind of parameter; write {KINDS}"
        )),
    }
}

fn pair<T>(
    kind: &str,
    arguments: &[Value],
    read: fn(&Value) -> Option<T>,
    usage: &str,
) -> Result<[T; 2], String> {
    let read_pair = || match arguments {
        [low, high] => Some([read(low)?, read(high)?]),
        _ => None,
    };
    read_pair().ok_or_else(|| {
        let found = list_text(arguments);
        format!("`{kind}({found})` does not hold two {usage}")
    })
}
