//! Counters of the kernel, and rates from two looks at them.

use std::time::Duration;

use cupola_domain::time::Instant;

/// In `/proc/diskstats` a sector is this long, whatever the disk's own is.
const SECTOR_BYTES: u64 = 512;

/// A counter as it was at the last look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rate(Option<(Instant, u64)>);

impl Rate {
    /// By how much it grew in a second since the last look. `None` at the first one, and where the
    /// counter began anew or no time went by.
    pub(super) fn of(&mut self, now: Instant, count: u64) -> Option<f64> {
        let (before, counted) = self.0.replace((now, count))?;
        let (span, grown) = (now.since(before), count.checked_sub(counted)?);
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no exact count")]
        let grown = grown as f64;
        (span > Duration::ZERO).then(|| grown / span.as_secs_f64())
    }
}

/// Bytes that were read from and written to whole disks, by `/proc/diskstats`: their partitions, and
/// what only maps to other disks, would count twice.
pub(super) fn disks(text: &str, is_disk: impl Fn(&str) -> bool) -> Option<(u64, u64)> {
    let disk = |line: &str| {
        let mut words = line.split_ascii_whitespace().skip(2);
        let name = words.next()?;
        let mut count = |skipped: usize| words.nth(skipped)?.parse::<u64>().ok();
        let (read, written) = (count(2)?, count(3)?);
        is_disk(name).then_some((read * SECTOR_BYTES, written * SECTOR_BYTES))
    };
    sum(text.lines().filter_map(disk))
}

/// Bytes that were received and sent, by `/proc/net/dev`, without those that never left.
pub(super) fn network(text: &str) -> Option<(u64, u64)> {
    let interface = |line: &str| {
        let (name, counts) = line.split_once(':')?;
        let counts: Vec<u64> = counts
            .split_ascii_whitespace()
            .map_while(|word| word.parse().ok())
            .collect();
        let counted = (*counts.first()?, *counts.get(8)?);
        (name.trim() != "lo").then_some(counted)
    };
    sum(text.lines().filter_map(interface))
}

/// `None` of nothing.
fn sum(pairs: impl Iterator<Item = (u64, u64)>) -> Option<(u64, u64)> {
    pairs.reduce(|a, b| (a.0.saturating_add(b.0), a.1.saturating_add(b.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_origin(Duration::from_millis(millis))
    }

    #[test]
    fn a_rate_is_what_a_counter_grew_by_since_the_last_look() {
        let mut rate = Rate::default();
        let mut check = |millis: u64, count: u64, expected: Option<f64>| {
            assert_eq!(rate.of(at(millis), count), expected, "{millis} ms");
        };
        check(0, 100, None);
        check(5_000, 1_100, Some(200.0));
        check(5_500, 1_100, Some(0.0));
        // The counter began anew, then two looks at once.
        check(6_000, 7, None);
        check(6_000, 9, None);
        check(7_000, 10, Some(1.0));
    }

    #[test]
    fn whole_disks_are_added_up() {
        let text = "\
 259       0 nvme0n1 100 0 2000 50 10 0 400 5 0 10 55
 259       1 nvme0n1p1 100 0 2000 50 10 0 400 5 0 10 55
   8       0 sda 1 0 8 1 1 0 16 1 0 1 1 0 0 0 0 0 0
   7       0 loop0 9 0 9 9 9 9 9 9 9 9 9
short line
";
        let is_disk = |name: &str| ["nvme0n1", "sda"].contains(&name);
        assert_eq!(disks(text, is_disk), Some((2_008 * 512, 416 * 512)));
        assert_eq!(disks(text, |_| false), None);
    }

    #[test]
    fn the_loopback_is_no_network() {
        let text = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: 500 5 0 0 0 0 0 0 500 5 0 0 0 0 0 0
  eth0: 1000 5 0 0 0 0 0 0 30 5 0 0 0 0 0 0
  eth1:234 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0
";
        assert_eq!(network(text), Some((1_234, 34)));
        assert_eq!(network("lo: 1 0 0 0 0 0 0 0 1"), None);
        assert_eq!(network(""), None);
    }
}
