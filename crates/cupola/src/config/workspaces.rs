//! `[workspaces.ID]`: workspaces that go by a name, and how those of other machines are reached.
//! Experimaestro's settings are a further source of them.

mod settings;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cupola_monitor::ssh::{FarProgram, Route};
use serde::Deserialize;

use super::services::{self, Programs};
use crate::{
    commands::far,
    watched::{self, Named, Place},
};

/// All of them, by what they are called.
pub(super) type Section = BTreeMap<String, Workspace>;

/// One workspace.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workspace {
    path: String,
    ssh: Option<Ssh>,
    tensorboard: Option<String>,
    python: Option<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    services: BTreeMap<String, services::Section>,
}

/// How its machine is reached, and what answers there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Ssh {
    host: String,
    options: Vec<String>,
    shell_init: Option<String>,
    cupola_path: Option<String>,
    xpm_path: Option<String>,
    uv_offline: bool,
    python: Option<String>,
}

/// How the workspace `id` is reached, by the file that is named or found, else by Experimaestro's
/// settings.
pub(crate) fn route(config: Option<PathBuf>, id: &str) -> anyhow::Result<Route> {
    let config = config.or_else(super::found);
    route_by(config.as_deref(), id, &variable)
}

/// Where the workspace `id` lies on this machine, by the same files.
pub(crate) fn folder(id: &str) -> anyhow::Result<PathBuf> {
    folder_by(super::found().as_deref(), id, &variable)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn route_by(
    config: Option<&Path>,
    id: &str,
    variables: settings::Variables<'_>,
) -> anyhow::Result<Route> {
    let (workspace, path) = described(config, id, variables)?;
    workspace.route().with_context(|| wrong(&path, id))
}

fn folder_by(
    config: Option<&Path>,
    id: &str,
    variables: settings::Variables<'_>,
) -> anyhow::Result<PathBuf> {
    let (workspace, path) = described(config, id, variables)?;
    if workspace.ssh.is_some() {
        bail!(
            "workspace `{id}` lies on another machine: `cupola ssh-monitor --workspace {id}` shows it"
        );
    }
    Ok(super::folder_of(&path)?.join(far::at_home(Path::new(&workspace.path))))
}

/// The workspace `id`, and the file that says so.
fn described(
    config: Option<&Path>,
    id: &str,
    variables: settings::Variables<'_>,
) -> anyhow::Result<(Workspace, PathBuf)> {
    let path = config.unwrap_or(Path::new("cupola.toml"));
    let ours = config.map(super::read).transpose()?;
    if let Some(workspace) = ours.and_then(|mut file| file.workspaces.remove(id)) {
        return Ok((workspace, path.to_owned()));
    }
    let theirs = settings::path(variables);
    let theirs = theirs.with_context(|| format!("there is no `{}`, nor a home", path.display()))?;
    let found = settings::find(&theirs, id, variables);
    let found = found.with_context(|| format!("`{}`", theirs.display()))?;
    let workspace = found.with_context(|| {
        let (path, theirs) = (path.display(), theirs.display());
        format!("`{path}` has no workspace `{id}`, nor has `{theirs}`")
    })?;
    Ok((workspace, theirs))
}

/// Where each of them is; those of this machine are named from where the file lies. Of Experimaestro's
/// settings those that are `asked` for.
pub(super) fn places(
    section: Section,
    base: &Path,
    asked: Vec<String>,
) -> anyhow::Result<Vec<Named>> {
    let known = section.into_iter();
    let known = known.map(|(id, workspace)| named(id, workspace, base));
    let mut known: Vec<Named> = known.collect::<anyhow::Result<_>>()?;
    for id in asked {
        if known.iter().all(|it| it.id != id) {
            let (workspace, path) = described(None, &id, &variable)?;
            known.push(named(id, workspace, &super::folder_of(&path)?)?);
        }
    }
    Ok(known)
}

fn named(id: String, workspace: Workspace, base: &Path) -> anyhow::Result<Named> {
    if !watched::is_name(&id) {
        bail!("workspace `{id}`: call it by letters, digits, `-`, `_` and `.`, at most 40");
    }
    let programs = workspace.programs();
    let programs = programs.with_context(|| format!("workspace `{id}`"))?;
    let place = if workspace.ssh.is_some() {
        let route = workspace.route();
        Place::Far(route.with_context(|| format!("workspace `{id}`"))?)
    } else {
        Place::Folder(base.join(far::at_home(Path::new(&workspace.path))))
    };
    Ok(Named {
        id,
        place,
        programs,
    })
}

impl Workspace {
    /// Its folder, if that is on this machine and there.
    pub(super) fn folder(&self, base: &Path) -> Option<PathBuf> {
        if self.ssh.is_some() {
            return None;
        }
        let folder = far::at_home(Path::new(&self.path));
        base.join(folder).canonicalize().ok()
    }

    /// Whether it is this folder of that machine.
    pub(super) fn is_at(&self, host: &str, workdir: &str) -> bool {
        let is_host = self.ssh.as_ref().is_some_and(|ssh| ssh.host == host);
        is_host && self.path.trim_end_matches('/') == workdir.trim_end_matches('/')
    }

    /// With what its services are started.
    pub(super) fn programs(&self) -> anyhow::Result<Programs> {
        let environment = self.environment.iter();
        Ok(Programs {
            tensorboard: self.tensorboard.clone(),
            python: self.python.clone(),
            environment: environment
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            commands: services::commands(&self.services)?,
        })
    }

    fn route(self) -> anyhow::Result<Route> {
        let ssh = self.ssh.filter(|ssh| !ssh.host.is_empty());
        let ssh = ssh.context("`ssh.host`: is missing; say on which machine it lies")?;
        Ok(Route {
            host: ssh.host,
            workdir: self.path,
            options: ssh.options,
            program: match (ssh.cupola_path, ssh.xpm_path) {
                (Some(cupola), _) => FarProgram::Cupola(cupola),
                (None, Some(xpm)) => FarProgram::Experimaestro(xpm),
                (None, None) if ssh.uv_offline || ssh.python.is_some() => FarProgram::Uv {
                    offline: ssh.uv_offline,
                    python: ssh.python,
                    is_exact: false,
                },
                (None, None) => FarProgram::Found,
            },
            shell_init: ssh.shell_init,
            ..Route::default()
        })
    }
}

fn wrong(path: &Path, id: &str) -> String {
    format!("`{}`: workspace `{id}`", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `settings` in the home folder.
    fn route_with(text: &str, settings: &str) -> anyhow::Result<Route> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cupola.toml");
        std::fs::write(&path, text).unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let variables = move |name: &str| (name == "HOME").then(|| home.clone());
        let theirs = settings::path(&variables).unwrap();
        std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
        std::fs::write(theirs, settings).unwrap();
        route_by(Some(&path), "lab", &variables)
    }

    fn route_in(text: &str) -> anyhow::Result<Route> {
        route_with(text, "")
    }

    #[test]
    fn a_workspace_says_how_it_is_reached() {
        let route = route_in(
            r#"
            [workspaces.lab]
            path = "/scratch/me/xp"
            ssh = { host = "me@lab", options = ["-p 2222"], shell_init = "module load x", python = "python3" }
            "#,
        );
        let expected = Route {
            host: "me@lab".to_owned(),
            workdir: "/scratch/me/xp".to_owned(),
            options: vec!["-p 2222".to_owned()],
            program: FarProgram::Uv {
                offline: false,
                python: Some("python3".to_owned()),
                is_exact: false,
            },
            shell_init: Some("module load x".to_owned()),
            ..Route::default()
        };
        assert_eq!(route.unwrap(), expected);
    }

    #[test]
    fn what_is_missing_is_said() {
        let check = |text: &str, words: &str| {
            let error = format!("{:#}", route_in(text).unwrap_err());
            assert!(error.contains(words), "{error}");
        };
        check("", "has no workspace `lab`");
        check("[workspaces.lab]\npath = '/x'", "`ssh.host`: is missing");
        check(
            "[workspaces.lab]\npath = '/x'\nhosts = 1",
            "is not a configuration",
        );
    }

    #[test]
    fn experimaestros_settings_are_asked_last() {
        let theirs = "workspaces:\n  - {id: lab, path: /theirs, ssh: {host: far}}\n";
        let route = route_with("", theirs).unwrap();
        assert_eq!(
            (route.host.as_str(), route.workdir.as_str()),
            ("far", "/theirs")
        );
        let ours = "[workspaces.lab]\npath = '/ours'\nssh = { host = 'near' }";
        assert_eq!(route_with(ours, theirs).unwrap().workdir, "/ours");
    }

    #[test]
    fn a_workspace_of_this_machine_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cupola.toml");
        let text = "[workspaces.near]\npath = 'xp'\n[workspaces.far]\npath = '/x'\n\
                    ssh = { host = 'lab' }\n";
        std::fs::write(&path, text).unwrap();
        let home = folder.path().display().to_string();
        let theirs = settings::path(&|_| Some(home.clone())).unwrap();
        std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
        std::fs::write(theirs, "workspaces:\n  - {id: theirs, path: /scratch/xp}\n").unwrap();
        let found = |id: &str| folder_by(Some(&path), id, &|_| Some(home.clone()));
        assert_eq!(found("near").unwrap(), folder.path().join("xp"));
        assert_eq!(found("theirs").unwrap(), Path::new("/scratch/xp"));
        let check = |id: &str, words: &str| {
            let error = format!("{:#}", found(id).unwrap_err());
            assert!(error.contains(words), "{error}");
        };
        check("far", "`cupola ssh-monitor --workspace far`");
        check("other", "has no workspace `other`");
    }
}
