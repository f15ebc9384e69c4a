//! What of a model can be downloaded.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use cupola_domain::{artifact::Artifact, training::DataFile};

use super::KnownVersion;
use crate::{Hub, HubError};

/// The best that there is of a model.
#[derive(Debug)]
pub enum ModelDownload {
    /// The files of its newest version.
    Version(KnownVersion, Vec<Artifact>),
    /// The samples in a folder.
    Data(DataFile, File),
}

impl Hub {
    /// The files of the newest version; where it has none, the samples that the model is trained with.
    pub fn model_download(&self, called: &str) -> Result<ModelDownload, HubError> {
        let mut detail = self.model_detail(called)?;
        if detail.summary.files > 0 {
            let newest = detail.versions.swap_remove(0);
            return Ok(ModelDownload::Version(newest.known, newest.files));
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

    /// Opens a file that the scan found. One that a link leads to from elsewhere stays where it is: whoever
    /// may write to a folder may not thereby read all that the hub can.
    fn open_data(&self, data: &DataFile) -> Result<File, HubError> {
        let gone = |error: std::io::Error| {
            HubError::Conflict(format!("`{}` cannot be read: {error}", data.name))
        };
        let place = Path::new(&data.path).canonicalize().map_err(gone)?;
        let is_inside = |folder: &PathBuf| {
            let folder = folder.canonicalize();
            folder.is_ok_and(|folder| place.starts_with(folder))
        };
        if !self.folders.all().iter().any(is_inside) || !place.is_file() {
            let message = format!("`{}` lies outside the configured folders", data.name);
            return Err(HubError::Forbidden(message));
        }
        File::open(place).map_err(gone)
    }
}
