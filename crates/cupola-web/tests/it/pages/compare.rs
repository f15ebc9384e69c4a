//! Runs held against each other: the page, its part, and the same for programs.

use axum::http::Method;
use cupola_domain::{
    access::Role,
    experiment::{Experiment, Origin},
    ids::{Ids, RunId},
    metric::Point,
    provenance::Provenance,
    run::Outcome,
};
use cupola_hub::logged::{LoggedBatch, NewLogged};
use serde_json::{Value, json};

use super::scene::{ESCAPED, HOSTILE};
use crate::harness::{Answer, TestHub};

fn experiment(hub: &TestHub) -> Experiment {
    let made =
        hub.hub
            .create_logged_experiment(HOSTILE, Origin::Workspace, "mlflow", Vec::new(), "ada");
    made.unwrap()
}

/// A run of this name with these parameters that ends with this loss.
fn logged(hub: &TestHub, of: &Experiment, params: &[(&str, &str)], loss: f64) -> RunId {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let new = NewLogged {
        experiment: of.id,
        name: HOSTILE.to_owned(),
        started_at: None,
        params: params.iter().map(owned).collect(),
        tags: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
        provenance: Provenance::Measured,
    };
    let run = hub.hub.open_logged_run(new).unwrap().id;
    let points = [(0, 9.0), (1, loss)].map(|(step, value)| Point {
        step,
        time_millis: 1_000 * step,
        value,
    });
    let batch = LoggedBatch {
        points: vec![("loss".to_owned(), points.to_vec())],
        ..LoggedBatch::default()
    };
    hub.hub.log_to_run(run, batch).unwrap();
    hub.hub
        .close_logged_run(run, Outcome::Completed, None)
        .unwrap();
    run
}

/// Two learning rates over four seeds each.
fn study(hub: &TestHub) -> Experiment {
    let of = experiment(hub);
    for (seed, noise) in [("1", 0.0), ("2", 0.1), ("3", 0.05), ("4", -0.05)] {
        for (lr, loss) in [("0.1", 1.0), ("0.01", 2.0)] {
            logged(
                hub,
                &of,
                &[("lr", lr), ("seed", seed), (HOSTILE, lr)],
                loss + noise,
            );
        }
    }
    of
}

async fn open(hub: &TestHub, path: &str) -> Answer {
    let viewer = hub.somebody(Role::Viewer);
    let request = viewer
        .request(Method::GET, path)
        .header("accept", "text/html");
    hub.send(request.body(axum::body::Body::empty()).unwrap())
        .await
}

async fn page(hub: &TestHub, path: &str) -> String {
    let answer = open(hub, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

async fn api(hub: &TestHub, path: &str) -> Value {
    hub.somebody(Role::Viewer).get(path).await.expect(200)
}

#[tokio::test]
async fn two_groups_of_seeds_get_a_verdict_in_plain_words() {
    let hub = TestHub::new();
    let of = study(&hub).id;
    let html = page(&hub, &format!("/compare?experiment={of}&by=params.lr")).await;
    let verdict = "“lr 0.1” is better than “lr 0.01”: its loss is lower by about 1.";
    assert!(html.contains(verdict), "{html}");
    assert!(html.contains("Welch") && html.contains("Nobody said which way is better"));
    let upwards = format!("/compare?experiment={of}&by=params.lr&better=higher");
    let html = page(&hub, &upwards).await;
    assert!(html.contains("“lr 0.01” is better than “lr 0.1”: its loss is higher"));
    let body = api(
        &hub,
        &format!("/api/v1/compare?experiment={of}&by=params.lr"),
    )
    .await;
    assert_eq!(body["verdict"]["verdict"], "b_better");
    assert_eq!(body["verdict"]["text"], verdict);
    assert_eq!(body["verdict"]["test"], "welch");
    assert_eq!(body["groups"][1]["label"], "lr 0.1");
    assert_eq!(body["groups"][1]["counted"], 4);
    assert_eq!(body["runs"][0]["params"]["lr"], "0.1");
    assert_eq!(body["runs"][0]["value"], 1.0);
}

#[tokio::test]
async fn names_with_markup_are_texts_everywhere() {
    let hub = TestHub::new();
    let of = study(&hub).id;
    let escaped = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E";
    for query in [
        String::new(),
        format!("&by=tags.{escaped}&x=params.{escaped}&sort=tags.{escaped}"),
        format!("&axes=params.{escaped}&axes=metrics.loss&a={escaped}"),
        format!("&metric=metrics.{escaped}&curve={escaped}&brush={escaped}"),
        format!("&columns=all&by=params.{escaped}"),
    ] {
        let html = page(&hub, &format!("/compare?experiment={of}{query}")).await;
        assert!(!html.contains(HOSTILE), "{query}");
        assert!(html.contains(ESCAPED), "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_named() {
    let hub = TestHub::new();
    let of = study(&hub).id;
    let viewer = hub.somebody(Role::Viewer);
    for (query, field) in [
        ("runs=x", "runs"),
        ("experiment=x", "experiment"),
        ("metric=loss", "metric"),
        ("by=params.", "by"),
        ("better=up", "better"),
        ("axis=sideways", "axis"),
        ("from=soon", "from"),
        ("width=0", "width"),
        ("filter=params.lr%20%3D", "filter"),
    ] {
        let path = format!("/api/v1/compare?of={of}&{query}");
        let refused = viewer.get(&path).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
        let path = format!("/compare?of={of}&{query}");
        assert_eq!(open(&hub, &path).await.status, 422, "{query}");
    }
    let mut ids = Ids::new(9);
    let nobody: RunId = ids.next(hub.hub.now());
    assert_eq!(
        open(&hub, &format!("/compare?experiment={nobody}"))
            .await
            .status,
        404
    );
    let html = page(&hub, &format!("/compare?runs={nobody}")).await;
    assert!(html.contains("These runs are not there"), "{html}");
}

#[tokio::test]
async fn an_address_names_up_to_a_thousand_runs() {
    let hub = TestHub::new();
    let mut ids = Ids::new(9);
    let mut named = |count: usize| {
        let ids: Vec<String> = (0..count)
            .map(|_| ids.next::<RunId>(hub.hub.now()).to_string())
            .collect();
        ids.join(",")
    };
    let most = format!("/api/v1/compare?runs={}", named(1_000));
    assert_eq!(
        api(&hub, &most).await["missing"].as_array().unwrap().len(),
        1_000
    );
    let more = format!("/api/v1/compare?runs={}", named(1_001));
    let refused = hub.somebody(Role::Viewer).get(&more).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "runs");
}

#[tokio::test]
async fn nothing_to_compare_says_what_to_do() {
    let hub = TestHub::new();
    let html = page(&hub, "/compare").await;
    assert!(html.contains("Nothing is compared yet") && html.contains("To the experiments"));
    let of = experiment(&hub).id;
    let html = page(&hub, "/compare").await;
    assert!(html.contains(&of.to_string()) && html.contains("Compare its runs"));
    let html = page(&hub, &format!("/compare?experiment={of}")).await;
    assert!(html.contains("There are no runs yet"), "{html}");
}

#[tokio::test]
async fn the_table_is_sorted_by_any_column_and_marks_the_best() {
    let hub = TestHub::new();
    let of = study(&hub).id;
    let order = |html: &str| -> Vec<String> {
        let rows = html.split("<tr id=\"compare-").skip(1);
        rows.map(|rest| rest[..36].to_owned()).collect()
    };
    let asked = format!("/compare?experiment={of}&sort=metrics.loss");
    let html = page(&hub, &asked).await;
    let ascending = order(&html);
    assert!(html.contains("aria-sort=\"ascending\""));
    let best = html.split("class=\"is-best\"").next().unwrap();
    assert!(
        best.ends_with(&format!("data-run=\"{}\" ", ascending[0])),
        "{html}"
    );
    let descending = order(&page(&hub, &format!("{asked}&order=desc")).await);
    assert!(descending.iter().eq(ascending.iter().rev()));
}

#[tokio::test]
async fn curves_come_aligned_with_a_band_for_each_group() {
    let hub = TestHub::new();
    let of = study(&hub).id;
    let path = format!("/api/v1/compare/curves?experiment={of}&by=params.lr&curve=loss");
    let body = api(&hub, &path).await;
    assert_eq!(
        (&body["x"], &body["axis"]),
        (&json!([0, 1]), &json!("step"))
    );
    assert_eq!(body["curves"].as_array().unwrap().len(), 8);
    assert_eq!(body["curves"][0]["mean"], json!([9.0, 1.0]));
    assert_eq!(body["bands"][0]["count"], json!([4, 4]));
    let none = api(
        &hub,
        &format!("/api/v1/compare/curves?experiment={of}&curve=no"),
    )
    .await;
    assert_eq!((&none["without"], &none["x"]), (&json!(8), &json!([])));
}

#[tokio::test]
async fn a_filter_chooses_what_is_compared() {
    let hub = TestHub::new();
    let of = study(&hub).id;
    let path = format!("/api/v1/compare?experiment={of}&filter=params.lr%20%3D%200.1");
    assert_eq!(api(&hub, &path).await["runs"].as_array().unwrap().len(), 4);
    let html = page(&hub, "/compare?filter=params.lr%20%3D%200.1").await;
    assert!(
        html.contains("4 runs") && html.contains("chosen by a filter"),
        "{html}"
    );
}
