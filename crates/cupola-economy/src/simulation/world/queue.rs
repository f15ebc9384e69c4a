//! What happens next: events in the order of their time, and of their making at the same time.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Events stand apart from their order, so that sorting moves little.
pub(super) struct Queue<E> {
    order: BinaryHeap<Reverse<(u64, u64)>>,
    slots: Vec<E>,
    free: Vec<u32>,
    count: u64,
}

/// So many bits of an event's number say where it is; the others grow with each event.
const SLOT_BITS: u32 = 24;

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            order: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
        }
    }
}

impl<E: Copy> Queue<E> {
    pub(super) fn push(&mut self, at: u64, event: E) {
        let slot = if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = event;
            slot
        } else {
            self.slots.push(event);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        };
        self.count += 1;
        let number = (self.count << SLOT_BITS) | u64::from(slot);
        self.order.push(Reverse((at, number)));
    }

    /// The next event, and when it happens.
    pub(super) fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse((at, number)) = self.order.pop()?;
        let slot = u32::try_from(number & ((1 << SLOT_BITS) - 1)).unwrap_or(0);
        self.free.push(slot);
        Some((at, self.slots[slot as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_happen_in_the_order_of_their_time_and_then_of_their_making() {
        let mut queue = Queue::default();
        for (at, event) in [(5, 'c'), (1, 'a'), (5, 'd'), (3, 'b')] {
            queue.push(at, event);
        }
        let mut seen = Vec::new();
        while let Some((at, event)) = queue.pop() {
            seen.push(event);
            if at == 3 {
                queue.push(5, 'e');
            }
        }
        assert_eq!(seen, ['a', 'b', 'c', 'd', 'e']);
    }
}
