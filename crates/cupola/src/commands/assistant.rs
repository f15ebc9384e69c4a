//! `cupola ask`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use cupola_client::{ANSWER_TIMEOUT, Client, Heard};
use cupola_protocol::assistant::{
    AnswerBody, ChangeBody, CurveBody, ModelCallBody, NewQuestion, ToolCall,
};

use serde_json::Value;

use crate::{
    cli::Ask,
    connection::client,
    exit::NotAnswered,
    output,
    world::{offset_secs, wall_clock},
};

/// A chart is as wide.
const CHART_CELLS: usize = 60;

/// Pages of what was made that are told.
const LINKS_MAX: usize = 5;

/// The eighths of a cell.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(crate) async fn run(asked: Ask) -> anyhow::Result<()> {
    let client = client(&asked.read.connect)?.with_patience(ANSWER_TIMEOUT)?;
    let mut question = NewQuestion {
        // Whoever asks in the same terminal goes on with what was talked about there.
        conversation: Some(format!("terminal {}", terminal())),
        anew: asked.new,
        no_model: asked.no_model,
        makes: asked.yes,
        utc_offset_minutes: offset_secs(wall_clock()) / 60,
        question: String::new(),
    };
    if let Some(words) = &asked.question {
        question.question.clone_from(words);
        let is_answered = answer(&client, &question, &asked).await?;
        anyhow::ensure!(is_answered, NotAnswered);
        return Ok(());
    }
    let is_terminal = io::stdin().is_terminal();
    if is_terminal {
        output::remark("Ask about experiments, runs, workers and costs; an empty line ends it.");
    }
    let mut all_answered = true;
    loop {
        if is_terminal {
            io::stderr().write_all(b"? ")?;
        }
        let line = line_of_input().await?;
        let is_end = line.is_empty() || (is_terminal && line.trim().is_empty());
        if is_end {
            // Somebody at a terminal has read what was not answered.
            anyhow::ensure!(all_answered || is_terminal, NotAnswered);
            return Ok(());
        }
        if line.trim().is_empty() {
            continue;
        }
        line.trim().clone_into(&mut question.question);
        all_answered &= answer(&client, &question, &asked).await?;
        question.anew = false;
    }
}

async fn line_of_input() -> anyhow::Result<String> {
    let mut line = String::new();
    let read =
        tokio::task::spawn_blocking(move || io::stdin().lock().read_line(&mut line).map(|_| line));
    Ok(read.await??)
}

/// The terminal's number, or that of the process which called.
fn terminal() -> i32 {
    let parent = rustix::process::getppid();
    parent.map_or(0, |parent| parent.as_raw_nonzero().get())
}

/// Asks, shows what is said, and says whether that is an answer.
async fn answer(client: &Client, question: &NewQuestion, asked: &Ask) -> anyhow::Result<bool> {
    // Who looks on sees how a language model answers.
    let is_watched = !asked.read.json && io::stdout().is_terminal();
    let mut watched = Watched::default();
    let found = if is_watched {
        let found = client.ask_question_live(question, |heard| watched.hear(&heard));
        let found = found.await;
        watched.end();
        found?
    } else {
        client.ask_question(question).await?
    };
    // What a language model proposes is asked about first.
    let made = found.change.as_ref();
    if let Some(change) = made.filter(|change| asked.yes && !change.by_model) {
        make(client, change, asked.read.json).await?;
        return Ok(true);
    }
    if asked.read.json {
        output::json(&found)?;
    } else {
        show(&found, client.address().url(), &watched);
    }
    match &found.change {
        Some(change) if change.by_model => proposed(client, change, asked.read.json).await?,
        Some(change) if !asked.read.json => {
            let arguments = Value::Object(change.arguments.clone());
            output::note(&format!(
                "nothing was changed; `--yes` calls `{}` with {arguments}",
                change.tool
            ));
        }
        _ => {}
    }
    // A hub of before says nothing of it.
    Ok(matches!(found.outcome.as_str(), "" | "answered"))
}

/// A language model may have been talked into what it proposes by what it read: a person looks at it.
async fn proposed(client: &Client, change: &ChangeBody, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return Ok(());
    }
    let arguments = Value::Object(change.arguments.clone());
    let call = output::clean(&format!("`{}` with {arguments}", change.tool));
    output::note(&format!(
        "nothing was changed; the language model proposes {call}"
    ));
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    io::stderr().write_all(b"make this change? [y/N] ")?;
    if line_of_input().await?.trim().eq_ignore_ascii_case("y") {
        return make(client, change, false).await;
    }
    Ok(())
}

async fn make(client: &Client, change: &ChangeBody, is_json: bool) -> anyhow::Result<()> {
    let call = ToolCall {
        arguments: change.arguments.clone(),
    };
    let made = client.call_tool(&change.tool, &call).await?;
    if is_json {
        return output::json(&made);
    }
    let (said, links) = in_words(&made.result);
    output::line(&output::clean(&said));
    let hub = client.address().url().trim_end_matches('/');
    for link in links {
        output::note(&output::clean(&format!("{hub}{link}")));
    }
    Ok(())
}

/// What was done in a sentence, and the pages of what was made. Who wants all of it asks for `--json`.
fn in_words(result: &Value) -> (String, Vec<&str>) {
    let Some(done) = result["done"].as_str() else {
        return (result.to_string(), Vec::new());
    };
    let data = |field: &str| result[field]["data"].as_str();
    let name = data("title").or(data("name"));
    let said = name.map_or_else(|| format!("{done}."), |name| format!("{done} “{name}”."));
    let mut letters = said.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let made = result["runs"].as_array().into_iter().flatten();
    let links = std::iter::once(result)
        .chain(made.take(LINKS_MAX))
        .filter_map(|one| one["link"].as_str());
    (first.chain(letters).collect(), links.collect())
}

/// What a language model says and does, shown while it answers.
#[derive(Debug, Default)]
struct Watched {
    /// What it said since it last called a tool.
    words: String,
    has_called: bool,
}

impl Watched {
    fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Words(words) => {
                output::raw(output::clean(words).as_bytes());
                self.words += words;
            }
            Heard::Call(call) => {
                self.end();
                self.words.clear();
                self.has_called = true;
                called(call);
            }
        }
    }

    fn end(&self) {
        if !self.words.is_empty() {
            output::line("");
        }
    }

    /// Whether somebody who looked on has read this already.
    fn has_shown(&self, answer: &str) -> bool {
        !self.words.is_empty() && self.words.trim() == answer.trim()
    }
}

fn called(call: &ModelCallBody) {
    let refused = call.refused.as_deref();
    let refused = refused.map(|why| format!(": refused, {why}"));
    let line = format!(
        "called {} {} ({} bytes, {:.0} ms){}",
        call.tool,
        call.arguments,
        call.bytes,
        call.millis,
        refused.unwrap_or_default()
    );
    output::note(&output::clean(&line));
}

fn show(found: &AnswerBody, hub: &str, watched: &Watched) {
    if !watched.has_shown(&found.answer) {
        output::line(&output::clean(&found.answer));
    }
    for line in &found.detail {
        output::line(&format!("  {line}"));
    }
    if let Some(chart) = &found.chart {
        output::line(&format!("  {} {}", chart.metric, bars(chart)));
    }
    for line in &found.quoted {
        output::line(&format!("  │ {line}"));
    }
    if let Some(report) = &found.report {
        output::line("");
        output::line(report);
    }
    for (at, choice) in found.asks_back.iter().enumerate() {
        output::line(&format!("  {}. {choice}", at + 1));
    }
    for link in &found.links {
        let hub = hub.trim_end_matches('/');
        output::note(&format!("{}: {hub}{}", link.title, link.href));
    }
    if let Some(model) = &found.model {
        if !watched.has_called {
            model.calls.iter().for_each(called);
        }
        let (name, tokens) = (output::clean(&model.name), model.tokens);
        let what = if found.notice.is_none() {
            "said by"
        } else {
            "asked was"
        };
        output::note(&format!(
            "{what} the language model {name}, {tokens} tokens"
        ));
    }
    if let Some(notice) = &found.notice {
        output::note(&output::clean(notice));
    }
    if !found.suggestions.is_empty() {
        output::note(&format!("next: {}", found.suggestions.join(" · ")));
    }
}

/// The curve in one line: of what falls into one cell, the last.
fn bars(chart: &CurveBody) -> String {
    let values = chart.points.iter().map(|(_, value)| *value);
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let greatest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    let count = chart.points.len();
    let cells = count.min(CHART_CELLS);
    let cell = |at: usize| {
        let value = chart.points[(at + 1) * count / cells - 1].1;
        let share = if greatest > least {
            (value - least) / (greatest - least)
        } else {
            0.5
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 7"
        )]
        let bar = (share * 7.0).round() as usize;
        BARS[bar.min(7)]
    };
    let line: String = (0..cells).map(cell).collect();
    format!("{line} {least} … {greatest}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_done_is_said_in_a_sentence() {
        for (result, said, links) in [
            (
                json!({"done": "submitted the brief", "name": {"data": "campaign-1"}, "title": {"data": "tiny sweep"}, "link": "/briefs/1"}),
                "Submitted the brief “tiny sweep”.",
                vec!["/briefs/1"],
            ),
            (
                json!({"done": "started 2", "runs": [{"link": "/runs/1"}, {"link": "/runs/2"}]}),
                "Started 2.",
                vec!["/runs/1", "/runs/2"],
            ),
            (json!({"x": 1}), "{\"x\":1}", vec![]),
        ] {
            assert_eq!(in_words(&result), (said.to_owned(), links), "{result}");
        }
    }
}
