//! Writing a registry as text.

use super::super::name::{PARTS, same, wide};
use super::super::walk::below_root;
use super::super::{Registry, Value};
use super::page;
use super::place::display;
use windows_sys::Win32::Foundation::NTSTATUS;

/// Which kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `Windows Registry Editor Version 5.00`, UTF-16 with its mark.
    Five,
    /// `REGEDIT4`, in the ANSI code page.
    Four,
    /// As Wine keeps its own.
    Wine,
}

const SZ: u32 = 1;
const EXPAND: u32 = 2;
const BINARY: u32 = 3;
const DWORD: u32 = 4;
const MULTI: u32 = 7;

/// The text of a value of a text's kind, where it is one with a NUL at its end and none before.
fn text(value: &Value) -> Option<Vec<u16>> {
    let (units, rest) = value.data.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let (last, text) = units.split_last()?;
    (rest.is_empty() && *last == 0 && !text.contains(&0)).then(|| text.to_vec())
}

/// Whether a name can stand in a line: the files of Windows have no way to say others, and would say something else.
fn is_sayable(name: &[u16], format: Format) -> bool {
    format == Format::Wine || !name.iter().any(|unit| *unit < 0x20) && char::decode_utf16(name.iter().copied()).all(|letter| letter.is_ok())
}

/// Appends a text with its quotes.
fn quote(out: &mut Vec<u16>, text: &[u16], wine: bool) {
    out.push(b'"'.into());
    for (at, unit) in text.iter().enumerate() {
        match *unit {
            PARTS | 0x22 => out.extend([PARTS, *unit]),
            0x0A if wine => out.extend("\\n".encode_utf16()),
            0x0D if wine => out.extend("\\r".encode_utf16()),
            0 if wine => {
                // Digits that follow must not be taken for the number's.
                let octal = text.get(at + 1).is_some_and(|next| (0x30..0x38).contains(next));
                out.extend(if octal { "\\000" } else { "\\0" }.encode_utf16());
            }
            unit if wine && !(0x20..0x7F).contains(&unit) => out.extend(format!("\\x{unit:04x}").encode_utf16()),
            unit => out.push(unit),
        }
    }
    out.push(b'"'.into());
}

/// Appends bytes, in lines that are carried on.
fn list(out: &mut Vec<u16>, data: &[u8], mut column: usize, newline: &str) {
    for (index, byte) in data.iter().enumerate() {
        out.extend(format!("{byte:02x}").encode_utf16());
        column += 3;
        if index + 1 < data.len() {
            out.push(b','.into());
            if column > 76 {
                out.extend(format!("\\{newline}  ").encode_utf16());
                column = 2;
            }
        }
    }
}

fn put_value(out: &mut Vec<u16>, value: &Value, format: Format, newline: &str) {
    let (start, wine) = (out.len(), format == Format::Wine);
    if value.name.is_empty() {
        out.push(b'@'.into());
    } else {
        quote(out, &value.name, wine);
    }
    out.push(b'='.into());
    let simple = text(value);
    match (value.kind, simple) {
        // Text with line ends would not be read again as one line.
        (SZ, Some(text)) if wine || !text.iter().any(|unit| *unit == 0x0A || *unit == 0x0D) => quote(out, &text, wine),
        (EXPAND, Some(text)) if wine => {
            out.extend("str(2):".encode_utf16());
            quote(out, &text, true);
        }
        (DWORD, _) if value.data.len() == 4 => {
            let number = u32::from_le_bytes([value.data[0], value.data[1], value.data[2], value.data[3]]);
            out.extend(format!("dword:{number:08x}").encode_utf16());
        }
        (kind, _) => {
            out.extend(if kind == BINARY { "hex:".to_owned() } else { format!("hex({kind:x}):") }.encode_utf16());
            let narrow = || {
                let (units, rest) = value.data.as_chunks::<2>();
                let bytes: Option<Vec<u8>> = units.iter().map(|unit| page::byte(u16::from_le_bytes(*unit))).collect();
                bytes.filter(|_| rest.is_empty())
            };
            let data = if format == Format::Four && matches!(kind, SZ | EXPAND | MULTI) { narrow() } else { None };
            let column = out.len() - start;
            list(out, data.as_deref().unwrap_or(&value.data), column, newline);
        }
    }
    out.extend(newline.encode_utf16());
}

/// A value as a line of a `.reg` file shows it.
pub fn value_text(value: &Value) -> String {
    let mut out = Vec::new();
    put_value(&mut out, value, Format::Five, "\n");
    String::from_utf16_lossy(&out).trim_end().to_owned()
}

/// A file, and what it could not say.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// The file.
    pub bytes: Vec<u8>,
    /// Keys with all that is below them, and values, that are left out for their names.
    pub left_out: Vec<String>,
}

/// Writes a key with all that is below it. What the code page lacks is a question mark in version 4.
pub fn export(registry: &mut Registry, top: u32, format: Format, own_only: bool) -> Result<Exported, NTSTATUS> {
    let newline = if format == Format::Wine { "\n" } else { "\r\n" };
    let mut out: Vec<u16> = Vec::new();
    let head = match format {
        Format::Five => "Windows Registry Editor Version 5.00",
        Format::Four => "REGEDIT4",
        Format::Wine => "WINE REGISTRY Version 2",
    };
    out.extend(format!("{head}{newline}").encode_utf16());
    // A file of Wine's is of a whole root: the machine's, or a user's.
    let base_path = registry.path(top)?;
    let names = below_root(&base_path).unwrap_or_default().split(|unit| *unit == PARTS).skip(1);
    let root = names.clone().next().map_or(0, |name| if same(name, &wide("USER")) { 2 } else { 1 });
    let base: Vec<u16> = names.take(root).flat_map(|name| [&[PARTS], name].concat()).collect();
    if format == Format::Wine {
        let below = String::from_utf16_lossy(&base);
        let place = below.replacen("MACHINE", "Machine", 1).replacen("USER", "User", 1).replace('\\', "\\\\");
        out.extend(format!(";; All keys relative to {place}{newline}").encode_utf16());
    }
    let mut left_out = Vec::new();
    // What lies below a name that cannot be said cannot be said either.
    let said = below_root(&base_path).is_none_or(|path| path.split(|unit| *unit == PARTS).all(|name| is_sayable(name, format)));
    let mut left = if said { vec![top] } else { Vec::new() };
    if !said {
        left_out.push(display(below_root(&base_path).unwrap_or_default()));
    }
    while let Some(id) = left.pop() {
        let path = registry.path(id)?;
        let path = below_root(&path).unwrap_or_default();
        let below: Vec<u32> = registry.subkeys(id, 0)?.map(|(_, id)| id).collect();
        let mut values: Vec<Value> = registry.values(id, 0)?.filter(|value| !own_only || value.own).cloned().collect();
        let before = left_out.len();
        values.retain(|value| {
            let said = is_sayable(&value.name, format);
            if !said {
                left_out.push(format!("{}, value {}", display(path), String::from_utf16_lossy(&value.name)));
            }
            said
        });
        let below: Vec<u32> = below
            .into_iter()
            .filter(|id| {
                let name = &registry.node(*id).name;
                let said = is_sayable(name, format);
                if !said {
                    left_out.push(display(&[path, &[PARTS], name].concat()));
                }
                said
            })
            .collect();
        let unsaid = left_out.len() - before;
        left.extend(below.into_iter().rev().filter(|id| !own_only || registry.node(*id).touched));
        let node = registry.node(id);
        // A file of Windows' own cannot say that a key is a link: read again, it would change what the link leads to.
        if node.link && format != Format::Wine {
            continue;
        }
        if own_only && !node.own && values.is_empty() && node.hidden.is_none() && unsaid == 0 {
            continue;
        }
        out.extend(newline.encode_utf16());
        out.push(b'['.into());
        if format == Format::Wine {
            let relative = path.get(base.len()..).unwrap_or_default();
            let mut quoted = Vec::new();
            quote(&mut quoted, relative.strip_prefix(&[PARTS]).unwrap_or(relative), true);
            out.extend(&quoted[1..quoted.len() - 1]);
        } else {
            out.extend(display(path).encode_utf16());
        }
        out.extend(format!("]{newline}").encode_utf16());
        if unsaid > 0 {
            out.extend(format!("; {unsaid} names that no such file can say are left out{newline}").encode_utf16());
        }
        if format == Format::Wine {
            if !node.class.is_empty() {
                out.extend("#class=".encode_utf16());
                quote(&mut out, &node.class, true);
                out.extend(newline.encode_utf16());
            }
            if node.link {
                out.extend(format!("#link{newline}").encode_utf16());
            }
        }
        if own_only
            && let Some(hidden) = &node.hidden
            && format != Format::Wine
        {
            for name in hidden.values.iter().filter(|name| is_sayable(name, format)) {
                let mut line = Vec::new();
                quote(&mut line, name, false);
                out.extend(if name.is_empty() { vec![u16::from(b'@')] } else { line });
                out.extend(format!("=-{newline}").encode_utf16());
            }
        }
        for value in &values {
            put_value(&mut out, value, format, newline);
        }
        if own_only
            && let Some(hidden) = &registry.node(id).hidden
            && format != Format::Wine
        {
            for name in hidden.keys.iter().filter(|name| is_sayable(name, format)) {
                let gone = [path, &[PARTS], name].concat();
                let again = registry.node(id).subkeys.get(&**name).is_some();
                if !again {
                    out.extend(format!("{newline}[-{}]{newline}", display(&gone)).encode_utf16());
                }
            }
        }
    }
    let bytes = match format {
        Format::Five => [0xFEFF].iter().chain(&out).flat_map(|unit| unit.to_le_bytes()).collect(),
        Format::Four => out.iter().map(|unit| page::byte(*unit).unwrap_or(b'?')).collect(),
        Format::Wine => String::from_utf16_lossy(&out).into_bytes(),
    };
    Ok(Exported { bytes, left_out })
}
