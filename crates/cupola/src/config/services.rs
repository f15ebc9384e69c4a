//! What is started beside a workspace: `[workspaces.ID.services.NAME]`, and the programs and variables
//! that services of experiments need.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use cupola_workspace::services::Command;
use serde::Deserialize;

/// A command that is a service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    command: Vec<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    port: Option<u16>,
}

/// All that services of one workspace are started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Programs {
    pub tensorboard: Option<String>,
    pub python: Option<String>,
    pub environment: Vec<(OsString, OsString)>,
    pub commands: Vec<Command>,
}

/// By what a workspace is known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// What it goes by.
    Id(&'a str),
    /// Where it lies on this machine.
    Folder(&'a Path),
    /// Where it lies on another one.
    Far { host: &'a str, workdir: &'a str },
}

/// What the file that is named or found says of a workspace. Nothing without a file, or when it knows
/// none.
pub(crate) fn of(config: Option<PathBuf>, wanted: Wanted<'_>) -> anyhow::Result<Programs> {
    let Some(path) = config.or_else(super::found) else {
        return Ok(Programs::default());
    };
    let base = super::folder_of(&path)?;
    let workspaces = super::read(&path)?.workspaces;
    let mut known = workspaces.into_iter();
    let found = known.find(|(name, workspace)| match wanted {
        Wanted::Id(id) => name == id,
        Wanted::Folder(folder) => {
            let folder = folder.canonicalize().ok();
            folder.is_some() && workspace.folder(&base) == folder
        }
        Wanted::Far { host, workdir } => workspace.is_at(host, workdir),
    });
    found.map_or_else(
        || Ok(Programs::default()),
        |(id, workspace)| {
            let programs = workspace.programs();
            programs.with_context(|| format!("`{}`: workspace `{id}`", path.display()))
        },
    )
}

/// Commands as they are declared.
pub(super) fn commands(sections: &BTreeMap<String, Section>) -> anyhow::Result<Vec<Command>> {
    let commands = sections.iter().map(|(name, section)| {
        let is_plain = |it: char| !it.is_control() && it != '/';
        ensure!(
            !name.is_empty() && name.chars().all(is_plain),
            "service `{name}`: call it by a name without `/`"
        );
        ensure!(
            section.command.first().is_some_and(|word| !word.is_empty()),
            "service `{name}`: `command`: is empty; name a program and its arguments"
        );
        ensure!(section.port != Some(0), "service `{name}`: `port`: is 0");
        let words = || section.command.join(" ");
        Ok(Command {
            name: name.clone(),
            description: section.description.clone().unwrap_or_else(words),
            words: section.command.clone(),
            port: section.port,
        })
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs_in(text: &str) -> anyhow::Result<Programs> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cupola.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::create_dir(folder.path().join("xp")).unwrap();
        let xp = folder.path().join("xp");
        let of = |wanted| of(Some(path.clone()), wanted);
        let by_folder = of(Wanted::Folder(&xp));
        let by_name = of(Wanted::Id("lab"))?;
        assert_eq!(by_folder?, by_name);
        for other in [Wanted::Folder(folder.path()), Wanted::Id("other")] {
            assert_eq!(of(other)?, Programs::default(), "{other:?}");
        }
        Ok(by_name)
    }

    #[test]
    fn a_workspace_says_what_is_started_beside_it() {
        let programs = programs_in(
            r#"
            [workspaces.lab]
            path = "xp"
            tensorboard = "/opt/tb/bin/tensorboard"
            python = "/opt/xp/bin/python"
            environment = { PYTHONPATH = "/home/me/project" }
            [workspaces.lab.services.notes]
            command = ["serve-notes", "--port={port}", "{workdir}"]
            description = "My notes"
            [workspaces.lab.services.fixed]
            command = ["serve"]
            port = 8000
            "#,
        )
        .unwrap();
        assert_eq!(programs.python.as_deref(), Some("/opt/xp/bin/python"));
        assert_eq!(
            programs.environment,
            [("PYTHONPATH".into(), "/home/me/project".into())]
        );
        let names: Vec<_> = programs
            .commands
            .iter()
            .map(|it| (it.name.as_str(), it.description.as_str(), it.port))
            .collect();
        assert_eq!(
            names,
            [("fixed", "serve", Some(8000)), ("notes", "My notes", None)]
        );
    }

    #[test]
    fn a_workspace_of_another_machine_is_known_by_host_and_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cupola.toml");
        let text = "[workspaces.far]\npath = '/x'\nssh = { host = 'me@lab' }\n\
                    [workspaces.far.services.notes]\ncommand = ['serve']\n";
        std::fs::write(&path, text).unwrap();
        let check = |host: &str, workdir: &str, expected: usize| {
            let found = of(Some(path.clone()), Wanted::Far { host, workdir });
            assert_eq!(found.unwrap().commands.len(), expected, "{host}:{workdir}");
        };
        check("me@lab", "/x", 1);
        check("me@lab", "/x/", 1);
        check("lab", "/x", 0);
        check("me@lab", "/y", 0);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |text: &str, words: &str| {
            let text = format!("[workspaces.lab]\npath = 'xp'\n[workspaces.lab.services.{text}");
            let error = format!("{:#}", programs_in(&text).unwrap_err());
            assert!(error.contains(words), "{error}");
        };
        check("a]\ncommand = []", "`command`: is empty");
        check("a]\ncommand = ['x']\nport = 0", "`port`: is 0");
        check("'a/b']\ncommand = ['x']", "without `/`");
        check("a]\ncmd = ['x']", "is not a configuration");
    }
}
