//! The loader: what the NT kernel leaves to `ntdll`. It finds DLLs, binds imports, keeps thread-local storage, runs
//! notices, and answers who is loaded. Everything here is under the loader lock.

mod bind;
mod directory;
mod failure;
mod folders;
mod load;
mod map;
pub mod module;
mod notice;
mod program;
mod resource;
mod routine;
mod search;
mod service;
pub mod state;
mod stub;
mod tls;

pub use notice::{forget_thread, process_detach, thread_detach};
pub use program::{initialize, takes_large_addresses};
pub use state::lock_for_exit;

/// Lets go of a DLL once more.
///
/// # Safety
/// The caller holds a reference.
pub unsafe fn unload(handle: *mut core::ffi::c_void) {
    // SAFETY: as the caller promises; a handle that is none is refused.
    unsafe { service::LdrUnloadDll(handle) };
}
