//! `cupola template`: programs that can be run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use cupola_domain::template::{Template, is_template_name};
use cupola_hub::templates::{Broken, check_folder};
use cupola_protocol::templates::{BrokenTemplateBody, TemplateBody};
use serde_json::json;

use crate::{
    cli::{self, Kind, Read},
    connection::client,
    exit,
    output::{self, Table},
};

pub(crate) async fn run(command: cli::Template) -> anyhow::Result<ExitCode> {
    match command {
        cli::Template::List(read) => list(&read).await,
        cli::Template::Check { folder } => check(&folder),
        cli::Template::New { name, kind, parent } => new(&name, kind, &parent),
    }
}

async fn list(read: &Read) -> anyhow::Result<ExitCode> {
    let client = client(&read.connect)?;
    let templates = client.templates().await?.items;
    let broken = client.broken_templates().await?.items;
    if read.json {
        output::json(&json!({"templates": templates, "broken": broken}))?;
        return Ok(ExitCode::SUCCESS);
    }
    table(&templates).print("No templates.");
    for broken in &broken {
        output::line("");
        print_broken(broken);
    }
    Ok(ExitCode::SUCCESS)
}

fn table(templates: &[TemplateBody]) -> Table {
    let headings = ["name", "title", "objective", "experiments", "source"];
    let mut table = Table::new(&headings);
    for template in templates {
        table.row([
            template.name.clone(),
            template.title.clone(),
            output::or_dash(Some(&template.metric_name)),
            template.experiments.to_string(),
            template.source.clone(),
        ]);
    }
    table
}

fn print_broken(broken: &BrokenTemplateBody) {
    for flaw in &broken.flaws {
        print_flaw(&broken.path, flaw.line, &flaw.reason);
    }
}

/// As compilers do, so that editors find the place.
fn print_flaw(path: &str, line: Option<u32>, reason: &str) {
    let place = line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"));
    output::line(&output::clean(&format!("{place}: {reason}")));
}

fn check(folder: &Path) -> anyhow::Result<ExitCode> {
    let named = || format!("failed to read {}", folder.display());
    let found = check_folder(folder).with_context(named)?;
    if found.is_empty() {
        bail!(
            "{} has no template: neither it nor a folder in it has a `template.toml`",
            folder.display()
        );
    }
    let mut is_fine = true;
    for checked in &found {
        match checked {
            Ok(template) => print_fine(template),
            Err(broken) => {
                is_fine = false;
                print_flaws(broken);
            }
        }
    }
    Ok(if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::FAILURE)
    })
}

fn print_fine(template: &Template) {
    let fields = template.schema.fields.len();
    let files = template.files.len();
    let hash = &template.code_hash[..12];
    let text = format!(
        "{}: fine; {fields} fields, {files} files, code {hash}",
        template.name
    );
    output::line(&text);
}

fn print_flaws(broken: &Broken) {
    let path = broken.path.display().to_string();
    for flaw in &broken.flaws {
        print_flaw(&path, flaw.line, &flaw.reason);
    }
}

fn new(name: &str, kind: Kind, parent: &Path) -> anyhow::Result<ExitCode> {
    if !is_template_name(name) {
        bail!(
            "`{name}` is no name for a template; use up to 64 lower-case letters, digits and dashes"
        );
    }
    let folder = parent.join(name);
    let named = || format!("failed to make {}", folder.display());
    fs::create_dir(&folder).with_context(named)?;
    for (file, text) in starter(kind) {
        let path: PathBuf = folder.join(file);
        let named = || format!("failed to write {}", path.display());
        fs::write(&path, text.replace("NAME", name)).with_context(named)?;
        output::line(&path.display().to_string());
    }
    let parent = if parent == Path::new("") {
        Path::new(".")
    } else {
        parent
    };
    let parent = parent.display();
    output::line(&format!(
        "Start a hub that offers it with `cupola --templates {parent}`."
    ));
    Ok(ExitCode::SUCCESS)
}

/// The files of a new template, in which `NAME` stands for its name.
fn starter(kind: Kind) -> [(&'static str, &'static str); 2] {
    match kind {
        Kind::Python => [
            (
                "template.toml",
                include_str!("../../starters/python/template.toml"),
            ),
            ("main.py", include_str!("../../starters/python/main.py")),
        ],
        Kind::Shell => [
            (
                "template.toml",
                include_str!("../../starters/shell/template.toml"),
            ),
            ("run.sh", include_str!("../../starters/shell/run.sh")),
        ],
    }
}
