//! `cupola worker install` and `uninstall`: the system starts this machine's worker.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path, process::Command};

use anyhow::{Context as _, bail};
use clap::Parser as _;

use super::{joining, workers::hostname};
use crate::{
    cli::{Cli, Install, Place},
    exit::NoMember,
    membership::Membership,
    output,
    service::{Manager, Scope, Service, Step},
};

/// Makes the worker a service, and starts it.
pub(crate) async fn install(install: Install) -> anyhow::Result<()> {
    let state = joining::state(install.place.state.clone())?;
    check_options(&state, &install.options)?;
    let is_tried = install.place.dry_run;
    if !is_tried {
        refuse_root(&install.place, &state)?;
    }
    if let Some(code) = install.code.filter(|_| !is_tried) {
        joining::enter(&state, &code, &hostname()).await?;
    }
    let is_member = Membership::read(&state)?.is_some_and(|member| member.is_confirmed);
    if !is_member && !is_tried {
        let shown = state.display();
        return Err(NoMember(format!(
            "`{shown}` has joined no hub yet: give a code with `--join`, which `cupola token worker` prints on \
             the hub"
        ))
        .into());
    }
    let service = service(&install.place, &state, install.options)?;
    carry_out(&manager(&install.place)?.install(&service), is_tried)?;
    if !is_tried {
        output::line("installed and started; `cupola worker uninstall` takes it back");
    }
    Ok(())
}

/// Ends the service and takes it away.
pub(crate) fn uninstall(place: &Place) -> anyhow::Result<()> {
    let state = joining::state(place.state.clone())?;
    let service = service(place, &state, Vec::new())?;
    carry_out(&manager(place)?.uninstall(&service), place.dry_run)?;
    if !place.dry_run {
        output::line(
            "uninstalled; the worker is still a member of its hub: `cupola worker leave` ends that",
        );
    }
    Ok(())
}

fn manager(place: &Place) -> anyhow::Result<Manager> {
    let found = place.manager.or_else(Manager::of_here);
    found.context("no service manager is known for this system")
}

fn service(place: &Place, state: &Path, options: Vec<String>) -> anyhow::Result<Service> {
    let owner = fs::metadata(state).or_else(|_| fs::metadata("."));
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    let folder = state.to_str().context("the worker's folder is no text")?;
    let arguments = ["worker", "--state", folder].map(str::to_owned);
    Ok(Service {
        binary: std::env::current_exe().context("this program does not know where it is")?,
        arguments: arguments.into_iter().chain(options).collect(),
        state: state.to_owned(),
        uid: owner?.uid(),
        home: home.into(),
        scope: if place.system {
            Scope::System
        } else {
            Scope::User
        },
    })
}

/// Programs of a hub run as whoever has the worker's folder. That is root by an oversight only.
fn refuse_root(place: &Place, state: &Path) -> anyhow::Result<()> {
    let owner = fs::metadata(state)
        .map_or_else(|_| rustix::process::geteuid().as_raw(), |about| about.uid());
    if place.system && owner == 0 && place.state.is_none() {
        bail!(
            "programs of the hub would run as root: join as the user whose worker it is (`cupola worker --join \
             CODE`, then Ctrl-C) and name that folder, `sudo cupola worker install --system --state \
             /home/USER/.local/share/cupola/joined`"
        );
    }
    Ok(())
}

/// What a service cannot be told is better said now than in its log.
fn check_options(state: &Path, options: &[String]) -> anyhow::Result<()> {
    let state = state.to_str().context("the worker's folder is no text")?;
    let line = ["cupola", "worker", "--state", state].into_iter();
    let line = line.chain(options.iter().map(String::as_str));
    let read = Cli::try_parse_from(line);
    if let Err(error) = read {
        let said = error.to_string();
        let first = said.lines().next().unwrap_or_default().to_owned();
        bail!("the worker would not understand what stands behind `--`: {first}");
    }
    let secrets = ["--join", "--token"];
    if let Some(word) = options.iter().find(|word| {
        let name = word.split('=').next().unwrap_or_default();
        secrets.contains(&name)
    }) {
        bail!(
            "`{word}` would stand in the service's file for all to read; give `--join` before `--`"
        );
    }
    Ok(())
}

fn carry_out(steps: &[Step], is_tried: bool) -> anyhow::Result<()> {
    for step in steps {
        if is_tried {
            show(step);
            continue;
        }
        match step {
            Step::Write(path, text) => write(path, text)?,
            Step::Remove(path) => match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("failed to remove `{}`", path.display()));
                }
                _ => {}
            },
            Step::Run(words) => call(words)?,
            Step::Try(words) => {
                if let Err(error) = call(words) {
                    output::note(&format!("{error:#}"));
                }
            }
        }
    }
    Ok(())
}

fn show(step: &Step) {
    match step {
        Step::Write(path, text) => {
            output::line(&format!("# write {}", path.display()));
            output::line(text.trim_end());
        }
        Step::Remove(path) => output::line(&format!("# remove {}", path.display())),
        Step::Run(words) | Step::Try(words) => output::line(&in_shell(words)),
    }
}

/// Words as a shell reads them.
fn in_shell(words: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,".contains(c);
    let shown = words.iter().map(|word| {
        if !word.is_empty() && word.chars().all(is_plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = match path.parent() {
        Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::write(path, text)),
        None => fs::write(path, text),
    };
    written.with_context(|| format!("failed to write `{}`", path.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the service manager is no run: it is asked as its user asks it"
)]
fn call(words: &[String]) -> anyhow::Result<()> {
    let shown = in_shell(words);
    let (program, arguments) = words.split_first().context("a step without words")?;
    let ended = Command::new(program).args(arguments).status();
    let ended = ended.with_context(|| format!("failed to start `{shown}`"))?;
    if !ended.success() {
        bail!("`{shown}` failed: {ended}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_would_not_understand_is_refused_before() {
        let check = |options: &[&str], expected: Option<&str>| {
            let options: Vec<_> = options.iter().map(|word| (*word).to_owned()).collect();
            let found = check_options(Path::new("/x"), &options)
                .err()
                .map(|error| error.to_string());
            match expected {
                None => assert_eq!(found, None, "{options:?}"),
                Some(part) => assert!(found.is_some_and(|said| said.contains(part)), "{options:?}"),
            }
        };
        check(&[], None);
        check(&["--slots", "2", "--sandbox", "require"], None);
        check(&["--slots", "many"], Some("--slots"));
        check(&["--nothing"], Some("--nothing"));
        check(&["--token", "x"], Some("for all to read"));
        check(&["--join=x"], Some("for all to read"));
    }

    #[test]
    fn commands_are_shown_as_a_shell_reads_them() {
        let words = ["sc.exe", "a b", "it's", ""].map(str::to_owned);
        assert_eq!(in_shell(&words), r"sc.exe 'a b' 'it'\''s' ''");
    }
}
