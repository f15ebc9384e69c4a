use proptest::prelude::*;

use super::{record::checksum, *};

/// A record as a writer makes it.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [
        &length[..],
        &checksum(&length).to_le_bytes(),
        data,
        &checksum(data).to_le_bytes(),
    ]
    .concat()
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("tests write little");
    [&[number << 3 | 2, length][..], bytes].concat()
}

/// An event at second 1.5 with this step and summary value.
fn event(step: u8, value: &[u8]) -> Vec<u8> {
    let head = [&[0x09][..], &1.5_f64.to_le_bytes(), &[0x10, step]].concat();
    [head, field(5, &field(1, value))].concat()
}

fn simple(tag: &str, value: f32) -> Vec<u8> {
    [
        field(1, tag.as_bytes()),
        [&[0x15][..], &value.to_le_bytes()].concat(),
    ]
    .concat()
}

fn scalar(tag: &str, step: i64, value: f64) -> Said {
    Said::Scalar {
        tag: tag.to_owned(),
        step,
        at: Timestamp::from_millis(1500),
        value,
    }
}

fn read(file: &[u8], piece: usize) -> (Vec<Said>, Vec<Damage>) {
    let (mut said, mut damages) = (Vec::new(), Vec::new());
    let mut reader = Reader::default();
    for bytes in file.chunks(piece) {
        damages.extend(reader.push(bytes, |thing| said.push(thing)));
    }
    damages.extend(reader.finish());
    (said, damages)
}

fn check(file: &[u8], expected: &[Said], damages: &[(u64, DamageKind)]) {
    let (said, found) = read(file, 7);
    assert_eq!(said, expected);
    let found: Vec<_> = found
        .iter()
        .map(|damage| (damage.offset, damage.kind))
        .collect();
    assert_eq!(found, damages);
}

#[test]
fn scalars_of_both_forms_are_read() {
    let plugin = field(9, &field(1, &field(1, b"scalars")));
    let content = [&[0x08, 1, 0x22, 4][..], &0.25_f32.to_le_bytes()].concat();
    let newer = [field(1, b"loss"), plugin, field(8, &content)].concat();
    // The plugin is named once only.
    let later = [field(1, b"loss"), field(8, &content)].concat();
    let file = [
        record(&event(1, &simple("acc", 0.5))),
        record(&event(2, &newer)),
        record(&event(3, &later)),
    ]
    .concat();
    let expected = [
        scalar("acc", 1, 0.5),
        scalar("loss", 2, 0.25),
        scalar("loss", 3, 0.25),
    ];
    check(&file, &expected, &[]);
}

#[test]
fn texts_and_images_are_named_by_their_kind() {
    let plugin = field(9, &field(1, &field(1, b"text")));
    let text = [
        field(1, b"note"),
        plugin,
        field(8, &[0x08, 7, 0x42, 1, b'x']),
    ]
    .concat();
    let image = [field(1, b"sample"), field(4, &[])].concat();
    let file = [record(&event(1, &text)), record(&event(2, &image))].concat();
    let other = |tag: &str, step, kind: &str| Said::Other {
        tag: tag.to_owned(),
        step,
        kind: kind.to_owned(),
    };
    check(
        &file,
        &[other("note", 1, "text"), other("sample", 2, "image")],
        &[],
    );
}

#[test]
fn hyperparameters_are_read() {
    let number = field(2, &[&[0x11][..], &0.1_f64.to_le_bytes()].concat());
    let lr = field(1, &[field(1, b"lr"), number].concat());
    let word = field(
        1,
        &[field(1, b"opt"), field(2, &field(3, b"adam"))].concat(),
    );
    let flag = field(1, &[field(1, b"amp"), field(2, &[0x20, 1])].concat());
    let content = field(3, &[lr, word, flag].concat());
    let data = [field(1, b"hparams"), field(2, &content)].concat();
    let value = [
        field(1, b"_hparams_/session_start_info"),
        field(9, &field(1, &data)),
    ]
    .concat();
    let expected = serde_json::json!({"lr": 0.1, "opt": "adam", "amp": true});
    let expected = expected.as_object().cloned().expect("it is an object");
    check(
        &record(&event(0, &value)),
        &[Said::Hyperparameters(expected)],
        &[],
    );
}

#[test]
fn a_session_that_starts_says_so() {
    let start = [&[0x10, 9][..], &field(7, &[0x08, 1])].concat();
    let stop = [&[0x10, 9][..], &field(7, &[0x08, 2])].concat();
    let file = [record(&start), record(&stop)].concat();
    check(&file, &[Said::SessionStart { step: 9 }], &[]);
}

#[test]
fn a_damaged_record_is_left_out_and_the_rest_is_read() {
    let good = record(&event(1, &simple("a", 1.0)));
    let mut bad = good.clone();
    bad[20] ^= 1;
    let nonsense = record(&[0xff; 5]);
    let file = [good.as_slice(), &bad, &nonsense, &good].concat();
    let second = good.len() as u64;
    check(
        &file,
        &[scalar("a", 1, 1.0), scalar("a", 1, 1.0)],
        &[
            (second, DamageKind::Data),
            (2 * second, DamageKind::NotAnEvent),
        ],
    );
}

#[test]
fn a_damaged_length_ends_the_file() {
    let good = record(&event(1, &simple("a", 1.0)));
    let mut bad = good.clone();
    bad[0] ^= 1;
    let file = [good.as_slice(), &bad, &good].concat();
    check(
        &file,
        &[scalar("a", 1, 1.0)],
        &[(good.len() as u64, DamageKind::Length)],
    );
}

#[test]
fn a_file_that_ends_early_says_where() {
    let good = record(&event(1, &simple("a", 1.0)));
    let file = [good.as_slice(), &good[..good.len() - 3]].concat();
    check(
        &file,
        &[scalar("a", 1, 1.0)],
        &[(good.len() as u64, DamageKind::Truncated)],
    );
}

proptest! {
    #[test]
    fn pieces_of_any_size_say_the_same(
        values in prop::collection::vec(any::<f32>(), 0..20), piece in 1usize..100
    ) {
        let records = values.iter().map(|value| record(&event(3, &simple("x", *value))));
        let file = records.collect::<Vec<_>>().concat();
        let (said, damages) = read(&file, piece);
        prop_assert_eq!(damages, []);
        let bits = |said: &Said| match said {
            Said::Scalar { value, .. } => value.to_bits(),
            _ => 0,
        };
        let found: Vec<u64> = said.iter().map(bits).collect();
        let given: Vec<u64> = values.iter().map(|value| f64::from(*value).to_bits()).collect();
        prop_assert_eq!(found, given);
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes, 50);
        read(&record(&bytes), 50);
    }
}
