//! Templates: the API, the pages, and what a broken manifest does to them.

use axum::http::Method;
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::TestHub;

const MANIFEST: &str = r#"
name = "nested"
title = "<b>Nested</b>"
command = ["sh", "{code}/run.sh"]
files = ["run.sh"]

[[fields]]
name = "layers"
kind = "list"
min_items = 1
[[fields.fields]]
name = "width"
kind = "integer"
min = 1
required = true
description = "Units of the layer."
"#;

fn hub() -> TestHub {
    let hub = TestHub::new();
    hub.write_template("nested/run.sh", "echo '<i>hello</i>'\n");
    hub.write_template("nested/template.toml", MANIFEST);
    hub
}

async fn get(hub: &TestHub, path: &str) -> Value {
    hub.somebody(Role::Viewer).get(path).await.expect(200)
}

#[tokio::test]
async fn a_template_says_what_it_is() {
    let hub = hub();
    let list = get(&hub, "/api/v1/templates").await;
    let names: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert!(
        names.contains(&&json!("char-lm")) && names.contains(&&json!("nested")),
        "{names:?}"
    );
    let detail = get(&hub, "/api/v1/templates/nested").await;
    assert_eq!(detail["template"]["metric_name"], "");
    assert_eq!(detail["command"], json!(["sh", "{code}/run.sh"]));
    assert_eq!(
        detail["files"],
        json!([{"path": "run.sh", "size_bytes": 20}])
    );
    let hash = detail["template"]["code_hash"].as_str().unwrap();
    let code = get(&hub, &format!("/api/v1/code/{hash}")).await;
    assert_eq!(code["files"][0]["text"], "echo '<i>hello</i>'\n");
}

#[tokio::test]
async fn a_schema_comes_in_both_forms() {
    let hub = hub();
    let standard = get(&hub, "/api/v1/templates/nested/schema").await;
    assert_eq!(
        standard["properties"]["layers"]["items"]["properties"]["width"]["minimum"],
        1
    );
    assert_eq!(
        get(&hub, "/api/v1/templates/nested/schema?format=json-schema").await,
        standard
    );
    let athanor = get(&hub, "/api/v1/templates/nested/schema?format=athanor").await;
    assert_eq!(athanor["properties"][0]["definition"]["type"], "list");
    let viewer = hub.somebody(Role::Viewer);
    viewer
        .get("/api/v1/templates/nested/schema?format=yaml")
        .await
        .expect(422);
    viewer
        .get("/api/v1/templates/absent/schema")
        .await
        .expect(404);
}

#[tokio::test]
async fn a_configuration_is_checked_by_field() {
    let hub = hub();
    let check = async |config: Value, expected: Value| {
        let viewer = hub.somebody(Role::Viewer);
        let body = json!({"config": config});
        let answer = viewer
            .post("/api/v1/templates/nested/check", &body)
            .await
            .expect(200);
        assert_eq!(answer, expected);
    };
    check(
        json!({"layers": [{"width": 4.0}]}),
        json!({"config": {"layers": [{"width": 4}]}, "errors": []}),
    )
    .await;
    check(
        json!({"layers": [{"width": 4}, {}, {"width": 0}]}),
        json!({"config": null, "errors": [
            {"field": "layers.1.width", "message": "is required; give a value"},
            {"field": "layers.2.width", "message": "is 0; give a whole number of at least 1"},
        ]}),
    )
    .await;
}

#[tokio::test]
async fn a_broken_manifest_is_shown_and_its_template_not_offered() {
    let hub = hub();
    hub.write_template(
        "nested/template.toml",
        &MANIFEST.replace("\"integer\"", "\"<i>\""),
    );
    let broken = get(&hub, "/api/v1/broken-templates").await;
    let broken = &broken["items"][0];
    assert_eq!(broken["name"], "nested");
    assert_eq!(broken["flaws"][0]["line"], 13);
    let viewer = hub.somebody(Role::Viewer);
    viewer.get("/api/v1/templates/nested").await.expect(409);
    let page = viewer.get("/templates").await.text();
    let reason = "`&#60;i&#62;` is not a kind; choose string, text";
    assert!(page.contains("line 13:") && page.contains(reason), "{page}");
    hub.write_template("nested/template.toml", MANIFEST);
    viewer.get("/api/v1/templates/nested").await.expect(200);
    let changes = hub.hub.last_change().unwrap();
    assert!(!hub.hub.rescan_templates().unwrap(), "nothing is new");
    assert_eq!(hub.hub.last_change().unwrap(), changes);
    assert!(
        !viewer
            .get("/templates")
            .await
            .text()
            .contains("Cannot be read")
    );
}

#[tokio::test]
async fn pages_show_the_schema_and_the_code_as_text() {
    let hub = hub();
    let viewer = hub.somebody(Role::Viewer);
    let page = viewer.get("/templates/nested").await.text();
    for expected in [
        "&#60;b&#62;Nested&#60;/b&#62;",
        "<span class=\"muted\">layers[].</span>width",
        "Units of the layer.",
        "at least 1",
        "echo &#39;&#60;i&#62;hello&#60;/i&#62;&#39;",
        "/api/v1/templates/nested/schema",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains("New experiment"), "a viewer makes none");
    let researcher = hub.somebody(Role::Researcher);
    let page = researcher.get("/templates/nested").await.text();
    assert!(page.contains("/experiments/new?template=nested"));
    assert!(
        !page.contains("/briefs/new?template=nested"),
        "it has no objective"
    );
}

#[tokio::test]
async fn odd_names_are_not_found() {
    let hub = hub();
    let viewer = hub.somebody(Role::Viewer);
    for path in [
        "/templates/%FF",
        "/templates/%3Cb%3E",
        "/code/%00",
        "/templates/-",
    ] {
        let request = viewer
            .request(Method::GET, path)
            .header("accept", "text/html");
        let answer = hub
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("<b>"), "{path}");
    }
}
