//! Every page with made-up data: usual, empty, hostile, failed, large. Tests render them all, and
//! `cargo run -p cupola-web --example gallery` writes them to a folder to be looked at. None of this
//! is ever served.

mod alerts;
mod assistant;
mod briefs;
mod compare;
mod costs;
mod credits;
mod experiments;
mod families;
mod found;
mod home;
mod logs;
mod models;
mod others;
mod reports;
mod runs;
mod tasks;
mod templates;
mod things;
mod training;
mod verification;
mod workers;
mod workspaces;

use askama::Template;

/// A page with made-up data.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its name as a file: `task-failed`.
    pub name: &'static str,
    /// The page.
    pub html: String,
}

impl Sample {
    fn new(name: &'static str, page: &impl Template) -> Self {
        Self {
            name,
            html: page
                .render()
                .unwrap_or_else(|error| format!("cannot be rendered: {error}")),
        }
    }
}

/// All of them.
pub fn samples() -> Vec<Sample> {
    [
        home::samples(),
        briefs::samples(),
        experiments::samples(),
        compare::samples(),
        families::samples(),
        tasks::samples(),
        runs::samples(),
        found::samples(),
        training::samples(),
        models::samples(),
        workers::samples(),
        workspaces::samples(),
        costs::samples(),
        credits::samples(),
        verification::samples(),
        assistant::samples(),
        reports::samples(),
        alerts::samples(),
        templates::samples(),
        others::samples(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{assets, ui::paths};

    /// The values of an attribute over a whole page, escapes undone.
    fn attributes(html: &str, name: &str) -> Vec<String> {
        let start = format!(" {name}=\"");
        html.split(&start)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(|value| value.replace("&#38;", "&").replace("&amp;", "&"))
            .collect()
    }

    /// `pattern` with `{id}` for each identifier of `path`.
    fn pattern_of(path: &str) -> String {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let is_id = |segment: &&str| segment.len() == 36 && segment.matches('-').count() == 4;
        let is_api = path.starts_with("/api/");
        let mut before = "";
        let hole = |segment| {
            let hole = match before {
                "templates" if segment != "-" => "{name}",
                "code" => "{hash}",
                "models" if is_api => "{name}",
                "versions" => "{version}",
                _ if is_id(&segment) => "{id}",
                _ => segment,
            };
            before = segment;
            hole
        };
        if let Some(rest) = path.strip_prefix("/workspaces/") {
            return workspace_pattern(rest);
        }
        let segments: Vec<_> = path.split('/').map(hole).collect();
        let path = segments.join("/");
        for (folder, hole) in [
            ("/artifacts/", "{*name}"),
            ("/files/", "{*path}"),
            ("/data/", "{file}"),
        ] {
            if let Some((before, _)) = path.split_once(folder) {
                return format!("{before}{folder}{hole}");
            }
        }
        path
    }

    /// The same below `/workspaces/`, where nothing is called by an identifier.
    fn workspace_pattern(rest: &str) -> String {
        if rest == "list" {
            return "/workspaces/list".to_owned();
        }
        let segments: Vec<_> = rest.split('/').collect();
        let below = match segments.as_slice() {
            [_, "jobs", "list"] => "/jobs/list".to_owned(),
            [_, "jobs", _, _, part @ ..] => ["", "jobs", "{task}", "{hash}"]
                .into_iter()
                .chain(part.iter().copied())
                .collect::<Vec<_>>()
                .join("/"),
            [_, part @ ..] => [""]
                .into_iter()
                .chain(part.iter().copied())
                .collect::<Vec<_>>()
                .join("/"),
            [] => String::new(),
        };
        format!("/workspaces/{{id}}{below}")
    }

    fn is_known(address: &str) -> bool {
        let is_asset = || assets::all().any(|asset| asset.url == address);
        let is_of_api = |pattern: &str| {
            let routes = crate::router::routes();
            routes
                .declared()
                .iter()
                .any(|route| route.pattern == pattern)
        };
        address.starts_with('#')
            || paths::PATTERNS.contains(&pattern_of(address).as_str())
            || (address.starts_with('?'))
            || is_asset()
            || address.starts_with("/api/v1/") && is_of_api(&pattern_of(address))
    }

    #[test]
    fn every_page_renders_whole() {
        for Sample { name, html } in samples() {
            assert!(html.trim_end().ends_with("</html>"), "{name}: {html}");
            assert!(html.contains(" — Cupola</title>"), "{name}");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = samples().into_iter().map(|sample| sample.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn hostile_texts_are_escaped() {
        let mut seen = 0;
        for Sample { name, html } in samples() {
            assert!(!html.contains("<script>alert"), "{name}");
            assert!(!html.contains("\"onmouseover"), "{name}");
            seen += html
                .matches("&#60;script&#62;alert(1)&#60;/script&#62;")
                .count();
        }
        assert!(seen > 30, "only {seen} hostile texts are in the samples");
    }

    #[test]
    fn nothing_is_inline() {
        for Sample { name, html } in samples() {
            for tag in html.split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default();
                let word = tag.split([' ', '\n']).next().unwrap_or_default();
                assert!(word != "style", "{name}: <{tag}>");
                assert!(
                    word != "script" || tag.contains(" src=\"/assets/"),
                    "{name}: <{tag}>"
                );
                let in_tag = |found: &str| !quoted(tag).contains(found);
                assert!(in_tag(" style=") && in_tag(" on"), "{name}: <{tag}>");
            }
            assert!(!html.contains("javascript:"), "{name}");
        }
    }

    /// A tag with the values of its attributes taken out.
    fn quoted(tag: &str) -> String {
        tag.split('"').step_by(2).collect::<Vec<_>>().join("")
    }

    #[test]
    fn every_link_leads_to_a_known_page() {
        for Sample { name, html } in samples() {
            for attribute in [
                "href",
                "src",
                "action",
                "formaction",
                "data-src",
                "data-route",
                "data-log",
                "data-points",
            ] {
                for address in attributes(&html, attribute) {
                    assert!(is_known(&address), "{name}: {attribute}=\"{address}\"");
                }
            }
        }
    }

    #[test]
    fn every_live_key_is_known() {
        const LISTS: &[&str] = &[
            "alerting",
            "alerts",
            "briefs",
            "budgets",
            "credits",
            "reports",
            "endings",
            cupola_protocol::events::MONITOR,
            "experiments",
            "families",
            "runs",
            "models",
            "tasks",
            "templates",
            "training",
            "verification",
            "workers",
            "tokens",
        ];
        const KINDS: [&str; 8] = [
            "brief",
            "model",
            "experiment",
            "task",
            "run",
            "metrics",
            "log",
            "worker",
        ];
        for Sample { name, html } in samples() {
            for keys in attributes(&html, "data-live") {
                for key in keys.split(',').filter(|key| !key.starts_with("workspace")) {
                    let is_thing = key
                        .split_once(':')
                        .is_some_and(|(kind, id)| KINDS.contains(&kind) && id.len() == 36);
                    assert!(is_thing || LISTS.contains(&key), "{name}: `{key}`");
                }
            }
        }
    }

    #[test]
    fn ids_are_unique_within_a_page() {
        for Sample { name, html } in samples() {
            let mut ids = attributes(&html, "id");
            let all = ids.len();
            ids.sort();
            let doubled = ids
                .windows(2)
                .find(|pair| pair[0] == pair[1])
                .map(|pair| pair[0].clone());
            ids.dedup();
            assert_eq!(ids.len(), all, "{name}: {doubled:?}");
        }
    }

    #[test]
    fn every_part_can_be_found_again() {
        for Sample { name, html } in samples() {
            for tag in html.split('<').filter(|tag| tag.contains(" data-src=\"")) {
                let tag = tag.split('>').next().unwrap_or_default();
                // A level of a result is shown again by the result that it is in.
                let is_live = tag.contains(" data-live=\"") || tag.contains(" data-keep=\"");
                assert!(tag.contains(" id=\"") && is_live, "{name}: <{tag}>");
            }
        }
    }

    #[test]
    fn tables_have_captions_and_headers_for_each_cell() {
        for Sample { name, html } in samples() {
            for table in html.split("<table").skip(1) {
                let table = table.split("</table>").next().unwrap_or_default();
                assert!(table.contains("<caption"), "{name}");
                let head = table.split("</thead>").next().unwrap_or_default();
                let headers = head.matches("<th scope=\"col\"").count();
                assert!(headers > 0, "{name}");
                let rows = table.split("<tbody>").nth(1).unwrap_or_default();
                for row in rows.split("<tr").skip(1) {
                    let cells =
                        row.matches("<td").count() + row.matches("<th scope=\"row\"").count();
                    assert_eq!(cells, headers, "{name}: <tr{row}");
                }
            }
        }
    }

    #[test]
    fn every_field_has_a_name_for_everybody() {
        for Sample { name, html } in samples() {
            for tag in html.split('<').filter(|tag| {
                ["input ", "select ", "textarea "]
                    .iter()
                    .any(|word| tag.starts_with(word))
            }) {
                let tag = tag.split('>').next().unwrap_or_default();
                let id = attributes(&format!("<{tag}"), "id")
                    .pop()
                    .unwrap_or_default();
                let is_labelled =
                    tag.contains("aria-label=") || html.contains(&format!("for=\"{id}\""));
                let is_wrapped =
                    tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"");
                assert!(
                    tag.contains("type=\"hidden\"") || is_labelled || is_wrapped,
                    "{name}: <{tag}>"
                );
            }
        }
    }

    #[test]
    fn a_large_family_is_paged() {
        let page = samples()
            .into_iter()
            .find(|sample| sample.name == "tasks-large")
            .unwrap();
        assert!(page.html.matches("<tr id=").count() <= 50);
        assert!(page.html.contains("51–100 of 10\u{202f}000"));
    }
}
