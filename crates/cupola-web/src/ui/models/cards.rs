//! `/training/registry`: a card for each model that is trained, with what the registry has of it.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use axum::extract::State;
use cupola_domain::access::Role;
use cupola_hub::{
    Hub, HubError,
    training::{ModelInTraining, Training},
    training_models::KnownTraining,
};
use cupola_protocol::paths::api;

use super::present::{deployment_badge, score};
use crate::{
    auth::{Access, Viewer},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        components::{Badge, EmptyState, Link, Pager, html_safe},
        format,
        frame::{Frame, Section},
        listing, paths,
        plain::plain,
        training::{Tab, Tabs},
    },
};

/// Cards of one page.
const CARDS: usize = 48;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "training/registry.html")]
pub struct Registry {
    /// Around it.
    pub frame: Frame,
    /// Its head.
    pub tabs: Tabs,
    /// Part `/training/registry/cards`.
    pub cards: RegistryCards,
}

/// A model.
#[derive(Debug, Clone)]
pub struct RegistryCard {
    /// Its name, which leads to its page in the registry.
    pub name: Link,
    /// Its key.
    pub key: String,
    /// Where it is in training.
    pub status: Badge,
    /// Its version in use, else that of its samples, or a dash.
    pub version: String,
    /// How many samples, or a dash.
    pub samples: String,
    /// What a download has, or a dash.
    pub size: String,
    /// How it stands with using it.
    pub deployment: Badge,
    /// How it did last, or a dash.
    pub score: String,
    /// What is wrong with its samples; empty when nothing is.
    pub problem: String,
    /// Where the best that there is can be downloaded; none when nothing can.
    pub download: Option<String>,
}

/// The cards.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_registry.html")]
pub struct RegistryCards {
    /// Where this very page of the cards is.
    pub src: String,
    /// In the configuration's order.
    pub cards: Vec<RegistryCard>,
    /// Where among them.
    pub pager: Pager,
    /// Instead of none.
    pub empty: Option<EmptyState>,
}

html_safe!(RegistryCards);

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::TRAINING_REGISTRY, viewer, registry)
        .get(paths::TRAINING_REGISTRY_CARDS, viewer, cards)
}

type Asked = (Vec<KnownTraining>, Arc<Training>);

fn ask(hub: &Hub) -> Result<Asked, HubError> {
    Ok((hub.training_models()?, hub.training()?))
}

async fn registry(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    let (seq, asked) = read(&web, ask).await?;
    html(&Registry {
        frame: Frame::new("Registry", Section::Training, Some((&who).into())).at(seq),
        tabs: Tabs::new(Tab::Registry),
        cards: shown(&asked, page),
    })
}

async fn cards(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    html(&shown(&hub_call(&web, ask).await?, page))
}

fn shown((models, training): &Asked, page: u64) -> RegistryCards {
    let total = models.len() as u64;
    let page = page.clamp(1, total.div_ceil(CARDS as u64).max(1));
    let first = usize::try_from(page - 1).unwrap_or(usize::MAX);
    let own = models.iter().skip(first.saturating_mul(CARDS)).take(CARDS);
    let states = training.models.iter().map(|one| (&*one.model.key, one));
    let states: HashMap<_, _> = states.collect();
    let empty = || {
        EmptyState::new(
            "Nothing is trained",
            "Name models in the configuration's [training], or give runs the tag model.",
        )
    };
    RegistryCards {
        src: format!("{}?page={page}", paths::TRAINING_REGISTRY_CARDS),
        cards: own
            .map(|one| card(one, states.get(&*one.model.key).copied()))
            .collect(),
        pager: Pager::new(page, CARDS as u64, total, |page| {
            format!("{}?page={page}", paths::TRAINING_REGISTRY)
        }),
        empty: models.is_empty().then(empty),
    }
}

fn card(known: &KnownTraining, state: Option<&ModelInTraining>) -> RegistryCard {
    let registered = known.registered.as_ref();
    let nothing = || format::NOTHING.to_owned();
    let version = registered.and_then(cupola_hub::models::RegisteredModel::version);
    let of_data = known.data.as_ref().and_then(|data| data.version.clone());
    let page = match registered {
        Some(it) => paths::model(it.known.model.id, ""),
        None => paths::MODELS.to_owned(),
    };
    let ready = registered.filter(|it| it.is_ready());
    let status = registered.map(cupola_hub::models::RegisteredModel::deployment_status);
    RegistryCard {
        name: Link::new(plain(&known.model.name), page),
        key: plain(&known.model.key),
        status: state.map_or_else(
            || Badge::word("unknown", crate::ui::components::Tone::Quiet),
            |one| Badge::state(one.status.value, plain(&one.reason)),
        ),
        version: version.or(of_data).map_or_else(nothing, |it| plain(&it)),
        samples: (known.data.as_ref().and_then(|data| data.samples))
            .map_or_else(nothing, format::count),
        size: (registered.and_then(cupola_hub::models::RegisteredModel::size))
            .or(known.data.as_ref().map(|data| data.bytes))
            .map_or_else(nothing, format::bytes),
        deployment: deployment_badge(
            status.unwrap_or(cupola_domain::model::DeploymentStatus::Pending),
        ),
        score: known
            .evaluation
            .map_or_else(nothing, |(value, _)| score(value)),
        problem: (known.data.as_ref())
            .and_then(|data| data.problem.as_ref())
            .map(|problem| plain(problem))
            .unwrap_or_default(),
        download: ready.map(|it| api::with(api::MODEL_DOWNLOAD, &it.known.model.id.to_string())),
    }
}
