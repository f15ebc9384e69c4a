//! The one table of keys: what they do where, and how help and the last line say so.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::Level;

/// Where a key means something. What has the focus is asked first, then what it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Everywhere,
    /// Whatever has rows.
    List,
    Experiments,
    Jobs,
    Details,
    Log,
    WorkspaceLog,
    Services,
    Actions,
    Orphans,
    Warnings,
    Runs,
    Chart,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Back,
    Refresh,
    Help,
    ShowJobs,
    ShowServices,
    ShowLog,
    NextTab,
    PreviousTab,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Open,
    ShowRuns,
    Logs,
    Chart,
    Kill,
    KillAll,
    Delete,
    DeleteAll,
    Start,
    Stop,
    Search,
    ClearSearch,
    FindNext,
    FindPrevious,
    SortBy(Sort),
    CopyPath,
    CopyUrl,
    CopyText,
    Save,
    Tree,
    Grouping,
    Toggle(Level),
    ExpandAll,
    CollapseAll,
    Follow,
    NextStream,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Status,
    Name,
    Task,
    Date,
    Duration,
    Size,
    Carbon,
}

/// A key, with or without Ctrl. Capital letters are keys of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    code: KeyCode,
    is_ctrl: bool,
}

/// A line of the table.
pub(crate) struct Binding {
    pub(crate) context: Context,
    pub(crate) keys: &'static [Key],
    pub(crate) command: Command,
    pub(crate) help: &'static str,
    /// How the last line says it, where there is room.
    pub(crate) brief: &'static str,
}

const fn key(c: char) -> Key {
    code(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Key {
    Key {
        code: KeyCode::Char(c),
        is_ctrl: true,
    }
}

const fn code(code: KeyCode) -> Key {
    Key {
        code,
        is_ctrl: false,
    }
}

const fn bind(
    context: Context,
    keys: &'static [Key],
    command: Command,
    help: &'static str,
    brief: &'static str,
) -> Binding {
    Binding {
        context,
        keys,
        command,
        help,
        brief,
    }
}

use Command as Do;
use Context as In;

const ENTER: Key = code(KeyCode::Enter);

/// Every key. Its order is the order of the help.
#[rustfmt::skip]
pub(crate) const BINDINGS: &[Binding] = &[
    bind(In::Everywhere, &[key('q')], Do::Quit, "quit", "quit"),
    bind(In::Everywhere, &[ctrl('c')], Do::Quit, "quit from anywhere", ""),
    bind(In::Everywhere, &[code(KeyCode::Esc)], Do::Back, "go back, close", "back"),
    bind(In::Everywhere, &[key('r')], Do::Refresh, "read again", ""),
    bind(In::Everywhere, &[key('?')], Do::Help, "these keys", ""),
    bind(In::Everywhere, &[key('j')], Do::ShowJobs, "experiments and jobs", ""),
    bind(In::Everywhere, &[key('s')], Do::ShowServices, "services", ""),
    bind(In::Everywhere, &[key('w')], Do::ShowLog, "the workspace's log", ""),
    bind(In::Everywhere, &[code(KeyCode::Tab)], Do::NextTab, "next tab", "tabs"),
    bind(In::Everywhere, &[code(KeyCode::BackTab)], Do::PreviousTab, "previous tab", ""),

    bind(In::List, &[code(KeyCode::Up)], Do::Up, "up", ""),
    bind(In::List, &[code(KeyCode::Down)], Do::Down, "down", ""),
    bind(In::List, &[code(KeyCode::PageUp)], Do::PageUp, "a screen up", ""),
    bind(In::List, &[code(KeyCode::PageDown)], Do::PageDown, "a screen down", ""),
    bind(In::List, &[code(KeyCode::Home)], Do::First, "first", ""),
    bind(In::List, &[code(KeyCode::End)], Do::Last, "last", ""),

    bind(In::Experiments, &[ENTER], Do::Open, "show its jobs", "open"),
    bind(In::Experiments, &[key('d')], Do::ShowRuns, "show its runs", "runs"),
    bind(In::Experiments, &[ctrl('d')], Do::Delete, "delete the experiment", "delete"),
    bind(In::Experiments, &[ctrl('k')], Do::KillAll, "kill all its running jobs", "kill jobs"),
    bind(In::Experiments, &[key('S')], Do::SortBy(Sort::Status), "sort by status", "status"),
    bind(In::Experiments, &[key('D')], Do::SortBy(Sort::Date), "sort by date", "date"),
    bind(In::Experiments, &[key('O')], Do::SortBy(Sort::Name), "sort by name", ""),
    bind(In::Experiments, &[key('f')], Do::CopyPath, "copy the folder's path", "copy path"),

    bind(In::Jobs, &[ENTER], Do::Open, "show details, open or close a group", "details"),
    bind(In::Jobs, &[key('l')], Do::Logs, "show the log", "log"),
    bind(In::Jobs, &[key('m')], Do::Chart, "draw its metrics", "metrics"),
    bind(In::Jobs, &[key('/')], Do::Search, "search: `state = running and lr < 0.1`", "search"),
    bind(In::Jobs, &[key('c')], Do::ClearSearch, "clear the search", ""),
    bind(In::Jobs, &[ctrl('k')], Do::Kill, "kill the running job", "kill"),
    bind(In::Jobs, &[ctrl('d')], Do::Delete, "delete the job", "delete"),
    bind(In::Jobs, &[ctrl('r')], Do::Start, "start it or try it again (hub)", ""),
    bind(In::Jobs, &[key('S')], Do::SortBy(Sort::Status), "sort by status", "status"),
    bind(In::Jobs, &[key('T')], Do::SortBy(Sort::Task), "sort by task", ""),
    bind(In::Jobs, &[key('D')], Do::SortBy(Sort::Date), "sort by date", ""),
    bind(In::Jobs, &[key('O')], Do::SortBy(Sort::Name), "sort by id", ""),
    bind(In::Jobs, &[key('f')], Do::CopyPath, "copy the folder's path", "copy path"),
    bind(In::Jobs, &[key('t')], Do::Tree, "tree or list", "tree"),
    bind(In::Jobs, &[key('g')], Do::Grouping, "group by the next of status, task, tag", ""),
    bind(In::Jobs, &[key('1')], Do::Toggle(Level::Status), "group by status, or do not", ""),
    bind(In::Jobs, &[key('2')], Do::Toggle(Level::Task), "group by task, or do not", ""),
    bind(In::Jobs, &[key('3')], Do::Toggle(Level::Tag), "group by tags, or do not", ""),
    bind(In::Jobs, &[key('e')], Do::ExpandAll, "open all groups", ""),
    bind(In::Jobs, &[key('E')], Do::CollapseAll, "close all groups", ""),
    bind(In::Jobs, &[code(KeyCode::Left)], Do::Left, "close the group", ""),
    bind(In::Jobs, &[code(KeyCode::Right)], Do::Right, "open the group", ""),

    bind(In::Details, &[key('l')], Do::Logs, "show the log", "log"),
    bind(In::Details, &[key('m')], Do::Chart, "draw its metrics", "metrics"),
    bind(In::Details, &[ctrl('k')], Do::Kill, "kill the running job", "kill"),
    bind(In::Details, &[ctrl('d')], Do::Delete, "delete the job", "delete"),
    bind(In::Details, &[ctrl('r')], Do::Start, "start it or try it again (hub)", ""),
    bind(In::Details, &[key('f')], Do::CopyPath, "copy the folder's path", "copy path"),

    bind(In::Log, &[key('f')], Do::Follow, "follow the end, or do not", "follow"),
    bind(In::Log, &[key('g')], Do::First, "to the beginning", "top"),
    bind(In::Log, &[key('G')], Do::Last, "to the end", "end"),
    bind(In::Log, &[key('r')], Do::Refresh, "read what is new", ""),
    bind(In::Log, &[key('/')], Do::Search, "search a text", "search"),
    bind(In::Log, &[key('n')], Do::FindNext, "next match", ""),
    bind(In::Log, &[key('N')], Do::FindPrevious, "match before", ""),
    bind(In::Log, &[code(KeyCode::Tab)], Do::NextStream, "other stream", "stream"),
    bind(In::Log, &[code(KeyCode::Left)], Do::Left, "to the left", ""),
    bind(In::Log, &[code(KeyCode::Right)], Do::Right, "to the right", ""),
    bind(In::Log, &[ctrl('s')], Do::Save, "save what was read of it to a file", ""),
    bind(In::Log, &[ctrl('y')], Do::CopyText, "copy the last lines of it", ""),
    bind(In::Log, &[key('q')], Do::Back, "close", "close"),

    bind(In::WorkspaceLog, &[key('f'), ctrl('f')], Do::Follow, "follow the end, or do not", "follow"),
    bind(In::WorkspaceLog, &[key('g')], Do::First, "to the beginning", "top"),
    bind(In::WorkspaceLog, &[key('G')], Do::Last, "to the end", "end"),
    bind(In::WorkspaceLog, &[key('/')], Do::Search, "search a text", "search"),
    bind(In::WorkspaceLog, &[key('n')], Do::FindNext, "next match", ""),
    bind(In::WorkspaceLog, &[key('N')], Do::FindPrevious, "match before", ""),
    bind(In::WorkspaceLog, &[key('o')], Do::NextStream, "its own, or what the far side says", ""),
    bind(In::WorkspaceLog, &[code(KeyCode::Left)], Do::Left, "to the left", ""),
    bind(In::WorkspaceLog, &[code(KeyCode::Right)], Do::Right, "to the right", ""),
    bind(In::WorkspaceLog, &[ctrl('s')], Do::Save, "save what was read of it to a file", "save"),
    bind(In::WorkspaceLog, &[ctrl('y')], Do::CopyText, "copy the last lines of it", "copy"),

    bind(In::Services, &[key('s'), ctrl('s')], Do::Start, "start the service", "start"),
    bind(In::Services, &[key('x'), ctrl('k')], Do::Stop, "stop the service", "stop"),
    bind(In::Services, &[key('u')], Do::CopyUrl, "copy its URL", "copy URL"),
    bind(In::Services, &[key('l'), ENTER], Do::Logs, "show its log", "log"),

    bind(In::Actions, &[ENTER], Do::Open, "do it", "do it"),

    bind(In::Orphans, &[key('T')], Do::SortBy(Sort::Task), "sort by task", "task"),
    bind(In::Orphans, &[key('Z')], Do::SortBy(Sort::Size), "sort by size", "size"),
    bind(In::Orphans, &[code(KeyCode::Left), code(KeyCode::Right)], Do::NextStream, "stray or finished ones", "◂▸"),
    bind(In::Orphans, &[ctrl('k')], Do::Kill, "kill the stray job", "kill"),
    bind(In::Orphans, &[key('K')], Do::KillAll, "kill all stray jobs", "kill all"),
    bind(In::Orphans, &[ctrl('d')], Do::Delete, "delete the job's folder", "delete"),
    bind(In::Orphans, &[ctrl('D'), key('A')], Do::DeleteAll, "delete all finished ones", "delete all"),
    bind(In::Orphans, &[key('f')], Do::CopyPath, "copy the folder's path", ""),

    bind(In::Warnings, &[ENTER], Do::Open, "do something about it", "act"),

    bind(In::Runs, &[ENTER], Do::Open, "show that run's jobs", "open"),
    bind(In::Runs, &[ctrl('d')], Do::Delete, "delete the run", "delete"),
    bind(In::Runs, &[key('f')], Do::CopyPath, "copy the folder's path", "copy path"),

    bind(In::Chart, &[code(KeyCode::Left)], Do::Left, "metric before", "◂▸ metric"),
    bind(In::Chart, &[code(KeyCode::Right)], Do::Right, "next metric", ""),
];

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let is_shifted = event.modifiers.contains(KeyModifiers::SHIFT);
        let code = match event.code {
            // Some terminals say which letter it is and that Shift is held.
            KeyCode::Char(c) if is_shifted => KeyCode::Char(c.to_ascii_uppercase()),
            KeyCode::Tab if is_shifted => KeyCode::BackTab,
            code => code,
        };
        Self {
            code,
            is_ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_ctrl {
            f.write_str("^")?;
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("↵"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::Tab => f.write_str("Tab"),
            KeyCode::BackTab => f.write_str("⇧Tab"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            code => write!(f, "{code:?}"),
        }
    }
}

impl Context {
    /// As the help calls it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::List => "Lists and texts",
            Self::Experiments => "Experiments",
            Self::Jobs => "Jobs",
            Self::Details => "A job's details",
            Self::Log => "Log",
            Self::WorkspaceLog => "The workspace's log",
            Self::Services => "Services",
            Self::Actions => "Actions",
            Self::Orphans => "Orphans",
            Self::Warnings => "Warnings",
            Self::Runs => "Runs",
            Self::Chart => "Metrics",
        }
    }
}

/// What a key asks for where these contexts have the focus, the first of them first.
pub(crate) fn command(contexts: &[Context], event: KeyEvent) -> Option<Command> {
    let key = Key::from(event);
    contexts.iter().find_map(|context| {
        let mut bindings = BINDINGS.iter();
        let found = bindings.find(|b| b.context == *context && b.keys.contains(&key));
        found.map(|binding| binding.command)
    })
}

/// Whether it ends the program whatever is typed, asked or explained.
pub(crate) fn quits_anywhere(event: KeyEvent) -> bool {
    Key::from(event) == ctrl('c')
}

/// The last line: keys and words, those of the focus first.
pub(crate) fn bar(contexts: &[Context]) -> impl Iterator<Item = (Key, &'static str)> {
    let of = |context: &Context| {
        let context = *context;
        let mut bindings = BINDINGS.iter().filter(move |b| b.context == context);
        std::iter::from_fn(move || bindings.next())
    };
    let all: Vec<_> = contexts.iter().flat_map(of).collect();
    let is_shadowed = |at: usize, binding: &Binding| {
        let mut before = all[..at].iter();
        before
            .any(|other| other.context != binding.context && other.keys.contains(&binding.keys[0]))
    };
    let shown: Vec<_> = all
        .iter()
        .enumerate()
        .filter(|(at, binding)| !binding.brief.is_empty() && !is_shadowed(*at, binding))
        .map(|(_, binding)| (binding.keys[0], binding.brief))
        .collect();
    shown.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (at, binding) in BINDINGS.iter().enumerate() {
            let mut others = BINDINGS[at + 1..].iter();
            let twin = others.find(|other| {
                other.context == binding.context
                    && other.keys.iter().any(|key| binding.keys.contains(key))
            });
            assert!(
                twin.is_none(),
                "{} {}",
                binding.context.title(),
                binding.help
            );
        }
    }

    fn check(
        contexts: &[Context],
        code: KeyCode,
        modifiers: KeyModifiers,
        expected: Option<Command>,
    ) {
        assert_eq!(command(contexts, KeyEvent::new(code, modifiers)), expected);
    }

    #[test]
    fn the_document_has_every_key() {
        let document = include_str!("../../../docs/terminal.md");
        let mut rest = document;
        for binding in BINDINGS {
            let keys: Vec<_> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            let line = format!("| {} | {} |", keys.join(" "), binding.help);
            let place = rest.find(&line);
            assert!(
                place.is_some(),
                "docs/terminal.md has no such line after the last:\n{line}"
            );
            rest = &rest[place.unwrap()..];
        }
    }

    #[test]
    fn the_focus_is_asked_first() {
        let none = KeyModifiers::NONE;
        check(
            &[In::Services, In::List, In::Everywhere],
            KeyCode::Char('s'),
            none,
            Some(Do::Start),
        );
        check(
            &[In::Jobs, In::List, In::Everywhere],
            KeyCode::Char('s'),
            none,
            Some(Do::ShowServices),
        );
        check(
            &[In::Log, In::List, In::Everywhere],
            KeyCode::Char('q'),
            none,
            Some(Do::Back),
        );
        check(&[In::Jobs], KeyCode::Char('q'), none, None);
    }

    #[test]
    fn capital_letters_are_keys_of_their_own() {
        let (ctrl, shift) = (KeyModifiers::CONTROL, KeyModifiers::SHIFT);
        check(&[In::Orphans], KeyCode::Char('d'), ctrl, Some(Do::Delete));
        check(
            &[In::Orphans],
            KeyCode::Char('d'),
            ctrl | shift,
            Some(Do::DeleteAll),
        );
        check(
            &[In::Orphans],
            KeyCode::Char('D'),
            ctrl | shift,
            Some(Do::DeleteAll),
        );
        check(
            &[In::Jobs],
            KeyCode::Char('S'),
            shift,
            Some(Do::SortBy(Sort::Status)),
        );
    }

    #[test]
    fn the_last_line_leaves_out_what_a_key_does_not_mean_here() {
        let words: Vec<_> = bar(&[In::Log, In::List, In::Everywhere])
            .map(|(_, word)| word)
            .collect();
        assert!(
            words.contains(&"close") && !words.contains(&"quit"),
            "{words:?}"
        );
    }
}
