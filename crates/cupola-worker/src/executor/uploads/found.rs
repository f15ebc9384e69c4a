//! From what a program names to the files that are meant: inside the run's own folders only.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use cupola_domain::artifact::{ARTIFACTS_MAX, check_name};

use crate::output::events::Wanted;

/// A file that a run is to keep.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// What it is to be called; escaped where that is no text.
    pub(super) name: String,
    /// Whether it is called by a text.
    pub(super) is_text: bool,
    /// Where it lies, without links.
    pub(super) path: PathBuf,
}

/// The file that `wanted` names, or the files of that folder, in order of their names.
///
/// A path is relative to the first of `folders` in which there is something of that name. Links may
/// lead about inside the folders, never out of them.
pub(super) fn find(folders: &[PathBuf], wanted: &Wanted) -> Result<Vec<Found>, String> {
    let folders: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .collect();
    let candidates = folders.iter().map(|folder| folder.join(&wanted.path));
    let mut refusal = "there is no such file".to_owned();
    for candidate in candidates {
        match candidate.canonicalize() {
            Ok(path) => {
                let root = folders.iter().find(|folder| path.starts_with(folder));
                let root = root.ok_or("it lies outside of the run's folders")?;
                return files(&folders, root, &path, wanted);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => refusal = format!("it cannot be found: {error}"),
        }
    }
    Err(refusal)
}

/// Opens a file that was found; nothing else, and never through a link.
pub(in crate::executor) fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(file)
}

fn files(
    folders: &[PathBuf],
    root: &Path,
    path: &Path,
    wanted: &Wanted,
) -> Result<Vec<Found>, String> {
    let named = wanted.name.clone();
    let named = named.map(|name| (name, true));
    let (name, is_text) = named.unwrap_or_else(|| name_of(root, path, &wanted.path));
    if path.is_file() {
        let path = path.to_owned();
        return Ok(vec![Found {
            name,
            is_text,
            path,
        }]);
    }
    if !path.is_dir() {
        return Err("it is neither a file nor a folder".to_owned());
    }
    let mut found = Vec::new();
    let prefix = (name.trim_end_matches('/'), is_text);
    collect(folders, path, prefix, &mut found)
        .map_err(|error| format!("the folder cannot be read: {error}"))?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// As the program calls it, where that can be a name; else by its place in the folder.
fn name_of(root: &Path, path: &Path, said: &str) -> (String, bool) {
    let said = said.trim_start_matches("./").trim_end_matches('/');
    if check_name(said).is_ok() {
        return (said.to_owned(), true);
    }
    shown(path.strip_prefix(root).unwrap_or(path).as_os_str())
}

/// A name as text and whether it is one; else escaped, so that no two become the same.
fn shown(name: &OsStr) -> (String, bool) {
    match name.to_str() {
        Some(text) => (text.to_owned(), true),
        None => (name.as_encoded_bytes().escape_ascii().to_string(), false),
    }
}

/// All files below `folder`; one more than are kept is enough to know that there are too many.
fn collect(
    folders: &[PathBuf],
    folder: &Path,
    (prefix, is_prefix_text): (&str, bool),
    found: &mut Vec<Found>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, last) = (entry.file_type()?, entry.file_name());
        let (last, is_last_text) = shown(&last);
        let is_text = is_prefix_text && is_last_text;
        let name = match prefix {
            "" => last,
            prefix => format!("{prefix}/{last}"),
        };
        if found.len() > ARTIFACTS_MAX {
            return Ok(());
        }
        if kind.is_dir() {
            collect(folders, &entry.path(), (&name, is_text), found)?;
        } else if let Ok(path) = entry.path().canonicalize()
            && path.is_file()
            && folders.iter().any(|folder| path.starts_with(folder))
        {
            // A link to a folder is passed over: it may lead round in a circle.
            found.push(Found {
                name,
                is_text,
                path,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::{ffi::OsStrExt as _, fs::symlink};

    use super::*;

    /// A run's folder, a working folder, and a secret beside them.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let at = |path: &str| folder.path().join(path);
            fs::create_dir_all(at("run/plots/deep")).unwrap();
            fs::create_dir_all(at("work")).unwrap();
            for file in [
                "run/model.bin",
                "run/plots/a",
                "run/plots/deep/b",
                "work/w",
                "secret",
            ] {
                fs::write(at(file), file).unwrap();
            }
            symlink(at("secret"), at("run/plots/out")).unwrap();
            symlink(at("secret"), at("run/leak")).unwrap();
            symlink(at("run/model.bin"), at("run/latest")).unwrap();
            symlink(at("run/plots"), at("run/plots/round")).unwrap();
            Self(folder)
        }

        fn find(&self, path: &str, name: Option<&str>) -> Result<Vec<String>, String> {
            let folders = ["run", "work"].map(|folder| self.0.path().join(folder));
            let wanted = Wanted {
                path: path.replace("{}", &self.0.path().to_string_lossy()),
                name: name.map(str::to_owned),
            };
            let found = find(&folders, &wanted)?;
            Ok(found.into_iter().map(|found| found.name).collect())
        }
    }

    fn check(path: &str, name: Option<&str>, expected: Result<&[&str], &str>) {
        let found = Place::new().find(path, name);
        let found = found.as_deref().map_err(String::as_str);
        assert_eq!(
            found.map(<[String]>::to_vec),
            expected.map(|names| { names.iter().map(|name| (*name).to_owned()).collect() }),
            "{path}"
        );
    }

    #[test]
    fn a_file_is_called_as_the_program_calls_it() {
        check("model.bin", None, Ok(&["model.bin"]));
        check("./plots/a", None, Ok(&["plots/a"]));
        check("model.bin", Some("best/model"), Ok(&["best/model"]));
        check("latest", None, Ok(&["latest"]));
        check("plots/../model.bin", None, Ok(&["model.bin"]));
        check("{}/run/model.bin", None, Ok(&["model.bin"]));
        check("w", None, Ok(&["w"]));
    }

    #[test]
    fn a_folder_is_its_files() {
        check("plots", None, Ok(&["plots/a", "plots/deep/b"]));
        check("plots/", Some("p"), Ok(&["p/a", "p/deep/b"]));
    }

    #[test]
    fn names_that_are_no_text_stay_apart() {
        let place = Place::new();
        for name in [b"x\xfe", b"x\xff"] {
            let path = place
                .0
                .path()
                .join("run/plots")
                .join(OsStr::from_bytes(name));
            fs::write(path, "").unwrap();
        }
        let wanted = Wanted {
            path: "plots".to_owned(),
            name: None,
        };
        let found = find(&[place.0.path().join("run")], &wanted).unwrap();
        let not_text = found.iter().filter(|found| !found.is_text);
        let names: Vec<_> = not_text.map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["plots/x\\xfe", "plots/x\\xff"]);
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn nothing_leads_out() {
        let outside = Err("it lies outside of the run's folders");
        check("../secret", None, outside);
        check("{}/secret", None, outside);
        check("leak", Some("mine"), outside);
        check("/etc/passwd", None, outside);
    }

    #[test]
    fn what_is_not_there_is_said() {
        check("nothing", None, Err("there is no such file"));
        check(
            "model.bin/x",
            None,
            Err("it cannot be found: Not a directory (os error 20)"),
        );
    }

    #[test]
    fn only_regular_files_are_opened() {
        let place = Place::new();
        assert!(open(&place.0.path().join("run/model.bin")).is_ok());
        assert!(open(&place.0.path().join("run/leak")).is_err());
        assert!(open(Path::new("/dev/null")).is_err());
    }
}
