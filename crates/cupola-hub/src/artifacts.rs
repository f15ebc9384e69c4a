//! Artifacts: files that runs keep. Their bytes lie in files called by their hashes, which row
//! refers to which is in the database.

mod files;

use std::{fs::File, io};

use cupola_domain::{
    artifact::{ARTIFACTS_MAX, Artifact, check_name, is_hash},
    event::Event,
    field::FieldError,
    ids::{RunId, TokenId},
    run::{Lease, Run},
};
use cupola_store::{Tx, artifacts, events, runs};

use crate::{Hub, HubError, work::had_lease};

pub(crate) use files::Files;
use files::Incoming;

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
    run: RunId,
    lease: Lease,
    wanted: NewArtifact,
    incoming: Incoming,
}

impl Upload {
    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        if self.incoming.size() + bytes.len() as u64 > self.wanted.size {
            return Err(self.wrong_size("more bytes came"));
        }
        let written = self.incoming.write(bytes);
        written.map_err(|error| not_written(&self.wanted, error))
    }

    fn check(&mut self) -> Result<(), HubError> {
        if self.incoming.size() != self.wanted.size {
            let came = format!("{} came", self.incoming.size());
            return Err(self.wrong_size(&came));
        }
        let came = self.incoming.hash();
        if came != self.wanted.hash {
            let message = format!(
                "is `{}`, but that of what came is `{came}`",
                self.wanted.hash
            );
            return Err(invalid("sha256", message));
        }
        Ok(())
    }

    fn wrong_size(&self, came: &str) -> HubError {
        invalid("size_bytes", format!("is {}, but {came}", self.wanted.size))
    }
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
        check_name(&wanted.name).map_err(|reason| invalid("name", reason))?;
        if !is_hash(&wanted.hash) {
            return Err(invalid("sha256", "is not 64 digits, 0 to 9 and a to f"));
        }
        let bytes_max = self.artifact_bytes_max();
        if wanted.size > bytes_max {
            return Err(HubError::TooLarge(format!(
                "`{}` has {} bytes; at most {bytes_max} are kept of a file",
                wanted.name, wanted.size
            )));
        }
        let name = wanted.name.clone();
        self.read(move |tx| check_room(tx, run, lease, &name))?;
        let incoming = self.files.begin();
        let incoming = incoming.map_err(|error| not_written(&wanted, error))?;
        Ok(Upload {
            run,
            lease,
            wanted,
            incoming,
        })
    }

    /// Keeps a file that has come whole; when this returns, it is durable. A file that the run kept
    /// under the same name is forgotten.
    pub fn keep_artifact(&self, mut upload: Upload) -> Result<Artifact, HubError> {
        upload.check()?;
        let Upload {
            run,
            lease,
            wanted,
            incoming,
        } = upload;
        let in_hand = self.files.keep(incoming, &wanted.hash);
        // Held until the row is there, so that nobody removes a file without one.
        let _in_hand = in_hand.map_err(|error| not_written(&wanted, error))?;
        let artifact = Artifact {
            name: wanted.name,
            hash: wanted.hash,
            size: wanted.size,
            kept_at: self.now(),
        };
        self.write(move |tx| {
            let found = check_room(tx, run, lease, &artifact.name)?;
            artifacts::save(tx, run, &artifact)?;
            events::record(tx, Event::RunChanged(run, found.task));
            Ok(artifact)
        })
    }

    /// The files that a run keeps, by name.
    pub fn list_artifacts(&self, run: RunId) -> Result<Vec<Artifact>, HubError> {
        self.read(move |tx| {
            find_run(tx, run)?;
            Ok(artifacts::list(tx, run)?)
        })
    }

    /// A file that a run keeps, opened for reading.
    pub fn open_artifact(&self, run: RunId, name: &str) -> Result<(Artifact, File), HubError> {
        let wanted = name.to_owned();
        let artifact = self.read(move |tx| {
            find_run(tx, run)?;
            Ok(artifacts::find(tx, run, &wanted)?)
        })?;
        let artifact = artifact.ok_or_else(|| HubError::not_found("artifact", name))?;
        match self.files.open_hash(&artifact.hash) {
            Ok(file) => Ok((artifact, file)),
            Err(error) => {
                let lost = anyhow::Error::new(error);
                Err(HubError::Internal(lost.context(format!(
                    "the bytes of artifact `{name}` of run `{run}` are gone"
                ))))
            }
        }
    }
}

/// Whether the run may keep a file of this name on the word of whoever has this lease.
fn check_room(tx: &mut Tx, id: RunId, lease: Lease, name: &str) -> Result<Run, HubError> {
    let run = find_run(tx, id)?;
    if !had_lease(&run, lease) || run.state.lease().is_none() {
        let message = format!("the lease with epoch {} is not current", lease.epoch);
        return Err(HubError::StaleLease(message));
    }
    let others = artifacts::count_others(tx, id, name)?;
    if usize::try_from(others).is_ok_and(|others| others >= ARTIFACTS_MAX) {
        let message = format!("is one too many: a run keeps at most {ARTIFACTS_MAX} files");
        return Err(invalid("name", message));
    }
    Ok(run)
}

fn find_run(tx: &mut Tx, id: RunId) -> Result<Run, HubError> {
    runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))
}

fn invalid(field: &str, message: impl Into<String>) -> HubError {
    HubError::Invalid(vec![FieldError::new(field, message)])
}

/// A disk that is full is the operator's to mend, and the worker should go on without the file.
fn not_written(wanted: &NewArtifact, error: io::Error) -> HubError {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    if matches!(error.kind(), StorageFull | QuotaExceeded) {
        return HubError::NoSpace(format!(
            "the hub's disk is full: no room for the {} bytes of `{}`",
            wanted.size, wanted.name
        ));
    }
    let name = &wanted.name;
    HubError::Internal(anyhow::Error::new(error).context(format!("failed to keep `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_in_words() {
        let wanted = NewArtifact {
            name: "model.bin".to_owned(),
            size: 7,
            hash: String::new(),
        };
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(
            not_written(&wanted, full).to_string(),
            "the hub's disk is full: no room for the 7 bytes of `model.bin`"
        );
        let other = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(not_written(&wanted, other).to_string(), "internal error");
    }
}
