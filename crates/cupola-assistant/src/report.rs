//! Reports on an experiment, on the family of a brief, or on several held against each other: of the same
//! facts as the answers, each number with the page that shows it. How they look is `cupola_report`'s.

mod comparison;
mod ending;
mod keeping;
mod plots;
mod repeats;
mod results;

use std::collections::BTreeMap;

use cupola_domain::{
    brief::Brief,
    counts::{Counts, State},
    date,
    field::FieldError,
    ids::{BriefId, ExperimentId},
};
use cupola_hub::{Hub, HubError, families::FamilyDetail, runs::RunDetail, templates::expressions};
use cupola_report::{Block, Column, FORMAT, Fact, Quote, Report, Said, Section, Table};
use serde_json::{Map, Value};

use crate::{
    facts::{self, Placed, Standing},
    index::Index,
    links,
    numbers::{self, plural},
    tools::{self, Refused},
};

pub use cupola_report::{html, markdown, named};
pub use keeping::{LOOP, keep, tick};

/// So many experiments are held against each other.
pub const EXPERIMENTS_MAX: usize = 8;

/// Parameters of a search space, or names of a configuration, that are told.
const NAMES_MAX: usize = 30;

/// Values of a parameter that are told.
const VALUES_MAX: usize = 6;

/// How many of the best are told one by one.
const TOP: usize = 5;

/// Parameters of a configuration in a cell.
const CONFIG_MAX: usize = 12;

/// One experiment with all that a report says of it.
struct Subject<'a> {
    hub: &'a Hub,
    standing: Standing,
    family: Option<FamilyDetail>,
    /// The runs of the best few, the best first.
    top: Vec<RunDetail>,
    /// The page that shows it.
    href: String,
    /// What it is called: the title of its brief, where no other of the same report has it too.
    name: String,
}

/// The report on an experiment or a family, or, of several, the first held against the others.
pub fn write(hub: &Hub, ids: &[ExperimentId]) -> Result<Report, HubError> {
    let mut known: Vec<ExperimentId> = Vec::new();
    for id in ids {
        if !known.contains(id) {
            known.push(*id);
        }
    }
    let wrong = |message: String| HubError::Invalid(vec![FieldError::new("subjects", message)]);
    let subjects = match known.len() {
        0 => {
            return Err(wrong(
                "names nothing; name an experiment, or two".to_owned(),
            ));
        }
        count if count > EXPERIMENTS_MAX => {
            let message = format!("names {count}; name at most {EXPERIMENTS_MAX}");
            return Err(wrong(message));
        }
        _ => known.iter().map(|id| Subject::read(hub, *id)),
    };
    let mut subjects: Vec<Subject<'_>> = subjects.collect::<Result<_, _>>()?;
    name_apart(&mut subjects);
    if subjects.len() == 1 {
        let one = subjects.into_iter().map(Subject::with_top);
        subjects = one.collect::<Result<_, _>>()?;
    }
    let (title, sections) = match subjects.as_slice() {
        [one] => (one.title(), sections(one)?),
        several => comparison::sections(several)?,
    };
    Ok(Report {
        format: FORMAT,
        title: Said::new(title).text,
        made_at: date::text(hub.now().millis()).unwrap_or_default(),
        made_with: format!("Cupola {}", env!("CARGO_PKG_VERSION")),
        about: subjects.iter().map(Subject::link).collect(),
        sections,
    })
}

/// Of several briefs with one title each says which it is.
fn name_apart(subjects: &mut [Subject<'_>]) {
    let titles: Vec<String> = subjects.iter().map(Subject::title).collect();
    for (one, title) in subjects.iter_mut().zip(&titles) {
        let name = &one.standing.experiment.name;
        let is_shared = titles.iter().filter(|other| *other == title).count() > 1;
        one.name = if is_shared && title != name {
            format!("{title} ({name})")
        } else {
            title.clone()
        };
    }
}

/// What reports are asked about by name or id: experiments, families, briefs.
pub fn subjects(hub: &Hub, index: &Index, called: &[String]) -> Result<Vec<ExperimentId>, Refused> {
    called.iter().map(|one| subject(hub, index, one)).collect()
}

/// An id says nothing of what it is of.
fn subject(hub: &Hub, index: &Index, called: &str) -> Result<ExperimentId, Refused> {
    let id = tools::experiment_called(hub, index, called)?;
    match (hub.experiment_detail(id), called.trim().parse::<BriefId>()) {
        (Err(HubError::NotFound { .. }), Ok(brief)) => match hub.brief_detail(brief) {
            Ok(detail) => Ok(detail.family.id),
            Err(_) => Err(HubError::not_found("experiment", id).into()),
        },
        (Err(error), _) => Err(error.into()),
        (Ok(_), _) => Ok(id),
    }
}

impl<'a> Subject<'a> {
    fn read(hub: &'a Hub, id: ExperimentId) -> Result<Self, HubError> {
        let standing = facts::standing(hub, id)?;
        let family = match standing.experiment.origin.brief() {
            Some(_) => Some(hub.family_detail(id)?),
            None => None,
        };
        Ok(Self {
            hub,
            href: links::experiment(&standing.experiment),
            standing,
            family,
            top: Vec::new(),
            name: String::new(),
        })
    }

    /// The same with the runs of the best few.
    fn with_top(mut self) -> Result<Self, HubError> {
        for placed in self.standing.ranked.iter().take(TOP) {
            let run = facts::run_of(self.hub, placed)?;
            self.top.push(self.hub.run_detail(run)?);
        }
        Ok(self)
    }

    /// The first of those that may be called best: a value that is being checked may not.
    fn called_best(&self) -> Option<&Placed> {
        let ranked = &self.standing.ranked;
        match &self.family {
            Some(family) => {
                let best = family.analysis.summary.best?;
                ranked.iter().find(|placed| placed.task == best.task)
            }
            None => ranked.first(),
        }
    }

    /// Its run, where it is one of the best few.
    fn run_of_best(&self) -> Option<&RunDetail> {
        let best = self.called_best()?;
        self.top.iter().find(|detail| detail.task.id == best.task)
    }

    fn brief(&self) -> Option<&Brief> {
        self.family.as_ref()?.brief.as_ref()
    }

    fn title(&self) -> String {
        match self.brief() {
            Some(brief) => brief.wanted.title.clone(),
            None => self.standing.experiment.name.clone(),
        }
    }

    fn link(&self) -> Said {
        Said::at(&self.name, self.href.as_str())
    }

    /// A text with the page of the experiment.
    fn here(&self, text: impl AsRef<str>) -> Said {
        Said::at(text, self.href.as_str())
    }

    fn counts(&self) -> &Counts {
        &self.standing.experiment.counts
    }

    /// How many tasks have not ended.
    fn left(&self) -> u64 {
        self.counts().pending + self.counts().running
    }

    /// `8 tasks: 6 completed, 2 failed`.
    fn tasks(&self) -> String {
        let states = State::ALL.iter().filter_map(|state| {
            let count = self.counts().of(*state);
            (count > 0).then(|| format!("{count} {state}"))
        });
        let states: Vec<String> = states.collect();
        let total = plural(self.counts().total(), "task");
        if states.is_empty() {
            return total;
        }
        format!("{total}: {}", states.join(", "))
    }
}

fn sections(one: &Subject<'_>) -> Result<Vec<Section>, HubError> {
    let mut sections = Vec::new();
    sections.extend(question(one));
    sections.push(setup(one));
    let seeds = repeats::groups(one);
    sections.push(results::results(one, &seeds)?);
    sections.extend(results::importance(one)?);
    sections.push(ending::failures(one)?);
    sections.push(ending::cost(one)?);
    sections.push(ending::reproducibility(one));
    sections.extend(ending::next_steps(one, &seeds));
    Ok(sections)
}

fn section(title: &str, blocks: Vec<Block>) -> Section {
    Section {
        title: title.to_owned(),
        blocks,
    }
}

/// What was to be found out, in its author's words.
fn question(one: &Subject<'_>) -> Option<Section> {
    let quote = |of: &str, text: &str| {
        (!text.trim().is_empty()).then(|| {
            Block::Quote(Quote {
                of: of.to_owned(),
                said: one.here(text.trim()),
            })
        })
    };
    let blocks: Vec<Block> = match one.brief() {
        Some(brief) => [
            quote("the goal of the brief", &brief.wanted.goal),
            quote("its constraints", &brief.wanted.constraints),
        ]
        .into_iter()
        .flatten()
        .collect(),
        None => quote("the description", &one.standing.experiment.description)
            .into_iter()
            .collect(),
    };
    (!blocks.is_empty()).then(|| section("Question", blocks))
}

fn setup(one: &Subject<'_>) -> Section {
    let experiment = &one.standing.experiment;
    let mut facts = Facts::default();
    facts.add(
        "Template",
        Said::at(&experiment.template, links::template(&experiment.template)),
    );
    facts.add("Tasks", one.here(one.tasks()));
    facts.add(
        "Time budget of a task",
        one.here(numbers::duration(experiment.setup.time_budget)),
    );
    if let Some(objective) = &one.standing.objective {
        let unit = match objective.unit.as_str() {
            "" => String::new(),
            unit => format!(", in {unit}"),
        };
        let text = format!(
            "{} ({}{unit})",
            objective.metric,
            objective.direction.as_str()
        );
        facts.add("Objective", one.here(text));
    }
    if let Some(brief) = one.brief() {
        let wanted = &brief.wanted;
        facts.add("Hardware", one.here(&wanted.hardware));
        facts.add("Sampler", one.here(wanted.sampler.as_str()));
        if let Some(budget) = wanted.budget {
            facts.add("Budget", one.here(format!("{budget} credits")));
        }
    }
    if let Some(class) = experiment.kept_class() {
        facts.add("Device class", one.here(class));
    }
    facts.add("Author", one.here(&experiment.author));
    let mut blocks = vec![facts.block()];
    blocks.extend(names(one));
    section("Set-up", blocks)
}

/// What was searched, or what every task was told.
fn names(one: &Subject<'_>) -> Option<Block> {
    let (caption, heading, names) = if let Some(brief) = one.brief() {
        let searched = expressions(&brief.wanted.space);
        ("The search space", "Searched", searched)
    } else {
        let told = told(&one.standing.ranked);
        if told.is_empty() {
            let config = one.standing.experiment.setup.config.iter();
            let config = config.map(|(name, value)| (name.clone(), plain(value)));
            (
                "The configuration of the next run",
                "Value",
                config.collect(),
            )
        } else {
            let caption = "What the runs with a value were told";
            (caption, "Value, or values", told)
        }
    };
    if names.is_empty() {
        return None;
    }
    let rows = names.iter().take(NAMES_MAX);
    Some(Block::Table(Table {
        caption: caption.to_owned(),
        columns: vec![Column::words("Parameter"), Column::words(heading)],
        rows: rows
            .map(|(name, value)| vec![Said::new(name), Said::new(value)])
            .collect(),
        note: left_out(names.len(), NAMES_MAX, "parameter"),
    }))
}

/// Every parameter that runs were told, with its values in the order of the runs; of many the first few.
fn told(runs: &[Placed]) -> Vec<(String, String)> {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for run in runs {
        for (name, value) in run.config.iter() {
            let known = values.entry(name).or_default();
            let value = plain(value);
            if known.len() <= VALUES_MAX && !known.contains(&value) {
                known.push(value);
            }
        }
    }
    let text = |(name, mut values): (&str, Vec<String>)| {
        let is_cut = values.len() > VALUES_MAX;
        values.truncate(VALUES_MAX);
        let more = if is_cut { ", …" } else { "" };
        (name.to_owned(), format!("{}{more}", values.join(", ")))
    };
    values.into_iter().map(text).collect()
}

/// A text without its quotes, or JSON.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What is said of what a list leaves out; nothing where it has all.
fn left_out(all: usize, most: usize, noun: &str) -> String {
    match all.saturating_sub(most) {
        0 => String::new(),
        left => format!("{} more not shown.", plural(left as u64, noun)),
    }
}

/// A configuration in a cell.
fn configuration(config: &Map<String, Value>) -> String {
    let parts = config.iter().take(CONFIG_MAX);
    let parts = parts.map(|(name, value)| format!("{name} {}", plain(value)));
    let mut text = parts.collect::<Vec<_>>().join(", ");
    if config.len() > CONFIG_MAX {
        text.push_str(", …");
    }
    text
}

/// `1.2 to 1.4`.
fn interval((low, high): (f64, f64)) -> String {
    format!("{} to {}", numbers::amount(low), numbers::amount(high))
}

/// Names with values, put together.
#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, name: &str, value: Said) {
        if !value.text.is_empty() {
            self.0.push(Fact {
                name: name.to_owned(),
                value,
            });
        }
    }

    fn block(self) -> Block {
        Block::Facts { facts: self.0 }
    }
}
