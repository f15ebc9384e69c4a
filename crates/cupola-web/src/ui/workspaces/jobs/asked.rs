//! What the address of the list asks for, and what is shown of it.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use cupola_domain::{field::FieldError, time::Timestamp};
use cupola_workspace::{
    model::{Experiment, ExperimentRun, Job, JobState},
    source::{Source, SourceError},
};

use super::{JobRow, Jobs, OfRun};
use crate::{
    params::Params,
    ui::{
        components::{Chip, Chips, Column, EmptyState, Link, Opt, Pager, Sorting, Tone},
        format,
        listing::{self, query},
        plain::plain,
        workspaces::{
            action,
            looked::{Looked, unless_away},
            present::{self, chosen, co2, job_badge, job_key, job_lasting, run_badge, run_query},
        },
    },
    workspaces::matching,
};

/// Rows of a page.
const ROWS: usize = 100;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Submitted,
    State,
    Task,
    Duration,
}

const KEYS: [(&str, Sort); 4] = [
    ("submitted", Sort::Submitted),
    ("state", Sort::State),
    ("task", Sort::Task),
    ("duration", Sort::Duration),
];

/// What the address of the list asks for.
#[derive(Debug, Clone)]
pub(in crate::ui::workspaces) struct Asked {
    pub(in crate::ui::workspaces) filter: String,
    experiment: String,
    run: String,
    sort: (&'static str, Sort),
    is_descending: bool,
    page: u64,
}

/// What the list is made of.
struct Found<'a> {
    experiments: &'a [Experiment],
    /// How many jobs there are in each state, before any is filtered out.
    counts: BTreeMap<JobState, u64>,
    run: Option<&'a ExperimentRun>,
    now: Timestamp,
}

/// The words of a filter, for who writes one.
pub(in crate::ui::workspaces) const fn words() -> &'static str {
    "state task id experiment reason host created started finished duration attempt and or not in \
     is missing running done error waiting ready scheduled"
}

impl Asked {
    pub(in crate::ui::workspaces) fn read(params: &mut Params) -> Self {
        let text = |name| params.text(name).trim().to_owned();
        let (filter, experiment, run) = (text("filter"), text("experiment"), text("run"));
        let asked = params.text("sort").to_owned();
        let sort = KEYS.iter().find(|(key, _)| *key == asked);
        if sort.is_none() && !asked.is_empty() {
            let message = "choose `submitted`, `state`, `task` or `duration`";
            params.refuse(FieldError::new("sort", message));
        }
        let sort = *sort.unwrap_or(&KEYS[0]);
        Self {
            filter,
            experiment,
            run,
            is_descending: match params.text("order") {
                "" => matches!(sort.1, Sort::Submitted | Sort::Duration),
                order => order == "desc",
            },
            sort,
            page: listing::page(params),
        }
    }

    pub(in crate::ui::workspaces) fn sort(&self) -> &'static str {
        self.sort.0
    }

    pub(in crate::ui::workspaces) fn order(&self) -> &'static str {
        if self.is_descending { "desc" } else { "asc" }
    }

    /// All of them, then each experiment.
    pub(in crate::ui::workspaces) fn experiments(&self, all: &[Experiment]) -> Vec<Opt> {
        let opt = |value: &str, label: String| Opt {
            value: value.to_owned(),
            label,
            is_selected: value == self.experiment,
        };
        let named = all.iter().map(|known| opt(&known.id, plain(&known.id)));
        std::iter::once(opt("", "All experiments".to_owned()))
            .chain(named)
            .collect()
    }

    /// The runs of the chosen experiment.
    pub(in crate::ui::workspaces) fn runs(&self, all: &[Experiment]) -> Vec<Opt> {
        let chosen = all.iter().find(|known| known.id == self.experiment);
        let runs = chosen.map(|known| known.runs.iter()).into_iter().flatten();
        let opt = |(at, run): (usize, &ExperimentRun)| Opt {
            // The newest is what is shown unless another is chosen, however many come.
            value: if at == 0 {
                String::new()
            } else {
                run.key.run.clone()
            },
            label: if at == 0 {
                format!("{} (newest)", plain(&run.key.run))
            } else {
                plain(&run.key.run)
            },
            is_selected: run.key.run == self.run,
        };
        runs.enumerate().map(opt).collect()
    }

    /// The list; what is wrong with the filter is said in its place.
    pub(in crate::ui::workspaces) fn list(
        &self,
        looked: &Looked,
        source: &dyn Source,
        experiments: &[Experiment],
    ) -> Result<Jobs, SourceError> {
        let run = self.find_run(experiments)?;
        let jobs = source.jobs(run.map(|run| &run.key))?;
        let mut counts = BTreeMap::new();
        for job in &jobs {
            *counts.entry(job.state).or_default() += 1;
        }
        let found = Found {
            experiments,
            counts,
            run,
            now: source.now(),
        };
        let mut list = self.begun(looked, source, &found)?;
        match matching(source, looked.parameters(), jobs, &self.filter, found.now) {
            Ok(rows) => self.fill(&mut list, looked, &rows, &found),
            Err(words) => list.error = format!("Filter, {words}"),
        }
        Ok(list)
    }

    /// The run whose jobs are asked for; none where all are.
    fn find_run<'a>(
        &self,
        experiments: &'a [Experiment],
    ) -> Result<Option<&'a ExperimentRun>, SourceError> {
        if self.experiment.is_empty() {
            return Ok(None);
        }
        let chosen = chosen(experiments, &self.experiment, &self.run);
        chosen.map(Some).ok_or_else(|| {
            let name = plain(&self.experiment);
            SourceError::Unknown(format!("there is no run of {name}"))
        })
    }

    /// A page of what is sorted, without sorting the rest; rows that compare alike stay in the order in
    /// which they were named.
    fn part<'a>(
        &self,
        rows: &'a [Arc<Job>],
        first: usize,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Arc<Job>> {
        let order = |a: &(usize, &Arc<Job>), b: &(usize, &Arc<Job>)| {
            self.compare(a.1, b.1, now).then(a.0.cmp(&b.0))
        };
        let mut rows: Vec<_> = rows.iter().enumerate().collect();
        if 0 < first && first < rows.len() {
            rows.select_nth_unstable_by(first, order);
            rows.drain(..first);
        }
        if ROWS < rows.len() {
            rows.select_nth_unstable_by(ROWS, order);
            rows.truncate(ROWS);
        }
        rows.sort_unstable_by(order);
        rows.into_iter().map(|(_, job)| job)
    }

    fn compare(&self, a: &Job, b: &Job, now: Timestamp) -> Ordering {
        let turned = |order: Ordering| {
            if self.is_descending {
                order.reverse()
            } else {
                order
            }
        };
        match self.sort.1 {
            Sort::Submitted => self.last_without(a.submitted_at, b.submitted_at),
            Sort::State => turned((a.state, a.reason).cmp(&(b.state, b.reason))),
            Sort::Task => turned(a.key.cmp(&b.key)),
            Sort::Duration => {
                let span = |job: &Job| {
                    let is_running = job.state == JobState::Running;
                    let until = job.ended_at.or(is_running.then_some(now))?;
                    job.started_at.map(|started| until.since(started))
                };
                self.last_without(span(a), span(b))
            }
        }
    }

    /// What has no value comes last, both ways.
    fn last_without<T: Ord>(&self, a: Option<T>, b: Option<T>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.is_descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }

    /// All but the rows.
    fn begun(
        &self,
        looked: &Looked,
        source: &dyn Source,
        found: &Found<'_>,
    ) -> Result<Jobs, SourceError> {
        let page = self.page.to_string();
        let query = self.query(&[
            ("sort", self.sort.0),
            ("order", self.order()),
            ("page", &page),
        ]);
        Ok(Jobs {
            key: looked.key(),
            src: looked.address(&format!("/jobs/list?{query}")),
            error: String::new(),
            of: match found.run {
                Some(run) => Some(of_run(looked, source, run)?),
                None => None,
            },
            chips: Chips {
                chips: self.chips(looked, found),
                count: String::new(),
            },
            columns: Vec::new(),
            rows: Vec::new(),
            pager: Pager::new(1, ROWS as u64, 0, |_| String::new()),
            empty: None,
        })
    }

    fn fill(&self, list: &mut Jobs, looked: &Looked, rows: &[Arc<Job>], found: &Found<'_>) {
        let pages = rows.len().div_ceil(ROWS).max(1) as u64;
        let page = self.page.min(pages);
        let first = usize::try_from(page - 1).unwrap_or(0).saturating_mul(ROWS);
        let shown = self.part(rows, first, found.now);
        let sorting = Sorting {
            path: looked.address("/jobs"),
            query: self.query(&[]),
            key: self.sort.0.to_owned(),
            is_descending: self.is_descending,
        };
        list.rows = shown.map(|job| row(looked, job, found.now)).collect();
        list.chips.count = format::counted(rows.len() as u64, "job", "jobs");
        list.pager = Pager::new(page, ROWS as u64, rows.len() as u64, |page| {
            sorting.page(page)
        });
        list.columns = columns(&sorting);
        list.empty = rows.is_empty().then(|| empty(looked, found));
    }

    /// All, then each state that any has; a choice is a filter.
    fn chips(&self, looked: &Looked, found: &Found<'_>) -> Vec<Chip> {
        let chip = |word, tone, count, filter: String| Chip {
            word,
            tone,
            count: format::count(count),
            is_current: self.filter == filter,
            href: {
                let asked = Self {
                    filter,
                    ..self.clone()
                };
                let sorted = [("sort", self.sort.0), ("order", self.order())];
                looked.address(&format!("/jobs?{}", asked.query(&sorted)))
            },
        };
        let all = chip(
            "all",
            Tone::Quiet,
            found.counts.values().sum(),
            String::new(),
        );
        let states = found.counts.iter().map(|(state, count)| {
            let word = state.as_str();
            chip(
                word,
                present::tone(*state, None),
                *count,
                format!("state = {word}"),
            )
        });
        std::iter::once(all).chain(states).collect()
    }

    /// The query of a list like this one, with these besides.
    fn query(&self, more: &[(&str, &str)]) -> String {
        let own = [
            ("filter", self.filter.as_str()),
            ("experiment", &self.experiment),
            ("run", &self.run),
        ];
        query(&[&own, more].concat())
    }
}

/// The headers of the list, in the order of the cells.
pub(in crate::ui) fn columns(sorting: &Sorting) -> Vec<Column> {
    vec![
        sorting.column("state", "State", false),
        sorting.column("task", "Task", false),
        Column::plain("Tags"),
        sorting.column("submitted", "Submitted", false),
        sorting.column("duration", "Duration", true),
        Column::number("CO₂"),
    ]
}

fn of_run(looked: &Looked, source: &dyn Source, run: &ExperimentRun) -> Result<OfRun, SourceError> {
    let may_act = looked.may_act() && source.place().can_act;
    let delete = || {
        let asked = action::Asked::delete_run(&run.key);
        Link::new("Delete this run".to_owned(), asked.address(looked))
    };
    // Nobody but the program of the experiment can do what it offers.
    let offered = unless_away(source.actions(&run.key))?;
    let offered = offered.iter().map(|offered| {
        let words = if offered.description.is_empty() {
            &offered.id
        } else {
            &offered.description
        };
        format!("its program offers “{}”", plain(words))
    });
    let host = run
        .host
        .as_deref()
        .map(|host| format!("on {}", plain(host)));
    let problem = run.problem.as_deref().map(plain);
    Ok(OfRun {
        name: format!("{} · {}", plain(&run.key.experiment), plain(&run.key.run)),
        badge: run_badge(run.status),
        jobs: present::counts(&run.counts),
        notes: [host, problem]
            .into_iter()
            .flatten()
            .chain(offered)
            .collect(),
        graph: looked.address(&format!("/graph?{}", run_query(&run.key))),
        actions: may_act.then(delete).into_iter().collect(),
    })
}

fn row(looked: &Looked, job: &Job, now: Timestamp) -> JobRow {
    JobRow {
        key: job_key(looked.id(), &job.key),
        badge: job_badge(job),
        progress: present::progress(job),
        task: Link::new(
            present::short_task(&job.key.task),
            looked.job_address(&job.key, ""),
        ),
        task_name: plain(&job.key.task),
        id: present::short_id(&job.key.id),
        tags: present::tags(job),
        submitted: job.submitted_at.into(),
        duration: job_lasting(job, now),
        co2: co2(job.carbon),
    }
}

fn empty(looked: &Looked, found: &Found<'_>) -> EmptyState {
    if found.counts.is_empty() && found.experiments.is_empty() {
        let text = "What an experiment gives to its scheduler appears here by itself.";
        return EmptyState::new("No jobs yet", text);
    }
    if found.counts.is_empty() {
        return EmptyState::new("No jobs", "This run has none.");
    }
    EmptyState::new("No job matches", "Ask for less, or for something else.")
        .with_action("All jobs", looked.address("/jobs"))
}
