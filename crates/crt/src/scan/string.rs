//! `%s %c %[`: text, converted between narrow and wide where the function's is the other.

use super::Scan;
use super::set::Set;
use super::spec::Spec;
use crate::{Codec, Unit, class};

impl<C: Unit> Scan<'_, C> {
    pub(super) fn word(&mut self, spec: &Spec) -> bool {
        self.skip_blanks();
        self.text(spec, spec.limit(), true, |unit| !class::is_space(unit))
    }

    pub(super) fn characters(&mut self, spec: &Spec) -> bool {
        self.text(spec, spec.width.unwrap_or(1), false, |_| true)
    }

    pub(super) fn set(&mut self, spec: &Spec, set: Set<C>) -> bool {
        self.text(spec, spec.limit(), true, |unit| set.contains(unit))
    }

    /// Takes up to `limit` units that `wanted` likes, at least one, and stores them, with a NUL behind if `terminated`.
    fn text(&mut self, spec: &Spec, limit: usize, terminated: bool, wanted: impl Fn(C) -> bool) -> bool {
        let mut room = Room::new(self, spec, terminated);
        let mut pending = Pending::default();
        let mut taken = 0;
        while taken < limit {
            let Some(unit) = self.reader.peek().filter(|&unit| wanted(unit)) else { break };
            taken += 1;
            if !pending.push(unit, &mut room, self.codec) {
                room.clear();
                return false;
            }
            self.reader.next();
        }
        if taken == 0 {
            return false;
        }
        self.matched = true;
        if terminated {
            room.terminate();
        }
        self.stored += i32::from(!spec.suppressed);
        true
    }
}

/// The program's buffer.
struct Room {
    at: *mut u8,
    wide: bool,
    used: usize,
    /// How many units may still come.
    left: usize,
    size: usize,
}

impl Room {
    fn new<C: Unit>(scan: &mut Scan<C>, spec: &Spec, terminated: bool) -> Self {
        let wide = spec.is_wide::<C>(scan.options);
        if spec.suppressed {
            return Self { at: core::ptr::null_mut(), wide, used: 0, left: usize::MAX, size: 0 };
        }
        let at = scan.arguments.pointer().cast();
        let size = if scan.options.secure { scan.arguments.int() as u32 as usize } else { usize::MAX };
        Self { at, wide, used: 0, left: size.saturating_sub(usize::from(terminated)), size }
    }

    /// Whether there was room for the unit.
    fn put(&mut self, code: u32) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.write(self.used, code);
        self.used += 1;
        true
    }

    fn terminate(&mut self) {
        self.write(self.used, 0);
    }

    /// What did not fit leaves the empty string.
    fn clear(&mut self) {
        if self.size > 0 {
            self.write(0, 0);
        }
    }

    fn write(&mut self, index: usize, code: u32) {
        if self.at.is_null() {
            return;
        }
        if self.wide {
            let place = self.at.cast::<u16>().wrapping_add(index);
            // SAFETY: the caller of `Arguments` vouches for the buffer; in the `_s` functions the index is below its size.
            unsafe { place.write_unaligned(code as u16) };
        } else {
            // SAFETY: as above.
            unsafe { self.at.wrapping_add(index).write(code as u8) };
        }
    }
}

/// The units of a character of which the rest has not come yet.
#[derive(Default)]
struct Pending {
    units: [u16; 4],
    count: usize,
}

impl Pending {
    /// Takes a unit and stores its character once it is complete; whether there was room.
    fn push<C: Unit>(&mut self, unit: C, room: &mut Room, codec: &dyn Codec) -> bool {
        if C::WIDE == room.wide {
            return room.put(unit.code());
        }
        self.units[self.count] = unit.code() as u16;
        self.count += 1;
        let units = &self.units[..self.count];
        let stored = if C::WIDE {
            match codec.encode(units) {
                Some((bytes, _)) => bytes.as_slice().iter().all(|&byte| room.put(byte.into())),
                None if self.count == 1 && matches!(units[0], 0xD800..=0xDBFF) => return true,
                None => room.put(b'?'.into()),
            }
        } else {
            let bytes = self.units.map(|unit| unit as u8);
            match codec.decode(&bytes[..self.count]) {
                Some((wide, _)) => wide.as_slice().iter().all(|&unit| room.put(unit.into())),
                None if self.count < codec.longest().min(4) => return true,
                None => room.put(b'?'.into()),
            }
        };
        self.count = 0;
        stored
    }
}
