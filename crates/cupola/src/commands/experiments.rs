//! `cupola experiment`: what people configure and start by hand.

mod settings;
mod shown;

use anyhow::{Context as _, bail};
use cupola_client::{
    Client,
    query::{ExperimentFilter, PageFilter},
};
use cupola_protocol::experiments::{ExperimentBody, NewExperiment};

use crate::{
    cli::{Experiment, ExperimentEdit, ExperimentNew, Read},
    commands::{briefs::done, workspaces},
    connection::client,
    output::{self, Table},
};
use settings::change;

/// An experiment stands for so many of its runs when they are compared.
const COMPARED: u32 = 8;

pub(crate) async fn run(command: Experiment) -> anyhow::Result<()> {
    match command {
        Experiment::List {
            search,
            status,
            template,
            families,
            sort,
            workdir,
            paging,
            read,
        } => {
            let filter = ExperimentFilter {
                status,
                template,
                families: families.then_some(true),
                search,
                sort,
                page: paging.page,
                per_page: paging.per_page,
            };
            match workdir.workdir {
                Some(workdir) => workspaces::experiments(&workdir, &filter, read.json),
                None => list(&filter, &read).await,
            }
        }
        Experiment::Show { experiment, read } => {
            let (client, id) = found(&read, &experiment).await?;
            shown::detail(&client.experiment(&id).await?, read.json)
        }
        Experiment::New(new) => make(*new).await,
        Experiment::Edit(edit) => update(*edit).await,
        Experiment::Start {
            experiment,
            runs,
            read,
        } => start(&experiment, runs, &read).await,
        Experiment::Clone {
            experiment,
            name,
            read,
        } => clone(&experiment, name, &read).await,
        Experiment::Cancel {
            experiment,
            connect,
        } => cancel(&experiment, &client(&connect)?).await,
        Experiment::ReleaseClass {
            experiment,
            connect,
        } => release_class(&experiment, &client(&connect)?).await,
        Experiment::Delete {
            experiment,
            connect,
        } => delete(&experiment, &client(&connect)?).await,
        Experiment::Runs {
            experiment,
            paging,
            read,
        } => {
            let (client, id) = found(&read, &experiment).await?;
            let filter = PageFilter {
                search: None,
                page: paging.page,
                per_page: paging.per_page,
            };
            shown::runs(&client.experiment_runs(&id, &filter).await?, read.json)
        }
        Experiment::Compare { runs, all, read } => compare(runs, all, &read).await,
    }
}

async fn compare(runs: Vec<String>, all: bool, read: &Read) -> anyhow::Result<()> {
    let client = client(&read.connect)?;
    let ids = compared(&client, runs).await?;
    shown::comparison(&client.compare_runs(&ids).await?, all, read.json)
}

async fn start(experiment: &str, runs: u32, read: &Read) -> anyhow::Result<()> {
    let (client, id) = found(read, experiment).await?;
    let started = client.start_experiment(&id, runs).await?;
    if read.json {
        return output::json(&started);
    }
    started.runs.iter().for_each(|run| output::line(run));
    Ok(())
}

async fn clone(experiment: &str, name: Option<String>, read: &Read) -> anyhow::Result<()> {
    let (client, id) = found(read, experiment).await?;
    let of = draft(client.experiment(&id).await?.experiment);
    let asked = NewExperiment {
        name: name.unwrap_or_else(|| of.name.clone()),
        ..of
    };
    shown::detail(&client.create_experiment(&asked).await?, read.json)
}

async fn cancel(experiment: &str, client: &Client) -> anyhow::Result<()> {
    let id = id_of(client, experiment).await?;
    let detail = client.cancel_experiment(&id).await?;
    output::line(&format!("stopping: {}", done(&detail.experiment.tasks)));
    Ok(())
}

async fn release_class(experiment: &str, client: &Client) -> anyhow::Result<()> {
    let id = id_of(client, experiment).await?;
    client.release_class(&id).await?;
    output::line(&format!(
        "experiment {id} keeps to the device class of the machine that takes its next task"
    ));
    Ok(())
}

async fn delete(experiment: &str, client: &Client) -> anyhow::Result<()> {
    let id = id_of(client, experiment).await?;
    client.delete_experiment(&id).await?;
    output::line(&format!("deleted experiment {id} with its runs"));
    Ok(())
}

async fn list(filter: &ExperimentFilter, read: &Read) -> anyhow::Result<()> {
    let page = client(&read.connect)?.experiments(filter).await?;
    if read.json {
        return output::json(&page);
    }
    let mut table = Table::new(&[
        "experiment",
        "name",
        "template",
        "status",
        "done",
        "created",
    ]);
    for experiment in page.items {
        table.row([
            experiment.experiment_id,
            experiment.name,
            experiment.template,
            experiment.status,
            done(&experiment.tasks),
            experiment.created_at.to_string(),
        ]);
    }
    table.print("No experiments yet. Make one: cupola experiment new NAME --template char-lm");
    Ok(())
}

async fn make(new: ExperimentNew) -> anyhow::Result<()> {
    let empty = NewExperiment {
        name: new.name,
        template: new.template,
        ..serde_json::from_str("{}").context("what is left out has defaults")?
    };
    let asked = change(empty, new.settings)?;
    let detail = client(&new.read.connect)?.create_experiment(&asked).await?;
    shown::detail(&detail, new.read.json)
}

async fn update(edit: ExperimentEdit) -> anyhow::Result<()> {
    let (client, id) = found(&edit.read, &edit.experiment).await?;
    let before = draft(client.experiment(&id).await?.experiment);
    let named = NewExperiment {
        name: edit.name.unwrap_or_else(|| before.name.clone()),
        template: edit.template.unwrap_or_else(|| before.template.clone()),
        ..before
    };
    let asked = change(named, edit.settings)?;
    let detail = client.update_experiment(&id, &asked).await?;
    shown::detail(&detail, edit.read.json)
}

/// Runs as they are named; an experiment stands for its latest.
async fn compared(client: &Client, named: Vec<String>) -> anyhow::Result<Vec<String>> {
    let [experiment] = named.as_slice() else {
        return Ok(named);
    };
    let id = id_of(client, experiment).await?;
    let filter = PageFilter {
        per_page: Some(COMPARED),
        ..PageFilter::default()
    };
    let runs = client.experiment_runs(&id, &filter).await?.items;
    if runs.is_empty() {
        bail!("experiment `{id}` has no runs to compare");
    }
    Ok(runs.into_iter().map(|row| row.run.run_id).collect())
}

async fn found(read: &Read, named: &str) -> anyhow::Result<(Client, String)> {
    let client = client(&read.connect)?;
    let id = id_of(&client, named).await?;
    Ok((client, id))
}

/// The id of the one experiment that `named` means.
pub(crate) async fn id_of(client: &Client, named: &str) -> anyhow::Result<String> {
    let filter = ExperimentFilter {
        search: Some(named.to_owned()),
        families: Some(true),
        per_page: Some(1000),
        ..ExperimentFilter::default()
    };
    let found = client.experiments(&filter).await?.items;
    only(named, &found).map(str::to_owned)
}

fn only<'a>(named: &str, found: &'a [ExperimentBody]) -> anyhow::Result<&'a str> {
    let exact = |one: &&ExperimentBody| one.experiment_id == named || one.name == named;
    let partly = |one: &&ExperimentBody| {
        one.experiment_id.starts_with(named) || one.experiment_id.ends_with(named)
    };
    let mut matching: Vec<_> = found.iter().filter(exact).collect();
    if matching.is_empty() {
        matching = found.iter().filter(partly).collect();
    }
    match matching.as_slice() {
        [] => bail!("there is no experiment `{named}`"),
        [one] => Ok(&one.experiment_id),
        several => bail!(
            "`{named}` may be any of {} experiments; say more of the id, for instance `{}`",
            several.len(),
            several[0].experiment_id
        ),
    }
}

fn draft(of: ExperimentBody) -> NewExperiment {
    NewExperiment {
        name: of.name,
        description: of.description,
        template: of.template,
        config: of.config,
        seed: of.seed,
        time_budget_secs: of.time_budget_secs,
        environment: of.environment,
        working_folder: of.working_folder,
        tags: of.tags,
        priority: of.priority,
    }
}
