//! Where a thread stops, takes new registers, or ends because another wants it to: on its way out of the gate, and in the
//! handler of the signal that interrupts it.

use super::run::set_gs;
use super::{Thread, current, interrupted};
use crate::guest::{self, Between, between, leave_guest, saved};
use crate::registers::{CODE, code_selector, flag, set_mode};
use crate::{bitness, interrupt, processor, segment, user};
use gate::block;
use std::sync::atomic::Ordering;

/// Looks up, on the way out of the gate.
pub extern "win64" fn attend() {
    let thread = current();
    thread.stay_suspended();
    let _ = user::write(thread.teb + block::ATTENTION as u64, &0_u32);
    // A suspension that came meanwhile has set the word before it was cleared.
    thread.stay_suspended();
    let (doomed, pending, host) = (thread.is_doomed(), thread.has_pending(), thread.host());
    let loading = &raw const thread.loading;
    if doomed {
        thread.leave();
    }
    drop(thread);
    if doomed {
        // SAFETY: this is the way out of a service, and nothing of it is left to drop.
        unsafe { leave_guest() }
    }
    if pending {
        // SAFETY: the thread's own slot keeps it until its end.
        unsafe { (*loading).store(true, Ordering::SeqCst) };
        // The handler loads the registers: only the return from a signal sets all of them at once. Nothing is held here.
        interrupt::interrupt(host);
    }
}

/// Acknowledges an interruption: the thread runs where it is allowed to, and stops here, or at the gate, where it is
/// suspended.
pub fn acknowledge_interruption(frame: &mut libc::ucontext_t, base: &mut u64) {
    let Some(thread) = interrupted() else { return };
    processor::apply(thread.affinity.load(Ordering::Relaxed));
    let in_guest = if thread.loading.swap(false, Ordering::SeqCst) {
        thread.load_pending(frame);
        thread.bring_block(base);
        true
    } else {
        thread.is_in_guest(frame, base)
    };
    if !in_guest {
        thread.interruptions.fetch_add(1, Ordering::SeqCst);
        return;
    }
    let place: *mut libc::ucontext_t = frame;
    let mut told = false;
    loop {
        thread.stopped.store(place, Ordering::SeqCst);
        if !told {
            thread.interruptions.fetch_add(1, Ordering::SeqCst);
            told = true;
        }
        thread.stay_suspended();
        thread.stopped.store(std::ptr::null_mut(), Ordering::SeqCst);
        // Who suspends it from here on either sees that it has no place, or is seen here.
        if thread.may_run() {
            break;
        }
    }
    if thread.is_doomed() {
        const GUESTS: i64 = flag::TRAP | flag::DIRECTION | flag::NESTED_TASK | flag::ALIGNMENT_CHECK;
        thread.leave();
        // SAFETY: the frame is the handler's own.
        let registers = unsafe { &mut (*place).uc_mcontext.gregs };
        registers[libc::REG_EFL as usize] &= !GUESTS;
        registers[libc::REG_RIP as usize] = leave_guest as *const () as i64;
        if bitness::is_32() {
            // SAFETY: as above.
            set_mode(unsafe { &mut *place }, false);
            *base = segment::fs_base();
            // SAFETY: the block lives as long as the thread.
            unsafe { set_gs(thread.teb) };
        }
    }
}

impl Thread {
    /// Whether interrupted registers are those of guest code. Between the guest and a service they are made so: what has
    /// been done of the way in is undone, what is left of the way out is done.
    fn is_in_guest(&self, frame: &mut libc::ucontext_t, base: &mut u64) -> bool {
        if bitness::is_32() {
            return self.is_in_guest_32(frame, base);
        }
        let registers = &mut frame.uc_mcontext.gregs;
        let at = registers[libc::REG_RIP as usize] as u64;
        let inside = self.teb + block::GATE_GUEST_STACK as u64;
        match between(at) {
            Some(Between::Entering(entry)) => {
                if at != entry {
                    registers[libc::REG_RSP as usize] = registers[libc::REG_R10 as usize];
                    registers[libc::REG_RIP as usize] = entry as i64;
                }
                user::write(inside, &0_u64).is_ok()
            }
            Some(Between::Leaving) => {
                let host = user::read::<u64>(self.teb + block::GATE_HOST_STACK as u64).unwrap_or(0);
                // SAFETY: the thread has been inside, so that its entry has written what it saves.
                let stack = unsafe { saved(host) }.0.stack;
                let Ok(back) = user::read::<u64>(stack) else { return false };
                registers[libc::REG_RSP as usize] = stack as i64 + 8;
                registers[libc::REG_RIP as usize] = back as i64;
                true
            }
            None => !self.is_inside() && !interrupt::runtime_holds(at),
        }
    }

    /// While 32-bit code runs, FS is the thread's block.
    fn bring_block(&self, base: &mut u64) {
        if bitness::is_32() {
            *base = self.teb;
        }
    }

    /// The same for 32-bit code, whose way in and out changes the processor's mode and FS too.
    fn is_in_guest_32(&self, frame: &mut libc::ucontext_t, base: &mut u64) -> bool {
        if code_selector(frame) != CODE[1] {
            return true;
        }
        let at = frame.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
        let inside = self.teb + block::GATE_GUEST_STACK as u64;
        let (stack, next) = match between(at) {
            Some(Between::Entering(entry)) => {
                let stack = frame.uc_mcontext.gregs[if at == entry { libc::REG_RSP } else { libc::REG_R10 } as usize];
                if user::write(inside, &0_u64).is_err() {
                    return false;
                }
                (stack as u64, guest::x86::ENTER_AGAIN)
            }
            Some(Between::Leaving) => {
                let host = user::read::<u64>(self.teb + block::GATE_HOST_STACK as u64).unwrap_or(0);
                // SAFETY: the thread has been inside, so that its entry has written what it saves.
                let stack = unsafe { saved(host) }.0.stack;
                let Ok(back) = bitness::read_word(stack) else { return false };
                (stack + 4, back)
            }
            // The guest's own 64-bit code, which it has gone to by itself, stops where it is.
            None => return !self.is_inside() && !interrupt::runtime_holds(at),
        };
        let registers = &mut frame.uc_mcontext.gregs;
        registers[libc::REG_RSP as usize] = stack as i64 & 0xFFFF_FFFF;
        registers[libc::REG_RIP as usize] = next as i64;
        set_mode(frame, true);
        self.bring_block(base);
        true
    }
}
