//! The tables of `__CxxFrameHandler3`: words of fixed width.

use super::tables::{Action, Dispatcher, EMPTY, Handler, Tables, Try};

/// `FuncInfo`, with addresses from the image's base.
#[repr(C)]
struct Info {
    magic: u32,
    states: i32,
    unwind: u32,
    try_count: u32,
    tries: u32,
    ip_count: u32,
    ips: u32,
    help: i32,
    specification: u32,
    flags: u32,
}

const MAGIC_WITH_FLAGS: u32 = 0x1993_0522;

/// A function's tables.
#[derive(Clone, Copy)]
pub struct Plain {
    base: u64,
    info: *const Info,
}

impl Plain {
    pub unsafe fn of(about: &Dispatcher) -> Self {
        Self { base: about.base, info: (about.base + u64::from(unsafe { about.data.read_unaligned() })) as *const Info }
    }

    fn info(&self) -> &Info {
        // SAFETY: the frame's data lead to its tables, which lie in the image.
        unsafe { &*self.info }
    }

    unsafe fn row<T: Copy>(&self, table: u32, index: u32) -> T {
        unsafe { ((self.base + u64::from(table)) as *const T).add(index as usize).read_unaligned() }
    }

    fn flag(&self, flag: u32) -> bool {
        self.info().magic & 0x1FFF_FFFF >= MAGIC_WITH_FLAGS && self.info().flags & flag != 0
    }
}

impl Tables for Plain {
    unsafe fn state(&self, pc: u64) -> i32 {
        let offset = (pc - self.base) as u32;
        let (mut low, mut high) = (0, self.info().ip_count);
        while low < high {
            let middle = low.midpoint(high);
            if unsafe { self.row::<(u32, i32)>(self.info().ips, middle) }.0 <= offset { low = middle + 1 } else { high = middle }
        }
        if low == 0 { EMPTY } else { unsafe { self.row::<(u32, i32)>(self.info().ips, low - 1) }.1 }
    }

    fn synchronous(&self) -> bool {
        self.flag(1)
    }

    fn noexcept(&self) -> bool {
        self.flag(4)
    }

    unsafe fn tries(&self, mut wanted: impl FnMut(Try) -> bool) -> Option<Try> {
        (0..self.info().try_count).find_map(|index| {
            let [low, high, catch_high, count, handlers] = unsafe { self.row::<[i32; 5]>(self.info().tries, index) };
            let handlers = (self.base + u64::from(handlers as u32)) as *const u8;
            let one = Try { low, high, catch_high, handlers, count: count as u32 };
            wanted(one).then_some(one)
        })
    }

    unsafe fn handlers(&self, of: Try, mut wanted: impl FnMut(Handler) -> bool) -> Option<Handler> {
        (0..of.count).find_map(|index| {
            let [adjectives, kind, object, funclet, frame] = unsafe { of.handlers.cast::<[u32; 5]>().add(index as usize).read_unaligned() };
            let handler = Handler { adjectives, kind, object: i64::from(object.cast_signed()), funclet, frame, next: [0; 2] };
            wanted(handler).then_some(handler)
        })
    }

    unsafe fn leave(&self, state: i32, _frame: u64) -> (i32, Action) {
        if state < 0 || state >= self.info().states {
            return (EMPTY, Action::Nothing);
        }
        let (next, action) = unsafe { self.row::<(i32, u32)>(self.info().unwind, state as u32) };
        (next, if action == 0 { Action::Nothing } else { Action::Funclet(self.base + u64::from(action)) })
    }

    fn own_frame(&self) -> Option<u32> {
        None
    }
}
