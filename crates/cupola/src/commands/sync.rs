//! `cupola sync`: what lies in the folders of runs comes back into the store.

use std::path::Path;

use cupola_hub::run_folders::Synced;
use serde_json::json;

use crate::{cli::Sync, exit::Unavailable, output, serve};

/// Something is said after so many runs.
const RUNS_TOLD: u64 = 1_000;

pub(crate) async fn run(sync: Sync) -> anyhow::Result<()> {
    let hub = serve::open_beside(sync.data, sync.database, sync.dry_run).await;
    let hub = hub.map_err(|error| {
        if error.is::<Unavailable>() {
            return error;
        }
        error.context("a database that is damaged is moved aside: then a new one is filled")
    })?;
    let (is_dry, is_quiet) = (sync.dry_run, sync.json);
    let syncing = tokio::task::spawn_blocking(move || {
        let mut told = 0;
        let synced = hub.hub.sync_run_folders(is_dry, |synced| {
            let looked_at = synced.runs + synced.present;
            if !is_quiet && looked_at >= told + RUNS_TOLD {
                told = looked_at;
                output::note(&format!("{looked_at} runs so far"));
            }
        });
        hub.hub.close();
        synced
    });
    let synced = syncing.await??;
    if sync.json {
        output::json(&body(&synced, is_dry))?;
    } else {
        for problem in &synced.problems {
            output::note(&format!(
                "{}: {}",
                shown(&problem.path),
                output::clean(&problem.reason)
            ));
        }
        output::note(&summary(&synced, is_dry));
    }
    let failed = synced.problems.len();
    anyhow::ensure!(
        failed == 0,
        "{failed} of what was found did not come in; mend it or move it away, and sync again: until \
         then no files of runs are removed and no further tasks of families planned"
    );
    Ok(())
}

fn summary(synced: &Synced, is_dry: bool) -> String {
    let came = if is_dry { "would come in" } else { "came in" };
    let planned = match synced.planned {
        0 => String::new(),
        planned => format!("; {planned} tasks that had not begun were planned anew"),
    };
    format!(
        "{} runs of {} tasks and {} experiments {came}, {} were there{planned}",
        synced.runs,
        synced.tasks.len(),
        synced.experiments.len(),
        synced.present,
    )
}

fn body(synced: &Synced, is_dry: bool) -> serde_json::Value {
    let problems = synced.problems.iter();
    let problems = problems
        .map(|problem| json!({"path": problem.path.to_string_lossy(), "reason": problem.reason}));
    json!({
        "dry_run": is_dry,
        "experiments": synced.experiments,
        "tasks": synced.tasks.len(),
        "runs": synced.runs,
        "present": synced.present,
        "planned": synced.planned,
        "problems": problems.collect::<Vec<_>>(),
    })
}

fn shown(path: &Path) -> String {
    output::clean(&path.to_string_lossy())
}
