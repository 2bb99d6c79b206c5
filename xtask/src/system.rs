//! Makes a system file: lays the DLLs out, binds them among themselves, and writes them with their tables, and the programs beside them.

use crate::command::target as build_folder;
use crate::guests::{dlls, programs};
use anyhow::{Context, Result, bail, ensure};
use gate::map::{DLL_SPACING_32, DLL_SPACING_64, DLLS_32, DLLS_64};
use gate::system::{Entry, Header, MAGIC, NAME, PROGRAM, STUBS, Segment, VERSION};
use pe::{Image, Layout, Target};
use std::fs;
use std::path::Path;
use zerocopy::IntoBytes;

const PAGE: usize = 0x1000;
const PAGE_NOACCESS: u32 = 1;
const PAGE_READONLY: u32 = 2;
const PAGE_READWRITE: u32 = 4;
/// A protection: code.
pub const PAGE_EXECUTE_READ: u32 = 0x20;

/// A target's system file.
pub fn file_name(target: &str) -> &'static str {
    if target.starts_with("x86_64") { "system64" } else { "system32" }
}

/// The preferred base of the DLL with this index.
pub fn base(target: &str, index: usize) -> u64 {
    if target.starts_with("x86_64") { DLLS_64 + index as u64 * DLL_SPACING_64 } else { DLLS_32 + index as u64 * DLL_SPACING_32 }
}

/// A DLL in memory, as it will be mapped; or a program, as its file is written.
struct LaidOut {
    name: String,
    flags: u32,
    base: u64,
    bytes: Vec<u8>,
    pieces: Pieces,
}

/// Makes a target's system file.
pub fn write(target: &str, stubs: &[u8], to: &Path) -> Result<()> {
    let mut images = Vec::new();
    for (index, dll) in dlls()?.iter().enumerate() {
        images.push(built(target, format!("{dll}.dll"), 0, Some(base(target, index)))?);
    }
    bind(&mut images)?;
    let programs = programs()?.into_iter().map(|name| built(target, format!("{name}.exe"), PROGRAM, None)).collect::<Result<Vec<_>>>()?;
    fs::write(to, assemble(&images, &programs, stubs)?)?;
    Ok(())
}

/// An image that was built, laid out for a base, or for its own.
fn built(target: &str, name: String, flags: u32, base: Option<u64>) -> Result<LaidOut> {
    let path = build_folder().join(target).join("guest").join(&name);
    let file = fs::read(&path).with_context(|| format!("{} was not built", path.display()))?;
    let (base, bytes, pieces) = lay_out(&file, base).with_context(|| name.clone())?;
    Ok(LaidOut { name, flags, base, bytes, pieces })
}

/// Protections by section: start, end, protection.
type Pieces = Vec<(usize, usize, u32)>;

/// Puts an image's sections where they will be mapped, and relocates it to a base.
fn lay_out(file: &[u8], base: Option<u64>) -> Result<(u64, Vec<u8>, Pieces)> {
    let image = Image::parse(file, Layout::File)?;
    let base = base.unwrap_or(image.image_base());
    image.check_mappable()?;
    let size = (image.size_of_image() as usize).next_multiple_of(PAGE);
    let mut bytes = vec![0; size];
    for piece in image.placements() {
        let (from, to, length) = (piece.file_offset as usize, piece.rva as usize, piece.file_size as usize);
        bytes[to..to + length].copy_from_slice(&file[from..from + length]);
    }
    let distance = base.wrapping_sub(image.image_base());
    for relocation in image.relocations()? {
        let relocation = relocation?;
        let at = relocation.rva as usize;
        match relocation.kind.width() {
            8 => add(&mut bytes[at..at + 8], distance),
            4 => add(&mut bytes[at..at + 4], distance),
            0 => {}
            other => bail!("a relocation of {other} bytes"),
        }
    }
    // The header's base is where the image now belongs.
    let header = u32::from_le_bytes(bytes[0x3C..0x40].try_into()?) as usize + 24;
    if image.is_64() {
        bytes[header + 24..header + 32].copy_from_slice(&base.to_le_bytes());
    } else {
        bytes[header + 28..header + 32].copy_from_slice(&u32::try_from(base)?.to_le_bytes());
    }
    lie_as_in_memory(&mut bytes, header)?;
    let mut pieces = vec![(0, (image.size_of_headers() as usize).next_multiple_of(PAGE), PAGE_READONLY)];
    for section in image.sections() {
        let placement = section.placement();
        let protect = match (section.is_executable(), section.is_writable(), section.is_readable()) {
            (true, false, _) => PAGE_EXECUTE_READ,
            (true, true, _) => bail!("a section is writable and executable"),
            (false, true, _) => PAGE_READWRITE,
            (false, false, true) => PAGE_READONLY,
            (false, false, false) => PAGE_NOACCESS,
        };
        pieces.push((placement.rva as usize, placement.rva as usize + placement.size as usize, protect));
    }
    Ok((base, bytes, pieces))
}

/// Lets the section table say that the sections lie in a file as they lie in memory: the bytes are an image's file as well, which
/// programs see in System32. The optional header starts at `header`.
fn lie_as_in_memory(bytes: &mut [u8], header: usize) -> Result<()> {
    const ROW: usize = 40;
    let half = |bytes: &[u8], at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let (count, start) = (half(bytes, header - 18), header + half(bytes, header - 4));
    for row in (0..count).map(|index| start + index * ROW) {
        let size = u32::from_le_bytes(bytes[row + 8..row + 12].try_into()?).next_multiple_of(PAGE as u32);
        bytes.copy_within(row + 12..row + 16, row + 20);
        bytes[row + 16..row + 20].copy_from_slice(&size.to_le_bytes());
    }
    Ok(())
}

/// Adds to a little-endian number.
fn add(bytes: &mut [u8], distance: u64) {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let sum = u64::from_le_bytes(word).wrapping_add(distance).to_le_bytes();
    let length = bytes.len();
    bytes.copy_from_slice(&sum[..length]);
}

/// Writes the addresses of what the DLLs import from each other into their import address tables.
fn bind(images: &mut [LaidOut]) -> Result<()> {
    let mut found = Vec::new();
    for (index, importer) in images.iter().enumerate() {
        let image = Image::parse(&importer.bytes, Layout::Mapped)?;
        let width = if image.is_64() { 8 } else { 4 };
        for library in image.imports()?.dlls() {
            let library = library?;
            let name = String::from_utf8_lossy(library.name).to_ascii_lowercase();
            for import in library.symbols() {
                let import = import?;
                let address =
                    resolve(images, &name, import.symbol, 8).with_context(|| format!("{} imports {name}!{:?}", importer.name, import.symbol))?;
                found.push((index, import.slot as usize, width, address));
            }
        }
    }
    for (index, slot, width, address) in found {
        images[index].bytes[slot..slot + width].copy_from_slice(&address.to_le_bytes()[..width]);
    }
    Ok(())
}

/// The address of an export, through forwarders.
fn resolve(images: &[LaidOut], dll: &str, symbol: pe::Symbol<'_>, left: usize) -> Result<u64> {
    ensure!(left > 0, "the forwarders go in a circle");
    let exporter = images.iter().find(|image| image.name == dll).with_context(|| format!("there is no {dll}"))?;
    let image = Image::parse(&exporter.bytes, Layout::Mapped)?;
    let exports = image.exports()?.context("it exports nothing")?;
    match exports.by_symbol(symbol)?.context("it does not export that")? {
        Target::Address(rva) => Ok(exporter.base + u64::from(rva)),
        Target::Forward(forward) => {
            let next = format!("{}.dll", String::from_utf8_lossy(forward.dll).to_ascii_lowercase());
            resolve(images, &next, forward.symbol, left - 1)
        }
    }
}

/// Checks that every forwarder of a DLL leads somewhere.
fn check_forwarders(images: &[LaidOut]) -> Result<()> {
    for exporter in images {
        let image = Image::parse(&exporter.bytes, Layout::Mapped)?;
        let Some(exports) = image.exports()? else { continue };
        for export in exports.iter() {
            let export = export?;
            if let Target::Forward(forward) = export.target {
                let next = format!("{}.dll", String::from_utf8_lossy(forward.dll).to_ascii_lowercase());
                let name = export.name.map(String::from_utf8_lossy).unwrap_or_default();
                resolve(images, &next, forward.symbol, 8).with_context(|| format!("{}!{name} is forwarded to {next}", exporter.name))?;
            }
        }
    }
    Ok(())
}

/// Neighbours of the same protection as one piece, so that a start maps no more than it must.
fn joined(pieces: &[(usize, usize, u32)]) -> Vec<(usize, usize, u32)> {
    let mut joined: Vec<(usize, usize, u32)> = Vec::new();
    for (start, end, protect) in pieces {
        match joined.last_mut() {
            Some((_, last, same)) if (*last, *same) == (*start, *protect) => *last = *end,
            _ => joined.push((*start, *end, *protect)),
        }
    }
    joined
}

/// Puts the tables and the images together.
fn assemble(images: &[LaidOut], programs: &[LaidOut], stubs: &[u8]) -> Result<Vec<u8>> {
    check_forwarders(images)?;
    let mut segments = Vec::new();
    let mut entries = Vec::new();
    let mut body: Vec<u8> = Vec::new();
    let all = || images.iter().chain(programs);
    let count: usize = all().map(|image| image.pieces.len() * 2).sum::<usize>() + 1;
    let head = (size_of::<Header>() + (all().count() + 1) * size_of::<Entry>() + count * size_of::<Segment>()).next_multiple_of(PAGE);
    for image in all() {
        let first = segments.len() as u32;
        for (start, end, protect) in joined(&image.pieces) {
            // What is zero to its end needs no bytes of the file.
            let piece = &image.bytes[start..end];
            let used = piece.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1).next_multiple_of(PAGE);
            if used > 0 {
                let file = (head + body.len()) as u32;
                body.extend_from_slice(&piece[..used]);
                segments.push(Segment { rva: start as u32, size: used as u32, file, protect });
            }
            if used < piece.len() {
                segments.push(Segment { rva: (start + used) as u32, size: (piece.len() - used) as u32, file: 0, protect });
            }
        }
        let count = segments.len() as u32 - first;
        entries.push(Entry {
            name: name(&image.name)?,
            base: image.base,
            size: image.bytes.len() as u32,
            segments: [first, count],
            flags: image.flags,
        });
    }
    let padded = stubs.len().next_multiple_of(PAGE);
    let first = segments.len() as u32;
    segments.push(Segment { rva: 0, size: padded as u32, file: (head + body.len()) as u32, protect: PAGE_READONLY });
    body.extend_from_slice(stubs);
    body.resize(body.len().next_multiple_of(PAGE), 0);
    let base = images.last().map_or(0, |last| last.base + last.bytes.len() as u64).next_multiple_of(0x10000);
    entries.push(Entry { name: name(std::str::from_utf8(STUBS)?)?, base, size: padded as u32, segments: [first, 1], flags: 0 });
    let header = Header { magic: MAGIC, version: VERSION, entries: entries.len() as u32, segments: segments.len() as u32, head: head as u32 };
    let mut file = [header.as_bytes(), entries.as_bytes(), segments.as_bytes()].concat();
    ensure!(file.len() <= head, "the tables are longer than their room");
    file.resize(head, 0);
    file.extend(body);
    Ok(file)
}

fn name(text: &str) -> Result<[u8; NAME]> {
    ensure!(text.len() < NAME, "{text} is too long a name");
    let mut name = [0; NAME];
    name[..text.len()].copy_from_slice(text.as_bytes());
    Ok(name)
}
