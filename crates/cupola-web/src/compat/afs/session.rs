//! The session: whether the hub is up, and how far all of it is.

use axum::extract::State;
use cupola_domain::cost::Money;
use cupola_hub::Hub;
use cupola_protocol::afs::{HealthBody, TrainingStatus};

use super::{Answer, line};
use crate::{
    auth::Viewer,
    state::{Web, hub_call},
};

/// Whether the store answers.
pub(super) async fn health(State(web): State<Web>) -> Answer {
    hub_call(&web, Hub::last_change).await?;
    line(&HealthBody {
        status: "healthy".to_owned(),
        timestamp: web.hub.now().into(),
    })
}

pub(super) async fn status(State(web): State<Web>, _: Viewer) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    let session = &training.session;
    line(&TrainingStatus {
        current_time: web.hub.now().into(),
        estimated_completion: session.estimated_end.map(|end| end.at.into()),
        models_completed: session.completed,
        models_in_progress: session.in_progress,
        models_pending: session.pending,
        session_start: session.started.into(),
        total_cost: session.cost.map(Money::units),
    })
}
