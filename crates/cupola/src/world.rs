//! The real time and the real chance.

use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};

use cupola_domain::time::{Instant, Timestamp};
use cupola_hub::world::World;

/// The machine's clocks and its source of randomness.
#[derive(Debug)]
pub(crate) struct System {
    origin: StdInstant,
}

impl System {
    pub(crate) fn new() -> Self {
        Self {
            origin: StdInstant::now(),
        }
    }
}

impl World for System {
    fn now(&self) -> Timestamp {
        wall_clock()
    }

    fn monotonic(&self) -> Instant {
        Instant::from_origin(self.origin.elapsed())
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a machine without randomness cannot keep secrets");
    }
}

/// How many seconds the clocks of this machine's people are ahead of UTC at a moment.
pub(crate) fn offset_secs(at: Timestamp) -> i32 {
    let at = jiff::Timestamp::from_millisecond(at.millis());
    at.map_or(0, |at| jiff::tz::TimeZone::system().to_offset(at).seconds())
}

/// Reads the wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everybody else is given"
)]
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
