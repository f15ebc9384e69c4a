//! Somebody is told that a better result is being checked, and follows that in a browser to its end.

use std::fs;

use cupola_protocol::briefs::NewBrief;
use serde_json::{Value, json};

use crate::{
    axe::{AXE, findings},
    chromium::Chromium,
    support::{TestHub, eventually, run},
};

const FRIENDS: &str = "[verification]\nprofile = \"friends\"\n";

const MANIFEST: &str = r#"
name = "tells"
description = "A program for tests: says what is not so before the truth is there."
command = ["sh", "{code}/run.sh"]
objective = { metric = "loss", direction = "minimize" }
space = { x = "uniform(0, 1)" }
files = ["run.sh"]

[repeats]
exact = ["loss"]
"#;

/// Falls to a value that depends on whether the file is there.
fn program(truth: &str) -> String {
    let point = r#"{\"type\":\"metric\",\"name\":\"loss\",\"step\":%d,\"value\":%f}\n"#;
    let end = r#"{\"loss\": %f}\n"#;
    format!(
        "end=1.25\nif [ -e '{truth}' ]; then end=3.5; fi\n\
         awk -v end=\"$end\" 'BEGIN {{ for (s = 0; s < 30; s++) printf \"{point}\", s, end + 3 / (1 + s) }}' >&3\n\
         awk -v end=\"$end\" 'BEGIN {{ printf \"{end}\", end }}'\n"
    )
}

/// A family of one task of that program.
async fn submit(hub: &TestHub) -> String {
    let own = hub.folder.path().join("templates/tells");
    fs::create_dir_all(&own).unwrap();
    let truth = hub.folder.path().join("truth");
    fs::write(own.join("run.sh"), program(&truth.to_string_lossy())).unwrap();
    fs::write(own.join("template.toml"), MANIFEST).unwrap();
    let brief = json!({
        "goal": "the least", "template": "tells", "num_tasks": 1, "time_budget": 60,
    });
    let brief: NewBrief = serde_json::from_value(brief).unwrap();
    let made = eventually("the template", || async {
        hub.client().create_brief(&brief).await.ok()
    });
    made.await.brief.family.family_id
}

/// Nobody is kept out of the page that is open: dark, light, and on a phone, where nothing is cut off.
pub(crate) async fn look(chromium: &Chromium, url: &str) {
    for (theme, width) in [("dark", 1440), ("light", 1440), ("light", 390)] {
        let choose = format!("localStorage.setItem('theme', '{theme}')");
        chromium.execute(&choose).await;
        chromium.browser.set_window_size(width, 1000).await.unwrap();
        chromium.goto(url).await;
        chromium.execute(AXE).await;
        let found = findings(chromium, "").await;
        assert!(found.is_empty(), "{url}, {theme}, {width}:\n{found}");
        let fits =
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(
            chromium.execute(fits).await,
            Value::Bool(true),
            "{url}, {width}"
        );
    }
    chromium.browser.set_window_size(1440, 1000).await.unwrap();
}

fn says(selector: &str, words: &str) -> String {
    format!(
        "return (document.querySelector('{selector}')?.innerText ?? '').toLowerCase().includes('{words}')"
    )
}

fn asked(hub: &TestHub, arguments: &[&str]) -> Value {
    let mut all = vec!["verification"];
    all.extend(arguments);
    all.push("--json");
    let output = run(hub.folder.path(), &all);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_result_is_followed_until_it_is_known_to_be_made_up() {
    let hub = TestHub::start_configured(FRIENDS);
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    let page = format!("{}/verification", hub.url);
    chromium.goto(&page).await;
    let nothing = says("#verification", "nothing was checked yet");
    chromium.until("what to do", &nothing).await;
    look(&chromium, &page).await;

    let _eve = hub.start_worker_of("eve", 1, &hub.url).await;
    let family = submit(&hub).await;
    let run_id = hub.run_of(&family, "completed").await;
    chromium
        .goto(&format!("{}/families/{family}", hub.url))
        .await;
    let told = says("#campaign", "is being checked; it is not called best");
    chromium.until("what is being checked", &told).await;
    chromium.click("#campaign .note a").await;
    let waits = says(
        "#evidence .notices",
        "no worker of `administrator` is there",
    );
    chromium.until("why it waits", &waits).await;
    let check = chromium.browser.current_url().await.unwrap().to_string();
    look(&chromium, &check).await;
    look(&chromium, &page).await;

    // The page changes by itself when the hub's own machine has run it.
    chromium.goto(&check).await;
    chromium.mark().await;
    fs::write(hub.folder.path().join("truth"), "").unwrap();
    let _own = hub.start_worker_of("administrator", 1, &hub.url).await;
    let found = says("#evidence .head-badge", "made up");
    chromium.until("what was found", &found).await;
    chromium.assert_marked().await;
    let both = chromium.text("#evidence table").await;
    assert!(
        both.contains("1.25") && both.contains("3.5") && both.contains("eve"),
        "{both}"
    );
    let curves = "return document.querySelectorAll('#evidence .legend li').length";
    assert_eq!(chromium.execute(curves).await, json!(2));
    look(&chromium, &check).await;
    look(&chromium, &page).await;

    let run_page = format!("{}/runs/{run_id}", hub.url);
    chromium.goto(&run_page).await;
    chromium
        .until("the badge", &says("#header", "rejected"))
        .await;
    chromium.click("#header a.head-badge").await;
    chromium.until("the evidence", &found).await;

    let list = asked(&hub, &["list", "--finding", "wrong_better"]);
    let id = list["items"][0]["id"].as_str().unwrap();
    assert!(check.ends_with(id), "{list}");
    let shown = asked(&hub, &["show", id]);
    assert_eq!(shown["runs"][0]["claim"]["value"], json!(3.5));
    let owners = asked(&hub, &["owners"]);
    assert_eq!(
        (&owners[0]["owner"], &owners[0]["ban"]),
        (&json!("eve"), &json!("fraud"))
    );

    chromium.goto(&page).await;
    chromium
        .fill("#verification input[name=note]", "sorry")
        .await;
    chromium.click("#verification form button").await;
    let lifted = says("#verification", "lifted: sorry");
    chromium.until("the end of the ban", &lifted).await;
    let again = asked(&hub, &["ban", "eve", "--note", "copied"]);
    assert_eq!(again["ban"], json!("decision"));
    let free = asked(&hub, &["lift", "eve", "--note", "well"]);
    assert_eq!(free["ban"], Value::Null);
}
