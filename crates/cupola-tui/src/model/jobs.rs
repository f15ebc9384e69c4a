//! An experiment that was opened: the jobs of one of its runs, its services and actions.

use std::sync::Arc;

use cupola_search::filter::Filter;
use cupola_workspace::model::{ExperimentAction, Job, JobState, RunKey, Service};

use super::{Cursor, Group, How, Listing, Row};
use crate::{
    event::{Arranged, Effect},
    keys::Sort,
};

/// An experiment that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Which of its runs is shown.
    pub(crate) run: RunKey,
    /// Whether there is a later one.
    pub(crate) is_past: bool,
    pub(crate) sub: Sub,
    pub(crate) jobs: Jobs,
    pub(crate) services: Listing<Service>,
    pub(crate) actions: Listing<ExperimentAction>,
}

/// What of an experiment is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sub {
    Jobs,
    Services,
    Actions,
}

/// The jobs of a run as they are shown.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// As they are to be shown.
    pub(crate) how: Arc<How>,
    /// As they are shown until that is done.
    pub(crate) arranged: Arranged,
    pub(crate) cursor: Cursor,
    /// What is searched, as it was typed.
    pub(crate) search: String,
    /// While it is typed.
    pub(crate) bar: Option<Bar>,
    pub(crate) is_known: bool,
    pub(crate) problem: Option<String>,
}

/// A line that is typed.
#[derive(Debug, Default)]
pub(crate) struct Bar {
    pub(crate) text: String,
    /// How many bytes stand before the cursor.
    pub(crate) at: usize,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
    /// What stood there before.
    pub(crate) before: String,
}

impl Opened {
    pub(crate) fn new(run: RunKey, is_past: bool) -> Self {
        Self {
            run,
            is_past,
            sub: Sub::Jobs,
            jobs: Jobs::default(),
            services: Listing::default(),
            actions: Listing::default(),
        }
    }

    /// Shows the jobs in another way.
    pub(crate) fn show(&mut self, change: impl FnOnce(&mut How)) -> Effect {
        change(Arc::make_mut(&mut self.jobs.how));
        let (jobs, how) = (&self.jobs.arranged.jobs, &self.jobs.how);
        Effect::Arrange(self.run.clone(), Arc::clone(jobs), Arc::clone(how))
    }

    /// Sorts by something else; the same again turns it round.
    pub(crate) fn sort_by(&mut self, sort: Sort) -> Effect {
        self.show(|how| {
            let now = how.sort.unwrap_or((Sort::Status, false));
            how.sort = Some((sort, now == (sort, false)));
        })
    }

    /// Reads what is typed; while it makes no sense the last that did holds.
    pub(crate) fn search(&mut self, text: &str) -> Option<Effect> {
        let read = Filter::parse_jobs(text).map_err(|error| error.to_string());
        // They lie in a file for each job, which a list does not read.
        let read = read.and_then(|filter| match filter {
            Some(filter) if filter.mentions_params() => Err(
                "a list cannot be searched by parameters; `cupola run list --filter` can"
                    .to_owned(),
            ),
            filter => Ok(filter),
        });
        match read {
            Ok(filter) => {
                text.trim().clone_into(&mut self.jobs.search);
                if let Some(bar) = &mut self.jobs.bar {
                    bar.problem = None;
                }
                (self.jobs.how.filter != filter).then(|| self.show(|how| how.filter = filter))
            }
            Err(problem) => {
                if let Some(bar) = &mut self.jobs.bar {
                    bar.problem = Some(problem);
                }
                None
            }
        }
    }
}

impl Jobs {
    /// Takes what was read or arranged; the chosen row stays chosen.
    pub(crate) fn take(&mut self, arranged: Arranged) {
        let chosen = self.row().cloned();
        let before = std::mem::replace(&mut self.arranged, arranged);
        self.is_known = true;
        self.problem = None;
        let place = match chosen {
            Some(Row::Job { index, .. }) => {
                let job = before.jobs.get(index as usize);
                job.and_then(|job| self.place_of(job))
            }
            Some(Row::Group(group)) => self
                .arranged
                .rows
                .iter()
                .position(|row| matches!(row, Row::Group(other) if other.path == group.path)),
            None => None,
        };
        if let Some(place) = place.filter(|place| *place != self.cursor.at) {
            // What stands above it says which group it is in.
            let above = self.cursor.at.saturating_sub(self.cursor.top).max(4);
            self.cursor.jump(place);
            self.cursor.top = place.saturating_sub(above);
        }
    }

    pub(crate) fn row(&self) -> Option<&Row> {
        self.arranged.rows.get(self.cursor.at)
    }

    /// The chosen job.
    pub(crate) fn selected(&self) -> Option<&Arc<Job>> {
        match self.row()? {
            Row::Job { index, .. } => self.arranged.jobs.get(*index as usize),
            Row::Group(_) => None,
        }
    }

    /// The chosen group, or the one that the chosen job is in.
    pub(crate) fn group(&self) -> Option<(usize, &Group)> {
        let rows = self.arranged.rows.get(..=self.cursor.at)?;
        let mut places = rows.iter().enumerate().rev();
        places.find_map(|(place, row)| match row {
            Row::Group(group) => Some((place, &**group)),
            Row::Job { .. } => None,
        })
    }

    /// Whether one that is seen goes on.
    pub(crate) fn is_moving(&self) -> bool {
        let mut seen = self.arranged.rows.iter().skip(self.cursor.top).take(200);
        seen.any(|row| match row {
            Row::Job { index, .. } => self
                .arranged
                .jobs
                .get(*index as usize)
                .is_some_and(|job| job.state == JobState::Running),
            Row::Group(_) => false,
        })
    }

    /// Most rows are shared with what was shown before, so that few need to be looked at.
    fn place_of(&self, job: &Arc<Job>) -> Option<usize> {
        let find = |is_it: &dyn Fn(&Arc<Job>) -> bool| {
            self.arranged.rows.iter().position(|row| match row {
                Row::Job { index, .. } => {
                    let found = self.arranged.jobs.get(*index as usize);
                    found.is_some_and(is_it)
                }
                Row::Group(_) => false,
            })
        };
        find(&|other| Arc::ptr_eq(other, job)).or_else(|| find(&|other| other.key == job.key))
    }
}

impl Bar {
    /// A line that begins with what stood there.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            at: text.len(),
            problem: None,
            before: text.to_owned(),
        }
    }

    /// Puts a text where the cursor is.
    pub(crate) fn insert(&mut self, text: &str) {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        self.text.insert_str(self.at, &text);
        self.at += text.len();
    }

    /// Takes away the character before the cursor.
    pub(crate) fn erase(&mut self) {
        if let Some(c) = self.text[..self.at].chars().next_back() {
            self.at -= c.len_utf8();
            self.text.remove(self.at);
        }
    }

    /// Takes away the character under the cursor.
    pub(crate) fn erase_next(&mut self) {
        if self.at < self.text.len() {
            self.text.remove(self.at);
        }
    }

    pub(crate) fn left(&mut self) {
        let before = self.text[..self.at].chars().next_back();
        self.at -= before.map_or(0, char::len_utf8);
    }

    pub(crate) fn right(&mut self) {
        let next = self.text[self.at..].chars().next();
        self.at += next.map_or(0, char::len_utf8);
    }
}
