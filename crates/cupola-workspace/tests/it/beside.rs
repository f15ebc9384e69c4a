//! A workspace with what is started beside it.

use std::{
    ffi::OsString,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, mpsc::Receiver},
};

use cupola_workspace::{
    model::{Service, ServiceState},
    services::{Command, Served, Settings},
    source::{Action, Change, LogAsked, LogOf, Source, SourceError},
};
use rustix::process::{Pid, test_kill_process};

use crate::{
    real::python,
    support::{Made, here, open, until},
};

/// A workspace whose services run.
pub(crate) struct Here {
    pub(crate) made: Made,
    pub(crate) served: Arc<Served>,
    pub(crate) changes: Receiver<Change>,
    _logs: tempfile::TempDir,
}

pub(crate) fn settings(made: &Made, logs: &Path) -> Settings {
    let variable = |name: &str| (OsString::from(name), std::env::var_os(name).unwrap());
    let mut environment = vec![variable("PATH"), variable("HOME")];
    environment.push(("PYTHONPATH".into(), tests().into()));
    environment.push(("PYTHONDONTWRITEBYTECODE".into(), "1".into()));
    let mut settings = Settings::new(logs.to_owned(), environment, here());
    settings.python = Some(python());
    settings.workdir = Some(made.folder.path().to_owned());
    settings
}

pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

/// A command by the small server.
pub(crate) fn small(name: &str, words: &[&str]) -> Command {
    let script = tests().join("small_server.py").display().to_string();
    let begin = [python(), script];
    let words = words.iter().map(|word| (*word).to_owned());
    Command {
        name: name.to_owned(),
        description: "a folder".to_owned(),
        words: begin.into_iter().chain(words).collect(),
        port: None,
    }
}

impl Here {
    pub(crate) fn new(made: Made, change: impl FnOnce(&mut Settings)) -> Self {
        let logs = tempfile::tempdir().unwrap();
        let mut settings = settings(&made, logs.path());
        change(&mut settings);
        let place: Arc<dyn Source> = Arc::new(open(made.folder.path()));
        Self::over(made, place, settings, logs)
    }

    pub(crate) fn over(
        made: Made,
        place: Arc<dyn Source>,
        settings: Settings,
        logs: tempfile::TempDir,
    ) -> Self {
        let served = Arc::new(Served::new(place, settings));
        Self {
            made,
            changes: served.changes(),
            served,
            _logs: logs,
        }
    }

    pub(crate) fn service(&self, id: &str) -> Service {
        let services = self.served.services(None).unwrap();
        let found = services.into_iter().find(|service| service.id == id);
        found.unwrap_or_else(|| panic!("there is no service {id}"))
    }

    pub(crate) fn start(&self, id: &str) -> Result<String, SourceError> {
        let service = self.service(id);
        self.served
            .act(&Action::StartService(service.run, service.id))
    }

    pub(crate) fn stop(&self, id: &str) -> Result<String, SourceError> {
        let service = self.service(id);
        self.served
            .act(&Action::StopService(service.run, service.id))
    }

    pub(crate) fn becomes(&self, id: &str, state: ServiceState) -> Service {
        let what = format!("{id} {state:?}");
        until(&self.changes, &what, || {
            let service = self.service(id);
            (service.state == state).then_some(service)
        })
    }

    /// Starts it, which goes wrong in these words.
    pub(crate) fn fails(&self, id: &str, words: &str) {
        self.start(id).unwrap();
        let error = self.becomes(id, ServiceState::Error).error.unwrap();
        assert!(error.contains(words), "{id}: {error}");
        assert_eq!(self.serving(id), None);
    }

    pub(crate) fn serving(&self, id: &str) -> Option<SocketAddr> {
        let serving = self.served.serving(&self.service(id).run, id)?.upgrade()?;
        Some(serving.address)
    }

    pub(crate) fn log(&self, id: &str, stream: &str) -> String {
        let asked = LogAsked {
            of: LogOf::Service(self.service(id).run, id.to_owned()),
            stream: stream.to_owned(),
            offset: None,
            bytes: 65536,
        };
        String::from_utf8(self.served.log(&asked).unwrap().bytes).unwrap()
    }
}

/// What is answered at an address; none where nobody is.
pub(crate) fn fetch(url: &str) -> Option<String> {
    let place = url.strip_prefix("http://").unwrap();
    let (address, path) = place.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET /{path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

pub(crate) fn is_gone(pid: &str) -> bool {
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    test_kill_process(pid).is_err()
}
