//! A report as Markdown. A plot becomes the points that a reader can use.

use crate::{
    Block, Plot, Put as _, Report, Said, TEXT_CHARS_MAX, Table, address, chosen, is_unseen,
    numbers::amount,
};

/// Points of a series that are written out.
const POINTS: usize = 12;

/// The report; its links lead to the hub at `base`, such as `https://hub.example`, or within it where
/// that is empty.
pub fn markdown(report: &Report, base: &str) -> String {
    let mut text = format!("# {}\n\n", escaped(&report.title));
    let about: Vec<String> = report.about.iter().map(|said| linked(said, base)).collect();
    text.put(format_args!(
        "As of {}, by {}. {}\n",
        escaped(&report.made_at),
        escaped(&report.made_with),
        about.join(", ")
    ));
    for section in &report.sections {
        text.put(format_args!("\n## {}\n", escaped(&section.title)));
        for block in &section.blocks {
            text.push('\n');
            push(&mut text, block, base);
        }
    }
    text
}

/// A text of others on one line, in which nothing is Markdown or HTML. Without brackets there are no links, so
/// that parentheses may stay.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let seen = text.chars().filter(|c| !is_unseen(*c));
    let mut chars = seen.take(TEXT_CHARS_MAX);
    while let Some(c) = chars.next() {
        match c {
            // Readers make links of what looks like an address.
            '@' => escaped.push_str("&#64;"),
            ':' if chars.clone().take(2).eq(['/', '/']) => escaped.push_str("&#58;"),
            '.' if ends_with_www(&escaped) => escaped.push_str("&#46;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_control() || c.is_whitespace() => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

fn ends_with_www(text: &str) -> bool {
    let end = text.len().checked_sub(3).and_then(|at| text.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

fn push(text: &mut String, block: &Block, base: &str) {
    match block {
        Block::Paragraph(said) => text.put(format_args!("{}\n", sourced(said, base))),
        Block::Quote(quote) => text.put(format_args!(
            "> {} ({})\n",
            escaped(&quote.said.text),
            linked(&Said::at(&quote.of, quote.said.href.as_str()), base)
        )),
        Block::Facts { facts } => {
            for fact in facts {
                let value = linked(&fact.value, base);
                text.put(format_args!("- {}: {value}\n", escaped(&fact.name)));
            }
        }
        Block::Table(table) => push_table(text, table, base),
        Block::Plot(plot) => push_plot(text, plot, base),
        Block::List { items } => {
            for item in items {
                text.put(format_args!("- {}\n", sourced(item, base)));
            }
        }
    }
}

fn push_table(text: &mut String, table: &Table, base: &str) {
    text.put(format_args!("{}:\n\n", escaped(&table.caption)));
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push_str(&row(table
        .columns
        .iter()
        .map(|one| escaped(&one.name))
        .collect()));
    let rules = table.columns.iter().map(|column| {
        let rule = if column.is_number { "---:" } else { "---" };
        rule.to_owned()
    });
    text.push_str(&row(rules.collect()));
    for cells in &table.rows {
        text.push_str(&row(cells.iter().map(|cell| linked(cell, base)).collect()));
    }
    push_note(text, &table.note);
}

fn push_plot(text: &mut String, plot: &Plot, base: &str) {
    let title = linked(&Said::at(&plot.title, plot.href.as_str()), base);
    let (x, y) = (escaped(&plot.x), escaped(&plot.y));
    text.put(format_args!("{title}, as {x} → {y}:\n\n"));
    for series in &plot.series {
        let shown = chosen(&series.points, POINTS);
        let points: Vec<String> = shown
            .iter()
            .map(|(x, y)| format!("{} → {}", amount(*x), amount(*y)))
            .collect();
        let of = match series.points.len() {
            all if all > shown.len() => format!(" ({} of {all} points)", shown.len()),
            _ => String::new(),
        };
        let name = escaped(&series.name);
        text.put(format_args!("- {name}{of}: {}\n", points.join(", ")));
    }
    push_note(text, &plot.note);
}

fn push_note(text: &mut String, note: &str) {
    if !note.is_empty() {
        text.put(format_args!("\n{}\n", escaped(note)));
    }
}

/// The text as the words of its link.
fn linked(said: &Said, base: &str) -> String {
    match address(base, &said.href) {
        Some(address) if !said.text.is_empty() => format!("[{}]({address})", escaped(&said.text)),
        _ => escaped(&said.text),
    }
}

/// A sentence with where it is from behind it.
fn sourced(said: &Said, base: &str) -> String {
    match address(base, &said.href) {
        Some(address) => format!("{} ([source]({address}))", escaped(&said.text)),
        None => escaped(&said.text),
    }
}
