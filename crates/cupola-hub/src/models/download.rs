//! What of a model can be downloaded.

use std::{fs::File, path::Path};

use cupola_domain::{artifact::Artifact, training::DataFile};

use super::KnownVersion;
use crate::{
    Hub, HubError,
    training_models::{OpenError, open},
};

/// The best that there is of a model.
#[derive(Debug)]
pub enum ModelDownload {
    /// The files of the version in use.
    Version(KnownVersion, Vec<Artifact>),
    /// The samples in a folder.
    Data(DataFile, File),
}

impl Hub {
    /// The files of the version in use; where it has none, the samples that the model is trained with.
    pub fn model_download(&self, called: &str) -> Result<ModelDownload, HubError> {
        let mut detail = self.model_detail(called)?;
        let in_use = detail.summary.in_use().map(|known| known.version.number);
        let mut versions = detail.versions.drain(..);
        let in_use = versions.find(|one| Some(one.known.version.number) == in_use);
        drop(versions);
        if let Some(one) = in_use.filter(|one| !one.files.is_empty()) {
            return Ok(ModelDownload::Version(one.known, one.files));
        }
        let not_ready = || {
            let name = &detail.summary.known.model.name;
            HubError::Conflict(format!(
                "`{name}` is not ready: it has neither files nor samples"
            ))
        };
        let data = detail.summary.data.clone().ok_or_else(not_ready)?;
        let file = self.open_data(&data)?;
        Ok(ModelDownload::Data(data, file))
    }

    /// A file that a folder holds of a model, opened for reading.
    pub fn open_model_data(&self, called: &str, name: &str) -> Result<(DataFile, File), HubError> {
        let detail = self.model_detail(called)?;
        let found = detail.data.iter().find(|file| file.name == name);
        let data = found.and_then(cupola_domain::training::TrainingFile::data);
        let data = data.ok_or_else(|| HubError::not_found("file", name))?;
        let file = self.open_data(&data)?;
        Ok((data, file))
    }

    /// Opens a file that the scan found, if it lies in the configured folders still.
    fn open_data(&self, data: &DataFile) -> Result<File, HubError> {
        let opened = open(Path::new(&data.path), &self.folders.all());
        opened.map_err(|error| match error {
            OpenError::Outside => {
                let message = format!("`{}` lies outside the configured folders", data.name);
                HubError::Forbidden(message)
            }
            error => HubError::Conflict(format!("`{}` cannot be read: {error}", data.name)),
        })
    }
}
