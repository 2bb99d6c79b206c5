//! Opening by DOS paths: the NT name that stands for one, and a handle that closes itself.

use crate::nt::{NtClose, NtCreateFile, RtlDosPathNameToNtPathName_U_WithStatus, RtlFreeUnicodeString, check};
use core::fmt;
use core::ptr::{null, null_mut};
use guest::error::{Status, Win32Error};
use guest::text::{lossy, same_ascii};
use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, FILE_OPEN_BY_FILE_ID, FILE_SYNCHRONOUS_IO_NONALERT};
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, OBJ_CASE_INSENSITIVE, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;

/// Every share mode.
pub const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// The NT name of a DOS path (`\??\C:\x`).
pub struct Name(UNICODE_STRING);

impl Name {
    /// Makes the name of a path; NULL and an empty path lead nowhere.
    ///
    /// # Safety
    /// `path` is NULL or ends in a NUL.
    pub unsafe fn new(path: *const u16) -> Result<Self, Win32Error> {
        let mut name = UNICODE_STRING { Length: 0, MaximumLength: 0, Buffer: null_mut() };
        // SAFETY: as the caller promises.
        check(unsafe { RtlDosPathNameToNtPathName_U_WithStatus(path, &raw mut name, null_mut(), null_mut()) })?;
        Ok(Self(name))
    }

    /// Its units.
    pub fn units(&self) -> &[u16] {
        // SAFETY: made by `new`, which gives a buffer of that length.
        unsafe { core::slice::from_raw_parts(self.0.Buffer, usize::from(self.0.Length / 2)) }
    }

    /// What follows `\??\`.
    pub fn dos(&self) -> &[u16] {
        self.units().get(4..).unwrap_or_default()
    }

    /// Cuts it to its first units.
    pub fn truncate(&mut self, units: usize) {
        self.0.Length = self.0.Length.min(2 * units as u16);
    }

    /// Whether it ends in a backslash.
    pub fn ends_in_backslash(&self) -> bool {
        self.units().last() == Some(&BACKSLASH)
    }

    /// Whether it is one of these names, whatever its case.
    pub fn is(&self, name: &str) -> bool {
        let mut units = [0; 8];
        let length = name.len().min(units.len());
        for (unit, byte) in units.iter_mut().zip(name.bytes()) {
            *unit = byte.into();
        }
        same_ascii(self.dos(), &units[..length])
    }

    /// Whether it leads to a file or folder of a drive.
    pub fn is_on_drive(&self) -> bool {
        matches!(self.dos(), [_, COLON, BACKSLASH, ..])
    }

    /// Whether it leads to a file or folder of a volume, which is called by its own name.
    pub fn is_on_volume(&self) -> bool {
        let name = lossy(self.dos().get(..64.min(self.dos().len())).unwrap_or_default());
        gate::file::volume_letter(&name).is_some() && name.contains('\\')
    }

    /// Whether it leads to another computer.
    pub fn is_remote(&self) -> bool {
        let remote: [u16; 4] = [b'U'.into(), b'N'.into(), b'C'.into(), BACKSLASH];
        self.dos().get(..4).is_some_and(|head| same_ascii(head, &remote))
    }

    /// Whether it leads to a named pipe, or to the directory of their names.
    pub fn is_pipe(&self) -> bool {
        const PIPE: [u16; 5] = [b'p' as u16, b'i' as u16, b'p' as u16, b'e' as u16, BACKSLASH];
        self.dos().get(..PIPE.len()).is_some_and(|head| same_ascii(head, &PIPE))
    }

    /// Whether it names a device other than pipes, the null device and the console.
    pub fn is_device(&self) -> bool {
        !self.is_on_drive()
            && !self.is_on_volume()
            && !self.is_remote()
            && !self.is_pipe()
            && !["NUL", "CON", "CONIN$", "CONOUT$"].into_iter().any(|name| self.is(name))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        // SAFETY: made by `new`.
        unsafe { RtlFreeUnicodeString(&raw mut self.0) };
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lossy(self.dos()))
    }
}

/// A handle that is closed when it goes out of scope.
#[derive(Debug)]
pub struct Owned(pub HANDLE);

// SAFETY: a handle is a number; any thread may use it.
unsafe impl Send for Owned {}

impl Owned {
    /// Gives the handle away.
    pub fn keep(self) -> HANDLE {
        let handle = self.0;
        core::mem::forget(self);
        handle
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's own.
        unsafe { NtClose(self.0) };
    }
}

/// How something is opened or created.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// The access wanted.
    pub access: u32,
    /// `FILE_SHARE_*`.
    pub share: u32,
    /// `FILE_OPEN` and the like.
    pub disposition: u32,
    /// `FILE_DIRECTORY_FILE` and the like.
    pub options: u32,
    /// `FILE_ATTRIBUTE_*` for what is made.
    pub attributes: u32,
    /// `OBJ_INHERIT` or 0.
    pub flags: u32,
    /// Its calls may return before they are complete.
    pub overlapped: bool,
}

impl How {
    /// Opens what exists, in every share mode.
    pub const fn existing(access: u32, options: u32) -> Self {
        Self { access, share: SHARE_ALL, disposition: FILE_OPEN, options, attributes: 0, flags: 0, overlapped: false }
    }
}

/// Opens or creates; answers the handle and what was done (`FILE_OPENED` and the like).
pub fn open(name: &Name, how: &How) -> Result<(Owned, usize), Status> {
    open_object(&OBJECT_ATTRIBUTES { Attributes: OBJ_CASE_INSENSITIVE | how.flags, ..object(name) }, how)
}

/// Opens the file with a number (its bytes), on the volume that an open file lies on.
pub fn open_by_id(hint: HANDLE, number: &[u8], how: &How) -> Result<Owned, Win32Error> {
    let length = number.len() as u16;
    let name = UNICODE_STRING { Length: length, MaximumLength: length, Buffer: number.as_ptr().cast_mut().cast() };
    let attributes = OBJ_CASE_INSENSITIVE | how.flags;
    let object = OBJECT_ATTRIBUTES { RootDirectory: hint, ObjectName: &raw const name, Attributes: attributes, ..unnamed() };
    let how = How { options: how.options | FILE_OPEN_BY_FILE_ID, ..*how };
    open_object(&object, &how).map(|(handle, _)| handle).map_err(|Status(status)| error(status))
}

fn open_object(object: &OBJECT_ATTRIBUTES, how: &How) -> Result<(Owned, usize), Status> {
    let (mut handle, mut block) = (null_mut(), block());
    // SAFETY: everything lives through the call.
    let status = unsafe {
        NtCreateFile(
            &raw mut handle,
            how.access | SYNCHRONIZE,
            object,
            &raw mut block,
            null(),
            how.attributes,
            how.share,
            how.disposition,
            how.options | if how.overlapped { 0 } else { FILE_SYNCHRONOUS_IO_NONALERT },
            null(),
            0,
        )
    };
    Status::check(status).map(|_| (Owned(handle), block.Information))
}

/// Opens what exists.
pub fn open_existing(name: &Name, access: u32, options: u32) -> Result<Owned, Win32Error> {
    open(name, &How::existing(access, options)).map(|(handle, _)| handle).map_err(|Status(status)| error(status))
}

/// Opens what exists, by its DOS path.
///
/// # Safety
/// `path` is NULL or ends in a NUL.
pub unsafe fn open_path(path: *const u16, access: u32, options: u32) -> Result<Owned, Win32Error> {
    // SAFETY: as the caller promises.
    open_existing(&unsafe { Name::new(path) }?, access, options)
}

/// The Win32 error for a status.
pub fn error(status: NTSTATUS) -> Win32Error {
    check(status).err().unwrap_or(Win32Error(0))
}

/// An empty status block.
pub fn block() -> IO_STATUS_BLOCK {
    // SAFETY: plain data, for which zero is a value.
    unsafe { core::mem::zeroed() }
}

/// The `OBJECT_ATTRIBUTES` of a name, for the calls that take a path alone.
pub fn object(name: &Name) -> OBJECT_ATTRIBUTES {
    OBJECT_ATTRIBUTES { ObjectName: &raw const name.0, ..unnamed() }
}

fn unnamed() -> OBJECT_ATTRIBUTES {
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: null(),
        Attributes: OBJ_CASE_INSENSITIVE,
        SecurityDescriptor: null(),
        SecurityQualityOfService: null(),
    }
}
