//! The policy of a sandbox, as its manifest and the command line give it. Default: nothing.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a sandbox may do, and what it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Folders of the host.
    pub grants: Vec<Grant>,
    /// Drives that show some of them.
    pub drives: Vec<Drive>,
    /// The program does not start when an import is missing.
    pub strict_imports: bool,
    /// Windows' version as programs see it: major, minor, build.
    pub windows_version: [u32; 3],
    /// One audit event per call.
    pub per_call: bool,
    /// Bytes that the sandbox's own drives may take; `None` leaves it at what it was.
    pub quota_bytes: Option<u64>,
    /// The same for files and folders.
    pub quota_objects: Option<u64>,
}

impl Default for Policy {
    fn default() -> Self {
        // Windows 10 22H2.
        Self {
            grants: Vec::new(),
            drives: Vec::new(),
            strict_imports: false,
            windows_version: [10, 0, 19045],
            per_call: false,
            quota_bytes: None,
            quota_objects: None,
        }
    }
}

/// A folder of the host that programs see at its own path under `Z:`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Grant {
    /// The folder.
    pub folder: PathBuf,
    /// What programs may do there.
    pub access: Access,
}

/// What programs may do in a granted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, Deserialize)]
pub enum Access {
    /// Read.
    Read,
    /// Read, and change what only the sandbox sees: the folder stays as it is.
    Overlay,
    /// Read and change.
    Write,
}

impl Access {
    /// As the audit writes it down.
    pub fn number(self) -> u64 {
        match self {
            Self::Read => 0,
            Self::Write => 1,
            Self::Overlay => 2,
        }
    }

    /// Whether programs may change what they see there.
    pub fn changes(self) -> bool {
        self != Self::Read
    }
}

/// A number of bytes, as people write it: `500M`, `2GiB`, `1000`.
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err(format!("`{text}` is no size; it has the form 500M or 2G")),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    number.ok_or_else(|| format!("`{text}` is no size; it has the form 500M or 2G"))
}

/// A drive that shows a granted folder.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Drive {
    /// Its letter, in upper case.
    pub letter: u8,
    /// The folder.
    pub folder: PathBuf,
}

impl Drive {
    /// Reads `X=DIR`. `C:` is the sandbox's own, and `Z:` the host's tree.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (letter, folder) = text.split_once('=').filter(|(_, folder)| !folder.is_empty()).ok_or("it has the form X=DIR")?;
        match letter.strip_suffix(':').unwrap_or(letter).as_bytes() {
            [b'c' | b'C' | b'z' | b'Z'] => Err("C: is the sandbox's own drive, and Z: shows everything that is granted; take another letter".into()),
            [letter] if letter.is_ascii_alphabetic() => Ok(Self { letter: letter.to_ascii_uppercase(), folder: folder.into() }),
            _ => Err("it has the form X=DIR, where X is the drive's letter".into()),
        }
    }
}

/// The manifest as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    fs: Fs,
    #[serde(default)]
    strict_imports: bool,
    windows_version: Option<String>,
    #[serde(default)]
    audit: Audit,
    #[serde(default)]
    quota: Quota,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    bytes: Option<Size>,
    objects: Option<u64>,
}

/// Bytes as a number, or as people write them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Size {
    Number(u64),
    Text(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fs {
    #[serde(default)]
    ro: Vec<PathBuf>,
    #[serde(default)]
    rw: Vec<PathBuf>,
    #[serde(default)]
    overlay: Vec<PathBuf>,
    #[serde(default)]
    drives: BTreeMap<String, PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Audit {
    #[serde(default)]
    per_call: bool,
}

/// Reads a manifest (TOML). The error names the line and shows it.
pub fn parse(text: &str) -> Result<Policy, String> {
    let manifest: Manifest = toml::from_str(text).map_err(|error| error.to_string())?;
    let windows_version = match &manifest.windows_version {
        Some(version) => parse_version(version).ok_or_else(|| {
            let line = text.lines().position(|line| line.trim_start().starts_with("windows_version")).map_or(1, |at| at + 1);
            format!("line {line}: windows_version = {version:?} is no version; it has the form \"10.0.19045\"")
        })?,
        None => Policy::default().windows_version,
    };
    let lists = [(manifest.fs.ro, Access::Read), (manifest.fs.rw, Access::Write), (manifest.fs.overlay, Access::Overlay)];
    let grants = lists.into_iter().flat_map(|(folders, access)| folders.into_iter().map(move |folder| Grant { folder, access })).collect();
    let quota_bytes = match manifest.quota.bytes {
        Some(Size::Number(bytes)) => Some(bytes),
        Some(Size::Text(text)) => Some(size(&text).map_err(|error| format!("[quota] bytes: {error}"))?),
        None => None,
    };
    let drives =
        manifest.fs.drives.iter().map(|(letter, folder)| {
            Drive::parse(&format!("{letter}={}", folder.display())).map_err(|error| format!("[fs] drives: {letter}: {error}"))
        });
    let drives = drives.collect::<Result<_, _>>()?;
    Ok(Policy {
        grants,
        drives,
        strict_imports: manifest.strict_imports,
        windows_version,
        per_call: manifest.audit.per_call,
        quota_bytes,
        quota_objects: manifest.quota.objects,
    })
}

/// `10.0.19045` as numbers; a build number has 16 bits.
fn parse_version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.split('.').map(|part| part.parse::<u16>().ok().map(u32::from));
    let version = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read() {
        let policy =
            parse("strict_imports = true\nwindows_version = \"6.1.7601\"\n[fs]\nro = [\"/a\"]\nrw = [\"/b\"]\noverlay = [\"/c\"]\n[audit]\nper_call = true\n").unwrap();
        assert_eq!(policy.windows_version, [6, 1, 7601]);
        let grants = [("/a", Access::Read), ("/b", Access::Write), ("/c", Access::Overlay)];
        assert_eq!(policy.grants, grants.map(|(folder, access)| Grant { folder: folder.into(), access }));
        assert!(policy.strict_imports && policy.per_call);
        assert_eq!(parse(""), Ok(Policy::default()));
    }

    #[test]
    fn quotas_are_numbers_or_sizes() {
        let quota = |text: &str| parse(text).map(|policy| (policy.quota_bytes, policy.quota_objects));
        assert_eq!(quota("[quota]\nbytes = 5000\nobjects = 7\n"), Ok((Some(5000), Some(7))));
        assert_eq!(quota("[quota]\nbytes = \"2G\"\n"), Ok((Some(2 << 30), None)));
        assert_eq!(quota(""), Ok((None, None)));
        for (text, bytes) in [("1", 1), ("10k", 10 << 10), ("500MiB", 500 << 20), ("3T", 3 << 40), ("0", 0)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "1.5G", "-1", "12X", "99999999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert!(quota("[quota]\nbytes = \"many\"\n").unwrap_err().contains("[quota] bytes"));
    }

    #[test]
    fn drives_have_letters_of_their_own() {
        for text in ["d=/a", "D=/a", "D:=/a"] {
            assert_eq!(Drive::parse(text), Ok(Drive { letter: b'D', folder: "/a".into() }), "{text}");
        }
        for text in ["", "D", "D=", "=/a", "DE=/a", "1=/a", "c=/a", "Z:=/a", "\u{e9}=/a"] {
            assert!(Drive::parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("[fs]\ndrives = { X = \"/a b\" }\n").unwrap().drives, [Drive { letter: b'X', folder: "/a b".into() }]);
        assert!(parse("[fs]\ndrives = { C = \"/a\" }\n").unwrap_err().contains("drives: C"));
    }

    #[test]
    fn errors_show_the_line() {
        let error = parse("strict_imports = true\nwings = 2\n").unwrap_err();
        assert!(error.contains("line 2") && error.contains("wings"), "{error}");
        let error = parse("\n[fs]\nro = 5\n").unwrap_err();
        assert!(error.contains("line 3"), "{error}");
        let error = parse("[audit]\nper_call = true\n\n[fs]\nwide = []").unwrap_err();
        assert!(error.contains("line 5") && error.contains("wide"), "{error}");
        let error = parse("\nwindows_version = \"ten\"\n").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }
}
