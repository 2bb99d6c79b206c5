//! The tables of `__CxxFrameHandler4`: numbers of one to five bytes, and only what a function needs.

use super::tables::{Action, Dispatcher, EMPTY, Handler, Tables, Try};

/// Reads numbers one after the other.
#[derive(Clone, Copy)]
struct Reader(*const u8);

impl Reader {
    unsafe fn byte(&mut self) -> u8 {
        unsafe {
            let value = *self.0;
            self.0 = self.0.add(1);
            value
        }
    }

    /// A number: the lowest bits of its first byte say how long it is.
    unsafe fn number(&mut self) -> u32 {
        unsafe {
            let first = *self.0;
            let (length, shift) = match first.trailing_ones() {
                0 => (1, 1),
                1 => (2, 2),
                2 => (3, 3),
                3 => (4, 4),
                _ => (5, 8),
            };
            let mut value = 0_u64;
            for index in 0..length {
                value |= u64::from(*self.0.add(index)) << (8 * index);
            }
            self.0 = self.0.add(length);
            (value >> shift) as u32
        }
    }

    /// A word of four bytes.
    unsafe fn word(&mut self) -> u32 {
        unsafe {
            let value = self.0.cast::<u32>().read_unaligned();
            self.0 = self.0.add(4);
            value
        }
    }
}

const IS_CATCH: u8 = 1;
const IS_SEPARATED: u8 = 2;
const HAS_HINTS: u8 = 4;
const HAS_UNWIND: u8 = 8;
const HAS_TRIES: u8 = 0x10;
const SYNCHRONOUS: u8 = 0x20;
const NOEXCEPT: u8 = 0x40;

/// A function's tables, as addresses; 0 where there is none.
#[derive(Clone, Copy)]
pub struct Packed {
    base: u64,
    begin: u32,
    header: u8,
    unwind: u64,
    tries: u64,
    ips: u64,
    frame: Option<u32>,
}

impl Packed {
    pub unsafe fn of(about: &Dispatcher) -> Self {
        let base = about.base;
        unsafe { Self::read(base, (*about.row)[0], (base + u64::from(about.data.read_unaligned())) as *const u8) }
    }

    unsafe fn read(base: u64, begin: u32, info: *const u8) -> Self {
        unsafe {
            let mut reader = Reader(info);
            let header = reader.byte();
            if header & HAS_HINTS != 0 {
                reader.number();
            }
            let mut table = |there: bool| if there { base + u64::from(reader.word()) } else { 0 };
            let unwind = table(header & HAS_UNWIND != 0);
            let tries = table(header & HAS_TRIES != 0);
            let mut ips = table(true);
            let frame = (header & IS_CATCH != 0).then(|| reader.number());
            if header & IS_SEPARATED != 0 {
                // A function in several parts: one map for each.
                let mut parts = Reader(ips as *const u8);
                let count = parts.number();
                ips = 0;
                for _ in 0..count {
                    let (start, map) = (parts.word(), parts.word());
                    if start == begin {
                        ips = base + u64::from(map);
                    }
                }
            }
            Self { base, begin, header, unwind, tries, ips, frame }
        }
    }
}

impl Tables for Packed {
    unsafe fn state(&self, pc: u64) -> i32 {
        if self.ips == 0 {
            return EMPTY;
        }
        let offset = (pc - self.base) as u32;
        let mut reader = Reader(self.ips as *const u8);
        let (mut at, mut state) = (self.begin, EMPTY);
        unsafe {
            for _ in 0..reader.number() {
                at = at.wrapping_add(reader.number());
                if at > offset {
                    break;
                }
                // States are kept with 1 added, so that -1 is a number.
                state = reader.number() as i32 - 1;
            }
        }
        state
    }

    fn synchronous(&self) -> bool {
        self.header & SYNCHRONOUS != 0
    }

    fn noexcept(&self) -> bool {
        self.header & NOEXCEPT != 0
    }

    unsafe fn tries(&self, mut wanted: impl FnMut(Try) -> bool) -> Option<Try> {
        if self.tries == 0 {
            return None;
        }
        let mut reader = Reader(self.tries as *const u8);
        let count = unsafe { reader.number() };
        (0..count).find_map(|_| {
            let [low, high, catch_high] = [(); 3].map(|()| unsafe { reader.number() } as i32);
            let mut handlers = Reader((self.base + u64::from(unsafe { reader.word() })) as *const u8);
            let count = unsafe { handlers.number() };
            let one = Try { low, high, catch_high, handlers: handlers.0, count };
            wanted(one).then_some(one)
        })
    }

    unsafe fn handlers(&self, of: Try, mut wanted: impl FnMut(Handler) -> bool) -> Option<Handler> {
        let mut reader = Reader(of.handlers);
        (0..of.count).find_map(|_| {
            let mut handler = Handler::default();
            unsafe {
                let head = reader.byte();
                if head & 1 != 0 {
                    handler.adjectives = reader.number();
                }
                if head & 2 != 0 {
                    handler.kind = reader.word();
                }
                if head & 4 != 0 {
                    handler.object = reader.number().into();
                }
                handler.funclet = reader.word();
                handler.frame = self.frame.unwrap_or(0);
                for next in handler.next.iter_mut().take(usize::from(head >> 4 & 3)) {
                    *next = self.base + if head & 8 != 0 { u64::from(reader.word()) } else { u64::from(self.begin) + u64::from(reader.number()) };
                }
            }
            wanted(handler).then_some(handler)
        })
    }

    unsafe fn leave(&self, state: i32, frame: u64) -> (i32, Action) {
        const DESTROY: u32 = 1;
        const DESTROY_BY_POINTER: u32 = 2;
        const FUNCLET: u32 = 3;
        if self.unwind == 0 || state < 0 {
            return (EMPTY, Action::Nothing);
        }
        unsafe {
            let mut reader = Reader(self.unwind as *const u8);
            if state as u32 >= reader.number() {
                return (EMPTY, Action::Nothing);
            }
            // Rows have no fixed width: the next state is the row that begins as many bytes before.
            let first = reader.0 as u64;
            let entry = |reader: &mut Reader| {
                let start = reader.0 as u64;
                let head = reader.number();
                let (kind, back) = (head & 3, u64::from(head >> 2));
                let action = if kind == 0 { 0 } else { self.base + u64::from(reader.word()) };
                let object = if matches!(kind, DESTROY | DESTROY_BY_POINTER) { frame + u64::from(reader.number()) } else { 0 };
                let action = match kind {
                    DESTROY => Action::Destroy(action, object),
                    DESTROY_BY_POINTER => Action::Destroy(action, object),
                    FUNCLET => Action::Funclet(action),
                    _ => Action::Nothing,
                };
                (start.wrapping_sub(back), kind, action)
            };
            for _ in 0..state {
                entry(&mut reader);
            }
            let (target, kind, mut action) = entry(&mut reader);
            if let (DESTROY_BY_POINTER, Action::Destroy(_, object)) = (kind, &mut action) {
                *object = *(*object as *const u64);
            }
            if target < first {
                return (EMPTY, action);
            }
            let mut reader = Reader(first as *const u8);
            for index in 0..state {
                if reader.0 as u64 == target {
                    return (index, action);
                }
                entry(&mut reader);
            }
            (EMPTY, action)
        }
    }

    fn own_frame(&self) -> Option<u32> {
        self.frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        let bytes = [0x54, 0x05, 0x01, 0x03, 0x00, 0x80, 0x07, 0x00, 0x00, 0x10, 0x0F, 0x78, 0x56, 0x34, 0x12];
        let mut reader = Reader(bytes.as_ptr());
        // SAFETY: the bytes hold five numbers.
        let read = [(); 5].map(|()| unsafe { reader.number() });
        assert_eq!(read, [0x2A, 0x41, 0x10_0000, 0x100_0000, 0x1234_5678]);
    }
}
