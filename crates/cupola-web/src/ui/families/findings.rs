//! From what the search found to what pages show of it.

use cupola_domain::{experiment::Experiment, task::Config};
use cupola_hub::{
    Analysis,
    findings::{self, Domain, Space},
};

use super::{Anomaly, Factor, Ranked, Repro, Results, Winner, parts::key};
use crate::ui::{
    components::{ConfigTable, LevelBars},
    format, paths,
    present::{better, seeds},
};

/// Values of a group of equal runs that are written out.
const VALUES_MAX: usize = 8;

pub(super) fn results(family: &Experiment, analysis: &Analysis) -> Results {
    let objective = family.objective.as_ref();
    let is_better = |a, b| objective.is_some_and(|o| o.direction.is_better(a, b));
    let space = analysis.space.as_ref();
    let factor = |found: &findings::Factor| {
        // What stood still explains nothing.
        (found.levels.len() > 1).then(|| factor(found, is_better))
    };
    Results {
        key: key(family),
        src: paths::family(family.id, "/results"),
        metric: family.metric().to_owned(),
        direction: better(objective),
        winner: winner(analysis),
        top: analysis
            .summary
            .top
            .iter()
            .map(|found| ranked(found, space))
            .collect(),
        factors: analysis.factors.iter().filter_map(factor).collect(),
        repros: analysis.repeats.iter().map(repro).collect(),
        anomalies: analysis.anomalies.iter().map(anomaly).collect(),
    }
}

fn winner(analysis: &Analysis) -> Option<Winner> {
    let best = analysis.best.as_ref()?;
    Some(Winner {
        task: best.task.into(),
        run: analysis.best_run.map(Into::into),
        value: best.value.into(),
        seeds: seeds(best.seed),
        config: ConfigTable::new("Best configuration", &best.config),
    })
}

fn ranked(found: &findings::Ranked, space: Option<&Space>) -> Ranked {
    Ranked {
        rank: u32::try_from(found.rank).unwrap_or(u32::MAX),
        task: found.task.into(),
        value: found.value.into(),
        seeds: seeds(found.seed),
        config: chosen(&found.config, space),
    }
}

/// What the search chose, on one line; fixed parameters are the same for all.
fn chosen(config: &Config, space: Option<&Space>) -> String {
    let is_fixed = |name: &str| {
        let parameter = space.and_then(|space| space.find(name));
        parameter.is_some_and(|parameter| matches!(parameter.domain, Domain::Fixed(_)))
    };
    let parts: Vec<_> = config
        .iter()
        .filter(|(name, _)| !is_fixed(name))
        .map(|(name, value)| format!("{name} {}", format::json(value)))
        .collect();
    parts.join(" · ")
}

fn factor(found: &findings::Factor, is_better: impl Fn(f64, f64) -> bool) -> Factor {
    let levels: Vec<_> = found
        .levels
        .iter()
        .map(|level| {
            let label = level.label.clone();
            (label, level.mean, level.std_population, level.count as u64)
        })
        .collect();
    let share = found.effect.map(|effect| effect.share);
    Factor {
        parameter: found.parameter.clone(),
        spread: found.spread.into(),
        share: share.map_or_else(|| format::NOTHING.to_owned(), format::percent),
        share_fraction: share.unwrap_or(0.0),
        levels: LevelBars::new(&found.parameter, &levels, is_better),
    }
}

fn repro(found: &findings::Repeats) -> Repro {
    let shown = found.values.iter().take(VALUES_MAX);
    let mut values: Vec<_> = shown.map(|value| format::number(*value)).collect();
    if found.values.len() > VALUES_MAX {
        values.push("…".to_owned());
    }
    if found.not_finite > 0 {
        values.push(format!("{} not finite", found.not_finite));
    }
    Repro {
        seed: found.seed,
        count: found.count as u64,
        values: values.join(", "),
        spread: found.spread.into(),
        is_reproducible: found.reproducible,
    }
}

fn anomaly(found: &findings::Anomaly) -> Anomaly {
    Anomaly {
        task: found.task.into(),
        value: found.value.into(),
        z: format!("{:+.1} σ", found.z),
    }
}
