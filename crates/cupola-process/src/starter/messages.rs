//! What the starter is asked and answers, as bytes.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use crate::{
    groups::Grouping,
    sandbox::{Keeping, Limits, Profile, Reach, Support},
};

/// A program that is to be started.
#[derive(Debug)]
pub struct Order<'a> {
    /// The program and its arguments; at least one.
    pub command: &'a [String],
    /// Where it runs.
    pub folder: &'a Path,
    /// All of its environment.
    pub environment: &'a [(OsString, OsString)],
    /// What keeps it to what it may do.
    pub keeping: &'a Keeping,
}

/// The same as the starter knows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) command: Vec<OsString>,
    pub(super) folder: PathBuf,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) keeping: Keeping,
}

/// A program and all that it started are gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) number: u64,
    /// As the system says how it ended.
    pub(super) status: i32,
}

impl Order<'_> {
    pub(super) fn request(&self, number: u64) -> Vec<u8> {
        let mut out = Out::default();
        out.number(number);
        out.list(self.command, |out, word| out.bytes(word.as_bytes()));
        out.path(self.folder);
        out.list(self.environment, |out, (name, value)| {
            out.bytes(name.as_bytes());
            out.bytes(value.as_bytes());
        });
        out.keeping(self.keeping);
        out.0
    }
}

impl Request {
    /// None where it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        Some(Self {
            number: from.number()?,
            command: from.list(In::text)?,
            folder: from.path()?,
            environment: from.list(|from| Some((from.text()?, from.text()?)))?,
            keeping: from.keeping()?,
        })
    }
}

impl Reply {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = Out::default();
        out.number(self.number);
        out.number(u64::from(self.status.cast_unsigned()));
        out.0
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        Some(Self {
            number: from.number()?,
            status: u32::try_from(from.number()?).ok()?.cast_signed(),
        })
    }
}

/// Bytes that are put together: numbers of eight bytes, and texts behind their lengths.
#[derive(Default)]
struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn truth(&mut self, is: bool) {
        self.number(u64::from(is));
    }

    fn optional(&mut self, number: Option<u64>) {
        self.truth(number.is_some());
        self.number(number.unwrap_or(0));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn path(&mut self, path: &Path) {
        self.bytes(path.as_os_str().as_bytes());
    }

    fn list<T>(&mut self, items: &[T], put: impl Fn(&mut Self, &T)) {
        self.number(items.len() as u64);
        for item in items {
            put(self, item);
        }
    }

    fn paths(&mut self, paths: &[PathBuf]) {
        self.list(paths, |out, path| out.path(path));
    }

    fn limits(&mut self, limits: &Limits) {
        self.optional(limits.memory_bytes);
        self.optional(limits.processes);
        self.optional(limits.file_bytes);
        self.optional(limits.open_files);
        self.optional(limits.cores.map(u64::from));
    }

    fn keeping(&mut self, keeping: &Keeping) {
        match keeping {
            Keeping::Nothing => self.number(0),
            Keeping::Limits(limits) => {
                self.number(1);
                self.limits(limits);
            }
            Keeping::Profile {
                profile,
                support,
                folder,
            } => {
                self.number(2);
                self.profile(profile);
                self.support(support);
                self.path(folder);
            }
        }
    }

    fn profile(&mut self, profile: &Profile) {
        let (is_strict, first, second) = match &profile.reach {
            Reach::AllBut { hidden, kept } => (false, hidden, kept),
            Reach::Only { read, write } => (true, read, write),
        };
        self.truth(is_strict);
        self.paths(first);
        self.paths(second);
        self.truth(profile.network);
        self.limits(&profile.limits);
    }

    fn support(&mut self, support: &Support) {
        self.number(u64::from(support.landlock));
        self.truth(support.has_filters);
        self.truth(support.has_namespaces);
        self.truth(support.is_root);
        self.truth(support.groups.is_some());
        let groups = support.groups.unwrap_or_default();
        self.truth(groups.memory);
        self.truth(groups.processes);
    }
}

/// Bytes that are taken apart again.
struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn truth(&mut self) -> Option<bool> {
        self.number().map(|number| number != 0)
    }

    /// One that may be missing.
    fn optional(&mut self, place: &mut Option<u64>) -> Option<()> {
        let (is_there, number) = (self.truth()?, self.number()?);
        *place = is_there.then_some(number);
        Some(())
    }

    fn text(&mut self) -> Option<OsString> {
        let length = usize::try_from(self.number()?).ok()?;
        Some(OsString::from_vec(self.take(length)?.to_vec()))
    }

    fn path(&mut self) -> Option<PathBuf> {
        self.text().map(PathBuf::from)
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn limits(&mut self) -> Option<Limits> {
        let (mut limits, mut cores) = (Limits::default(), None);
        self.optional(&mut limits.memory_bytes)?;
        self.optional(&mut limits.processes)?;
        self.optional(&mut limits.file_bytes)?;
        self.optional(&mut limits.open_files)?;
        self.optional(&mut cores)?;
        limits.cores = cores.map(u32::try_from).transpose().ok()?;
        Some(limits)
    }

    fn keeping(&mut self) -> Option<Keeping> {
        Some(match self.number()? {
            0 => Keeping::Nothing,
            1 => Keeping::Limits(self.limits()?),
            2 => Keeping::Profile {
                profile: self.profile()?,
                support: self.support()?,
                folder: self.path()?,
            },
            _ => return None,
        })
    }

    fn profile(&mut self) -> Option<Profile> {
        let is_strict = self.truth()?;
        let (first, second) = (self.list(In::path)?, self.list(In::path)?);
        Some(Profile {
            reach: if is_strict {
                Reach::Only {
                    read: first,
                    write: second,
                }
            } else {
                Reach::AllBut {
                    hidden: first,
                    kept: second,
                }
            },
            network: self.truth()?,
            limits: self.limits()?,
        })
    }

    fn support(&mut self) -> Option<Support> {
        let support = Support {
            landlock: u32::try_from(self.number()?).ok()?,
            has_filters: self.truth()?,
            has_namespaces: self.truth()?,
            is_root: self.truth()?,
            groups: None,
        };
        let (has_groups, memory, processes) = (self.truth()?, self.truth()?, self.truth()?);
        Some(Support {
            groups: has_groups.then_some(Grouping { memory, processes }),
            ..support
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for comes out as it went in.
    #[track_caller]
    fn check(keeping: &Keeping) {
        let strange = OsString::from_vec(vec![b'a', 0xff, b'=']);
        let environment = [(OsString::from("A"), strange.clone()), (strange, "".into())];
        let order = Order {
            command: &["sh".to_owned(), String::new(), "ü".to_owned()],
            folder: Path::new("/tmp/a b"),
            environment: &environment,
            keeping,
        };
        let bytes = order.request(7);
        let expected = Request {
            number: 7,
            command: order.command.iter().map(OsString::from).collect(),
            folder: order.folder.to_owned(),
            environment: environment.to_vec(),
            keeping: keeping.clone(),
        };
        assert_eq!(Request::read(&bytes), Some(expected));
        for end in 0..bytes.len() {
            assert_eq!(Request::read(&bytes[..end]), None, "{end}");
        }
    }

    #[test]
    fn requests_come_out_as_they_went_in() {
        let limits = Limits {
            memory_bytes: Some(u64::MAX),
            cores: Some(3),
            ..Limits::default()
        };
        check(&Keeping::Nothing);
        check(&Keeping::Limits(limits));
        let support = Support {
            landlock: 6,
            has_filters: true,
            has_namespaces: false,
            is_root: true,
            groups: Some(Grouping {
                memory: false,
                processes: true,
            }),
        };
        for (is_strict, groups) in [(true, support.groups), (false, None)] {
            let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect();
            let mut profile = Profile::bare(is_strict, !is_strict);
            profile.limits = limits;
            match &mut profile.reach {
                Reach::AllBut { hidden, kept } => {
                    (*hidden, *kept) = (paths(&["/a", "/b"]), paths(&[]));
                }
                Reach::Only { read, write } => {
                    (*read, *write) = (paths(&["/c"]), paths(&["/d", "/"]));
                }
            }
            check(&Keeping::Profile {
                profile,
                support: Support { groups, ..support },
                folder: "/run".into(),
            });
        }
    }

    #[test]
    fn replies_come_out_as_they_went_in() {
        for status in [0, 256, 9, -1] {
            let reply = Reply { number: 5, status };
            assert_eq!(Reply::read(&reply.bytes()), Some(reply));
        }
        assert_eq!(Reply::read(b""), None);
        assert_eq!(Request::read(b"nonsense"), None);
    }
}
