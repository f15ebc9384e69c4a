//! The live stream: keys of what changed, as it changes.

use cupola_protocol::events::STREAM;
use serde::Serialize;

use crate::{Client, Error, transport::Download};

/// A message of a stream is at most so long: it has keys that were asked for.
const MESSAGE_BYTES_MAX: usize = 256 << 10;

/// A stream that is open.
#[derive(Debug)]
pub struct Events {
    stream: Download,
    /// What came and was not taken yet.
    bytes: Vec<u8>,
}

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
        Ok(Events {
            stream,
            bytes: Vec::new(),
        })
    }
}

impl Events {
    /// The next message; none when the stream has ended. Nothing is lost when this is cut short.
    pub async fn next(&mut self) -> Result<Option<Told>, Error> {
        loop {
            while let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = self.bytes.drain(..end + 2).collect();
                if let Some(told) = told(&String::from_utf8_lossy(&message))? {
                    return Ok(Some(told));
                }
            }
            if self.bytes.len() > MESSAGE_BYTES_MAX {
                let words = format!("{STREAM}: a message is longer than {MESSAGE_BYTES_MAX} bytes");
                return Err(Error::NotUnderstood(words));
            }
            match self.stream.next().await? {
                Some(more) => self.bytes.extend_from_slice(more.as_ref()),
                None => return Ok(None),
            }
        }
    }
}

/// What a message says; nothing where it is a comment or of a kind that is not known.
fn told(message: &str) -> Result<Option<Told>, Error> {
    let (mut kind, mut id, mut data) = ("message", "", "[]");
    for line in message.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => kind = value,
            "id" => id = value,
            "data" => data = value,
            _ => {}
        }
    }
    if kind == "alive" {
        return Ok(Some(Told::Alive));
    }
    // A comment, or nothing.
    let Ok(seq) = id.parse::<i64>() else {
        return Ok(None);
    };
    Ok(match kind {
        "ready" => Some(Told::Ready(seq)),
        "reset" => Some(Told::Reset(seq)),
        "message" => {
            let keys = serde_json::from_str(data)
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
        assert_eq!(told(message).unwrap(), expected, "{message}");
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
        assert!(told("id: 7\ndata: {\n\n").is_err());
    }
}
