//! Symbols of the system DLLs, for the tools of this host: an ELF file for gdb and perf, and a map in the form of perf's. The DLLs lie where
//! [`system::base`] says, so that their addresses are known.

use crate::command::target as build_folder;
use crate::guests::dlls;
use crate::system::{self, PAGE_EXECUTE_READ};
use anyhow::{Context, Result};
use gate::system::Tables;
use pdb2::{FallibleIterator, PDB, SymbolData};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::Path;
use zerocopy::{Immutable, IntoBytes};

/// A function: its size, 0 where nobody says, and its name.
type Functions = BTreeMap<u64, (u64, String)>;

/// A DLL's code in memory and in the system file, and its functions by address.
struct Library {
    start: u64,
    size: u64,
    offset: u64,
    functions: Functions,
}

/// Writes the symbols of a target's system DLLs as `NAME.debug` and `NAME.map` into a folder.
pub fn write(target: &str, system: &Path, folder: &Path) -> Result<()> {
    let mut libraries = Vec::new();
    let bytes = fs::read(system).with_context(|| format!("{} was not written", system.display()))?;
    // The tables are read in place, which wants them aligned.
    let mut aligned = vec![0_u64; bytes.len().div_ceil(8)];
    aligned.as_mut_bytes()[..bytes.len()].copy_from_slice(&bytes);
    let tables = Tables::read(aligned.as_bytes()).context("the system file has no tables")?;
    for (index, dll) in dlls()?.iter().enumerate() {
        let file = build_folder().join(target).join("guest").join(format!("{dll}.pdb"));
        let base = system::base(target, index);
        let entry = tables.find(format!("{dll}.dll").as_bytes()).with_context(|| format!("the system file lacks {dll}"))?;
        let code = tables.segments(entry).iter().find(|segment| segment.protect == PAGE_EXECUTE_READ);
        let Some(code) = code else { continue };
        let (start, size) = (base + u64::from(code.rva), u64::from(code.size));
        let mut functions = functions(&file, dll, base).with_context(|| format!("{dll}.pdb"))?;
        functions.retain(|at, _| (start..start + size).contains(at));
        libraries.push(Library { start, size, offset: code.file.into(), functions });
    }
    libraries.iter_mut().for_each(Library::close_gaps);
    fs::create_dir_all(folder)?;
    let name = system::file_name(target);
    fs::write(folder.join(format!("{name}.map")), map(&libraries))?;
    fs::write(folder.join(format!("{name}.debug")), elf(&libraries))?;
    Ok(())
}

/// A DLL's functions: procedures with their sizes, and public names where no procedure starts.
fn functions(file: &Path, dll: &str, base: u64) -> Result<Functions> {
    let mut found = Functions::new();
    let mut pdb = PDB::open(File::open(file)?)?;
    let addresses = pdb.address_map()?;
    let debug = pdb.debug_information()?;
    let mut modules = debug.modules()?;
    while let Some(module) = modules.next()? {
        let Some(info) = pdb.module_info(&module)? else { continue };
        let mut symbols = info.symbols()?;
        while let Some(symbol) = symbols.next()? {
            if let Ok(SymbolData::Procedure(procedure)) = symbol.parse()
                && let Some(rva) = procedure.offset.to_rva(&addresses)
            {
                found.insert(base + u64::from(rva.0), (procedure.len.into(), format!("{dll}!{}", procedure.name)));
            }
        }
    }
    let globals = pdb.global_symbols()?;
    let mut symbols = globals.iter();
    while let Some(symbol) = symbols.next()? {
        if let Ok(SymbolData::Public(public)) = symbol.parse()
            && let Some(rva) = public.offset.to_rva(&addresses).filter(|_| public.function || public.code)
        {
            found.entry(base + u64::from(rva.0)).or_insert_with(|| (0, format!("{dll}!{}", public.name)));
        }
    }
    Ok(found)
}

impl Library {
    /// A function whose size nobody says ends where the next one starts.
    fn close_gaps(&mut self) {
        let starts: Vec<u64> = self.functions.keys().copied().chain([self.start + self.size]).collect();
        for ((start, (size, _)), next) in self.functions.iter_mut().zip(&starts[1..]) {
            if *size == 0 {
                *size = next - start;
            }
        }
    }
}

/// `START SIZE name`, for whatever reads perf's maps.
fn map(libraries: &[Library]) -> String {
    let mut text = String::new();
    for (start, (size, name)) in libraries.iter().flat_map(|library| &library.functions) {
        let _ = writeln!(text, "{start:x} {size:x} {name}");
    }
    text
}

/// The head of an ELF file.
#[repr(C)]
#[derive(IntoBytes, Immutable)]
struct Head {
    magic: [u8; 16],
    kind: [u16; 2],
    version: u32,
    entry: u64,
    segments: u64,
    sections: u64,
    flags: u32,
    sizes: [u16; 6],
}

/// A section header.
#[repr(C)]
#[derive(Default, IntoBytes, Immutable)]
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    alignment: u64,
    entry_size: u64,
}

/// A symbol.
#[repr(C)]
#[derive(Default, IntoBytes, Immutable)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

/// Strings, each with a NUL behind it; the first is empty.
struct Strings(Vec<u8>);

impl Strings {
    fn put(&mut self, text: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend(text.as_bytes());
        self.0.push(0);
        at
    }
}

/// An ELF program without bytes: a section for each DLL's code, at its address and where the system file has it, so that perf, which
/// sees that file mapped, finds its way; and the symbols in them.
fn elf(libraries: &[Library]) -> Vec<u8> {
    const EXECUTABLE: [u16; 2] = [2, 62];
    const CODE: u64 = 2 | 4;
    const NO_BITS: u32 = 8;
    const SYMBOLS: u32 = 2;
    const STRINGS: u32 = 3;
    const GLOBAL_FUNCTION: u8 = 1 << 4 | 2;
    let (mut strings, mut names) = (Strings(vec![0]), Strings(vec![0]));
    let mut sections = vec![Section::default()];
    let mut symbols = vec![Symbol::default()];
    for (index, library) in (1..).zip(libraries) {
        let name = names.put(".text");
        sections.push(Section {
            name,
            kind: NO_BITS,
            flags: CODE,
            address: library.start,
            offset: library.offset,
            size: library.size,
            alignment: 0x1000,
            ..Section::default()
        });
        symbols.extend(library.functions.iter().map(|(start, (size, name))| Symbol {
            name: strings.put(name),
            info: GLOBAL_FUNCTION,
            section: index,
            value: *start,
            size: *size,
            ..Symbol::default()
        }));
    }
    let titles = [".symtab", ".strtab", ".shstrtab"].map(|title| names.put(title));
    let head = size_of::<Head>() as u64;
    let (symbols_size, strings_size) = (size_of_val(symbols.as_slice()) as u64, strings.0.len() as u64);
    let table = sections.len() as u32;
    sections.push(Section {
        name: titles[0],
        kind: SYMBOLS,
        offset: head,
        size: symbols_size,
        link: table + 1,
        // The first that is global.
        info: 1,
        alignment: 8,
        entry_size: size_of::<Symbol>() as u64,
        ..Section::default()
    });
    let mut offset = head + symbols_size;
    for (name, size) in [(titles[1], strings_size), (titles[2], names.0.len() as u64)] {
        sections.push(Section { name, kind: STRINGS, offset, size, alignment: 1, ..Section::default() });
        offset += size;
    }
    let headers = offset.next_multiple_of(8);
    let count = sections.len() as u16;
    let magic = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0";
    let sizes = [head as u16, 0, 0, size_of::<Section>() as u16, count, count - 1];
    let head = Head { magic, kind: EXECUTABLE, version: 1, entry: 0, segments: 0, sections: headers, flags: 0, sizes };
    let mut file = [head.as_bytes(), symbols.as_bytes(), &strings.0, &names.0].concat();
    file.resize(headers as usize, 0);
    file.extend(sections.as_bytes());
    file
}
