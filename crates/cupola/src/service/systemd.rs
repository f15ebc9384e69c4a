//! Linux: a unit of systemd.

use std::path::PathBuf;

use super::{GIVES_UP, Scope, Service, Step, attempt, run, text};

/// What the unit is called.
const UNIT: &str = "cupola-worker.service";

pub(super) fn install(service: &Service) -> Vec<Step> {
    let mut steps = vec![
        Step::Write(path(service), unit(service)),
        systemctl(service, &["daemon-reload"]),
        systemctl(service, &["enable", UNIT]),
        // One that runs already goes on by its new unit, or with a newer program.
        systemctl(service, &["restart", UNIT]),
    ];
    if service.scope == Scope::User {
        // Without it the worker would end with the last login. Some systems allow it to administrators alone.
        steps.push(attempt(&[
            "loginctl",
            "enable-linger",
            &service.uid.to_string(),
        ]));
    }
    steps
}

pub(super) fn uninstall(service: &Service) -> Vec<Step> {
    let disable = match systemctl(service, &["disable", "--now", UNIT]) {
        Step::Run(words) => Step::Try(words),
        other => other,
    };
    vec![
        disable,
        Step::Remove(path(service)),
        systemctl(service, &["daemon-reload"]),
    ]
}

fn systemctl(service: &Service, words: &[&str]) -> Step {
    let begin: &[&str] = match service.scope {
        Scope::User => &["systemctl", "--user"],
        Scope::System => &["systemctl"],
    };
    run(&[begin, words].concat())
}

fn path(service: &Service) -> PathBuf {
    match service.scope {
        Scope::User => service.home.join(".config/systemd/user").join(UNIT),
        Scope::System => PathBuf::from("/etc/systemd/system").join(UNIT),
    }
}

/// The unit's text.
fn unit(service: &Service) -> String {
    let command = std::iter::once(&text(&service.binary))
        .chain(&service.arguments)
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ");
    let (user, target) = match service.scope {
        Scope::User => (String::new(), "default.target"),
        Scope::System => (format!("User={}\n", service.uid), "multi-user.target"),
    };
    format!(
        "[Unit]\n\
         Description=Cupola worker\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         \n\
         [Service]\n\
         Type=exec\n\
         {user}ExecStart={command}\n\
         Restart=on-failure\n\
         RestartSec=10\n\
         RestartPreventExitStatus={GIVES_UP}\n\
         Delegate=yes\n\
         KillMode=mixed\n\
         TimeoutStopSec=30\n\
         \n\
         [Install]\n\
         WantedBy={target}\n"
    )
}

/// A word of a command line as systemd reads it: neither its variables nor its specifiers are meant.
fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            '$' => quoted.push_str("$$"),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::tests::{service, shown};
    use super::*;

    #[test]
    fn a_users_worker_runs_without_a_login() {
        insta::assert_snapshot!(shown(&install(&service(Scope::User))), @r#"
        write /home/ann/.config/systemd/user/cupola-worker.service
        [Unit]
        Description=Cupola worker
        Wants=network-online.target
        After=network-online.target

        [Service]
        Type=exec
        ExecStart="/usr/local/bin/cupola" "worker" "--state" "/home/ann/my runs" "--slots" "2"
        Restart=on-failure
        RestartSec=10
        RestartPreventExitStatus=77
        Delegate=yes
        KillMode=mixed
        TimeoutStopSec=30

        [Install]
        WantedBy=default.target
        run ["systemctl", "--user", "daemon-reload"]
        run ["systemctl", "--user", "enable", "cupola-worker.service"]
        run ["systemctl", "--user", "restart", "cupola-worker.service"]
        try ["loginctl", "enable-linger", "1000"]
        "#);
    }

    #[test]
    fn a_machines_worker_runs_as_its_owner() {
        insta::assert_snapshot!(shown(&install(&service(Scope::System))), @r#"
        write /etc/systemd/system/cupola-worker.service
        [Unit]
        Description=Cupola worker
        Wants=network-online.target
        After=network-online.target

        [Service]
        Type=exec
        User=1000
        ExecStart="/usr/local/bin/cupola" "worker" "--state" "/home/ann/my runs" "--slots" "2"
        Restart=on-failure
        RestartSec=10
        RestartPreventExitStatus=77
        Delegate=yes
        KillMode=mixed
        TimeoutStopSec=30

        [Install]
        WantedBy=multi-user.target
        run ["systemctl", "daemon-reload"]
        run ["systemctl", "enable", "cupola-worker.service"]
        run ["systemctl", "restart", "cupola-worker.service"]
        "#);
    }

    #[test]
    fn it_goes_as_it_came() {
        insta::assert_snapshot!(shown(&uninstall(&service(Scope::System))), @r#"
        try ["systemctl", "disable", "--now", "cupola-worker.service"]
        remove /etc/systemd/system/cupola-worker.service
        run ["systemctl", "daemon-reload"]
        "#);
    }

    #[test]
    fn words_are_not_read_as_anything_else() {
        let check = |word: &str, expected: &str| assert_eq!(quoted(word), expected);
        check("a b", r#""a b""#);
        check(r#"a"b\c"#, r#""a\"b\\c""#);
        check("100%h $HOME", r#""100%%h $$HOME""#);
        check("a\nb", r#""a\nb""#);
    }
}
