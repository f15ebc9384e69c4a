//! The training programs without the rest of Cupola: `train char-lm --config-file FILE`.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let started = Instant::now();
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    cupola_train::main(&args, &mut stdout, &mut stderr, started)
}
