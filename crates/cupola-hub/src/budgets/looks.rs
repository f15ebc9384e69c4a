//! Looks that many ask for at once: one that began after it was asked for serves everybody.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Who has looked, and who waits to.
#[derive(Debug, Default)]
pub(super) struct Looks {
    begun: AtomicU64,
    /// The number of the last one that came to its end; held by whoever looks.
    last: Mutex<u64>,
}

/// When a look was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked(u64);

impl Looks {
    /// A look is asked for: it has to see all that is so by now.
    pub(super) fn ask(&self) -> Asked {
        Asked(self.begun.load(Ordering::SeqCst))
    }

    /// Looks, one at a time; none where somebody has looked who began after this was asked for.
    pub(super) fn once<T, E>(
        &self,
        asked: Asked,
        look: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last > asked.0 {
            return Ok(None);
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let seen = look()?;
        *last = number;
        Ok(Some(seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Result<(), ()> = Ok(());

    #[test]
    fn one_look_serves_all_who_asked_before_it_began() {
        let looks = Looks::default();
        let asked = [looks.ask(), looks.ask(), looks.ask()];
        let served = asked.map(|asked| looks.once(asked, || SEEN).unwrap().is_some());
        assert_eq!(served, [true, false, false]);
        assert_eq!(looks.once(looks.ask(), || SEEN), Ok(Some(())));
    }

    #[test]
    fn a_look_that_had_begun_already_does_not_serve() {
        let looks = Looks::default();
        let mut asked = None;
        let first = looks.once(looks.ask(), || {
            asked = Some(looks.ask());
            SEEN
        });
        assert_eq!(first, Ok(Some(())));
        assert_eq!(looks.once(asked.unwrap(), || SEEN), Ok(Some(())));
    }

    #[test]
    fn a_look_that_failed_does_not_serve() {
        let looks = Looks::default();
        let asked = [looks.ask(), looks.ask()];
        assert_eq!(looks.once(asked[0], || Err::<(), _>(())), Err(()));
        assert_eq!(looks.once(asked[1], || SEEN), Ok(Some(())));
    }
}
