//! What a report looks like, and that nothing in it can be more than text.

use super::*;

/// All that somebody may try, in one name.
const HOSTILE: &str =
    "<script>alert(1)</script>|`x`*b*\n# h [l](javascript:alert(1)) \"q\" 'a' &amp; \u{202e}";

fn sample(text: &str, href: &str) -> Report {
    let said = || Said::at(text, href);
    Report {
        format: FORMAT,
        title: text.to_owned(),
        made_at: "2026-11-22T14:00:00.000Z".to_owned(),
        made_with: "Cupola 0.1.0".to_owned(),
        about: vec![said()],
        sections: vec![Section {
            title: text.to_owned(),
            blocks: vec![
                Block::Paragraph(said()),
                Block::Quote(Quote {
                    of: text.to_owned(),
                    said: said(),
                }),
                Block::Facts {
                    facts: vec![Fact {
                        name: text.to_owned(),
                        value: said(),
                    }],
                },
                Block::Table(Table {
                    caption: text.to_owned(),
                    columns: vec![Column::words(text), Column::numbers("loss")],
                    rows: vec![vec![said(), Said::new("1.5")]],
                    note: text.to_owned(),
                }),
                Block::Plot(Plot {
                    title: text.to_owned(),
                    x: text.to_owned(),
                    y: "loss".to_owned(),
                    series: vec![
                        Series::new(text, Look::Dots, &[(0.0, 2.0), (1.0, 1.5), (2.0, f64::NAN)]),
                        Series::new("best", Look::Steps, &[(0.0, 2.0), (1.0, 1.5)]),
                    ],
                    note: text.to_owned(),
                    href: href.to_owned(),
                }),
                Block::List {
                    items: vec![said()],
                },
            ],
        }],
    }
}

#[test]
fn markdown_of_every_block() {
    let expected = "# a rate

As of 2026-11-22T14:00:00.000Z, by Cupola 0.1.0. [a rate](/runs/1)

## a rate

a rate ([source](/runs/1))

> a rate ([a rate](/runs/1))

- a rate: [a rate](/runs/1)

a rate:

| a rate | loss |
| --- | ---: |
| [a rate](/runs/1) | 1.5 |

a rate

[a rate](/runs/1), as a rate → loss:

- a rate: 0 → 2, 1 → 1.5
- best: 0 → 2, 1 → 1.5

a rate

- a rate ([source](/runs/1))
";
    assert_eq!(markdown(&sample("a rate", "/runs/1"), ""), expected);
}

#[test]
fn html_of_every_block_stands_by_itself() {
    let text = html(&sample("a rate", "/runs/1"), "https://hub.example");
    for wanted in [
        "<title>a rate</title>",
        "<h1 dir=\"auto\">a rate</h1>",
        "<time>2026-11-22T14:00:00.000Z</time>",
        "a rate <a class=\"source\" href=\"https://hub.example/runs/1\">source</a>",
        "<blockquote dir=\"auto\">a rate</blockquote>",
        "<dt dir=\"auto\">a rate</dt><dd dir=\"auto\"><a href=\"https://hub.example/runs/1\">a rate</a></dd>",
        "<th scope=\"col\" class=\"number\">loss</th>",
        "<td class=\"number\" dir=\"auto\">1.5</td>",
        "<svg class=\"report-plot\" viewBox=\"0 0 720 316\" role=\"img\" aria-label=\"a rate: loss over a rate; a rate, best\">",
        "@media print",
        "@media (prefers-color-scheme: dark)",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    assert_eq!(
        text.matches("<circle").count(),
        3,
        "two points and a mark of the legend"
    );
    for fetched in ["<script", "<link", "<img", "src=", "@import", "url("] {
        assert!(!text.contains(fetched), "{fetched}");
    }
    let without = html(&sample("a rate", "/runs/1"), "");
    assert!(!without.contains("<a "), "a file by itself knows no hub");
}

#[test]
fn what_others_wrote_is_never_markup() {
    let text = html(
        &sample(HOSTILE, "javascript:alert(1)"),
        "https://hub.example",
    );
    assert!(!text.contains("<script"));
    assert!(!text.contains("href="), "no such address becomes a link");
    assert!(
        !text.contains('\u{202e}'),
        "nothing turns the direction of writing"
    );
    let inside = text.split_once("<body>").unwrap().1;
    assert!(inside.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!inside.contains("\"q\""), "no attribute ends early");

    let text = markdown(&sample(HOSTILE, "javascript:alert(1)"), "");
    assert!(!text.contains("<script"));
    assert!(!text.replace("\\]", "").contains("](javascript"));
    let mine = ["# ", "## ", "> ", "- ", "| ", "As of"];
    for line in text.lines().filter(|line| !line.is_empty()) {
        let is_mine = mine.iter().any(|start| line.starts_with(start));
        assert!(is_mine || line.starts_with("&lt;script"), "{line}");
    }
    let row = text.lines().find(|line| line.ends_with("| 1.5 |")).unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 3, "{row}");
}

#[test]
fn nothing_of_others_looks_like_an_address() {
    let check = |text, expected: &str| assert_eq!(markdown::escaped(text), expected);
    check("https://evil.example", "https&#58;//evil.example");
    check("https:\u{200b}//evil.example", "https&#58;//evil.example");
    check("see WWW.evil.example", "see WWW&#46;evil.example");
    check("me@evil.example", "me&#64;evil.example");
    check("at 12:30, lr: 0.1", "at 12:30, lr: 0.1");
}

#[test]
fn an_address_leads_to_the_hub_or_nowhere() {
    let check = |href, expected: Option<&str>| {
        assert_eq!(address("https://hub", href).as_deref(), expected, "{href}");
    };
    check("/runs/1?a=b&c=d", Some("https://hub/runs/1?a=b&c=d"));
    check("/a\"b<c>)d (e", Some("https://hub/a%22b%3Cc%3E%29d%20%28e"));
    check("", None);
    check("runs/1", None);
    check("//evil.example/x", None);
    check("/\\evil.example", None);
    check("javascript:alert(1)", None);
    check(" javascript:alert(1)", None);
    check("https://evil.example", None);
}

#[test]
fn a_document_comes_back_as_it_was_kept() {
    let report = sample("a rate", "/runs/1");
    assert_eq!(Report::from_json(&report.to_json()), Some(report.clone()));
    let later = Report {
        format: FORMAT + 1,
        ..report
    };
    assert_eq!(Report::from_json(&later.to_json()), None);
    assert_eq!(Report::from_json("{}"), None);
}

#[test]
fn texts_and_series_are_bounded() {
    let said = Said::new("x".repeat(5_000));
    assert_eq!(said.text.chars().count(), TEXT_CHARS_MAX + 1);
    assert!(said.text.ends_with('…'));
    let many: Vec<(f64, f64)> = (0..10_000).map(|at| (f64::from(at), 1.0)).collect();
    let series = Series::new("all", Look::Line, &many);
    assert_eq!(series.points.len(), POINTS_MAX);
    assert_eq!(
        (series.points[0].0, series.points[POINTS_MAX - 1].0),
        (0.0, 9_999.0)
    );
    assert_eq!(Said::new("a\u{202e}b\nc").text, "ab c");
}

#[test]
fn a_peak_inside_of_a_point_is_drawn() {
    let line = Series::new("loss", Look::Line, &[(0.0, 1.0), (1.0, 1.0)]);
    let peak = line
        .clone()
        .with_ranges([(1.0, 1.0, 9.0), (0.0, 1.0, f64::NAN)]);
    assert_eq!(peak.ranges, [(1.0, 1.0, 9.0)]);
    let plot = |series: Series| Plot {
        title: "loss".to_owned(),
        x: "step".to_owned(),
        y: "loss".to_owned(),
        series: vec![series],
        note: String::new(),
        href: String::new(),
    };
    assert!(!svg(&plot(line)).contains("class=\"range"));
    let drawn = svg(&plot(peak));
    assert_eq!(drawn.matches("class=\"range s0\"").count(), 1, "{drawn}");
    // The axis has room for it.
    assert!(drawn.contains(">8</text>"), "{drawn}");
}

#[test]
fn files_have_plain_names() {
    let check = |title: &str, expected| assert_eq!(named(&sample(title, "")), expected);
    check("Find a good rate!", "find-a-good-rate");
    check("../../etc/passwd\"", "etc-passwd");
    check("…", "report");
}
