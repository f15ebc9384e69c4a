//! Files that other programs wrote: `tensorboardX` 2.6.5 and the writer of `TensorBoard` 2.21.0.

use cupola_formats::tensorboard::{Reader, Said};

/// One line for each thing that is said.
fn lines(file: &[u8]) -> Vec<String> {
    let mut said = Vec::new();
    let mut reader = Reader::default();
    reader.read(file, |thing| {
        said.push(line(&thing.expect("the file is whole")));
    });
    assert_eq!(reader.finish(file.len() as u64), None);
    said
}

fn line(said: &Said<'_>) -> String {
    match said {
        Said::Scalar {
            tag,
            step,
            at,
            value,
        } => format!("{tag} {step} {} {value}", at.millis()),
        Said::Hyperparameters(parameters) => {
            let mut names: Vec<_> = parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
            names.sort();
            names.join(" ")
        }
        Said::SessionStart { step } => format!("session {step}"),
        Said::Media {
            tag,
            step,
            kind,
            parts,
        } => {
            let files = parts.iter().map(|part| {
                let (extension, bytes) = (kind.extension(part), part.len());
                format!("{extension} of {bytes} bytes")
            });
            let files: Vec<_> = files.collect();
            format!("{tag} {step} {}", files.join(", "))
        }
        Said::Other { tag, step, kind } => format!("{tag} {step} {kind}"),
    }
}

#[test]
fn scalars_of_tensorboardx_are_read() {
    let expected = [
        "loss/train 0 1700000000000 1",
        "loss/train 1 1700000001000 0.5",
        "loss/train 2 1700000002000 0.3333333432674408",
        "loss/train 3 1700000003000 0.25",
        "loss/train 4 1700000004000 0.20000000298023224",
        "odd 1 1700000001000 NaN",
        "note/text_summary 2 md of 5 bytes",
        "sample 3 png of 68 bytes",
        "weights 4 histogram",
    ];
    assert_eq!(
        lines(include_bytes!("fixtures/tensorboardx.tfevents")),
        expected
    );
}

#[test]
fn hyperparameters_of_tensorboardx_are_read() {
    let found = lines(include_bytes!("fixtures/tensorboardx-hparams.tfevents"));
    assert!(
        found.contains(&r#"amp=true lr=0.1 opt="adam""#.to_owned()),
        "{found:?}"
    );
}

#[test]
fn tensors_and_sessions_of_tensorboard_are_read() {
    let expected = [
        "accuracy 0 1700000000500 0",
        "accuracy 1 1700000001500 0.25",
        "accuracy 2 1700000002500 0.5",
        "accuracy 3 1700000003500 0.75",
        "session 2",
    ];
    assert_eq!(
        lines(include_bytes!("fixtures/tensorboard.tfevents")),
        expected
    );
}
