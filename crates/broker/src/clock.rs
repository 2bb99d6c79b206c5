//! `KUSER_SHARED_DATA`: the page that programs read, and its clock.

use channel::{Mapping, Shared};
use gate::map::PAGE;
use gate::shared::{INTERRUPT_TIME, Machine, SYSTEM_TIME, TICK_COUNT, TICK_UNITS, TIME_ZONE_BIAS, TIME_ZONE_ID, page};
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
            features: features(),
        };
        mapping.write(0, &page(&machine));
        let clock = Self { shared, page: mapping };
        clock.tick();
        Ok(clock)
    }

    /// Sets the clock to now.
    pub fn tick(&self) {
        const UNIX_EPOCH: u64 = 116_444_736_000_000_000;
        let units = |time: Timespec| time.tv_sec as u64 * 10_000_000 + time.tv_nsec as u64 / 100;
        let running = units(clock_gettime(ClockId::Boottime));
        self.set(INTERRUPT_TIME, running);
        self.set(SYSTEM_TIME, units(clock_gettime(ClockId::Realtime)) + UNIX_EPOCH);
        self.set(TICK_COUNT, running / 10_000);
    }

    /// Sets UTC less local time, in 100 ns, and which of its zone's times that is (`TIME_ZONE_ID_*`).
    pub fn set_bias(&self, bias: i64, id: u32) {
        self.set(TIME_ZONE_BIAS, bias as u64);
        self.page.word(TIME_ZONE_ID).store(id, Ordering::Release);
    }

    /// Writes a `KSYSTEM_TIME`: the second high half first and the first one last, so that a reader who finds both
    /// equal has read one time.
    fn set(&self, offset: usize, value: u64) {
        self.page.word(offset + 8).store((value >> 32) as u32, Ordering::Release);
        self.page.word(offset).store(value as u32, Ordering::Release);
        self.page.word(offset + 4).store((value >> 32) as u32, Ordering::Release);
    }
}

/// Processors that this process may use.
pub fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u32).min(64)
}

/// `PF_*` features (winnt.h) that this processor has, as bits.
fn features() -> u64 {
    use std::arch::is_x86_feature_detected as has;
    // Present on every x86-64: CMPXCHG8B, MMX, SSE, RDTSC, SSE2, NX, SSE3 where detected, CMPXCHG16B, fast fail.
    let always = [2, 3, 6, 8, 10, 12, 14, 23];
    let detected = [
        (13, has!("sse3")),
        (17, has!("xsave")),
        (28, has!("rdrand")),
        (36, has!("ssse3")),
        (37, has!("sse4.1")),
        (38, has!("sse4.2")),
        (39, has!("avx")),
        (40, has!("avx2")),
        (41, has!("avx512f")),
    ];
    let rows = always.into_iter().chain(detected.into_iter().filter(|row| row.1).map(|row| row.0));
    // RDWRFSGSBASE: nothing runs without it.
    rows.chain([22]).fold(0, |features, number| features | 1 << number)
}
