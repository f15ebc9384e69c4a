//! The folders of training models: how quickly a large one is indexed, and that it is not read again.

use std::{
    fs::{self, File},
    io::{BufWriter, Read as _, Write as _},
    path::Path,
    time::Instant,
};

use cupola_hub::{Hub, training_models::NewTrainingModel};
use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
};

/// Files in the folder.
const FILES: u64 = 200;

/// MiB in all of them, unless said otherwise.
pub(super) const MIB: u32 = 2_048;

/// What a plain read takes at once.
const BLOCK_BYTES: usize = 1 << 20;

pub(super) fn measure(mib: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("folder")?;
    let models = folder.path().join("afs").join("models");
    fs::create_dir_all(&models)?;
    let bytes = write(&models, u64::from(mib) << 20)?;
    let hub = BenchHub::open(&folder, Durability::Full)?.hub;
    let models_of = |keys: &str| -> anyhow::Result<()> {
        let named = (0..FILES).map(|n| NewTrainingModel {
            key: format!("{keys}{n:03}"),
            ..NewTrainingModel::default()
        });
        let afs = vec![folder.path().join("afs")];
        Ok(hub.configure_training(named.collect(), afs)?)
    };
    let (mut rates, mut ceilings, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        // Without models nothing is known of any file.
        hub.configure_training(Vec::new(), Vec::new())?;
        hub.scan_training_folders()?;
        models_of("m")?;
        ceilings.push(megabytes(bytes) / plainly(&models)?);
        rates.push(megabytes(bytes) / index(&hub, bytes)?);
        let started = Instant::now();
        let scan = hub.scan_training_folders()?;
        anyhow::ensure!(scan.read == 0, "{} files were read again", scan.read);
        again.push(started.elapsed().as_secs_f64() * 1e3);
    }
    hub.close();
    let what = format!("{FILES} files of {mib} MiB indexed, MB/s");
    let rate = Figure::new(what, rates, "≥ 500 MB/s").beside("read alone, MB/s", ceilings);
    let what = "the same folder looked through again, nothing read, ms";
    Ok(vec![rate, Figure::new(what, again, "no file read")])
}

/// Seconds until all of it is known.
fn index(hub: &Hub, bytes: u64) -> anyhow::Result<f64> {
    let started = Instant::now();
    let scan = hub.scan_training_folders()?;
    anyhow::ensure!(
        scan.bytes == bytes && scan.read as u64 == FILES,
        "{} files with {} bytes were read",
        scan.read,
        scan.bytes
    );
    Ok(started.elapsed().as_secs_f64())
}

/// Seconds for reading the same files and nothing else.
fn plainly(models: &Path) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut block = vec![0; BLOCK_BYTES];
    for entry in fs::read_dir(models)? {
        let mut file = File::open(entry?.path())?;
        while file.read(&mut block)? > 0 {}
    }
    Ok(started.elapsed().as_secs_f64())
}

/// Lines as a training has them, of one to a few kilobytes; says how many bytes were written.
fn write(models: &Path, bytes: u64) -> anyhow::Result<u64> {
    let mut written = 0;
    for n in 0..FILES {
        let path = models.join(format!("m{n:03}_v1_merged.jsonl"));
        let mut file = BufWriter::with_capacity(BLOCK_BYTES, File::create(path)?);
        let mut own = 0;
        while own < bytes / FILES {
            let words = 30 + (own / 97) % 200;
            let text = "the moon falls in three days ".repeat(usize::try_from(words / 4)?);
            let line = format!("{{\"instruction\": \"{own}\", \"output\": \"{text}\"}}\n");
            file.write_all(line.as_bytes())?;
            own += line.len() as u64;
        }
        file.flush()?;
        written += own;
    }
    Ok(written)
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
