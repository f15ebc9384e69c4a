//! A client that costs next to nothing: one connection, bodies in which only digits change.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, ensure};

/// Names that the points of one body are spread over.
const NAMES: usize = 10;

/// Of the first point; every later one has as many digits.
const FIRST_STEP: u64 = 1_000_000_000;
const FIRST_MILLIS: u64 = 1_795_000_000_000;

/// So large are answers at most.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// One connection that stays open.
pub(super) struct Connection {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(address: &str, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        Ok(Self {
            stream,
            head: format!("Host: {address}\r\n{authorization}Content-Type: application/json\r\n"),
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Sends a body and waits until it was taken.
    pub(super) fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<()> {
        self.request.clear();
        let length = body.len();
        let head = &self.head;
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n"
        )?;
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request)?;
        self.answered()
    }

    fn answered(&mut self) -> anyhow::Result<()> {
        self.answer.clear();
        let mut piece = [0; 4096];
        loop {
            let read = self.stream.read(&mut piece)?;
            ensure!(read > 0, "the server hung up");
            self.answer.extend_from_slice(&piece[..read]);
            ensure!(
                self.answer.len() < ANSWER_BYTES_MAX,
                "the answer is too long"
            );
            let Some(end) = find(&self.answer, b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.answer[..end])?.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.split("\r\n").next());
            let length: usize = length.context("the answer has no length")?.parse()?;
            if self.answer.len() < end + 4 + length {
                continue;
            }
            let shown = String::from_utf8_lossy(&self.answer);
            ensure!(head.starts_with("http/1.1 200"), "the answer is {shown}");
            return Ok(());
        }
    }
}

/// Bodies of points that go on from one to the next.
pub(super) struct Said {
    path: &'static str,
    body: Vec<u8>,
    /// Where the digits of each point's value, time and step begin.
    holes: Vec<[usize; 3]>,
    next: u64,
    chance: u64,
}

impl Said {
    /// `log-metric` for one point, `log-batch` for more.
    pub(super) fn new(run: &str, points: usize) -> Self {
        let mut said = Self {
            path: "/api/2.0/mlflow/runs/log-batch",
            body: Vec::new(),
            holes: Vec::new(),
            next: 0,
            chance: 1,
        };
        let opening = format!("{{\"run_id\": \"{run}\", ");
        said.body.extend_from_slice(opening.as_bytes());
        if points == 1 {
            said.path = "/api/2.0/mlflow/runs/log-metric";
            said.add_point(0);
        } else {
            said.body.extend_from_slice(b"\"metrics\": [");
            for at in 0..points {
                said.body
                    .extend_from_slice(if at == 0 { "{" } else { ", {" }.as_bytes());
                said.add_point(at);
                said.body.push(b'}');
            }
            said.body.push(b']');
        }
        said.body.push(b'}');
        said
    }

    pub(super) const fn path(&self) -> &'static str {
        self.path
    }

    /// The next body: later steps and times, other values.
    pub(super) fn next(&mut self) -> &[u8] {
        for at in 0..self.holes.len() {
            let [value, time, step] = self.holes[at];
            self.chance = self
                .chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let steps = self.next + (at / NAMES) as u64;
            write_digits(&mut self.body[value..value + 9], self.chance >> 35);
            write_digits(&mut self.body[time..time + 13], FIRST_MILLIS + 40 * steps);
            write_digits(&mut self.body[step..step + 10], FIRST_STEP + steps);
        }
        self.next += self.holes.len().div_ceil(NAMES) as u64;
        &self.body
    }

    fn add_point(&mut self, at: usize) {
        let name = format!("\"key\": \"metric-{}\", \"value\": 0.", at % NAMES);
        let mut holes = [0; 3];
        for (hole, (before, digits)) in holes.iter_mut().zip([
            (name.as_str(), 9),
            (", \"timestamp\": ", 13),
            (", \"step\": ", 10),
        ]) {
            self.body.extend_from_slice(before.as_bytes());
            *hole = self.body.len();
            self.body.extend(std::iter::repeat_n(b'1', digits));
        }
        self.holes.push(holes);
    }
}

/// The last digits of a number.
fn write_digits(to: &mut [u8], mut number: u64) {
    for digit in to.iter_mut().rev() {
        *digit = b"0123456789"[usize::try_from(number % 10).unwrap_or(0)];
        number /= 10;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).expect("it is JSON")
    }

    #[test]
    fn bodies_go_on_from_one_to_the_next() {
        let mut said = Said::new("r", 1_000);
        let first = read(said.next());
        let second = read(said.next());
        let point = |body: &Value, at: usize, field: &str| body["metrics"][at][field].clone();
        assert_eq!(first["run_id"], "r");
        assert_eq!(point(&first, 0, "step"), FIRST_STEP);
        assert_eq!(point(&first, 999, "step"), FIRST_STEP + 99);
        assert_eq!(point(&second, 0, "step"), FIRST_STEP + 100);
        assert_eq!(point(&first, 12, "key"), "metric-2");
        assert_ne!(point(&first, 0, "value"), point(&second, 0, "value"));
        let one = read(Said::new("r", 1).next());
        assert_eq!(one["timestamp"], FIRST_MILLIS);
    }
}
