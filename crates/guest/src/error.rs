//! Errors as Windows numbers them.

use windows_sys::Win32::Foundation::{NTSTATUS, WIN32_ERROR};

/// A Win32 error (`winerror.h`), what GetLastError answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Win32Error(pub WIN32_ERROR);

/// An NTSTATUS that says failure (`ntstatus.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub NTSTATUS);

/// An HRESULT that says failure (`winerror.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure(pub i32);

impl Status {
    /// The status as a result: warnings and errors (severity 2 and 3) are failures.
    pub const fn check(status: NTSTATUS) -> Result<NTSTATUS, Self> {
        if status as u32 >= 0x8000_0000 { Err(Self(status)) } else { Ok(status) }
    }
}

impl From<Win32Error> for Failure {
    /// `HRESULT_FROM_WIN32`.
    fn from(error: Win32Error) -> Self {
        const FACILITY_WIN32: u32 = 0x8007_0000;
        Self((FACILITY_WIN32 | error.0 & 0xFFFF) as i32)
    }
}

impl From<Win32Error> for u32 {
    fn from(error: Win32Error) -> Self {
        error.0
    }
}

impl From<Failure> for u32 {
    fn from(failure: Failure) -> Self {
        failure.0 as Self
    }
}

impl From<Status> for u32 {
    fn from(status: Status) -> Self {
        status.0 as Self
    }
}
