//! What the addresses of comparisons answer.

use axum::extract::State;
use cupola_domain::access::Role;
use cupola_hub::{
    Hub, HubError,
    comparison::{COMPARED_MAX, Compared, RunsBeside},
    experiments::{ExperimentQuery, ExperimentRow, ExperimentSort},
};

use super::{Show, View, asked::Asked, beside::beside, colours, present};
use crate::{
    auth::{Access, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        frame::{Frame, Section},
        paths,
        reports::ReportOffer,
    },
};

/// Experiments that are offered while nothing is compared.
const OFFERED: i64 = 30;

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::COMPARE, viewer, show)
        .get(paths::COMPARE_VIEW, viewer, view)
}

async fn show(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let selection = &asked.runs.selection;
    let report = if selection.runs.is_empty() && selection.filter.is_none() {
        ReportOffer::on(&selection.experiments, &who)
    } else {
        ReportOffer::default()
    };
    let (seq, view) = read(&web, move |hub| {
        Ok(presented(&asked, Found::of(hub, &asked)?))
    })
    .await?;
    html(&Show {
        report,
        frame: Frame::new("Compare", Section::Experiments, Some((&who).into()))
            .under("Experiments", paths::EXPERIMENTS)
            .with_curves()
            .at(seq),
        view,
    })
}

async fn view(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let asked = Asked::read(&mut params);
    params.finish()?;
    let part = hub_call(&web, move |hub| {
        let found = Found::of(hub, &asked)?;
        Ok(presented(&asked, found))
    });
    html(&part.await?)
}

/// All that a view is made of.
struct Found {
    compared: Compared,
    /// The same, a column a run, while there are few.
    beside: Option<RunsBeside>,
    /// What is offered while there are no runs.
    latest: Vec<ExperimentRow>,
}

impl Found {
    fn of(hub: &Hub, asked: &Asked) -> Result<Self, HubError> {
        let compared = hub.comparison(&asked.runs.selection, &asked.runs.question)?;
        let ids: Vec<_> = compared.runs.iter().map(|one| one.run.id).collect();
        let beside = if (2..=COMPARED_MAX).contains(&ids.len()) {
            Some(hub.compare_runs(&ids)?)
        } else {
            None
        };
        let latest = if ids.is_empty() {
            hub.list_experiments(&offered())?.0
        } else {
            Vec::new()
        };
        Ok(Self {
            compared,
            beside,
            latest,
        })
    }
}

fn offered() -> ExperimentQuery {
    ExperimentQuery {
        with_families: true,
        sort: ExperimentSort::Created,
        descending: true,
        limit: OFFERED,
        ..ExperimentQuery::default()
    }
}

fn presented(asked: &Asked, found: Found) -> View {
    let compared = &found.compared;
    let colours = colours::of_runs(compared);
    let runs_beside = found.beside.as_ref();
    let beside = runs_beside.map(|runs| beside(runs, compared.direction, &colours, asked.is_all));
    let mut view = present::view(asked, &found.compared, beside);
    if found.compared.runs.is_empty() {
        view.empty = Some(present::empty(asked, &found.compared, &found.latest));
    }
    view
}
