//! A worker as a service: what is written and said so that the system starts it again and again. All of it is
//! made up here; nothing is done.

mod launchd;
mod systemd;
mod windows;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::exit;

/// Who starts services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Manager {
    /// Linux.
    Systemd,
    /// macOS.
    Launchd,
    /// Windows.
    Windows,
}

/// When it runs, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// While its user is logged in, or as long as the system lets their services run.
    User,
    /// From the start of the machine on.
    System,
}

/// What is to run.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// This program.
    pub binary: PathBuf,
    /// What it is told.
    pub arguments: Vec<String>,
    /// The worker's folder.
    pub state: PathBuf,
    /// Whose the worker is, by number.
    pub uid: u32,
    /// Their home.
    pub home: PathBuf,
    /// When it runs.
    pub scope: Scope,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write a file.
    Write(PathBuf, String),
    /// Remove a file; that there is none is no failure.
    Remove(PathBuf),
    /// Call a program of the system.
    Run(Vec<String>),
    /// Call one whose refusal means that there was nothing to do.
    Try(Vec<String>),
}

/// The exit code after which a start makes no sense: the hub does not want this worker.
const GIVES_UP: u8 = exit::TURNED_AWAY;

impl Manager {
    /// That of this machine, if it is one of those.
    pub(crate) fn of_here() -> Option<Self> {
        match std::env::consts::OS {
            "linux" => Some(Self::Systemd),
            "macos" => Some(Self::Launchd),
            "windows" => Some(Self::Windows),
            _ => None,
        }
    }

    /// How the service comes to be there and begins.
    pub(crate) fn install(self, service: &Service) -> Vec<Step> {
        match self {
            Self::Systemd => systemd::install(service),
            Self::Launchd => launchd::install(service),
            Self::Windows => windows::install(service),
        }
    }

    /// How it ends and goes.
    pub(crate) fn uninstall(self, service: &Service) -> Vec<Step> {
        match self {
            Self::Systemd => systemd::uninstall(service),
            Self::Launchd => launchd::uninstall(service),
            Self::Windows => windows::uninstall(service),
        }
    }
}

fn run(words: &[&str]) -> Step {
    Step::Run(words.iter().map(|word| (*word).to_owned()).collect())
}

fn attempt(words: &[&str]) -> Step {
    Step::Try(words.iter().map(|word| (*word).to_owned()).collect())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn service(scope: Scope) -> Service {
        Service {
            binary: "/usr/local/bin/cupola".into(),
            arguments: ["worker", "--state", "/home/ann/my runs", "--slots", "2"]
                .map(str::to_owned)
                .into(),
            state: "/home/ann/my runs".into(),
            uid: 1000,
            home: "/home/ann".into(),
            scope,
        }
    }

    /// The steps as they are shown to people.
    pub(super) fn shown(steps: &[Step]) -> String {
        let shown = steps.iter().map(|step| match step {
            Step::Write(path, text) => format!("write {}\n{text}", path.display()),
            Step::Remove(path) => format!("remove {}\n", path.display()),
            Step::Run(words) => format!("run {words:?}\n"),
            Step::Try(words) => format!("try {words:?}\n"),
        });
        shown.collect::<Vec<_>>().concat()
    }
}
