//! Causal self-attention with several heads.
//!
//! Queries, keys and values of a position lie side by side in one row of `qkv`
//! (`3 · width` values, each third split by head). Rows are taken in bands, so that the
//! products leave out most of the future, which the mask would discard anyway.

use super::math::float;
use super::softmax::{self, Band};
use crate::machine::{Mat, MatMut, Write, matmul};

/// Rows of scores per product. Narrower bands skip more of the future but multiply
/// smaller matrices.
const BAND_ROWS: usize = 64;

/// The sizes of one attention layer applied to a block of sequences.
#[derive(Clone, Copy)]
pub(crate) struct Attention {
    pub(crate) sequences: usize,
    /// Positions of one sequence.
    pub(crate) length: usize,
    pub(crate) heads: usize,
    pub(crate) width: usize,
}

impl Attention {
    /// Values that [`forward`](Self::forward) keeps as `probabilities`.
    pub(crate) fn probabilities_len(self) -> usize {
        self.sequences * self.heads * self.table_len()
    }

    /// Values of one head's table of scores.
    pub(crate) fn table_len(self) -> usize {
        self.length * self.length
    }

    /// `out` = the values, mixed by the softmax of queries times keys.
    pub(crate) fn forward(self, out: &mut [f32], probabilities: &mut [f32], qkv: &[f32]) {
        let tables = probabilities.chunks_exact_mut(self.table_len());
        for (head, table) in self.all_heads().zip(tables) {
            for band in self.bands() {
                self.forward_band(head, band, out, table, qkv);
            }
        }
    }

    /// The gradient of `qkv` from that of the output; `d_table` is scratch of
    /// [`table_len`](Self::table_len) values.
    pub(crate) fn backward(
        self,
        d_qkv: &mut [f32],
        d_table: &mut [f32],
        d_out: &[f32],
        (qkv, probabilities): (&[f32], &[f32]),
    ) {
        let tables = probabilities.chunks_exact(self.table_len());
        for (head, table) in self.all_heads().zip(tables) {
            // The last band sees every key, so it overwrites; the others add.
            let mut into = Write::Replace;
            for band in self.bands().rev() {
                self.backward_band(head, band, into, (d_qkv, d_table), d_out, (qkv, table));
                into = Write::Add;
            }
        }
    }

    fn forward_band(self, head: Head, band: Band, out: &mut [f32], table: &mut [f32], qkv: &[f32]) {
        let scores = &mut table[band.first * band.stride..];
        let queries = self.part(qkv, head, 0, band.first, band.rows);
        let keys = self.part(qkv, head, 1, 0, band.cols);
        let values = self.part(qkv, head, 2, 0, band.cols);
        let target = MatMut::strided(scores, band.rows, band.cols, band.stride);
        matmul(
            target,
            Write::Replace,
            self.scale(),
            queries,
            keys.transposed(),
        );
        softmax::forward_in_place(scores, band);
        let weights = Mat::strided(scores, band.rows, band.cols, band.stride);
        let start = self.row(head, band.first) * self.width + head.index * self.head_width();
        let mixed = MatMut::strided(&mut out[start..], band.rows, self.head_width(), self.width);
        matmul(mixed, Write::Replace, 1.0, weights, values);
    }

    fn backward_band(
        self,
        head: Head,
        band: Band,
        into: Write,
        (d_qkv, d_table): (&mut [f32], &mut [f32]),
        d_out: &[f32],
        (qkv, table): (&[f32], &[f32]),
    ) {
        let table = &table[band.first * band.stride..];
        let table_mat = Mat::strided(table, band.rows, band.cols, band.stride);
        let start = self.row(head, band.first) * self.width + head.index * self.head_width();
        let d_mixed = Mat::strided(&d_out[start..], band.rows, self.head_width(), self.width);
        let d_values = self.part_mut(d_qkv, head, 2, 0, band.cols);
        matmul(d_values, into, 1.0, table_mat.transposed(), d_mixed);

        let values = self.part(qkv, head, 2, 0, band.cols);
        let d_weights = MatMut::strided(d_table, band.rows, band.cols, band.stride);
        matmul(d_weights, Write::Replace, 1.0, d_mixed, values.transposed());
        softmax::backward_in_place(d_table, table, band);

        let d_scores = Mat::strided(d_table, band.rows, band.cols, band.stride);
        let queries = self.part(qkv, head, 0, band.first, band.rows);
        let keys = self.part(qkv, head, 1, 0, band.cols);
        let d_queries = self.part_mut(d_qkv, head, 0, band.first, band.rows);
        matmul(d_queries, Write::Replace, self.scale(), d_scores, keys);
        let d_keys = self.part_mut(d_qkv, head, 1, 0, band.cols);
        matmul(d_keys, into, self.scale(), d_scores.transposed(), queries);
    }

    fn all_heads(self) -> impl Iterator<Item = Head> {
        (0..self.sequences)
            .flat_map(move |sequence| (0..self.heads).map(move |index| Head { sequence, index }))
    }

    fn bands(self) -> impl DoubleEndedIterator<Item = Band> {
        let length = self.length;
        (0..length.div_ceil(BAND_ROWS)).map(move |i| {
            let first = i * BAND_ROWS;
            let rows = BAND_ROWS.min(length - first);
            Band {
                first,
                rows,
                cols: first + rows,
                stride: length,
            }
        })
    }

    /// Some rows of the queries (`third` 0), keys (1) or values (2) of one head.
    fn part(self, qkv: &[f32], head: Head, third: usize, first: usize, rows: usize) -> Mat<'_> {
        let start = self.part_start(head, third, first);
        Mat::strided(&qkv[start..], rows, self.head_width(), 3 * self.width)
    }

    fn part_mut(
        self,
        qkv: &mut [f32],
        head: Head,
        third: usize,
        first: usize,
        rows: usize,
    ) -> MatMut<'_> {
        let start = self.part_start(head, third, first);
        MatMut::strided(&mut qkv[start..], rows, self.head_width(), 3 * self.width)
    }

    fn part_start(self, head: Head, third: usize, first: usize) -> usize {
        (self.row(head, first) * 3 + third) * self.width + head.index * self.head_width()
    }

    fn row(self, head: Head, position: usize) -> usize {
        head.sequence * self.length + position
    }

    fn head_width(self) -> usize {
        self.width / self.heads
    }

    fn scale(self) -> f32 {
        1.0 / float(self.head_width()).sqrt()
    }
}

/// One head of one sequence.
#[derive(Clone, Copy)]
struct Head {
    sequence: usize,
    index: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check, check_entries};

    fn forward(shape: Attention, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut out = vec![0.0; shape.sequences * shape.length * shape.width];
        let mut probabilities = vec![0.0; shape.probabilities_len()];
        shape.forward(&mut out, &mut probabilities, qkv);
        (out, probabilities)
    }

    fn gradient(shape: Attention, qkv: &[f32], d_out: &[f32]) -> Vec<f32> {
        let (_, probabilities) = forward(shape, qkv);
        let mut d_qkv = vec![f32::NAN; qkv.len()];
        let mut d_table = vec![f32::NAN; shape.table_len()];
        shape.backward(&mut d_qkv, &mut d_table, d_out, (qkv, &probabilities));
        d_qkv
    }

    const SMALL: Attention = Attention {
        sequences: 2,
        length: 5,
        heads: 2,
        width: 6,
    };

    /// More than two bands, the last one short.
    const LONG: Attention = Attention {
        sequences: 1,
        length: 2 * BAND_ROWS + 9,
        heads: 1,
        width: 4,
    };

    #[test]
    fn the_gradient_is_the_slope() {
        let qkv = Probe::input(1, 180);
        let probe = Probe::new(2, 60);
        let d_qkv = gradient(SMALL, &qkv, probe.weights());
        check(&qkv, &d_qkv, |qkv| probe.value(&forward(SMALL, qkv).0));
    }

    #[test]
    fn the_gradient_is_the_slope_across_bands() {
        let qkv = Probe::input(3, LONG.length * 12);
        let probe = Probe::new(4, LONG.length * 4);
        let d_qkv = gradient(LONG, &qkv, probe.weights());
        let entries = (0..qkv.len()).step_by(37);
        check_entries(&qkv, &d_qkv, entries, 1e-3, |qkv| {
            probe.value(&forward(LONG, qkv).0)
        });
    }

    #[test]
    fn a_position_ignores_what_follows() {
        let mut qkv = Probe::input(5, LONG.length * 12);
        let (before, _) = forward(LONG, &qkv);
        let changed = 70;
        qkv[changed * 12..].fill(9.0);
        let (after, _) = forward(LONG, &qkv);
        assert_eq!(before[..changed * 4], after[..changed * 4]);
        assert_ne!(before[changed * 4..], after[changed * 4..]);
    }
}
