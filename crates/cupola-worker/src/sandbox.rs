//! What keeps the programs of this worker in: what its owner says, what a run asks for, and what this
//! machine can do, put together.

mod paths;
mod policy;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_domain::sandbox::Confinement;
use cupola_process::{
    groups::{Group, Groups},
    sandbox::{Keeping, Level, Limits, Profile, Reach, Support, level},
};
use cupola_protocol::work::AccessBody;
use serde_json::{Value, json};

pub use policy::{Mode, Network, Sandbox};

use crate::{
    WorkerError,
    executor::{bundles_folder, runs_folder},
    hardware::disk_space,
    limits,
};
use paths::Owner;

/// Processes and threads that a program of strangers may have.
const PROCESSES: u64 = 4_096;

/// Files that each process of strangers may have open.
const OPEN_FILES: u64 = 65_536;

/// However full the disk, a file may get so long.
const FILE_BYTES_MIN: u64 = 1 << 30;

/// The part of the free disk that one file may take.
const DISK_PART: u64 = 2;

/// Where an owner's keys lie, below the home.
const KEYS: [&str; 6] = [
    ".ssh",
    ".gnupg",
    ".password-store",
    ".local/share/keyrings",
    ".config/cupola",
    ".pki",
];

/// By these, libraries take graphics processors for absent.
const HIDES_GPUS: [&str; 3] = [
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
];

/// How the programs of one worker are kept in.
#[derive(Debug)]
pub(crate) struct Keeper {
    policy: Sandbox,
    support: Support,
    /// Where its runs have control groups, if they can.
    groups: Option<Arc<Groups>>,
    owner: Owner,
    state_dir: PathBuf,
    /// How much the machine has; zero as long as that is not known.
    memory_bytes: u64,
    /// What its owner says that programs may take.
    given: Given,
}

/// What an owner lets programs take.
#[derive(Debug, Clone, Copy, Default)]
struct Given {
    cores: Option<u32>,
    memory_bytes: Option<u64>,
    hides_gpus: bool,
}

/// One run, as far as it matters to what keeps it in.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// The run's own folder.
    pub(crate) folder: &'a Path,
    /// Where its program starts.
    pub(crate) working_folder: &'a Path,
    /// Its unpacked bundle.
    pub(crate) code: Option<&'a Path>,
    /// Its program and arguments.
    pub(crate) command: &'a [String],
    /// What it asks for.
    pub(crate) access: &'a AccessBody,
}

/// What keeps one run in.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    profile: Option<Profile>,
    /// What holds where nothing else does.
    limits: Limits,
    support: Support,
    groups: Option<Arc<Groups>>,
    working_folder: PathBuf,
}

impl Keeper {
    /// Looks at what this machine can do. An owner who requires a sandbox has none of a worker without.
    pub(crate) fn new(
        policy: &Sandbox,
        state_dir: &Path,
        variables: &[(OsString, OsString)],
        known: Vec<PathBuf>,
    ) -> Result<Self, WorkerError> {
        let groups = (policy.mode != Mode::Off)
            .then(Groups::of_this_process)
            .flatten();
        let support = Support {
            groups: groups.as_ref().map(Groups::grouping),
            ..Support::probe()
        };
        if let (Mode::Require, Some(lacking)) = (policy.mode, support.lacks_for_strict()) {
            return Err(WorkerError::Sandbox(lacking));
        }
        let state_dir = state_dir
            .canonicalize()
            .unwrap_or_else(|_| state_dir.to_owned());
        let private = policy.private.iter().chain([&state_dir]).cloned();
        Ok(Self {
            owner: Owner::new(variables, known, private.collect()),
            policy: Sandbox {
                read: policy.read.iter().map(|path| rooted(path)).collect(),
                ..policy.clone()
            },
            support,
            groups: groups.map(Arc::new),
            state_dir,
            memory_bytes: 0,
            given: Given::default(),
        })
    }

    /// What the hub is told of it, so that nothing is offered that cannot be run here.
    pub(crate) fn confinement(&self) -> Confinement {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let reads: Vec<_> = if self.policy.mode.is_strict() {
            self.policy.read.iter().map(text).collect()
        } else {
            vec!["/".to_owned()]
        };
        let asking = Some(self.profile_of_nothing());
        let asking = asking.filter(|_| self.policy.mode != Mode::Off);
        let word = asking.map_or("none", |profile| level(&profile, self.support).word);
        Confinement {
            level: word.to_owned(),
            network: self.policy.mode == Mode::Off || self.policy.network() != Network::Never,
            reads,
            memory_bytes: self.given.memory_bytes.filter(|given| {
                let has = self.memory_bytes;
                has == 0 || *given < has
            }),
        }
    }

    /// How much memory the machine has, once that is known.
    pub(crate) fn with_memory(mut self, memory_bytes: u64) -> Self {
        self.memory_bytes = memory_bytes;
        self
    }

    /// What of the machine its owner lets programs take.
    pub(crate) fn within(mut self, limits: &limits::Limits) -> Self {
        self.given = Given {
            cores: limits.cores,
            memory_bytes: limits.memory_bytes,
            hides_gpus: limits.hides_gpus,
        };
        self
    }

    /// What keeps a run in; an error says why it may not be run here as it is.
    pub(crate) fn keep(&self, subject: &Subject<'_>) -> Result<Kept, String> {
        let profile = match self.policy.mode {
            Mode::Off => None,
            Mode::Relaxed => Some(self.relaxed(subject)),
            Mode::Best | Mode::Require => Some(self.strict(subject)?),
        };
        Ok(Kept {
            profile,
            limits: self.given(),
            support: self.support,
            groups: self.groups.clone(),
            working_folder: subject.working_folder.to_owned(),
        })
    }

    /// Variables by which graphics processors are hidden where the owner says so; and of a run that is kept in
    /// strictly: its temporary files lie in its own folder, and of the sockets of its owner's session it is
    /// not told.
    pub(crate) fn change_variables(
        &self,
        folder: &Path,
        variables: &mut Vec<(OsString, OsString)>,
    ) {
        if self.given.hides_gpus {
            let hidden = HIDES_GPUS.map(|name| (name.into(), "-1".into()));
            variables.extend(hidden);
        }
        if self.policy.mode.is_strict() {
            variables.retain(|(name, _)| name != "XDG_RUNTIME_DIR" && name != "TMPDIR");
            variables.push(("TMPDIR".into(), temporary(folder).into()));
        }
    }

    /// Whether the programs are those of strangers.
    pub(crate) fn is_strict(&self) -> bool {
        self.policy.mode.is_strict()
    }

    /// Removes the temporary files of a run that is over, where they lie in its own folder.
    pub(crate) async fn clear(&self, folder: &Path) {
        if self.policy.mode.is_strict() {
            // What cannot be removed is in nobody's way.
            let _ = tokio::fs::remove_dir_all(temporary(folder)).await;
        }
    }

    fn relaxed(&self, subject: &Subject<'_>) -> Profile {
        let keys = self
            .owner
            .home
            .iter()
            .flat_map(|home| KEYS.map(|key| home.join(key)));
        let private = self.policy.private.iter().cloned();
        let is_it = |path: &PathBuf, open: &PathBuf| self.owner.expanded(open) == *path;
        let may_read = |path: &PathBuf| !self.policy.read.iter().any(|open| is_it(path, open));
        let hidden = keys
            .filter(may_read)
            .chain(private)
            .chain([self.state_dir.clone()]);
        let kept = [
            runs_folder(&self.state_dir),
            bundles_folder(&self.state_dir),
        ];
        Profile {
            reach: Reach::AllBut {
                hidden: hidden.collect(),
                kept: kept.into(),
            },
            network: self.network(subject.access),
            limits: self.given(),
        }
    }

    fn strict(&self, subject: &Subject<'_>) -> Result<Profile, String> {
        let sees_gpus = subject.access.gpu && !self.given.hides_gpus;
        let mut read = self.owner.reads_of(subject.command, sees_gpus);
        read.extend(subject.code.map(Path::to_owned));
        for asked in &subject.access.reads {
            read.push(self.allowed(asked)?);
        }
        if subject.working_folder != subject.folder {
            read.push(self.allowed(&subject.working_folder.to_string_lossy())?);
        }
        let temporary = temporary(subject.folder);
        std::fs::create_dir_all(&temporary)
            .map_err(|error| format!("`{}` cannot be made: {error}", temporary.display()))?;
        Ok(Profile {
            reach: Reach::Only {
                read,
                write: vec![subject.folder.to_owned()],
            },
            network: self.network(subject.access),
            limits: self.limits(),
        })
    }

    /// The real path of something that a run asks to read, if its owner lets it.
    fn allowed(&self, asked: &str) -> Result<PathBuf, String> {
        let refused = || format!("the owner of this worker lets no program read `{asked}`");
        let real = |path: &Path| self.owner.expanded(path).canonicalize();
        let path = real(Path::new(asked))
            .map_err(|error| format!("this worker cannot find `{asked}` to read it: {error}"))?;
        let mut open = self
            .policy
            .read
            .iter()
            .filter_map(|folder| real(folder).ok());
        if open.any(|folder| path.starts_with(folder)) {
            Ok(path)
        } else {
            Err(refused())
        }
    }

    fn network(&self, access: &AccessBody) -> bool {
        match self.policy.network() {
            Network::Never => false,
            Network::Ask => access.network,
            Network::Always => true,
        }
    }

    fn limits(&self) -> Limits {
        let free = disk_space(&self.state_dir).map(|(_, free)| free / DISK_PART);
        let has = Some(self.memory_bytes).filter(|bytes| *bytes > 0);
        let given = self.given();
        Limits {
            memory_bytes: has.into_iter().chain(given.memory_bytes).min(),
            cores: given.cores,
            processes: Some(PROCESSES),
            file_bytes: free.map(|free| free.max(FILE_BYTES_MIN)),
            open_files: Some(OPEN_FILES),
        }
    }

    /// What its owner lets a program take, whatever else holds.
    fn given(&self) -> Limits {
        Limits {
            cores: self.given.cores,
            memory_bytes: self.given.memory_bytes,
            ..Limits::default()
        }
    }

    /// What a run that asks for nothing is kept to, as far as words need it.
    fn profile_of_nothing(&self) -> Profile {
        let network = self.network(&AccessBody::default());
        if self.policy.mode.is_strict() {
            return Profile {
                reach: Reach::Only {
                    read: Vec::new(),
                    write: Vec::new(),
                },
                network,
                limits: self.limits(),
            };
        }
        Profile {
            reach: Reach::AllBut {
                hidden: Vec::new(),
                kept: Vec::new(),
            },
            network,
            limits: self.given(),
        }
    }
}

impl Kept {
    /// All that is needed to bring it about: the group must be there as long as the program.
    pub(crate) fn keeping(&self) -> std::io::Result<(Keeping, Option<Group>)> {
        let Some(profile) = &self.profile else {
            let is_free = self.limits == Limits::default();
            let limits = || Keeping::Limits(self.limits);
            let keeping = if is_free { Keeping::Nothing } else { limits() };
            return Ok((keeping, None));
        };
        let groups = self.groups.as_ref();
        let group = groups.map(|groups| groups.make(&profile.limits));
        let keeping = Keeping::Profile {
            profile: profile.clone(),
            support: self.support,
            folder: self.working_folder.clone(),
        };
        Ok((keeping, group.transpose()?))
    }

    /// It in words, for the run's record.
    pub(crate) fn described(&self) -> Value {
        match &self.profile {
            None => {
                json!({"level": "none", "holds": [], "gaps": ["everything: the owner turned it off"]})
            }
            Some(profile) => {
                let Level { word, holds, gaps } = level(profile, self.support);
                json!({
                    "level": word,
                    "holds": holds,
                    "gaps": gaps,
                    "network": profile.network,
                    "landlock": self.support.landlock,
                })
            }
        }
    }
}

/// The same path from wherever it is looked at, by the hub too.
fn rooted(path: &Path) -> PathBuf {
    if path.starts_with("~") {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Where the temporary files of a run lie that is kept in strictly.
fn temporary(folder: &Path) -> PathBuf {
    folder.join("tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_owner_opens_is_named_from_the_root() {
        let here = std::env::current_dir().unwrap();
        for (named, expected) in [
            ("data", here.join("data")),
            ("/data", PathBuf::from("/data")),
            ("~/data", PathBuf::from("~/data")),
        ] {
            assert_eq!(rooted(Path::new(named)), expected);
        }
    }
}
