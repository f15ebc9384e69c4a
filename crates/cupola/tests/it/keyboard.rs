//! Each shortcut of the table is pressed in a real browser. One without a check fails.

use cupola_web::ui::keys::{self, Place, Shortcut};

use crate::{chromium::Chromium, support::TestHub};

const ESCAPE: char = '\u{e00c}';
const ENTER: char = '\u{e007}';
const HOME: char = '\u{e011}';
const END: char = '\u{e010}';
const CONTROL: char = '\u{e009}';

/// What is pressed where, and what must be true then.
struct Check {
    at: String,
    /// What a script does before.
    before: &'static str,
    keys: Vec<char>,
    then: String,
}

/// Where things are.
struct Scene {
    run: String,
    experiment: String,
}

fn check_of(shortcut: &Shortcut, scene: &Scene) -> Check {
    let pressed = |key: &str| match key {
        "Escape" => ESCAPE,
        "Enter" => ENTER,
        "Home" => HOME,
        "End" => END,
        key => key.chars().next().unwrap(),
    };
    let mut check = Check {
        at: "/tasks".to_owned(),
        before: "",
        keys: shortcut.keys.split(' ').map(pressed).collect(),
        then: String::new(),
    };
    let goes = |path: &str| format!("location.pathname === '{path}'");
    let focused = |selector: &str| format!("document.activeElement.matches('{selector}')");
    let row = |at: u32| focused(&format!("tbody tr:nth-child({at}) a"));
    check.then = match *shortcut {
        keys::GO_OVERVIEW => goes("/overview"),
        keys::GO_BRIEFS => goes("/briefs"),
        keys::GO_FAMILIES => goes("/families"),
        keys::GO_MODELS => goes("/models"),
        keys::GO_WORKSPACES => goes("/workspaces"),
        keys::GO_WORKERS => goes("/workers"),
        keys::GO_TASKS => {
            "/workers".clone_into(&mut check.at);
            goes("/tasks")
        }
        keys::GO_RUNS => goes("/runs"),
        keys::GO_TRAINING => goes("/training"),
        keys::GO_CREDITS => goes("/credits"),
        keys::GO_REPORTS => goes("/reports"),
        keys::GO_ASSISTANT => goes("/assistant"),
        keys::GO_ALERTS => goes("/alerts"),
        keys::GO_EXPERIMENTS => goes("/experiments"),
        keys::GO_TEMPLATES => goes("/templates"),
        keys::NEW_EXPERIMENT => goes("/experiments/new"),
        keys::START_RUN => {
            check.at = format!("/experiments/{}", scene.experiment);
            "document.querySelectorAll('#runs tbody tr').length === 1".to_owned()
        }
        keys::EDIT_EXPERIMENT => {
            check.at = format!("/experiments/{}", scene.experiment);
            goes(&format!("/experiments/{}/edit", scene.experiment))
        }
        keys::NEW_BRIEF => {
            "/families".clone_into(&mut check.at);
            goes("/briefs/new")
        }
        keys::SEARCH => focused("input[type=search]"),
        keys::SEARCH_LOG => {
            check.at = format!("/runs/{}", scene.run);
            focused("#log input[type=search]")
        }
        keys::LOG_FIRST => {
            check.at = format!("/runs/{}", scene.run);
            check.before = "document.querySelector('[data-log-box]').focus()";
            "document.querySelector('[data-log-follow]').ariaPressed === 'false'".to_owned()
        }
        keys::LOG_LAST => {
            check.at = format!("/runs/{}", scene.run);
            check.before = "document.querySelector('[data-log-follow][aria-pressed=true]')?.click(); \
                            document.querySelector('[data-log-box]').focus()";
            "document.querySelector('[data-log-follow]').ariaPressed === 'true'".to_owned()
        }
        keys::NEXT_ROW => row(1),
        keys::PREVIOUS_ROW => {
            check.keys = vec!['j', 'j', 'k'];
            row(1)
        }
        keys::OPEN_ROW => {
            check.keys = vec!['j', ENTER];
            "/^\\/tasks\\/.{36}$/.test(location.pathname)".to_owned()
        }
        keys::NEXT_PAGE => "new URLSearchParams(location.search).get('page') === '2'".to_owned(),
        keys::PREVIOUS_PAGE => {
            "/tasks?page=3".clone_into(&mut check.at);
            "new URLSearchParams(location.search).get('page') === '2'".to_owned()
        }
        keys::THEME => {
            check.before = "window.theme = document.documentElement.dataset.theme";
            "document.documentElement.dataset.theme !== window.theme".to_owned()
        }
        keys::HELP => format!(
            "document.querySelector('dialog[open] h3')?.textContent === '{}'",
            Place::Lists.title()
        ),
        keys::CLOSE => {
            check.before = "document.querySelector('details.who').open = true";
            "!document.querySelector('details[open]')".to_owned()
        }
        other => panic!("`{}` ({}) has no check", other.keys, other.text),
    };
    check
}

#[tokio::test]
async fn every_shortcut_of_the_table_does_what_it_says() {
    let hub = TestHub::start();
    let family = hub.submit("hangs", 120).await;
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    let scene = Scene {
        run: hub.run_of(&family, "pending").await,
        experiment: experiment(&chromium, &hub).await,
    };
    for shortcut in keys::ALL {
        let check = check_of(shortcut, &scene);
        chromium.goto(&format!("{}{}", hub.url, check.at)).await;
        chromium.execute(check.before).await;
        chromium.type_keys(&check.keys).await;
        let what = format!("`{}`: {}", shortcut.keys, shortcut.text);
        chromium
            .until(&what, &format!("return {}", check.then))
            .await;
    }
    nothing_fires_while_somebody_types(&chromium, &hub).await;
}

/// Makes an experiment by its form; says its id.
async fn experiment(chromium: &Chromium, hub: &TestHub) -> String {
    let form = format!("{}/experiments/new?template=hangs", hub.url);
    chromium.goto(&form).await;
    chromium.fill("[name=name]", "pressed").await;
    chromium.click("button.primary[name=op][value=save]").await;
    chromium
        .until(
            "the experiment",
            "return /^\\/experiments\\/.{36}$/.test(location.pathname)",
        )
        .await;
    let url = chromium.browser.current_url().await.unwrap();
    url.path().rsplit('/').next().unwrap().to_owned()
}

async fn nothing_fires_while_somebody_types(chromium: &Chromium, hub: &TestHub) {
    chromium.goto(&format!("{}/briefs/new", hub.url)).await;
    chromium.fill("[name=goal]", "").await;
    chromium.type_keys(&['g', 't', '?', 't', 'j', '/']).await;
    chromium
        .until(
            "what was typed",
            "return document.querySelector('[name=goal]').value === 'gt?tj/'",
        )
        .await;
    chromium.type_keys(&[ESCAPE]).await;
    let left = "return document.activeElement === document.body";
    chromium.until("the field to be left", left).await;
    // With a modifier a key belongs to the browser.
    chromium.type_with(CONTROL, 'c').await;
    chromium.type_with(CONTROL, '?').await;
    chromium
        .until(
            "nothing to have happened",
            "return location.pathname === '/briefs/new' && !document.querySelector('dialog[open]')",
        )
        .await;
    // The box closes as all boxes do.
    chromium.type_keys(&['?']).await;
    chromium
        .until("the box", "return !!document.querySelector('dialog[open]')")
        .await;
    chromium.type_keys(&[ESCAPE]).await;
    chromium
        .until("no box", "return !document.querySelector('dialog[open]')")
        .await;
}
