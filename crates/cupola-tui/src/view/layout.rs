//! Where everything is: for drawing, and for the mouse.

use ratatui::layout::{Position, Rect};

use super::{dialog, heads, tables};
use crate::{
    keys::Sort,
    model::{Model, Pane, Sub, Tab},
    text,
};

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Regions {
    pub(super) title: Rect,
    pub(super) tabs: Vec<(Rect, Tab, String)>,
    pub(super) body: Rect,
    pub(super) heads: Vec<(Rect, Head)>,
    /// The heads of columns, where there are any.
    pub(super) header: Option<Rect>,
    pub(super) rows: Rect,
    pub(super) notice: Rect,
    pub(super) keys: Rect,
}

/// A line above the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Experiment,
    Subs,
    /// That a later run is not shown.
    Past,
    /// What jobs are searched for.
    Search,
    OrphanLists,
    Log,
    LogSearch,
    Details,
    Runs,
    Chart,
}

/// What is at a place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Tab(Tab),
    Back,
    Sub(Sub),
    OtherOrphans,
    Column(Sort),
    /// Counted from the first that is seen.
    Row(usize),
    Choice(usize),
}

pub(super) fn regions(model: &Model) -> Regions {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height.saturating_sub(1)), width, 1.min(height));
    let body_height = height.saturating_sub(4);
    let body = Rect::new(0, 2.min(height), width, body_height);
    let heads = heads_of(model);
    let mut y = body.y;
    let mut placed = Vec::new();
    for head in heads {
        if y < body.bottom() {
            placed.push((line(y), head));
            y += 1;
        }
    }
    let has_header = tables::has_columns(model) && y < body.bottom();
    let header = has_header.then(|| line(y));
    y += u16::from(has_header);
    Regions {
        title: line(0),
        tabs: tab_places(model, width),
        body,
        heads: placed,
        header,
        rows: Rect::new(0, y, width, body.bottom().saturating_sub(y)),
        notice: line(height.saturating_sub(2)),
        keys: line(height.saturating_sub(1)),
    }
}

/// What the mouse is on.
pub(crate) fn place_at(model: &Model, at: Position) -> Option<Place> {
    let regions = regions(model);
    if let Some(found) = &model.dialog {
        return dialog::choice_at(found, regions.body, at).map(Place::Choice);
    }
    if let Some((_, tab, _)) = regions.tabs.iter().find(|(area, ..)| area.contains(at)) {
        return Some(Place::Tab(*tab));
    }
    if let Some((area, head)) = regions.heads.iter().find(|(area, _)| area.contains(at)) {
        return match head {
            Head::Experiment | Head::Details | Head::Runs | Head::Log | Head::Chart => {
                (model.pane() != Pane::WorkspaceLog).then_some(Place::Back)
            }
            Head::Subs => heads::sub_at(model, *area, at).map(Place::Sub),
            Head::OrphanLists => Some(Place::OtherOrphans),
            Head::Past | Head::Search | Head::LogSearch => None,
        };
    }
    if regions.header.is_some_and(|area| area.contains(at)) {
        return tables::column_at(model, at.x).map(Place::Column);
    }
    let is_list = tables::has_columns(model);
    (is_list && regions.rows.contains(at)).then(|| Place::Row(usize::from(at.y - regions.rows.y)))
}

fn heads_of(model: &Model) -> Vec<Head> {
    match model.pane() {
        Pane::Jobs | Pane::RunServices | Pane::Actions => {
            let mut heads = vec![Head::Experiment, Head::Subs];
            let Some(opened) = &model.opened else {
                return heads;
            };
            if opened.is_past {
                heads.push(Head::Past);
            }
            let is_searched = opened.jobs.bar.is_some() || !opened.jobs.search.is_empty();
            if is_searched && model.pane() == Pane::Jobs {
                heads.push(Head::Search);
            }
            heads
        }
        Pane::Orphans => vec![Head::OrphanLists],
        Pane::Log | Pane::WorkspaceLog => {
            let is_searched = model.log().is_some_and(|log| log.bar.is_some());
            if is_searched {
                vec![Head::Log, Head::LogSearch]
            } else {
                vec![Head::Log]
            }
        }
        Pane::Details => vec![Head::Details],
        Pane::Runs => vec![Head::Runs],
        Pane::Chart => vec![Head::Chart],
        Pane::Experiments | Pane::Services | Pane::Warnings | Pane::Sheet => Vec::new(),
    }
}

fn tab_places(model: &Model, width: u16) -> Vec<(Rect, Tab, String)> {
    let mut x = 1;
    let mut places = Vec::new();
    for (tab, title) in model.tabs() {
        let label = format!(" {title} ");
        let wide = text::width(&label);
        if x + wide > width || model.size.1 < 2 {
            break;
        }
        places.push((Rect::new(x, 1, wide, 1), tab, label));
        x += wide + 1;
    }
    places
}
