//! The news of a message as a column: a JSON array.

use cupola_domain::{alert::Item, time::Timestamp};
use serde_json::{Value, json};

pub(super) fn text(items: &[Item]) -> String {
    let item = |item: &Item| {
        json!({
            "subject": item.subject.to_string(),
            "label": item.label,
            "text": item.text,
            "word": item.word.as_str(),
            "since": item.since.millis(),
        })
    };
    Value::Array(items.iter().map(item).collect()).to_string()
}

pub(super) fn from_text(text: &str) -> Option<Vec<Item>> {
    let body: Value = serde_json::from_str(text).ok()?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let item = |item: &Value| {
        Some(Item {
            subject: item["subject"].as_str()?.parse().ok()?,
            label: word(&item["label"])?,
            text: word(&item["text"])?,
            word: item["word"].as_str()?.parse().ok()?,
            since: Timestamp::from_millis(item["since"].as_i64()?),
        })
    };
    body.as_array()?.iter().map(item).collect()
}
