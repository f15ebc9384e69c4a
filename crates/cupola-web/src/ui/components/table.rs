//! Headers that sort, and pages of a list.

use askama::Template;

use crate::ui::format;

/// The header of a column.
#[derive(Debug, Clone, Template)]
#[template(path = "components/column.html")]
pub struct Column {
    /// What it is called.
    pub label: &'static str,
    /// Where its sorting is; none for a column that does not sort.
    pub href: Option<String>,
    /// `ascending`, `descending`, or empty.
    pub sorted: &'static str,
    /// Whether its cells are numbers.
    pub is_numeric: bool,
}

/// How a list is sorted, and how to ask for it otherwise.
#[derive(Debug, Clone)]
pub struct Sorting {
    /// The list's page.
    pub path: String,
    /// The rest of the query, without `sort`, `order` and `page`: `state=failed&q=lr`.
    pub query: String,
    /// The key of the sorted column.
    pub key: String,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

impl Sorting {
    /// The header of a column that sorts by `key`.
    pub fn column(&self, key: &str, label: &'static str, is_numeric: bool) -> Column {
        let is_current = self.key == key;
        let order = match (is_current, self.is_descending) {
            (true, false) => "desc",
            (true, true) | (false, _) => "asc",
        };
        Column {
            label,
            href: Some(self.address(&format!("sort={key}&order={order}"))),
            sorted: match (is_current, self.is_descending) {
                (false, _) => "",
                (true, true) => "descending",
                (true, false) => "ascending",
            },
            is_numeric,
        }
    }

    /// The list's page with the rest of the query and `more`.
    pub fn address(&self, more: &str) -> String {
        let separator = if self.query.is_empty() { "" } else { "&" };
        format!("{}?{}{separator}{more}", self.path, self.query)
    }

    /// The address of one page of the list.
    pub fn page(&self, page: u64) -> String {
        let order = if self.is_descending { "desc" } else { "asc" };
        self.address(&format!("sort={}&order={order}&page={page}", self.key))
    }
}

impl Column {
    /// A column that does not sort.
    pub fn plain(label: &'static str) -> Self {
        Self {
            label,
            href: None,
            sorted: "",
            is_numeric: false,
        }
    }

    /// A column of numbers that does not sort.
    pub fn number(label: &'static str) -> Self {
        Self {
            is_numeric: true,
            ..Self::plain(label)
        }
    }
}

/// Where in a list one is.
#[derive(Debug, Clone, Template)]
#[template(path = "components/pager.html")]
pub struct Pager {
    /// `51–100 of 10 000`.
    pub text: String,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// Whether there is more than one page.
    pub has_pages: bool,
}

super::html_safe!(Column, Pager);

impl Pager {
    /// Page `page` of a list of `total`; `address` says where a page is.
    pub fn new(page: u64, per_page: u64, total: u64, address: impl Fn(u64) -> String) -> Self {
        let per_page = per_page.max(1);
        let pages = total.div_ceil(per_page).max(1);
        let page = page.clamp(1, pages);
        let first = (page - 1) * per_page + 1;
        let last = (page * per_page).min(total);
        Self {
            text: if total == 0 {
                "none".to_owned()
            } else {
                format!(
                    "{}–{} of {}",
                    format::count(first),
                    format::count(last),
                    format::count(total)
                )
            },
            previous: (page > 1).then(|| address(page - 1)),
            next: (page < pages).then(|| address(page + 1)),
            has_pages: pages > 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: u64, total: u64, expected: &str) {
        let pager = Pager::new(page, 50, total, |page| page.to_string());
        let link = |link: Option<String>| link.unwrap_or_else(|| "-".to_owned());
        let shown = format!(
            "{} {} {}",
            link(pager.previous),
            pager.text,
            link(pager.next)
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn the_first_page_has_none_before() {
        check(1, 120, "- 1–50 of 120 2");
    }

    #[test]
    fn the_last_page_has_none_after() {
        check(3, 120, "2 101–120 of 120 -");
    }

    #[test]
    fn a_page_beyond_the_end_is_the_last() {
        check(99, 120, "2 101–120 of 120 -");
    }

    #[test]
    fn an_empty_list_has_no_pages() {
        check(1, 0, "- none -");
    }

    #[test]
    fn a_sorted_column_turns_around() {
        let sorting = Sorting {
            path: "/tasks".to_owned(),
            query: "state=failed".to_owned(),
            key: "value".to_owned(),
            is_descending: false,
        };
        let column = sorting.column("value", "Value", true);
        assert_eq!(column.sorted, "ascending");
        assert_eq!(
            column.href.as_deref(),
            Some("/tasks?state=failed&sort=value&order=desc")
        );
    }
}
