//! What a profile comes to on a machine, in words.

use super::{
    Profile, Reach, Support,
    landlock::{WITH_REFER, WITH_SCOPES, WITH_TCP, WITH_TRUNCATE},
};

/// What keeps a program in, and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// `strict` or `relaxed`, as the profile is; `partly strict` or `partly relaxed` when the machine has
    /// not all that this takes.
    pub word: &'static str,
    /// What is kept from the program.
    pub holds: Vec<&'static str>,
    /// What is not, though it is meant to be, and why.
    pub gaps: Vec<&'static str>,
}

/// What becomes of `profile` on a machine with `support`.
pub fn level(profile: &Profile, support: Support) -> Level {
    let (mut holds, mut gaps) = (Vec::new(), Vec::new());
    let mut says = |is_kept: bool, hold: &'static str, gap: &'static str| {
        if is_kept {
            holds.push(hold);
        } else {
            gaps.push(gap);
        }
    };
    let is_strict = profile.is_strict();
    match profile.reach {
        Reach::Only { .. } => strict(support, &mut says),
        Reach::AllBut { .. } => relaxed(support, &mut says),
    }
    if !profile.network {
        says(
            support.has_filters,
            "no network",
            if support.landlock >= WITH_TCP {
                "network but for TCP: the kernel has no filters of system calls"
            } else {
                "network: the kernel has no filters of system calls"
            },
        );
    }
    limits(profile, support, &mut says);
    let word = match (is_strict, gaps.is_empty()) {
        (true, true) => "strict",
        (true, false) => "partly strict",
        (false, true) => "relaxed",
        (false, false) => "partly relaxed",
    };
    Level { word, holds, gaps }
}

impl Support {
    /// What is missing for a strict profile to deserve its name, if anything.
    pub fn lacks_for_strict(self) -> Option<&'static str> {
        match self {
            _ if self.landlock < WITH_TRUNCATE => Some("Landlock of Linux 6.2 or later"),
            _ if !self.has_filters => Some("filters of system calls (seccomp)"),
            _ => None,
        }
    }
}

fn strict(support: Support, says: &mut impl FnMut(bool, &'static str, &'static str)) {
    says(
        support.landlock > 0,
        "reads only its own folder, its code, its interpreter, the system's programs and what it was allowed",
        "files: the kernel has no Landlock",
    );
    if support.landlock > 0 {
        says(
            support.landlock >= WITH_TRUNCATE,
            "writes only to its own folder",
            "cutting off files of others: the kernel's Landlock is older than Linux 6.2",
        );
    }
    says(
        support.landlock > 0,
        "does not look into other processes",
        "other processes of the same user: the kernel has no Landlock",
    );
    says(
        support.landlock >= WITH_SCOPES,
        "sends no signals to other processes",
        "signals to other processes of the same user: the kernel's Landlock is older than Linux 6.12",
    );
    says(
        support.can_hide(),
        "does not reach the sockets of its owner's session and of the system's services",
        if support.landlock < WITH_REFER {
            "sockets in the file system, those of its owner's session among them: the kernel's Landlock is \
             missing or older than Linux 5.19"
        } else {
            "sockets in the file system, those of its owner's session among them: this machine lets this user \
             make no namespaces"
        },
    );
    says(
        support.can_hide(),
        "has shared memory of its own, which goes with it",
        "shared memory of the same user's other programs: what hides sockets would keep it from them",
    );
    says(
        support.has_filters,
        "makes no namespaces, mounts nothing, traces nothing",
        "system calls: the kernel has no filters of them",
    );
}

fn relaxed(support: Support, says: &mut impl FnMut(bool, &'static str, &'static str)) {
    says(
        support.can_hide(),
        "does not see the worker's token, the owner's keys, and the data of a hub that its owner's commands find",
        if support.landlock < WITH_REFER {
            "the hub's data, the worker's token and the owner's keys: the kernel's Landlock is missing or older \
             than Linux 5.19"
        } else {
            "the hub's data, the worker's token and the owner's keys: this machine lets this user make no \
             namespaces"
        },
    );
    says(
        support.landlock >= WITH_SCOPES,
        "sends no signals to other processes",
        "signals to other processes of the same user: the kernel's Landlock is older than Linux 6.12",
    );
    says(
        support.has_filters,
        "changes nothing of the kernel and its keys",
        "system calls: the kernel has no filters of them",
    );
}

fn limits(
    profile: &Profile,
    support: Support,
    says: &mut impl FnMut(bool, &'static str, &'static str),
) {
    let limits = &profile.limits;
    let groups = support.groups.unwrap_or_default();
    if limits.memory_bytes.is_some() {
        says(true, "memory of each process is limited", "");
        if groups.memory {
            says(true, "memory of all processes together is limited", "");
        }
    }
    if limits.cores.is_some() {
        says(true, "the number of cores is limited", "");
    }
    if limits.file_bytes.is_some() {
        says(true, "the length of each file is limited", "");
    }
    if limits.processes.is_some() {
        says(
            groups.processes || !support.is_root,
            "the number of processes is limited",
            "the number of processes: the worker runs as the administrator, whom this limit does not bind \
             without a control group",
        );
    }
    if support.groups.is_some() {
        says(true, "its processes end together, as one control group", "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{groups::Grouping, sandbox::Limits};

    const ALL: Support = Support {
        landlock: 7,
        has_filters: true,
        has_namespaces: true,
        is_root: false,
        groups: None,
    };

    fn profile(is_strict: bool) -> Profile {
        Profile {
            limits: Limits {
                processes: is_strict.then_some(1),
                ..Limits::default()
            },
            ..Profile::bare(is_strict, !is_strict)
        }
    }

    fn check(is_strict: bool, support: Support, word: &str, gaps: &[&str]) {
        let level = level(&profile(is_strict), support);
        assert_eq!(level.word, word, "{support:?}");
        let begins: Vec<_> = level
            .gaps
            .iter()
            .map(|gap| gap.split(':').next().unwrap_or(gap))
            .collect();
        assert_eq!(begins, gaps, "{support:?}");
    }

    #[test]
    fn a_machine_that_has_all_keeps_all() {
        check(true, ALL, "strict", &[]);
        check(false, ALL, "relaxed", &[]);
    }

    #[test]
    fn what_a_machine_lacks_is_said() {
        let with = |change: fn(&mut Support)| {
            let mut support = ALL;
            change(&mut support);
            support
        };
        let root = with(|support| support.is_root = true);
        check(true, root, "partly strict", &["the number of processes"]);
        let grouped = Support {
            groups: Some(Grouping {
                memory: true,
                processes: true,
            }),
            ..root
        };
        check(true, grouped, "strict", &[]);
        check(false, root, "relaxed", &[]);
        let signals = "signals to other processes of the same user";
        let secrets = "the hub's data, the worker's token and the owner's keys";
        let older = with(|support| support.landlock = 5);
        check(true, older, "partly strict", &[signals]);
        check(false, older, "partly relaxed", &[signals]);
        let cutting = "cutting off files of others";
        let oldest = with(|support| support.landlock = 1);
        let sockets = "sockets in the file system, those of its owner's session among them";
        let memory = "shared memory of the same user's other programs";
        check(
            true,
            oldest,
            "partly strict",
            &[cutting, signals, sockets, memory],
        );
        check(false, oldest, "partly relaxed", &[secrets, signals]);
        let processes = "other processes of the same user";
        let none = with(|support| support.landlock = 0);
        let gaps = ["files", processes, signals, sockets, memory];
        check(true, none, "partly strict", &gaps);
        let unfiltered = with(|support| support.has_filters = false);
        let calls = ["system calls", "network but for TCP"];
        check(true, unfiltered, "partly strict", &calls);
        let bare = with(|support| support.has_namespaces = false);
        check(true, bare, "partly strict", &[sockets, memory]);
        check(false, bare, "partly relaxed", &[secrets]);
    }

    #[test]
    fn only_a_machine_that_has_enough_may_be_called_strict() {
        assert_eq!(ALL.lacks_for_strict(), None);
        for (landlock, has_filters) in [(2, true), (0, true), (7, false)] {
            let support = Support {
                landlock,
                has_filters,
                ..ALL
            };
            assert!(support.lacks_for_strict().is_some(), "{support:?}");
        }
    }
}
