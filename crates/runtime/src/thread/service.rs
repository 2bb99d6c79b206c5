//! The gate's services for threads.

use super::call::Call;
use super::{Thread, current, runner, running};
use crate::guest::leave_guest;
use crate::memory::StackSize;
use crate::process::outline;
use crate::serve::{Answer, Serve};
use crate::{access, broker, handle, process, time};
use gate::service::{
    CreateThread, ExitThread, ObjectKind, OpenThread, QueryThread, QueueCall, SetThread, SuspendThread, TakeCall, TerminateThread, ThreadSetting,
};
use protocol::message;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{STATUS_INVALID_CID, STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY, STATUS_NOT_SUPPORTED};
use windows_sys::Win32::System::Threading::{
    THREAD_QUERY_LIMITED_INFORMATION, THREAD_SET_CONTEXT, THREAD_SET_LIMITED_INFORMATION, THREAD_SUSPEND_RESUME, THREAD_TERMINATE,
};

impl Serve for CreateThread {
    fn serve(&mut self) -> Answer {
        let size = StackSize { reserve: self.reserve, commit: self.commit }.or(process::get().stack);
        let (object, thread) = Thread::create(self.start, self.parameter, size, u32::from(self.suspended != 0))?;
        self.id = u64::from(thread.id);
        self.teb = thread.teb;
        let give_up = |status| {
            running().remove(&thread.id);
            thread.release();
            Err(status)
        };
        // The handle comes first: a thread that runs cannot be taken back.
        let handle = match handle::insert(Arc::clone(&object), access::granted(ObjectKind::Thread, self.access), access::inherit(self.flags)) {
            Ok(handle) => handle,
            Err(status) => return give_up(status),
        };
        if runner::start(Arc::clone(&thread)).is_err() {
            handle::take_back(handle);
            return give_up(STATUS_NO_MEMORY);
        }
        self.handle = handle;
        Ok(())
    }
}

impl Serve for ExitThread {
    fn serve(&mut self) -> Answer {
        let thread = current();
        thread.code.store(self.code, Ordering::Release);
        thread.end_itself();
        drop(thread);
        // SAFETY: this is a service, and nothing of it is left to drop.
        unsafe { leave_guest() }
    }
}

impl Serve for TerminateThread {
    fn serve(&mut self) -> Answer {
        let (object, thread) = handle::part::<Thread>(self.thread, THREAD_TERMINATE)?;
        if thread.id == current().id {
            return Err(STATUS_INVALID_PARAMETER);
        }
        if thread.has_ended() {
            return Ok(());
        }
        if self.end == 0 {
            thread.hold();
        } else {
            thread.terminate(self.code, &object);
        }
        (self.id, self.teb) = (thread.id, thread.teb);
        Ok(())
    }
}

impl Serve for OpenThread {
    fn serve(&mut self) -> Answer {
        let id = u32::try_from(self.id).map_err(|_| STATUS_INVALID_CID)?;
        let object = running().get(&id).cloned().ok_or(STATUS_INVALID_CID)?;
        self.handle = handle::insert(object, access::granted(ObjectKind::Thread, self.access), access::inherit(self.flags))?;
        Ok(())
    }
}

impl Serve for SuspendThread {
    fn serve(&mut self) -> Answer {
        if let Some(number) = handle::other(self.thread, THREAD_SUSPEND_RESUME)? {
            // Another process's thread is suspended from its birth, or not at all.
            if self.resume == 0 {
                return Err(STATUS_NOT_SUPPORTED);
            }
            self.previous = broker::ask(&message::ResumeProcess { number }, &[])?.0.value;
            return Ok(());
        }
        let (_object, thread) = handle::part::<Thread>(self.thread, THREAD_SUSPEND_RESUME)?;
        self.previous = if self.resume == 0 { thread.suspend()? } else { thread.resume() };
        Ok(())
    }
}

impl Serve for QueryThread {
    fn serve(&mut self) -> Answer {
        let (_object, thread) = handle::part::<Thread>(self.thread, THREAD_QUERY_LIMITED_INFORMATION)?;
        self.code = thread.code();
        self.priority = thread.priority.load(Ordering::Relaxed);
        self.id = u64::from(thread.id);
        self.teb = thread.teb;
        let (ended, host) = (thread.ended.load(Ordering::Relaxed), thread.host());
        let before = thread.used_before.load(Ordering::Relaxed);
        let used = if host == 0 { thread.used.load(Ordering::Relaxed) } else { (time::used_by(host) - before).max(0) };
        self.times = [thread.created, ended, 0, used];
        self.affinity = thread.affinity.load(Ordering::Relaxed);
        self.start = thread.start.routine;
        self.boost_off = thread.boost_off.load(Ordering::Relaxed).into();
        self.suspended = thread.suspensions();
        Ok(())
    }
}

impl Serve for SetThread {
    fn serve(&mut self) -> Answer {
        let (_object, thread) = handle::part::<Thread>(self.thread, THREAD_SET_LIMITED_INFORMATION)?;
        match ThreadSetting::from_number(self.kind).ok_or(STATUS_INVALID_PARAMETER)? {
            ThreadSetting::Priority => {
                thread.priority.store(self.value as i32, Ordering::Relaxed);
                outline::set_priority(thread.block.slice(), thread.id, self.value as i32);
            }
            ThreadSetting::Nothing => {}
            ThreadSetting::BoostOff => thread.boost_off.store(self.value != 0, Ordering::Relaxed),
            ThreadSetting::Affinity => thread.set_affinity(self.value)?,
        }
        Ok(())
    }
}

impl Serve for QueueCall {
    fn serve(&mut self) -> Answer {
        let (_object, thread) = handle::part::<Thread>(self.thread, THREAD_SET_CONTEXT)?;
        thread.queue_call(Call { routine: self.routine, arguments: self.arguments, timer: None })
    }
}

impl Serve for TakeCall {
    fn serve(&mut self) -> Answer {
        (self.routine, self.arguments) = current().calls().take().map_or((0, [0; 3]), |call| (call.routine, call.arguments));
        Ok(())
    }
}
