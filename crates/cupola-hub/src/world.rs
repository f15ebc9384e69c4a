//! What a hub may not make up by itself: the time and chance. Tests and simulations bring their own.

use cupola_domain::time::{Instant, Timestamp};

/// The time and chance.
pub trait World: Send + Sync + 'static {
    /// The wall clock: data for people, may jump.
    fn now(&self) -> Timestamp;

    /// A clock that only moves forwards: leases are measured with it.
    fn monotonic(&self) -> Instant;

    /// Fills `bytes` from a source fit for secrets.
    fn random(&self, bytes: &mut [u8]);
}
