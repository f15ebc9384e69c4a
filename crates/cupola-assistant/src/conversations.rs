//! What was talked about, by whom and under which name: kept for a while, and only here.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cupola_domain::time::Instant;

use crate::conversation::Conversation;

/// So many are kept; of more the one that was silent longest is forgotten.
const KEPT_MAX: usize = 1_000;

/// What was said so long ago is forgotten.
const REMEMBERED: Duration = Duration::from_hours(1);

/// The conversations of a hub. A restart forgets them.
#[derive(Debug, Default)]
pub struct Conversations(Mutex<HashMap<Name, Kept>>);

/// Who talks, and how they call it.
type Name = (String, String);

#[derive(Debug)]
struct Kept {
    conversation: Conversation,
    at: Instant,
}

impl Conversations {
    /// What was said under a name, if anything.
    pub fn find(&self, (who, name): (&str, &str), now: Instant) -> Conversation {
        let kept = self.open();
        let found = kept.get(&(who.to_owned(), name.to_owned()));
        let found = found.filter(|kept| now.since(kept.at) < REMEMBERED);
        found
            .map(|kept| kept.conversation.clone())
            .unwrap_or_default()
    }

    /// Keeps where a conversation stands.
    pub fn keep(&self, (who, name): (&str, &str), conversation: Conversation, now: Instant) {
        let mut kept = self.open();
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, kept| now.since(kept.at) < REMEMBERED);
        }
        let name = (who.to_owned(), name.to_owned());
        if kept.len() >= KEPT_MAX && !kept.contains_key(&name) {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.at);
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.map(|oldest| kept.remove(&oldest));
        }
        kept.insert(
            name,
            Kept {
                conversation,
                at: now,
            },
        );
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Name, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::ids::RunId;

    use super::*;
    use crate::index::run_thing;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    fn about_a_run() -> Conversation {
        let id: RunId = "01a1ee56-5e00-7002-8b83-7f06583f86f5".parse().unwrap();
        Conversation {
            run: Some(run_thing(id)),
            ..Conversation::default()
        }
    }

    #[test]
    fn what_was_said_is_known_to_who_said_it_for_an_hour() {
        let all = Conversations::default();
        all.keep(("ada", "a"), about_a_run(), at(0));
        assert_eq!(all.find(("ada", "a"), at(3_599)), about_a_run());
        for other in [("ada", "b"), ("bob", "a")] {
            assert_eq!(all.find(other, at(1)), Conversation::default());
        }
        assert_eq!(all.find(("ada", "a"), at(3_600)), Conversation::default());
    }

    #[test]
    fn the_one_that_was_silent_longest_is_forgotten_first() {
        let all = Conversations::default();
        for name in 0..=KEPT_MAX as u64 {
            all.keep(("ada", &name.to_string()), about_a_run(), at(name));
        }
        let now = at(KEPT_MAX as u64 + 1);
        assert_eq!(all.find(("ada", "0"), now), Conversation::default());
        assert_eq!(all.find(("ada", "1"), now), about_a_run());
        assert_eq!(all.open().len(), KEPT_MAX);
    }
}
