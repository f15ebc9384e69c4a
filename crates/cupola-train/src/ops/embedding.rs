//! A learned vector per token plus one per position.

/// `x = token[t] + position[p]` for each position of each sequence.
pub(crate) fn forward(
    x: &mut [f32],
    tokens: &[u8],
    token: &[f32],
    (position, width): (&[f32], usize),
) {
    let positions = position.chunks_exact(width).cycle();
    for ((row, index), position) in x.chunks_exact_mut(width).zip(tokens).zip(positions) {
        let start = usize::from(*index) * width;
        for ((x, token), position) in row.iter_mut().zip(&token[start..]).zip(position) {
            *x = token + position;
        }
    }
}

/// Adds the rows of `d_x` to the gradients of the vectors that made them.
pub(crate) fn backward(
    (d_token, d_position): (&mut [f32], &mut [f32]),
    tokens: &[u8],
    d_x: &[f32],
    width: usize,
) {
    let length = d_position.len() / width;
    for (i, (row, index)) in d_x.chunks_exact(width).zip(tokens).enumerate() {
        let token = usize::from(*index) * width;
        add(&mut d_token[token..token + width], row);
        let position = i % length * width;
        add(&mut d_position[position..position + width], row);
    }
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{Probe, check};

    const WIDTH: usize = 4;
    /// Two sequences of three positions over five tokens; token 4 never appears.
    const TOKENS: [u8; 6] = [0, 1, 1, 3, 2, 1];

    fn output(token: &[f32], position: &[f32]) -> Vec<f32> {
        let mut x = vec![0.0; TOKENS.len() * WIDTH];
        forward(&mut x, &TOKENS, token, (position, WIDTH));
        x
    }

    #[test]
    fn the_gradients_are_the_slopes() {
        let (token, position) = (Probe::input(1, 20), Probe::input(2, 12));
        let probe = Probe::new(3, 24);
        let (mut d_token, mut d_position) = (vec![0.0; 20], vec![0.0; 12]);
        let gradients = (&mut d_token[..], &mut d_position[..]);
        backward(gradients, &TOKENS, probe.weights(), WIDTH);
        check(&token, &d_token, |t| probe.value(&output(t, &position)));
        check(&position, &d_position, |p| probe.value(&output(&token, p)));
    }

    #[test]
    fn a_token_that_never_appears_has_no_gradient() {
        let mut d_token = vec![0.0; 20];
        let d_x = Probe::input(4, 24);
        backward((&mut d_token, &mut [0.0; 12]), &TOKENS, &d_x, WIDTH);
        assert!(d_token[16..].iter().all(|d| *d == 0.0));
    }
}
