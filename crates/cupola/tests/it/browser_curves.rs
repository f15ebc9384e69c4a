//! A person looks at the curves of a run in a real browser: finds them, follows them, comes down to the
//! points of a very long one.

use cupola_client::Client;
use cupola_domain::{ids::RunId, metric::Point};
use cupola_protocol::{
    access::NewToken,
    number::Number,
    work::{LeaseRequest, MetricPiece, Registration, Report},
};
use cupola_store::{Durability, Location, Options, Store, StoreError, series};
use fantoccini::{
    Locator,
    actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    key::Key,
};
use serde_json::{Value, json};

use crate::{
    chromium::Chromium,
    support::{TestHub, eventually},
};

/// Milliseconds since 1970.
const BEGAN: i64 = 1_795_000_000_000;

/// A run whose program is this test.
struct Program {
    hub: TestHub,
    worker: Client,
    worker_id: String,
    run: String,
    epoch: i64,
    seq: u64,
}

impl Program {
    async fn start() -> Self {
        let hub = TestHub::start();
        hub.submit("fine", 1).await;
        let token = NewToken {
            name: "program".to_owned(),
            role: "worker".to_owned(),
            ttl_secs: None,
            owner: String::new(),
            team: String::new(),
        };
        let secret = hub.client().create_token(&token).await.unwrap().secret;
        let worker = Client::new(&hub.url, &secret).unwrap();
        let registration: Registration = serde_json::from_value(json!({
            "protocol": cupola_protocol::WORKER_PROTOCOL, "worker_id": null, "name": "test",
            "session": "test", "slots": 1, "version": "test",
            "capabilities": {
                "hostname": "test", "platform": "linux-x86_64", "cpu_model": "", "cpu_cores": 64,
                "memory_bytes": 1_u64 << 40, "disk_bytes": 1_u64 << 40, "gpus": [], "python": null,
            },
        }))
        .unwrap();
        let worker_id = worker.register(&registration).await.unwrap().worker_id;
        let request = LeaseRequest {
            session: "test".to_owned(),
            free_slots: 1,
            holding: Vec::new(),
            wait_secs: 30.0,
        };
        let orders = worker.lease(&worker_id, &request).await.unwrap();
        let order = orders.start.into_iter().next().unwrap();
        Self {
            hub,
            worker,
            worker_id,
            run: order.run_id,
            epoch: order.epoch,
            seq: 0,
        }
    }

    async fn say(&mut self, series: &[(&str, &[(i64, f64)])]) {
        let piece = |(name, points): &(&str, &[(i64, f64)])| MetricPiece {
            name: (*name).to_owned(),
            points: points
                .iter()
                .map(|(step, value)| (*step, BEGAN + 1_000 * step, Number(*value)))
                .collect(),
        };
        let metrics: Vec<_> = series.iter().map(piece).collect();
        let report: Report = serde_json::from_value(json!({
            "worker_id": self.worker_id, "epoch": self.epoch, "seq": self.seq, "metrics": metrics,
        }))
        .unwrap();
        self.worker.report(&self.run, &report).await.unwrap();
        self.seq += 1;
    }

    async fn open(&self, query: &str) -> Chromium {
        let chromium = Chromium::start().await;
        chromium.log_in(&self.hub).await;
        chromium.goto(&self.page(query)).await;
        chromium.mark().await;
        chromium
            .execute("document.querySelector('#curves').scrollIntoView()")
            .await;
        chromium
    }

    fn page(&self, query: &str) -> String {
        format!("{}/runs/{}{query}", self.hub.url, self.run)
    }
}

/// Words for scripts: the cards, one by its name, what is said below it.
const WORDS: &str = "const cards = [...document.querySelectorAll('[data-curve]')]; \
     const names = cards.map(card => card.dataset.curve).join(); \
     const card = name => cards.find(card => card.dataset.curve === name); \
     const note = name => card(name)?.querySelector('[data-curve-note]').textContent ?? ''; ";

async fn until(chromium: &Chromium, what: &str, script: &str) {
    chromium.until(what, &format!("{WORDS}{script}")).await;
}

async fn execute(chromium: &Chromium, script: &str) -> Value {
    chromium.execute(&format!("{WORDS}{script}")).await
}

fn wave(steps: std::ops::Range<i32>) -> Vec<(i64, f64)> {
    let value = |step: i32| f64::from(step % 17) + f64::from(step) / 100.0;
    steps.map(|step| (i64::from(step), value(step))).collect()
}

#[tokio::test]
async fn curves_are_found_followed_smoothed_and_shared_by_a_link() {
    let mut program = Program::start().await;
    let broken = [(0, 1.0), (1, f64::NAN), (2, f64::INFINITY), (3, 2.0)];
    program
        .say(&[
            ("train/loss", &wave(0..300)),
            ("val/loss", &wave(0..40)),
            ("accuracy", &broken),
        ])
        .await;
    let chromium = program.open("").await;
    until(
        &chromium,
        "the curves",
        "return names === 'accuracy,train/loss,val/loss' \
        && note('train/loss') === 'all 300 points' && note('accuracy').includes('2 not finite');",
    )
    .await;
    finds(&chromium).await;
    follows(&mut program, &chromium).await;
    looks(&chromium).await;
    links(&chromium).await;
    fills_the_screen(&chromium).await;
    is_saved_as_a_file(&chromium).await;
    chromium.browser.clone().close().await.unwrap();
}

async fn finds(chromium: &Chromium) {
    chromium.fill("#curves-match", "LOSS$").await;
    until(
        chromium,
        "two curves",
        "return names === 'train/loss,val/loss';",
    )
    .await;
    chromium.fill("#curves-match", "(").await;
    until(
        chromium,
        "the mistake",
        "return cards.length === 0 \
        && document.querySelector('#curves-error').textContent.includes('unclosed group');",
    )
    .await;
    chromium.fill("#curves-match", "^val").await;
    until(
        chromium,
        "one curve",
        "return names === 'val/loss' && note('val/loss') === 'all 40 points';",
    )
    .await;
    assert_eq!(
        execute(chromium, "return location.search").await,
        json!("?match=%5Eval")
    );
    chromium.fill("#curves-match", "").await;
    let emptied = "document.querySelector('#curves-match').dispatchEvent(new Event('input', {bubbles: true}))";
    chromium.execute(emptied).await;
    until(chromium, "all curves", "return cards.length === 3;").await;

    chromium.click("[aria-label='Pin val/loss']").await;
    until(
        chromium,
        "the pinned one first",
        "return names === 'val/loss,accuracy,train/loss' \
        && card('val/loss').querySelector('[data-curve-pin]').ariaPressed === 'true' \
        && location.search === '?pin=val%2Floss';",
    )
    .await;
}

/// More points come without asking for those that are there; a program that goes back is told.
async fn follows(program: &mut Program, chromium: &Chromium) {
    let asked = "window.asked = []; const real = window.fetch; \
                 window.fetch = (url, ...rest) => { asked.push(String(url)); return real(url, ...rest); };";
    chromium.execute(asked).await;
    program.say(&[("train/loss", &wave(300..310))]).await;
    until(
        chromium,
        "ten more points",
        "return note('train/loss') === 'all 310 points';",
    )
    .await;
    let charts = execute(
        chromium,
        "return asked.filter(url => url.includes('/charts?'))",
    )
    .await;
    let charts = charts.as_array().unwrap();
    assert!(!charts.is_empty());
    for url in charts {
        let query = url.as_str().unwrap().split('?').nth(1).unwrap();
        let after = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("after="));
        assert!(
            after.is_some_and(|after| !after.is_empty()),
            "{url} is asked for whole"
        );
    }
    program.say(&[("train/loss", &wave(200..250))]).await;
    until(
        chromium,
        "the restart",
        "return note('train/loss') === \
        'all 250 points · restarted at step 200 · 110 points replaced';",
    )
    .await;
    program.say(&[("another", &wave(0..5))]).await;
    until(
        chromium,
        "a new curve",
        "return names === 'val/loss,accuracy,another,train/loss';",
    )
    .await;
    chromium.assert_marked().await;
}

async fn looks(chromium: &Chromium) {
    let smooth = "const range = document.querySelector('#curves-smooth'); range.value = 0.9; \
                  range.dispatchEvent(new Event('input', {bubbles: true}))";
    chromium.execute(smooth).await;
    chromium.click("[name=scale][value=y]").await;
    chromium.click("[name=axis][value=relative] + span").await;
    until(
        chromium,
        "how it is looked at",
        "return location.search.includes('axis=relative') \
        && location.search.includes('smooth=0.9') && location.search.includes('scale=y');",
    )
    .await;
    chromium.click("[name=axis][value=step] + span").await;
    chromium.click("[name=scale][value=y]").await;

    // One crosshair for all: the keyboard moves it, each chart says its value there.
    let plot = chromium
        .browser
        .find(Locator::Css("[data-curve='train/loss'] [data-curve-plot]"));
    let keys = format!("{}{}", char::from(Key::Home), char::from(Key::Right));
    plot.await.unwrap().send_keys(&keys).await.unwrap();
    until(
        chromium,
        "the values at step 1",
        "const said = name => \
        card(name).querySelector('.plot-readout').textContent; \
        return said('train/loss').startsWith('step 1') && said('train/loss').includes('1.01') \
        && said('train/loss').includes('smoothed') && said('val/loss').startsWith('step 1') \
        && said('accuracy').includes('NaN');",
    )
    .await;
}

/// Whoever opens the address sees the same.
async fn links(chromium: &Chromium) {
    let plot = chromium
        .browser
        .find(Locator::Css("[data-curve='train/loss'] [data-curve-plot]"));
    plot.await.unwrap().send_keys("++").await.unwrap();
    until(
        chromium,
        "a window",
        "return location.search.includes('window=') \
        && !document.querySelector('[data-curves-window]').hidden \
        && !note('train/loss').startsWith('all 250 ');",
    )
    .await;
    let said = "return [location.search, note('train/loss'), \
        document.querySelector('[data-curves-range]').textContent, \
        document.querySelector('#curves-smooth').value]";
    let before = execute(chromium, said).await;
    chromium.browser.refresh().await.unwrap();
    chromium
        .execute("document.querySelector('#curves').scrollIntoView()")
        .await;
    until(
        chromium,
        "the window again",
        "return note('train/loss').startsWith('all ');",
    )
    .await;
    assert_eq!(execute(chromium, said).await, before);
    chromium.click("[data-curves-all]").await;
    until(
        chromium,
        "all again",
        "return note('train/loss').startsWith('all 250 points') \
        && !location.search.includes('window=');",
    )
    .await;
}

async fn fills_the_screen(chromium: &Chromium) {
    chromium
        .click("[aria-label='Full screen of train/loss']")
        .await;
    until(
        chromium,
        "the full screen",
        "return card('train/loss').clientWidth === window.innerWidth \
        && card('train/loss').querySelector('canvas').clientHeight > 400;",
    )
    .await;
    chromium.type_keys(&[char::from(Key::Escape)]).await;
    until(
        chromium,
        "the grid",
        "return card('train/loss').clientWidth < window.innerWidth / 2;",
    )
    .await;
}

async fn is_saved_as_a_file(chromium: &Chromium) {
    let saved = "window.saved = []; const make = URL.createObjectURL; \
                 URL.createObjectURL = blob => { blob.text().then(text => saved.push([blob.type, text])); return make(blob); };";
    chromium.execute(saved).await;
    for kind in ["SVG", "PNG"] {
        chromium
            .click(&format!("[aria-label='{kind} of train/loss']"))
            .await;
    }
    until(chromium, "two files", "return saved.length === 2;").await;
    let files = execute(
        chromium,
        "const svg = saved.find(([type]) => type === 'image/svg+xml')[1]; \
        const read = new DOMParser().parseFromString(svg, 'image/svg+xml'); \
        return [read.querySelectorAll('path').length, read.querySelector('title').textContent, \
        saved.some(([type, bytes]) => type === 'image/png' && bytes.includes('PNG'))]",
    )
    .await;
    // The smoothed line before the curve itself.
    assert_eq!(files, json!([2, "train/loss", true]));
    let csv = "const done = arguments[0]; fetch(document.querySelector(\"[aria-label='CSV of val/loss']\").href) \
               .then(answer => answer.text()).then(done)";
    let csv = chromium
        .browser
        .execute_async(csv, Vec::new())
        .await
        .unwrap();
    let lines: Vec<_> = csv.as_str().unwrap().lines().collect();
    assert_eq!((lines.len(), lines[0]), (41, "step,time,value"));
    assert!(lines[3].starts_with("2,2026-11-18T"), "{}", lines[3]);
}

/// So many points of one curve.
const MANY: i64 = 10_000_000;

/// One of them stands out.
const SPIKE: i64 = 7_654_321;

fn value(step: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "steps are small")]
    let at = step as f64;
    if step == SPIKE {
        1e6
    } else {
        (at / 1e6).sin() + (at * 0.7).sin() / 8.0
    }
}

/// Puts the points into the store of a hub that stands still, and says how many went in.
fn fill(program: &mut Program, points: i64) {
    program.hub.process.kill();
    let location = Location::Sqlite(program.hub.folder.path().join("data").join("cupola.db"));
    let mut options = Options::new(|| BEGAN);
    options.durability = Durability::Off;
    let store = Store::open(&location, options).unwrap();
    let run: RunId = program.run.parse().unwrap();
    for from in (0..points).step_by(500_000) {
        let point = |step: i64| Point {
            step,
            time_millis: BEGAN + step,
            value: value(step),
        };
        let part: Vec<Point> = (from..points.min(from + 500_000)).map(point).collect();
        store
            .write::<_, _, StoreError>(move |tx| series::append(tx, run, "long", &part))
            .unwrap();
    }
    store.close();
    program.hub.restart();
}

#[tokio::test]
async fn a_run_with_ten_million_points_is_opened_and_zoomed_to_its_points() {
    let mut program = Program::start().await;
    fill(&mut program, MANY);
    let chromium = program.open("").await;
    // A spike of one point is seen from afar.
    until(
        &chromium,
        "the whole curve",
        "return /^reduced: \\d+ columns of 10,000,000 points$/.test(note('long')) \
        && card('long').querySelector('[data-curve-max]').textContent === '1000000';",
    )
    .await;
    let mut drags = 0;
    while !is_down(&chromium).await {
        assert!(drags < 9, "the points are not reached");
        let before = execute(&chromium, "return note('long')").await;
        drag(&chromium, 24.0).await;
        drags += 1;
        let changed = format!("return note('long') !== {before};");
        until(&chromium, "a closer look", &changed).await;
    }
    assert!(drags >= 3, "a few pixels are no ten million points");
    shows_the_points(&chromium).await;
    chromium.browser.clone().close().await.unwrap();
}

async fn is_down(chromium: &Chromium) -> bool {
    execute(chromium, "return note('long').startsWith('all ')").await == json!(true)
}

/// Marks the middle of the chart, so many pixels wide.
async fn drag(chromium: &Chromium, width: f64) {
    let over = chromium
        .browser
        .find(Locator::Css("[data-curve=long] .u-over"));
    let element = over.await.unwrap();
    let to = |x: f64| PointerAction::MoveToElement {
        element: element.clone(),
        duration: None,
        x,
        y: 0.0,
    };
    let button = MOUSE_BUTTON_LEFT;
    let actions = MouseActions::new("mouse".to_owned())
        .then(to(-width / 2.0))
        .then(PointerAction::Down { button })
        .then(to(width / 2.0))
        .then(PointerAction::Up { button });
    chromium.browser.perform_actions(actions).await.unwrap();
}

/// What is drawn at the lowest level is what was put in, point by point.
async fn shows_the_points(chromium: &Chromium) {
    let script = "const done = arguments[0]; const window_ = new URLSearchParams(location.search).get('window').split('..'); \
        const route = document.querySelector('#curves').dataset; \
        fetch(`${route.charts}?name=long&width=1000&from=${window_[0]}&to=${window_[1]}`) \
        .then(answer => answer.json()).then(body => done({...body.charts[0], texts: body.charts[0].columns.last.map(String)}))";
    let chart = chromium
        .browser
        .execute_async(script, Vec::new())
        .await
        .unwrap();
    assert_eq!(chart["reduced"], json!(false));
    let steps: Vec<i64> = serde_json::from_value(chart["columns"]["step"].clone()).unwrap();
    // As texts: what reads the browser's answers here is not exact to the last bit.
    let texts: Vec<String> = serde_json::from_value(chart["texts"].clone()).unwrap();
    assert!(steps.len() > 5 && steps.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    for (step, text) in steps.iter().zip(texts) {
        let found: f64 = text.parse().unwrap();
        assert_eq!(found.to_bits(), value(*step).to_bits(), "step {step}");
    }
    let said = format!("return note('long') === 'all {} points';", steps.len());
    eventually("the note", || async {
        (execute(chromium, &said).await == json!(true)).then_some(())
    })
    .await;
}
