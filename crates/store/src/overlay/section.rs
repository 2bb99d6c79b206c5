//! What a sandbox has changed above folders of the host, in an archive: for each folder its path, then the store that lies above it.

use crate::archive::error::Error;
use crate::archive::section::{Amount, Fresh, Section};
use crate::archive::stream::{In, Item, Out};
use crate::journal::header::Hash;
use crate::objects::Finding;
use crate::objects::section::{FOLDER as OBJECTS, read_store, write_store};
use std::path::{Path as HostPath, PathBuf};

/// Where overlays lie in a sandbox's folder.
pub const FOLDER: &str = "overlays";
/// The file of an overlay that says which folder of the host it is.
pub const ORIGIN: &str = "origin";
/// The longest path of the host.
const LONGEST: usize = 4096;

/// What the overlay of a folder of the host is called, by the folder's path.
pub fn name_of(origin: &[u8]) -> String {
    Hash::of(origin).hex()[..32].to_owned()
}

/// The changes above folders of the host.
#[derive(Debug)]
pub struct Changes;

impl Section for Changes {
    fn name(&self) -> &'static str {
        "overlays"
    }

    fn write(&self, sandbox: &HostPath, out: &mut Out<'_>) -> Result<(), Error> {
        let found = std::fs::read_dir(sandbox.join(FOLDER)).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let mut places: Vec<(Vec<u8>, PathBuf)> = found.filter_map(|place| Some((std::fs::read(place.join(ORIGIN)).ok()?, place))).collect();
        places.sort();
        for (origin, place) in places.iter().filter(|(_, place)| place.join(OBJECTS).exists()) {
            out.item(origin)?;
            write_store(&place.join(OBJECTS), out)?;
        }
        Ok(())
    }

    fn read(&self, fresh: &Fresh<'_>, from: &mut In<'_>, wrong: &mut Vec<Finding>) -> Result<Amount, Error> {
        let (mut next, mut all) = (from.item()?, Amount::default());
        while let Some(item) = next {
            let Item::Bytes(origin) = item else { return Err(Error::Damaged("a content belongs to no folder".into())) };
            if !origin.starts_with(b"/") || origin.contains(&0) || origin.len() >= LONGEST {
                return Err(Error::Damaged("a folder of the host has no path".into()));
            }
            let place = fresh.folder.join(FOLDER).join(name_of(&origin));
            if place.exists() {
                return Err(Error::Damaged("a folder of the host is there twice".into()));
            }
            std::fs::create_dir_all(&place)?;
            std::fs::write(place.join(ORIGIN), &origin)?;
            let first = from.item()?.ok_or_else(|| Error::Damaged("a folder of the host has no changes".into()))?;
            let (amount, left) = read_store(&place.join(OBJECTS), fresh, (first, from), wrong)?;
            all = Amount { objects: all.objects + amount.objects, bytes: all.bytes + amount.bytes };
            next = left;
        }
        Ok(all)
    }
}
