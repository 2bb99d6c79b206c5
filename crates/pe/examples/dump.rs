//! Prints what images hold, as one line of JSON each: `dump [--mapped] FILE..`. For comparison with other readers (`compare.py`).
//!
//! With `--mapped` each file is laid out as in memory first, which must make no difference.

use std::{env, fmt::Write, fs};

use pe::*;

const DIRECTORIES: [Directory; 12] = [
    Directory::Export,
    Directory::Import,
    Directory::Resource,
    Directory::Exception,
    Directory::Relocation,
    Directory::Debug,
    Directory::Tls,
    Directory::LoadConfig,
    Directory::BoundImport,
    Directory::AddressTable,
    Directory::DelayImport,
    Directory::Dotnet,
];

fn main() {
    let (flags, paths): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|argument| argument == "--mapped");
    for path in paths {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{path}: {error}");
                continue;
            }
        };
        let content = if flags.is_empty() { dump(&bytes, &bytes, Layout::File) } else { mapped(&bytes) };
        let content = content.unwrap_or_else(|error| object(&[("error", text(error.to_string().as_bytes()))]));
        println!("{}", object(&[("path", text(path.as_bytes())), ("content", content)]));
    }
}

fn mapped(file: &[u8]) -> Result<String, Malformed> {
    let image = Image::parse(file, Layout::File)?;
    image.check_mappable()?;
    let mut memory = vec![0; (image.size_of_image() as usize).next_multiple_of(0x1000)];
    for place in image.placements() {
        let bytes = &file[place.file_offset as usize..][..place.file_size as usize];
        memory[place.rva as usize..][..bytes.len()].copy_from_slice(bytes);
    }
    dump(file, &memory, Layout::Mapped)
}

fn dump(file: &[u8], bytes: &[u8], layout: Layout) -> Result<String, Malformed> {
    let image = Image::parse(bytes, layout)?;
    let mappable = image.check_mappable().map_or_else(|error| text(error.to_string().as_bytes()), |()| "true".into());
    Ok(object(&[
        ("machine", text(image.machine().to_string().as_bytes())),
        ("mappable", mappable),
        ("headers", headers(&image)),
        ("checksum", checksum(file)?.to_string()),
        ("sections", array(image.sections().map(section))),
        ("directories", directories(&image)?),
        ("imports", imports(&image)?),
        ("delay_imports", delay_imports(&image)?),
        ("exports", exports(&image)?),
        ("relocations", relocations(&image)?),
        ("tls", tls(&image)?),
        ("resources", resources(&image)?),
        ("version", version(&image)?),
        ("functions", array(image.functions()?.iter().map(|row| list(&[row.begin, row.end, row.unwind_data])))),
        ("code_view", image.code_view()?.map_or("null".into(), |view| format!("[\"{:032x}\",{},{}]", view.id(), view.age, text(view.path)))),
        ("load_config", load_config(&image)?),
    ]))
}

fn headers(image: &Image<'_>) -> String {
    let pair = |(major, minor): (u16, u16)| list(&[major, minor]);
    let subsystem = match image.subsystem() {
        Subsystem::Native => 1,
        Subsystem::Gui => 2,
        Subsystem::Console => 3,
        Subsystem::Other(number) => number,
    };
    object(&[
        ("timestamp", image.timestamp().to_string()),
        ("characteristics", image.characteristics().to_string()),
        ("image_base", image.image_base().to_string()),
        ("size_of_image", image.size_of_image().to_string()),
        ("size_of_headers", image.size_of_headers().to_string()),
        ("entry_point", image.entry_point().to_string()),
        ("section_alignment", image.section_alignment().to_string()),
        ("file_alignment", image.file_alignment().to_string()),
        ("checksum", image.checksum_field().to_string()),
        ("subsystem", subsystem.to_string()),
        ("dll_characteristics", image.dll_characteristics().to_string()),
        ("os_version", pair(image.os_version())),
        ("image_version", pair(image.image_version())),
        ("subsystem_version", pair(image.subsystem_version())),
        ("sizes", list(&[image.stack_reserve(), image.stack_commit(), image.heap_reserve(), image.heap_commit()])),
        ("loader_flags", image.loader_flags().to_string()),
    ])
}

fn section(section: Section<'_>) -> String {
    let place = section.placement();
    format!(
        "[{},{}]",
        text(section.name()),
        list(&[
            section.rva().into(),
            section.virtual_size().into(),
            section.raw_offset().into(),
            section.raw_size().into(),
            section.characteristics().into(),
            place.file_offset,
            place.file_size,
        ])
        .trim_matches(['[', ']'])
    )
}

fn directories(image: &Image<'_>) -> Result<String, Malformed> {
    let present = DIRECTORIES.iter().filter_map(|directory| Some((*directory as u32, image.directory(*directory)?)));
    let mut present: Vec<_> = present.map(|(index, span)| (index, span.rva, span.size)).collect();
    present.extend(image.certificates()?.map(|span| (4, span.offset, span.size)));
    present.sort();
    Ok(array(present.into_iter().map(|(index, rva, size)| list(&[index, rva, size]))))
}

fn imports(image: &Image<'_>) -> Result<String, Malformed> {
    let (imports, mut dlls) = (image.imports()?, Vec::new());
    for dll in imports.dlls() {
        let dll = dll?;
        dlls.push(object(&[
            ("name", text(dll.name)),
            ("tables", list(&[dll.lookup_table, dll.address_table])),
            ("symbols", symbols(dll.symbols())?),
        ]));
    }
    Ok(array(dlls.into_iter()))
}

fn delay_imports(image: &Image<'_>) -> Result<String, Malformed> {
    let (imports, mut dlls) = (image.delay_imports()?, Vec::new());
    for dll in imports.dlls() {
        let dll = dll?;
        dlls.push(object(&[
            ("name", text(dll.name)),
            ("attributes", dll.attributes.to_string()),
            ("tables", list(&[dll.module_handle, dll.lookup_table, dll.address_table])),
            ("symbols", symbols(dll.symbols())?),
        ]));
    }
    Ok(array(dlls.into_iter()))
}

fn symbols<'a>(symbols: impl Iterator<Item = Result<Import<'a>, Malformed>>) -> Result<String, Malformed> {
    let one = |import: Import<'_>| match import.symbol {
        Symbol::Ordinal(ordinal) => format!("[{},{ordinal},null]", import.slot),
        Symbol::Name { hint, name } => format!("[{},{hint},{}]", import.slot, text(name)),
    };
    Ok(array(symbols.map(|import| import.map(one)).collect::<Result<Vec<_>, _>>()?.into_iter()))
}

fn exports(image: &Image<'_>) -> Result<String, Malformed> {
    let Some(exports) = image.exports()? else { return Ok("null".into()) };
    let mut listed = Vec::new();
    for export in exports.iter() {
        let export = export?;
        if let Some(name) = export.name {
            assert_eq!(exports.by_name(name)?, Some(export.target), "look-up of {}", name.escape_ascii());
        }
        let target = match export.target {
            Target::Address(rva) => rva.to_string(),
            Target::Forward(Forward { dll, symbol: Symbol::Name { name, .. } }) => text(&[dll, b".", name].concat()),
            Target::Forward(Forward { dll, symbol: Symbol::Ordinal(number) }) => text(format!("{}.#{number}", dll.escape_ascii()).as_bytes()),
        };
        listed.push(format!("[{},{},{target}]", export.ordinal, export.name.map_or("null".into(), text)));
    }
    Ok(object(&[("name", exports.name().map_or("null".into(), text)), ("exports", array(listed.into_iter()))]))
}

fn relocations(image: &Image<'_>) -> Result<String, Malformed> {
    let number = |kind| match kind {
        RelocationKind::Absolute => 0,
        RelocationKind::High => 1,
        RelocationKind::Low => 2,
        RelocationKind::HighLow => 3,
        RelocationKind::HighAdj(_) => 4,
        RelocationKind::Dir64 => 10,
    };
    let all = image.relocations()?.collect::<Result<Vec<_>, _>>()?;
    let real = all.iter().filter(|one| one.kind != RelocationKind::Absolute);
    Ok(array(real.map(|one| list(&[one.rva, number(one.kind)]))))
}

fn tls(image: &Image<'_>) -> Result<String, Malformed> {
    let Some(tls) = image.tls()? else { return Ok("null".into()) };
    let callbacks = image.tls_callbacks(&tls).collect::<Result<Vec<_>, _>>()?;
    Ok(object(&[
        ("data", list(&[tls.data.rva, tls.data.size])),
        ("zero_fill", tls.zero_fill.to_string()),
        ("index_slot", tls.index_slot.unwrap_or(0).to_string()),
        ("callbacks", list(&callbacks)),
    ]))
}

fn resources(image: &Image<'_>) -> Result<String, Malformed> {
    let Some(resources) = image.resources()? else { return Ok("[]".into()) };
    let id = |id| match id {
        Id::Number(number) => number.to_string(),
        Id::Name(name) => text(name.to_string().as_bytes()),
    };
    let mut listed = Vec::new();
    for one in resources.iter() {
        let Resource { kind, name, language, data } = one?;
        assert_eq!(resources.find(kind, name, Some(language))?, Some(data));
        listed.push(format!("[{},{},{language},{},{},{}]", id(kind), id(name), data.rva, data.size, data.code_page));
    }
    Ok(array(listed.into_iter()))
}

fn version(image: &Image<'_>) -> Result<String, Malformed> {
    let Some(version) = image.version()? else { return Ok("null".into()) };
    let show = |text_: Utf16<'_>| text(text_.to_string().as_bytes());
    let strings = |table: StringTable<'_>| array(table.strings().map(|(key, value)| format!("[{},{}]", show(key), show(value))));
    Ok(object(&[
        ("file", version.fixed().map_or("null".into(), |fixed| list(&fixed.file))),
        ("product", version.fixed().map_or("null".into(), |fixed| list(&fixed.product))),
        ("tables", array(version.string_tables().map(|table| format!("[{},{}]", show(table.key()), strings(table))))),
        ("translations", array(version.translations().map(|(language, page)| list(&[language, page])))),
    ]))
}

fn load_config(image: &Image<'_>) -> Result<String, Malformed> {
    let Some(config) = image.load_config()? else { return Ok("null".into()) };
    let span = |span: Option<Span>| span.map_or("null".into(), |span| list(&[span.rva, span.size]));
    Ok(object(&[
        ("size", config.size().to_string()),
        ("cookie", config.security_cookie().unwrap_or(0).to_string()),
        ("handlers", span(config.safe_handlers())),
        ("guard_flags", config.guard_flags().to_string()),
        ("guard_check", config.guard_check_pointer().unwrap_or(0).to_string()),
    ]))
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn list<T: ToString>(numbers: &[T]) -> String {
    array(numbers.iter().map(ToString::to_string))
}

/// Text that is mostly ASCII, as JSON.
fn text(bytes: &[u8]) -> String {
    let mut json = String::from("\"");
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            ' '.. => json.push(character),
            control => write!(json, "\\u{:04x}", u32::from(control)).expect("writing to a string succeeds"),
        }
    }
    json + "\""
}
