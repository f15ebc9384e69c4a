//! `[workspaces.ID]`: workspaces that go by a name, and how those of other machines are reached.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cupola_monitor::ssh::{FarProgram, Route};
use serde::Deserialize;

/// All of them, by what they are called.
pub(super) type Section = BTreeMap<String, Workspace>;

/// One workspace.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workspace {
    path: String,
    ssh: Option<Ssh>,
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

/// How the workspace `id` is reached, by the file that is named or found.
pub(crate) fn route(config: Option<PathBuf>, id: &str) -> anyhow::Result<Route> {
    let path = config
        .or_else(super::found)
        .with_context(|| format!("there is no `cupola.toml` that could describe `{id}`"))?;
    let mut file = super::read(&path)?;
    let workspace = file.workspaces.remove(id);
    workspace
        .with_context(|| format!("`{}` has no workspace `{id}`", path.display()))?
        .route()
        .with_context(|| wrong(&path, id))
}

impl Workspace {
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

    fn route_in(text: &str) -> anyhow::Result<Route> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cupola.toml");
        std::fs::write(&path, text).unwrap();
        route(Some(path), "lab")
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
}
