//! Headers that lie are refused.

use crate::builder::*;
use pe::*;

fn parse(bytes: &[u8]) -> Malformed {
    Image::parse(bytes, Layout::File).unwrap_err()
}

#[test]
fn refuses_what_is_no_program() {
    let mut file = vec![0; 0x200];
    assert_eq!(parse(b""), Malformed::NotExecutable);
    assert_eq!(parse(&file), Malformed::NotExecutable);
    assert_eq!(parse(b"MZ"), Malformed::Truncated("DOS header"));
    set(&mut file, 0, b"MZ");
    assert_eq!(parse(&file), Malformed::DosProgram);
    for (offset, error) in [(0x1fd, Malformed::DosProgram), (0x200, Malformed::DosProgram), (u32::MAX, Malformed::DosProgram)] {
        set(&mut file, 60, &offset.to_le_bytes());
        assert_eq!(parse(&file), error);
    }
    set(&mut file, 60, &0x80_u32.to_le_bytes());
    for (signature, error) in
        [(b"NE\0\0", Malformed::Ne), (b"LE\0\0", Malformed::Le), (b"LX\0\0", Malformed::Lx), (b"PE\0\x01", Malformed::DosProgram)]
    {
        set(&mut file, 0x80, signature);
        assert_eq!(parse(&file), error);
    }
}

#[test]
fn says_where_a_file_ends_too_early() {
    for kind in KINDS {
        let image = Builder::new(kind);
        let file = image.file();
        let ends = [
            (63, Malformed::Truncated("DOS header")),
            (SIGNATURE + 3, Malformed::DosProgram),
            (OPTIONAL - 1, Malformed::Truncated("file header")),
            (OPTIONAL + 95, Malformed::Truncated("optional header")),
            (image.section(2) - 1, Malformed::Truncated("section table")),
        ];
        for (length, error) in ends {
            assert_eq!(parse(&file[..length]), error, "{kind:?} {length:#x}");
        }
        assert!(Image::parse(&file[..image.section(2)], Layout::File).is_ok());
    }
}

#[test]
fn speaks_in_sentences() {
    let says = |error: Malformed| error.to_string();
    assert_eq!(says(Malformed::Truncated("section table")), "the file ends before its section table");
    assert_eq!(says(Malformed::BadField("entry point")), "the program's entry point is not valid");
    assert_eq!(says(Malformed::Foreign(Machine::Arm64)), "this program is for ARM64 processors, not for x86 or x86-64");
    assert_eq!(says(Malformed::Foreign(Machine::Other(0x200))), "this program is for Itanium (0x0200) processors, not for x86 or x86-64");
    assert_eq!(says(Malformed::Foreign(Machine::Other(1))), "this program is for unknown (0x0001) processors, not for x86 or x86-64");
}

#[test]
fn reads_every_field() {
    for kind in KINDS {
        let file = Builder::new(kind).file();
        for (bytes, layout) in [(file, Layout::File), (Builder::new(kind).mapped(), Layout::Mapped)] {
            let image = Image::parse(&bytes, layout).unwrap();
            assert_eq!(image.is_64(), kind == Kind::Pe64);
            assert_eq!(image.machine(), if kind == Kind::Pe64 { Machine::X64 } else { Machine::X86 });
            assert_eq!((image.timestamp(), image.characteristics() & 2, image.is_dll()), (0x1234_5678, 2, false));
            assert_eq!((image.image_base(), image.base(), image.based_at(0x1_0000).base()), (BASE, BASE, 0x1_0000));
            assert_eq!((image.entry_point(), image.size_of_image(), image.size_of_headers()), (DATA, 0x3000, RAW as u32));
            assert_eq!((image.section_alignment(), image.file_alignment()), (0x1000, 0x200));
            assert_eq!((image.os_version(), image.image_version(), image.subsystem_version()), ((6, 1), (7, 2), (5, 3)));
            assert_eq!((image.linker_version(), image.subsystem(), image.dll_characteristics()), ((2, 14), Subsystem::Console, 0x8160));
            assert_eq!((image.stack_reserve(), image.stack_commit()), (0x10_0000, 0x1000));
            assert_eq!((image.heap_reserve(), image.heap_commit()), (0x20_0000, 0x2000));
            assert_eq!((image.checksum_field(), image.loader_flags()), (0, 0));
        }
    }
}

#[test]
fn lists_sections() {
    let file = Builder::new(Kind::Pe64).file();
    let image = Image::parse(&file, Layout::File).unwrap();
    let sections: Vec<_> = image.sections().map(|section| (section.name(), section.rva(), section.memory_size())).collect();
    assert_eq!(sections, [(&b".data"[..], 0x1000, 0x200), (b".zero", 0x2000, 0x800)]);
    let first = image.sections().next().unwrap();
    assert!(first.is_readable() && first.is_writable() && first.is_executable() && !first.is_shared());
    assert_eq!(image.section_at(0x1fff).map(|section| section.rva()), Some(0x1000));
    assert_eq!(image.section_at(0x3000).map(|section| section.rva()), None);
}

#[test]
fn finds_directories() {
    for kind in KINDS {
        let mut image = Builder::new(kind);
        image.directory(DOTNET, 0x1008, 72);
        image.directory(TLS, 0, 72);
        let mut file = image.file();
        let parsed = Image::parse(&file, Layout::File).unwrap();
        assert_eq!(parsed.directory(Directory::Dotnet), Some(Span { rva: 0x1008, size: 72 }));
        assert!(parsed.is_dotnet());
        assert_eq!(parsed.directory(Directory::Tls), None);
        // The loader looks no further than the stated count.
        let count = image.section(0) - 16 * 8 - 4;
        set(&mut file, count, &14_u32.to_le_bytes());
        assert!(!Image::parse(&file, Layout::File).unwrap().is_dotnet());
        set(&mut file, count, &u32::MAX.to_le_bytes());
        assert!(Image::parse(&file, Layout::File).unwrap().is_dotnet());
    }
}

#[test]
fn finds_certificates_by_file_offset() {
    let mut image = Builder::new(Kind::Pe32);
    image.directory(CERTIFICATE, RAW as u32, 0x200);
    let (file, mapped) = (image.file(), image.mapped());
    let span = Ok(Some(FileSpan { offset: RAW as u32, size: 0x200 }));
    assert_eq!(Image::parse(&file, Layout::File).unwrap().certificates(), span);
    assert_eq!(Image::parse(&mapped, Layout::Mapped).unwrap().certificates(), span);
    image.directory(CERTIFICATE, RAW as u32 + 1, 0x200);
    assert_eq!(Image::parse(&image.file(), Layout::File).unwrap().certificates(), Err(Malformed::Outside("certificate table")));
    assert_eq!(Image::parse(&Builder::new(Kind::Pe32).file(), Layout::File).unwrap().certificates(), Ok(None));
}

#[test]
fn computes_the_checksum_that_ignores_itself() {
    let mut file = Builder::new(Kind::Pe64).file();
    file.push(0x12);
    let expected: u32 = {
        let mut sum = 0_u32;
        for pair in file.chunks(2) {
            sum += u32::from(pair[0]) | u32::from(*pair.get(1).unwrap_or(&0)) << 8;
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum + file.len() as u32
    };
    assert_eq!(checksum(&file), Ok(expected));
    set(&mut file, OPTIONAL + 64, &[0xaa, 0xbb, 0xcc, 0xdd]);
    assert_eq!(checksum(&file), Ok(expected));
    file[0x200] ^= 1;
    assert_ne!(checksum(&file), Ok(expected));
}

#[test]
fn reads_through_the_section_table() {
    let mut builder = Builder::new(Kind::Pe32);
    let text = builder.text("hello");
    let number = builder.put(&[1, 2, 3, 4, 5, 6, 7, 8]);
    for (bytes, layout) in [(builder.file(), Layout::File), (builder.mapped(), Layout::Mapped)] {
        let image = Image::parse(&bytes, layout).unwrap();
        assert_eq!(image.at(0, 2), Some(&b"MZ"[..]));
        assert_eq!(image.at(text, 3), Some(&b"hel"[..]));
        assert_eq!(image.text(text), Some(&b"hello"[..]));
        assert_eq!(image.u16_at(number), Some(0x0201));
        assert_eq!(image.u32_at(number), Some(0x0403_0201));
        assert_eq!(image.u64_at(number), Some(0x0807_0605_0403_0201));
        assert_eq!(image.u32_at(0x2000), Some(0));
        assert_eq!(image.u64_at(0x3000 - 7), None);
        assert_eq!(image.u16_at(0x3000), None);
        assert_eq!(image.at(u32::MAX, u32::MAX), None);
    }
}

#[test]
fn reads_zeros_where_only_memory_has_bytes() {
    let mut builder = Builder::new(Kind::Pe32);
    builder.zeros = 0x10;
    builder.put(&[b'x'; 0x200]);
    let file = builder.file();
    let image = Image::parse(&file, Layout::File).unwrap();
    assert_eq!(image.u64_at(DATA + 0x1fc), Some(0x7878_7878));
    assert_eq!(image.u64_at(DATA + 0xff8), Some(0));
    assert_eq!(image.at(DATA + 0x1fc, 8), None, "there are no such bytes to borrow");
    assert_eq!(image.text(DATA + 0x1fc), Some(&b"xxxx"[..]), "its NUL is one of the zeros");
}

#[test]
fn turns_absolute_addresses_into_relative_ones() {
    let file = Builder::new(Kind::Pe64).file();
    let image = Image::parse(&file, Layout::File).unwrap();
    for (address, relative) in [(BASE, Some(0)), (BASE + 0x2fff, Some(0x2fff)), (BASE + 0x3000, None), (BASE - 1, None), (u64::MAX, None)] {
        assert_eq!(image.relative(address), relative);
    }
    assert_eq!(image.based_at(1 << 40).relative((1 << 40) + 5), Some(5));
}
