//! What results say, on the wire.

use std::collections::BTreeMap;

use cupola_hub::{
    Analysis,
    families::FamilyDetail,
    findings::{Comparison, Factor, Ranked, Repeats, Test, Verdict},
};
use cupola_protocol::families::{
    AnomalyBody, ComparisonBody, FactorBody, LevelBody, RankedBody, ReportBody, ReproBody,
    SummaryBody,
};
use serde_json::{Map, Value, json};

/// What the results of a family say.
pub fn summary(analysis: &Analysis) -> SummaryBody {
    let summary = &analysis.summary;
    SummaryBody {
        generated_at: analysis.generated_at.into(),
        counted: summary.counted as u64,
        excluded_not_finite: summary.excluded_not_finite as u64,
        excluded_not_measured: summary.excluded_not_measured as u64,
        mean: summary.mean,
        std: summary.std_population,
        min: summary.min,
        max: summary.max,
        median: summary.median,
        best: summary.top.first().map(ranked),
        better_in_check: analysis.claimed.map(|(check, _)| check.to_string()),
        top_configs: summary.top.iter().map(ranked).collect(),
        factor_analysis: analysis.factors.iter().map(factor).collect(),
        reproducibility: analysis.repeats.iter().map(repro).collect(),
        anomalies: analysis
            .anomalies
            .iter()
            .map(|anomaly| AnomalyBody {
                task_id: anomaly.task.to_string(),
                value: anomaly.value,
                z: anomaly.z,
            })
            .collect(),
    }
}

fn ranked(ranked: &Ranked) -> RankedBody {
    RankedBody {
        rank: u32::try_from(ranked.rank).unwrap_or(u32::MAX),
        task_id: ranked.task.to_string(),
        metric_value: ranked.value,
        config: ranked.config.as_ref().clone(),
        seeds: vec![ranked.seed],
    }
}

fn factor(factor: &Factor) -> FactorBody {
    FactorBody {
        parameter: factor.parameter.clone(),
        spread: factor.spread,
        share: factor.effect.as_ref().map_or(0.0, |effect| effect.share),
        levels: factor
            .levels
            .iter()
            .map(|level| LevelBody {
                level: level.label.clone(),
                mean: level.mean,
                std: level.std_population,
                count: level.count as u64,
            })
            .collect(),
    }
}

fn repro(repeats: &Repeats) -> ReproBody {
    ReproBody {
        seed: repeats.seed,
        count: repeats.count as u64,
        values: repeats.values.clone(),
        spread: repeats.spread.unwrap_or(0.0),
        reproducible: repeats.reproducible,
    }
}

/// The same in the form of the platform's first analysis script.
pub fn report(detail: &FamilyDetail) -> ReportBody {
    let analysis = &detail.analysis;
    let summary = &analysis.summary;
    ReportBody {
        family_id: detail.family.id.to_string(),
        generated_at: analysis.generated_at.into(),
        summary: BTreeMap::from([
            ("mean".to_owned(), summary.mean),
            ("std".to_owned(), summary.std_population),
            ("min".to_owned(), summary.min),
            ("max".to_owned(), summary.max),
        ]),
        factor_analysis: analysis.factors.iter().map(reported_factor).collect(),
        top_configs: summary.top.iter().map(ranked).collect(),
        reproducibility: analysis.repeats.iter().map(repro).collect(),
        anomaly_task_ids: analysis
            .anomalies
            .iter()
            .map(|a| a.task.to_string())
            .collect(),
    }
}

fn reported_factor(factor: &Factor) -> (String, Value) {
    let level = |level: &cupola_hub::findings::Level| {
        let said = json!({
            "mean": level.mean,
            "std": level.std_population,
            "count": level.count,
        });
        (level.label.clone(), said)
    };
    let values: Map<String, Value> = factor.levels.iter().map(level).collect();
    let said = json!({ "values": values, "spread": factor.spread });
    (factor.parameter.clone(), said)
}

/// Two groups held against each other; `None` when one of them has no finite value.
pub fn comparison(comparison: &Comparison) -> Option<ComparisonBody> {
    let (verdict, more_seeds) = verdict(comparison.verdict);
    Some(ComparisonBody {
        mean_a: comparison.a.mean?,
        mean_b: comparison.b.mean?,
        n_a: comparison.a.count as u64,
        n_b: comparison.b.count as u64,
        test: test(comparison.test).to_owned(),
        difference: comparison.difference?,
        // JSON has no infinity: an interval without an end is none.
        interval: comparison
            .interval_95
            .filter(|(low, high)| low.is_finite() && high.is_finite())
            .map(|(low, high)| [low, high]),
        p_value: comparison.p_value,
        verdict: verdict.to_owned(),
        more_seeds,
    })
}

/// The word for a verdict, and how many more seeds it asks for.
pub(super) fn verdict(verdict: Verdict) -> (&'static str, Option<u32>) {
    match verdict {
        Verdict::ABetter => ("a_better", None),
        Verdict::BBetter => ("b_better", None),
        Verdict::Undecided { more_seeds } => ("undecided", more_seeds),
    }
}

/// The word for a test.
pub(super) fn test(test: Test) -> &'static str {
    match test {
        Test::Welch => "welch",
        Test::MannWhitney => "mann_whitney",
    }
}
