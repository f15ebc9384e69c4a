//! The worker protocol: join, lease, report. Every message that changes anything names the run and
//! the epoch of its lease, so that repeating it has no further effect and a stale one is refused.

use std::{collections::BTreeMap, fmt};

use cupola_domain::{
    resources::{Capabilities, Gpu, Python},
    sandbox::{Access, Confinement},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    desk::RestingBody, number::Number, runs::ProgressLevelBody, time::Time, workers::DrainedBody,
};

/// The largest body that a worker may send.
pub const REPORT_BYTES_MAX: usize = 8 << 20;

/// A graphics processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GpuBody {
    /// The model.
    pub name: String,
    /// Its own memory.
    pub memory_bytes: u64,
}

/// A worker's Python.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PythonBody {
    /// Where it lies.
    pub path: String,
    /// For instance `3.11.7`.
    pub version: String,
    /// The version of PyTorch, if it can be imported.
    pub torch: Option<String>,
    /// Whether that sees a CUDA device.
    pub has_cuda: bool,
}

/// What a worker measured of its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapabilitiesBody {
    /// The machine's name.
    pub hostname: String,
    /// Operating system and processor.
    pub platform: String,
    /// The processor's model.
    pub cpu_model: String,
    /// Cores.
    pub cpu_cores: u32,
    /// Main memory.
    pub memory_bytes: u64,
    /// Free space where runs are kept.
    pub disk_bytes: u64,
    /// Graphics processors.
    pub gpus: Vec<GpuBody>,
    /// Python, when there is one.
    pub python: Option<PythonBody>,
    /// What its programs are kept to; absent from workers that are older than that question.
    #[serde(default)]
    pub confinement: Option<ConfinementBody>,
    /// Machines of one class compute the same bits; absent from workers that did not look.
    #[serde(default)]
    pub device_class: Option<String>,
}

/// What a worker keeps its programs to, and what its owner lets them have all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfinementBody {
    /// `strict`, `partly strict`, `relaxed`, `partly relaxed` or `none`.
    pub level: String,
    /// Whether a program that asks for the network gets it.
    pub network: bool,
    /// The folders of which a program that asks may read.
    pub reads: Vec<String>,
    /// How much memory a program may take, where that is less than the machine has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

/// What a program may have beyond its own folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AccessBody {
    /// Whether it speaks to other machines.
    pub network: bool,
    /// Whether it uses a graphics processor where there is one.
    pub gpu: bool,
    /// Files and folders of the worker that it reads.
    pub reads: Vec<String>,
}

impl From<Access> for AccessBody {
    fn from(access: Access) -> Self {
        Self {
            network: access.network,
            gpu: access.gpu,
            reads: access.reads,
        }
    }
}

impl From<Capabilities> for CapabilitiesBody {
    fn from(found: Capabilities) -> Self {
        let gpu = |gpu: Gpu| GpuBody {
            name: gpu.name,
            memory_bytes: gpu.memory_bytes,
        };
        let python = |python: Python| PythonBody {
            path: python.path,
            version: python.version,
            torch: python.torch,
            has_cuda: python.has_cuda,
        };
        Self {
            hostname: found.hostname,
            platform: found.platform,
            cpu_model: found.cpu_model,
            cpu_cores: found.cpu_cores,
            memory_bytes: found.memory_bytes,
            disk_bytes: found.disk_bytes,
            gpus: found.gpus.into_iter().map(gpu).collect(),
            python: found.python.map(python),
            confinement: found.confinement.map(|kept| ConfinementBody {
                level: kept.level,
                network: kept.network,
                reads: kept.reads,
                memory_bytes: kept.memory_bytes,
            }),
            device_class: found.device_class,
        }
    }
}

impl From<CapabilitiesBody> for Capabilities {
    fn from(body: CapabilitiesBody) -> Self {
        let gpu = |gpu: GpuBody| Gpu {
            name: gpu.name,
            memory_bytes: gpu.memory_bytes,
        };
        let python = |python: PythonBody| Python {
            path: python.path,
            version: python.version,
            torch: python.torch,
            has_cuda: python.has_cuda,
        };
        Self {
            hostname: body.hostname,
            platform: body.platform,
            cpu_model: body.cpu_model,
            cpu_cores: body.cpu_cores,
            memory_bytes: body.memory_bytes,
            disk_bytes: body.disk_bytes,
            gpus: body.gpus.into_iter().map(gpu).collect(),
            python: body.python.map(python),
            confinement: body.confinement.map(|kept| Confinement {
                level: kept.level,
                network: kept.network,
                reads: kept.reads,
                memory_bytes: kept.memory_bytes,
            }),
            device_class: body.device_class,
        }
    }
}

/// `POST /api/v1/workers`: a worker joins, or comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registration {
    /// [`crate::WORKER_PROTOCOL`] of the worker.
    pub protocol: u32,
    /// The id it was given when it first joined, if it kept one.
    pub worker_id: Option<String>,
    /// Its name for people.
    pub name: String,
    /// Different at each start of the agent. A new one says that the programs of the last are gone.
    pub session: String,
    /// The machine since it was booted, and the agent's folder there: the same for the next start, another
    /// for a copy. Empty from workers that are older than that question.
    #[serde(default)]
    pub place: String,
    /// How many runs it takes at once.
    pub slots: u32,
    /// The agent's version.
    pub version: String,
    /// What it measured of its machine.
    pub capabilities: CapabilitiesBody,
}

/// The hub's answer to a [`Registration`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// To be kept, and sent from now on.
    pub worker_id: String,
    /// A worker that is silent for longer has lost its runs.
    pub lease_ttl_secs: f64,
    /// How often to renew.
    pub heartbeat_secs: f64,
    /// How many bytes the hub keeps of one file of a run.
    pub artifact_bytes_max: u64,
    /// The hub's public key (Ed25519, hexadecimal), by which its orders are signed; pinned by the worker
    /// when it first joins.
    #[serde(default)]
    pub hub_key: String,
}

/// A run under a lease.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Held {
    /// The run.
    pub run_id: String,
    /// The epoch of its lease.
    pub epoch: i64,
}

/// `POST /api/v1/workers/{id}/leases`: asks for work, waiting up to `wait_secs` for some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LeaseRequest {
    /// As in the registration.
    pub session: String,
    /// How many runs more it can take now.
    pub free_slots: u32,
    /// What it has. A lease of which the worker knows nothing (the answer was lost) is given again.
    pub holding: Vec<Held>,
    /// How long the hub may keep the question open; at most 30.
    pub wait_secs: f64,
}

/// `POST /api/v1/workers/{id}/heartbeat`: renews leases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    /// As in the registration.
    pub session: String,
    /// What it has.
    pub holding: Vec<Held>,
    /// What it gives back: nothing of these runs here, and others may have their tasks at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returning: Vec<Held>,
    /// Why it takes no work for now; absent when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resting: Option<RestingBody>,
}

/// What the hub wants a worker to do; the answer to both of the above.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Orders {
    /// Start these.
    pub start: Vec<RunOrder>,
    /// Stop these: somebody asked.
    pub cancel: Vec<Held>,
    /// Stop these and report nothing: the lease is gone.
    pub abandon: Vec<Held>,
    /// In an answer to a heartbeat: after how many seconds the next is due. A hub of many workers spreads them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_heartbeat_secs: Option<f64>,
    /// In an answer to a heartbeat: who lets the worker finish what it has and gives it nothing new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained: Option<DrainedBody>,
}

/// All that is needed to run one attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunOrder {
    /// The run.
    pub run_id: String,
    /// Its task.
    pub task_id: String,
    /// The experiment.
    pub experiment_id: String,
    /// From 1.
    pub attempt: u32,
    /// The epoch of the lease.
    pub epoch: i64,
    /// The template's name.
    pub template: String,
    /// The command with its placeholders, one argument an item.
    pub command: Vec<String>,
    /// The hash of its code bundle; empty when it has none.
    pub code_hash: String,
    /// Whether there is a bundle to fetch under that hash.
    pub has_bundle: bool,
    /// The configuration, `seed` and `time_budget_seconds` included.
    pub config: Map<String, Value>,
    /// The result key that must be there: the objective. Empty when ending well is enough.
    pub metric_name: String,
    /// Variables for the program, over those that the worker lets through.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; the run's own folder when absent.
    #[serde(default)]
    pub working_folder: Option<String>,
    /// What the program may have beyond its own folder, as far as the worker's owner allows.
    #[serde(default)]
    pub access: AccessBody,
    /// Seconds that the program may take.
    pub time_budget_secs: f64,
    /// Seconds after its start at which it is killed.
    pub hard_deadline_secs: f64,
    /// By which the program itself may log into its run, as long as this attempt lasts.
    #[serde(default)]
    pub token: ProgramToken,
    /// Ed25519 by the hub over [`signed_bytes`](crate::signed::signed_bytes), as hexadecimal digits.
    #[serde(default)]
    pub signature: String,
}

/// A secret for the program of a run; empty when there is none. It is not shown in logs.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ProgramToken(pub String);

impl fmt::Debug for ProgramToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgramToken(…)")
    }
}

/// `POST /api/v1/runs/{id}/start`: the program runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Started {
    /// The worker.
    pub worker_id: String,
    /// The epoch of its lease.
    pub epoch: i64,
    /// The program's surroundings: command, versions, hardware; shown as it is.
    pub environment: Map<String, Value>,
}

/// `POST /api/v1/runs/{id}/reports`: what the program said since the last report.
///
/// Reports of a run are numbered from 0 without gaps and sent one at a time, so that the hub takes
/// each once however often it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The worker.
    pub worker_id: String,
    /// The epoch of its lease.
    pub epoch: i64,
    /// From 0.
    pub seq: u64,
    /// Log bytes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogPiece>,
    /// Points, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricPiece>,
    /// How far it says it is, the outermost level first; empty when it said nothing new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub progress: Vec<ProgressLevelBody>,
    /// How far stopping it has gone, when that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<StoppingBody>,
    /// Results that are known already.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub results: Map<String, Value>,
    /// Parts of its configuration that the program named itself, as texts.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
}

/// Bytes of a log that were read together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogPiece {
    /// `stdout`, `stderr` or `worker`.
    pub stream: String,
    /// When they were read.
    pub at: Time,
    /// Exactly the program's bytes, in base 64 (with padding). Whole lines, except that the last
    /// piece of a stream may lack its line end and a long line may be cut.
    pub bytes: String,
    /// Bytes left out before these because the program flooded its worker.
    #[serde(default)]
    pub omitted: u64,
}

impl LogPiece {
    /// A piece with these bytes.
    pub fn new(stream: &str, at: Time, bytes: &[u8], omitted: u64) -> Self {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.encode(bytes);
        Self {
            stream: stream.to_owned(),
            at,
            bytes,
            omitted,
        }
    }

    /// The program's bytes; `None` when the text is not base 64.
    pub fn decoded(&self) -> Option<Vec<u8>> {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD
            .decode(&self.bytes)
            .ok()
    }
}

/// Points of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricPiece {
    /// The series.
    pub name: String,
    /// `[step, milliseconds since 1970, value]`.
    pub points: Vec<(i64, i64, Number)>,
}

/// How far stopping a program has gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoppingBody {
    /// `asked`, `terminated` or `killed`.
    pub step: String,
    /// After so many seconds the next step follows; none when this was the last.
    #[serde(default)]
    pub next_secs: Option<f64>,
}

/// `POST /api/v1/runs/{id}/result`: how it ended. Durable when answered with 2xx.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finished {
    /// The worker.
    pub worker_id: String,
    /// The epoch of its lease.
    pub epoch: i64,
    /// `completed`, `failed` or `cancelled`.
    pub outcome: String,
    /// For `failed`: `spawn_failed`, `exit_code`, `signal`, `timed_out`, `bad_output`, `reported`,
    /// `not_prepared`.
    #[serde(default)]
    pub failure: String,
    /// For `failed`: the code, the signal, the line or the reason.
    #[serde(default)]
    pub failure_detail: String,
    /// How far stopping it went: `asked`, `terminated` or `killed`; none when it ended by itself.
    #[serde(default)]
    pub stop: Option<String>,
    /// Result key → value; for `completed` the last line of the program.
    #[serde(default)]
    pub results: Map<String, Value>,
    /// Seconds from the program's start to its end.
    pub wall_time_secs: f64,
    /// As in [`Started`]: a program that ends at once is not announced.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub environment: Map<String, Value>,
    /// `measured` or `simulated`, as the program says; `measured` when absent.
    #[serde(default)]
    pub provenance: Option<String>,
}

/// The hub's answer to a [`Finished`]: what the run is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Acknowledged {
    /// `completed`, `failed` or `cancelled`.
    pub status: String,
}

/// `GET /api/v1/bundles/{hash}`: a template's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bundle {
    /// The command, which is part of what the hash covers.
    pub command: Vec<String>,
    /// The files, in order of path.
    pub files: Vec<BundleFile>,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleFile {
    /// Relative, with `/` between its parts; never absolute, never with `..`.
    pub path: String,
    /// Its bytes in base 64.
    pub bytes: String,
}

impl BundleFile {
    /// A file with this content.
    pub fn new(path: &str, content: &[u8]) -> Self {
        use base64::Engine as _;
        Self {
            path: path.to_owned(),
            bytes: base64::engine::general_purpose::STANDARD.encode(content),
        }
    }

    /// Its content; `None` when the text is not base 64.
    pub fn decoded(&self) -> Option<Vec<u8>> {
        use base64::Engine as _;
        let decoded = base64::engine::general_purpose::STANDARD.decode(&self.bytes);
        decoded.ok()
    }
}
