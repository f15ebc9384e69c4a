//! What nothing names, in two lists.

use std::cmp::Reverse;

use cupola_workspace::model::Orphan;

use super::{Cursor, Listing};
use crate::keys::Sort;

/// What nothing names: those that run, and those that ended.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    all: Listing<Orphan>,
    /// Which of the two lists is seen.
    pub(crate) shows_finished: bool,
    pub(crate) sort: Option<(Sort, bool)>,
}

impl Orphans {
    pub(crate) fn take(&mut self, answer: Result<Vec<Orphan>, String>) {
        self.all.take(answer);
        self.arrange();
    }

    /// Sorts by something else; the same again turns it round.
    pub(crate) fn sort_by(&mut self, sort: Sort) {
        let is_turned = self.sort.unwrap_or((Sort::Task, false)) == (sort, false);
        self.sort = Some((sort, is_turned));
        self.arrange();
    }

    /// Those of the list that is seen.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Orphan> {
        let wanted = !self.shows_finished;
        self.all
            .rows
            .iter()
            .filter(move |orphan| orphan.is_stray == wanted)
    }

    pub(crate) fn selected(&self) -> Option<&Orphan> {
        self.rows().nth(self.all.cursor.at)
    }

    /// Stray ones and finished ones.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let stray = self
            .all
            .rows
            .iter()
            .filter(|orphan| orphan.is_stray)
            .count();
        (stray, self.all.rows.len() - stray)
    }

    /// How many of the list that is seen.
    pub(crate) fn len(&self) -> usize {
        let (stray, finished) = self.counts();
        if self.shows_finished { finished } else { stray }
    }

    pub(crate) const fn switch(&mut self) {
        self.shows_finished = !self.shows_finished;
        self.all.cursor = Cursor { at: 0, top: 0 };
    }

    pub(crate) const fn cursor(&self) -> Cursor {
        self.all.cursor
    }

    pub(crate) const fn cursor_mut(&mut self) -> &mut Cursor {
        &mut self.all.cursor
    }

    pub(crate) const fn is_known(&self) -> bool {
        self.all.is_known
    }

    pub(crate) fn problem(&self) -> Option<&str> {
        self.all.problem.as_deref()
    }

    fn arrange(&mut self) {
        let (sort, is_turned) = self.sort.unwrap_or((Sort::Task, false));
        let rows = &mut self.all.rows;
        match sort {
            Sort::Size => rows.sort_by_key(|orphan| Reverse(orphan.bytes)),
            _ => rows.sort_by(|a, b| a.job.key.cmp(&b.job.key)),
        }
        if is_turned {
            rows.reverse();
        }
    }
}
