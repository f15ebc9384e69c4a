//! Runs that have the same in some columns.

use std::collections::BTreeSet;

use super::{Cell, Column, ComparedRun};

/// More groups than this are not told apart; the rest stands alone.
pub const GROUPS_MAX: usize = 100;

/// Runs put into groups.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grouping {
    /// What the runs of a group have in common.
    pub by: Vec<Column>,
    /// The groups, by what they have in common: numbers before texts before nothing.
    pub groups: Vec<Group>,
    /// How many groups are left out because there are too many.
    pub omitted: usize,
}

/// Runs that have the same in some columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// `lr 0.001, width 64`
    pub label: String,
    /// Places among the compared runs.
    pub members: Vec<usize>,
    /// How many different seeds they have; where nobody said one, each run counts as its own.
    pub seeds: usize,
}

impl Grouping {
    /// The groups of `runs` by these columns; none by no columns.
    pub(super) fn of(runs: &[ComparedRun], by: &[Column]) -> Self {
        let mut grouping = Self {
            by: by.to_vec(),
            ..Self::default()
        };
        if by.is_empty() {
            return grouping;
        }
        let key = |one: &ComparedRun| -> Vec<Cell> { by.iter().map(|c| c.cell(one)).collect() };
        let mut keyed: Vec<(Vec<Cell>, usize)> = runs.iter().map(key).zip(0..).collect();
        keyed.sort_by(|(a, i), (b, j)| {
            let mut orders = a.iter().zip(b).map(|(a, b)| a.order(b));
            orders.find(|order| order.is_ne()).unwrap_or(i.cmp(j))
        });
        let is_same = |(a, _): &(Vec<Cell>, usize), (b, _): &(Vec<Cell>, usize)| {
            a.iter().zip(b).all(|(a, b)| a.order(b).is_eq())
        };
        let groups: Vec<&[(Vec<Cell>, usize)]> = keyed.chunk_by(is_same).collect();
        grouping.omitted = groups.len().saturating_sub(GROUPS_MAX);
        let kept = groups.into_iter().take(GROUPS_MAX);
        grouping.groups = kept.map(|group| Group::of(group, by, runs)).collect();
        grouping
    }

    /// The place of the group that each run belongs to.
    pub fn of_runs(&self, runs: usize) -> Vec<Option<usize>> {
        let mut places = vec![None; runs];
        for (place, group) in self.groups.iter().enumerate() {
            for member in &group.members {
                places[*member] = Some(place);
            }
        }
        places
    }
}

impl Group {
    fn of(keyed: &[(Vec<Cell>, usize)], by: &[Column], runs: &[ComparedRun]) -> Self {
        let members: Vec<usize> = keyed.iter().map(|(_, at)| *at).collect();
        let said = members.iter().filter_map(|at| runs[*at].seed.as_deref());
        let unsaid = members
            .iter()
            .filter(|at| runs[**at].seed.is_none())
            .count();
        let seeds = said.collect::<BTreeSet<_>>().len() + unsaid;
        let parts: Vec<String> = by
            .iter()
            .zip(&keyed[0].0)
            .map(|(column, cell)| match cell {
                Cell::Nothing => format!("no {}", column.name()),
                cell => format!("{} {}", column.name(), cell.text()),
            })
            .collect();
        Self {
            label: parts.join(", "),
            seeds,
            members,
        }
    }
}
