//! Protocol buffers as far as events need them: fields of a message, one after the other.

use std::borrow::Cow;

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// Integers, booleans, words of an enumeration.
    Varint(u64),
    /// Doubles.
    Fixed64(u64),
    /// Texts, bytes, messages, packed numbers.
    Bytes(&'a [u8]),
    /// Floats.
    Fixed32(u32),
}

impl<'a> Value<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        self.bytes().map(String::from_utf8_lossy)
    }

    pub(super) fn double(self) -> Option<f64> {
        match self {
            Value::Fixed64(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    pub(super) fn float(self) -> Option<f64> {
        match self {
            Value::Fixed32(bits) => Some(f64::from(f32::from_bits(bits))),
            _ => None,
        }
    }

    pub(super) fn int(self) -> Option<i64> {
        match self {
            Value::Varint(number) => Some(number.cast_signed()),
            _ => None,
        }
    }
}

/// Calls `take` with number and value of each field; `None` when the bytes are no message or `take`
/// refuses a field.
pub(super) fn fields<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut(u64, Value<'a>) -> Option<()>,
) -> Option<()> {
    while !bytes.is_empty() {
        let (key, rest) = varint(bytes)?;
        let (value, rest) = match key & 7 {
            0 => {
                let (number, rest) = varint(rest)?;
                (Value::Varint(number), rest)
            }
            1 => {
                let (word, rest) = rest.split_first_chunk::<8>()?;
                (Value::Fixed64(u64::from_le_bytes(*word)), rest)
            }
            2 => {
                let (length, rest) = varint(rest)?;
                let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Value::Bytes(bytes), rest)
            }
            5 => {
                let (word, rest) = rest.split_first_chunk::<4>()?;
                (Value::Fixed32(u32::from_le_bytes(*word)), rest)
            }
            _ => return None,
        };
        take(key >> 3, value)?;
        bytes = rest;
    }
    Some(())
}

/// A number of one to ten bytes.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    // Most have one.
    if let [byte @ 0..0x80, rest @ ..] = bytes {
        return Some((u64::from(*byte), rest));
    }
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&[(u64, Value<'_>)]>) {
        let mut found = Vec::new();
        let read = fields(bytes, |number, value| {
            found.push((number, value));
            Some(())
        });
        assert_eq!(read.map(|()| found.as_slice()), expected, "{bytes:?}");
    }

    #[test]
    fn fields_are_read_by_their_type() {
        check(&[], Some(&[]));
        check(&[0x08, 0x96, 0x01], Some(&[(1, Value::Varint(150))]));
        check(&[0x12, 2, b'h', b'i'], Some(&[(2, Value::Bytes(b"hi"))]));
        check(&[0x15, 1, 0, 0, 0], Some(&[(2, Value::Fixed32(1))]));
        let negative = [0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
        check(&negative, Some(&[(2, Value::Varint(u64::MAX))]));
    }

    #[test]
    fn what_is_cut_or_unknown_is_no_message() {
        for bytes in [&[0x08][..], &[0x12, 5, 1], &[0x15, 1], &[0x0b], &[0x80; 11]] {
            check(bytes, None);
        }
    }
}
