//! What is remembered of a named sandbox besides its objects: its quota, and what its last run was granted. Grants are those of each
//! run; they stand here for who wants to see them.

use broker::policy::{Access, Policy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The version of the file.
const VERSION: u32 = 1;
const NAME: &str = "settings.json";

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    version: u32,
    /// How much its drives may take.
    #[serde(default)]
    pub quota: Quota,
    /// What the last run was granted.
    #[serde(default)]
    pub granted: Granted,
}

/// How much a sandbox's drives may take; nothing where that was never said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Bytes.
    pub bytes: Option<u64>,
    /// Files and folders.
    pub objects: Option<u64>,
}

impl Quota {
    /// As a store takes it.
    pub fn limits(self) -> store::Limits {
        let most = store::Limits::default();
        store::Limits { bytes: self.bytes.unwrap_or(most.bytes), objects: self.objects.unwrap_or(most.objects) }
    }
}

/// Folders that a run was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// For reading.
    #[serde(default)]
    pub ro: Vec<PathBuf>,
    /// For reading and changing.
    #[serde(default)]
    pub rw: Vec<PathBuf>,
    /// For reading, and for changing in the sandbox alone.
    #[serde(default)]
    pub overlay: Vec<PathBuf>,
    /// Drives that show some of them.
    #[serde(default)]
    pub drives: BTreeMap<char, PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { version: VERSION, quota: Quota::default(), granted: Granted::default() }
    }
}

impl Settings {
    /// What is remembered of the sandbox in a folder.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(|error| format!("{}: {}", path.display(), broker::plain(&error)))?,
        };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        match value["version"].as_u64() {
            Some(version) if version > u64::from(VERSION) => Err(format!("{} is of a newer version ({version}, not {VERSION})", path.display())),
            _ => serde_json::from_value(value).map_err(|error| format!("{}: {error}", path.display())),
        }
    }

    /// Remembers what a policy says; a quota that it leaves open stays what it was.
    pub fn remember(folder: &Path, policy: &Policy) -> Result<Self, String> {
        let before = Self::read(folder)?;
        let mut granted =
            Granted { drives: policy.drives.iter().map(|drive| (char::from(drive.letter), drive.folder.clone())).collect(), ..Granted::default() };
        for grant in &policy.grants {
            let list = match grant.access {
                Access::Read => &mut granted.ro,
                Access::Write => &mut granted.rw,
                Access::Overlay => &mut granted.overlay,
            };
            list.push(grant.folder.clone());
        }
        let quota = Quota { bytes: policy.quota_bytes.or(before.quota.bytes), objects: policy.quota_objects.or(before.quota.objects) };
        let after = Self { version: VERSION, quota, granted };
        if after != before || !folder.exists() {
            after.write(folder).map_err(|error| format!("{}: {}", folder.display(), broker::plain(&error)))?;
        }
        Ok(after)
    }

    /// Writes it; it appears whole.
    fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let fresh = folder.join(format!("{NAME}.{}", std::process::id()));
        std::fs::write(&fresh, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(fresh, folder.join(NAME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_stays_and_newer_files_are_refused() {
        let folder = std::env::temp_dir().join(format!("settings-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let with = |bytes| Policy { quota_bytes: bytes, ..Policy::default() };
        assert_eq!(Settings::remember(&folder, &with(Some(5))).unwrap().quota.bytes, Some(5));
        assert_eq!(Settings::remember(&folder, &with(None)).unwrap().quota.bytes, Some(5));
        assert_eq!(Settings::remember(&folder, &with(Some(7))), Settings::read(&folder));
        std::fs::write(folder.join(NAME), "{\"version\": 2, \"other\": true}").unwrap();
        assert!(Settings::read(&folder).unwrap_err().contains("newer version (2, not 1)"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
