//! Families: the experiments that briefs made.

use std::sync::Arc;

use cupola_domain::{
    brief::Brief,
    counts::State,
    experiment::Experiment,
    field::FieldError,
    ids::{ExperimentId, TaskId},
    objective::Objective,
    resources::Needs,
    task::Config,
    text::storable,
    worker::Presence,
};
use cupola_search::compare::{Comparison, compare};
use cupola_store::{Tx, briefs, experiments, tasks};

use crate::{Analysis, Hub, HubError, costs::Spending, live::LiveWorker};

/// A family with its brief and results.
#[derive(Debug, Clone)]
pub struct FamilyDetail {
    /// The family.
    pub family: Experiment,
    /// Its brief.
    pub brief: Option<Brief>,
    /// What its results say.
    pub analysis: Arc<Analysis>,
    /// Why what waits will not be leased as things are; empty when some worker could take it.
    pub obstacle: String,
    /// What it cost so far, and what its brief would cost at most.
    pub spending: Spending,
}

/// A family in a list.
#[derive(Debug, Clone)]
pub struct FamilyRow {
    /// The family.
    pub family: Experiment,
    /// The title of the brief that made it.
    pub title: Option<String>,
    /// The best value so far.
    pub best: Option<f64>,
    /// Whose that is.
    pub best_task: Option<TaskId>,
}

impl Hub {
    /// The latest families first, and how many match.
    pub fn list_families(
        &self,
        search: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<FamilyRow>, u64), HubError> {
        let search = storable(search.trim()).into_owned();
        self.read(move |tx| {
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let (found, total) = experiments::list_families(tx, &search, i64::from(limit), offset)?;
            let mut rows = Vec::with_capacity(found.len());
            for family in found {
                let best = tasks::find_best(tx, family.id, objective(&family)?.direction)?;
                let brief = match family.origin.brief() {
                    Some(brief) => briefs::find(tx, brief)?,
                    None => None,
                };
                rows.push(FamilyRow {
                    family,
                    title: brief.map(|brief| brief.wanted.title),
                    best: best.map(|(_, value)| value),
                    best_task: best.map(|(task, _)| task),
                });
            }
            Ok((rows, total))
        })
    }

    /// The same, only those in one state. A family's state follows from its counts, so all that
    /// match the search are looked at.
    pub fn list_families_in(
        &self,
        state: State,
        search: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<FamilyRow>, u64), HubError> {
        let (mut rows, _) = self.list_families(search, u32::MAX, 0)?;
        rows.retain(|row| row.family.state() == state);
        let total = rows.len() as u64;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok((rows.into_iter().skip(offset).take(limit).collect(), total))
    }

    /// Deletes a family with the brief that made it.
    pub fn delete_family(&self, id: ExperimentId) -> Result<(), HubError> {
        let family = self.read(move |tx| find(tx, id))?;
        let brief = family.origin.brief();
        self.delete_brief(brief.ok_or_else(|| HubError::not_found("family", id))?)
    }

    /// A family with its results.
    pub fn family_detail(&self, id: ExperimentId) -> Result<FamilyDetail, HubError> {
        let (family, brief) = self.read(move |tx| {
            let family = find(tx, id)?;
            let brief = match family.origin.brief() {
                Some(brief) => briefs::find(tx, brief)?,
                None => None,
            };
            Ok((family, brief))
        })?;
        let analysis = self.analysis(&family)?;
        self.detail_of(family, brief, analysis)
    }

    /// A family with what is known of it already.
    pub fn detail_of(
        &self,
        family: Experiment,
        brief: Option<Brief>,
        analysis: Arc<Analysis>,
    ) -> Result<FamilyDetail, HubError> {
        Ok(FamilyDetail {
            obstacle: self.obstacle(&family)?,
            spending: self.spending(&family, brief.as_ref())?,
            family,
            brief,
            analysis,
        })
    }

    /// Why the pending tasks of a family will not be leased as things are; empty when some worker that
    /// is heard of could take them, or none is pending.
    pub fn obstacle(&self, family: &Experiment) -> Result<String, HubError> {
        let why = self.obstacle_to(family, &family.needs)?;
        if why.is_empty() && family.counts.pending > 0 {
            return self.kept_obstacle(family.id);
        }
        Ok(why)
    }

    /// The same for those of an experiment's tasks that need this.
    pub(crate) fn obstacle_to(
        &self,
        family: &Experiment,
        needs: &Needs,
    ) -> Result<String, HubError> {
        if family.counts.pending == 0 {
            return Ok(String::new());
        }
        let spent = self.spent_budget_of(family)?;
        if !spent.is_empty() {
            return Ok(spent);
        }
        let quota = self.quota_of(family)?;
        if !quota.is_empty() {
            return Ok(quota);
        }
        let now = self.now();
        let live = self.live();
        let present = live.workers.values().filter(|worker| {
            worker.left_at.is_none() && Presence::at(worker.last_seen, now) != Presence::Offline
        });
        let lacking = present.map(|worker| {
            let mut unmet = needs.unmet_by(&worker.capabilities);
            let class = worker.capabilities.class();
            if !family.class().takes(class) {
                unmet.push(class_of(family));
            }
            (unmet, Readiness::of(worker))
        });
        let lacking: Vec<_> = lacking.collect();
        let Some((unmet, _)) = lacking.iter().min_by_key(|(unmet, _)| unmet.len()) else {
            return Ok("no worker is online".to_owned());
        };
        if !unmet.is_empty() {
            let unmet = unmet.join(" and ");
            return Ok(format!("no worker that is online has {unmet}"));
        }
        let able = lacking.iter().filter(|(unmet, _)| unmet.is_empty());
        Ok(Readiness::word(able.map(|(_, readiness)| *readiness)))
    }

    /// Stops what is left of a family; see [`Hub::cancel_experiment`].
    pub fn cancel_family(&self, id: ExperimentId) -> Result<Experiment, HubError> {
        self.read(move |tx| find(tx, id))?;
        self.cancel_experiment(id)
    }

    /// Holds two of a family's configurations against each other: all runs of the first task's
    /// configuration against all of the second's, over their seeds.
    pub fn compare_tasks(
        &self,
        id: ExperimentId,
        a: TaskId,
        b: TaskId,
    ) -> Result<Comparison, HubError> {
        let detail = self.family_detail(id)?;
        let observations = &detail.analysis.observations;
        let config_of = |field: &str, task: TaskId| -> Result<&Config, HubError> {
            let found = observations.iter().find(|o| o.task == task);
            found.map(|o| &*o.config).ok_or_else(|| {
                let message = format!("`{task}` is not a completed task of this family");
                HubError::Invalid(vec![FieldError::new(field, message)])
            })
        };
        let values = |config: &Config| -> Vec<f64> {
            let same = observations.iter().filter(|o| *o.config == *config);
            same.filter(|o| o.provenance.counts())
                .filter_map(|o| o.value)
                .collect()
        };
        let (a, b) = (values(config_of("a", a)?), values(config_of("b", b)?));
        Ok(compare(&a, &b, objective(&detail.family)?.direction))
    }
}

/// Whether a worker is given anything new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readiness {
    Ready,
    Drained,
    /// By its owner, or about to leave.
    Paused,
}

impl Readiness {
    fn of(worker: &LiveWorker) -> Self {
        if worker.drained.is_some() {
            Self::Drained
        } else if worker.paused.is_some() {
            Self::Paused
        } else {
            Self::Ready
        }
    }

    /// Why nothing is given to any of these; empty where one is ready.
    fn word(of: impl Iterator<Item = Self> + Clone) -> String {
        let mut all = of.clone();
        let has = |wanted: Self| of.clone().any(|one| one == wanted);
        let how = match (has(Self::Drained), has(Self::Paused)) {
            _ if all.any(|one| one == Self::Ready) => return String::new(),
            (true, true) => "drained or paused",
            (true, false) => "drained",
            (false, _) => "paused by its owner",
        };
        format!("every worker that could take it is {how}")
    }
}

/// The device class that a worker lacks.
fn class_of(family: &Experiment) -> String {
    match family.kept_class() {
        Some(class) => format!("the device class `{class}`"),
        None => "a device class".to_owned(),
    }
}

/// The experiment, if a brief made it.
pub(crate) fn find(tx: &mut Tx, id: ExperimentId) -> Result<Experiment, HubError> {
    experiments::find(tx, id)?
        .filter(|found| found.origin.brief().is_some())
        .ok_or_else(|| HubError::not_found("family", id))
}

/// What a family is judged by: a brief is refused whose template has no objective.
pub(crate) fn objective(family: &Experiment) -> Result<&Objective, HubError> {
    let found = family.objective.as_ref();
    found.ok_or_else(|| HubError::Internal(anyhow::anyhow!("`{}` has no objective", family.name)))
}
