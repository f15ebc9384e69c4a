//! With which program a service is started.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Command, Settings, words::fill};
use crate::model::{RunKey, Service};

/// Where a service that is `TensorBoard` may say what it shows.
const FOLDERS: [&str; 5] = ["path", "logdir", "log_dir", "folder", "directory"];

/// Where Experimaestro's own logs of a service go: in the workspace, and not from here.
const OWN_LOGS: &str = "log_directory";

/// How a path is told from a text.
const PATH: &str = "__path__";

/// What is to be started.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Recipe {
    /// A command of whoever runs this.
    Command(Command),
    /// `TensorBoard` over a folder.
    Board { program: String, folder: PathBuf },
    /// A class of Experimaestro, made again from what was kept of it.
    Class {
        python: String,
        class: String,
        state: Value,
    },
}

impl Recipe {
    /// How `service` is started; or why it cannot be.
    pub(super) fn of(service: &Service, settings: &Settings) -> Result<Self, String> {
        if let Some(command) = declared(service, settings) {
            return Ok(Self::Command(command.clone()));
        }
        if is_board(service) {
            let program = program(settings.tensorboard.as_deref(), "tensorboard", settings);
            let program = program.ok_or(
                "TensorBoard is not installed here: `pip install tensorboard`, or name it by \
                 `tensorboard = \"/path/to/tensorboard\"` of the workspace in cupola.toml",
            )?;
            let folder = folder_of(&service.kept).ok_or("it does not say which folder it shows")?;
            return Ok(Self::Board { program, folder });
        }
        if service.class.is_empty() {
            return Err("nothing is known of how it was made".to_owned());
        }
        let python = program(settings.python.as_deref(), "python3", settings);
        Ok(Self::Class {
            python: python.ok_or(
                "there is no Python here: name one that has Experimaestro by `python` of the \
                 workspace in cupola.toml",
            )?,
            class: service.class.clone(),
            state: service.kept.clone(),
        })
    }
}

/// The command that stands for a service, which may be one that the experiment has too.
fn declared<'a>(service: &Service, settings: &'a Settings) -> Option<&'a Command> {
    let mut commands = settings.commands.iter();
    commands.find(|command| command.name == service.id)
}

/// The program that is named, or the one that is found.
fn program(named: Option<&str>, found: &str, settings: &Settings) -> Option<String> {
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    let path = variable(&settings.environment, "PATH")?;
    std::env::split_paths(path)
        .map(|folder| folder.join(found))
        .find(|path| path.is_absolute() && path.is_file())
        .map(|path| path.display().to_string())
}

fn variable<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    let found = environment.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_os_str())
}

fn is_board(service: &Service) -> bool {
    let (_, name) = service.id.rsplit_once('/').unwrap_or(("", &service.id));
    let (_, class) = service
        .class
        .rsplit_once('.')
        .unwrap_or(("", &service.class));
    name == "tensorboard" || class.to_ascii_lowercase().contains("tensorboard")
}

/// The folder that a state names: by a usual word, else the first path in it.
fn folder_of(state: &Value) -> Option<PathBuf> {
    let state = state.as_object()?;
    let usual = FOLDERS.iter().filter_map(|name| state.get(*name));
    let others = state.iter().filter(|(name, _)| *name != OWN_LOGS);
    let path = usual
        .filter_map(|value| path_of(value).or(value.as_str()))
        .chain(others.filter_map(|(_, value)| path_of(value)))
        .find(|path| path.starts_with('/'))?;
    Some(PathBuf::from(path))
}

fn path_of(value: &Value) -> Option<&str> {
    value.get(PATH)?.as_str()
}

/// The paths of a state led elsewhere, at any depth; its own logs' are left out.
pub(super) fn translated<E>(
    state: &Value,
    lead: &mut impl FnMut(&Path) -> Result<PathBuf, E>,
) -> Result<Value, E> {
    if let Some(path) = path_of(state) {
        let there = lead(Path::new(path))?;
        return Ok(serde_json::json!({ PATH: there.display().to_string() }));
    }
    Ok(match state {
        Value::Array(values) => {
            let values: Result<Vec<_>, E> = values.iter().map(|it| translated(it, lead)).collect();
            Value::Array(values?)
        }
        Value::Object(entries) => {
            let mut others = serde_json::Map::new();
            for (name, value) in entries.iter().filter(|(name, _)| *name != OWN_LOGS) {
                others.insert(name.clone(), translated(value, lead)?);
            }
            Value::Object(others)
        }
        value => value.clone(),
    })
}

/// What a command names by `{…}`, as far as that is known of its run.
pub(super) fn filled(
    command: &Command,
    run: &RunKey,
    workdir: Option<&Path>,
    port: u16,
) -> Result<Vec<String>, String> {
    let mut missing = None;
    let mut value = |name: &str| {
        let found = match name {
            "port" => Some(port.to_string()),
            "workdir" => workdir.map(|path| path.display().to_string()),
            "experiment" => named(&run.experiment),
            "run" => named(&run.run),
            "run_folder" => workdir.zip(named(&run.run)).map(|(workdir, _)| {
                let folder = workdir.join("experiments");
                let folder = folder.join(&run.experiment).join(&run.run);
                folder.display().to_string()
            }),
            _ => return None,
        };
        if found.is_none() {
            missing = Some(name.to_owned());
        }
        Some(found.unwrap_or_default())
    };
    let words = command.words.iter();
    let words = words.map(|word| fill(word, &mut value)).collect();
    match missing.as_deref() {
        None => Ok(words),
        Some("workdir" | "run_folder") => {
            Err("its command names the folder, which lies on another machine".to_owned())
        }
        Some(name) => Err(format!(
            "its command names `{{{name}}}`, which it has none of"
        )),
    }
}

/// Names are what people called their experiments: none is taken for an option.
fn named(name: &str) -> Option<String> {
    (!name.is_empty() && !name.starts_with('-')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_folder(state: &Value, expected: Option<&str>) {
        assert_eq!(folder_of(state), expected.map(PathBuf::from), "{state}");
    }

    #[test]
    fn a_board_shows_the_folder_that_its_state_names() {
        check_folder(&json!({"path": {PATH: "/ws/runs"}}), Some("/ws/runs"));
        check_folder(
            &json!({"log_directory": {PATH: "/ws/.scheduler"}, "where": {PATH: "/ws/runs"}}),
            Some("/ws/runs"),
        );
        check_folder(
            &json!({"a": {PATH: "/a"}, "logdir": "/ws/runs"}),
            Some("/ws/runs"),
        );
        check_folder(&json!({"path": "runs"}), None);
        check_folder(&json!({"path": {PATH: "--help"}}), None);
        check_folder(&json!({"log_directory": {PATH: "/ws"}}), None);
        check_folder(&Value::Null, None);
    }

    #[test]
    fn paths_are_led_elsewhere_at_any_depth() {
        let state = json!({
            "path": {PATH: "/far/a"}, "deep": [{"x": {PATH: "/far/b"}}, 1], "name": "/far/c",
            "log_directory": {PATH: "/far/logs"},
        });
        let mut lead = |path: &Path| -> Result<PathBuf, String> {
            let name = path
                .strip_prefix("/far")
                .map_err(|error| error.to_string())?;
            Ok(Path::new("/here").join(name))
        };
        let expected = json!({
            "path": {PATH: "/here/a"}, "deep": [{"x": {PATH: "/here/b"}}, 1], "name": "/far/c",
        });
        assert_eq!(translated(&state, &mut lead), Ok(expected));
        assert!(translated(&json!({"path": {PATH: "/etc"}}), &mut lead).is_err());
    }

    fn check_words(words: &[&str], run: (&str, &str), expected: Result<&[&str], &str>) {
        let command = Command {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Command::default()
        };
        let run = RunKey {
            experiment: run.0.to_owned(),
            run: run.1.to_owned(),
        };
        let filled = filled(&command, &run, Some(Path::new("/w s")), 80);
        let filled = filled.as_deref().map_err(String::as_str);
        let expected: Result<Vec<String>, &str> =
            expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(filled.map(<[String]>::to_vec), expected, "{words:?}");
    }

    #[test]
    fn a_command_gets_what_it_names() {
        check_words(
            &["x", "--port={port}", "{workdir}/a", "{run_folder}"],
            ("e", "r"),
            Ok(&["x", "--port=80", "/w s/a", "/w s/experiments/e/r"]),
        );
        check_words(
            &["{\"a\": 1}", "{other}"],
            ("", ""),
            Ok(&["{\"a\": 1}", "{other}"]),
        );
        // What was filled in is not read again.
        check_words(&["{experiment}"], ("{port}", "r"), Ok(&["{port}"]));
        let none = "its command names `{experiment}`, which it has none of";
        check_words(&["{experiment}"], ("", ""), Err(none));
        check_words(&["{experiment}"], ("--help", "r"), Err(none));
    }
}
