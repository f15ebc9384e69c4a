//! Every shortcut of the keyboard, once: templates take their `data-hotkey` from here, the box that
//! `?` opens shows this table, and `docs/keyboard.md` is made of it. A browser presses each of them
//! in a test, and a shortcut without a check there fails it.

use std::fmt::Write as _;

/// A shortcut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortcut {
    /// As browsers name them, with a space between keys that are pressed one after the other.
    pub keys: &'static str,
    /// Where it works.
    pub place: Place,
    /// What carries it out.
    pub does: Does,
    /// What it does, for people.
    pub text: &'static str,
}

/// Where a shortcut works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A run's page.
    Run,
    /// An experiment's page.
    Experiment,
    /// Where briefs are made.
    Briefs,
    /// Pages that list one kind of thing.
    Lists,
    /// Pages with a table of things.
    Tables,
    /// All pages.
    Everywhere,
}

/// What carries a shortcut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// The element that has the keys in `data-hotkey` is followed, pressed or focused.
    Element,
    /// A script of its own.
    Script,
    /// The browser itself.
    Browser,
}

const fn element(keys: &'static str, place: Place, text: &'static str) -> Shortcut {
    Shortcut {
        keys,
        place,
        does: Does::Element,
        text,
    }
}

const fn script(keys: &'static str, place: Place, text: &'static str) -> Shortcut {
    Shortcut {
        keys,
        place,
        does: Does::Script,
        text,
    }
}

/// To `/`.
pub const GO_OVERVIEW: Shortcut = element("g o", Place::Everywhere, "Go to the overview");
/// To `/experiments`.
pub const GO_EXPERIMENTS: Shortcut = element("g e", Place::Everywhere, "Go to the experiments");
/// To `/templates`.
pub const GO_TEMPLATES: Shortcut = element("g p", Place::Everywhere, "Go to the templates");
/// To `/briefs`.
pub const GO_BRIEFS: Shortcut = element("g b", Place::Everywhere, "Go to the briefs");
/// To `/families`.
pub const GO_FAMILIES: Shortcut = element("g f", Place::Everywhere, "Go to the families");
/// To `/tasks`.
pub const GO_TASKS: Shortcut = element("g t", Place::Everywhere, "Go to the tasks");
/// To `/runs`.
pub const GO_RUNS: Shortcut = element("g r", Place::Everywhere, "Go to the runs");
/// To `/training`.
pub const GO_TRAINING: Shortcut = element("g n", Place::Everywhere, "Go to the training");
/// To `/models`.
pub const GO_MODELS: Shortcut = element("g m", Place::Everywhere, "Go to the models");
/// To `/workspaces`.
pub const GO_WORKSPACES: Shortcut = element("g s", Place::Everywhere, "Go to the workspaces");
/// To `/workers`.
pub const GO_WORKERS: Shortcut = element("g w", Place::Everywhere, "Go to the workers");
/// To `/credits`.
pub const GO_CREDITS: Shortcut = element("g c", Place::Everywhere, "Go to the credits");
/// To `/reports`.
pub const GO_REPORTS: Shortcut = element("g d", Place::Everywhere, "Go to the reports");
/// To `/assistant`.
pub const GO_ASSISTANT: Shortcut = element("g q", Place::Everywhere, "Go to the assistant");
/// To `/alerts`.
pub const GO_ALERTS: Shortcut = element("g a", Place::Everywhere, "Go to the alerts");
/// To `/experiments/new`.
pub const NEW_EXPERIMENT: Shortcut = element("n", Place::Everywhere, "New experiment");
/// The next of dark, light and as the system has it.
pub const THEME: Shortcut = element("t", Place::Everywhere, "Change the theme");
/// Opens the box with all of these.
pub const HELP: Shortcut = element("?", Place::Everywhere, "Show all shortcuts");
/// Closes what is in front.
pub const CLOSE: Shortcut = script(
    "Escape",
    Place::Everywhere,
    "Close the dialog, the menu or the notices; leave a field",
);
/// The field that a list is searched by.
pub const SEARCH: Shortcut = element("/", Place::Lists, "Search the list");
/// The row below.
pub const NEXT_ROW: Shortcut = script("j", Place::Tables, "Next row");
/// The row above.
pub const PREVIOUS_ROW: Shortcut = script("k", Place::Tables, "Previous row");
/// What the row leads to.
pub const OPEN_ROW: Shortcut = Shortcut {
    keys: "Enter",
    place: Place::Tables,
    does: Does::Browser,
    text: "Open the row",
};
/// A page back.
pub const PREVIOUS_PAGE: Shortcut = element("[", Place::Tables, "Previous page of the table");
/// A page on.
pub const NEXT_PAGE: Shortcut = element("]", Place::Tables, "Next page of the table");
/// To `/briefs/new`.
pub const NEW_BRIEF: Shortcut = element("c", Place::Briefs, "Create a brief");
/// Starts the experiment that is shown.
pub const START_RUN: Shortcut = element("r", Place::Experiment, "Start a run");
/// To the experiment's form.
pub const EDIT_EXPERIMENT: Shortcut = element("e", Place::Experiment, "Edit the experiment");
/// The field that a log is searched by.
pub const SEARCH_LOG: Shortcut = element("/", Place::Run, "Search the log");
/// To where a log begins.
pub const LOG_FIRST: Shortcut = script("Home", Place::Run, "First line, in the log");
/// To where a log ends, and on with it.
pub const LOG_LAST: Shortcut = script("End", Place::Run, "Last line and follow, in the log");

/// All of them, in the order in which they are shown.
pub const ALL: &[Shortcut] = &[
    SEARCH_LOG,
    LOG_FIRST,
    LOG_LAST,
    START_RUN,
    EDIT_EXPERIMENT,
    NEW_BRIEF,
    SEARCH,
    NEXT_ROW,
    PREVIOUS_ROW,
    OPEN_ROW,
    PREVIOUS_PAGE,
    NEXT_PAGE,
    NEW_EXPERIMENT,
    GO_OVERVIEW,
    GO_EXPERIMENTS,
    GO_TEMPLATES,
    GO_BRIEFS,
    GO_FAMILIES,
    GO_TASKS,
    GO_RUNS,
    GO_TRAINING,
    GO_MODELS,
    GO_WORKSPACES,
    GO_WORKERS,
    GO_CREDITS,
    GO_REPORTS,
    GO_ASSISTANT,
    GO_ALERTS,
    THEME,
    HELP,
    CLOSE,
];

impl Place {
    /// In the order in which they are shown.
    pub const ALL: [Place; 6] = [
        Place::Run,
        Place::Experiment,
        Place::Briefs,
        Place::Lists,
        Place::Tables,
        Place::Everywhere,
    ];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Place::Run => "A run",
            Place::Experiment => "An experiment",
            Place::Briefs => "Overview, briefs and families",
            Place::Lists => "Lists",
            Place::Tables => "Tables",
            Place::Everywhere => "Everywhere",
        }
    }

    /// Whether the page at `path` is such a place.
    pub fn is_at(self, path: &str) -> bool {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let (first, second, third) = (segments.next(), segments.next(), segments.next());
        let is_form = matches!(second, Some("new")) || matches!(third, Some("edit"));
        match self {
            Place::Run => first == Some("runs") && second.is_some(),
            Place::Experiment => {
                first == Some("experiments") && second.is_some() && third.is_none() && !is_form
            }
            Place::Briefs => {
                matches!(first, None | Some("briefs" | "families")) && second.is_none()
            }
            Place::Lists => {
                let is_of_workspace = first == Some("workspaces") && third == Some("jobs");
                first.is_some() && second.is_none() || is_of_workspace && segments.next().is_none()
            }
            Place::Tables => !is_form,
            Place::Everywhere => true,
        }
    }

    /// The shortcuts that work there.
    pub fn shortcuts(self) -> impl Iterator<Item = Shortcut> {
        ALL.iter()
            .copied()
            .filter(move |shortcut| shortcut.place == self)
    }
}

impl Shortcut {
    /// Its keys one by one, as people know them.
    pub fn names(self) -> Vec<&'static str> {
        let name = |key| if key == "Escape" { "Esc" } else { key };
        self.keys.split(' ').map(name).collect()
    }
}

/// The table as `docs/keyboard.md` has it.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Keyboard\n\n\
         `?` shows these on any page, those of the page first. None works while you type in a \
         field, or together with Ctrl, Alt or Meta. Two keys are pressed one after the other.\n",
    );
    for place in Place::ALL {
        let _ = write!(
            text,
            "\n## {}\n\n| Keys | What they do |\n|---|---|\n",
            place.title()
        );
        for shortcut in place.shortcuts() {
            let keys = shortcut.names().join("` `");
            let _ = writeln!(text, "| `{keys}` | {} |", shortcut.text);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::Path};

    use super::*;
    use crate::ui::gallery;

    #[test]
    fn a_page_has_each_key_once() {
        for path in [
            "/",
            "/briefs",
            "/experiments",
            "/experiments/1",
            "/experiments/1/edit",
            "/runs/1",
        ] {
            let mut seen = HashSet::new();
            let here = ALL
                .iter()
                .filter(|shortcut| shortcut.place.is_at(path))
                .map(|shortcut| shortcut.keys);
            for keys in here {
                assert!(seen.insert(keys), "{path} has `{keys}` twice");
                let prefix = keys.split(' ').next().filter(|prefix| *prefix != keys);
                assert!(prefix.is_none_or(|prefix| !seen.contains(prefix)), "{keys}");
            }
        }
    }

    #[test]
    fn a_page_is_at_its_places() {
        let check = |path: &str, expected: &[Place]| {
            let is: Vec<Place> = Place::ALL
                .into_iter()
                .filter(|place| place.is_at(path))
                .collect();
            assert_eq!(is, expected, "{path}");
        };
        check("/", &[Place::Briefs, Place::Tables, Place::Everywhere]);
        check("/tasks", &[Place::Lists, Place::Tables, Place::Everywhere]);
        check("/runs/1", &[Place::Run, Place::Tables, Place::Everywhere]);
        check(
            "/experiments/1",
            &[Place::Experiment, Place::Tables, Place::Everywhere],
        );
        check(
            "/workspaces/w/jobs",
            &[Place::Lists, Place::Tables, Place::Everywhere],
        );
        check("/workspaces/w", &[Place::Tables, Place::Everywhere]);
        check(
            "/workspaces/w/jobs/t/1",
            &[Place::Tables, Place::Everywhere],
        );
        check("/experiments/1/edit", &[Place::Everywhere]);
        check("/experiments/new", &[Place::Everywhere]);
    }

    #[test]
    fn templates_take_their_keys_from_the_table() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let html = fs::read_to_string(&path).unwrap();
                for keys in html.split("data-hotkey=\"").skip(1) {
                    seen += 1;
                    assert!(
                        keys.starts_with("{{"),
                        "{} has keys of its own",
                        path.display()
                    );
                }
            }
        }
        assert!(seen > 5);
    }

    #[test]
    fn every_key_on_a_page_is_in_the_table() {
        for sample in gallery::samples() {
            for keys in sample.html.split("data-hotkey=\"").skip(1) {
                let keys = keys.split('"').next().unwrap();
                assert!(
                    ALL.iter()
                        .any(|shortcut| shortcut.keys == keys && shortcut.does == Does::Element),
                    "{}: `{keys}`",
                    sample.name
                );
            }
        }
    }

    /// `UPDATE_SNAPSHOTS=1` writes it anew.
    #[test]
    fn the_documentation_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/keyboard.md");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(path, markdown()).unwrap();
        }
        assert!(
            fs::read_to_string(path).unwrap_or_default() == markdown(),
            "the shortcuts have changed: run again with UPDATE_SNAPSHOTS=1 and commit {path}"
        );
    }
}
