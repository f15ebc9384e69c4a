//! From series to what a page shows of them.

use cupola_hub::{
    Hub, HubError,
    charts::{SeriesPage, SeriesQuery},
    series::{Owner, Series},
};
use sha2::{Digest, Sha256};

use super::{CurveCard, CurvePages, Curves};
use crate::{
    api::charts::pattern,
    params::Params,
    ui::{
        components::Along,
        format,
        listing::{escaped, query},
        paths,
        plain::plain,
        runs::present::{Seen, is_over},
    },
};

/// Curves of a page.
const CARDS_SHOWN: usize = 24;

const CARDS: u64 = CARDS_SHOWN as u64;

/// No run has so many pages of series.
const PAGES_MAX: u64 = 1_000_000;

/// So many curves can be pinned.
const PINS_MAX: usize = 50;

/// Which curves are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// What names are searched by, as it was typed.
    text: String,
    /// What is wrong with that.
    error: String,
    /// In the order in which they were pinned.
    pins: Vec<String>,
    /// From 1.
    page: u64,
    matching: Option<cupola_hub::charts::NamePattern>,
}

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    asked: Asked,
    found: SeriesPage,
}

impl Asked {
    /// Reads `match`, `pin` and `curves`. An expression that is none is told beside its field.
    pub(crate) fn read(params: &mut Params) -> Self {
        let mut own = params.clone();
        let matching = pattern(&mut own);
        let pins = params.all("pin").into_iter().take(PINS_MAX);
        let pins = pins
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self {
            text: params.text("match").to_owned(),
            error: own.message("match"),
            pins,
            page: params.optional("curves", 1..=PAGES_MAX).unwrap_or(1),
            matching,
        }
    }

    /// Looks for a run's; for those of the last page if there are not so many.
    pub(in crate::ui::runs) fn find(self, hub: &Hub, run: &Seen) -> Result<Listed, HubError> {
        let objective = run.detail.experiment.metric();
        self.find_of(hub, run.detail.run.id.into(), &[objective])
    }

    /// The same of whoever has series. Those of these names come behind the pinned ones.
    pub(crate) fn find_of(
        self,
        hub: &Hub,
        owner: Owner,
        usual: &[&str],
    ) -> Result<Listed, HubError> {
        let mut asked = self;
        let page = |page: u64, asked: &Asked| {
            let first = asked.pins.iter().cloned();
            let usual = usual.iter().map(|name| (*name).to_owned());
            hub.search_series(
                owner,
                SeriesQuery {
                    matching: asked.matching.clone(),
                    first: first.chain(usual).collect(),
                    offset: (page - 1) * CARDS,
                    limit: if asked.error.is_empty() {
                        CARDS_SHOWN
                    } else {
                        0
                    },
                },
            )
        };
        let mut found = page(asked.page, &asked)?;
        let pages = found.matching.div_ceil(CARDS).max(1);
        if asked.page > pages {
            asked.page = pages;
            found = page(pages, &asked)?;
        }
        Ok(Listed { asked, found })
    }

    /// The query of a page of the same curves.
    fn query(&self, page: u64) -> String {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        let pins = self.pins.iter().map(|name| ("pin", name.as_str()));
        let pairs: Vec<_> = [("match", self.text.as_str()), ("curves", page.as_str())]
            .into_iter()
            .chain(pins)
            .collect();
        query(&pairs)
    }
}

/// Whose curves they are, as far as their part says it.
pub(crate) struct Shown {
    pub(crate) title: &'static str,
    pub(crate) along: Along,
    pub(crate) example: &'static str,
    pub(crate) nothing: &'static str,
    /// When what is said changes, and when more points come.
    pub(crate) keys: (String, String),
    /// The page, below which everything else lies.
    pub(crate) page: String,
    /// Whose curves are pinned together.
    pub(crate) template: String,
    /// Whether their cost can go from left to right.
    pub(crate) has_cost: bool,
}

impl Listed {
    pub(in crate::ui::runs) fn curves(&self, run: &Seen) -> Curves {
        let id = run.detail.run.id;
        self.curves_of(Shown {
            title: "Curves",
            along: Along::Step,
            example: "loss, ^val/, acc|f1",
            nothing: if is_over(&run.detail.run) {
                "The program has sent no points."
            } else {
                "The program has sent no points yet."
            },
            keys: (run.key(), format!("metrics:{id}")),
            page: paths::run(id, ""),
            template: plain(&run.detail.template),
            has_cost: run.detail.cost.is_some_and(|cost| cost.hourly.is_some()),
        })
    }

    pub(crate) fn curves_of(&self, shown: Shown) -> Curves {
        let (asked, found) = (&self.asked, &self.found);
        let counted = |count| format::counted(count, "curve", "curves");
        let below = |part: &str| format!("{}{part}", shown.page);
        let points = below("/points");
        let card = |series: &Series| card(series, &points, &asked.pins);
        Curves {
            title: shown.title,
            along: shown.along,
            example: shown.example,
            nothing: shown.nothing,
            key: shown.keys.0,
            points_key: shown.keys.1,
            src: with(below("/curves"), &asked.query(asked.page)),
            route: below("/curves"),
            charts: below("/charts"),
            points: points.clone(),
            pages: self.pages(&shown.page),
            template: shown.template,
            names: found.names.count,
            pattern: asked.text.clone(),
            error: asked.error.clone(),
            count: match found.matching {
                all if all == found.names.count => counted(all),
                some if asked.error.is_empty() => {
                    format!("{} of {}", format::count(some), counted(found.names.count))
                }
                _ => counted(found.names.count),
            },
            refused: refused(found.names.count, found.names.refused_points),
            cards: found.series.iter().map(card).collect(),
            page: shown.page,
            has_cost: shown.has_cost,
        }
    }

    fn pages(&self, path: &str) -> Option<CurvePages> {
        let (page, total) = (self.asked.page, self.found.matching);
        if total <= CARDS || !self.asked.error.is_empty() {
            return None;
        }
        let (from, to) = ((page - 1) * CARDS + 1, (page * CARDS).min(total));
        let at = |page: u64| format!("{}#curves", with(path.to_owned(), &self.asked.query(page)));
        let (first, last) = (format::count(from), format::count(to));
        Some(CurvePages {
            previous: (page > 1).then(|| at(page - 1)),
            text: format!("{first}–{last} of {}", format::count(total)),
            next: (to < total).then(|| at(page + 1)),
        })
    }
}

fn with(path: String, query: &str) -> String {
    match query {
        "" => path,
        query => format!("{path}?{query}"),
    }
}

fn refused(names: u64, points: u64) -> String {
    if points == 0 {
        return String::new();
    }
    let points = format::counted(points, "point was", "points were");
    let names = format::count(names);
    format!("{points} not taken: the run has {names} names, which is as many as a run may have.")
}

fn card(series: &Series, points: &str, pins: &[String]) -> CurveCard {
    let last = series.last;
    let hash = Sha256::digest(series.name.as_bytes());
    CurveCard {
        id: format!("curve-{}", cupola_domain::text::hex(&hash[..6])),
        is_pinned: pins.contains(&series.name),
        name: series.name.clone(),
        last: last.map(|last| last.value).into(),
        step: last.map_or_else(String::new, |last| last.step.to_string()),
        min: series.min.into(),
        max: series.max.into(),
        points: format::counted(series.points, "point", "points"),
        csv: format!("{points}?name={}", escaped(&series.name)),
    }
}
