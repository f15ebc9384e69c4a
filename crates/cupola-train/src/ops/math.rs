//! Scalar pieces that the vector loops are made of.
#![expect(
    clippy::inline_always,
    reason = "kernels are compiled per instruction set, so everything in them has to be inlined"
)]

/// Values that are summed side by side, so that a sum becomes vector additions.
/// Sums are always taken in this order, whatever the processor.
pub(crate) const LANES: usize = 16;

/// `a · b + c`, fused where that is one instruction.
#[inline(always)]
pub(crate) fn mul_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// `e^x` to about one unit in the last place for `x` in [-87, 88]; clamped beyond.
///
/// Splits `x = n·ln 2 + r` with `|r| ≤ ln 2 / 2`, takes a polynomial of `r`, and puts `n`
/// into the exponent. Adding 1.5·2^23 rounds to a whole number and leaves `n` in the low
/// bits, which costs nothing that does not vectorise.
#[inline(always)]
pub(crate) fn exp<const FMA: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = mul_add::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = mul_add::<FMA>(whole, -LN_2_HIGH, x);
    let rest = mul_add::<FMA>(whole, -LN_2_LOW, rest);
    let mut sum = 1.0 / 720.0;
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = mul_add::<FMA>(sum, rest, coefficient);
    }
    sum * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// The sum of `f` over several slices of one length, in the fixed order of [`LANES`].
#[inline(always)]
pub(crate) fn sum_by<const N: usize>(slices: [&[f32]; N], f: impl Fn([f32; N]) -> f32) -> f32 {
    let parts = slices.map(<[f32]>::as_chunks::<LANES>);
    let mut lanes = [0.0_f32; LANES];
    for chunk in 0..parts[0].0.len() {
        let chunks = parts.map(|(whole, _)| &whole[chunk]);
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(chunks.map(|chunk| chunk[lane]));
        }
    }
    let mut tail = 0.0;
    for i in 0..parts[0].1.len() {
        tail += f(parts.map(|(_, rest)| rest[i]));
    }
    fold_lanes(lanes) + tail
}

/// Replaces each value by `f` of it; answers the sum of the new values, in the same order.
#[inline(always)]
pub(crate) fn replace_and_sum(values: &mut [f32], f: impl Fn(f32) -> f32) -> f32 {
    let (whole, rest) = values.as_chunks_mut::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in whole {
        for (sum, value) in lanes.iter_mut().zip(chunk) {
            *value = f(*value);
            *sum += *value;
        }
    }
    let mut tail = 0.0;
    for value in rest {
        *value = f(*value);
        tail += *value;
    }
    fold_lanes(lanes) + tail
}

/// The largest of `values`, or minus infinity. A `NaN` is passed over.
#[inline(always)]
pub(crate) fn max(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, tail) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let best = lanes.into_iter().fold(f32::NEG_INFINITY, f32::max);
    tail.iter().copied().fold(best, f32::max)
}

/// A count as a single-precision number.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^24")]
pub(crate) fn float(count: usize) -> f32 {
    count as f32
}

/// A count as a double-precision number.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub(crate) fn double(count: usize) -> f64 {
    count as f64
}

#[inline(always)]
fn fold_lanes(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_exp(x: f32) {
        let want = f64::from(x).exp();
        for have in [exp::<false>(x), exp::<true>(x)] {
            let error = (f64::from(have) - want).abs() / want;
            assert!(error < 4e-7, "exp({x}) = {have}, want {want}");
        }
    }

    #[test]
    fn the_exponential_agrees_with_the_library() {
        (-8600..8700)
            .for_each(|i| check_exp(float(usize::try_from(i + 8600).unwrap()) / 100.0 - 86.0));
    }

    #[test]
    fn the_exponential_keeps_nan_and_does_not_overflow() {
        assert!(exp::<true>(f32::NAN).is_nan());
        assert!(exp::<true>(1e30).is_finite());
        assert!(exp::<true>(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn sums_and_maxima_take_in_the_tail() {
        let values: Vec<f32> = (0..37).map(float).collect();
        assert_eq!(sum_by([&values], |[v]| v).to_bits(), 666.0_f32.to_bits());
        let doubled = replace_and_sum(&mut values.clone(), |v| 2.0 * v);
        assert_eq!(doubled.to_bits(), 1332.0_f32.to_bits());
        assert_eq!(max(&values).to_bits(), 36.0_f32.to_bits());
    }
}
