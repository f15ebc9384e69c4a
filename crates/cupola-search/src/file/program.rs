//! What a task runs: a template or a command.

use cupola_domain::template::{is_template_name, unknown_placeholders};

use super::place::Place;

/// What a task runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Program {
    /// A template that the hub knows.
    Template(String),
    /// A command of the file's own.
    Command {
        /// The program and its arguments, with placeholders.
        command: Vec<String>,
        /// Paths below the file's folder: they travel with the command.
        files: Vec<String>,
    },
}

impl Program {
    /// How many bytes its texts have.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Template(name) => name.len(),
            Self::Command { command, files } => command.iter().chain(files).map(String::len).sum(),
        }
    }
}

/// The program of a step, whose own keys go before the file's.
pub(super) fn read(step: &Place<'_>, file: &Place<'_>) -> Option<Program> {
    let own = (step.find("template"), step.find("command"));
    let (template, command) = match own {
        (None, None) => (file.find("template"), file.find("command")),
        own => own,
    };
    let files = step.find("files").or_else(|| file.find("files"));
    match (template, command) {
        (Some(_), Some(command)) => {
            command.refuse("stands beside `template`; give one of the two");
            None
        }
        (Some(template), None) => {
            if let Some(files) = step.find("files") {
                files.refuse("belongs to a `command`; a template brings its own files");
            }
            let name = template.text("give the name of a template")?;
            if is_template_name(&name) {
                return Some(Program::Template(name));
            }
            let remedy =
                "use lower-case letters, digits and dashes; `cupola template list` shows them";
            template.refuse(format!("`{name}` is not a template's name; {remedy}"));
            None
        }
        (None, Some(command)) => {
            let command = arguments(&command);
            let files = files.map_or_else(|| Some(Vec::new()), |files| paths(&files));
            Some(Program::Command {
                command: command?,
                files: files?,
            })
        }
        (None, None) => {
            step.refuse("runs nothing; give it a `template` or a `command`");
            None
        }
    }
}

/// A list is the program and its arguments; a text is a line for the shell.
fn arguments(place: &Place<'_>) -> Option<Vec<String>> {
    const REMEDY: &str = "give a line for the shell, or a list of the program and its arguments";
    if !place.is_list() {
        let line = place.text(REMEDY)?;
        if let Some(name) = filled_variable(&line) {
            place.refuse(format!(
                "has `${{{name}}}`, and `{{{name}}}` is filled in before the shell sees it; write \
                 `${name}` for the variable"
            ));
            return None;
        }
        return Some(vec!["sh".to_owned(), "-ec".to_owned(), line]);
    }
    let arguments = place.texts(REMEDY)?;
    if arguments.first().is_none_or(String::is_empty) {
        place.refuse("is empty; give the program and its arguments");
        return None;
    }
    let unknown = arguments
        .iter()
        .flat_map(|argument| unknown_placeholders(argument));
    if let Some(name) = unknown.into_iter().next() {
        place.refuse(format!(
            "has `{{{name}}}`, which is not a placeholder; there are {{config}}, {{code}}, {{run}}, \
             {{python}} and {{cupola}}"
        ));
        return None;
    }
    Some(arguments)
}

/// The variable of the shell in `line` that a placeholder would take away.
fn filled_variable(line: &str) -> Option<&'static str> {
    let names = cupola_domain::template::PLACEHOLDERS.iter();
    let mut names = names.map(|(name, _)| *name);
    names.find(|name| line.contains(&format!("${{{name}}}")))
}

fn paths(place: &Place<'_>) -> Option<Vec<String>> {
    let items = place.items("give a list of paths")?;
    let path = |item: &Place<'_>| {
        let path = item.text("give a path")?;
        let fits = |part: &str| !part.is_empty() && part != "." && part != "..";
        if path.contains('\\') || !path.split('/').all(fits) {
            item.refuse(format!("`{path}` is not a path below the file's folder"));
            return None;
        }
        Some(path)
    };
    let paths: Vec<_> = items.iter().map(path).collect();
    paths.into_iter().collect()
}
