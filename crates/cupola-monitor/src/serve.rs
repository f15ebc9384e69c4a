//! The far side: answers for a workspace on two streams, until the first of them ends.
//!
//! ```text
//! input ── reader ──▶ workers ──▶ output
//!          source's changes ── teller ──▶ output
//! ```

mod ours;
mod tell;
mod theirs;

use std::{
    io::{self, BufReader, Read, Write},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use cupola_workspace::source::{Source, SourceError};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    frame::{self, FRAME_BYTES_MAX, Frames, Line},
    rpc::{self, Failure, Message},
    wire::{DIALECT, PROTOCOL},
};

/// So many requests are answered at once: a slow one, such as the sizes of orphans, holds up no log.
const WORKERS: usize = 4;

/// So many requests may wait; whoever asks faster is read no further until some are answered.
const WAITING_MAX: usize = 64;

/// What is served.
pub struct Server {
    /// The workspace.
    pub source: Arc<dyn Source>,
    /// Its folder, absolute: clients tell by it what they may fetch.
    pub workspace: PathBuf,
    /// By which wall times are told that have no zone.
    pub zone: TimeZone,
    /// Of the program that serves.
    pub version: String,
}

/// Answers what `input` asks and tells what changes, until `input` ends.
pub fn serve(server: &Server, input: impl Read, output: impl Write + Send) -> io::Result<()> {
    let session = Session {
        server,
        output: Mutex::new(output),
        is_ours: AtomicBool::new(false),
        has_ended: AtomicBool::new(false),
    };
    let (to_do, work) = mpsc::sync_channel(WAITING_MAX);
    let work = Mutex::new(work);
    // Before the first answer: whatever happens after that is told.
    let changes = server.source.changes();
    let read = thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| session.work(&work));
        }
        let told = &session;
        scope.spawn(move || tell::tell(told, &changes));
        let read = session.read(Frames::new(BufReader::new(input), FRAME_BYTES_MAX), &to_do);
        drop(to_do);
        session.has_ended.store(true, Ordering::Release);
        read
    });
    session.send(&Message::notification(
        "notification.shutdown",
        &Shutdown {
            reason: "server_shutdown",
            code: None,
            message: None,
        },
    ));
    read
}

/// Says that nothing can be served, in the way that a client understands.
pub fn refuse(mut output: impl Write, code: i64, message: &str) -> io::Result<()> {
    let shutdown = Message::notification(
        "notification.shutdown",
        &Shutdown {
            reason: "error",
            code: Some(code),
            message: Some(message),
        },
    );
    frame::write(&mut output, &shutdown.to_frame())
}

/// The server says no more.
#[derive(Serialize)]
struct Shutdown<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// What a client says of itself with its first request; Experimaestro's says nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Hello {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cupola: Option<HelloOfOurs>,
}

/// Which Cupola.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HelloOfOurs {
    pub(crate) version: String,
    pub(crate) dialect: u32,
    /// Whether the workspace can be changed; only a server says it.
    #[serde(default)]
    pub(crate) can_act: bool,
    /// The time there, in milliseconds since 1970; only a server says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<i64>,
}

/// What a server answers to it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Welcome {
    pub(crate) protocol_version: String,
    pub(crate) workspace_path: String,
    #[serde(default)]
    last_sync_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cupola: Option<HelloOfOurs>,
}

/// One client, from its first request to the end of its stream.
struct Session<'a, W> {
    server: &'a Server,
    output: Mutex<W>,
    /// Whether it is told in full.
    is_ours: AtomicBool,
    has_ended: AtomicBool,
}

/// A request to be answered.
struct Todo {
    id: serde_json::Value,
    method: String,
    params: Box<RawValue>,
}

impl<W: Write + Send> Session<'_, W> {
    fn read(
        &self,
        mut frames: Frames<impl io::BufRead>,
        to_do: &mpsc::SyncSender<Todo>,
    ) -> io::Result<()> {
        while let Some(line) = frames.read()? {
            let frame = match line {
                Line::Frame(frame) => frame,
                Line::Banner(text) => text.into_bytes(),
                Line::Broken { why, head } => {
                    let id = rpc::number_in(&head).unwrap_or(0);
                    self.answer(id.into(), Err(Failure::new(rpc::INVALID_REQUEST, why)));
                    continue;
                }
            };
            match Message::parse(&frame) {
                Ok(Message::Request { id, method, params }) if method == "get_sync_info" => {
                    self.answer(id, self.welcome(&params));
                }
                Ok(Message::Request { id, method, params }) => {
                    // Workers last as long as this sender.
                    let _ = to_do.send(Todo { id, method, params });
                }
                Ok(Message::Notification { .. } | Message::Answer { .. }) => {}
                Err(failure) => self.answer(0.into(), Err(failure)),
            }
        }
        Ok(())
    }

    fn work(&self, work: &Mutex<mpsc::Receiver<Todo>>) {
        loop {
            let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Todo { id, method, params }) = next else {
                return;
            };
            let outcome = match method.strip_prefix("cupola.") {
                Some(method) => ours::answer(self, &id, method, &params),
                None => theirs::answer(self.server, &method, &params),
            };
            self.answer(id, outcome);
        }
    }

    fn welcome(&self, params: &RawValue) -> Result<Box<RawValue>, Failure> {
        let hello: Hello = read_params(params)?;
        let is_ours = hello.cupola.is_some_and(|it| it.dialect == DIALECT);
        self.is_ours.store(is_ours, Ordering::Release);
        Ok(rpc::raw(&Welcome {
            protocol_version: PROTOCOL.to_owned(),
            workspace_path: self.server.workspace.to_string_lossy().into_owned(),
            last_sync_time: None,
            cupola: Some(HelloOfOurs {
                version: self.server.version.clone(),
                dialect: DIALECT,
                can_act: self.server.source.place().can_act,
                now: Some(self.server.source.now().millis()),
            }),
        }))
    }

    fn answer(&self, id: serde_json::Value, outcome: Result<Box<RawValue>, Failure>) {
        self.send(&Message::Answer { id, outcome });
    }

    /// A client that reads no more has closed its other stream too, which ends the session.
    fn send(&self, message: &Message) {
        let frame = message.to_frame();
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = frame::write(&mut *output, &frame) {
            tracing::debug!("an answer was not sent: {error}");
        }
    }
}

fn read_params<T: DeserializeOwned>(params: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(params.get())
        .map_err(|error| Failure::new(rpc::INVALID_PARAMS, error.to_string()))
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let code = match &error {
            SourceError::Unknown(_) => rpc::UNKNOWN_THING,
            SourceError::Refused(_) => rpc::PERMISSION_DENIED,
            SourceError::Away(_) => rpc::AWAY,
            SourceError::Unsupported(_) => rpc::METHOD_NOT_FOUND,
        };
        Failure::new(code, error.to_string())
    }
}
