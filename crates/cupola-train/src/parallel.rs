//! Work shared among threads.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does `work` on every item; each thread takes the next item when it is free.
///
/// There is one thread per state, the caller's among them. Who takes which item is left
/// to chance, so an item's outcome must not depend on the state it meets.
pub(crate) fn for_each<S: Send, T: Send>(
    states: &mut [S],
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(&mut S, T) + Sync,
) {
    let Some((own, others)) = states.split_first_mut() else {
        return;
    };
    let items = Mutex::new(items);
    let drain = |state: &mut S| {
        while let Some(item) = take(&items) {
            work(state, item);
        }
    };
    thread::scope(|scope| {
        for state in others {
            scope.spawn(|| drain(state));
        }
        drain(own);
    });
}

fn take<T>(items: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    items.lock().unwrap_or_else(PoisonError::into_inner).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(threads: usize, items: u64) {
        let mut sums = vec![0; threads];
        for_each(&mut sums, 1..=items, |sum, item| *sum += item);
        assert_eq!(sums.iter().sum::<u64>(), items * (items + 1) / 2);
    }

    #[test]
    fn every_item_is_done_once() {
        check(1, 100);
        check(3, 100);
        check(8, 3);
        check(2, 0);
    }
}
