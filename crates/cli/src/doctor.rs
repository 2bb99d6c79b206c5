//! `win-compat doctor`: what this host offers, and which layers of the jail are on.

use crate::arguments::DoctorArguments;
use crate::{home, jailed};
use jail::{Layer, Layers};
use rustix::fs::{Mode, OFlags, open};
use std::os::fd::AsFd;

/// Looks at the host; answers the exit code, or one sentence.
pub fn look(arguments: &DoctorArguments) -> Result<u8, String> {
    let host = jail::host();
    let null = open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(|error| error.to_string())?;
    let probe = jailed::run(jailed::PROBE, null.as_fd(), Layers::ALL.supported())?;
    let layers = if probe.success { probe.layers } else { Layers::default() };
    if arguments.json {
        let rows: Vec<_> = Layer::ALL
            .into_iter()
            .map(|layer| serde_json::json!({ "layer": layer.name(), "on": layers.has(layer), "purpose": layer.purpose() }))
            .collect();
        let report = serde_json::json!({ "host": host.as_ref().err(), "layers": rows, "state": home::folder()? });
        println!("{}", crate::json::pretty(&report)?);
    } else {
        print(&host, layers, &probe);
    }
    let missing: Vec<_> = arguments.require.unwrap_or_default().iter().filter(|layer| !layers.has(*layer)).map(Layer::name).collect();
    if !missing.is_empty() {
        eprintln!("win-compat: missing: {}", missing.join(", "));
    }
    Ok(u8::from(host.is_err() || !missing.is_empty() || !layers.has(Layer::Seccomp)))
}

fn print(host: &Result<(), String>, layers: Layers, probe: &jailed::Outcome) {
    match host {
        Ok(()) => println!("host: Linux and processor offer what programs need"),
        Err(sentence) => println!("host: {sentence}"),
    }
    if !probe.success {
        println!("jail: it could not be entered: {}", String::from_utf8_lossy(&probe.bytes).trim());
    }
    println!("layers of the jail:");
    for layer in Layer::ALL {
        println!("  {:3} {:9} {}", if layers.has(layer) { "on" } else { "OFF" }, layer.name(), layer.purpose());
    }
    let optional: Vec<_> = layers.missing().filter(|layer| *layer != Layer::Seccomp).map(Layer::name).collect();
    if !optional.is_empty() {
        println!("Programs run without {}; `run --require` refuses instead.", optional.join(", "));
    }
    println!("functions: {} in the catalog", catalog::entries().len());
    if let Ok(folder) = home::folder() {
        println!("state: {}", folder.display());
    }
}
