//! Sections of files, of all processes of a sandbox: what is mapped is not cut, and what is mapped as a program is neither written nor
//! deleted. A section counts until it and all its views have gone, whether there are any views or not.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::FileId;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_USER_MAPPED_FILE};

/// The sections of one file.
#[derive(Default)]
struct Sections {
    /// How many there are of each size.
    sizes: BTreeMap<u64, usize>,
    /// How many are of a program.
    images: usize,
}

/// One lock for each of some files: cutting a large file takes its time.
type Groups = [Mutex<HashMap<FileId, Sections>>; 64];

/// The sections of all files.
pub struct Mappings(Arc<Groups>);

/// A section of a file, which counts as long as this is there.
pub struct Mapping {
    groups: Arc<Groups>,
    file: FileId,
    size: u64,
    image: bool,
}

/// A mapping that a process holds by a handle that no program knows of: it ends as handles do.
pub struct MappingObject {
    /// How many handles there are of it.
    pub handles: AtomicU32,
    /// What is held.
    #[expect(dead_code, reason = "it counts by being there")]
    mapping: Mapping,
}

/// A turn at a file: until it is over the file gets no section.
pub struct Turn<'a> {
    group: MutexGuard<'a, HashMap<FileId, Sections>>,
    file: FileId,
}

fn lock(groups: &Groups, file: FileId) -> MutexGuard<'_, HashMap<FileId, Sections>> {
    groups[(file.0 ^ file.1) as usize % groups.len()].lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Mappings {
    fn default() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Mutex::default())))
    }
}

impl Mappings {
    /// Enters a section of a file, or of a program.
    pub fn add(&self, file: FileId, size: u64, image: bool) -> Mapping {
        Mapping::new(Arc::clone(&self.0), file, size, image)
    }

    /// Waits for a turn at a file.
    pub fn turn(&self, file: FileId) -> Turn<'_> {
        Turn { group: lock(&self.0, file), file }
    }
}

impl Mapping {
    fn new(groups: Arc<Groups>, file: FileId, size: u64, image: bool) -> Self {
        {
            let mut group = lock(&groups, file);
            let sections = group.entry(file).or_default();
            if image {
                sections.images += 1;
            } else {
                *sections.sizes.entry(size).or_default() += 1;
            }
        }
        Self { groups, file, size, image }
    }

    /// The same once more.
    pub fn again(&self) -> Self {
        Self::new(Arc::clone(&self.groups), self.file, self.size, self.image)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let mut group = lock(&self.groups, self.file);
        let Some(sections) = group.get_mut(&self.file) else { return };
        if self.image {
            sections.images -= 1;
        } else if let Some(count) = sections.sizes.get_mut(&self.size) {
            *count -= 1;
            if *count == 0 {
                sections.sizes.remove(&self.size);
            }
        }
        if sections.images == 0 && sections.sizes.is_empty() {
            group.remove(&self.file);
        }
    }
}

impl MappingObject {
    /// Something to hold.
    pub const fn new(mapping: Mapping) -> Self {
        Self { handles: AtomicU32::new(0), mapping }
    }
}

impl Turn<'_> {
    /// Whether the file is mapped as a program.
    pub fn is_program(&self) -> bool {
        self.group.get(&self.file).is_some_and(|sections| sections.images > 0)
    }

    /// Refuses to cut the file below one of its sections.
    pub fn check_cut(&self, size: u64) -> Result<(), NTSTATUS> {
        let largest = |sections: &Sections| sections.sizes.last_key_value().map_or(0, |(size, _)| *size);
        let mapped = self.group.get(&self.file).is_some_and(|sections| sections.images > 0 || largest(sections) > size);
        if mapped { Err(STATUS_USER_MAPPED_FILE) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = (1, 2);

    #[test]
    fn a_file_is_cut_no_further_than_its_largest_section() {
        let mappings = Mappings::default();
        let cut = |size| mappings.turn(FILE).check_cut(size).is_ok();
        assert!(cut(0));
        let (small, large) = (mappings.add(FILE, 10, false), mappings.add(FILE, 100, false));
        let _other = mappings.add((1, 3), 1000, false);
        assert!(cut(100) && !cut(99));
        let again = large.again();
        drop(large);
        assert!(!cut(99), "the second one of its size is still there");
        drop(again);
        assert!(cut(10) && !cut(9));
        drop(small);
        assert!(cut(0));
    }

    #[test]
    fn a_program_is_not_cut_at_all() {
        let mappings = Mappings::default();
        let program = mappings.add(FILE, 10, true);
        assert!(mappings.turn(FILE).is_program() && mappings.turn(FILE).check_cut(1000).is_err());
        drop(program);
        assert!(!mappings.turn(FILE).is_program() && mappings.turn(FILE).check_cut(0).is_ok());
        assert!(lock(&mappings.0, FILE).is_empty(), "nothing is left of it");
    }
}
