//! The registry and logged models as `MLflow`'s clients use them.

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Caller, TestHub},
    mlflow_files::{API, code, escaped, logged_run, put},
};

pub(crate) async fn send(who: &Caller<'_>, method: Method, path: &str, body: &Value) -> Answer {
    let request = who
        .request(method, &format!("{API}/{path}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    who.hub.send(request.unwrap()).await
}

pub(crate) async fn post(who: &Caller<'_>, path: &str, body: Value) -> Answer {
    send(who, Method::POST, path, &body).await
}

pub(crate) async fn get(who: &Caller<'_>, path: &str) -> Answer {
    who.get(&format!("{API}/{path}")).await
}

/// Registers a model with so many versions.
async fn registered(who: &Caller<'_>, name: &str, versions: u32) {
    post(who, "registered-models/create", json!({"name": name}))
        .await
        .expect(200);
    for _ in 0..versions {
        let body = json!({"name": name, "source": "s3://bucket/model"});
        post(who, "model-versions/create", body).await.expect(200);
    }
}

#[tokio::test]
async fn a_model_is_made_changed_and_removed() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let body = json!({"name": "wine é", "description": "d", "tags": [{"key": "k", "value": "v"}]});
    let made = post(&ada, "registered-models/create", body.clone())
        .await
        .expect(200);
    let model = &made["registered_model"];
    assert_eq!(
        (&model["name"], &model["description"]),
        (&json!("wine é"), &json!("d"))
    );
    assert_eq!(model["tags"], json!([{"key": "k", "value": "v"}]));
    assert_eq!(model["user_id"], "researcher");
    let again = post(&ada, "registered-models/create", body).await;
    assert_eq!(code(&again, 400), "RESOURCE_ALREADY_EXISTS");

    let change = json!({"name": "wine é", "description": "better"});
    let changed = send(&ada, Method::PATCH, "registered-models/update", &change)
        .await
        .expect(200);
    assert_eq!(changed["registered_model"]["description"], "better");
    let rename = json!({"name": "wine é", "new_name": "mead"});
    post(&ada, "registered-models/rename", rename)
        .await
        .expect(200);
    let tag = json!({"name": "mead", "key": "k2", "value": "v2"});
    post(&ada, "registered-models/set-tag", tag)
        .await
        .expect(200);
    let untag = json!({"name": "mead", "key": "k"});
    send(&ada, Method::DELETE, "registered-models/delete-tag", &untag)
        .await
        .expect(200);
    let shown = get(&ada, "registered-models/get?name=mead")
        .await
        .expect(200);
    assert_eq!(
        shown["registered_model"]["tags"],
        json!([{"key": "k2", "value": "v2"}])
    );

    let gone = json!({"name": "mead"});
    send(&ada, Method::DELETE, "registered-models/delete", &gone)
        .await
        .expect(200);
    let missing = get(&ada, "registered-models/get?name=mead").await;
    assert_eq!(code(&missing, 404), "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn a_version_goes_through_stages_and_aliases() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    registered(&ada, "m", 3).await;
    let staged = |version: &str, stage: &str, is_alone: bool| {
        json!({"name": "m", "version": version, "stage": stage,
               "archive_existing_versions": is_alone})
    };
    for (version, is_alone) in [("1", false), ("3", true)] {
        let path = "model-versions/transition-stage";
        let moved = post(&ada, path, staged(version, "production", is_alone))
            .await
            .expect(200);
        assert_eq!(moved["model_version"]["current_stage"], "Production");
    }
    let wrong = staged("1", "archived", true);
    let wrong = post(&ada, "model-versions/transition-stage", wrong).await;
    assert_eq!(code(&wrong, 400), "INVALID_PARAMETER_VALUE");
    let latest = post(
        &ada,
        "registered-models/get-latest-versions",
        json!({"name": "m"}),
    );
    let latest = latest.await.expect(200);
    let seen: Vec<_> = latest["model_versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| format!("{} {}", v["version"], v["current_stage"]))
        .collect();
    assert_eq!(
        seen,
        [r#""3" "Production""#, r#""2" "None""#, r#""1" "Archived""#]
    );
    let one = get(
        &ada,
        "registered-models/get-latest-versions?name=m&stages=archived",
    )
    .await;
    assert_eq!(one.expect(200)["model_versions"][0]["version"], "1");

    let alias = json!({"name": "m", "alias": "best", "version": "2"});
    post(&ada, "registered-models/alias", alias)
        .await
        .expect(200);
    let found = get(&ada, "registered-models/alias?name=m&alias=best")
        .await
        .expect(200);
    assert_eq!(found["model_version"]["version"], "2");
    assert_eq!(found["model_version"]["aliases"], json!(["best"]));
    let model = get(&ada, "registered-models/get?name=m").await.expect(200);
    let aliases = &model["registered_model"]["aliases"];
    assert_eq!(*aliases, json!([{"alias": "best", "version": "2"}]));
    let version = json!({"name": "m", "version": "2"});
    send(&ada, Method::DELETE, "model-versions/delete", &version)
        .await
        .expect(200);
    let lost = get(&ada, "registered-models/alias?name=m&alias=best").await;
    assert_eq!(code(&lost, 400), "INVALID_PARAMETER_VALUE");
    let lost = get(&ada, "model-versions/get?name=m&version=2").await;
    assert_eq!(code(&lost, 404), "RESOURCE_DOES_NOT_EXIST");
}

/// What is wrong with each field of each call.
#[tokio::test]
async fn what_is_wrong_is_told_in_the_clients_words() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    registered(&ada, "m", 1).await;
    let invalid = "INVALID_PARAMETER_VALUE";
    let (long, wide) = ("x".repeat(257), "x".repeat(251));
    let cases = [
        ("registered-models/create", json!({}), invalid),
        ("registered-models/create", json!({"name": ""}), invalid),
        ("registered-models/create", json!({"name": 3}), invalid),
        ("registered-models/create", json!({"name": "a/b"}), invalid),
        ("registered-models/create", json!({"name": ".."}), invalid),
        ("registered-models/create", json!({"name": long}), invalid),
        (
            "registered-models/create",
            json!({"name": "x", "tags": [{"key": wide}]}),
            invalid,
        ),
        (
            "registered-models/create",
            json!({"name": "x", "tags": {"key": "a"}}),
            invalid,
        ),
        ("registered-models/rename", json!({"name": "m"}), invalid),
        (
            "registered-models/rename",
            json!({"name": "m", "new_name": ":"}),
            invalid,
        ),
        (
            "registered-models/set-tag",
            json!({"name": "m", "value": "x"}),
            invalid,
        ),
        (
            "registered-models/alias",
            json!({"name": "m", "alias": "latest", "version": "1"}),
            invalid,
        ),
        (
            "registered-models/alias",
            json!({"name": "m", "alias": "a b", "version": "1"}),
            invalid,
        ),
        (
            "registered-models/alias",
            json!({"name": "m", "alias": "a", "version": "one"}),
            invalid,
        ),
        ("model-versions/create", json!({"name": "m"}), invalid),
        (
            "model-versions/create",
            json!({"name": "m", "source": "/etc"}),
            invalid,
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": "file:///etc"}),
            invalid,
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": "models:/x"}),
            invalid,
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": "mlflow-artifacts:/a/../b"}),
            invalid,
        ),
        (
            "model-versions/transition-stage",
            json!({"name": "m", "version": "1", "stage": "Production"}),
            invalid,
        ),
        (
            "model-versions/transition-stage",
            json!({"name": "m", "version": "1", "stage": "gone", "archive_existing_versions": false}),
            invalid,
        ),
        ("logged-models", json!({"name": "x"}), invalid),
        (
            "logged-models",
            json!({"experiment_id": "0", "name": "a.b"}),
            invalid,
        ),
        ("logged-models/search", json!({"filter": "name ="}), invalid),
        ("logged-models/search", json!({"order_by": [{}]}), invalid),
        ("runs/outputs", json!({"models": []}), invalid),
    ];
    for (path, body, expected) in cases {
        let answer = post(&ada, path, body.clone()).await;
        assert_eq!(
            code(&answer, 400),
            expected,
            "{path} {body}: {}",
            answer.text()
        );
    }
    let unknown = "RESOURCE_DOES_NOT_EXIST";
    let nobody = "01900000-0000-7000-8000-000000000000";
    for (path, body) in [
        (
            "registered-models/rename",
            json!({"name": "x", "new_name": "y"}),
        ),
        (
            "registered-models/set-tag",
            json!({"name": "x", "key": "k", "value": "v"}),
        ),
        (
            "registered-models/alias",
            json!({"name": "m", "alias": "a", "version": "9"}),
        ),
        (
            "model-versions/create",
            json!({"name": "x", "source": "s3://a/b"}),
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": "s3://a/b", "run_id": nobody}),
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": format!("models:/m-{}", nobody.replace('-', ""))}),
        ),
        (
            "model-versions/set-tag",
            json!({"name": "m", "version": "2", "key": "k", "value": "v"}),
        ),
        ("logged-models", json!({"experiment_id": nobody})),
        ("runs/outputs", json!({"run_id": nobody, "models": []})),
    ] {
        let answer = post(&ada, path, body.clone()).await;
        assert_eq!(
            code(&answer, 404),
            unknown,
            "{path} {body}: {}",
            answer.text()
        );
    }
}

async fn names(who: &Caller<'_>, what: &str, query: &str) -> Vec<String> {
    let found = get(who, &format!("{what}/search?{query}"))
        .await
        .expect(200);
    let found = found[what.replace('-', "_")].as_array().unwrap().clone();
    let name = |one: &Value| match one["version"].as_str() {
        Some(version) => format!("{}{version}", one["name"].as_str().unwrap()),
        None => one["name"].as_str().unwrap().to_owned(),
    };
    found.iter().map(name).collect()
}

fn filter(text: &str) -> String {
    format!("filter={}", escaped(text))
}

#[tokio::test]
async fn models_and_versions_are_searched() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    for name in ["beer", "Wine", "wine two", "prompt"] {
        hub.advance(std::time::Duration::from_secs(1));
        registered(&ada, name, 2).await;
    }
    let tag = json!({"name": "beer", "key": "a b", "value": "X1"});
    post(&ada, "registered-models/set-tag", tag)
        .await
        .expect(200);
    let tag = json!({"name": "prompt", "key": "mlflow.prompt.is_prompt", "value": "true"});
    post(&ada, "registered-models/set-tag", tag)
        .await
        .expect(200);
    let models = "registered-models";
    for (query, expected) in [
        (String::new(), "Wine beer wine two"),
        (filter("name = 'beer'"), "beer"),
        (filter("name != 'beer'"), "Wine wine two"),
        (filter("name LIKE 'wine%'"), "wine two"),
        (filter("name ILIKE 'wine%'"), "Wine wine two"),
        (filter("name IN ('beer', 'Wine', 'x')"), "Wine beer"),
        (filter("tags.`a b` = 'X1'"), "beer"),
        (filter("tag.\"a b\" ILIKE 'x%' AND name = 'beer'"), "beer"),
        (filter("tags.`mlflow.prompt.is_prompt` = 'true'"), "prompt"),
        (
            filter("name LIKE 'b%' AND tags.`mlflow.prompt.is_prompt` = 'false'"),
            "beer",
        ),
        ("order_by=name%20DESC".to_owned(), "wine two beer Wine"),
        (
            "order_by=creation_timestamp%20ASC".to_owned(),
            "beer Wine wine two",
        ),
        ("max_results=1".to_owned(), "Wine"),
        ("max_results=1&page_token=1".to_owned(), "beer"),
    ] {
        assert_eq!(
            names(&ada, models, &query).await.join(" "),
            expected,
            "{query}"
        );
    }
    let versions = "model-versions";
    for (query, expected) in [
        (filter("name = 'beer'"), "beer2 beer1"),
        (filter("name = 'beer' AND version_number = 1"), "beer1"),
        (
            filter("version_number >= 2 AND name LIKE '%i%'"),
            "wine two2 Wine2",
        ),
        (
            filter("source_path LIKE 's3://%' AND name = 'Wine'"),
            "Wine2 Wine1",
        ),
        (filter("run_id = 'x'"), ""),
        (
            "order_by=name&order_by=version_number&max_results=3".to_owned(),
            "Wine1 Wine2 beer1",
        ),
    ] {
        assert_eq!(
            names(&ada, versions, &query).await.join(" "),
            expected,
            "{query}"
        );
    }
    for (what, query) in [
        (models, filter("description = 'x'")),
        (models, filter("name < 'x'")),
        (models, filter("name = 3")),
        (models, "order_by=tags.a%20sideways".to_owned()),
        (models, "max_results=0".to_owned()),
        (models, "page_token=x".to_owned()),
        (versions, filter("version_number LIKE '1'")),
        (versions, filter("version_number IN ('1')")),
        (versions, filter("metrics.a > 1")),
    ] {
        let answer = get(&ada, &format!("{what}/search?{query}")).await;
        assert_eq!(
            code(&answer, 400),
            "INVALID_PARAMETER_VALUE",
            "{what} {query}"
        );
    }
}

#[tokio::test]
async fn a_logged_model_is_registered_with_its_files() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let body = json!({
        "experiment_id": experiment, "name": "forest", "source_run_id": run.to_string(),
        "params": [{"key": "depth", "value": "3"}], "tags": [{"key": "a", "value": "b"}],
    });
    let made = post(&ada, "logged-models", body).await.expect(200);
    let info = &made["model"]["info"];
    let id = info["model_id"].as_str().unwrap();
    assert_eq!(info["status"], "LOGGED_MODEL_PENDING");
    assert_eq!(
        info["artifact_uri"],
        format!("mlflow-artifacts:/{experiment}/models/{id}/artifacts")
    );
    let root = format!("/api/2.0/mlflow-artifacts/artifacts/{experiment}/models/{id}/artifacts");
    put(&ada, &format!("{root}/MLmodel"), b"flavors")
        .await
        .expect(200);
    put(&ada, &format!("{root}/data/x"), b"weights")
        .await
        .expect(200);
    let done = json!({"status": "LOGGED_MODEL_READY"});
    send(&ada, Method::PATCH, &format!("logged-models/{id}"), &done)
        .await
        .expect(200);
    let output = json!({"run_id": run.to_string(), "models": [{"model_id": id, "step": "4"}]});
    post(&ada, "runs/outputs", output).await.expect(200);
    let files = get(&ada, &format!("logged-models/{id}/artifacts/directories"))
        .await
        .expect(200);
    assert_eq!(files["files"][0]["path"], "MLmodel");
    for (query, expected) in [
        ("name = 'forest' AND params.depth = '3'", 1),
        ("tags.a != 'b'", 0),
        ("status = 'LOGGED_MODEL_READY'", 1),
        ("metrics.acc > 0.5", 0),
    ] {
        let body = json!({"experiment_ids": [experiment], "filter": query,
                          "order_by": [{"field_name": "creation_timestamp", "ascending": false}]});
        let found = post(&ada, "logged-models/search", body).await.expect(200);
        assert_eq!(
            found["models"].as_array().unwrap().len(),
            expected,
            "{query}"
        );
    }

    registered(&ada, "m", 0).await;
    let body = json!({"name": "m", "source": format!("models:/{id}"), "model_id": id});
    let version = post(&ada, "model-versions/create", body).await.expect(200);
    let version = &version["model_version"];
    assert_eq!(
        (&version["run_id"], &version["status"]),
        (&json!(run.to_string()), &json!("READY"))
    );
    let path = "model-versions/get-download-uri?name=m&version=1";
    let uri = get(&ada, path).await.expect(200)["artifact_uri"].clone();
    let place = uri
        .as_str()
        .unwrap()
        .strip_prefix("mlflow-artifacts:/")
        .unwrap()
        .to_owned();
    send(
        &ada,
        Method::DELETE,
        &format!("logged-models/{id}"),
        &json!({}),
    )
    .await
    .expect(200);
    let kept = ada
        .get(&format!(
            "/api/2.0/mlflow-artifacts/artifacts/{place}/data/x"
        ))
        .await;
    assert_eq!(kept.bytes, b"weights");
    let refused = put(
        &ada,
        &format!("/api/2.0/mlflow-artifacts/artifacts/{place}/data/x"),
        b"y",
    )
    .await;
    assert_eq!(code(&refused, 400), "INVALID_PARAMETER_VALUE");
}

#[tokio::test]
async fn a_program_registers_models_of_its_own_run_and_changes_nothing_else() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    registered(&ada, "m", 1).await;
    let (_, other) = logged_run(&hub, "e");
    let (order, _) = crate::matrix::leased(&hub).await;
    let own = order["run_id"].as_str().unwrap();
    let program = Caller {
        hub: &hub,
        token: order["token"].as_str().unwrap().to_owned(),
    };
    let file = format!("/api/2.0/mlflow-artifacts/artifacts/e/{own}/artifacts/model/x");
    put(&program, &file, b"x").await.expect(200);
    post(
        &program,
        "registered-models/create",
        json!({"name": "mine"}),
    )
    .await
    .expect(200);
    for name in ["mine", "m"] {
        let body = json!({"name": name, "source": format!("runs:/{own}/model"), "run_id": own});
        post(&program, "model-versions/create", body)
            .await
            .expect(200);
    }
    get(&program, "model-versions/get?name=m&version=1")
        .await
        .expect(200);
    let source = format!("runs:/{other}/model");
    for (path, body) in [
        (
            "model-versions/create",
            json!({"name": "m", "source": source}),
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": "s3://a/b"}),
        ),
        (
            "model-versions/create",
            json!({"name": "m", "source": "s3://a/b", "run_id": other.to_string()}),
        ),
        (
            "registered-models/rename",
            json!({"name": "m", "new_name": "n"}),
        ),
        (
            "registered-models/alias",
            json!({"name": "m", "alias": "a", "version": "1"}),
        ),
        (
            "registered-models/set-tag",
            json!({"name": "m", "key": "a", "value": "1"}),
        ),
        (
            "runs/outputs",
            json!({"run_id": other.to_string(), "models": []}),
        ),
    ] {
        let answer = post(&program, path, body.clone()).await;
        assert_eq!(code(&answer, 403), "PERMISSION_DENIED", "{path} {body}");
    }
}
