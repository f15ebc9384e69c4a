//! Which machines compute the same bits as this one.

use cupola_domain::{resources::Capabilities, text::hex};
use sha2::{Digest as _, Sha256};

use crate::settings::Probe;

/// So many bytes of the digest name a class: the fleets of this world are smaller.
const NAME_BYTES: usize = 8;

/// Runs the probe beside everything else. One that cannot be run gives nothing.
pub(crate) async fn probed(probe: Option<Probe>) -> Option<Vec<u8>> {
    tokio::task::spawn_blocking(probe?).await.ok()
}

/// The name of a class: of what the probe gave and of what else computes for programs. What a machine is
/// called and how large it is changes no bit.
pub(crate) fn name(probed: &[u8], found: &Capabilities) -> String {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        digest.update(part);
    };
    add(probed);
    add(found.platform.as_bytes());
    if let Some(python) = &found.python {
        add(python.version.as_bytes());
        add(python.torch.as_deref().unwrap_or_default().as_bytes());
        if python.has_cuda {
            found.gpus.iter().for_each(|gpu| add(gpu.name.as_bytes()));
        }
    }
    hex(&digest.finalize()[..NAME_BYTES])
}

#[cfg(test)]
mod tests {
    use cupola_domain::resources::{Gpu, Python};

    use super::*;

    fn machine() -> Capabilities {
        Capabilities {
            hostname: "one".to_owned(),
            platform: "linux-x86_64".to_owned(),
            cpu_cores: 4,
            gpus: vec![Gpu {
                name: "g".to_owned(),
                memory_bytes: 1,
            }],
            python: Some(Python {
                path: "p".to_owned(),
                version: "3.11.7".to_owned(),
                torch: Some("2.9.0".to_owned()),
                has_cuda: true,
            }),
            ..Capabilities::default()
        }
    }

    fn check(change: impl FnOnce(&mut Capabilities), differs: bool) {
        let mut other = machine();
        change(&mut other);
        assert_eq!(name(b"bits", &machine()) != name(b"bits", &other), differs);
    }

    #[test]
    fn what_computes_makes_the_class() {
        check(|m| m.platform = "linux-aarch64".to_owned(), true);
        check(|m| m.python = None, true);
        let python =
            |m: &mut Capabilities, change: fn(&mut Python)| change(m.python.as_mut().unwrap());
        check(|m| python(m, |p| p.version = "3.12.0".to_owned()), true);
        check(|m| python(m, |p| p.torch = None), true);
        check(|m| m.gpus[0].name = "h".to_owned(), true);
        assert_ne!(name(b"bits", &machine()), name(b"bitz", &machine()));
    }

    #[test]
    fn names_and_sizes_do_not() {
        check(|m| m.hostname = "two".to_owned(), false);
        check(|m| m.cpu_cores = 64, false);
        check(|m| m.gpus[0].memory_bytes = 2, false);
        check(|m| m.disk_bytes = 9, false);
    }

    #[test]
    fn a_name_is_sixteen_digits() {
        let name = name(b"bits", &machine());
        assert_eq!(name.len(), 16);
        assert!(name.chars().all(|c| c.is_ascii_hexdigit()));
    }
}
