//! The images by address, as the dispatcher of exceptions finds them without a lock.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

/// An image, as readers see it without a lock.
struct Image {
    base: AtomicU64,
    end: AtomicU64,
    /// What exceptions need to know of it: the rows of its functions, or its safe handlers.
    table: AtomicU64,
    count: AtomicU64,
}

/// The images by address. A reader takes what it found only if no writer was there meanwhile: `VERSION` is odd while one
/// is. The loader lock keeps writers apart.
static IMAGES: AtomicPtr<Image> = AtomicPtr::new(core::ptr::null_mut());
static LENGTH: AtomicUsize = AtomicUsize::new(0);
static ROOM: AtomicUsize = AtomicUsize::new(0);
static VERSION: AtomicUsize = AtomicUsize::new(0);

/// The images; those that writers have made room for.
fn images<'a>() -> &'a [Image] {
    let (length, images) = (LENGTH.load(Ordering::Acquire), IMAGES.load(Ordering::Acquire));
    // SAFETY: the table is never freed, and a larger one is published before its length.
    if images.is_null() { &[] } else { unsafe { core::slice::from_raw_parts(images, length) } }
}

impl Image {
    fn values(&self) -> [u64; 4] {
        [&self.base, &self.end, &self.table, &self.count].map(|value| value.load(Ordering::Relaxed))
    }

    fn set(&self, values: [u64; 4]) {
        for (member, value) in [&self.base, &self.end, &self.table, &self.count].into_iter().zip(values) {
            member.store(value, Ordering::Relaxed);
        }
    }
}

/// Changes the table; the loader lock is held.
fn change(work: impl FnOnce(&mut Vec<[u64; 4]>)) {
    let mut values: Vec<[u64; 4]> = images().iter().map(Image::values).collect();
    work(&mut values);
    let larger = (values.len() > ROOM.load(Ordering::Relaxed)).then(|| {
        let room = values.len().next_power_of_two().max(64);
        let empty = || Image { base: AtomicU64::new(0), end: AtomicU64::new(0), table: AtomicU64::new(0), count: AtomicU64::new(0) };
        // The smaller table stays, for readers that are in it: all of them together are not larger than the last one.
        (Box::leak((0..room).map(|_| empty()).collect::<Box<[Image]>>()).as_mut_ptr(), room)
    });
    VERSION.fetch_add(1, Ordering::AcqRel);
    fence(Ordering::SeqCst);
    if let Some((table, room)) = larger {
        IMAGES.store(table, Ordering::Release);
        ROOM.store(room, Ordering::Relaxed);
    }
    LENGTH.store(values.len(), Ordering::Release);
    for (image, values) in images().iter().zip(values) {
        image.set(values);
    }
    VERSION.fetch_add(1, Ordering::Release);
}

/// Lists an image with its table; the loader lock is held.
pub fn add(base: u64, size: u64, table: u64, count: u64) {
    change(|images| {
        let at = images.partition_point(|image| image[0] < base);
        images.insert(at, [base, base + size, table, count]);
    });
}

/// Takes an image off the list; the loader lock is held.
pub fn remove(base: u64) {
    change(|images| images.retain(|image| image[0] != base));
}

/// The image that holds an address: base, end, table, the number of its rows.
pub fn image(address: u64) -> Option<[u64; 4]> {
    loop {
        let version = VERSION.load(Ordering::Acquire);
        if version & 1 == 0 {
            let images = images();
            let index = images.partition_point(|image| image.base.load(Ordering::Relaxed) <= address);
            let found = index.checked_sub(1).and_then(|index| images.get(index)).map(Image::values);
            fence(Ordering::Acquire);
            if VERSION.load(Ordering::Relaxed) == version {
                return found.filter(|[base, end, ..]| (*base..*end).contains(&address));
            }
        }
        core::hint::spin_loop();
    }
}

/// Changes with every change of the list.
#[cfg(target_arch = "x86_64")]
pub fn version() -> usize {
    VERSION.load(Ordering::Acquire)
}
