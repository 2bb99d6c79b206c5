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
}

impl Default for Policy {
    fn default() -> Self {
        // Windows 10 22H2.
        Self { grants: Vec::new(), drives: Vec::new(), strict_imports: false, windows_version: [10, 0, 19045], per_call: false }
    }
}

/// A folder of the host that programs see at its own path under `Z:`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Grant {
    /// The folder.
    pub folder: PathBuf,
    /// It may be changed.
    pub write: bool,
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fs {
    #[serde(default)]
    ro: Vec<PathBuf>,
    #[serde(default)]
    rw: Vec<PathBuf>,
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
    let grant = |write| move |folder| Grant { folder, write };
    let grants = manifest.fs.ro.into_iter().map(grant(false)).chain(manifest.fs.rw.into_iter().map(grant(true))).collect();
    let drives =
        manifest.fs.drives.iter().map(|(letter, folder)| {
            Drive::parse(&format!("{letter}={}", folder.display())).map_err(|error| format!("[fs] drives: {letter}: {error}"))
        });
    let drives = drives.collect::<Result<_, _>>()?;
    Ok(Policy { grants, drives, strict_imports: manifest.strict_imports, windows_version, per_call: manifest.audit.per_call })
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
            parse("strict_imports = true\nwindows_version = \"6.1.7601\"\n[fs]\nro = [\"/a\"]\nrw = [\"/b\"]\n[audit]\nper_call = true\n").unwrap();
        assert_eq!(policy.windows_version, [6, 1, 7601]);
        assert_eq!(policy.grants, [Grant { folder: "/a".into(), write: false }, Grant { folder: "/b".into(), write: true }]);
        assert!(policy.strict_imports && policy.per_call);
        assert_eq!(parse(""), Ok(Policy::default()));
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
