//! Experiments and their runs on the wire.

use cupola_domain::{counts::State, experiment::Experiment, run::Run};
use cupola_hub::{
    comparison::{ComparedRow, RunBeside, RunsBeside},
    experiments::{self, RunRow},
};
use cupola_protocol::{
    experiments::{
        ComparedRowBody, ComparedRunBody, ExperimentBody, ExperimentDetail, ExperimentRunBody,
        RunComparisonBody,
    },
    number::Number,
    runs::RunBody,
};

use super::{counts, direction, needs, run};

/// An experiment, with the run that was made last.
pub fn experiment(experiment: &Experiment, last: Option<&Run>) -> ExperimentBody {
    let setup = &experiment.setup;
    ExperimentBody {
        experiment_id: experiment.id.to_string(),
        name: experiment.name.clone(),
        description: experiment.description.clone(),
        origin: experiment.origin.as_str().to_owned(),
        status: experiment.state().to_string(),
        template: experiment.template.clone(),
        code_hash: experiment.code_hash.clone(),
        metric_name: experiment.metric().to_owned(),
        direction: direction(experiment.objective.as_ref()).to_owned(),
        config: setup.config.clone(),
        seed: setup.seed,
        time_budget_secs: setup.time_budget.as_secs_f64(),
        environment: setup.environment.clone(),
        working_folder: setup.working_folder.clone(),
        tags: setup.tags.clone(),
        priority: setup.priority,
        minimum_resources: needs(&experiment.needs),
        device_class: experiment.kept_class().map(str::to_owned),
        tasks: counts(experiment.counts),
        last_run: last.map(run),
        author: experiment.author.clone(),
        created_at: experiment.created_at.into(),
        updated_at: experiment.updated_at.into(),
    }
}

/// An experiment with what can be said of it now.
pub fn experiment_detail(detail: &experiments::ExperimentDetail) -> ExperimentDetail {
    ExperimentDetail {
        experiment: experiment(&detail.experiment, detail.last.as_ref()),
        runs: detail.runs,
        has_template: detail.template.is_some(),
        obstacle: detail.obstacle.clone(),
        spending: super::spending(&detail.spending),
    }
}

/// A run of an experiment.
pub fn experiment_run(row: &RunRow) -> ExperimentRunBody {
    let completed = row.task.run == row.run.id && row.run.state.word() == State::Completed;
    ExperimentRunBody {
        run: RunBody {
            reason: row.task.reason_of(&row.run),
            ..run(&row.run)
        },
        task_number: row.task.number,
        seed: row.task.seed,
        worker_name: row.worker.clone(),
        code_hash: row.run.code_hash.clone(),
        metric_name: row.task.metric.clone(),
        value: row.task.value.filter(|_| completed).map(Number),
        duration: row.run.wall_time.map(|time| time.as_secs_f64()),
        cost: row.cost.map(cupola_domain::cost::Money::units),
    }
}

/// Runs side by side.
pub fn run_comparison(comparison: RunsBeside) -> RunComparisonBody {
    let compared = |one: &RunBeside| ComparedRunBody {
        experiment_id: one.experiment.id.to_string(),
        experiment_name: one.experiment.name.clone(),
        run: experiment_run(&one.row),
    };
    let row = |row: ComparedRow| ComparedRowBody {
        path: row.path,
        values: row.values,
        differs: row.differs,
    };
    RunComparisonBody {
        runs: comparison.runs.iter().map(compared).collect(),
        config: comparison.config.into_iter().map(row).collect(),
        results: comparison.results.into_iter().map(row).collect(),
        omitted: comparison.omitted as u64,
    }
}
