//! The life of one service: prepared, started, looked after, ended.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::{
            fs::{DirBuilderExt as _, OpenOptionsExt as _},
            process::ExitStatusExt as _,
        },
    },
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use cupola_process::{Launch, Program};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};
use serde_json::json;

use super::{
    Command, Settings,
    address::{answers, at_port, free_port, is_free, printed},
    fetching::Files,
    moves::{Answer, Input, Stand},
    recipe::{Known, Recipe, filled, translated},
    runner::{Board, Key},
    words::{last_line, names_any},
};
use crate::source::Source;

/// What makes a service of an experiment again.
const RECREATE: &str = include_str!("recreate.py");

/// Between two looks whether it answers.
const LOOK: Duration = Duration::from_millis(50);

/// Between two looks at how long its logs are.
const REST: Duration = Duration::from_secs(1);

/// So long a program that was asked to end may take.
const GRACE: Duration = Duration::from_secs(5);

/// Logs that are longer begin anew.
const LOG_BYTES_MAX: u64 = 64 << 20;

/// So much of a log is searched for an address.
const SEARCHED_BYTES: usize = 256 << 10;

/// Where its output goes.
pub(super) const LOGS: [(&str, &str); 2] = [("stdout", "logs.out"), ("stderr", "logs.err")];

/// A service that was asked to run.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) key: Key,
    pub(super) recipe: Recipe,
    /// Where its files are fetched from.
    pub(super) place: Weak<dyn Source>,
    pub(super) folder: PathBuf,
    pub(super) wake: Arc<OwnedFd>,
    pub(super) settings: Arc<Settings>,
    pub(super) board: Arc<Board>,
}

/// What is started, and how it is found out where it answers.
struct Prepared {
    words: Vec<String>,
    found: Found,
    /// What was fetched for it from elsewhere.
    fetched: Vec<Files>,
}

enum Found {
    At(Answer),
    Printed,
    In(PathBuf),
}

/// Attends to a service until it is over.
pub(super) fn live(life: &Life) {
    let input = match life.begin() {
        Ok(Some((program, prepared))) => {
            let leash = life.keep_fetched(prepared.fetched);
            let input = life.attend(program, &prepared.found);
            drop(leash);
            input
        }
        Ok(None) => Input::EndedWell,
        Err(why) => Input::Failed(why),
    };
    life.board.take(&life.key, input);
}

impl Life {
    /// Starts the program; none when nobody wants it any more.
    fn begin(&self) -> Result<Option<(Program, Prepared)>, String> {
        let failed = |error: io::Error| format!("{}: {error}", self.folder.display());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(failed)?;
        let prepared = self.prepare()?;
        if self.is_unwanted() {
            return Ok(None);
        }
        let [stdout, stderr] = LOGS.map(|(_, name)| new_log(&self.folder.join(name)));
        let launch = Launch {
            command: &prepared.words,
            folder: &self.folder,
            environment: &self.settings.environment,
            stdout: stdout.map_err(failed)?,
            stderr: stderr.map_err(failed)?,
            barrier: None,
        };
        let program = Program::start(launch).map_err(|error| {
            let name = prepared.words.first().map_or("", String::as_str);
            match error.kind() {
                io::ErrorKind::NotFound => format!("`{name}`: there is no such program here"),
                io::ErrorKind::PermissionDenied => format!("`{name}` may not be run"),
                _ => format!("`{name}`: {error}"),
            }
        })?;
        Ok(Some((program, prepared)))
    }

    fn prepare(&self) -> Result<Prepared, String> {
        match &self.recipe {
            Recipe::Command(command) => self.prepare_command(command),
            Recipe::Board { program, folder } => {
                let files = Files::Events(folder.clone());
                let here = self.bring(&files)?;
                let port = self.port()?;
                let words = [
                    program.as_str(),
                    &format!("--logdir={}", here.display()),
                    "--host=127.0.0.1",
                    &format!("--port={port}"),
                ];
                Ok(Prepared {
                    words: words.map(str::to_owned).into(),
                    found: Found::At(at_port(port)),
                    fetched: self.is_elsewhere().then_some(files).into_iter().collect(),
                })
            }
            Recipe::Class {
                python,
                class,
                state,
            } => self.prepare_class(python, class, state),
        }
    }

    fn prepare_command(&self, command: &Command) -> Result<Prepared, String> {
        let port = match command.port {
            Some(port) if is_free(port) => port,
            Some(port) => return Err(format!("port {port} is taken by another program")),
            None => self.port()?,
        };
        let names_folder = names_any(&command.words, &["run_folder"]);
        let run_folder = names_folder.then(|| self.run_folder()).transpose()?;
        let known = Known {
            run: &self.key.0,
            workdir: self.settings.workdir.as_deref(),
            run_folder: run_folder.flatten(),
            port,
        };
        let is_told = command.port.is_some() || names_any(&command.words, &["port"]);
        Ok(Prepared {
            words: filled(&command.words, &known)?,
            found: if is_told {
                Found::At(at_port(port))
            } else {
                Found::Printed
            },
            fetched: Vec::new(),
        })
    }

    fn prepare_class(
        &self,
        python: &str,
        class: &str,
        state: &serde_json::Value,
    ) -> Result<Prepared, String> {
        let mut fetched = Vec::new();
        let mut lead = |path: &Path| {
            if !self.is_elsewhere() {
                return Ok(path.to_owned());
            }
            let files = Files::All(path.to_owned());
            let here = self.bring(&files)?;
            fetched.push(files);
            Ok::<_, String>(here)
        };
        let state = translated(state, &mut lead)?;
        let asked = json!({
            "class": class, "state": state, "id": self.key.1, "logs": self.folder,
        });
        let [request, address] = ["asked.json", "address"].map(|name| self.folder.join(name));
        let failed = |error: io::Error| format!("{}: {error}", self.folder.display());
        fs::write(&request, asked.to_string()).map_err(failed)?;
        match fs::remove_file(&address) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let paths = [&request, &address].map(|path| path.display().to_string());
        let [request, answer] = paths;
        Ok(Prepared {
            words: vec![
                python.to_owned(),
                "-u".to_owned(),
                "-c".to_owned(),
                RECREATE.to_owned(),
                request,
                answer,
            ],
            found: Found::In(address),
            fetched,
        })
    }

    fn port(&self) -> Result<u16, String> {
        free_port().map_err(|error| format!("no port is free for {}: {error}", self.key.1))
    }

    /// Whether it was asked to end before it began.
    pub(super) fn is_unwanted(&self) -> bool {
        self.board.stand(&self.key) != Stand::Starting
    }

    /// Looks after a program until it is gone; what that means for the service.
    fn attend(&self, mut program: Program, found: &Found) -> Input {
        let began = Instant::now();
        let mut asked_to_end = None;
        loop {
            match program.ended() {
                Ok(None) => {}
                Ok(Some(status)) => return self.ending(status),
                Err(error) => return Input::Failed(format!("it was lost: {error}")),
            }
            self.shorten_logs();
            let pause = match self.board.stand(&self.key) {
                Stand::Starting => {
                    match self.answer(found) {
                        Ok(Some(answer)) => {
                            self.board.take(&self.key, Input::Answers(answer));
                            continue;
                        }
                        Ok(None) => {}
                        Err(why) => return Input::Failed(why),
                    }
                    if began.elapsed() > self.settings.patience {
                        return Input::Failed(self.silence());
                    }
                    LOOK
                }
                Stand::Running(_) => REST,
                Stand::Stopping | Stand::Stopped | Stand::Failed(_) => {
                    let since = asked_to_end.get_or_insert_with(|| {
                        program.terminate();
                        Instant::now()
                    });
                    let left = GRACE.saturating_sub(since.elapsed());
                    if left.is_zero() {
                        program.kill();
                    }
                    left.max(LOOK)
                }
            };
            self.wait(&program, pause);
        }
    }

    /// Where it answers, if it does; or why nobody is led there.
    fn answer(&self, found: &Found) -> Result<Option<Answer>, String> {
        let Some(answer) = self.told(found) else {
            return Ok(None);
        };
        let is_there = answer.address.map_or(Ok(true), answers)?;
        Ok(is_there.then_some(answer))
    }

    /// Where it is said to answer.
    fn told(&self, found: &Found) -> Option<Answer> {
        let host = &self.settings.here.host;
        match found {
            Found::At(answer) => Some(answer.clone()),
            Found::Printed => LOGS
                .iter()
                .find_map(|(_, name)| printed(&beginning(&self.folder.join(name)), host)),
            Found::In(path) => {
                let text = beginning(path);
                let nowhere = || Answer {
                    address: None,
                    begin: "/".to_owned(),
                };
                (!text.is_empty()).then(|| printed(&text, host).unwrap_or_else(nowhere))
            }
        }
    }

    fn silence(&self) -> String {
        let seconds = self.settings.patience.as_secs();
        let said = self.said();
        format!("it did not answer within {seconds} s{said}")
    }

    fn ending(&self, status: ExitStatus) -> Input {
        let said = self.said();
        match (status.code(), status.signal()) {
            (Some(0), _) => Input::EndedWell,
            (Some(code), _) => Input::Failed(format!("it ended with code {code}{said}")),
            (None, signal) => {
                let signal = signal.unwrap_or_default();
                Input::Failed(format!("it was ended by signal {signal}{said}"))
            }
        }
    }

    /// What it said last, after a colon: its complaints first.
    fn said(&self) -> String {
        let mut logs = LOGS.iter().rev();
        let line = logs.find_map(|(_, name)| last_line(&self.folder.join(name)));
        line.map(|line| format!(": {line}")).unwrap_or_default()
    }

    fn shorten_logs(&self) {
        for (_, name) in LOGS {
            let path = self.folder.join(name);
            let is_long = fs::metadata(&path).is_ok_and(|it| it.len() > LOG_BYTES_MAX);
            if is_long && let Ok(log) = OpenOptions::new().write(true).open(&path) {
                // Where that fails it is tried again soon.
                let _ = log.set_len(0);
            }
        }
    }

    /// Until somebody wants something, the program ends, or `pause` is over.
    fn wait(&self, program: &Program, pause: Duration) {
        let supervisor = i32::try_from(program.supervisor()).ok();
        let supervisor = supervisor.and_then(Pid::from_raw);
        let handle = supervisor.and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok());
        let mut polled = vec![PollFd::new(&*self.wake, PollFlags::IN)];
        let mut pause = pause;
        match &handle {
            Some(handle) => polled.push(PollFd::from_borrowed_fd(handle.as_fd(), PollFlags::IN)),
            // Without a handle its end is looked for.
            None => pause = pause.min(LOOK * 4),
        }
        let limit = Timespec::try_from(pause).ok();
        // Whatever comes of it, everything is looked at again.
        let _ = poll(&mut polled, limit.as_ref());
        let _ = rustix::io::read(&*self.wake, &mut [0u8; 8]);
    }
}

/// A log that begins anew and is appended to, so that it may be shortened.
fn new_log(path: &Path) -> io::Result<File> {
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    log.set_len(0)?;
    Ok(log)
}

fn beginning(path: &Path) -> String {
    use std::io::Read as _;
    let mut read = Vec::new();
    let Ok(file) = File::open(path) else {
        return String::new();
    };
    // What could be read is searched.
    let _ = file.take(SEARCHED_BYTES as u64).read_to_end(&mut read);
    String::from_utf8_lossy(&read).into_owned()
}
