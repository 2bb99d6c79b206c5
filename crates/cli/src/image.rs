//! What a program is, as far as its file says: made in the jail, and shown outside of it.

use pe::{Directory, Image, Layout, Malformed, Subsystem, Symbol};
use serde::{Deserialize, Serialize};
use std::io::Write;

/// A program's file, described.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Description {
    /// Why it cannot be read, if it cannot.
    pub malformed: Option<String>,
    /// Why it could not be mapped, though it can be read.
    pub unmappable: Option<String>,
    /// `PE32` or `PE32+`.
    pub format: String,
    /// The processor.
    pub machine: String,
    /// `console`, `windows`, `native` or a number.
    pub subsystem: String,
    /// It is a DLL.
    pub dll: bool,
    /// It is a .NET program.
    pub dotnet: bool,
    /// A signature is there; nothing is said of its worth.
    pub signature_present: bool,
    /// The preferred base.
    pub image_base: u64,
    /// Bytes in memory.
    pub size_of_image: u32,
    /// The entry point, from the base.
    pub entry_point: u32,
    /// Seconds since 1970, or a hash.
    pub timestamp: u32,
    /// Its sections.
    pub sections: Vec<Section>,
    /// What it imports.
    pub imports: Vec<Imports>,
    /// What it exports.
    pub exports: Vec<String>,
    /// TLS callbacks.
    pub tls_callbacks: usize,
    /// The path of its debug information.
    pub debug: Option<String>,
    /// How many resources it has.
    pub resources: usize,
    /// Its version's strings.
    pub version: Vec<(String, String)>,
    /// Parts that could not be read.
    pub damaged: Vec<String>,
}

/// A section.
#[derive(Debug, Serialize, Deserialize)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Where it starts, from the base.
    pub rva: u32,
    /// Bytes in memory.
    pub size: u32,
    /// `r`, `w` and `x`.
    pub protection: String,
}

/// What is imported from one DLL.
#[derive(Debug, Serialize, Deserialize)]
pub struct Imports {
    /// The DLL, as it is named there.
    pub dll: String,
    /// It is loaded when it is first used.
    pub delayed: bool,
    /// Names, or `#` and a number.
    pub functions: Vec<String>,
}

/// Reads a program from standard input, and writes its description as JSON.
pub fn parse_standard_input() -> u8 {
    let description = match read_all() {
        Ok(bytes) => describe(&bytes),
        Err(error) => Description { malformed: Some(format!("the file could not be read: {error}")), ..Description::default() },
    };
    let written = serde_json::to_vec(&description).map(|json| std::io::stdout().write_all(&json).and_then(|()| std::io::stdout().flush()));
    u8::from(!matches!(written, Ok(Ok(()))))
}

/// The whole file. Plain calls: others are not allowed here.
fn read_all() -> rustix::io::Result<Vec<u8>> {
    let input = rustix::stdio::stdin();
    let size = rustix::fs::fstat(input)?.st_size as usize;
    let mut bytes = vec![0; size];
    let mut at = 0;
    while at < size {
        match rustix::io::pread(input, &mut bytes[at..], at as u64)? {
            0 => break,
            count => at += count,
        }
    }
    bytes.truncate(at);
    Ok(bytes)
}

fn describe(bytes: &[u8]) -> Description {
    let image = match Image::parse(bytes, Layout::File) {
        Ok(image) => image,
        Err(malformed) => return Description { malformed: Some(malformed.to_string()), ..Description::default() },
    };
    let mut description = Description {
        unmappable: image.check_mappable().err().map(|malformed| malformed.to_string()),
        format: if image.is_64() { "PE32+" } else { "PE32" }.into(),
        machine: image.machine().to_string(),
        subsystem: match image.subsystem() {
            Subsystem::Console => "console".into(),
            Subsystem::Gui => "windows".into(),
            Subsystem::Native => "native".into(),
            other => other.number().to_string(),
        },
        dll: image.is_dll(),
        dotnet: image.is_dotnet(),
        signature_present: matches!(image.certificates(), Ok(Some(_))),
        image_base: image.image_base(),
        size_of_image: image.size_of_image(),
        entry_point: image.entry_point(),
        timestamp: image.timestamp(),
        debug: image.code_view().ok().flatten().map(|view| lossy(view.path)),
        ..Description::default()
    };
    description.sections = image
        .sections()
        .map(|section| Section {
            name: lossy(section.name()),
            rva: section.rva(),
            size: section.memory_size(),
            protection: [(section.is_readable(), 'r'), (section.is_writable(), 'w'), (section.is_executable(), 'x')]
                .into_iter()
                .filter_map(|(has, letter)| has.then_some(letter))
                .collect(),
        })
        .collect();
    let mut damaged = Vec::new();
    let mut note = |part: &str, done: Result<(), Malformed>| {
        if let Err(malformed) = done {
            damaged.push(format!("{part}: {malformed}"));
        }
    };
    note("imports", imports(&image, &mut description.imports));
    note("delayed imports", delayed(&image, &mut description.imports));
    note("exports", exports(&image, &mut description.exports));
    note("thread-local storage", tls(&image, &mut description.tls_callbacks));
    note("resources", resources(&image, &mut description.resources));
    note("version", version(&image, &mut description.version));
    description.damaged = damaged;
    description
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn name(symbol: Symbol<'_>) -> String {
    match symbol {
        Symbol::Ordinal(ordinal) => format!("#{ordinal}"),
        Symbol::Name { name, .. } => lossy(name),
    }
}

fn imports(image: &Image<'_>, found: &mut Vec<Imports>) -> Result<(), Malformed> {
    for dll in image.imports()?.dlls() {
        let dll = dll?;
        let functions = dll.symbols().map(|import| import.map(|import| name(import.symbol))).collect::<Result<_, _>>()?;
        found.push(Imports { dll: lossy(dll.name), delayed: false, functions });
    }
    Ok(())
}

fn delayed(image: &Image<'_>, found: &mut Vec<Imports>) -> Result<(), Malformed> {
    for dll in image.delay_imports()?.dlls() {
        let dll = dll?;
        let functions = dll.symbols().map(|import| import.map(|import| name(import.symbol))).collect::<Result<_, _>>()?;
        found.push(Imports { dll: lossy(dll.name), delayed: true, functions });
    }
    Ok(())
}

fn exports(image: &Image<'_>, found: &mut Vec<String>) -> Result<(), Malformed> {
    let Some(exports) = image.exports()? else { return Ok(()) };
    for export in exports.iter() {
        let export = export?;
        found.push(export.name.map_or_else(|| format!("#{}", export.ordinal), lossy));
    }
    Ok(())
}

fn tls(image: &Image<'_>, callbacks: &mut usize) -> Result<(), Malformed> {
    if let Some(tls) = image.tls()? {
        for callback in image.tls_callbacks(&tls) {
            callback?;
            *callbacks += 1;
        }
    }
    Ok(())
}

fn resources(image: &Image<'_>, count: &mut usize) -> Result<(), Malformed> {
    if let Some(resources) = image.resources()? {
        for resource in resources.iter() {
            resource?;
            *count += 1;
        }
    }
    Ok(())
}

fn version(image: &Image<'_>, found: &mut Vec<(String, String)>) -> Result<(), Malformed> {
    if image.directory(Directory::Resource).is_none() {
        return Ok(());
    }
    if let Some(version) = image.version()? {
        for table in version.string_tables() {
            for (key, value) in table.strings() {
                found.push((key.to_string(), value.to_string()));
            }
        }
    }
    Ok(())
}
