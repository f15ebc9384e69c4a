//! `cupola train`: the built-in training programs.

use std::{ffi::OsString, io, process::ExitCode, time::Instant};

/// Runs the trainer if the first argument is `train`. It gets its arguments unread.
pub(crate) fn run_if_asked(started: Instant) -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != "train" {
        return None;
    }
    let args: Vec<OsString> = args.collect();
    let (mut stdout, mut stderr) = (io::stdout().lock(), io::stderr().lock());
    Some(cupola_train::main(&args, &mut stdout, &mut stderr, started))
}
