//! How long to wait before asking an unreachable hub again.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// The first pause.
const PAUSE_MIN: Duration = Duration::from_millis(200);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Pauses that double, each shortened by chance so that a fleet does not come back in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: PAUSE_MIN }
    }
}

impl Backoff {
    /// The next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(PAUSE_MAX);
        pause.mul_f64(0.5 + chance() / 2.0)
    }

    /// The hub answered: the next pause is the first again.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Anything from 0 to 1. Good enough to spread, not to keep secrets.
pub(crate) fn chance() -> f64 {
    let bits = u32::try_from(random() >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}

/// Different at each call and each start.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound() {
        let mut backoff = Backoff::default();
        let mut longest = PAUSE_MIN;
        for _ in 0..20 {
            let pause = backoff.pause();
            assert!(pause <= longest && pause >= longest / 2, "{pause:?}");
            longest = (longest * 2).min(PAUSE_MAX);
        }
        backoff.reset();
        assert!(backoff.pause() <= PAUSE_MIN);
    }
}
