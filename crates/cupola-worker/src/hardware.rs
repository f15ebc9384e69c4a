//! What this machine has, by measuring.

mod python;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    thread,
};

use cupola_domain::resources::{Capabilities, Gpu};
use sysinfo::{CpuRefreshKind, Disks, Gpus, MemoryRefreshKind, RefreshKind, System};

/// Measures everything once. What cannot be measured is absent, zero or empty.
pub async fn measure(
    state_dir: PathBuf,
    python: Option<PathBuf>,
    environment: &[(OsString, OsString)],
) -> Capabilities {
    let measuring = tokio::task::spawn_blocking(move || machine(&state_dir));
    let found = python::find(python.as_deref(), environment).await;
    let mut capabilities = measuring.await.unwrap_or_default();
    capabilities.python = found;
    capabilities
}

/// The same without Python, at once.
pub(crate) fn machine(state_dir: &Path) -> Capabilities {
    let wanted = RefreshKind::nothing()
        .with_memory(MemoryRefreshKind::nothing().with_ram())
        .with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(wanted).ok();
    Capabilities {
        hostname: System::host_name().unwrap_or_default(),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        cpu_model: system.as_ref().map(cpu_model).unwrap_or_default(),
        // Knows of affinity and of the control group's quota.
        cpu_cores: thread::available_parallelism()
            .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        memory_bytes: system.as_ref().map(memory_bytes).unwrap_or_default(),
        disk_bytes: disk_space(state_dir).map_or(0, |(_, free)| free),
        gpus: gpus(),
        python: None,
        confinement: None,
        device_class: None,
    }
}

fn cpu_model(system: &System) -> String {
    let first = system.cpus().first();
    first.map_or_else(String::new, |cpu| cpu.brand().trim().to_owned())
}

/// Main memory, or the part of it that the control group leaves.
fn memory_bytes(system: &System) -> u64 {
    let limit = system.cgroup_limits().map(|limits| limits.total_memory);
    match limit {
        Some(limit) if limit > 0 => limit.min(system.total_memory()),
        _ => system.total_memory(),
    }
}

/// Size and free space of the file system that holds `folder`: the one mounted nearest above it.
pub(crate) fn disk_space(folder: &Path) -> Option<(u64, u64)> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let disks = Disks::new_with_refreshed_list().ok()?;
    let above = disks
        .iter()
        .filter(|disk| folder.starts_with(disk.mount_point()));
    let nearest = above.max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    Some((nearest.total_space(), nearest.available_space()))
}

fn gpus() -> Vec<Gpu> {
    let Ok(gpus) = Gpus::new_with_refreshed_list() else {
        return Vec::new();
    };
    gpus.iter()
        .map(|gpu| Gpu {
            name: gpu.model().unwrap_or("unknown").to_owned(),
            memory_bytes: gpu.total_memory().unwrap_or(0),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_cores_memory_and_disk() {
        let found = machine(&std::env::temp_dir());
        assert!(found.cpu_cores > 0, "{found:?}");
        assert!(found.memory_bytes > 1 << 20, "{found:?}");
        assert!(found.disk_bytes > 0, "{found:?}");
        assert!(!found.hostname.is_empty(), "{found:?}");
    }
}
