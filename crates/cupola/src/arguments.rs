//! Secrets that a worker was given as arguments: whoever uses this machine reads these, the programs of its
//! runs among them, but not its variables.

use std::{
    ffi::{OsStr, OsString},
    io::IsTerminal as _,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use clap::error::ErrorKind;

use crate::output;

/// What is secret, and the variable that says the same.
const SECRETS: [(&str, &str); 2] = [("--token", "CUPOLA_TOKEN"), ("--join", "CUPOLA_JOIN")];

/// A variable and its value.
type Variable = (&'static str, OsString);

/// Starts a worker again with its secrets in variables, as the same process, if they stand in its arguments. Returns
/// where there is nothing to be hidden, or no way to.
pub(crate) fn hide_secrets() {
    let given: Vec<OsString> = std::env::args_os().collect();
    let Some((arguments, secrets)) = without_secrets(&given) else {
        return;
    };
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "this process becomes it, with folder, variables and descriptors as they are"
    )]
    let mut command = Command::new(program);
    if let Some(name) = given.first() {
        command.arg0(name);
    }
    let error = command.args(arguments).envs(secrets).exec();
    output::note(&format!(
        "whoever uses this machine can read this worker's arguments, a secret among them: {error}"
    ));
}

/// What the parsers of values say, and what is said instead.
const REASONS: [(&str, &str); 5] = [
    (
        "invalid digit found in string",
        "write a whole number, such as `2`",
    ),
    (
        "cannot parse integer from empty string",
        "write a whole number, such as `2`",
    ),
    ("number too large to fit in target type", "it is too large"),
    ("number too small to fit in target type", "it is too small"),
    ("invalid float literal", "write a number, such as `1.5`"),
];

/// Says what is wrong with the arguments. What cannot be read as a value says how it is written.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    if error.kind() != ErrorKind::ValueValidation {
        error.exit();
    }
    let text = error.render();
    let text = if std::io::stderr().is_terminal() {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    output::remark(explained(&text).trim_end());
    ExitCode::from(2)
}

fn explained(text: &str) -> String {
    let said = |text: String, (raw, said): &(&str, &str)| text.replace(raw, said);
    let said = REASONS.iter().fold(text.to_owned(), said);
    match said.split_once(" is not in ") {
        Some((before, range)) => match range.split_once("..=") {
            Some((least, rest)) => format!("{before}: choose {least} to {rest}"),
            None => said,
        },
        None => said,
    }
}

/// The arguments of a worker without what is secret, and that as variables; `None` where nothing is.
fn without_secrets(given: &[OsString]) -> Option<(Vec<OsString>, Vec<Variable>)> {
    let mut given = given.iter().skip(1).peekable();
    if given.peek()?.as_os_str() != "worker" {
        return None;
    }
    let (mut arguments, mut secrets) = (Vec::new(), Vec::new());
    while let Some(argument) = given.next() {
        if argument == "--" {
            arguments.push(argument.clone());
            break;
        }
        match secret(argument) {
            // `-` is read from elsewhere and says nothing.
            Some((variable, None)) if given.peek().is_some_and(|value| *value != "-") => {
                secrets.extend(given.next().map(|value| (variable, value.clone())));
            }
            Some((variable, Some(value))) => secrets.push((variable, value.into())),
            _ => arguments.push(argument.clone()),
        }
    }
    arguments.extend(given.cloned());
    (!secrets.is_empty()).then_some((arguments, secrets))
}

/// The variable for a secret, with its value if that stands in the same argument.
fn secret(argument: &OsStr) -> Option<(&'static str, Option<&str>)> {
    let text = argument.to_str()?;
    SECRETS.iter().find_map(|(name, variable)| {
        let rest = text.strip_prefix(name)?;
        match rest.strip_prefix('=') {
            Some(value) => Some((*variable, Some(value))),
            None => rest.is_empty().then_some((*variable, None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn a_value_that_cannot_be_read_says_how_it_is_written() {
        let check = |line: &str, expected: &str| {
            let error = crate::cli::Cli::try_parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ValueValidation, "{line}");
            let said = explained(&error.render().to_string());
            let first = said.lines().next().unwrap_or_default();
            assert_eq!(first, expected);
        };
        check(
            "cupola worker --slots two",
            "error: invalid value 'two' for '--slots <SLOTS>': write a whole number, such as `2`",
        );
        check(
            "cupola worker settings --cores 99999999999",
            "error: invalid value '99999999999' for '--cores <CORES>': 99999999999: choose 0 to 4294967295",
        );
        check(
            "cupola worker settings --memory much",
            "error: invalid value 'much' for '--memory <GIB>': write a number, such as `1.5`",
        );
    }

    fn check(given: &str, expected: Option<&str>) {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let shown = without_secrets(&words(given)).map(|(arguments, secrets)| {
            let arguments = arguments.join(OsStr::new(" "));
            let secrets = secrets
                .iter()
                .map(|(name, value)| format!("{name}={} ", value.display()));
            format!("{}{}", secrets.collect::<String>(), arguments.display())
        });
        assert_eq!(shown.as_deref(), expected, "{given}");
    }

    #[test]
    fn a_worker_s_secrets_become_variables() {
        let expected = Some("CUPOLA_TOKEN=T worker --hub H --slots 2");
        check("cupola worker --hub H --token T --slots 2", expected);
        check("cupola worker --hub H --token=T --slots 2", expected);
        let expected = Some("CUPOLA_JOIN=C worker install -- --slots 2");
        check("cupola worker install --join C -- --slots 2", expected);
    }

    #[test]
    fn all_else_stays_as_it_is() {
        check("cupola worker --hub H", None);
        check("cupola worker --join -", None);
        check("cupola worker --hub H --token", None);
        check("cupola worker --tokens T", None);
        check("cupola worker -- --token T", None);
        check("cupola token create --token T", None);
        check("cupola", None);
    }
}
