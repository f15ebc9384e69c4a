//! Event files and how far each was read.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    io::Seek as _,
    path::{Path, PathBuf},
};

use cupola_domain::{labels::check_param, metric::is_name};
use cupola_formats::tensorboard::{
    Damage, MediaKept, Reader, Said, base_of, media_name, series_name,
};
use serde_json::Value;

use super::found;
use crate::{
    executor::folder,
    foreign::{Folder, open_file},
    output::{
        events::{Points, Wanted},
        tensorboard::Told,
    },
};

/// How much of the files is read before what they say is handed on.
const SLICE_BYTES: u64 = 1 << 20;

/// So much of what is wrong with the files is told.
const NOTES_MAX: usize = 20;

/// A session has so many parameters at most.
const PARAMS_MAX: usize = 1_000;

/// Where texts and images wait to be sent.
const MEDIA_FOLDER: &str = "event-media";

/// The event files of one run.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    followed: BTreeMap<PathBuf, Followed>,
    /// The folder whose tags stand without a prefix, once it is known.
    base: Option<String>,
    /// Whether files were there the last time already.
    is_second: bool,
    teller: Teller,
}

/// One file.
#[derive(Debug)]
struct Followed {
    /// Its path and that of its folder in the run's folder, as text.
    name: String,
    within: String,
    reader: Reader,
    /// How long it was when it was last read to its end.
    length: u64,
    is_finished: bool,
}

/// What some reading gave.
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) told: Vec<Told>,
    /// Whether the files have nothing more for now.
    pub(super) is_all: bool,
}

/// Makes what is told of what is said, within its bounds.
#[derive(Debug, Default)]
struct Teller {
    told: Vec<Told>,
    notes: usize,
    media: MediaKept,
}

impl Files {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            followed: BTreeMap::new(),
            base: None,
            is_second: false,
            teller: Teller::default(),
        }
    }

    /// Reads on for a while. With `is_first` the folder is looked at for new files; with `is_last` no
    /// more comes of any.
    pub(super) fn read(&mut self, is_first: bool, is_last: bool) -> Slice {
        if is_first {
            self.look(is_last);
        }
        let mut is_all = true;
        if let Some(base) = self.base.clone() {
            let mut left = SLICE_BYTES;
            for (path, file) in &mut self.followed {
                match file.read(path, &self.folder, &base, left, &mut self.teller) {
                    Ok(read) => left = left.saturating_sub(read),
                    // A file that has gone was read as far as it was there.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => {
                        if !std::mem::replace(&mut file.is_finished, true) {
                            self.teller
                                .note(format!("event file `{}`: {error}", file.name));
                        }
                    }
                }
                if left == 0 {
                    is_all = false;
                    break;
                }
            }
            if is_last && is_all {
                self.finish();
            }
        }
        let told = std::mem::take(&mut self.teller.told);
        Slice { told, is_all }
    }

    /// Finds new files. Where they lie says what their tags are called, so that the first time waits
    /// for the next: a program makes its folders one after the other.
    fn look(&mut self, is_last: bool) {
        let (found, is_cut) = found::find(&self.folder);
        for path in found {
            let text = |path: &Path| {
                let path = path.strip_prefix(&self.folder).unwrap_or(path);
                path.to_string_lossy().into_owned()
            };
            let followed = || Followed {
                name: text(&path),
                within: path.parent().map(text).unwrap_or_default(),
                reader: Reader::default(),
                length: 0,
                is_finished: false,
            };
            if self.followed.len() < found::FILES_MAX && !self.followed.contains_key(&path) {
                self.followed.insert(path.clone(), followed());
            }
        }
        if is_cut && is_last {
            let text = "the run's folder has too much in it: not all event files were read";
            self.teller.note(text.to_owned());
        }
        if self.followed.is_empty() || self.base.is_some() {
            return;
        }
        if self.is_second || is_last {
            self.base = Some(base_of(
                self.followed.values().map(|file| file.within.as_str()),
            ));
        }
        self.is_second = true;
    }

    fn finish(&mut self) {
        for file in self.followed.values_mut() {
            let damage = file.reader.finish(file.length);
            if let Some(damage) = damage.filter(|_| !file.is_finished) {
                self.teller.damage(&file.name, damage);
            }
            file.is_finished = true;
        }
    }
}

impl Followed {
    /// How many bytes were read.
    fn read(
        &mut self,
        path: &Path,
        folder: &Path,
        base: &str,
        bytes_max: u64,
        teller: &mut Teller,
    ) -> io::Result<u64> {
        let length = fs::symlink_metadata(path)?.len();
        if self.is_finished || length == self.length {
            return Ok(0);
        }
        let mut file = open_file(path)?;
        if length < self.reader.offset() {
            let text = format!(
                "event file `{}` is shorter than it was: read from its beginning again",
                self.name
            );
            teller.note(text);
            self.reader = Reader::default();
        }
        let from = self.reader.offset();
        file.seek(io::SeekFrom::Start(from))?;
        let (name, within) = (&self.name, &self.within);
        let is_at_end = self
            .reader
            .read_file(&mut file, bytes_max, |said| match said {
                Ok(said) => teller.say(said, folder, (base, within)),
                Err(damage) => teller.damage(name, damage),
            })?;
        if is_at_end {
            self.length = length.max(self.reader.offset());
        }
        Ok(self.reader.offset() - from)
    }
}

impl Teller {
    fn say(&mut self, said: Said<'_>, folder: &Path, (base, within): (&str, &str)) {
        match said {
            Said::Scalar {
                tag,
                step,
                at,
                value,
            } => {
                let name = series_name(base, within, &tag);
                if !is_name(&name) {
                    return self.note(format!("a tag of {} bytes is left out", tag.len()));
                }
                let points = Points {
                    step,
                    at: Some(at).filter(|at| at.is_in_calendar()),
                    values: vec![(name, value)],
                };
                self.told.push(Told::Points(points));
            }
            Said::Hyperparameters(said) => {
                let text = |value: Value| match value {
                    Value::String(text) => text,
                    value => value.to_string(),
                };
                let params = said.into_iter().map(|(key, value)| (key, text(value)));
                let params = params.filter(|(key, value)| check_param(key, value).is_ok());
                self.told
                    .push(Told::Params(params.take(PARAMS_MAX).collect()));
            }
            Said::Media {
                tag,
                step,
                kind,
                parts,
            } => {
                let tag = series_name(base, within, &tag);
                for (at, part) in parts.into_iter().enumerate() {
                    let name = media_name(&tag, step, at, kind.extension(part));
                    self.keep(folder, name, part);
                }
            }
            // Where a session begins, the law of series says by its steps what is superseded.
            Said::SessionStart { .. } | Said::Other { .. } => {}
        }
    }

    fn keep(&mut self, run: &Path, name: String, bytes: &[u8]) {
        if !self.media.admits(bytes.len()) {
            return self.note(format!(
                "`{name}` is left out: the event files have too many"
            ));
        }
        let path = format!("{MEDIA_FOLDER}/{}", self.media.count());
        match write_media(run, self.media.count(), bytes) {
            Ok(()) => self.told.push(Told::Artifact(Wanted {
                path,
                name: Some(name),
            })),
            Err(error) => self.note(format!("`{name}` could not be written: {error}")),
        }
    }

    fn damage(&mut self, name: &str, damage: Damage) {
        self.note(format!("event file `{name}`, {damage}"));
    }

    fn note(&mut self, text: String) {
        self.notes += 1;
        match self.notes {
            ..NOTES_MAX => self.told.push(Told::Note(text)),
            NOTES_MAX => {
                let text = "more is wrong with the event files than is told here";
                self.told.push(Told::Note(text.to_owned()));
            }
            _ => {}
        }
    }
}

/// Writes away from links: the folder is the program's, too.
fn write_media(run: &Path, number: usize, bytes: &[u8]) -> io::Result<()> {
    let media = Folder::open(run)?.made_folder(OsStr::new(MEDIA_FOLDER))?;
    folder::replace(&media.at(OsStr::new(&number.to_string())), bytes)
}
