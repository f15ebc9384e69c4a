//! The scheme as a whole: nothing breaks, whatever happens; each planted bug is found; what cheating and
//! checking come to.

use super::{planted::Planted, *};

/// So many that some workers come to be trusted and some results are not checked.
const TASKS: u32 = 480;

/// Half the fleet cheats in some way, and much goes wrong.
fn hostile(seed: u64) -> Setup {
    let shares = [
        (Kind::Slow, 80),
        (Kind::Flaky, 80),
        (Kind::Blatant, 80),
        (Kind::Stealth, 80),
        (Kind::Sleeper, 80),
        (Kind::Colluding, 80),
        (Kind::ColludingStealth, 80),
        (Kind::ColludingSleeper, 80),
        (Kind::Pessimist, 80),
    ];
    Setup {
        mix: Mix::new(shares.to_vec()).unwrap(),
        faults: Faults::HEAVY,
        ..Setup::new(seed, 16, TASKS)
    }
}

fn play(setup: &Setup) -> Summary {
    simulate(setup, |_| {})
}

fn sound(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let summary = play(&hostile(seed));
        assert_eq!(summary.broken, [""; 0], "seed {seed}");
        assert_eq!(
            summary.accepted + summary.failed,
            u64::from(TASKS),
            "seed {seed}"
        );
    }
}

#[test]
fn nothing_breaks_in_small_hostile_fleets() {
    sound(0..200);
}

#[test]
#[ignore = "10,000 seeds take minutes; run with `--ignored` in a release build"]
fn nothing_breaks_in_ten_thousand_small_hostile_fleets() {
    sound(1_000..11_000);
}

#[test]
fn no_profile_breaks() {
    for profile in crate::policy::Profile::ALL {
        for seed in 0..20 {
            let setup = Setup {
                profile,
                ..hostile(seed)
            };
            assert_eq!(play(&setup).broken, [""; 0], "{profile} {seed}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_summary() {
    assert_eq!(play(&hostile(5)), play(&hostile(5)));
    assert_ne!(play(&hostile(5)).counts, play(&hostile(6)).counts);
}

#[test]
fn all_that_should_happen_does() {
    let mut unseen: Vec<&str> = Vec::new();
    let all: Vec<_> = (0..10)
        .map(|seed| play(&hostile(seed)).counts.named())
        .collect();
    for (at, (name, _)) in all[0].iter().enumerate() {
        if all.iter().all(|counts| counts[at].1 == 0) {
            unseen.push(name);
        }
    }
    assert_eq!(unseen, [""; 0]);
}

/// How many seeds it takes until the bug is found, and what is said of it.
fn found(planted: Planted) -> Option<(u64, String)> {
    (0..20).find_map(|seed| {
        let setup = Setup {
            planted: Some(planted),
            ..hostile(seed)
        };
        let broken = play(&setup).broken;
        Some((seed, broken.into_iter().next()?))
    })
}

/// Every bug, with words of what is said when it is found.
const PLANTED: [(Planted, &str); 16] = [
    (Planted::NoFence, "was taken for that of"),
    (Planted::RewardTwice, "paid twice"),
    (Planted::AuditBySameOwner, "same owner"),
    (Planted::ReleaseWithoutWaiting, "released after"),
    (Planted::VoidForgotten, "its credits are"),
    (Planted::FloatRounding, "reserved at a price of"),
    (Planted::BestUnverified, "unverified result was called best"),
    (Planted::BanKeepsLeases, "is banned and has"),
    (Planted::TrustNotReset, "right after one that failed"),
    (Planted::EpochReused, "epoch"),
    (Planted::BanKeepsEscrow, "earnings in escrow"),
    (Planted::AuditorBeforeCommit, "before the result was there"),
    (Planted::CapacityIgnored, "leases and"),
    (Planted::PaidAfterBan, "who is banned"),
    (
        Planted::AcceptedTwice,
        "a task that is completed cannot take",
    ),
    (Planted::NewcomersVouch, "not trusted itself"),
];

#[test]
fn each_planted_bug_is_found() {
    for (planted, words) in PLANTED {
        let Some((seed, said)) = found(planted) else {
            panic!("{planted:?} was not found");
        };
        assert!(said.contains(words), "{planted:?}, seed {seed}: {said}");
        println!("{planted:?}: seed {seed}: {said}");
    }
}

/// A fleet of which a part cheats, as the published comparison has it.
fn fleet(shares: &[(Kind, u32)], tasks_per_worker: u32) -> Summary {
    let setup = Setup {
        mix: Mix::new(shares.to_vec()).unwrap(),
        faults: Faults::NONE,
        ..Setup::new(1, 100, 100 * tasks_per_worker)
    };
    let summary = play(&setup);
    assert_eq!(summary.broken, [""; 0]);
    summary
}

#[test]
fn checking_an_honest_fleet_costs_a_fifth_at_most() {
    let summary = fleet(&[], 600);
    assert!(summary.overhead < 0.2, "{}", summary.overhead);
    assert_eq!(summary.fake_credit_share.to_bits(), 0);
}

/// The largest share of credits that fakes may get.
fn check_fakes(shares: &[(Kind, u32)], most: f64) {
    let summary = fleet(shares, 300);
    let found = summary.fake_credit_share;
    assert!(found <= most, "{shares:?}: {found}");
}

#[test]
fn cheating_hardly_pays() {
    check_fakes(&[(Kind::Blatant, 100)], 0.0);
    check_fakes(&[(Kind::Stealth, 100)], 0.000_5);
    check_fakes(&[(Kind::Sleeper, 100)], 0.000_5);
    check_fakes(&[(Kind::LateSleeper, 100)], 0.000_5);
    check_fakes(&[(Kind::Colluding, 200)], 0.0);
    check_fakes(&[(Kind::ColludingSleeper, 200)], 0.000_5);
    check_fakes(&[(Kind::ColludingStealth, 200)], 0.000_5);
    check_fakes(&[(Kind::Pessimist, 100)], 0.001);
}

#[test]
fn a_mix_has_everybody_and_no_more() {
    let kinds = Mix::default().kinds(100);
    assert_eq!(kinds.len(), 100);
    assert!(Kind::ALL.iter().all(|kind| kinds.contains(kind)));
    assert_eq!(Mix::default().kinds(3).len(), 3);
    let refused = Mix::new(vec![(Kind::Slow, 600), (Kind::Stealth, 500)]).unwrap_err();
    assert_eq!(
        refused,
        "the shares are 110 % together; choose at most 100 %"
    );
}

fn check_mix(text: &str, expected: &str) {
    let found = text.parse::<Mix>().map_or_else(
        |refused| refused,
        |mix| {
            let shares = mix
                .shares()
                .iter()
                .map(|(kind, share)| format!("{kind} {share}"));
            shares.collect::<Vec<_>>().join(", ")
        },
    );
    assert!(found.starts_with(expected), "{text}: {found}");
}

#[test]
fn a_mix_is_read_in_percent() {
    check_mix("honest", "");
    check_mix("blatant=10, stealth=2.5", "blatant 100, stealth 25");
    check_mix("blatant", "`blatant` is no share");
    check_mix("blatant=ten", "`blatant=ten` is no share");
    check_mix("blatant=1.25", "`blatant=1.25` is no share");
    check_mix("liar=10", "`liar` is no kind of worker");
    check_mix("slow=60,flaky=41", "the shares are 101 % together");
}
