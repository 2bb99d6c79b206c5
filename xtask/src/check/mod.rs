//! `cargo xtask test`: everything that must hold before a change is published, step by step.

mod files;
mod headers;
mod imports;

use crate::build::{self, LINUX, TARGETS};
use crate::command::{cargo, cargo_in, root, run, target};
use crate::guests::{self, WINDOWS};
use crate::{conformance, crash, scenarios, setup};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// How long each fuzz target runs, in seconds.
const FUZZ_SECONDS: u32 = 20;

/// A step: its name, what it shows, and how.
struct Step {
    name: &'static str,
    shows: &'static str,
    work: fn() -> Result<()>,
}

const STEPS: [Step; 11] = [
    Step { name: "format", shows: "rustfmt has nothing to change", work: format },
    Step { name: "build", shows: "everything builds, and the generated files are fresh", work: build_fresh },
    Step { name: "tidy", shows: "who imports whom, heads and sizes of files, where unsafe code is forbidden", work: tidy },
    Step { name: "clippy", shows: "clippy has no warning, for any target", work: clippy },
    Step { name: "doc", shows: "the documentation builds without a warning", work: document },
    Step { name: "unit", shows: "unit tests, runs of whole programs, hostile programs", work: unit },
    Step { name: "loom", shows: "the channel under every interleaving", work: loom },
    Step { name: "fuzz", shows: "the readers of hostile bytes, for a short fixed time", work: fuzz },
    Step { name: "conformance", shows: "the conformance programs, under ours and under Wine", work: conformance },
    Step { name: "crash", shows: "what was confirmed is there after runs that were killed at any point", work: crash::check },
    Step {
        name: "scenarios",
        shows: "exceptions of random frames and of other compilers' programs, under ours and under Wine",
        work: scenarios::check,
    },
];

/// Runs the steps that `names` names, or all.
pub fn test(names: &[&str]) -> Result<()> {
    if names.contains(&"--list") {
        STEPS.iter().for_each(|step| println!("{:<12} {}", step.name, step.shows));
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("no step is called `{unknown}`; `cargo xtask test --list` names them");
    }
    setup::everything(&TARGETS)?;
    let steps: Vec<&Step> = STEPS.iter().filter(|step| names.is_empty() || names.contains(&step.name)).collect();
    let start = Instant::now();
    for (index, step) in steps.iter().enumerate() {
        println!("[{}/{}] {}: {}", index + 1, steps.len(), step.name, step.shows);
        let begun = Instant::now();
        (step.work)().with_context(|| format!("{} (again with `cargo xtask test {}`)", step.name, step.name))?;
        println!("[{}/{}] {} is well, after {:.0} s", index + 1, steps.len(), step.name, begun.elapsed().as_secs_f64());
    }
    println!("all is well, after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn format() -> Result<()> {
    cargo(&["fmt", "--all", "--check"], &[])
}

fn build_fresh() -> Result<()> {
    let before = generated()?;
    build::build()?;
    let after = generated()?;
    let stale: Vec<&str> = after.iter().filter(|(path, text)| before.get(*path) != Some(text)).map(|(path, _)| path.as_str()).collect();
    if stale.is_empty() { Ok(()) } else { bail!("these generated files were stale; commit them: {}", stale.join(", ")) }
}

/// The generated files that a build writes.
fn generated() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for folder in ["docs", "docs/generated"] {
        for entry in fs::read_dir(root().join(folder))? {
            let path = entry?.path();
            if path.is_file() {
                found.insert(path.strip_prefix(root())?.display().to_string(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

fn tidy() -> Result<()> {
    let mut wrong = imports::check()?;
    wrong.extend(files::check()?);
    wrong.extend(headers::check()?);
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

/// The packages that are built for Windows: they have no meaning for the host.
fn windows_packages() -> Result<Vec<String>> {
    let mut packages = guests::dlls()?;
    packages.push("guests".into());
    packages.extend(program_packages()?);
    Ok(packages)
}

/// The system's programs, and what they stand on.
fn program_packages() -> Result<Vec<String>> {
    let programs = guests::programs()?;
    Ok(programs.iter().map(|name| guests::program_package(name)).chain(["program".into()]).collect())
}

/// `--package a --package b`.
fn packages(names: &[String]) -> Vec<&str> {
    names.iter().flat_map(|name| ["--package", name.as_str()]).collect()
}

/// `--workspace --exclude a --exclude b`: what is built for the host.
fn host_packages(windows: &[String]) -> Vec<&str> {
    let mut arguments = vec!["--workspace", "--exclude", "runtime"];
    arguments.extend(windows.iter().flat_map(|name| ["--exclude", name.as_str()]));
    arguments
}

fn clippy() -> Result<()> {
    let windows = windows_packages()?;
    let deny = ["--", "--deny", "warnings"];
    cargo(&[["clippy", "--quiet", "--all-targets"].as_slice(), &host_packages(&windows), &deny].concat(), &[])?;
    cargo(&[["clippy", "--quiet", "--target", LINUX, "--package", "runtime"].as_slice(), &deny].concat(), &[])?;
    for target in WINDOWS {
        cargo(&[["clippy", "--quiet", "--profile", "guest", "--target", target].as_slice(), &packages(&windows), &deny].concat(), &[])?;
    }
    Ok(())
}

fn document() -> Result<()> {
    let windows = windows_packages()?;
    let packages: &[&str] = &packages(&windows);
    let deny = [("RUSTDOCFLAGS", "--deny warnings")];
    cargo(&[["doc", "--quiet", "--no-deps", "--document-private-items"].as_slice(), &host_packages(&windows)].concat(), &deny)?;
    cargo(
        // Test programs are not what anybody looks up, and there are many.
        &[["doc", "--quiet", "--no-deps", "--document-private-items", "--lib", "--profile", "guest", "--target", WINDOWS[0]].as_slice(), packages]
            .concat(),
        &deny,
    )
}

fn unit() -> Result<()> {
    let windows = windows_packages()?;
    let runner: &[&str] = if setup::has("cargo-nextest") { &["nextest", "run"] } else { &["test", "--quiet"] };
    guests::build_programs()?;
    cargo(&[runner, &host_packages(&windows)].concat(), &[])?;
    // Whole runs once more, of the same programs as 32-bit code.
    cargo(&[runner, &["--package", "runs"]].concat(), &[("WIN_COMPAT_TEST_BITNESS", "32")])?;
    // What of them is pure runs on the host as well.
    let pure = [guests::dlls()?, program_packages()?].concat();
    cargo(&[runner, &["--package", "runtime"], &packages(&pure)].concat(), &[])
}

fn loom() -> Result<()> {
    let folder = target().join("loom");
    let environment = [("RUSTFLAGS", "--cfg loom"), ("CARGO_TARGET_DIR", &*folder.to_string_lossy())];
    cargo(&["test", "--quiet", "--release", "--package", "channel"], &environment)
}

fn fuzz() -> Result<()> {
    let mut targets: Vec<_> = fs::read_dir(root().join("fuzz"))?.collect::<std::io::Result<Vec<_>>>()?;
    targets.sort_by_key(fs::DirEntry::path);
    for entry in targets.into_iter().filter(|entry| entry.path().join("Cargo.toml").is_file()) {
        fuzz_target(&entry.path())?;
    }
    Ok(())
}

/// Runs one fuzz target, from the seeds that its subject's crate makes.
fn fuzz_target(folder: &Path) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let corpus = folder.join("corpus");
    fs::create_dir_all(&corpus)?;
    if root().join("crates").join(&name).join("examples/seeds.rs").is_file() {
        cargo(&["run", "--quiet", "--package", &name, "--example", "seeds", "--", &corpus.to_string_lossy()], &[])?;
    }
    let built = target().join("fuzz").join(&name);
    // Its own folder's configuration holds the fuzzer's flags.
    cargo_in(folder, &["build", "--quiet", "--release"], &[("CARGO_TARGET_DIR", &*built.to_string_lossy())])?;
    let program = built.join("x86_64-unknown-linux-gnu/release").join(format!("{name}-fuzz"));
    let seconds = format!("-max_total_time={FUZZ_SECONDS}");
    let findings = format!("-artifact_prefix={}/", built.display());
    let (corpus, seeds) = (corpus.to_string_lossy(), folder.join("seeds"));
    let seeds = seeds.to_string_lossy();
    let mut arguments = vec![&*corpus];
    // What lies there beside is read, and nothing is added.
    arguments.extend(Path::new(&*seeds).is_dir().then_some(&*seeds));
    arguments.extend([&*seconds, &findings, "-max_len=16384", "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1"]);
    run(&program.to_string_lossy(), &arguments, &[])
}

fn conformance() -> Result<()> {
    conformance::run(None, true)
}
