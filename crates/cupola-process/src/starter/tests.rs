//! Programs that are started by another process.

use std::{
    io::{BufRead as _, BufReader, PipeReader, Write as _},
    path::Path,
    sync::mpsc,
    time::Duration,
};

use super::*;
use crate::{
    TERMINATE,
    sandbox::{Keeping, Limits},
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Running {
    control: io::PipeWriter,
    events: PipeReader,
    stdout: BufReader<PipeReader>,
    ended: mpsc::Receiver<io::Result<ExitStatus>>,
}

fn start(starter: &Starter, command: &[&str], keeping: &Keeping) -> io::Result<Running> {
    let (obeyed, control) = io::pipe()?;
    let (events, events_in) = io::pipe()?;
    let (stdout, stdout_in) = io::pipe()?;
    let (ending, ended) = mpsc::channel();
    let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
    let order = Order {
        command: &command,
        folder: Path::new("/"),
        environment: &[
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("A".into(), "1".into()),
        ],
        keeping,
    };
    let descriptors = Descriptors {
        control: obeyed.as_fd(),
        events: events_in.as_fd(),
        stdout: stdout_in.as_fd(),
        stderr: stdout_in.as_fd(),
        group: None,
    };
    starter.start(&order, &descriptors, move |how| {
        let _ = ending.send(how);
    })?;
    Ok(Running {
        control,
        events,
        stdout: BufReader::new(stdout),
        ended,
    })
}

fn shell(starter: &Starter, script: &str) -> Running {
    start(starter, &["sh", "-c", script], &Keeping::Nothing).unwrap()
}

impl Running {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn status(&self) -> ExitStatus {
        self.ended.recv_timeout(PATIENCE).unwrap().unwrap()
    }
}

#[test]
fn a_program_has_what_it_was_given_and_nothing_else() {
    let starter = Starter::default();
    let mut running = shell(
        &starter,
        "pwd; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort | tr '\\n' ' '; echo; ls /proc/self/fd | tr '\\n' ' '; \
         echo; echo said >&3; grep -E '^Sig(Blk|Ign)' /proc/self/status | tr '\\t' ' '; exit 5",
    );
    assert_eq!(running.line(), "/");
    assert_eq!(running.line(), "A=1 PATH=/usr/bin:/bin");
    // The fourth is the folder that is being listed.
    assert_eq!(running.line(), "0 1 2 3 4");
    assert_eq!(running.line(), "SigBlk: 0000000000000000");
    // Whoever runs this may have had it ignored: signals of the C library's own.
    let ignored = running.line().replace("SigIgn: ", "");
    let ignored = u64::from_str_radix(&ignored, 16).unwrap();
    assert_eq!(ignored & ((1 << 31) - 1), 0, "{ignored:x}");
    assert_eq!(running.status().code(), Some(5));
    let mut said = String::new();
    running.events.read_to_string(&mut said).unwrap();
    assert_eq!(said, "said\n");
}

#[test]
fn programs_end_when_they_are_asked_to_or_let_go_of() {
    let starter = Starter::default();
    let mut asked = shell(
        &starter,
        "trap 'exit 3' TERM; echo on; while :; do sleep 0.05; done",
    );
    let mut left = shell(
        &starter,
        "trap '' TERM; echo on; while :; do sleep 0.05; done",
    );
    assert_eq!((asked.line(), left.line()), ("on".into(), "on".into()));
    asked.control.write_all(&[TERMINATE]).unwrap();
    assert_eq!(asked.status().code(), Some(3));
    let Running { control, ended, .. } = left;
    drop(control);
    let status = ended.recv_timeout(PATIENCE).unwrap().unwrap();
    assert_eq!(status.signal(), Some(libc::SIGKILL));
}

#[test]
fn what_cannot_be_started_says_why() {
    let starter = Starter::default();
    let fails = |command: &[&str], keeping: &Keeping| {
        start(&starter, command, keeping)
            .err()
            .and_then(|error| error.raw_os_error())
    };
    let nothing = Keeping::Nothing;
    assert_eq!(fails(&["/nowhere/at/all"], &nothing), Some(libc::ENOENT));
    assert_eq!(fails(&["/etc/passwd"], &nothing), Some(libc::EACCES));
    assert_eq!(fails(&[], &nothing), Some(libc::EINVAL));
    assert_eq!(fails(&["a\0b"], &nothing), Some(libc::EINVAL));
    let long = "x".repeat(17 << 20);
    assert_eq!(fails(&["true", &long], &nothing), Some(libc::E2BIG));
    let longer_than_any = "x".repeat(1 << 20);
    assert_eq!(
        fails(&["true", &longer_than_any], &nothing),
        Some(libc::E2BIG)
    );
    let limits = Keeping::Limits(Limits {
        open_files: Some(7),
        ..Limits::default()
    });
    let mut limited = start(&starter, &["sh", "-c", "ulimit -n"], &limits).unwrap();
    assert_eq!(limited.line(), "7");
    assert_eq!(limited.status().code(), Some(0));
}

#[test]
fn many_are_started_at_once() {
    let starter = Starter::default();
    thread::scope(|scope| {
        for n in 0..20 {
            let starter = &starter;
            scope.spawn(move || {
                let mut running = shell(starter, &format!("echo {n}; exit {n}"));
                assert_eq!(running.line(), n.to_string());
                assert_eq!(running.status().code(), Some(n));
            });
        }
    });
}

#[test]
fn one_that_is_gone_is_begun_anew_and_its_programs_end() {
    let starter = Starter::default();
    let mut first = shell(
        &starter,
        "echo $(cut -d ' ' -f 4 /proc/$PPID/stat); while :; do sleep 0.05; done",
    );
    let pid: libc::pid_t = first.line().parse().unwrap();
    crate::kill(pid);
    let how = first.ended.recv_timeout(PATIENCE).unwrap();
    assert_eq!(how.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let mut second = shell(&starter, "echo on");
    assert_eq!(second.line(), "on");
    assert_eq!(second.status().code(), Some(0));
    // Whoever waited lets go, and that ends the program, whose output ends with it.
    let Running {
        control,
        mut stdout,
        ..
    } = first;
    drop(control);
    assert_eq!(stdout.read_line(&mut String::new()).unwrap(), 0);
}

#[test]
fn it_keeps_nothing_of_its_owner_open() {
    let (mut read, write) = io::pipe().unwrap();
    let starter = Starter::default();
    starter.begin().unwrap();
    drop(write);
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
}
