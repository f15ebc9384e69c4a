//! A text into a file of whoever looks.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A text is saved under so many numbers.
const COPIES_MAX: u32 = 1_000;

/// Never over what is there: then under the next number. Says where it lies.
pub(crate) fn save(name: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let name = std::path::absolute(name)?;
    let mut number = 1;
    loop {
        let path = numbered(&name, number);
        match File::create_new(&path) {
            Ok(mut file) => return file.write_all(bytes).map(|()| path),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(error) if number >= COPIES_MAX => return Err(error),
            Err(_) => number += 1,
        }
    }
}

/// `a.log`, `a-2.log`, `a-3.log`.
fn numbered(name: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return name.to_owned();
    }
    let part = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, end) = (part(name.file_stem()), part(name.extension()));
    name.with_file_name(format!("{stem}-{number}.{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_again_gets_the_next_number() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("learn.stdout.log");
        for (text, expected) in [
            ("a", "learn.stdout.log"),
            ("b", "learn.stdout-2.log"),
            ("c", "learn.stdout-3.log"),
        ] {
            let path = save(&name, text.as_bytes()).unwrap();
            assert_eq!(path, folder.path().join(expected));
            assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        }
        let nowhere = save(Path::new("/nowhere/a.log"), b"");
        assert_eq!(nowhere.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
