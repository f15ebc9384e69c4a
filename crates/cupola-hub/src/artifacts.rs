//! Artifacts: files that runs and models keep. Their bytes lie in files called by their hashes, which row
//! refers to which is in the database.

mod files;

use std::{fs::File, io};

use cupola_domain::{
    artifact::{ARTIFACTS_MAX, Artifact, Keeper, check_name, is_hash},
    event::Event,
    field::FieldError,
    ids::{RunId, TokenId},
    run::{Lease, Run},
};
use cupola_store::{Tx, artifacts, events, logged_models, model_versions, runs};

use crate::{Hub, HubError, logged::check_open, work::had_lease};

use files::Incoming;
pub(crate) use files::{Files, InHand};

/// The size of one file unless the hub is told otherwise.
pub const BYTES_MAX: u64 = 1 << 30;

/// A file that a worker is about to send.
#[derive(Debug, Clone)]
pub struct NewArtifact {
    /// What it is to be called.
    pub name: String,
    /// How many bytes come.
    pub size: u64,
    /// What their SHA-256 is.
    pub hash: String,
}

/// A file on its way in. Letting go of it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    keeper: Keeper,
    /// The right by which a worker sends; a client needs none for a run that it may write to.
    lease: Option<Lease>,
    name: String,
    /// More bytes are not taken.
    size_max: u64,
    /// What a worker said of the file beforehand.
    said: Option<NewArtifact>,
    incoming: Incoming,
}

impl Upload {
    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        if self.incoming.size() + bytes.len() as u64 > self.size_max {
            return Err(match &self.said {
                Some(said) => wrong_size(said, "more bytes came"),
                None => too_large(&self.name, "more", self.size_max),
            });
        }
        let written = self.incoming.write(bytes);
        written.map_err(|error| not_written(&self.name, error))
    }

    fn check(&self) -> Result<(), HubError> {
        let Some(said) = &self.said else {
            return Ok(());
        };
        if self.incoming.size() != said.size {
            let came = format!("{} came", self.incoming.size());
            return Err(wrong_size(said, &came));
        }
        let came = self.incoming.hash();
        if came != said.hash {
            let message = format!("is `{}`, but that of what came is `{came}`", said.hash);
            return Err(invalid("sha256", message));
        }
        Ok(())
    }
}

fn wrong_size(said: &NewArtifact, came: &str) -> HubError {
    invalid("size_bytes", format!("is {}, but {came}", said.size))
}

fn too_large(name: &str, size: &str, size_max: u64) -> HubError {
    HubError::TooLarge(format!(
        "`{name}` has {size} bytes; at most {size_max} are kept of a file"
    ))
}

impl Hub {
    /// A worker is about to send a file of a run that it has. Refused before the first byte: what
    /// has no right name, is too large, or belongs to a run under another lease.
    pub fn begin_artifact(
        &self,
        token: TokenId,
        run: RunId,
        lease: Lease,
        wanted: NewArtifact,
    ) -> Result<Upload, HubError> {
        self.check_worker(token, lease.worker)?;
        if !is_hash(&wanted.hash) {
            return Err(invalid("sha256", "is not 64 digits, 0 to 9 and a to f"));
        }
        let name = wanted.name.clone();
        let size_max = wanted.size;
        let mut upload = self.begin_upload(run.into(), Some(lease), &name, Some(size_max))?;
        upload.size_max = size_max;
        upload.said = Some(wanted);
        Ok(upload)
    }

    /// A client is about to send a file of a run or of a logged model, whose size it may not know yet.
    pub fn begin_logged_artifact(
        &self,
        keeper: Keeper,
        name: &str,
        size: Option<u64>,
    ) -> Result<Upload, HubError> {
        self.begin_upload(keeper, None, name, size)
    }

    fn begin_upload(
        &self,
        keeper: Keeper,
        lease: Option<Lease>,
        name: &str,
        size: Option<u64>,
    ) -> Result<Upload, HubError> {
        check_name(name).map_err(|reason| invalid("name", reason))?;
        let size_max = self.artifact_bytes_max();
        if let Some(size) = size.filter(|size| *size > size_max) {
            return Err(too_large(name, &size.to_string(), size_max));
        }
        let wanted = name.to_owned();
        self.read(move |tx| check_room(tx, keeper, lease, &wanted).map(drop))?;
        let incoming = self.files.begin();
        Ok(Upload {
            keeper,
            lease,
            name: name.to_owned(),
            size_max,
            said: None,
            incoming: incoming.map_err(|error| not_written(name, error))?,
        })
    }

    /// Keeps a file that has come whole; when this returns, it is durable. A file that was kept
    /// under the same name is forgotten.
    pub fn keep_artifact(&self, upload: Upload) -> Result<Artifact, HubError> {
        upload.check()?;
        let Upload {
            keeper,
            lease,
            name,
            incoming,
            ..
        } = upload;
        let (artifact, _in_hand) = self.put_on_disk(name, incoming)?;
        self.write(move |tx| {
            let changed = check_room(tx, keeper, lease, &artifact.name)?;
            artifacts::save(tx, keeper, &artifact)?;
            if let Some(changed) = changed {
                events::record(tx, changed);
            }
            Ok(artifact)
        })
    }

    /// Puts a whole file on the disk, for whoever writes the row that refers to it.
    pub(crate) fn bring_artifact(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<(Artifact, InHand), HubError> {
        let incoming = self.files.begin().and_then(|mut incoming| {
            incoming.write(bytes)?;
            Ok(incoming)
        });
        let incoming = incoming.map_err(|error| not_written(name, error))?;
        self.put_on_disk(name.to_owned(), incoming)
    }

    /// What comes with the artifact is held until its row is there, so that nobody removes a file
    /// without one.
    fn put_on_disk(
        &self,
        name: String,
        incoming: Incoming,
    ) -> Result<(Artifact, InHand), HubError> {
        let artifact = Artifact {
            name,
            hash: incoming.hash(),
            size: incoming.size(),
            kept_at: self.now(),
        };
        let in_hand = self.files.keep(incoming, &artifact.hash);
        let in_hand = in_hand.map_err(|error| not_written(&artifact.name, error))?;
        Ok((artifact, in_hand))
    }

    /// The files that are kept, by name.
    pub fn list_artifacts(&self, keeper: impl Into<Keeper>) -> Result<Vec<Artifact>, HubError> {
        let keeper = keeper.into();
        self.read(move |tx| {
            check_keeper(tx, keeper)?;
            Ok(artifacts::list(tx, keeper)?)
        })
    }

    /// A file that is kept, opened for reading.
    pub fn open_artifact(
        &self,
        keeper: impl Into<Keeper>,
        name: &str,
    ) -> Result<(Artifact, File), HubError> {
        let (keeper, wanted) = (keeper.into(), name.to_owned());
        let artifact = self.read(move |tx| {
            check_keeper(tx, keeper)?;
            Ok(artifacts::find(tx, keeper, &wanted)?)
        })?;
        let artifact = artifact.ok_or_else(|| HubError::not_found("artifact", name))?;
        match self.files.open_hash(&artifact.hash) {
            Ok(file) => Ok((artifact, file)),
            Err(error) => {
                let lost = anyhow::Error::new(error);
                Err(HubError::Internal(lost.context(format!(
                    "the bytes of artifact `{name}` of {keeper:?} are gone"
                ))))
            }
        }
    }

    /// A client forgets a file, or a folder with all that is in it; an empty name is all of them. Says
    /// how many files went.
    pub fn delete_artifacts(&self, keeper: Keeper, name: &str) -> Result<usize, HubError> {
        let name = name.to_owned();
        self.write(move |tx| {
            let changed = check_writable(tx, keeper, None)?;
            let inside = format!("{name}/");
            let is_meant = |artifact: &Artifact| {
                name.is_empty() || artifact.name == name || artifact.name.starts_with(&inside)
            };
            let mut gone = 0;
            for artifact in artifacts::list(tx, keeper)?.into_iter().filter(is_meant) {
                gone += usize::from(artifacts::delete(tx, keeper, &artifact.name)?);
            }
            if let Some(changed) = changed {
                events::record(tx, changed);
            }
            Ok(gone)
        })
    }
}

/// Whether there is room for a file of this name; what changes by it.
fn check_room(
    tx: &mut Tx,
    keeper: Keeper,
    lease: Option<Lease>,
    name: &str,
) -> Result<Option<Event>, HubError> {
    let changed = check_writable(tx, keeper, lease)?;
    if has_room(tx, keeper, name)? {
        return Ok(changed);
    }
    let message = format!("is one too many: a run keeps at most {ARTIFACTS_MAX} files");
    Err(invalid("name", message))
}

/// Whether a file of this name is one that is there or not one too many.
pub(crate) fn has_room(tx: &mut Tx, keeper: Keeper, name: &str) -> Result<bool, HubError> {
    let others = artifacts::count_others(tx, keeper, name)?;
    Ok(usize::try_from(others).is_ok_and(|others| others < ARTIFACTS_MAX))
}

/// Whether files may come and go on the word of whoever has this lease, or of a client.
fn check_writable(
    tx: &mut Tx,
    keeper: Keeper,
    lease: Option<Lease>,
) -> Result<Option<Event>, HubError> {
    let run = match keeper {
        Keeper::Run(run) => run,
        Keeper::LoggedModel(_) => return check_keeper(tx, keeper).map(|()| None),
        Keeper::ModelVersion(..) => {
            let message = "the files of a version that is registered never change";
            return Err(HubError::Conflict(message.to_owned()));
        }
    };
    let found = find_run(tx, run)?;
    if let Some(lease) = lease
        && (!had_lease(&found, lease) || found.state.lease().is_none())
    {
        let message = format!("the lease with epoch {} is not current", lease.epoch);
        return Err(HubError::StaleLease(message));
    }
    if lease.is_none() {
        check_open(tx, run)?;
    }
    Ok(Some(Event::RunChanged(run, found.task)))
}

fn check_keeper(tx: &mut Tx, keeper: Keeper) -> Result<(), HubError> {
    match keeper {
        Keeper::Run(run) => find_run(tx, run).map(drop),
        Keeper::LoggedModel(id) => logged_models::find(tx, id)?
            .map(drop)
            .ok_or_else(|| HubError::not_found("logged model", id)),
        Keeper::ModelVersion(model, number) => model_versions::find(tx, model, number)?
            .map(drop)
            .ok_or_else(|| HubError::not_found("model version", number)),
    }
}

fn find_run(tx: &mut Tx, id: RunId) -> Result<Run, HubError> {
    runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))
}

fn invalid(field: &str, message: impl Into<String>) -> HubError {
    HubError::Invalid(vec![FieldError::new(field, message)])
}

/// A disk that is full is the operator's to mend, and the worker should go on without the file.
fn not_written(name: &str, error: io::Error) -> HubError {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    if matches!(error.kind(), StorageFull | QuotaExceeded) {
        return HubError::NoSpace(format!("the hub's disk is full: no room for `{name}`"));
    }
    HubError::Internal(anyhow::Error::new(error).context(format!("failed to keep `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_in_words() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(
            not_written("model.bin", full).to_string(),
            "the hub's disk is full: no room for `model.bin`"
        );
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(
            not_written("model.bin", other).to_string(),
            "internal error"
        );
    }
}
