//! Every address of a page, once.

use cupola_domain::ids::{
    AlertId, AlertRuleId, AlertTargetId, AuditId, BriefId, BudgetId, EnrolmentId, ExperimentId,
    ModelId, ReportId, ReportScheduleId, RunId, TaskId, TokenId, WorkerId,
};
use cupola_protocol::paths::api;
use cupola_workspace::model::JobKey;

use crate::ui::listing::escaped;

/// `GET` the first page: the overview, or what the configuration says.
pub const HOME: &str = "/";
/// `GET` the overview, whatever the first page is.
pub const OVERVIEW: &str = "/overview";
/// `GET` the briefs, `POST` one.
pub const BRIEFS: &str = "/briefs";
/// `GET` the form for a brief.
pub const NEW_BRIEF: &str = "/briefs/new";
/// `GET` the templates.
pub const TEMPLATES: &str = "/templates";
/// `GET` the families.
pub const FAMILIES: &str = "/families";
/// `GET` the experiments that no brief made.
pub const EXPERIMENTS: &str = "/experiments";
/// `GET` the form for an experiment, `POST` it.
pub const NEW_EXPERIMENT: &str = "/experiments/new";
/// `GET` any runs held against each other.
pub const COMPARE: &str = "/compare";
/// `GET` the part of that page that depends on the runs.
pub const COMPARE_VIEW: &str = "/compare/view";
/// `GET` the tasks.
pub const TASKS: &str = "/tasks";
/// `GET` the runs.
pub const RUNS: &str = "/runs";
/// `GET` the registry.
pub const MODELS: &str = "/models";
/// `GET` the workspaces.
pub const WORKSPACES: &str = "/workspaces";
/// `GET` the workers.
pub const WORKERS: &str = "/workers";
/// `GET` the join codes, `POST` for one.
pub const JOINING: &str = "/workers/joining";
/// `GET` training as a whole.
pub const TRAINING: &str = "/training";
/// `GET` the part of that page with the models.
pub const TRAINING_TABLE: &str = "/training/table";
/// `GET` a card for each model.
pub const TRAINING_MODELS: &str = "/training/models";
/// `GET` the part of that page with the cards.
pub const TRAINING_CARDS: &str = "/training/cards";
/// `GET` how busy machines are and how models learn.
pub const TRAINING_METRICS: &str = "/training/metrics";
/// `GET` what the registry has of the models in training.
pub const TRAINING_REGISTRY: &str = "/training/registry";
/// `GET` the part of that page with the cards.
pub const TRAINING_REGISTRY_CARDS: &str = "/training/registry/cards";
/// `GET` the models in training as a file.
pub const TRAINING_EXPORT: &str = "/training/export";
/// `GET` what runs cost, and the budgets.
pub const COSTS: &str = "/training/costs";
/// `GET` what runs cost as a table to take along.
pub const COSTS_EXPORT: &str = "/training/costs/export";
/// `GET` the budgets, `POST` one.
pub const BUDGETS: &str = "/training/costs/budgets";
/// `GET` the form for a budget.
pub const NEW_BUDGET: &str = "/training/costs/budgets/new";
/// `GET` credits, `POST` some to be moved.
pub const CREDITS: &str = "/credits";
/// `GET` the part of that page that changes.
pub const CREDITS_VIEW: &str = "/credits/view";
/// `GET` transfers.
pub const CREDITS_HISTORY: &str = "/credits/history";
/// `GET` a conversation with the assistant, `POST` a question.
pub const ASSISTANT: &str = "/assistant";
/// `POST` a question whose answer is heard while it is made.
pub const ASSISTANT_STREAM: &str = "/assistant/stream";
/// `POST` that a change is to be made which the assistant proposed.
pub const ASSISTANT_CHANGES: &str = "/assistant/changes";
/// `POST` to begin anew.
pub const ASSISTANT_ANEW: &str = "/assistant/anew";
/// `GET` the reports that are kept, `POST` for one.
pub const REPORTS: &str = "/reports";
/// The reports that are kept, as a part of the page.
pub const REPORTS_LIST: &str = "/reports/list";
/// `POST` a schedule of reports.
pub const REPORT_SCHEDULES: &str = "/reports/schedules";
/// `GET` checks of results.
pub const VERIFICATION: &str = "/verification";
/// `GET` the part of that page that changes.
pub const VERIFICATION_VIEW: &str = "/verification/view";
/// `POST` to ban an owner.
pub const BANS: &str = "/verification/bans";
/// `POST` to lift a ban.
pub const BANS_LIFTED: &str = "/verification/bans/lifted";
/// `GET` the alerts.
pub const ALERTS: &str = "/alerts";
/// `GET` how many are open.
pub const ALERT_BELL: &str = "/alerts/bell";
/// `GET` the rules of alerts, `POST` one.
pub const ALERT_RULES: &str = "/alerts/rules";
/// `GET` the form for a rule.
pub const NEW_ALERT_RULE: &str = "/alerts/rules/new";
/// `GET` where alerts are told, `POST` a target.
pub const ALERT_TARGETS: &str = "/alerts/targets";
/// `GET` the tokens, `POST` for one.
pub const TOKENS: &str = "/settings/tokens";
/// `GET` what the keyboard does.
pub const SHORTCUTS: &str = "/shortcuts";
/// `GET` what ended since.
pub const TOASTS: &str = "/toasts";
/// `GET` the form, `POST` the token.
pub const LOGIN: &str = "/login";
/// `POST` to forget the session.
pub const LOGOUT: &str = "/logout";

/// Every page, part and form target, `{id}` standing for an identifier. The router has each.
pub const PATTERNS: &[&str] = &[
    HOME,
    OVERVIEW,
    "/overview/stats",
    "/overview/running",
    "/overview/latest",
    "/overview/best",
    BRIEFS,
    NEW_BRIEF,
    "/briefs/list",
    "/briefs/{id}",
    "/briefs/{id}/deletion",
    "/briefs/{id}/budget",
    REPORTS,
    REPORT_SCHEDULES,
    REPORTS_LIST,
    "/reports/schedules/{id}/deletion",
    "/reports/{id}",
    "/reports/{id}/file",
    "/reports/{id}/deletion",
    ASSISTANT,
    ASSISTANT_STREAM,
    ASSISTANT_CHANGES,
    ASSISTANT_ANEW,
    TEMPLATES,
    "/templates/-/list",
    "/templates/{name}",
    "/templates/{name}/details",
    "/code/{hash}",
    FAMILIES,
    "/families/list",
    "/families/{id}",
    "/families/{id}/header",
    "/families/{id}/campaign",
    "/families/{id}/results",
    "/families/{id}/plot",
    "/families/{id}/tasks",
    "/families/{id}/cancellation",
    "/families/{id}/deletion",
    EXPERIMENTS,
    NEW_EXPERIMENT,
    "/experiments/list",
    "/experiments/check",
    "/experiments/{id}",
    "/experiments/{id}/header",
    "/experiments/{id}/setup",
    "/experiments/{id}/runs",
    "/experiments/{id}/comparison",
    "/experiments/{id}/edit",
    "/experiments/{id}/start",
    "/experiments/{id}/cancellation",
    "/experiments/{id}/deletion",
    COMPARE,
    COMPARE_VIEW,
    TASKS,
    "/tasks/list",
    "/tasks/{id}",
    "/tasks/{id}/header",
    "/tasks/{id}/result",
    "/tasks/{id}/attempts",
    "/tasks/{id}/cancellation",
    "/tasks/{id}/retry",
    RUNS,
    "/runs/list",
    "/runs/names",
    "/runs/export",
    "/runs/{id}",
    "/runs/{id}/header",
    "/runs/{id}/curves",
    "/runs/{id}/hardware",
    "/runs/{id}/charts",
    "/runs/{id}/points",
    "/runs/{id}/log",
    "/runs/{id}/log/matches",
    "/runs/{id}/log.txt",
    "/runs/{id}/results",
    "/runs/{id}/result",
    "/runs/{id}/result/level",
    "/runs/{id}/result.json",
    "/runs/{id}/artifacts",
    "/runs/{id}/artifacts/{*name}",
    "/runs/{id}/attempts",
    "/runs/{id}/environment",
    "/runs/{id}/retry",
    "/runs/{id}/cancellation",
    TRAINING,
    "/training/summary",
    TRAINING_TABLE,
    "/training/runs",
    TRAINING_MODELS,
    TRAINING_CARDS,
    TRAINING_METRICS,
    TRAINING_REGISTRY,
    TRAINING_REGISTRY_CARDS,
    "/training/hardware",
    "/training/learning",
    TRAINING_EXPORT,
    "/runs/{id}/promotion",
    MODELS,
    "/models/list",
    "/models/{id}",
    "/models/{id}/header",
    "/models/{id}/versions",
    "/models/{id}/history",
    "/models/{id}/notes",
    "/models/{id}/evaluation",
    "/models/{id}/deployment",
    "/models/{id}/deletion",
    "/models/{id}/versions/{version}",
    "/models/{id}/versions/{version}/deletion",
    WORKSPACES,
    "/workspaces/list",
    "/workspaces/{id}",
    "/workspaces/{id}/waiting",
    "/workspaces/{id}/head",
    "/workspaces/{id}/experiments",
    "/workspaces/{id}/jobs",
    "/workspaces/{id}/jobs/list",
    "/workspaces/{id}/jobs/{task}/{hash}",
    "/workspaces/{id}/jobs/{task}/{hash}/details",
    "/workspaces/{id}/jobs/{task}/{hash}/needed",
    "/workspaces/{id}/graph",
    "/workspaces/{id}/graph/view",
    "/workspaces/{id}/services",
    "/workspaces/{id}/services/list",
    "/workspaces/{id}/services/open",
    "/workspaces/{id}/orphans",
    "/workspaces/{id}/log",
    "/workspaces/{id}/log/lines",
    "/workspaces/{id}/log/file",
    "/workspaces/{id}/action",
    WORKERS,
    "/workers/list",
    JOINING,
    "/workers/joining/{id}/closure",
    "/workers/{id}",
    "/workers/{id}/header",
    "/workers/{id}/curves",
    "/workers/{id}/charts",
    "/workers/{id}/points",
    "/workers/{id}/runs",
    "/workers/{id}/drain",
    "/workers/{id}/undrain",
    "/workers/{id}/removal",
    COSTS,
    "/training/costs/view",
    COSTS_EXPORT,
    BUDGETS,
    NEW_BUDGET,
    CREDITS,
    CREDITS_VIEW,
    CREDITS_HISTORY,
    VERIFICATION,
    VERIFICATION_VIEW,
    "/verification/{id}",
    "/verification/{id}/evidence",
    BANS,
    BANS_LIFTED,
    "/runs/{id}/check",
    "/training/costs/budgets/{id}",
    "/training/costs/budgets/{id}/deletion",
    ALERTS,
    ALERT_BELL,
    "/alerts/open",
    "/alerts/past",
    "/alerts/{id}/acknowledgement",
    "/alerts/{id}/resolution",
    ALERT_RULES,
    NEW_ALERT_RULE,
    "/alerts/rules/{id}",
    "/alerts/rules/{id}/mute",
    "/alerts/rules/{id}/resolution",
    "/alerts/rules/{id}/deletion",
    ALERT_TARGETS,
    "/alerts/targets/{id}/test",
    "/alerts/targets/{id}/deletion",
    TOKENS,
    "/settings/tokens/{id}/revocation",
    SHORTCUTS,
    TOASTS,
    LOGIN,
    LOGOUT,
    "/events",
    "/api/openapi.json",
];

/// A brief's page; `part` is empty or one of its routes: `/deletion`.
pub fn brief(id: BriefId, part: &str) -> String {
    format!("/briefs/{id}{part}")
}

/// A report's page or one of its routes.
pub fn report(id: ReportId, part: &str) -> String {
    format!("{REPORTS}/{id}{part}")
}

/// One of the routes of a schedule of reports.
pub fn report_schedule(id: ReportScheduleId, part: &str) -> String {
    format!("{REPORT_SCHEDULES}/{id}{part}")
}

/// A template's page or one of its routes.
pub fn template(name: &str, part: &str) -> String {
    format!("{TEMPLATES}/{name}{part}")
}

/// What a template can be configured with, for programs.
pub fn template_schema(name: &str) -> String {
    api::with(api::TEMPLATE_SCHEMA, name)
}

/// The page of code that was kept.
pub fn code(hash: &str) -> String {
    format!("/code/{hash}")
}

/// A family's page or one of its routes.
pub fn family(id: ExperimentId, part: &str) -> String {
    format!("/families/{id}{part}")
}

/// The page of an experiment that no brief made, or one of its routes.
pub fn experiment(id: ExperimentId, part: &str) -> String {
    format!("/experiments/{id}{part}")
}

/// A model's page or one of its routes.
pub fn model(id: ModelId, part: &str) -> String {
    format!("{MODELS}/{id}{part}")
}

/// A task's page or one of its routes.
pub fn task(id: TaskId, part: &str) -> String {
    format!("/tasks/{id}{part}")
}

/// A run's page or one of its routes.
pub fn run(id: RunId, part: &str) -> String {
    format!("/runs/{id}{part}")
}

/// The page of a check of a result, or one of its routes.
pub fn check(id: AuditId, part: &str) -> String {
    format!("{VERIFICATION}/{id}{part}")
}

/// A workspace's page or one of its routes.
pub fn workspace(id: &str, part: &str) -> String {
    format!("{WORKSPACES}/{}{part}", escaped(id))
}

/// The page of a job in a workspace, or one of its routes.
pub fn workspace_job(id: &str, key: &JobKey, part: &str) -> String {
    let (task, job) = (escaped(&key.task), escaped(&key.id));
    workspace(id, &format!("/jobs/{task}/{job}{part}"))
}

/// A worker's page or one of its routes.
pub fn worker(id: WorkerId, part: &str) -> String {
    format!("/workers/{id}{part}")
}

/// One of a join code's routes.
pub fn joining(id: EnrolmentId, part: &str) -> String {
    format!("{JOINING}/{id}{part}")
}

/// A budget's form or one of its routes.
pub fn budget(id: BudgetId, part: &str) -> String {
    format!("{BUDGETS}/{id}{part}")
}

/// One of an alert's routes.
pub fn alert(id: AlertId, part: &str) -> String {
    format!("{ALERTS}/{id}{part}")
}

/// The page of a rule of alerts or one of its routes.
pub fn alert_rule(id: AlertRuleId, part: &str) -> String {
    format!("{ALERT_RULES}/{id}{part}")
}

/// One of the routes of a target of alerts.
pub fn alert_target(id: AlertTargetId, part: &str) -> String {
    format!("{ALERT_TARGETS}/{id}{part}")
}

/// One of a token's routes.
pub fn token(id: TokenId, part: &str) -> String {
    format!("{TOKENS}/{id}{part}")
}
