//! Programs beside an experiment, which are started when whoever looks at it asks for them.

use super::{
    place::Place,
    read::{is_step_name, limited},
};

/// The keys of a service.
pub const SERVICE_KEYS: &[&str] = &["command", "description", "port"];

const SERVICES_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 200;

/// A program that is started beside an experiment when somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What it goes by.
    pub name: String,
    /// In a few words.
    pub description: String,
    /// The program and its arguments, which may name `{port}` and more.
    pub command: Vec<String>,
    /// Where it listens whatever it is told.
    pub port: Option<u16>,
}

/// All of a file.
pub(super) fn read(file: &Place<'_>) -> Option<Vec<Service>> {
    let Some(services) = file.find("services") else {
        return Some(Vec::new());
    };
    let entries = services.entries("give a mapping of names to services")?;
    if entries.len() > SERVICES_MAX {
        let count = entries.len();
        services.refuse(format!("has {count} services; at most {SERVICES_MAX} fit"));
        return None;
    }
    let read: Vec<_> = entries
        .iter()
        .map(|(name, place)| service(name, place))
        .collect();
    read.into_iter().collect()
}

fn service(name: &str, place: &Place<'_>) -> Option<Service> {
    place.entries("give a mapping with a `command`")?;
    place.only(SERVICE_KEYS);
    if !is_step_name(name) {
        place.refuse("is not a service's name; use up to 64 letters, digits, `-` and `_`");
    }
    let Some(command) = place.find("command") else {
        place.refuse("has no `command`; give a program and its arguments");
        return None;
    };
    let words = arguments(&command);
    let description = place.find("description").map_or(Some(None), |place| {
        limited(&place, "give a text", DESCRIPTION_CHARS_MAX).map(Some)
    });
    let port = place.find("port").map_or(Some(None), |place| {
        let port = place.whole(1, i64::from(u16::MAX))?;
        Some(u16::try_from(port).ok())
    });
    let words = words?;
    Some(Service {
        name: name.to_owned(),
        description: description?.unwrap_or_else(|| words.join(" ")),
        command: words,
        port: port?,
    })
}

/// As commands of tasks are, with other words in braces.
fn arguments(place: &Place<'_>) -> Option<Vec<String>> {
    const REMEDY: &str = "give a line for the shell, or a list of the program and its arguments";
    if !place.is_list() {
        return Some(vec!["sh".to_owned(), "-ec".to_owned(), place.text(REMEDY)?]);
    }
    let arguments = place.texts(REMEDY)?;
    if arguments.first().is_none_or(String::is_empty) {
        place.refuse("is empty; give the program and its arguments");
        return None;
    }
    Some(arguments)
}

#[cfg(test)]
mod tests {
    use crate::file::parse;

    #[test]
    fn services_stand_beside_the_tasks() {
        let file = parse(
            "name: x\ncommand: echo\nservices:\n  board:\n    command: [tensorboard, '--port={port}']\n\
             \x20 notes: {command: serve notes, description: My notes, port: 8000}\n",
        );
        let services: Vec<_> = file.unwrap().services;
        let shown: Vec<_> = services
            .iter()
            .map(|it| (it.name.as_str(), it.description.as_str(), it.port))
            .collect();
        let board = ("board", "tensorboard --port={port}", None);
        assert_eq!(shown, [board, ("notes", "My notes", Some(8000))]);
        assert_eq!(services[1].command, ["sh", "-ec", "serve notes"]);
        assert!(parse("name: x\ncommand: y\nservices: {}").is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_service_is_said() {
        let check = |service: &str, expected: &str| {
            let errors =
                parse(&format!("name: x\ncommand: y\nservices: {{{service}}}")).unwrap_err();
            let shown = errors[0].to_string();
            assert!(shown.contains(expected), "{service}: {shown}");
        };
        check("a: {}", "`services.a`: has no `command`");
        check("a: {command: []}", "`services.a.command`: is empty");
        check("a: {command: x, port: 0}", "`services.a.port`: is `0`");
        check("a/b: {command: x}", "is not a service's name");
        check("a: {cmd: x}", "`services.a.cmd`: is not a key here");
        check("a: 1", "`services.a`: is `1`");
    }
}
