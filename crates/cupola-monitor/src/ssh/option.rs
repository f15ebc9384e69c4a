//! What may stand between `ssh` and the host.

use std::path::Path;

/// Letters that take a value.
const WITH_VALUE: &str = "pilJFcmbB";

/// Letters that take none.
const ALONE: &str = "46ACKakqvx";

/// Refuses what `ssh` would read as an option, and what is no name.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    let name = host.rsplit('@').next().unwrap_or(host);
    let why = if host.is_empty() || name.is_empty() {
        "is empty"
    } else if host.starts_with('-') || name.starts_with('-') {
        "begins with `-`"
    } else if host.chars().all(|it| it == '.') {
        "is no name"
    } else if host.contains(|it: char| it.is_whitespace() || it.is_control()) {
        "has a space or a control code in it"
    } else {
        return Ok(());
    };
    Err(format!("the host `{}` {why}", host.escape_debug()))
}

/// The words of an option: `Name=value`, or one of the letters that say how to connect and nothing
/// else.
pub(super) fn words_of(option: &str) -> Result<Vec<String>, String> {
    let option = option.trim();
    let shown = || format!("the ssh option `{}`", option.escape_debug());
    if option.contains(char::is_control) {
        return Err(format!("{} has a control code in it", shown()));
    }
    let Some(letters) = option.strip_prefix('-') else {
        return named(option).ok_or_else(|| format!("{} is not `Name=value`", shown()));
    };
    let (letter, value) = letters.split_at_checked(1).unwrap_or(("", ""));
    let value = value.trim();
    if letter == "o" {
        return named(value).ok_or_else(|| format!("{} is not `-o Name=value`", shown()));
    }
    if !letter.is_empty() && ALONE.contains(letter) && value.is_empty() {
        return Ok(vec![option.to_owned()]);
    }
    if !letter.is_empty() && WITH_VALUE.contains(letter) && !value.is_empty() {
        if value.starts_with('-') {
            return Err(format!("{} has a value that begins with `-`", shown()));
        }
        return Ok(vec![format!("-{letter}"), value.to_owned()]);
    }
    Err(format!(
        "{} is refused: it is none of `Name=value`, {} with a value, {} alone",
        shown(),
        letters_of(WITH_VALUE),
        letters_of(ALONE),
    ))
}

/// One connection for the monitor and for the files that it fetches.
pub(super) fn shared_by(socket: &Path) -> Vec<String> {
    let path = socket.display();
    options([
        "ControlMaster=auto".to_owned(),
        format!("ControlPath={path}"),
        "ControlPersist=no".to_owned(),
    ])
}

/// A connection whose other end is gone is noticed within a minute. A person's own values come
/// first, and the first counts.
pub(super) fn kept_alive() -> Vec<String> {
    options([
        "ServerAliveInterval=15".to_owned(),
        "ServerAliveCountMax=3".to_owned(),
    ])
}

fn options<const N: usize>(options: [String; N]) -> Vec<String> {
    let words = options.into_iter().flat_map(|it| ["-o".to_owned(), it]);
    words.collect()
}

fn named(option: &str) -> Option<Vec<String>> {
    let (name, value) = option.split_once(['=', ' '])?;
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric());
    let is_value = !value.trim().is_empty();
    (is_name && is_value).then(|| vec!["-o".to_owned(), option.to_owned()])
}

fn letters_of(letters: &str) -> String {
    let letters: Vec<_> = letters.chars().map(|it| format!("-{it}")).collect();
    letters.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(option: &str, expected: Option<&[&str]>) {
        let found = words_of(option).ok();
        let expected = expected.map(|it| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{option}");
    }

    #[test]
    fn options_are_names_with_values_or_known_letters() {
        check("Port=2222", Some(&["-o", "Port=2222"]));
        check("-o Port=2222", Some(&["-o", "Port=2222"]));
        check("ProxyJump me@gate", Some(&["-o", "ProxyJump me@gate"]));
        check("-p 2222", Some(&["-p", "2222"]));
        check(" -p2222", Some(&["-p", "2222"]));
        check("-i ~/.ssh/my key", Some(&["-i", "~/.ssh/my key"]));
        check("-4", Some(&["-4"]));
    }

    #[test]
    fn what_does_more_than_connect_is_refused() {
        for option in [
            "-oProxyCommand",
            "-W host:22",
            "-D 1080",
            "-f",
            "--",
            "-",
            "",
            "-p",
            "-p -oProxyCommand=x",
            "-4 -f",
            "=x",
            "Port=",
            "Port=1\nProxyCommand=x",
            "-é 1",
        ] {
            check(option, None);
        }
    }

    #[test]
    fn a_host_is_no_option() {
        for host in ["lab", "me@lab", "10.0.0.1", "ssh://me@lab:22", "me@[::1]"] {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
        for host in [
            "", ".", "..", "-oX=y", "me@-x", "a b", "a\tb", "a\x1b[2J", "me@",
        ] {
            assert!(check_host(host).is_err(), "{host}");
        }
    }
}
