//! Runs that were searched for, on the wire.

use cupola_hub::{run_search::RunFound, series::Series};
use cupola_protocol::{
    number::Number,
    runs::{FoundRunBody, MetricBody},
};

/// A run with what was asked for.
pub fn found_run(found: &RunFound) -> FoundRunBody {
    let metrics = found.metrics.iter();
    FoundRunBody {
        run: super::run(&found.run),
        name: found.run.name.clone(),
        task_number: found.task_number,
        experiment_name: found.experiment_name.clone(),
        cost: found.cost.map(cupola_domain::cost::Money::units),
        params: found.params.iter().cloned().collect(),
        tags: found.tags.iter().cloned().collect(),
        metrics: metrics
            .map(|series| (series.name.clone(), metric(series)))
            .collect(),
    }
}

fn metric(series: &Series) -> MetricBody {
    let time = |millis| cupola_domain::time::Timestamp::from_millis(millis).into();
    MetricBody {
        value: series.last.map(|point| Number(point.value)),
        step: series.last.map(|point| point.step),
        time: series.last.map(|point| time(point.time_millis)),
        min: series.min,
        max: series.max,
        points: series.points,
    }
}
