//! Alerts on pages and by the API: who may do what, and that no secret comes back.

use axum::http::Method;
use cupola_domain::access::Role;
use serde_json::{Value, json};

use super::scene::{ESCAPED, Scene};

async fn alert(scene: &Scene) -> String {
    let viewer = scene.hub.somebody(Role::Viewer);
    let found = viewer.get("/api/v1/alerts?state=open").await.expect(200);
    found["items"][0]["alert_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_bell_rings_on_every_page_until_somebody_looks_after_it() {
    let scene = Scene::new().await;
    let bell = |html: &str| {
        let bell = html.split("id=\"bell\"").nth(1).unwrap_or_default();
        let label = bell.split("aria-label=\"").nth(1).unwrap_or_default();
        label.split('"').next().unwrap_or_default().to_owned()
    };
    for path in ["/", "/tasks", "/alerts"] {
        assert_eq!(
            bell(&scene.page(Role::Viewer, path).await),
            "Alerts: 1 open"
        );
    }
    let id = alert(&scene).await;
    let path = format!("/alerts/{id}/acknowledgement");
    assert_eq!(scene.post(Role::Viewer, &path, "").await.status, 403);
    let answer = scene.post(Role::Researcher, &path, "").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/alerts")
    );
    assert_eq!(
        bell(&scene.page(Role::Viewer, "/").await),
        "Alerts: none open"
    );
    let page = scene.page(Role::Viewer, "/alerts").await;
    assert!(
        page.contains("acknowledged") && page.contains("by researcher"),
        "{page}"
    );
    assert!(page.contains(ESCAPED));
    // It is closed by hand, because a failure does not go away by itself.
    let answer = scene
        .post(Role::Researcher, &format!("/alerts/{id}/resolution"), "")
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let again = scene
        .post(Role::Researcher, &format!("/alerts/{id}/resolution"), "")
        .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn all_failures_of_a_rule_are_closed_together() {
    let scene = Scene::new().await;
    let path = format!("/alerts/rules/{}/resolution", scene.rule);
    let page = scene.page(Role::Researcher, "/alerts").await;
    assert!(page.contains(&format!("action=\"{path}\"")), "{page}");
    let page = scene.page(Role::Viewer, "/alerts").await;
    assert!(!page.contains(&path), "{page}");
    assert_eq!(scene.post(Role::Viewer, &path, "").await.status, 403);
    assert_eq!(scene.post(Role::Researcher, &path, "").await.status, 303);
    let page = scene.page(Role::Researcher, "/alerts").await;
    assert!(!page.contains(&path), "{page}");
    let researcher = scene.hub.somebody(Role::Researcher);
    let unresolved = researcher
        .get("/api/v1/alerts?state=open,acknowledged")
        .await
        .expect(200);
    assert_eq!(unresolved["total"], 0);
    // By programs, who are told how many there were.
    let path = format!("/api/v1{path}");
    let none = researcher.post(&path, &json!(null)).await.expect(200);
    assert_eq!(none, json!({"resolved": 0}));
    let lasting = json!({"name": "x", "condition": "no data 15m"});
    let made = researcher
        .post("/api/v1/alerts/rules", &lasting)
        .await
        .expect(201);
    let id = made["rule_id"].as_str().unwrap();
    let path = format!("/api/v1/alerts/rules/{id}/resolution");
    let refused = researcher.post(&path, &json!(null)).await;
    assert_eq!(refused.problem(409), "conflict");
}

#[tokio::test]
async fn a_rule_is_made_changed_muted_and_deleted_by_its_form() {
    let scene = Scene::new().await;
    let wrong = "name=diverged&condition=metric+loss+%3E+much&repeat_mins=soon";
    let answer = scene.post(Role::Researcher, "/alerts/rules", wrong).await;
    let html = answer.text();
    assert_eq!(answer.status, 422, "{html}");
    assert!(
        html.contains("metric loss &#62; much") || html.contains("value=\"soon\""),
        "{html}"
    );
    let wrong = "name=diverged&condition=metric+loss+%3E+much";
    let html = scene
        .post(Role::Researcher, "/alerts/rules", wrong)
        .await
        .text();
    assert!(html.contains("column 15: `much` is not a number"), "{html}");
    let right = "name=diverged&condition=metric+loss+%3E+3&repeat_mins=&target=ops";
    let answer = scene.post(Role::Researcher, "/alerts/rules", right).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let viewer = scene.hub.somebody(Role::Viewer);
    let rules = viewer.get("/api/v1/alerts/rules").await.expect(200);
    let rule = rules["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["name"] == "diverged");
    let rule = rule.unwrap();
    assert_eq!(
        (&rule["targets"], &rule["repeat_mins"]),
        (&json!(["ops"]), &json!(5))
    );
    let id = rule["rule_id"].as_str().unwrap().to_owned();
    let edited = "name=higher&condition=metric+loss+%3E+4&repeat_mins=0";
    let path = format!("/alerts/rules/{id}");
    assert_eq!(
        scene.post(Role::Researcher, &path, edited).await.status,
        303
    );
    let muted = scene
        .post(Role::Researcher, &format!("{path}/mute"), "hours=8")
        .await;
    assert_eq!(muted.status, 303);
    let rule = viewer
        .get(&format!("/api/v1/alerts/rules/{id}"))
        .await
        .expect(200);
    assert_eq!(
        (&rule["name"], &rule["targets"]),
        (&json!("higher"), &json!([]))
    );
    assert_ne!(rule["muted_until"], Value::Null);
    let page = scene.page(Role::Researcher, &path).await;
    assert!(page.contains("Speak again"), "{page}");
    let odd = scene
        .post(Role::Researcher, &format!("{path}/mute"), "hours=7")
        .await;
    assert_eq!(odd.status, 422);
    assert_eq!(
        scene
            .post(Role::Viewer, &format!("{path}/deletion"), "")
            .await
            .status,
        403
    );
    assert_eq!(
        scene
            .post(Role::Researcher, &format!("{path}/deletion"), "")
            .await
            .status,
        303
    );
    viewer
        .get(&format!("/api/v1/alerts/rules/{id}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_secret_is_told_once_and_an_address_never() {
    let scene = Scene::new().await;
    let form = "name=lab&kind=webhook&address=https%3A%2F%2Fhooks.example%2FSECRET%2Fx&secret=";
    assert_eq!(
        scene
            .post(Role::Researcher, "/alerts/targets", form)
            .await
            .status,
        403
    );
    let made = scene.post(Role::Admin, "/alerts/targets", form).await;
    assert_eq!(made.status, 200);
    let html = made.text();
    let told = html.split("whsec_").nth(1).map(|rest| &rest[..32]);
    assert!(told.is_some_and(|secret| !secret.contains('<')), "{html}");
    let secret = format!("whsec_{}", told.unwrap());
    let wrong = "name=lab&kind=mail&address=nobody&secret=SECRET_SECRET_SECRET";
    let refused = scene.post(Role::Admin, "/alerts/targets", wrong).await;
    assert_eq!(refused.status, 422);
    let test = format!("/alerts/targets/{}/test", scene.target);
    assert_eq!(scene.post(Role::Admin, &test, "").await.status, 303);

    let admin = scene.hub.somebody(Role::Admin);
    let mut seen = vec![refused.text(), scene.page(Role::Admin, "/alerts").await];
    for path in ["", "/rules", "/targets", "/deliveries"] {
        seen.push(admin.get(&format!("/api/v1/alerts{path}")).await.text());
    }
    let page = scene
        .page(Role::Admin, &format!("/alerts/rules/{}", scene.rule))
        .await;
    seen.push(page);
    for text in seen {
        assert!(
            !text.contains("SECRET") && !text.contains(&secret),
            "{text}"
        );
    }
    let deliveries = admin.get("/api/v1/alerts/deliveries").await.expect(200);
    assert_eq!(deliveries["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        deliveries["items"][0]["title"],
        "A test: messages of this hub arrive here"
    );
}

#[tokio::test]
async fn programs_do_what_pages_do() {
    let scene = Scene::new().await;
    let researcher = scene.hub.somebody(Role::Researcher);
    let wrong = json!({"name": "x", "condition": "loss > 1"});
    let answer = researcher.post("/api/v1/alerts/rules", &wrong).await;
    let problem = answer.expect(422);
    assert_eq!(problem["errors"][0]["field"], "condition");
    let right =
        json!({"name": "x", "condition": "no data 15m", "repeat_mins": 30, "targets": ["ops"]});
    let made = researcher
        .post("/api/v1/alerts/rules", &right)
        .await
        .expect(201);
    let path = format!("/api/v1/alerts/rules/{}", made["rule_id"].as_str().unwrap());
    let put = |path: String, body: Value| {
        let asked = researcher.request(Method::PUT, &path);
        let asked = asked.header("content-type", "application/json");
        scene.hub.send(asked.body(body.to_string().into()).unwrap())
    };
    let muted = put(format!("{path}/mute"), json!({"mins": 10}))
        .await
        .expect(200);
    assert_ne!(muted["muted_until"], Value::Null);
    let loud = put(format!("{path}/mute"), json!({"mins": 0}))
        .await
        .expect(200);
    assert_eq!(loud["muted_until"], Value::Null);
    let edited = json!({"name": "y", "condition": "no data 20m"});
    let edited = put(path.clone(), edited).await.expect(200);
    assert_eq!(
        (&edited["condition"], &edited["repeat_mins"]),
        (&json!("no data 20m"), &json!(5))
    );
    researcher.delete(&path).await.expect(204);

    let id = alert(&scene).await;
    let detail = researcher
        .get(&format!("/api/v1/alerts/{id}"))
        .await
        .expect(200);
    assert_eq!(
        (&detail["state"], &detail["history"][0]["state"]),
        (&json!("open"), &json!("open"))
    );
    let path = format!("/api/v1/alerts/{id}/acknowledgement");
    let detail = researcher.post(&path, &json!(null)).await.expect(200);
    assert_eq!(detail["history"][1]["text"], "by researcher");
    assert_eq!(
        researcher.post(&path, &json!(null)).await.problem(409),
        "conflict"
    );
    let path = format!("/api/v1/alerts/{id}/resolution");
    let detail = researcher.post(&path, &json!(null)).await.expect(200);
    assert_eq!(
        (&detail["state"], &detail["reason"]),
        (&json!("resolved"), &json!("closed by researcher"))
    );
    let open = researcher
        .get("/api/v1/alerts?state=open")
        .await
        .expect(200);
    assert_eq!(open["total"], 0);
    researcher
        .get("/api/v1/alerts?state=loud")
        .await
        .expect(422);
}
