//! API sets: contracts that stand for DLLs.
//!
//! Windows keeps a schema for them; Microsoft documents the hosts ("Windows API sets"). A contract counts by its name up
//! to the last number, and every version of it has the same host.

/// Prefixes of contracts and their hosts; the first that fits wins, so longer ones come first.
pub static HOSTS: &[(&str, &str)] = &[
    ("api-ms-win-core-com-", "combase.dll"),
    ("api-ms-win-core-winrt-", "combase.dll"),
    ("api-ms-win-core-registry-", "advapi32.dll"),
    ("api-ms-win-core-version-", "version.dll"),
    ("api-ms-win-core-path-", "kernelbase.dll"),
    ("api-ms-win-core-shlwapi-", "shlwapi.dll"),
    ("api-ms-win-core-url-", "shlwapi.dll"),
    ("api-ms-win-core-psapi-", "kernel32.dll"),
    ("api-ms-win-core-crt-", "msvcrt.dll"),
    ("api-ms-win-core-rtlsupport-", "ntdll.dll"),
    ("api-ms-win-core-", "kernel32.dll"),
    ("api-ms-win-crt-", "ucrtbase.dll"),
    ("api-ms-win-eventing-", "advapi32.dll"),
    ("api-ms-win-security-", "advapi32.dll"),
    ("api-ms-win-service-", "advapi32.dll"),
    ("api-ms-win-shcore-", "shcore.dll"),
    ("api-ms-win-shell-", "shell32.dll"),
    ("api-ms-win-ntuser-", "user32.dll"),
    ("api-ms-win-gdi-", "gdi32.dll"),
    ("ext-ms-win-ntuser-", "user32.dll"),
    ("ext-ms-win-gdi-", "gdi32.dll"),
];

/// DLLs that are another's code under a second name.
static SECOND_NAMES: &[(&[u8], &[u8])] = &[(b"kernelbase.dll", b"kernel32.dll"), (b"combase.dll", b"ole32.dll"), (b"wsock32.dll", b"ws2_32.dll")];

/// The DLL that a name in lower case leads to, itself where it is no contract.
pub fn host(name: &[u8]) -> &[u8] {
    let host = HOSTS.iter().find(|(prefix, _)| name.starts_with(prefix.as_bytes())).map_or(name, |(_, host)| host.as_bytes());
    SECOND_NAMES.iter().find(|(second, _)| *second == host).map_or(host, |(_, first)| first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts_lead_to_hosts_whatever_their_version() {
        assert_eq!(host(b"api-ms-win-core-synch-l1-2-0.dll"), b"kernel32.dll");
        assert_eq!(host(b"api-ms-win-core-registry-l1-1-0.dll"), b"advapi32.dll");
        assert_eq!(host(b"api-ms-win-crt-stdio-l1-1-0.dll"), b"ucrtbase.dll");
        assert_eq!(host(b"kernelbase.dll"), b"kernel32.dll");
        assert_eq!(host(b"wsock32.dll"), b"ws2_32.dll");
        assert_eq!(host(b"own.dll"), b"own.dll");
    }

    #[test]
    fn no_prefix_hides_a_longer_one() {
        for (index, (prefix, _)) in HOSTS.iter().enumerate() {
            assert!(HOSTS[..index].iter().all(|(earlier, _)| !prefix.starts_with(earlier)), "{prefix}");
        }
    }
}
