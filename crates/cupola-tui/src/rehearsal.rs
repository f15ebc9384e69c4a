//! The interface without a terminal, for measuring: keys go in, and how long frames take comes out.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use cupola_workspace::source::Source;
pub use ratatui::crossterm::event::KeyCode;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyEvent, KeyModifiers},
};

use crate::{
    Colours, driver,
    event::{Answer, Effect, Event},
    model::{Model, arrange},
    theme::Theme,
    update, view,
};

/// The interface over a place, with a screen that nobody sees.
pub struct Rehearsal {
    model: Model,
    source: Arc<dyn Source>,
    screen: Terminal<TestBackend>,
}

impl Rehearsal {
    /// Reads what is read first; gives the time until all of it was drawn besides.
    pub fn new(source: Arc<dyn Source>, width: u16, height: u16) -> (Self, Duration) {
        let began = Instant::now();
        let model = Model::new(source.place(), source.now(), (width, height), |_| 0);
        let Ok(screen) = Terminal::new(TestBackend::new(width, height));
        let mut rehearsal = Self {
            model,
            source,
            screen,
        };
        rehearsal.follow(update::start());
        (rehearsal, began.elapsed())
    }

    /// Presses a key and takes what comes of it: how long each frame took the thread that draws.
    /// What is read and arranged beside that is not counted.
    pub fn press(&mut self, code: KeyCode) -> Vec<Duration> {
        let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
        let (effects, first) = self.frame(event);
        let mut frames = vec![first];
        frames.extend(self.follow(effects));
        frames
    }

    fn follow(&mut self, effects: Vec<Effect>) -> Vec<Duration> {
        let mut todo = VecDeque::from(effects);
        let mut frames = Vec::new();
        while let Some(effect) = todo.pop_front() {
            let answer = match effect {
                Effect::Load(ask) => driver::read(&*self.source, &ask),
                Effect::Arrange(run, jobs, how) => {
                    let arranged = arrange(jobs, how, self.source.now());
                    Answer::Arranged(run, arranged)
                }
                _ => continue,
            };
            let (effects, frame) = self.frame(Event::Answered(answer));
            todo.extend(effects);
            frames.push(frame);
        }
        frames
    }

    fn frame(&mut self, event: Event) -> (Vec<Effect>, Duration) {
        let began = Instant::now();
        let effects = update::update(&mut self.model, event);
        if std::mem::take(&mut self.model.is_dirty) {
            let (model, theme) = (&self.model, Theme::new(Colours::True));
            let Ok(_) = self.screen.draw(|frame| view::view(model, theme, frame));
        }
        (effects, began.elapsed())
    }
}
