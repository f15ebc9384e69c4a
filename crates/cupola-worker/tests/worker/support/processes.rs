//! Looking at the processes of this machine.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::PATIENCE;

/// The kernel tells nobody but a parent of an end: others have to look.
const LOOK_PERIOD: Duration = Duration::from_millis(5);

/// The processes that have `marker` in their command line or environment, dead ones left out.
pub(crate) fn with_marker(marker: &str) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("Linux has /proc");
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != std::process::id() && has_marker(*pid, marker))
        .collect()
}

/// Waits until no process has `marker`.
pub(crate) async fn wait_until_gone(marker: &str) {
    let since = Instant::now();
    while !with_marker(marker).is_empty() {
        let left = with_marker(marker);
        assert!(since.elapsed() < PATIENCE, "still there: {left:?}");
        tokio::time::sleep(LOOK_PERIOD).await;
    }
}

/// The most memory that this process ever had, in bytes.
pub(crate) fn peak_memory_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.expect("the kernel says so") << 10
}

fn has_marker(pid: u32, marker: &str) -> bool {
    let contains = |file: &str| {
        let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(marker)
    };
    contains("cmdline") || contains("environ")
}
