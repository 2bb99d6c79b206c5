//! The known folders: their numbers of both kinds, where they lie, and where the user may have put them instead.

use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::null_mut;
use gate::names::USER;
use guest::text;
use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_SUCCESS};
use windows_sys::Win32::UI::Shell::*;
use windows_sys::core::GUID;

guest::imports! {
    "kernel32" {
        fn CreateDirectoryW(path: *const u16, security: *const u8) -> i32;
        fn ExpandEnvironmentStringsW(source: *const u16, target: *mut u16, room: u32) -> u32;
        fn GetFileAttributesW(path: *const u16) -> u32;
        fn GetLastError() -> u32;
    }
    "advapi32" {
        fn RegGetValueW(key: usize, path: *const u16, name: *const u16, flags: u32, kind: *mut u32, data: *mut u8, size: *mut u32) -> u32;
    }
}

/// Where a folder starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    /// The drive of the system.
    Drive,
    /// The user's profile.
    Profile,
    /// A folder that is no path: objects of the shell live there.
    Virtual,
}

/// A key of the registry under which a folder's place is written down, and the value's name.
#[derive(Clone, Copy)]
enum Place {
    User(&'static str),
    Machine(&'static str),
    Fixed,
}

/// A known folder.
struct Folder {
    id: GUID,
    /// Its older numbers.
    csidl: &'static [u32],
    root: Root,
    below: &'static str,
    place: Place,
}

const fn folder(id: GUID, csidl: &'static [u32], root: Root, below: &'static str, place: Place) -> Folder {
    Folder { id, csidl, root, below, place }
}

const fn user(id: GUID, csidl: &'static [u32], below: &'static str, value: &'static str) -> Folder {
    folder(id, csidl, Root::Profile, below, Place::User(value))
}

const fn machine(id: GUID, csidl: &'static [u32], below: &'static str, value: &'static str) -> Folder {
    folder(id, csidl, Root::Drive, below, Place::Machine(value))
}

const fn fixed(id: GUID, csidl: &'static [u32], below: &'static str) -> Folder {
    folder(id, csidl, Root::Drive, below, Place::Fixed)
}

const fn object(id: GUID, csidl: &'static [u32]) -> Folder {
    folder(id, csidl, Root::Virtual, "", Place::Fixed)
}

/// Where programs of the process's own kind lie.
const PROGRAMS: &str = if cfg!(target_pointer_width = "64") { "Program Files" } else { "Program Files (x86)" };
const PROGRAMS_COMMON: &str = if cfg!(target_pointer_width = "64") { "Program Files\\Common Files" } else { "Program Files (x86)\\Common Files" };

const FOLDERS: &[Folder] = &[
    folder(FOLDERID_Profile, &[CSIDL_PROFILE], Root::Profile, "", Place::Fixed),
    user(FOLDERID_RoamingAppData, &[CSIDL_APPDATA], "AppData\\Roaming", "AppData"),
    user(FOLDERID_LocalAppData, &[CSIDL_LOCAL_APPDATA], "AppData\\Local", "Local AppData"),
    user(FOLDERID_LocalAppDataLow, &[], "AppData\\LocalLow", "{A520A1A4-1780-4FF6-BD18-167343C5AF16}"),
    user(FOLDERID_Desktop, &[CSIDL_DESKTOP, CSIDL_DESKTOPDIRECTORY], "Desktop", "Desktop"),
    user(FOLDERID_Documents, &[CSIDL_PERSONAL], "Documents", "Personal"),
    user(FOLDERID_Downloads, &[], "Downloads", "{374DE290-123F-4565-9164-39C4925E467B}"),
    user(FOLDERID_Favorites, &[CSIDL_FAVORITES], "Favorites", "Favorites"),
    user(FOLDERID_Music, &[CSIDL_MYMUSIC], "Music", "My Music"),
    user(FOLDERID_Pictures, &[CSIDL_MYPICTURES], "Pictures", "My Pictures"),
    user(FOLDERID_Videos, &[CSIDL_MYVIDEO], "Videos", "My Video"),
    user(FOLDERID_Contacts, &[], "Contacts", "{56784854-C6CB-462B-8169-88E350ACB882}"),
    user(FOLDERID_Links, &[], "Links", "{BFB9D5E0-C6A9-404C-B2B2-AE6DB6AF4968}"),
    user(FOLDERID_SavedGames, &[], "Saved Games", "{4C5C32FF-BB9D-43B0-B5B4-2D72E54EAAA4}"),
    user(FOLDERID_SavedSearches, &[], "Searches", "{7D1D3A04-DEBB-4115-95CF-2F29DA2920DA}"),
    user(FOLDERID_StartMenu, &[CSIDL_STARTMENU], "AppData\\Roaming\\Microsoft\\Windows\\Start Menu", "Start Menu"),
    user(FOLDERID_Programs, &[CSIDL_PROGRAMS], "AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs", "Programs"),
    user(FOLDERID_Startup, &[CSIDL_STARTUP], "AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Startup", "Startup"),
    user(
        FOLDERID_AdminTools,
        &[CSIDL_ADMINTOOLS],
        "AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Administrative Tools",
        "Administrative Tools",
    ),
    user(FOLDERID_SendTo, &[CSIDL_SENDTO], "AppData\\Roaming\\Microsoft\\Windows\\SendTo", "SendTo"),
    user(FOLDERID_Templates, &[CSIDL_TEMPLATES], "AppData\\Roaming\\Microsoft\\Windows\\Templates", "Templates"),
    user(FOLDERID_Recent, &[CSIDL_RECENT], "AppData\\Roaming\\Microsoft\\Windows\\Recent", "Recent"),
    user(FOLDERID_NetHood, &[CSIDL_NETHOOD], "AppData\\Roaming\\Microsoft\\Windows\\Network Shortcuts", "NetHood"),
    user(FOLDERID_PrintHood, &[CSIDL_PRINTHOOD], "AppData\\Roaming\\Microsoft\\Windows\\Printer Shortcuts", "PrintHood"),
    user(FOLDERID_InternetCache, &[CSIDL_INTERNET_CACHE], "AppData\\Local\\Microsoft\\Windows\\INetCache", "Cache"),
    user(FOLDERID_Cookies, &[CSIDL_COOKIES], "AppData\\Local\\Microsoft\\Windows\\INetCookies", "Cookies"),
    user(FOLDERID_History, &[CSIDL_HISTORY], "AppData\\Local\\Microsoft\\Windows\\History", "History"),
    user(FOLDERID_CDBurning, &[CSIDL_CDBURN_AREA], "AppData\\Local\\Microsoft\\Windows\\Burn\\Burn", "CD Burning"),
    folder(FOLDERID_UserProgramFiles, &[], Root::Profile, "AppData\\Local\\Programs", Place::Fixed),
    folder(FOLDERID_UserProgramFilesCommon, &[], Root::Profile, "AppData\\Local\\Programs\\Common", Place::Fixed),
    machine(FOLDERID_ProgramData, &[CSIDL_COMMON_APPDATA], "ProgramData", "Common AppData"),
    machine(FOLDERID_PublicDesktop, &[CSIDL_COMMON_DESKTOPDIRECTORY], "Users\\Public\\Desktop", "Common Desktop"),
    machine(FOLDERID_PublicDocuments, &[CSIDL_COMMON_DOCUMENTS], "Users\\Public\\Documents", "Common Documents"),
    machine(FOLDERID_PublicMusic, &[CSIDL_COMMON_MUSIC], "Users\\Public\\Music", "CommonMusic"),
    machine(FOLDERID_PublicPictures, &[CSIDL_COMMON_PICTURES], "Users\\Public\\Pictures", "CommonPictures"),
    machine(FOLDERID_PublicVideos, &[CSIDL_COMMON_VIDEO], "Users\\Public\\Videos", "CommonVideo"),
    machine(FOLDERID_CommonStartMenu, &[CSIDL_COMMON_STARTMENU], "ProgramData\\Microsoft\\Windows\\Start Menu", "Common Start Menu"),
    machine(FOLDERID_CommonPrograms, &[CSIDL_COMMON_PROGRAMS], "ProgramData\\Microsoft\\Windows\\Start Menu\\Programs", "Common Programs"),
    machine(FOLDERID_CommonStartup, &[CSIDL_COMMON_STARTUP], "ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup", "Common Startup"),
    machine(FOLDERID_CommonTemplates, &[CSIDL_COMMON_TEMPLATES], "ProgramData\\Microsoft\\Windows\\Templates", "Common Templates"),
    fixed(FOLDERID_Public, &[], "Users\\Public"),
    fixed(FOLDERID_PublicDownloads, &[], "Users\\Public\\Downloads"),
    fixed(FOLDERID_UserProfiles, &[], "Users"),
    fixed(FOLDERID_Windows, &[CSIDL_WINDOWS], "Windows"),
    fixed(FOLDERID_System, &[CSIDL_SYSTEM], "Windows\\System32"),
    fixed(FOLDERID_SystemX86, &[CSIDL_SYSTEMX86], "Windows\\SysWOW64"),
    fixed(FOLDERID_Fonts, &[CSIDL_FONTS], "Windows\\Fonts"),
    fixed(FOLDERID_ProgramFiles, &[CSIDL_PROGRAM_FILES], PROGRAMS),
    fixed(FOLDERID_ProgramFilesX86, &[CSIDL_PROGRAM_FILESX86], "Program Files (x86)"),
    fixed(FOLDERID_ProgramFilesCommon, &[CSIDL_PROGRAM_FILES_COMMON], PROGRAMS_COMMON),
    fixed(FOLDERID_ProgramFilesCommonX86, &[CSIDL_PROGRAM_FILES_COMMONX86], "Program Files (x86)\\Common Files"),
    // 32-bit code is not told of these.
    #[cfg(target_pointer_width = "64")]
    fixed(FOLDERID_ProgramFilesX64, &[], "Program Files"),
    #[cfg(target_pointer_width = "64")]
    fixed(FOLDERID_ProgramFilesCommonX64, &[], "Program Files\\Common Files"),
    object(FOLDERID_ComputerFolder, &[CSIDL_DRIVES]),
    object(FOLDERID_NetworkFolder, &[CSIDL_NETWORK]),
    object(FOLDERID_InternetFolder, &[CSIDL_INTERNET]),
    object(FOLDERID_ControlPanelFolder, &[CSIDL_CONTROLS]),
    object(FOLDERID_PrintersFolder, &[CSIDL_PRINTERS]),
    object(FOLDERID_RecycleBinFolder, &[CSIDL_BITBUCKET]),
    object(FOLDERID_ConnectionsFolder, &[CSIDL_CONNECTIONS]),
];

/// Whose folders are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The sandbox's user.
    User,
    /// The profile that new users get.
    Default,
}

/// A known folder, or that it has no path.
pub struct Known(&'static Folder);

/// A folder's number as a number.
const fn number(id: &GUID) -> u128 {
    (id.data1 as u128) << 96 | (id.data2 as u128) << 80 | (id.data3 as u128) << 64 | u64::from_be_bytes(id.data4) as u128
}

/// The folder with this number.
pub fn by_id(id: &GUID) -> Option<Known> {
    FOLDERS.iter().find(|folder| number(&folder.id) == number(id)).map(Known)
}

/// The folder with this older number.
pub fn by_csidl(csidl: u32) -> Option<Known> {
    FOLDERS.iter().find(|folder| folder.csidl.contains(&csidl)).map(Known)
}

impl Known {
    /// Where it lies, and where it would if nobody had moved it; without a NUL. Nothing for a folder of the shell's own objects.
    pub fn path(&self, owner: Owner, moved: bool) -> Option<Vec<u16>> {
        let own = match (moved && owner == Owner::User, self.0.place) {
            (true, Place::User(value)) => written(HKEY_CURRENT_USER, value),
            (true, Place::Machine(value)) => written(HKEY_LOCAL_MACHINE, value),
            _ => None,
        };
        let drive = String::from("C:");
        let start = match self.0.root {
            Root::Virtual => return None,
            Root::Drive => drive,
            Root::Profile => profile(owner),
        };
        own.or_else(|| Some(joined(start, self.0.below)))
    }
}

fn profile(owner: Owner) -> String {
    String::from("C:\\Users\\") + if owner == Owner::User { USER } else { "Default" }
}

fn joined(mut start: String, below: &str) -> Vec<u16> {
    if !below.is_empty() {
        start += "\\";
        start += below;
    }
    start.encode_utf16().collect()
}

const HKEY_CURRENT_USER: usize = 0x8000_0001_u32 as i32 as usize;
const HKEY_LOCAL_MACHINE: usize = 0x8000_0002_u32 as i32 as usize;

/// What the registry says of a folder's place.
fn written(root: usize, value: &str) -> Option<Vec<u16>> {
    const RRF_RT_REG_SZ: u32 = 2;
    const RRF_RT_REG_EXPAND_SZ: u32 = 4;
    const RRF_NOEXPAND: u32 = 0x1000_0000;
    let path = text::terminated("Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders");
    let mut units = [0_u16; 1024];
    let mut size = size_of_val(&units) as u32;
    let flags = RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND;
    let name = text::terminated(value);
    // SAFETY: names and buffer live through the call.
    if unsafe { RegGetValueW(root, path.as_ptr(), name.as_ptr(), flags, null_mut(), units.as_mut_ptr().cast(), &raw mut size) } != ERROR_SUCCESS {
        return None;
    }
    let length = units.iter().position(|unit| *unit == 0)?;
    let found = expanded(&units[..length])?;
    (!found.is_empty()).then_some(found)
}

/// A text with its variables replaced. Those of the user's folders are the user's, whatever the process's environment says.
fn expanded(units: &[u16]) -> Option<Vec<u16>> {
    let own = [
        ("%USERPROFILE%", profile(Owner::User)),
        ("%PUBLIC%", String::from("C:\\Users\\Public")),
        ("%ProgramData%", String::from("C:\\ProgramData")),
    ];
    for (variable, value) in own {
        let name: Vec<u16> = variable.encode_utf16().collect();
        if let Some(start) = units.get(..name.len())
            && text::same_ascii(start, &name)
        {
            return Some(value.encode_utf16().chain(units[name.len()..].iter().copied()).collect());
        }
    }
    let source: Vec<u16> = units.iter().copied().chain([0]).collect();
    let mut target = alloc::vec![0; 1024];
    // SAFETY: both live through the call.
    let length = unsafe { ExpandEnvironmentStringsW(source.as_ptr(), target.as_mut_ptr(), target.len() as u32) } as usize;
    target.truncate(length.checked_sub(1)?);
    (length <= 1024).then_some(target)
}

fn terminated(path: &[u16]) -> Vec<u16> {
    path.iter().copied().chain([0]).collect()
}

/// Whether a path is that of a folder.
pub fn exists(path: &[u16]) -> bool {
    const FILE_ATTRIBUTE_DIRECTORY: u32 = 0x10;
    // SAFETY: the path lives through the call.
    let attributes = unsafe { GetFileAttributesW(terminated(path).as_ptr()) };
    attributes != u32::MAX && attributes & FILE_ATTRIBUTE_DIRECTORY != 0
}

/// Makes a folder, and those on its way that are missing. The error is that of the folder itself, or of the first that could not be made.
pub fn make(path: &[u16]) -> Result<(), u32> {
    let make = |path: &[u16]| {
        // SAFETY: the path lives through the call.
        let made = unsafe { CreateDirectoryW(terminated(path).as_ptr(), core::ptr::null()) } != 0;
        // SAFETY: a word of the thread's own.
        if made { Ok(()) } else { Err(unsafe { GetLastError() }) }
    };
    let is_separator = |unit: &u16| *unit == u16::from(b'\\') || *unit == u16::from(b'/');
    // Most often everything is there but the last.
    let Err(error) = make(path) else { return Ok(()) };
    if error != windows_sys::Win32::Foundation::ERROR_PATH_NOT_FOUND {
        return Err(error);
    }
    let ends = path.iter().enumerate().filter(|(_, unit)| is_separator(unit)).map(|(index, _)| index);
    for end in ends.filter(|end| *end > 2) {
        match make(&path[..end]) {
            Err(error) if error != ERROR_ALREADY_EXISTS && !exists(&path[..end]) => return Err(error),
            _ => {}
        }
    }
    make(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_folders() {
        for (index, folder) in FOLDERS.iter().enumerate() {
            for other in &FOLDERS[..index] {
                assert!(number(&folder.id) != number(&other.id), "{}", folder.below);
                assert!(folder.csidl.iter().all(|csidl| !other.csidl.contains(csidl)), "{}", folder.below);
            }
        }
    }
}
