//! Processors: which there are, and how they lie.

use super::machine::basic;
use guest::call::Bool;
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER};
use windows_sys::Win32::System::SystemInformation::{
    GROUP_AFFINITY, GROUP_RELATIONSHIP, LOGICAL_PROCESSOR_RELATIONSHIP, NUMA_NODE_RELATIONSHIP, PROCESSOR_GROUP_INFO, PROCESSOR_RELATIONSHIP,
    RelationAll, RelationGroup, RelationNumaNode, RelationProcessorCore, RelationProcessorModule, RelationProcessorPackage,
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION, SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX,
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

type Row = SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX;

/// A row, whose size is its kind's.
fn row(relation: LOGICAL_PROCESSOR_RELATIONSHIP, mask: usize) -> Row {
    // SAFETY: plain numbers, for which zero is a value.
    let mut row: Row = unsafe { core::mem::zeroed() };
    row.Relationship = relation;
    let group = GROUP_AFFINITY { Mask: mask, Group: 0, Reserved: [0; 3] };
    let size = match relation {
        RelationNumaNode => {
            row.Anonymous.NumaNode.GroupCount = 1;
            row.Anonymous.NumaNode.Anonymous.GroupMask = group;
            size_of::<NUMA_NODE_RELATIONSHIP>()
        }
        RelationGroup => {
            let count = mask.count_ones() as u8;
            let info =
                PROCESSOR_GROUP_INFO { MaximumProcessorCount: count, ActiveProcessorCount: count, Reserved: [0; 38], ActiveProcessorMask: mask };
            row.Anonymous.Group = GROUP_RELATIONSHIP { MaximumGroupCount: 1, ActiveGroupCount: 1, Reserved: [0; 20], GroupInfo: [info] };
            size_of::<GROUP_RELATIONSHIP>()
        }
        _ => {
            row.Anonymous.Processor.GroupCount = 1;
            row.Anonymous.Processor.GroupMask = [group];
            size_of::<PROCESSOR_RELATIONSHIP>()
        }
    };
    row.Size = (core::mem::offset_of!(Row, Anonymous) + size) as u32;
    row
}

/// Describes processors by what they share: each as a core, all of them in one package, one node and one group, as far as
/// the host's layout is shown. Of its caches nothing is.
#[shim(ix = 313, mapping = "the processors that the sandbox may use", risk = Wrong("a wrong layout"))]
pub unsafe extern "system" fn GetLogicalProcessorInformationEx(
    relation: LOGICAL_PROCESSOR_RELATIONSHIP,
    buffer: *mut u8,
    length: *mut u32,
) -> Result<Bool, Win32Error> {
    let length = unsafe { length.as_mut() }.ok_or(Win32Error(ERROR_INVALID_PARAMETER))?;
    if !(RelationProcessorCore..=RelationProcessorModule).contains(&relation) && relation != RelationAll {
        return Err(Win32Error(ERROR_INVALID_PARAMETER));
    }
    let basic = basic();
    let cores = (0..usize::from(basic.processors)).map(|index| (RelationProcessorCore, 1_usize << index));
    let shared = [RelationProcessorPackage, RelationNumaNode, RelationGroup].map(|relation| (relation, basic.affinity));
    let rows = cores.chain(shared).filter(|(kind, _)| relation == RelationAll || relation == *kind).map(|(kind, mask)| row(kind, mask));
    let needed: u32 = rows.clone().map(|row| row.Size).sum();
    if core::mem::replace(length, needed) < needed || buffer.is_null() && needed > 0 {
        return Err(Win32Error(ERROR_INSUFFICIENT_BUFFER));
    }
    let mut at = buffer;
    for row in rows {
        let size = row.Size as usize;
        // SAFETY: the caller's buffer has room for all rows, and a row is at least as large as it says.
        unsafe {
            at.copy_from_nonoverlapping((&raw const row).cast(), size);
            at = at.add(size);
        }
    }
    Ok(Bool)
}
