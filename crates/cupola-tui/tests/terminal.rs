//! A terminal is given back whatever happens: a place that breaks, in a tmux of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use cupola_domain::time::Timestamp;
use cupola_tui::{Colours, Options, clipboard::Clipboard};
use cupola_workspace::{
    model::{Experiment, Job, JobDetails, JobKey, RunKey},
    source::{Action, Change, LogAsked, LogPart, Place, Source, SourceError},
};

/// Which test is played within the terminal.
const PLAYED: &str = "CUPOLA_TUI_PLAYED";

const PATIENCE: Duration = Duration::from_secs(20);

/// A place of which nothing is known and that breaks after a while.
struct Brittle {
    looks: AtomicU32,
    /// Whether it breaks where it is drawn, or where it is read first.
    breaks_in_front: bool,
    has_been_read: AtomicBool,
}

fn unknown<T>() -> Result<T, SourceError> {
    Err(SourceError::Unknown("there is nothing".to_owned()))
}

impl Source for Brittle {
    fn place(&self) -> Place {
        Place {
            title: "a brittle place".to_owned(),
            is_remote: false,
            is_hub: false,
            can_act: false,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        channel().1
    }

    fn now(&self) -> Timestamp {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        assert!(!self.breaks_in_front || looks < 3, "it broke in front");
        Timestamp::from_millis(i64::from(looks) * 1_000)
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        let has_been_read = self.has_been_read.swap(true, Ordering::SeqCst);
        assert!(self.breaks_in_front || has_been_read, "it broke behind");
        Ok(Vec::new())
    }

    fn jobs(&self, _of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        unknown()
    }

    fn job(&self, _key: &JobKey) -> Result<JobDetails, SourceError> {
        unknown()
    }

    fn log(&self, _asked: &LogAsked) -> Result<LogPart, SourceError> {
        unknown()
    }

    fn act(&self, _action: &Action) -> Result<String, SourceError> {
        unknown()
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        Ok(path.to_owned())
    }

    fn refresh(&self) {}
}

/// What runs within the terminal; elsewhere it does nothing.
#[test]
fn played() {
    let Ok(part) = std::env::var(PLAYED) else {
        return;
    };
    let source = Brittle {
        looks: AtomicU32::new(0),
        breaks_in_front: part == "front",
        has_been_read: AtomicBool::new(part != "behind"),
    };
    let options = Options {
        colours: Colours::Sixteen,
        offset_secs: |_| 0,
        clipboard: Clipboard::default(),
        running: None,
    };
    cupola_tui::run(Arc::new(source), options).unwrap();
    if part == "after" {
        println!("it goes on as {}.", std::process::id());
        thread::sleep(PATIENCE);
    }
}

struct Tmux(PathBuf);

impl Tmux {
    /// None where there is no tmux.
    fn playing(part: &str) -> Option<Self> {
        let folder = std::env::temp_dir();
        let tmux = Self(folder.join(format!("cupola-tui-{}-{part}", std::process::id())));
        let program = std::env::current_exe().unwrap();
        let told = format!(
            "RUST_BACKTRACE=0 {PLAYED}={part} {} --exact played --nocapture; echo ended with $?; exec sleep 60",
            program.display()
        );
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "90",
            "-y",
            "24",
            "sh",
            "-c",
            &told,
        ])?;
        Some(tmux)
    }

    #[expect(clippy::disallowed_methods, reason = "a terminal for the test")]
    fn run(&self, arguments: &[&str]) -> Option<Output> {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.0)
            .args(arguments)
            .output()
            .ok()?;
        Some(output)
    }

    #[track_caller]
    fn sees(&self, text: &str) -> String {
        let began = Instant::now();
        loop {
            let output = self.run(&["capture-pane", "-p"]).unwrap();
            let screen = String::from_utf8_lossy(&output.stdout).into_owned();
            if screen.contains(text) {
                return screen;
            }
            assert!(began.elapsed() < PATIENCE, "`{text}` is not in\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn a_panic_where_it_is_drawn_is_reported_on_the_screen_of_before() {
    let Some(tmux) = Tmux::playing("front") else {
        return;
    };
    tmux.sees("ended with 101");
    tmux.sees("it broke in front");
    let modes = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}";
    let output = tmux.run(&["display-message", "-p", modes]).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0 0 1");
}

#[test]
fn a_panic_where_it_is_read_is_said_and_nothing_is_torn() {
    let Some(tmux) = Tmux::playing("behind") else {
        return;
    };
    tmux.sees("something went wrong inside");
    tmux.sees("a brittle place");
    tmux.run(&["send-keys", "r"]).unwrap();
    tmux.sees("There are no experiments yet.");
    tmux.run(&["send-keys", "q"]).unwrap();
    tmux.sees("ended with 0");
}

#[test]
fn a_terminal_that_is_hung_up_afterwards_ends_the_program() {
    let Some(tmux) = Tmux::playing("after") else {
        return;
    };
    tmux.sees("a brittle place");
    tmux.run(&["send-keys", "q"]).unwrap();
    let screen = tmux.sees("it goes on as ");
    let told = screen.split("it goes on as ").nth(1).unwrap();
    let pid = told.split('.').next().unwrap();
    tmux.run(&["run-shell", &format!("kill -HUP {pid}")])
        .unwrap();
    tmux.sees("ended with 129");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["INT", "QUIT", "TERM", "HUP"] {
        let Some(tmux) = Tmux::playing(&format!("signal-{signal}")) else {
            return;
        };
        tmux.sees("a brittle place");
        let output = tmux.run(&["display-message", "-p", "#{pane_pid}"]).unwrap();
        let shell = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let told = format!("pkill -{signal} -P {shell}");
        tmux.run(&["run-shell", &told]).unwrap();
        tmux.sees("ended with 0");
        let modes = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}";
        let output = tmux.run(&["display-message", "-p", modes]).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0 0 1");
    }
}
