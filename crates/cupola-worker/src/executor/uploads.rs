//! Sends the files that a run keeps to the hub, one at a time, beside everything else.

mod found;

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_client::Error;
use cupola_domain::{
    artifact::{ARTIFACTS_MAX, check_name},
    text::hex,
};
use cupola_protocol::{artifacts::ArtifactUpload, work::RunOrder};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};

use super::{Context, SharedOutbox, Wish, Wishes, locked};
use crate::{backoff::Backoff, foreign::open_file, output::events::Wanted};

use found::Found;

/// So often a file is sent that changes on its way, or that the hub gets stuck on.
const TRIES_MAX: u32 = 4;

/// How much is read at once to find a file's hash.
const READ_BYTES: usize = 256 << 10;

/// The uploads of one run.
#[derive(Debug)]
pub(super) struct Uploads<'a> {
    pub(super) context: &'a Context,
    pub(super) order: &'a RunOrder,
    pub(super) wishes: &'a Wishes,
    pub(super) outbox: &'a SharedOutbox,
    /// Notified when the outbox has something new to report.
    pub(super) fresh: Arc<Notify>,
    /// True once the program is gone and names no more files.
    pub(super) closed: watch::Receiver<bool>,
    /// The folders out of which nothing is sent: as they really lay before there was a program.
    pub(super) folders: Vec<PathBuf>,
}

/// Why a file was not sent.
#[derive(Debug)]
enum NotSent {
    /// It cannot be, and the reason is told in the log.
    Refused(String),
    /// The run is no longer this worker's.
    Gone,
}

impl Uploads<'_> {
    /// Sends files until the program is gone and the last one is sent.
    pub(super) async fn run(mut self) {
        loop {
            // Read before the outbox, so that nothing comes in between.
            let is_closed = *self.closed.borrow();
            let wanted = locked(self.outbox).next_wanted();
            match wanted {
                Some(wanted) => {
                    let sending = self.send_all(&wanted);
                    tokio::select! {
                        biased;
                        _ = self.wishes.reached(Wish::Abandon) => return,
                        () = self.cancelled() => {
                            self.tell(&wanted.path, "the run was cancelled");
                        }
                        sent = sending => match sent {
                            Ok(()) => {}
                            Err(NotSent::Refused(reason)) => self.tell(&wanted.path, &reason),
                            Err(NotSent::Gone) => return self.wishes.raise(Wish::Abandon),
                        },
                    }
                }
                None if is_closed => return,
                None => {
                    let named = locked(self.outbox).named();
                    tokio::select! {
                        () = named.notified() => {}
                        _ = self.closed.wait_for(|is_closed| *is_closed) => {}
                    }
                }
            }
        }
    }

    /// Waits until somebody cancels the run. Once somebody has, there is no end to it: what a
    /// program names when it is asked to stop is what it saves then.
    async fn cancelled(&self) {
        let is_running = self.wishes.current() == Wish::Run;
        if !is_running || self.wishes.reached(Wish::Cancel).await != Wish::Cancel {
            std::future::pending::<()>().await;
        }
    }

    /// A file, or each file of a folder.
    async fn send_all(&self, wanted: &Wanted) -> Result<(), NotSent> {
        let (folders, asked) = (self.folders.clone(), wanted.clone());
        let found = blocking(move || found::find(&folders, &asked)).await?;
        if found.len() > ARTIFACTS_MAX {
            let reason = format!(
                "has {} files; at most {ARTIFACTS_MAX} are kept",
                found.len()
            );
            return Err(NotSent::Refused(reason));
        }
        for found in found {
            match self.send(&found).await {
                Err(NotSent::Refused(reason)) => self.tell(&found.name, &reason),
                sent => sent?,
            }
        }
        Ok(())
    }

    /// Sends one file. While the hub is away, waits; a hub that is stuck is tried a few times, and
    /// so is a file that changes; what else the hub refuses, it refuses for good.
    async fn send(&self, found: &Found) -> Result<(), NotSent> {
        if !found.is_text {
            return Err(NotSent::Refused("its name is no UTF-8".to_owned()));
        }
        if let Err(reason) = check_name(&found.name) {
            return Err(NotSent::Refused(format!("its name {reason}")));
        }
        let (mut backoff, mut tries) = (Backoff::default(), 0);
        let mut last: Option<(String, Error)> = None;
        loop {
            let path = found.path.clone();
            let (file, size, sha256) = blocking(move || measure(&path).map_err(unreadable)).await?;
            if let Some((sent, error)) = last {
                let is_changed = sent != sha256;
                let is_cancelled = self.wishes.current() == Wish::Cancel;
                tries += u32::from(is_changed || is_cancelled || !is_away(&error));
                let is_final = !is_changed && !error.is_retryable();
                if is_final || tries >= TRIES_MAX {
                    return Err(NotSent::Refused(error.to_string()));
                }
            }
            let bytes_max = self.context.artifact_bytes_max;
            if size > bytes_max {
                let reason = format!("has {size} bytes; at most {bytes_max} are kept of a file");
                return Err(NotSent::Refused(reason));
            }
            let upload = ArtifactUpload {
                worker_id: self.context.worker_id.clone(),
                epoch: self.order.epoch,
                size_bytes: size,
                sha256: sha256.clone(),
            };
            let (run, file) = (&self.order.run_id, tokio::fs::File::from_std(file));
            let sending = self
                .context
                .client
                .put_artifact(run, &found.name, &upload, file);
            let Err(error) = sending.await else {
                return Ok(());
            };
            match error.status() {
                Some(404 | 409 | 410) => return Err(NotSent::Gone),
                // No room: there will be none a moment later.
                Some(413 | 507) => return Err(NotSent::Refused(error.to_string())),
                _ => last = Some((sha256, error)),
            }
            if last.as_ref().is_some_and(|(_, error)| error.is_retryable()) {
                tokio::time::sleep(backoff.pause()).await;
            }
        }
    }

    fn tell(&self, name: &str, reason: &str) {
        let text = format!("artifact `{name}` was not kept: {reason}");
        locked(self.outbox).note(&text, self.context.clock.now());
        self.fresh.notify_one();
    }
}

/// Whether nobody answers, or only somebody before the hub: that passes, and the file waits.
fn is_away(error: &Error) -> bool {
    matches!(error, Error::Unreachable(_)) || matches!(error.status(), Some(502..=504))
}

/// The file from its beginning, its size and its SHA-256, as they are now.
fn measure(path: &Path) -> io::Result<(File, u64, String)> {
    let mut file = open_file(path)?;
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut block = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        hasher.update(&block[..read]);
        size += read as u64;
    }
    file.rewind()?;
    Ok((file, size, hex(&hasher.finalize())))
}

fn unreadable(error: io::Error) -> String {
    format!("it cannot be read: {error}")
}

/// Files are read away from the threads on which everything else waits.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, NotSent> {
    let worked = tokio::task::spawn_blocking(work).await;
    let worked = worked.unwrap_or_else(|panic| Err(panic.to_string()));
    worked.map_err(NotSent::Refused)
}
