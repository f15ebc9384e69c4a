//! Lists in pages: how many, from where, which of them.

use super::{Error, body::Text};
use crate::params::Params;

/// A page has so many unless the client says otherwise.
const RESULTS: usize = 1_000;

/// A page has at most so many.
const RESULTS_MAX: i64 = 50_000;

/// Which things a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// What is there.
    Active,
    /// What is deleted.
    Deleted,
    /// Both.
    All,
}

impl View {
    /// Reads the word or the number of a view; nothing is what is there.
    pub(crate) fn parse(text: Option<&str>, field: &str) -> Result<Self, Error> {
        match text.unwrap_or_default() {
            "" | "ACTIVE_ONLY" | "1" => Ok(View::Active),
            "DELETED_ONLY" | "2" => Ok(View::Deleted),
            "ALL" | "3" => Ok(View::All),
            other => {
                let why = format!("'{other}' is none of ACTIVE_ONLY, DELETED_ONLY and ALL");
                Err(Error::of_field(field, why))
            }
        }
    }

    /// Whether it shows what is, or is not, deleted.
    pub(crate) fn shows(self, is_deleted: bool) -> bool {
        match self {
            View::Active => !is_deleted,
            View::Deleted => is_deleted,
            View::All => true,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many to pass over.
    pub(crate) from: usize,
    /// How many at most.
    pub(crate) limit: usize,
}

impl Page {
    /// The page that a client asks for.
    pub(crate) fn parse(results: Option<i64>, token: Option<&str>) -> Result<Self, Error> {
        let limit = match results {
            None => RESULTS,
            Some(asked @ 1..=RESULTS_MAX) => usize::try_from(asked).unwrap_or(RESULTS),
            Some(asked) => {
                let why = format!("{asked} is not between 1 and {RESULTS_MAX}");
                return Err(Error::of_field("max_results", why));
            }
        };
        let from = parse_token(token)?;
        Ok(Self { from, limit })
    }

    /// Where the next page begins; `is_more` says whether there is one.
    pub(crate) fn next(self, is_more: bool) -> Option<String> {
        is_more.then(|| (self.from + self.limit).to_string())
    }
}

/// The place that a token of ours names.
pub(crate) fn parse_token(token: Option<&str>) -> Result<usize, Error> {
    let token = token.unwrap_or_default();
    if token.is_empty() {
        return Ok(0);
    }
    let parsed = token.parse::<u32>();
    let wrong = |_| {
        Error::of_field(
            "page_token",
            format_args!("'{token}' was not given by this hub"),
        )
    };
    parsed
        .map_err(wrong)
        .map(|from| usize::try_from(from).unwrap_or(0))
}

/// A whole number of a query.
pub(crate) fn number(params: &Params, field: &str) -> Result<Option<i64>, Error> {
    let text = params.text(field);
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Error::of_field(field, format_args!("'{text}' is not a whole number"));
    text.parse().map(Some).map_err(wrong)
}

/// The text of an optional field.
pub(crate) fn text<'t>(text: Option<&'t Text<'_>>) -> Option<&'t str> {
    text.map(|text| &**text)
}

/// A parameter of an address that must be there.
pub(crate) fn asked(params: &Params, field: &str) -> Result<String, Error> {
    match params.text(field) {
        "" => Err(Error::missing(field)),
        text => Ok(text.to_owned()),
    }
}
