//! A person reads a log in a real browser while a program writes it: filter, search, follow,
//! unfolding, and moving about with the keyboard.

use cupola_client::query::{LogsFilter, TaskFilter};
use cupola_protocol::{briefs::NewBrief, logs::LevelsBody};
use fantoccini::{Locator, key::Key};
use serde_json::{Value, json};

use crate::{
    chromium::Chromium,
    support::{TestHub, eventually},
};

/// Lines that the program writes before it begins to tick.
const LINES: u64 = 5_008;

/// How many lines the page holds at most.
const SHOWN_MAX: u64 = 2_000;

/// A browser on the page of a run that goes on writing.
struct Reader {
    hub: TestHub,
    chromium: Chromium,
    run: String,
}

impl Reader {
    async fn open(hub: TestHub) -> Self {
        let run = talking(&hub).await;
        let chromium = Chromium::start().await;
        chromium.log_in(&hub).await;
        let url = format!("{}/runs/{run}", hub.url);
        chromium.browser.goto(&url).await.unwrap();
        chromium.mark().await;
        Self { hub, chromium, run }
    }

    async fn levels(&self) -> LevelsBody {
        levels(&self.hub, &self.run).await
    }

    async fn until(&self, what: &str, script: &str) {
        let words = "const box = document.querySelector('[data-log-box]'); \
                     const lines = [...box.querySelectorAll('[data-line]')]; \
                     const followed = document.querySelector('[data-log-follow]').ariaPressed; ";
        self.chromium.until(what, &format!("{words}{script}")).await;
    }

    async fn execute(&self, script: &str) -> Value {
        let answer = self.chromium.browser.execute(script, Vec::new()).await;
        answer.unwrap()
    }

    /// Chooses the least level, as a press on its label does.
    async fn choose(&self, level: &str) {
        let label = format!(".log-levels input[value={level}] + span");
        self.chromium.click(&label).await;
    }

    async fn search(&self, text: &str) {
        self.chromium.fill("#log-search", text).await;
        // An emptied field says so only when something is typed.
        self.execute("document.querySelector('#log-search').dispatchEvent(new Event('input', {bubbles: true}))")
            .await;
    }

    /// Presses a key in the log itself.
    async fn press(&self, key: Key) {
        let log = self.chromium.browser.find(Locator::Css("[data-log-box]"));
        let text = char::from(key).to_string();
        log.await.unwrap().send_keys(&text).await.unwrap();
    }
}

async fn levels(hub: &TestHub, run: &str) -> LevelsBody {
    let none = LogsFilter {
        limit: Some(0),
        ..LogsFilter::default()
    };
    hub.client().run_logs(run, &none).await.unwrap().levels
}

/// A run whose program has said all but its ticks.
async fn talking(hub: &TestHub) -> String {
    let brief: NewBrief = serde_json::from_value(json!({
        "goal": "talk", "template": "talks", "num_tasks": 1, "time_budget": 600,
    }))
    .unwrap();
    let made = hub.client().create_brief(&brief).await.unwrap();
    let filter = TaskFilter {
        family_id: Some(made.brief.family.family_id),
        ..TaskFilter::default()
    };
    let run = hub.client().tasks(&filter).await.unwrap().items[0]
        .run_id
        .clone();
    eventually("the first ticks", || async {
        (levels(hub, &run).await.total > LINES + 2).then_some(())
    })
    .await;
    run
}

#[tokio::test]
async fn a_log_is_filtered_searched_followed_and_unfolded() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let reader = Reader::open(hub).await;
    follows_the_end_and_lets_go(&reader).await;
    filters_by_level_and_unfolds(&reader).await;
    searches(&reader).await;
    goes_anywhere_with_a_bounded_page(&reader).await;
    shows_bad_input_safely(&reader).await;
    reader.chromium.assert_marked().await;
    reader.chromium.browser.clone().close().await.unwrap();
}

async fn follows_the_end_and_lets_go(reader: &Reader) {
    let is_at_end = "return followed === 'true' && lines.at(-1).textContent.includes('tick') \
                     && box.scrollHeight - box.scrollTop - box.clientHeight < 9;";
    reader.until("the end", is_at_end).await;
    let last = "return Number([...document.querySelectorAll('[data-line]')].at(-1).dataset.line)";
    let before = reader.execute(last).await.as_u64().unwrap();
    let grown = format!("return Number(lines.at(-1).dataset.line) > {};", before + 2);
    reader.until("more lines", &grown).await;
    reader.until("the end again", is_at_end).await;

    // Scrolling up lets go: what comes is counted, and nothing moves.
    reader
        .execute("document.querySelector('[data-log-box]').scrollTop -= 900")
        .await;
    reader
        .until("letting go", "return followed === 'false';")
        .await;
    let top = "return document.querySelector('[data-log-box]').scrollTop";
    let (kept, total) = (reader.execute(top).await, reader.levels().await.total);
    let counted = "return Number(document.querySelector('[data-log-place]').textContent\
                   .match(/of ([\\d,]+) lines/)[1].replaceAll(',', ''))";
    let more = format!("{counted} > {};", total + 2);
    reader.until("lines that are counted", &more).await;
    assert_eq!(reader.execute(top).await, kept);

    // It comes back by a key, and by its button.
    reader.press(Key::End).await;
    reader.until("the end by a key", is_at_end).await;
    reader.chromium.click("[data-log-follow]").await;
    reader
        .until("letting go by the button", "return followed === 'false';")
        .await;
    reader.chromium.click("[data-log-follow]").await;
    reader.until("the end by the button", is_at_end).await;
}

async fn filters_by_level_and_unfolds(reader: &Reader) {
    let counts =
        "return [...document.querySelectorAll('[data-log-count]')].map(b => b.textContent)";
    let counts = reader.execute(counts).await;
    let now = reader.levels().await;
    assert_eq!((now.debug, now.warn, now.error), (2, 5, 1));
    assert_eq!(
        (&counts[0], &counts[2], &counts[3]),
        (&json!("2"), &json!("5"), &json!("1"))
    );

    reader.choose("warn").await;
    reader.until("warnings", "return lines.length === 6;").await;
    reader.choose("error").await;
    let only = "return lines.length === 1 && lines[0].dataset.level === 'error' \
                && lines[0].querySelector('.log-text').textContent === 'loss is not finite' \
                && lines[0].querySelector('time').dateTime === '2026-11-20T00:00:00.500Z';";
    reader.until("the one error", only).await;
    let summary = reader
        .chromium
        .browser
        .find(Locator::Css(".log-fields summary"));
    let enter = char::from(Key::Enter).to_string();
    summary.await.unwrap().send_keys(&enter).await.unwrap();
    let open = "const details = lines[0].querySelector('details'); \
                return details.open && [...details.querySelectorAll('dd')].map(dd => dd.innerText) \
                .join().replaceAll(/\\s/g, '') === 'NaN,{\"index\":17}';";
    reader.until("its fields", open).await;
    let download = "return document.querySelector('[data-log-filtered]')";
    assert_eq!(
        reader.execute(&format!("{download}.hidden")).await,
        json!(false)
    );
    let href = reader.execute(&format!("{download}.search")).await;
    assert_eq!(href, json!("?level=error"));
    reader.choose("debug").await;
    reader
        .until("all levels", "return lines.length > 100;")
        .await;
}

async fn searches(reader: &Reader) {
    reader.search("SLOW step").await;
    let found = "return lines.length === 5 && lines.every(line => line.dataset.level === 'warn') \
                 && document.querySelector('[data-log-found]').textContent === '5 matches';";
    reader.until("the matches", found).await;
    assert_eq!(
        reader
            .execute("return CSS.highlights.get('log-match').size")
            .await,
        json!(5)
    );
    reader.search("step 49").await;
    // 49, 490 to 499, 4900 to 4999.
    let found = "return lines.length === 111 \
                 && document.querySelector('[data-log-found]').textContent === '111 matches';";
    reader.until("other matches", found).await;
    reader.search("nowhere to be found").await;
    let none = "return box.textContent.trim() === 'No line matches.' \
                && document.querySelector('[data-log-found]').textContent === '0 matches';";
    reader.until("no matches", none).await;
    reader.search("").await;
    let all = "return lines.length > 100 \
               && document.querySelector('[data-log-found]').textContent === '';";
    reader.until("all lines again", all).await;
}

async fn goes_anywhere_with_a_bounded_page(reader: &Reader) {
    reader.press(Key::Home).await;
    let first = "return lines[0].dataset.line === '1' && box.scrollTop === 0 \
                 && followed === 'false';";
    reader.until("the first line", first).await;
    let down = "const box = document.querySelector('[data-log-box]'); \
                box.scrollTop = box.scrollHeight; \
                return [box.querySelectorAll('[data-line]').length, box.querySelector('ol').dataset.end]";
    eventually("the end by scrolling", || async {
        let seen = reader.execute(down).await;
        let shown = seen[0].as_u64().unwrap();
        assert!(shown <= SHOWN_MAX + 200, "{shown} lines are too many");
        (seen[1] == json!("true")).then_some(())
    })
    .await;
    let up = down
        .replace("box.scrollHeight;", "0;")
        .replace("dataset.end", "dataset.start");
    eventually("the beginning by scrolling", || async {
        (reader.execute(&up).await[1] == json!("true")).then_some(())
    })
    .await;
    let numbered = "const numbers = lines.map(line => Number(line.dataset.line)); \
                    return numbers.every((n, at) => n === at + 1);";
    reader.until("every line once", numbered).await;

    let line = reader.chromium.browser.find(Locator::Css("[name=from]"));
    let text = format!("2500{}", char::from(Key::Enter));
    line.await.unwrap().send_keys(&text).await.unwrap();
    let here = "const here = box.querySelector('.is-here'); \
                const at = here?.offsetTop - box.scrollTop; \
                return here?.dataset.line === '2500' && at > 0 && at < box.clientHeight;";
    reader.until("the line", here).await;
}

async fn shows_bad_input_safely(reader: &Reader) {
    for (text, script) in [
        (
            "alert",
            "return lines[0].querySelector('.ansi-1')?.textContent === 'red';",
        ),
        (
            "zero",
            "return lines[0].textContent.includes('zero \u{2400} and \u{fffd} bytes');",
        ),
        (
            "onerror",
            "return lines[0].textContent.includes('<img') && box.querySelector('img') === null;",
        ),
        (
            "done",
            "return lines[0].querySelector('.log-text').textContent === '100% done';",
        ),
        (
            "xxxxxxxx",
            "return lines[0].querySelector('.log-cut')?.textContent.includes('9.5 MiB');",
        ),
    ] {
        reader.search(text).await;
        let script = format!("if (lines.length !== 1) return false; {script}");
        reader.until(text, &script).await;
    }
    let download = reader
        .execute("return document.querySelector('.log-cut').href")
        .await;
    let line: u64 = download
        .as_str()
        .unwrap()
        .rsplit('=')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let one = LogsFilter {
        from: Some(line.to_string()),
        limit: Some(1),
        ..LogsFilter::default()
    };
    let long = reader
        .hub
        .client()
        .run_logs(&reader.run, &one)
        .await
        .unwrap();
    assert_eq!((long.lines[0].bytes, long.lines[0].cut), (10_000_000, true));
}
