//! Binding: giving a module the addresses of what it imports.

use super::failure::Failure;
use super::module::Module;
use super::search::Wanted;
use super::state::loader;
use super::{map, stub};
use crate::gate::ask;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use gate::service::ProtectMemory;
use guest::error::Status;
use pe::{Directory, Dll, Image, Symbol, Target};
use windows_sys::Win32::Foundation::{STATUS_DLL_NOT_FOUND, STATUS_INVALID_IMAGE_FORMAT};
use windows_sys::Win32::System::Memory::PAGE_READWRITE;

/// How long a chain of forwarders may be.
const LONGEST_CHAIN: usize = 16;

/// Binds a module and everything it leads to. With `at_start`, a missing DLL that the metadata knows is stubbed whole.
pub fn bind_all(module: *mut Module, at_start: bool) -> Result<(), Status> {
    bind_or_say(module, at_start).map_err(|failure| failure.status)
}

/// As [`bind_all`], with a sentence for the user.
pub fn bind_or_say(first: *mut Module, at_start: bool) -> Result<(), Failure> {
    let mut waiting = alloc::vec![first];
    while let Some(module) = waiting.pop() {
        // SAFETY: modules live as long as they are listed.
        let it = unsafe { &mut *module };
        if it.linked {
            continue;
        }
        let new = bind(it, at_start)?;
        waiting.extend(new.iter().rev());
        it.linked = true;
        // An export may have been asked for meanwhile, and its forwarder have led further.
        it.dependencies.splice(0..0, new);
    }
    Ok(())
}

/// Binds one module; answers the modules that it imports from.
fn bind(module: &mut Module, at_start: bool) -> Result<Vec<*mut Module>, Failure> {
    let name = guest::text::lossy(module.base_name());
    let malformed = |_| Failure::new(STATUS_INVALID_IMAGE_FORMAT, format!("{name} has an import table that is not valid"));
    let image = module.image().map_err(|status| Failure::new(status.0, format!("{name} is not valid")))?;
    let imports = image.imports().map_err(malformed)?;
    let mut slots = Slots::open(&image, module.base);
    let mut dependencies = Vec::new();
    for library in imports.dlls() {
        let library = library.map_err(malformed)?;
        let wanted = Wanted::from_bytes(library.name);
        let from = match map::find_or_map(&wanted) {
            Ok(from) => Some(from),
            Err(status) if status.0 == STATUS_DLL_NOT_FOUND && at_start && stub::knows(&wanted) => None,
            Err(status) => {
                let dll = String::from_utf8_lossy(library.name);
                let sentence = if status.0 == STATUS_DLL_NOT_FOUND {
                    format!("{dll}, which {name} needs, was not found")
                } else {
                    format!("{dll}, which {name} needs, could not be loaded (status {:#010x})", status.0 as u32)
                };
                return Err(Failure::new(status.0, sentence));
            }
        };
        if let Some(from) = from
            && !dependencies.contains(&from)
        {
            dependencies.push(from);
        }
        // System DLLs are bound among themselves by the build.
        if !module.bound {
            bind_library(module, &library, from, &mut slots, &mut dependencies).map_err(malformed)?;
        }
    }
    slots.close();
    module.bound = true;
    Ok(dependencies)
}

fn bind_library(
    module: &Module,
    library: &Dll<'_, '_>,
    from: Option<*mut Module>,
    slots: &mut Slots,
    passed: &mut Vec<*mut Module>,
) -> Result<(), pe::Malformed> {
    // SAFETY: modules live as long as they are listed.
    let source = from.map(|from| unsafe { &*from });
    let exporter = source.and_then(|source| source.image().ok());
    let exports = exporter.as_ref().and_then(|image| image.exports().ok().flatten());
    for import in library.symbols() {
        let import = import?;
        let found = match (&exports, source) {
            (Some(exports), Some(source)) => follow(exports.by_symbol(import.symbol).ok().flatten(), source, LONGEST_CHAIN, passed),
            _ => None,
        };
        let address = found.unwrap_or_else(|| {
            let name = missing_name(library.name, source, import.symbol);
            let address = stub::make(&name);
            loader().missing.push(name);
            address
        });
        slots.write(module.base as usize + import.slot as usize, address);
    }
    Ok(())
}

/// `dll!function` or `dll!#ordinal`, by the DLL that should have had it.
fn missing_name(library: &[u8], source: Option<&Module>, symbol: Symbol<'_>) -> String {
    let dll = source.map_or_else(|| String::from_utf8_lossy(library).to_ascii_lowercase(), |source| guest::text::lossy(source.base_name()));
    match symbol {
        Symbol::Ordinal(ordinal) => format!("{dll}!#{ordinal}"),
        Symbol::Name { name, .. } => format!("{dll}!{}", String::from_utf8_lossy(name)),
    }
}

/// The address that an export leads to, through forwarders; the modules on the way are added to `passed`.
fn follow(target: Option<Target<'_>>, module: &Module, left: usize, passed: &mut Vec<*mut Module>) -> Option<usize> {
    match target? {
        Target::Address(rva) => Some(module.base as usize + rva as usize),
        Target::Forward(forward) if left > 0 => {
            let mut name = forward.dll.to_vec();
            name.extend_from_slice(b".dll");
            let next = map::find_or_map(&Wanted::from_bytes(&name)).ok()?;
            if !passed.contains(&next) {
                passed.push(next);
            }
            // SAFETY: modules live as long as they are listed.
            let next = unsafe { &*next };
            let image = next.image().ok()?;
            let exports = image.exports().ok()??;
            follow(exports.by_symbol(forward.symbol).ok().flatten(), next, left - 1, passed)
        }
        Target::Forward(_) => None,
    }
}

/// The address of what a module exports, and the modules that its forwarders lead through.
pub fn resolve(module: &Module, symbol: Symbol<'_>) -> Result<(Option<usize>, Vec<*mut Module>), Status> {
    let image = module.image()?;
    let Some(exports) = image.exports().ok().flatten() else { return Ok((None, Vec::new())) };
    let target = exports.by_symbol(symbol).map_err(|_| Status(STATUS_INVALID_IMAGE_FORMAT))?;
    let mut passed = Vec::new();
    let found = follow(target, module, LONGEST_CHAIN, &mut passed);
    Ok((found, passed))
}

/// The import address table, writable while it is filled.
struct Slots {
    /// The pages that were made writable, and what they were before: base, bytes, protection.
    opened: Vec<(u64, u64, u32)>,
}

impl Slots {
    fn open(image: &Image<'_>, base: *mut u8) -> Self {
        let mut slots = Self { opened: Vec::new() };
        if let Some(span) = image.directory(Directory::AddressTable).filter(|span| span.size > 0) {
            slots.unprotect(base as u64 + u64::from(span.rva), span.size.into());
        }
        slots
    }

    fn unprotect(&mut self, start: u64, size: u64) {
        let mut request = ProtectMemory { base: start, size, protect: PAGE_READWRITE, old: 0 };
        if ask(&mut request).is_ok() {
            self.opened.push((request.base, request.size, request.old));
        }
    }

    fn write(&mut self, slot: usize, address: usize) {
        let at = slot as u64;
        let size = size_of::<usize>() as u64;
        if !self.opened.iter().any(|(base, length, _)| (*base..=base + length - size).contains(&at)) {
            self.unprotect(at, size);
        }
        // SAFETY: the slot lies in the image (`pe` checked it), on a page that is writable now.
        unsafe { (slot as *mut usize).write_unaligned(address) };
    }

    fn close(self) {
        for (base, size, protect) in self.opened.into_iter().rev() {
            let _ = ask(&mut ProtectMemory { base, size, protect, old: 0 });
        }
    }
}
