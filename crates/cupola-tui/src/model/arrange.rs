//! Which jobs are shown in which order: sorted, filtered, grouped. Done beside the thread that draws,
//! because there may be a hundred thousand.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use cupola_domain::time::Timestamp;
use cupola_search::filter::Filter;
use cupola_workspace::{
    filter,
    model::{Job, JobState, Reason},
};

use crate::{event::Arranged, keys::Sort, text};

/// How jobs are to be shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct How {
    pub(crate) filter: Option<Filter>,
    /// By what, and whether the other way round; by status when not said.
    pub(crate) sort: Option<(Sort, bool)>,
    pub(crate) is_tree: bool,
    /// What a tree is grouped by, from the outside.
    pub(crate) levels: Vec<Level>,
    /// The groups that are not as `are_closed` says.
    pub(crate) others: BTreeSet<String>,
    /// Whether groups are closed unless they are among the others.
    pub(crate) are_closed: bool,
}

/// What a tree is grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Status,
    Task,
    Tag,
}

/// A row of a table of jobs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Row {
    Group(Box<Group>),
    Job {
        /// Its place among all.
        index: u32,
        depth: u16,
    },
}

/// The head of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) depth: u16,
    pub(crate) label: String,
    /// The labels from the outside to this one.
    pub(crate) path: String,
    pub(crate) is_open: bool,
    pub(crate) count: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) running: usize,
}

impl How {
    pub(crate) fn is_open(&self, path: &str) -> bool {
        self.others.contains(path) == self.are_closed
    }

    /// Opens or closes a group.
    pub(crate) fn set_open(&mut self, path: &str, is_open: bool) {
        if is_open == self.are_closed {
            self.others.insert(path.to_owned());
        } else {
            self.others.remove(path);
        }
    }

    /// Groups by a level, or no longer.
    pub(crate) fn toggle(&mut self, level: Level) {
        match self.levels.iter().position(|other| *other == level) {
            Some(place) if self.is_tree => {
                self.levels.remove(place);
            }
            Some(_) => {}
            None => self.levels.push(level),
        }
        self.is_tree = !self.levels.is_empty();
    }

    /// The next way of grouping: by one level, by two, by none.
    pub(crate) fn cycle(&mut self) {
        const WAYS: [&[Level]; 5] = [
            &[],
            &[Level::Status],
            &[Level::Task],
            &[Level::Tag],
            &[Level::Status, Level::Task],
        ];
        let now: &[Level] = if self.is_tree { &self.levels } else { &[] };
        let place = WAYS
            .iter()
            .position(|way| *way == now)
            .unwrap_or(WAYS.len() - 1);
        self.levels = WAYS[(place + 1) % WAYS.len()].to_vec();
        self.is_tree = !self.levels.is_empty();
    }
}

/// Puts jobs in the order that was asked for.
pub(crate) fn arrange(jobs: Arc<Vec<Arc<Job>>>, how: Arc<How>, now: Timestamp) -> Arranged {
    let mut indices: Vec<u32> = (0..u32::try_from(jobs.len()).unwrap_or(u32::MAX)).collect();
    if let Some(wanted) = &how.filter {
        indices.retain(|index| filter::holds(wanted, &jobs[*index as usize], None, now));
    }
    sort(&jobs, &mut indices, how.sort, now);
    let shown = indices.len();
    let rows = if how.is_tree && !how.levels.is_empty() {
        let mut tree = Tree {
            jobs: &jobs,
            how: &how,
            rows: Vec::new(),
        };
        tree.grow(&how.levels, indices, 0, "");
        tree.rows
    } else {
        let row = |index| Row::Job { index, depth: 0 };
        indices.into_iter().map(row).collect()
    };
    Arranged {
        how,
        jobs,
        rows,
        shown,
    }
}

/// Keys are made once for each job: the order of most is told by the first number.
fn sort(jobs: &[Arc<Job>], indices: &mut [u32], by: Option<(Sort, bool)>, now: Timestamp) {
    let (by, is_turned) = by.unwrap_or((Sort::Status, false));
    let mut keys: Vec<(u64, u64, &str, u32)> = indices
        .iter()
        .map(|index| {
            let job = &*jobs[*index as usize];
            let (first, second, text) = sort_key(job, by, now);
            (first, second, text, *index)
        })
        .collect();
    if is_turned {
        keys.sort_unstable_by(|a, b| (b.0, b.1, b.2).cmp(&(a.0, a.1, a.2)).then(a.3.cmp(&b.3)));
    } else {
        keys.sort_unstable();
    }
    for (place, key) in indices.iter_mut().zip(keys) {
        *place = key.3;
    }
}

fn sort_key(job: &Job, by: Sort, now: Timestamp) -> (u64, u64, &str) {
    let newest =
        |at: Option<Timestamp>| at.map_or(u64::MAX, |at| !at.millis().cast_unsigned() >> 1);
    let date = newest(job.submitted_at.or(job.started_at));
    match by {
        Sort::Status => (
            rank(job),
            newest(job.started_at.or(job.submitted_at)),
            &job.key.id,
        ),
        Sort::Task => (first_bytes(&job.key.task), date, &job.key.task),
        Sort::Name => (first_bytes(&job.key.id), 0, &job.key.id),
        Sort::Duration => {
            let span = job
                .started_at
                .map(|at| job.ended_at.unwrap_or(now).since(at));
            let longest = span.map_or(u64::MAX, |span| !(span.as_secs()));
            (longest, date, &job.key.id)
        }
        Sort::Carbon => {
            let grams = job.carbon.map_or(0.0, |carbon| carbon.co2_kg.max(0.0));
            // The bits of numbers that are not negative are in their order.
            (!grams.to_bits(), date, &job.key.id)
        }
        Sort::Date | Sort::Size => (date, 0, &job.key.id),
    }
}

/// The first letters as a number with their order.
fn first_bytes(text: &str) -> u64 {
    let mut first = [0; 8];
    let length = text.len().min(8);
    first[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(first)
}

/// Running ones first, then those that go on, those that ended well, and the reasons of the others.
pub(super) fn rank(job: &Job) -> u64 {
    let state = match job.state {
        JobState::Running => 0,
        JobState::Scheduled => 1,
        JobState::Done => 2,
        JobState::Error => 3,
        JobState::Ready => 4,
        JobState::Waiting => 5,
        JobState::Unscheduled => 6,
        JobState::Transient => 7,
        JobState::Phantom => 8,
    };
    let reason = match job.reason {
        Some(Reason::Timeout) => 0,
        Some(Reason::Memory) => 1,
        Some(Reason::RejectedTimelimit) => 2,
        Some(Reason::RejectedOther) => 3,
        Some(Reason::Dependency) => 4,
        Some(Reason::Failed) => 5,
        Some(_) => 6,
        None => 7,
    };
    state * 16
        + if job.state == JobState::Error {
            reason
        } else {
            0
        }
}

struct Tree<'a> {
    jobs: &'a [Arc<Job>],
    how: &'a How,
    rows: Vec<Row>,
}

impl Tree<'_> {
    fn grow(&mut self, levels: &[Level], indices: Vec<u32>, depth: u16, above: &str) {
        let Some((level, inner)) = levels.split_first() else {
            let row = |index| Row::Job { index, depth };
            self.rows.extend(indices.into_iter().map(row));
            return;
        };
        for (label, members) in self.groups(*level, indices) {
            let path = format!("{above}/{label}");
            let is_open = self.how.is_open(&path);
            let group = self.group(label, path.clone(), &members, depth, is_open);
            self.rows.push(Row::Group(Box::new(group)));
            if is_open {
                self.grow(inner, members, depth + 1, &path);
            }
        }
    }

    /// Members keep their order; groups have the order of their rank or name.
    fn groups(&self, level: Level, indices: Vec<u32>) -> Vec<(String, Vec<u32>)> {
        let mut groups: Vec<(u64, String, Vec<u32>)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for index in indices {
            let job = &self.jobs[index as usize];
            let (rank, label) = match level {
                Level::Status => (rank(job) / 16, job.state.as_str().to_owned()),
                Level::Task => (0, job.key.task.clone()),
                Level::Tag => (0, tags_text(job)),
            };
            let place = *places.entry(label.clone()).or_insert_with(|| {
                groups.push((rank, label, Vec::new()));
                groups.len() - 1
            });
            groups[place].2.push(index);
        }
        groups.sort_by(|a, b| match (a.0, &a.1).cmp(&(b.0, &b.1)) {
            Ordering::Equal => a.2.len().cmp(&b.2.len()),
            order => order,
        });
        let group = |(_, label, members)| (label, members);
        groups.into_iter().map(group).collect()
    }

    fn group(
        &self,
        label: String,
        path: String,
        members: &[u32],
        depth: u16,
        is_open: bool,
    ) -> Group {
        let count = |state| {
            let of_state = |index: &&u32| self.jobs[**index as usize].state == state;
            members.iter().filter(of_state).count()
        };
        Group {
            depth,
            label: if label.is_empty() {
                "(no tags)".to_owned()
            } else {
                text::clean(&label)
            },
            path,
            is_open,
            count: members.len(),
            done: count(JobState::Done),
            failed: count(JobState::Error),
            running: count(JobState::Running),
        }
    }
}

/// `lr=0.01, seed=1`
pub(crate) fn tags_text(job: &Job) -> String {
    let mut out = String::new();
    for (name, value) in job.tags.iter() {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&text::clean(name));
        out.push('=');
        out.push_str(&text::value(value));
    }
    out
}
