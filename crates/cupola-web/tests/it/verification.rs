//! Checks of results over the API and on pages: who sees them, who asks for them, who bans.

use axum::{body::Body, http::Method};
use cupola_domain::{
    access::{Belonging, Role},
    brief::Draft,
    ids::{ExperimentId, RunId, TokenId, WorkerId},
    provenance::Provenance,
    resources::{Capabilities, GIB},
    run::Outcome,
};
use cupola_hub::{
    Hub,
    verification::{Profile, Verification},
    work::{Finish, Order, Registration},
};
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub};

const CHECKS: &str = "/api/v1/verification/checks";
const OWNERS: &str = "/api/v1/verification/owners";
const BANS: &str = "/api/v1/verification/bans";

/// A name that wants to be an element.
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// The same as a page may show it.
const ESCAPED: &str = "&#60;img src=x onerror=alert(1)&#62;";

/// A machine of somebody's.
struct Machine {
    token: TokenId,
    id: WorkerId,
}

impl Machine {
    fn of(hub: &Hub, owner: &str) -> Self {
        let belonging = Belonging {
            owner: owner.to_owned(),
            team: String::new(),
        };
        let made = hub.create_token_of(belonging, (owner, Role::Worker), None);
        let token = made.unwrap().1.id;
        let registration = Registration {
            id: None,
            name: owner.to_owned(),
            session: "s".to_owned(),
            place: String::new(),
            slots: 4,
            version: "test".to_owned(),
            capabilities: Capabilities {
                cpu_cores: 4,
                memory_bytes: 8 * GIB,
                disk_bytes: 100 * GIB,
                device_class: Some("00000000000000aa".to_owned()),
                ..Capabilities::default()
            },
        };
        let id = hub.register_worker(token, registration).unwrap().id;
        Self { token, id }
    }

    fn lease(&self, hub: &Hub) -> Order {
        let orders = hub.lease_runs(self.token, self.id, "s", 1, &[]).unwrap();
        orders.start.into_iter().next().expect("there is work")
    }

    fn work(&self, hub: &Hub, value: f64) -> RunId {
        let order = self.lease(hub);
        self.end(hub, &order, value);
        order.run.id
    }

    fn end(&self, hub: &Hub, order: &Order, value: f64) {
        let results = json!({
            "val_bpb": value, "train_loss": 2.0, "steps_completed": 100, "model_params": 1000,
        });
        let finish = Finish {
            outcome: Outcome::Completed,
            results: results.as_object().unwrap().clone(),
            wall_time: std::time::Duration::from_secs(9),
            stop: None,
            environment: None,
            provenance: Provenance::Measured,
        };
        hub.finish_run(self.token, order.run.id, order.lease, finish)
            .unwrap();
    }
}

/// A hub that is careful, with its own machine and a stranger's, and a family of four tasks.
fn careful() -> (TestHub, Machine, Machine, ExperimentId) {
    careful_with(4)
}

fn careful_with(num_tasks: u32) -> (TestHub, Machine, Machine, ExperimentId) {
    let hub = TestHub::new();
    hub.hub.use_verification(Verification {
        is_on: true,
        profile: Profile::Friends,
        ..Verification::default()
    });
    let (own, eve) = (
        Machine::of(&hub.hub, "administrator"),
        Machine::of(&hub.hub, "eve"),
    );
    let space = json!({"max_steps": "choice(100)"});
    let asked = Draft {
        goal: "find the best small model".to_owned(),
        template: "char-lm".to_owned(),
        hardware: "small".to_owned(),
        num_tasks: num_tasks.to_string(),
        time_budget: "10".to_owned(),
        sampler: "random".to_owned(),
        space: space.as_object().unwrap().clone(),
        ..Draft::default()
    };
    let family = hub.hub.submit_brief(&asked, "ada").unwrap().family.id;
    (hub, own, eve, family)
}

fn text(answer: Answer) -> String {
    String::from_utf8(answer.bytes).unwrap()
}

async fn form(caller: &Caller<'_>, path: &str, fields: &str) -> Answer {
    let request = caller
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(fields.to_owned()));
    caller.hub.send(request.unwrap()).await
}

fn only(found: &Value) -> &Value {
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{found}");
    &items[0]
}

/// What a page or part says to somebody.
async fn page(caller: &Caller<'_>, path: &str) -> String {
    let answer = caller.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}");
    text(answer)
}

#[tokio::test]
async fn a_lie_and_its_evidence_are_seen() {
    let (hub, own, eve, family) = careful();
    let viewer = hub.somebody(Role::Viewer);
    let run = eve.work(&hub.hub, 1.25);
    let found = viewer.get(CHECKS).await.expect(200);
    let check = only(&found);
    assert_eq!(
        (&check["stage"], &check["why"]),
        (&json!("at_work"), &json!("best"))
    );
    let id = check["id"].as_str().unwrap().to_owned();
    let proof = format!("/api/v1/verification/runs/{run}");
    let known = viewer.get(&proof).await.expect(200);
    assert_eq!(known["proof"], json!("in_check"));
    let shown = page(&viewer, &format!("/runs/{run}")).await;
    assert!(shown.contains("being checked") && shown.contains(&format!("/verification/{id}")));
    let shown = page(&viewer, &format!("/families/{family}")).await;
    assert!(
        shown.contains("A better result <a href=\"/verification/"),
        "{shown}"
    );
    let told = viewer.get(&format!("/api/v1/families/{family}")).await;
    assert_eq!(told.expect(200)["summary"]["better_in_check"], json!(id));

    own.work(&hub.hub, 3.5);
    let detail = viewer.get(&format!("{CHECKS}/{id}")).await.expect(200);
    assert_eq!(detail["check"]["finding"], json!("wrong_better"));
    let second = &detail["runs"][0];
    assert_eq!(
        (&second["role"], &second["claim"]["value"]),
        (&json!("referee"), &json!(3.5))
    );
    assert_ne!(
        detail["check"]["claim"]["digest"],
        second["claim"]["digest"]
    );
    let known = viewer.get(&proof).await.expect(200);
    assert_eq!(known["proof"], json!("rejected"));
    let shown = page(&viewer, &format!("/verification/{id}")).await;
    assert!(shown.contains("made up") && shown.contains("the referee") && shown.contains("1.25"));
    let part = page(&viewer, &format!("/verification/{id}/evidence")).await;
    assert!(part.contains("id=\"evidence\"") && !part.contains("<html"));
    let owners = viewer.get(OWNERS).await.expect(200);
    let owner = only(&owners);
    assert_eq!(
        (&owner["owner"], &owner["ban"]),
        (&json!("eve"), &json!("fraud"))
    );
    let shown = page(&viewer, "/verification").await;
    assert!(
        shown.contains("banned") && shown.contains("made-up results"),
        "{shown}"
    );
    let none = format!("{CHECKS}?finding=valid");
    assert_eq!(viewer.get(&none).await.expect(200)["items"], json!([]));
    let shown = page(&viewer, "/verification?finding=valid").await;
    assert!(shown.contains("No check is of this kind"));
    let theirs = format!("{CHECKS}?owner=eve&stage=settled&limit=1");
    only(&viewer.get(&theirs).await.expect(200));
    viewer
        .get(&format!("{CHECKS}?finding=odd"))
        .await
        .expect(422);
}

/// Whoever runs it again may have a login: what is about to be said again is read by operators alone.
#[tokio::test]
async fn what_an_open_check_says_is_told_to_operators_alone() {
    let (hub, own, eve, family) = careful();
    let run = eve.work(&hub.hub, 1.25);
    let (viewer, operator) = (hub.somebody(Role::Viewer), hub.somebody(Role::Operator));
    let id = only(&operator.get(CHECKS).await.expect(200))["id"].clone();
    let at = format!("{CHECKS}/{}", id.as_str().unwrap());
    let told = operator.get(&at).await.expect(200);
    let digest = told["check"]["claim"]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        (&told["check"]["claim"]["value"], digest.len()),
        (&json!(1.25), 64)
    );
    let copy = told["runs"][0]["run_id"].as_str().unwrap().to_owned();
    assert_eq!(copy.len(), 36, "{told}");
    let site = format!("/verification/{}", id.as_str().unwrap());
    let paths = [
        CHECKS.to_owned(),
        at.clone(),
        format!("/api/v1/verification/runs/{run}"),
        "/verification".to_owned(),
        "/verification/view".to_owned(),
        site.clone(),
        format!("{site}/evidence"),
    ];
    for path in &paths {
        let said = text(viewer.get(path).await);
        for secret in ["1.25", digest.as_str(), copy.as_str()] {
            assert!(!said.contains(secret), "{path} tells {secret}: {said}");
        }
    }
    let veiled = viewer.get(&at).await.expect(200);
    let claim = &veiled["check"]["claim"];
    assert_eq!(
        (&claim["value"], &claim["digest"]),
        (&Value::Null, &json!(""))
    );
    assert_eq!(
        (&claim["owner"], &veiled["runs"][0]["run_id"]),
        (&json!("eve"), &json!(""))
    );
    assert!(page(&viewer, &site).await.contains("once it is settled"));
    assert!(page(&operator, &site).await.contains("1.25"));
    assert!(page(&operator, "/verification").await.contains("1.25"));
    let shown = page(&operator, &format!("/families/{family}")).await;
    assert!(shown.contains("A better result, "), "{shown}");
    own.work(&hub.hub, 1.25);
    let told = viewer.get(&at).await.expect(200);
    assert_eq!(told["runs"][0]["run_id"], json!(copy));
    assert_eq!(told["check"]["claim"]["digest"], json!(digest));
    let shown = page(&viewer, &format!("/runs/{run}")).await;
    assert!(shown.contains("confirmed"));
}

/// Who could ask which of the own leases is a trial would do only those.
#[tokio::test]
async fn trials_of_newcomers_are_seen_by_operators_alone() {
    let (hub, own, ann, _) = careful_with(200);
    for _ in 0..2 {
        ann.work(&hub.hub, 3.5);
        own.work(&hub.hub, 3.5);
    }
    let (viewer, operator) = (hub.somebody(Role::Viewer), hub.somebody(Role::Operator));
    let mut found = None;
    for newcomer in 0..60 {
        let owner = format!("eve{newcomer}");
        let eve = Machine::of(&hub.hub, &owner);
        let order = eve.lease(&hub.hub);
        let theirs = format!("{CHECKS}?stage=at_work&owner={owner}");
        let open = operator.get(&theirs).await.expect(200);
        let items = open["items"].as_array().unwrap();
        if let Some(spot) = items.iter().find(|check| check["why"] == json!("spot")) {
            found = Some((eve, order, spot["id"].as_str().unwrap().to_owned()));
            break;
        }
        eve.end(&hub.hub, &order, 3.5);
        own.work(&hub.hub, 3.5);
    }
    let (eve, order, id) = found.expect("one of sixty leases is a trial");
    let run = order.run.id;
    let of_run = format!("/api/v1/verification/runs/{run}");
    let at = format!("{CHECKS}/{id}");
    viewer.get(&at).await.expect(404);
    assert_eq!(
        viewer
            .get(&format!("/verification/{id}"))
            .await
            .status
            .as_u16(),
        404
    );
    let known = viewer.get(&of_run).await.expect(200);
    assert_eq!(
        (&known["proof"], &known["checks"]),
        (&Value::Null, &json!([]))
    );
    for path in [CHECKS, "/verification"] {
        assert!(!text(viewer.get(path).await).contains(&id), "{path}");
    }
    let counted = viewer.get(CHECKS).await.expect(200);
    assert_eq!(
        (&counted["open"], &counted["at_work"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        operator.get(&at).await.expect(200)["check"]["why"],
        json!("spot")
    );
    eve.end(&hub.hub, &order, 3.5);
    let told = viewer.get(&at).await.expect(200);
    assert_eq!(told["check"]["finding"], json!("valid"));
    page(&viewer, &format!("/verification/{id}")).await;
}

#[tokio::test]
async fn names_and_notes_of_people_are_text() {
    let (hub, own, _, _) = careful();
    let eve = Machine::of(&hub.hub, HOSTILE);
    let run = eve.work(&hub.hub, 1.25);
    let admin = hub.somebody(Role::Admin);
    let ban = json!({"owner": HOSTILE, "note": HOSTILE});
    let found = admin.get(CHECKS).await.expect(200);
    let check = format!("/verification/{}", only(&found)["id"].as_str().unwrap());
    let worker = format!("/workers/{}", eve.id);
    let look = async |paths: &[&str]| {
        for path in paths {
            let shown = page(&admin, path).await;
            assert!(
                shown.contains(ESCAPED) && !shown.contains("<img"),
                "{path}: {shown}"
            );
        }
    };
    look(&["/verification", "/verification/view", &check, &worker]).await;
    admin.post(BANS, &ban).await.expect(200);
    look(&["/verification", &check, &worker]).await;
    own.work(&hub.hub, 3.5);
    page(&admin, &format!("/runs/{run}")).await;
}

#[tokio::test]
async fn without_a_machine_of_its_own_the_page_says_what_to_do() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let shown = page(&viewer, "/verification").await;
    assert!(shown.contains("every result is believed") && shown.contains("profile = "));
    let (quiet, ..) = careful();
    let shown = page(&quiet.somebody(Role::Viewer), "/verification").await;
    assert!(shown.contains("Nothing was checked yet") && shown.contains("verification check RUN"));
    // Where nobody is checked, nobody asks for it.
    let operator = hub.somebody(Role::Operator);
    let asked = json!({"run_id": "01900000-0000-7000-8000-000000000000"});
    let refused = operator.post(CHECKS, &asked).await.expect(409);
    assert!(refused.to_string().contains("[verification]"), "{refused}");
    let (other, _own, eve, _) = careful();
    other.hub.use_verification(Verification {
        is_on: true,
        profile: Profile::Friends,
        own: vec!["nobody".to_owned()],
    });
    eve.work(&other.hub, 3.5);
    let viewer = other.somebody(Role::Viewer);
    let found = viewer.get(CHECKS).await.expect(200);
    let obstacle = found["obstacle"].as_str().unwrap();
    assert!(
        obstacle.contains("no worker of `nobody` is there"),
        "{obstacle}"
    );
    let shown = page(&viewer, "/verification/view").await;
    assert!(shown.contains("Checks wait: no worker of"));
}

#[tokio::test]
async fn operators_ask_and_administrators_ban() {
    let (hub, own, eve, _) = careful();
    let (viewer, operator) = (hub.somebody(Role::Viewer), hub.somebody(Role::Operator));
    let admin = hub.somebody(Role::Admin);
    let run = own.work(&hub.hub, 3.5);
    let shown = page(&operator, &format!("/runs/{run}")).await;
    assert!(shown.contains("Have its result checked"));
    let asked = json!({"run_id": run.to_string()});
    viewer.post(CHECKS, &asked).await.expect(403);
    let check = operator.post(CHECKS, &asked).await.expect(201);
    assert_eq!(
        (&check["why"], &check["asked_by"]),
        (&json!("asked"), &json!("operator"))
    );
    operator.post(CHECKS, &asked).await.expect(409);
    operator
        .post(CHECKS, &json!({"run_id": "x"}))
        .await
        .expect(422);
    let again = form(&operator, &format!("/runs/{run}/check"), "").await;
    assert_eq!(again.status.as_u16(), 409);
    // It is being checked, or asked by who may not.
    for caller in [&operator, &viewer] {
        let shown = page(caller, &format!("/runs/{run}")).await;
        assert!(!shown.contains("Have its result checked"));
    }
    let shown = page(&viewer, &format!("/workers/{}", eve.id)).await;
    assert!(shown.contains("in probation"), "{shown}");
    let shown = page(&viewer, &format!("/workers/{}", own.id)).await;
    assert!(!shown.contains("in probation"));

    let ban = json!({"owner": "eve", "note": "asked to go"});
    operator.post(BANS, &ban).await.expect(403);
    let banned = admin.post(BANS, &ban).await.expect(200);
    assert_eq!(
        (&banned["ban"], &banned["by"]),
        (&json!("decision"), &json!("admin"))
    );
    admin.post(BANS, &ban).await.expect(409);
    admin
        .post(BANS, &json!({"owner": "nobody", "note": "x"}))
        .await
        .expect(404);
    let lifted = format!("{BANS}/lifted");
    let free = admin
        .post(&lifted, &json!({"owner": "eve", "note": "sorry"}))
        .await;
    assert_eq!(free.expect(200)["ban"], Value::Null);
    let wrong = form(&admin, "/verification/bans", "owner=eve&note=").await;
    assert_eq!(wrong.status.as_u16(), 422);
    let done = form(&admin, "/verification/bans", "owner=eve&note=again").await;
    assert_eq!(done.status.as_u16(), 303);
    let done = form(&admin, "/verification/bans/lifted", "owner=eve&note=well").await;
    assert_eq!(done.status.as_u16(), 303);
}
