//! A hub in a temporary folder beside the working directory's disk, with work for simulated workers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use cupola_domain::{
    access::Role,
    brief::Draft,
    ids::{ExperimentId, TokenId, WorkerId},
    provenance::Provenance,
    resources::{Capabilities, GIB},
    run::Outcome,
};
use cupola_hub::{
    Hub, Settings, loops,
    work::{Finish, Order, Registration},
    world::World,
};
use cupola_store::{Durability, Location};
use serde_json::json;

use crate::world::System;

/// A folder that goes when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Beside the build, so that it is on a disk and not in memory.
    pub(crate) fn new(name: &str) -> anyhow::Result<Self> {
        let base =
            std::env::var_os("CUPOLA_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = base.join(format!("cupola-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).context("failed to make a folder for the measurement")?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A folder with a template whose program does nearly nothing.
    pub(crate) fn with_trivial_template(&self) -> anyhow::Result<PathBuf> {
        let folder = self.0.join("templates").join("trivial");
        std::fs::create_dir_all(&folder)?;
        let manifest = r#"
            name = "trivial"
            command = ["sh", "-c", "echo '{\"score\": 1}'"]
            objective = { metric = "score", direction = "minimize" }
            space = { x = "uniform(0, 1)" }
        "#;
        std::fs::write(folder.join("template.toml"), manifest)?;
        Ok(self.0.join("templates"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A hub with a token for workers.
pub(crate) struct BenchHub {
    pub(crate) hub: Arc<Hub>,
    pub(crate) token: TokenId,
}

impl BenchHub {
    pub(crate) fn open(folder: &Folder, durability: Durability) -> anyhow::Result<Self> {
        let settings = Settings {
            location: Location::Sqlite(folder.path().join("cupola.db")),
            artifacts: folder.path().join("artifacts"),
            runs: None,
            artifact_bytes_max: cupola_hub::artifacts::BYTES_MAX,
            template_dirs: vec![folder.with_trivial_template()?],
            durability,
            on_fatal: Arc::new(|error| panic!("the store is lost: {error}")),
        };
        let world: Arc<dyn World> = Arc::new(System::new());
        let hub = Hub::open(settings, world)?;
        let (_, token) = hub.create_token("workers", Role::Worker, None)?;
        Ok(Self {
            hub: Arc::new(hub),
            token: token.id,
        })
    }

    /// A family of trivial tasks, planned to the last.
    pub(crate) fn submit(&self, num_tasks: u32) -> anyhow::Result<ExperimentId> {
        self.submit_of("bench", num_tasks)
    }

    /// The same, of one owner among several.
    pub(crate) fn submit_of(&self, owner: &str, num_tasks: u32) -> anyhow::Result<ExperimentId> {
        self.submit_placed(owner, num_tasks, "any")
    }

    /// The same, all on machines of one device class.
    pub(crate) fn submit_same(&self, owner: &str, num_tasks: u32) -> anyhow::Result<ExperimentId> {
        self.submit_placed(owner, num_tasks, "same")
    }

    fn submit_placed(
        &self,
        owner: &str,
        num_tasks: u32,
        placement: &str,
    ) -> anyhow::Result<ExperimentId> {
        let draft = Draft {
            goal: "measure".to_owned(),
            template: "trivial".to_owned(),
            hardware: "small".to_owned(),
            num_tasks: num_tasks.to_string(),
            time_budget: "5".to_owned(),
            sampler: "random".to_owned(),
            device_class: placement.to_owned(),
            ..Draft::default()
        };
        let family = self.hub.submit_brief(&draft, owner)?.family.id;
        while loops::campaigns::tick(&self.hub)? > 0 {}
        Ok(family)
    }

    pub(crate) fn join(&self, name: &str) -> anyhow::Result<WorkerId> {
        let capabilities = Capabilities {
            hostname: name.to_owned(),
            platform: "linux-x86_64".to_owned(),
            cpu_cores: 4,
            memory_bytes: 16 * GIB,
            disk_bytes: 100 * GIB,
            device_class: Some("00000000000be4c4".to_owned()),
            ..Capabilities::default()
        };
        let registration = Registration {
            id: None,
            name: name.to_owned(),
            session: "bench".to_owned(),
            place: String::new(),
            slots: 1,
            version: "bench".to_owned(),
            capabilities,
        };
        Ok(self.hub.register_worker(self.token, registration)?.id)
    }

    pub(crate) fn lease(&self, worker: WorkerId) -> anyhow::Result<Option<Order>> {
        let orders = self.hub.lease_runs(self.token, worker, "bench", 1, &[])?;
        Ok(orders.start.into_iter().next())
    }

    pub(crate) fn finish(&self, order: &Order, value: f64) -> anyhow::Result<()> {
        let finish = Finish {
            outcome: Outcome::Completed,
            results: json!({"score": value})
                .as_object()
                .cloned()
                .unwrap_or_default(),
            wall_time: Duration::from_millis(5),
            stop: None,
            environment: None,
            provenance: Provenance::Measured,
        };
        self.hub
            .finish_run(self.token, order.run.id, order.lease, finish)?;
        Ok(())
    }
}
