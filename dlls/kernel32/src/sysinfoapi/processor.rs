//! Processors: which there are, and how they lie.

use super::machine::basic;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::System::SystemInformation::{
    RelationNumaNode, RelationProcessorCore, RelationProcessorPackage, SYSTEM_LOGICAL_PROCESSOR_INFORMATION,
};

/// Describes processors: each as a core, all of them in one package and one node, as far as the host's layout is shown.
#[shim(ix = 331, mapping = "the processors that the sandbox may use", risk = Wrong("a wrong layout"))]
pub unsafe extern "system" fn GetLogicalProcessorInformation(
    buffer: *mut SYSTEM_LOGICAL_PROCESSOR_INFORMATION,
    length: *mut u32,
) -> Result<Bool, Win32Error> {
    let length = unsafe { length.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    let basic = basic();
    let count = usize::from(basic.processors);
    let needed = ((count + 2) * size_of::<SYSTEM_LOGICAL_PROCESSOR_INFORMATION>()) as u32;
    if core::mem::replace(length, needed) < needed || buffer.is_null() {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let cores = (0..count).map(|index| (RelationProcessorCore, 1_usize << index));
    let all = [(RelationNumaNode, basic.affinity), (RelationProcessorPackage, basic.affinity)];
    for (index, (relation, mask)) in cores.chain(all).enumerate() {
        // SAFETY: plain numbers, for which zero is a value.
        let mut row: SYSTEM_LOGICAL_PROCESSOR_INFORMATION = unsafe { core::mem::zeroed() };
        row.ProcessorMask = mask;
        row.Relationship = relation;
        unsafe { buffer.add(index).write_unaligned(row) };
    }
    Ok(Bool)
}
