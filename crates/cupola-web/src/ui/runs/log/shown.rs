//! From a part of a log to what a page shows of it.

use std::fmt::Write as _;

use cupola_domain::{
    ids::RunId,
    log::Level,
    terminal::{self, plain},
};
use cupola_hub::logs::{self, LogPart, LogQuery};
use serde_json::Value;

use super::{LevelChoice, Line, Lines, Log, LogField, Span};
use crate::ui::{format, listing::escaped, paths};

/// The log of a run, opened as `query` asks.
pub(crate) fn log(run: RunId, query: &LogQuery, part: &LogPart) -> Log {
    let filter = filter_of(query);
    let download = paths::run(run, "/log.txt");
    Log {
        key: format!("log:{run}"),
        page: paths::run(run, ""),
        src: paths::run(run, "/log"),
        matches: paths::run(run, "/log/matches"),
        download_filtered: match filter.strip_prefix('&') {
            Some(filter) => format!("{download}?{filter}"),
            None => String::new(),
        },
        download,
        levels: Level::ALL.map(|level| choice(level, query, part)).into(),
        text: query.text.clone(),
        lines: lines(run, part),
        place: place(part),
        filter,
        omitted: left_out(part.bytes_omitted, "were left out of a flood."),
    }
}

/// A window of it.
pub(super) fn lines(run: RunId, part: &LogPart) -> Lines {
    Lines {
        page: paths::run(run, ""),
        lines: part.lines.iter().map(line).collect(),
        from: part.from,
        to: part.to,
        is_start: part.is_start,
        is_end: part.is_end,
        levels: Level::ALL
            .map(|level| part.levels.of(level).to_string())
            .join(","),
        is_over: part.is_over,
        nothing: match (part.levels.total(), part.is_over) {
            (0, true) => "This run has written nothing.",
            (0, false) => "This run has written nothing yet.",
            _ => "No line matches.",
        },
    }
}

fn filter_of(query: &LogQuery) -> String {
    let mut filter = String::new();
    if query.level > Level::Debug {
        let _ = write!(filter, "&level={}", query.level);
    }
    if !query.text.is_empty() {
        let _ = write!(filter, "&text={}", escaped(&query.text));
    }
    filter
}

fn choice(level: Level, query: &LogQuery, part: &LogPart) -> LevelChoice {
    let (label, all) = match level {
        Level::Debug => ("Debug", "All"),
        Level::Info => ("Info", "Info, warnings and errors"),
        Level::Warn => ("Warn", "Warnings and errors"),
        Level::Error => ("Error", "Errors"),
    };
    LevelChoice {
        value: level.as_str(),
        label,
        count: format::count(unsigned(part.levels.of(level))),
        title: format!("{all}: {}", counted(part.levels.at_least(level))),
        is_chosen: level == query.level,
    }
}

/// `512,001–512,500 of 1,000,000 lines`.
fn place(part: &LogPart) -> String {
    let total = counted(part.levels.total());
    match (part.lines.first(), part.lines.last()) {
        (Some(first), Some(last)) => {
            let (first, last) = (unsigned(first.number), unsigned(last.number));
            let (first, last) = (format::count(first), format::count(last));
            format!("{first}–{last} of {total}")
        }
        _ => total,
    }
}

fn counted(lines: i64) -> String {
    format::counted(unsigned(lines), "line", "lines")
}

fn line(line: &logs::Line) -> Line {
    let size = |bytes: i64| format::bytes(unsigned(bytes));
    let shown = i64::try_from(line.text.len()).unwrap_or(i64::MAX);
    let field = |(name, value): (&String, &Value)| LogField {
        name: plain(name),
        value: field_text(value),
    };
    Line {
        number: unsigned(line.number),
        level: line.level.as_str(),
        stream: plain(&line.stream),
        at: line.at.into(),
        spans: terminal::spans(&line.text).into_iter().map(span).collect(),
        fields: line.fields.iter().map(field).collect(),
        cut: if line.is_cut {
            format!("{} of {}", size(shown), size(line.bytes))
        } else {
            String::new()
        },
        omitted: left_out(line.omitted, "left out here"),
    }
}

/// Texts as they are, all else as JSON, exactly.
fn field_text(value: &Value) -> String {
    match value {
        Value::String(text) => terminal::multiline(text),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// A piece of text in its colours.
pub(crate) fn span(span: terminal::Span) -> Span {
    let style = span.style;
    let mut classes = Vec::new();
    classes.extend(style.colour.map(|colour| format!("ansi-{colour}")));
    classes.extend(style.ground.map(|ground| format!("ansi-on-{ground}")));
    classes.extend(style.is_bold.then(|| "ansi-bold".to_owned()));
    Span {
        text: span.text,
        class: classes.join(" "),
    }
}

/// `1.2 MiB left out here`; empty when nothing was.
fn left_out(bytes: i64, words: &str) -> String {
    match bytes {
        1.. => format!("{} {words}", format::bytes(unsigned(bytes))),
        _ => String::new(),
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes() {
        let spans = terminal::spans("\u{1b}[1;91;44mhot\u{1b}[m <b>");
        let shown: Vec<_> = spans.into_iter().map(span).collect();
        let seen: Vec<_> = shown
            .iter()
            .map(|span| (span.text.as_str(), span.class.as_str()))
            .collect();
        assert_eq!(seen, [("hot", "ansi-9 ansi-on-4 ansi-bold"), (" <b>", "")]);
    }

    #[test]
    fn a_filter_becomes_an_address() {
        for (level, text, expected) in [
            (Level::Debug, "", ""),
            (Level::Warn, "", "&level=warn"),
            (Level::Debug, "a&b c", "&text=a%26b%20c"),
        ] {
            let query = LogQuery {
                level,
                text: text.to_owned(),
                ..LogQuery::default()
            };
            assert_eq!(filter_of(&query), expected);
        }
    }
}
