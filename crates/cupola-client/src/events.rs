//! The live stream: keys of what changed, as it changes.

use cupola_protocol::events::STREAM;
use serde::Serialize;

use crate::{
    Client, Error,
    messages::{Message, Messages},
};

/// A message of a stream is at most so long: it has keys that were asked for.
const MESSAGE_BYTES_MAX: usize = 256 << 10;

/// A stream that is open.
#[derive(Debug)]
pub struct Events(Messages);

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// These keys changed, up to the change of this number.
    Changed {
        /// As they were asked for.
        keys: Vec<String>,
        /// To go on from, should the stream end.
        seq: i64,
    },
    /// The stream begins here.
    Ready(i64),
    /// More happened than is told: everything may have changed, up to this.
    Reset(i64),
    /// The hub is still there.
    Alive,
}

#[derive(Serialize)]
struct Asked<'a> {
    keys: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i64>,
}

impl Client {
    /// Listens to changes of `keys`, with commas between them; of those after a number that was told
    /// before, where one is given. A hub says every 15 s that it is there.
    pub async fn events(&self, keys: &str, after: Option<i64>) -> Result<Events, Error> {
        let stream = self.download_list(STREAM, &Asked { keys, after }).await?;
        Ok(Events(Messages::new(stream, MESSAGE_BYTES_MAX)))
    }
}

impl Events {
    /// The next message; none when the stream has ended. Nothing is lost when this is cut short.
    pub async fn next(&mut self) -> Result<Option<Told>, Error> {
        while let Some(message) = self.0.next().await? {
            if let Some(told) = told(&message)? {
                return Ok(Some(told));
            }
        }
        Ok(None)
    }
}

/// What a message says; nothing where it is a comment or of a kind that is not known.
fn told(message: &Message) -> Result<Option<Told>, Error> {
    let kind = message.kind.as_str();
    if kind == "alive" {
        return Ok(Some(Told::Alive));
    }
    // A comment, or nothing.
    let Ok(seq) = message.id.parse::<i64>() else {
        return Ok(None);
    };
    Ok(match kind {
        "ready" => Some(Told::Ready(seq)),
        "reset" => Some(Told::Reset(seq)),
        "message" => {
            let keys = serde_json::from_str(&message.data)
                .map_err(|error| Error::NotUnderstood(format!("{STREAM}: {error}")))?;
            Some(Told::Changed { keys, seq })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: Option<Told>) {
        assert_eq!(
            told(&Message::read(message)).unwrap(),
            expected,
            "{message}"
        );
    }

    #[test]
    fn messages_say_what_changed_and_how_far() {
        let keys = ["runs", "run:a"].map(str::to_owned).into();
        check(
            "id: 7\ndata: [\"runs\",\"run:a\"]\n\n",
            Some(Told::Changed { keys, seq: 7 }),
        );
        check("event: ready\nid: 3\ndata: []\n\n", Some(Told::Ready(3)));
        check("event:reset\nid:4\ndata:[]\n\n", Some(Told::Reset(4)));
        check("event: alive\ndata: []\n\n", Some(Told::Alive));
        check(": a comment\n\n", None);
        check("event: other\nid: 4\ndata: []\n\n", None);
        assert!(told(&Message::read("id: 7\ndata: {\n\n")).is_err());
    }
}
