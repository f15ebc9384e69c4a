//! How things look on the wire. The one place that turns what the hub says into bodies.

mod alerts;
mod compare;
mod costs;
mod credits;
mod experiments;
mod findings;
mod found;
mod models;
mod results;
pub mod templates;
mod verification;
mod workspaces;

use cupola_domain::{
    access::{Program, Token},
    brief::Brief,
    counts::{Counts, State},
    credits::Credits,
    enrolment::{Closed, Enrolment},
    experiment::Experiment,
    objective::Objective,
    progress::Progress,
    resources::{GIB, Needs},
    run::Run,
    task::Task,
    template::CodeFile,
    time::Timestamp,
    worker::Drained,
};
use cupola_hub::{
    briefs, families,
    ledger::{Economy, WorkerEarnings},
    overview, runs, tasks,
    verification::OwnerRow,
    work,
    workers::{WorkerDetail, WorkerRow},
};
use cupola_protocol::{
    access::TokenBody,
    briefs::{BriefBody, BriefDetail},
    desk::RestingBody,
    families::{CountsBody, FamilyBody, FamilyDetail, NeedsBody},
    joining::EnrolmentBody,
    number::Number,
    runs::{RunBody, RunDetail},
    system::Overview,
    tasks::{ResultBody, TaskBody, TaskDetail},
    work::{Bundle, BundleFile, Held, Orders, ProgramToken, RunOrder},
    workers::{DrainedBody, RivalBody, WorkerBody, WorkerCardBody, WorkerRunBody},
};
use serde_json::{Map, Value};

pub use alerts::{alert, alert_delivery, alert_detail, alert_rule, alert_target};
pub use compare::{compare, overlay};
pub use costs::{budget, costs, run_cost, spending};
pub use credits::{
    brief_budget, credits, leader, person_of_row, receipt, statement, transfer, verified,
    worker_earnings,
};
pub use experiments::{experiment, experiment_detail, experiment_run, run_comparison};
pub use findings::{comparison, report, summary};
pub use found::found_run;
pub use models::{data_file, deployment, evaluation, model, model_detail, version};
pub use results::{result_head, result_level};
pub use verification::{check, check_detail, checks, proof, standing, word_of};
pub(crate) use workspaces::workspace;
pub use workspaces::{workspace_experiment, workspace_job, workspace_job_experiments};

/// What tasks in a list are, until there are others.
const TASK_TYPE: &str = "training";

/// The counters of the first page.
pub fn overview(overview: &overview::Overview) -> Overview {
    Overview {
        workers_online: overview.workers_online as u64,
        workers_total: overview.workers_total as u64,
        tasks: counts(overview.tasks),
        families: overview.families,
        briefs: overview.briefs,
        generated_at: overview.generated_at.into(),
    }
}

/// A count per state, with their sum.
pub fn counts(counts: Counts) -> CountsBody {
    CountsBody {
        pending: counts.pending,
        running: counts.running,
        completed: counts.completed,
        failed: counts.failed,
        cancelled: counts.cancelled,
        total: counts.total(),
    }
}

/// What a task needs of a worker.
pub fn needs(needs: &Needs) -> NeedsBody {
    NeedsBody {
        cpu_cores: needs.cpu_cores,
        ram_gb: gib(needs.memory_bytes),
        disk_gb: gib(needs.disk_bytes),
        gpus: needs.gpus,
        gpu_vram_gb: gib(needs.gpu_memory_bytes),
        python: needs.python,
        torch: needs.torch,
        cuda: needs.cuda,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "memory below 8 PiB is exact in a double"
)]
fn gib(bytes: u64) -> f64 {
    bytes as f64 / GIB as f64
}

/// The word for which way is better; empty without an objective.
fn direction(objective: Option<&Objective>) -> &'static str {
    objective.map_or("", |objective| objective.direction.as_str())
}

/// A brief with its family.
pub fn brief(brief: &Brief, of: &Experiment) -> BriefBody {
    let wanted = &brief.wanted;
    BriefBody {
        brief_id: brief.id.to_string(),
        title: wanted.title.clone(),
        goal: wanted.goal.clone(),
        constraints: wanted.constraints.clone(),
        template: wanted.template.clone(),
        budget_credits: wanted.budget.map(|budget| budget.to_string()),
        hardware: wanted.hardware.clone(),
        device_class: wanted.placement.as_str().to_owned(),
        num_tasks: wanted.num_tasks,
        time_budget: wanted.time_budget.as_secs_f64(),
        sampler: wanted.sampler.clone(),
        study_seed: wanted.study_seed,
        priority: wanted.priority,
        space: wanted.space.clone(),
        author: brief.author.clone(),
        created_at: brief.created_at.into(),
        family: family(of),
    }
}

/// A brief with what came of it.
pub fn brief_detail(detail: &briefs::BriefDetail, economy: &Economy) -> BriefDetail {
    let wanted = &detail.brief.wanted;
    let price = economy.price(wanted.time_budget, &detail.family.needs);
    let all = price.micros().saturating_mul(wanted.num_tasks.into());
    BriefDetail {
        task_price: price.exact(),
        price: Credits::from_micros(all).exact(),
        brief: brief(&detail.brief, &detail.family),
        summary: summary(&detail.analysis),
    }
}

/// A family.
pub fn family(family: &Experiment) -> FamilyBody {
    FamilyBody {
        family_id: family.id.to_string(),
        name: family.name.clone(),
        status: family.state().to_string(),
        brief_id: family.origin.brief().map(|id| id.to_string()),
        metric_name: family.metric().to_owned(),
        direction: direction(family.objective.as_ref()).to_owned(),
        baseline_value: family.baseline,
        template: family.template.clone(),
        code_hash: family.code_hash.clone(),
        minimum_resources: needs(&family.needs),
        device_class: family.kept_class().map(str::to_owned),
        tasks: counts(family.counts),
        created_at: family.created_at.into(),
    }
}

/// A family with its results.
pub fn family_detail(detail: &families::FamilyDetail) -> FamilyDetail {
    FamilyDetail {
        family: family(&detail.family),
        summary: summary(&detail.analysis),
        spending: spending(&detail.spending),
    }
}

/// A task.
pub fn task(task: &Task) -> TaskBody {
    TaskBody {
        task_id: task.id.to_string(),
        task_type: TASK_TYPE.to_owned(),
        family_id: task.experiment.to_string(),
        number: task.number,
        status: task.state.word().to_string(),
        reason: task.reason(),
        priority: task.priority,
        config: task.config.clone(),
        seeds: vec![task.seed],
        time_budget: task.time_budget.as_secs_f64(),
        run_id: task.run.to_string(),
        assigned_worker_id: task.shown_worker().map(|id| id.to_string()),
        value: task.value.map(Number),
        created_at: task.created_at.into(),
        completed_at: task.finished_at.map(Into::into),
    }
}

/// A task with its attempts.
pub fn task_detail(detail: &tasks::TaskDetail) -> TaskDetail {
    let has_ended = detail.task.state.word().is_terminal();
    let last = detail.runs.iter().find(|run| run.id == detail.task.run);
    TaskDetail {
        task: task(&detail.task),
        template: detail.experiment.template.clone(),
        required_resources: needs(&detail.experiment.needs),
        obstacle: detail.obstacle.clone(),
        runs: detail.runs.iter().map(run).collect(),
        result: last
            .filter(|_| has_ended)
            .map(|run| result(&detail.task, run, &detail.results)),
    }
}

/// What an ended task gave.
pub fn result(task: &Task, run: &Run, results: &Map<String, Value>) -> ResultBody {
    ResultBody {
        task_id: task.id.to_string(),
        number: task.number,
        run_id: run.id.to_string(),
        worker_id: run.worker.map(|id| id.to_string()),
        status: task.state.word().to_string(),
        success: task.state.word() == cupola_domain::counts::State::Completed,
        reason: task.state.reason(),
        metrics: results.clone(),
        config: task.config.clone(),
        seeds: vec![task.seed],
        duration: run.wall_time.map(|time| time.as_secs_f64()),
        provenance: run.provenance.as_str().to_owned(),
        completed_at: task.finished_at.map(Into::into),
    }
}

/// A run.
pub fn run(run: &Run) -> RunBody {
    let progress = run.progress.as_ref();
    RunBody {
        run_id: run.id.to_string(),
        task_id: run.task.to_string(),
        family_id: run.experiment.to_string(),
        attempt: run.attempt,
        status: run.state.word().to_string(),
        reason: run.reason(),
        worker_id: run.worker.map(|id| id.to_string()),
        loss: run.cause().map(str::to_owned),
        progress: progress.and_then(Progress::fraction),
        progress_message: progress
            .map(|progress| progress.levels.message().to_owned())
            .unwrap_or_default(),
        progress_levels: progress
            .map(|progress| progress.levels.iter().map(Into::into).collect())
            .unwrap_or_default(),
        ends_at: progress
            .filter(|_| !run.state.word().is_terminal())
            .and_then(Progress::ends_at)
            .map(Into::into),
        stop: run
            .stopping
            .map(|stopping| stopping.step.as_str().to_owned()),
        created_at: run.created_at.into(),
        started_at: run.started_at.map(Into::into),
        finished_at: run.finished_at.map(Into::into),
    }
}

/// A run with what it used and gave.
pub fn run_detail(detail: &runs::RunDetail) -> RunDetail {
    let environment = detail.run.environment.as_ref();
    RunDetail {
        run: run(&detail.run),
        config: work::config_of_run(&detail.run, &detail.task),
        code_hash: detail.run.code_hash.clone(),
        environment: environment
            .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))),
        results: detail.results.clone(),
        series: detail.series.clone(),
        tags: detail.tags.iter().cloned().collect(),
        log_bytes: unsigned(detail.intake.log_bytes),
        cost: detail
            .cost
            .as_ref()
            .map(|cost| run_cost(cost, &detail.currency)),
    }
}

/// A count from a database, where they are signed.
pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// A worker.
pub fn worker(row: &WorkerRow) -> WorkerBody {
    let worker = &row.worker;
    WorkerBody {
        worker_id: worker.id.to_string(),
        name: worker.name.clone(),
        status: row.presence.as_str().to_owned(),
        capabilities: worker.capabilities.clone().into(),
        resting: row.paused.as_ref().map(|paused| RestingBody {
            why: paused.why.clone(),
            until: paused.until.map(Into::into),
        }),
        drain: row.drain.as_ref().map(|drain| drain.as_str().to_owned()),
        drained: row.drain.as_ref().map(|drain| drained(&drain.drained)),
        owner: row.owner.clone(),
        token: row.token.clone(),
        ban: row.ban.clone(),
        slots: worker.slots,
        running: u32::try_from(row.running).unwrap_or(u32::MAX),
        version: worker.version.clone(),
        registered_at: worker.registered_at.into(),
        last_heartbeat: worker.last_seen_at.into(),
        rival: row.rival.as_ref().map(|rival| RivalBody {
            hostname: rival.hostname.clone(),
            at: rival.at.into(),
        }),
        card: None,
    }
}

/// Who drains a worker.
pub fn drained(of: &Drained) -> DrainedBody {
    DrainedBody {
        by: of.by.clone(),
        at: of.at.into(),
    }
}

/// What a worker does and earned.
pub fn worker_card(
    detail: &WorkerDetail,
    earnings: &WorkerEarnings,
    standing: Option<&OwnerRow>,
) -> WorkerCardBody {
    let run = |run: &Run| WorkerRunBody {
        run_id: run.id.to_string(),
        task_id: run.task.to_string(),
        experiment: (detail.experiments.get(&run.experiment))
            .map_or_else(String::new, |found| found.name.clone()),
        state: run.state.word().to_string(),
        reason: run.reason(),
        started_at: run.started_at.map(Into::into),
        finished_at: run.finished_at.map(Into::into),
    };
    let is_current = |run: &&Run| run.state.word() == State::Running;
    let last = detail.runs.iter().find(|of| !is_current(of));
    WorkerCardBody {
        current: detail.runs.iter().filter(is_current).map(run).collect(),
        last: last.map(run),
        earnings: worker_earnings(earnings),
        standing: standing.map(verification::standing),
    }
}

/// A way in for machines, without its secret.
pub fn enrolment(enrolment: &Enrolment, now: Timestamp) -> EnrolmentBody {
    EnrolmentBody {
        enrolment_id: enrolment.id.to_string(),
        name: enrolment.name.clone(),
        owner: enrolment.belonging.owner.clone(),
        team: enrolment.belonging.team.clone(),
        prefix: enrolment.prefix.clone(),
        uses_max: enrolment.uses_max,
        uses: enrolment.uses,
        state: enrolment
            .closed(now)
            .map_or("open", Closed::as_str)
            .to_owned(),
        author: enrolment.author.clone(),
        created_at: enrolment.created_at.into(),
        expires_at: enrolment.expires_at.into(),
    }
}

/// A token, without its secret.
pub fn token(token: &Token) -> TokenBody {
    TokenBody {
        token_id: token.id.to_string(),
        name: token.name.clone(),
        owner: token.owner().to_owned(),
        team: token.belonging.team.clone(),
        role: token.role.to_string(),
        prefix: token.prefix.clone(),
        created_at: token.created_at.into(),
        expires_at: token.expires_at.map(Into::into),
        revoked_at: token.revoked_at.map(Into::into),
    }
}

/// What a worker is to do.
///
/// `token_of` makes the secret for a run's program.
pub fn orders(orders: &work::Orders, token_of: impl Fn(Program) -> String) -> Orders {
    let held = |(run, epoch): &work::Held| Held {
        run_id: run.to_string(),
        epoch: *epoch,
    };
    Orders {
        start: orders
            .start
            .iter()
            .map(|start| order(start, token_of(start.program())))
            .collect(),
        cancel: orders.cancel.iter().map(held).collect(),
        abandon: orders.abandon.iter().map(held).collect(),
        next_heartbeat_secs: None,
        drained: None,
    }
}

fn order(order: &work::Order, token: String) -> RunOrder {
    RunOrder {
        run_id: order.run.id.to_string(),
        task_id: order.task.id.to_string(),
        experiment_id: order.task.experiment.to_string(),
        attempt: order.run.attempt,
        epoch: order.lease.epoch,
        template: order.command.template.clone(),
        command: order.command.command.clone(),
        code_hash: order.run.code_hash.clone(),
        has_bundle: order.command.has_files,
        config: order.config(),
        metric_name: order.task.metric.clone(),
        environment: order.task.environment.clone(),
        working_folder: order.task.working_folder.clone(),
        access: order.access.clone().into(),
        time_budget_secs: order.task.time_budget.as_secs_f64(),
        hard_deadline_secs: order.hard_deadline().as_secs_f64(),
        token: ProgramToken(token),
        signature: String::new(),
    }
}

/// A template's files.
pub fn bundle(command: Vec<String>, files: &[CodeFile]) -> Bundle {
    let file = |file: &CodeFile| BundleFile::new(&file.path, &file.bytes);
    Bundle {
        command,
        files: files.iter().map(file).collect(),
    }
}
