//! Where groups lie; and, where this process may make some, that nothing gets out of one.

use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use super::*;

fn check(mounts: &str, membership: &str, expected: Option<&str>) {
    let found = folder(mounts, membership);
    assert_eq!(found.as_deref(), expected.map(Path::new), "{membership}");
}

const MOUNT: &str =
    "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

#[test]
fn the_group_of_a_process_is_found() {
    let of_service = "0::/user.slice/user@1000.service/app.slice/cupola-worker.service\n";
    let at = "/sys/fs/cgroup/user.slice/user@1000.service/app.slice/cupola-worker.service";
    check(MOUNT, of_service, Some(at));
    let divided = format!("{}/{OWNER}\n", of_service.trim());
    check(MOUNT, &divided, Some(at));
    check(MOUNT, "0::/\n", Some("/sys/fs/cgroup"));
}

#[test]
fn it_is_found_beside_the_first_version_and_in_containers() {
    let both = "31 30 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                40 30 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    check(both, "8:pids:/\n0::/a\n", Some("/sys/fs/cgroup/unified/a"));
    let bound = "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    check(bound, "0::/docker/abc/b\n", Some("/sys/fs/cgroup/b"));
    check(bound, "0::/elsewhere\n", None);
    check("", "0::/a\n", None);
    check(both, "8:pids:/\n", None);
}

#[test]
fn groups_of_runs_are_told_by_their_names() {
    for (name, expected) in [
        ("cupola-run-77-12-3", Some(12)),
        ("cupola-run-77-12-probe", Some(12)),
        ("cupola-run-77-12", None),
        ("cupola-run-78-12-3", None),
        ("cupola-run-12-3", None),
        ("cupola-owner", None),
        ("user.slice", None),
    ] {
        assert_eq!(owner(name, "77"), expected, "{name}");
    }
}

/// A program in a group; its own child has left its session.
#[expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "what is set up only makes a system call, as the forked child must"
)]
fn start(group: &Group) -> io::Result<Child> {
    let door = group.door().as_raw_fd();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "setsid sleep 1000 & echo $!; wait"])
        .stdout(Stdio::piped());
    // SAFETY: it makes one system call.
    unsafe { command.pre_exec(move || enter(door)) };
    command.spawn()
}

/// Where no group can be made there is nothing to be seen; the level of a run says so then.
#[test]
fn all_that_is_in_a_group_ends_with_it() -> io::Result<()> {
    use std::io::{BufRead as _, BufReader};

    let Some(groups) = Groups::of_this_process() else {
        return Ok(());
    };
    let group = groups.make(&Limits {
        memory_bytes: Some(64 << 20),
        processes: Some(10),
        ..Limits::default()
    })?;
    let path = group.path.clone();
    let mut program = start(&group)?;
    let mut line = String::new();
    if let Some(stdout) = program.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let inside = fs::read_to_string(path.join("cgroup.procs"))?;
    let grandchild = line.trim().to_owned();
    assert!(
        inside.lines().any(|pid| pid == grandchild),
        "{inside} {grandchild}"
    );
    if groups.grouping().processes {
        assert_eq!(fs::read_to_string(path.join("pids.max"))?.trim(), "10");
    }
    if groups.grouping().memory {
        let most = fs::read_to_string(path.join("memory.max"))?;
        assert_eq!(most.trim(), (64 << 20).to_string());
    }
    drop(group);
    assert!(!program.wait()?.success());
    // The group goes when the last of it has gone; whoever makes the next one removes it.
    while path.exists() {
        drop(groups.make(&Limits::default())?);
    }
    assert!(!Path::new(&format!("/proc/{grandchild}/exe")).exists());
    Ok(())
}
