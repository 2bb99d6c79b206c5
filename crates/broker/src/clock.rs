//! `KUSER_SHARED_DATA`: the page that programs read, and its clock.

use channel::{Mapping, Shared};
use gate::map::PAGE;
use gate::shared::{
    INTERRUPT_TIME, KEY_CHANGES, KEY_CHANGES_COUNT, Machine, PROCESSOR_FEATURES, SYSTEM_TIME, TICK_COUNT, TICK_UNITS, TIME_ZONE_BIAS, TIME_ZONE_ID,
    feature_bytes, page,
};
use rustix::io::Result;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the clock ticks: 64 times per second, as Windows' does.
pub const TICK: Duration = Duration::from_nanos(100 * TICK_UNITS as u64);

/// The page of one sandbox.
pub struct Clock {
    /// What processes map.
    pub shared: Shared,
    page: Mapping,
}

impl Clock {
    /// Makes the page, and sets its clock.
    pub fn new(windows: [u32; 3]) -> Result<Self> {
        let (shared, mapping) = Shared::create_read_only("shared-data", PAGE as usize)?;
        let [major, minor, build] = windows;
        let memory = rustix::system::sysinfo();
        let bytes = memory.totalram as u64 * u64::from(memory.mem_unit.max(1));
        let mut cookie = [0; 4];
        rustix::rand::getrandom(&mut cookie, rustix::rand::GetRandomFlags::empty())?;
        let machine = Machine {
            major,
            minor,
            build,
            processors: processors(),
            physical_pages: u32::try_from(bytes / PAGE).unwrap_or(u32::MAX),
            cookie: u32::from_le_bytes(cookie),
        };
        mapping.write(0, &page(&machine));
        let clock = Self { shared, page: mapping };
        clock.tick();
        Ok(clock)
    }

    /// Writes down what the processor can do. Apart from the rest, for in a virtual machine it takes as long as a hundred system calls.
    pub fn show_features(&self) {
        self.page.write(PROCESSOR_FEATURES, &feature_bytes(features()));
    }

    /// Sets the clock to now.
    pub fn tick(&self) {
        let running = units(clock_gettime(ClockId::Boottime));
        self.set(INTERRUPT_TIME, running);
        self.set(SYSTEM_TIME, crate::audit::now() as u64);
        self.set(TICK_COUNT, running / 10_000);
    }

    /// Sets UTC less local time, in 100 ns, and which of its zone's times that is (`TIME_ZONE_ID_*`).
    pub fn set_bias(&self, bias: i64, id: u32) {
        self.set(TIME_ZONE_BIAS, bias as u64);
        self.page.word(TIME_ZONE_ID).store(id, Ordering::Release);
    }

    /// Counts a change of a key of the registry.
    pub fn count_key_change(&self, word: u32) {
        self.page.word(KEY_CHANGES + 4 * (word % KEY_CHANGES_COUNT) as usize).fetch_add(1, Ordering::Release);
    }

    /// How many changes a word tells of.
    pub fn key_changes(&self, word: u32) -> u32 {
        self.page.word(KEY_CHANGES + 4 * (word % KEY_CHANGES_COUNT) as usize).load(Ordering::Acquire)
    }

    /// Writes a `KSYSTEM_TIME`: the second high half first and the first one last, so that a reader who finds both
    /// equal has read one time.
    fn set(&self, offset: usize, value: u64) {
        self.page.word(offset + 8).store((value >> 32) as u32, Ordering::Release);
        self.page.word(offset).store(value as u32, Ordering::Release);
        self.page.word(offset + 4).store((value >> 32) as u32, Ordering::Release);
    }
}

/// A time in 100 ns.
const fn units(time: Timespec) -> u64 {
    time.tv_sec as u64 * 10_000_000 + time.tv_nsec as u64 / 100
}

/// Processors that this process may use.
pub fn processors() -> u32 {
    rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count()).clamp(1, 64)
}

/// `PF_*` features (winnt.h) that this processor has, as bits. The processor is asked for two leaves alone, because each question
/// leaves a virtual machine; a kernel that says OSXSAVE has enabled every register file that it knows.
fn features() -> u64 {
    use std::arch::x86_64::__cpuid_count;
    // Present on every x86-64: CMPXCHG8B, MMX, SSE, RDTSC, SSE2, NX, CMPXCHG16B, fast fail.
    let always = [2, 3, 6, 8, 10, 12, 14, 23];
    let (basic, extended) = (__cpuid_count(1, 0).ecx, __cpuid_count(7, 0).ebx);
    let has = |word: u32, bit: u32| word & 1 << bit != 0;
    let saved = has(basic, 27);
    let detected = [
        (13, has(basic, 0)),
        (17, saved),
        (28, has(basic, 30)),
        (36, has(basic, 9)),
        (37, has(basic, 19)),
        (38, has(basic, 20)),
        (39, saved && has(basic, 28)),
        (40, saved && has(extended, 5)),
        (41, saved && has(extended, 16)),
    ];
    let rows = always.into_iter().chain(detected.into_iter().filter(|row| row.1).map(|row| row.0));
    // RDWRFSGSBASE: nothing runs without it.
    rows.chain([22]).fold(0, |features, number| features | 1 << number)
}
