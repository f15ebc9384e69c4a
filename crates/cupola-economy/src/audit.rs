//! Which results are checked and by whom. Both follow from the hub's key and the result's name, which
//! nobody knows before the result is committed.

use crate::{policy::Policy, prf::Key};

/// Who runs a task for the second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auditor {
    /// The hub's own machine.
    Referee,
    /// The worker at this place of the list.
    Peer(usize),
}

/// What a choice is about, so that no two choices follow from each other.
const DRAW: u64 = 1;
const SHARE: u64 = 2;
const PEER: u64 = 3;
const SPOT: u64 = 4;

/// So many workers are asked for before the referee does it.
const TRIES: u64 = 16;

/// Whether the committed result with this name is checked.
pub fn is_drawn(key: &Key, result: [u64; 2], probability: f64) -> bool {
    probability >= 1.0 || key.unit(&[DRAW, result[0], result[1]]) < probability
}

/// Who checks it. `round` counts the auditors that were chosen for it and did not come back; of the
/// `count` trusted workers only those are chosen that `is_eligible`: of another owner, alive, not banned.
pub fn choose(
    key: &Key,
    result: [u64; 2],
    round: u64,
    policy: &Policy,
    count: usize,
    mut is_eligible: impl FnMut(usize) -> bool,
) -> Auditor {
    let [high, low] = result;
    if key.unit(&[SHARE, high, low, round]) < policy.referee_share {
        return Auditor::Referee;
    }
    let places = (0..TRIES).filter_map(|a_try| key.place(&[PEER, high, low, round, a_try], count));
    let mut chosen = places.filter(|place| is_eligible(*place));
    chosen.next().map_or(Auditor::Referee, Auditor::Peer)
}

/// Whether the lease with this name, of a newcomer, is on a task whose answer is known.
pub fn is_spot(key: &Key, lease: [u64; 2], policy: &Policy) -> bool {
    key.unit(&[SPOT, lease[0], lease[1]]) < policy.spot_share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Profile;

    const KEY: Key = Key::from_seed(11);

    fn chosen(policy: &Policy, is_eligible: impl Fn(usize) -> bool) -> (u32, Vec<u32>) {
        let (mut referee, mut peers) = (0, vec![0; 10]);
        for result in 0..10_000 {
            match choose(&KEY, [0, result], 0, policy, 10, &is_eligible) {
                Auditor::Referee => referee += 1,
                Auditor::Peer(place) => peers[place] += 1,
            }
        }
        (referee, peers)
    }

    #[test]
    fn the_referee_has_its_share_and_peers_have_even_ones() {
        let (referee, peers) = chosen(&Profile::Friends.policy(), |_| true);
        assert!(referee.abs_diff(2_500) < 220, "{referee}");
        assert!(peers.iter().all(|n| n.abs_diff(750) < 140), "{peers:?}");
    }

    #[test]
    fn nobody_is_chosen_who_may_not_be() {
        let (_, peers) = chosen(&Profile::Friends.policy(), |place| place % 2 == 0);
        assert!(peers.iter().skip(1).step_by(2).all(|n| *n == 0));
        let (referee, _) = chosen(&Profile::Friends.policy(), |_| false);
        assert_eq!(referee, 10_000);
    }

    #[test]
    fn without_trusted_workers_the_referee_does_it() {
        let policy = Profile::Lab.policy();
        let found = choose(&KEY, [1, 2], 0, &policy, 0, |_| true);
        assert_eq!(found, Auditor::Referee);
    }

    #[test]
    fn another_key_chooses_otherwise_and_the_same_one_again() {
        let policy = Profile::Friends.policy();
        let all = |key: &Key| -> Vec<Auditor> {
            let of = |result| choose(key, [9, result], 0, &policy, 10, |_| true);
            (0..50).map(of).collect()
        };
        assert_eq!(all(&KEY), all(&KEY));
        assert_ne!(all(&KEY), all(&Key::from_seed(12)));
    }

    #[test]
    fn as_many_are_drawn_as_the_probability_says() {
        let drawn = |p| (0..20_000).filter(|n| is_drawn(&KEY, [*n, 5], p)).count();
        assert_eq!(drawn(1.0), 20_000);
        assert_eq!(drawn(0.0), 0);
        assert!(drawn(0.05).abs_diff(1_000) < 160, "{}", drawn(0.05));
    }
}
