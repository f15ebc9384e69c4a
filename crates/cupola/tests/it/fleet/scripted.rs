//! A worker that says what a test wants said.

use cupola_client::{Client, Error};
use cupola_protocol::{
    WORKER_PROTOCOL,
    work::{CapabilitiesBody, Finished, LeaseRequest, Registration, RunOrder},
};
use serde_json::{Map, Value, json};

use crate::support::{TestHub, eventually};

/// A worker without a machine: it leases, and a test says the rest.
pub struct Scripted {
    pub client: Client,
    pub worker_id: String,
    name: String,
}

impl Scripted {
    /// Joins as the worker of `owner`.
    pub async fn join(hub: &TestHub, owner: &str) -> Self {
        let secret = hub.worker_token(owner).await;
        let client = Client::new(&hub.url, &secret).unwrap();
        let registered = client.register(&registration(owner)).await.unwrap();
        Self {
            client,
            worker_id: registered.worker_id,
            name: owner.to_owned(),
        }
    }

    /// The next order, once there is one.
    pub async fn lease(&self) -> RunOrder {
        eventually("an order", || async { self.ask(0.0).await.unwrap() }).await
    }

    /// The next order, if there is one within so many seconds.
    pub async fn ask(&self, wait_secs: f64) -> Result<Option<RunOrder>, Error> {
        let ask = LeaseRequest {
            session: self.name.clone(),
            free_slots: 1,
            holding: Vec::new(),
            wait_secs,
        };
        let orders = self.client.lease(&self.worker_id, &ask).await?;
        Ok(orders.start.into_iter().next())
    }

    /// That a run completed with this score.
    pub fn completed(&self, order: &RunOrder, score: f64) -> Finished {
        completed(&self.worker_id, order, score)
    }
}

/// What a worker with a machine like this says when it joins; its session is its name, as if it never
/// started anew.
pub fn registration(name: &str) -> Registration {
    Registration {
        protocol: WORKER_PROTOCOL,
        worker_id: None,
        name: name.to_owned(),
        session: name.to_owned(),
        place: String::new(),
        slots: 1,
        version: "test".to_owned(),
        capabilities: CapabilitiesBody {
            hostname: "test".to_owned(),
            platform: "linux-x86_64".to_owned(),
            cpu_model: String::new(),
            cpu_cores: 4,
            memory_bytes: 16 << 30,
            disk_bytes: 100 << 30,
            gpus: Vec::new(),
            python: None,
            confinement: None,
            device_class: None,
        },
    }
}

/// That a run completed with this score.
pub fn completed(worker: &str, order: &RunOrder, score: f64) -> Finished {
    Finished {
        worker_id: worker.to_owned(),
        epoch: order.epoch,
        outcome: "completed".to_owned(),
        failure: String::new(),
        failure_detail: String::new(),
        results: results(score),
        stop: None,
        wall_time_secs: 0.1,
        environment: Map::new(),
        provenance: None,
    }
}

fn results(score: f64) -> Map<String, Value> {
    Map::from_iter([("score".to_owned(), json!(score))])
}
