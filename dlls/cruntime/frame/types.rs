//! What was thrown, and whether a `catch` takes it.

use super::tables::Handler;
use windows_sys::Win32::System::Diagnostics::Debug::EXCEPTION_RECORD;

/// The code of C++ exceptions.
pub const CPP_EXCEPTION: i32 = 0xE06D_7363_u32 as i32;
/// The first parameter of C++ exceptions.
const MAGIC: core::ops::RangeInclusive<usize> = 0x1993_0520..=0x1993_0522;

/// How many parameters they have.
const PARAMETERS: u32 = if cfg!(target_arch = "x86") { 3 } else { 4 };

/// A member function without arguments.
#[cfg(target_arch = "x86")]
type Member = unsafe extern "thiscall" fn(usize);
#[cfg(not(target_arch = "x86"))]
type Member = unsafe extern "C" fn(usize);
/// A copy constructor; one of a class with virtual bases is told that the object is whole.
#[cfg(target_arch = "x86")]
type Copy = unsafe extern "thiscall" fn(usize, usize);
#[cfg(target_arch = "x86")]
type CopyWhole = unsafe extern "thiscall" fn(usize, usize, i32);
#[cfg(not(target_arch = "x86"))]
type Copy = unsafe extern "C" fn(usize, usize);
#[cfg(not(target_arch = "x86"))]
type CopyWhole = unsafe extern "C" fn(usize, usize, i32);

const CONST: u32 = 1;
const VOLATILE: u32 = 2;
const UNALIGNED: u32 = 4;
const REFERENCE: u32 = 8;
/// A `catch (...)` that takes C++ exceptions alone.
const STANDARD: u32 = 0x40;

const SIMPLE: u32 = 1;
const ONLY_BY_REFERENCE: u32 = 2;
const HAS_VIRTUAL_BASE: u32 = 4;

/// `CatchableType`: a type that an object can be caught as.
#[repr(C)]
#[derive(Clone, Copy)]
struct Catchable {
    properties: u32,
    kind: u32,
    member: i32,
    table: i32,
    in_table: i32,
    size: u32,
    copy: u32,
}

/// A C++ exception: its object, `ThrowInfo`, and what that one's addresses count from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Thrown {
    pub object: u64,
    information: u64,
    base: u64,
}

impl Thrown {
    /// The C++ exception that a record tells of.
    pub fn of(record: &EXCEPTION_RECORD) -> Option<Self> {
        let [magic, object, information, base, ..] = record.ExceptionInformation;
        let own = record.ExceptionCode == CPP_EXCEPTION && record.NumberParameters >= PARAMETERS && MAGIC.contains(&magic);
        // Only the tables of 64-bit programs are relative to an image.
        let base = if PARAMETERS > 3 { base as u64 } else { 0 };
        (own && information != 0).then_some(Self { object: object as u64, information: information as u64, base })
    }

    unsafe fn word(&self, index: usize) -> u32 {
        unsafe { (self.information as *const u32).add(index).read_unaligned() }
    }

    /// The types that the object can be caught as, in order, until one is wanted.
    unsafe fn catchable(&self, mut wanted: impl FnMut(&Catchable) -> bool) -> Option<Catchable> {
        let array = (self.base + u64::from(unsafe { self.word(3) })) as *const u32;
        let count = unsafe { array.read_unaligned() } as usize;
        (1..=count).find_map(|index| {
            let one = unsafe { ((self.base + u64::from(array.add(index).read_unaligned())) as *const Catchable).read_unaligned() };
            wanted(&one).then_some(one)
        })
    }

    unsafe fn as_taken_by(&self, handler: &Handler, base: u64) -> Option<Catchable> {
        unsafe {
            let attributes = self.word(0);
            let lost = [CONST, VOLATILE, UNALIGNED].iter().any(|bit| attributes & bit != 0 && handler.adjectives & bit == 0);
            if lost {
                return None;
            }
            self.catchable(|one| {
                let by_value = one.properties & ONLY_BY_REFERENCE != 0 && handler.adjectives & REFERENCE == 0;
                !by_value && same_type(base + u64::from(handler.kind), self.base + u64::from(one.kind))
            })
        }
    }

    /// Whether a `catch` of the image at `base` takes it.
    pub unsafe fn fits(&self, handler: &Handler, base: u64) -> bool {
        unsafe { handler.is_ellipsis(base) || self.as_taken_by(handler, base).is_some() }
    }

    /// Puts the object, or its address, where the `catch` looks for it.
    pub unsafe fn hand_over(&self, handler: &Handler, base: u64, frame: u64) {
        unsafe {
            if handler.object == 0 || handler.is_ellipsis(base) {
                return;
            }
            let Some(kind) = self.as_taken_by(handler, base) else { return };
            let place = frame.wrapping_add_signed(handler.object);
            if handler.adjectives & REFERENCE != 0 {
                *(place as *mut usize) = kind.part(self.object) as usize;
            } else if kind.properties & SIMPLE != 0 {
                core::ptr::copy(self.object as *const u8, place as *mut u8, kind.size as usize);
                let pointer = place as *mut usize;
                if kind.size as usize == size_of::<usize>() && *pointer != 0 {
                    *pointer = kind.part(*pointer as u64) as usize;
                }
            } else if kind.copy == 0 {
                core::ptr::copy(kind.part(self.object) as *const u8, place as *mut u8, kind.size as usize);
            } else {
                let copy = (self.base + u64::from(kind.copy)) as usize;
                let (to, from) = (place as usize, kind.part(self.object) as usize);
                // SAFETY: the compiler put a copy constructor there.
                if kind.properties & HAS_VIRTUAL_BASE != 0 {
                    core::mem::transmute::<usize, CopyWhole>(copy)(to, from, 1);
                } else {
                    core::mem::transmute::<usize, Copy>(copy)(to, from);
                }
            }
        }
    }

    /// Ends the object's life.
    pub unsafe fn destroy(&self) {
        unsafe {
            let destructor = self.word(1);
            if destructor != 0 && self.object != 0 {
                // SAFETY: the compiler put a destructor there.
                let destroy: Member = core::mem::transmute((self.base + u64::from(destructor)) as usize);
                destroy(self.object as usize);
            }
        }
    }
}

impl Catchable {
    /// Where the part of the object lies that has this type.
    unsafe fn part(&self, object: u64) -> u64 {
        let part = object.wrapping_add_signed(self.member.into());
        if self.table < 0 {
            return part;
        }
        unsafe {
            let table = *(object.wrapping_add_signed(self.table.into()) as *const usize) as u64;
            let distance = (table.wrapping_add_signed(self.in_table.into()) as *const i32).read_unaligned();
            part.wrapping_add_signed(i64::from(self.table) + i64::from(distance))
        }
    }
}

impl Handler {
    /// Whether it takes everything.
    pub unsafe fn is_ellipsis(&self, base: u64) -> bool {
        self.kind == 0 || unsafe { *name(base + u64::from(self.kind)) == 0 }
    }

    /// Whether it takes C++ exceptions alone.
    pub const fn is_standard(&self) -> bool {
        self.adjectives & STANDARD != 0
    }
}

/// The name in a type's descriptor.
unsafe fn name(descriptor: u64) -> *const u8 {
    (descriptor as usize + 2 * size_of::<usize>()) as *const u8
}

unsafe fn same_type(first: u64, second: u64) -> bool {
    first == second || unsafe { guest::text::narrow(name(first)) == guest::text::narrow(name(second)) }
}
