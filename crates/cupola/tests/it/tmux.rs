//! A terminal that a test has: tmux shows the program, keys are pressed and the screen is read.
#![expect(clippy::disallowed_methods, reason = "tmux is the test's own means")]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Something that should be seen is, within this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal of its own, with the program in it.
pub(crate) struct Tmux {
    folder: TempDir,
    socket: PathBuf,
}

impl Tmux {
    /// A shell that runs the program and then says how it ended.
    pub(crate) fn running(arguments: &str, environment: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join("tmux");
        let tmux = Self { folder, socket };
        let cupola = env!("CARGO_BIN_EXE_cupola");
        let told = format!("{environment} {cupola} {arguments}; echo ended with $?; exec sleep 60");
        let started = tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "100",
            "-y",
            "30",
            "sh",
            "-c",
            &told,
        ]);
        started?;
        Some(tmux)
    }

    /// None where there is no tmux.
    pub(crate) fn run(&self, arguments: &[&str]) -> Option<Output> {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).args(arguments);
        let output = command.output().ok()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(output)
    }

    pub(crate) fn screen(&self) -> String {
        let output = self.run(&["capture-pane", "-p"]).unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        self.waits(text, true);
    }

    /// Waits until it is not.
    #[track_caller]
    pub(crate) fn misses(&self, text: &str) {
        self.waits(text, false);
    }

    #[track_caller]
    fn waits(&self, text: &str, is_there: bool) {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) == is_there {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "`{text}` (there: {is_there}):\n{screen}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Names of keys as tmux has them: `Enter`, `C-k`, `S`.
    pub(crate) fn press(&self, keys: &str) {
        let mut arguments = vec!["send-keys"];
        arguments.extend(keys.split_whitespace());
        self.run(&arguments).unwrap();
    }

    pub(crate) fn type_text(&self, text: &str) {
        self.run(&["send-keys", "-l", text]).unwrap();
    }

    /// The process of the interface: the child of the shell.
    pub(crate) fn pid(&self) -> String {
        let output = self.run(&["display-message", "-p", "#{pane_pid}"]).unwrap();
        let shell = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let children = format!("/proc/{shell}/task/{shell}/children");
        let children = fs::read_to_string(children).unwrap();
        children.split_whitespace().next().unwrap().to_owned()
    }

    /// Whether the screen and the modes of the terminal are those of before.
    #[track_caller]
    pub(crate) fn is_restored(&self) {
        let modes = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}";
        let output = self.run(&["display-message", "-p", modes]).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0 0 1");
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let socket = self.socket.as_os_str();
        let mut command = Command::new("tmux");
        let _ = command.arg("-S").arg(socket).arg("kill-server").output();
        let _ = self.folder.path();
    }
}
