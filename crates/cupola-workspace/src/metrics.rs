//! What jobs measured, by the event files in their folders: read on from where the last look ended,
//! and reduced to what a chart can show.

mod curves;
mod found;

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cupola_domain::metric::Point;
use cupola_formats::tensorboard::{Reader, Said, base_of, series_name};

use crate::{
    model::Series,
    source::SourceError,
    xpm::file::{self, words},
};
use curves::Curves;

pub(crate) use curves::{reduce, thinned};
use found::{Found, Place};

/// So many jobs are kept in mind, those that were looked at last.
const JOBS: usize = 8;

/// How much of the files is read in one look; the rest is read by the next ones.
const BYTES: u64 = 1 << 30;

/// How much is read before points are put in their places.
const SLICE: u64 = 1 << 20;

/// Metrics of the folders of jobs that were looked at last.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The one that was looked at last comes last.
    kept: Mutex<VecDeque<(PathBuf, Arc<Mutex<Files>>)>>,
}

impl Metrics {
    /// All metrics of the event files below `folder`, by name, each of about `width` points: where
    /// there are more, the least and the greatest of each column stay.
    pub fn series(&self, folder: &Path, width: usize) -> Result<Vec<Series>, SourceError> {
        let files = self.files(folder);
        let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
        files.read(folder).map_err(|error| {
            SourceError::Refused(format!("{}: {}", folder.display(), words(&error)))
        })?;
        Ok(files.series(width))
    }

    fn files(&self, folder: &Path) -> Arc<Mutex<Files>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == folder);
        let known = place.and_then(|place| kept.remove(place));
        let (path, files) = known.unwrap_or_else(|| (folder.to_owned(), Arc::default()));
        kept.push_back((path, Arc::clone(&files)));
        if kept.len() > JOBS {
            kept.pop_front();
        }
        files
    }
}

/// The event files of one job.
#[derive(Debug, Default)]
struct Files {
    followed: BTreeMap<PathBuf, Followed>,
    curves: Curves,
}

#[derive(Debug, Default)]
struct Followed {
    reader: Reader,
    inode: u64,
    /// Length and time of change when it was last read to its end.
    stamp: Option<(u64, i64, i64)>,
}

/// It is not the file that was read before.
struct Renewed;

impl Files {
    fn read(&mut self, folder: &Path) -> io::Result<()> {
        let place = Place::of(folder)?;
        let found = place.find();
        let is_gone = |path: &PathBuf| !found.iter().any(|found| found.path == *path);
        if self.followed.keys().any(is_gone) || self.read_all(&found, place.owner).is_err() {
            // The program began again: what its earlier files said is void.
            *self = Self::default();
            let _ = self.read_all(&found, place.owner);
        }
        Ok(())
    }

    /// In the order of paths, which is that of time in one folder. What cannot be read is passed over.
    fn read_all(&mut self, found: &[Found], owner: u32) -> Result<(), Renewed> {
        let mut left = BYTES;
        for found in found {
            let followed = self.followed.entry(found.path.clone()).or_default();
            let Ok((mut file, metadata)) = file::open(&found.path, found.is_linked) else {
                continue;
            };
            if found.is_linked && metadata.uid() != owner {
                continue;
            }
            let stamp = (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
            let from = followed.reader.offset();
            let is_known = from > 0 || followed.stamp.is_some();
            if is_known && (followed.inode != metadata.ino() || metadata.len() < from) {
                return Err(Renewed);
            }
            followed.inode = metadata.ino();
            if followed.stamp == Some(stamp) || file.seek(SeekFrom::Start(from)).is_err() {
                continue;
            }
            if followed.read(&mut file, &found.within, &mut left, &mut self.curves) {
                followed.stamp = Some(stamp);
            }
            if left == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Folders that all files lie in are no part of a metric's name.
    fn series(&self, width: usize) -> Vec<Series> {
        let base = base_of(self.curves.folders());
        let mut series: Vec<Series> = self
            .curves
            .reduced(width)
            .map(|(within, tag, points, is_reduced)| Series {
                name: series_name(&base, within, tag),
                points,
                is_reduced,
            })
            .collect();
        series.sort_by(|a, b| a.name.cmp(&b.name));
        series
    }
}

impl Followed {
    /// Whether it was read to its end.
    fn read(
        &mut self,
        file: &mut std::fs::File,
        within: &str,
        left: &mut u64,
        curves: &mut Curves,
    ) -> bool {
        while *left > 0 {
            let from = self.reader.offset();
            let most = SLICE.min(*left);
            let is_at_end = self.reader.read_file(file, most, |said| {
                if let Ok(Said::Scalar {
                    tag,
                    step,
                    at,
                    value,
                }) = said
                {
                    let time_millis = at.millis();
                    let point = Point {
                        step,
                        time_millis,
                        value,
                    };
                    curves.add(within, &tag, point);
                }
            });
            curves.settle();
            *left = left.saturating_sub((self.reader.offset() - from).max(1));
            match is_at_end {
                Ok(false) => {
                    // What was read ahead of the last whole record is read again.
                    if file.seek(SeekFrom::Start(self.reader.offset())).is_err() {
                        return false;
                    }
                }
                Ok(true) => return true,
                Err(_) => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
