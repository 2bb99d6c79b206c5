//! Which function an address belongs to: the images' exception directories, and the tables that programs announce.

use super::row::Function;
use crate::image_list::image;
use crate::lock::Mutex;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

type Callback = unsafe extern "system" fn(pc: u64, context: *mut c_void) -> *const Function;

/// A table that a program announced.
#[derive(Clone, Copy)]
struct Announced {
    /// What takes it back: the table's address, the callback's identifier, or the growable table's own number.
    key: u64,
    base: u64,
    end: u64,
    rows: u64,
    count: usize,
    callback: Option<(Callback, u64)>,
    sorted: bool,
}

static ANNOUNCED: Mutex<Vec<Announced>> = Mutex::new(Vec::new());
static COUNT: AtomicUsize = AtomicUsize::new(0);
static NEXT_KEY: AtomicU64 = AtomicU64::new(1);

fn announce(table: Announced) {
    let mut tables = ANNOUNCED.lock();
    tables.push(table);
    COUNT.store(tables.len(), Ordering::Release);
}

unsafe fn rows<'a>(address: u64, count: usize) -> &'a [Function] {
    // SAFETY: the program promised as many rows there, until it takes them back.
    unsafe { core::slice::from_raw_parts(address as *const Function, count) }
}

/// Announces rows of code that was made at run time; false for a table without rows.
///
/// # Safety
/// The rows stay until they are taken back.
pub unsafe fn add_rows(table: u64, count: usize, base: u64) -> bool {
    if table == 0 || count == 0 {
        return false;
    }
    let rows = unsafe { rows(table, count) };
    let last = rows.iter().map(|row| row.end).max().unwrap_or(0);
    let sorted = rows.is_sorted_by_key(|row| row.begin);
    announce(Announced { key: table, base, end: base + u64::from(last), rows: table, count, callback: None, sorted });
    true
}

/// Announces a callback that is asked for the rows of a range.
pub fn add_callback(key: u64, base: u64, length: u64, callback: Callback, context: u64) {
    announce(Announced { key, base, end: base.saturating_add(length), rows: 0, count: 0, callback: Some((callback, context)), sorted: false });
}

/// Announces a table that grows; answers what names it.
pub fn add_growable(rows: u64, count: usize, base: u64, end: u64) -> u64 {
    // Odd, so that it is no table's address.
    let key = 2 * NEXT_KEY.fetch_add(1, Ordering::Relaxed) + 1;
    announce(Announced { key, base, end, rows, count, callback: None, sorted: true });
    key
}

/// Lets a growable table have more rows.
pub fn grow(key: u64, count: usize) {
    if let Some(table) = ANNOUNCED.lock().iter_mut().find(|table| table.key == key) {
        table.count = table.count.max(count);
    }
}

/// Takes a table back; false when there is none by that key.
pub fn remove(key: u64) -> bool {
    let mut tables = ANNOUNCED.lock();
    let found = tables.iter().position(|table| table.key == key);
    if let Some(index) = found {
        tables.remove(index);
        COUNT.store(tables.len(), Ordering::Release);
    }
    found.is_some()
}

/// The row that covers an offset, in rows that are sorted.
fn covering(rows: &[Function], offset: u32) -> Option<&Function> {
    let index = rows.partition_point(|row| row.begin <= offset).checked_sub(1)?;
    rows.get(index).filter(|row| offset < row.end)
}

/// What was found last, by address: an exception mostly comes the way that another one came. Writers do not lock: a
/// seal over all words tells an entry that two of them have mixed, or that is older than the table.
struct Cached {
    seal: AtomicU64,
    row: AtomicU64,
    base: AtomicU64,
}

const CACHED: usize = 1024;
static CACHE: [Cached; CACHED] = [const { Cached { seal: AtomicU64::new(0), row: AtomicU64::new(0), base: AtomicU64::new(0) } }; CACHED];

fn seal(address: u64, row: u64, base: u64, version: usize) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    (address.wrapping_mul(ODD) ^ row).wrapping_mul(ODD).rotate_left(29) ^ base.wrapping_mul(ODD) ^ (version as u64) << 1 | 1
}

/// The row of the function that holds an address, and the base that it counts from; NULL for one that has none, as it
/// calls nothing and keeps nothing.
#[inline]
pub fn find(address: u64, base: &mut u64) -> *const Function {
    let version = crate::image_list::version();
    let cached = &CACHE[(address ^ address >> 10 ^ address >> 20) as usize % CACHED];
    let (row, start) = (cached.row.load(Ordering::Relaxed), cached.base.load(Ordering::Relaxed));
    if cached.seal.load(Ordering::Relaxed) == seal(address, row, start, version) {
        *base = start;
        return row as *const Function;
    }
    let (row, in_image) = find_slowly(address, base);
    if in_image {
        cached.row.store(row as u64, Ordering::Relaxed);
        cached.base.store(*base, Ordering::Relaxed);
        cached.seal.store(seal(address, row as u64, *base, version), Ordering::Relaxed);
    }
    row
}

/// As [`find`], and whether it is an image's row, or an image that has none there.
#[inline(never)]
fn find_slowly(address: u64, base: &mut u64) -> (*const Function, bool) {
    if let Some([start, _, table, count]) = image(address) {
        *base = start;
        // SAFETY: the image is listed as long as it is mapped.
        let found = covering(unsafe { rows(table, count as usize) }, (address - start) as u32);
        let row = found.map_or(null(), |row| {
            // A row may stand for another one of the same table.
            if row.data & 1 == 0 { row } else { (start + u64::from(row.data & !1)) as *const Function }
        });
        return (row, true);
    }
    (find_announced(address, base), false)
}

fn find_announced(address: u64, base: &mut u64) -> *const Function {
    if COUNT.load(Ordering::Acquire) == 0 {
        return null();
    }
    let found = ANNOUNCED.lock().iter().find(|table| (table.base..table.end).contains(&address) && covers(table, address)).copied();
    let Some(table) = found else { return null() };
    *base = table.base;
    if let Some((callback, context)) = table.callback {
        // SAFETY: the program announced it for this range; no lock is held while it runs.
        return unsafe { callback(address, context as *mut c_void) };
    }
    row_of(&table, address).map_or(null(), core::ptr::from_ref)
}

fn row_of<'a>(table: &Announced, address: u64) -> Option<&'a Function> {
    let offset = (address - table.base) as u32;
    // SAFETY: the table was announced, and not taken back.
    let rows = unsafe { rows(table.rows, table.count) };
    if table.sorted { covering(rows, offset) } else { rows.iter().find(|row| (row.begin..row.end).contains(&offset)) }
}

fn covers(table: &Announced, address: u64) -> bool {
    table.callback.is_some() || row_of(table, address).is_some()
}
