//! The only unsafe code of the crate: matrix products and the choice of instruction set.
//!
//! Both sit behind checked types. A [`Mat`] cannot name memory outside its slice, and a
//! [`Kernel`] is ordinary safe code that is compiled three times and run in the widest
//! form that the processor was seen to support.
#![expect(
    unsafe_code,
    reason = "`gemm` takes raw pointers, and code compiled for a newer processor may only be called after a check"
)]

use std::sync::OnceLock;

/// A matrix laid over a slice, row by row, read only.
#[derive(Clone, Copy)]
pub(crate) struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

/// A matrix laid over a slice, row by row, to be written.
pub(crate) struct MatMut<'a> {
    data: &'a mut [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
}

/// What becomes of the values that the destination of a product already holds.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Write {
    Replace,
    Add,
}

/// A loop that is worth compiling for wider vectors.
pub(crate) trait Kernel {
    /// Does the work. Must be `#[inline(always)]`, or the wider instructions do not reach it.
    /// `FMA` says whether a fused multiply-add is one instruction here.
    fn run<const FMA: bool>(self);
}

impl<'a> Mat<'a> {
    /// `rows` rows of `cols` values without gaps.
    pub(crate) fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// `rows` rows of `cols` values whose first values are `row_stride` apart.
    pub(crate) fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        check_bounds(data.len(), rows, cols, row_stride);
        Self {
            data,
            rows,
            cols,
            row_stride,
            col_stride: 1,
        }
    }

    /// The same values with rows and columns exchanged. Nothing is copied.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }
}

impl<'a> MatMut<'a> {
    /// `rows` rows of `cols` values without gaps.
    pub(crate) fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// `rows` rows of `cols` values whose first values are `row_stride` apart.
    pub(crate) fn strided(
        data: &'a mut [f32],
        rows: usize,
        cols: usize,
        row_stride: usize,
    ) -> Self {
        check_bounds(data.len(), rows, cols, row_stride);
        Self {
            data,
            rows,
            cols,
            row_stride,
        }
    }
}

/// `dst = scale · lhs · rhs`, or that added to `dst`, on the calling thread alone.
pub(crate) fn matmul(dst: MatMut<'_>, into: Write, scale: f32, lhs: Mat<'_>, rhs: Mat<'_>) {
    assert_eq!(lhs.cols, rhs.rows, "inner sizes of a product differ");
    assert_eq!((dst.rows, dst.cols), (lhs.rows, rhs.cols), "product shape");
    // SAFETY: every element that the strides reach lies inside the slices, which the
    // constructors checked; `dst` is borrowed mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            dst.rows,
            dst.cols,
            lhs.cols,
            dst.data.as_mut_ptr(),
            1,
            dst.row_stride.cast_signed(),
            into == Write::Add,
            lhs.data.as_ptr(),
            lhs.col_stride.cast_signed(),
            lhs.row_stride.cast_signed(),
            rhs.data.as_ptr(),
            rhs.col_stride.cast_signed(),
            rhs.row_stride.cast_signed(),
            1.0,
            scale,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Runs `kernel` with the widest vectors that this processor has.
pub(crate) fn run(kernel: impl Kernel) {
    match *LEVEL.get_or_init(detect) {
        Level::Baseline => kernel.run::<false>(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` saw these features on this processor.
        Level::Avx2 => unsafe { run_avx2(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `detect` saw these features on this processor.
        Level::Avx512 => unsafe { run_avx512(kernel) },
        #[cfg(target_arch = "aarch64")]
        Level::Neon => kernel.run::<true>(),
    }
}

#[derive(Clone, Copy)]
enum Level {
    #[cfg_attr(
        target_arch = "aarch64",
        expect(dead_code, reason = "every 64-bit Arm has NEON")
    )]
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

static LEVEL: OnceLock<Level> = OnceLock::new();

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        (false, _) => Level::Baseline,
    }
}

#[cfg(target_arch = "aarch64")]
fn detect() -> Level {
    Level::Neon
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn detect() -> Level {
    Level::Baseline
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(kernel: impl Kernel) {
    kernel.run::<true>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn run_avx512(kernel: impl Kernel) {
    kernel.run::<true>();
}

fn check_bounds(len: usize, rows: usize, cols: usize, row_stride: usize) {
    assert!(cols <= row_stride, "rows of {cols} overlap");
    if let Some(last) = rows.checked_sub(1) {
        let end = last * row_stride + cols;
        assert!(end <= len, "{rows} rows need {end} values, there are {len}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The textbook product, in double precision.
    fn product(lhs: &[f32], rhs: &[f32], rows: usize, inner: usize, cols: usize) -> Vec<f64> {
        let mut out = vec![0.0; rows * cols];
        for i in 0..rows {
            for j in 0..cols {
                out[i * cols + j] = (0..inner)
                    .map(|k| f64::from(lhs[i * inner + k]) * f64::from(rhs[k * cols + j]))
                    .sum();
            }
        }
        out
    }

    fn check(rows: usize, inner: usize, cols: usize) {
        let mut rng = crate::rng::Rng::new(7);
        let lhs: Vec<f32> = (0..rows * inner).map(|_| rng.normal()).collect();
        let rhs: Vec<f32> = (0..inner * cols).map(|_| rng.normal()).collect();
        let wanted = product(&lhs, &rhs, rows, inner, cols);
        let mut flipped = vec![0.0; inner * cols];
        for k in 0..inner {
            for j in 0..cols {
                flipped[j * inner + k] = rhs[k * cols + j];
            }
        }
        let mut out = vec![1.0; rows * cols];
        let (left, right) = (
            Mat::new(&lhs, rows, inner),
            Mat::new(&flipped, cols, inner).transposed(),
        );
        matmul(
            MatMut::new(&mut out, rows, cols),
            Write::Add,
            2.0,
            left,
            right,
        );
        for (have, want) in out.iter().zip(&wanted) {
            assert!((f64::from(*have) - (1.0 + 2.0 * want)).abs() < 1e-3);
        }
    }

    #[test]
    fn a_product_equals_the_textbook() {
        check(1, 1, 1);
        check(3, 5, 2);
        check(64, 16, 128);
        check(33, 70, 41);
    }

    #[test]
    #[should_panic(expected = "values, there are")]
    fn a_matrix_beyond_its_slice_is_refused() {
        let _ = Mat::strided(&[0.0; 10], 3, 2, 5);
    }

    #[test]
    #[should_panic(expected = "inner sizes")]
    fn sizes_that_do_not_meet_are_refused() {
        let (lhs, rhs) = ([0.0; 6], [0.0; 6]);
        let mut out = [0.0; 9];
        matmul(
            MatMut::new(&mut out, 3, 3),
            Write::Add,
            1.0,
            Mat::new(&lhs, 3, 2),
            Mat::new(&rhs, 1, 3),
        );
    }
}
