//! What is being read: the same is not asked for twice at once, and lists not without a pause.

use std::time::Duration;

use cupola_domain::time::Instant;

use crate::event::Ask;

/// The pause after a list came is so many times as long as it took to come.
const PAUSE_FACTOR: u32 = 2;

/// The pause is at least and at most so long.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What is being read.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    going: Vec<Going>,
    /// Asked for during the pause after the last of the kind.
    waiting: Vec<(Instant, Ask)>,
    /// When the next of a kind may be read.
    paused: Vec<(Ask, Instant)>,
}

#[derive(Debug)]
struct Going {
    ask: Ask,
    since: Instant,
    /// What was asked for meanwhile.
    again: Option<Ask>,
}

impl Desk {
    /// Whether to read it now; if not, it is read later.
    pub(crate) fn ask(&mut self, ask: Ask, now: Instant) -> Option<Ask> {
        if let Some(going) = self
            .going
            .iter_mut()
            .find(|going| is_same(&going.ask, &ask))
        {
            going.again = Some(ask);
            return None;
        }
        let pause = self.paused.iter().find(|(other, _)| is_same(other, &ask));
        if let Some((_, until)) = pause
            && now < *until
        {
            self.waiting.retain(|(_, other)| !is_same(other, &ask));
            self.waiting.push((*until, ask));
            return None;
        }
        self.start(&ask, now);
        Some(ask)
    }

    /// It came.
    pub(crate) fn done(&mut self, ask: &Ask, now: Instant) {
        let Some(place) = self.going.iter().position(|going| is_same(&going.ask, ask)) else {
            return;
        };
        let going = self.going.swap_remove(place);
        let took = now.since(going.since);
        if has_pause(ask) {
            let pause = (took * PAUSE_FACTOR).clamp(PAUSE_MIN, PAUSE_MAX);
            self.paused.retain(|(other, _)| !is_same(other, ask));
            self.paused.push((going.ask, now.plus(pause)));
        }
        if let Some(again) = going.again {
            let until = self.paused.iter().find(|(other, _)| is_same(other, &again));
            let until = until.map_or(now, |(_, until)| *until);
            self.waiting.push((until, again));
        }
    }

    /// What waited long enough.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Ask> {
        let (due, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(until, _)| *until <= now);
        self.waiting = waiting;
        due.into_iter()
            .filter_map(|(_, ask)| self.ask(ask, now))
            .collect()
    }

    /// When something will have waited long enough.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.iter().map(|(until, _)| *until).min()
    }

    fn start(&mut self, ask: &Ask, now: Instant) {
        self.going.push(Going {
            ask: ask.clone(),
            since: now,
            again: None,
        });
    }
}

/// Whether one answer serves both: the later asked for counts.
fn is_same(a: &Ask, b: &Ask) -> bool {
    match (a, b) {
        (Ask::Jobs(a, _), Ask::Jobs(b, _)) => a == b,
        (Ask::Log(a), Ask::Log(b)) => a.of == b.of && a.stream == b.stream && a.offset == b.offset,
        (a, b) => a == b,
    }
}

const fn has_pause(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Experiments
            | Ask::Jobs(..)
            | Ask::Services(_)
            | Ask::Orphans
            | Ask::Warnings
            | Ask::Sheets
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_origin(Duration::from_millis(millis))
    }

    #[test]
    fn the_same_is_not_read_twice_at_once() {
        let mut desk = Desk::default();
        assert_eq!(desk.ask(Ask::Experiments, at(0)), Some(Ask::Experiments));
        assert_eq!(desk.ask(Ask::Experiments, at(1)), None);
        assert_eq!(desk.ask(Ask::Warnings, at(1)), Some(Ask::Warnings));
        desk.done(&Ask::Experiments, at(10));
        assert_eq!(desk.next_due(), Some(at(60)));
        assert_eq!(desk.due(at(59)), []);
        assert_eq!(desk.due(at(60)), [Ask::Experiments]);
    }

    #[test]
    fn what_takes_long_is_read_less_often() {
        let mut desk = Desk::default();
        desk.ask(Ask::Orphans, at(0));
        desk.done(&Ask::Orphans, at(1_000));
        assert_eq!(desk.ask(Ask::Orphans, at(1_500)), None);
        assert_eq!(desk.ask(Ask::Orphans, at(1_600)), None);
        assert_eq!(desk.due(at(2_999)), []);
        assert_eq!(desk.due(at(3_000)), [Ask::Orphans]);
        assert_eq!(desk.next_due(), None);
    }

    #[test]
    fn an_answer_that_nobody_asked_for_changes_nothing() {
        let mut desk = Desk::default();
        desk.done(&Ask::Sheets, at(5));
        assert_eq!(desk.ask(Ask::Sheets, at(5)), Some(Ask::Sheets));
    }
}
