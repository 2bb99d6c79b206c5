//! Writes small images for a fuzzer to start from: `seeds FOLDER`.

use std::{env, fs, io, path::Path};

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/pe/builder.rs"]
mod builder;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/pe/complete.rs"]
mod complete;

use builder::{Builder, KINDS, Kind};

type Part = (&'static str, fn(&mut Builder));

/// The parts of a complete image, by name.
const PARTS: [Part; 9] = [
    ("imports", complete::imports),
    ("delay-imports", complete::delay_imports),
    ("exports", complete::exports),
    ("relocations", complete::relocations),
    ("tls", complete::tls),
    ("resources", complete::resources),
    ("functions", complete::functions),
    ("code-view", complete::code_view),
    ("config", complete::config),
];

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).ok_or_else(|| io::Error::other("usage: seeds FOLDER"))?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("version"), complete::version())?;
    for kind in KINDS {
        let bits = if kind == Kind::Pe64 { 64 } else { 32 };
        let write = |name: &str, builder: &Builder| {
            fs::write(folder.join(format!("{name}-{bits}-frame")), builder.to_frame())?;
            fs::write(folder.join(format!("{name}-{bits}-file")), builder.file())?;
            fs::write(folder.join(format!("{name}-{bits}-mapped")), builder.mapped())
        };
        write("complete", &complete::complete(kind))?;
        for (name, part) in PARTS {
            let mut builder = Builder::new(kind);
            part(&mut builder);
            write(name, &builder)?;
        }
    }
    Ok(())
}
