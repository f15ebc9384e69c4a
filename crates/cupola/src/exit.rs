//! Exit codes, documented in `docs/cli.md`, and the last words of a failure.

use std::{io::Write as _, process::ExitCode};

use cupola_client::Error as ClientError;
use cupola_worker::WorkerError;

/// Something was refused or failed.
pub(crate) const FAILURE: u8 = 1;
/// Something is in use, or nothing answers: the port, the data folder, the hub.
pub(crate) const UNAVAILABLE: u8 = 69;
/// What was given cannot be read: the command line, an experiment file.
pub(crate) const WRONG: u8 = 2;
/// The database cannot be trusted any more; starting again recovers what was acknowledged.
pub(crate) const DATABASE_LOST: u8 = 74;
/// The hub does not want this worker: starting it again makes no sense before somebody has looked.
pub(crate) const TURNED_AWAY: u8 = 77;
/// Ended by Ctrl-C: an experiment that was cancelled, or anything at once by a second one.
pub(crate) const INTERRUPTED: u8 = 130;

/// A failure that has an exit code of its own.
#[derive(Debug)]
pub(crate) struct Unavailable(pub String);

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

/// A worker that has joined no hub.
#[derive(Debug)]
pub(crate) struct NoMember(pub String);

impl std::fmt::Display for NoMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoMember {}

/// A question that was not answered; what was said instead stands on stdout.
#[derive(Debug)]
pub(crate) struct NotAnswered;

impl std::fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the question was not answered")
    }
}

impl std::error::Error for NotAnswered {}

/// An experiment file in which something is wrong, each line with its place.
#[derive(Debug)]
pub(crate) struct WrongFile(pub Vec<String>);

impl std::fmt::Display for WrongFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for WrongFile {}

/// Says on stderr what went wrong and gives the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if error.is::<NotAnswered>() {
        return ExitCode::from(FAILURE);
    }
    let mut stderr = std::io::stderr().lock();
    if let Some(WrongFile(lines)) = error.downcast_ref() {
        for line in lines {
            let _ = writeln!(stderr, "{}", crate::output::clean(line));
        }
        return ExitCode::from(WRONG);
    }
    // Nobody is left to be told that stderr is gone.
    let _ = writeln!(
        stderr,
        "error: {}",
        crate::output::clean(&format!("{error:#}"))
    );
    let refused = error.downcast_ref::<ClientError>();
    if let Some(ClientError::Refused { problem, .. }) = refused {
        let is_unsaid = |message: &str| !problem.title.contains(message);
        let unsaid = problem.errors.iter();
        for wrong in unsaid.filter(|wrong| is_unsaid(&wrong.message)) {
            let line = format!("  {}: {}", wrong.field, wrong.message);
            let _ = writeln!(stderr, "{}", crate::output::clean(&line));
        }
    }
    let unreachable = matches!(refused, Some(ClientError::Unreachable(_)));
    if unreachable {
        let _ = writeln!(
            stderr,
            "Is a hub running there? `cupola` starts one; `--hub URL` names another."
        );
    }
    let worker = error.downcast_ref::<WorkerError>();
    if unreachable || error.is::<Unavailable>() {
        ExitCode::from(UNAVAILABLE)
    } else if worker.is_some_and(WorkerError::is_for_good) || error.is::<NoMember>() {
        ExitCode::from(TURNED_AWAY)
    } else {
        ExitCode::from(FAILURE)
    }
}
