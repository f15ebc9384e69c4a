//! From the jobs of a run to a picture of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cupola_search::filter::quoted;
use cupola_workspace::{
    model::{Experiment, ExperimentRun, Job, JobKey, JobState, RunKey},
    source::{Source, SourceError},
};

use super::{
    Graph, GraphNode,
    layers::{self, HEIGHT, WIDTH},
};
use crate::{
    params::Params,
    ui::{
        components::{EmptyState, Opt, Tone},
        format,
        listing::query,
        plain::plain,
        workspaces::{
            looked::Looked,
            present::{chosen, cut, job_badge, run_query, short_id, short_task, tags, tone},
        },
    },
};

/// More jobs stand together by task and state.
const JOBS_MAX: usize = 300;

/// Lines stand in the files of all jobs of a run: of more than these only when asked for.
const READ_MAX: usize = 2_000;

/// More lines than these nobody can follow.
const EDGES_MAX: usize = 3_000;

/// Letters of a label that fit into a box.
const LABEL_CHARS: usize = 24;

/// Which run is asked for.
#[derive(Debug, Clone)]
pub(in crate::ui::workspaces) struct Asked {
    experiment: String,
    run: String,
    /// Whether lines are, however many files that takes.
    asks_lines: bool,
}

/// A box, before it has a place.
struct Boxed {
    href: String,
    tone: Tone,
    label: String,
    detail: String,
    title: String,
}

/// What is drawn: boxes, and lines from what is needed to what needs it.
struct Drawn {
    boxes: Vec<Boxed>,
    edges: Vec<(usize, usize)>,
    is_grouped: bool,
}

impl Asked {
    pub(in crate::ui::workspaces) fn read(params: &Params) -> Self {
        let text = |name| params.text(name).trim().to_owned();
        Self {
            experiment: text("experiment"),
            run: text("run"),
            asks_lines: params.text("lines") == "all",
        }
    }

    /// The chosen run; the newest of a chosen experiment, or of all.
    fn find<'a>(&self, all: &'a [Experiment]) -> Option<&'a ExperimentRun> {
        if self.experiment.is_empty() {
            let newest = all.iter().filter_map(|known| known.runs.first());
            return newest.max_by_key(|run| run.started_at);
        }
        chosen(all, &self.experiment, &self.run)
    }

    pub(in crate::ui::workspaces) fn experiments(&self, all: &[Experiment]) -> Vec<Opt> {
        let chosen = self.find(all).map(|run| &run.key.experiment);
        let opt = |known: &Experiment| Opt {
            value: known.id.clone(),
            label: plain(&known.id),
            is_selected: Some(&known.id) == chosen,
        };
        all.iter().map(opt).collect()
    }

    pub(in crate::ui::workspaces) fn runs(&self, all: &[Experiment]) -> Vec<Opt> {
        let Some(chosen) = self.find(all) else {
            return Vec::new();
        };
        let known = all.iter().find(|known| known.id == chosen.key.experiment);
        let opt = |run: &ExperimentRun| Opt {
            value: run.key.run.clone(),
            label: plain(&run.key.run),
            is_selected: run.key == chosen.key,
        };
        known.map_or_else(Vec::new, |known| known.runs.iter().map(opt).collect())
    }

    pub(in crate::ui::workspaces) fn view(
        &self,
        looked: &Looked,
        source: &dyn Source,
        all: &[Experiment],
    ) -> Result<Graph, SourceError> {
        let lines = if self.asks_lines { "all" } else { "" };
        let src = query(&[
            ("experiment", &self.experiment),
            ("run", &self.run),
            ("lines", lines),
        ]);
        let src = looked.address(&format!("/graph/view?{src}"));
        let Some(run) = self.find(all) else {
            if self.experiment.is_empty() {
                return Ok(nothing(looked, src, "No experiments yet"));
            }
            let words = format!("there is no run of {}", plain(&self.experiment));
            return Err(SourceError::Unknown(words));
        };
        let jobs = source.jobs(Some(&run.key))?;
        if jobs.is_empty() {
            return Ok(nothing(looked, src, "This run has no jobs"));
        }
        let needs = self.needs(looked, source, &run.key, &jobs);
        let (needs, is_away) = match needs {
            Err(SourceError::Away(_)) => (None, true),
            needs => (needs?, false),
        };
        let lines = needs.clone().unwrap_or_default();
        let drawn = if jobs.len() > JOBS_MAX {
            grouped(looked, &run.key, &jobs, &lines)
        } else {
            single(looked, &jobs, &lines)
        };
        let mut graph = drawn.graph(looked, src, &jobs);
        if is_away {
            let note = "Lines are not known while the workspace is away.";
            graph.notes.push(note.to_owned());
        } else if needs.is_none() {
            let ask = format!("/graph?lines=all&{}", run_query(&run.key));
            graph.ask = Some(looked.address(&ask));
        }
        Ok(graph)
    }

    /// What is needed by what; none where that is not asked for.
    fn needs(
        &self,
        looked: &Looked,
        source: &dyn Source,
        run: &RunKey,
        jobs: &[Arc<Job>],
    ) -> Result<Option<Arc<Needs>>, SourceError> {
        let is_read = self.asks_lines || jobs.len() <= READ_MAX;
        let needs = is_read.then(|| looked.dependencies(source, run, jobs));
        needs.transpose()
    }
}

fn nothing(looked: &Looked, src: String, words: &str) -> Graph {
    Graph {
        key: looked.key(),
        src,
        count: String::new(),
        notes: Vec::new(),
        ask: None,
        width: 0,
        height: 0,
        edges: Vec::new(),
        nodes: Vec::new(),
        legend: Vec::new(),
        empty: Some(EmptyState::new(
            words,
            "Its jobs appear here as it names them.",
        )),
    }
}

type Needs = BTreeMap<JobKey, Vec<JobKey>>;

/// A box for each job.
fn single(looked: &Looked, jobs: &[Arc<Job>], needs: &Needs) -> Drawn {
    let number: BTreeMap<&JobKey, usize> = jobs
        .iter()
        .enumerate()
        .map(|(at, job)| (&job.key, at))
        .collect();
    let boxed = |job: &Arc<Job>| {
        let said = tags(job);
        let said: Vec<_> = said
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let badge = job_badge(job);
        Boxed {
            href: looked.job_address(&job.key, ""),
            tone: badge.tone,
            label: short_task(&job.key.task),
            detail: if said.is_empty() {
                short_id(&job.key.id)
            } else {
                said.join(" ")
            },
            title: format!(
                "{} {}: {} {}\n{}",
                plain(&job.key.task),
                plain(&job.key.id),
                badge.label,
                badge.reason,
                said.join("\n")
            ),
        }
    };
    let edges = jobs.iter().enumerate().flat_map(|(to, job)| {
        let needed = needs.get(&job.key).into_iter().flatten();
        let from = needed.filter_map(|key| number.get(key).copied());
        from.map(move |from| (from, to)).collect::<Vec<_>>()
    });
    Drawn {
        edges: edges.collect(),
        boxes: jobs.iter().map(boxed).collect(),
        is_grouped: false,
    }
}

/// A box for each task and state.
fn grouped(looked: &Looked, run: &RunKey, jobs: &[Arc<Job>], needs: &Needs) -> Drawn {
    let mut groups: BTreeMap<(&str, JobState), u64> = BTreeMap::new();
    for job in jobs {
        *groups
            .entry((job.key.task.as_str(), job.state))
            .or_default() += 1;
    }
    let place: BTreeMap<_, usize> = groups
        .keys()
        .enumerate()
        .map(|(at, group)| (*group, at))
        .collect();
    let group_of: BTreeMap<&JobKey, usize> = jobs
        .iter()
        .map(|job| (&job.key, place[&(job.key.task.as_str(), job.state)]))
        .collect();
    let mut edges = BTreeSet::new();
    for (job, needed) in needs {
        let Some(to) = group_of.get(job) else {
            continue;
        };
        let from = needed.iter().filter_map(|key| group_of.get(key));
        edges.extend(from.filter(|from| *from != to).map(|from| (*from, *to)));
    }
    let boxed = |((task, state), count): (&(&str, JobState), &u64)| {
        let filter = format!("task = {} and state = {}", quoted(task), state.as_str());
        let jobs = query(&[("filter", &filter)]);
        let words = format!("{} {}", format::count(*count), state.as_str());
        Boxed {
            href: looked.address(&format!("/jobs?{jobs}&{}", run_query(run))),
            tone: tone(*state, None),
            label: short_task(task),
            title: format!("{}: {words}", plain(task)),
            detail: words,
        }
    };
    Drawn {
        boxes: groups.iter().map(boxed).collect(),
        edges: edges.into_iter().collect(),
        is_grouped: true,
    }
}

impl Drawn {
    fn graph(self, looked: &Looked, src: String, jobs: &[Arc<Job>]) -> Graph {
        let placed = layers::place(self.boxes.len(), &self.edges);
        let path = |(from, to): &(usize, usize)| path(placed.at[*from], placed.at[*to]);
        let left_out = self.edges.len().saturating_sub(EDGES_MAX);
        let mut notes = Vec::new();
        if self.is_grouped {
            notes.push(format!(
                "More than {JOBS_MAX} jobs: those of one task in one state stand together."
            ));
        }
        if left_out > 0 {
            notes.push(format!(
                "{} lines are left out.",
                format::count(left_out as u64)
            ));
        }
        let states: BTreeSet<JobState> = jobs.iter().map(|job| job.state).collect();
        let jobs = format::counted(jobs.len() as u64, "job", "jobs");
        let needs = format::counted(self.edges.len() as u64, "dependency", "dependencies");
        Graph {
            key: looked.key(),
            src,
            count: if self.is_grouped {
                jobs
            } else {
                format!("{jobs}, {needs}")
            },
            notes,
            ask: None,
            width: placed.width,
            height: placed.height,
            edges: self.edges.iter().take(EDGES_MAX).map(path).collect(),
            nodes: self
                .boxes
                .into_iter()
                .zip(&placed.at)
                .map(|(boxed, (x, y))| GraphNode {
                    href: boxed.href,
                    tone: boxed.tone,
                    label: cut(&boxed.label, LABEL_CHARS),
                    detail: cut(&boxed.detail, LABEL_CHARS + 3),
                    title: boxed.title,
                    x: *x,
                    y: *y,
                })
                .collect(),
            legend: states
                .into_iter()
                .map(|state| (tone(state, None), state.as_str()))
                .collect(),
            empty: None,
        }
    }
}

/// From the right side of one box to the left side of another.
fn path(from: (u32, u32), to: (u32, u32)) -> String {
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let bend = x2.saturating_sub(x1) / 2;
    format!(
        "M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}",
        x1 + bend,
        x2.saturating_sub(bend)
    )
}
