//! Every address of a hub, once: routes, templates, redirects and clients use these.

/// Addresses of the API.
pub mod api {
    /// The prefix of this version.
    pub const PREFIX: &str = "/api/v1";

    /// `GET` the counters of the first page.
    pub const OVERVIEW: &str = "/api/v1/overview";
    /// `GET` who one is.
    pub const WHOAMI: &str = "/api/v1/whoami";
    /// `GET` the templates.
    pub const TEMPLATES: &str = "/api/v1/templates";
    /// `GET` the manifests that could not be read.
    pub const BROKEN_TEMPLATES: &str = "/api/v1/broken-templates";
    /// `GET` a template.
    pub const TEMPLATE: &str = "/api/v1/templates/{name}";
    /// `GET` what it can be configured with, in a standard form.
    pub const TEMPLATE_SCHEMA: &str = "/api/v1/templates/{name}/schema";
    /// `POST` a configuration to learn what is wrong with it.
    pub const TEMPLATE_CHECK: &str = "/api/v1/templates/{name}/check";
    /// `GET` the code that a run used.
    pub const CODE: &str = "/api/v1/code/{hash}";
    /// `GET` briefs, `POST` one.
    pub const BRIEFS: &str = "/api/v1/briefs";
    /// `GET` or `DELETE` a brief.
    pub const BRIEF: &str = "/api/v1/briefs/{id}";
    /// `GET` families.
    pub const FAMILIES: &str = "/api/v1/families";
    /// `GET` or `DELETE` a family.
    pub const FAMILY: &str = "/api/v1/families/{id}";
    /// `POST` to stop all that is left of a family.
    pub const FAMILY_CANCELLATION: &str = "/api/v1/families/{id}/cancellation";
    /// `GET` what its results say, in the export's form.
    pub const FAMILY_REPORT: &str = "/api/v1/families/{id}/report";
    /// `GET` two of its configurations held against each other.
    pub const FAMILY_COMPARISON: &str = "/api/v1/families/{id}/comparison";
    /// `POST` an experiment file, which makes its experiment and tasks.
    pub const EXPERIMENT_FILES: &str = "/api/v1/experiments/files";
    /// `GET` experiments, `POST` one.
    pub const EXPERIMENTS: &str = "/api/v1/experiments";
    /// `POST` an experiment to hear what is wrong with it.
    pub const EXPERIMENT_CHECK: &str = "/api/v1/experiments/check";
    /// `GET`, `PUT` or `DELETE` an experiment.
    pub const EXPERIMENT: &str = "/api/v1/experiments/{id}";
    /// `POST` to run it as it is now.
    pub const EXPERIMENT_START: &str = "/api/v1/experiments/{id}/start";
    /// `POST` to stop all that is left of it.
    pub const EXPERIMENT_CANCELLATION: &str = "/api/v1/experiments/{id}/cancellation";
    /// `DELETE`: lets go of the device class that an experiment, or a family, keeps to.
    pub const EXPERIMENT_CLASS: &str = "/api/v1/experiments/{id}/device-class";
    /// `GET` its runs.
    pub const EXPERIMENT_RUNS: &str = "/api/v1/experiments/{id}/runs";
    /// `GET` any runs held against each other.
    pub const COMPARE: &str = "/api/v1/compare";
    /// `GET` their curves on the same columns.
    pub const COMPARE_CURVES: &str = "/api/v1/compare/curves";
    /// `GET` runs side by side.
    pub const RUN_COMPARISON: &str = "/api/v1/runs/comparison";
    /// `GET` tasks.
    pub const TASKS: &str = "/api/v1/tasks";
    /// `GET` a task.
    pub const TASK: &str = "/api/v1/tasks/{id}";
    /// `POST` to stop a task.
    pub const TASK_CANCELLATION: &str = "/api/v1/tasks/{id}/cancellation";
    /// `POST` for another attempt.
    pub const TASK_RETRY: &str = "/api/v1/tasks/{id}/retry";
    /// `GET` results.
    pub const RESULTS: &str = "/api/v1/results";
    /// `GET` runs by a filter, in any order.
    pub const RUNS: &str = "/api/v1/runs";
    /// `GET` the names that a filter may speak of.
    pub const RUN_NAMES: &str = "/api/v1/runs/names";
    /// `GET` a run.
    pub const RUN: &str = "/api/v1/runs/{id}";
    /// `POST` to stop a run.
    pub const RUN_CANCELLATION: &str = "/api/v1/runs/{id}/cancellation";
    /// `GET` lines of its log.
    pub const RUN_LOG: &str = "/api/v1/runs/{id}/log";
    /// `GET` lines of its log from anywhere, by level and text.
    pub const RUN_LOGS: &str = "/api/v1/runs/{id}/logs";
    /// `GET` how many lines of its log match.
    pub const RUN_LOG_MATCHES: &str = "/api/v1/runs/{id}/logs/matches";
    /// `GET` its log as the program wrote it.
    pub const RUN_LOG_RAW: &str = "/api/v1/runs/{id}/log/raw";
    /// `GET` one of its series.
    pub const RUN_SERIES: &str = "/api/v1/runs/{id}/series";
    /// `GET` charts of its series.
    pub const RUN_CHARTS: &str = "/api/v1/runs/{id}/charts";
    /// `GET` the points of one of its series, all of a window.
    pub const RUN_POINTS: &str = "/api/v1/runs/{id}/points";
    /// `POST` to run it again: another attempt, or, where it completed, the same task anew.
    pub const RUN_RETRY: &str = "/api/v1/runs/{id}/retry";
    /// `GET` the files that it keeps.
    pub const RUN_ARTIFACTS: &str = "/api/v1/runs/{id}/artifacts";
    /// `GET` one of them; `PUT` by a worker: keeps one.
    pub const RUN_ARTIFACT: &str = "/api/v1/runs/{id}/artifacts/{*name}";
    /// `GET` what it gave, without the values.
    pub const RUN_RESULTS: &str = "/api/v1/runs/{id}/results";
    /// `GET` one level of one result.
    pub const RUN_RESULT_LEVEL: &str = "/api/v1/runs/{id}/results/{key}";
    /// `GET` one result whole.
    pub const RUN_RESULT_RAW: &str = "/api/v1/runs/{id}/results/{key}/raw";
    /// `GET` runs, their parameters or their points as a table.
    pub const EXPORT: &str = "/api/v1/export/{what}";
    /// `POST` a part of other programs' files.
    pub const IMPORTS: &str = "/api/v1/imports";
    /// `GET` what was found in the folders of training models.
    pub const TRAINING_FILES: &str = "/api/v1/training/files";
    /// `POST` to make files of it a version of a model.
    pub const RUN_PROMOTION: &str = "/api/v1/runs/{id}/promotion";
    /// `GET` the registry; `POST` a model without versions.
    pub const MODELS: &str = "/api/v1/models";
    /// `GET`, `PATCH` or `DELETE` a model, called by its name or its id.
    pub const MODEL: &str = "/api/v1/models/{name}";
    /// `GET` the files of its version in use, or its samples.
    pub const MODEL_DOWNLOAD: &str = "/api/v1/models/{name}/download";
    /// `GET` a file with its samples.
    pub const MODEL_DATA: &str = "/api/v1/models/{name}/data/{file}";
    /// `GET` how it did; `POST` once more.
    pub const MODEL_EVALUATIONS: &str = "/api/v1/models/{name}/evaluations";
    /// `GET` where it was deployed; `POST` where it is now.
    pub const MODEL_DEPLOYMENTS: &str = "/api/v1/models/{name}/deployments";
    /// `PUT` lets an alias stand for a version; `DELETE` takes it away.
    pub const MODEL_ALIAS: &str = "/api/v1/models/{name}/aliases/{alias}";
    /// `GET`, `PATCH` or `DELETE` a version.
    pub const MODEL_VERSION: &str = "/api/v1/models/{name}/versions/{version}";
    /// `PUT` says whether it is in use.
    pub const MODEL_STAGE: &str = "/api/v1/models/{name}/versions/{version}/stage";
    /// `GET` all its files as one archive.
    pub const MODEL_ARCHIVE: &str = "/api/v1/models/{name}/versions/{version}/archive";
    /// `GET` one of its files.
    pub const MODEL_FILE: &str = "/api/v1/models/{name}/versions/{version}/files/{*path}";
    /// `GET` workers; `POST` to join.
    pub const WORKERS: &str = "/api/v1/workers";
    /// `GET` a worker; `DELETE` to remove it.
    pub const WORKER: &str = "/api/v1/workers/{id}";
    /// That a worker finishes what it has and is given nothing new.
    pub const WORKER_DRAIN: &str = "/api/v1/workers/{id}/drain";
    /// `POST` by a worker: asks for work.
    pub const WORKER_LEASES: &str = "/api/v1/workers/{id}/leases";
    /// `POST` by a worker: renews.
    pub const WORKER_HEARTBEAT: &str = "/api/v1/workers/{id}/heartbeat";
    /// `POST` by a worker: says goodbye.
    pub const WORKER_DEPARTURE: &str = "/api/v1/workers/{id}/departure";
    /// `POST` by a worker: leaves for good.
    pub const WORKER_LEAVING: &str = "/api/v1/workers/{id}/leaving";
    /// `POST` by a worker: what it measured of its machine.
    pub const WORKER_TELEMETRY: &str = "/api/v1/workers/{id}/telemetry";
    /// `GET` charts of that.
    pub const WORKER_CHARTS: &str = "/api/v1/workers/{id}/charts";
    /// `GET` all points of one of its series.
    pub const WORKER_POINTS: &str = "/api/v1/workers/{id}/points";
    /// `POST` by a worker: the program runs.
    pub const RUN_START: &str = "/api/v1/runs/{id}/start";
    /// `POST` by a worker: what the program said.
    pub const RUN_REPORTS: &str = "/api/v1/runs/{id}/reports";
    /// `POST` by a worker: how it ended.
    pub const RUN_RESULT: &str = "/api/v1/runs/{id}/result";
    /// `GET` by a worker: a template's files.
    pub const BUNDLE: &str = "/api/v1/bundles/{hash}";
    /// `GET` what runs cost.
    pub const COSTS: &str = "/api/v1/costs";
    /// `GET` budgets, `POST` one.
    pub const BUDGETS: &str = "/api/v1/budgets";
    /// `GET`, `PUT` or `DELETE` a budget.
    pub const BUDGET: &str = "/api/v1/budgets/{id}";
    /// `GET` all credits at a glance.
    pub const CREDITS: &str = "/api/v1/credits";
    /// `GET` what everybody has.
    pub const CREDIT_PEOPLE: &str = "/api/v1/credits/people";
    /// `GET` transfers, the latest first.
    pub const CREDIT_HISTORY: &str = "/api/v1/credits/history";
    /// `GET` who earned the most.
    pub const CREDIT_LEADERS: &str = "/api/v1/credits/leaders";
    /// `POST` credits to be moved.
    pub const CREDIT_TRANSFERS: &str = "/api/v1/credits/transfers";
    /// `GET` the receipts of what a run earned.
    pub const CREDIT_RECEIPTS: &str = "/api/v1/credits/receipts/{id}";
    /// `POST` a question.
    pub const ASSISTANT_ASK: &str = "/api/v1/assistant/ask";
    /// The same while the answer is made.
    pub const ASSISTANT_STREAM: &str = "/api/v1/assistant/stream";
    /// `GET` the tools that answer questions.
    pub const ASSISTANT_TOOLS: &str = "/api/v1/assistant/tools";
    /// `POST` to call one.
    pub const ASSISTANT_TOOL: &str = "/api/v1/assistant/tools/{name}";
    /// `GET` reports that are kept, `POST` for one.
    pub const REPORTS: &str = "/api/v1/reports";
    /// `GET` a report as it would be now; nothing is kept.
    pub const REPORT_NOW: &str = "/api/v1/reports/now";
    /// `GET` or `DELETE` a report that is kept.
    pub const REPORT: &str = "/api/v1/reports/{id}";
    /// `GET` when reports are made by themselves, `POST` a schedule.
    pub const REPORT_SCHEDULES: &str = "/api/v1/reports/schedules";
    /// `DELETE` a schedule.
    pub const REPORT_SCHEDULE: &str = "/api/v1/reports/schedules/{id}";
    /// `GET` what going through the whole ledger finds.
    pub const CREDIT_VERIFICATION: &str = "/api/v1/credits/verification";
    /// `GET` checks of results, the latest first; `POST` to ask for one.
    pub const CHECKS: &str = "/api/v1/verification/checks";
    /// `GET` a check with its evidence.
    pub const CHECK: &str = "/api/v1/verification/checks/{id}";
    /// `GET` what is known of a run's result.
    pub const CHECKS_OF_RUN: &str = "/api/v1/verification/runs/{id}";
    /// `GET` what is known of owners.
    pub const STANDINGS: &str = "/api/v1/verification/owners";
    /// `POST` to ban an owner.
    pub const BANS: &str = "/api/v1/verification/bans";
    /// `POST` to lift a ban.
    pub const BANS_LIFTED: &str = "/api/v1/verification/bans/lifted";
    /// `GET` what became of a brief's budget, `PUT` a higher one.
    pub const BRIEF_BUDGET: &str = "/api/v1/briefs/{id}/budget";
    /// `GET` what a worker earned.
    pub const WORKER_EARNINGS: &str = "/api/v1/workers/{id}/earnings";
    /// `GET` the same, for the worker itself.
    pub const WORKER_EARNED: &str = "/api/v1/workers/{id}/earned";
    /// `GET` alerts, those opened last first.
    pub const ALERTS: &str = "/api/v1/alerts";
    /// `GET` an alert with its history.
    pub const ALERT: &str = "/api/v1/alerts/{id}";
    /// `POST` to look after it.
    pub const ALERT_ACKNOWLEDGEMENT: &str = "/api/v1/alerts/{id}/acknowledgement";
    /// `POST` to say that what happened is dealt with.
    pub const ALERT_RESOLUTION: &str = "/api/v1/alerts/{id}/resolution";
    /// `GET` the rules of alerts, `POST` one.
    pub const ALERT_RULES: &str = "/api/v1/alerts/rules";
    /// `GET`, `PUT` or `DELETE` a rule.
    pub const ALERT_RULE: &str = "/api/v1/alerts/rules/{id}";
    /// `PUT` for how long nobody is told of it.
    pub const ALERT_RULE_MUTE: &str = "/api/v1/alerts/rules/{id}/mute";
    /// `POST` to say that all that happened by it is dealt with.
    pub const ALERT_RULE_RESOLUTION: &str = "/api/v1/alerts/rules/{id}/resolution";
    /// `GET` where alerts are told, `POST` a target.
    pub const ALERT_TARGETS: &str = "/api/v1/alerts/targets";
    /// `DELETE` a target.
    pub const ALERT_TARGET: &str = "/api/v1/alerts/targets/{id}";
    /// `POST` to send it a test.
    pub const ALERT_TARGET_TEST: &str = "/api/v1/alerts/targets/{id}/test";
    /// `GET` what was sent and is to be sent.
    pub const ALERT_DELIVERIES: &str = "/api/v1/alerts/deliveries";
    /// `GET` tokens, `POST` for one.
    pub const TOKENS: &str = "/api/v1/tokens";
    /// `DELETE` to revoke.
    pub const TOKEN: &str = "/api/v1/tokens/{id}";
    /// `GET` the ways in for machines, `POST` for one.
    pub const ENROLMENTS: &str = "/api/v1/enrolments";
    /// `DELETE` to close it.
    pub const ENROLMENT: &str = "/api/v1/enrolments/{id}";
    /// `POST` by a machine: comes in with the secret of a join code.
    pub const ENROLMENT_USE: &str = "/api/v1/enrolments/use";
    /// `GET` the workspaces that the hub shows.
    pub const WORKSPACES: &str = "/api/v1/workspaces";
    /// `GET` the experiments of one.
    pub const WORKSPACE_EXPERIMENTS: &str = "/api/v1/workspaces/{id}/experiments";
    /// `GET` its jobs.
    pub const WORKSPACE_JOBS: &str = "/api/v1/workspaces/{id}/jobs";
    /// `GET` one of them.
    pub const WORKSPACE_JOB: &str = "/api/v1/workspaces/{id}/jobs/{task}/{hash}";
    /// `GET` a part of one of its streams.
    pub const WORKSPACE_LOG: &str = "/api/v1/workspaces/{id}/jobs/{task}/{hash}/logs/{stream}";
    /// `GET` the description of all this.
    pub const OPENAPI: &str = "/api/openapi.json";

    /// `pattern` with its one hole filled.
    pub fn with(pattern: &str, value: &str) -> String {
        match (pattern.find('{'), pattern.find('}')) {
            (Some(open), Some(close)) => {
                format!("{}{value}{}", &pattern[..open], &pattern[close + 1..])
            }
            _ => pattern.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::api;

    #[test]
    fn a_hole_is_filled() {
        assert_eq!(api::with(api::RUN_LOG, "x"), "/api/v1/runs/x/log");
        assert_eq!(api::with(api::TASKS, "x"), "/api/v1/tasks");
        assert_eq!(
            api::with(&api::with(api::RUN_ARTIFACT, "x"), "a/b"),
            "/api/v1/runs/x/artifacts/a/b"
        );
    }
}

/// Addresses of the training monitor as an AFS dashboard asks for it.
pub mod afs {
    /// `GET` whether the hub is up.
    pub const HEALTH: &str = "/api/health";
    /// `GET` the session.
    pub const TRAINING_STATUS: &str = "/api/training/status";
    /// `GET` all models.
    pub const MODELS_STATUS: &str = "/api/models/status";
    /// `GET` one model.
    pub const MODEL_STATUS: &str = "/api/models/{key}/status";
    /// `GET` what models cost.
    pub const COSTS: &str = "/api/costs/breakdown";
    /// `GET` how busy machines were.
    pub const GPU_UTILIZATION: &str = "/api/metrics/gpu-utilization";
    /// `GET` the losses of the run that trains.
    pub const TRAINING_LOSS: &str = "/api/metrics/training-loss";
    /// `GET` how fast runs were.
    pub const THROUGHPUT: &str = "/api/metrics/throughput";
    /// `GET` the models of the registry.
    pub const REGISTRY: &str = "/api/models/registry";
    /// `GET` a model's files.
    pub const DOWNLOAD: &str = "/api/models/{key}/download";
    /// `GET` the models as a table.
    pub const EXPORT_CSV: &str = "/api/export/csv";
    /// `GET` session and models.
    pub const EXPORT_JSON: &str = "/api/export/json";
    /// `POST` what somebody says of a model.
    pub const UPDATE_STATUS: &str = "/api/update-status";
}
