//! The mark of the folder of all runs: whose it is, and how far it goes.

use std::path::Path;

use cupola_domain::text::hex;
use cupola_store::{Store, keys};
use serde_json::{Value, json};

use super::{MARK, VERSION, places};
use crate::{HubError, archive::wrong, world::World};

/// The word by which it is known.
const FORMAT: &str = "cupola runs";

/// By which a store is told from others.
const KEY: &str = "run folders";

const KEY_BYTES: usize = 16;

/// What the mark says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The store that it was written from last.
    pub(super) store: String,
    /// The last change that was followed; negative where that is not known.
    pub(super) seq: i64,
    /// Whether all that was there at that change is written. What was not, or failed, is looked for at
    /// the next start.
    pub(super) is_walked: bool,
    /// Whether there may be runs that the store does not have: it is another than the one that they
    /// came from, or an older copy.
    pub(super) is_unsynced: bool,
}

impl Mark {
    /// What it is at a start: of this store, and how it stands to what lies on the disk.
    pub(super) fn find(root: &Path, store: &Store, world: &dyn World) -> Result<Self, HubError> {
        let mut fresh = [0; KEY_BYTES];
        world.random(&mut fresh);
        let key =
            store.write(move |tx| Ok::<_, HubError>(keys::find_or_insert(tx, KEY, &fresh)?))?;
        let (store, last) = (hex(&key), store.last_seq()?);
        let Some(there) = Self::read(root)? else {
            return Ok(Self {
                store,
                seq: -1,
                is_walked: false,
                // Somebody removed the mark, and nobody knows whose runs these are.
                is_unsynced: places::folders(root).is_ok_and(|there| !there.is_empty()),
            });
        };
        let is_ours = there.store == store && there.seq <= last;
        Ok(Self {
            seq: if is_ours { there.seq } else { -1 },
            is_walked: is_ours && there.is_walked,
            is_unsynced: there.is_unsynced || !is_ours,
            store,
        })
    }

    pub(super) fn write(&self, root: &Path) -> Result<(), HubError> {
        let Self {
            store,
            seq,
            is_walked,
            is_unsynced,
        } = self;
        let said = json!({
            "format": FORMAT,
            "version": VERSION,
            "store": store,
            "change": seq,
            "walked": is_walked,
            "unsynced": is_unsynced,
        });
        places::write(root, MARK, &format!("{said:#}\n"))
    }

    fn read(root: &Path) -> Result<Option<Self>, HubError> {
        let text = match std::fs::read(root.join(MARK)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| places::failed(&root.join(MARK), &error))?,
        };
        let said: Value = serde_json::from_slice(&text).unwrap_or_default();
        if said["format"] == FORMAT && said["version"] != VERSION {
            let reason = "is of another version of such folders; use the program that wrote it";
            return Err(wrong(&root.join(MARK).display().to_string(), reason));
        }
        // One that cannot be read says nothing of whose it is.
        Ok(Some(Self {
            store: said["store"].as_str().unwrap_or_default().to_owned(),
            seq: said["change"].as_i64().unwrap_or(-1),
            // Those of before said how far they went when all was written.
            is_walked: said["walked"].as_bool().unwrap_or(true),
            is_unsynced: said["unsynced"].as_bool().unwrap_or(true),
        }))
    }
}
