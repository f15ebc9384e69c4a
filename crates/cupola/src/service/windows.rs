//! Windows: the service control manager. A service there belongs to the machine, whoever made it.

use super::{Service, Step, attempt, run, text};

/// What the service is called.
const NAME: &str = "CupolaWorker";

pub(super) fn install(service: &Service) -> Vec<Step> {
    let command = std::iter::once(&text(&service.binary))
        .chain(&service.arguments)
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ");
    vec![
        run(&[
            "sc.exe",
            "create",
            NAME,
            "binPath=",
            &command,
            "start=",
            "delayed-auto",
            "DisplayName=",
            "Cupola worker",
        ]),
        run(&[
            "sc.exe",
            "failure",
            NAME,
            "reset=",
            "86400",
            "actions=",
            "restart/10000/restart/10000/restart/60000",
        ]),
        run(&["sc.exe", "start", NAME]),
    ]
}

pub(super) fn uninstall(_: &Service) -> Vec<Step> {
    vec![
        attempt(&["sc.exe", "stop", NAME]),
        run(&["sc.exe", "delete", NAME]),
    ]
}

/// A word of a command line as programs on Windows take it apart: backslashes count only before a quote.
fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for c in word.chars() {
        if c == '\\' {
            backslashes += 1;
            continue;
        }
        let before = if c == '"' {
            2 * backslashes + 1
        } else {
            backslashes
        };
        quoted.extend(std::iter::repeat_n('\\', before));
        quoted.push(c);
        backslashes = 0;
    }
    quoted.extend(std::iter::repeat_n('\\', 2 * backslashes));
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::{
        Scope,
        tests::{service, shown},
    };
    use super::*;

    #[test]
    fn a_worker_starts_with_the_machine_and_again_after_a_failure() {
        let mut service = service(Scope::System);
        service.binary = r"C:\Program Files\cupola.exe".into();
        service.arguments = ["worker", "--state", r"C:\runs\"].map(str::to_owned).into();
        insta::assert_snapshot!(shown(&install(&service)), @r#"
        run ["sc.exe", "create", "CupolaWorker", "binPath=", "\"C:\\Program Files\\cupola.exe\" \"worker\" \"--state\" \"C:\\runs\\\\\"", "start=", "delayed-auto", "DisplayName=", "Cupola worker"]
        run ["sc.exe", "failure", "CupolaWorker", "reset=", "86400", "actions=", "restart/10000/restart/10000/restart/60000"]
        run ["sc.exe", "start", "CupolaWorker"]
        "#);
    }

    #[test]
    fn it_goes_as_it_came() {
        insta::assert_snapshot!(shown(&uninstall(&service(Scope::System))), @r#"
        try ["sc.exe", "stop", "CupolaWorker"]
        run ["sc.exe", "delete", "CupolaWorker"]
        "#);
    }

    #[test]
    fn words_are_taken_apart_as_they_were_put_together() {
        let check = |word: &str, expected: &str| assert_eq!(quoted(word), expected);
        check("a b", r#""a b""#);
        check(r"C:\a\", r#""C:\a\\""#);
        check(r#"a"b"#, r#""a\"b""#);
        check(r#"a\"b"#, r#""a\\\"b""#);
    }
}
