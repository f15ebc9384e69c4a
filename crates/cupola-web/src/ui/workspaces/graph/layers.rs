//! Where the boxes of a graph stand: in layers from left to right, each behind all that it needs.

/// How wide a box is.
pub(super) const WIDTH: u32 = 190;

/// How high.
pub(super) const HEIGHT: u32 = 46;

const GAP_X: u32 = 70;
const GAP_Y: u32 = 14;
const EDGE: u32 = 12;

/// Sweeps that put boxes near to what they are joined with.
const SWEEPS: usize = 4;

/// Where everything is.
pub(super) struct Placed {
    /// Of each node, from the left and from above.
    pub(super) at: Vec<(u32, u32)>,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Places `count` nodes; `edges` lead from what is needed to what needs it.
pub(super) fn place(count: usize, edges: &[(usize, usize)]) -> Placed {
    let layer = layers(count, edges);
    let mut columns: Vec<Vec<usize>> =
        vec![Vec::new(); layer.iter().max().map_or(0, |max| max + 1)];
    for (node, layer) in layer.iter().enumerate() {
        columns[*layer].push(node);
    }
    let mut row = vec![0.0; count];
    settle(&columns, &mut row);
    for sweep in 0..SWEEPS {
        let is_forward = sweep % 2 == 0;
        straighten(&mut columns, &mut row, edges, is_forward);
    }
    let highest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut at = vec![(0, 0); count];
    for (x, column) in columns.iter().enumerate() {
        // A short column stands in the middle of a long one.
        let above = (size(highest) - size(column.len())) * (HEIGHT + GAP_Y) / 2;
        for (y, node) in column.iter().enumerate() {
            let left = EDGE + size(x) * (WIDTH + GAP_X);
            at[*node] = (left, EDGE + above + size(y) * (HEIGHT + GAP_Y));
        }
    }
    Placed {
        at,
        width: 2 * EDGE + (size(columns.len()) * (WIDTH + GAP_X)).saturating_sub(GAP_X),
        height: 2 * EDGE + (size(highest) * (HEIGHT + GAP_Y)).saturating_sub(GAP_Y),
    }
}

/// The longest way to each node; what needs itself by some way stands with the first.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut waits = vec![0_usize; count];
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        waits[*to] += 1;
        next[*from].push(*to);
    }
    let mut layer = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|node| waits[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for to in &next[node] {
            layer[*to] = layer[*to].max(layer[node] + 1);
            waits[*to] -= 1;
            if waits[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    for (node, waits) in waits.iter().enumerate() {
        if *waits > 0 {
            layer[node] = 0;
        }
    }
    layer
}

fn straighten(
    columns: &mut [Vec<usize>],
    row: &mut [f64],
    edges: &[(usize, usize)],
    is_forward: bool,
) {
    let mut sums = vec![(0.0, 0.0); row.len()];
    let order: Vec<usize> = if is_forward {
        (0..columns.len()).collect()
    } else {
        (0..columns.len()).rev().collect()
    };
    let mut beside: Vec<Vec<usize>> = vec![Vec::new(); row.len()];
    for (from, to) in edges {
        if is_forward {
            beside[*to].push(*from);
        } else {
            beside[*from].push(*to);
        }
    }
    for at in order {
        for node in &columns[at] {
            let rows = beside[*node].iter().map(|other| row[*other]);
            sums[*node] = rows.fold((0.0, 0.0), |(sum, number), row| (sum + row, number + 1.0));
        }
        let wanted = |node: &usize| {
            let (sum, number) = sums[*node];
            if number > 0.0 {
                sum / number
            } else {
                row[*node]
            }
        };
        columns[at].sort_by(|a, b| wanted(a).total_cmp(&wanted(b)));
        settle(&columns[at..=at], row);
    }
}

/// Notes in which row each stands, counted from the middle of its column.
fn settle(columns: &[Vec<usize>], row: &mut [f64]) {
    for column in columns {
        let middle = f64::from(size(column.len())) / 2.0;
        for (at, node) in column.iter().enumerate() {
            row[*node] = f64::from(size(at)) + 0.5 - middle;
        }
    }
}

fn size(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: usize, edges: &[(usize, usize)], columns: &[usize]) {
        let placed = place(count, edges);
        let column = |(x, _): &(u32, u32)| ((x - EDGE) / (WIDTH + GAP_X)) as usize;
        let found: Vec<_> = placed.at.iter().map(column).collect();
        assert_eq!(found, columns, "{edges:?}");
        let distinct: std::collections::BTreeSet<_> = placed.at.iter().collect();
        assert_eq!(distinct.len(), count, "two stand in one place");
        let is_within =
            |(x, y): &(u32, u32)| x + WIDTH <= placed.width && y + HEIGHT <= placed.height;
        assert!(placed.at.iter().all(is_within));
    }

    #[test]
    fn each_stands_behind_all_that_it_needs() {
        check(0, &[], &[]);
        check(3, &[], &[0, 0, 0]);
        check(3, &[(0, 1), (1, 2)], &[0, 1, 2]);
        check(4, &[(0, 1), (1, 3), (0, 3), (2, 3)], &[0, 1, 0, 2]);
    }

    #[test]
    fn a_circle_does_not_go_on_for_ever() {
        check(3, &[(0, 1), (1, 2), (2, 1)], &[0, 0, 0]);
        check(1, &[(0, 0)], &[0]);
    }

    #[test]
    fn lines_that_need_not_cross_do_not() {
        let placed = place(4, &[(0, 3), (1, 2)]);
        let above = |a: usize, b: usize| placed.at[a].1 < placed.at[b].1;
        assert_eq!(above(0, 1), above(3, 2));
    }
}
