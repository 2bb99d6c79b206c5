//! The CONTEXT of 32-bit code. Inside of the runtime a thread's registers have one form, the 64-bit one, of which 32-bit
//! code has the lower halves; this is the way between the two.

use super::{CONTROL, DEBUG_REGISTERS, FLOATING_POINT, FRAME, INTEGER, SEGMENTS, X87, empty};
use windows_sys::Win32::System::Diagnostics::Debug::{CONTEXT, M128A, XSAVE_FORMAT};

/// `CONTEXT_EXTENDED_REGISTERS`: x87 and SSE, as FXSAVE writes them.
const EXTENDED_REGISTERS: u32 = 0x20;
/// The group that 32-bit flags do not share with 64-bit ones, and the processor's own mark.
const CONTEXT_X86: u32 = 0x1_0000;
/// Everything that a fault's context holds.
pub const CONTEXT_ALL: u32 = CONTEXT_X86 | CONTROL | INTEGER | SEGMENTS | FLOATING_POINT | DEBUG_REGISTERS | EXTENDED_REGISTERS;

/// `FLOATING_SAVE_AREA`: what FSAVE writes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Float {
    control: u32,
    status: u32,
    tag: u32,
    error_offset: u32,
    error_selector: u32,
    data_offset: u32,
    data_selector: u32,
    registers: [[u8; 10]; 8],
    spare: u32,
}

/// `CONTEXT` (winnt.h, x86).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Which registers count.
    pub flags: u32,
    debug: [u32; 6],
    float: Float,
    gs_fs_es_ds: [u32; 4],
    edi: u32,
    esi: u32,
    ebx: u32,
    edx: u32,
    ecx: u32,
    eax: u32,
    ebp: u32,
    eip: u32,
    cs: u32,
    eflags: u32,
    esp: u32,
    ss: u32,
    extended: [u8; 512],
}

const _: () = assert!(size_of::<Context>() == 716 && core::mem::offset_of!(Context, eip) == 0xB8);
const _: () = assert!(size_of::<XSAVE_FORMAT>() == 512);

/// 32-bit flags as the runtime has them.
fn widen(flags: u32) -> u32 {
    let shared = flags & !(CONTEXT_X86 | FLOATING_POINT | EXTENDED_REGISTERS);
    let frame = if flags & CONTROL != 0 { FRAME } else { 0 };
    let float = if flags & EXTENDED_REGISTERS != 0 {
        FLOATING_POINT
    } else if flags & FLOATING_POINT != 0 {
        X87
    } else {
        0
    };
    shared | frame | float
}

impl Context {
    /// From the runtime's form, with everything in it.
    pub fn new(wide: &CONTEXT, flags: u32) -> Self {
        let low = |register: u64| register as u32;
        // SAFETY: every context holds this form of the state, which has as many bytes.
        let (float, extended) = unsafe { (&wide.Anonymous.FltSave, *(&raw const wide.Anonymous.FltSave).cast::<[u8; 512]>()) };
        let mut narrow = Self {
            flags,
            debug: [wide.Dr0, wide.Dr1, wide.Dr2, wide.Dr3, wide.Dr6, wide.Dr7].map(low),
            float: Float::new(float),
            gs_fs_es_ds: [wide.SegGs, wide.SegFs, wide.SegEs, wide.SegDs].map(u32::from),
            edi: low(wide.Rdi),
            esi: low(wide.Rsi),
            ebx: low(wide.Rbx),
            edx: low(wide.Rdx),
            ecx: low(wide.Rcx),
            eax: low(wide.Rax),
            ebp: low(wide.Rbp),
            eip: low(wide.Rip),
            cs: wide.SegCs.into(),
            eflags: wide.EFlags,
            esp: low(wide.Rsp),
            ss: wide.SegSs.into(),
            extended,
        };
        narrow.extended[24..28].copy_from_slice(&wide.MxCsr.to_le_bytes());
        narrow
    }

    /// Takes the registers of another that the flags name.
    pub fn merge(&mut self, other: &Self, flags: u32) {
        if flags & CONTROL != 0 {
            (self.ebp, self.eip, self.cs, self.eflags, self.esp, self.ss) = (other.ebp, other.eip, other.cs, other.eflags, other.esp, other.ss);
        }
        if flags & INTEGER != 0 {
            (self.edi, self.esi, self.ebx) = (other.edi, other.esi, other.ebx);
            (self.edx, self.ecx, self.eax) = (other.edx, other.ecx, other.eax);
        }
        if flags & SEGMENTS != 0 {
            self.gs_fs_es_ds = other.gs_fs_es_ds;
        }
        if flags & FLOATING_POINT != 0 {
            self.float = other.float;
        }
        if flags & EXTENDED_REGISTERS != 0 {
            self.extended = other.extended;
        }
        if flags & DEBUG_REGISTERS != 0 {
            self.debug = other.debug;
        }
    }

    /// In the runtime's form: its flags are the runtime's.
    pub fn wide(&self) -> CONTEXT {
        let mut wide = empty();
        wide.ContextFlags = widen(self.flags);
        let [gs, fs, es, ds] = self.gs_fs_es_ds.map(|selector| selector as u16);
        (wide.SegGs, wide.SegFs, wide.SegEs, wide.SegDs) = (gs, fs, es, ds);
        (wide.SegCs, wide.SegSs, wide.EFlags) = (self.cs as u16, self.ss as u16, self.eflags);
        (wide.Rdi, wide.Rsi, wide.Rbx, wide.Rdx) = (self.edi.into(), self.esi.into(), self.ebx.into(), self.edx.into());
        (wide.Rcx, wide.Rax, wide.Rbp) = (self.ecx.into(), self.eax.into(), self.ebp.into());
        (wide.Rip, wide.Rsp) = (self.eip.into(), self.esp.into());
        [wide.Dr0, wide.Dr1, wide.Dr2, wide.Dr3, wide.Dr6, wide.Dr7] = self.debug.map(u64::from);
        if self.flags & EXTENDED_REGISTERS != 0 {
            // SAFETY: as many bytes, of which any make a state.
            unsafe { (&raw mut wide.Anonymous.FltSave).cast::<[u8; 512]>().write_unaligned(self.extended) };
            // SAFETY: just written.
            wide.MxCsr = unsafe { wide.Anonymous.FltSave.MxCsr };
        } else if self.flags & FLOATING_POINT != 0 {
            // SAFETY: every context holds this form of the state.
            self.float.store(unsafe { &mut wide.Anonymous.FltSave });
        }
        wide
    }

    /// Which of its groups are known, where the runtime knows these.
    pub fn known(flags: u32) -> u32 {
        const BOTH: u32 = FLOATING_POINT | EXTENDED_REGISTERS;
        if flags & (FLOATING_POINT | X87) != 0 { CONTEXT_ALL } else { CONTEXT_ALL & !BOTH }
    }
}

impl Float {
    /// From what FXSAVE writes.
    fn new(float: &XSAVE_FORMAT) -> Self {
        let top = float.StatusWord >> 11 & 7;
        let mut tag = 0;
        for physical in 0..8_u16 {
            let register = &bytes(&float.FloatRegisters[usize::from((physical.wrapping_sub(top)) & 7)]);
            let two = if float.TagWord >> physical & 1 == 0 { 3 } else { kind(register) };
            tag |= u32::from(two) << (2 * physical);
        }
        Self {
            control: 0xFFFF_0000 | u32::from(float.ControlWord),
            status: 0xFFFF_0000 | u32::from(float.StatusWord),
            tag: 0xFFFF_0000 | tag,
            error_offset: float.ErrorOffset,
            error_selector: u32::from(float.ErrorSelector) | u32::from(float.ErrorOpcode) << 16,
            data_offset: float.DataOffset,
            data_selector: 0xFFFF_0000 | u32::from(float.DataSelector),
            registers: std::array::from_fn(|index| bytes(&float.FloatRegisters[index])),
            spare: 0,
        }
    }

    /// As FXSAVE writes it: the x87's part.
    fn store(&self, float: &mut XSAVE_FORMAT) {
        (float.ControlWord, float.StatusWord) = (self.control as u16, self.status as u16);
        float.TagWord = (0..8).fold(0, |tag, register| tag | u8::from(self.tag >> (2 * register) & 3 != 3) << register);
        (float.ErrorOpcode, float.ErrorOffset, float.ErrorSelector) =
            ((self.error_selector >> 16) as u16 & 0x7FF, self.error_offset, self.error_selector as u16);
        (float.DataOffset, float.DataSelector) = (self.data_offset, self.data_selector as u16);
        for (into, from) in float.FloatRegisters.iter_mut().zip(&self.registers) {
            let (low, high) = from.split_at(8);
            into.Low = u64::from_le_bytes(std::array::from_fn(|index| low[index]));
            into.High = i64::from(u16::from_le_bytes([high[0], high[1]]));
        }
    }
}

fn bytes(register: &M128A) -> [u8; 10] {
    let (low, high) = (register.Low.to_le_bytes(), register.High.to_le_bytes());
    std::array::from_fn(|index| if index < 8 { low[index] } else { high[index - 8] })
}

/// What FSAVE's tag says of a register that is in use: 0 a number, 1 zero, 2 anything else (Intel's manual, volume 1, "x87 FPU tag
/// word").
fn kind(register: &[u8; 10]) -> u8 {
    let exponent = u16::from_le_bytes([register[8], register[9]]) & 0x7FFF;
    let integer = register[7] & 0x80 != 0;
    match exponent {
        0 if register[..8].iter().all(|byte| *byte == 0) => 1,
        0 | 0x7FFF => 2,
        _ if integer => 0,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_runtimes_form_and_back_loses_nothing() {
        let mut wide = empty();
        (wide.Rip, wide.Rsp, wide.Rbp, wide.Rax) = (0x40_1000, 0x20_0000, 0x20_0010, 7);
        (wide.Rbx, wide.Rcx, wide.Rdx, wide.Rsi, wide.Rdi) = (1, 2, 3, 4, 5);
        (wide.EFlags, wide.MxCsr) = (0x246, 0x1FA0);
        // SAFETY: every context holds this form of the state.
        let float = unsafe { &mut wide.Anonymous.FltSave };
        (float.ControlWord, float.StatusWord, float.TagWord, float.MxCsr) = (0x27F, 7 << 11, 0x80, 0x1FA0);
        // 1.0 on top of the stack, in the last of the processor's registers.
        (float.FloatRegisters[0].Low, float.FloatRegisters[0].High) = (1 << 63, 0x3FFF);
        let narrow = Context::new(&wide, CONTEXT_ALL);
        assert_eq!(narrow.float.tag, 0xFFFF_3FFF);
        let back = narrow.wide();
        assert_eq!((back.Rip, back.Rsp, back.Rbp, back.Rax, back.Rdi), (0x40_1000, 0x20_0000, 0x20_0010, 7, 5));
        assert_eq!((back.EFlags, back.MxCsr), (0x246, 0x1FA0));
        let float_alone = Context { flags: FLOATING_POINT, ..narrow }.wide();
        // SAFETY: every context holds this form of the state.
        let float = unsafe { float_alone.Anonymous.FltSave };
        assert_eq!((float.ControlWord, float.StatusWord, float.TagWord), (0x27F, 7 << 11, 0x80));
        assert_eq!((float.FloatRegisters[0].Low, float.FloatRegisters[0].High), (1 << 63, 0x3FFF));
    }

    #[test]
    fn the_frame_pointer_is_a_control_register() {
        assert_eq!(widen(CONTEXT_X86 | CONTROL), CONTROL | FRAME);
        assert_eq!(widen(CONTEXT_X86 | INTEGER), INTEGER);
    }
}
