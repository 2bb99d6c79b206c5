//! What programs say of threads and the system keeps: their names, and the processors that they would like best. Kept by the
//! thread's number from the first word on until the thread ends, whether it has begun or not.

use crate::lock::Mutex;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use guest::teb;

#[derive(Default)]
struct Attributes {
    name: Vec<u16>,
    ideal: Option<u8>,
}

static ATTRIBUTES: Mutex<BTreeMap<u32, Attributes>> = Mutex::new(BTreeMap::new());

/// What the program calls a thread.
pub fn name(id: u32) -> Vec<u16> {
    ATTRIBUTES.lock().get(&id).map(|attributes| attributes.name.clone()).unwrap_or_default()
}

/// Names a thread that has not ended.
pub fn set_name(id: u32, name: Vec<u16>) {
    ATTRIBUTES.lock().entry(id).or_default().name = name;
}

/// The processor that a thread would like best. Threads are spread over all of them, unless the program says.
pub fn ideal_processor(id: u32) -> u8 {
    /// Threads' numbers are multiples of this.
    const STEP: u32 = 4;
    let said = ATTRIBUTES.lock().get(&id).and_then(|attributes| attributes.ideal);
    said.unwrap_or_else(|| (id / STEP % processors()) as u8)
}

/// Sets the processor that a thread would like best; the host's scheduler does not follow it.
pub fn set_ideal_processor(id: u32, processor: u8) {
    ATTRIBUTES.lock().entry(id).or_default().ideal = Some(processor);
}

/// Forgets a thread that ends.
pub fn forget(id: u32) {
    ATTRIBUTES.lock().remove(&id);
}

/// How many processors there are.
pub fn processors() -> u32 {
    // SAFETY: the PEB lies there in every process.
    unsafe { (*teb::peb()).number_of_processors }.max(1)
}
