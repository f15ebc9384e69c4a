//! What people and their programs ask of the registry.

use cupola_protocol::{
    models::{
        AliasBody, DeploymentBody, EvaluationBody, ModelBody, ModelDetail, ModelVersionBody,
        NewDeployment, NewEvaluation, NewModel, Notes, PromotionBody, StageBody,
    },
    page::Page,
    paths::api,
};

use crate::{
    Client, Download, Error,
    query::PageFilter,
    transport::{at, escaped},
};

impl Client {
    /// The registry's models, by name.
    pub async fn models(&self, filter: &PageFilter) -> Result<Page<ModelBody>, Error> {
        self.list(api::MODELS, filter).await
    }

    /// A model, called by its name or its id.
    pub async fn model(&self, name: &str) -> Result<ModelDetail, Error> {
        self.fetch(&at(api::MODEL, name)).await
    }

    /// Registers a model without versions.
    pub async fn create_model(&self, model: &NewModel) -> Result<ModelBody, Error> {
        self.post(api::MODELS, model).await
    }

    /// Writes other notes on a model.
    pub async fn describe_model(&self, name: &str, notes: &Notes) -> Result<ModelBody, Error> {
        self.patch(&at(api::MODEL, name), notes).await
    }

    /// Removes a model with all its versions.
    pub async fn delete_model(&self, name: &str) -> Result<(), Error> {
        self.delete(&at(api::MODEL, name)).await
    }

    /// Makes a version of a run's files. Not to be repeated blindly: twice is two.
    pub async fn promote_run(
        &self,
        run: &str,
        wanted: &PromotionBody,
    ) -> Result<ModelVersionBody, Error> {
        self.post(&at(api::RUN_PROMOTION, run), wanted).await
    }

    /// Says whether a version is in use.
    pub async fn stage_model(
        &self,
        name: &str,
        version: &str,
        stage: &StageBody,
    ) -> Result<ModelVersionBody, Error> {
        self.put(&at(&at(api::MODEL_STAGE, name), version), stage)
            .await
    }

    /// Lets an alias stand for a version.
    pub async fn alias_model(
        &self,
        name: &str,
        alias: &str,
        version: u32,
    ) -> Result<ModelVersionBody, Error> {
        let path = at(&at(api::MODEL_ALIAS, name), alias);
        self.put(&path, &AliasBody { version }).await
    }

    /// Takes an alias away.
    pub async fn unalias_model(&self, name: &str, alias: &str) -> Result<(), Error> {
        self.delete(&at(&at(api::MODEL_ALIAS, name), alias)).await
    }

    /// Says how a model did.
    pub async fn evaluate_model(
        &self,
        name: &str,
        evaluation: &NewEvaluation,
    ) -> Result<EvaluationBody, Error> {
        self.post(&at(api::MODEL_EVALUATIONS, name), evaluation)
            .await
    }

    /// Says where a model is deployed.
    pub async fn deploy_model(
        &self,
        name: &str,
        deployment: &NewDeployment,
    ) -> Result<DeploymentBody, Error> {
        self.post(&at(api::MODEL_DEPLOYMENTS, name), deployment)
            .await
    }

    /// The files of a model's version in use or its samples, as they come.
    pub async fn model_download(&self, name: &str) -> Result<Download, Error> {
        self.download(&at(api::MODEL_DOWNLOAD, name)).await
    }

    /// All files of a version as an archive, as it comes.
    pub async fn model_archive(&self, name: &str, version: &str) -> Result<Download, Error> {
        self.download(&at(&at(api::MODEL_ARCHIVE, name), version))
            .await
    }

    /// One file of a version, as it comes.
    pub async fn model_file(
        &self,
        name: &str,
        version: &str,
        file: &str,
    ) -> Result<Download, Error> {
        let parts: Vec<_> = file.split('/').map(escaped).collect();
        let of_version = at(&at(api::MODEL_FILE, name), version);
        self.download(&api::with(&of_version, &parts.join("/")))
            .await
    }
}
