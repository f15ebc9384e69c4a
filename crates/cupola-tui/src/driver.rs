//! The threads: one draws and decides, others wait for keys, for changes and for what is read.

use std::{
    collections::VecDeque,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc, LazyLock, Mutex, Once,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use cupola_domain::time;
use cupola_workspace::{
    model::JobState,
    source::{Action, Source, SourceError},
};
use ratatui::crossterm::event as crossterm;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    flag,
    iterator::Signals,
};

use crate::{
    Options, clipboard,
    desk::Desk,
    event::{Answer, Ask, Effect, Event},
    model::{Model, arrange},
    save,
    terminal::Taken,
    theme::Theme,
    update, view,
};

/// So many things are read at once.
const READERS: usize = 4;

/// At most so often it is drawn.
const FRAME: Duration = Duration::from_millis(16);

/// So often somebody looks at the clock.
const TICK: Duration = Duration::from_millis(500);

/// How wide a curve is read: two dots for each column of a wide screen.
const CURVE_WIDTH: usize = 480;

/// What ends it with the terminal given back.
const SIGNALS: [i32; 4] = [SIGHUP, SIGQUIT, SIGTERM, SIGINT];

/// Whether nothing is shown: then signals do again what they did before.
static IS_AWAY: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// What comes to the thread that draws.
enum Message {
    Event(Event),
    /// An answer, and what was asked.
    Done(Ask, Answer),
    Signal(i32),
    /// The clipboard of this machine did not take this: the terminal's may.
    Copy(String),
    /// Keys can no longer be read.
    Closed(io::Error),
}

/// What the readers do.
enum Work {
    Read(Ask),
    Arrange(Effect),
    Act(Vec<Action>),
    KillRunning(cupola_workspace::model::RunKey),
    Copy(clipboard::Clipboard, String),
    Save(PathBuf, Vec<u8>),
    Refresh,
}

pub(crate) fn run(source: Arc<dyn Source>, options: Options) -> io::Result<Option<i32>> {
    let (sender, receiver) = mpsc::channel();
    IS_AWAY.store(false, Ordering::SeqCst);
    restore_later(options.running.is_some())?;
    let signals = listen(sender.clone())?;
    let mut taken = Taken::take()?;
    let size = taken.screen.size()?;
    let now = source.now();
    let size = (size.width, size.height);
    let mut model = Model::new(source.place(), now, size, options.offset_secs);
    model.running.clone_from(&options.running);
    let work = readers(&source, &sender);
    watch(&source, sender.clone());
    let is_over = Arc::new(AtomicBool::new(false));
    keys(sender, Arc::clone(&is_over));
    let mut shown = Shown {
        theme: Theme::new(options.colours),
        clipboard: options.clipboard,
        source,
        desk: Desk::default(),
        began: Instant::now(),
        work,
        local: VecDeque::new(),
    };
    let ended = shown.go(&mut model, &mut taken, &receiver);
    is_over.store(true, Ordering::SeqCst);
    signals.close();
    drop(taken);
    IS_AWAY.store(true, Ordering::SeqCst);
    ended
}

/// What the thread that draws holds.
struct Shown {
    theme: Theme,
    clipboard: clipboard::Clipboard,
    source: Arc<dyn Source>,
    desk: Desk,
    began: Instant,
    work: Sender<Work>,
    /// What it tells itself.
    local: VecDeque<Event>,
}

/// How it ends.
enum End {
    Asked,
    Signal(i32),
}

impl Shown {
    fn go(
        &mut self,
        model: &mut Model,
        taken: &mut Taken,
        receiver: &Receiver<Message>,
    ) -> io::Result<Option<i32>> {
        let mut ended = self.carry_out(update::start(), taken)?;
        let mut drawn = Instant::now()
            .checked_sub(FRAME)
            .unwrap_or_else(Instant::now);
        let mut ticked = Instant::now();
        while ended.is_none() {
            if model.is_dirty && drawn.elapsed() >= FRAME {
                self.draw(model, taken)?;
                drawn = Instant::now();
            }
            let message = receiver.recv_timeout(self.patience(model, drawn, ticked));
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.local.push_back(Event::Tick(self.source.now()));
            }
            ended = match message {
                Ok(message) => self.take(model, taken, message)?,
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(End::Asked),
            };
            while let (None, Some(event)) = (&ended, self.local.pop_front()) {
                let effects = update::update(model, event);
                ended = self.carry_out(effects, taken)?;
            }
            for ask in self.desk.due(self.now()) {
                self.send(Work::Read(ask));
            }
        }
        Ok(match ended {
            Some(End::Signal(signal)) => Some(signal),
            _ => None,
        })
    }

    /// A screen that is not as large as it was is noticed here, maybe before anybody says so.
    fn draw(&mut self, model: &mut Model, taken: &mut Taken) -> io::Result<()> {
        model.is_dirty = false;
        let drawn = taken
            .screen
            .draw(|frame| view::view(model, self.theme, frame))?;
        let size = (drawn.area.width, drawn.area.height);
        if size != model.size {
            self.local.push_back(Event::Resized(size.0, size.1));
        }
        Ok(())
    }

    /// How long nothing has to be done by itself.
    fn patience(&self, model: &Model, drawn: Instant, ticked: Instant) -> Duration {
        if !self.local.is_empty() {
            return Duration::ZERO;
        }
        let tick = TICK.saturating_sub(ticked.elapsed());
        let frame = if model.is_dirty {
            FRAME.saturating_sub(drawn.elapsed())
        } else {
            tick
        };
        let due = self
            .desk
            .next_due()
            .map_or(tick, |due| due.since(self.now()));
        tick.min(frame).min(due)
    }

    fn take(
        &mut self,
        model: &mut Model,
        taken: &mut Taken,
        message: Message,
    ) -> io::Result<Option<End>> {
        let event = match message {
            Message::Event(event) => event,
            Message::Done(ask, answer) => {
                self.desk.done(&ask, self.now());
                Event::Answered(answer)
            }
            Message::Copy(text) => {
                self.tell_terminal(&text, taken)?;
                return Ok(None);
            }
            Message::Signal(signal) => return Ok(Some(End::Signal(signal))),
            Message::Closed(error) => return Err(error),
        };
        let effects = update::update(model, event);
        self.carry_out(effects, taken)
    }

    fn carry_out(&mut self, effects: Vec<Effect>, taken: &mut Taken) -> io::Result<Option<End>> {
        for effect in effects {
            let work = match effect {
                Effect::Quit => return Ok(Some(End::Asked)),
                Effect::Load(ask) => match self.desk.ask(ask, self.now()) {
                    Some(ask) => Work::Read(ask),
                    None => continue,
                },
                effect @ Effect::Arrange(..) => Work::Arrange(effect),
                Effect::Act(actions) => Work::Act(actions),
                Effect::KillRunning(run) => Work::KillRunning(run),
                Effect::Refresh => Work::Refresh,
                Effect::Save(name, bytes) => Work::Save(name, bytes),
                Effect::Copy(text) => {
                    if self.clipboard.program.is_none() {
                        self.tell_terminal(&text, taken)?;
                        continue;
                    }
                    Work::Copy(self.clipboard, text)
                }
            };
            self.send(work);
        }
        Ok(None)
    }

    fn tell_terminal(&mut self, text: &str, taken: &mut Taken) -> io::Result<()> {
        let Some(told) = clipboard::osc52(text, self.clipboard.is_in_tmux) else {
            let words = "that is too long for the terminal's clipboard".to_owned();
            self.local.push_back(Event::Failed(words));
            return Ok(());
        };
        let out = taken.screen.backend_mut();
        out.write_all(&told)?;
        out.flush()
    }

    fn send(&self, work: Work) {
        // The readers live as long as this does.
        let _ = self.work.send(work);
    }

    fn now(&self) -> time::Instant {
        time::Instant::from_origin(self.began.elapsed())
    }
}

/// Signals end it like a key would, with the terminal given back.
fn listen(sender: Sender<Message>) -> io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new(SIGNALS)?;
    let handle = signals.handle();
    thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(Message::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(handle)
}

/// A signal that was once listened to is ignored after that, unless somebody sees to it. What runs
/// beside listens to the last two itself; nobody else to a terminal that was hung up.
fn restore_later(runs_beside: bool) -> io::Result<()> {
    static RESTORED: [Once; SIGNALS.len()] = [const { Once::new() }; SIGNALS.len()];
    let count = SIGNALS.len() - if runs_beside { 2 } else { 0 };
    for (signal, once) in SIGNALS.iter().zip(&RESTORED).take(count) {
        let mut outcome = Ok(());
        once.call_once(|| {
            let restored = flag::register_conditional_default(*signal, Arc::clone(&IS_AWAY));
            outcome = restored.map(drop);
        });
        outcome?;
    }
    Ok(())
}

/// Keys are read until it is over: whoever comes next at this terminal types to somebody else.
fn keys(sender: Sender<Message>, is_over: Arc<AtomicBool>) {
    thread::spawn(move || {
        while !is_over.load(Ordering::SeqCst) {
            if matches!(crossterm::poll(TICK), Ok(false)) {
                continue;
            }
            let event = match crossterm::read() {
                Ok(crossterm::Event::Key(event)) => Event::Key(event),
                Ok(crossterm::Event::Mouse(event)) => Event::Mouse(event),
                Ok(crossterm::Event::Paste(text)) => Event::Paste(text),
                Ok(crossterm::Event::Resize(width, height)) => Event::Resized(width, height),
                Ok(crossterm::Event::FocusGained | crossterm::Event::FocusLost) => continue,
                Err(error) => {
                    let _ = sender.send(Message::Closed(error));
                    return;
                }
            };
            if sender.send(Message::Event(event)).is_err() {
                return;
            }
        }
    });
}

/// Hands on that the place is not as it was.
fn watch(source: &Arc<dyn Source>, sender: Sender<Message>) {
    let changes = source.changes();
    thread::spawn(move || {
        for change in changes {
            if sender.send(Message::Event(Event::Changed(change))).is_err() {
                return;
            }
        }
    });
}

fn readers(source: &Arc<dyn Source>, sender: &Sender<Message>) -> Sender<Work> {
    let (work, todo) = mpsc::channel::<Work>();
    let todo = Arc::new(Mutex::new(todo));
    for _ in 0..READERS {
        let (source, sender, todo) = (Arc::clone(source), sender.clone(), Arc::clone(&todo));
        thread::spawn(move || {
            loop {
                let next = match todo.lock() {
                    Ok(todo) => todo.recv(),
                    Err(_) => return,
                };
                let Ok(work) = next else { return };
                let asked = match &work {
                    Work::Read(ask) => Some(ask.clone()),
                    _ => None,
                };
                let done = catch_unwind(AssertUnwindSafe(|| carry_out(&*source, work)));
                let message = match done {
                    Ok(Some(message)) => message,
                    Ok(None) => continue,
                    Err(_) => broken(asked),
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
    }
    work
}

/// What comes of work that ended in a panic. Whatever was asked for is answered, so that it can be
/// asked for again.
fn broken(asked: Option<Ask>) -> Message {
    let words = "something went wrong inside; what is shown may be old".to_owned();
    match asked {
        Some(ask) => Message::Done(ask.clone(), ask.failed(SourceError::Away(words))),
        None => Message::Event(Event::Failed(words)),
    }
}

fn carry_out(source: &dyn Source, work: Work) -> Option<Message> {
    let event = match work {
        Work::Read(ask) => {
            let answer = read(source, &ask);
            return Some(Message::Done(ask, answer));
        }
        Work::Arrange(Effect::Arrange(run, jobs, how)) => {
            let arranged = arrange(jobs, how, source.now());
            Event::Answered(Answer::Arranged(run, arranged))
        }
        Work::Arrange(_) => return None,
        Work::Act(actions) => act(source, &actions),
        Work::KillRunning(run) => match source.jobs(Some(&run)) {
            Ok(jobs) => {
                let running = jobs.iter().filter(|job| job.state == JobState::Running);
                let kills: Vec<_> = running.map(|job| Action::Kill(job.key.clone())).collect();
                act(source, &kills)
            }
            Err(error) => Event::Failed(error.to_string()),
        },
        Work::Refresh => {
            source.refresh();
            return None;
        }
        Work::Copy(clipboard, text) => match clipboard::by_program(clipboard, &text) {
            Ok(()) => return None,
            Err(_) => return Some(Message::Copy(text)),
        },
        Work::Save(name, bytes) => match save::save(&name, &bytes) {
            Ok(path) => Event::Said(format!("saved as {}", path.display())),
            Err(error) => Event::Failed(format!("{}: {error}", name.display())),
        },
    };
    Some(Message::Event(event))
}

/// Asks the place; takes as long as that takes.
pub(crate) fn read(source: &dyn Source, ask: &Ask) -> Answer {
    match ask.clone() {
        Ask::Experiments => Answer::Experiments(source.experiments()),
        Ask::Jobs(run, how) => {
            let jobs = source.jobs(Some(&run));
            let arranged = jobs.map(|jobs| arrange(Arc::new(jobs), how, source.now()));
            Answer::Jobs(run, arranged)
        }
        Ask::Details(key) => {
            let found = source.job(&key).map(Box::new);
            Answer::Details(key, found)
        }
        Ask::Services(run) => {
            let found = source.services(run.as_ref());
            Answer::Services(run, found)
        }
        Ask::Actions(run) => {
            let found = source.actions(&run);
            Answer::Actions(run, found)
        }
        Ask::Orphans => Answer::Orphans(source.orphans(true)),
        Ask::Warnings => Answer::Warnings(source.warnings()),
        Ask::Log(asked) => {
            let found = source.log(&asked);
            Answer::Log(asked, found)
        }
        Ask::Series(key) => {
            let found = source.series(&key, CURVE_WIDTH);
            Answer::Series(key, found)
        }
        Ask::Sheets => Answer::Sheets(source.sheets()),
    }
}

/// Does one after the other; says what was done, or what went wrong first.
fn act(source: &dyn Source, actions: &[Action]) -> Event {
    let done: Vec<Result<String, SourceError>> = actions.iter().map(|a| source.act(a)).collect();
    let failed = done.iter().filter(|done| done.is_err()).count();
    match done.as_slice() {
        [] => Event::Said("there are none".to_owned()),
        [Ok(words)] => Event::Said(words.clone()),
        [Err(error)] => Event::Failed(error.to_string()),
        all if failed == 0 => Event::Said(format!("done: {} jobs", all.len())),
        all => {
            let first = all.iter().find_map(|done| done.as_ref().err());
            let why = first.map_or_else(String::new, ToString::to_string);
            Event::Failed(format!("{failed} of {} failed: {why}", all.len()))
        }
    }
}
