//! Streams of messages (server-sent events), as browsers read them too.

use crate::{Error, transport::Download};

/// A stream that is open.
#[derive(Debug)]
pub(crate) struct Messages {
    stream: Download,
    /// What came and was not taken yet.
    bytes: Vec<u8>,
    /// No message is longer.
    bytes_max: usize,
}

/// One message of a stream; of a comment all is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its kind; `message` where it says none.
    pub(crate) kind: String,
    /// What to go on from.
    pub(crate) id: String,
    /// What it says; the hub writes one line.
    pub(crate) data: String,
}

impl Messages {
    /// Reads a stream whose messages are at most so long.
    pub(crate) fn new(stream: Download, bytes_max: usize) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            bytes_max,
        }
    }

    /// The next message; none when the stream has ended. Nothing is lost when this is cut short.
    pub(crate) async fn next(&mut self) -> Result<Option<Message>, Error> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = self.bytes.drain(..end + 2).collect();
                return Ok(Some(Message::read(&String::from_utf8_lossy(&message))));
            }
            if self.bytes.len() > self.bytes_max {
                let words = format!("a message is longer than {} bytes", self.bytes_max);
                return Err(Error::NotUnderstood(words));
            }
            match self.stream.next().await? {
                Some(more) => self.bytes.extend_from_slice(more.as_ref()),
                None => return Ok(None),
            }
        }
    }
}

impl Message {
    /// Reads a message.
    pub(crate) fn read(text: &str) -> Self {
        let mut message = Self {
            kind: "message".to_owned(),
            ..Self::default()
        };
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "event" => value.clone_into(&mut message.kind),
                "id" => value.clone_into(&mut message.id),
                "data" => value.clone_into(&mut message.data),
                _ => {}
            }
        }
        message
    }
}
