//! Sockets that lie in the file system: by those of its owner's session and of the system's services a program
//! could have done elsewhere what it may not do itself, and Landlock has no rule for them.

use std::{
    fs,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
};

/// Folders that sessions and services make their sockets in, now and later.
const FOLDERS: [&str; 9] = [
    "/run/containerd",
    "/run/dbus",
    "/run/docker",
    "/run/podman",
    "/run/screen",
    "/run/tmux",
    "/run/user",
    "/tmp/.ICE-unix",
    "/tmp/.X11-unix",
];

/// Sockets that may be somebody else's, as far as the kernel's list knows: it ends at a container's border.
const SHARED: [&str; 3] = [
    "/run/docker.sock",
    "/run/podman/podman.sock",
    "/run/snapd.socket",
];

/// Where the kernel lists those that are bound.
const LIST: &str = "/proc/net/unix";

/// In a line of the list, so many words stand before the path.
const WORDS_BEFORE: usize = 7;

/// The folders that are to be hidden for the sake of what is in them.
pub(super) fn folders() -> Vec<PathBuf> {
    FOLDERS.map(PathBuf::from).into()
}

/// The sockets that are there, by their real paths.
pub(super) fn all() -> Vec<PathBuf> {
    let list = fs::read(LIST).unwrap_or_default();
    let list = String::from_utf8_lossy(&list);
    let named = SHARED.into_iter().chain(bound(&list));
    let mut found: Vec<_> = named.filter_map(|path| there(Path::new(path))).collect();
    found.sort();
    found.dedup();
    found
}

/// The paths of a list of the kernel's. Abstract sockets have none, and relative ones are nowhere.
fn bound(list: &str) -> impl Iterator<Item = &str> {
    let path = |line| {
        let mut rest: &str = line;
        for _ in 0..WORDS_BEFORE {
            rest = rest.trim_start().split_once(' ')?.1;
        }
        Some(rest.trim_start())
    };
    let paths = list.lines().filter_map(path);
    paths.filter(|path| path.starts_with('/'))
}

fn there(path: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    let about = fs::metadata(&real).ok()?;
    about.file_type().is_socket().then_some(real)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_kernel_s_list_is_read() {
        let list = "\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 22001 /run/user/1000/bus
0000000000000000: 00000003 00000000 00000000 0001 03 22002
0000000000000000: 00000002 00000000 00010000 0001 01    93 @/tmp/abstract
0000000000000000: 00000002 00000000 00010000 0001 01    94 relative
0000000000000000: 00000002 00000000 00010000 0005 01    95 /tmp/with a blank
";
        let found: Vec<_> = bound(list).collect();
        assert_eq!(found, ["/run/user/1000/bus", "/tmp/with a blank"]);
    }

    #[test]
    fn what_somebody_listens_on_is_found() {
        let path = std::env::temp_dir().join(format!("cupola-{}.socket", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let found = all();
        let real = path.canonicalize().unwrap();
        drop(listener);
        fs::remove_file(&path).unwrap();
        assert!(found.contains(&real), "{found:?}");
        assert!(!all().contains(&real));
    }
}
