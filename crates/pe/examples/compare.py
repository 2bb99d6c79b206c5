#!/usr/bin/env python3
"""Compares the `dump` example with pefile, an independent reader: compare.py DUMP FILE.. (`@LIST` names a file of paths).

Prints every difference and exits with 1 if there are any. Needs `pip install pefile`.
"""

import json
import struct
import subprocess
import sys

import pefile

LIMIT = 1 << 24
pefile.MAX_SYMBOL_NAME_LENGTH = pefile.MAX_IMPORT_NAME_LENGTH = pefile.MAX_STRING_LENGTH = 0x10000
pefile.MAX_RESOURCE_ENTRIES = pefile.MAX_IMPORT_SYMBOLS = pefile.MAX_SYMBOL_EXPORT_COUNT = LIMIT

# pefile replaces a function's name that has characters outside this set: C++, Rust, Swift and D use more.
pefile.allowed_function_name = set(range(0x20, 0x100))
pefile.is_valid_function_name = lambda name, relax_allowed_characters=False: bool(name)
pefile.is_valid_dos_filename = lambda name: bool(name)

ENTRY = pefile.DIRECTORY_ENTRY
PARSED = ["EXPORT", "IMPORT", "RESOURCE", "BASERELOC", "DEBUG", "TLS", "LOAD_CONFIG", "DELAY_IMPORT"]


def text(data):
    return None if data is None else data.decode("utf-8", "replace")


def read(path):
    pe = pefile.PE(path, fast_load=True, max_symbol_exports=LIMIT)
    pe.parse_data_directories([ENTRY["IMAGE_DIRECTORY_ENTRY_" + name] for name in PARSED])
    readers = [headers, sections, directories, imports, delay_imports, exports, relocations, tls, resources, version, functions, code_view, load_config]
    content = {reader.__name__: reader(pe) for reader in readers}
    content["checksum"] = pe.generate_checksum()
    return content


def headers(pe):
    optional, file = pe.OPTIONAL_HEADER, pe.FILE_HEADER
    pair = lambda name: [getattr(optional, f"{half}{name}Version") for half in ("Major", "Minor")]
    return {
        "timestamp": file.TimeDateStamp,
        "characteristics": file.Characteristics,
        "image_base": optional.ImageBase,
        "size_of_image": optional.SizeOfImage,
        "size_of_headers": optional.SizeOfHeaders,
        "entry_point": optional.AddressOfEntryPoint,
        "section_alignment": optional.SectionAlignment,
        "file_alignment": optional.FileAlignment,
        "checksum": optional.CheckSum,
        "subsystem": optional.Subsystem,
        "dll_characteristics": optional.DllCharacteristics,
        "os_version": pair("OperatingSystem"),
        "image_version": pair("Image"),
        "subsystem_version": pair("Subsystem"),
        "sizes": [optional.SizeOfStackReserve, optional.SizeOfStackCommit, optional.SizeOfHeapReserve, optional.SizeOfHeapCommit],
        "loader_flags": optional.LoaderFlags,
    }


def sections(pe):
    return [
        [text(s.Name.split(b"\0")[0]), s.VirtualAddress, s.Misc_VirtualSize, s.PointerToRawData, s.SizeOfRawData, s.Characteristics]
        for s in pe.sections
    ]


def directories(pe):
    found = enumerate(pe.OPTIONAL_HEADER.DATA_DIRECTORY)
    return [[i, d.VirtualAddress, d.Size] for i, d in found if d.VirtualAddress and i not in (7, 8, 15) and (i != 4 or d.Size)]


def symbols(pe, entry):
    base = pe.OPTIONAL_HEADER.ImageBase
    return [[i.address - base, i.ordinal, None] if i.import_by_ordinal else [i.address - base, i.hint, text(i.name)] for i in entry.imports]


def imports(pe):
    entries = getattr(pe, "DIRECTORY_ENTRY_IMPORT", [])
    tables = lambda s: [s.OriginalFirstThunk or s.FirstThunk, s.FirstThunk]
    return [{"name": text(e.dll), "tables": tables(e.struct), "symbols": symbols(pe, e)} for e in entries]


def delay_imports(pe):
    entries = getattr(pe, "DIRECTORY_ENTRY_DELAY_IMPORT", [])
    tables = lambda s: [s.phmod, s.pINT, s.pIAT]
    return [{"name": text(e.dll), "attributes": e.struct.grAttrs, "tables": tables(e.struct), "symbols": symbols(pe, e)} for e in entries]


def exports(pe):
    if not hasattr(pe, "DIRECTORY_ENTRY_EXPORT"):
        return None
    directory = pe.DIRECTORY_ENTRY_EXPORT
    listed = [[e.ordinal, text(e.name), text(e.forwarder) if e.forwarder else e.address] for e in directory.symbols]
    return {"name": text(directory.name), "exports": sorted(map(str, listed))}


def relocations(pe):
    blocks = getattr(pe, "DIRECTORY_ENTRY_BASERELOC", [])
    return [[entry.rva, entry.type] for block in blocks for entry in block.entries if entry.type]


def tls(pe):
    if not hasattr(pe, "DIRECTORY_ENTRY_TLS"):
        return None
    s, base = pe.DIRECTORY_ENTRY_TLS.struct, pe.OPTIONAL_HEADER.ImageBase
    form, width = ("<Q", 8) if pe.PE_TYPE == pefile.OPTIONAL_HEADER_MAGIC_PE_PLUS else ("<I", 4)
    callbacks, at = [], s.AddressOfCallBacks and s.AddressOfCallBacks - base
    while at and (address := struct.unpack(form, pe.get_data(at, width).ljust(width, b"\0"))[0]):
        callbacks.append(address)
        at += width
    size = s.EndAddressOfRawData - s.StartAddressOfRawData
    data = [s.StartAddressOfRawData - base if size else 0, size]
    return {"data": data, "zero_fill": s.SizeOfZeroFill, "index_slot": s.AddressOfIndex and s.AddressOfIndex - base, "callbacks": callbacks}


def resources(pe):
    identity = lambda entry: entry.id if entry.name is None else str(entry.name)
    leaves = []
    for kind in getattr(pe, "DIRECTORY_ENTRY_RESOURCE", pefile.ResourceDirData(struct=None, entries=[])).entries:
        for name in kind.directory.entries:
            for language in name.directory.entries:
                s = language.data.struct
                leaves.append([identity(kind), identity(name), language.id & 0xFFFF, s.OffsetToData, s.Size, s.CodePage])
    return leaves


def version(pe):
    # Windows looks for type 16, name 1; pefile takes any name.
    if not getattr(pe, "VS_VERSIONINFO", None) or not any(leaf[:2] == [16, 1] for leaf in resources(pe)):
        return None
    halves = lambda *words: [half for word in words for half in (word >> 16, word & 0xFFFF)]
    fixed = pe.VS_FIXEDFILEINFO[0] if getattr(pe, "VS_FIXEDFILEINFO", None) else None
    tables, translations = [], []
    for part in (getattr(pe, "FileInfo", None) or [[]])[0]:
        for table in getattr(part, "StringTable", []):
            tables.append([text(table.LangID), [[text(key), text(value)] for key, value in table.entries.items()]])
        for var in getattr(part, "Var", []):
            for value in var.entry.values():
                numbers = [int(number, 16) for number in value.split()]
                translations += [list(pair) for pair in zip(numbers[::2], numbers[1::2])]
    return {
        "file": fixed and halves(fixed.FileVersionMS, fixed.FileVersionLS),
        "product": fixed and halves(fixed.ProductVersionMS, fixed.ProductVersionLS),
        "tables": tables,
        "translations": translations,
    }


def functions(pe):
    directory = pe.OPTIONAL_HEADER.DATA_DIRECTORY[ENTRY["IMAGE_DIRECTORY_ENTRY_EXCEPTION"]]
    if pe.FILE_HEADER.Machine != 0x8664 or not directory.VirtualAddress:
        return []
    data = pe.get_data(directory.VirtualAddress, directory.Size)
    return [list(row) for row in struct.iter_unpack("<III", data[: len(data) // 12 * 12])]


def code_view(pe):
    for entry in getattr(pe, "DIRECTORY_ENTRY_DEBUG", []):
        if entry.struct.Type == 2 and entry.entry and entry.entry.CvSignature == b"RSDS":
            e = entry.entry
            tail = struct.pack(">B", e.Signature_Data4) + struct.pack(">B", e.Signature_Data5) + e.Signature_Data6_value.to_bytes(6, "big")
            guid = struct.pack(">IHH", e.Signature_Data1, e.Signature_Data2, e.Signature_Data3) + tail
            return [guid.hex(), e.Age, text(e.PdbFileName.rstrip(b"\0"))]
    return None


def load_config(pe):
    if not hasattr(pe, "DIRECTORY_ENTRY_LOAD_CONFIG"):
        return None
    s, base = pe.DIRECTORY_ENTRY_LOAD_CONFIG.struct, pe.OPTIONAL_HEADER.ImageBase
    relative = lambda name: (getattr(s, name, 0) or base) - base
    table = relative("SEHandlerTable")
    return {
        "size": s.Size,
        "cookie": relative("SecurityCookie"),
        "handlers": [table, getattr(s, "SEHandlerCount", 0) * 4] if table else None,
        "guard_flags": getattr(s, "GuardFlags", 0) or 0,
        "guard_check": relative("GuardCFCheckFunctionPointer"),
    }


def differences(ours, theirs, where=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key), theirs.get(key), f"{where}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and ours != theirs:
        if len(ours) != len(theirs):
            yield f"{where}: {len(ours)} here, {len(theirs)} there"
        for index, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, f"{where}[{index}]")
    elif ours != theirs:
        yield f"{where}: {ours!r} here, {theirs!r} there"


def compare(path, dump):
    ours = json.loads(subprocess.run([dump, path], capture_output=True, check=True).stdout)["content"]
    if "error" in ours:
        yield f"not read here: {ours['error']}"
        return
    theirs = read(path)
    # What pefile has no equal of.
    for key in ("machine", "mappable"):
        del ours[key]
    ours["sections"] = [section[:6] for section in ours["sections"]]
    if ours["exports"]:
        ours["exports"]["exports"] = sorted(map(str, ours["exports"]["exports"]))
    yield from differences(ours, theirs)


def main():
    dump, *names = sys.argv[1:]
    paths = [path for name in names for path in (open(name[1:]).read().splitlines() if name.startswith("@") else [name])]
    failed = 0
    for path in paths:
        try:
            found = list(compare(path, dump))
        except pefile.PEFormatError as error:
            found = [f"not read there: {error}"]
        for difference in found[:20]:
            print(f"{path}: {difference}", flush=True)
        failed += bool(found)
    print(f"{len(paths)} files, {failed} with differences")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
