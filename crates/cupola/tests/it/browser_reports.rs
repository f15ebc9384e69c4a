//! A person with a real browser writes a report and prints it; a script writes one to a file.

use fantoccini::wd::PrintConfigurationBuilder;

use crate::{
    axe,
    chromium::Chromium,
    support::{TestHub, eventually, run},
};

/// What the browser prints of the page that it shows.
async fn printed(chromium: &Chromium) -> Vec<u8> {
    let how = PrintConfigurationBuilder::default().build().unwrap();
    chromium.browser.print(how).await.unwrap()
}

/// A PDF with pages and this title.
fn check_pdf(pdf: &[u8], title: &str) {
    assert!(pdf.starts_with(b"%PDF-"), "{:?}", &pdf[..pdf.len().min(20)]);
    assert!(pdf.len() > 1_000, "{} bytes", pdf.len());
    let has = |wanted: &[u8]| pdf.windows(wanted.len()).any(|part| part == wanted);
    assert!(has(b"/Type /Page"), "it has no page");
    let utf16: Vec<u8> = title.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let hex = cupola_domain::text::hex(&utf16).to_uppercase();
    assert!(
        has(title.as_bytes()) || has(&utf16) || has(hex.as_bytes()),
        "it is not called `{title}`"
    );
}

#[tokio::test]
async fn a_report_is_written_kept_and_printed() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    let family = hub.submit("fine", 3).await;
    eventually("the tasks", || async {
        let detail = hub.client().family(&family).await.unwrap();
        (detail.family.status == "completed").then_some(())
    })
    .await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    chromium
        .goto(&format!("{}/families/{family}", hub.url))
        .await;
    chromium.click("form[action='/reports'] button").await;
    chromium
        .until(
            "the report",
            "return document.querySelector('article.report') !== null",
        )
        .await;
    let title = chromium.text("article.report h1").await;
    let text = chromium.text("article.report").await;
    for part in ["95 % interval", "Reproducibility", "3 tasks: 3 completed"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let drawn = "return document.querySelectorAll('svg.report-plot path.line').length > 0";
    chromium.until("a curve", drawn).await;
    check_pdf(&printed(&chromium).await, &title);

    let folder = hub.folder.path();
    let file = folder.join("report.html");
    let path = file.to_string_lossy();
    let written = run(
        folder,
        &["report", "write", &family, "--format", "html", "-o", &path],
    );
    let said = String::from_utf8_lossy(&written.stderr).into_owned();
    assert!(written.status.success(), "{said}");
    chromium.goto(&format!("file://{path}")).await;
    assert_eq!(chromium.text("h1").await, title);
    check_pdf(&printed(&chromium).await, &title);
    chromium.execute(axe::AXE).await;
    assert_eq!(axe::findings(&chromium, "").await, "", "nobody is kept out");
    let fetched = chromium
        .execute("return performance.getEntriesByType('resource').length")
        .await;
    assert_eq!(fetched, 0, "a report fetches nothing");
}

fn said(hub: &TestHub, args: &[&str]) -> String {
    let output = run(hub.folder.path(), args);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_command_line_writes_keeps_and_schedules_reports() {
    let hub = TestHub::start();
    let family = hub.submit("fine", 1).await;
    let text = said(&hub, &["report", "write", &family]);
    assert!(
        text.starts_with("# ") && text.contains("## Set-up"),
        "{text}"
    );
    assert_eq!(said(&hub, &["report", "list"]), "No reports are kept.\n");
    let kept = said(
        &hub,
        &["report", "write", &family, "--keep", "--format", "json"],
    );
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["format"], 1);
    let listed = said(&hub, &["report", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let id = listed[0]["report_id"].as_str().unwrap();
    let part = &id[id.len() - 6..];
    assert!(said(&hub, &["report", "show", part]).starts_with("# "));
    said(&hub, &["report", "delete", part]);
    assert_eq!(said(&hub, &["report", "list"]), "No reports are kept.\n");

    said(&hub, &["report", "schedule", &family, "--every", "week"]);
    let made = said(
        &hub,
        &["report", "schedule", &family, "--when-done", "--json"],
    );
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["every"], "done");
    assert!(said(&hub, &["report", "schedules"]).contains("week"));
    let id = made["schedule_id"].as_str().unwrap();
    said(&hub, &["report", "unschedule", id]);
    assert!(!said(&hub, &["report", "schedules"]).contains("done"));
    let refused = run(hub.folder.path(), &["report", "schedule", &family]);
    assert_eq!(refused.status.code(), Some(2), "how often is not said");
}
