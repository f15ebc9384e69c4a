//! The filter, gone through as the kernel does.

use super::*;

const HERE: u32 = match machine::ARCHITECTURE {
    Some(architecture) => architecture,
    None => 0,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Allowed,
    Refused(libc::c_int),
}

use Answer::{Allowed, Refused};

const NO: Answer = Refused(libc::EPERM);

/// What becomes of a call with this number and first argument.
fn run(filter: &[libc::sock_filter], architecture: u32, number: u32, first: u32) -> Answer {
    let (mut at, mut word) = (0, 0);
    loop {
        let step = filter[at];
        let skipped = match step.code {
            LOAD => {
                word = match step.k {
                    NUMBER_AT => number,
                    ARCHITECTURE_AT => architecture,
                    FIRST_ARGUMENT_AT => first,
                    other => panic!("nothing is known at {other}"),
                };
                0
            }
            IS_EQUAL if word == step.k => step.jt,
            IS_AT_LEAST if word >= step.k => step.jt,
            HAS_BIT if word & step.k != 0 => step.jt,
            IS_EQUAL | IS_AT_LEAST | HAS_BIT => step.jf,
            RETURN if step.k == ALLOWED => return Allowed,
            RETURN => {
                assert_eq!(step.k & 0xFFFF_0000, REFUSED);
                let errno = i32::try_from(step.k & 0xFFFF);
                return Refused(errno.expect("it has 16 bits"));
            }
            other => panic!("nobody knows the instruction {other:#x}"),
        };
        at += 1 + usize::from(skipped);
    }
}

/// What becomes of a call when it is made by a stranger's program, and by one of the owner's own.
fn check(call: libc::c_long, first: libc::c_int, strict: Answer, relaxed: Answer) {
    for network in [false, true] {
        let answer = |is_strict| {
            let filter = filter(&Profile::bare(is_strict, network));
            run(&filter, HERE, number(call), first.cast_unsigned())
        };
        let found = (answer(true), answer(false));
        assert_eq!(found, (strict, relaxed), "{call}, {first:#x}, {network}");
    }
}

#[test]
fn what_changes_the_machine_or_its_kernel_is_refused_to_all() {
    for call in [
        libc::SYS_add_key,
        libc::SYS_bpf,
        libc::SYS_clock_settime,
        libc::SYS_delete_module,
        libc::SYS_finit_module,
        libc::SYS_init_module,
        libc::SYS_kexec_file_load,
        libc::SYS_kexec_load,
        libc::SYS_keyctl,
        libc::SYS_open_by_handle_at,
        libc::SYS_reboot,
        libc::SYS_request_key,
        libc::SYS_swapon,
        libc::SYS_syslog,
    ] {
        check(call, 0, NO, NO);
    }
    #[cfg(target_arch = "x86_64")]
    for call in [libc::SYS_ioperm, libc::SYS_iopl, libc::SYS_modify_ldt] {
        check(call, 0, NO, NO);
    }
}

#[test]
fn what_reaches_other_processes_or_makes_worlds_is_refused_to_strangers() {
    for call in [
        libc::SYS_chroot,
        libc::SYS_fsopen,
        libc::SYS_ioprio_set,
        libc::SYS_kcmp,
        libc::SYS_mount,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_perf_event_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pivot_root,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_ptrace,
        libc::SYS_sched_setattr,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setscheduler,
        libc::SYS_setns,
        libc::SYS_setpriority,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_userfaultfd,
    ] {
        check(call, 0, NO, Allowed);
    }
}

#[test]
fn what_programs_live_by_is_allowed() {
    for call in [
        libc::SYS_execve,
        libc::SYS_futex,
        libc::SYS_getpriority,
        libc::SYS_mmap,
        libc::SYS_openat,
        libc::SYS_read,
        libc::SYS_sched_setaffinity,
        libc::SYS_write,
    ] {
        check(call, 1, Allowed, Allowed);
    }
}

#[test]
fn a_process_is_made_but_no_world_for_it() {
    let thread = libc::CLONE_VM | libc::CLONE_FS | libc::CLONE_THREAD | libc::CLONE_SIGHAND;
    check(libc::SYS_clone, thread, Allowed, Allowed);
    check(libc::SYS_clone, libc::SIGCHLD, Allowed, Allowed);
    for world in [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ] {
        check(libc::SYS_clone, libc::SIGCHLD | world, NO, Allowed);
    }
    check(libc::SYS_clone3, 0, Refused(libc::ENOSYS), Allowed);
}

#[test]
fn limits_are_a_process_s_own() {
    check(libc::SYS_prlimit64, 0, Allowed, Allowed);
    check(libc::SYS_prlimit64, 1, NO, Allowed);
}

#[test]
fn without_the_network_there_are_sockets_of_unix_alone_and_no_way_around() {
    let check = |call, first: libc::c_int, network, strict, relaxed| {
        let answer = |is_strict| {
            let filter = filter(&Profile::bare(is_strict, network));
            run(&filter, HERE, number(call), first.cast_unsigned())
        };
        assert_eq!((answer(true), answer(false)), (strict, relaxed), "{first}");
    };
    let refused = Refused(libc::EACCES);
    for family in [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, 40] {
        check(libc::SYS_socket, family, false, refused, refused);
        check(libc::SYS_socket, family, true, Allowed, Allowed);
    }
    check(libc::SYS_socket, libc::AF_UNIX, false, Allowed, Allowed);
    for call in [
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
    ] {
        check(call, 1, false, NO, NO);
        check(call, 1, true, NO, Allowed);
    }
}

#[test]
fn other_ways_to_call_the_kernel_are_refused() {
    let filter = filter(&Profile::bare(false, true));
    let read = number(libc::SYS_read);
    assert_eq!(run(&filter, HERE, read, 0), Allowed);
    assert_eq!(run(&filter, HERE ^ 1, read, 0), NO);
    if let Some(end) = machine::NUMBERS_END {
        assert_eq!(run(&filter, HERE, end | read, 0), NO);
        assert_eq!(run(&filter, HERE, u32::MAX, 0), NO);
    }
}
