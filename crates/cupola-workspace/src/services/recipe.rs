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

/// What may be named by `{…}`.
pub(super) struct Known<'a> {
    pub(super) run: &'a RunKey,
    /// None where the workspace lies on another machine.
    pub(super) workdir: Option<&'a Path>,
    pub(super) run_folder: Option<PathBuf>,
    pub(super) port: u16,
}

/// A command with what it names.
pub(super) fn filled(words: &[String], known: &Known<'_>) -> Result<Vec<String>, String> {
    let mut refused = None;
    let mut value = |name: &str| {
        let found = match name {
            "port" => Ok(known.port.to_string()),
            "workdir" => known.workdir.map(shown).ok_or_else(far_away),
            "experiment" => named(&known.run.experiment),
            "run" => named(&known.run.run),
            "run_folder" => known.run_folder(),
            _ => return None,
        };
        Some(found.unwrap_or_else(|why| {
            refused = Some(format!("its command names `{{{name}}}`, {why}"));
            String::new()
        }))
    };
    let words = words.iter().map(|word| fill(word, &mut value)).collect();
    refused.map_or(Ok(words), Err)
}

impl Known<'_> {
    /// The folder of the run, whose names below the workspace were somebody else's choice too.
    fn run_folder(&self) -> Result<String, String> {
        let workdir = self.workdir.ok_or_else(far_away)?;
        let folder = self.run_folder.as_deref().ok_or_else(missing)?;
        let below = folder.strip_prefix(workdir);
        let below = below.map_err(|_| "which lies outside of the workspace".to_owned())?;
        for part in below.components() {
            named(&part.as_os_str().to_string_lossy())?;
        }
        Ok(shown(folder))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn far_away() -> String {
    "which lies on another machine".to_owned()
}

fn missing() -> String {
    "which it has none of".to_owned()
}

/// Names are what people called their experiments: none is taken for an option, leads anywhere, or has
/// a sign that a shell would read, since the word may be one's.
fn named(name: &str) -> Result<String, String> {
    let is_plain = |it: char| it.is_alphanumeric() || "_.+=@-".contains(it);
    let begins_well = name.starts_with(|it: char| it.is_alphanumeric() || it == '_');
    if name.is_empty() {
        Err(missing())
    } else if begins_well && name.chars().all(is_plain) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "and `{}` is more than letters, digits and `_.+=@-`",
            name.escape_debug()
        ))
    }
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
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let folder = Path::new("/w s/experiments").join(run.0).join(run.1);
        let run = RunKey {
            experiment: run.0.to_owned(),
            run: run.1.to_owned(),
        };
        let known = Known {
            run: &run,
            workdir: Some(Path::new("/w s")),
            run_folder: (!run.run.is_empty()).then_some(folder),
            port: 80,
        };
        let filled = filled(&words, &known);
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
        check_words(
            &["{experiment} {run}"],
            ("größe_2.b+c", "20260101_000000"),
            Ok(&["größe_2.b+c 20260101_000000"]),
        );
    }

    #[test]
    fn a_name_that_is_more_than_a_name_is_refused() {
        let none = "its command names `{experiment}`, which it has none of";
        check_words(&["{experiment}"], ("", ""), Err(none));
        for name in ["--help", "a b", "$(x)", "x; y", "..", "a/b", "{port}", "~a"] {
            let words = format!("and `{name}` is more than letters, digits and `_.+=@-`");
            let experiment = format!("its command names `{{experiment}}`, {words}");
            check_words(
                &["sh", "-c", "x {experiment}"],
                (name, "r"),
                Err(&experiment),
            );
            let run = format!("its command names `{{run}}`, {words}");
            check_words(&["{run}"], ("e", name), Err(&run));
        }
        let outside = "its command names `{run_folder}`, which lies outside of the workspace";
        check_words(&["{run_folder}"], ("/etc", "r"), Err(outside));
        let odd = "its command names `{run_folder}`, and `a b` is more than letters, digits and \
                   `_.+=@-`";
        check_words(&["{run_folder}"], ("e", "a b"), Err(odd));
    }
}
