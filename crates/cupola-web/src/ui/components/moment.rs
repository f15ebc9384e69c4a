//! Points in time and spans.

use std::time::Duration;

use askama::Template;
use cupola_domain::time::Timestamp;
use cupola_protocol::time::Time;

use crate::ui::format;

/// A point in time: UTC in the page, local in the browser.
#[derive(Debug, Clone, Template)]
#[template(path = "components/moment.html")]
pub struct Moment {
    /// RFC 3339.
    pub iso: String,
    /// Until the browser has made it local; a dash when there is none.
    pub text: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self {
            iso: Time(at).to_string(),
            text: format::moment(at),
        }
    }
}

impl From<Option<Timestamp>> for Moment {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or_else(
            || Self {
                iso: String::new(),
                text: format::NOTHING.to_owned(),
            },
            Self::from,
        )
    }
}

/// A span; one that is not over goes on counting in the browser.
#[derive(Debug, Clone, Template)]
#[template(path = "components/lasting.html")]
pub struct Lasting {
    /// As it was when the page was made.
    pub text: String,
    /// Its milliseconds, while it is not over. The browser adds its own clock's, so that it does
    /// not matter whether the two clocks agree.
    pub ticking_millis: Option<u128>,
    /// Whether it is what is left, which falls to nothing.
    pub is_running_out: bool,
    /// Whether hours, minutes and seconds are shown, as clocks do.
    pub is_clock: bool,
}

super::html_safe!(Moment, Lasting);

impl Lasting {
    /// A span that is over.
    pub fn ended(span: Duration) -> Self {
        Self {
            text: format::duration(span),
            ticking_millis: None,
            is_running_out: false,
            is_clock: false,
        }
    }

    /// A span that is not.
    pub fn ticking(so_far: Duration) -> Self {
        Self {
            text: format::duration(so_far),
            ticking_millis: Some(so_far.as_millis()),
            is_running_out: false,
            is_clock: false,
        }
    }

    /// What is left until something happens, in whole seconds.
    pub fn running_out(left: Duration) -> Self {
        let left = Duration::from_secs(
            left.as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX),
        );
        Self {
            is_running_out: true,
            ..Self::ticking(left)
        }
    }

    /// A span that is not over, as clocks show it.
    pub fn clock(so_far: Duration) -> Self {
        Self {
            text: format::clock(so_far),
            is_clock: true,
            ..Self::ticking(so_far)
        }
    }

    /// Nothing has begun.
    pub fn none() -> Self {
        Self {
            text: format::NOTHING.to_owned(),
            ticking_millis: None,
            is_running_out: false,
            is_clock: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_exact_for_machines() {
        insta::assert_snapshot!(
            Moment::from(Timestamp::from_millis(1_795_132_800_123)).to_string(),
            @r#"<time datetime="2026-11-20T00:00:00.123Z" title="2026-11-20 00:00:00 UTC">2026-11-20 00:00:00 UTC</time>"#
        );
    }
}
