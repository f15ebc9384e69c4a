//! The worker on this machine in a terminal: one sheet, looked at again each second.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use ratatui::{
    crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
    text::{Line, Span},
    widgets::Paragraph,
};
use signal_hook::{
    consts::{SIGHUP, SIGTERM},
    flag,
};

use crate::{
    terminal::Taken,
    theme::{Colours, Theme, Tone},
};

/// So often it is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// So often keys are read at least.
const TICK: Duration = Duration::from_millis(200);

/// A bar of progress has so many columns.
const BAR: usize = 30;

/// So many of the tasks that it had are shown.
const PAST: usize = 6;

/// What is shown of a worker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// `connected`, `working`, `paused`, `disconnected`.
    pub state: String,
    /// Why, and until when.
    pub why: String,
    /// Named values.
    pub facts: Vec<(&'static str, String)>,
    /// What it has: what it is, which part is done, and words to that.
    pub tasks: Vec<(String, Option<f64>, String)>,
    /// What it had, the latest first: how it ended, and the rest.
    pub past: Vec<(String, String)>,
    /// What it did, the latest last: when, how grave, what.
    pub log: Vec<(String, String, String)>,
}

/// What somebody wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Take no more work; what runs goes on.
    Pause,
    /// Take no more work, and stop what runs.
    Stop,
    /// Take work again.
    Resume,
    /// Ask the hub for a sign of life.
    Test,
}

/// Who answers for the worker; calls may take a moment.
pub trait Worker {
    /// What it is now.
    fn look(&mut self) -> Result<Sheet, String>;

    /// Tells it something; the answer in words.
    fn tell(&mut self, wish: Wish) -> Result<String, String>;
}

/// Shows a worker until whoever looks quits.
pub fn watch(worker: &mut dyn Worker, colours: Colours) -> io::Result<()> {
    let is_over = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP] {
        flag::register(signal, Arc::clone(&is_over))?;
    }
    let theme = Theme::new(colours);
    let (mut sheet, mut note) = (Sheet::default(), String::new());
    let mut due = Instant::now();
    let mut taken = Taken::take()?;
    let keys = keys();
    while !is_over.load(Ordering::SeqCst) {
        if Instant::now() >= due {
            match worker.look() {
                Ok(seen) => sheet = seen,
                // What it did last is of no time that anybody knows.
                Err(why) => {
                    "not there".clone_into(&mut sheet.state);
                    sheet.why = why;
                    sheet.tasks.clear();
                }
            }
            due = Instant::now() + PERIOD;
        }
        taken.screen.draw(|frame| {
            let lines = lines(&sheet, &note, frame.area().height.into(), theme);
            frame.render_widget(Paragraph::new(lines), frame.area());
        })?;
        let pressed = match keys.recv_timeout(TICK) {
            Ok(event) => wish_of(&event?),
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let wish = match pressed {
            Pressed::Quit => return Ok(()),
            Pressed::Nothing => continue,
            Pressed::Wish(wish) => wish,
        };
        note = worker.tell(wish).unwrap_or_else(|error| error);
        due = Instant::now();
    }
    Ok(())
}

/// Keys, as they are pressed. Read by a thread of their own: of a terminal that is gone nothing is read, and
/// whoever waits for it would not hear that the program is to end.
fn keys() -> Receiver<io::Result<Event>> {
    let (sender, keys) = mpsc::channel();
    thread::spawn(move || {
        loop {
            let event = event::read();
            let is_broken = event.is_err();
            if sender.send(event).is_err() || is_broken {
                return;
            }
        }
    });
    keys
}

enum Pressed {
    Quit,
    Nothing,
    Wish(Wish),
}

fn wish_of(event: &Event) -> Pressed {
    let Event::Key(key) = event else {
        return Pressed::Nothing;
    };
    if key.kind == KeyEventKind::Release {
        return Pressed::Nothing;
    }
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Pressed::Quit,
        KeyCode::Char('q') | KeyCode::Esc => Pressed::Quit,
        KeyCode::Char('p') => Pressed::Wish(Wish::Pause),
        KeyCode::Char('s') => Pressed::Wish(Wish::Stop),
        KeyCode::Char('r') => Pressed::Wish(Wish::Resume),
        KeyCode::Char('t') => Pressed::Wish(Wish::Test),
        _ => Pressed::Nothing,
    }
}

/// As many lines as there is room for: the log has what is left.
fn lines(sheet: &Sheet, note: &str, height: usize, theme: Theme) -> Vec<Line<'static>> {
    let said = |text: &str, tone: Tone| Span::styled(clean(text), theme.of(tone));
    let heading = |text: &str| Line::from(vec![Span::raw(""), said(text, Tone::Strong)]);
    let mut lines = vec![Line::from(vec![
        said(&sheet.name, Tone::Strong),
        Span::raw("  "),
        said(&sheet.state.to_uppercase(), tone_of(&sheet.state)),
        Span::raw("  "),
        said(&sheet.why, Tone::Dim),
    ])];
    let width = sheet.facts.iter().map(|(name, _)| name.len()).max();
    let width = width.unwrap_or(0);
    for (name, value) in &sheet.facts {
        let name = said(&format!("{name:width$}  "), Tone::Dim);
        lines.push(Line::from(vec![name, said(value, Tone::Plain)]));
    }
    lines.extend([Line::default(), heading("Current task")]);
    for (title, part, words) in &sheet.tasks {
        lines.push(Line::from(said(title, Tone::Plain)));
        let bar = part.map_or_else(String::new, bar);
        let bar = said(&bar, Tone::Busy);
        lines.push(Line::from(vec![bar, said(words, Tone::Dim)]));
    }
    lines.extend([Line::default(), heading("Completed tasks")]);
    for (status, rest) in sheet.past.iter().take(PAST) {
        let status = said(&format!("{status:10}"), tone_of(status));
        lines.push(Line::from(vec![status, said(rest, Tone::Plain)]));
    }
    lines.extend([Line::default(), heading("Activity")]);
    let room = height.saturating_sub(lines.len() + 1);
    let from = sheet.log.len().saturating_sub(room);
    for (at, level, text) in &sheet.log[from..] {
        let tone = match level.as_str() {
            "warn" => Tone::Warn,
            "error" => Tone::Bad,
            _ => Tone::Plain,
        };
        lines.push(Line::from(vec![
            said(&format!("{at}  "), Tone::Dim),
            said(text, tone),
        ]));
    }
    lines.resize(height.saturating_sub(1), Line::default());
    let keys = "p pause  s pause and stop  r resume  t test the hub  q quit  ";
    lines.push(Line::from(vec![
        said(keys, Tone::Dim),
        said(note, Tone::Accent),
    ]));
    lines
}

fn tone_of(state: &str) -> Tone {
    match state {
        "connected" | "completed" => Tone::Good,
        "working" => Tone::Busy,
        "disconnected" | "failed" | "not there" => Tone::Bad,
        "paused" => Tone::Warn,
        _ => Tone::Dim,
    }
}

fn bar(part: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "columns of a bar"
    )]
    let full = (part.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    format!("{}{} ", "█".repeat(full), "░".repeat(BAR - full))
}

/// Nothing of it commands the terminal.
fn clean(text: &str) -> String {
    let cleaned = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    cleaned.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(sheet: &Sheet, height: usize) -> String {
        let lines = lines(sheet, "resumed", height, Theme::new(Colours::None));
        assert_eq!(lines.len(), height);
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    fn sheet() -> Sheet {
        let line = |n: usize| ("12:00".to_owned(), "info".to_owned(), format!("line {n}"));
        Sheet {
            name: "Worker lab".to_owned(),
            state: "working".to_owned(),
            why: String::new(),
            facts: vec![
                ("hub", "http://hub".to_owned()),
                ("offers", "4 cores".to_owned()),
            ],
            tasks: vec![("char-lm".to_owned(), Some(0.5), "5 of 10".to_owned())],
            past: vec![("completed".to_owned(), "loss = 0.5".to_owned())],
            log: (0..100).map(line).collect(),
        }
    }

    #[test]
    fn a_sheet_has_all_of_a_worker_and_the_end_of_its_log() {
        let text = text(&sheet(), 20);
        for part in [
            "Worker lab  WORKING",
            "hub     http://hub",
            "███░░",
            "5 of 10",
            "completed loss = 0.5",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        assert!(
            text.contains("line 99") && !text.contains("line 50"),
            "{text}"
        );
        assert!(text.ends_with("q quit  resumed"), "{text}");
    }

    #[test]
    fn a_small_terminal_and_hostile_words_do_no_harm() {
        let mut sheet = sheet();
        sheet.name = "\u{1b}[2J".to_owned();
        assert!(!text(&sheet, 12).contains('\u{1b}'));
    }
}
