//! The names of a hub. Kept between questions, and made anew when something was made or renamed since.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use cupola_domain::{
    ids::{ExperimentId, RunId},
    time::Instant,
};
use cupola_hub::{
    Hub, HubError,
    run_search::{Columns, NameKind, RunSearch, filter::Filter},
};

use crate::{
    catalogue::Catalogue,
    names::{CHOICES_MAX, How, Key, Kind, Names, Thing},
    people,
};

/// So many briefs' titles lead to their families: the newest.
const TITLES_MAX: u32 = 500;

/// So many parameters and so many metrics are known by slips and parts; all by their names.
const LABELS_MAX: usize = 100;

/// An index is at least so old before another change has it made anew.
const KEPT_MILLIS: u128 = 2_000;

/// Digits of a run's id that pages show.
const SHORT_ID_DIGITS: usize = 12;

/// Names that are kept for the next question.
#[derive(Debug, Default)]
pub struct Index(Mutex<Option<Kept>>);

#[derive(Debug, Clone)]
struct Kept {
    catalogue: Arc<Catalogue>,
    change: i64,
    at: Instant,
}

/// The names of a hub as they were lately.
pub struct HubNames<'a> {
    hub: &'a Hub,
    catalogue: Arc<Catalogue>,
}

impl Index {
    /// The names of `hub`, as of no longer ago than some seconds.
    pub fn names<'a>(&self, hub: &'a Hub) -> Result<HubNames<'a>, HubError> {
        let kept = self.kept();
        let (change, now) = (hub.last_change()?, hub.monotonic());
        if let Some(kept) = kept
            && (kept.change == change || now.since(kept.at).as_millis() < KEPT_MILLIS)
        {
            let catalogue = kept.catalogue;
            return Ok(HubNames { hub, catalogue });
        }
        self.names_anew(hub)
    }

    /// The names as they are now: for a question that names something unknown.
    pub fn names_anew<'a>(&self, hub: &'a Hub) -> Result<HubNames<'a>, HubError> {
        let (change, at) = (hub.last_change()?, hub.monotonic());
        let catalogue = Arc::new(catalogue(hub)?);
        let kept = Kept {
            catalogue: Arc::clone(&catalogue),
            change,
            at,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(HubNames { hub, catalogue })
    }

    /// Whether anything has changed since the names were read.
    pub fn is_outdated(&self, hub: &Hub) -> Result<bool, HubError> {
        let change = hub.last_change()?;
        Ok(self.kept().is_none_or(|kept| kept.change != change))
    }

    fn kept(&self) -> Option<Kept> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Names for HubNames<'_> {
    fn find(&self, how: How, text: &str, kinds: &[Kind]) -> Vec<Thing> {
        let mut found = self.catalogue.find(how, text, kinds);
        if how == How::Id && kinds.contains(&Kind::Run) {
            found.extend(self.run(text));
        }
        if how == How::Exact && found.is_empty() {
            found.extend(self.label(text, kinds));
        }
        found
    }

    fn recent(&self, kind: Kind) -> Vec<Thing> {
        match kind {
            Kind::Run => self.recent_runs(),
            kind => self.catalogue.recent(kind),
        }
    }
}

impl HubNames<'_> {
    /// How many things of a kind are known.
    pub fn count(&self, kind: Kind) -> u64 {
        self.catalogue.count(kind) as u64
    }

    /// Runs are too many to be kept: one is found by the whole of its id, or by what pages show of it.
    fn run(&self, text: &str) -> Option<Thing> {
        let text = text.trim_start_matches('#').to_ascii_lowercase();
        if let Ok(id) = text.parse::<RunId>() {
            self.hub.run_detail(id).ok()?;
            return Some(run_thing(id));
        }
        let is_short =
            text.len() == SHORT_ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let filter = is_short
            .then(|| Filter::parse(&format!("id ~ \"{text}\"")).ok())
            .flatten()?;
        let search = RunSearch {
            filter,
            limit: 2,
            columns: Columns::These(Vec::new()),
            ..RunSearch::default()
        };
        let mut runs = self.hub.search_runs(search).ok()?.runs;
        let only = runs.pop().filter(|_| runs.is_empty())?;
        Some(run_thing(only.run.id))
    }

    /// The newest runs, by the names of their experiments and the numbers of their tasks.
    fn recent_runs(&self) -> Vec<Thing> {
        let search = RunSearch {
            limit: u32::try_from(CHOICES_MAX).unwrap_or(u32::MAX),
            columns: Columns::These(Vec::new()),
            ..RunSearch::default()
        };
        let found = self.hub.search_runs(search).map(|found| found.runs);
        let runs = found.unwrap_or_default().into_iter().map(|found| {
            let name = self.called(found.run.experiment, &found.experiment_name);
            Thing::new(
                Key::Run(found.run.id),
                format!("{name} #{}", found.task_number),
            )
        });
        runs.collect()
    }

    /// What an experiment is called in answers: as its brief, or by its name.
    pub fn called(&self, id: ExperimentId, name: &str) -> String {
        let thing = self.catalogue.thing_of(&Key::Experiment(id));
        let called = thing.map_or(name, |thing| thing.name.as_str());
        // The titles of older briefs are not kept.
        let title = if called == name {
            self.title_of(id)
        } else {
            None
        };
        title.map_or_else(|| called.to_owned(), |title| format!("{title} ({name})"))
    }

    /// The title of the brief that an experiment is the family of.
    fn title_of(&self, id: ExperimentId) -> Option<String> {
        let brief = self
            .hub
            .known_experiment(id)
            .ok()?
            .experiment
            .origin
            .brief()?;
        Some(self.hub.find_brief(brief).ok()??.wanted.title)
    }

    /// An experiment as it is spoken of.
    pub fn thing(&self, id: ExperimentId, name: &str) -> Thing {
        Thing::new(Key::Experiment(id), self.called(id, name))
    }

    /// A parameter or a metric by the whole of its name.
    fn label(&self, text: &str, kinds: &[Kind]) -> Option<Thing> {
        let is_there = |kind, of| {
            let names = self.hub.run_names(of, text, 1).unwrap_or_default();
            kinds.contains(&kind) && names.iter().any(|name| name == text)
        };
        if is_there(Kind::Parameter, NameKind::Param) {
            return Some(Thing::new(Key::Parameter(text.to_owned()), text));
        }
        is_there(Kind::Metric, NameKind::Metric)
            .then(|| Thing::new(Key::Metric(text.to_owned()), text))
    }
}

/// A run as it is called in answers: as pages call it.
pub fn run_thing(id: RunId) -> Thing {
    Thing::new(Key::Run(id), id.short())
}

fn catalogue(hub: &Hub) -> Result<Catalogue, HubError> {
    let mut catalogue = Catalogue::default();
    let (briefs, _) = hub.list_briefs("", TITLES_MAX, 0)?;
    let titles: HashMap<_, _> = briefs
        .into_iter()
        .map(|row| (row.family.id, (row.brief.wanted.title, row.brief.id)))
        .collect();
    let mut experiments = hub.known_experiments()?;
    let (mut shared, mut seen) = (HashSet::new(), HashSet::new());
    for known in &experiments {
        let title = titles
            .get(&known.experiment.id)
            .map(|(title, _): &(String, _)| title.as_str());
        for called in [
            Some(known.experiment.name.clone()),
            title.map(str::to_owned),
        ]
        .into_iter()
        .flatten()
        {
            if !seen.insert(called.clone()) {
                shared.insert(called);
            }
        }
    }
    experiments.retain(|known| known.deleted_at.is_none() && known.bin_of.is_none());
    for known in experiments.into_iter().rev() {
        let experiment = known.experiment;
        let key = Key::Experiment(experiment.id);
        let brief = titles.get(&experiment.id);
        let name = experiment.name.as_str();
        match brief.map(|(title, _)| title.as_str()) {
            None => catalogue.insert(Thing::new(key, name), &[]),
            Some(title) => {
                let is_shared = shared.contains(title);
                let both = format!("{title} ({name})");
                let called = if is_shared { both.as_str() } else { title };
                catalogue.insert_as(Thing::new(key, called), &[name, title, &both]);
            }
        }
        catalogue.identify(&experiment.id.to_string());
        if let Some((_, brief)) = brief {
            catalogue.identify(&brief.to_string());
        }
    }
    for row in hub.list_workers()? {
        let worker = row.worker;
        catalogue.insert(Thing::new(Key::Worker(worker.id), worker.name), &[]);
        catalogue.identify(&worker.id.to_string());
    }
    for template in hub.list_templates() {
        let thing = Thing::new(Key::Template(template.name.clone()), template.name.as_str());
        catalogue.insert(thing, &[&template.title]);
    }
    for known in hub.list_models()? {
        let name = known.model.name;
        catalogue.insert(Thing::new(Key::Model(name.clone()), name), &[]);
    }
    for name in people::list(hub)? {
        catalogue.insert(Thing::new(Key::Person(name.clone()), name), &[]);
    }
    for name in hub.run_names(NameKind::Param, "", LABELS_MAX)? {
        catalogue.insert(Thing::new(Key::Parameter(name.clone()), name), &[]);
    }
    for name in hub.run_names(NameKind::Metric, "", LABELS_MAX)? {
        catalogue.insert(Thing::new(Key::Metric(name.clone()), name), &[]);
    }
    Ok(catalogue)
}
