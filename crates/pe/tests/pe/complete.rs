//! An image that has everything, for mutation and as a seed of the fuzzer.

use crate::builder::*;

pub fn complete(kind: Kind) -> Builder {
    let mut image = Builder::new(kind);
    imports(&mut image);
    delay_imports(&mut image);
    exports(&mut image);
    relocations(&mut image);
    tls(&mut image);
    resources(&mut image);
    functions(&mut image);
    code_view(&mut image);
    config(&mut image);
    image
}

/// Imports `Beep` and number 7 from `KERNEL32.dll`, and `Draw` from `user32.dll`, whose descriptor has no lookup table.
pub fn imports(image: &mut Builder) {
    let (kernel, user) = (image.text("KERNEL32.dll"), image.text("user32.dll"));
    let (beep, draw, seven) = (image.hint(3, "Beep"), image.hint(0, "Draw"), image.ordinal(7));
    let lookup = image.pointers(&[beep, seven, 0]);
    let first = image.pointers(&[beep, seven, 0]);
    let second = image.pointers(&[draw, 0]);
    image.table(IMPORT, &[lookup, 0, 0, kernel, first, 0, u32::MAX, 0, user, second, 0, 0, 0, 0, 0]);
}

/// Imports `Late` from `late.dll`, and number 9 from `old.dll` by a descriptor of absolute addresses.
pub fn delay_imports(image: &mut Builder) {
    let base = BASE as u32;
    let (late, old) = (image.text("late.dll"), image.text("old.dll"));
    let (name, nine) = (image.hint(1, "Late"), image.ordinal(9));
    let old_name = image.hint(2, "Older") + BASE;
    let lookup = image.pointers(&[name, 0]);
    let old_lookup = image.pointers(&[nine, old_name, 0]);
    let slots = image.pointers(&[0, 0, 0, 0]);
    let new = [1, late, slots, slots, lookup, 0, 0, 0];
    let old = [0, base + old, base + slots, base + slots + 8, base + old_lookup, 0, 0, 5];
    image.table(DELAY, &[new, old, [0; 8]].concat());
}

/// Exports number 5 `Alpha`, 6 `Beta` (also `Gamma`), 8 without a name, 9 `Go` to `other.v2.Run`, 10 to `other.#12`; 7 is free.
pub fn exports(image: &mut Builder) {
    let start = image.words(&[0; 10]);
    let name = image.text("self.dll");
    let names = ["Alpha", "Beta", "Gamma", "Go"].map(|name| image.text(name));
    let (run, twelve) = (image.text("other.v2.Run"), image.text("other.#12"));
    let functions = image.words(&[DATA, DATA + 4, 0, DATA + 8, run, twelve]);
    let names = image.words(&names);
    let ordinals = image.put(&halves(&[0, 1, 1, 4]));
    let table = bytes(&[0, 0x77, 0, name, 5, 6, 4, functions, names, ordinals]);
    set(&mut image.data, (start - DATA) as usize, &table);
    let size = image.here() - start;
    image.directory(EXPORT, start, size as usize);
}

/// Two blocks: one of each kind that the processor uses and padding, then the rare kinds.
pub fn relocations(image: &mut Builder) {
    let wide = if image.kind == Kind::Pe64 { 0xa010 } else { 0x3010 };
    let mut table = bytes(&[DATA, 12]);
    table.extend(halves(&[wide, 0]));
    table.extend(bytes(&[DATA, 16]));
    table.extend(halves(&[0x1020, 0x2022, 0x4024, 0x8765]));
    let rva = image.put(&table);
    image.directory(RELOCATION, rva, table.len());
}

/// Eight bytes of data, 16 of zeros, aligned to 16; an index slot and two callbacks.
pub fn tls(image: &mut Builder) {
    let data = u64::from(image.put(&[1, 2, 3, 4, 5, 6, 7, 8])) + BASE;
    let slot = u64::from(image.words(&[0])) + BASE;
    let callbacks = u64::from(image.pointers(&[BASE + 0x1100, BASE + 0x1200, 0])) + BASE;
    let rva = image.pointers(&[data, data + 8, slot, callbacks]);
    image.data.extend(bytes(&[16, 0x0050_0000]));
    image.directory(TLS, rva, 4 * image.width() + 8);
}

/// A directory of the resource tree: 16 bytes and 8 for each entry.
pub fn branch(named: u16, entries: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = vec![0; 12];
    bytes.extend(halves(&[named, entries.len() as u16 - named]));
    bytes.extend(entries.iter().flat_map(|(id, offset)| [id.to_le_bytes(), offset.to_le_bytes()].concat()));
    bytes
}

/// Type `MENU` (a name) with resource 2 in languages 9 and 1033, and the version as type 16, name 1, language 0.
pub fn resources(image: &mut Builder) {
    const DIRECTORY: u32 = 1 << 31;
    let menu = image.put(b"menu bytes");
    let version = version();
    let version_rva = image.put(&version);

    let mut tree = branch(1, &[(DIRECTORY | 0xd0, DIRECTORY | 32), (16, DIRECTORY | 56)]);
    tree.extend(branch(0, &[(2, DIRECTORY | 80)]));
    tree.extend(branch(0, &[(1, DIRECTORY | 112)]));
    tree.extend(branch(0, &[(9, 160), (1033, 176)]));
    tree.extend(branch(0, &[(0, 192)]));
    tree.resize(160, 0);
    tree.extend(bytes(&[menu, 4, 1252, 0, menu, 10, 0, 0, version_rva, version.len() as u32, 0, 0]));
    assert_eq!(tree.len(), 0xd0);
    tree.extend(utf16(&["\u{4}MENU"]));
    let rva = image.put(&tree);
    image.directory(RESOURCE, rva, tree.len());
}

pub fn utf16(texts: &[&str]) -> Vec<u8> {
    texts.iter().flat_map(|text| text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// A node of a version resource; `value_length` in the units that its kind counts.
pub fn node(text: bool, key: &str, value_length: usize, value: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = halves(&[0, value_length as u16, text.into()]);
    bytes.extend(utf16(&[key, "\0"]));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(value);
    for child in children {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(child);
    }
    let length = bytes.len() as u16;
    set(&mut bytes, 0, &length.to_le_bytes());
    bytes
}

pub fn version() -> Vec<u8> {
    let fixed = bytes(&[0xfeef_04bd, 0x10000, 0x1_0002, 0x3_0004, 0x5_0006, 0x7_0008, 0x3f, 0x101, 0x4_0004, 1, 0, 0, 9]);
    let string = |key, value: &str| node(true, key, value.encode_utf16().count() + 1, &utf16(&[value, "\0"]), &[]);
    let table = node(true, "040904B0", 0, &[], &[string("ProductName", "Probe \u{1f50d}"), string("Comments", "")]);
    let strings = node(true, "StringFileInfo", 0, &[], &[table]);
    let translation = node(false, "Translation", 4, &halves(&[0x409, 1200]), &[]);
    let variables = node(true, "VarFileInfo", 0, &[], &[translation]);
    node(false, "VS_VERSION_INFO", fixed.len(), &fixed, &[strings, variables])
}

/// Functions from 0x1000 to 0x1010 and from 0x1020 to 0x1040.
pub fn functions(image: &mut Builder) {
    image.table(EXCEPTION, &[0x1000, 0x1010, 0x1100, 0x1020, 0x1040, 0x1110]);
}

pub fn code_view(image: &mut Builder) {
    let record = [b"RSDS".as_slice(), &(0..16).collect::<Vec<u8>>(), &3_u32.to_le_bytes(), b"a\\b.pdb\0"].concat();
    let rva = image.put(&record);
    image.table(DEBUG, &[0, 0, 0, 2, record.len() as u32, rva, Builder::offset(rva) as u32]);
}

/// Cookie, two safe handlers (x86), guard flags that add one byte to each of three rows.
pub fn config(image: &mut Builder) {
    let base = BASE as u32;
    let handlers = image.words(&[DATA, DATA + 0x10]);
    if image.kind == Kind::Pe32 {
        let mut table = [0; 23];
        table[0] = 92;
        table[15..].copy_from_slice(&[base + DATA, base + handlers, 2, base + DATA + 4, base + DATA + 8, base + DATA + 12, 3, 0x1000_0500]);
        image.table(CONFIG, &table);
    } else {
        let mut table = [0; 37];
        table[0] = 148;
        table[22] = base + DATA;
        for (index, value) in [(28, DATA + 4), (30, DATA + 8), (32, DATA + 12)] {
            table[index] = base + value;
        }
        table[34] = 3;
        table[36] = 0x1000_0500;
        image.table(CONFIG, &table);
    }
}
