//! `cupola import`: everything of another hub, or event files of before as runs, a folder each.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cupola_client::Client;
use cupola_domain::{
    labels::{check_param, cut},
    time::Timestamp,
};
use cupola_formats::tensorboard::{Damage, MediaKept, Reader, Said, media_name};
use cupola_protocol::{
    imports::NewImport,
    number::Number,
    time::Time,
    work::{BundleFile, MetricPiece},
};
use serde_json::Value;

use crate::{
    cli::{Import, ImportCommand},
    commands::export::told,
    connection::client,
    output,
    serve::{self, Kept},
};

/// How much of a file is read before it is looked at whether a part is full.
const SLICE_BYTES: u64 = 1 << 20;

/// A part has about so many points at most.
const PART_POINTS: usize = 50_000;

/// And about so many bytes of texts and images.
const PART_BYTES: usize = 16 << 20;

/// More bytes of texts and images do not wait together: they are sent in base 64 within what the hub
/// takes at once.
const WAITING_BYTES_MAX: usize = 48 << 20;

/// The hub notes how far a file was read by a name of so many bytes at most.
const FILE_NAME_BYTES_MAX: usize = 245;

/// Folders lie within each other at most so deeply.
const DEPTH_MAX: usize = 32;

pub(crate) async fn run(import: Import) -> anyhow::Result<()> {
    match import.command {
        None => {
            let folder = import.folder.context("name a folder")?;
            let hub = serve::open_alone(import.data, import.database, Kept::OrNew).await?;
            let importing = tokio::task::spawn_blocking(move || {
                let imported = hub.import_all(&folder);
                hub.close();
                imported
            });
            told(&importing.await??, "came in");
            Ok(())
        }
        Some(ImportCommand::Tensorboard {
            folder,
            experiment,
            connect,
        }) => {
            let folder = folder.canonicalize().with_context(|| {
                format!(
                    "failed to open `{}`",
                    output::clean(&folder.to_string_lossy())
                )
            })?;
            let name = folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let experiment = experiment
                .or(name)
                .context("name the experiment with `--experiment`")?;
            tensorboard(&client(&connect)?, &folder, &experiment).await
        }
    }
}

/// The event files of one folder.
struct Folder {
    /// What its run is called.
    name: String,
    files: Vec<PathBuf>,
}

/// What has been read of a folder and not been sent.
#[derive(Default)]
struct Pending {
    part: NewImport,
    places: BTreeMap<String, usize>,
    points: usize,
    bytes: usize,
    last_at: Option<Timestamp>,
    /// Of all that was read of the folder.
    media: MediaKept,
    left_out: usize,
}

async fn tensorboard(client: &Client, folder: &Path, experiment: &str) -> anyhow::Result<()> {
    let mut found = BTreeMap::new();
    find(folder, folder, DEPTH_MAX, &mut found)?;
    anyhow::ensure!(
        !found.is_empty(),
        "there are no event files (`*tfevents*`) below `{}`",
        output::clean(&folder.to_string_lossy())
    );
    let (runs, mut points, mut failed) = (found.len(), 0, 0);
    for (name, mut files) in found {
        files.sort();
        let name = if name.is_empty() {
            experiment.to_owned()
        } else {
            name
        };
        let folder = Folder { name, files };
        let shown = output::clean(&folder.name);
        match import_folder(client, experiment, &folder).await {
            Ok(new) => {
                points += new;
                output::note(&format!(
                    "{shown}: {new} new points of {} files",
                    folder.files.len()
                ));
            }
            // The others come in all the same.
            Err(error) => {
                failed += 1;
                tracing::warn!("{shown}: {error:#}");
            }
        }
    }
    output::note(&format!(
        "{points} new points in {runs} runs of experiment {}",
        output::clean(experiment)
    ));
    anyhow::ensure!(failed == 0, "{failed} of {runs} folders did not come in");
    Ok(())
}

/// Event files by their folders, without going through links.
fn find(
    top: &Path,
    folder: &Path,
    depth_left: usize,
    found: &mut BTreeMap<String, Vec<PathBuf>>,
) -> anyhow::Result<()> {
    let shown = output::clean(&folder.to_string_lossy());
    let entries = fs::read_dir(folder).with_context(|| format!("failed to read `{shown}`"))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("failed to read `{shown}`"))?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() && depth_left > 0 {
            find(top, &path, depth_left - 1, found)?;
        } else if kind.is_file() && entry.file_name().to_string_lossy().contains("tfevents") {
            let name = folder.strip_prefix(top).unwrap_or(folder);
            let name = name.to_string_lossy().into_owned();
            found.entry(name).or_default().push(path);
        }
    }
    Ok(())
}

/// Sends what is new in a folder's files; how many points that were.
async fn import_folder(
    client: &Client,
    experiment: &str,
    folder: &Folder,
) -> anyhow::Result<usize> {
    let empty = || NewImport {
        experiment: experiment.to_owned(),
        run: folder.name.clone(),
        ..NewImport::default()
    };
    let first = NewImport {
        started_at: began(&folder.files).map(Time),
        ..empty()
    };
    let known = client.import(&first).await?.read;
    let mut pending = Pending {
        part: empty(),
        ..Pending::default()
    };
    let mut points = 0;
    for path in &folder.files {
        let name = known_as(path);
        let done = known.get(&name).copied().unwrap_or(0);
        let mut reader = Reader::default();
        let mut file = File::open(path)?;
        if file.metadata()?.len() < done {
            anyhow::bail!(
                "`{}` is shorter than when it was imported",
                output::clean(&name)
            );
        }
        // What was imported before is read for the names that it gives and nothing else.
        reader.read_file(&mut (&mut file).take(done), u64::MAX, |_| {})?;
        loop {
            let before = reader.offset();
            file.seek(SeekFrom::Start(before))?;
            let is_at_end = reader.read_file(&mut file, SLICE_BYTES, |said| match said {
                Ok(said) => pending.say(said),
                Err(damage) => tell(path, damage),
            })?;
            if reader.offset() > before {
                pending.part.from.entry(name.clone()).or_insert(before);
                pending.part.to.insert(name.clone(), reader.offset());
            }
            if pending.points >= PART_POINTS || pending.bytes >= PART_BYTES {
                points += pending.send(client, empty()).await?;
            }
            if is_at_end {
                break;
            }
        }
        if let Some(damage) = reader.finish(file.metadata()?.len()) {
            tell(path, damage);
        }
    }
    if pending.left_out > 0 {
        let (shown, count) = (output::clean(&folder.name), pending.left_out);
        tracing::warn!("{shown}: {count} texts and images are left out, more than a run keeps");
    }
    let is_new = !pending.part.to.is_empty() || points > 0;
    if is_new || known.is_empty() {
        pending.part.finished_at = pending.last_at.map(Time);
        points += pending.send(client, empty()).await?;
    }
    Ok(points)
}

/// By which name the hub notes how far a file was read: its own, or one made of that where it is long.
fn known_as(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.len() <= FILE_NAME_BYTES_MAX {
        return name.into_owned();
    }
    // The 64 bits of FNV-1a, which are the same in every version of this program.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}~{hash:016x}", cut(&name, FILE_NAME_BYTES_MAX - 17))
}

/// When the first thing was said.
fn began(files: &[PathBuf]) -> Option<Timestamp> {
    let mut first = None;
    for path in files {
        let Ok(mut file) = File::open(path) else {
            continue;
        };
        let _ = Reader::default().read_file(&mut file, 1, |said| {
            if let Ok(Said::Scalar { at, .. }) = said
                && at.is_in_calendar()
            {
                first = Some(first.map_or(at, |first: Timestamp| first.min(at)));
            }
        });
        if first.is_some() {
            return first;
        }
    }
    None
}

fn tell(path: &Path, damage: Damage) {
    let shown = output::clean(&path.to_string_lossy());
    tracing::warn!("`{shown}`, {damage}");
}

impl Pending {
    fn say(&mut self, said: Said<'_>) {
        match said {
            Said::Scalar {
                tag,
                step,
                at,
                value,
            } => {
                self.points += 1;
                // A time that is none is taken for that of the point before.
                let at = Some(at).filter(|at| at.is_in_calendar()).or(self.last_at);
                let at = at.unwrap_or(Timestamp::from_millis(0));
                self.last_at = self.last_at.max(Some(at));
                let points = &mut self.part.points;
                let known = self.places.get(tag.as_ref()).copied();
                let place = known.unwrap_or(points.len());
                if known.is_none() {
                    points.push(MetricPiece {
                        name: tag.to_string(),
                        points: Vec::new(),
                    });
                    self.places.insert(tag.into_owned(), place);
                }
                points[place]
                    .points
                    .push((step, at.millis(), Number(value)));
            }
            Said::Hyperparameters(said) => {
                for (key, value) in said {
                    let text = match value {
                        Value::String(text) => text,
                        value => value.to_string(),
                    };
                    if check_param(&key, &text).is_ok() {
                        self.part.params.insert(key, text);
                    }
                }
            }
            Said::Media {
                tag,
                step,
                kind,
                parts,
            } => {
                for (at, part) in parts.into_iter().enumerate() {
                    let name = media_name(&tag, step, at, kind.extension(part));
                    self.keep(&name, part);
                }
            }
            Said::SessionStart { .. } | Said::Other { .. } => {}
        }
    }

    fn keep(&mut self, name: &str, bytes: &[u8]) {
        let is_room = self.bytes + bytes.len() <= WAITING_BYTES_MAX;
        if !(is_room && self.media.admits(bytes.len())) {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes.len();
        self.part.files.push(BundleFile::new(name, bytes));
    }

    async fn send(&mut self, client: &Client, empty: NewImport) -> anyhow::Result<usize> {
        let part = std::mem::replace(&mut self.part, empty);
        for left_out in client.import(&part).await?.left_out {
            let (run, left_out) = (output::clean(&part.run), output::clean(&left_out));
            tracing::warn!("{run}: left out: {left_out}");
        }
        self.places.clear();
        self.bytes = 0;
        Ok(std::mem::take(&mut self.points))
    }
}
