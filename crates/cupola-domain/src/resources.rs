//! What a task needs and what a worker offers.

use std::fmt;

use crate::sandbox::{Access, Confinement};

/// One gibibyte.
pub const GIB: u64 = 1 << 30;

/// A graphics processor as its driver names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// The model, for instance `NVIDIA GeForce RTX 3080`.
    pub name: String,
    /// Its own memory; zero when the driver does not say.
    pub memory_bytes: u64,
}

/// The Python that a worker found, by asking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    /// Where it lies on the worker.
    pub path: String,
    /// For instance `3.11.7`.
    pub version: String,
    /// The version of `PyTorch`, when `import torch` succeeds.
    pub torch: Option<String>,
    /// Whether that `PyTorch` sees a CUDA device.
    pub has_cuda: bool,
}

/// What a worker measured of its own machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// The machine's name.
    pub hostname: String,
    /// Operating system and processor, for instance `linux-x86_64`.
    pub platform: String,
    /// The processor's model.
    pub cpu_model: String,
    /// Cores that a program may use.
    pub cpu_cores: u32,
    /// Main memory.
    pub memory_bytes: u64,
    /// Free space where runs are kept.
    pub disk_bytes: u64,
    /// Graphics processors.
    pub gpus: Vec<Gpu>,
    /// Python, when there is one.
    pub python: Option<Python>,
    /// What its programs are kept to; `None` when the worker is older than that question.
    pub confinement: Option<Confinement>,
    /// Machines of one class compute the same bits; `None` when its worker did not look.
    pub device_class: Option<String>,
}

/// As long as the names are that the probe gives device classes, in hexadecimal digits.
const CLASS_DIGITS: usize = 16;

impl Capabilities {
    /// The device class that the probe found. A name that no probe gives is none: whoever makes one up would
    /// keep an experiment to a class of their own.
    pub fn class(&self) -> Option<&str> {
        let class = self.device_class.as_deref();
        class.filter(|name| {
            name.len() == CLASS_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }

    /// What is left of the machine while it runs something with these needs.
    #[must_use]
    pub fn without(mut self, needs: &Needs) -> Self {
        self.cpu_cores = self.cpu_cores.saturating_sub(needs.cpu_cores);
        self.memory_bytes = self.memory_bytes.saturating_sub(needs.memory_bytes);
        // The least that do, so that the largest are left for who needs them.
        self.gpus.sort_by_key(|gpu| gpu.memory_bytes);
        for _ in 0..needs.gpus {
            let mut gpus = self.gpus.iter();
            let Some(at) = gpus.position(|gpu| gpu.memory_bytes >= needs.gpu_memory_bytes) else {
                break;
            };
            self.gpus.remove(at);
        }
        self
    }
}

/// What a task cannot do without.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Needs {
    /// Cores at least.
    pub cpu_cores: u32,
    /// Main memory at least.
    pub memory_bytes: u64,
    /// Free disk at least.
    pub disk_bytes: u64,
    /// Graphics processors at least.
    pub gpus: u32,
    /// Memory of each of them at least.
    pub gpu_memory_bytes: u64,
    /// Whether the command calls Python.
    pub python: bool,
    /// Whether the program imports `PyTorch`.
    pub torch: bool,
    /// Whether that `PyTorch` must see a CUDA device.
    pub cuda: bool,
    /// What the program must be let have beyond its own folder.
    pub access: Access,
}

impl Needs {
    /// How much memory a task is promised: what it asks for, and as much as the smallest class of machine has
    /// where it asks for less or for nothing.
    pub fn promised_memory(&self) -> u64 {
        self.memory_bytes.max(Hardware::Small.needs().memory_bytes)
    }

    /// What `offer` lacks, in words; empty when the task may run there.
    pub fn unmet_by(&self, offer: &Capabilities) -> Vec<String> {
        let mut unmet = Vec::new();
        let mut require = |met: bool, word: String| {
            if !met {
                unmet.push(word);
            }
        };
        let python = offer.python.as_ref();
        let gpus_large_enough = offer
            .gpus
            .iter()
            .filter(|gpu| gpu.memory_bytes >= self.gpu_memory_bytes)
            .count();
        require(
            offer.cpu_cores >= self.cpu_cores,
            match self.cpu_cores {
                1 => "1 CPU core".to_owned(),
                cores => format!("{cores} CPU cores"),
            },
        );
        require(
            offer.memory_bytes >= self.memory_bytes,
            format!("{} memory", gib(self.memory_bytes)),
        );
        require(
            offer.disk_bytes >= self.disk_bytes,
            format!("{} free disk", gib(self.disk_bytes)),
        );
        require(
            gpus_large_enough >= self.gpus as usize,
            format!("{} GPU with {}", self.gpus, gib(self.gpu_memory_bytes)),
        );
        require(!self.python || python.is_some(), "Python".to_owned());
        require(
            !self.torch || python.is_some_and(|p| p.torch.is_some()),
            "PyTorch".to_owned(),
        );
        require(
            !self.cuda || python.is_some_and(|p| p.has_cuda),
            "CUDA".to_owned(),
        );
        if let Some(confinement) = &offer.confinement {
            unmet.extend(self.access.refused_by(confinement));
        }
        unmet
    }

    /// How much of a machine it takes, to tell the larger from the smaller.
    pub fn size(&self) -> (u32, u64, u32) {
        (self.gpus, self.memory_bytes, self.cpu_cores)
    }

    /// Both at once: the larger of each.
    #[must_use]
    pub fn and(&self, other: &Needs) -> Needs {
        Needs {
            cpu_cores: self.cpu_cores.max(other.cpu_cores),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            disk_bytes: self.disk_bytes.max(other.disk_bytes),
            gpus: self.gpus.max(other.gpus),
            gpu_memory_bytes: self.gpu_memory_bytes.max(other.gpu_memory_bytes),
            python: self.python || other.python,
            torch: self.torch || other.torch,
            cuda: self.cuda || other.cuda,
            access: self.access.and(&other.access),
        }
    }

    /// What the program is let have: what it asks for, with the devices that it cannot do without.
    pub fn granted(&self) -> Access {
        Access {
            gpu: self.access.gpu || self.gpus > 0 || self.cuda,
            ..self.access.clone()
        }
    }
}

/// An amount of memory as people read it: `1.5 GiB`; what is less than half of one in MiB.
pub fn gib(bytes: u64) -> String {
    if (1..GIB / 2).contains(&bytes) {
        return format!("{} MiB", bytes >> 20);
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let gib = bytes as f64 / GIB as f64;
    format!("{gib:.1} GiB")
}

/// A class of machine that a brief may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hardware {
    /// Any machine: 1 core, 1 GiB.
    Small,
    /// A workstation: 2 cores, 4 GiB.
    Medium,
    /// A server with a GPU: 8 cores, 16 GiB, 8 GiB of GPU memory.
    Large,
}

impl Hardware {
    /// Smallest first.
    pub const ALL: [Hardware; 3] = [Hardware::Small, Hardware::Medium, Hardware::Large];

    /// The least that a machine of the class has.
    pub fn needs(self) -> Needs {
        let (cpu_cores, memory, gpus, gpu_memory) = match self {
            Hardware::Small => (1, 1, 0, 0),
            Hardware::Medium => (2, 4, 0, 0),
            Hardware::Large => (8, 16, 1, 8),
        };
        Needs {
            cpu_cores,
            memory_bytes: memory * GIB,
            gpus,
            gpu_memory_bytes: gpu_memory * GIB,
            ..Needs::default()
        }
    }

    /// The word in forms and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Hardware::Small => "small",
            Hardware::Medium => "medium",
            Hardware::Large => "large",
        }
    }
}

impl fmt::Display for Hardware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A class of machine by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What briefs, files and forms call it.
    pub name: String,
    /// The least that a machine of the class has.
    pub needs: Needs,
}

/// The classes of machine that may be asked for: `small`, `medium` and `large`, and those that a hub's
/// configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles(Vec<Profile>);

impl Default for Profiles {
    fn default() -> Self {
        let of = |hardware: Hardware| Profile {
            name: hardware.as_str().to_owned(),
            needs: hardware.needs(),
        };
        Self(Hardware::ALL.map(of).into())
    }
}

impl Profiles {
    /// Adds one, behind those that are there; refuses a name that is taken or no name.
    pub fn add(&mut self, name: &str, needs: Needs) -> Result<(), String> {
        if !is_profile_name(name) {
            return Err(
                "is not a name; use up to 40 lower-case letters, digits, `-` and `_`".into(),
            );
        }
        if self.find(name).is_ok() {
            return Err("is there already; choose another name".to_owned());
        }
        let name = name.to_owned();
        self.0.push(Profile { name, needs });
        Ok(())
    }

    /// The class called so, or which there are.
    pub fn find(&self, name: &str) -> Result<&Profile, String> {
        let mut all = self.0.iter();
        all.find(|profile| profile.name == name).ok_or_else(|| {
            let names: Vec<_> = self.iter().map(|one| format!("`{}`", one.name)).collect();
            let (last, others) = names.split_last().expect("some are built in");
            let others = others.join(", ");
            format!("`{name}` is not a hardware profile; say {others} or {last}")
        })
    }

    /// All of them, the built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.iter()
    }
}

/// Whether a class of machine may be called so.
pub fn is_profile_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    (1..=40).contains(&name.len()) && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laptop() -> Capabilities {
        Capabilities {
            cpu_cores: 4,
            memory_bytes: 8 * GIB,
            ..Capabilities::default()
        }
    }

    fn check(needs: Needs, unmet: &[&str]) {
        assert_eq!(needs.unmet_by(&laptop()), unmet);
    }

    #[test]
    fn what_fits_has_nothing_unmet() {
        check(Needs::default(), &[]);
        check(Hardware::Medium.needs(), &[]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check(
            Hardware::Large.needs(),
            &["8 CPU cores", "16.0 GiB memory", "1 GPU with 8.0 GiB"],
        );
        check(
            Needs {
                torch: true,
                python: true,
                ..Needs::default()
            },
            &["Python", "PyTorch"],
        );
    }

    #[test]
    fn what_runs_leaves_the_rest() {
        let gpu = |gib: u64| Gpu {
            name: format!("{gib}"),
            memory_bytes: gib * GIB,
        };
        let machine = Capabilities {
            cpu_cores: 16,
            memory_bytes: 64 * GIB,
            gpus: vec![gpu(40), gpu(8)],
            ..Capabilities::default()
        };
        let large = Hardware::Large.needs();
        let left = machine.without(&large);
        assert_eq!((left.cpu_cores, left.memory_bytes / GIB), (8, 48));
        assert_eq!(left.gpus, [gpu(40)]);
        assert!(large.unmet_by(&left).is_empty());
        let left = left.without(&large).without(&large);
        assert_eq!((left.cpu_cores, left.gpus.len()), (0, 0));
        assert!(!large.unmet_by(&left).is_empty());
    }

    #[test]
    fn what_an_owner_does_not_allow_is_a_need_that_is_not_met() {
        let needs = Needs {
            access: Access {
                network: true,
                gpu: false,
                reads: vec!["/data".to_owned()],
            },
            ..Needs::default()
        };
        // A worker that is older than the question keeps its programs to nothing.
        check(needs.clone(), &[]);
        let strict = Capabilities {
            confinement: Some(Confinement {
                level: "strict".to_owned(),
                network: false,
                reads: Vec::new(),
                memory_bytes: None,
            }),
            ..laptop()
        };
        let unmet = ["leave to use the network", "leave to read `/data`"];
        assert_eq!(needs.unmet_by(&strict), unmet);
    }

    #[test]
    fn profiles_are_found_by_their_names() {
        let mut profiles = Profiles::default();
        let unknown = profiles.find("huge").unwrap_err();
        let known = "say `small`, `medium` or `large`";
        assert_eq!(
            unknown,
            format!("`huge` is not a hardware profile; {known}")
        );
        assert!(profiles.add("huge", Needs::default()).is_ok());
        assert_eq!(profiles.find("huge").unwrap().needs, Needs::default());
        let unknown = profiles.find("").unwrap_err();
        assert!(unknown.ends_with("say `small`, `medium`, `large` or `huge`"));
        for wrong in ["small", "huge", "", "Two Words", "x/y"] {
            assert!(profiles.add(wrong, Needs::default()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_asks_for_nothing_is_promised_some_memory() {
        let check = |needs: Needs, gib: u64| assert_eq!(needs.promised_memory(), gib * GIB);
        check(Needs::default(), 1);
        check(Hardware::Small.needs(), 1);
        check(Hardware::Medium.needs(), 4);
    }

    #[test]
    fn who_needs_a_device_is_let_have_it() {
        let check = |needs: Needs, expected: bool| assert_eq!(needs.granted().gpu, expected);
        check(Needs::default(), false);
        check(Hardware::Large.needs(), true);
        check(
            Needs {
                cuda: true,
                ..Needs::default()
            },
            true,
        );
    }
}
