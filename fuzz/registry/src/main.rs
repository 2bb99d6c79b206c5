//! Reads whatever libFuzzer makes as a file of the registry. What is one is done, and written in every form: what was written is read
//! again, and says the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use store::registry::text::{Format, export, from_text, parse};
use store::registry::{How, Importer, Limits, ROOT, Registry};

/// More statements than that tell the fuzzer nothing new.
const MOST: u32 = 200;
/// Where what the file says is looked for.
const PLACE: &str = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Fuzz";

fn read(bytes: &[u8]) -> Option<Registry> {
    let mut registry = Registry::temporary(&[], Limits { keys: 1000, bytes: 1 << 22, ..Limits::default() });
    let (mut importer, mut left) = (Importer::default(), MOST);
    let done = parse(bytes, &mut |_, statement| {
        left = left.checked_sub(1).ok_or_else(|| "enough".to_owned())?;
        // What is refused is told, and nothing more comes of it.
        importer.apply(&mut registry, &statement)
    });
    done.ok().map(|()| registry)
}

fn written(registry: &mut Registry, format: Format) -> Option<Vec<u8>> {
    let place: Vec<u16> = PLACE.encode_utf16().collect();
    let top = registry.find(ROOT, &from_text(&place)?, How::default()).ok()?;
    Some(export(registry, top, format, true).expect("a key is there").bytes)
}

/// What a file says: comments tell what it could not say, which is not there when it is read again.
fn said(file: &[u8]) -> Vec<String> {
    let units: Vec<u16> = file.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16_lossy(&units).lines().filter(|line| !line.starts_with(';')).map(str::to_owned).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Some(mut registry) = read(bytes) else { return };
    let Some(first) = written(&mut registry, Format::Five) else { return };
    if first.iter().filter(|byte| **byte == b'\n').count() > MOST as usize / 2 {
        return;
    }
    let _ = written(&mut registry, Format::Four);
    let _ = written(&mut registry, Format::Wine);
    let mut again = read(&first).expect("what was written is a file of the registry");
    let second = written(&mut again, Format::Five).expect("its key is there");
    assert_eq!(said(&first), said(&second));
});
