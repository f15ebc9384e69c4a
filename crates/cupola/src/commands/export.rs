//! `cupola export`: tables in open formats, or everything.

use std::path::PathBuf;

use clap::ValueEnum as _;
use cupola_client::query::ExportFilter;
use cupola_hub::archive::Manifest;

use crate::{
    cli::{Export, Format},
    commands::{artifacts, experiments::id_of, run_id::run_id_of},
    connection::client,
    output,
    serve::{self, Kept},
};

pub(crate) async fn run(export: Export) -> anyhow::Result<()> {
    if let Some(folder) = export.all {
        let (data, database) = (export.connect.data, export.database);
        return everything(folder, export.with_secrets, data, database).await;
    }
    let Some(table) = export.what else {
        anyhow::bail!("name a table: `runs`, `params` or `metrics`");
    };
    let client = client(&export.connect)?;
    let mut experiments = Vec::new();
    for named in &export.experiment {
        experiments.push(id_of(&client, named).await?);
    }
    let mut runs = Vec::new();
    for named in &export.run {
        runs.push(run_id_of(&client, named).await?);
    }
    let said = |words: &[String]| Some(words.join(",")).filter(|words| !words.is_empty());
    let format = export.format.or_else(|| {
        let path = export.output.as_ref()?;
        Format::from_str(path.extension()?.to_str()?, true).ok()
    });
    let word = |value: clap::builder::PossibleValue| value.get_name().to_owned();
    let filter = ExportFilter {
        format: format
            .and_then(|format| format.to_possible_value())
            .map(word),
        runs: said(&runs),
        experiments: said(&experiments),
        filter: export.filter.clone(),
    };
    let what = table.to_possible_value().map(word).unwrap_or_default();
    let mut coming = client.export(&what, &filter).await?;
    match export.output.filter(|path| path.as_os_str() != "-") {
        None => {
            artifacts::copy(&mut coming, &mut std::io::stdout().lock()).await?;
        }
        Some(path) => {
            let bytes = artifacts::keep(&mut coming, &path).await?;
            let shown = output::clean(&path.to_string_lossy());
            output::note(&format!("{bytes} bytes in {shown}"));
        }
    }
    Ok(())
}

/// Reads the store itself, so that nothing changes meanwhile.
async fn everything(
    folder: PathBuf,
    has_secrets: bool,
    data: Option<PathBuf>,
    database: Option<String>,
) -> anyhow::Result<()> {
    let hub = serve::open_alone(data, database, Kept::Already).await?;
    let shown = output::clean(&folder.to_string_lossy());
    let exporting = tokio::task::spawn_blocking(move || {
        let exported = hub.export_all(&folder, has_secrets);
        hub.close();
        exported
    });
    told(&exporting.await??, &format!("in `{shown}`"));
    Ok(())
}

/// Says how much there was.
pub(crate) fn told(manifest: &Manifest, place: &str) {
    let rows: u64 = manifest.tables.iter().map(|part| part.count).sum();
    output::note(&format!(
        "{rows} rows of {} tables, {} points, {} logs and {} files {place}",
        manifest.tables.len(),
        manifest.points.count,
        manifest.logs.count,
        manifest.artifacts.0,
    ));
}
