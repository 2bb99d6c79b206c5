//! Sections: where they lie in memory and in the file.

use crate::builder::*;
use pe::*;

/// Changes to a good file, by offset, and what they make of it.
fn check(kind: Kind, changes: &[(usize, &[u8])]) -> Result<(), Malformed> {
    let mut builder = Builder::new(kind);
    builder.put(&[0; 0x400]);
    let mut file = builder.file();
    for (offset, bytes) in changes {
        set(&mut file, *offset, bytes);
    }
    Image::parse(&file, Layout::File).unwrap().check_mappable()
}

fn word(value: u32) -> [u8; 4] {
    value.to_le_bytes()
}

const MACHINE: usize = SIGNATURE + 4;
const FLAGS: usize = SIGNATURE + 22;
const ENTRY: usize = OPTIONAL + 16;
const ALIGNMENT: usize = OPTIONAL + 32;
const IMAGE_SIZE: usize = OPTIONAL + 56;
const HEADERS_SIZE: usize = OPTIONAL + 60;

#[test]
fn accepts_good_images() {
    for kind in KINDS {
        assert_eq!(check(kind, &[]), Ok(()));
        // Neither the image's nor the headers' length has to be aligned, and the headers may be longer than the file.
        assert_eq!(check(kind, &[(IMAGE_SIZE, &word(0x2f00)), (HEADERS_SIZE, &word(0x3ff))]), Ok(()));
        assert_eq!(check(kind, &[(HEADERS_SIZE, &word(0x1000))]), Ok(()));
        assert_eq!(check(kind, &[(ALIGNMENT, &bytes(&[0x1000, 0x1000]))]), Ok(()));
        assert_eq!(check(kind, &[(ENTRY, &word(0))]), Ok(()));
        let mapped = Builder::new(kind).mapped();
        assert_eq!(Image::parse(&mapped, Layout::Mapped).unwrap().check_mappable(), Ok(()));
    }
}

#[test]
fn refuses_other_processors() {
    assert_eq!(check(Kind::Pe64, &[(MACHINE, &halves(&[0xaa64]))]), Err(Malformed::Foreign(Machine::Arm64)));
    assert_eq!(check(Kind::Pe32, &[(MACHINE, &halves(&[0x1c4]))]), Err(Malformed::Foreign(Machine::Arm)));
    assert_eq!(check(Kind::Pe64, &[(MACHINE, &halves(&[0x14c]))]), Err(Malformed::BadField("processor")));
    assert_eq!(check(Kind::Pe32, &[(MACHINE, &halves(&[0x8664]))]), Err(Malformed::BadField("processor")));
    assert_eq!(check(Kind::Pe32, &[(FLAGS, &halves(&[0x100]))]), Err(Malformed::BadField("mark of an executable")));
}

#[test]
fn refuses_bad_alignments() {
    for (section, file, error) in [
        (0, 0x200, Malformed::BadField("section alignment")),
        (0x1800, 0x200, Malformed::BadField("section alignment")),
        (0x1000, 0, Malformed::BadField("file alignment")),
        (0x1000, 0x300, Malformed::BadField("file alignment")),
        (0x1000, 0x100, Malformed::BadField("file alignment")),
        (0x1000, 0x2000, Malformed::BadField("file alignment")),
        (0x200, 0x200, Malformed::LowAlignment),
        (0x10, 0x10, Malformed::LowAlignment),
        (0x200, 0x10, Malformed::BadField("file alignment")),
    ] {
        assert_eq!(check(Kind::Pe32, &[(ALIGNMENT, &bytes(&[section, file]))]), Err(error), "{section:#x} {file:#x}");
    }
}

#[test]
fn refuses_bad_sizes() {
    for (change, error) in [
        ((IMAGE_SIZE, word(0)), Malformed::BadField("size in memory")),
        ((IMAGE_SIZE, word(u32::MAX)), Malformed::BadField("size in memory")),
        ((IMAGE_SIZE, word(0x2000)), Malformed::Outside("section")),
        ((HEADERS_SIZE, word(0)), Malformed::BadField("size of headers")),
        ((HEADERS_SIZE, word(0x3000)), Malformed::BadField("size of headers")),
        ((HEADERS_SIZE, word(0x1001)), Malformed::BadField("order of sections")),
        ((ENTRY, word(0x3000)), Malformed::BadField("entry point")),
        ((OPTIONAL + 28, word(0x40_1000)), Malformed::BadField("base address")),
        ((OPTIONAL + 28, word(0xffff_0000)), Malformed::BadField("base address")),
    ] {
        let (offset, bytes) = change;
        let enlarge = (IMAGE_SIZE, &word(0x1_1000)[..]);
        let changes: &[(usize, &[u8])] = if bytes == word(0xffff_0000) { &[enlarge, (offset, &bytes)] } else { &[(offset, &bytes)] };
        assert_eq!(check(Kind::Pe32, changes), Err(error), "{change:x?}");
    }
    // The last image that fits below the top of the address space.
    assert_eq!(check(Kind::Pe32, &[(OPTIONAL + 28, &word(0xffff_0000)), (IMAGE_SIZE, &word(0x1_0000))]), Ok(()));
    assert_eq!(check(Kind::Pe64, &[(OPTIONAL + 24, &(!0xffff_u64).to_le_bytes()), (IMAGE_SIZE, &word(0x1_0000))]), Ok(()));
    let mapped = Builder::new(Kind::Pe32).mapped();
    assert_eq!(
        Image::parse(&mapped[..0x2fff], Layout::Mapped).unwrap().check_mappable(),
        Err(Malformed::BadField("size in memory")),
        "the runtime must not be told of pages that are not there"
    );
}

#[test]
fn refuses_bad_sections() {
    let (first, second) = (Builder::new(Kind::Pe32).section(0), Builder::new(Kind::Pe32).section(1));
    for (offset, numbers, error) in [
        (first + 12, vec![0x1200], Malformed::BadField("section's address")),
        (second + 8, vec![0, 0x2000, 0], Malformed::BadField("empty section")),
        (second + 12, vec![0x1000], Malformed::BadField("order of sections")),
        (first + 12, vec![0], Malformed::BadField("order of sections")),
        (first + 8, vec![0x1001], Malformed::BadField("order of sections")),
        (second + 8, vec![0x1001], Malformed::Outside("section")),
        (second + 8, vec![u32::MAX, 0xffff_f000], Malformed::Outside("section")),
        (first + 20, vec![0x600], Malformed::Truncated("sections")),
        (first + 20, vec![u32::MAX], Malformed::Truncated("sections")),
    ] {
        let numbers = bytes(&numbers);
        assert_eq!(check(Kind::Pe32, &[(offset, &numbers)]), Err(error), "{offset:#x} {numbers:x?}");
    }
    // More bytes than memory has room for are not read; an offset of 0 means none.
    assert_eq!(check(Kind::Pe32, &[(first + 8, &word(0x400)), (first + 16, &word(0x400))]), Ok(()));
    assert_eq!(check(Kind::Pe32, &[(first + 16, &bytes(&[u32::MAX, 0]))]), Ok(()));
}

fn placements(file: &[u8]) -> Vec<(u32, u64, u64, u64)> {
    let image = Image::parse(file, Layout::File).unwrap();
    image.placements().map(|place| (place.rva, place.size, place.file_offset, place.file_size)).collect()
}

#[test]
fn places_the_file_in_memory() {
    let mut builder = Builder::new(Kind::Pe32);
    builder.put(&[7; 0x3f0]);
    let (mut file, first) = (builder.file(), builder.section(0));
    assert_eq!(placements(&file), [(0, 0x1000, 0, 0x400), (0x1000, 0x1000, 0x400, 0x400), (0x2000, 0x1000, 0, 0)]);

    // The offset is rounded down to a sector, and the end up.
    set(&mut file, first + 16, &bytes(&[0x10, 0x420]));
    assert_eq!(placements(&file)[1], (0x1000, 0x1000, 0x400, 0x200));
    // Without a length in memory, that of the file counts.
    set(&mut file, first + 8, &bytes(&[0, 0x1000, 0x400, 0x400]));
    assert_eq!(placements(&file)[1], (0x1000, 0x1000, 0x400, 0x400));
    // What the file does not have is zeros.
    set(&mut file, first + 16, &bytes(&[0x1000, 0x700]));
    assert_eq!(placements(&file)[1], (0x1000, 0x1000, 0x600, 0x200));
    set(&mut file, first + 16, &bytes(&[0x1000, 0xffff_ff00]));
    assert_eq!(placements(&file)[1], (0x1000, 0x1000, 0xffff_fe00, 0));
}

#[test]
fn places_a_low_alignment_image_flat() {
    let mut file = Builder::new(Kind::Pe32).file();
    set(&mut file, ALIGNMENT, &bytes(&[0x200, 0x200]));
    set(&mut file, IMAGE_SIZE, &word(0x500));
    assert_eq!(placements(&file), [(0, 0x1000, 0, 0x500)]);
    let image = Image::parse(&file, Layout::File).unwrap();
    assert_eq!(image.at(0x4f0, 0x10), Some(&[0; 0x10][..]));
    assert_eq!(image.at(0x500, 1), None);
}
