//! What the addresses of models answer.

mod changes;

use axum::extract::State;
use cupola_domain::{access::Role, ids::ModelId, training::TrainingFile};
use cupola_hub::{Hub, HubError, models::RegisteredModel};

use super::{Index, List, Show, cards, present};
use crate::{
    auth::{Access, Viewer},
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        frame::{Frame, Section},
        listing::{ROWS, Searched, Slice, slice},
        paths,
        plain::plain,
    },
};

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::MODELS, viewer, index)
        .get("/models/list", viewer, list)
        .get("/models/{id}", viewer, show)
        .get("/models/{id}/header", viewer, header)
        .get("/models/{id}/versions", viewer, versions)
        .get("/models/{id}/history", viewer, history)
        .merge(changes::routes())
        .merge(cards::routes())
}

type Found = (Slice<Vec<RegisteredModel>>, Vec<TrainingFile>);

fn page_of(hub: &Hub, asked: &Searched) -> Result<Found, HubError> {
    let wanted = asked.search.to_lowercase();
    let mut all = hub.registry()?;
    all.retain(|one| {
        let title = one.training.as_ref().map_or("", |training| &training.name);
        let names = [one.known.model.name.as_str(), title];
        names
            .iter()
            .any(|name| name.to_lowercase().contains(&wanted))
    });
    let page = slice(asked.page, |offset| {
        let first = usize::try_from(offset).unwrap_or(usize::MAX);
        let rows = all.iter().skip(first).take(ROWS as usize);
        Ok((rows.cloned().collect(), all.len() as u64))
    })?;
    Ok((page, hub.training_files()?))
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let asked = Searched::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let (seq, (found, files)) = read(&web, move |hub| page_of(hub, &query)).await?;
    html(&Index {
        frame: Frame::new("Models", Section::Models, Some((&who).into())).at(seq),
        list: present::list(&asked, &found, &files),
        search: asked.search,
    })
}

async fn list(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let asked = Searched::read(&mut params);
    params.finish()?;
    let query = asked.clone();
    let (found, files) = hub_call(&web, move |hub| page_of(hub, &query)).await?;
    let part: List = present::list(&asked, &found, &files);
    html(&part)
}

async fn show(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<ModelId>) -> Rendered {
    let (seq, detail) = read(&web, move |hub| hub.model_detail(&id.to_string())).await?;
    let name = plain(&detail.summary.known.model.name);
    html(&Show {
        frame: Frame::new(name, Section::Models, Some((&who).into()))
            .with_curves()
            .under("Models", paths::MODELS)
            .at(seq),
        header: present::header(&detail, &who),
        versions: present::versions(&detail, &who),
        history: present::history(&detail),
    })
}

async fn header(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<ModelId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.model_detail(&id.to_string())).await?;
    html(&present::header(&detail, &who))
}

async fn versions(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<ModelId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.model_detail(&id.to_string())).await?;
    html(&present::versions(&detail, &who))
}

async fn history(State(web): State<Web>, _: Viewer, Id(id): Id<ModelId>) -> Rendered {
    let detail = hub_call(&web, move |hub| hub.model_detail(&id.to_string())).await?;
    html(&present::history(&detail))
}
