//! Which hub a worker's folder belongs to, and by which token: kept by joining with a code, forgotten by leaving.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::data::{make_private, write_private};

/// What a machine keeps of a hub that it joined.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Membership {
    /// Addresses of the hub, the one that worked last first.
    pub hubs: Vec<String>,
    /// The hub's public key.
    pub key: String,
    /// The worker's own token.
    pub token: String,
    /// Whether the hub has said that it let it in. If not, asking again with the same token is safe.
    pub is_confirmed: bool,
}

impl Membership {
    /// What is kept in a worker's folder.
    pub(crate) fn read(state: &Path) -> anyhow::Result<Option<Self>> {
        let path = file(state);
        let shown = path.display();
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .with_context(|| format!("`{shown}` is not what a worker keeps of its hub")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("failed to read `{shown}`")),
        }
    }

    /// These addresses come first; what was known of the same places before is forgotten.
    pub(crate) fn prefer(&mut self, hubs: &[String]) {
        let place = |hub: &str| hub.split('#').next().unwrap_or_default().to_owned();
        let is_news = |known: &String| hubs.iter().all(|hub| place(hub) != place(known));
        self.hubs.retain(is_news);
        self.hubs.splice(0..0, hubs.iter().cloned());
    }

    /// Keeps it for this user alone.
    pub(crate) fn write(&self, state: &Path) -> anyhow::Result<()> {
        let path = file(state);
        let made =
            make_private(state).and_then(|()| write_private(&path, &serde_json::to_string(self)?));
        made.with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// Forgets it.
    pub(crate) fn forget(state: &Path) -> anyhow::Result<()> {
        let path = file(state);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("failed to remove `{}`", path.display()))
            }
            _ => Ok(()),
        }
    }
}

fn file(state: &Path) -> PathBuf {
    state.join("hub.json")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_membership_is_kept_for_its_owner_alone_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("joined");
        assert!(Membership::read(&state).unwrap().is_none());
        let membership = Membership {
            hubs: vec!["https://hub.lab".to_owned()],
            key: "ab".to_owned(),
            token: "cupola_worker_x".to_owned(),
            is_confirmed: true,
        };
        membership.write(&state).unwrap();
        assert!(Membership::read(&state).unwrap() == Some(membership));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&file(&state))), (0o700, 0o600));
        Membership::forget(&state).unwrap();
        Membership::forget(&state).unwrap();
        assert!(Membership::read(&state).unwrap().is_none());
    }

    #[test]
    fn a_newer_code_knows_better_where_the_hub_is() {
        let mut member = Membership {
            hubs: vec!["https://a:1#sha256=old".to_owned(), "http://b:1".to_owned()],
            key: String::new(),
            token: String::new(),
            is_confirmed: true,
        };
        member.prefer(&[
            "https://c:1".to_owned(),
            "https://a:1#sha256=new".to_owned(),
        ]);
        let expected = ["https://c:1", "https://a:1#sha256=new", "http://b:1"];
        assert_eq!(member.hubs, expected);
    }

    #[test]
    fn a_file_that_is_something_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(file(folder.path()), "{}").unwrap();
        let error = Membership::read(folder.path()).err().unwrap().to_string();
        assert!(error.contains("hub.json"), "{error}");
    }
}
