//! Where an agent runs: the machine since it was booted, and the folder there. The next start has the same, a
//! copy of the folder or the machine has another.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use cupola_domain::text::hex;
use sha2::{Digest as _, Sha256};

/// Different for each boot.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Different for each installation.
const MACHINE: &str = "/etc/machine-id";

/// So many bytes of the hash tell machines apart.
const BYTES: usize = 16;

/// The place of the agent with this folder. It says nothing about the machine but which it is.
pub(super) fn of(folder: &Path) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    of_parts(&read(BOOT), &read(MACHINE), inode(folder))
}

fn inode(folder: &Path) -> (u64, u64) {
    let found = fs::metadata(folder);
    found.map_or((0, 0), |found| (found.dev(), found.ino()))
}

fn of_parts(boot: &str, machine: &str, (device, inode): (u64, u64)) -> String {
    let mut hash = Sha256::new();
    for part in [boot.trim(), machine.trim()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(device.to_le_bytes());
    hash.update(inode.to_le_bytes());
    hex(&hash.finalize()[..BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_start_has_the_same_place_and_a_copy_another() {
        let place = of_parts("boot\n", "machine", (1, 2));
        assert_eq!(place.len(), 2 * BYTES);
        assert_eq!(of_parts("boot", "machine\n", (1, 2)), place);
        for other in [
            of_parts("other boot", "machine", (1, 2)),
            of_parts("boot", "other machine", (1, 2)),
            of_parts("bootm", "achine", (1, 2)),
            of_parts("boot", "machine", (2, 2)),
            of_parts("boot", "machine", (1, 3)),
        ] {
            assert_ne!(other, place);
        }
    }

    #[test]
    fn a_folder_keeps_its_place() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(of(one.path()), of(one.path()));
        assert_ne!(of(one.path()), of(other.path()));
    }
}
