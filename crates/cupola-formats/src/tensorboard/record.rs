//! Records: length, checksum of the length, data, checksum of the data.

use std::fmt;

/// The length and its checksum.
const HEADER_BYTES: usize = 12;

/// The checksum of the data.
const FOOTER_BYTES: usize = 4;

/// A longer record is taken for damage: it holds more than any chart does.
const RECORD_BYTES_MAX: u64 = 64 << 20;

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
    /// Its length does not match its checksum; what follows is passed over up to the next record
    /// whose length does.
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
            DamageKind::Length => {
                "a length does not match its checksum; bytes up to the next record were left out"
            }
            DamageKind::Data => "a record does not match its checksum and was left out",
            DamageKind::NotAnEvent => "a record is no event and was left out",
            DamageKind::Truncated => "the file ends within a record",
        };
        write!(f, "at byte {}: {what}", self.offset)
    }
}

/// What some bytes begin with.
#[derive(Debug)]
pub(super) enum Cut<'a> {
    /// A record: its data, whether they match their checksum, and how long it is.
    Record(&'a [u8], bool, usize),
    /// The beginning of a record of so many bytes, as far as that is known.
    Incomplete(usize),
    /// No record.
    Lost,
}

/// Looks at the beginning of `bytes`.
pub(super) fn cut(bytes: &[u8]) -> Cut<'_> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER_BYTES) else {
        return Cut::Incomplete(HEADER_BYTES);
    };
    let Some(length) = length(header) else {
        return Cut::Lost;
    };
    let whole = HEADER_BYTES + length + FOOTER_BYTES;
    let Some((data, rest)) = rest.split_at_checked(length) else {
        return Cut::Incomplete(whole);
    };
    let Some((checksum, _)) = rest.split_at_checked(FOOTER_BYTES) else {
        return Cut::Incomplete(whole);
    };
    Cut::Record(data, matches(data, checksum), whole)
}

/// How many bytes to pass over to come to what looks like a record, or to too few bytes to tell.
pub(super) fn passed_over(bytes: &[u8]) -> usize {
    let mut headers = bytes.windows(HEADER_BYTES);
    let found = headers.position(|header| length(header).is_some());
    found.unwrap_or_else(|| bytes.len().saturating_sub(HEADER_BYTES - 1))
}

/// The format masks its checksums, so that data which holds checksums can be summed safely.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// The length that a header says, if it is one.
fn length(header: &[u8]) -> Option<usize> {
    let (length, checksum) = header.split_at(8);
    let claimed = u64::from_le_bytes(length.try_into().ok()?);
    // The cheaper question first: a lost reader asks it at every byte.
    (claimed <= RECORD_BYTES_MAX && matches(length, checksum))
        .then(|| usize::try_from(claimed).ok())?
}

fn matches(bytes: &[u8], stored: &[u8]) -> bool {
    stored == checksum(bytes).to_le_bytes()
}
