//! Frames: one JSON object a line. A shell may have said something before the first.

use std::io::{self, BufRead, ErrorKind, Write};

/// The longest frame that is read where whoever writes it can make several of it.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// How every frame begins, as both sides write it.
const BEGINNING: &[u8] = b"{\"jsonrpc\"";

/// So much of a frame that is too long is kept, to find out which it was.
const HEAD_BYTES: usize = 120;

/// What a line was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// To be read as a message.
    Frame(Vec<u8>),
    /// What a shell said before the first frame.
    Banner(String),
    /// No frame, and why.
    Broken {
        /// In words.
        why: String,
        /// How it began.
        head: Vec<u8>,
    },
}

/// Reads frames, however they arrive.
#[derive(Debug)]
pub struct Frames<R> {
    input: R,
    bytes_max: usize,
    has_begun: bool,
    /// What stood behind a banner on its line.
    held: Option<Vec<u8>>,
}

impl<R: BufRead> Frames<R> {
    /// Frames of at most `bytes_max` bytes; what is longer is skipped without being kept.
    pub fn new(input: R, bytes_max: usize) -> Self {
        Self {
            input,
            bytes_max,
            has_begun: false,
            held: None,
        }
    }

    /// Waits until something of the next frame, or the end, has come.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        while self.held.is_none() {
            match self.input.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Frames of `bytes_max` bytes from now on.
    pub(crate) fn widen(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
    }

    /// The next line that is not empty; none at the end.
    pub fn read(&mut self) -> io::Result<Option<Line>> {
        if let Some(frame) = self.held.take() {
            return Ok(Some(Line::Frame(frame)));
        }
        loop {
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            if let Line::Frame(bytes) = line {
                let bytes = trimmed(bytes);
                if !bytes.is_empty() {
                    return Ok(Some(self.told_apart(bytes)));
                }
            } else {
                return Ok(Some(line));
            }
        }
    }

    /// Until the first frame, whatever does not begin as one is a banner.
    fn told_apart(&mut self, mut bytes: Vec<u8>) -> Line {
        if self.has_begun {
            return Line::Frame(bytes);
        }
        if bytes.first() == Some(&b'{') {
            self.has_begun = true;
            return Line::Frame(bytes);
        }
        if let Some(at) = memchr::memmem::find(&bytes, BEGINNING) {
            self.has_begun = true;
            self.held = Some(bytes.split_off(at));
        }
        Line::Banner(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let mut kept = Vec::new();
        let mut length = 0_usize;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                return Ok(cut_off(kept));
            }
            let end = memchr::memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            length = length.saturating_add(part.len());
            if length <= self.bytes_max {
                kept.extend_from_slice(part);
            } else {
                kept.extend_from_slice(&part[..part.len().min(HEAD_BYTES)]);
                kept.truncate(HEAD_BYTES);
                kept.shrink_to_fit();
            }
            let taken = end.map_or(chunk.len(), |at| at + 1);
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(self.measured(kept, length)));
            }
        }
    }

    fn measured(&self, kept: Vec<u8>, length: usize) -> Line {
        if length <= self.bytes_max {
            return Line::Frame(kept);
        }
        Line::Broken {
            why: format!(
                "a frame of {length} bytes is longer than the {} that are read",
                self.bytes_max
            ),
            head: kept,
        }
    }
}

/// Writes one frame at once, so that a reader waits for nothing.
pub fn write(output: &mut dyn Write, frame: &str) -> io::Result<()> {
    let mut line = String::with_capacity(frame.len() + 1);
    line.push_str(frame);
    line.push('\n');
    output.write_all(line.as_bytes())?;
    output.flush()
}

fn cut_off(mut kept: Vec<u8>) -> Option<Line> {
    if kept.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    kept.truncate(HEAD_BYTES);
    Some(Line::Broken {
        why: "the connection ended in the middle of a frame".to_owned(),
        head: kept,
    })
}

fn trimmed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.trim_ascii_end().len();
    bytes.truncate(end);
    let start = bytes.len() - bytes.trim_ascii_start().len();
    bytes.drain(..start);
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    /// Reads `input` in pieces of `piece` bytes, frames of 40 at most.
    fn lines(input: &str, piece: usize) -> Vec<String> {
        let mut frames = Frames::new(BufReader::with_capacity(piece, input.as_bytes()), 40);
        let mut found = Vec::new();
        while let Some(line) = frames.read().unwrap() {
            found.push(match line {
                Line::Frame(bytes) => format!("frame {}", String::from_utf8(bytes).unwrap()),
                Line::Banner(text) => format!("banner {text}"),
                Line::Broken { head, .. } => {
                    format!("broken {}", &String::from_utf8(head).unwrap()[..4])
                }
            });
        }
        found
    }

    fn check(input: &str, expected: &[&str]) {
        for piece in [1, 2, 7, 4096] {
            assert_eq!(lines(input, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn each_line_is_a_frame() {
        check(
            "{\"a\":1}\n{\"b\":2}\n",
            &["frame {\"a\":1}", "frame {\"b\":2}"],
        );
    }

    #[test]
    fn empty_lines_and_carriage_returns_are_no_frames() {
        check("\n  \r\n{}\r\n\n", &["frame {}"]);
    }

    #[test]
    fn what_stands_before_the_first_frame_is_a_banner() {
        check(
            "Welcome!\nlast login\n{}\n",
            &["banner Welcome!", "banner last login", "frame {}"],
        );
    }

    #[test]
    fn a_banner_without_an_end_of_line_hides_no_frame() {
        check(
            "hello {\"jsonrpc\":1}\n{}\n",
            &["banner hello ", "frame {\"jsonrpc\":1}", "frame {}"],
        );
    }

    #[test]
    fn a_frame_that_is_too_long_is_told_and_the_next_is_read() {
        let long = format!("{{\"a\":\"{}\"}}\n{{}}\n", "x".repeat(200));
        check(&long, &["broken {\"a\"", "frame {}"]);
    }

    #[test]
    fn an_end_in_the_middle_of_a_frame_is_told() {
        check("{}\n{\"a\":", &["frame {}", "broken {\"a\""]);
    }

    #[test]
    fn nothing_of_a_long_frame_is_kept() {
        let mut frames = Frames::new(
            BufReader::new(io::Read::take(io::repeat(b'x'), 64 << 20)),
            FRAME_BYTES_MAX,
        );
        let Some(Line::Broken { head, .. }) = frames.read().unwrap() else {
            panic!("an endless line is broken");
        };
        assert!(head.capacity() <= FRAME_BYTES_MAX && head.len() <= HEAD_BYTES);
    }

    proptest! {
        #[test]
        fn whatever_was_written_is_read(texts in prop::collection::vec("\\{[^\r\n]{0,30}\\}", 0..20), piece in 1_usize..50) {
            let mut written = Vec::new();
            for text in &texts {
                write(&mut written, text).unwrap();
            }
            let mut frames = Frames::new(BufReader::with_capacity(piece, written.as_slice()), 400);
            for text in &texts {
                prop_assert_eq!(frames.read().unwrap(), Some(Line::Frame(text.clone().into_bytes())));
            }
            prop_assert_eq!(frames.read().unwrap(), None);
        }
    }
}
