//! `cupola model`: the registry.

use std::{
    io,
    path::{Path, PathBuf},
};

use cupola_client::{Client, query::PageFilter};
use cupola_protocol::models::{
    EvaluationBody, ModelBody, ModelDetail, ModelVersionBody, NewDeployment, NewEvaluation,
    PromotionBody, StageBody,
};

use crate::{
    cli::{Connect, Evaluate, Model, Promote, Read},
    commands::artifacts,
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Model) -> anyhow::Result<()> {
    match command {
        Model::List {
            search,
            paging,
            read,
        } => {
            let filter = PageFilter {
                search,
                page: paging.page,
                per_page: paging.per_page,
            };
            list(&filter, &read).await
        }
        Model::Show { model, read } => show(&model, &read).await,
        Model::Promote(wanted) => promote(wanted).await,
        Model::Stage {
            model,
            version,
            stage,
            archive_others,
            read,
        } => {
            let wanted = StageBody {
                stage,
                archive_others,
            };
            let client = client(&read.connect)?;
            let staged = client.stage_model(&model, &version, &wanted).await?;
            said(&staged, &read)
        }
        Model::Alias {
            model,
            alias,
            version,
            read,
        } => set_alias(&model, &alias, version, &read).await,
        Model::Deploy {
            model,
            status,
            place,
            version,
            note,
            read,
        } => {
            let wanted = NewDeployment {
                version,
                status,
                place,
                note,
            };
            deploy(&model, &wanted, &read).await
        }
        Model::Evaluate(wanted) => evaluate(wanted).await,
        Model::Download {
            model,
            file,
            version,
            output,
            connect,
        } => download(&model, file, version, output, &connect).await,
    }
}

async fn list(filter: &PageFilter, read: &Read) -> anyhow::Result<()> {
    let page = client(&read.connect)?.models(filter).await?;
    if read.json {
        return output::json(&page);
    }
    let mut table = Table::new(&[
        "model",
        "newest",
        "stage",
        "score",
        "samples",
        "bytes",
        "deployment",
        "updated",
    ]);
    for model in page.items {
        let samples = model.data.as_ref().and_then(|data| data.samples);
        table.row([
            model.name.clone(),
            number(model.newest_version),
            in_use(&model),
            model.evaluation.as_ref().map_or_else(dash, score),
            samples.map_or_else(dash, |count| count.to_string()),
            model
                .size_bytes
                .map_or_else(dash, |bytes| bytes.to_string()),
            model.deployment_status,
            model.updated_at.to_string(),
        ]);
    }
    table.print("No models yet: promote a run, or name models in the configuration.");
    Ok(())
}

fn dash() -> String {
    output::or_dash(None)
}

fn number(version: Option<u32>) -> String {
    version.map_or_else(dash, |number| format!("v{number}"))
}

/// `production v2`.
fn in_use(model: &ModelBody) -> String {
    let stage = model.stage.as_deref().filter(|stage| *stage != "none");
    stage.map_or_else(dash, |stage| format!("{stage} {}", number(model.version)))
}

fn score(evaluation: &EvaluationBody) -> String {
    format!("{} {}", evaluation.score, evaluation.metric)
}

async fn show(model: &str, read: &Read) -> anyhow::Result<()> {
    let detail = client(&read.connect)?.model(model).await?;
    if read.json {
        return output::json(&detail);
    }
    let model = &detail.model;
    let aliases = model.aliases.iter();
    let aliases: Vec<_> = aliases
        .map(|(alias, number)| format!("{alias} = v{number}"))
        .collect();
    output::fields(&[
        ("model", model.model_id.clone()),
        ("name", model.name.clone()),
        ("notes", model.description.clone()),
        ("in use", in_use(model)),
        ("aliases", aliases.join(", ")),
        ("deployment", model.deployment_status.clone()),
        ("score", model.evaluation.as_ref().map_or_else(dash, score)),
        ("updated", model.updated_at.to_string()),
    ]);
    tables(&detail);
    Ok(())
}

fn tables(detail: &ModelDetail) {
    output::line("");
    let mut versions = Table::new(&["version", "stage", "files", "bytes", "run", "registered"]);
    for version in &detail.versions {
        let bytes: u64 = version.files.iter().map(|file| file.size_bytes).sum();
        versions.row([
            number(Some(version.version)),
            version.stage.clone(),
            version.files.len().to_string(),
            bytes.to_string(),
            output::or_dash(version.run_id.as_deref()),
            version.created_at.to_string(),
        ]);
    }
    versions.print("No versions yet.");
    output::line("");
    let mut data = Table::new(&["file", "samples", "bytes", "changed", "problem"]);
    for file in &detail.data {
        data.row([
            file.name.clone(),
            file.samples.map_or_else(dash, |count| count.to_string()),
            file.size_bytes.to_string(),
            file.updated_at.to_string(),
            output::or_dash(file.problem.as_deref()),
        ]);
    }
    data.print("No files in folders.");
    output::line("");
    let mut history = Table::new(&["measured", "score", "version", "from", "source"]);
    for evaluation in &detail.evaluations {
        history.row([
            evaluation.at.to_string(),
            score(evaluation),
            number(evaluation.version),
            evaluation.origin.clone(),
            evaluation.source.clone(),
        ]);
    }
    history.print("No evaluations yet.");
}

async fn promote(wanted: Promote) -> anyhow::Result<()> {
    let body = PromotionBody {
        model: wanted.model,
        files: wanted.files,
        description: wanted.notes,
        stage: wanted.stage,
        aliases: wanted.aliases,
    };
    let client = client(&wanted.read.connect)?;
    let made = client.promote_run(&wanted.run, &body).await?;
    said(&made, &wanted.read)
}

fn said(version: &ModelVersionBody, read: &Read) -> anyhow::Result<()> {
    if read.json {
        return output::json(version);
    }
    let files = version.files.len();
    output::line(&format!(
        "{} v{}: {}, {files} files",
        output::clean(&version.name),
        version.version,
        version.stage
    ));
    Ok(())
}

async fn set_alias(
    model: &str,
    alias: &str,
    version: Option<u32>,
    read: &Read,
) -> anyhow::Result<()> {
    let client = client(&read.connect)?;
    if let Some(version) = version {
        let aliased = client.alias_model(model, alias, version).await?;
        return said(&aliased, read);
    }
    client.unalias_model(model, alias).await?;
    if !read.json {
        let alias = output::clean(alias);
        output::line(&format!("{alias} stands for no version any more"));
    }
    Ok(())
}

async fn deploy(model: &str, wanted: &NewDeployment, read: &Read) -> anyhow::Result<()> {
    let said = client(&read.connect)?.deploy_model(model, wanted).await?;
    if read.json {
        return output::json(&said);
    }
    let place = output::clean(&said.place);
    output::line(format!("{} {place}", said.status).trim_end());
    Ok(())
}

async fn evaluate(wanted: Evaluate) -> anyhow::Result<()> {
    let body = NewEvaluation {
        version: wanted.version,
        metric: wanted.metric,
        score: wanted.score,
        run_id: wanted.run,
        source: wanted.source,
        note: wanted.note,
        at: None,
    };
    let client = client(&wanted.read.connect)?;
    let made = client.evaluate_model(&wanted.model, &body).await?;
    if wanted.read.json {
        return output::json(&made);
    }
    output::line(&output::clean(&score(&made)));
    Ok(())
}

/// Fetches into `to`, or into a new file here: what is here already is not overwritten unasked.
async fn download(
    model: &str,
    file: Option<String>,
    version: Option<String>,
    to: Option<PathBuf>,
    connect: &Connect,
) -> anyhow::Result<()> {
    let client = client(connect)?;
    let name = match (&file, &to) {
        (_, Some(_)) => String::new(),
        (Some(file), None) => file.rsplit('/').next().unwrap_or(file).to_owned(),
        (None, None) => name_of(&client, model, version.as_deref()).await?,
    };
    let path = to.clone().unwrap_or_else(|| PathBuf::from(name));
    let shown = output::clean(&path.to_string_lossy());
    if to.is_none() && path.exists() {
        anyhow::bail!("`{shown}` is there already; say where to with `--output`");
    }
    let mut coming = match (&file, &version) {
        (Some(file), version) => {
            let version = version.as_deref().unwrap_or("latest");
            client.model_file(model, version, file).await?
        }
        (None, Some(version)) => client.model_archive(model, version).await?,
        (None, None) => client.model_download(model).await?,
    };
    if path == Path::new("-") {
        artifacts::copy(&mut coming, &mut io::stdout().lock()).await?;
        return Ok(());
    }
    let bytes = artifacts::keep(&mut coming, &path).await?;
    output::note(&format!("{bytes} bytes in {shown}"));
    Ok(())
}

/// What the hub calls what comes, without the folders that a name could lead to.
async fn name_of(client: &Client, model: &str, version: Option<&str>) -> anyhow::Result<String> {
    let detail = client.model(model).await?;
    let name = &detail.model.name;
    if let Some(version) = version {
        return Ok(format!("{name}-{version}.tar"));
    }
    let newest = detail.versions.first().filter(|it| !it.files.is_empty());
    let found = match newest.map(|it| (it.version, &it.files[..])) {
        Some((_, [one])) => one.name.clone(),
        Some((number, _)) => format!("{name}-v{number}.tar"),
        None => detail.model.data.map(|data| data.name).unwrap_or_default(),
    };
    if found.is_empty() {
        anyhow::bail!("`{}` has neither files nor samples", output::clean(name));
    }
    Ok(found.rsplit('/').next().unwrap_or(&found).to_owned())
}
