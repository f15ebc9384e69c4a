//! Query parameters. All that is wrong is named at once; what nobody asks for is passed over.

use std::{ops::RangeInclusive, str::FromStr};

use axum::{
    Json,
    extract::{FromRequestParts, Query},
    http::{HeaderValue, request::Parts},
    response::{IntoResponse, Response},
};
use cupola_domain::{counts::State, field::FieldError};
use cupola_protocol::page::{PER_PAGE, PER_PAGE_MAX, Page};
use serde::Serialize;

use crate::{error::Refused, state::Web};

/// Longer searches find nothing that shorter ones do not.
const SEARCH_CHARS_MAX: usize = 200;

/// The query of a request.
#[derive(Debug, Clone, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl FromRequestParts<Web> for Params {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refused> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, web).await;
        let pairs = query
            .map_err(|error| Refused::from(vec![FieldError::new("query", error.body_text())]))?;
        Ok(Self {
            pairs: pairs.0,
            errors: Vec::new(),
        })
    }
}

impl Params {
    /// The value of `name`; empty when it is absent.
    pub fn text(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of `name`, in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let found = self.pairs.iter().filter(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// A number within `range`; `None` when it is absent or refused.
    pub fn optional<N>(&mut self, name: &str, range: RangeInclusive<N>) -> Option<N>
    where
        N: FromStr + PartialOrd + std::fmt::Display,
    {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (from, to) = range.into_inner();
            let message = format!("is `{text}`; choose a number from {from} to {to}");
            self.refuse(FieldError::new(name, message));
        }
        number
    }

    /// What `name` says; `None` when it is absent or refused.
    pub fn parsed<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: ToString>,
    {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let message = error.to_string();
                self.refuse(FieldError::new(name, message));
                None
            }
        }
    }

    /// All that `name` says, once or several times, with commas between; refused if one of them is.
    pub fn list<T>(&mut self, name: &str) -> Vec<T>
    where
        T: FromStr<Err: ToString>,
    {
        let all = self.owned(name);
        let words = all.iter().flat_map(|text| text.split(','));
        self.read(name, words)
    }

    /// All that `name` says, several times; refused if one of them is.
    pub fn each<T>(&mut self, name: &str) -> Vec<T>
    where
        T: FromStr<Err: ToString>,
    {
        let all = self.owned(name);
        self.read(name, all.iter().map(String::as_str))
    }

    fn owned(&self, name: &str) -> Vec<String> {
        self.all(name).into_iter().map(str::to_owned).collect()
    }

    fn read<'w, T>(&mut self, name: &str, words: impl Iterator<Item = &'w str>) -> Vec<T>
    where
        T: FromStr<Err: ToString>,
    {
        let mut found = Vec::new();
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            match word.parse::<T>() {
                Ok(value) => found.push(value),
                Err(error) => self.refuse(FieldError::new(name, error.to_string())),
            }
        }
        found
    }

    /// What was wrong with `name`; empty when nothing was.
    pub fn message(&self, name: &str) -> String {
        let found = self.errors.iter().find(|error| error.field == name);
        found.map_or_else(String::new, |error| error.message.clone())
    }

    /// Notes a mistake.
    pub fn refuse(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    /// Refuses the request if anything was wrong.
    pub fn finish(self) -> Result<(), Refused> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(self.errors.into())
    }
}

/// Which part of a list is asked for, and in which form.
///
/// `page` and `per_page` give a page in an envelope with the total. `limit` or `format=array` give a
/// bare array, with the total in `X-Total-Count`: programs written for the platform's first version
/// expect that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// From 1.
    pub page: u32,
    /// Items a page.
    pub per_page: u32,
    /// What to look for.
    pub search: String,
    /// Only this state.
    pub status: Option<State>,
    is_array: bool,
}

/// Of a list that asks for nothing else.
impl FromRequestParts<Web> for Listing {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refused> {
        let mut params = Params::from_request_parts(parts, web).await?;
        let listing = Self::read(&mut params);
        params.finish()?;
        Ok(listing)
    }
}

impl Listing {
    /// Reads it from a query.
    pub fn read(params: &mut Params) -> Self {
        let limit = params.optional("limit", 1..=PER_PAGE_MAX);
        let is_array = limit.is_some() || params.text("format") == "array";
        let per_page = params.optional("per_page", 1..=PER_PAGE_MAX);
        let default = if is_array { PER_PAGE_MAX } else { PER_PAGE };
        let search = params.text("search").to_owned();
        if search.chars().count() > SEARCH_CHARS_MAX {
            let message = format!("is longer than {SEARCH_CHARS_MAX} characters");
            params.refuse(FieldError::new("search", message));
        }
        Self {
            page: params.optional("page", 1..=u32::MAX).unwrap_or(1),
            per_page: limit.or(per_page).unwrap_or(default),
            search,
            status: params.parsed("status"),
            is_array,
        }
    }

    /// How many items come before the page.
    pub fn offset(&self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.per_page)
    }

    /// The page of a list that is at hand whole.
    pub fn cut<T>(&self, items: Vec<T>) -> (Vec<T>, u64) {
        let total = items.len() as u64;
        let skipped = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let taken = usize::try_from(self.per_page).unwrap_or(usize::MAX);
        (items.into_iter().skip(skipped).take(taken).collect(), total)
    }

    /// The answer: one page of `total` items.
    pub fn answer<T: Serialize>(&self, items: Vec<T>, total: u64) -> Response {
        if self.is_array {
            let mut response = Json(items).into_response();
            let total = HeaderValue::from(total);
            response.headers_mut().insert("x-total-count", total);
            return response;
        }
        Json(Page {
            items,
            total,
            page: self.page,
            per_page: self.per_page,
        })
        .into_response()
    }
}
