//! What `MLflow`'s clients measure of logged models, and how they look for them by it.

use axum::http::Method;
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::{
    harness::{Caller, TestHub},
    mlflow_files::{code, logged_run},
    mlflow_models::{get, post, send},
};

/// A logged model of a run.
async fn model_of(who: &Caller<'_>, experiment: &str, run: &str, name: &str) -> String {
    let body = json!({"experiment_id": experiment, "name": name, "source_run_id": run});
    let made = post(who, "logged-models", body).await.expect(200);
    made["model"]["info"]["model_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A point of `acc` about a model, measured on some data.
fn acc(model: &str, value: f64, data: &str, at: i64) -> Value {
    json!({"key": "acc", "value": value, "timestamp": at, "step": at, "model_id": model,
           "dataset_name": data, "dataset_digest": data.len().to_string()})
}

async fn metrics_of(who: &Caller<'_>, model: &str) -> usize {
    let shown = get(who, &format!("logged-models/{model}")).await;
    let metrics = shown.expect(200)["model"]["data"]["metrics"].clone();
    metrics.as_array().unwrap().len()
}

#[tokio::test]
async fn a_point_with_a_mistake_about_its_model_is_not_taken() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let run = run.to_string();
    let model = model_of(&ada, &experiment, &run, "m").await;
    let long = "x".repeat(501);
    let mut digest = acc(&model, 0.5, "val", 1);
    digest["dataset_digest"] = json!("x".repeat(37));
    for (wrong, field) in [
        (acc("m-nothing", 0.5, "val", 1), "model_id"),
        (acc(&run, 0.5, "val", 1), "model_id"),
        (acc(&model, 0.5, &long, 1), "dataset_name"),
        (digest, "dataset_digest"),
    ] {
        let batch = json!({"run_id": run, "metrics": [wrong]});
        let mut alone = wrong;
        alone["run_id"] = json!(run);
        for (path, body) in [("runs/log-batch", batch), ("runs/log-metric", alone)] {
            let answer = post(&ada, path, body).await;
            assert_eq!(code(&answer, 400), "INVALID_PARAMETER_VALUE", "{field}");
            assert!(answer.text().contains(field), "{}", answer.text());
        }
    }
    let shown = get(&ada, &format!("runs/get?run_id={run}"))
        .await
        .expect(200);
    assert_eq!(shown["run"]["data"]["metrics"], json!([]));
    assert_eq!(metrics_of(&ada, &model).await, 0);
}

#[tokio::test]
async fn a_program_measures_and_gives_the_models_of_its_run_alone() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, other) = logged_run(&hub, "e");
    let foreign = model_of(&ada, &experiment, &other.to_string(), "theirs").await;
    let (order, _) = crate::matrix::leased(&hub).await;
    let run = order["run_id"].as_str().unwrap();
    let program = Caller {
        hub: &hub,
        token: order["token"].as_str().unwrap().to_owned(),
    };
    let own = model_of(&program, "0", run, "mine").await;
    let both = json!({"run_id": run,
                      "metrics": [acc(&own, 0.5, "d", 1), acc(&foreign, 0.9, "d", 2)]});
    post(&program, "runs/log-batch", both).await.expect(200);
    assert_eq!(metrics_of(&program, &own).await, 1);
    assert_eq!(metrics_of(&ada, &foreign).await, 0);

    let models = |id: &str| json!({"run_id": run, "models": [{"model_id": id}]});
    let refused = post(&program, "runs/outputs", models(&foreign)).await;
    assert_eq!(code(&refused, 403), "PERMISSION_DENIED");
    post(&program, "runs/outputs", models(&own))
        .await
        .expect(200);
    post(&program, "runs/log-inputs", models(&foreign))
        .await
        .expect(200);
}

/// The names of the models that are found, in order.
async fn found(who: &Caller<'_>, mut body: Value, experiment: &str) -> String {
    // The same experiment twice has its models once.
    body["experiment_ids"] = json!([experiment, experiment]);
    let found = post(who, "logged-models/search", body).await.expect(200);
    let models = found["models"].as_array().unwrap();
    let name = |model: &Value| model["info"]["name"].as_str().unwrap().to_owned();
    models.iter().map(name).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn models_are_found_by_what_was_measured_on_the_data_that_is_named() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let run = run.to_string();
    let mut ids = Vec::new();
    for name in ["a", "b", "bare"] {
        ids.push(model_of(&ada, &experiment, &run, name).await);
    }
    let metrics = [
        acc(&ids[0], 0.9, "val", 1),
        acc(&ids[0], 0.5, "test", 2),
        acc(&ids[1], 0.7, "val", 3),
    ];
    let batch = json!({"run_id": run, "metrics": metrics});
    post(&ada, "runs/log-batch", batch).await.expect(200);

    let above = "metrics.acc > 0.8";
    let on = |data: &str| json!([{"dataset_name": data}]);
    let by = |data: &str| json!([{"field_name": "metrics.acc", "ascending": false, "dataset_name": data}]);
    let cases = [
        // Any of the values suffices.
        (json!({"filter": above}), "a"),
        (json!({"filter": "metrics.acc < 0.6"}), "a"),
        (json!({"filter": above, "datasets": on("val")}), "a"),
        (json!({"filter": above, "datasets": on("test")}), ""),
        (
            json!({"filter": above, "datasets": [{"dataset_name": "val", "dataset_digest": "9"}]}),
            "",
        ),
        (json!({"datasets": on("test")}), "a"),
        (json!({"order_by": by("val")}), "a b bare"),
        (json!({"order_by": by("test")}), "a bare b"),
        // The latest counts where no data is named.
        (
            json!({"order_by": [{"field_name": "metrics.acc", "ascending": false}]}),
            "b a bare",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(
            found(&ada, body.clone(), &experiment).await,
            expected,
            "{body}"
        );
    }
    for body in [
        json!({"datasets": [{"dataset_digest": "1"}]}),
        json!({"datasets": vec![json!({"dataset_name": "d"}); 101]}),
        json!({"order_by": vec![json!({"field_name": "metrics.acc"}); 11]}),
    ] {
        let refused = post(&ada, "logged-models/search", body).await;
        assert_eq!(code(&refused, 400), "INVALID_PARAMETER_VALUE");
    }
}

#[tokio::test]
async fn a_request_names_a_bounded_number_of_models() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let run = run.to_string();
    let model = model_of(&ada, &experiment, &run, "m").await;
    for path in ["runs/log-inputs", "runs/outputs"] {
        let naming = |count: usize| {
            let models = vec![json!({"model_id": model}); count];
            json!({"run_id": run, "models": models})
        };
        post(&ada, path, naming(1_000)).await.expect(200);
        let refused = post(&ada, path, naming(1_001)).await;
        assert_eq!(code(&refused, 400), "INVALID_PARAMETER_VALUE", "{path}");
    }
    let gone = send(
        &ada,
        Method::DELETE,
        &format!("logged-models/{model}/tags/none"),
        &json!({}),
    )
    .await;
    assert_eq!(code(&gone, 404), "RESOURCE_DOES_NOT_EXIST");
}
