//! `[hardware.NAME]`: classes of machine that briefs and experiment files may ask for by name.

use std::collections::BTreeMap;

use cupola_domain::resources::{GIB, Needs, Profiles};
use serde::Deserialize;

/// More than any machine has, of memory in GiB.
const GIGABYTES_MAX: f64 = 1_048_576.0;

/// As they stand in the file.
pub(super) type Section = BTreeMap<String, Profile>;

/// What a machine of the class has at least.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Profile {
    cpu_cores: u32,
    memory_gb: f64,
    disk_gb: f64,
    gpus: u32,
    gpu_memory_gb: f64,
    python: bool,
    torch: bool,
    cuda: bool,
}

/// The built-in classes and these, or what is wrong, a line for each.
pub(super) fn read(section: Section) -> anyhow::Result<Profiles> {
    let (mut profiles, mut wrong) = (Profiles::default(), Vec::new());
    for (name, profile) in section {
        let added = profile
            .needs()
            .map_err(|(key, message)| format!("`hardware.{name}.{key}`: {message}"))
            .and_then(|needs| {
                let added = profiles.add(&name, needs);
                added.map_err(|message| format!("`hardware.{name}`: {message}"))
            });
        wrong.extend(added.err());
    }
    if wrong.is_empty() {
        return Ok(profiles);
    }
    Err(anyhow::anyhow!("{}", wrong.join("\n")))
}

impl Profile {
    fn needs(&self) -> Result<Needs, (&'static str, String)> {
        Ok(Needs {
            cpu_cores: self.cpu_cores,
            memory_bytes: bytes("memory_gb", self.memory_gb)?,
            disk_bytes: bytes("disk_gb", self.disk_gb)?,
            gpus: self.gpus,
            gpu_memory_bytes: bytes("gpu_memory_gb", self.gpu_memory_gb)?,
            python: self.python || self.torch || self.cuda,
            torch: self.torch || self.cuda,
            cuda: self.cuda,
            ..Needs::default()
        })
    }
}

fn bytes(key: &'static str, gigabytes: f64) -> Result<u64, (&'static str, String)> {
    if !(0.0..=GIGABYTES_MAX).contains(&gigabytes) {
        let message = format!("is {gigabytes}; choose a number from 0 to {GIGABYTES_MAX}");
        return Err((key, message));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "in range, and the nearest whole number of bytes is meant"
    )]
    Ok((gigabytes * GIB as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let section: Section = toml::from_str(text).unwrap();
        let found = match read(section) {
            Ok(profiles) => {
                let last = profiles.iter().last().unwrap();
                let needs = &last.needs;
                format!(
                    "{} {} {} {} {}",
                    last.name,
                    needs.cpu_cores,
                    needs.memory_bytes / GIB,
                    needs.gpus,
                    needs.torch
                )
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn named_classes_stand_behind_the_built_in_ones() {
        check("", "large 8 16 1 false");
        check(
            "[a100]\ncpu_cores = 16\nmemory_gb = 64\ngpus = 2\ngpu_memory_gb = 40\ncuda = true",
            "a100 16 64 2 true",
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "[small]\ncpu_cores = 1",
            "`hardware.small`: is there already; choose another name",
        );
        check(
            "[big]\nmemory_gb = -1\n[Big]\n",
            "`hardware.Big`: is not a name; use up to 40 lower-case letters, digits, `-` and `_`\n\
             `hardware.big.memory_gb`: is -1; choose a number from 0 to 1048576",
        );
    }
}
