//! `KUSER_SHARED_DATA`: where its members lie, and the page as the broker first fills it.
//!
//! Offsets are those of Microsoft's public symbols (`dt nt!_KUSER_SHARED_DATA`). The broker keeps the clock.
#![allow(missing_docs, reason = "the members bear Windows' own names")]

use crate::map::PAGE;

pub const TICK_COUNT_MULTIPLIER: usize = 0x4;
pub const INTERRUPT_TIME: usize = 0x8;
pub const SYSTEM_TIME: usize = 0x14;
pub const TIME_ZONE_BIAS: usize = 0x20;
pub const IMAGE_NUMBER_LOW: usize = 0x2C;
pub const IMAGE_NUMBER_HIGH: usize = 0x2E;
pub const NT_SYSTEM_ROOT: usize = 0x30;
pub const TIME_ZONE_ID: usize = 0x240;
pub const LARGE_PAGE_MINIMUM: usize = 0x244;
pub const NT_BUILD_NUMBER: usize = 0x260;
pub const NT_PRODUCT_TYPE: usize = 0x264;
pub const PRODUCT_TYPE_IS_VALID: usize = 0x268;
pub const NATIVE_PROCESSOR_ARCHITECTURE: usize = 0x26A;
pub const NT_MAJOR_VERSION: usize = 0x26C;
pub const NT_MINOR_VERSION: usize = 0x270;
pub const PROCESSOR_FEATURES: usize = 0x274;
pub const SUITE_MASK: usize = 0x2D0;
pub const NUMBER_OF_PHYSICAL_PAGES: usize = 0x2E8;
pub const QPC_FREQUENCY: usize = 0x300;
pub const TICK_COUNT: usize = 0x320;
pub const COOKIE: usize = 0x330;
pub const UNPARKED_PROCESSOR_COUNT: usize = 0x36A;
pub const ACTIVE_PROCESSOR_COUNT: usize = 0x3C0;
pub const ACTIVE_GROUP_COUNT: usize = 0x3C4;

/// Words behind Windows' own members, which the broker counts up when a key of the registry changes: a key has the word of its number
/// modulo [`KEY_CHANGES_COUNT`].
pub const KEY_CHANGES: usize = 0x800;
pub const KEY_CHANGES_COUNT: u32 = 512;

/// Ticks per second of the performance counter; Windows 10's own figure.
pub const QPC_TICKS_PER_SECOND: u64 = 10_000_000;

/// `TimeZoneId` until the broker has looked at the time zone, right after the start.
pub const TIME_ZONE_UNSEEN: u32 = u32::MAX;
/// 100 ns units between two ticks of the clock: 64 ticks per second, as on Windows.
pub const TICK_UNITS: u32 = 156_250;

/// What the page says of the machine and the Windows version shown.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    pub major: u32,
    pub minor: u32,
    pub build: u32,
    pub processors: u32,
    pub physical_pages: u32,
    pub cookie: u32,
}

/// The page before the clock first ticks.
pub fn page(machine: &Machine) -> [u8; PAGE as usize] {
    let mut page = [0; PAGE as usize];
    let mut word = |offset: usize, value: u32| page[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    // Milliseconds per tick as a fixed-point number with 24 bits behind the point: our ticks are milliseconds.
    word(TICK_COUNT_MULTIPLIER, 1 << 24);
    word(TIME_ZONE_ID, TIME_ZONE_UNSEEN);
    word(LARGE_PAGE_MINIMUM, 0x20_0000);
    word(NT_BUILD_NUMBER, machine.build);
    word(NT_PRODUCT_TYPE, 1);
    word(NT_MAJOR_VERSION, machine.major);
    word(NT_MINOR_VERSION, machine.minor);
    word(SUITE_MASK, 0x110);
    word(NUMBER_OF_PHYSICAL_PAGES, machine.physical_pages);
    word(QPC_FREQUENCY, QPC_TICKS_PER_SECOND as u32);
    word(COOKIE, machine.cookie);
    word(ACTIVE_PROCESSOR_COUNT, machine.processors);
    let mut half = |offset: usize, value: u16| page[offset..offset + 2].copy_from_slice(&value.to_le_bytes());
    half(IMAGE_NUMBER_LOW, 0x8664);
    half(IMAGE_NUMBER_HIGH, 0x8664);
    half(NATIVE_PROCESSOR_ARCHITECTURE, 9);
    half(UNPARKED_PROCESSOR_COUNT, machine.processors as u16);
    for (index, unit) in "C:\\Windows".encode_utf16().enumerate() {
        half(NT_SYSTEM_ROOT + 2 * index, unit);
    }
    page[PRODUCT_TYPE_IS_VALID] = 1;
    page[ACTIVE_GROUP_COUNT] = 1;
    page
}

/// The bytes at [`PROCESSOR_FEATURES`], of the `PF_*` numbers that are present, as bits.
pub fn feature_bytes(features: u64) -> [u8; 64] {
    core::array::from_fn(|number| (features >> number & 1) as u8)
}
