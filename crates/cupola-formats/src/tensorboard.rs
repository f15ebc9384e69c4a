//! `TensorBoard`'s event files (`events.out.tfevents.*`): scalars in all of their forms,
//! hyperparameters, texts, images, and what else there is by its kind.
//!
//! A file is a sequence of records, each with checksums; a record is one protocol buffer. A reader
//! goes on from where it was, so that a file can be followed while it grows.

mod event;
mod names;
mod record;
mod tensor;
mod wire;

use std::{borrow::Cow, io};

use cupola_domain::time::Timestamp;
use serde_json::{Map, Value};

pub use names::{MediaKept, base_of, media_name, series_name};
pub use record::{Damage, DamageKind};

use record::{Cut, checksum, cut, passed_over};

/// How much is read at once, unless a record is longer.
const READ_BYTES: usize = 256 << 10;

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said<'a> {
    /// One value of a series.
    Scalar {
        /// The series.
        tag: Cow<'a, str>,
        /// The program's own count.
        step: i64,
        /// When it was written.
        at: Timestamp,
        /// Any double.
        value: f64,
    },
    /// What a session was configured with.
    Hyperparameters(Map<String, Value>),
    /// A session began: what was said before of this step and later is superseded.
    SessionStart {
        /// The first step of the session.
        step: i64,
    },
    /// Something to look at or to read.
    Media {
        /// Its name.
        tag: Cow<'a, str>,
        /// The program's own count.
        step: i64,
        /// What it is.
        kind: MediaKind,
        /// Its parts, in order: an encoded image, a text.
        parts: Vec<&'a [u8]>,
    },
    /// Something else that is no number.
    Other {
        /// Its name.
        tag: Cow<'a, str>,
        /// The program's own count.
        step: i64,
        /// What it is: `audio`, `histogram`, `tensor` or its plugin's name.
        kind: Cow<'a, str>,
    },
}

/// What can be looked at or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// Encoded images.
    Image,
    /// Texts, in Markdown.
    Text,
}

impl MediaKind {
    /// What the name of a file with such a part ends with.
    pub fn extension(self, part: &[u8]) -> &'static str {
        match (self, part) {
            (Self::Text, _) => "md",
            (Self::Image, [0x89, b'P', b'N', b'G', ..]) => "png",
            (Self::Image, [b'G', b'I', b'F', ..]) => "gif",
            (Self::Image, [0xff, 0xd8, ..]) => "jpg",
            (Self::Image, _) => "img",
        }
    }
}

/// A record around `data`, as a writer makes it: for whoever needs files to read.
pub fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [
        &length[..],
        &checksum(&length).to_le_bytes(),
        data,
        &checksum(data).to_le_bytes(),
    ]
    .concat()
}

/// Reads one file.
#[derive(Debug, Default)]
pub struct Reader {
    plugins: event::Plugins,
    offset: u64,
    /// Whether what came last was no record, so that the next one is looked for.
    is_lost: bool,
}

impl Reader {
    /// Where in the file this reader is: the records before it were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the whole records that `bytes`, which stand at [`Self::offset`], begin with; what they
    /// say, and what could not be read. What is left over comes again, with more behind it.
    pub fn read<'a>(&mut self, bytes: &'a [u8], mut say: impl FnMut(Result<Said<'a>, Damage>)) {
        self.advance(bytes, &mut say);
    }

    /// Reads on in `file`, which stands at [`Self::offset`], to its end or, when there is much of it,
    /// to `bytes_max`; whether that was the end.
    ///
    /// # Errors
    /// As the file's. The reader is then where it came to.
    pub fn read_file(
        &mut self,
        file: &mut impl io::Read,
        bytes_max: u64,
        mut say: impl FnMut(Result<Said<'_>, Damage>),
    ) -> io::Result<bool> {
        let stop = self.offset.saturating_add(bytes_max);
        let (mut buffer, mut filled) = (vec![0; READ_BYTES], 0);
        while self.offset < stop {
            let read = match file.read(&mut buffer[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                return Ok(true);
            }
            filled += read;
            let (used, needed) = self.advance(&buffer[..filled], &mut say);
            buffer.copy_within(used..filled, 0);
            filled -= used;
            if filled == buffer.len() {
                // A long record: the buffer grows with what has really come of it.
                let longer = (2 * buffer.len()).min(needed.max(buffer.len() + 1));
                buffer.resize(longer, 0);
            }
        }
        Ok(false)
    }

    /// The file has `length` bytes and no more come: what is wrong with its end, if anything is.
    pub fn finish(&self, length: u64) -> Option<Damage> {
        let is_cut = length > self.offset && !self.is_lost;
        is_cut.then_some(Damage {
            offset: self.offset,
            kind: DamageKind::Truncated,
        })
    }

    /// How many bytes were read, and how many the record behind them needs.
    fn advance<'a>(
        &mut self,
        bytes: &'a [u8],
        say: &mut impl FnMut(Result<Said<'a>, Damage>),
    ) -> (usize, usize) {
        let mut used = 0;
        loop {
            if self.is_lost {
                let passed = passed_over(&bytes[used..]);
                self.offset += passed as u64;
                used += passed;
            }
            let damaged = match cut(&bytes[used..]) {
                Cut::Record(data, is_whole, length) => {
                    let kind = if !is_whole {
                        Some(DamageKind::Data)
                    } else if event::read(data, &mut self.plugins, say).is_none() {
                        Some(DamageKind::NotAnEvent)
                    } else {
                        None
                    };
                    used += length;
                    self.is_lost = false;
                    let offset = self.offset;
                    self.offset += length as u64;
                    kind.map(|kind| Damage { offset, kind })
                }
                Cut::Incomplete(needed) => return (used, needed),
                Cut::Lost => {
                    self.is_lost = true;
                    Some(Damage {
                        offset: self.offset,
                        kind: DamageKind::Length,
                    })
                }
            };
            if let Some(damage) = damaged {
                say(Err(damage));
            }
        }
    }
}

#[cfg(test)]
mod tests;
