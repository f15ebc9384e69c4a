//! What the shell on the other side is told.

use std::time::Duration;

use cupola_workspace::Watching;

use super::{FarProgram, Route};
use crate::{
    remote::SAY_CLOCK,
    words::{joined, quoted, split},
};

/// The Experimaestro that is installed where there is none; its protocol has not changed since.
const EXPERIMAESTRO: &str = "2.7.0";

/// What is said where nothing answers.
const NONE_THERE: &str = "neither cupola, experimaestro nor uv is found there: name one by \
                          --remote-cupola or --remote-xpm, or what finds it by --remote-shell-init";

/// As a shell ends that does not find a program.
const NONE_FOUND: u8 = 127;

/// One line for the shell there, whichever that is: only words that were quoted, a preamble that the
/// person wrote, and `sh`, which is everywhere.
pub(super) fn far_command(route: &Route) -> Result<String, String> {
    let script = format!("{SAY_CLOCK}; {}", program(route)?);
    let command = joined(&["sh", "-c", &script]);
    Ok(match &route.shell_init {
        Some(init) => format!("{init}; {command}"),
        None => command,
    })
}

fn program(route: &Route) -> Result<String, String> {
    let folder = &route.workdir;
    let ours = |program: &[String]| {
        let tail = ["monitor-server", "--workdir", folder].map(str::to_owned);
        format!(
            "exec {}",
            joined(&[program, &tail, &watched(route.watching)].concat())
        )
    };
    let theirs = |program: &[String]| {
        let tail = ["experiments", "--workdir", folder, "monitor-server"].map(str::to_owned);
        format!("exec {}", joined(&[program, &tail].concat()))
    };
    match &route.program {
        FarProgram::Cupola(program) => Ok(ours(&named(program)?)),
        FarProgram::Experimaestro(program) => Ok(theirs(&named(program)?)),
        FarProgram::Uv {
            offline,
            python,
            is_exact,
        } => Ok(theirs(&uv(*offline, python.as_deref(), *is_exact))),
        FarProgram::Found => {
            let is_there = |program: &str| format!("command -v {program} >/dev/null 2>&1");
            Ok(format!(
                "if {}; then {}; elif {}; then {}; elif {}; then {}; else {}; fi",
                is_there("cupola"),
                ours(&["cupola".to_owned()]),
                is_there("experimaestro"),
                theirs(&["experimaestro".to_owned()]),
                is_there("uv"),
                theirs(&uv(false, None, false)),
                format_args!("echo {} >&2; exit {NONE_FOUND}", quoted(NONE_THERE)),
            ))
        }
    }
}

fn named(program: &str) -> Result<Vec<String>, String> {
    let words = split(program).filter(|words| !words.is_empty() && !program.contains('\0'));
    words.ok_or_else(|| format!("the remote program {} is no command", quoted(program)))
}

/// Nothing where it is as always, so that a Cupola that knows no such options starts too.
fn watched(watching: Watching) -> Vec<String> {
    let seconds = |pause: Duration| pause.as_secs_f64().to_string();
    match watching {
        Watching::Auto => Vec::new(),
        Watching::Inotify => ["--watcher", "inotify"].map(str::to_owned).into(),
        Watching::Polling(pause) => {
            let words = ["--watcher", "polling", "--polling-interval"].map(str::to_owned);
            words.into_iter().chain([seconds(pause)]).collect()
        }
    }
}

fn uv(offline: bool, python: Option<&str>, is_exact: bool) -> Vec<String> {
    let mut words = vec!["uv", "tool", "run"];
    words.extend(offline.then_some("--offline"));
    words.extend(python.iter().flat_map(|python| ["--python", python]));
    let how = if is_exact { "==" } else { ">=" };
    let wanted = format!("experimaestro{how}{EXPERIMAESTRO}");
    let words = words.into_iter().map(str::to_owned);
    words.chain([wanted]).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn check(program: FarProgram, init: Option<&str>, expected: &str) {
        let route = Route {
            host: "lab".to_owned(),
            workdir: "/my ws/it's".to_owned(),
            program,
            shell_init: init.map(str::to_owned),
            ..Route::default()
        };
        let command = far_command(&route).unwrap();
        let (before, script) = command.split_once("sh -c ").unwrap();
        let preamble = init.map(|init| format!("{init}; "));
        assert_eq!(before, preamble.unwrap_or_default());
        let script = split(script).unwrap().remove(0);
        assert_eq!(script, format!("{SAY_CLOCK}; {expected}"));
    }

    #[test]
    fn the_program_is_told_the_folder_as_it_is() {
        let folder = r#"'/my ws/it'"'"'s'"#;
        check(
            FarProgram::Cupola("/opt/x/cupola".to_owned()),
            None,
            &format!("exec /opt/x/cupola monitor-server --workdir {folder}"),
        );
        check(
            FarProgram::Experimaestro("env A=1 '/my env/bin/experimaestro'".to_owned()),
            Some("source /etc/profile; module load python"),
            &format!(
                "exec env 'A=1' '/my env/bin/experimaestro' experiments --workdir {folder} monitor-server"
            ),
        );
        check(
            FarProgram::Uv {
                offline: true,
                python: Some("python3.12".to_owned()),
                is_exact: false,
            },
            None,
            &format!(
                "exec uv tool run --offline --python python3.12 'experimaestro>=2.7.0' \
                 experiments --workdir {folder} monitor-server"
            ),
        );
    }

    #[test]
    fn a_version_is_pinned_and_watching_told_where_that_is_asked_for() {
        let folder = r#"'/my ws/it'"'"'s'"#;
        check(
            FarProgram::Uv {
                offline: false,
                python: None,
                is_exact: true,
            },
            None,
            &format!(
                "exec uv tool run 'experimaestro==2.7.0' experiments --workdir {folder} monitor-server"
            ),
        );
        let route = Route {
            workdir: "/w".to_owned(),
            program: FarProgram::Cupola("cupola".to_owned()),
            watching: Watching::Polling(Duration::from_millis(2500)),
            ..Route::default()
        };
        let expected =
            "exec cupola monitor-server --workdir /w --watcher polling --polling-interval 2.5";
        assert_eq!(program(&route).unwrap(), expected);
    }

    #[test]
    fn where_nothing_answers_it_is_said_what_would() {
        let script = program(&Route::default()).unwrap();
        let words = ["sh", "-c", &format!("PATH=/nowhere; {script}")].map(str::to_owned);
        let mut wire = crate::dial::start(&words).unwrap();
        let mut said = String::new();
        wire.said.read_to_string(&mut said).unwrap();
        assert_eq!(said.trim_end(), NONE_THERE);
        let code = wire.program.unwrap().wait(Duration::from_secs(20));
        assert_eq!(code, Some(NONE_FOUND.into()));
    }

    #[test]
    fn a_program_that_is_no_command_is_refused() {
        for program in ["", " ", "'open"] {
            let route = Route {
                program: FarProgram::Cupola(program.to_owned()),
                ..Route::default()
            };
            assert!(far_command(&route).is_err(), "{program}");
        }
    }
}
