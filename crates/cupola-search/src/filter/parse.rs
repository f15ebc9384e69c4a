//! Reads filters and orders by recursive descent, within bounds.

use super::{
    COMPARISONS_MAX, Comparison, DEPTH_MAX, FIELDS_MAX, Field, Filter, FilterError, Literal,
    ORDERS_MAX, Order, Pattern, Statistic, Subject, Test, VALUES_MAX,
    field::{Kind, job_attribute, job_state},
    tokens::{Placed, Token, tokens},
};

/// Words that mean something between fields and values, in any case.
const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "like", "ilike", "missing"];

pub(super) fn filter(text: &str, subject: Subject) -> Result<Option<Filter>, FilterError> {
    let mut reader = Reader::new(text, subject)?;
    if reader.peek().is_none() {
        return Ok(None);
    }
    let filter = reader.any(0)?;
    match reader.peek() {
        None => Ok(Some(filter)),
        Some(token) => {
            let message = format!("`{token}` is unexpected; join comparisons with `and` or `or`");
            Err(reader.fault(message))
        }
    }
}

pub(super) fn orders(text: &str) -> Result<Vec<Order>, FilterError> {
    let remedy = "write `asc`, `desc` or a comma";
    Reader::new(text, Subject::Runs)?.separated(ORDERS_MAX, remedy, Reader::order)
}

pub(super) fn fields(text: &str) -> Result<Vec<Field>, FilterError> {
    Reader::new(text, Subject::Runs)?.separated(FIELDS_MAX, "write a comma", Reader::field)
}

struct Reader {
    subject: Subject,
    tokens: Vec<Placed>,
    at: usize,
    /// The column after the last token.
    end: usize,
    comparisons: usize,
    values: usize,
}

impl Reader {
    fn new(text: &str, subject: Subject) -> Result<Self, FilterError> {
        Ok(Self {
            subject,
            tokens: tokens(text)?,
            at: 0,
            end: text.trim_end().chars().count() + 1,
            comparisons: 0,
            values: 0,
        })
    }

    /// Items with commas between them, to the end.
    fn separated<T>(
        mut self,
        most: usize,
        remedy: &str,
        item: impl Fn(&mut Self) -> Result<T, FilterError>,
    ) -> Result<Vec<T>, FilterError> {
        let mut items = Vec::new();
        while self.peek().is_some() {
            if items.len() == most {
                return Err(self.fault(format!("there are too many fields; write at most {most}")));
            }
            items.push(item(&mut self)?);
            if self.peek().is_some() {
                self.expect(&Token::Comma, remedy)?;
            }
        }
        Ok(items)
    }

    /// `a or b or …`
    fn any(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Filter::Or))
    }

    /// `a and b and …`
    fn all(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.part(depth)?];
        while self.takes_word("and") {
            parts.push(self.part(depth)?);
        }
        Ok(one_or(parts, Filter::And))
    }

    /// `not a`, `(a)` or a comparison.
    fn part(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > DEPTH_MAX {
            return Err(self.fault(format!(
                "this stands too deep; nest at most {DEPTH_MAX} levels"
            )));
        }
        if self.takes_word("not") {
            return Ok(Filter::Not(Box::new(self.part(depth + 1)?)));
        }
        if !self.takes(&Token::Open) {
            return self.comparison();
        }
        let inner = self.any(depth + 1)?;
        self.expect(&Token::Close, "close the parenthesis with `)`")?;
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Filter, FilterError> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            let message =
                format!("there are too many comparisons; write at most {COMPARISONS_MAX}");
            return Err(self.fault(message));
        }
        let field = self.field()?;
        let column = self.column();
        let (test, is_negated) = self.test(&field)?;
        let comparison =
            Comparison::fitting(field, test).map_err(|message| FilterError { column, message })?;
        let comparison = Filter::Compare(comparison);
        Ok(if is_negated {
            Filter::Not(Box::new(comparison))
        } else {
            comparison
        })
    }

    /// What is asked of the field, and whether the opposite is.
    fn test(&mut self, field: &Field) -> Result<(Test, bool), FilterError> {
        if let Some(Token::Relation(relation)) = self.peek() {
            let relation = *relation;
            self.at += 1;
            return Ok((Test::Is(relation, self.value(field)?), false));
        }
        if self.takes(&Token::Contains) {
            return Ok((self.alike()?, false));
        }
        if self.takes(&Token::Lacks) {
            return Ok((self.alike()?, true));
        }
        if self.takes_word("is") {
            let is_negated = self.takes_word("not");
            if self.takes_word("missing") || self.takes_word("null") {
                return Ok((Test::Missing, is_negated));
            }
            let found = self.shown();
            return Err(self.fault(format!(
                "{found} is unexpected after `is`; write `missing` or `not missing`"
            )));
        }
        let is_negated = self.takes_word("not");
        let test = self.word_test(field)?;
        Ok((test, is_negated))
    }

    /// What follows `~`: of runs a text that occurs, of jobs an expression that matches.
    fn alike(&mut self) -> Result<Test, FilterError> {
        let column = self.column();
        let text = self.text()?;
        match self.subject {
            Subject::Runs => Ok(Test::Contains(text)),
            Subject::Jobs => match Pattern::new(&text) {
                Ok(pattern) => Ok(Test::Matches(pattern)),
                Err(message) => Err(FilterError { column, message }),
            },
        }
    }

    /// `in (…)`, `like "…"`, `ilike "…"`
    fn word_test(&mut self, field: &Field) -> Result<Test, FilterError> {
        if self.takes_word("in") {
            return Ok(Test::In(self.list(field)?));
        }
        for (word, ignores_case) in [("like", false), ("ilike", true)] {
            if self.takes_word(word) {
                return Ok(Test::Like {
                    pattern: self.text()?,
                    ignores_case,
                });
            }
        }
        let (found, known) = (self.shown(), field.kind().comparisons());
        Err(self.fault(format!(
            "{found} is unexpected after `{field}`; write {known}"
        )))
    }

    fn list(&mut self, field: &Field) -> Result<Vec<Literal>, FilterError> {
        self.expect(&Token::Open, "write values in parentheses: `in (1, 2)`")?;
        let mut values = Vec::new();
        while values.is_empty() || self.takes(&Token::Comma) {
            self.values += 1;
            if self.values > VALUES_MAX {
                return Err(self.fault(format!(
                    "there are too many values; write at most {VALUES_MAX}"
                )));
            }
            values.push(self.value(field)?);
        }
        self.expect(&Token::Close, "close the list with `)`")?;
        Ok(values)
    }

    /// A bare word is a number where it reads as one and the field can be one, otherwise a text.
    fn value(&mut self, field: &Field) -> Result<Literal, FilterError> {
        let column = self.column();
        let value = match self.peek() {
            Some(Token::Text(text)) => Literal::Text(text.clone()),
            Some(Token::Word(word)) if !is_keyword(word) => bare(field, word),
            _ => {
                let found = self.shown();
                return Err(self.fault(format!(
                    "{found} is not a value; write a number or a text in quotes"
                )));
            }
        };
        self.at += 1;
        let typed = match (self.subject, value) {
            (Subject::Jobs, Literal::Text(word)) if field.kind() == Kind::State => {
                job_state(&word).map(|state| Literal::Text(state.to_owned()))
            }
            (_, value) => field.typed(value),
        };
        typed.map_err(|message| FilterError { column, message })
    }

    fn text(&mut self) -> Result<String, FilterError> {
        let text = match self.peek() {
            Some(Token::Text(text)) => text.clone(),
            Some(Token::Word(word)) if !is_keyword(word) => word.clone(),
            _ => {
                let found = self.shown();
                return Err(self.fault(format!("{found} is not a text; write one in quotes")));
            }
        };
        self.at += 1;
        Ok(text)
    }

    fn field(&mut self) -> Result<Field, FilterError> {
        let column = self.column();
        let Some(Token::Word(word)) = self.peek() else {
            let found = self.shown();
            return Err(self.fault(format!(
                "{found} is not a field; write `params.…`, `metrics.…`, `tags.…` or an attribute such as `state`"
            )));
        };
        let word = word.clone();
        self.at += 1;
        let (head, name) = match word.split_once('.') {
            Some((head, name)) => (head, Some(name.to_owned())),
            None => (word.as_str(), None),
        };
        let field = match (head.to_ascii_lowercase().as_str(), name) {
            ("params" | "param" | "parameters" | "parameter", name) => {
                Field::Param(self.name(head, name)?)
            }
            ("tags" | "tag", name) => Field::Tag(self.name(head, name)?),
            ("metrics" | "metric", name) => self.metric(head, name)?,
            ("attributes" | "attribute" | "attr" | "run", Some(name)) => {
                self.attribute(&name, column)?
            }
            _ => self.attribute(&word, column)?,
        };
        Ok(field)
    }

    /// A name without a word before it that says of what; an `@` may stand there instead.
    fn attribute(&self, word: &str, column: usize) -> Result<Field, FilterError> {
        let (word, is_marked) = match word.strip_prefix('@') {
            Some(word) => (word, true),
            None => (word, false),
        };
        let lower = word.to_ascii_lowercase();
        let found = match self.subject {
            Subject::Runs => lower.parse(),
            Subject::Jobs => match job_attribute(&lower) {
                Err(_) if !is_marked => return Ok(Field::Tag(word.to_owned())),
                found => found,
            },
        };
        let message = |message| FilterError { column, message };
        found.map(Field::Attribute).map_err(message)
    }

    /// A name that stood bare after the dot, or stands in quotes after it.
    fn name(&mut self, head: &str, bare: Option<String>) -> Result<String, FilterError> {
        if let Some(name) = bare.filter(|name| !name.is_empty()) {
            return Ok(name);
        }
        if self.takes(&Token::Dot)
            && let Some(Token::Text(name)) = self.peek()
            && !name.is_empty()
        {
            let name = name.clone();
            self.at += 1;
            return Ok(name);
        }
        Err(self.fault(format!(
            "a name is missing; write `{head}.name` or `{head}.\"a name\"`"
        )))
    }

    /// `loss`, `loss.min`, `"a name".min`
    fn metric(&mut self, head: &str, bare: Option<String>) -> Result<Field, FilterError> {
        let is_bare = bare.as_ref().is_some_and(|name| !name.is_empty());
        let name = self.name(head, bare)?;
        if is_bare {
            let found = name
                .rsplit_once('.')
                .and_then(|(name, word)| Some((name, statistic(word)?)));
            return Ok(match found {
                Some((name, statistic)) => Field::Metric(name.to_owned(), statistic),
                None => Field::Metric(name, Statistic::Last),
            });
        }
        if !self.takes(&Token::Dot) {
            return Ok(Field::Metric(name, Statistic::Last));
        }
        let found = match self.peek() {
            Some(Token::Word(word)) => statistic(word),
            _ => None,
        };
        let Some(found) = found else {
            let shown = self.shown();
            return Err(self.fault(format!(
                "{shown} is unexpected; write `last`, `min` or `max`"
            )));
        };
        self.at += 1;
        Ok(Field::Metric(name, found))
    }

    fn order(&mut self) -> Result<Order, FilterError> {
        let field = self.field()?;
        let is_descending = self.takes_word("desc") || self.takes_word("descending");
        if !is_descending && !self.takes_word("asc") {
            self.takes_word("ascending");
        }
        Ok(Order {
            field,
            is_descending,
        })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.at += usize::from(is_next);
        is_next
    }

    fn takes_word(&mut self, keyword: &str) -> bool {
        let is_next =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, token: &Token, remedy: &str) -> Result<(), FilterError> {
        if self.takes(token) {
            return Ok(());
        }
        let found = self.shown();
        Err(self.fault(format!("{found} is unexpected; {remedy}")))
    }

    /// What stands here, for a message.
    fn shown(&self) -> String {
        match self.peek() {
            Some(token) => format!("`{}`", cupola_domain::text::excerpt(token)),
            None => "the end".to_owned(),
        }
    }

    fn column(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(self.end, |(column, _)| *column)
    }

    fn fault(&self, message: String) -> FilterError {
        FilterError {
            column: self.column(),
            message,
        }
    }
}

fn one_or(mut parts: Vec<Filter>, many: impl FnOnce(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn bare(field: &Field, word: &str) -> Literal {
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let is_text = matches!(field.kind(), Kind::Text | Kind::State);
    match word.parse::<f64>() {
        Ok(number) if is_number && !is_text => Literal::Number(number),
        _ => Literal::Text(word.to_owned()),
    }
}

fn statistic(word: &str) -> Option<Statistic> {
    [Statistic::Last, Statistic::Min, Statistic::Max]
        .into_iter()
        .find(|statistic| statistic.as_str() == word)
}
