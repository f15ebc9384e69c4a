//! The registry: models, versions, and what became of them.

mod files;
mod said;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use cupola_domain::{access::Role, ids::RunId};
use cupola_hub::{
    Hub, HubError,
    models::{KnownVersion, NewModel, VersionName},
};
use cupola_protocol::{
    models::{
        AliasBody, DeploymentBody, EvaluationBody, ModelBody, ModelDetail, ModelVersionBody,
        NewDeployment, NewEvaluation, NewModel as NewModelBody, Notes, PromotionBody, StageBody,
    },
    paths::api,
};

use super::{
    body::{Body, created},
    present,
};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::ApiError,
    params::Listing,
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(crate) use files::{archive, data, download, file};
pub(crate) use said::version_of;

pub(super) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(api::MODELS, viewer, index)
        .post(api::MODELS, researcher, create)
        .get(api::MODEL, viewer, show)
        .patch(api::MODEL, researcher, update)
        .delete(api::MODEL, researcher, destroy)
        .get(api::MODEL_DOWNLOAD, viewer, download)
        .get(api::MODEL_DATA, viewer, data)
        .get(api::MODEL_EVALUATIONS, viewer, evaluations)
        .post(api::MODEL_EVALUATIONS, researcher, evaluate)
        .get(api::MODEL_DEPLOYMENTS, viewer, deployments)
        .post(api::MODEL_DEPLOYMENTS, researcher, deploy)
        .put(api::MODEL_ALIAS, researcher, alias)
        .delete(api::MODEL_ALIAS, researcher, unalias)
        .get(api::MODEL_VERSION, viewer, version)
        .patch(api::MODEL_VERSION, researcher, update_version)
        .delete(api::MODEL_VERSION, researcher, destroy_version)
        .put(api::MODEL_STAGE, researcher, stage)
        .get(api::MODEL_ARCHIVE, viewer, archive)
        .get(api::MODEL_FILE, viewer, file)
        .post(api::RUN_PROMOTION, researcher, promote)
        .get(api::TRAINING_FILES, viewer, found)
}

async fn index(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let wanted = listing.search.to_lowercase();
    let mut found = hub_call(&web, Hub::registry).await?;
    found.retain(|one| one.known.model.name.to_lowercase().contains(&wanted));
    let (found, total) = listing.cut(found);
    Ok(listing.answer(found.iter().map(present::model).collect(), total))
}

async fn create(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Body(new): Body<NewModelBody>,
) -> Result<Response, ApiError> {
    let model = NewModel {
        name: new.name,
        description: new.description,
        ..NewModel::default()
    };
    let made: ModelBody = hub_call(&web, move |hub| {
        let made = hub.create_model(model, &who.name)?;
        summary(hub, &made.model.name)
    })
    .await?;
    let place = api::with(api::MODEL, &made.model_id);
    Ok(created(&place, made))
}

fn summary(hub: &Hub, name: &str) -> Result<ModelBody, HubError> {
    Ok(present::model(&hub.model_detail(name)?.summary))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Path(name): Path<String>,
) -> Result<Json<ModelDetail>, ApiError> {
    let detail = hub_call(&web, move |hub| hub.model_detail(&name)).await?;
    Ok(Json(present::model_detail(&detail)))
}

async fn update(
    State(web): State<Web>,
    _: Researcher,
    Path(name): Path<String>,
    Body(notes): Body<Notes>,
) -> Result<Json<ModelBody>, ApiError> {
    let updated = hub_call(&web, move |hub| {
        let name = hub.model_name(&name)?;
        hub.describe_model(&name, &notes.description)?;
        summary(hub, &name)
    });
    Ok(Json(updated.await?))
}

async fn destroy(
    State(web): State<Web>,
    _: Researcher,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_model(&hub.model_name(&name)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn evaluations(
    State(web): State<Web>,
    _: Viewer,
    Path(name): Path<String>,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (limit, offset) = (listing.per_page, listing.offset());
    let found = hub_call(&web, move |hub| hub.list_evaluations(&name, limit, offset));
    let (found, total) = found.await?;
    Ok(listing.answer(found.iter().map(present::evaluation).collect(), total))
}

async fn evaluate(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Path(name): Path<String>,
    Body(new): Body<NewEvaluation>,
) -> Result<(StatusCode, Json<EvaluationBody>), ApiError> {
    let new = said::evaluation(new)?;
    let made = hub_call(&web, move |hub| {
        hub.evaluate_model(&hub.model_name(&name)?, new, &who.name)
    });
    let made = present::evaluation(&made.await?);
    Ok((StatusCode::CREATED, Json(made)))
}

async fn deployments(
    State(web): State<Web>,
    _: Viewer,
    Path(name): Path<String>,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (limit, offset) = (listing.per_page, listing.offset());
    let found = hub_call(&web, move |hub| hub.list_deployments(&name, limit, offset));
    let (found, total) = found.await?;
    Ok(listing.answer(found.iter().map(present::deployment).collect(), total))
}

async fn deploy(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Path(name): Path<String>,
    Body(new): Body<NewDeployment>,
) -> Result<(StatusCode, Json<DeploymentBody>), ApiError> {
    let new = said::deployment(new)?;
    let made = hub_call(&web, move |hub| {
        hub.deploy_model(&hub.model_name(&name)?, new, &who.name)
    });
    let made = present::deployment(&made.await?);
    Ok((StatusCode::CREATED, Json(made)))
}

async fn alias(
    State(web): State<Web>,
    _: Researcher,
    Path((name, alias)): Path<(String, String)>,
    Body(to): Body<AliasBody>,
) -> Result<Json<ModelVersionBody>, ApiError> {
    let aliased = hub_call(&web, move |hub| {
        let name = hub.model_name(&name)?;
        hub.alias_model(&name, &alias, to.version)?;
        found_version(hub, &name, to.version)
    });
    Ok(Json(aliased.await?))
}

async fn unalias(
    State(web): State<Web>,
    _: Researcher,
    Path((name, alias)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| {
        hub.unalias_model(&hub.model_name(&name)?, &alias)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn version(
    State(web): State<Web>,
    _: Viewer,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<ModelVersionBody>, ApiError> {
    let found = hub_call(&web, move |hub| {
        let known = hub.find_model_version(&hub.model_name(&name)?, version_of(&version))?;
        whole_version(hub, &known)
    });
    Ok(Json(found.await?))
}

fn found_version(hub: &Hub, name: &str, number: u32) -> Result<ModelVersionBody, HubError> {
    let known = hub.find_model_version(name, VersionName::Number(number))?;
    whole_version(hub, &known)
}

fn whole_version(hub: &Hub, known: &KnownVersion) -> Result<ModelVersionBody, HubError> {
    let files = hub.list_artifacts(known.keeper())?;
    let lineage = hub.find_lineage(known.version.model, known.version.number)?;
    Ok(present::version(known, &files, lineage.as_ref()))
}

async fn update_version(
    State(web): State<Web>,
    _: Researcher,
    Path((name, version)): Path<(String, String)>,
    Body(notes): Body<Notes>,
) -> Result<Json<ModelVersionBody>, ApiError> {
    let updated = hub_call(&web, move |hub| {
        let (name, number) = said::number(hub, &name, &version)?;
        let known = hub.describe_model_version(&name, number, &notes.description)?;
        whole_version(hub, &known)
    });
    Ok(Json(updated.await?))
}

async fn destroy_version(
    State(web): State<Web>,
    _: Researcher,
    Path((name, version)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| {
        let (name, number) = said::number(hub, &name, &version)?;
        hub.delete_model_version(&name, number)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stage(
    State(web): State<Web>,
    _: Researcher,
    Path((name, version)): Path<(String, String)>,
    Body(said): Body<StageBody>,
) -> Result<Json<ModelVersionBody>, ApiError> {
    let stage = said::stage(&said.stage)?;
    let staged = hub_call(&web, move |hub| {
        let (name, number) = said::number(hub, &name, &version)?;
        let known = hub.stage_model_version(&name, number, stage, said.archive_others)?;
        whole_version(hub, &known)
    });
    Ok(Json(staged.await?))
}

async fn found(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let (found, total) = listing.cut(hub_call(&web, Hub::training_files).await?);
    Ok(listing.answer(found.iter().map(present::data_file).collect(), total))
}

async fn promote(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(run): Id<RunId>,
    Body(wanted): Body<PromotionBody>,
) -> Result<Response, ApiError> {
    let wanted = said::promotion(wanted)?;
    let made = hub_call(&web, move |hub| {
        let known = hub.promote_run(run, wanted, &who.name)?;
        whole_version(hub, &known)
    });
    let made = made.await?;
    let place = api::with(
        &api::with(api::MODEL_VERSION, &crate::ui::listing::escaped(&made.name)),
        &made.version.to_string(),
    );
    Ok(created(&place, made))
}
