//! Files of the other side, brought here by `rsync` when somebody looks at them.
//!
//! What was fetched is kept, so that the next time only what grew travels, and a transfer that broke
//! off goes on where it was. Names go by its input, which no shell and no pattern sees.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Component, Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use cupola_workspace::source::SourceError;

use crate::{
    dial::{self, Wire},
    words::joined,
};

/// After so long without a byte a transfer is given up.
const SILENCE_SECS: u32 = 60;

/// After so long it is given up however much it brings; the next time it goes on where it was.
const FETCH_LIMIT: Duration = Duration::from_mins(5);

/// Its last words are waited for so long after its end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// So much is kept of what `rsync` says.
const WORDS_BYTES_MAX: u64 = 64 << 10;

/// Deeper folders are not looked into when room is made.
const DEPTH_MAX: usize = 64;

/// Some files could not be read, or vanished meanwhile: the others are here.
const PARTIAL: [i32; 2] = [23, 24];

/// What it says of a file that is larger than it may bring.
const TOO_LARGE: &str = " is over max-size";

/// How files travel: as they are, but for links that lead elsewhere, and so that they can be removed.
const WAY: [&str; 9] = [
    "-a",
    "--chmod=Du+rwx,Fu+rw",
    "--info=skip1",
    "-s",
    "--safe-links",
    "--partial",
    "--inplace",
    "--from0",
    "--files-from=-",
];

/// What is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One file: of a folder of that name nothing.
    File,
    /// A file, or a folder with all that is in it.
    All,
    /// Of a folder the files whose names say that they are `TensorBoard`'s; others may be far larger.
    Events,
}

/// How `rsync` is told to look into folders.
const ALL: [&str; 1] = ["-r"];

/// And to bring of them events alone.
const EVENTS: [&str; 5] = [
    "-r",
    "--include=*/",
    "--include=*tfevents*",
    "--exclude=*",
    "--prune-empty-dirs",
];

/// How it says how much it would bring, and brings nothing.
const MEASURED: [&str; 4] = ["-r", "--dry-run", "--stats", "--info=skip0"];

/// How that line begins.
const TOTAL: &str = "Total file size:";

pub(super) struct Fetcher {
    /// What `rsync` calls for its connection.
    shell: String,
    /// Below it lies what was fetched, as it lies there.
    cache: PathBuf,
    bytes_max: u64,
    /// Set when nobody wants anything any more, which ends what is under way.
    is_closed: Arc<AtomicBool>,
}

/// Writes what `rsync` is to call: `ssh` with its options, to the host, whichever `rsync` names.
pub(super) fn write_script(script: &Path, ssh: &[String], host: &str) -> io::Result<()> {
    let (ssh, host) = (joined(ssh), joined(&[host]));
    let text = format!("shift\nexec {ssh} -o BatchMode=yes -T -- {host} \"$@\"\n");
    fs::write(script, text)
}

impl Fetcher {
    pub(super) fn new(
        script: &Path,
        cache: PathBuf,
        bytes_max: u64,
        is_closed: Arc<AtomicBool>,
    ) -> Self {
        Self {
            is_closed,
            // `rsync` knows quotes in it, but no backslash.
            shell: format!("sh \"{}\"", script.display()),
            cache,
            bytes_max,
        }
    }

    /// Brings `path`, which is below `workspace`, and says where it lies.
    pub(super) fn fetch(
        &self,
        path: &Path,
        workspace: &Path,
        wanted: Wanted,
    ) -> Result<PathBuf, SourceError> {
        let root = self.cache.join(root_of(workspace)?);
        let name = name_below(path, workspace)?;
        make_folder(&root)?;
        if wanted == Wanted::All {
            self.check_size(&name, workspace, &root)?;
        }
        let (code, words) = self.rsync(&name, workspace, &root, wanted.words())?;
        if !is_done(code) {
            return Err(SourceError::Away(explained(code, &words)));
        }
        let is_too_large = words.lines().any(|line| line.ends_with(TOO_LARGE));
        if is_too_large && wanted != Wanted::Events {
            return Err(self.too_large(&name));
        }
        let is_missing = words.contains("No such file or directory") && code != Some(0);
        let local = root.join(&name);
        if wanted == Wanted::Events && !is_missing {
            // A folder without any is not brought, and may have some later.
            make_folder(&local)?;
        }
        let is_brought = |found: fs::Metadata| wanted != Wanted::File || !found.is_dir();
        if is_missing || !local.symlink_metadata().is_ok_and(is_brought) {
            let name = name.display();
            return Err(SourceError::Unknown(format!(
                "there is no `{name}` on the other side"
            )));
        }
        self.make_room(&local);
        Ok(local)
    }

    /// Refuses a folder that is larger than what is kept: none of it would be of use.
    fn check_size(&self, name: &Path, workspace: &Path, root: &Path) -> Result<(), SourceError> {
        let (code, words) = self.rsync(name, workspace, root, &MEASURED)?;
        let total = words.lines().find_map(|line| line.strip_prefix(TOTAL));
        let digits = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        match total.and_then(|text| digits(text).parse::<u64>().ok()) {
            Some(total) if total > self.bytes_max => Err(self.too_large(name)),
            Some(_) if is_done(code) => Ok(()),
            _ => Err(SourceError::Away(explained(code, &words))),
        }
    }

    fn too_large(&self, name: &Path) -> SourceError {
        SourceError::Refused(format!(
            "`{}` is larger than the {} MiB that are kept of the other side's files",
            name.display(),
            self.bytes_max >> 20
        ))
    }

    fn rsync(
        &self,
        name: &Path,
        workspace: &Path,
        root: &Path,
        how: &[&str],
    ) -> Result<(Option<i32>, String), SourceError> {
        let is_wanted = || !self.is_closed.load(Ordering::Relaxed);
        if !is_wanted() {
            return Err(SourceError::Away("the other side was left".to_owned()));
        }
        let mut argv = vec!["rsync".to_owned()];
        argv.extend(WAY.iter().chain(how).map(|word| (*word).to_owned()));
        argv.push(format!("--timeout={SILENCE_SECS}"));
        argv.push(format!("--max-size={}", self.bytes_max));
        argv.extend(["-e".to_owned(), self.shell.clone(), "--".to_owned()]);
        argv.push(format!("far:{}/", workspace.display()));
        argv.push(root.display().to_string());
        let Wire {
            mut output,
            said,
            program,
            ..
        } = dial::start_talking(&argv).map_err(failed)?;
        output
            .write_all(name.as_os_str().as_encoded_bytes())
            .map_err(failed)?;
        drop(output);
        let (to, heard) = mpsc::channel();
        thread::spawn(move || {
            let mut kept = Vec::new();
            // Without what it says nothing is explained, and it is done all the same. What says more
            // than that is not read any further, which ends it.
            let _ = said.take(WORDS_BYTES_MAX).read_to_end(&mut kept);
            let _ = to.send(kept);
        });
        let code = program.and_then(|mut program| program.wait_while(FETCH_LIMIT, is_wanted));
        let words = heard.recv_timeout(LAST_WORDS).unwrap_or_default();
        Ok((code, String::from_utf8_lossy(&words).into_owned()))
    }

    /// Forgets what was fetched longest ago, until what is left fits; never what was just fetched.
    /// What cannot be removed stays: another one that watches the same host may have been faster.
    fn make_room(&self, just: &Path) {
        let mut files = Vec::new();
        files_below(&self.cache, DEPTH_MAX, &mut files);
        let mut total: u64 = files.iter().map(|file| file.bytes).sum();
        files.retain(|file| !file.path.starts_with(just));
        files.sort_by(|a, b| (a.fetched_at, &a.path).cmp(&(b.fetched_at, &b.path)));
        for file in files {
            if total <= self.bytes_max {
                break;
            }
            if fs::remove_file(&file.path).is_ok() {
                total -= file.bytes;
            }
        }
    }
}

impl Wanted {
    /// How `rsync` is told that.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::File => &[],
            Self::All => &ALL,
            Self::Events => &EVENTS,
        }
    }
}

fn is_done(code: Option<i32>) -> bool {
    code.is_some_and(|code| code == 0 || PARTIAL.contains(&code))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what `map_err` calls takes the error"
)]
fn failed(error: io::Error) -> SourceError {
    SourceError::Away(format!("`rsync`: {error}"))
}

fn make_folder(folder: &Path) -> Result<(), SourceError> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(failed)
}

struct Kept {
    path: PathBuf,
    bytes: u64,
    /// When it changed on this machine: its other times are the other machine's.
    fetched_at: (i64, i64),
}

/// What can be seen of them.
fn files_below(folder: &Path, depth: usize, files: &mut Vec<Kept>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if !metadata.is_dir() {
            files.push(Kept {
                path: entry.path(),
                bytes: metadata.len(),
                fetched_at: (metadata.ctime(), metadata.ctime_nsec()),
            });
        } else if depth > 0 {
            files_below(&entry.path(), depth - 1, files);
        }
    }
}

/// Where `workspace`, which is the far side's own word, is kept below the cache: it leads out of it
/// nowhere.
fn root_of(workspace: &Path) -> Result<&Path, SourceError> {
    let is_plain = |root: &&Path| {
        let mut parts = root.components();
        parts.all(|part| matches!(part, Component::Normal(_)))
    };
    let root = workspace.strip_prefix("/").ok().filter(is_plain);
    root.ok_or_else(|| {
        let workspace = workspace.display();
        SourceError::Refused(format!(
            "`{workspace}`, as the far side calls its workspace, is no absolute path of plain names"
        ))
    })
}

/// What `path` is called from `workspace`: only names, so that it stays below.
fn name_below(path: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
    let is_plain = |name: &&Path| {
        let mut parts = name.components();
        !name.as_os_str().is_empty()
            && parts.all(|part| matches!(part, Component::Normal(_)))
            && !name.as_os_str().as_encoded_bytes().contains(&0)
    };
    let name = path.strip_prefix(workspace).ok().filter(is_plain);
    name.map(Path::to_owned).ok_or_else(|| {
        let (path, workspace) = (path.display(), workspace.display());
        SourceError::Refused(format!("`{path}` is not below `{workspace}`"))
    })
}

fn explained(code: Option<i32>, words: &str) -> String {
    if words.contains("rsync: not found") || words.contains("rsync: command not found") {
        return "`rsync` is not installed on the other side".to_owned();
    }
    let last = words.lines().rev().find(|line| !line.trim().is_empty());
    let last = last.unwrap_or("it said nothing").chars();
    let last: String = last.filter(|it| !it.is_control()).collect();
    match code {
        Some(code) => format!("`rsync` ended with code {code}: {last}"),
        None => format!("`rsync` did not end: {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<&str>) {
        let found = name_below(Path::new(path), Path::new("/my ws")).ok();
        assert_eq!(found.as_deref(), expected.map(Path::new), "{path}");
    }

    #[test]
    fn only_what_is_below_the_workspace_is_fetched() {
        check("/my ws/jobs/t/j/t.out", Some("jobs/t/j/t.out"));
        check("/my ws/-a", Some("-a"));
        check("/my ws", None);
        check("/my ws/../etc/passwd", None);
        check("/my ws/jobs/../../etc", None);
        check("/my wsx/a", None);
        check("/etc/passwd", None);
        check("jobs", None);
    }

    #[test]
    fn what_is_fetched_stays_below_the_cache() {
        let check = |workspace: &str, expected: Option<&str>| {
            let found = root_of(Path::new(workspace)).ok();
            assert_eq!(found, expected.map(Path::new), "{workspace}");
        };
        check("/scratch/my ws", Some("scratch/my ws"));
        check("/", Some(""));
        check("/../../../..", None);
        check("/a/../../b", None);
        check("..", None);
        check("a/b", None);
        check("", None);
    }

    #[test]
    fn room_is_made_by_forgetting_what_was_fetched_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().to_owned();
        let fetcher = Fetcher::new(Path::new("/nowhere"), cache.clone(), 25, Arc::default());
        let names = ["a", "b", "c"];
        for name in names {
            fs::create_dir(cache.join(name)).unwrap();
            fs::write(cache.join(name).join("log"), [0; 10]).unwrap();
        }
        fetcher.make_room(&cache.join("c/log"));
        let left = || names.map(|name| cache.join(name).join("log").exists());
        assert_eq!(left(), [false, true, true]);
        fs::write(cache.join("c/log"), [0; 100]).unwrap();
        fetcher.make_room(&cache.join("c/log"));
        assert_eq!(left(), [false, false, true]);
    }
}
