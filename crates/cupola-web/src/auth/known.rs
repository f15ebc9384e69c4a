//! Who was recognised a moment ago, so that not every request of a busy worker asks the store.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cupola_domain::{access::Principal, time::Instant};

/// For so long an authentication is taken as it was.
const FRESH: Duration = Duration::from_secs(2);

/// So many credentials are remembered at once.
const KNOWN_MAX: usize = 4096;

type Digest = [u8; 32];

/// Remembered authentications, by the digest of the credential.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<Digest, Entry>>);

#[derive(Debug)]
struct Entry {
    principal: Principal,
    epoch: u64,
    at: Instant,
}

/// What is known of a credential.
pub(crate) enum Found {
    /// It opened a moment ago, and nobody was shut out since.
    Fresh(Principal),
    /// It opened at some time.
    Stale,
    /// Nothing.
    Unknown,
}

impl Known {
    pub(crate) fn find(&self, digest: &Digest, epoch: u64, now: Instant) -> Found {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(digest) {
            Some(entry) if entry.epoch == epoch && now.since(entry.at) < FRESH => {
                Found::Fresh(entry.principal.clone())
            }
            Some(_) => Found::Stale,
            None => Found::Unknown,
        }
    }

    /// `epoch` and `at` are from before the store was asked: a revocation in between makes the
    /// entry useless.
    pub(crate) fn put(&self, digest: Digest, principal: Principal, epoch: u64, at: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX && !known.contains_key(&digest) {
            known.retain(|_, entry| at.since(entry.at) < FRESH);
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
        }
        let entry = Entry {
            principal,
            epoch,
            at,
        };
        known.insert(digest, entry);
    }

    pub(crate) fn forget(&self, digest: &Digest) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(digest);
    }
}
