"""What an independent reader (pefile) finds in PE files: a path a line on standard input, a JSON object a line on standard output."""

import json
import sys

import pefile

# pefile gives up early on large tables, which Qt and the like have.
pefile.MAX_SYMBOL_NAME_LENGTH = pefile.MAX_IMPORT_SYMBOLS = 1 << 20
pefile.MAX_STRING_LENGTH = 1 << 20

MACHINES = {0x8664: "x86-64", 0x14C: "x86", 0xAA64: "ARM64"}
SUBSYSTEMS = {1: "native", 2: "windows", 3: "console"}
PARTS = ["EXPORT", "IMPORT", "RESOURCE", "TLS", "DELAY_IMPORT"]


def text(raw):
    return raw.decode("utf-8", "replace")


def imports(libraries, delayed):
    return [
        {
            "dll": text(library.dll),
            "delayed": delayed,
            "functions": [f"#{symbol.ordinal}" if symbol.import_by_ordinal else text(symbol.name) for symbol in library.imports],
        }
        for library in libraries
    ]


def leaves(directory):
    return sum(leaves(entry.directory) if hasattr(entry, "directory") else 1 for entry in directory.entries)


def dump(path):
    pe = pefile.PE(path, fast_load=True, max_symbol_exports=1 << 20, max_repeated_symbol=1 << 20)
    pe.parse_data_directories([pefile.DIRECTORY_ENTRY[f"IMAGE_DIRECTORY_ENTRY_{part}"] for part in PARTS])
    header, optional = pe.FILE_HEADER, pe.OPTIONAL_HEADER
    callbacks = 0
    if hasattr(pe, "DIRECTORY_ENTRY_TLS") and pe.DIRECTORY_ENTRY_TLS.struct.AddressOfCallBacks:
        at = pe.DIRECTORY_ENTRY_TLS.struct.AddressOfCallBacks - optional.ImageBase
        read, width = (pe.get_qword_at_rva, 8) if optional.Magic == 0x20B else (pe.get_dword_at_rva, 4)
        while read(at + width * callbacks):
            callbacks += 1
    exports = pe.DIRECTORY_ENTRY_EXPORT.symbols if hasattr(pe, "DIRECTORY_ENTRY_EXPORT") else []
    return {
        "machine": MACHINES.get(header.Machine, str(header.Machine)),
        "subsystem": SUBSYSTEMS.get(optional.Subsystem, str(optional.Subsystem)),
        "dll": pe.is_dll(),
        "entry_point": optional.AddressOfEntryPoint,
        "image_base": optional.ImageBase,
        "size_of_image": optional.SizeOfImage,
        "sections": [
            {"name": text(section.Name.rstrip(b"\0")), "rva": section.VirtualAddress, "size": section.Misc_VirtualSize or section.SizeOfRawData}
            for section in pe.sections
        ],
        "imports": imports(getattr(pe, "DIRECTORY_ENTRY_IMPORT", []), False) + imports(getattr(pe, "DIRECTORY_ENTRY_DELAY_IMPORT", []), True),
        "exports": len(exports),
        "tls_callbacks": callbacks,
        "resources": leaves(pe.DIRECTORY_ENTRY_RESOURCE) if hasattr(pe, "DIRECTORY_ENTRY_RESOURCE") else 0,
    }


for line in sys.stdin:
    try:
        found = dump(line.rstrip("\n"))
    except Exception as error:  # It is another reader's opinion of the file, whatever it is.
        found = {"unreadable": str(error)}
    print(json.dumps(found), flush=True)
