//! Who somebody is, and who may do what with something (securitybaseapi.h, sddl.h).
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{null, null_mut};
use guests::{Cases, case, clear_error, last_error, narrow, same, wide};
use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Security::Authorization::*;
use windows_sys::Win32::Security::*;
use windows_sys::Win32::System::Threading::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        sids(&mut cases);
        texts(&mut cases);
        lists(&mut cases);
        descriptors(&mut cases);
        tokens(&mut cases);
        cases.code()
    }
}

static NT: SID_IDENTIFIER_AUTHORITY = SID_IDENTIFIER_AUTHORITY { Value: [0, 0, 0, 0, 0, 5] };

/// A SID of up to two numbers; freed when it goes.
struct Sid(PSID);

impl Sid {
    fn new(count: u8, numbers: [u32; 2]) -> Self {
        let mut sid = null_mut();
        unsafe { AllocateAndInitializeSid(&raw const NT, count, numbers[0], numbers[1], 0, 0, 0, 0, 0, 0, &raw mut sid) };
        Self(sid)
    }

    fn users() -> Self {
        Self::new(2, [32, 545])
    }
}

impl Drop for Sid {
    fn drop(&mut self) {
        unsafe { FreeSid(self.0) };
    }
}

fn sids(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!AllocateAndInitializeSid advapi32!GetLengthSid advapi32!GetSidSubAuthority advapi32!GetSidSubAuthorityCount advapi32!GetSidIdentifierAuthority advapi32!IsValidSid advapi32!FreeSid",
        Success,
        "a SID and its parts",
        {
            let users = Sid::users();
            unsafe {
                same!(IsValidSid(users.0), 1);
                same!(GetLengthSid(users.0), 16);
                same!(*GetSidSubAuthorityCount(users.0), 2);
                same!([*GetSidSubAuthority(users.0, 0), *GetSidSubAuthority(users.0, 1)], [32, 545]);
                same!((*GetSidIdentifierAuthority(users.0)).Value, NT.Value);
                same!(FreeSid(null_mut()), null_mut());
            }
        }
    );
    case!(
        cases,
        "advapi32!CopySid advapi32!EqualSid advapi32!EqualPrefixSid advapi32!InitializeSid advapi32!GetSidLengthRequired",
        Success,
        "copies are equal",
        {
            let (users, administrators) = (Sid::users(), Sid::new(2, [32, 544]));
            let mut copy = [0_u32; 4];
            let place: PSID = copy.as_mut_ptr().cast();
            unsafe {
                same!(CopySid(16, place, users.0), 1);
                same!((EqualSid(place, users.0), EqualSid(place, administrators.0)), (1, 0));
                same!(EqualPrefixSid(place, administrators.0), 1);
                same!(GetSidLengthRequired(2), 16);
                same!(InitializeSid(place, &raw const NT, 2), 1);
                *GetSidSubAuthority(place, 0) = 32;
                *GetSidSubAuthority(place, 1) = 545;
                same!(EqualSid(place, users.0), 1);
            }
        }
    );
    case!(cases, "advapi32!CopySid", Failure, "too small a place", wine = "Wine sets no error", {
        let users = Sid::users();
        let mut copy = [0_u32; 4];
        clear_error();
        same!(unsafe { CopySid(12, copy.as_mut_ptr().cast(), users.0) }, 0);
        same!(last_error(), ERROR_INSUFFICIENT_BUFFER);
    });
    case!(cases, "advapi32!IsValidSid advapi32!InitializeSid", Failure, "too many numbers", {
        same!(unsafe { IsValidSid([1_u8, 16, 0, 0, 0, 0, 0, 5].as_ptr().cast_mut().cast()) }, 0);
        let mut place = [0_u32; 40];
        clear_error();
        same!(unsafe { InitializeSid(place.as_mut_ptr().cast(), &raw const NT, 16) }, 0);
    });
    case!(cases, "advapi32!CreateWellKnownSid advapi32!IsWellKnownSid", Success, "by their kinds", {
        let (mut place, mut size) = ([0_u32; 17], 68);
        unsafe {
            same!(CreateWellKnownSid(WinBuiltinUsersSid, null_mut(), place.as_mut_ptr().cast(), &raw mut size), 1);
            same!((size, EqualSid(place.as_mut_ptr().cast(), Sid::users().0)), (16, 1));
            same!(IsWellKnownSid(place.as_mut_ptr().cast(), WinBuiltinUsersSid), 1);
            same!(IsWellKnownSid(place.as_mut_ptr().cast(), WinWorldSid), 0);
        }
    });
    case!(cases, "advapi32!CreateWellKnownSid", Failure, "too small a place says the size", {
        let (mut place, mut size) = ([0_u32; 1], 4);
        clear_error();
        same!(unsafe { CreateWellKnownSid(WinWorldSid, null_mut(), place.as_mut_ptr().cast(), &raw mut size) }, 0);
        same!((last_error(), size), (ERROR_INSUFFICIENT_BUFFER, 12));
    });
}

fn texts(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!ConvertSidToStringSidW advapi32!ConvertStringSidToSidW advapi32!ConvertStringSidToSidA advapi32!ConvertSidToStringSidA",
        Success,
        "to a text and back",
        {
            let users = Sid::users();
            let (mut text, mut sid, mut ansi) = (null_mut(), null_mut(), null_mut());
            unsafe {
                same!(ConvertSidToStringSidW(users.0, &raw mut text), 1);
                let length = (0..).take_while(|index| *text.add(*index) != 0).count();
                same!(narrow(core::slice::from_raw_parts(text, length)), String::from("S-1-5-32-545"));
                same!(ConvertStringSidToSidW(text, &raw mut sid), 1);
                same!(EqualSid(sid, users.0), 1);
                same!(LocalFree(sid), null_mut());
                same!(ConvertStringSidToSidW(wide("BU").as_ptr(), &raw mut sid), 1);
                same!(EqualSid(sid, users.0), 1);
                same!(LocalFree(sid), null_mut());
                same!(LocalFree(text.cast()), null_mut());
                same!(ConvertSidToStringSidA(users.0, &raw mut ansi), 1);
                same!(ConvertStringSidToSidA(ansi, &raw mut sid), 1);
                same!(EqualSid(sid, users.0), 1);
                same!(LocalFree(sid), null_mut());
                same!(LocalFree(ansi.cast()), null_mut());
            }
        }
    );
    case!(cases, "advapi32!ConvertStringSidToSidW", Failure, "what is no SID", {
        let mut sid = null_mut();
        clear_error();
        same!(unsafe { ConvertStringSidToSidW(wide("S-1-5-x").as_ptr(), &raw mut sid) }, 0);
        same!(last_error(), ERROR_INVALID_SID);
    });
}

fn lists(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!InitializeAcl advapi32!AddAccessAllowedAce advapi32!AddAccessAllowedAceEx advapi32!AddAccessDeniedAce advapi32!AddAccessDeniedAceEx advapi32!GetAce advapi32!DeleteAce advapi32!AddAce advapi32!GetAclInformation advapi32!IsValidAcl",
        Success,
        "entries are added, found and taken out",
        wine = "Wine adds all at the end",
        {
            let users = Sid::users();
            let mut place = [0_u32; 32];
            let list: *mut ACL = place.as_mut_ptr().cast();
            unsafe {
                same!(InitializeAcl(list, 128, ACL_REVISION), 1);
                same!(AddAccessAllowedAce(list, ACL_REVISION, 1, users.0), 1);
                same!(AddAccessAllowedAceEx(list, ACL_REVISION, OBJECT_INHERIT_ACE, 2, users.0), 1);
                same!(AddAccessDeniedAce(list, ACL_REVISION, 4, users.0), 1);
                same!(AddAccessDeniedAceEx(list, ACL_REVISION, 0, 8, users.0), 1);
                same!(((*list).AceCount, IsValidAcl(list)), (4, 1));
                let mut entry: *mut c_void = null_mut();
                same!(GetAce(list, 1, &raw mut entry), 1);
                let allowed = entry.cast::<ACCESS_ALLOWED_ACE>();
                same!(((*allowed).Header.AceType, (*allowed).Header.AceFlags, (*allowed).Mask), (0, OBJECT_INHERIT_ACE as u8, 2));
                same!(EqualSid((&raw mut (*allowed).SidStart).cast(), users.0), 1);
                same!(DeleteAce(list, 0), 1);
                same!(GetAce(list, 0, &raw mut entry), 1);
                same!((*entry.cast::<ACCESS_ALLOWED_ACE>()).Mask, 2);
                let mut copy = [0_u32; 6];
                copy.copy_from_slice(core::slice::from_raw_parts(entry.cast(), 6));
                copy[1] = 0x10;
                same!(AddAce(list, ACL_REVISION, 0, copy.as_ptr().cast(), 24), 1);
                same!(GetAce(list, 0, &raw mut entry), 1);
                same!((*entry.cast::<ACCESS_ALLOWED_ACE>()).Mask, 0x10);
                let mut size: ACL_SIZE_INFORMATION = zeroed();
                same!(GetAclInformation(list, (&raw mut size).cast(), 12, AclSizeInformation), 1);
                same!((size.AceCount, size.AclBytesInUse, size.AclBytesFree), (4, 8 + 4 * 24, 128 - 8 - 4 * 24));
            }
        }
    );
    case!(
        cases,
        "advapi32!AddAccessAllowedAce advapi32!GetAce advapi32!InitializeAcl",
        Failure,
        "a list that is full, an entry that is not there",
        {
            let users = Sid::users();
            let mut place = [0_u32; 8];
            let list: *mut ACL = place.as_mut_ptr().cast();
            unsafe {
                same!(InitializeAcl(list, 32, ACL_REVISION), 1);
                same!(AddAccessAllowedAce(list, ACL_REVISION, 1, users.0), 1);
                clear_error();
                same!((AddAccessAllowedAce(list, ACL_REVISION, 1, users.0), last_error()), (0, ERROR_ALLOTTED_SPACE_EXCEEDED));
                let mut entry = null_mut();
                clear_error();
                same!((GetAce(list, 1, &raw mut entry), last_error()), (0, ERROR_INVALID_PARAMETER));
                clear_error();
                same!((InitializeAcl(list, 4, ACL_REVISION), last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
            }
        }
    );
}

fn descriptors(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!InitializeSecurityDescriptor advapi32!SetSecurityDescriptorDacl advapi32!SetSecurityDescriptorOwner advapi32!SetSecurityDescriptorGroup advapi32!SetSecurityDescriptorSacl advapi32!GetSecurityDescriptorDacl advapi32!GetSecurityDescriptorOwner advapi32!GetSecurityDescriptorGroup advapi32!GetSecurityDescriptorSacl advapi32!GetSecurityDescriptorControl advapi32!SetSecurityDescriptorControl advapi32!GetSecurityDescriptorLength advapi32!MakeSelfRelativeSD advapi32!IsValidSecurityDescriptor",
        Success,
        "parts are set and found, also in one block",
        {
            let users = Sid::users();
            let mut list = [0_u32; 8];
            let mut descriptor: SECURITY_DESCRIPTOR = unsafe { zeroed() };
            let at: PSECURITY_DESCRIPTOR = (&raw mut descriptor).cast();
            let mut block = [0_u32; 64];
            unsafe {
                same!(InitializeSecurityDescriptor(at, 1), 1);
                same!(InitializeAcl(list.as_mut_ptr().cast(), 32, ACL_REVISION), 1);
                same!(AddAccessAllowedAce(list.as_mut_ptr().cast(), ACL_REVISION, 1, users.0), 1);
                same!(SetSecurityDescriptorDacl(at, 1, list.as_ptr().cast(), 0), 1);
                same!(SetSecurityDescriptorOwner(at, users.0, 0), 1);
                same!(SetSecurityDescriptorGroup(at, users.0, 1), 1);
                same!(SetSecurityDescriptorSacl(at, 0, null(), 0), 1);
                same!(SetSecurityDescriptorControl(at, SE_DACL_PROTECTED, SE_DACL_PROTECTED), 1);
                same!(IsValidSecurityDescriptor(at), 1);
                let length = GetSecurityDescriptorLength(at);
                same!(length as usize, size_of::<SECURITY_DESCRIPTOR>() + 16 + 16 + 32);
                let mut size = 256;
                same!(MakeSelfRelativeSD(at, block.as_mut_ptr().cast(), &raw mut size), 1);
                // What the size is afterwards, the documentation leaves open where there was room.
                same!(GetSecurityDescriptorLength(block.as_mut_ptr().cast()), 20 + 16 + 16 + 32);
                for at in [at, block.as_mut_ptr().cast()] {
                    let (mut present, mut defaulted, mut found, mut owner, mut group) = (9, 9, null_mut(), null_mut(), null_mut());
                    same!(GetSecurityDescriptorDacl(at, &raw mut present, &raw mut found, &raw mut defaulted), 1);
                    same!((present, defaulted, (*found).AceCount), (1, 0, 1));
                    same!(GetSecurityDescriptorOwner(at, &raw mut owner, &raw mut defaulted), 1);
                    same!((EqualSid(owner, users.0), defaulted), (1, 0));
                    same!(GetSecurityDescriptorGroup(at, &raw mut group, &raw mut defaulted), 1);
                    same!((EqualSid(group, users.0), defaulted), (1, 1));
                    same!(GetSecurityDescriptorSacl(at, &raw mut present, &raw mut found, &raw mut defaulted), 1);
                    same!(present, 0);
                    let (mut control, mut revision) = (0, 0);
                    same!(GetSecurityDescriptorControl(at, &raw mut control, &raw mut revision), 1);
                    same!((control & (SE_DACL_PRESENT | SE_DACL_PROTECTED), revision), (SE_DACL_PRESENT | SE_DACL_PROTECTED, 1));
                    same!(IsValidSecurityDescriptor(at), 1);
                }
            }
        }
    );
    case!(cases, "advapi32!InitializeSecurityDescriptor advapi32!MakeSelfRelativeSD", Failure, "an unknown revision, too small a block", {
        let mut descriptor: SECURITY_DESCRIPTOR = unsafe { zeroed() };
        let at: PSECURITY_DESCRIPTOR = (&raw mut descriptor).cast();
        unsafe {
            clear_error();
            same!((InitializeSecurityDescriptor(at, 2), last_error()), (0, ERROR_UNKNOWN_REVISION));
            same!(InitializeSecurityDescriptor(at, 1), 1);
            let (mut block, mut size) = ([0_u8; 4], 4);
            clear_error();
            same!((MakeSelfRelativeSD(at, block.as_mut_ptr().cast(), &raw mut size), last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
            same!(size, 20);
        }
    });
}

fn tokens(cases: &mut Cases) {
    case!(
        cases,
        "advapi32!OpenProcessToken advapi32!GetTokenInformation",
        Success,
        "the user, twice the same, and nothing elevated for nobody",
        wine = "Wine looks at the groups alone",
        {
            unsafe {
                let mut token = null_mut();
                same!(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token), 1);
                let mut needed = 0;
                clear_error();
                same!((GetTokenInformation(token, TokenUser, null_mut(), 0, &raw mut needed), last_error()), (0, ERROR_INSUFFICIENT_BUFFER));
                let mut buffer: Vec<usize> = alloc::vec![0; needed as usize];
                same!(GetTokenInformation(token, TokenUser, buffer.as_mut_ptr().cast(), needed, &raw mut needed), 1);
                let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
                same!(IsValidSid(user.User.Sid), 1);
                let mut member = 9;
                same!(CheckTokenMembership(null_mut(), user.User.Sid, &raw mut member), 1);
                same!(member, 1);
                let mut elevation: TOKEN_ELEVATION = zeroed();
                same!(GetTokenInformation(token, TokenElevation, (&raw mut elevation).cast(), 4, &raw mut needed), 1);
                same!(needed, 4);
                same!(CloseHandle(token), 1);
            }
        }
    );
    case!(cases, "advapi32!CheckTokenMembership", Success, "of everybody, and not of nobody", {
        let (mut place, mut size, mut member) = ([0_u32; 17], 68, 9);
        unsafe {
            for (kind, expected) in [(WinWorldSid, 1), (WinNullSid, 0)] {
                size = size.max(68);
                same!(CreateWellKnownSid(kind, null_mut(), place.as_mut_ptr().cast(), &raw mut size), 1);
                same!(CheckTokenMembership(null_mut(), place.as_mut_ptr().cast(), &raw mut member), 1);
                same!(member, expected);
            }
        }
    });
    case!(cases, "advapi32!OpenThreadToken advapi32!RevertToSelf", Failure, "a thread has none of its own", {
        let mut token = null_mut();
        clear_error();
        same!((unsafe { OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, 1, &raw mut token) }, last_error()), (0, ERROR_NO_TOKEN));
        same!(unsafe { RevertToSelf() }, 1);
    });
    case!(
        cases,
        "advapi32!AdjustTokenPrivileges",
        Success,
        "what everybody has, and what nobody has",
        wine = "Wine runs the program as an administrator",
        {
            unsafe {
                let mut token = null_mut();
                same!(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &raw mut token), 1);
                for (name, expected) in [("SeChangeNotifyPrivilege", ERROR_SUCCESS), ("SeTcbPrivilege", ERROR_NOT_ALL_ASSIGNED)] {
                    let mut privileges: TOKEN_PRIVILEGES = zeroed();
                    privileges.PrivilegeCount = 1;
                    privileges.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
                    same!(LookupPrivilegeValueW(null(), wide(name).as_ptr(), &raw mut privileges.Privileges[0].Luid), 1);
                    SetLastError(7);
                    same!(AdjustTokenPrivileges(token, 0, &raw const privileges, 0, null_mut(), null_mut()), 1);
                    same!(last_error(), expected);
                }
                same!(CloseHandle(token), 1);
            }
        }
    );
    case!(cases, "advapi32!AdjustTokenPrivileges advapi32!OpenProcessToken", Failure, "a handle that does not grant it, and what is no process", {
        unsafe {
            let mut token = null_mut();
            same!(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token), 1);
            let privileges: TOKEN_PRIVILEGES = zeroed();
            clear_error();
            same!((AdjustTokenPrivileges(token, 0, &raw const privileges, 0, null_mut(), null_mut()), last_error()), (0, ERROR_ACCESS_DENIED));
            same!(CloseHandle(token), 1);
            clear_error();
            same!((OpenProcessToken(null_mut(), TOKEN_QUERY, &raw mut token), last_error()), (0, ERROR_INVALID_HANDLE));
        }
    });
}
