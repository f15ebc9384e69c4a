//! Points in time and spans, as plain numbers. Reading a clock is the caller's business.

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z by the wall clock. Data for people, never an order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last moment that calendars write, late on 9999-12-30 in UTC.
    pub const LATEST: Self = Self(253_402_207_200_000);

    /// From 1970 until [`Self::LATEST`]. What says another time is wrong: it took nanoseconds for
    /// milliseconds, for instance.
    pub fn is_in_calendar(self) -> bool {
        (0..=Self::LATEST.0).contains(&self.0)
    }

    /// That many milliseconds after 1970 began.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 began.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// Time from `earlier` to `self`; zero when the clock stepped back in between.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// A reading of a clock that only moves forwards. Leases are measured with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// `since_origin` is the time since any fixed point, for instance the start of the process.
    pub const fn from_origin(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// The reading as a span since the fixed point.
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// Time from `earlier` to `self`.
    pub fn since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
