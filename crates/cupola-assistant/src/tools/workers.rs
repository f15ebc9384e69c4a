//! Tools about the fleet, the hub as a whole, and what it costs.

use cupola_domain::{
    cost::{Kind, Scope, Total},
    field::FieldError,
    worker::Presence,
};
use cupola_hub::{costs::CostsQuery, workers::WorkerRow};
use serde_json::{Map, Value, json};

use super::{
    Desk, Refused,
    answer::{Found, said, time},
    arguments::{Arguments, Count, arguments, schema_of, unknown},
    experiments::counts,
};

/// No arguments.
#[derive(Debug, Clone)]
pub(super) struct Nothing;

impl Arguments for Nothing {
    fn schema() -> Value {
        schema_of(Vec::new())
    }

    fn read(given: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        match unknown(given, &[]) {
            errors if errors.is_empty() => Ok(Self),
            errors => Err(errors),
        }
    }
}

arguments! {
    /// One worker.
    OfWorker {
        /// Its id or its name.
        id: String,
    }
}

arguments! {
    /// Which costs.
    Costs {
        /// Of this experiment alone: its id or its name.
        experiment_id: Option<String>,
        /// Told apart by `experiment`, `model`, `brief` or `person`.
        by: Option<String>,
        /// Of so many last days, today included; 0 for all.
        days: Count<0, 3_660, 0>,
    }
}

pub(super) fn overview(desk: &Desk<'_>, _: &Nothing) -> Result<Found, Refused> {
    let overview = desk.hub.overview()?;
    Ok(Found::default()
        .with("workers_online", overview.workers_online)
        .with("workers_total", overview.workers_total)
        .with("tasks", counts(&overview.tasks))
        .with("families", overview.families)
        .with("cost_per_hour_now", desk.hub.hourly_now()?.units())
        .with("currency", desk.hub.prices().currency.as_str())
        .with("alerts_open", desk.hub.count_open_alerts()?)
        .with("at", time(overview.generated_at)))
}

pub(super) fn list(desk: &Desk<'_>, _: &Nothing) -> Result<Found, Refused> {
    let workers: Vec<Value> = desk.hub.list_workers()?.iter().map(row_of).collect();
    let total = workers.len() as u64;
    Ok(Found::default().rows("workers", workers, 0, Some(total)))
}

pub(super) fn show(desk: &Desk<'_>, given: &OfWorker) -> Result<Found, Refused> {
    let detail = desk.hub.worker_detail(desk.worker(&given.id)?)?;
    let runs: Vec<Value> = detail
        .runs
        .iter()
        .map(|run| json!({"id": run.id.to_string(), "status": run.state.word().as_str(), "created_at": time(run.created_at)}))
        .collect();
    let total = runs.len() as u64;
    Ok(Found::default()
        .with("worker", row_of(&detail.row))
        .rows("runs", runs, 0, Some(total)))
}

pub(super) fn costs(desk: &Desk<'_>, given: &Costs) -> Result<Found, Refused> {
    let currency = desk.hub.prices().currency.clone();
    let days = Some(given.days.0).filter(|days| *days > 0);
    if let Some(called) = &given.experiment_id {
        let id = desk.experiment(called)?;
        let scope = Scope {
            kind: Kind::Experiment,
            subject: id.to_string(),
        };
        let today = cupola_domain::cost::Day::of(desk.hub.now());
        let since = days.map(|days| today.plus(1 - i64::from(days)));
        let total = desk.hub.cost_of(&scope, since)?;
        return Ok(Found::default()
            .with("experiment_id", id.to_string())
            .with("cost", money(&total, &currency)));
    }
    let kind = match given.by.as_deref() {
        None | Some("experiment") => Kind::Experiment,
        Some("model") => Kind::Model,
        Some("brief") => Kind::Brief,
        Some("person") => Kind::Person,
        Some(other) => {
            let message = format!(
                "is `{}`; choose `experiment`, `model`, `brief` or `person`",
                cupola_domain::text::excerpt(other)
            );
            return Err(Refused::Arguments(vec![FieldError::new("by", message)]));
        }
    };
    let costs = desk.hub.costs(&CostsQuery { kind, days })?;
    let rows: Vec<Value> = costs
        .subjects
        .iter()
        .map(|of| {
            json!({
                "subject": said(&of.subject),
                "name": of.name.as_deref().map(said),
                "cost": money(&of.total, &currency),
                "running": of.running,
            })
        })
        .collect();
    let total = rows.len() as u64;
    Ok(Found::default()
        .with("total", money(&costs.total, &currency))
        .with("per_hour_now", costs.hourly_now.units())
        .with("running", costs.running)
        .with("without_price", costs.unpriced)
        .rows("subjects", rows, 0, Some(total)))
}

/// What runs cost, with how much of their time has no price.
pub(super) fn money(total: &Total, currency: &str) -> Value {
    let known = total.cost();
    json!({
        "amount": total.money.units(),
        "currency": currency,
        "runs": total.runs,
        "hours": total.time.as_secs_f64() / 3_600.0,
        "hours_with_price": total.priced.as_secs_f64() / 3_600.0,
        "energy_kwh": known.energy_wh.map(|watt_hours| watt_hours / 1e3),
        "carbon_kg": known.carbon_g.map(|grams| grams / 1e3),
    })
}

pub(crate) fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Online => "online",
        Presence::Late => "late",
        Presence::Offline => "offline",
    }
}

fn row_of(row: &WorkerRow) -> Value {
    let worker = &row.worker;
    let gpus: Vec<Value> = worker
        .capabilities
        .gpus
        .iter()
        .map(|gpu| said(&gpu.name))
        .collect();
    json!({
        "id": worker.id.to_string(),
        "name": said(&worker.name),
        "presence": presence(row.presence),
        "is_paused": row.paused.is_some(),
        "running": row.running,
        "slots": worker.slots,
        "cpu_cores": worker.capabilities.cpu_cores,
        "memory_bytes": worker.capabilities.memory_bytes,
        "gpus": gpus,
        "last_seen_at": time(worker.last_seen_at),
        "link": crate::links::worker(worker.id),
    })
}
