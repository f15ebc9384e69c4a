//! Any runs held against each other.

use cupola_hub::charts::Across;
use cupola_hub::comparison::{
    Cell, Compared, ComparedRun, Curve, Importance, Importances, Overlay, Pair,
};
use cupola_protocol::{
    compare::{
        CompareBody, CompareGroupBody, CompareRunBody, CompareVerdictBody, ImportanceBody,
        OverlayBandBody, OverlayBody, OverlayCurveBody, ParameterImportanceBody,
    },
    number::Number,
};

use super::findings::{test, verdict};
use crate::compared::verdict_text;

/// Runs held against each other.
pub fn compare(compared: &Compared) -> CompareBody {
    let finding = &compared.finding;
    let places = compared.grouping.of_runs(compared.runs.len());
    let run = |(one, group): (&ComparedRun, &Option<usize>)| run(compared, one, *group);
    CompareBody {
        runs: compared.runs.iter().zip(&places).map(run).collect(),
        total: compared.total,
        missing: compared.missing.iter().map(ToString::to_string).collect(),
        metric: compared.metric.as_ref().map(ToString::to_string),
        direction: compared.direction.as_str().to_owned(),
        direction_known: compared.is_direction_known(),
        best_run_id: finding.best.map(|at| compared.runs[at].run.id.to_string()),
        counted: finding.counted as u64,
        not_finite: finding.not_finite as u64,
        not_measured: finding.not_measured as u64,
        by: compared
            .grouping
            .by
            .iter()
            .map(ToString::to_string)
            .collect(),
        groups: groups(compared),
        groups_omitted: compared.grouping.omitted as u64,
        verdict: finding.pair.as_ref().map(|pair| pair_body(compared, pair)),
        importance: importance(&finding.importance),
    }
}

fn run(compared: &Compared, one: &ComparedRun, group: Option<usize>) -> CompareRunBody {
    let metric = compared.metric.as_ref();
    let value = metric.map_or(Cell::Nothing, |metric| metric.cell(one));
    let metrics = one.metrics.iter();
    CompareRunBody {
        run_id: one.run.id.to_string(),
        experiment_id: one.run.experiment.to_string(),
        experiment_name: one.experiment.clone(),
        task_number: one.number,
        status: one.run.state.word().as_str().to_owned(),
        seed: one.seed.clone(),
        group: group.map(|place| place as u64),
        value: match value {
            Cell::Number(value) => Some(Number(value)),
            Cell::Text(_) | Cell::Nothing => None,
        },
        counts: metric.is_some_and(|metric| one.counted(metric).is_some()),
        params: one.params.clone(),
        tags: one.tags.clone(),
        metrics: metrics
            .filter_map(|(name, [last, ..])| Some((name.clone(), Number((*last)?))))
            .collect(),
        results: one.results.clone(),
    }
}

fn groups(compared: &Compared) -> Vec<CompareGroupBody> {
    let groups = compared.grouping.groups.iter();
    groups
        .zip(&compared.finding.groups)
        .map(|(group, mean)| CompareGroupBody {
            label: group.label.clone(),
            runs: group.members.len() as u64,
            seeds: group.seeds as u64,
            counted: mean.count as u64,
            mean: mean.mean.filter(|mean| mean.is_finite()),
            mean_95: mean.mean_95.map(|(low, high)| [low, high]),
        })
        .collect()
}

fn pair_body(compared: &Compared, pair: &Pair) -> CompareVerdictBody {
    let comparison = &pair.comparison;
    let groups = &compared.grouping.groups;
    let (word, more_seeds) = verdict(comparison.verdict);
    let finite = |end: f64| Some(end).filter(|end| end.is_finite());
    let both = (&groups[pair.a], &groups[pair.b]);
    CompareVerdictBody {
        a: pair.a as u64,
        b: pair.b as u64,
        test: test(comparison.test).to_owned(),
        difference: comparison.difference,
        interval_95: comparison
            .interval_95
            .map(|(low, high)| [finite(low), finite(high)]),
        p_value: comparison.p_value,
        verdict: word.to_owned(),
        more_seeds,
        text: verdict_text(compared, comparison, both),
    }
}

fn importance(found: &Importances) -> ImportanceBody {
    let parameter = |one: &Importance| ParameterImportanceBody {
        parameter: one.parameter.clone(),
        levels: one.levels as u64,
        runs: one.count as u64,
        share: one.alone.map(|effect| effect.share),
        share_by_chance: one.alone.map(|effect| effect.share_by_chance),
        p_value: one.alone.map(|effect| effect.p_value),
        beside_others: one.beside_others,
    };
    ImportanceBody {
        runs: found.count as u64,
        together: found.together.map(|together| together.share),
        together_by_chance: found.together.map(|together| together.share_by_chance),
        parameters: found.parameters.iter().map(parameter).collect(),
    }
}

/// Curves on the same columns.
pub fn overlay(overlay: &Overlay, axis: Across) -> OverlayBody {
    let bands = overlay.bands.iter();
    OverlayBody {
        series: overlay.series.clone(),
        axis: axis.as_str().to_owned(),
        x: overlay.x.clone(),
        curves: overlay.curves.iter().map(curve).collect(),
        undrawn: overlay.undrawn as u64,
        bands: bands
            .map(|(label, band)| OverlayBandBody {
                label: label.clone(),
                mean: short(&band.mean),
                low: short(&band.low),
                high: short(&band.high),
                count: band.count.clone(),
            })
            .collect(),
        without: overlay.without as u64,
        omitted: overlay.omitted,
    }
}

fn curve(curve: &Curve) -> OverlayCurveBody {
    let aligned = &curve.aligned;
    let spread = |values: &[Option<f64>]| {
        if aligned.is_reduced {
            short(values)
        } else {
            Vec::new()
        }
    };
    OverlayCurveBody {
        run_id: curve.run.to_string(),
        label: curve.label.clone(),
        place: curve.place as u64,
        group: curve.group.map(|group| group as u64),
        mean: short(&aligned.mean),
        low: spread(&aligned.low),
        high: spread(&aligned.high),
        points: curve.points,
        reduced: aligned.is_reduced,
    }
}

/// Seven digits are more than anybody sees, and half as long. What is too large for them is a gap.
#[expect(clippy::cast_possible_truncation, reason = "this is the point")]
fn short(values: &[Option<f64>]) -> Vec<Option<f32>> {
    let short = |value: &Option<f64>| value.map(|v| v as f32).filter(|v| v.is_finite());
    values.iter().map(short).collect()
}
