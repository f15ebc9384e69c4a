//! What people and their programs ask a hub.

use std::time::Duration;

use cupola_protocol::{
    access::{CreatedToken, NewToken, TokenBody, WhoAmI},
    artifacts::ArtifactBody,
    briefs::{BriefBody, BriefDetail, NewBrief},
    experiments::{
        ExperimentBody, ExperimentDetail, ExperimentRunBody, NewExperiment, RunComparisonBody,
        StartExperiment, StartedRuns,
    },
    families::{ComparisonBody, FamilyBody, FamilyDetail, ReportBody},
    files::{NewFile, SubmittedFile},
    imports::{Imported, NewImport},
    joining::{CreatedEnrolment, EnrolmentBody, NewEnrolment},
    logs::{LogBody, LogsBody},
    page::Page,
    paths::api,
    runs::{FoundRunsBody, RunBody, RunDetail, SeriesBody},
    system::{Health, Overview, Version},
    tasks::{ResultBody, TaskBody, TaskDetail},
    templates::{
        BrokenTemplateBody, CheckedConfig, CodeBody, ConfigToCheck, TemplateBody, TemplateDetail,
    },
    workers::WorkerBody,
};
use serde_json::Value;

use crate::{
    Client, Download, Error,
    query::{
        ComparisonFilter, ExperimentFilter, ExportFilter, FamilyFilter, LogFilter, LogsFilter,
        PageFilter, ResultFilter, RunFilter, SeriesFilter, TaskFilter,
    },
    transport::{at, at_file},
};

/// A file may have many tasks, which are written before the answer.
const SUBMISSION_TIMEOUT: Duration = Duration::from_mins(5);

impl Client {
    /// Whether the hub is up.
    pub async fn health(&self) -> Result<Health, Error> {
        self.fetch("/health").await
    }

    /// Which hub it is.
    pub async fn version(&self) -> Result<Version, Error> {
        self.fetch("/version").await
    }

    /// Who the bearer of this client's token is.
    pub async fn whoami(&self) -> Result<WhoAmI, Error> {
        self.fetch(api::WHOAMI).await
    }

    /// The numbers of the first page.
    pub async fn overview(&self) -> Result<Overview, Error> {
        self.fetch(api::OVERVIEW).await
    }

    /// The templates.
    pub async fn templates(&self) -> Result<Page<TemplateBody>, Error> {
        self.fetch(api::TEMPLATES).await
    }

    /// The manifests that could not be read.
    pub async fn broken_templates(&self) -> Result<Page<BrokenTemplateBody>, Error> {
        self.fetch(api::BROKEN_TEMPLATES).await
    }

    /// A template with all that it says.
    pub async fn template(&self, name: &str) -> Result<TemplateDetail, Error> {
        self.fetch(&at(api::TEMPLATE, name)).await
    }

    /// What it can be configured with, in the form `json-schema` or `athanor`.
    pub async fn template_schema(&self, name: &str, format: &str) -> Result<Value, Error> {
        self.list(&at(api::TEMPLATE_SCHEMA, name), &[("format", format)])
            .await
    }

    /// What is wrong with a configuration of it, if anything.
    pub async fn check_config(
        &self,
        template: &str,
        config: &ConfigToCheck,
    ) -> Result<CheckedConfig, Error> {
        self.post(&at(api::TEMPLATE_CHECK, template), config).await
    }

    /// The code that a run used.
    pub async fn code(&self, hash: &str) -> Result<CodeBody, Error> {
        self.fetch(&at(api::CODE, hash)).await
    }

    /// Submits a brief, which makes its family and tasks. Not to be repeated blindly: twice is two.
    pub async fn create_brief(&self, brief: &NewBrief) -> Result<BriefDetail, Error> {
        self.post(api::BRIEFS, brief).await
    }

    /// The briefs, the latest first.
    pub async fn briefs(&self, filter: &PageFilter) -> Result<Page<BriefBody>, Error> {
        self.list(api::BRIEFS, filter).await
    }

    /// A brief.
    pub async fn brief(&self, id: &str) -> Result<BriefDetail, Error> {
        self.fetch(&at(api::BRIEF, id)).await
    }

    /// Removes a brief with all that it made.
    pub async fn delete_brief(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::BRIEF, id)).await
    }

    /// The families, the latest first.
    pub async fn families(&self, filter: &FamilyFilter) -> Result<Page<FamilyBody>, Error> {
        self.list(api::FAMILIES, filter).await
    }

    /// A family with its results so far.
    pub async fn family(&self, id: &str) -> Result<FamilyDetail, Error> {
        self.fetch(&at(api::FAMILY, id)).await
    }

    /// Removes a family with its tasks.
    pub async fn delete_family(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::FAMILY, id)).await
    }

    /// Stops all that is left of a family.
    pub async fn cancel_family(&self, id: &str) -> Result<FamilyDetail, Error> {
        self.post(&at(api::FAMILY_CANCELLATION, id), &()).await
    }

    /// What its results say, in the export's form.
    pub async fn family_report(&self, id: &str) -> Result<ReportBody, Error> {
        self.fetch(&at(api::FAMILY_REPORT, id)).await
    }

    /// Two of its configurations held against each other.
    pub async fn family_comparison(
        &self,
        id: &str,
        filter: &ComparisonFilter,
    ) -> Result<ComparisonBody, Error> {
        self.list(&at(api::FAMILY_COMPARISON, id), filter).await
    }

    /// Submits an experiment file. Not to be repeated blindly: twice is two.
    pub async fn submit_file(&self, file: &NewFile) -> Result<SubmittedFile, Error> {
        self.post_within(api::EXPERIMENT_FILES, file, SUBMISSION_TIMEOUT)
            .await
    }

    /// The experiments.
    pub async fn experiments(
        &self,
        filter: &ExperimentFilter,
    ) -> Result<Page<ExperimentBody>, Error> {
        self.list(api::EXPERIMENTS, filter).await
    }

    /// Makes an experiment. Not to be repeated blindly: twice is two.
    pub async fn create_experiment(
        &self,
        experiment: &NewExperiment,
    ) -> Result<ExperimentDetail, Error> {
        self.post(api::EXPERIMENTS, experiment).await
    }

    /// What is wrong with an experiment, without making it.
    pub async fn check_experiment(
        &self,
        experiment: &NewExperiment,
    ) -> Result<CheckedConfig, Error> {
        self.post(api::EXPERIMENT_CHECK, experiment).await
    }

    /// An experiment.
    pub async fn experiment(&self, id: &str) -> Result<ExperimentDetail, Error> {
        self.fetch(&at(api::EXPERIMENT, id)).await
    }

    /// Edits an experiment; its runs stay as they are.
    pub async fn update_experiment(
        &self,
        id: &str,
        experiment: &NewExperiment,
    ) -> Result<ExperimentDetail, Error> {
        self.put(&at(api::EXPERIMENT, id), experiment).await
    }

    /// Removes an experiment with its runs.
    pub async fn delete_experiment(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::EXPERIMENT, id)).await
    }

    /// Runs it as it is now. Not to be repeated blindly.
    pub async fn start_experiment(&self, id: &str, runs: u32) -> Result<StartedRuns, Error> {
        let asked = StartExperiment { runs };
        self.post(&at(api::EXPERIMENT_START, id), &asked).await
    }

    /// Stops all that is left of an experiment.
    pub async fn cancel_experiment(&self, id: &str) -> Result<ExperimentDetail, Error> {
        self.post(&at(api::EXPERIMENT_CANCELLATION, id), &()).await
    }

    /// Lets go of the device class that an experiment, or a family, keeps to.
    pub async fn release_class(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::EXPERIMENT_CLASS, id)).await
    }

    /// Its runs, the latest first.
    pub async fn experiment_runs(
        &self,
        id: &str,
        filter: &PageFilter,
    ) -> Result<Page<ExperimentRunBody>, Error> {
        self.list(&at(api::EXPERIMENT_RUNS, id), filter).await
    }

    /// Runs side by side.
    pub async fn compare_runs(&self, ids: &[String]) -> Result<RunComparisonBody, Error> {
        let query = [("runs", ids.join(","))];
        self.list(api::RUN_COMPARISON, &query).await
    }

    /// Tasks.
    pub async fn tasks(&self, filter: &TaskFilter) -> Result<Page<TaskBody>, Error> {
        self.list(api::TASKS, filter).await
    }

    /// A task with its runs.
    pub async fn task(&self, id: &str) -> Result<TaskDetail, Error> {
        self.fetch(&at(api::TASK, id)).await
    }

    /// Stops a task.
    pub async fn cancel_task(&self, id: &str) -> Result<TaskDetail, Error> {
        self.post(&at(api::TASK_CANCELLATION, id), &()).await
    }

    /// Asks for another attempt at a task that failed or was cancelled.
    pub async fn retry_task(&self, id: &str) -> Result<TaskDetail, Error> {
        self.post(&at(api::TASK_RETRY, id), &()).await
    }

    /// Results, the latest first.
    pub async fn results(&self, filter: &ResultFilter) -> Result<Page<ResultBody>, Error> {
        self.list(api::RESULTS, filter).await
    }

    /// Runs by a filter.
    pub async fn runs(&self, filter: &RunFilter) -> Result<FoundRunsBody, Error> {
        self.list(api::RUNS, filter).await
    }

    /// A run with what it used and gave.
    pub async fn run(&self, id: &str) -> Result<RunDetail, Error> {
        self.fetch(&at(api::RUN, id)).await
    }

    /// Stops a run.
    pub async fn cancel_run(&self, id: &str) -> Result<RunBody, Error> {
        self.post(&at(api::RUN_CANCELLATION, id), &()).await
    }

    /// Lines of its log.
    pub async fn run_log(&self, id: &str, filter: &LogFilter) -> Result<LogBody, Error> {
        self.list(&at(api::RUN_LOG, id), filter).await
    }

    /// Lines of its log from anywhere, by level and text.
    pub async fn run_logs(&self, id: &str, filter: &LogsFilter) -> Result<LogsBody, Error> {
        self.list(&at(api::RUN_LOGS, id), filter).await
    }

    /// Its log as the program wrote it.
    pub async fn run_log_raw(&self, id: &str) -> Result<Vec<u8>, Error> {
        self.fetch_bytes(&at(api::RUN_LOG_RAW, id)).await
    }

    /// The files that a run keeps.
    pub async fn run_artifacts(&self, id: &str) -> Result<Page<ArtifactBody>, Error> {
        self.fetch(&at(api::RUN_ARTIFACTS, id)).await
    }

    /// One of them, as it comes.
    pub async fn run_artifact(&self, id: &str, name: &str) -> Result<Download, Error> {
        self.download(&at_file(id, name)).await
    }

    /// A table, as it comes: `runs`, `params` or `metrics`.
    pub async fn export(&self, what: &str, filter: &ExportFilter) -> Result<Download, Error> {
        self.download_list(&at(api::EXPORT, what), filter).await
    }

    /// Takes a part of event files. The same part again is refused, not taken twice.
    pub async fn import(&self, part: &NewImport) -> Result<Imported, Error> {
        self.post(api::IMPORTS, part).await
    }

    /// Runs a run again: another attempt, or, where it completed, the same task anew.
    pub async fn retry_run(&self, id: &str) -> Result<RunBody, Error> {
        self.post(&at(api::RUN_RETRY, id), &()).await
    }

    /// One of its series.
    pub async fn run_series(&self, id: &str, filter: &SeriesFilter) -> Result<SeriesBody, Error> {
        self.list(&at(api::RUN_SERIES, id), filter).await
    }

    /// Workers.
    pub async fn workers(&self, filter: &PageFilter) -> Result<Page<WorkerBody>, Error> {
        self.list(api::WORKERS, filter).await
    }

    /// A worker.
    pub async fn worker(&self, id: &str) -> Result<WorkerBody, Error> {
        self.fetch(&at(api::WORKER, id)).await
    }

    /// Lets a worker finish what it has and gives it nothing new.
    pub async fn drain_worker(&self, id: &str) -> Result<WorkerBody, Error> {
        self.put(&at(api::WORKER_DRAIN, id), &()).await
    }

    /// Lets a worker work again.
    pub async fn undrain_worker(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::WORKER_DRAIN, id)).await
    }

    /// Removes a worker.
    pub async fn delete_worker(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::WORKER, id)).await
    }

    /// Tokens, without their secrets.
    pub async fn tokens(&self, filter: &PageFilter) -> Result<Page<TokenBody>, Error> {
        self.list(api::TOKENS, filter).await
    }

    /// Makes a token. Its secret is in the answer and nowhere else.
    pub async fn create_token(&self, token: &NewToken) -> Result<CreatedToken, Error> {
        self.post(api::TOKENS, token).await
    }

    /// Ways in for machines, without their secrets.
    pub async fn enrolments(&self, filter: &PageFilter) -> Result<Page<EnrolmentBody>, Error> {
        self.list(api::ENROLMENTS, filter).await
    }

    /// Opens a way in. Its join code is in the answer and nowhere else.
    pub async fn create_enrolment(&self, new: &NewEnrolment) -> Result<CreatedEnrolment, Error> {
        self.post(api::ENROLMENTS, new).await
    }

    /// Closes a way in.
    pub async fn revoke_enrolment(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::ENROLMENT, id)).await
    }

    /// Revokes a token.
    pub async fn revoke_token(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::TOKEN, id)).await
    }
}
