//! The interface without a terminal: keys go in, screens come out.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use cupola_domain::time::Timestamp;
use cupola_workspace::source::{Action, Source as _};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind},
};

use super::place::StillPlace;
use crate::{
    Colours, driver,
    event::{Answer, Effect, Event},
    model::{Model, arrange},
    theme::Theme,
    update::{start, update},
    view,
};

/// The interface over a place, with what it asked for besides reading.
pub(super) struct Stage {
    pub(super) model: Model,
    pub(super) place: Arc<StillPlace>,
    pub(super) copied: Vec<String>,
    pub(super) saved: Vec<(String, Vec<u8>)>,
    pub(super) killed_of: Vec<String>,
    pub(super) has_quit: bool,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::over(StillPlace::default())
    }

    pub(super) fn over(place: StillPlace) -> Self {
        let model = Model::new(place.place(), place.now(), (80, 24), |_| 0);
        let mut stage = Self {
            model,
            place: Arc::new(place),
            copied: Vec::new(),
            saved: Vec::new(),
            killed_of: Vec::new(),
            has_quit: false,
        };
        stage.carry_out(start());
        stage
    }

    /// A log with so many bytes, in lines that say which they are.
    pub(super) fn with_log(lines: usize) -> Self {
        let place = StillPlace::default();
        let mut text = String::new();
        for at in 0..lines {
            writeln!(text, "line {at} of the log").unwrap();
        }
        *place.log.lock().unwrap() = text.into_bytes();
        Self::over(place)
    }

    /// Something happens, and all that follows from it.
    pub(super) fn tell(&mut self, event: Event) {
        let effects = update(&mut self.model, event);
        self.carry_out(effects);
    }

    /// Keys with blanks between: `Enter`, `^k` for Ctrl, `'text` for each of its letters, `Space`.
    pub(super) fn press(&mut self, keys: &str) {
        for word in keys.split_whitespace() {
            match word.strip_prefix('\'') {
                Some(text) if !text.is_empty() => {
                    for c in text.chars() {
                        self.key(KeyCode::Char(c), KeyModifiers::NONE);
                    }
                }
                _ => self.named(word),
            }
        }
    }

    pub(super) fn tick(&mut self, after: Duration) {
        let now = Timestamp::from_millis(self.model.now.millis()).plus(after);
        self.tell(Event::Tick(now));
    }

    pub(super) fn click(&mut self, column: u16, row: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let modifiers = KeyModifiers::NONE;
        self.tell(Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers,
        }));
    }

    pub(super) fn screen(&mut self) -> String {
        let (width, height) = self.model.size;
        let backend = TestBackend::new(width, height);
        let mut terminal = Terminal::new(backend).unwrap();
        let theme = Theme::new(Colours::True);
        terminal
            .draw(|frame| view::view(&self.model, theme, frame))
            .unwrap();
        self.model.is_dirty = false;
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..height {
            let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    pub(super) fn resize(&mut self, width: u16, height: u16) {
        self.tell(Event::Resized(width, height));
    }

    pub(super) fn acts(&self) -> Vec<Action> {
        self.place.acts.lock().unwrap().clone()
    }

    #[track_caller]
    pub(super) fn sees(&mut self, text: &str) {
        let screen = self.screen();
        assert!(screen.contains(text), "`{text}` is not in\n{screen}");
    }

    #[track_caller]
    pub(super) fn misses(&mut self, text: &str) {
        let screen = self.screen();
        assert!(!screen.contains(text), "`{text}` is in\n{screen}");
    }

    fn named(&mut self, word: &str) {
        let none = KeyModifiers::NONE;
        let code = match word {
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Tab" => KeyCode::Tab,
            "BackTab" => KeyCode::BackTab,
            "Up" => KeyCode::Up,
            "Down" => KeyCode::Down,
            "Left" => KeyCode::Left,
            "Right" => KeyCode::Right,
            "PageUp" => KeyCode::PageUp,
            "PageDown" => KeyCode::PageDown,
            "Home" => KeyCode::Home,
            "End" => KeyCode::End,
            "Backspace" => KeyCode::Backspace,
            "Delete" => KeyCode::Delete,
            "Space" => KeyCode::Char(' '),
            word => {
                let mut chars = word.chars();
                return match (chars.next(), chars.next()) {
                    (Some('^'), Some(c)) => self.key(KeyCode::Char(c), KeyModifiers::CONTROL),
                    (Some(c), None) => self.key(KeyCode::Char(c), none),
                    _ => panic!("`{word}` is no key"),
                };
            }
        };
        self.key(code, none);
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.tell(Event::Key(KeyEvent::new(code, modifiers)));
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Load(ask) => {
                    let answer = driver::read(&*self.place, &ask);
                    self.tell(Event::Answered(answer));
                }
                Effect::Arrange(run, jobs, how) => {
                    let arranged = arrange(jobs, how, self.place.now());
                    self.tell(Event::Answered(Answer::Arranged(run, arranged)));
                }
                Effect::Act(actions) => {
                    for action in actions {
                        let said = self.place.act(&action).unwrap();
                        self.tell(Event::Said(said));
                    }
                }
                Effect::KillRunning(run) => self.killed_of.push(run.experiment),
                Effect::Copy(text) => self.copied.push(text),
                Effect::Save(name, bytes) => self.saved.push((name.display().to_string(), bytes)),
                Effect::Refresh => self.place.refresh(),
                Effect::Quit => self.has_quit = true,
            }
        }
    }
}
