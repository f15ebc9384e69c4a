//! What a message looks like to each kind of target.

use std::fmt::Write as _;

use cupola_domain::{
    alert::{AlertWord, Item, Message, Subject},
    text::hex,
    time::Timestamp,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Parcel;

/// Names the delivery, the same at every attempt.
pub const DELIVERY_HEADER: &str = "cupola-delivery";
/// When it was signed, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "cupola-timestamp";
/// `v1=` and the signature in hex.
pub const SIGNATURE_HEADER: &str = "cupola-signature";

/// Discord takes no longer text.
const DISCORD_CHARS_MAX: usize = 2_000;

/// Slack shows no longer text in one piece.
const SLACK_CHARS_MAX: usize = 3_000;

/// Where links of messages lead: the hub's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links<'a>(pub(crate) &'a str);

impl Links<'_> {
    fn to(self, subject: &Subject) -> String {
        let base = self.0;
        match subject {
            Subject::Run(id) => format!("{base}/runs/{id}"),
            Subject::Worker(id) => format!("{base}/workers/{id}"),
            // Only money is about everything.
            Subject::Budget(_) | Subject::All => format!("{base}/training/costs"),
        }
    }

    fn alerts(self) -> String {
        format!("{}/alerts", self.0)
    }
}

/// HMAC-SHA256 of `TIMESTAMP.BODY` in hex.
pub fn signature(key: &str, timestamp: &str, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length makes a code");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// The headers by which a receiver knows the sender and a repetition.
pub(crate) fn signed(parcel: &Parcel, body: &str, now: Timestamp) -> Vec<(&'static str, String)> {
    let timestamp = (now.millis() / 1000).to_string();
    let mut headers = vec![(DELIVERY_HEADER, parcel.delivery.to_string())];
    if let Some(key) = &parcel.address.key {
        let signature = format!("v1={}", signature(key, &timestamp, body));
        headers.push((SIGNATURE_HEADER, signature));
    }
    headers.push((TIMESTAMP_HEADER, timestamp));
    headers
}

/// All of it, for programs.
pub(crate) fn generic(parcel: &Parcel, links: Links<'_>) -> String {
    let message = &parcel.message;
    let rule = message.rule.map(|id| {
        json!({
            "id": id.to_string(),
            "name": message.rule_name,
            "condition": message.condition,
        })
    });
    let alerts: Vec<Value> = message
        .items
        .iter()
        .map(|item| alert(item, links))
        .collect();
    json!({
        "id": parcel.delivery.to_string(),
        "type": if rule.is_some() { "alerts" } else { "test" },
        "title": message.title(),
        "at": moment(message.at),
        "rule": rule,
        "alerts": alerts,
        "more": message.more,
        "unresolved": message.unresolved,
        "url": links.alerts(),
    })
    .to_string()
}

fn alert(item: &Item, links: Links<'_>) -> Value {
    json!({
        "state": item.word.as_str(),
        "subject": item.subject.to_string(),
        "label": item.label,
        "text": item.text,
        "since": moment(item.since),
        "url": links.to(&item.subject),
    })
}

/// What Slack's incoming webhooks take.
pub(crate) fn slack(parcel: &Parcel, links: Links<'_>) -> String {
    // `<`, `>` and `&` are its only signs; a link's text ends at the first `>`.
    let plain = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let message = &parcel.message;
    let mut text = format!("*{}*", plain(&message.title()).replace('*', "·"));
    for item in &message.items {
        let link = format!(
            "<{}|{}>",
            links.to(&item.subject),
            plain(&item.label).replace('|', "¦")
        );
        let _ = write!(text, "\n{} {link}: {}", sign(item.word), plain(&item.text));
    }
    let _ = write!(
        text,
        "{}",
        ending(message, &format!("<{}|alerts>", links.alerts()))
    );
    json!({ "text": short(&text, SLACK_CHARS_MAX) }).to_string()
}

/// What Discord's webhooks take. Nobody is mentioned, whatever stands in a name.
pub(crate) fn discord(parcel: &Parcel, links: Links<'_>) -> String {
    let message = &parcel.message;
    let mut text = format!("**{}**", unmarked(&message.title()));
    for item in &message.items {
        let (link, word) = (links.to(&item.subject), sign(item.word));
        let (label, found) = (unmarked(&item.label), unmarked(&item.text));
        let _ = write!(text, "\n{word} {label}: {found} <{link}>");
    }
    let _ = write!(
        text,
        "{}",
        ending(message, &format!("<{}>", links.alerts()))
    );
    json!({
        "content": short(&text, DISCORD_CHARS_MAX),
        "allowed_mentions": { "parse": [] },
    })
    .to_string()
}

/// A text whose signs mean themselves in Markdown: no link leads elsewhere than it says.
fn unmarked(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' | '(' | ')' | '#' => {
                plain.extend(['\\', c]);
            }
            // What begins a line may be a heading or a list.
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// The text of a mail.
pub(crate) fn mail(parcel: &Parcel, links: Links<'_>) -> String {
    let message = &parcel.message;
    let mut text = format!("{}\n", message.title());
    for item in &message.items {
        let (link, since) = (links.to(&item.subject), moment(item.since));
        let Item {
            word,
            label,
            text: found,
            ..
        } = item;
        let _ = write!(
            text,
            "\n{label}: {word} since {since}\n  {found}\n  {link}\n"
        );
    }
    if !message.condition.is_empty() {
        let _ = write!(
            text,
            "\nThe rule “{}” says: {}",
            message.rule_name, message.condition
        );
    }
    let _ = writeln!(text, "{}", ending(message, &links.alerts()));
    text
}

fn ending(message: &Message, link: &str) -> String {
    let more = match message.more {
        0 => String::new(),
        more => format!(" and {more} more,"),
    };
    match message.unresolved {
        0 if message.rule.is_none() => format!("\n{link}"),
        unresolved => format!("\n{more} {unresolved} not resolved: {link}").replace("\n ", "\n"),
    }
}

fn sign(word: AlertWord) -> &'static str {
    match word {
        AlertWord::Open => "🔥 open",
        AlertWord::Acknowledged => "👀 acknowledged",
        AlertWord::Resolved => "✅ resolved",
    }
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}

fn moment(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(at) => format!("{at:.0}"),
        Err(_) => format!("{} ms", at.millis()),
    }
}
