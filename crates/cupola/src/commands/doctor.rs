//! `cupola doctor`: whether this machine has what a hub and a worker need.

use std::process::ExitCode;

use serde::Serialize;

use crate::{
    cli::Doctor,
    data::DataDir,
    output::{self, Table},
};

/// Less free space than this is worth a warning.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    verdict: Verdict,
    found: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Fine,
    /// Works, but something can be had.
    Note,
    Broken,
}

/// Looks at everything; fails if anything is broken.
pub(crate) async fn run(doctor: Doctor) -> anyhow::Result<ExitCode> {
    let data = DataDir::find(doctor.data)?;
    let environment: Vec<_> = std::env::vars_os().collect();
    let capabilities = cupola_worker::measure(data.path().to_owned(), None, &environment).await;
    let checks = [
        folder(&data),
        space(capabilities.disk_bytes),
        fine(
            "processor",
            format!(
                "{}, {}",
                output::counted(capabilities.cpu_cores.into(), "core"),
                capabilities.cpu_model
            ),
        ),
        fine("memory", format!("{} MiB", capabilities.memory_bytes >> 20)),
        gpus(&capabilities),
        python(&capabilities),
        hub(&data).await,
    ];
    let is_broken = checks.iter().any(|check| check.verdict == Verdict::Broken);
    if doctor.json {
        output::json(&checks)?;
    } else {
        let mut table = Table::new(&["", "what", "found"]);
        for check in checks {
            let mark = match check.verdict {
                Verdict::Fine => "✓",
                Verdict::Note => "–",
                Verdict::Broken => "✗",
            };
            table.row([mark.to_owned(), check.what.to_owned(), check.found]);
        }
        table.print("");
    }
    Ok(if is_broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn fine(what: &'static str, found: String) -> Check {
    Check {
        what,
        verdict: Verdict::Fine,
        found,
    }
}

fn folder(data: &DataDir) -> Check {
    let what = "data folder";
    let shown = data.path().display();
    let made = data.create().and_then(|()| {
        let probe = data.path().join("doctor.probe");
        crate::data::write_private(&probe, "probe")?;
        Ok(std::fs::remove_file(probe)?)
    });
    match made {
        Ok(()) => fine(what, format!("{shown} can be written")),
        Err(error) => Check {
            what,
            verdict: Verdict::Broken,
            found: format!("{shown}: {error:#}"),
        },
    }
}

fn space(free_bytes: u64) -> Check {
    let verdict = if free_bytes < FREE_BYTES_MIN {
        Verdict::Broken
    } else {
        Verdict::Fine
    };
    Check {
        what: "free space",
        verdict,
        found: format!("{} MiB", free_bytes >> 20),
    }
}

fn gpus(found: &cupola_domain::resources::Capabilities) -> Check {
    let names: Vec<_> = found.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    if names.is_empty() {
        let found = "none; the built-in trainer does not need one".to_owned();
        return Check {
            what: "GPU",
            verdict: Verdict::Note,
            found,
        };
    }
    fine("GPU", names.join(", "))
}

fn python(found: &cupola_domain::resources::Capabilities) -> Check {
    let what = "Python";
    let note = |found: String| Check {
        what,
        verdict: Verdict::Note,
        found,
    };
    match &found.python {
        None => note("none; only templates that say so need it".to_owned()),
        Some(python) => match &python.torch {
            Some(torch) => fine(what, format!("{} with PyTorch {torch}", python.version)),
            None => note(format!(
                "{} without PyTorch; `char-lm-torch` needs that",
                python.version
            )),
        },
    }
}

async fn hub(data: &DataDir) -> Check {
    let what = "hub";
    let Some(hub) = data.running_hub() else {
        let found = "none runs here; `cupola` starts one".to_owned();
        return Check {
            what,
            verdict: Verdict::Note,
            found,
        };
    };
    let answered = match cupola_client::Client::new(&hub.url, "") {
        Ok(client) => client.version().await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(version) => fine(
            what,
            format!("version {} answers at {}", version.version, hub.url),
        ),
        Err(error) => Check {
            what,
            verdict: Verdict::Broken,
            found: format!("{} does not answer: {error}", hub.url),
        },
    }
}
