//! What the handlers know of a frame: where it is, and what its function's tables say, in whichever format.

#[cfg(target_arch = "x86_64")]
use core::ffi::c_void;
#[cfg(target_arch = "x86_64")]
use windows_sys::Win32::System::Diagnostics::Debug::CONTEXT;

/// The frame does not take the exception.
pub const CONTINUE_SEARCH: i32 = 1;

/// The state outside of everything.
pub const EMPTY: i32 = -1;

/// `DISPATCHER_CONTEXT`: the frame that a handler is called for.
#[cfg(target_arch = "x86_64")]
#[repr(C)]
pub struct Dispatcher {
    pub pc: u64,
    pub base: u64,
    pub row: *const [u32; 3],
    pub establisher: u64,
    pub target: u64,
    pub context: *mut CONTEXT,
    pub handler: *const c_void,
    pub data: *const u32,
    pub history: *mut c_void,
    /// How far an unwinding of this frame has come: its state plus 2; 0 before it begins. Another unwinding that takes
    /// over goes on there.
    pub scope: u32,
    pub fill: u32,
}

/// What leaving a state does.
#[cfg(target_arch = "x86_64")]
pub enum Action {
    Nothing,
    /// Calls a funclet for the frame.
    Funclet(u64),
    /// Calls a destructor for an object.
    Destroy(u64, u64),
}

/// A `try`: the states in it, and the last one of its `catch` blocks.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Try {
    pub low: i32,
    pub high: i32,
    pub catch_high: i32,
    pub handlers: *const u8,
    pub count: u32,
}

/// A `catch`.
#[derive(Clone, Copy, Default)]
pub struct Handler {
    pub adjectives: u32,
    /// The type's descriptor; 0 for `catch (...)`.
    pub kind: u32,
    /// Where the object goes in the frame; 0 where nobody looks at it.
    pub object: i64,
    /// The funclet.
    pub funclet: u32,
    /// Where a funclet keeps the frame that it belongs to.
    pub frame: u32,
    /// Where to go on: what the funclet answers may be a number of these, or the address itself.
    pub next: [u64; 2],
}

/// A function's tables.
#[cfg(target_arch = "x86_64")]
pub trait Tables {
    /// The state at an address.
    unsafe fn state(&self, pc: u64) -> i32;
    /// Only C++ exceptions end this function's objects.
    fn synchronous(&self) -> bool;
    /// No exception leaves the function.
    fn noexcept(&self) -> bool;
    /// Its `try` blocks, the inner ones first, until one is wanted.
    unsafe fn tries(&self, wanted: impl FnMut(Try) -> bool) -> Option<Try>;
    /// A `try`'s `catch` blocks, in order, until one is wanted.
    unsafe fn handlers(&self, of: Try, wanted: impl FnMut(Handler) -> bool) -> Option<Handler>;
    /// Where leaving a state leads to, and what it does.
    unsafe fn leave(&self, state: i32, frame: u64) -> (i32, Action);
    /// Where a `catch` funclet of tables of its own keeps the frame that it belongs to.
    fn own_frame(&self) -> Option<u32>;
}
