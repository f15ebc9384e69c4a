//! The log of a run's page: windows, filters, what goes with a line, and anything a program writes.

use cupola_domain::access::Role;
use serde_json::json;

use super::scene::Scene;

/// What comes after the line of the scene, which is on stderr and numbered 1.
const WRITTEN: &[u8] = b"INFO two\nERROR three\n\x1b[1;92mok\x1b[0m <b>\n\0\xff\n\n";

const ENTRY: &[u8] = b"{\"level\":\"error\",\"time\":1795132800500,\"message\":\"not <finite>\",\"fields\":{\"loss\":\"NaN\",\"at\":{\"step\":3}}}\n";

/// A scene whose running run has said these.
async fn scene() -> Scene {
    let scene = Scene::new().await;
    scene.say(&scene.running, 1, "stdout", WRITTEN).await;
    scene.say(&scene.running, 2, "log", ENTRY).await;
    scene
}

/// The numbers of the lines in an answer.
fn numbers(html: &str) -> Vec<u32> {
    html.split("data-line=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect()
}

async fn check(scene: &Scene, query: &str, expected: &[u32]) {
    let path = format!("/runs/{}/log?{query}", scene.running.run);
    let part = scene.page(Role::Viewer, &path).await;
    assert_eq!(numbers(&part), expected, "{query}");
    let page = format!("/runs/{}?{query}", scene.running.run);
    let page = scene.page(Role::Viewer, &page).await;
    assert_eq!(numbers(&page), expected, "without a script: {query}");
}

#[tokio::test]
async fn a_window_is_where_it_is_asked_for() {
    let scene = scene().await;
    check(&scene, "", &[1, 2, 3, 4, 5, 6, 7]).await;
    check(&scene, "from=first&level=warn", &[1, 3, 7]).await;
    check(&scene, "level=error", &[3, 7]).await;
    check(&scene, "from=4", &[4, 5, 6, 7]).await;
    check(&scene, "from=after:5", &[6, 7]).await;
    check(&scene, "from=before:3&text=T", &[1, 2]).await;
    check(&scene, "text=not%20%3Cfin", &[7]).await;
    check(&scene, "text=nowhere", &[]).await;
}

#[tokio::test]
async fn a_page_says_how_many_lines_there_are_of_each_level() {
    let scene = scene().await;
    let page = format!("/runs/{}?level=warn&text=%3Cb", scene.running.run);
    let html = scene.page(Role::Viewer, &page).await;
    for part in [
        "data-levels=\"0,4,1,2\"",
        "title=\"Warnings and errors: 3 lines\"",
        "Warn <b data-log-count>1</b>",
        "value=\"warn\" checked",
        "value=\"&#60;b\"",
        "log.txt?level=warn&#38;text=%3Cb\"",
        "No line matches.",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[tokio::test]
async fn whatever_is_written_is_shown_and_nothing_of_it_is_markup() {
    let scene = scene().await;
    let path = format!("/runs/{}/log", scene.running.run);
    let part = scene.page(Role::Viewer, &path).await;
    for shown in [
        "<span class=\"ansi-10 ansi-bold\">ok</span> &#60;b&#62;</span>",
        "\u{2400}\u{fffd}</span>",
        "datetime=\"2026-11-20T00:00:00.500Z\"",
        "datetime=\"2026-11-21T00:00:01.250Z\"",
        "not &#60;finite&#62;</span><details",
        "2 fields<span class=\"unseen\"> of line 7</span>",
        "<dt dir=\"auto\">loss</dt><dd dir=\"auto\">NaN</dd>",
        "&#34;step&#34;: 3",
        "2.0 KiB left out here",
    ] {
        assert!(part.contains(shown), "{shown} in {part}");
    }
    assert!(!part.contains("<b>") && !part.contains("<img"), "{part}");
}

#[tokio::test]
async fn a_run_without_a_log_says_so() {
    let scene = Scene::new().await;
    for (run, said) in [
        (&scene.pending.run, "This run has written nothing yet."),
        (&scene.failed.run, "This run has written nothing."),
    ] {
        let html = scene.page(Role::Viewer, &format!("/runs/{run}")).await;
        assert!(html.contains(said), "{said}");
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_is_cut_and_lies_ready_whole() {
    let scene = Scene::new().await;
    let long = "x".repeat(300_000);
    scene
        .say(&scene.running, 1, "stdout", long.as_bytes())
        .await;
    scene.say(&scene.running, 2, "stdout", b"y\nnext\n").await;
    let run = format!("/runs/{}", scene.running.run);
    let part = scene.page(Role::Viewer, &format!("{run}/log?from=2")).await;
    assert_eq!(numbers(&part), [2, 3]);
    assert!(
        part.contains("4.0 KiB of 293.0 KiB: download the whole line"),
        "{part}"
    );
    let line = scene
        .page(Role::Viewer, &format!("{run}/log.txt?line=2"))
        .await;
    assert_eq!(line, format!("{long}y\n"));
    let filtered = scene
        .page(Role::Viewer, &format!("{run}/log.txt?text=NEX"))
        .await;
    assert_eq!(filtered, "next\n");
    let nobody = scene
        .open(Role::Viewer, &format!("{run}/log.txt?line=9"))
        .await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn programs_get_the_same_lines_with_all_that_is_known_of_them() {
    let scene = scene().await;
    let viewer = scene.hub.somebody(Role::Viewer);
    let run = format!("/api/v1/runs/{}", scene.running.run);
    let logs = viewer
        .get(&format!("{run}/logs?level=error&from=last&limit=1"))
        .await;
    let logs = logs.expect(200);
    assert_eq!(
        logs["lines"][0],
        json!({
            "number": 7, "level": "error", "at": "2026-11-20T00:00:00.500Z", "stream": "log",
            "text": "not <finite>", "fields": {"loss": "NaN", "at": {"step": 3}}, "bytes": 103,
            "cut": false, "omitted": 0,
        })
    );
    assert_eq!(
        (&logs["from"], &logs["to"], &logs["end"]),
        (&json!(7), &json!(7), &json!(true))
    );
    assert_eq!(
        logs["levels"],
        json!({"total": 7, "debug": 0, "info": 4, "warn": 1, "error": 2})
    );
    let matches = viewer
        .get(&format!("{run}/logs/matches?text=t&after=1"))
        .await;
    assert_eq!(
        matches.expect(200),
        json!({"matches": 3, "to": 7, "end": true})
    );
    for (query, field) in [
        ("from=middle", "from"),
        ("from=after:x", "from"),
        ("level=loud", "level"),
        ("limit=100000", "limit"),
    ] {
        let answer = viewer.get(&format!("{run}/logs?{query}")).await;
        assert!(answer.expect(422).to_string().contains(field), "{query}");
    }
}
