//! Keeps the connection: goes there, listens, and goes again when it is lost.

use std::{
    io::{BufRead as _, BufReader, Read},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use cupola_workspace::source::{Change, Connection, SourceError};

use super::{
    Shared,
    far::{Far, FarClock, clock_in, plain},
    link::Link,
    ours, theirs,
};
use crate::{
    dial::Wire,
    frame::{FRAME_BYTES_MAX, Frames, Line},
    rpc::{self, Message},
    serve::{Hello, HelloOfOurs, Welcome},
    wire::DIALECT,
};

/// The first pause before a lost connection is tried again; it doubles.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// A connection that lasted so long was a good one: the next pause is short again.
const GOOD: Duration = Duration::from_secs(20);

/// How often those are looked after that missed a change.
const LOOK: Duration = Duration::from_millis(500);

/// The last words of a program are waited for so long after its end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The longest line of what a far side says to people.
const WORDS_BYTES_MAX: usize = 8 << 10;

/// The longest frame of a server that cannot send a list in parts.
const THEIRS_BYTES_MAX: usize = 256 << 20;

/// Goes there once. What was mirrored is forgotten, because nobody told what became of it.
pub(super) fn connect(shared: &Arc<Shared>, is_watched: bool) -> Result<(), SourceError> {
    let away = |error: &dyn std::fmt::Display| SourceError::Away(error.to_string());
    let wire = shared.dial.dial(is_watched).map_err(|error| away(&error))?;
    let (link, clock) = listen(shared, wire).map_err(|error| away(&error))?;
    let outcome = settle(shared, &link, &clock);
    if let Err(error) = &outcome {
        link.end(&error.to_string());
        link.bury();
    }
    outcome
}

/// Finds out who is there, and keeps the link if nobody has left meanwhile.
fn settle(
    shared: &Shared,
    link: &Arc<Link>,
    clock: &Receiver<FarClock>,
) -> Result<(), SourceError> {
    let left = || SourceError::Away("it was left".to_owned());
    {
        let mut state = shared.state();
        if state.is_closing {
            return Err(left());
        }
        state.greeted = Some(Arc::clone(link));
    }
    let greeted = greet(shared, link, clock);
    shared.state().greeted = None;
    let far = greeted?;
    if let Some(warning) = far.differs_from(&shared.options.version) {
        shared.hear(&warning);
    }
    link.set_far(far.clone());
    shared.mirror().forget();
    let mut state = shared.state();
    if state.is_closing {
        return Err(left());
    }
    if let Some(why) = link.ended() {
        return Err(SourceError::Away(why));
    }
    state.far = far;
    state.link = Some(Arc::clone(link));
    Ok(())
}

/// Until the remote is let go of.
pub(super) fn keep(shared: &Arc<Shared>) {
    let mut pause = PAUSE_MIN;
    let mut since = Some(Instant::now());
    while let Some(why) = lost(shared) {
        shared.catch_up();
        if since.take().is_some_and(|since| since.elapsed() > GOOD) {
            pause = PAUSE_MIN;
        }
        shared
            .listeners
            .tell(Change::Connection(Connection::Away { why, next: pause }));
        if !waited(shared, pause) {
            return;
        }
        match connect(shared, true) {
            Ok(()) => {
                since = Some(Instant::now());
                shared.listeners.tell(Change::Connection(Connection::Live));
                shared.listeners.tell(Change::All);
            }
            Err(error) => shared.state().why_away = error.to_string(),
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Waits until the connection is lost, and says why; none when all is over.
fn lost(shared: &Shared) -> Option<String> {
    let mut state = shared.state();
    loop {
        if state.is_closing {
            return None;
        }
        if state.link.is_none() {
            return Some(state.why_away.clone());
        }
        state = shared
            .moved
            .wait_timeout(state, LOOK)
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0;
        state.is_urgent = false;
        drop(state);
        shared.catch_up();
        state = shared.state();
    }
}

/// Waits before the next attempt, less long when somebody asks for it; whether there is to be one.
fn waited(shared: &Shared, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    let mut state = shared.state();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if state.is_closing || state.is_urgent || left.is_zero() {
            state.is_urgent = false;
            return !state.is_closing;
        }
        state = shared
            .moved
            .wait_timeout(state, left)
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0;
    }
}

/// Starts to read what comes from there.
fn listen(shared: &Arc<Shared>, wire: Wire) -> std::io::Result<(Arc<Link>, Receiver<FarClock>)> {
    let link = Arc::new(Link::new(
        wire.output,
        wire.program,
        shared.options.call_limit,
    ));
    let (silent, silence) = mpsc::channel();
    let (for_words, for_frames) = (Reader::of(shared, &link), Reader::of(shared, &link));
    let spawn = |name: &str| thread::Builder::new().name(name.to_owned());
    spawn("monitor-words").spawn(move || for_words.read_words(wire.said, &silent))?;
    let (clock_to, clock) = mpsc::channel();
    spawn("monitor-frames").spawn(move || for_frames.run(wire.input, &clock_to, &silence))?;
    Ok((link, clock))
}

/// Exchanges versions.
fn greet(shared: &Shared, link: &Link, clock: &Receiver<FarClock>) -> Result<Far, SourceError> {
    let hello = Hello {
        cupola: Some(HelloOfOurs {
            version: shared.options.version.clone(),
            dialect: DIALECT,
            can_act: false,
            now: None,
        }),
    };
    let answer = link.call_within("get_sync_info", &hello, shared.options.connect_limit)?;
    let welcome: Welcome = answer.body()?;
    let now = (shared.options.clock)().millis();
    Far::welcomed(welcome, clock.try_iter().last(), now).map_err(SourceError::Unsupported)
}

/// Reads one of the streams that come from there.
struct Reader {
    shared: Arc<Shared>,
    link: Arc<Link>,
}

impl Reader {
    fn of(shared: &Arc<Shared>, link: &Arc<Link>) -> Self {
        Self {
            shared: Arc::clone(shared),
            link: Arc::clone(link),
        }
    }

    /// What the far side says to people, line by line.
    fn read_words(self, said: impl Read, _silent: &Sender<()>) {
        let mut said = BufReader::new(said);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut some = said.by_ref().take(WORDS_BYTES_MAX as u64);
            match some.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => self.hear(&String::from_utf8_lossy(&line)),
            }
        }
    }

    fn hear(&self, line: &str) {
        let line = plain(line);
        if !line.is_empty() {
            self.link.note_words(&line);
            self.shared.hear(&line);
        }
    }

    /// Frames until the end, which is then told.
    fn run(self, input: impl Read, clock: &Sender<FarClock>, silence: &Receiver<()>) {
        let (due, to_read) = mpsc::channel();
        let rereader = Self::of(&self.shared, &self.link);
        let rereader = thread::spawn(move || {
            theirs::read_again(&rereader.shared, &rereader.link, &to_read);
        });
        let why = self.read_frames(input, clock, &due);
        drop(due);
        // Nothing is sent: the other end is let go of when all was said.
        let _ = silence.recv_timeout(LAST_WORDS);
        let why = why.unwrap_or_else(|| self.link.epitaph());
        self.link.end(&why);
        self.link.bury();
        // It ends with its channel; a panic of it was shown when it happened.
        let _ = rereader.join();
        let mut state = self.shared.state();
        let is_current = |link: &Arc<Link>| Arc::ptr_eq(link, &self.link);
        if state.link.as_ref().is_some_and(is_current) {
            state.link = None;
            state.why_away = why;
            drop(state);
            self.shared.moved.notify_all();
        }
    }

    /// Why the far side says no more, as far as it said so.
    fn read_frames(
        &self,
        input: impl Read,
        clock: &Sender<FarClock>,
        due: &theirs::Due,
    ) -> Option<String> {
        let mut frames = Frames::new(BufReader::new(input), FRAME_BYTES_MAX);
        let mut why = None;
        loop {
            // Who is there is known before anything is asked whose answer may be long.
            let has_come = frames.wait();
            if self.link.is_theirs() {
                frames.widen(THEIRS_BYTES_MAX);
            }
            let Ok(Some(line)) = has_come.and_then(|()| frames.read()) else {
                return why;
            };
            match line {
                Line::Frame(frame) => match Message::parse(&frame) {
                    Ok(message) => why = self.take(message, due).or(why),
                    Err(failure) => self.broken(&failure.message, &frame[..frame.len().min(120)]),
                },
                Line::Banner(text) => match clock_in(&text) {
                    Some(told) => drop(clock.send(told)),
                    None => self.hear(&text),
                },
                Line::Broken { why, head } => self.broken(&why, &head),
            }
        }
    }

    /// The end of the connection that a message announces.
    fn take(&self, message: Message, due: &theirs::Due) -> Option<String> {
        match message {
            Message::Answer { id, outcome } => {
                if let Some(id) = id.as_i64() {
                    self.link.take_answer(id, outcome);
                }
            }
            Message::Notification { method, params } => match method.as_str() {
                "cupola.part" => self.link.take_part(&params),
                "cupola.told" => ours::take_told(&self.shared, &params),
                "notification.state_event" if self.link.is_theirs() => {
                    theirs::take_event(&self.shared, &params, due);
                }
                "notification.shutdown" => return shutdown(&params),
                _ => {}
            },
            // Nobody asks this side.
            Message::Request { .. } => {}
        }
        None
    }

    /// A frame that cannot be read: the call that it answered fails, or who knows what was told.
    fn broken(&self, why: &str, head: &[u8]) {
        if let Some(id) = rpc::number_in(head) {
            let failure = rpc::Failure::new(rpc::INTERNAL_ERROR, why);
            self.link.take_answer(id, Err(failure));
        } else {
            self.hear(&format!("a message from there cannot be read: {why}"));
            self.shared.mirror().forget();
            self.shared.listeners.tell(Change::All);
        }
    }
}

/// Why a server stops, unless its input simply ended.
fn shutdown(params: &serde_json::value::RawValue) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(params.get()).ok()?;
    Some(plain(body["message"].as_str()?))
}
