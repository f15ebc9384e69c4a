//! Which part of a list is asked for, in which order.

use std::fmt::Write as _;

use cupola_domain::field::FieldError;
use cupola_hub::{HubError, tasks::Sort};

use crate::{params::Params, ui::components::Sorting};

/// Rows of a page.
pub(crate) const ROWS: u32 = 50;

/// No list is longer than this many pages.
const PAGES_MAX: u64 = 1_000_000;

/// Which page of a list is asked for, from 1.
pub(crate) fn page(params: &mut Params) -> u64 {
    params.optional("page", 1..=PAGES_MAX).unwrap_or(1)
}

/// Longer searches find nothing that shorter ones do not.
const SEARCH_CHARS_MAX: usize = 200;

/// What is searched for in a list.
pub(crate) fn search(params: &mut Params) -> String {
    let search = params.text("q").trim().to_owned();
    if search.chars().count() > SEARCH_CHARS_MAX {
        let message = format!("is longer than {SEARCH_CHARS_MAX} characters");
        params.refuse(FieldError::new("q", message));
    }
    search
}

/// A list that is searched and paged, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Searched {
    /// Empty for all.
    pub(crate) search: String,
    /// From 1.
    pub(crate) page: u64,
}

impl Searched {
    /// Reads `q` and `page`.
    pub(crate) fn read(params: &mut Params) -> Self {
        Self {
            search: search(params),
            page: page(params),
        }
    }

    /// The address of a page of the same search below `path`.
    pub(crate) fn address(&self, path: &str, page: u64) -> String {
        let page = page.to_string();
        format!("{path}?{}", query(&[("q", &self.search), ("page", &page)]))
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Slice<T> {
    /// What is on it.
    pub(crate) found: T,
    /// How long the list is.
    pub(crate) total: u64,
    /// Which page it is.
    pub(crate) page: u64,
}

/// Asks `list` for a page by the number of rows before it; for the last page if the list has become
/// shorter than that.
pub(crate) fn slice<T>(
    page: u64,
    list: impl Fn(u64) -> Result<(T, u64), HubError>,
) -> Result<Slice<T>, HubError> {
    let rows = u64::from(ROWS);
    let (found, total) = list((page - 1) * rows)?;
    let pages = total.div_ceil(rows).max(1);
    if page <= pages {
        return Ok(Slice { found, total, page });
    }
    let (found, total) = list((pages - 1) * rows)?;
    Ok(Slice {
        found,
        total,
        page: pages,
    })
}

/// How tasks are sorted, and which page of them is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    /// The word in addresses.
    pub(crate) key: &'static str,
    /// By what.
    pub(crate) sort: Sort,
    /// Which way.
    pub(crate) is_descending: bool,
    /// From 1.
    pub(crate) page: u64,
}

const KEYS: [(&str, Sort); 4] = [
    ("created", Sort::Created),
    ("priority", Sort::Priority),
    ("value", Sort::Value),
    ("completed", Sort::Finished),
];

impl Order {
    /// Reads `sort`, `order` and `page`; `is_descending` is how it is sorted unless asked otherwise.
    pub(crate) fn read(params: &mut Params, is_descending: bool) -> Self {
        let asked = params.text("sort").to_owned();
        let found = KEYS.iter().find(|(key, _)| *key == asked);
        if found.is_none() && !asked.is_empty() {
            let message = "choose `created`, `priority`, `value` or `completed`";
            params.refuse(FieldError::new("sort", message));
        }
        let (key, sort) = *found.unwrap_or(&KEYS[0]);
        let is_descending = match params.text("order") {
            "asc" => false,
            "desc" => true,
            "" => is_descending,
            _ => {
                params.refuse(FieldError::new("order", "choose `asc` or `desc`"));
                false
            }
        };
        Self {
            key,
            sort,
            is_descending,
            page: page(params),
        }
    }

    /// How the list at `path` is sorted, for its headers.
    pub(crate) fn sorting(&self, path: impl Into<String>, query: String) -> Sorting {
        Sorting {
            path: path.into(),
            query,
            key: self.key.to_owned(),
            is_descending: self.is_descending,
        }
    }

    /// `asc` or `desc`.
    pub(crate) fn word(&self) -> &'static str {
        if self.is_descending { "desc" } else { "asc" }
    }
}

/// A query of these pairs, the empty ones left out, without its question mark.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
    let parts: Vec<_> = filled
        .map(|(key, value)| format!("{key}={}", escaped(value)))
        .collect();
    parts.join("&")
}

/// A value as it stands in a query.
pub(crate) fn escaped(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_only_what_is_asked_for() {
        let pairs = [("q", "a b&c=ü"), ("state", ""), ("page", "2")];
        assert_eq!(query(&pairs), "q=a%20b%26c%3D%C3%BC&page=2");
    }

    #[test]
    fn a_page_beyond_the_end_is_the_last() {
        let list = |offset: u64| Ok(((offset..120).take(50).count(), 120));
        for (asked, page, rows) in [(1, 1, 50), (3, 3, 20), (99, 3, 20)] {
            let slice = slice(asked, list).unwrap();
            assert_eq!((slice.page, slice.found), (page, rows), "{asked}");
        }
        let slice = slice(7, |_| Ok(((), 0))).unwrap();
        assert_eq!((slice.page, slice.total), (1, 0));
    }
}
