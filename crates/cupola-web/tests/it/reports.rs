//! Reports over the API and on pages: everybody reads, researchers make, makers delete.

use axum::{body::Body, http::Method};
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, HOST, TestHub};

const REPORTS: &str = "/api/v1/reports";
const SCHEDULES: &str = "/api/v1/reports/schedules";

async fn form(caller: &Caller<'_>, path: &str, fields: String) -> Answer {
    let request = caller
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(fields));
    caller.hub.send(request.unwrap()).await
}

/// A report that somebody keeps, on a family of theirs.
async fn kept(caller: &Caller<'_>) -> (String, String) {
    let family = caller.submit_brief(2).await;
    let made = caller.post(REPORTS, &json!({"subjects": [family]})).await;
    let made = made.expect(201);
    assert_eq!(made["experiment_ids"], json!([family]));
    (made["report_id"].as_str().unwrap().to_owned(), family)
}

#[tokio::test]
async fn a_report_is_kept_read_in_each_form_and_deleted_by_its_maker() {
    let hub = TestHub::new();
    let (researcher, viewer) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    let (id, family) = kept(&researcher).await;
    let path = format!("{REPORTS}/{id}");
    let shown = viewer.get(&path).await.expect(200);
    assert_eq!(shown["title"], json!("find a small model"));
    assert_eq!(shown["document"]["sections"][0]["title"], json!("Question"));
    let listed = viewer.get(REPORTS).await.expect(200);
    assert_eq!(
        (&listed["total"], &listed["items"][0]["report_id"]),
        (&json!(1), &json!(id))
    );
    let of = |id: &str| format!("{REPORTS}?experiment={id}");
    assert_eq!(
        viewer.get(&of(&family)).await.expect(200)["total"],
        json!(1)
    );
    assert_eq!(viewer.get(&of(&id)).await.expect(200)["total"], json!(0));

    let markdown = viewer.get(&format!("{path}?format=markdown")).await;
    assert_eq!(
        markdown.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    assert_eq!(
        markdown.header("content-disposition"),
        "attachment; filename=\"find-a-small-model.md\""
    );
    let link = format!("(http://{HOST}/families/{family})");
    assert!(markdown.text().contains(&link), "{}", markdown.text());
    let html = viewer.get(&format!("{path}?format=html")).await;
    assert_eq!(
        html.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert!(html.header("content-disposition").starts_with("attachment"));
    assert!(html.text().starts_with("<!doctype html>"));
    viewer.get(&format!("{path}?format=pdf")).await.expect(422);

    // A brief that goes takes nothing of it along.
    let deleted = researcher
        .delete(&format!("/api/v1/families/{family}"))
        .await;
    deleted.expect(204);
    assert_eq!(viewer.get(&path).await.expect(200), shown);

    viewer.delete(&path).await.expect(403);
    hub.somebody(Role::Operator).delete(&path).await.expect(403);
    researcher.delete(&path).await.expect(204);
    viewer.get(&path).await.expect(404);
    let other = kept(&researcher).await.0;
    let other = format!("{REPORTS}/{other}");
    hub.somebody(Role::Admin).delete(&other).await.expect(204);
}

#[tokio::test]
async fn a_report_as_it_would_be_now_is_kept_nowhere() {
    let hub = TestHub::new();
    let (researcher, viewer) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    let first = researcher.submit_brief(2).await;
    let second = researcher.submit_brief(2).await;
    let now = |query: String| format!("{REPORTS}/now?{query}");
    let one = viewer.get(&now(format!("of={first}"))).await.expect(200);
    assert_eq!(one["title"], json!("find a small model"));
    let both = viewer
        .get(&now(format!("of={first}&of={second}&format=markdown")))
        .await;
    assert!(both.text().contains(" against "), "{}", both.text());
    for (query, status) in [
        (String::new(), 422),
        ("of=nothing".to_owned(), 404),
        (format!("of={first}&format=pdf"), 422),
    ] {
        viewer.get(&now(query)).await.expect(status);
    }
    assert_eq!(viewer.get(REPORTS).await.expect(200)["total"], json!(0));
    let refused = viewer.post(REPORTS, &json!({"subjects": [first]})).await;
    refused.expect(403);
    let many: Vec<Value> = vec![json!(first), json!("nothing")];
    researcher
        .post(REPORTS, &json!({"subjects": many}))
        .await
        .expect(404);
    researcher
        .post(REPORTS, &json!({"subjects": []}))
        .await
        .expect(422);
}

#[tokio::test]
async fn schedules_are_made_listed_and_deleted() {
    let hub = TestHub::new();
    let (researcher, viewer) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    let family = researcher.submit_brief(2).await;
    let new = |every: &str| json!({"subjects": [family], "every": every});
    viewer.post(SCHEDULES, &new("day")).await.expect(403);
    for wrong in ["", "1m", "sometimes"] {
        let refused = researcher.post(SCHEDULES, &new(wrong)).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], json!("every"), "{wrong}");
    }
    let made = researcher.post(SCHEDULES, &new("24h")).await.expect(201);
    assert_eq!((&made["every"], &made["note"]), (&json!("day"), &json!("")));
    researcher.post(SCHEDULES, &new("done")).await.expect(201);
    let listed = viewer.get(SCHEDULES).await.expect(200);
    assert_eq!(
        (&listed["total"], &listed["items"][0]["every"]),
        (&json!(2), &json!("done"))
    );
    let path = format!("{SCHEDULES}/{}", made["schedule_id"].as_str().unwrap());
    viewer.delete(&path).await.expect(403);
    hub.somebody(Role::Operator).delete(&path).await.expect(403);
    researcher.delete(&path).await.expect(204);
    researcher.delete(&path).await.expect(404);
}

#[tokio::test]
async fn pages_write_show_give_and_delete_a_report() {
    let hub = TestHub::new();
    let (researcher, viewer) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    let family = researcher.submit_brief(2).await;
    let field = format!("name=\"subject\" value=\"{family}\"");
    for path in [
        format!("/families/{family}"),
        format!("/compare?experiment={family}"),
    ] {
        assert!(
            researcher.get(&path).await.text().contains(&field),
            "{path}"
        );
        assert!(
            !viewer.get(&path).await.text().contains("Write a report"),
            "{path}"
        );
    }
    form(&viewer, "/reports", format!("subject={family}"))
        .await
        .expect(403);
    let made = form(&researcher, "/reports", format!("subject={family}")).await;
    made.expect(303);
    let path = made.header("location").to_owned();
    assert!(path.starts_with("/reports/"), "{path}");
    let page = viewer.get(&path).await.text();
    assert!(page.contains("find a small model") && page.contains("<h2 dir=\"auto\">Set-up</h2>"));
    assert!(!page.contains("/deletion"), "it is another's");
    let file = viewer.get(&format!("{path}/file?format=html")).await;
    assert!(file.text().starts_with("<!doctype html>"));
    assert!(viewer.get("/reports").await.text().contains(&path));
    let asked = researcher.get(&format!("{path}/deletion")).await.text();
    assert!(asked.contains("Delete the report"), "{asked}");
    form(&researcher, &format!("{path}/deletion"), String::new())
        .await
        .expect(303);
    viewer.get(&path).await.expect(404);

    let wrong = form(
        &researcher,
        "/reports/schedules",
        "subject=nothing&every=day".to_owned(),
    )
    .await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(
        wrong.text().contains("there is no experiment"),
        "{}",
        wrong.text()
    );
    let made = form(
        &researcher,
        "/reports/schedules",
        format!("subject={family}&every=day"),
    )
    .await;
    made.expect(303);
    let page = researcher.get("/reports").await.text();
    assert!(page.contains("every day"), "{page}");
    let deletion = page.split("action=\"").find_map(|rest| {
        let action = rest.split('"').next()?;
        (action.starts_with("/reports/schedules/") && action.ends_with("/deletion"))
            .then_some(action)
    });
    form(&researcher, deletion.unwrap(), String::new())
        .await
        .expect(303);
    assert!(
        !researcher
            .get("/reports")
            .await
            .text()
            .contains("every day")
    );
}
