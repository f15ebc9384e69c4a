//! What a run gave: listed without values, opened level by level, whole where it is asked for.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use super::scene::{ESCAPED, HOSTILE, Scene};

/// The keys of a list of results in the order in which they stand there.
fn keys(html: &str) -> Vec<&str> {
    let rows = html.split("<li class=\"tree-result\"").skip(1);
    rows.map(|row| {
        let (_, rest) = row
            .split_once("<span class=\"tree-key\" dir=\"auto\">")
            .unwrap();
        rest.split('<').next().unwrap()
    })
    .collect()
}

/// A running run that has said `results`.
async fn said(results: Value) -> (Scene, String) {
    let scene = Scene::new().await;
    scene.give(&scene.running, 1, &results).await;
    let run = format!("/runs/{}", scene.running.run);
    (scene, run)
}

#[tokio::test]
async fn a_page_shows_beginnings_and_no_values() {
    let text = "x".repeat(3_000_000);
    let items: Vec<_> = (0..1000).collect();
    let given = json!({"large": text, "many": {"items": items}, HOSTILE: HOSTILE, "nan": "NaN"});
    let (scene, run) = said(given).await;
    let html = scene.page(Role::Viewer, &run).await;
    assert!(html.len() < 60_000, "{} bytes", html.len());
    assert!(
        html.contains("&#34;xxxx"),
        "the beginning of a text is shown"
    );
    assert!(html.contains("{items: Array(1000)}"));
    assert!(html.contains("<span class=\"tree-kind\">Object{1}</span>"));
    assert!(html.contains("<span class=\"tree-value is-number\" dir=\"auto\">NaN</span>"));
    assert!(html.contains(ESCAPED) && !html.contains(HOSTILE));
    assert!(html.contains("2.9 MiB"), "how large it is");
}

#[tokio::test]
async fn results_are_sorted_by_key_or_time() {
    let (scene, run) = said(json!({"b": 1, "a": 2})).await;
    scene.hub.advance(std::time::Duration::from_secs(1));
    scene.give(&scene.running, 2, &json!({"0": 3})).await;
    for (query, expected) in [
        ("", ["a", "b", "0"]),
        ("?sort=time&order=desc", ["0", "a", "b"]),
        ("?sort=key", ["0", "a", "b"]),
        ("?sort=key&order=desc", ["b", "a", "0"]),
    ] {
        let part = scene
            .page(Role::Viewer, &format!("{run}/results{query}"))
            .await;
        assert_eq!(keys(&part), expected, "{query}");
        let page = scene.page(Role::Viewer, &format!("{run}{query}")).await;
        assert!(
            page.contains(part.trim()),
            "{query}: the page has the same part"
        );
    }
    for wrong in ["?sort=size", "?order=up", "?page=0"] {
        let answer = scene
            .open(Role::Viewer, &format!("{run}/results{wrong}"))
            .await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn many_results_come_in_pages_of_200() {
    let many: serde_json::Map<_, _> = (0..450).map(|n| (format!("k{n:03}"), json!(n))).collect();
    let (scene, run) = said(Value::Object(many)).await;
    let part = scene
        .page(Role::Viewer, &format!("{run}/results?sort=key&page=3"))
        .await;
    assert_eq!((keys(&part).len(), keys(&part)[0]), (50, "k400"));
    assert!(part.contains("401–450 of 450"));
    assert!(part.contains(&format!("{run}?sort=key&#38;page=2#results")));
}

#[tokio::test]
async fn a_level_holds_a_hundred_children_and_the_way_to_more() {
    let items: Vec<_> = (0..150).map(|n| json!({"n": n, HOSTILE: "a\"b"})).collect();
    let (scene, run) = said(json!({"a/b": {"items": items}})).await;
    let level = |path: &str| format!("{run}/result/level?key=a%2Fb&path={path}");
    let top = scene.page(Role::Viewer, &level("")).await;
    assert!(
        top.starts_with("<ul class=\"tree-level\" id=\"level.a%2Fb..\""),
        "{top}"
    );
    assert!(top.contains("<span class=\"tree-kind\">Array(150)</span>"));
    let items = scene.page(Role::Viewer, &level("%2Fitems")).await;
    assert_eq!(items.matches("<details").count(), 100);
    assert!(items.contains("Show 50 more of 150"), "{items}");
    let rest = scene
        .page(Role::Viewer, &level("%2Fitems&offset=100"))
        .await;
    assert_eq!(
        (rest.matches("<details").count(), rest.contains("Show ")),
        (50, false)
    );
    let leaf = scene.page(Role::Viewer, &level("%2Fitems%2F7")).await;
    assert!(leaf.contains(ESCAPED) && !leaf.contains(HOSTILE), "{leaf}");
    assert!(leaf.contains("data-copy=\"a&#34;b\""), "{leaf}");
    let gone = scene.page(Role::Viewer, &level("%2Fnone")).await;
    assert!(gone.contains("Nothing is here any more."));
    let answer = scene
        .open(Role::Viewer, &format!("{run}/result/level?key=other"))
        .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_long_text_unfolds_and_its_page_leads_back() {
    let (scene, run) = said(json!({"r": {"log": "é".repeat(60_000)}})).await;
    let asked = "key=r&path=%2Flog";
    let level = scene
        .page(Role::Viewer, &format!("{run}/result/level?{asked}"))
        .await;
    assert!(
        level.contains("The first 50\u{202f}000 of 60\u{202f}000 characters."),
        "{level:.300}"
    );
    let page = scene
        .page(Role::Viewer, &format!("{run}/result?{asked}"))
        .await;
    assert!(page.contains(level.trim()), "the page has the same level");
    assert!(
        page.contains(&format!("{run}/result?key=r\"")),
        "and the way to it"
    );
}

#[tokio::test]
async fn the_api_gives_heads_levels_and_whole_values() {
    let value = json!({"items": (0..120).collect::<Vec<_>>(), "x": "NaN"});
    let (scene, run) = said(json!({"a b": value, "n": 1})).await;
    let viewer = scene.hub.somebody(Role::Viewer);
    let at = format!("/api/v1{run}/results");
    let list = viewer
        .get(&format!("{at}?sort=key&order=desc&per_page=1"))
        .await
        .expect(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["key"]),
        (&json!(2), &json!("n"))
    );
    let all = viewer.get(&format!("{at}?sort=key")).await.expect(200);
    let head = &all["items"][0];
    assert_eq!(
        (&head["kind"], &head["size"]),
        (&json!("object"), &json!(2))
    );
    assert_eq!(head["bytes"], value.to_string().len());
    let level = viewer
        .get(&format!("{at}/a%20b?path=/items&offset=100"))
        .await
        .expect(200);
    assert_eq!(
        (&level["children"][0]["path"], &level["next"]),
        (&json!("/items/100"), &Value::Null)
    );
    assert_eq!(level["children"].as_array().unwrap().len(), 20);
    let scalar = viewer.get(&format!("{at}/a%20b?path=/x")).await.expect(200);
    assert_eq!(
        (&scalar["value"], &scalar["kind"]),
        (&json!("NaN"), &json!("number"))
    );
    let whole = viewer.get(&format!("{at}/a%20b/raw")).await;
    assert!(
        whole
            .header("content-disposition")
            .starts_with("attachment")
    );
    assert_eq!(whole.expect(200), value);
    for missing in ["/other", "/other/raw", "/n?path=/x"] {
        assert_eq!(
            viewer.get(&format!("{at}{missing}")).await.status,
            404,
            "{missing}"
        );
    }
    viewer.get(&format!("{at}/n?offset=-1")).await.expect(422);
}

#[tokio::test]
async fn a_result_out_of_bounds_is_refused_by_name() {
    let (scene, _) = said(json!({})).await;
    let large = "x".repeat((4 << 20) - 1);
    let refused = scene
        .try_to_give(&scene.running, 2, &json!({"x": large}))
        .await
        .expect(422);
    assert_eq!(refused["errors"][0]["field"], "results.x");
    let said = "has 4,194,305 bytes; at most 4,194,304 are kept: say it as an artifact";
    assert_eq!(refused["errors"][0]["message"], said);
}
