//! Onto a clipboard: that of this machine by its own programs, or that of the terminal's by OSC 52.

use std::{
    io::{self, Write as _},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A terminal may refuse more; what is longer is not sent.
const TEXT_BYTES_MAX: usize = 74_000;

/// How text gets onto a clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clipboard {
    /// The program that takes it on this machine, when whoever looks sits at it.
    pub program: Option<&'static [&'static str]>,
    /// Whether tmux stands between here and the terminal.
    pub is_in_tmux: bool,
}

impl Clipboard {
    /// Told by which of the variables `WAYLAND_DISPLAY`, `DISPLAY`, `SSH_CONNECTION` and `TMUX` are set.
    pub fn told_by(is_set: impl Fn(&str) -> bool) -> Self {
        const WAYLAND: &[&str] = &["wl-copy"];
        const X11: &[&str] = &["xclip", "-selection", "clipboard"];
        const MACOS: &[&str] = &["pbcopy"];
        let program = if is_set("SSH_CONNECTION") {
            None
        } else if cfg!(target_os = "macos") {
            Some(MACOS)
        } else if is_set("WAYLAND_DISPLAY") {
            Some(WAYLAND)
        } else {
            is_set("DISPLAY").then_some(X11)
        };
        Self {
            program,
            is_in_tmux: is_set("TMUX"),
        }
    }
}

/// What tells a terminal to take `text`; none if that is too long for terminals.
pub fn osc52(text: &str, is_in_tmux: bool) -> Option<Vec<u8>> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let told = format!("\u{1b}]52;c;{}\u{1b}\\", STANDARD.encode(text));
    // tmux keeps what is told to itself, and hands on, where it may, what stands in its own envelope,
    // in which each escape is doubled.
    let told = if is_in_tmux {
        let doubled = told.replace('\u{1b}', "\u{1b}\u{1b}");
        format!("{told}\u{1b}Ptmux;{doubled}\u{1b}\\")
    } else {
        told
    };
    Some(told.into_bytes())
}

/// Hands `text` to the program that this machine's clipboard has, never as an argument.
#[expect(
    clippy::disallowed_methods,
    reason = "the clipboard belongs to whoever sits here: its program needs their environment"
)]
pub(crate) fn by_program(clipboard: Clipboard, text: &str) -> io::Result<()> {
    let Some([program, arguments @ ..]) = clipboard.program else {
        return Ok(());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let status = child.wait()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{program} ended with {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_in_base64() {
        assert_eq!(osc52("/w/a b", false).unwrap(), b"\x1b]52;c;L3cvYSBi\x1b\\");
        assert_eq!(osc52("", false).unwrap(), b"\x1b]52;c;\x1b\\");
    }

    #[test]
    fn tmux_is_told_to_keep_it_and_to_hand_it_on() {
        assert_eq!(
            osc52("ü", true).unwrap(),
            b"\x1b]52;c;w7w=\x1b\\\x1bPtmux;\x1b\x1b]52;c;w7w=\x1b\x1b\\\x1b\\"
        );
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        assert!(osc52(&"x".repeat(TEXT_BYTES_MAX), true).is_some());
        assert_eq!(osc52(&"x".repeat(TEXT_BYTES_MAX + 1), false), None);
    }

    #[test]
    fn this_machine_has_a_clipboard_unless_one_came_by_ssh() {
        let told = |set: &[&str]| Clipboard::told_by(|name| set.contains(&name));
        assert_eq!(told(&["DISPLAY", "SSH_CONNECTION"]).program, None);
        assert_eq!(told(&[]).program.is_some(), cfg!(target_os = "macos"));
        assert!(told(&["TMUX"]).is_in_tmux);
        let x11 = told(&["DISPLAY"]).program;
        assert!(x11.is_some_and(|program| program[0] != "wl-copy"));
    }
}
