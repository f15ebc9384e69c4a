//! From what a program names to the files that are meant: inside the run's own folders only.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use cupola_domain::artifact::{ARTIFACTS_MAX, check_name};

use crate::{
    foreign::{DEPTH_MAX, ENTRIES_MAX},
    output::events::Wanted,
};

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
/// lead about inside the folders, which are named without any themselves, and never out of them.
pub(super) fn find(folders: &[PathBuf], wanted: &Wanted) -> Result<Vec<Found>, String> {
    let candidates = folders.iter().map(|folder| folder.join(&wanted.path));
    let mut refusal = "there is no such file".to_owned();
    for candidate in candidates {
        match candidate.canonicalize() {
            Ok(path) => {
                let root = folders.iter().find(|folder| path.starts_with(folder));
                let root = root.ok_or("it lies outside of the run's folders")?;
                return files(folders, root, &path, wanted);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => refusal = format!("it cannot be found: {error}"),
        }
    }
    Err(refusal)
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
    let mut walk = Walk {
        folders,
        found: Vec::new(),
        entries_left: ENTRIES_MAX,
    };
    let prefix = (name.trim_end_matches('/'), is_text);
    walk.collect(path, prefix, DEPTH_MAX)
        .map_err(|error| format!("the folder cannot be read: {error}"))?;
    let mut found = walk.found;
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

/// A walk through a folder that a program may change.
struct Walk<'a> {
    folders: &'a [PathBuf],
    found: Vec<Found>,
    entries_left: usize,
}

impl Walk<'_> {
    /// All files below `folder`; one more than are kept is enough to know that there are too many.
    fn collect(
        &mut self,
        folder: &Path,
        (prefix, is_prefix_text): (&str, bool),
        depth_left: usize,
    ) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if self.found.len() > ARTIFACTS_MAX {
                return Ok(());
            }
            if self.entries_left == 0 {
                return Err(io::Error::other("it has too much in it"));
            }
            self.entries_left -= 1;
            let (kind, last) = (entry.file_type()?, entry.file_name());
            let (last, is_last_text) = shown(&last);
            let is_text = is_prefix_text && is_last_text;
            let name = match prefix {
                "" => last,
                prefix => format!("{prefix}/{last}"),
            };
            if kind.is_dir() {
                let depth_left = depth_left.checked_sub(1);
                let too_deep = || io::Error::other("its folders lie too deeply in each other");
                let depth_left = depth_left.ok_or_else(too_deep)?;
                self.collect(&entry.path(), (&name, is_text), depth_left)?;
            } else if let Ok(path) = entry.path().canonicalize()
                && path.is_file()
                && self.folders.iter().any(|folder| path.starts_with(folder))
            {
                // A link to a folder is passed over: it may lead round in a circle.
                self.found.push(Found {
                    name,
                    is_text,
                    path,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::{ffi::OsStrExt as _, fs::symlink};

    use super::*;
    use crate::foreign::open_file;

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

    /// What is at `path` when it is opened, after it was found and `exchange` was made in the run's place.
    fn exchanged(path: &str, exchange: impl FnOnce(&Path)) -> io::Result<fs::File> {
        let place = Place::new();
        let root = place.0.path();
        let wanted = Wanted {
            path: path.to_owned(),
            name: None,
        };
        let found = find(&[root.join("run")], &wanted).unwrap();
        exchange(root);
        open_file(&found[0].path)
    }

    #[test]
    fn what_is_exchanged_after_it_was_found_leads_nowhere() {
        assert!(exchanged("model.bin", |_| {}).is_ok());
        let is_refused = |path: &str, exchange: fn(&Path)| exchanged(path, exchange).is_err();
        assert!(is_refused("model.bin", |root| {
            fs::remove_file(root.join("run/model.bin")).unwrap();
            symlink(root.join("secret"), root.join("run/model.bin")).unwrap();
        }));
        assert!(is_refused("plots", |root| {
            fs::create_dir(root.join("owner")).unwrap();
            fs::write(root.join("owner/a"), "secret").unwrap();
            fs::rename(root.join("run/plots"), root.join("run/x")).unwrap();
            symlink(root.join("owner"), root.join("run/plots")).unwrap();
        }));
        assert!(is_refused("plots", |root| {
            fs::rename(root.join("run"), root.join("x")).unwrap();
            symlink(root.join("x"), root.join("run")).unwrap();
        }));
    }

    #[test]
    fn a_run_s_folder_that_was_exchanged_is_no_longer_its_own() {
        let place = Place::new();
        let root = place.0.path();
        let folders = [root.join("run")];
        fs::rename(root.join("run"), root.join("x")).unwrap();
        symlink(root, root.join("run")).unwrap();
        let wanted = Wanted {
            path: "secret".to_owned(),
            name: None,
        };
        let outside = Err("it lies outside of the run's folders".to_owned());
        assert_eq!(find(&folders, &wanted), outside);
    }

    #[test]
    fn a_folder_without_end_is_not_walked_to_it() {
        let place = Place::new();
        let mut deep = place.0.path().join("run/plots");
        for _ in 0..=DEPTH_MAX {
            deep.push("d");
        }
        fs::create_dir_all(deep).unwrap();
        let refused = place.find("plots", None).unwrap_err();
        assert!(refused.contains("too deeply"), "{refused}");
        let wide = place.0.path().join("run/wide");
        for number in 0..=ENTRIES_MAX {
            fs::create_dir_all(wide.join(number.to_string())).unwrap();
        }
        let refused = place.find("wide", None).unwrap_err();
        assert!(refused.contains("too much"), "{refused}");
    }
}
