//! The terminal, taken and given back: at the end, after a panic, on a signal.

use std::{
    io::{self, Stdout, Write as _, stdout},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

use ratatui::{
    Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor,
        event::{
            DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
            KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
        },
        execute, terminal,
    },
};

/// Whether it is taken now.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is taken. It is given back when this goes, however that happens.
pub(crate) struct Taken {
    pub(crate) screen: Terminal<CrosstermBackend<Stdout>>,
}

impl Taken {
    pub(crate) fn take() -> io::Result<Self> {
        hook();
        terminal::enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        let screen = Terminal::new(CrosstermBackend::new(stdout()));
        let taken = Self {
            screen: screen.inspect_err(|_| give_back())?,
        };
        execute!(
            stdout(),
            terminal::EnterAlternateScreen,
            EnableMouseCapture,
            EnableBracketedPaste,
            // Tells Ctrl+Shift+D from Ctrl+D where a terminal can; others pass it over.
            PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES),
            cursor::Hide,
        )?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as it was. Nothing can be done about what fails: it may be gone.
pub(crate) fn give_back() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(out, PopKeyboardEnhancementFlags);
    let _ = execute!(
        out,
        DisableBracketedPaste,
        DisableMouseCapture,
        terminal::LeaveAlternateScreen,
        cursor::Show
    );
    let _ = terminal::disable_raw_mode();
    let _ = out.flush();
}

/// Gives the terminal back before a panic is reported. Threads that only read are answered for
/// by whoever waits for them: their reports would tear the picture.
fn hook() {
    static ONCE: Once = Once::new();
    let drawing: ThreadId = thread::current().id();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_drawing = thread::current().id() == drawing;
            if is_drawing {
                give_back();
            }
            if is_drawing || !IS_TAKEN.load(Ordering::SeqCst) {
                before(info);
            }
        }));
    });
}
