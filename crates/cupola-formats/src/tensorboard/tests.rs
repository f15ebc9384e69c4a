use proptest::prelude::*;

use super::*;

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

fn scalar(tag: &str, step: i64, value: f64) -> Said<'_> {
    Said::Scalar {
        tag: tag.into(),
        step,
        at: Timestamp::from_millis(1500),
        value,
    }
}

/// A file that gives `piece` bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl io::Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

/// Reads `file`, which grows by `piece` bytes at a time, and gives what it says line by line.
fn read(file: &[u8], piece: usize) -> (Vec<String>, Vec<Damage>) {
    let (mut said, mut damages) = (Vec::new(), Vec::new());
    let mut reader = Reader::default();
    for end in (0..=file.len()).step_by(piece).chain([file.len()]) {
        let from = usize::try_from(reader.offset()).expect("it is small");
        let mut grown = Pieces(&file[from..end], 5);
        let is_all = reader.read_file(&mut grown, u64::MAX, |thing| match thing {
            Ok(thing) => said.push(format!("{thing:?}")),
            Err(damage) => damages.push(damage),
        });
        assert!(is_all.expect("bytes can be read"));
    }
    damages.extend(reader.finish(file.len() as u64));
    (said, damages)
}

fn check(file: &[u8], expected: &[Said<'_>], damages: &[(u64, DamageKind)]) {
    let (said, found) = read(file, 7);
    let expected: Vec<_> = expected.iter().map(|said| format!("{said:?}")).collect();
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

fn media<'a>(tag: &'a str, step: i64, kind: MediaKind, part: &'a [u8]) -> Said<'a> {
    Said::Media {
        tag: tag.into(),
        step,
        kind,
        parts: vec![part],
    }
}

#[test]
fn texts_and_images_are_read_in_both_forms() {
    let plugin = |name: &[u8]| field(9, &field(1, &field(1, name)));
    let texts = |texts: &[&[u8]]| {
        let texts: Vec<u8> = texts.iter().flat_map(|text| field(8, text)).collect();
        field(8, &[&[0x08, 7][..], &texts].concat())
    };
    let text = [field(1, b"note"), plugin(b"text"), texts(&[b"x"])].concat();
    let image = [field(1, b"sample"), field(4, &field(4, b"GIF"))].concat();
    let newer = [
        field(1, b"new"),
        plugin(b"images"),
        texts(&[b"1", b"1", b"\x89PNG"]),
    ]
    .concat();
    let sound = [field(1, b"beep"), field(6, &[])].concat();
    let file = [
        record(&event(1, &text)),
        record(&event(2, &image)),
        record(&event(3, &newer)),
        record(&event(4, &sound)),
    ]
    .concat();
    check(
        &file,
        &[
            media("note", 1, MediaKind::Text, b"x"),
            media("sample", 2, MediaKind::Image, b"GIF"),
            media("new", 3, MediaKind::Image, b"\x89PNG"),
            Said::Other {
                tag: "beep".into(),
                step: 4,
                kind: "audio".into(),
            },
        ],
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
fn what_follows_a_damaged_length_is_found_again() {
    let good = record(&event(1, &simple("a", 1.0)));
    let mut bad = good.clone();
    bad[0] ^= 1;
    let zeros = [0; 40];
    let file = [good.as_slice(), &bad, &good, &zeros, &good].concat();
    let length = good.len() as u64;
    check(
        &file,
        &[
            scalar("a", 1, 1.0),
            scalar("a", 1, 1.0),
            scalar("a", 1, 1.0),
        ],
        &[
            (length, DamageKind::Length),
            (3 * length, DamageKind::Length),
        ],
    );
}

#[test]
fn a_record_longer_than_what_is_read_at_once_is_read() {
    let long = "x".repeat(3 * READ_BYTES);
    // A field's length in four bytes of seven bits.
    let size = |bytes: usize| {
        (0..4).map(move |at| {
            (bytes >> (7 * at)).to_le_bytes()[0] & 0x7f | if at < 3 { 0x80 } else { 0 }
        })
    };
    let tag: Vec<u8> = [0x0a]
        .into_iter()
        .chain(size(long.len()))
        .chain(long.bytes())
        .collect();
    let value: Vec<u8> = [0x0a]
        .into_iter()
        .chain(size(tag.len()))
        .chain(tag)
        .collect();
    let summary: Vec<u8> = [0x2a]
        .into_iter()
        .chain(size(value.len()))
        .chain(value)
        .collect();
    let mut count = 0;
    let file = [record(&summary), record(&event(1, &simple("a", 1.0)))].concat();
    let read = Reader::default().read_file(&mut file.as_slice(), u64::MAX, |said| {
        assert!(said.is_ok());
        count += 1;
    });
    assert!(read.expect("bytes can be read"));
    assert_eq!(count, 2);
}

#[test]
fn reading_stops_where_it_was_asked_to() {
    let one = record(&event(1, &simple("a", 1.0)));
    let file = one.repeat(20_000);
    let (mut reader, mut count) = (Reader::default(), 0);
    let mut rounds = 0;
    loop {
        rounds += 1;
        let from = usize::try_from(reader.offset()).expect("it is small");
        let read = reader.read_file(&mut &file[from..], 1, |_| count += 1);
        if read.expect("bytes can be read") {
            break;
        }
    }
    assert_eq!(count, 20_000);
    assert!(rounds > 2);
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
        let given = values.iter().map(|value| format!("{:?}", scalar("x", 3, f64::from(*value))));
        prop_assert_eq!(said, given.collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes, 50);
        read(&record(&bytes), 50);
        read(&record(&event(1, &bytes[..bytes.len().min(100)])), 50);
    }

    #[test]
    fn damage_anywhere_costs_only_what_is_damaged(
        at in 0usize..2000, bit in 0u32..8, count in 1usize..40
    ) {
        let one = record(&event(1, &simple("a", 1.0)));
        let mut file = one.repeat(count);
        let at = at % file.len();
        file[at] ^= 1 << bit;
        let (said, damages) = read(&file, 100);
        prop_assert_eq!(said.len(), count - 1);
        prop_assert_eq!(damages.len(), 1);
        prop_assert_eq!(damages[0].offset, (at / one.len() * one.len()) as u64);
    }
}
