//! The worker protocol: join, lease, report.

mod read;

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use cupola_domain::{
    ids::{RunId, WorkerId},
    lease::{HEARTBEAT_PERIOD, LEASE_TTL},
};
use cupola_hub::{HubError, enrolments::Leaving, work};
use cupola_protocol::{
    joining::{Leave, Left, skew},
    paths::api,
    signed::signed_bytes,
    telemetry::{TelemetryReport, TelemetryTaken},
    work::{
        Acknowledged, Bundle, Finished, Heartbeat, LeaseRequest, Orders, REPORT_BYTES_MAX,
        Registered, Report, Started,
    },
};
use serde_json::Value;
use tokio::{sync::Semaphore, time::Instant};

use super::{
    body::{Body, shaped},
    present,
};
use crate::{
    auth::{self, Access, Credential, WorkerAuth},
    error::ApiError,
    router::{Id, Routes},
    state::{Web, hub_call},
};

/// A question for work is kept open for this long at most.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Through here workers join: so many at a time, lest a fleet that comes back keeps everybody else out.
static TURNSTILE: Semaphore = Semaphore::const_new(32);

pub(super) use read::lease as lease_of;

pub(super) fn routes() -> Routes {
    let worker = Access::Worker;
    Routes::new()
        .post(api::WORKERS, worker, register)
        .post(api::WORKER_LEASES, worker, lease)
        .post(api::WORKER_HEARTBEAT, worker, renew)
        .post(api::WORKER_DEPARTURE, worker, depart)
        .post(api::WORKER_LEAVING, worker, leave)
        .post_up_to(REPORT_BYTES_MAX, api::WORKER_TELEMETRY, worker, measure)
        .post(api::RUN_START, worker, start)
        .post_up_to(REPORT_BYTES_MAX, api::RUN_REPORTS, worker, report)
        .post_up_to(REPORT_BYTES_MAX, api::RUN_RESULT, worker, finish)
        .get(api::BUNDLE, worker, bundle)
}

async fn register(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Body(body): Body<Value>,
) -> Result<(StatusCode, Json<Registered>), ApiError> {
    // Whoever speaks another protocol may say more, or say it otherwise: which it is comes first.
    let protocol = body.get("protocol").and_then(Value::as_u64);
    let protocol = protocol.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    if let Some(reason) = protocol.and_then(skew) {
        return Err(HubError::Conflict(reason).into());
    }
    let registration = read::registration(shaped(body)?)?;
    let passing = TURNSTILE.acquire().await;
    let worker = hub_call(&web, move |hub| {
        hub.register_worker(principal.token, registration)
    });
    let worker = worker.await?;
    drop(passing);
    let registered = Registered {
        worker_id: worker.id.to_string(),
        lease_ttl_secs: LEASE_TTL.as_secs_f64(),
        heartbeat_secs: HEARTBEAT_PERIOD.as_secs_f64(),
        artifact_bytes_max: web.hub.artifact_bytes_max(),
        hub_key: web.hub.public_key(),
    };
    Ok((StatusCode::CREATED, Json(registered)))
}

/// Answers when there is something to do, or the wait is over, or the hub stops.
async fn lease(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Extension(credential): Extension<Credential>,
    Id(id): Id<WorkerId>,
    Body(asked): Body<LeaseRequest>,
) -> Result<Json<Orders>, ApiError> {
    let wait = read::wait(asked.wait_secs)?.min(WAIT_MAX);
    let holding = read::holding(&asked.holding)?;
    let deadline = Instant::now() + wait;
    let (signal, own) = (web.hub.work_signal(), web.hub.own_signal(id));
    let token = principal.token;
    loop {
        // Listening begins before asking: what becomes ready in between wakes at once.
        let mut woken = std::pin::pin!(signal.notified());
        woken.as_mut().enable();
        let mut ended = std::pin::pin!(own.notified());
        ended.as_mut().enable();
        let (session, holding) = (asked.session.clone(), holding.clone());
        let orders = hub_call(&web, move |hub| {
            hub.lease_runs(token, id, &session, asked.free_slots, &holding)
        })
        .await?;
        if !orders.is_empty() || web.is_stopping() || Instant::now() >= deadline {
            return Ok(Json(shown(&web, id, &orders)));
        }
        let waiting = web.hub.wait_for_work();
        tokio::select! {
            () = woken => {
                let turn = (Instant::now() + web.hub.wake_after()).min(deadline);
                tokio::select! {
                    () = tokio::time::sleep_until(turn) => {}
                    () = web.stopped() => {}
                }
            }
            () = ended => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = web.stopped() => {}
        }
        drop(waiting);
        if web.hub.has_left(id) {
            return Ok(Json(shown(&web, id, &work::Orders::default())));
        }
        // Nobody is given work who was shut out while waiting.
        auth::identify(&web, &credential, None).await?;
    }
}

async fn renew(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(id): Id<WorkerId>,
    Body(beat): Body<Heartbeat>,
) -> Result<Json<Orders>, ApiError> {
    let session = beat.session.clone();
    let beat = read::beat(beat)?;
    let orders = hub_call(&web, move |hub| {
        hub.take_heartbeat(principal.token, id, &session, &beat)
    });
    let mut orders = shown(&web, id, &orders.await?);
    orders.next_heartbeat_secs = Some(web.hub.heartbeat_after().as_secs_f64());
    orders.drained = web.hub.drained(id).as_ref().map(present::drained);
    Ok(Json(orders))
}

/// What `worker` is to do, signed for it alone.
fn shown(web: &Web, worker: WorkerId, orders: &work::Orders) -> Orders {
    let mut orders = present::orders(orders, |program| web.hub.program_token(program));
    for order in &mut orders.start {
        order.signature = web.hub.sign(&signed_bytes(order, &worker.to_string()));
    }
    orders
}

async fn depart(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(id): Id<WorkerId>,
    Body(last): Body<Heartbeat>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| {
        hub.dismiss_worker(principal.token, id, &last.session)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn leave(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(id): Id<WorkerId>,
    Body(asked): Body<Leave>,
) -> Result<Json<Left>, ApiError> {
    let leaving = hub_call(&web, move |hub| {
        hub.leave(principal.token, id, asked.finish)
    });
    let running = match leaving.await? {
        Leaving::Finishing(running) => u32::try_from(running).unwrap_or(u32::MAX),
        Leaving::Left => 0,
    };
    Ok(Json(Left { running }))
}

async fn measure(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(id): Id<WorkerId>,
    Body(report): Body<TelemetryReport>,
) -> Result<Json<TelemetryTaken>, ApiError> {
    let samples = read::samples(&report.samples)?;
    let next = hub_call(&web, move |hub| {
        hub.take_telemetry(principal.token, id, &report.session, samples)
    });
    Ok(Json(TelemetryTaken {
        next_report_secs: next.await?.as_secs_f64(),
    }))
}

async fn start(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(run): Id<RunId>,
    Body(started): Body<Started>,
) -> Result<StatusCode, ApiError> {
    let lease = read::lease(&started.worker_id, started.epoch)?;
    let environment = serde_json::Value::Object(started.environment).to_string();
    hub_call(&web, move |hub| {
        hub.start_run(principal.token, run, lease, environment)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn report(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(run): Id<RunId>,
    Body(report): Body<Report>,
) -> Result<StatusCode, ApiError> {
    let lease = read::lease(&report.worker_id, report.epoch)?;
    let report: work::Report = read::report(report)?;
    hub_call(&web, move |hub| {
        hub.take_report(principal.token, run, lease, report)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn finish(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(run): Id<RunId>,
    Body(finished): Body<Finished>,
) -> Result<Json<Acknowledged>, ApiError> {
    let lease = read::lease(&finished.worker_id, finished.epoch)?;
    let finish = read::finish(finished)?;
    let run = hub_call(&web, move |hub| {
        hub.finish_run(principal.token, run, lease, finish)
    })
    .await?;
    Ok(Json(Acknowledged {
        status: run.state.word().to_string(),
    }))
}

async fn bundle(
    State(web): State<Web>,
    _: WorkerAuth,
    hash: Result<Path<String>, PathRejection>,
) -> Result<Json<Bundle>, ApiError> {
    let Path(hash) = hash.map_err(|_| HubError::not_found("bundle", "?"))?;
    let (command, files) = hub_call(&web, move |hub| hub.find_bundle(&hash)).await?;
    Ok(Json(present::bundle(command, &files)))
}
