//! `cupola run artifacts` and `cupola run download`: the files that a run keeps.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cupola_client::{Client, Download};

use crate::{
    cli::{Connect, Read},
    commands::run_id::run_id_of,
    connection::client,
    output::{self, Table},
};

pub(crate) async fn list(id: &str, read: &Read) -> anyhow::Result<()> {
    let client = client(&read.connect)?;
    let page = client.run_artifacts(&run_id_of(&client, id).await?).await?;
    if read.json {
        return output::json(&page);
    }
    let mut table = Table::new(&["name", "bytes", "sha256"]);
    for artifact in page.items {
        let bytes = artifact.size_bytes.to_string();
        table.row([artifact.name, bytes, artifact.sha256]);
    }
    table.print("the run keeps no files");
    Ok(())
}

/// Fetches into `to`, or into a new file here: what is here already is not overwritten unasked.
pub(crate) async fn download(
    id: &str,
    name: &str,
    to: Option<PathBuf>,
    connect: &Connect,
) -> anyhow::Result<()> {
    let client = client(connect)?;
    let id = &run_id_of(&client, id).await?;
    if to.as_deref() == Some(Path::new("-")) {
        let mut coming = client.run_artifact(id, name).await?;
        copy(&mut coming, &mut io::stdout().lock()).await?;
        return Ok(());
    }
    let is_named = to.is_some();
    let path = to.unwrap_or_else(|| PathBuf::from(name.rsplit('/').next().unwrap_or(name)));
    let bytes = fetch(&client, id, name, &path, is_named).await?;
    output::note(&format!(
        "{bytes} bytes in {}",
        output::clean(&path.to_string_lossy())
    ));
    Ok(())
}

async fn fetch(
    client: &Client,
    id: &str,
    name: &str,
    path: &Path,
    may_replace: bool,
) -> anyhow::Result<u64> {
    let shown = output::clean(&path.to_string_lossy());
    if !may_replace && path.exists() {
        anyhow::bail!("`{shown}` is there already; say where to with `--output`");
    }
    let mut coming = client.run_artifact(id, name).await?;
    keep(&mut coming, path).await
}

/// Writes what comes beside the file first, so that half of one is never taken for the whole.
pub(crate) async fn keep(coming: &mut Download, path: &Path) -> anyhow::Result<u64> {
    let shown = output::clean(&path.to_string_lossy());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&beside);
    let mut file = opened.with_context(|| format!("failed to write `{shown}`"))?;
    let copied = copy(coming, &mut file).await;
    if copied.is_err() {
        let _ = fs::remove_file(&beside);
    }
    let bytes = copied?;
    fs::rename(&beside, path).with_context(|| format!("failed to write `{shown}`"))?;
    Ok(bytes)
}

/// Writes what comes as it comes.
pub(crate) async fn copy(coming: &mut Download, to: &mut impl Write) -> anyhow::Result<u64> {
    let mut bytes = 0;
    while let Some(chunk) = coming.next().await? {
        let chunk = chunk.as_ref();
        to.write_all(chunk)?;
        bytes += chunk.len() as u64;
    }
    to.flush()?;
    Ok(bytes)
}
