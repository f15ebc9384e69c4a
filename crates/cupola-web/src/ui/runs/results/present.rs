//! From results to what pages show of them.

use cupola_domain::{
    access::Principal,
    ids::RunId,
    result::{self, CHILDREN_MAX, Glance, Kind},
    time::Timestamp,
};
use cupola_hub::run_results::{HEADS_MAX, Head, ResultLevel, Sort};
use serde_json::Value;

use super::{Level, Node, Place, ResultPage, Results, Row, SortLink};
use crate::{
    api,
    params::Params,
    ui::{
        components::{Badge, CodeBlock, Link, Pager},
        format,
        frame::{Frame, Section},
        listing::{self, escaped, query},
        paths,
        plain::plain,
    },
};

/// Of a longer text only the beginning is shown.
const TEXT_CHARS_MAX: usize = 50_000;

/// How results are sorted, and which page of them is asked for.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui::runs) struct Order {
    sort: (Sort, bool),
    page: u64,
}

/// One page of results, as it was asked for.
#[derive(Debug, Clone)]
pub(in crate::ui::runs) struct Listed {
    pub(super) order: Order,
    pub(super) heads: Vec<Head>,
    pub(super) total: u64,
}

/// What is said of the run that results belong to.
pub(in crate::ui::runs) struct OfRun {
    pub(in crate::ui::runs) id: RunId,
    pub(in crate::ui::runs) key: String,
    pub(in crate::ui::runs) is_over: bool,
    pub(in crate::ui::runs) provenance: Badge,
}

impl Order {
    /// Reads `sort`, `order` and `page`.
    pub(in crate::ui::runs) fn read(params: &mut Params) -> Self {
        Self {
            sort: api::result_order(params),
            page: listing::page(params),
        }
    }

    pub(super) fn sort(self) -> (Sort, bool) {
        self.sort
    }

    pub(super) fn offset(self) -> u64 {
        (self.page - 1) * u64::from(HEADS_MAX)
    }

    /// The query that asks for this; empty for what is shown unless asked otherwise.
    fn query(self, page: u64) -> String {
        let (sort, is_descending) = self.sort;
        let sort = if sort == Sort::Key { "key" } else { "" };
        let order = if is_descending { "desc" } else { "" };
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        query(&[("sort", sort), ("order", order), ("page", &page)])
    }

    fn link(self, sort: Sort, label: &'static str, page: &str) -> SortLink {
        let is_current = self.sort.0 == sort;
        let is_descending = is_current && !self.sort.1;
        let order = if is_descending { "desc" } else { "asc" };
        let key = if sort == Sort::Key { "key" } else { "time" };
        SortLink {
            label,
            href: format!("{page}?sort={key}&order={order}#results"),
            sorted: match (is_current, self.sort.1) {
                (false, _) => "",
                (true, true) => "descending",
                (true, false) => "ascending",
            },
        }
    }
}

impl Listed {
    pub(in crate::ui::runs) fn results(&self, run: OfRun) -> Results {
        let (page, route) = (paths::run(run.id, ""), paths::run(run.id, "/results"));
        let address = |path: &str, page: u64| match self.order.query(page) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        };
        Results {
            key: run.key,
            src: address(&route, self.order.page),
            sorts: vec![
                self.order.link(Sort::Key, "Key", &page),
                self.order.link(Sort::Time, "Time", &page),
            ],
            rows: self.heads.iter().map(|head| row(run.id, head)).collect(),
            pager: Pager::new(
                self.order.page,
                u64::from(HEADS_MAX),
                self.total,
                |number| format!("{}#results", address(&page, number)),
            ),
            is_complete: run.is_over,
            provenance: (self.total > 0).then_some(run.provenance),
            route,
        }
    }
}

fn row(run: RunId, head: &Head) -> Row {
    let place = place(run, (&head.key, head.at), "", 0);
    Row {
        id: format!("result.{}", escaped(&head.key)),
        node: node(&head.key, &head.glance, place),
        at: head.at.into(),
        size: format::bytes(head.bytes),
        download: download(run, &head.key),
    }
}

fn node(key: &str, glance: &Glance, place: Place) -> Node {
    let exact = glance.exact();
    let shown = match (glance.kind, &exact) {
        // The words for numbers that JSON lacks are no texts.
        (Kind::Number, Some(word)) => word.clone(),
        _ => glance.preview.clone(),
    };
    Node {
        key: plain(key),
        word: glance.kind.word(),
        kind: match glance.kind.size() {
            Some(_) => glance.kind.to_string(),
            None => String::new(),
        },
        shown: plain(&shown),
        exact: exact.filter(|_| glance.kind == Kind::String),
        place: (!glance.is_whole()).then_some(place),
    }
}

fn place(run: RunId, (key, at): (&str, Timestamp), path: &str, offset: u64) -> Place {
    let offset = if offset > 0 {
        offset.to_string()
    } else {
        String::new()
    };
    let asked = query(&[("key", key), ("path", path), ("offset", &offset)]);
    Place {
        id: format!("level.{}.{}.{offset}", escaped(key), escaped(path)),
        src: paths::run(run, &format!("/result/level?{asked}")),
        page: paths::run(run, &format!("/result?{asked}")),
        version: at.millis(),
    }
}

fn download(run: RunId, key: &str) -> String {
    paths::run(run, &format!("/result.json?{}", query(&[("key", key)])))
}

/// What stands at one place of a result; nothing when a later value has no such place.
pub(super) fn level(run: RunId, found: &ResultLevel, offset: u64) -> Level {
    let ResultLevel {
        key,
        at,
        path,
        level,
    } = found;
    let here = place(run, (key, *at), path, offset);
    let Some(level) = level else {
        return Level {
            place: here,
            nodes: Vec::new(),
            text: None,
            note: "Nothing is here any more.".to_owned(),
            more: None,
        };
    };
    let child = |child: &result::Child| {
        let place = place(run, (key, *at), &child.path, 0);
        node(&child.key, &child.glance, place)
    };
    let more = level.next().map(|next| {
        let left = (level.total - next).min(CHILDREN_MAX as u64);
        let total = format::count(level.total);
        let words = format!("Show {left} more of {total}");
        (place(run, (key, *at), path, next), words)
    });
    let (text, note) = text(level.scalar.as_ref());
    Level {
        place: here,
        nodes: level.children.iter().map(child).collect(),
        text,
        note,
        more,
    }
}

/// A value that holds no others, exactly as far as it is shown.
fn text(value: Option<&Value>) -> (Option<CodeBlock>, String) {
    let text = match value {
        None => return (None, String::new()),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let shown: String = text.chars().take(TEXT_CHARS_MAX).collect();
    let total = text.chars().count() as u64;
    let note = if shown.len() < text.len() {
        let (most, total) = (TEXT_CHARS_MAX as u64, format::count(total));
        format!("The first {} of {total} characters.", format::count(most))
    } else {
        String::new()
    };
    let label = format::counted(total, "character", "characters");
    (Some(CodeBlock::new(label, shown)), note)
}

pub(super) fn page(run: RunId, who: &Principal, found: &ResultLevel, offset: u64) -> ResultPage {
    let ResultLevel {
        key,
        at,
        path,
        level: there,
    } = found;
    let mut way = vec![Link::new(plain(key), place(run, (key, *at), "", 0).page)];
    for (end, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
        let so_far = &path[..end];
        if let Some((_, last)) = so_far.rsplit_once('/') {
            let name = plain(&last.replace("~1", "/").replace("~0", "~"));
            way.push(Link::new(name, place(run, (key, *at), so_far, 0).page));
        }
    }
    ResultPage {
        frame: Frame::new("Result", Section::Tasks, Some(who.into()))
            .under("Tasks", paths::TASKS)
            .under(format!("Run {}", run.short()), paths::run(run, "#results")),
        key: plain(key),
        way,
        kind: there
            .as_ref()
            .map(|level| level.glance.kind.to_string())
            .unwrap_or_default(),
        at: (*at).into(),
        download: download(run, key),
        level: level(run, found, offset),
    }
}
