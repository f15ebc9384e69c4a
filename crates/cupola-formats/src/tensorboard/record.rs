//! Records: length, checksum of the length, data, checksum of the data.

use std::fmt;

/// The length and its checksum.
const HEADER_BYTES: usize = 12;

/// The checksum of the data.
const FOOTER_BYTES: usize = 4;

/// A longer record is taken for damage: it holds more than any chart does.
const RECORD_BYTES_MAX: u64 = 256 << 20;

/// Something that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// Where the record begins in its file, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub kind: DamageKind,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// Its length does not match its checksum: nothing after it can be found.
    Length,
    /// Its data does not match its checksum; the next record is read.
    Data,
    /// Its data is whole and yet no event; the next record is read.
    NotAnEvent,
    /// The file ends within it.
    Truncated,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DamageKind::Length => "a length does not match its checksum; the rest was not read",
            DamageKind::Data => "a record does not match its checksum and was left out",
            DamageKind::NotAnEvent => "a record is no event and was left out",
            DamageKind::Truncated => "the file ends within a record",
        };
        write!(f, "at byte {}: {what}", self.offset)
    }
}

/// Cuts bytes into records.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    /// The beginning of a record whose rest has not come.
    partial: Vec<u8>,
    /// Where `partial` begins in the file.
    offset: u64,
    is_lost: bool,
}

/// The first record of some bytes.
enum Cut<'a> {
    Record(&'a [u8], Result<(), DamageKind>, usize),
    Incomplete,
    Lost,
}

impl Cutter {
    /// Calls `take` with the data of each whole record.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), DamageKind>,
    ) -> Vec<Damage> {
        let mut damages = Vec::new();
        if self.is_lost {
            return damages;
        }
        // Only a record that was cut is copied.
        let joined = (!self.partial.is_empty()).then(|| {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(bytes);
            joined
        });
        let mut rest = joined.as_deref().unwrap_or(bytes);
        loop {
            match cut(rest) {
                Cut::Record(data, whole, length) => {
                    if let Err(kind) = whole.and_then(|()| take(data)) {
                        let offset = self.offset;
                        damages.push(Damage { offset, kind });
                    }
                    self.offset += length as u64;
                    rest = &rest[length..];
                }
                Cut::Incomplete => break,
                Cut::Lost => {
                    self.is_lost = true;
                    let (offset, kind) = (self.offset, DamageKind::Length);
                    damages.push(Damage { offset, kind });
                    return damages;
                }
            }
        }
        self.partial = rest.to_vec();
        damages
    }

    /// Whether the file ends where a record does.
    pub(super) fn finish(self) -> Option<Damage> {
        let is_cut = !self.partial.is_empty() && !self.is_lost;
        is_cut.then_some(Damage {
            offset: self.offset,
            kind: DamageKind::Truncated,
        })
    }
}

fn cut(bytes: &[u8]) -> Cut<'_> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Cut::Incomplete;
    };
    let (length, checksum) = header.split_at(8);
    let length_bytes: [u8; 8] = length.try_into().expect("split at eight");
    let claimed = u64::from_le_bytes(length_bytes);
    if !matches(length, checksum) || claimed > RECORD_BYTES_MAX {
        return Cut::Lost;
    }
    let length = usize::try_from(claimed).expect("bounded above");
    let Some((data, rest)) = rest.split_at_checked(length) else {
        return Cut::Incomplete;
    };
    let Some((checksum, _)) = rest.split_at_checked(FOOTER_BYTES) else {
        return Cut::Incomplete;
    };
    let whole = if matches(data, checksum) {
        Ok(())
    } else {
        Err(DamageKind::Data)
    };
    Cut::Record(data, whole, HEADER_BYTES + length + FOOTER_BYTES)
}

/// The format masks its checksums, so that data which holds checksums can be summed safely.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

fn matches(bytes: &[u8], stored: &[u8]) -> bool {
    stored == checksum(bytes).to_le_bytes()
}
