//! What a process does to itself before it looks at anything hostile.

use crate::layers::{Layer, Layers};
use crate::rules::{OWN_PROCESS_STAND_IN, QUIETLY_REFUSED, RULES};
use crate::text::text;
use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// The filter as the build compiled it: code, jump if true, jump if false, constant.
const FILTER: &[(u16, u8, u8, u32)] = include!(concat!(env!("OUT_DIR"), "/filter.rs"));

static DISPATCH: AtomicBool = AtomicBool::new(false);

/// Enters the jail: no new privileges, Landlock, seccomp. The seccomp listener goes to the broker over the boot socket.
/// Answers one sentence when a layer that the caller demands cannot be put on.
pub fn enter(layers: u32, boot: i32) -> Result<(), String> {
    let layers = Layers::from_bits(layers);
    // SAFETY: these calls change nothing but this process's own rights.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err("the jail could not be entered: no_new_privs was refused".into());
        }
    }
    if layers.has(Layer::Landlock) {
        landlock().map_err(|error| format!("the jail could not be entered: Landlock: {error}"))?;
    }
    DISPATCH.store(layers.has(Layer::Dispatch), Ordering::Relaxed);
    let listener = seccomp().map_err(|error| format!("the jail could not be entered: seccomp: {error}"))?;
    // SAFETY: the process is born with the boot socket, and never closes it.
    let boot = unsafe { BorrowedFd::borrow_raw(boot) };
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [listener.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(boot, &[IoSlice::new(&[1])], &mut control, SendFlags::NOSIGNAL).map_err(|error| format!("the jail could not be entered: {error}"))?;
    Ok(())
}

fn landlock() -> Result<RulesetStatus, landlock::RulesetError> {
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?;
    ruleset.create()?.restrict_self().map(|status| status.ruleset)
}

/// Installs the filter; answers its listener.
fn seccomp() -> std::io::Result<OwnedFd> {
    let own = std::process::id();
    let program: Vec<libc::sock_filter> = FILTER
        .iter()
        .map(|(code, jt, jf, k)| libc::sock_filter { code: *code, jt: *jt, jf: *jf, k: if *k == OWN_PROCESS_STAND_IN { own } else { *k } })
        .collect();
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
    const FLAGS: u64 = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // SAFETY: the program lives through the call, and the filter only takes rights away.
    let listener = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, FLAGS, &raw const program) };
    if listener < 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: a descriptor that the kernel has just made.
    Ok(unsafe { OwnedFd::from_raw_fd(listener as i32) })
}

/// Tells the calling thread's own system calls from those of guest code, where the jail was entered with that layer.
/// Threads do not inherit this.
pub fn dispatch_thread() {
    if DISPATCH.load(Ordering::Relaxed) {
        // linux/prctl.h
        const PR_SET_SYSCALL_USER_DISPATCH: i32 = 59;
        const PR_SYS_DISPATCH_ON: u64 = 1;
        let text = text();
        // SAFETY: calls from this program's own text go on as before; others raise SIGSYS.
        unsafe { libc::prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, text.start, text.end - text.start, 0) };
    }
}

/// Whether the filter knows a number at all.
pub fn is_listed(number: i64) -> bool {
    RULES.iter().any(|rule| rule.number == number) || QUIETLY_REFUSED.contains(&number)
}

/// `AUDIT_ARCH_X86_64` (linux/audit.h): whose numbers a call was made by.
pub const OWN_ARCHITECTURE: u32 = 0xC000_003E;

/// Makes a call by the 32-bit numbers from this program's own text, where none is listed: the kernel reports it.
pub fn raise_32(number: u32) {
    // SAFETY: the filter refuses the call, whatever its number. The compiler keeps rbx for itself.
    unsafe {
        std::arch::asm!("xchg {saved}, rbx", "int 0x80", "xchg {saved}, rbx", saved = inout(reg) 0_u64 => _,
            inout("eax") number => _, in("ecx") 0, in("edx") 0, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
}

/// Makes a forbidden call from this program's own text, so that the kernel reports it; answered with ENOSYS.
pub fn raise(number: i64) {
    if !is_listed(number) {
        // SAFETY: the filter refuses the call, whatever its number.
        unsafe { libc::syscall(number, 0, 0, 0, 0, 0, 0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Must;

    const X86_64: u32 = 0xC000_003E;

    /// What the filter answers, worked out as the kernel does.
    fn answer(architecture: u32, number: u32, arguments: &[u64; 6]) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let (code, jump_true, jump_false, constant) = FILTER[at];
            at += 1;
            let jump = |so: bool| usize::from(if so { jump_true } else { jump_false });
            match code {
                0x20 if constant == 0 => loaded = number,
                0x20 if constant == 4 => loaded = architecture,
                0x20 => loaded = (arguments[(constant as usize - 16) / 8] >> (8 * (constant % 8))) as u32,
                0x15 => at += jump(loaded == constant),
                0x35 => at += jump(loaded >= constant),
                0x45 => at += jump(loaded & constant != 0),
                0x06 => return constant,
                _ => panic!("instruction {code:#x} is not used"),
            }
        }
    }

    fn wanted(number: u32, arguments: &[u64; 6]) -> u32 {
        if QUIETLY_REFUSED.contains(&number.into()) {
            return libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
        }
        let lower = |index: u8| arguments[usize::from(index)] & 0xFFFF_FFFF;
        let allowed = RULES.iter().find(|rule| rule.number == i64::from(number)).is_some_and(|rule| match rule.argument {
            None => true,
            Some((index, Must::Equal(value))) => lower(index) == value,
            Some((index, Must::Differ(value))) => lower(index) != value,
            Some((index, Must::Lack(bits))) => lower(index) & bits == 0,
            Some((index, Must::OneOf(values))) => values.contains(&lower(index)),
            Some((index, Must::OwnProcess)) => lower(index) == OWN_PROCESS_STAND_IN.into(),
        });
        if allowed { libc::SECCOMP_RET_ALLOW } else { libc::SECCOMP_RET_USER_NOTIF }
    }

    #[test]
    fn the_filter_says_what_the_rules_say() {
        let told: Vec<u64> = RULES
            .iter()
            .flat_map(|rule| match rule.argument {
                Some((_, Must::Equal(value) | Must::Differ(value) | Must::Lack(value))) => vec![value],
                Some((_, Must::OneOf(values))) => values.to_vec(),
                Some((_, Must::OwnProcess)) => vec![OWN_PROCESS_STAND_IN.into()],
                None => vec![],
            })
            .collect();
        let near = told.iter().flat_map(|value| [*value, value + 1, value.wrapping_sub(1) & 0xFFFF_FFFF]);
        let values: Vec<u64> = near.flat_map(|value| [value, value | 1 << 32, value | !0 << 32]).collect();
        // At the other places stands what no rule names.
        let others = [0x7777_0001, 0x7777_0002, 0x7777_0003, 0x7777_0004, 0x7777_0005, 0x7777_0006];
        // The x32 numbers have a bit of their own.
        for number in (0..2000).chain(0x4000_0000..0x4000_0800).chain([0x7FFF_FFFF, 0x8000_0000, u32::MAX]) {
            assert_eq!(answer(X86_64, number, &others), wanted(number, &others), "number {number}");
            for architecture in [0x4000_0003, 0xC000_00B7, 0, X86_64 ^ 1, X86_64 & !0x8000_0000] {
                assert_eq!(answer(architecture, number, &others), libc::SECCOMP_RET_USER_NOTIF, "number {number} of {architecture:#x}");
            }
            let checked = RULES.iter().any(|rule| rule.number == i64::from(number) && rule.argument.is_some());
            for (place, value) in (0..6).flat_map(|place| values.iter().map(move |value| (place, *value))).filter(|_| checked) {
                let mut arguments = others;
                arguments[place] = value;
                assert_eq!(answer(X86_64, number, &arguments), wanted(number, &arguments), "number {number}, argument {place}: {value:#x}");
            }
        }
    }
}
