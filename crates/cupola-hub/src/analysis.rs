//! What the results of a family say. Computed when first asked for and kept until another
//! task completes.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cupola_domain::{
    experiment::Experiment,
    ids::{AuditId, ExperimentId, RunId, TaskId},
    time::Timestamp,
};
use cupola_search::{
    anomalies::{Anomaly, Z_LIMIT, anomalies},
    factors::{Factor, Importances, factors, importance},
    repro::{Repeats, TOLERANCE, repeats},
    space::Space,
    summary::{Observation, Summary, summary_but},
};
use cupola_store::{briefs, tasks, verification};
use serde_json::Value;

use crate::{
    Hub, HubError,
    comparison::{Question, Selection},
    families,
};

/// Families whose analyses are kept.
const KEPT_MAX: usize = 64;

/// What the results of a family say.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// When it was computed.
    pub generated_at: Timestamp,
    /// Best, mean, deviation, counts, top five.
    pub summary: Summary,
    /// The configuration and seed of the best.
    pub best: Option<Observation>,
    /// The run that gave it.
    pub best_run: Option<RunId>,
    /// How the metric varies with each parameter.
    pub factors: Vec<Factor>,
    /// Groups of equal configuration and seed.
    pub repeats: Vec<Repeats>,
    /// Values far from the others.
    pub anomalies: Vec<Anomaly>,
    /// All completed tasks, by number: what is drawn.
    pub observations: Vec<Observation>,
    /// What was searched, where a brief says so.
    pub space: Option<Space>,
    /// The best value that is being checked, where it would be better than the best, and by which check.
    pub claimed: Option<(AuditId, f64)>,
    /// What explains the variance of the metric, once somebody has asked.
    importance: OnceLock<Importances>,
}

impl Analysis {
    /// How much of the variance of the metric each parameter explains; what was searched is cut into the same
    /// ranges as on the family's page.
    pub fn importance(&self) -> &Importances {
        self.importance
            .get_or_init(|| importance(&self.observations, self.space.as_ref()))
    }
}

/// Kept analyses, by family and how many of its tasks had completed, and how often what is known of results
/// changed since: what was read before a change is not kept after it.
#[derive(Debug, Default)]
pub(crate) struct AnalysisCache(
    Mutex<HashMap<ExperimentId, (u64, Arc<Analysis>)>>,
    AtomicU64,
);

impl AnalysisCache {
    /// Results were found right or wrong.
    pub(crate) fn forget(&self) {
        self.1.fetch_add(1, Ordering::AcqRel);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Hub {
    /// What made the difference in an experiment, and in which metric. Of a family it is kept until another
    /// task completes.
    pub fn importance(&self, id: ExperimentId) -> Result<(String, Importances), HubError> {
        let experiment = self.experiment_detail(id)?.experiment;
        if experiment.origin.brief().is_some() {
            let metric = families::objective(&experiment)?.metric.clone();
            let analysis = self.analysis(&experiment)?;
            return Ok((metric, analysis.importance().clone()));
        }
        let selection = Selection {
            experiments: vec![id],
            ..Selection::default()
        };
        let compared = self.comparison(&selection, &Question::default())?;
        Ok((compared.metric_name(), compared.finding.importance))
    }

    pub(crate) fn analysis(&self, family: &Experiment) -> Result<Arc<Analysis>, HubError> {
        let completed = family.counts.completed;
        {
            let kept = self
                .analyses
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some((at, analysis)) = kept.get(&family.id)
                && *at == completed
            {
                return Ok(Arc::clone(analysis));
            }
        }
        let changes = self.analyses.1.load(Ordering::Acquire);
        let analysis = Arc::new(self.analyse(family)?);
        let mut kept = self
            .analyses
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.analyses.1.load(Ordering::Acquire) != changes {
            return Ok(analysis);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(family.id, (completed, Arc::clone(&analysis)));
        Ok(analysis)
    }

    fn analyse(&self, family: &Experiment) -> Result<Analysis, HubError> {
        let (id, brief) = (family.id, family.origin.brief());
        let (completed, brief) = self.read(move |tx| {
            let brief = match brief {
                Some(brief) => briefs::find(tx, brief)?,
                None => None,
            };
            let claims = verification::list_claims(tx, id)?;
            Ok(((tasks::list_completed(tx, id)?, claims), brief))
        })?;
        let (completed, claims) = completed;
        let direction = families::objective(family)?.direction;
        let runs: HashMap<_, _> = completed.iter().map(|c| (c.task.id, c.task.run)).collect();
        let unproven = completed.iter().filter(|c| c.is_unproven);
        let unproven: HashSet<_> = unproven.map(|c| c.task.id).collect();
        let observations: Vec<_> = completed.into_iter().map(observation).collect();
        let space = brief.and_then(|b| Space::parse_json(&Value::Object(b.wanted.space)).ok());
        let summary = summary_but(&observations, direction, |task| unproven.contains(&task));
        let better = |a: (AuditId, f64), b: (AuditId, f64)| {
            if direction.is_better(b.1, a.1) { b } else { a }
        };
        let claimed = claims.into_iter().reduce(better);
        let best = summary
            .best
            .and_then(|best| find(&observations, best.task))
            .cloned();
        Ok(Analysis {
            generated_at: self.now(),
            best_run: best.as_ref().and_then(|best| runs.get(&best.task).copied()),
            best,
            factors: factors(&observations, space.as_ref()),
            repeats: repeats(&observations, TOLERANCE),
            anomalies: anomalies(&observations, Z_LIMIT),
            summary,
            observations,
            space,
            claimed,
            importance: OnceLock::new(),
        })
    }
}

fn find(observations: &[Observation], task: TaskId) -> Option<&Observation> {
    observations
        .iter()
        .find(|observation| observation.task == task)
}

fn observation(completed: tasks::Completed) -> Observation {
    let tasks::Completed {
        task,
        provenance,
        wall_time,
        ..
    } = completed;
    Observation {
        task: task.id,
        number: task.number,
        config: task.config.into(),
        seed: task.seed,
        value: task.value,
        provenance,
        wall_time_secs: wall_time.map(|time| time.as_secs_f64()),
    }
}
