//! One connection: calls go out, answers come back, in whatever order.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, Write},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use cupola_workspace::source::SourceError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::far::{Dialect, Far};
use crate::{
    dial::Program,
    frame,
    rpc::{self, Failure, Message},
};

/// So many lines of what the far side says to people are kept, to explain its end.
const LAST_WORDS: usize = 8;

/// The longest of them that is shown.
const WORDS_CHARS_MAX: usize = 300;

pub(super) struct Link {
    output: Mutex<Box<dyn Write + Send>>,
    calls: Mutex<Calls>,
    call_limit: Duration,
    /// Known once versions were exchanged.
    far: OnceLock<Far>,
    /// Ended when the reader of its output has come to the end.
    program: Mutex<Option<Program>>,
}

#[derive(Default)]
struct Calls {
    last_id: i64,
    waiting: HashMap<i64, Waiting>,
    last_words: VecDeque<String>,
    /// Why there will be no more answers.
    ended: Option<String>,
}

struct Waiting {
    parts: Vec<Box<RawValue>>,
    /// Whoever called holds the other end.
    to: SyncSender<Result<Answered, SourceError>>,
}

/// What came back for a call.
pub(super) struct Answered {
    parts: Vec<Box<RawValue>>,
    result: Box<RawValue>,
}

#[derive(Deserialize)]
struct PartOf<'a> {
    of: i64,
    #[serde(borrow)]
    rows: &'a RawValue,
}

impl Link {
    pub(super) fn new(
        output: Box<dyn Write + Send>,
        program: Option<Program>,
        call_limit: Duration,
    ) -> Self {
        Self {
            output: Mutex::new(output),
            calls: Mutex::default(),
            call_limit,
            far: OnceLock::new(),
            program: Mutex::new(program),
        }
    }

    /// Who answers. A link is given out only once that is known.
    pub(super) fn far(&self) -> &Far {
        static UNKNOWN: OnceLock<Far> = OnceLock::new();
        self.far
            .get()
            .unwrap_or_else(|| UNKNOWN.get_or_init(Far::unknown))
    }

    /// Whether it has turned out to be Experimaestro's.
    pub(super) fn is_theirs(&self) -> bool {
        self.far
            .get()
            .is_some_and(|far| far.dialect == Dialect::Theirs)
    }

    pub(super) fn set_far(&self, far: Far) {
        // It is set once, by whoever connects.
        let _ = self.far.set(far);
    }

    /// Asks, and waits for the answer.
    pub(super) fn call(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<Answered, SourceError> {
        self.call_within(method, params, self.call_limit)
    }

    pub(super) fn call_within(
        &self,
        method: &str,
        params: &impl Serialize,
        limit: Duration,
    ) -> Result<Answered, SourceError> {
        let (to, answer) = sync_channel(1);
        let id = self.expect_answer(to)?;
        let request = Message::Request {
            id: id.into(),
            method: method.to_owned(),
            params: rpc::raw(params),
        };
        if let Err(error) = self.send(&request) {
            self.calls().waiting.remove(&id);
            return Err(SourceError::Away(
                self.ended().unwrap_or_else(|| error.to_string()),
            ));
        }
        match answer.recv_timeout(limit) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                self.calls().waiting.remove(&id);
                Err(SourceError::Away(format!(
                    "no answer to `{method}` within {} s",
                    limit.as_secs_f64()
                )))
            }
        }
    }

    fn expect_answer(
        &self,
        to: SyncSender<Result<Answered, SourceError>>,
    ) -> Result<i64, SourceError> {
        let mut calls = self.calls();
        if let Some(why) = &calls.ended {
            return Err(SourceError::Away(why.clone()));
        }
        calls.last_id += 1;
        let id = calls.last_id;
        let parts = Vec::new();
        calls.waiting.insert(id, Waiting { parts, to });
        Ok(id)
    }

    /// Keeps rows that belong to an answer to come.
    pub(super) fn take_part(&self, params: &RawValue) {
        let Ok(part) = serde_json::from_str::<PartOf<'_>>(params.get()) else {
            return;
        };
        if let Some(waiting) = self.calls().waiting.get_mut(&part.of) {
            waiting.parts.push(part.rows.to_owned());
        }
    }

    /// Gives an answer to whoever waits for it, if anybody still does.
    pub(super) fn take_answer(&self, id: i64, outcome: Result<Box<RawValue>, Failure>) {
        let Some(Waiting { parts, to }) = self.calls().waiting.remove(&id) else {
            return;
        };
        let outcome = match outcome {
            Ok(result) => Ok(Answered { parts, result }),
            Err(failure) => Err(failure.into()),
        };
        // Whoever waits no longer has been told so.
        let _ = to.try_send(outcome);
    }

    /// Remembers what the far side says to people, to explain its end.
    pub(super) fn note_words(&self, line: &str) {
        let mut calls = self.calls();
        if calls.last_words.len() == LAST_WORDS {
            calls.last_words.pop_front();
        }
        let line = line.chars().take(WORDS_CHARS_MAX).collect();
        calls.last_words.push_back(line);
    }

    /// Lets the program end, and says in its own words why it did.
    pub(super) fn epitaph(&self) -> String {
        drop(self.close());
        let program = &mut *self.program();
        let code = program
            .as_mut()
            .and_then(|program| program.wait(Duration::from_secs(1)));
        let words: Vec<_> = self.calls().last_words.iter().cloned().collect();
        let end = match code {
            Some(127) => "the program was not found there".to_owned(),
            Some(code) if code != 0 => format!("the connection ended with code {code}"),
            _ => "the connection ended".to_owned(),
        };
        match words.last() {
            Some(last) => format!("{end}: {last}"),
            None => end,
        }
    }

    /// No answers come any more; whoever waits for one is told why.
    pub(super) fn end(&self, why: &str) {
        drop(self.close());
        let mut calls = self.calls();
        calls.ended.get_or_insert_with(|| why.to_owned());
        for (_, waiting) in calls.waiting.drain() {
            // Whoever waits no longer has been told so.
            let _ = waiting.to.try_send(Err(SourceError::Away(why.to_owned())));
        }
    }

    /// Why it has ended, if it has.
    pub(super) fn ended(&self) -> Option<String> {
        self.calls().ended.clone()
    }

    /// Ends the program: by itself, as its input has ended, or by force after a while.
    pub(super) fn bury(&self) {
        drop(self.program().take());
    }

    fn send(&self, message: &Message) -> io::Result<()> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        frame::write(&mut **output, &message.to_frame())
    }

    fn close(&self) -> Box<dyn Write + Send> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *output, Box::new(io::sink()))
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn program(&self) -> MutexGuard<'_, Option<Program>> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answered {
    /// As one body.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        read(&self.result)
    }

    /// As the rows that came before it.
    pub(super) fn rows<B: DeserializeOwned, T: From<B>>(&self) -> Result<Vec<T>, SourceError> {
        let mut rows = Vec::new();
        for part in &self.parts {
            rows.extend(read::<Vec<B>>(part)?.into_iter().map(T::from));
        }
        Ok(rows)
    }
}

fn read<T: DeserializeOwned>(body: &RawValue) -> Result<T, SourceError> {
    serde_json::from_str(body.get()).map_err(|error| {
        SourceError::Unsupported(format!("the far side's answer is not understood: {error}"))
    })
}

impl From<Failure> for SourceError {
    fn from(failure: Failure) -> Self {
        let Failure { code, message } = failure;
        match code {
            rpc::UNKNOWN_THING | rpc::WORKSPACE_NOT_FOUND => Self::Unknown(message),
            rpc::PERMISSION_DENIED => Self::Refused(message),
            rpc::AWAY => Self::Away(message),
            _ => Self::Unsupported(message),
        }
    }
}
