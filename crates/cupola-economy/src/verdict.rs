//! Whether results of one task say the same, and if not, which is wrong and which way.
//!
//! Inside a numeric class the same program with the same seed gives the same bits, so results are equal
//! or one of them is wrong. Between classes the objective may differ by a tolerance τ that was measured.
//! The set of results decides, not the order in which they came.

mod calibration;

use cupola_domain::objective::Direction;

pub use calibration::{Calibration, Tolerance};

/// Beyond τ and up to so many times τ a difference between classes is called noise.
const NOISE_FACTOR: f64 = 3.0;

/// What a run found. `C` names the numeric class, `D` is a digest of all that the run computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation<C, D> {
    /// The class of the machine, as the hub's probe found it.
    pub class: C,
    /// What must be equal bit by bit inside a class.
    pub digest: D,
    /// The objective; `None` where it is not finite or missing.
    pub value: Option<f64>,
}

/// How two results of one task lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// The same bits, in the same class.
    Exact,
    /// Within the tolerance between their classes.
    Near,
    /// A little beyond it: neither right nor surely wrong.
    Noisy,
    /// One of them is wrong.
    Apart,
}

/// What a check found of one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is right.
    Valid,
    /// It is off by more than the tolerance and by too little to blame anybody.
    Noisy,
    /// It is wrong and does not look better for it, or by no more than rounding may explain: a fault of the
    /// machine, until it happens often.
    WrongWorse,
    /// It is wrong and looks better than the truth: made up.
    WrongBetter,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 4] = [
        Verdict::Valid,
        Verdict::Noisy,
        Verdict::WrongWorse,
        Verdict::WrongBetter,
    ];

    /// The word in tables and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Valid => "valid",
            Verdict::Noisy => "noisy",
            Verdict::WrongWorse => "wrong_worse",
            Verdict::WrongBetter => "wrong_better",
        }
    }
}

impl std::str::FromStr for Verdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no verdict"))
    }
}

/// What a set of results says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// One verdict for each result, in the order in which they were given.
    Settled(Vec<Verdict>),
    /// They contradict each other: the referee has to run the task.
    Open,
}

/// How two results lie to each other; the same either way round.
pub fn agreement<C: PartialEq, D: PartialEq>(
    one: &Observation<C, D>,
    other: &Observation<C, D>,
    tolerance: Tolerance,
) -> Agreement {
    if one.class == other.class {
        return if one.digest == other.digest {
            Agreement::Exact
        } else {
            Agreement::Apart
        };
    }
    match (one.value, other.value) {
        (None, None) => Agreement::Near,
        (Some(a), Some(b)) if (a - b).abs() <= tolerance.near => Agreement::Near,
        (Some(a), Some(b)) if (a - b).abs() <= tolerance.near * NOISE_FACTOR => Agreement::Noisy,
        _ => Agreement::Apart,
    }
}

/// What the set of results says. Without the `referee`'s they settle something only if all agree;
/// with it each is measured by it, so that no number of results outvotes it.
pub fn judge<C: PartialEq, D: PartialEq>(
    results: &[Observation<C, D>],
    referee: Option<&Observation<C, D>>,
    direction: Direction,
    tolerance: impl Fn(&C, &C) -> Tolerance,
) -> Judgement {
    let agree = |a: &Observation<C, D>, b: &Observation<C, D>| {
        agreement(a, b, tolerance(&a.class, &b.class))
    };
    if let Some(truth) = referee {
        let of = |claim: &Observation<C, D>| {
            verdict(
                claim,
                truth,
                direction,
                tolerance(&claim.class, &truth.class),
            )
        };
        return Judgement::Settled(results.iter().map(of).collect());
    }
    let pairs = (0..results.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let is_same = |(a, b): (usize, usize)| {
        matches!(
            agree(&results[a], &results[b]),
            Agreement::Exact | Agreement::Near
        )
    };
    if results.len() > 1 && pairs.into_iter().all(is_same) {
        return Judgement::Settled(vec![Verdict::Valid; results.len()]);
    }
    Judgement::Open
}

/// With which probability a made-up value passes a check by one number with this tolerance, if whoever
/// makes it up knows how the values of different seeds are spread.
pub fn guess_probability(tolerance: f64, seed_deviation: f64) -> f64 {
    let root_of_tau = (2.0 * std::f64::consts::PI).sqrt();
    if seed_deviation <= 0.0 {
        return 1.0;
    }
    (2.0 * tolerance / (seed_deviation * root_of_tau)).clamp(0.0, 1.0)
}

/// Whether a check by one number tells enough: a guess passes once in a hundred at most. Where it does
/// not, points of the curve or a segment that is run again have to be compared, too.
pub fn is_informative(tolerance: f64, seed_deviation: f64) -> bool {
    guess_probability(tolerance, seed_deviation) <= 0.01
}

fn verdict<C: PartialEq, D: PartialEq>(
    claim: &Observation<C, D>,
    truth: &Observation<C, D>,
    direction: Direction,
    tolerance: Tolerance,
) -> Verdict {
    let looks_better = match (claim.value, truth.value) {
        (Some(claimed), Some(true_value)) => {
            // Where a configuration drives rounding apart, an honest machine of another class is as often
            // better as worse.
            let is_rounding =
                claim.class != truth.class && (claimed - true_value).abs() <= tolerance.honest;
            direction.is_better(claimed, true_value) && !is_rounding
        }
        (Some(_), None) => true,
        (None, _) => false,
    };
    match agreement(claim, truth, tolerance) {
        Agreement::Exact | Agreement::Near => Verdict::Valid,
        Agreement::Noisy => Verdict::Noisy,
        Agreement::Apart if looks_better => Verdict::WrongBetter,
        Agreement::Apart => Verdict::WrongWorse,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Seen = Observation<char, char>;

    /// `a7=3.5`: class a, digest 7, value 3.5; `a7=` without one.
    fn seen(text: &str) -> Seen {
        let mut chars = text.chars();
        let (class, digest) = (chars.next().unwrap(), chars.next().unwrap());
        let value = text.split_once('=').unwrap().1.parse().ok();
        Observation {
            class,
            digest,
            value,
        }
    }

    const TOLERANCE: Tolerance = Tolerance {
        near: 0.01,
        honest: 0.1,
    };

    fn judged(results: &[Seen], referee: Option<&Seen>) -> Judgement {
        judge(results, referee, Direction::Minimize, |_, _| TOLERANCE)
    }

    fn check(results: &str, referee: &str, expected: &str) {
        let results: Vec<Seen> = results.split_whitespace().map(seen).collect();
        let referee = (!referee.is_empty()).then(|| seen(referee));
        let found = match judged(&results, referee.as_ref()) {
            Judgement::Open => "open".to_owned(),
            Judgement::Settled(verdicts) => {
                let words = verdicts.iter().map(|verdict| match verdict {
                    Verdict::Valid => "valid",
                    Verdict::Noisy => "noisy",
                    Verdict::WrongWorse => "worse",
                    Verdict::WrongBetter => "better",
                });
                words.collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(found, expected, "{results:?} {referee:?}");
    }

    #[test]
    fn in_a_class_every_bit_counts() {
        check("a7=3.5 a7=3.5", "", "valid valid");
        check("a7=3.5 a8=3.5", "", "open");
        check("a7=3.5", "a7=3.5", "valid");
        check("a8=3.5", "a7=3.5", "worse");
        check("a8=3.4", "a7=3.5", "better");
    }

    #[test]
    fn between_classes_the_tolerance_does() {
        check("a7=3.500 b8=3.509", "", "valid valid");
        check("a7=3.500 b8=3.511", "", "open");
        check("a7=3.509", "b8=3.500", "valid");
        check("a7=3.520", "b8=3.500", "noisy");
        check("a7=3.540", "b8=3.500", "worse");
        check("a7=3.460", "b8=3.500", "worse");
        check("a7=3.390", "b8=3.500", "better");
    }

    #[test]
    fn the_referee_is_not_outvoted() {
        check("a7=3.4 a7=3.4 c1=3.5", "b8=3.5", "better better valid");
    }

    #[test]
    fn one_result_alone_proves_nothing() {
        check("a7=3.5", "", "open");
        check("", "", "open");
    }

    #[test]
    fn what_did_not_end_in_a_number_is_compared_too() {
        check("a7= b8=", "", "valid valid");
        check("a7= b8=3.5", "", "open");
        check("a7=", "b8=3.5", "worse");
        check("a7=3.5", "b8=", "better");
    }

    #[test]
    fn a_guess_passes_as_often_as_the_tolerance_is_wide() {
        let of = |tolerance| (guess_probability(tolerance, 0.0112) * 1e4).round() / 1e4;
        assert_eq!((of(1e-3), of(1e-4), of(1e-5)), (0.0712, 0.0071, 0.0007));
        assert!(is_informative(1e-4, 0.0112) && !is_informative(1e-3, 0.0112));
        assert!(!is_informative(1e-9, 0.0));
    }

    fn any_seen() -> impl Strategy<Value = Seen> {
        let value = prop::option::of((340..360i32).prop_map(|v| f64::from(v) / 100.0));
        (0..3u8, 0..3u8, value).prop_map(|(class, digest, value)| Observation {
            class: char::from(b'a' + class),
            digest: char::from(b'0' + digest),
            value,
        })
    }

    proptest! {
        #[test]
        fn two_results_agree_either_way_round(a in any_seen(), b in any_seen()) {
            prop_assert_eq!(agreement(&a, &b, TOLERANCE), agreement(&b, &a, TOLERANCE));
        }

        #[test]
        fn the_order_in_which_results_came_changes_no_verdict(
            (results, order) in prop::collection::vec(any_seen(), 0..6).prop_flat_map(|results| {
                let places: Vec<usize> = (0..results.len()).collect();
                (Just(results), Just(places).prop_shuffle())
            }),
            referee in prop::option::of(any_seen()),
        ) {
            let shuffled: Vec<Seen> = order.iter().map(|place| results[*place]).collect();
            let straight = judged(&results, referee.as_ref());
            match (straight, judged(&shuffled, referee.as_ref())) {
                (Judgement::Settled(straight), Judgement::Settled(found)) => {
                    let expected: Vec<Verdict> = order.iter().map(|p| straight[*p]).collect();
                    prop_assert_eq!(found, expected);
                }
                (straight, found) => prop_assert_eq!(straight, found),
            }
        }
    }
}
