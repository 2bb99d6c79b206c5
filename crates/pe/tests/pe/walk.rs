//! Reads all that there is to read in an image, as the mutation test and the fuzzer do.

use pe::*;

/// Reads bytes in both layouts; how many things it saw. Panics where a promise about the result does not hold.
pub fn walk(bytes: &[u8]) -> usize {
    let _ = checksum(bytes);
    if let Ok(version) = VersionInfo::parse(bytes) {
        texts(&version);
    }
    [Layout::File, Layout::Mapped].into_iter().filter_map(|layout| Image::parse(bytes, layout).ok()).map(|image| visit(&image)).sum()
}

fn visit(image: &Image<'_>) -> usize {
    let mut seen = headers(image);
    seen += imports(image) + delay_imports(image) + exports(image);
    seen += count(image.relocations().into_iter().flatten(), |relocation| {
        assert!(relocation.rva + relocation.kind.width() <= image.size_of_image() || relocation.kind == RelocationKind::Absolute);
    });
    if let Ok(Some(tls)) = image.tls() {
        assert!(tls.data.rva + tls.data.size <= image.size_of_image());
        seen += count(image.tls_callbacks(&tls), |_| ());
    }
    seen += resources(image);
    if let Ok(functions) = image.functions() {
        seen += functions.iter().len();
        for row in functions.iter().take(8) {
            let found = functions.at(row.begin);
            assert!(found.is_none_or(|found| (found.begin..found.end).contains(&row.begin)));
        }
    }
    if let Ok(Some(view)) = image.code_view() {
        let _ = format!("{view:?}");
    }
    if let Ok(Some(config)) = image.load_config() {
        let _ = (config.security_cookie(), config.safe_handlers(), config.guard_check_pointer(), config.guard_dispatch_pointer());
        let _ = config.guard_functions();
    }
    if let Ok(Some(version)) = image.version() {
        seen += texts(&version);
    }
    seen
}

fn headers(image: &Image<'_>) -> usize {
    let length = image.bytes().len() as u64;
    let mappable = image.check_mappable();
    let mut end = 0;
    for placement in image.placements() {
        if image.layout() == Layout::File {
            assert!(placement.file_size == 0 || placement.file_offset + placement.file_size <= length);
        }
        if mappable.is_ok() {
            assert!(u64::from(placement.rva) >= end && placement.file_size <= placement.size);
            end = u64::from(placement.rva) + placement.size;
            assert!(end <= u64::from(image.size_of_image()).next_multiple_of(0x1000));
        }
    }
    let _ = (image.certificates(), image.is_dotnet(), format!("{} {mappable:?}", image.machine()));
    let _ = (image.text(image.entry_point()), image.u64_at(image.entry_point()), image.section_at(image.entry_point()));
    image.sections().map(|section| section.name().len()).sum()
}

/// Counts what a walk yields; an error must be the last.
fn count<T>(items: impl Iterator<Item = Result<T, Malformed>>, mut check: impl FnMut(&T)) -> usize {
    let (mut count, mut failed) = (0, false);
    for item in items {
        assert!(!failed);
        failed = item.as_ref().map(&mut check).is_err();
        count += 1;
    }
    count
}

fn imports(image: &Image<'_>) -> usize {
    let Ok(imports) = image.imports() else { return 0 };
    let mut seen = 0;
    seen += count(imports.dlls(), |dll| seen += count(dll.symbols(), |import| slot(image, import)));
    seen
}

fn delay_imports(image: &Image<'_>) -> usize {
    let Ok(imports) = image.based_at(image.image_base()).delay_imports() else { return 0 };
    let mut seen = 0;
    seen += count(imports.dlls(), |dll| seen += count(dll.symbols(), |import| slot(image, import)));
    seen
}

fn slot(image: &Image<'_>, import: &Import<'_>) {
    assert!(import.slot + if image.is_64() { 8 } else { 4 } <= image.size_of_image());
}

fn exports(image: &Image<'_>) -> usize {
    let Ok(Some(exports)) = image.exports() else { return 0 };
    let _ = exports.name();
    let mut looked_up = 0;
    count(exports.iter(), |export| {
        assert_eq!(exports.by_ordinal(export.ordinal), Ok(Some(export.target)));
        if let Some(name) = export.name.filter(|_| looked_up < 16) {
            looked_up += 1;
            let _ = (exports.by_name(name), exports.by_hint(1, name), exports.by_name(&[name, b"?"].concat()));
        }
    })
}

fn resources(image: &Image<'_>) -> usize {
    let Ok(Some(resources)) = image.resources() else { return 0 };
    for kind in resources.types().into_iter().flatten().flatten().take(4) {
        for name in resources.names(kind).into_iter().flatten().flatten().take(4) {
            let languages = resources.languages(kind, name).into_iter().flatten();
            for language in languages.map(Some).chain([None]).take(4) {
                let data = resources.find(kind, name, language);
                let _ = data.ok().flatten().and_then(|data| image.at(data.rva, data.size));
            }
        }
    }
    count(resources.iter(), |resource| {
        let _ = format!("{:?}", resource.name);
    })
}

fn texts(version: &VersionInfo<'_>) -> usize {
    let _ = (version.fixed(), version.string("ProductName"), version.translations().count());
    version.string_tables().map(|table| table.strings().inspect(|(key, value)| drop(format!("{key}{value}"))).count() + table.key().len()).sum()
}
