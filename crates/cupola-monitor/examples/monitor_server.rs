//! Serves a workspace on its standard streams, however it is called: `… --workdir FOLDER …`.

use std::{io, path::Path, process::ExitCode, sync::Arc, time::SystemTime};

use cupola_domain::time::Timestamp;
use cupola_monitor::{
    rpc::WORKSPACE_NOT_FOUND,
    serve::{Server, refuse, serve},
};
use cupola_workspace::{Folder, Here, Watching};

fn main() -> ExitCode {
    let mut words = std::env::args().skip_while(|word| word != "--workdir");
    let Some(workdir) = words.nth(1) else {
        eprintln!("say which workspace by `--workdir FOLDER`");
        return ExitCode::FAILURE;
    };
    let here = Here::new(Arc::new(now));
    let zone = here.zone.clone();
    let folder = match Folder::open(Path::new(&workdir), here, Watching::Auto) {
        Ok(folder) => folder,
        Err(error) => {
            let _ = refuse(io::stdout(), WORKSPACE_NOT_FOUND, &error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let workspace = Path::new(&workdir).canonicalize().unwrap_or_default();
    eprintln!("serving {}", workspace.display());
    let server = Server {
        source: Arc::new(folder),
        workspace,
        zone,
        version: "0.1.0".to_owned(),
    };
    match serve(&server, io::stdin(), io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program reads the clock where it begins"
)]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
