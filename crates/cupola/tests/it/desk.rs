//! A worker's owner watches it in a terminal or a browser of its machine, and tells it what to do there.

use std::{fs, path::PathBuf};

use cupola_client::query::PageFilter;

use crate::{
    axe::{AXE, findings},
    chromium::Chromium,
    support::{TestHub, eventually},
    tmux::Tmux,
};

/// The folder of the worker that works for this hub, once it has a desk.
async fn folder_with_desk(hub: &TestHub) -> PathBuf {
    eventually("a worker with a desk", || async {
        let entries = fs::read_dir(hub.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .find(|path| path.join("desk.json").exists())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_watched_paused_and_resumed_in_a_terminal() {
    let hub = TestHub::start();
    let _agent = hub.start_worker_of("ann", 1, &hub.url).await;
    let folder = folder_with_desk(&hub).await;
    let arguments = format!("worker show --state {}", folder.display());
    let Some(tmux) = Tmux::running(&arguments, "") else {
        return;
    };
    tmux.sees("CONNECTED");
    tmux.press("p");
    tmux.sees("PAUSED");
    let family = hub.submit("fine", 1).await;
    tmux.press("r");
    tmux.misses("PAUSED");
    hub.run_of(&family, "completed").await;
    tmux.sees("fine");
    tmux.press("q");
    tmux.sees("ended with 0");
    tmux.is_restored();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_paused_resumed_and_given_limits_on_its_page() {
    let hub = TestHub::start();
    let _agent = hub.start_worker_of("ann", 1, &hub.url).await;
    let folder = folder_with_desk(&hub).await;
    let place = fs::read_to_string(folder.join("desk.json")).unwrap();
    let place: serde_json::Value = serde_json::from_str(&place).unwrap();
    let (url, key) = (
        place["url"].as_str().unwrap(),
        place["key"].as_str().unwrap(),
    );
    let chromium = Chromium::start().await;
    chromium.goto(&format!("{url}/open?key={key}")).await;
    let badge_is = |word: &str| {
        format!(
            "return document.querySelector('.head-badge').innerText.toLowerCase().includes('{word}')"
        )
    };
    chromium.until("the worker", &badge_is("connected")).await;
    chromium.click("form[action='/pause'] button").await;
    chromium.until("the pause", &badge_is("paused")).await;
    let told = eventually("the hub to know", || async {
        let found = hub.client().workers(&PageFilter::default()).await.unwrap();
        found.items.into_iter().find_map(|worker| worker.resting)
    })
    .await;
    assert!(told.why.contains("owner"), "{told:?}");
    chromium.click("form[action='/resume'] button").await;
    chromium.until("work again", &badge_is("connected")).await;
    chromium.fill("input[name=cores]", "1").await;
    chromium.click("form[action='/settings'] button").await;
    let kept = eventually("the settings' file", || async {
        fs::read_to_string(folder.join("settings.toml")).ok()
    })
    .await;
    assert!(kept.contains("cores = 1"), "{kept}");
    for theme in ["dark", "light"] {
        let choose = format!("localStorage.setItem('theme', '{theme}')");
        chromium.execute(&choose).await;
        chromium.goto(&format!("{url}/")).await;
        chromium.execute(AXE).await;
        let found = findings(&chromium, "").await;
        assert!(found.is_empty(), "{theme}:\n{found}");
    }
}
