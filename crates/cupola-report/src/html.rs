//! A report as HTML in one file: its own style, pictures as SVG, no script, nothing fetched.

use crate::{
    Block, Fact, Plot, Put as _, Quote, Report, Said, Section, Table, address, is_unseen, plot,
};

/// Light and dark, narrow and printed.
const STYLE: &str = include_str!("report.css");

/// The file; its links lead to the hub at `base`. Without one there are none: a file knows no hub.
pub fn html(report: &Report, base: &str) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n",
    );
    let title = escaped(&report.title);
    out.put(format_args!(
        "<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    ));
    let about: Vec<String> = report.about.iter().map(|said| linked(said, base)).collect();
    out.put(format_args!(
        "<main>\n<header>\n<h1 dir=\"auto\">{title}</h1>\n<p class=\"meta\">As of <time>{}</time>, by {}. {}</p>\n</header>\n",
        escaped(&report.made_at),
        escaped(&report.made_with),
        about.join(", ")
    ));
    for section in &report.sections {
        push_section(&mut out, section, base);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// What a file of it is called, without an ending: letters, digits and dashes of the title.
pub fn named(report: &Report) -> String {
    let mut name = String::new();
    for c in report.title.chars().take(80) {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
    }
    match name.trim_end_matches('-') {
        "" => "report".to_owned(),
        name => name.to_owned(),
    }
}

fn push_section(out: &mut String, section: &Section, base: &str) {
    out.put(format_args!(
        "<section>\n<h2>{}</h2>\n",
        escaped(&section.title)
    ));
    for block in &section.blocks {
        match block {
            Block::Paragraph(said) => {
                out.put(format_args!(
                    "<p dir=\"auto\">{}</p>\n",
                    sourced(said, base)
                ));
            }
            Block::Quote(quote) => push_quote(out, quote, base),
            Block::Facts { facts } => push_facts(out, facts, base),
            Block::Table(table) => push_table(out, table, base),
            Block::Plot(plot) => push_plot(out, plot, base),
            Block::List { items } => {
                out.push_str("<ul>\n");
                for item in items {
                    out.put(format_args!(
                        "<li dir=\"auto\">{}</li>\n",
                        sourced(item, base)
                    ));
                }
                out.push_str("</ul>\n");
            }
        }
    }
    out.push_str("</section>\n");
}

fn push_quote(out: &mut String, quote: &Quote, base: &str) {
    let of = linked(&Said::at(&quote.of, quote.said.href.as_str()), base);
    out.put(format_args!(
        "<figure class=\"quote\"><blockquote dir=\"auto\">{}</blockquote><figcaption>{of}</figcaption></figure>\n",
        escaped(&quote.said.text)
    ));
}

fn push_facts(out: &mut String, facts: &[Fact], base: &str) {
    out.push_str("<dl>\n");
    for fact in facts {
        out.put(format_args!(
            "<div><dt dir=\"auto\">{}</dt><dd dir=\"auto\">{}</dd></div>\n",
            escaped(&fact.name),
            linked(&fact.value, base)
        ));
    }
    out.push_str("</dl>\n");
}

fn push_table(out: &mut String, table: &Table, base: &str) {
    let caption = escaped(&table.caption);
    out.put(format_args!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
    ));
    let class = |is_number: bool| if is_number { " class=\"number\"" } else { "" };
    for column in &table.columns {
        let (class, name) = (class(column.is_number), escaped(&column.name));
        out.put(format_args!("<th scope=\"col\"{class}>{name}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let is_number = table.is_number(at);
            let (class, cell) = (class(is_number), linked(cell, base));
            out.put(format_args!("<td{class} dir=\"auto\">{cell}</td>"));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    push_note(out, &table.note);
}

fn push_plot(out: &mut String, plot: &Plot, base: &str) {
    let title = linked(&Said::at(&plot.title, plot.href.as_str()), base);
    let picture = plot::svg(plot);
    out.put(format_args!(
        "<figure class=\"plot\"><figcaption dir=\"auto\">{title}</figcaption>\n{picture}</figure>\n"
    ));
    push_note(out, &plot.note);
}

fn push_note(out: &mut String, note: &str) {
    if !note.is_empty() {
        out.put(format_args!(
            "<p class=\"note\" dir=\"auto\">{}</p>\n",
            escaped(note)
        ));
    }
}

/// The text as the words of its link.
fn linked(said: &Said, base: &str) -> String {
    match address_of(said, base) {
        Some(address) if !said.text.is_empty() => {
            format!(
                "<a href=\"{}\">{}</a>",
                escaped(&address),
                escaped(&said.text)
            )
        }
        _ => escaped(&said.text),
    }
}

/// A sentence with where it is from behind it.
fn sourced(said: &Said, base: &str) -> String {
    match address_of(said, base) {
        Some(address) => format!(
            "{} <a class=\"source\" href=\"{}\">source</a>",
            escaped(&said.text),
            escaped(&address)
        ),
        None => escaped(&said.text),
    }
}

fn address_of(said: &Said, base: &str) -> Option<String> {
    address(base, &said.href).filter(|_| !base.is_empty())
}

/// A text in which nothing is markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_unseen(c) => {}
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
