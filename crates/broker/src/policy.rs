//! The policy of a sandbox, as its manifest and the command line give it. Default: nothing.

use serde::Deserialize;
use std::path::PathBuf;

/// What a sandbox may do, and what it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Folders of the host.
    pub grants: Vec<Grant>,
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
        Self { grants: Vec::new(), strict_imports: false, windows_version: [10, 0, 19045], per_call: false }
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
    Ok(Policy { grants, strict_imports: manifest.strict_imports, windows_version, per_call: manifest.audit.per_call })
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
