//! Files of a folder: written with their hashes, read without going through links.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use cupola_domain::text::hex;
use sha2::{Digest as _, Sha256};

use super::{manifest::Part, wrong};
use crate::HubError;

/// A longer line is no row: no value is that large.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// Bytes that go somewhere and are counted and hashed on their way.
pub(crate) struct Counted<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W> Counted<W> {
    pub(crate) fn new(inner: W) -> Self {
        let hasher = Sha256::new();
        Self {
            inner,
            hasher,
            bytes: 0,
        }
    }

    pub(crate) fn part(self, name: &str, count: u64) -> Part {
        Part {
            name: name.to_owned(),
            count,
            bytes: self.bytes,
            sha256: hex(&self.hasher.finalize()),
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count(&buffer[..read]);
        Ok(read)
    }
}

/// A new file.
pub(super) fn create(folder: &Path, name: &str) -> Result<Counted<BufWriter<File>>, HubError> {
    let made = File::create_new(folder.join(name));
    let made = made.map_err(|error| wrong(name, error))?;
    Ok(Counted::new(BufWriter::new(made)))
}

/// Copies the file of a hash, which its bytes must have; says how many they are.
pub(super) fn copy_hashed(
    from: &Path,
    folder: &Path,
    name: &str,
    hash: &str,
) -> Result<u64, HubError> {
    let mut from = File::open(from).map_err(|error| wrong(name, error))?;
    let mut to = create(folder, name)?;
    let copied = io::copy(&mut from, &mut to).and_then(|_| to.flush());
    copied.map_err(|error| wrong(name, error))?;
    let part = to.part("", 1);
    if part.sha256 != hash {
        return Err(wrong(
            name,
            "is damaged: its bytes have another hash than its name",
        ));
    }
    Ok(part.bytes)
}

/// Waits until a folder, and all in it, will be there after a loss of power.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

/// A file that is there: no link, nothing but a file, and neither are the folders above it.
pub(crate) fn open(folder: &Path, name: &str) -> Result<File, HubError> {
    let mut path = folder.to_owned();
    for part in name.split('/') {
        path.push(part);
        let kind = path
            .symlink_metadata()
            .map_err(|error| wrong(name, error))?;
        if kind.is_symlink() {
            return Err(wrong(name, "a link is in its way"));
        }
    }
    // A pipe would not answer until somebody writes.
    let flags = libc::O_NONBLOCK | libc::O_NOFOLLOW | libc::O_NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(&path);
    let file = file.map_err(|error| wrong(name, error))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_file {
        Ok(file)
    } else {
        Err(wrong(name, "is no file"))
    }
}

/// Reads a file line by line and says what it is made of.
pub(super) fn read_lines(
    folder: &Path,
    part: &Part,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let name = format!("tables/{}.jsonl", part.name);
    let mut file = Counted::new(BufReader::new(open(folder, &name)?));
    let (mut line, mut count) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = (&mut file.inner)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line);
        if read.map_err(|error| wrong(&name, error))? == 0 {
            break;
        }
        count += 1;
        if !line.ends_with(b"\n") {
            let place = format!("{name}:{count}");
            return Err(wrong(
                &place,
                "the line is too long, or the file ends within it",
            ));
        }
        let text = std::mem::take(&mut line);
        file.count(&text);
        take(count, &text)?;
        line = text;
    }
    same(&name, part, &file.part(&part.name, count))
}

/// Refuses what is not what the manifest says.
pub(super) fn same(name: &str, said: &Part, found: &Part) -> Result<(), HubError> {
    if said.bytes != found.bytes || said.count != found.count {
        let (said, found) = ((said.count, said.bytes), (found.count, found.bytes));
        return Err(wrong(
            name,
            format!(
                "has {} rows in {} bytes where the manifest says {} in {}",
                found.0, found.1, said.0, said.1
            ),
        ));
    }
    if said.sha256 != found.sha256 {
        return Err(wrong(name, "is damaged: its hash is not the manifest's"));
    }
    Ok(())
}
