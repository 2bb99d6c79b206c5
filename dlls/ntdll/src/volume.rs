//! Volumes, and the control codes that programs send to files.

use crate::class_buffer::fill;
use crate::file::control::{PipeControl, Request};
use crate::gate::ask;
use crate::sparse;
use core::ffi::c_void;
use core::mem::offset_of;
use gate::file::{Device, Facts, SYMLINK, Volume};
use gate::service::{PollSockets, QueryFile, QueryLink, QueryVolume};
use guest::call::NtStatus;
use guest::error::Status;
use guest::{router, shim};
use windows_sys::Wdk::Storage::FileSystem::FILE_FS_ATTRIBUTE_INFORMATION;
use windows_sys::Wdk::System::SystemServices::{
    FILE_FS_DEVICE_INFORMATION, FILE_FS_FULL_SIZE_INFORMATION, FILE_FS_SIZE_INFORMATION, FILE_FS_VOLUME_INFORMATION,
};
use windows_sys::Win32::Foundation::{
    HANDLE, STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

/// Facts of an open file's volume.
fn facts(file: HANDLE) -> Result<Volume, Status> {
    let mut volume = Volume::default();
    ask(&mut QueryVolume { file: file as u64, volume: &raw mut volume as u64 })?;
    Ok(volume)
}

fn device(file: HANDLE) -> Result<(Device, Facts), Status> {
    let mut facts = Facts::default();
    ask(&mut QueryFile { file: file as u64, facts: &raw mut facts as u64 })?;
    Ok((Device::from_number(facts.device), facts))
}

unsafe fn put<T>(buffer: *mut c_void, length: u32, value: T) -> Result<usize, Status> {
    unsafe { fill(buffer, length, value)? };
    Ok(size_of::<T>())
}

/// Answers an information class of an open file's volume.
#[shim(ix = 173, mapping = "gate QueryVolume, one row per class", risk = Wrong("wrong facts"))]
pub unsafe extern "system" fn NtQueryVolumeInformationFile(
    file: HANDLE,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut c_void,
    length: u32,
    class: i32,
) -> Result<NtStatus, Status> {
    let (size, cut) = unsafe { query(file, buffer, length, class)? };
    let status = if cut { STATUS_BUFFER_OVERFLOW } else { STATUS_SUCCESS };
    unsafe {
        (*block).Anonymous.Status = status;
        (*block).Information = size;
    }
    Status::check(status).map(NtStatus)
}

unsafe fn query(file: HANDLE, buffer: *mut c_void, length: u32, class: i32) -> Result<(usize, bool), Status> {
    const VOLUME: i32 = 1;
    const SIZE: i32 = 3;
    const DEVICE: i32 = 4;
    const ATTRIBUTE: i32 = 5;
    const FULL_SIZE: i32 = 7;
    const SECTOR: u64 = 512;
    let whole = |size: usize| (size, false);
    unsafe {
        match class {
            VOLUME => {
                let volume = facts(file)?;
                let mut head: FILE_FS_VOLUME_INFORMATION = core::mem::zeroed();
                head.VolumeSerialNumber = volume.serial;
                head.VolumeLabelLength = 2 * volume.label_length;
                let at = offset_of!(FILE_FS_VOLUME_INFORMATION, VolumeLabel);
                named(buffer, length, (&raw const head).cast(), at, &volume.label[..volume.label_length.min(32) as usize])
            }
            SIZE => {
                let volume = facts(file)?;
                let unit = u64::from(volume.cluster.max(512));
                let size = FILE_FS_SIZE_INFORMATION {
                    TotalAllocationUnits: (volume.total / unit) as i64,
                    AvailableAllocationUnits: (volume.free / unit) as i64,
                    SectorsPerAllocationUnit: (unit / SECTOR) as u32,
                    BytesPerSector: SECTOR as u32,
                };
                put(buffer, length, size).map(whole)
            }
            FULL_SIZE => {
                let volume = facts(file)?;
                let unit = u64::from(volume.cluster.max(512));
                let size = FILE_FS_FULL_SIZE_INFORMATION {
                    TotalAllocationUnits: (volume.total / unit) as i64,
                    CallerAvailableAllocationUnits: (volume.free / unit) as i64,
                    ActualAvailableAllocationUnits: (volume.free / unit) as i64,
                    SectorsPerAllocationUnit: (unit / SECTOR) as u32,
                    BytesPerSector: SECTOR as u32,
                };
                put(buffer, length, size).map(whole)
            }
            DEVICE => {
                let device = match device(file)?.0 {
                    Device::Disk => FILE_FS_DEVICE_INFORMATION { DeviceType: 7, Characteristics: 0x20 },
                    Device::Pipe => FILE_FS_DEVICE_INFORMATION { DeviceType: 0x11, Characteristics: 0 },
                    Device::ConsoleInput | Device::ConsoleOutput => FILE_FS_DEVICE_INFORMATION { DeviceType: 0x50, Characteristics: 0 },
                    Device::Null => FILE_FS_DEVICE_INFORMATION { DeviceType: 0x15, Characteristics: 0 },
                    Device::Sockets | Device::Pipes => FILE_FS_DEVICE_INFORMATION { DeviceType: 0x11, Characteristics: 0 },
                    Device::Character => FILE_FS_DEVICE_INFORMATION { DeviceType: 0x22, Characteristics: 0 },
                };
                put(buffer, length, device).map(whole)
            }
            ATTRIBUTE => {
                let volume = facts(file)?;
                let name: [u16; 4] = [0x4E, 0x54, 0x46, 0x53];
                let mut head: FILE_FS_ATTRIBUTE_INFORMATION = core::mem::zeroed();
                head.FileSystemAttributes = volume.flags;
                head.MaximumComponentNameLength = volume.longest_name as i32;
                head.FileSystemNameLength = size_of_val(&name) as u32;
                named(buffer, length, (&raw const head).cast(), offset_of!(FILE_FS_ATTRIBUTE_INFORMATION, FileSystemName), &name)
            }
            _ => {
                guest::teb::report(gate::service::ReportKind::NoMatch, u32::MAX, &alloc::format!("NtQueryVolumeInformationFile class={class}"), 0);
                Err(Status(STATUS_INVALID_INFO_CLASS))
            }
        }
    }
}

/// Writes a head and as much of the name behind it as fits.
unsafe fn named(buffer: *mut c_void, length: u32, head: *const u8, at: usize, name: &[u16]) -> Result<(usize, bool), Status> {
    let room = (length as usize).checked_sub(at).ok_or(Status(STATUS_INFO_LENGTH_MISMATCH))?;
    let fits = name.len().min(room / 2);
    unsafe {
        core::ptr::copy_nonoverlapping(head, buffer.cast(), at);
        core::ptr::copy_nonoverlapping(name.as_ptr().cast::<u8>(), buffer.cast::<u8>().add(at), 2 * fits);
    }
    Ok((at + 2 * fits, fits < name.len()))
}

/// What a file system control does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    VolumeIsMounted,
    NtfsVolumeData,
    ReparsePoint,
    Sparse,
    /// Zeroes in place of bytes.
    ZeroData,
    /// What has a place on the disk.
    AllocatedRanges,
    /// How a file is compressed.
    Compression,
    /// How it is to be.
    Compress,
    /// Something of a pipe.
    Pipe(PipeControl),
    /// Which sockets are ready.
    PollSockets,
}

const FSCTL_IS_VOLUME_MOUNTED: u32 = 0x9_0028;
const FSCTL_GET_NTFS_VOLUME_DATA: u32 = 0x9_0064;
const FSCTL_GET_REPARSE_POINT: u32 = 0x9_00A8;
const FSCTL_SET_SPARSE: u32 = 0x9_00C4;
const FSCTL_SET_ZERO_DATA: u32 = 0x9_80C8;
const FSCTL_QUERY_ALLOCATED_RANGES: u32 = 0x9_40CF;
const FSCTL_GET_COMPRESSION: u32 = 0x9_003C;
const FSCTL_SET_COMPRESSION: u32 = 0x9_C040;
const FSCTL_PIPE_DISCONNECT: u32 = 0x11_0004;
const FSCTL_PIPE_LISTEN: u32 = 0x11_0008;
const FSCTL_PIPE_PEEK: u32 = 0x11_400C;
const FSCTL_PIPE_TRANSCEIVE: u32 = 0x11_C017;
const FSCTL_PIPE_WAIT: u32 = 0x11_0018;
const FSCTL_PIPE_GET_PIPE_ATTRIBUTE: u32 = 0x11_0028;
const FSCTL_PIPE_GET_CONNECTION_ATTRIBUTE: u32 = 0x11_0030;
const IOCTL_AFD_POLL: u32 = 0x1_2024;

/// The device type of a control code: its upper half.
const fn device_type(code: u32) -> u32 {
    code >> 16
}

const FILE_DEVICE_DISK: u32 = 7;
const FILE_DEVICE_SERIAL_PORT: u32 = 0x1B;
const FILE_DEVICE_MASS_STORAGE: u32 = 0x2D;

router! {
    /// By class of control code: the seed's table.
    fn control(code: u32) -> Result<Control, Status> for "DeviceIoControl", otherwise Status(STATUS_NOT_SUPPORTED); {
        code == FSCTL_IS_VOLUME_MOUNTED => Ok(Control::VolumeIsMounted);
        code == FSCTL_GET_NTFS_VOLUME_DATA => Ok(Control::NtfsVolumeData);
        code == FSCTL_GET_REPARSE_POINT => Ok(Control::ReparsePoint);
        code == FSCTL_SET_SPARSE => Ok(Control::Sparse);
        code == FSCTL_SET_ZERO_DATA => Ok(Control::ZeroData);
        code == FSCTL_QUERY_ALLOCATED_RANGES => Ok(Control::AllocatedRanges);
        code == FSCTL_GET_COMPRESSION => Ok(Control::Compression);
        code == FSCTL_SET_COMPRESSION => Ok(Control::Compress);
        code == FSCTL_PIPE_PEEK => Ok(Control::Pipe(PipeControl::Peek));
        code == FSCTL_PIPE_LISTEN => Ok(Control::Pipe(PipeControl::Listen));
        code == FSCTL_PIPE_DISCONNECT => Ok(Control::Pipe(PipeControl::Disconnect));
        code == FSCTL_PIPE_WAIT => Ok(Control::Pipe(PipeControl::Wait));
        code == FSCTL_PIPE_TRANSCEIVE => Ok(Control::Pipe(PipeControl::Transceive));
        code == FSCTL_PIPE_GET_PIPE_ATTRIBUTE || code == FSCTL_PIPE_GET_CONNECTION_ATTRIBUTE => Ok(Control::Pipe(PipeControl::Attribute));
        code == IOCTL_AFD_POLL => Ok(Control::PollSockets);
        device_type(code) == FILE_DEVICE_DISK || device_type(code) == FILE_DEVICE_MASS_STORAGE => Err(Status(STATUS_ACCESS_DENIED));
        device_type(code) == FILE_DEVICE_SERIAL_PORT => Err(Status(STATUS_NOT_SUPPORTED));
    }
}

/// `NTFS_VOLUME_DATA_BUFFER` (winioctl.h).
#[repr(C)]
struct NtfsVolumeData {
    serial: i64,
    sectors: i64,
    clusters: i64,
    free_clusters: i64,
    reserved_clusters: i64,
    bytes_per_sector: u32,
    bytes_per_cluster: u32,
    bytes_per_record: u32,
    clusters_per_record: u32,
    mft: [i64; 5],
}

unsafe fn control_file(control: Control, request: &Request) -> Result<NtStatus, Status> {
    let Request { file, block, input, input_size, output, output_size, .. } = *request;
    if control != Control::PollSockets && device(file)?.0 != Device::Disk {
        return Err(Status(STATUS_INVALID_DEVICE_REQUEST));
    }
    let mut status = STATUS_SUCCESS;
    let size = match control {
        // The seed's fake volume is always mounted.
        Control::VolumeIsMounted => 0,
        Control::Sparse => {
            unsafe { sparse::set(file, input, input_size)? };
            0
        }
        Control::ZeroData => {
            unsafe { sparse::zero(file, input, input_size)? };
            0
        }
        Control::AllocatedRanges => {
            let (size, outcome) = unsafe { sparse::ranges(file, input, input_size, output, output_size)? };
            status = outcome;
            size
        }
        Control::Compression => unsafe { put(output, output_size, 0_u16)? },
        Control::Compress => {
            unsafe { sparse::compress(input, input_size)? };
            0
        }
        Control::Pipe(_) => return Err(Status(STATUS_INVALID_DEVICE_REQUEST)),
        Control::PollSockets => return unsafe { poll_sockets(request) },
        Control::ReparsePoint => unsafe { link(file, output, output_size)? },
        Control::NtfsVolumeData => {
            let volume = facts(file)?;
            let cluster = u64::from(volume.cluster.max(512));
            let data = NtfsVolumeData {
                serial: volume.serial.into(),
                sectors: (volume.total / 512) as i64,
                clusters: (volume.total / cluster) as i64,
                free_clusters: (volume.free / cluster) as i64,
                reserved_clusters: 0,
                bytes_per_sector: 512,
                bytes_per_cluster: cluster as u32,
                bytes_per_record: 1024,
                clusters_per_record: 0,
                mft: [0; 5],
            };
            if (output_size as usize) < size_of::<NtfsVolumeData>() {
                return Err(Status(STATUS_BUFFER_TOO_SMALL));
            }
            unsafe { put(output, output_size, data)? }
        }
    };
    unsafe {
        (*block).Anonymous.Status = status;
        (*block).Information = size;
    }
    Status::check(status).map(NtStatus)
}

/// `AFD_POLL_INFO`: a time limit, how many handles, and for each the handle, events and a status.
#[repr(C)]
#[derive(Clone, Copy)]
struct PollHead {
    timeout: i64,
    count: u32,
    exclusive: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct PollHandle {
    handle: HANDLE,
    events: u32,
    status: i32,
}

/// Waits until one of several sockets is ready.
unsafe fn poll_sockets(request: &Request) -> Result<NtStatus, Status> {
    let room = (request.input_size as usize).checked_sub(size_of::<PollHead>()).ok_or(Status(STATUS_INVALID_PARAMETER))?;
    // SAFETY: the caller's buffer has room for the head.
    let head = unsafe { request.input.cast::<PollHead>().read_unaligned() };
    if head.count as usize > room / size_of::<PollHandle>() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let first = request.input.cast::<u8>().wrapping_add(size_of::<PollHead>());
    // SAFETY: the caller's buffer holds as many handles as it says.
    let handles: alloc::vec::Vec<u64> =
        (0..head.count as usize).map(|index| unsafe { first.cast::<PollHandle>().add(index).read_unaligned() }.handle as u64).collect();
    ask(&mut PollSockets { file: request.file as u64, handles: handles.as_ptr() as u64, count: head.count, pad: 0 }).map(NtStatus)
}

/// What a link says, as a `REPARSE_DATA_BUFFER` (ntifs.h).
unsafe fn link(file: HANDLE, output: *mut c_void, output_size: u32) -> Result<usize, Status> {
    const RELATIVE: u32 = 1;
    const HEAD: usize = 8;
    const BEFORE_NAMES: usize = 12;
    let mut buffer = alloc::vec![0_u16; 0x4000];
    let room = size_of_val(buffer.as_slice()) as u64;
    let mut request = QueryLink { file: file as u64, buffer: buffer.as_mut_ptr() as u64, buffer_size: room, ..QueryLink::default() };
    ask(&mut request)?;
    buffer.truncate(request.size as usize / 2);
    // The name to go on with is the whole one, the name to show has no `\??\`.
    let shown = if request.relative != 0 { buffer.as_slice() } else { buffer.get(4..).unwrap_or_default() };
    let (whole_size, shown_size) = (size_of_val(buffer.as_slice()), size_of_val(shown));
    let data = BEFORE_NAMES + whole_size + shown_size;
    if (output_size as usize) < HEAD + data {
        return Err(Status(STATUS_BUFFER_TOO_SMALL));
    }
    let mut bytes = alloc::vec::Vec::with_capacity(HEAD + data);
    bytes.extend(SYMLINK.to_le_bytes());
    for half in [data, 0, 0, whole_size, whole_size, shown_size] {
        bytes.extend((half as u16).to_le_bytes());
    }
    bytes.extend((if request.relative != 0 { RELATIVE } else { 0 }).to_le_bytes());
    bytes.extend(buffer.iter().chain(shown).flat_map(|unit| unit.to_le_bytes()));
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), output.cast::<u8>(), bytes.len()) };
    Ok(bytes.len())
}

/// Sends a control code. Its answer is there when this returns, unless it waits for a pipe.
unsafe fn send(code: u32, request: &Request) -> Result<NtStatus, Status> {
    let control = control(code)?;
    if let Control::Pipe(kind) = control {
        return unsafe { crate::file::control::control(kind, request) };
    }
    if !request.routine.is_null() {
        return Err(Status(STATUS_INVALID_PARAMETER));
    }
    let done = unsafe { control_file(control, request) };
    crate::sync::set_if_given(request.event);
    done
}

/// Sends a control code to a file system.
#[shim(ix = 174, mapping = "one row per class of code", risk = Isolation("a device of the host"))]
pub unsafe extern "system" fn NtFsControlFile(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    code: u32,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
) -> Result<NtStatus, Status> {
    unsafe { send(code, &Request { file, event, routine, context, block, input, input_size, output, output_size }) }
}

/// Sends a control code to a device.
#[shim(ix = 175, mapping = "one row per class of code", risk = Isolation("a device of the host"))]
pub unsafe extern "system" fn NtDeviceIoControlFile(
    file: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    code: u32,
    input: *const c_void,
    input_size: u32,
    output: *mut c_void,
    output_size: u32,
) -> Result<NtStatus, Status> {
    unsafe { send(code, &Request { file, event, routine, context, block, input, input_size, output, output_size }) }
}
