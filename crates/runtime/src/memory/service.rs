//! The gate's memory services.

use super::{is_valid_protection, is_writable_code, lock, reset, without_targets};
use crate::process::end;
use crate::serve::{Answer, Serve};
use gate::service::{AllocateMemory, FreeMemory, LockMemory, ProtectMemory, QueryMemory, ReportKind};
use windows_sys::Win32::Foundation::{
    STATUS_INVALID_PAGE_PROTECTION, STATUS_INVALID_PARAMETER, STATUS_INVALID_PARAMETER_4, STATUS_INVALID_PARAMETER_5, STATUS_NOT_SUPPORTED,
};
use windows_sys::Win32::System::Memory::{MEM_COMMIT, MEM_DECOMMIT, MEM_LARGE_PAGES, MEM_RELEASE, MEM_RESERVE, MEM_RESET};
use windows_sys::Win32::System::SystemServices::{MEM_PHYSICAL, MEM_TOP_DOWN, MEM_WRITE_WATCH};

impl Serve for AllocateMemory {
    fn serve(&mut self) -> Answer {
        const KNOWN: u32 = MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_LARGE_PAGES | MEM_PHYSICAL;
        if self.kind & !KNOWN != 0 || self.kind & (MEM_COMMIT | MEM_RESERVE | MEM_RESET) == 0 {
            return Err(STATUS_INVALID_PARAMETER_5);
        }
        if self.size == 0 {
            return Err(STATUS_INVALID_PARAMETER_4);
        }
        let protect = without_targets(self.protect);
        if !is_valid_protection(protect) {
            return Err(STATUS_INVALID_PAGE_PROTECTION);
        }
        if self.kind & (MEM_LARGE_PAGES | MEM_PHYSICAL | MEM_WRITE_WATCH) != 0 {
            return Err(STATUS_NOT_SUPPORTED);
        }
        if is_writable_code(protect) {
            end::report(ReportKind::WritableCode, protect, "writable and executable memory was allocated");
        }
        let mut space = lock();
        (self.base, self.size) = if self.kind & MEM_RESET != 0 {
            let range = space.committed_range(self.base, self.size)?;
            reset(range.0, range.1);
            range
        } else if self.kind & MEM_RESERVE != 0 || self.base == 0 {
            space.reserve(self.base, self.size, self.kind, protect, self.limit)?
        } else {
            space.commit(self.base, self.size, protect)?
        };
        Ok(())
    }
}

impl Serve for FreeMemory {
    fn serve(&mut self) -> Answer {
        (self.base, self.size) = match self.kind {
            MEM_RELEASE => lock().release(self.base, self.size)?,
            MEM_DECOMMIT => lock().decommit(self.base, self.size)?,
            _ => return Err(STATUS_INVALID_PARAMETER),
        };
        Ok(())
    }
}

impl Serve for ProtectMemory {
    fn serve(&mut self) -> Answer {
        let protect = without_targets(self.protect);
        if is_writable_code(protect) {
            end::report(ReportKind::WritableCode, protect, "memory was made writable and executable");
        }
        (self.base, self.size, self.old) = lock().protect(self.base, self.size, protect)?;
        Ok(())
    }
}

impl Serve for LockMemory {
    fn serve(&mut self) -> Answer {
        const STATUS_WAS_LOCKED: i32 = 0x4000_0019;
        if self.unlock != 0 {
            (self.base, self.size) = lock().unlock_pages(self.base, self.size)?;
            return Ok(());
        }
        let again;
        (self.base, self.size, again) = lock().lock_pages(self.base, self.size)?;
        if again { Err(STATUS_WAS_LOCKED) } else { Ok(()) }
    }
}

impl Serve for QueryMemory {
    fn serve(&mut self) -> Answer {
        self.run = lock().query(self.address)?;
        Ok(())
    }
}
