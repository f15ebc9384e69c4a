//! Who answers on the far side.

use std::path::PathBuf;

use jiff::tz::{Offset, TimeZone};

use crate::{
    serve::Welcome,
    wire::{DIALECT, PROTOCOL},
};

/// What a line begins with that a shell there says before the first frame.
const CLOCK: &str = "cupola-clock ";

/// So much of a version is shown.
const VERSION_CHARS_MAX: usize = 40;

/// Says the time and the zone there, for whoever gives times without one.
pub(crate) const SAY_CLOCK: &str =
    r#"date "+cupola-clock %s %z ${TZ:-$(readlink /etc/localtime)}""#;

/// How it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Ours,
    Theirs,
}

/// What is known of it.
#[derive(Debug, Clone)]
pub(super) struct Far {
    pub(super) dialect: Dialect,
    /// Of the program there, where it says so.
    version: Option<String>,
    /// As it calls the folder.
    pub(super) workspace: PathBuf,
    pub(super) can_act: bool,
    /// By which its times are.
    pub(super) zone: TimeZone,
    /// How far its clock is before the one here.
    pub(super) ahead_ms: i64,
}

/// The clock of the far side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FarClock {
    pub(super) now_ms: i64,
    pub(super) zone: TimeZone,
}

impl Far {
    pub(super) fn unknown() -> Self {
        Self {
            dialect: Dialect::Theirs,
            version: None,
            workspace: PathBuf::new(),
            can_act: false,
            zone: TimeZone::UTC,
            ahead_ms: 0,
        }
    }

    /// Who it is by its first answer; or why nothing can be said to it.
    pub(super) fn welcomed(
        welcome: Welcome,
        clock: Option<FarClock>,
        now_ms: i64,
    ) -> Result<Self, String> {
        if welcome.protocol_version != PROTOCOL {
            return Err(format!(
                "the far side speaks protocol `{}`, this one `{PROTOCOL}`: install versions that \
                 fit on both sides",
                shortened(&welcome.protocol_version)
            ));
        }
        let ours = welcome.cupola.as_ref();
        let is_ours = ours.is_some_and(|it| it.dialect == DIALECT);
        let far_ms = ours.and_then(|it| it.now);
        let far_ms = far_ms.or(clock.as_ref().map(|clock| clock.now_ms));
        // Below two seconds the difference is the journey's.
        let ahead_ms = far_ms.map_or(0, |far| far.saturating_sub(now_ms));
        Ok(Self {
            dialect: if is_ours {
                Dialect::Ours
            } else {
                Dialect::Theirs
            },
            version: ours.map(|it| shortened(&it.version)),
            workspace: welcome.workspace_path.into(),
            can_act: ours.is_none_or(|it| it.can_act),
            zone: clock.map_or_else(TimeZone::system, |clock| clock.zone),
            ahead_ms: if ahead_ms.abs() < 2000 { 0 } else { ahead_ms },
        })
    }

    pub(super) fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("Cupola {version}"),
            None => format!("Experimaestro (protocol {PROTOCOL})"),
        }
    }

    /// What to say of a version that is not `here`.
    pub(super) fn differs_from(&self, here: &str) -> Option<String> {
        let there = self.version.as_deref()?;
        if there == here {
            return None;
        }
        let way = match self.dialect {
            Dialect::Ours => "both understand each other",
            Dialect::Theirs => "only what Experimaestro's protocol has is shown",
        };
        Some(format!("Cupola {there} runs there, {here} here: {way}"))
    }
}

/// Without what a terminal would obey.
pub(super) fn plain(line: &str) -> String {
    let kept = line.chars().filter(|it| !it.is_control() || *it == '\t');
    kept.collect::<String>().trim_end().to_owned()
}

fn shortened(version: &str) -> String {
    plain(version).chars().take(VERSION_CHARS_MAX).collect()
}

/// The clock that a banner tells.
pub(super) fn clock_in(banner: &str) -> Option<FarClock> {
    let at = banner.find(CLOCK)? + CLOCK.len();
    let mut words = banner[at..].split_whitespace();
    let seconds: i64 = words.next()?.parse().ok()?;
    let offset = offset_of(words.next()?)?;
    let name = words.next().unwrap_or_default();
    let name = name.rsplit("zoneinfo/").next().unwrap_or(name);
    let name = name.trim_start_matches(':');
    let zone = TimeZone::get(name).unwrap_or_else(|_| TimeZone::fixed(offset));
    Some(FarClock {
        now_ms: seconds.checked_mul(1000)?,
        zone,
    })
}

/// `+0130`.
fn offset_of(word: &str) -> Option<Offset> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(sign * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(banner: &str, expected: Option<(i64, &str)>) {
        let found = clock_in(banner).map(|clock| {
            // In winter: whoever knows the zone by name says so.
            let winter = jiff::Timestamp::from_second(1_765_000_000).unwrap();
            (clock.now_ms, clock.zone.to_offset(winter).to_string())
        });
        let expected = expected.map(|(now, zone)| (now, zone.to_owned()));
        assert_eq!(found, expected, "{banner}");
    }

    #[test]
    fn a_clock_tells_the_zone_by_name_or_by_its_offset() {
        check(
            "cupola-clock 1782000000 +0200 /usr/share/zoneinfo/Europe/Paris",
            Some((1_782_000_000_000, "+01")),
        );
        check("cupola-clock 1 -0330 ", Some((1000, "-03:30")));
        check("cupola-clock 1 +0200 No/Where", Some((1000, "+02")));
        check("Welcome! cupola-clock 1 +0000 UTC", Some((1000, "+00")));
    }

    #[test]
    fn what_is_no_clock_is_none() {
        check("Welcome!", None);
        check("cupola-clock soon", None);
        check("cupola-clock 1 now", None);
        check("cupola-clock 99999999999999999999 +0000", None);
    }

    fn welcome(protocol: &str, cupola: &str) -> Welcome {
        let body = format!(
            r#"{{"protocol_version":"{protocol}","workspace_path":"/w","last_sync_time":null{cupola}}}"#
        );
        serde_json::from_str(&body).unwrap()
    }

    #[test]
    fn another_protocol_is_refused_in_words() {
        let error = Far::welcomed(welcome("3.0", ""), None, 0).unwrap_err();
        assert!(
            error.contains("`3.0`") && error.contains("`2.0`"),
            "{error}"
        );
    }

    #[test]
    fn versions_that_differ_are_told() {
        let ours = r#","cupola":{"version":"0.2.0","dialect":1}"#;
        let far = Far::welcomed(welcome("2.0", ours), None, 0).unwrap();
        assert_eq!(far.dialect, Dialect::Ours);
        assert!(far.differs_from("0.1.0").unwrap().contains("0.2.0"));
        assert_eq!(far.differs_from("0.2.0"), None);
    }

    #[test]
    fn another_dialect_is_spoken_to_as_experimaestro() {
        let ours = r#","cupola":{"version":"9.0.0","dialect":9}"#;
        let far = Far::welcomed(welcome("2.0", ours), None, 0).unwrap();
        assert_eq!(far.dialect, Dialect::Theirs);
    }
}
