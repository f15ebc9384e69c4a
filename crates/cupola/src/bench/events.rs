//! `TensorBoard`'s event files: how many scalars of a file are read in a second, checksums and all.

use std::{
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::Path,
    time::Instant,
};

use cupola_formats::tensorboard::{Reader, Said, record};

use super::{Figure, fixture::Folder};

/// Scalars in the file.
const SCALARS: u64 = 1_000_000;

/// They are of so many series.
const TAGS: u64 = 10;

pub(super) fn measure(file: Option<&Path>, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("events")?;
    let own = folder.path().join("events.out.tfevents.1700000000.bench");
    let path = file.unwrap_or(&own);
    if !path.exists() {
        write(path)?;
    }
    let (mut rates, mut ceilings) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let started = Instant::now();
        let scalars = read(path)?;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let scalars = scalars as f64;
        rates.push(scalars / started.elapsed().as_secs_f64());
        ceilings.push(scalars / plainly(path)?);
    }
    let what = "scalars of one event file read, scalars/s";
    let figure = Figure::new(what, rates, "≥ TensorBoard's data server");
    Ok(vec![
        figure.beside("of the bytes alone, scalars/s", ceilings),
    ])
}

/// The file as PyTorch's writer makes it: one scalar an event, several series in turn.
fn write(path: &Path) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for n in 0..SCALARS {
        let (step, tag) = (n / TAGS, format!("train/metric_{}", n % TAGS));
        file.write_all(&record(&event(step, &tag)))?;
    }
    Ok(file.flush()?)
}

fn event(step: u64, tag: &str) -> Vec<u8> {
    #[expect(clippy::cast_precision_loss, reason = "it is far below 2^53")]
    let at = 1_700_000_000.0 + step as f64 / 10.0;
    #[expect(clippy::cast_possible_truncation, reason = "the format keeps singles")]
    let value = (at.fract() + 1_000.0 / at) as f32;
    let field =
        |key: u8, bytes: &[u8]| [&[key, u8::try_from(bytes.len()).unwrap_or(0)], bytes].concat();
    let value = [
        field(0x0a, tag.as_bytes()),
        [&[0x15][..], &value.to_le_bytes()].concat(),
    ]
    .concat();
    let mut event = [&[0x09][..], &f64::to_le_bytes(at), &[0x10]].concat();
    let mut rest = step;
    while rest >= 0x80 {
        event.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    event.push(rest.to_le_bytes()[0]);
    event.extend(field(0x2a, &field(0x0a, &value)));
    event
}

/// How many scalars there are.
fn read(path: &Path) -> anyhow::Result<u64> {
    let (mut scalars, mut sum) = (0, 0.0);
    Reader::default().read_file(&mut File::open(path)?, u64::MAX, |said| {
        if let Ok(Said::Scalar { value, .. }) = said {
            scalars += 1;
            sum += value;
        }
    })?;
    anyhow::ensure!(
        sum.is_finite() && scalars > 0,
        "`{}` has no scalars",
        path.display()
    );
    Ok(scalars)
}

/// Seconds to read the bytes and nothing else.
fn plainly(path: &Path) -> anyhow::Result<f64> {
    let (mut file, mut block) = (File::open(path)?, vec![0; 256 << 10]);
    let started = Instant::now();
    let mut bytes = 0;
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => bytes += read as u64,
        }
    }
    anyhow::ensure!(bytes == fs::metadata(path)?.len(), "the file changes");
    Ok(started.elapsed().as_secs_f64())
}
