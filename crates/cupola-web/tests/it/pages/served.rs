//! Every address answers, and answers the same whichever way it is asked.

use std::collections::BTreeSet;

use axum::http::Method;
use cupola_domain::access::Role;
use cupola_web::{routes, ui::paths::PATTERNS};

use super::scene::{ESCAPED, HOSTILE, Scene, parts};

/// An id that names nothing.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// Addresses that are no pages.
const NOT_PAGES: [&str; 9] = [
    // Nothing was checked there.
    "/verification/{id}",
    "/verification/{id}/evidence",
    // There is none where the workspace is open.
    "/workspaces/{id}/waiting",
    // Leads on to a service that runs.
    "/workspaces/{id}/services/open",
    "/api/openapi.json",
    "/events",
    "/logout",
    "/login",
    "/experiments/{id}/comparison",
];

/// The patterns of pages and parts that can be looked at.
fn looked_at() -> Vec<&'static str> {
    let routes = routes();
    let gets: BTreeSet<_> = routes
        .declared()
        .iter()
        .filter(|route| route.method == Method::GET)
        .map(|route| route.pattern)
        .collect();
    let patterns = PATTERNS.iter().copied();
    patterns
        .filter(|pattern| gets.contains(pattern) && !NOT_PAGES.contains(pattern))
        // The scene keeps no files.
        .filter(|pattern| !pattern.contains("{*"))
        .collect()
}

/// The whole pages among them.
const PAGES: [&str; 41] = [
    "/reports",
    "/reports/{id}",
    "/assistant",
    "/verification",
    "/workspaces",
    "/workspaces/{id}",
    "/workspaces/{id}/jobs",
    "/workspaces/{id}/jobs?filter=state%20%3D%20error&sort=task&order=asc",
    "/workspaces/{id}/jobs/{task}/{hash}",
    "/workspaces/{id}/graph",
    "/workspaces/{id}/services",
    "/workspaces/{id}/orphans",
    "/workspaces/{id}/log",
    "/alerts",
    "/",
    "/briefs",
    "/briefs/{id}",
    "/families",
    "/families/{id}",
    "/tasks",
    "/tasks/{id}",
    "/runs/{id}",
    "/models",
    "/models/{id}",
    "/workers",
    "/workers/{id}",
    "/training",
    "/training/models",
    "/training/metrics",
    "/training/registry",
    "/experiments",
    "/experiments/{id}",
    "/compare",
    "/experiments?q=a%20b&state=pending&origin=manual&sort=name&order=asc",
    "/templates",
    "/templates/{name}",
    "/code/{hash}",
    "/briefs?q=a%20b",
    "/families?q=campaign",
    "/tasks?sort=value&order=asc&q=l",
    "/briefs/{id}?sort=priority&against=lr",
];

#[test]
fn the_router_has_the_pages_that_pages_link_to() {
    let routes = routes();
    let is_ours = |pattern: &&str| {
        (!pattern.starts_with("/api/") || *pattern == "/api/openapi.json")
            && !["/assets/{file}", "/health", "/version", "/metrics", "/mcp"].contains(pattern)
    };
    let declared: BTreeSet<_> = routes
        .declared()
        .iter()
        .map(|route| route.pattern)
        .collect();
    let declared: BTreeSet<_> = declared.into_iter().filter(is_ours).collect();
    assert_eq!(declared, PATTERNS.iter().copied().collect());
}

#[tokio::test]
async fn every_page_and_part_answers() {
    let scene = Scene::new().await;
    let patterns = looked_at();
    assert!(patterns.len() > 35, "{patterns:?}");
    for pattern in patterns {
        let path = scene.fill(pattern);
        let path = match pattern {
            "/runs/{id}/points" => format!("{path}?name=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"),
            "/workers/{id}/points" => format!("{path}?name=cpu.percent"),
            _ => path,
        };
        let answer = scene.open(Role::Admin, &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let expected = match pattern {
            "/runs/{id}/points" | "/workers/{id}/points" => "text/csv; charset=utf-8",
            "/runs/names"
            | "/runs/{id}/charts"
            | "/workers/{id}/charts"
            | "/runs/{id}/log/matches"
            | "/runs/{id}/result.json" => "application/json",
            "/runs/{id}/log.txt" | "/workspaces/{id}/log/file" => "text/plain; charset=utf-8",
            "/runs/export" | "/training/export" | "/training/costs/export" => {
                "text/csv; charset=utf-8; header=present"
            }
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), expected, "{path}");
    }
}

#[tokio::test]
async fn a_viewer_sees_every_page() {
    let scene = Scene::new().await;
    for pattern in PAGES {
        let html = scene.page(Role::Viewer, &scene.fill(pattern)).await;
        assert!(html.trim_end().ends_with("</html>"), "{pattern}");
        assert!(
            html.contains("<span class=\"who-name\" dir=\"auto\">viewer<"),
            "{pattern}"
        );
        let seq = scene.hub.hub.last_change().unwrap();
        let seq = seq - 1; // The viewer's own token was made just before.
        let told = html
            .split("data-seq=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        assert!(told.unwrap().parse::<i64>().unwrap() >= seq, "{pattern}");
    }
}

#[tokio::test]
async fn the_first_load_and_a_parts_own_route_give_the_same() {
    let scene = Scene::new().await;
    let researcher = scene.hub.token(Role::Researcher);
    let mut seen = 0;
    for pattern in PAGES {
        let paths = [
            scene.fill(pattern),
            pattern.replace(
                "{id}",
                if pattern.starts_with("/tasks") {
                    &scene.running.task
                } else {
                    &scene.running.run
                },
            ),
        ];
        let paths = if pattern.starts_with("/tasks/") || pattern.starts_with("/runs/") {
            &paths[..]
        } else {
            &paths[..1]
        };
        for path in paths {
            let caller = crate::harness::Caller {
                hub: &scene.hub,
                token: researcher.clone(),
            };
            let page = caller.get(path).await.text();
            for part in parts(&page) {
                let answer = caller.get(&part.src).await;
                assert_eq!(answer.status, 200, "{}: {}", part.src, answer.text());
                let html = answer.text();
                assert!(
                    page.contains(html.trim()),
                    "{path}: {} differs:\n{html}",
                    part.src
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "only {seen} parts were compared");
}

#[tokio::test]
async fn an_id_that_names_nothing_is_a_page_that_says_so() {
    let scene = Scene::new().await;
    for pattern in looked_at()
        .into_iter()
        .filter(|pattern| pattern.contains("{id}"))
    {
        for id in [
            NOBODY,
            "x",
            "%3Cscript%3E",
            "00000000-0000-0000-0000-00000000000g",
        ] {
            let mut path = pattern.replace("{id}", id);
            if pattern.ends_with("/points") {
                path.push_str("?name=loss");
            }
            if pattern.starts_with("/runs/{id}/result") {
                path.push_str("?key=loss");
            }
            let answer = scene.open(Role::Admin, &path).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
            // What scripts read is told in their own form.
            let is_for_scripts = ["/charts", "/points", "log.txt", "/log/matches", "/export"]
                .iter()
                .any(|end| pattern.ends_with(end));
            if !is_for_scripts || id != NOBODY {
                assert!(answer.text().contains("<h1>Not found</h1>"), "{path}");
            }
            assert!(!answer.text().contains("<script>"), "{path}");
        }
    }
}

#[tokio::test]
async fn hostile_texts_come_out_as_texts() {
    let scene = Scene::new().await;
    let mut escaped = 0;
    let mut paths: Vec<_> = looked_at()
        .iter()
        .map(|pattern| scene.fill(pattern))
        .collect();
    for one in [&scene.failed, &scene.running, &scene.pending] {
        paths.extend([format!("/tasks/{}", one.task), format!("/runs/{}", one.run)]);
    }
    let is_page = |path: &String| {
        ![
            "/charts",
            "/points",
            "/log.txt",
            "/log/file",
            "/result.json",
            "/export",
        ]
        .iter()
        .any(|file| path.contains(file))
    };
    paths.retain(is_page);
    for path in paths {
        let html = scene.page(Role::Admin, &path).await;
        assert!(!html.contains(HOSTILE), "{path}");
        assert!(!html.contains("<img"), "{path}");
        escaped += usize::from(html.contains(ESCAPED));
    }
    assert!(escaped > 25, "only {escaped} pages show the title");
}

#[tokio::test]
async fn a_list_says_what_it_does_not_understand() {
    let scene = Scene::new().await;
    for (path, field) in [
        ("/tasks?sort=colour", "sort"),
        ("/tasks?order=up", "order"),
        ("/tasks?state=done", "state"),
        ("/tasks?family=x", "family"),
        ("/tasks?page=0", "page"),
        ("/briefs?page=x", "page"),
        ("/experiments?sort=colour", "sort"),
        ("/experiments?origin=mars", "origin"),
        ("/experiments?state=done", "state"),
    ] {
        let answer = scene.open(Role::Viewer, path).await;
        assert_eq!(answer.status, 422, "{path}");
        let html = answer.text().to_lowercase();
        assert!(
            html.contains(&format!("`{field}`")) || html.contains(field),
            "{path}: {html}"
        );
    }
    let page = scene.page(Role::Viewer, "/tasks?page=99").await;
    assert!(page.contains("4 tasks") && page.matches("<tr id=").count() == 4);
}

#[tokio::test]
async fn what_layers_refuse_is_a_page_too() {
    let scene = Scene::new().await;
    for (role, path, status, title) in [
        (Role::Viewer, "/nothing", 404, "Not found"),
        (Role::Viewer, "/briefs/new", 403, "Not allowed"),
        (Role::Operator, "/settings/tokens", 403, "Not allowed"),
        (Role::Viewer, "/logout", 405, "Not possible here"),
    ] {
        let answer = scene.open(role, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(
            answer.text().contains(&format!("<h1>{title}</h1>")),
            "{path}"
        );
        assert!(answer.text().contains("</html>"), "{path}");
        assert!(answer.text().contains("class=\"sections\""), "{path}");
    }
    let answer = scene
        .open(Role::Viewer, "/login?next=/tasks%3Fa%3D%22b")
        .await;
    let html = answer.text();
    assert!(html.contains("action=\"/login\"") && html.contains("name=\"token\""));
    let refused = scene
        .post(Role::Viewer, "/login", "token=gu3ss&next=/tasks")
        .await;
    assert_eq!(refused.status, 401);
    let html = refused.text();
    assert!(
        html.contains("id=\"token-error\"") && html.contains("value=\"/tasks\""),
        "{html}"
    );
    assert!(!html.contains("gu3ss"));
}
