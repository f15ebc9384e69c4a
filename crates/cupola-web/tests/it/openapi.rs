//! The description says what is there, and nothing else.

use std::collections::BTreeSet;

use cupola_web::{openapi, routes};
use serde_json::Value;

#[test]
fn every_route_of_the_api_is_described_and_nothing_else_is() {
    let routes = routes();
    let is_api = |pattern: &str| {
        // What stands below `/api/2.0` and `/api/3.0` is described by those whose interface it is.
        let is_ours = pattern.starts_with("/api/") && !pattern.contains(".0/");
        is_ours && !pattern.ends_with("/docs")
            || ["/health", "/version", "/events", "/metrics"].contains(&pattern)
    };
    let served: BTreeSet<String> = routes
        .declared()
        .iter()
        .filter(|route| is_api(route.pattern))
        .map(|route| format!("{} {}", route.method, route.pattern))
        .collect();
    let described: BTreeSet<String> = openapi::operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(served, described);
}

#[test]
fn every_shape_that_is_named_is_there() {
    let document: Value = serde_json::from_str(openapi::document()).unwrap();
    let text = openapi::document();
    for named in text.split("\"#/components/schemas/").skip(1) {
        let name = named.split('"').next().unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is missing"
        );
    }
}

#[test]
fn each_refusal_is_described_with_the_body_that_is_answered() {
    let document: Value = serde_json::from_str(openapi::document()).unwrap();
    for operation in openapi::operations() {
        let path = operation.path.replace("{*", "{");
        let method = operation.method.as_str().to_ascii_lowercase();
        let is_afs = operation.group == "training monitor";
        let (media_type, shape) = if is_afs {
            ("application/json", "ErrorBody")
        } else {
            ("application/problem+json", "Problem")
        };
        let answers = &document["paths"][&path][&method]["responses"];
        for (status, answer) in answers.as_object().unwrap() {
            if status.starts_with('2') {
                continue;
            }
            let content = &answer["content"][media_type]["schema"]["$ref"];
            let expected = format!("#/components/schemas/{shape}");
            assert_eq!(content, &expected, "{method} {path} {status}");
            let is_known = !is_afs || !["409", "422"].contains(&status.as_str());
            assert!(is_known, "{method} {path} never answers {status}");
        }
    }
}

/// `UPDATE_SNAPSHOTS=1` writes it anew.
#[test]
fn the_description_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.json");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, openapi::document()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == openapi::document(),
        "the API has changed: run again with UPDATE_SNAPSHOTS=1 and commit {path}"
    );
}
