//! The normal distribution; Student's t and Fisher's F, from the incomplete beta function.

/// Steps of the continued fraction; it needs about the root of the larger argument.
const STEPS_MAX: u32 = 20_000;

/// The chance that a normal number is `z` or more.
pub fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// The number below which the share `p`, strictly between 0 and 1, of the normal distribution lies.
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    while high - low > 1e-14 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if normal_tail(-middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

/// The chance that `|t|` or more comes out of noise alone, with `df` degrees of freedom.
pub fn student_t_two_sided(t: f64, df: f64) -> f64 {
    let square = t * t;
    if square.is_infinite() {
        return 0.0;
    }
    let total = df + square;
    regularized_beta(df / 2.0, 0.5, df / total, square / total)
}

/// The t below which the share `p`, strictly between 0 and 1, of the distribution lies.
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    if p < 0.5 {
        return -student_t_quantile(1.0 - p, df);
    }
    let beyond = 2.0 * (1.0 - p);
    let mut high = 1.0;
    while student_t_two_sided(high, df) > beyond && high < f64::MAX / 4.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    while high - low > 1e-14 * high {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if student_t_two_sided(middle, df) > beyond {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

/// The chance that an F of `f` or more comes out of noise alone.
pub fn f_tail(f: f64, df_between: f64, df_within: f64) -> f64 {
    if f.is_infinite() {
        return 0.0;
    }
    let (between, total) = (df_between * f, df_between * f + df_within);
    regularized_beta(
        df_within / 2.0,
        df_between / 2.0,
        df_within / total,
        between / total,
    )
}

/// The regularised incomplete beta function at `x`; `y` is `1 - x`, given apart because it may be
/// too small to tell `x` from one.
fn regularized_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let scale = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let front = libm::exp(scale + a * libm::log(x) + b * libm::log(y));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, y) / b
    }
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut below = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let (mut above, mut value) = (1.0, below);
    for step in 1..STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            below = 1.0 / away_from_zero(1.0 + term * below);
            above = away_from_zero(1.0 + term / above);
            change = above * below;
            value *= change;
        }
        // Below that it may swing about one for all of its steps.
        if (change - 1.0).abs() < 3e-16 {
            break;
        }
    }
    value
}

fn away_from_zero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with scipy 1.17.1: `norm.ppf` and `norm.sf`.
    #[test]
    fn the_normal_distribution_at_known_places() {
        for (p, expected) in [
            (0.5, 0.0),
            (0.8, 0.841_621_233_572_914),
            (0.975, 1.959_963_984_540_054),
            (0.999_999, 4.753_424_308_822_899),
        ] {
            let found = normal_quantile(p);
            assert!((found - expected).abs() < 1e-9, "{p}: {found}");
        }
        check_share(normal_tail(1.0), 0.158_655_253_931_457);
        check_share(normal_tail(6.0), 9.865_876_450_376_98e-10);
    }

    fn check_quantile(p: f64, df: f64, expected: f64) {
        let t = student_t_quantile(p, df);
        assert!(
            (t - expected).abs() < 1e-8 * expected,
            "{p} {df}: {t} {expected}"
        );
    }

    /// The table of every textbook, with more digits.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        check_row(
            1.0,
            [
                3.077_683_537_18,
                12.706_204_736_2,
                63.656_741_162_9,
                636.619_248_769,
            ],
        );
        check_row(
            2.0,
            [
                1.885_618_083_16,
                4.302_652_729_75,
                9.924_843_200_92,
                31.599_054_576_4,
            ],
        );
        check_row(
            3.0,
            [
                1.637_744_353_7,
                3.182_446_305_28,
                5.840_909_309_73,
                12.923_978_636_7,
            ],
        );
        check_row(
            4.0,
            [
                1.533_206_274_06,
                2.776_445_105_2,
                4.604_094_871_35,
                8.610_301_581_38,
            ],
        );
        check_row(
            5.0,
            [
                1.475_884_048_82,
                2.570_581_835_64,
                4.032_142_983_56,
                6.868_826_625_88,
            ],
        );
        check_row(
            8.0,
            [
                1.396_815_309_74,
                2.306_004_135_2,
                3.355_387_331_33,
                5.041_305_433_37,
            ],
        );
        check_row(
            10.0,
            [
                1.372_183_641_11,
                2.228_138_851_99,
                3.169_272_672_62,
                4.586_893_858_7,
            ],
        );
        check_row(
            18.5,
            [
                1.329_022_282_2,
                2.096_859_341_46,
                2.869_427_413_62,
                3.901_931_550_23,
            ],
        );
        check_row(
            30.0,
            [
                1.310_415_025_39,
                2.042_272_456_3,
                2.749_995_653_57,
                3.645_958_635_04,
            ],
        );
        check_row(
            120.0,
            [
                1.288_646_233_66,
                1.979_930_405_08,
                2.617_421_145_11,
                3.373_453_768_56,
            ],
        );
        check_row(
            1_000.0,
            [
                1.282_398_721_46,
                1.962_339_080_83,
                2.580_754_698_07,
                3.300_282_648_42,
            ],
        );
    }

    fn check_row(df: f64, expected: [f64; 4]) {
        for (p, expected) in [0.9, 0.975, 0.995, 0.999_5].into_iter().zip(expected) {
            check_quantile(p, df, expected);
        }
    }

    #[test]
    fn the_lower_half_mirrors_the_upper() {
        assert!((student_t_quantile(0.025, 5.0) + student_t_quantile(0.975, 5.0)).abs() < 1e-12);
        assert!(student_t_quantile(0.5, 5.0).abs() < 1e-12);
    }

    fn check_share(share: f64, expected: f64) {
        assert!(
            (share - expected).abs() < 1e-9 * expected,
            "{share} {expected}"
        );
    }

    #[test]
    fn tails_are_exact_far_out_too() {
        check_share(student_t_two_sided(0.5, 3.0), 0.651_447_964_848_15);
        check_share(student_t_two_sided(2.0, 10.0), 0.073_388_034_770_74);
        check_share(student_t_two_sided(5.0, 4.7), 0.004_866_354_721_858_2);
        check_share(student_t_two_sided(12.0, 30.0), 5.580_185_415_199_3e-13);
        check_share(student_t_two_sided(40.0, 100.0), 2.462_107_602_140_1e-63);
        check_share(student_t_two_sided(1.0, 100_000.0), 0.317_312_927_564_11);
        check_share(f_tail(1.0, 1.0, 10.0), 0.340_893_132_302_06);
        check_share(f_tail(3.5, 2.0, 27.0), 0.044_508_753_946_4);
        check_share(f_tail(19.0, 3.0, 56.0), 1.268_908_685_600_4e-8);
        check_share(f_tail(0.2, 7.0, 40.0), 0.983_652_511_282_07);
    }

    #[test]
    fn a_t_of_nothing_is_certain_and_an_infinite_one_impossible() {
        check_share(student_t_two_sided(0.0, 7.0), 1.0);
        assert!(student_t_two_sided(f64::INFINITY, 7.0) <= 0.0);
        assert!(f_tail(f64::INFINITY, 2.0, 7.0) <= 0.0);
    }
}
