//! Resources of mapped images that kernel32 itself reads: messages and the manifest.

/// `IMAGE_DIRECTORY_ENTRY_RESOURCE`.
const DIRECTORY: u32 = 2;
/// The bit of an offset that leads to a directory.
const DEEPER: u32 = 0x8000_0000;

/// A mapped image.
struct Image {
    base: *const u8,
    size: usize,
}

impl Image {
    /// The image that is mapped at an address.
    ///
    /// # Safety
    /// An image with valid headers is mapped there.
    unsafe fn at(base: *const u8) -> Option<Self> {
        // SAFETY: the headers of a mapped image can be read.
        let read = |offset: usize| unsafe { base.add(offset).cast::<u32>().read_unaligned() };
        let header = read(0x3C) as usize;
        (read(header) == 0x4550).then(|| Self { base, size: read(header + 0x50) as usize })
    }

    fn word(&self, offset: usize) -> Option<u32> {
        // SAFETY: inside the image, which is readable.
        (offset.checked_add(4)? <= self.size).then(|| unsafe { self.base.add(offset).cast::<u32>().read_unaligned() })
    }

    /// Offset of the resources.
    fn resources(&self) -> Option<usize> {
        let header = self.word(0x3C)? as usize;
        let wide = self.word(header + 0x18)? & 0xFFFF == 0x20B;
        let directories = header + 0x18 + if wide { 0x70 } else { 0x60 };
        let count = self.word(directories - 4)?;
        let offset = if count > DIRECTORY { self.word(directories + 8 * DIRECTORY as usize)? } else { 0 };
        (offset != 0).then_some(offset as usize)
    }

    /// The entry with an identifier in a directory of the resources, or the first one; its offset within them.
    fn entry(&self, resources: usize, directory: usize, wanted: Option<u32>) -> Option<u32> {
        let counts = self.word(resources + directory + 12)?;
        let count = (counts & 0xFFFF) + (counts >> 16);
        let entries = (0..count as usize).map(|index| resources + directory + 16 + 8 * index);
        for entry in entries {
            if wanted.is_none_or(|wanted| self.word(entry) == Some(wanted)) {
                return self.word(entry + 4);
            }
        }
        None
    }
}

/// Whether a mapped image has resources at all.
///
/// # Safety
/// An image with valid headers is mapped at `base`.
pub unsafe fn exist(base: *const u8) -> bool {
    // SAFETY: as the caller promises.
    unsafe { Image::at(base) }.is_some_and(|image| image.resources().is_some())
}

/// The bytes of a resource in a mapped image, in the language wanted or in its first one.
///
/// # Safety
/// An image with valid headers is mapped at `base`, and stays for as long as the bytes are used.
pub unsafe fn find<'a>(base: *const u8, kind: u32, name: u32, language: Option<u32>) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    let image = unsafe { Image::at(base)? };
    let resources = image.resources()?;
    let deeper = |offset: u32| (offset & DEEPER != 0).then_some((offset & !DEEPER) as usize);
    let names = deeper(image.entry(resources, 0, Some(kind))?)?;
    let languages = deeper(image.entry(resources, names, Some(name))?)?;
    let data = resources + image.entry(resources, languages, language)? as usize;
    let (offset, size) = (image.word(data)? as usize, image.word(data + 4)? as usize);
    // SAFETY: inside the image.
    (offset.checked_add(size)? <= image.size).then(|| unsafe { core::slice::from_raw_parts(image.base.add(offset), size) })
}
