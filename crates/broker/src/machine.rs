//! What programs may know of the machine.

use protocol::message::Machine;

/// Memory and processors.
pub fn facts() -> Machine {
    let host = rustix::system::sysinfo();
    let unit = u64::from(host.mem_unit.max(1));
    let bytes = |count: u64| count * unit;
    let total = bytes(host.totalram as u64);
    // What the kernel could free counts as available; the files it caches are most of it.
    let available = available().unwrap_or_else(|| bytes(host.freeram as u64)).min(total);
    let swap = (bytes(host.totalswap as u64), bytes(host.freeswap as u64));
    Machine { memory: [total, available, total + swap.0, available + swap.1], processors: crate::clock::processors(), pad: 0 }
}

/// `MemAvailable` of `/proc/meminfo`.
fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
