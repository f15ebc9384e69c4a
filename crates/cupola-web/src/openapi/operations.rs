//! Every operation, in the order of the routes.

use axum::http::Method;
use cupola_protocol::{
    access, afs, alerts, artifacts, assistant, briefs, charts, compare, costs, credits,
    experiments, families, files, imports, joining, logs, models,
    paths::{self, api},
    reports, results, runs, system, tasks, telemetry, templates, verification, work, workers,
    workspaces,
};

use super::{
    Answer, Operation, Shape,
    queries::{
        ALERTS, ARTIFACT, CHARTS, CHECKS, COMPARED, COMPARISON, COSTS, CREDIT_HISTORY,
        CREDIT_LEADERS, EARNED, EXPERIMENTS, EXPORT, FAMILIES, LEVEL, LIST, LIVE, LOG, LOG_MATCHES,
        LOG_RAW, LOGS, OVERLAID, POINTS, Query, REPORT, REPORT_NOW, REPORTS, RESULTS, RUN_NAMES,
        RUN_RESULTS, RUNS, RUNS_COMPARED, SCHEMA, SEARCH, SERIES, TASKS, WORKSPACE_JOBS,
        WORKSPACE_LOG,
    },
};
use crate::{
    api::system::{HEALTH, VERSION},
    live::EVENTS,
    metrics::METRICS,
};

fn operation(
    method: Method,
    path: &'static str,
    group: &'static str,
    summary: &'static str,
    answer: Answer,
) -> Operation {
    Operation {
        method,
        path,
        group,
        summary,
        query: &[],
        body: None,
        answer,
    }
}

impl Operation {
    fn query(mut self, query: Query) -> Self {
        self.query = query;
        self
    }

    fn body<T: utoipa::ToSchema>(mut self) -> Self {
        self.body = Some(Shape::of::<T>());
        self
    }
}

fn json<T: utoipa::ToSchema>() -> Answer {
    Answer::Json(Shape::of::<T>())
}

fn created<T: utoipa::ToSchema>() -> Answer {
    Answer::Created(Shape::of::<T>())
}

fn page<T: utoipa::ToSchema>() -> Answer {
    Answer::Page(Shape::of::<T>())
}

/// Every operation of the API.
pub fn operations() -> Vec<Operation> {
    let groups = [
        system_operations(),
        template_operations(),
        brief_operations(),
        experiment_operations(),
        task_operations(),
        run_operations(),
        model_operations(),
        worker_operations(),
        protocol_operations(),
        cost_operations(),
        credit_operations(),
        verification_operations(),
        assistant_operations(),
        report_operations(),
        alert_operations(),
        token_operations(),
        workspace_operations(),
        afs_operations(),
    ];
    groups.into_iter().flatten().collect()
}

#[rustfmt::skip]
fn system_operations() -> Vec<Operation> {
    const GROUP: &str = "system";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    vec![
        get(HEALTH, "Whether the hub is up", json::<system::Health>()),
        get(VERSION, "Which hub it is", json::<system::Version>()),
        get(api::OVERVIEW, "The counters of the first page", json::<system::Overview>()),
        get(api::WHOAMI, "Who the bearer of the token is", json::<access::WhoAmI>()),
        get(api::OPENAPI, "This description", Answer::Other("application/json")),
        get(EVENTS, "What changes, as keys", Answer::Other("text/event-stream")).query(LIVE),
        get(METRICS, "The hub's numbers, for Prometheus", Answer::Other("text/plain")),
    ]
}

#[rustfmt::skip]
fn workspace_operations() -> Vec<Operation> {
    use workspaces as w;
    const GROUP: &str = "workspaces";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    vec![
        get(api::WORKSPACES, "The workspaces that the hub shows", page::<w::WorkspaceBody>()).query(LIST),
        get(api::WORKSPACE_EXPERIMENTS, "The experiments of a workspace with their runs", page::<w::WorkspaceExperiment>()).query(SEARCH),
        get(api::WORKSPACE_JOBS, "Its jobs with all that is known of them", page::<w::WorkspaceJob>()).query(WORKSPACE_JOBS),
        get(api::WORKSPACE_JOB, "One of its jobs", json::<w::WorkspaceJob>()),
        get(api::WORKSPACE_LOG, "Bytes of a stream of it, `X-Offset` and `X-Size` beside them", Answer::Other("text/plain")).query(WORKSPACE_LOG),
    ]
}

#[rustfmt::skip]
fn template_operations() -> Vec<Operation> {
    use templates as t;
    const GROUP: &str = "templates";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    vec![
        get(api::TEMPLATES, "The templates, by name", page::<t::TemplateBody>()).query(LIST),
        get(api::BROKEN_TEMPLATES, "The manifests that could not be read", page::<t::BrokenTemplateBody>()).query(LIST),
        get(api::TEMPLATE, "A template with all that it says", json::<t::TemplateDetail>()),
        get(api::TEMPLATE_SCHEMA, "What it can be configured with", Answer::Other("application/json")).query(SCHEMA),
        operation(Method::POST, api::TEMPLATE_CHECK, GROUP, "What is wrong with a configuration of it", json::<t::CheckedConfig>()).body::<t::ConfigToCheck>(),
        get(api::CODE, "The code that a run used", json::<t::CodeBody>()),
    ]
}

#[rustfmt::skip]
fn brief_operations() -> Vec<Operation> {
    use families as f;
    let brief = |method, path, summary, answer| operation(method, path, "briefs", summary, answer);
    let family = |method, path, summary, answer| operation(method, path, "families", summary, answer);
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    vec![
        brief(get.clone(), api::BRIEFS, "Briefs, the latest first", page::<briefs::BriefBody>()).query(SEARCH),
        brief(post.clone(), api::BRIEFS, "Submit a brief, which makes its family and tasks", created::<briefs::BriefDetail>()).body::<briefs::NewBrief>(),
        brief(get.clone(), api::BRIEF, "A brief with what came of it", json::<briefs::BriefDetail>()),
        brief(delete.clone(), api::BRIEF, "Delete a brief with all that it made", Answer::Nothing),
        family(get.clone(), api::FAMILIES, "Families, the latest first", page::<f::FamilyBody>()).query(FAMILIES),
        family(get.clone(), api::FAMILY, "A family with its results so far", json::<f::FamilyDetail>()),
        family(delete, api::FAMILY, "Delete a family with its brief and tasks", Answer::Nothing),
        family(post, api::FAMILY_CANCELLATION, "Stop all that is left of a family", json::<f::FamilyDetail>()),
        family(get.clone(), api::FAMILY_REPORT, "What its results say, in the export's form", json::<f::ReportBody>()),
        family(get, api::FAMILY_COMPARISON, "Two of its configurations over their seeds", json::<f::ComparisonBody>()).query(COMPARISON),
        operation(Method::POST, api::EXPERIMENT_FILES, "experiments", "Submit an experiment file, which makes its experiment and tasks", created::<files::SubmittedFile>()).body::<files::NewFile>(),
    ]
}

#[rustfmt::skip]
fn experiment_operations() -> Vec<Operation> {
    use experiments as e;
    let on = |method, path, summary, answer| operation(method, path, "experiments", summary, answer);
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    vec![
        on(get.clone(), api::EXPERIMENTS, "Experiments, the latest first", page::<e::ExperimentBody>()).query(EXPERIMENTS),
        on(post.clone(), api::EXPERIMENTS, "Make an experiment; it runs nothing yet", created::<e::ExperimentDetail>()).body::<e::NewExperiment>(),
        on(post.clone(), api::EXPERIMENT_CHECK, "What is wrong with an experiment, without making it", json::<templates::CheckedConfig>()).body::<e::NewExperiment>(),
        on(get.clone(), api::EXPERIMENT, "An experiment", json::<e::ExperimentDetail>()),
        on(put, api::EXPERIMENT, "Edit an experiment; the runs that there are keep what they were made with", json::<e::ExperimentDetail>()).body::<e::NewExperiment>(),
        on(delete.clone(), api::EXPERIMENT_CLASS, "Let go of the device class that an experiment or a family keeps to: it keeps to that of the next machine", Answer::Nothing),
        on(delete, api::EXPERIMENT, "Delete an experiment with its runs; what still runs is stopped", Answer::Nothing),
        on(post.clone(), api::EXPERIMENT_START, "Run it as it is now", created::<e::StartedRuns>()).body::<e::StartExperiment>(),
        on(post, api::EXPERIMENT_CANCELLATION, "Stop all that is left of an experiment", json::<e::ExperimentDetail>()),
        on(get.clone(), api::EXPERIMENT_RUNS, "Its runs, the latest first", page::<e::ExperimentRunBody>()).query(LIST),
        on(get.clone(), api::COMPARE, "Any runs held against each other: groups, verdict, importance", json::<compare::CompareBody>()).query(COMPARED),
        on(get.clone(), api::COMPARE_CURVES, "Their curves on the same columns, alone and as groups with 95 % bands", json::<compare::OverlayBody>()).query(OVERLAID),
        on(get, api::RUN_COMPARISON, "Runs side by side: what they used and gave, and where they differ", json::<e::RunComparisonBody>()).query(RUNS_COMPARED),
    ]
}

#[rustfmt::skip]
fn task_operations() -> Vec<Operation> {
    const GROUP: &str = "tasks";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    let post = |path, summary, answer| operation(Method::POST, path, GROUP, summary, answer);
    vec![
        get(api::TASKS, "Tasks, the latest first", page::<tasks::TaskBody>()).query(TASKS),
        get(api::TASK, "A task with its attempts", json::<tasks::TaskDetail>()),
        post(api::TASK_CANCELLATION, "Stop a task", json::<tasks::TaskDetail>()),
        post(api::TASK_RETRY, "Another attempt at a failed or cancelled task", json::<tasks::TaskDetail>()),
        get(api::RESULTS, "Results of ended tasks, the latest first", page::<tasks::ResultBody>()).query(RESULTS),
    ]
}

#[rustfmt::skip]
fn run_operations() -> Vec<Operation> {
    const GROUP: &str = "runs";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    vec![
        get(api::RUNS, "Runs by a filter, in any order; the latest first unless said", json::<runs::FoundRunsBody>()).query(RUNS),
        get(api::RUN_NAMES, "The names that a filter may speak of", json::<runs::RunNamesBody>()).query(RUN_NAMES),
        get(api::RUN, "A run with what it used and gave", json::<runs::RunDetail>()),
        operation(Method::POST, api::RUN_CANCELLATION, GROUP, "Stop a run", json::<runs::RunBody>()),
        operation(Method::POST, api::RUN_RETRY, GROUP, "Run it again: another attempt, or, where it completed, the same task anew", json::<runs::RunBody>()),
        get(api::RUN_LOG, "Lines of its log", json::<logs::LogBody>()).query(LOG),
        get(api::RUN_LOGS, "Lines of its log from anywhere, by level and text", json::<logs::LogsBody>()).query(LOGS),
        get(api::RUN_LOG_MATCHES, "How many lines of its log match", json::<logs::LogMatches>()).query(LOG_MATCHES),
        get(api::RUN_LOG_RAW, "Its log as the program wrote it", Answer::Other("text/plain")).query(LOG_RAW),
        get(api::RUN_RESULTS, "What it gave, without the values", page::<results::ResultHead>()).query(RUN_RESULTS),
        get(api::RUN_RESULT_LEVEL, "One level of one result, 100 children at a time", json::<results::ResultLevel>()).query(LEVEL),
        get(api::RUN_RESULT_RAW, "One result whole", Answer::Other("application/json")),
        get(api::RUN_SERIES, "One of its series", json::<runs::SeriesBody>()).query(SERIES),
        get(api::RUN_CHARTS, "Charts of its series, by name or by expression", json::<charts::ChartsBody>()).query(CHARTS),
        get(api::RUN_POINTS, "All points of one of its series within a window", Answer::Other("text/csv")).query(POINTS),
        get(api::EXPORT, "A table: `runs`, `params` or `metrics`", Answer::Other("text/csv")).query(EXPORT),
        operation(Method::POST, api::IMPORTS, GROUP, "Take a part of event files, which become a run", json::<imports::Imported>()).body::<imports::NewImport>(),
        get(api::RUN_ARTIFACTS, "The files that it keeps, by name", page::<artifacts::ArtifactBody>()),
        get(api::RUN_ARTIFACT, "One of them", Answer::Other("application/octet-stream")),
    ]
}

#[rustfmt::skip]
fn model_operations() -> Vec<Operation> {
    const GROUP: &str = "models";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    let post = |path, summary, answer| operation(Method::POST, path, GROUP, summary, answer);
    let delete = |path, summary| operation(Method::DELETE, path, GROUP, summary, Answer::Nothing);
    let change = |method, path, summary, answer| operation(method, path, GROUP, summary, answer);
    vec![
        get(api::MODELS, "The registry's models by name, each with the latest of everything", page::<models::ModelBody>()).query(SEARCH),
        post(api::MODELS, "Register a model without versions", created::<models::ModelBody>()).body::<models::NewModel>(),
        get(api::MODEL, "A model, by name or id, with its versions and what became of them", json::<models::ModelDetail>()),
        change(Method::PATCH, api::MODEL, "Write other notes on it", json::<models::ModelBody>()).body::<models::Notes>(),
        delete(api::MODEL, "Remove it with all its versions"),
        get(api::MODEL_DOWNLOAD, "The files of its version in use, or its samples", Answer::Other("application/octet-stream")),
        get(api::MODEL_DATA, "A file with its samples", Answer::Other("application/octet-stream")),
        get(api::MODEL_EVALUATIONS, "How it did, the latest first", page::<models::EvaluationBody>()).query(LIST),
        post(api::MODEL_EVALUATIONS, "Say how it did, or take it from a run", created::<models::EvaluationBody>()).body::<models::NewEvaluation>(),
        get(api::MODEL_DEPLOYMENTS, "Where it was deployed, the latest first", page::<models::DeploymentBody>()).query(LIST),
        post(api::MODEL_DEPLOYMENTS, "Say where it is deployed", created::<models::DeploymentBody>()).body::<models::NewDeployment>(),
        change(Method::PUT, api::MODEL_ALIAS, "Let an alias stand for a version", json::<models::ModelVersionBody>()).body::<models::AliasBody>(),
        delete(api::MODEL_ALIAS, "Take an alias away"),
        get(api::MODEL_VERSION, "A version, by number or alias, with its files", json::<models::ModelVersionBody>()),
        change(Method::PATCH, api::MODEL_VERSION, "Write other notes on it", json::<models::ModelVersionBody>()).body::<models::Notes>(),
        delete(api::MODEL_VERSION, "Remove a version with its files; its number does not come again"),
        change(Method::PUT, api::MODEL_STAGE, "Say whether it is in use", json::<models::ModelVersionBody>()).body::<models::StageBody>(),
        get(api::MODEL_ARCHIVE, "All its files as a tar archive", Answer::Other("application/x-tar")),
        get(api::MODEL_FILE, "One of its files", Answer::Other("application/octet-stream")),
        get(api::TRAINING_FILES, "What was found in the configured folders, and what is wrong there", page::<models::DataFileBody>()).query(LIST),
        post(api::RUN_PROMOTION, "Make files of a run the next version of a model", created::<models::ModelVersionBody>()).body::<models::PromotionBody>(),
    ]
}

#[rustfmt::skip]
fn worker_operations() -> Vec<Operation> {
    const GROUP: &str = "workers";
    vec![
        operation(Method::GET, api::WORKERS, GROUP, "Workers, by name", page::<workers::WorkerBody>()).query(LIST),
        operation(Method::GET, api::WORKER, GROUP, "A worker", json::<workers::WorkerBody>()),
        operation(Method::GET, api::WORKER_CHARTS, GROUP, "Charts of what it measured of its machine", json::<charts::ChartsBody>()).query(CHARTS),
        operation(Method::GET, api::WORKER_POINTS, GROUP, "All points of one of its series within a window", Answer::Other("text/csv")).query(POINTS),
        operation(Method::PUT, api::WORKER_DRAIN, GROUP, "Let a worker finish what it has and give it nothing new", json::<workers::WorkerBody>()),
        operation(Method::DELETE, api::WORKER_DRAIN, GROUP, "Let a drained worker work again", Answer::Nothing),
        operation(Method::DELETE, api::WORKER, GROUP, "Remove a worker; its runs wait for another", Answer::Nothing),
    ]
}

#[rustfmt::skip]
fn protocol_operations() -> Vec<Operation> {
    const GROUP: &str = "worker protocol";
    let post = |path, summary, answer| operation(Method::POST, path, GROUP, summary, answer);
    vec![
        post(api::WORKERS, "Join, or come back", created::<work::Registered>()).body::<work::Registration>(),
        post(api::WORKER_LEASES, "Ask for work, waiting for some", json::<work::Orders>()).body::<work::LeaseRequest>(),
        post(api::WORKER_HEARTBEAT, "Renew leases", json::<work::Orders>()).body::<work::Heartbeat>(),
        post(api::WORKER_DEPARTURE, "Say goodbye", Answer::Nothing).body::<work::Heartbeat>(),
        post(api::WORKER_LEAVING, "Leave for good", json::<joining::Left>()).body::<joining::Leave>(),
        post(api::WORKER_TELEMETRY, "What it measured of its machine; each number is taken once", json::<telemetry::TelemetryTaken>()).body::<telemetry::TelemetryReport>(),
        post(api::RUN_START, "The program runs", Answer::Nothing).body::<work::Started>(),
        post(api::RUN_REPORTS, "What the program said; each number is taken once", Answer::Nothing).body::<work::Report>(),
        post(api::RUN_RESULT, "How the run ended; safe to repeat", json::<work::Acknowledged>()).body::<work::Finished>(),
        operation(Method::PUT, api::RUN_ARTIFACT, GROUP, "Keep a file of the run; the body is its bytes", json::<artifacts::ArtifactBody>()).query(ARTIFACT),
        operation(Method::GET, api::BUNDLE, GROUP, "A template's files", json::<work::Bundle>()),
    ]
}

#[rustfmt::skip]
fn cost_operations() -> Vec<Operation> {
    const GROUP: &str = "costs";
    vec![
        operation(Method::GET, api::COSTS, GROUP, "What runs cost, by model, experiment, brief or person, and by day", json::<costs::CostsBody>()).query(COSTS),
        operation(Method::GET, api::BUDGETS, GROUP, "Budgets, and how far they are spent", page::<costs::BudgetBody>()).query(LIST),
        operation(Method::POST, api::BUDGETS, GROUP, "Make a budget", created::<costs::BudgetBody>()).body::<costs::NewBudget>(),
        operation(Method::GET, api::BUDGET, GROUP, "A budget, and how far it is spent", json::<costs::BudgetBody>()),
        operation(Method::PUT, api::BUDGET, GROUP, "Change a budget; what it is of stays", json::<costs::BudgetBody>()).body::<costs::NewBudget>(),
        operation(Method::DELETE, api::BUDGET, GROUP, "Delete a budget; what it kept back goes on", Answer::Nothing),
    ]
}

#[rustfmt::skip]
fn credit_operations() -> Vec<Operation> {
    use credits as c;
    const GROUP: &str = "credits";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    vec![
        get(api::CREDITS, "All credits at a glance, and what one has oneself", json::<c::CreditsBody>()),
        get(api::CREDIT_PEOPLE, "What everybody has, for operators", page::<c::PersonBody>()).query(LIST),
        get(api::CREDIT_HISTORY, "What one has, with the latest transfers; that of others for operators", json::<c::StatementBody>()).query(CREDIT_HISTORY),
        get(api::CREDIT_LEADERS, "Who earned the most", page::<c::EarnedBody>()).query(CREDIT_LEADERS),
        operation(Method::POST, api::CREDIT_TRANSFERS, GROUP, "Grant credits, or put right what somebody has", created::<c::TransferBody>()).body::<c::NewTransfer>(),
        get(api::CREDIT_RECEIPTS, "What a run earned, each step with its receipt", json::<Vec<c::ReceiptBody>>()),
        get(api::CREDIT_VERIFICATION, "What going through the whole ledger finds", json::<c::VerifiedBody>()),
        get(api::BRIEF_BUDGET, "What became of a brief's budget", json::<c::BriefBudgetBody>()),
        operation(Method::PUT, api::BRIEF_BUDGET, GROUP, "Raise a brief's budget", json::<c::BriefBudgetBody>()).body::<c::RaisedBudget>(),
        get(api::WORKER_EARNINGS, "What a worker earned", json::<c::WorkerEarningsBody>()),
        get(api::WORKER_EARNED, "The same for the worker itself, with some of its runs", json::<c::OwnEarningsBody>()).query(EARNED),
    ]
}

#[rustfmt::skip]
fn verification_operations() -> Vec<Operation> {
    use verification as v;
    const GROUP: &str = "verification";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    let post = |path, summary, answer| operation(Method::POST, path, GROUP, summary, answer);
    vec![
        get(api::CHECKS, "Checks of results, the latest first", json::<v::ChecksBody>()).query(CHECKS),
        post(api::CHECKS, "Have a run's result checked", created::<v::CheckBody>()).body::<v::NewCheck>(),
        get(api::CHECK, "A check with its evidence", json::<v::CheckDetailBody>()),
        get(api::CHECKS_OF_RUN, "What is known of a run's result", json::<v::ProofBody>()),
        get(api::STANDINGS, "What is known of owners", page::<v::StandingBody>()),
        post(api::BANS, "Ban an owner", json::<v::StandingBody>()).body::<v::NewBan>(),
        post(api::BANS_LIFTED, "Lift a ban", json::<v::StandingBody>()).body::<v::NewBan>(),
    ]
}

#[rustfmt::skip]
fn assistant_operations() -> Vec<Operation> {
    use assistant as q;
    const GROUP: &str = "assistant";
    let post = |path, summary, answer| operation(Method::POST, path, GROUP, summary, answer);
    vec![
        post(api::ASSISTANT_ASK, "Ask a question in plain words", json::<q::AnswerBody>()).body::<q::NewQuestion>(),
        post(api::ASSISTANT_STREAM, "The same, heard while the answer is made", Answer::Other("text/event-stream")).body::<q::NewQuestion>(),
        operation(Method::GET, api::ASSISTANT_TOOLS, GROUP, "The tools that answer questions", json::<q::ToolsBody>()),
        post(api::ASSISTANT_TOOL, "Call a tool", json::<q::ToolAnswer>()).body::<q::ToolCall>(),
    ]
}

#[rustfmt::skip]
fn report_operations() -> Vec<Operation> {
    use reports as r;
    const GROUP: &str = "reports";
    let on = |method, path, summary, answer| operation(method, path, GROUP, summary, answer);
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    vec![
        on(get.clone(), api::REPORTS, "Reports that are kept, the latest first", page::<r::KeptReportBody>()).query(REPORTS),
        on(post.clone(), api::REPORTS, "Write a report and keep it", created::<r::KeptReportBody>()).body::<r::NewReport>(),
        on(get.clone(), api::REPORT, "A report that is kept, with its data; or as a file", json::<r::ReportDetail>()).query(REPORT),
        on(delete.clone(), api::REPORT, "Delete a report, for who made it and administrators", Answer::Nothing),
        on(get.clone(), api::REPORT_SCHEDULES, "When reports are made by themselves, the latest first", page::<r::ReportScheduleBody>()).query(LIST),
        on(post, api::REPORT_SCHEDULES, "Have reports made again and again, or once when all has ended", created::<r::ReportScheduleBody>()).body::<r::NewReportSchedule>(),
        on(delete, api::REPORT_SCHEDULE, "Delete a schedule; what it made stays", Answer::Nothing),
        on(get, api::REPORT_NOW, "A report as it would be now; nothing is kept", Answer::Other("application/json")).query(REPORT_NOW),
    ]
}

#[rustfmt::skip]
fn alert_operations() -> Vec<Operation> {
    use alerts as a;
    let on = |method, path, summary, answer| operation(method, path, "alerts", summary, answer);
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    vec![
        on(get.clone(), api::ALERTS, "Alerts, those opened last first", page::<a::AlertBody>()).query(ALERTS),
        on(get.clone(), api::ALERT, "An alert with its history", json::<a::AlertDetailBody>()),
        on(post.clone(), api::ALERT_ACKNOWLEDGEMENT, "Say that you look after it", json::<a::AlertDetailBody>()),
        on(post.clone(), api::ALERT_RESOLUTION, "Say that what happened is dealt with", json::<a::AlertDetailBody>()),
        on(get.clone(), api::ALERT_RULES, "The rules of alerts, by name", page::<a::AlertRuleBody>()).query(LIST),
        on(post.clone(), api::ALERT_RULES, "Make a rule", created::<a::AlertRuleBody>()).body::<a::NewAlertRule>(),
        on(get.clone(), api::ALERT_RULE, "A rule", json::<a::AlertRuleBody>()),
        on(put.clone(), api::ALERT_RULE, "Change a rule", json::<a::AlertRuleBody>()).body::<a::NewAlertRule>(),
        on(delete.clone(), api::ALERT_RULE, "Delete a rule with all that it found", Answer::Nothing),
        on(put, api::ALERT_RULE_MUTE, "Tell nobody of it for a while", json::<a::AlertRuleBody>()).body::<a::MuteAlertRule>(),
        on(post.clone(), api::ALERT_RULE_RESOLUTION, "Say that all that happened by it is dealt with", json::<a::ResolvedAlerts>()),
        on(get.clone(), api::ALERT_TARGETS, "Where alerts are told, without what is secret", page::<a::AlertTargetBody>()).query(LIST),
        on(post.clone(), api::ALERT_TARGETS, "Make a target; its address is never shown again", created::<a::CreatedAlertTarget>()).body::<a::NewAlertTarget>(),
        on(delete, api::ALERT_TARGET, "Delete a target with what was still to be told there", Answer::Nothing),
        on(post, api::ALERT_TARGET_TEST, "Send it a test", created::<a::AlertTestBody>()),
        on(get, api::ALERT_DELIVERIES, "What was sent and is to be sent, the latest first", page::<a::AlertDeliveryBody>()).query(LIST),
    ]
}

#[rustfmt::skip]
fn token_operations() -> Vec<Operation> {
    const GROUP: &str = "tokens";
    vec![
        operation(Method::GET, api::TOKENS, GROUP, "Tokens without their secrets, the latest first", page::<access::TokenBody>()).query(LIST),
        operation(Method::POST, api::TOKENS, GROUP, "Make a token; its secret is in the answer and nowhere else", created::<access::CreatedToken>()).body::<access::NewToken>(),
        operation(Method::DELETE, api::TOKEN, GROUP, "Revoke a token", Answer::Nothing),
        operation(Method::GET, api::ENROLMENTS, GROUP, "Ways in for machines without their secrets, the latest first", page::<joining::EnrolmentBody>()).query(LIST),
        operation(Method::POST, api::ENROLMENTS, GROUP, "Open a way in for machines; its join code is in the answer and nowhere else", created::<joining::CreatedEnrolment>()).body::<joining::NewEnrolment>(),
        operation(Method::POST, api::ENROLMENT_USE, GROUP, "Come in as a machine, with the secret of a join code as the bearer", created::<joining::Enrolled>()).body::<joining::Enrol>(),
        operation(Method::DELETE, api::ENROLMENT, GROUP, "Close a way in; who came by it stays", Answer::Nothing),
    ]
}

#[rustfmt::skip]
fn afs_operations() -> Vec<Operation> {
    use paths::afs as at;
    const GROUP: &str = "training monitor";
    let get = |path, summary, answer| operation(Method::GET, path, GROUP, summary, answer);
    vec![
        get(at::HEALTH, "Whether the hub is up, as an AFS dashboard asks", json::<afs::HealthBody>()),
        get(at::TRAINING_STATUS, "The session: counts, cost, expected end", json::<afs::TrainingStatus>()),
        get(at::MODELS_STATUS, "The models in training", json::<afs::ModelsStatus>()),
        get(at::MODEL_STATUS, "A model in training", json::<afs::OneModelStatus>()),
        get(at::COSTS, "What models cost", json::<afs::CostBreakdown>()),
        get(at::GPU_UTILIZATION, "How busy machines were, by the hour", json::<afs::GpuUtilization>()),
        get(at::TRAINING_LOSS, "The losses of the run that trains a model now, or did last", json::<afs::TrainingLoss>()),
        get(at::THROUGHPUT, "How fast runs were, by the hour", json::<afs::Throughput>()),
        get(at::REGISTRY, "The models as the registry has them", json::<afs::Registry>()),
        get(at::DOWNLOAD, "The files of a model's version in use, or what it is trained with", Answer::Other("application/octet-stream")),
        get(at::EXPORT_CSV, "The models as a table", Answer::Other("text/csv")),
        get(at::EXPORT_JSON, "Session and models as a file", json::<afs::Export>()),
        operation(Method::POST, at::UPDATE_STATUS, GROUP, "Say something of a model; what was measured still stands", json::<afs::StatusUpdated>()).body::<afs::StatusUpdate>(),
    ]
}
