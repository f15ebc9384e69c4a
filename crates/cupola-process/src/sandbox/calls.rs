//! System calls that programs have no business with, by a filter of the kernel's.
//!
//! The filter is a list of numbers, each with its refusal, and three questions about arguments: few
//! enough instructions to be written here, where each stands beside its reason.

use std::io;

use super::Profile;

/// Calls that change the machine, the kernel or its keys: no program that is to run needs them.
const NEVER: &[libc::c_long] = &[
    libc::SYS_acct,
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
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_vhangup,
];

/// Calls whose work is done where these rules do not see it, sockets among it: programs go without where
/// there is anything to be kept from them.
const UNSEEN: &[libc::c_long] = &[
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
];

/// Calls that look into other processes, that put those of the same user behind others, or that make worlds
/// with other rules: programs of strangers go without.
const NOT_FOR_STRANGERS: &[libc::c_long] = &[
    libc::SYS_chroot,
    libc::SYS_fanotify_init,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_ioprio_set,
    libc::SYS_kcmp,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
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
];

#[cfg(target_arch = "x86_64")]
mod machine {
    /// `AUDIT_ARCH_X86_64`.
    pub(super) const ARCHITECTURE: Option<u32> = Some(0xC000_003E);
    /// From here on numbers are those of another, rarer way to call the same kernel.
    pub(super) const NUMBERS_END: Option<u32> = Some(0x4000_0000);
    pub(super) const NEVER: &[libc::c_long] = &[
        libc::SYS_ioperm,
        libc::SYS_iopl,
        libc::SYS_lookup_dcookie,
        libc::SYS_modify_ldt,
    ];
}

#[cfg(target_arch = "aarch64")]
mod machine {
    /// `AUDIT_ARCH_AARCH64`.
    pub(super) const ARCHITECTURE: Option<u32> = Some(0xC000_00B7);
    pub(super) const NUMBERS_END: Option<u32> = None;
    pub(super) const NEVER: &[libc::c_long] = &[];
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod machine {
    pub(super) const ARCHITECTURE: Option<u32> = None;
    pub(super) const NUMBERS_END: Option<u32> = None;
    pub(super) const NEVER: &[libc::c_long] = &[];
}

/// The flags of `clone` that make a namespace.
const NAMESPACES: u32 = 0x7E02_0000;

/// Where the filter finds a call's number, its architecture, and the lower half of its first argument.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const FIRST_ARGUMENT_AT: u32 = 16;

const ALLOWED: u32 = 0x7FFF_0000;
const REFUSED: u32 = 0x0005_0000;

const LOAD: u16 = 0x20;
const IS_EQUAL: u16 = 0x15;
const IS_AT_LEAST: u16 = 0x35;
const HAS_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

const SET_FILTER: u32 = 1;
/// Without it older kernels slow the whole program down for the filter's sake.
const ALLOW_SPECULATION: u32 = 4;

/// Whether filters can be made for this kind of processor, and the kernel takes them.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub(super) fn are_supported() -> bool {
    const GET_ACTION: u32 = 2;
    let action = REFUSED;
    // SAFETY: reads four bytes of this stack.
    let known = unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION, 0u32, &raw const action) };
    machine::ARCHITECTURE.is_some() && known == 0
}

/// The instructions that refuse what `profile` does not allow.
pub(super) fn filter(profile: &Profile) -> Vec<libc::sock_filter> {
    let Some(architecture) = machine::ARCHITECTURE else {
        return Vec::new();
    };
    let mut filter = vec![
        statement(LOAD, ARCHITECTURE_AT),
        jump(IS_EQUAL, architecture, 1, 0),
        refusal(libc::EPERM),
        statement(LOAD, NUMBER_AT),
    ];
    if let Some(end) = machine::NUMBERS_END {
        filter.extend([jump(IS_AT_LEAST, end, 0, 1), refusal(libc::EPERM)]);
    }
    let strict = profile.is_strict().then_some(NOT_FOR_STRANGERS);
    let unseen = (profile.is_strict() || !profile.network).then_some(UNSEEN);
    let denied = [
        NEVER,
        machine::NEVER,
        strict.unwrap_or_default(),
        unseen.unwrap_or_default(),
    ];
    for call in denied.into_iter().flatten() {
        filter.extend([jump(IS_EQUAL, number(*call), 0, 1), refusal(libc::EPERM)]);
    }
    if profile.is_strict() {
        // Its flags lie in memory, where no filter sees them; who is told that there is no such call
        // uses the older one.
        filter.extend([
            jump(IS_EQUAL, number(libc::SYS_clone3), 0, 1),
            refusal(libc::ENOSYS),
        ]);
        let makes_namespace = jump(HAS_BIT, NAMESPACES, 0, 1);
        ask(&mut filter, libc::SYS_clone, makes_namespace, libc::EPERM);
        // The limits of other processes: of the worker, that is.
        let is_other = jump(IS_EQUAL, 0, 1, 0);
        ask(&mut filter, libc::SYS_prlimit64, is_other, libc::EPERM);
    }
    if !profile.network {
        let family = libc::AF_UNIX.unsigned_abs();
        let is_other = jump(IS_EQUAL, family, 1, 0);
        ask(&mut filter, libc::SYS_socket, is_other, libc::EACCES);
    }
    filter.push(statement(RETURN, ALLOWED));
    filter
}

/// Puts the calling process under `filter`.
#[expect(unsafe_code, reason = "a system call without a safe form")]
pub(super) fn install(filter: &mut [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).unwrap_or(u16::MAX),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the program is as long as is said and lives for the time of the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            SET_FILTER,
            ALLOW_SPECULATION,
            &raw const program,
        )
    };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Of calls with the number `call`, refuses those whose first argument `is_refused` does not skip.
fn ask(
    filter: &mut Vec<libc::sock_filter>,
    call: libc::c_long,
    is_refused: libc::sock_filter,
    errno: libc::c_int,
) {
    filter.extend([
        jump(IS_EQUAL, number(call), 0, 4),
        statement(LOAD, FIRST_ARGUMENT_AT),
        is_refused,
        refusal(errno),
        statement(RETURN, ALLOWED),
    ]);
}

fn number(call: libc::c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

fn refusal(errno: libc::c_int) -> libc::sock_filter {
    statement(RETURN, REFUSED | errno.unsigned_abs())
}

fn statement(code: u16, k: u32) -> libc::sock_filter {
    jump(code, k, 0, 0)
}

/// Skips that many instructions when the answer is yes, and that many when it is no.
fn jump(code: u16, k: u32, yes: u8, no: u8) -> libc::sock_filter {
    libc::sock_filter {
        code,
        jt: yes,
        jf: no,
        k,
    }
}

#[cfg(test)]
mod tests;
