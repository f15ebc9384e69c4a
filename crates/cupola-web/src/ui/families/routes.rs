//! What the addresses of families answer.

use axum::{extract::State, response::Response};
use cupola_domain::{
    access::{Principal, Role},
    experiment::Experiment,
    ids::ExperimentId,
};
use cupola_hub::{Hub, HubError, families};

use super::{
    FamilyRow, Index, List, Show, drawn, findings,
    parts::{self, Asked, On, Parts},
};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, done, html, read},
        components::{EmptyState, Link, Pager, StackedBar},
        confirmation::{Subject, stopped},
        format,
        frame::{Frame, Section},
        listing::{ROWS, Searched, Slice, slice},
        paths,
        present::{family_badge, may, metric, progress},
        reports::ReportOffer,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(paths::FAMILIES, viewer, index)
        .get("/families/list", viewer, list)
        .get("/families/{id}", viewer, show)
        .get("/families/{id}/header", viewer, header)
        .get("/families/{id}/campaign", viewer, campaign)
        .get("/families/{id}/results", viewer, results)
        .get("/families/{id}/plot", viewer, plot)
        .get("/families/{id}/tasks", viewer, tasks)
        .get("/families/{id}/cancellation", researcher, ask_cancellation)
        .post("/families/{id}/cancellation", researcher, cancel)
        .get("/families/{id}/deletion", researcher, ask_deletion)
        .post("/families/{id}/deletion", researcher, delete)
}

fn page_of(hub: &Hub, asked: &Searched) -> Result<Slice<Vec<families::FamilyRow>>, HubError> {
    slice(asked.page, |offset| {
        hub.list_families(&asked.search, ROWS, offset)
    })
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Searched::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let (seq, found) = read(&web, move |hub| page_of(hub, &query)).await?;
    html(&Index {
        frame: Frame::new("Families", Section::Families, Some((&who).into())).at(seq),
        list: rows(&asked, &found),
        search: asked.search,
    })
}

async fn list(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let asked = Searched::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let found = hub_call(&web, move |hub| page_of(hub, &query)).await?;
    html(&rows(&asked, &found))
}

fn rows(asked: &Searched, slice: &Slice<Vec<families::FamilyRow>>) -> List {
    let Slice { found, total, page } = slice;
    let empty = || {
        if !asked.search.is_empty() {
            return EmptyState::new("No family matches", "Try a shorter part of its name or id.");
        }
        EmptyState::new(
            "No families yet",
            "Each brief makes one: all its tasks together.",
        )
        .with_action("Create brief", paths::NEW_BRIEF)
    };
    List {
        count: format::counted(*total, "family", "families"),
        src: asked.address("/families/list", *page),
        rows: found.iter().map(row).collect(),
        pager: Pager::new(*page, ROWS.into(), *total, |page| {
            asked.address(paths::FAMILIES, page)
        }),
        empty: found.is_empty().then(empty),
    }
}

fn row(row: &families::FamilyRow) -> FamilyRow {
    let family = &row.family;
    let brief = family.origin.brief().map(|id| {
        let title = row.title.clone().unwrap_or_else(|| id.short());
        Link::new(title, paths::brief(id, ""))
    });
    FamilyRow {
        id: family.id.into(),
        name: family.name.clone(),
        badge: family_badge(family),
        brief,
        metric: metric(family.objective.as_ref()),
        bar: StackedBar::new(&family.counts),
        progress: progress(&family.counts),
        best: row.best.into(),
        baseline: family.baseline.into(),
        created: family.created_at.into(),
    }
}

async fn show(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<ExperimentId>,
    mut params: Params,
) -> Rendered {
    let asked = Asked::read(&mut params, On::Family);
    params.finish()?;
    let (seq, parts) = read(&web, move |hub| {
        let detail = hub.family_detail(id)?;
        Parts::read(hub, detail, asked)
    })
    .await?;
    let deletion = || Link::new("Delete", paths::family(id, "/deletion"));
    let name = parts.detail.family.name.clone();
    html(&Show {
        frame: Frame::new(name, Section::Families, Some((&who).into()))
            .under("Families", paths::FAMILIES)
            .at(seq),
        header: parts.header(),
        campaign: parts.campaign(&who),
        results: parts.results(),
        plot: parts.plot(),
        tasks: parts.tasks(),
        deletion: may(&who, Role::Researcher).then(deletion),
        report: ReportOffer::on(&[id], &who),
    })
}

async fn header(State(web): State<Web>, _: Viewer, Id(id): Id<ExperimentId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    html(&parts::header(&detail))
}

async fn campaign(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Id(id): Id<ExperimentId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    html(&parts::campaign(&detail, &who))
}

async fn results(State(web): State<Web>, _: Viewer, Id(id): Id<ExperimentId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    html(&findings::results(&detail.family, &detail.analysis))
}

async fn plot(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
    mut params: Params,
) -> Rendered {
    let asked = Asked::of_part(&mut params);
    params.finish()?;
    let (detail, failed) = hub_call(&web, move |hub| {
        let detail = hub.family_detail(id)?;
        let failed = parts::failed(hub, &detail.family)?;
        Ok((detail, failed))
    })
    .await?;
    html(&drawn::plot(&detail, &failed, &asked))
}

async fn tasks(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<ExperimentId>,
    mut params: Params,
) -> Rendered {
    let asked = Asked::of_part(&mut params);
    params.finish()?;
    let part = hub_call(&web, move |hub| {
        let detail = hub.family_detail(id)?;
        let page = parts::page_of_tasks(hub, &detail.family, &asked)?;
        Ok(parts::tasks(&detail, &page, &asked))
    });
    html(&part.await?)
}

fn subject<'a>(who: &'a Principal, family: &'a Experiment) -> Subject<'a> {
    Subject {
        who,
        section: Section::Families,
        list: ("Families", paths::FAMILIES),
        kind: "family",
        name: &family.name,
        address: paths::family(family.id, ""),
    }
}

async fn ask_cancellation(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    let asked = subject(&who, &detail.family);
    html(&asked.cancellation(&detail.family.counts, "task", "tasks"))
}

async fn cancel(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.cancel_family(id)).await;
    let back = paths::family(id, "");
    done(answer, &who, &back, Link::new("Back to the family", &back))
}

async fn ask_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.family_detail(id)).await?;
    let counts = detail.family.counts;
    let brief = detail.brief.iter();
    let brief = brief.map(|brief| format!("the brief “{}” that made it", brief.wanted.title));
    let tasks = format::counted(counts.total(), "task", "tasks");
    let goes = brief.chain([format!("{tasks} with results, curves and logs")]);
    let goes = goes.chain(stopped(counts.running));
    html(&subject(&who, &detail.family).deletion(goes.collect()))
}

async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ExperimentId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.delete_family(id)).await;
    let back = Link::new("Back to the family", paths::family(id, ""));
    done(answer, &who, paths::FAMILIES, back)
}
