//! Undoing one function's prologue, as its unwind data says ("x64 exception handling", learn.microsoft.com).

use super::row::{FOR_EXCEPTION, FOR_UNWIND, Function, Limits, Pointers, registers};
use core::ffi::c_void;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_BAD_FUNCTION_TABLE, STATUS_BAD_STACK};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, M128A};

const CHAINED: u8 = 4;
const STACK_POINTER: usize = 4;
/// Rows that lead to rows: more than this is a circle.
const MOST_CHAINED: usize = 32;

const PUSH_NONVOLATILE: u8 = 0;
const ALLOC_LARGE: u8 = 1;
const ALLOC_SMALL: u8 = 2;
const SET_FRAME: u8 = 3;
const SAVE: u8 = 4;
const SAVE_FAR: u8 = 5;
const EPILOG: u8 = 6;
const SPARE: u8 = 7;
const SAVE_XMM: u8 = 8;
const SAVE_XMM_FAR: u8 = 9;
const PUSH_MACHINE_FRAME: u8 = 10;

/// What is known of a frame that was undone.
pub struct Undone {
    /// The frame, as its handlers know it.
    pub establisher: u64,
    /// The handler of the wanted kind, and its data; NULL where it has none, or is not in its body.
    pub handler: *const c_void,
    /// The handler's data.
    pub data: *const c_void,
}

/// A function's unwind data.
#[derive(Clone, Copy)]
struct Data(*const u8);

impl Data {
    unsafe fn of(base: u64, row: Function) -> Self {
        Self((base + u64::from(row.data)) as *const u8)
    }

    unsafe fn byte(self, at: usize) -> u8 {
        // SAFETY: the image is mapped; data that lead out of it fault in the program that made them.
        unsafe { *self.0.add(at) }
    }

    unsafe fn version(self) -> u8 {
        unsafe { self.byte(0) & 7 }
    }

    unsafe fn flags(self) -> u8 {
        unsafe { self.byte(0) >> 3 }
    }

    unsafe fn prologue(self) -> u8 {
        unsafe { self.byte(1) }
    }

    unsafe fn count(self) -> usize {
        unsafe { self.byte(2) }.into()
    }

    /// The frame register's number, 0 for none, and what its value is above the frame.
    unsafe fn frame(self) -> (usize, u64) {
        let byte = unsafe { self.byte(3) };
        (usize::from(byte & 15), 16 * u64::from(byte >> 4))
    }

    unsafe fn slot(self, index: usize) -> u16 {
        unsafe { self.0.add(4 + 2 * index).cast::<u16>().read_unaligned() }
    }

    unsafe fn long(self, index: usize) -> u64 {
        unsafe { u64::from(self.slot(index)) | u64::from(self.slot(index + 1)) << 16 }
    }

    /// What follows the codes: the handler's address and data, or the row that this one continues.
    unsafe fn tail(self) -> *const u32 {
        unsafe { self.0.add(4 + 2 * ((self.count() + 1) & !1)).cast() }
    }
}

/// A code: how far the prologue was when it had happened, what, with what.
fn code(slot: u16) -> (u8, u8, usize) {
    (slot as u8, (slot >> 8) as u8 & 15, usize::from(slot >> 12))
}

/// How many slots a code takes.
fn slots(operation: u8, information: usize, version: u8) -> usize {
    match operation {
        ALLOC_LARGE => 2 + information.min(1),
        SAVE | SAVE_XMM => 2,
        SAVE_FAR | SAVE_XMM_FAR => 3,
        EPILOG => 2 - usize::from(version >= 2),
        SPARE => 3 - usize::from(version >= 2),
        _ => 1,
    }
}

/// A context that is being undone: its stack is read within limits.
struct Walk<'a> {
    context: *mut CONTEXT,
    pointers: Option<&'a mut Pointers>,
    limits: &'a Limits,
}

impl Walk<'_> {
    unsafe fn get(&self, register: usize) -> u64 {
        unsafe { *registers(self.context).add(register) }
    }

    unsafe fn set(&self, register: usize, value: u64) {
        unsafe { *registers(self.context).add(register) = value };
    }

    fn check(&self, address: u64, size: u64) -> Result<(), NTSTATUS> {
        let inside = address >= self.limits.start && address.checked_add(size).is_some_and(|end| end <= self.limits.end);
        if inside { Ok(()) } else { Err(STATUS_BAD_STACK) }
    }

    unsafe fn read(&self, address: u64) -> Result<u64, NTSTATUS> {
        self.check(address, 8)?;
        Ok(unsafe { (address as *const u64).read_unaligned() })
    }

    unsafe fn load(&mut self, register: usize, address: u64) -> Result<(), NTSTATUS> {
        unsafe {
            let value = self.read(address)?;
            self.set(register, value);
        }
        if let Some(pointers) = &mut self.pointers {
            pointers.integer[register] = address as *mut u64;
        }
        Ok(())
    }

    unsafe fn load_float(&mut self, register: usize, address: u64) -> Result<(), NTSTATUS> {
        self.check(address, 16)?;
        unsafe { (*self.context).Anonymous.FltSave.XmmRegisters[register] = (address as *const M128A).read_unaligned() };
        if let Some(pointers) = &mut self.pointers {
            pointers.float[register] = address as *mut c_void;
        }
        Ok(())
    }

    unsafe fn pop(&mut self, register: usize) -> Result<(), NTSTATUS> {
        unsafe {
            let stack = self.get(STACK_POINTER);
            self.load(register, stack)?;
            self.set(STACK_POINTER, stack.wrapping_add(8));
        }
        Ok(())
    }

    unsafe fn leave(&mut self) -> Result<(), NTSTATUS> {
        unsafe {
            let stack = self.get(STACK_POINTER);
            (*self.context).Rip = self.read(stack)?;
            self.set(STACK_POINTER, stack.wrapping_add(8));
        }
        Ok(())
    }

    /// Undoes those codes that have happened; answers whether a machine frame gave the way back.
    unsafe fn codes(&mut self, data: Data, offset: u64, frame: u64) -> Result<bool, NTSTATUS> {
        unsafe {
            let (count, version) = (data.count(), data.version());
            let mut machine = false;
            let mut index = 0;
            while index < count {
                let (at, operation, information) = code(data.slot(index));
                let next = index + slots(operation, information, version);
                if u64::from(at) > offset || matches!(operation, EPILOG | SPARE) {
                    index = next;
                    continue;
                }
                // By far the most frequent ones are told apart without a table of jumps.
                if operation == PUSH_NONVOLATILE {
                    self.pop(information)?;
                    index = next;
                    continue;
                }
                let stack = self.get(STACK_POINTER);
                if operation == ALLOC_SMALL {
                    self.set(STACK_POINTER, stack.wrapping_add(8 * information as u64 + 8));
                    index = next;
                    continue;
                }
                match operation {
                    ALLOC_LARGE if information == 0 => self.set(STACK_POINTER, stack.wrapping_add(8 * u64::from(data.slot(index + 1)))),
                    ALLOC_LARGE => self.set(STACK_POINTER, stack.wrapping_add(data.long(index + 1))),
                    SET_FRAME => {
                        let (register, above) = data.frame();
                        self.set(STACK_POINTER, self.get(register).wrapping_sub(above));
                    }
                    SAVE => self.load(information, frame.wrapping_add(8 * u64::from(data.slot(index + 1))))?,
                    SAVE_FAR => self.load(information, frame.wrapping_add(data.long(index + 1)))?,
                    SAVE_XMM => self.load_float(information, frame.wrapping_add(16 * u64::from(data.slot(index + 1))))?,
                    SAVE_XMM_FAR => self.load_float(information, frame.wrapping_add(data.long(index + 1)))?,
                    PUSH_MACHINE_FRAME => {
                        machine = true;
                        let at = stack.wrapping_add(8 * u64::from(information != 0));
                        let (instruction, stack) = (self.read(at)?, self.read(at.wrapping_add(24))?);
                        (*self.context).Rip = instruction;
                        self.set(STACK_POINTER, stack);
                    }
                    _ => return Err(STATUS_BAD_FUNCTION_TABLE),
                }
                index = next;
            }
            Ok(machine)
        }
    }

    /// Runs what is left of an epilogue, where the instruction pointer stands in one.
    unsafe fn epilogue(&mut self, base: u64, row: Function, data: Data, pc: u64) -> Result<bool, NTSTATUS> {
        unsafe {
            let Some(found) = epilogue(base, row, data, pc) else { return Ok(false) };
            match found {
                Epilogue::Add(amount) => self.set(STACK_POINTER, self.get(STACK_POINTER).wrapping_add(amount)),
                Epilogue::Lea(register, offset) => self.set(STACK_POINTER, self.get(register).wrapping_add(offset)),
                Epilogue::Nothing => {}
            }
            let mut at = pc.wrapping_add(found.length(pc)) as *const u8;
            while let Some((register, length)) = pop(at) {
                self.pop(register)?;
                at = at.add(length);
            }
            self.leave()?;
        }
        Ok(true)
    }
}

/// What an epilogue begins with.
#[derive(Clone, Copy)]
enum Epilogue {
    Nothing,
    Add(u64),
    Lea(usize, u64),
}

impl Epilogue {
    unsafe fn length(self, pc: u64) -> u64 {
        let second = unsafe { *(pc as *const u8).add(1) };
        match self {
            Self::Nothing => 0,
            Self::Add(_) => 4 + 3 * u64::from(second == 0x81),
            Self::Lea(register, _) => {
                // A base of r12 takes a SIB byte; a distance has one byte or four.
                let mode = unsafe { *(pc as *const u8).add(2) } >> 6;
                3 + u64::from(register == 12) + if mode == 1 { 1 } else { 4 * u64::from(mode == 2) }
            }
        }
    }
}

/// A pop of an integer register: its number, and the instruction's length.
unsafe fn pop(at: *const u8) -> Option<(usize, usize)> {
    // SAFETY: code of a mapped image, or of a function that was announced.
    unsafe {
        match (*at, *at) {
            (0x58..=0x5F, byte) => Some((usize::from(byte & 7), 1)),
            (0x41, _) if matches!(*at.add(1), 0x58..=0x5F) => Some((8 + usize::from(*at.add(1) & 7), 2)),
            _ => None,
        }
    }
}

/// Whether the instructions at `pc` are the rest of an epilogue: an adjustment at most, pops, and a way out.
unsafe fn epilogue(base: u64, row: Function, data: Data, pc: u64) -> Option<Epilogue> {
    unsafe {
        let mut at = pc as *const u8;
        let mut found = Epilogue::Nothing;
        let (register, _) = data.frame();
        match (*at, *at.add(1), *at.add(2)) {
            (0x48, 0x83, 0xC4) => {
                found = Epilogue::Add(*at.add(3).cast::<i8>() as i64 as u64);
                at = at.add(4);
            }
            (0x48, 0x81, 0xC4) => {
                found = Epilogue::Add(at.add(3).cast::<i32>().read_unaligned() as i64 as u64);
                at = at.add(7);
            }
            (0x48 | 0x49, 0x8D, mode) if register != 0 && mode >> 3 & 7 == 4 => {
                let own = usize::from(mode & 7) + 8 * usize::from(*at & 1);
                let sib = usize::from(mode & 7 == 4);
                if own != register || sib == 1 && *at.add(3) != 0x24 {
                    return None;
                }
                let distance = match mode >> 6 {
                    0 if mode & 7 != 5 => (0, 0),
                    1 => (*at.add(3 + sib).cast::<i8>() as i64 as u64, 1),
                    2 => (at.add(3 + sib).cast::<i32>().read_unaligned() as i64 as u64, 4),
                    _ => return None,
                };
                found = Epilogue::Lea(own, distance.0);
                at = at.add(3 + sib + distance.1);
            }
            _ => {}
        }
        while let Some((_, length)) = pop(at) {
            at = at.add(length);
        }
        leaves(base, row, data, at).then_some(found)
    }
}

/// Whether an instruction leaves its function for good: a return, or a jump out of it.
unsafe fn leaves(base: u64, row: Function, data: Data, at: *const u8) -> bool {
    unsafe {
        let (first, second, third) = match *at {
            0xC3 | 0xC2 => return true,
            first => (first, *at.add(1), *at.add(2)),
        };
        let target = match first {
            0xF3 => return second == 0xC3,
            0xFF => return second == 0x25,
            0x40..=0x4F => return second == 0xFF && third & 0xF8 == 0xE0 || first == 0x48 && second == 0xFF && third == 0x25,
            0xEB => (at as u64).wrapping_add(2).wrapping_add(i64::from(second.cast_signed()) as u64),
            0xE9 => (at as u64).wrapping_add(5).wrapping_add(i64::from(at.add(1).cast::<i32>().read_unaligned()) as u64),
            _ => return false,
        };
        let target = target.wrapping_sub(base);
        if target < u64::from(row.begin) || target >= u64::from(row.end) {
            // A jump into another part of the same function does not leave it.
            let mut other = 0;
            let part = super::table::find(target.wrapping_add(base), &mut other);
            return part.is_null() || other != base || primary(base, *part).begin != primary(base, row).begin;
        }
        // A function that calls itself last.
        target == u64::from(row.begin) && data.flags() & CHAINED == 0
    }
}

/// The row of the function that a part belongs to.
unsafe fn primary(base: u64, mut row: Function) -> Function {
    for _ in 0..MOST_CHAINED {
        unsafe {
            let data = Data::of(base, row);
            if data.flags() & CHAINED == 0 {
                break;
            }
            row = data.tail().cast::<Function>().read_unaligned();
        }
    }
    row
}

/// Undoes a function without a row: nothing but its return address lies on the stack.
pub unsafe fn leaf(context: *mut CONTEXT, limits: &Limits) -> Result<(), NTSTATUS> {
    unsafe { Walk { context, pointers: None, limits }.leave() }
}

/// Undoes the innermost frame of a context, which stands at `pc` in the function of `row`.
///
/// # Safety
/// The context is one, and the row belongs to the image at `base`.
pub unsafe fn undo(
    kind: u32,
    base: u64,
    pc: u64,
    row: *const Function,
    context: *mut CONTEXT,
    pointers: Option<&mut Pointers>,
    limits: &Limits,
) -> Result<Undone, NTSTATUS> {
    unsafe {
        let mut row = row.read_unaligned();
        if row.data & 1 != 0 {
            row = ((base + u64::from(row.data & !1)) as *const Function).read_unaligned();
        }
        let mut data = Data::of(base, row);
        if !matches!(data.version(), 1 | 2) {
            return Err(STATUS_BAD_FUNCTION_TABLE);
        }
        let mut walk = Walk { context, pointers, limits };
        let offset = pc.wrapping_sub(base).wrapping_sub(row.begin.into());
        let in_prologue = offset < data.prologue().into();
        let chained = data.flags() & CHAINED != 0;
        let establisher = establisher(data, offset, context);
        let mut undone = Undone { establisher, handler: core::ptr::null(), data: core::ptr::null() };
        if !in_prologue && walk.epilogue(base, row, data, pc)? {
            return Ok(undone);
        }
        let mut machine = walk.codes(data, if in_prologue { offset } else { u64::MAX }, establisher)?;
        let mut left = MOST_CHAINED;
        while data.flags() & CHAINED != 0 {
            left -= 1;
            if left == 0 {
                return Err(STATUS_BAD_FUNCTION_TABLE);
            }
            row = data.tail().cast::<Function>().read_unaligned();
            data = Data::of(base, row);
            machine |= walk.codes(data, u64::MAX, establisher)?;
        }
        if !machine {
            walk.leave()?;
        }
        let wanted = u32::from(data.flags()) & kind & (FOR_EXCEPTION | FOR_UNWIND) != 0;
        if wanted && (!in_prologue || chained) {
            let tail = data.tail();
            undone.handler = (base + u64::from(tail.read_unaligned())) as *const c_void;
            undone.data = tail.add(1).cast();
        }
        Ok(undone)
    }
}

/// The frame of a function that stands at an offset, as its handlers know it.
unsafe fn establisher(data: Data, offset: u64, context: *mut CONTEXT) -> u64 {
    unsafe {
        let (register, above) = data.frame();
        let before = offset < data.prologue().into() && data.flags() & CHAINED == 0 && !frame_is_set(data, offset);
        let value = |register: usize| *registers(context).add(register);
        if register == 0 || before { value(STACK_POINTER) } else { value(register).wrapping_sub(above) }
    }
}

/// The frame of a context's innermost function, where that function surely has no handler to call when it is undone.
///
/// # Safety
/// As for [`undo`].
pub unsafe fn plain_frame(base: u64, pc: u64, row: *const Function, context: *mut CONTEXT) -> Option<u64> {
    unsafe {
        let row = row.read_unaligned();
        if row.data & 1 != 0 {
            return None;
        }
        let data = Data::of(base, row);
        let offset = pc.wrapping_sub(base).wrapping_sub(row.begin.into());
        let plain = matches!(data.version(), 1 | 2) && u32::from(data.flags()) & (FOR_UNWIND | u32::from(CHAINED)) == 0;
        plain.then(|| establisher(data, offset, context))
    }
}

/// Whether the prologue had set its frame register at an offset.
unsafe fn frame_is_set(data: Data, offset: u64) -> bool {
    unsafe {
        let mut index = 0;
        while index < data.count() {
            let (at, operation, information) = code(data.slot(index));
            if operation == SET_FRAME {
                return u64::from(at) <= offset;
            }
            index += slots(operation, information, data.version());
        }
    }
    false
}

/// Copies what undoing a frame changes: integer registers, instruction pointer, and the XMM registers that are kept.
///
/// # Safety
/// Both are contexts.
pub unsafe fn copy_unwound(from: *const CONTEXT, to: *mut CONTEXT) {
    unsafe {
        core::ptr::copy_nonoverlapping(&raw const (*from).Rax, &raw mut (*to).Rax, 17);
        let float = (&raw const (*from).Anonymous.FltSave.XmmRegisters).cast::<M128A>().add(6);
        core::ptr::copy_nonoverlapping(float, (&raw mut (*to).Anonymous.FltSave.XmmRegisters).cast::<M128A>().add(6), 10);
    }
}
