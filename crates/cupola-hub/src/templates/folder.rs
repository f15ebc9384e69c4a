//! Templates in folders: which there are, what is in them, and whether they changed.

use std::{
    cell::RefCell,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use cupola_domain::template::{Source, Template};

use super::{
    CODE_BYTES_MAX, Flaw,
    manifest::{self, Refused},
};

/// The manifest's name in a template's folder.
pub(super) const MANIFEST: &str = "template.toml";

/// A manifest of more bytes is something else.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// How a file looked when it was read; any change of it is a reason to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    path: PathBuf,
    seen: Result<(u64, Option<SystemTime>), io::ErrorKind>,
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let about = fs::metadata(path);
        Self {
            path: path.to_owned(),
            seen: about
                .map(|about| (about.len(), about.modified().ok()))
                .map_err(|error| error.kind()),
        }
    }

    /// Whether the file looks otherwise by now.
    pub(super) fn is_outdated(&self) -> bool {
        Self::of(&self.path) != *self
    }
}

/// The manifests in `dir`: its own, and those of the folders in it, by name.
pub(super) fn manifests(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = vec![dir.to_owned()];
    for entry in fs::read_dir(dir)? {
        folders.push(entry?.path());
    }
    folders.sort();
    let manifests = folders.into_iter().map(|folder| folder.join(MANIFEST));
    Ok(manifests.filter(|path| is_something(path)).collect())
}

/// A plain file beside the folders, or a folder without a manifest, is nobody's mistake; whatever
/// else keeps a manifest from being read is.
fn is_something(manifest: &Path) -> bool {
    match fs::symlink_metadata(manifest) {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    }
}

/// Reads the template of a manifest; `stamps` gets each file that was looked at.
pub(super) fn read(path: &Path, stamps: &mut Vec<Stamp>) -> Result<Template, Box<Refused>> {
    stamps.push(Stamp::of(path));
    let text = read_file(path, MANIFEST_BYTES_MAX, true)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is no text in UTF-8".to_owned()));
    let text = text.map_err(|reason| Refused {
        name: None,
        flaws: vec![Flaw { line: None, reason }],
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let looked_at = RefCell::new(Vec::new());
    let contents = |name: &str| {
        let file = folder.join(name);
        looked_at.borrow_mut().push(Stamp::of(&file));
        let bytes = read_file(&file, CODE_BYTES_MAX, false)?;
        if is_inside(&file, folder) {
            Ok(bytes)
        } else {
            Err("lies outside of the template's folder, behind a link".to_owned())
        }
    };
    let read = manifest::parse(&text, Source::Folder(folder.to_owned()), &contents);
    stamps.extend(looked_at.into_inner());
    read
}

/// Whether `file` lies below `folder` when all links on its way are followed. One that is not there
/// is said not to be there by whoever reads it.
fn is_inside(file: &Path, folder: &Path) -> bool {
    match (file.canonicalize(), folder.canonicalize()) {
        (Ok(file), Ok(folder)) => file.starts_with(folder),
        _ => true,
    }
}

/// The bytes of a regular file that is not too large. What a link in a template's folder leads to
/// does not travel: it may be anything on this machine.
fn read_file(path: &Path, bytes_max: u64, may_be_link: bool) -> Result<Vec<u8>, String> {
    let failed = |error: io::Error| format!("cannot be read: {error}");
    let about = if may_be_link {
        fs::metadata(path)
    } else {
        fs::symlink_metadata(path)
    };
    let about = about.map_err(failed)?;
    if about.is_dir() {
        return Err("is a folder; put a file there".to_owned());
    }
    if !about.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    if about.len() <= bytes_max {
        let file = fs::File::open(path).map_err(failed)?;
        file.take(bytes_max + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    let length = about.len().max(bytes.len() as u64);
    if length > bytes_max {
        return Err(format!("has {length} bytes; at most {bytes_max} are read"));
    }
    Ok(bytes)
}
