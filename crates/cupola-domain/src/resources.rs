//! What a task needs and what a worker offers.

use std::{fmt, str::FromStr};

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
            format!("{} CPU cores", self.cpu_cores),
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

fn gib(bytes: u64) -> String {
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

impl FromStr for Hardware {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|hardware| hardware.as_str() == text)
            .ok_or_else(|| {
                format!("`{text}` is not a hardware profile; say `small`, `medium` or `large`")
            })
    }
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
            }),
            ..laptop()
        };
        let unmet = ["leave to use the network", "leave to read `/data`"];
        assert_eq!(needs.unmet_by(&strict), unmet);
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
