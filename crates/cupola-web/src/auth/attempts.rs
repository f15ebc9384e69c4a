//! Guessing is slow: failed attempts of one address empty a bucket that fills up again with time.
//!
//! A credential that opened before is not held up by its neighbours' failures.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::http::StatusCode;
use cupola_domain::time::Instant;

use super::Peer;
use crate::error::Refused;

/// So many failures in a row are answered at once.
const FAILURES_MAX: u32 = 20;

/// After so long one more is.
const REFILL: Duration = Duration::from_secs(3);

/// So many addresses are watched at once.
const ADDRESSES_MAX: usize = 4096;

/// Failures by address.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<IpAddr, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    failures: u32,
    at: Instant,
}

impl Bucket {
    /// The failures that still count at `now`.
    fn failures_at(self, now: Instant) -> u32 {
        let refilled = now.since(self.at).as_secs() / REFILL.as_secs();
        let refilled = u32::try_from(refilled).unwrap_or(u32::MAX);
        self.failures.saturating_sub(refilled)
    }
}

impl Attempts {
    /// Refuses an address that failed too often.
    pub(crate) fn check(&self, peer: Option<Peer>, now: Instant) -> Result<(), Refused> {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = buckets
            .get(&address(peer))
            .map_or(0, |b| b.failures_at(now));
        if failures < FAILURES_MAX {
            return Ok(());
        }
        Err(Refused::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_attempts",
            "too many attempts failed; wait a few seconds",
        ))
    }

    pub(crate) fn note_failure(&self, peer: Option<Peer>, now: Instant) {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = address(peer);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&address) {
            buckets.retain(|_, bucket| bucket.failures_at(now) > 0);
            if buckets.len() >= ADDRESSES_MAX {
                buckets.clear();
            }
        }
        let before = buckets.get(&address).map_or(0, |b| b.failures_at(now));
        let failures = before.saturating_add(1);
        buckets.insert(address, Bucket { failures, at: now });
    }
}

/// One IPv6 customer has a whole /64 to come from.
fn address(peer: Option<Peer>) -> IpAddr {
    match peer.map(|peer| peer.0.to_canonical()) {
        None => Ipv4Addr::UNSPECIFIED.into(),
        Some(IpAddr::V4(v4)) => v4.into(),
        Some(IpAddr::V6(v6)) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    #[test]
    fn the_bucket_empties_by_failures_and_fills_with_time() {
        let attempts = Attempts::default();
        for _ in 0..FAILURES_MAX {
            attempts.check(None, at(0)).unwrap();
            attempts.note_failure(None, at(0));
        }
        assert!(attempts.check(None, at(2)).is_err());
        assert!(attempts.check(None, at(3)).is_ok());
        let other = Some(Peer(Ipv4Addr::LOCALHOST.into()));
        assert!(attempts.check(other, at(0)).is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let peer = |text: &str| Some(Peer(text.parse().unwrap()));
        assert_eq!(address(peer("2001:db8::1")), address(peer("2001:db8::2")));
        assert_ne!(
            address(peer("2001:db8::1")),
            address(peer("2001:db8:0:1::1"))
        );
        assert_eq!(address(peer("::ffff:10.0.0.1")), address(peer("10.0.0.1")));
    }
}
