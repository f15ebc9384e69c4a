//! What the addresses of training answer.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use cupola_domain::{access::Role, field::FieldError};
use cupola_hub::{Hub, HubError, exports::Format, training::Training};

use super::{Hardware, Learning, Metrics, Models, Overview, Tab, Tabs, present::Shown};
use crate::{
    api::as_download,
    auth::{Access, Viewer},
    error::Refused,
    params::Params,
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html, read},
        frame::{Frame, Section},
        listing, paths,
    },
};

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::TRAINING, viewer, overview)
        .get("/training/summary", viewer, summary)
        .get(paths::TRAINING_TABLE, viewer, table)
        .get("/training/runs", viewer, runs)
        .get(paths::TRAINING_MODELS, viewer, models)
        .get(paths::TRAINING_CARDS, viewer, cards)
        .get(paths::TRAINING_METRICS, viewer, metrics)
        .get("/training/hardware", viewer, hardware)
        .get("/training/learning", viewer, learning)
        .get(paths::TRAINING_EXPORT, viewer, export)
}

/// Training, and the currency of what it costs.
struct Asked {
    training: Arc<Training>,
    currency: String,
}

impl Asked {
    fn of(hub: &Hub) -> Result<Self, HubError> {
        Ok(Self {
            training: hub.training()?,
            currency: hub.prices().currency.clone(),
        })
    }

    fn shown(&self) -> Shown<'_> {
        Shown {
            training: &self.training,
            currency: &self.currency,
        }
    }
}

pub(crate) async fn overview(
    State(web): State<Web>,
    Viewer(who): Viewer,
    mut params: Params,
) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    let (seq, asked) = read(&web, Asked::of).await?;
    let shown = asked.shown();
    html(&Overview {
        frame: Frame::new("Training", Section::Training, Some((&who).into())).at(seq),
        tabs: Tabs::new(Tab::Overview),
        summary: shown.summary(),
        models: shown.table(page),
        runs: shown.runs(),
    })
}

async fn summary(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&hub_call(&web, Asked::of).await?.shown().summary())
}

async fn table(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    html(&hub_call(&web, Asked::of).await?.shown().table(page))
}

async fn runs(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&hub_call(&web, Asked::of).await?.shown().runs())
}

async fn models(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    let (seq, asked) = read(&web, Asked::of).await?;
    html(&Models {
        frame: Frame::new("Models in training", Section::Training, Some((&who).into())).at(seq),
        tabs: Tabs::new(Tab::Models),
        cards: asked.shown().cards(page),
    })
}

async fn cards(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let page = listing::page(&mut params);
    params.finish()?;
    html(&hub_call(&web, Asked::of).await?.shown().cards(page))
}

async fn metrics(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let (seq, (machines, training)) =
        read(&web, |hub| Ok((hub.machines()?, hub.training()?))).await?;
    html(&Metrics {
        frame: Frame::new(
            "Metrics of training",
            Section::Training,
            Some((&who).into()),
        )
        .with_curves()
        .at(seq),
        tabs: Tabs::new(Tab::Metrics),
        hardware: Hardware::of(&machines),
        learning: Learning::of(&training),
    })
}

async fn hardware(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&Hardware::of(&hub_call(&web, Hub::machines).await?))
}

async fn learning(State(web): State<Web>, _: Viewer) -> Rendered {
    let training = hub_call(&web, Hub::training).await?;
    html(&Learning::of(&training))
}

async fn export(State(web): State<Web>, _: Viewer, params: Params) -> Result<Response, Refused> {
    let word = params.text("format").to_owned();
    let format = Format::from_word(if word.is_empty() { "csv" } else { &word });
    let Some(format) = format else {
        let message = format!("is `{word}`; choose `csv`, `json`, `jsonl` or `parquet`");
        return Err(vec![FieldError::new("format", message)].into());
    };
    let training = hub_call(&web, Hub::training).await?;
    let bytes = training.write(format, Vec::new());
    let bytes = bytes.map_err(|error| HubError::Internal(error.into()))?;
    let name = format!("cupola-training.{}", format.word());
    Ok(as_download(Body::from(bytes), format.media_type(), &name))
}
