//! Tensors with one value: newer writers say scalars with them.

use super::wire::{Value, fields, varint};

/// The words of the format's enumeration of types.
mod dtype {
    pub(super) const FLOAT: i64 = 1;
    pub(super) const DOUBLE: i64 = 2;
    pub(super) const INT32: i64 = 3;
    pub(super) const UINT8: i64 = 4;
    pub(super) const INT16: i64 = 5;
    pub(super) const INT8: i64 = 6;
    pub(super) const STRING: i64 = 7;
    pub(super) const INT64: i64 = 9;
    pub(super) const BOOL: i64 = 10;
    pub(super) const BFLOAT16: i64 = 14;
    pub(super) const HALF: i64 = 19;
}

/// The only value of a tensor of numbers; `None` when it has none or several.
pub(super) fn scalar(tensor: &[u8]) -> Option<f64> {
    let (mut kind, mut content, mut listed) = (0, None, None);
    fields(tensor, |number, value| {
        match number {
            1 => kind = value.int()?,
            4 => content = value.bytes(),
            5 | 6 | 7 | 10 | 11 | 13 => {
                // A second value makes it no scalar.
                listed = Some(match listed {
                    None => only_value(number, value),
                    Some(_) => None,
                });
            }
            _ => {}
        }
        Some(())
    })?;
    match (listed, content) {
        (Some(value), _) => value.map(|value| of_listed(kind, value)),
        (None, Some(content)) => of_content(kind, content),
        (None, None) => None,
    }
}

/// The texts of a tensor of texts, which may be any bytes; `None` when it has other values.
pub(super) fn texts(tensor: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut kind, mut texts) = (0, Vec::new());
    fields(tensor, |number, value| {
        match number {
            1 => kind = value.int()?,
            8 => texts.push(value.bytes()?),
            _ => {}
        }
        Some(())
    })?;
    (kind == dtype::STRING).then_some(texts)
}

/// The single value of a field that lists values, packed or not.
fn only_value(number: u64, value: Value<'_>) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a chart shows doubles whatever the program counted in"
    )]
    let of_int = |int: i64| int as f64;
    match (number, value) {
        (5, Value::Bytes(bytes)) => Some(f64::from(f32::from_le_bytes(bytes.try_into().ok()?))),
        (6, Value::Bytes(bytes)) => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
        (_, Value::Bytes(bytes)) => match varint(bytes)? {
            (int, []) => Some(of_int(int.cast_signed())),
            _ => None,
        },
        (5, value) => value.float(),
        (6, value) => value.double(),
        (_, value) => value.int().map(of_int),
    }
}

/// Half floats are listed as the integers that their bits are.
fn of_listed(kind: i64, value: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sixteen bits, widened by the caller"
    )]
    let bits = || value as u16;
    match kind {
        dtype::HALF => half(bits()),
        dtype::BFLOAT16 => bfloat16(bits()),
        _ => value,
    }
}

fn of_content(kind: i64, content: &[u8]) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a chart shows doubles whatever the program counted in"
    )]
    let of_long = |int: i64| int as f64;
    Some(match kind {
        dtype::FLOAT => f64::from(f32::from_le_bytes(content.try_into().ok()?)),
        dtype::DOUBLE => f64::from_le_bytes(content.try_into().ok()?),
        dtype::INT32 => f64::from(i32::from_le_bytes(content.try_into().ok()?)),
        dtype::UINT8 | dtype::BOOL => f64::from(u8::from_le_bytes(content.try_into().ok()?)),
        dtype::INT16 => f64::from(i16::from_le_bytes(content.try_into().ok()?)),
        dtype::INT8 => f64::from(i8::from_le_bytes(content.try_into().ok()?)),
        dtype::INT64 => of_long(i64::from_le_bytes(content.try_into().ok()?)),
        dtype::HALF => half(u16::from_le_bytes(content.try_into().ok()?)),
        dtype::BFLOAT16 => bfloat16(u16::from_le_bytes(content.try_into().ok()?)),
        _ => return None,
    })
}

/// The upper half of a float.
fn bfloat16(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

/// Five bits of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        0x1f if fraction > 0.0 => f64::NAN,
        0x1f => f64::INFINITY,
        _ => (1.0 + fraction / 1024.0) * 2.0_f64.powi(i32::from(exponent) - 15),
    };
    sign * magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tensor: &[u8], expected: Option<f64>) {
        assert_eq!(scalar(tensor), expected, "{tensor:?}");
    }

    #[test]
    fn one_value_is_a_scalar_however_it_is_written() {
        let float = 0.5_f32.to_le_bytes();
        check(&[&[0x08, 1, 0x22, 4][..], &float].concat(), Some(0.5));
        check(&[&[0x08, 1, 0x2a, 4][..], &float].concat(), Some(0.5));
        check(&[&[0x08, 1, 0x2d][..], &float].concat(), Some(0.5));
        let double = 0.1_f64.to_le_bytes();
        check(&[&[0x08, 2, 0x22, 8][..], &double].concat(), Some(0.1));
        check(&[0x08, 9, 0x52, 1, 7], Some(7.0));
        check(&[0x08, 9, 0x50, 7], Some(7.0));
        check(&[0x08, 10, 0x22, 1, 1], Some(1.0));
    }

    #[test]
    fn halves_are_widened() {
        check(&[0x08, 19, 0x22, 2, 0x00, 0x3c], Some(1.0));
        check(&[0x08, 19, 0x6a, 2, 0x80, 0x78], Some(1.0));
        check(&[0x08, 14, 0x22, 2, 0x80, 0x3f], Some(1.0));
        assert_eq!(half(0xfbff).to_bits(), (-65504.0_f64).to_bits());
        assert_eq!(half(1).to_bits(), 2.0_f64.powi(-24).to_bits());
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn texts_are_read_as_they_are() {
        let tensor = [0x08, 7, 0x42, 1, b'x', 0x42, 0];
        assert_eq!(texts(&tensor), Some(vec![&b"x"[..], b""]));
        assert_eq!(texts(&[0x08, 1, 0x42, 1, b'x']), None);
    }

    #[test]
    fn several_values_or_texts_are_none() {
        check(&[0x08, 9, 0x52, 2, 7, 8], None);
        check(&[0x08, 9, 0x50, 7, 0x50, 8], None);
        check(&[0x08, 7, 0x42, 1, b'x'], None);
        check(&[0x08, 1], None);
    }
}
