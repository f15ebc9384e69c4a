//! A run's folder: all that is needed to know what it used and gave, without the hub.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cupola_protocol::work::{Finished, RunOrder};
use serde::Serialize;
use serde_json::{Map, Value};

/// The folder of one run. Kept after its end.
///
/// `config.json` is what the program gets, `environment.json` which run it is and what it ran in,
/// `results.json` how it ended; the logs and events lie beside them.
#[derive(Debug)]
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes the folder of `order` in `runs_folder` and writes what is known before the start.
    pub(super) fn create(runs_folder: &Path, order: &RunOrder) -> io::Result<Self> {
        if !is_folder_name(&order.run_id) {
            let text = format!("`{}` is not the id of a run", order.run_id);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let folder = Self(runs_folder.join(&order.run_id));
        fs::create_dir_all(&folder.0)?;
        // The same run may have been here before, under an older lease.
        let _ = fs::remove_file(folder.cancel_path());
        replace(&folder.config_path(), &json(&order.config)?)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file that a program reads its configuration from.
    pub(super) fn config_path(&self) -> PathBuf {
        self.0.join("config.json")
    }

    /// The file that is there once somebody asked to cancel.
    pub(super) fn cancel_path(&self) -> PathBuf {
        self.0.join("cancel")
    }

    pub(super) async fn write_cancel(&self) -> io::Result<()> {
        self.write("cancel", Vec::new()).await
    }

    pub(super) async fn write_environment(
        &self,
        environment: &Map<String, Value>,
    ) -> io::Result<()> {
        self.write("environment.json", json(environment)?).await
    }

    pub(super) async fn write_results(&self, finished: &Finished) -> io::Result<()> {
        self.write("results.json", json(finished)?).await
    }

    /// Writes away from the threads on which everything else waits.
    async fn write(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.0.join(name);
        let writing = tokio::task::spawn_blocking(move || replace(&path, &bytes));
        writing.await.map_err(io::Error::other)?
    }
}

fn json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

/// Writes beside the file and renames over it: the folder is the program's too, and opening what it
/// may have put in the file's place, a pipe that nobody reads for instance, could wait for ever.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("cupola-new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::File::create_new(&beside)?;
    file.write_all(bytes)?;
    fs::rename(&beside, path)
}

/// Whether a hub's id may name a folder.
fn is_folder_name(id: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=64).contains(&id.len()) && id.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_files_place_is_replaced_and_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "kept").unwrap();
        let path = folder.path().join("cancel");
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read(&elsewhere).unwrap(), b"kept");
    }

    #[test]
    fn only_plain_ids_name_folders() {
        assert!(is_folder_name("0192f-a"));
        for refused in ["", ".", "..", "a/b", "a b", &"x".repeat(65)] {
            assert!(!is_folder_name(refused), "{refused}");
        }
    }
}
