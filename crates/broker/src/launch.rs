//! Starting a process: everything it needs is made before it runs, so that it asks for nothing at its start.

use crate::audit::{Event, Kind, Outcome, Trust};
use crate::drive::USER;
use crate::handle::{Handle, Object};
use crate::namespace::{Namespace, plain};
use crate::object::FileObject;
use crate::process::Process;
use crate::sandbox::{Member, Sandbox};
use crate::service;
use crate::session::Session;
use crate::wire::Run;
use channel::{Shared, socket};
use gate::block::{SLICES, TELEMETRY_SIZE};
use gate::file::Device;
use jail::{Child, Gate, Layers, Limits, Spawn};
use protocol::VERSION;
use protocol::start::{Standard, Start, descriptor};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::termios::isatty;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use windows_sys::Win32::Storage::FileSystem::{FILE_GENERIC_READ, FILE_GENERIC_WRITE};

/// A process that was started.
pub struct Launched {
    /// The broker's side of it.
    pub process: Arc<Process>,
    /// The host's side of it.
    pub child: Child,
    /// Where its seccomp listener will come from.
    pub boot: OwnedFd,
}

/// Why nothing was started.
#[derive(Debug)]
pub struct Refused {
    /// The exit code for it.
    pub code: u8,
    /// One sentence.
    pub sentence: String,
}

impl Refused {
    /// Something of ours, or of the host's, is broken.
    pub fn broken(sentence: impl Into<String>) -> Self {
        Self { code: 125, sentence: sentence.into() }
    }

    fn host(what: &str, error: impl Into<std::io::Error>) -> Self {
        Self::broken(format!("{what}: {}", plain(&error.into())))
    }
}

/// Starts a program.
pub fn launch(sandbox: &Arc<Sandbox>, session: &Arc<Session>, run: &Run, streams: Vec<OwnedFd>) -> Result<Launched, Refused> {
    let program = open_program(&run.program)?;
    let narrow = is_32_bit(&program);
    let mut namespace = Namespace::new(Arc::clone(&sandbox.drive), Arc::clone(&sandbox.system32));
    for grant in &run.grants {
        let folder = namespace.grant(&grant.folder, grant.write).map_err(Refused::broken)?;
        let event = Event { extra: [grant.write.into(), 0, 0], ..Event::default() };
        sandbox.log.note(Kind::Grant, Trust::Evidence, Outcome::Ok, &folder.display().to_string(), event);
    }
    for drive in &run.drives {
        namespace.show_drive(drive.letter, &drive.folder).map_err(Refused::broken)?;
    }
    let shown = namespace.show_program(&run.program);
    let shown = shown.ok_or_else(|| Refused::broken(format!("{}: Windows has no way to say this path", run.program.display())))?;
    let folder = working_folder(&namespace, &run.folder);
    let telemetry = Shared::create("telemetry", SLICES * TELEMETRY_SIZE).map_err(|error| Refused::host("memory could not be shared", error))?;
    let (id, thread) = sandbox.next_ids();
    let process = Arc::new(Process::new(id, Arc::clone(sandbox), run.program.clone(), namespace, telemetry, Arc::clone(session)));
    let wanted = Layers::ALL.without_all(Layers::from_bits(run.without_layers)).supported();
    let start = Start {
        version: VERSION,
        process: id,
        thread,
        windows: sandbox.windows,
        processors: crate::clock::processors(),
        stamps_per_microsecond: stamps_per_microsecond(run.per_call),
        per_call: run.per_call,
        strict_imports: run.strict_imports,
        layers: wanted.bits(),
        command_line: command_line(&shown, &run.arguments),
        program: shown,
        directory: folder,
        environment: environment(&run.environment, narrow),
        standard: enter_streams(&process, run.streams, &streams)?,
    };
    let launched = spawn(sandbox, &process, &start, run, &program, &streams, (wanted, narrow))?;
    let text = run.program.display().to_string();
    sandbox.log.note(Kind::ProcessStart, Trust::Evidence, Outcome::Ok, &text, Event { process: id, ..Event::default() });
    for missing in launched.child.layers.missing() {
        sandbox.log.note(Kind::LayerMissing, Trust::Evidence, Outcome::Error, missing.name(), Event { process: id, ..Event::default() });
    }
    process.set_noted();
    Ok(launched)
}

/// Opens a program's file for reading, if it is one.
pub fn open_program(path: &Path) -> Result<OwnedFd, Refused> {
    let refused = |code, what: String| Refused { code, sentence: format!("{}: {what}", path.display()) };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let program = open(path, flags, Mode::empty()).map_err(|error| {
        let missing = error == rustix::io::Errno::NOENT || error == rustix::io::Errno::NOTDIR;
        if missing { refused(127, "it does not exist".into()) } else { refused(126, plain(&error.into())) }
    })?;
    let facts = fstat(&program).map_err(|error| refused(126, plain(&error.into())))?;
    match FileType::from_raw_mode(facts.st_mode) {
        FileType::RegularFile => Ok(program),
        FileType::Directory => Err(refused(126, "this is a folder".into())),
        _ => Err(refused(126, "this is no file".into())),
    }
}

/// Whether a program is for 32-bit processors: looks at one field, the machine. Everything else is looked at in the jail.
fn is_32_bit(program: &OwnedFd) -> bool {
    const I386: u16 = 0x14C;
    let field = |offset: u64| {
        let mut bytes = [0; 4];
        (rustix::io::pread(program, &mut bytes, offset) == Ok(4)).then(|| u32::from_le_bytes(bytes))
    };
    let machine = field(0x3C).and_then(|at| field(u64::from(at) + 4)).map(|word| word as u16);
    machine == Some(I386)
}

/// The user's working folder where it is granted, else the sandbox's profile folder.
fn working_folder(namespace: &Namespace, folder: &Path) -> Vec<u16> {
    let path = crate::namespace::path_of(folder).map(|path| crate::namespace::DrivePath { letter: b'Z', path, folder: false });
    let granted = path.filter(|path| namespace.shows_folder(path));
    let shown = granted.map_or_else(|| format!("C:\\Users\\{USER}").encode_utf16().collect(), |path| path.to_nt()[4..].to_vec());
    if shown.ends_with(&[u16::from(b'\\')]) { shown } else { [shown, vec![u16::from(b'\\')]].concat() }
}

/// The command line, quoted so that the C runtime takes the same arguments out of it (CommandLineToArgvW's rules).
fn command_line(program: &[u16], arguments: &[String]) -> Vec<u16> {
    let mut line = format!("\"{}\"", String::from_utf16_lossy(program));
    for argument in arguments {
        line.push(' ');
        quote(argument, &mut line);
    }
    line.encode_utf16().collect()
}

fn quote(argument: &str, line: &mut String) {
    if !argument.is_empty() && !argument.contains([' ', '\t', '\n', '\u{b}', '"']) {
        line.push_str(argument);
        return;
    }
    line.push('"');
    let mut backslashes = 0;
    for character in argument.chars() {
        match character {
            '\\' => backslashes += 1,
            // Backslashes before a quote are doubled, and the quote gets one of its own.
            '"' => {
                line.extend(std::iter::repeat_n('\\', 2 * backslashes + 1));
                line.push('"');
                backslashes = 0;
                continue;
            }
            _ => {
                line.extend(std::iter::repeat_n('\\', backslashes));
                backslashes = 0;
            }
        }
        if character != '\\' {
            line.push(character);
        }
    }
    line.extend(std::iter::repeat_n('\\', 2 * backslashes));
    line.push('"');
}

/// The environment: what every Windows has, and what the user adds. Nothing of the host's own. 32-bit programs see their own
/// folders and processor, and the machine's beside them.
fn environment(extra: &[(String, String)], narrow: bool) -> Vec<u16> {
    const PROGRAMS: [&str; 2] = ["C:\\Program Files", "C:\\Program Files (x86)"];
    const COMMON: [&str; 2] = ["C:\\Program Files\\Common Files", "C:\\Program Files (x86)\\Common Files"];
    let own = usize::from(narrow);
    let processors = crate::clock::processors().to_string();
    let base = [
        ("ALLUSERSPROFILE", "C:\\ProgramData"),
        ("APPDATA", "C:\\Users\\user\\AppData\\Roaming"),
        ("CommonProgramFiles", COMMON[own]),
        ("CommonProgramFiles(x86)", COMMON[1]),
        ("CommonProgramW6432", COMMON[0]),
        ("COMPUTERNAME", gate::names::COMPUTER),
        ("ComSpec", "C:\\Windows\\System32\\cmd.exe"),
        ("HOMEDRIVE", "C:"),
        ("HOMEPATH", "\\Users\\user"),
        ("LOCALAPPDATA", "C:\\Users\\user\\AppData\\Local"),
        ("NUMBER_OF_PROCESSORS", processors.as_str()),
        ("OS", "Windows_NT"),
        ("PATH", "C:\\Windows\\System32;C:\\Windows"),
        ("PATHEXT", ".COM;.EXE;.BAT;.CMD"),
        ("PROCESSOR_ARCHITECTURE", ["AMD64", "x86"][own]),
        ("ProgramData", "C:\\ProgramData"),
        ("ProgramFiles", PROGRAMS[own]),
        ("ProgramFiles(x86)", PROGRAMS[1]),
        ("ProgramW6432", PROGRAMS[0]),
        ("PUBLIC", "C:\\Users\\Public"),
        ("SystemDrive", "C:"),
        ("SystemRoot", "C:\\Windows"),
        ("TEMP", "C:\\Users\\user\\AppData\\Local\\Temp"),
        ("TMP", "C:\\Users\\user\\AppData\\Local\\Temp"),
        ("USERDOMAIN", gate::names::COMPUTER),
        ("USERNAME", USER),
        ("USERPROFILE", "C:\\Users\\user"),
        ("windir", "C:\\Windows"),
    ];
    // Sorted as Windows sorts them; where two differ by case alone, the user's counts.
    let native = narrow.then_some(("PROCESSOR_ARCHITEW6432", "AMD64"));
    let extra = extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let folded = |name: &str| name.encode_utf16().map(store::upcase).collect::<Vec<u16>>();
    let variables: BTreeMap<Vec<u16>, (&str, &str)> = base.into_iter().chain(native).chain(extra).map(|row| (folded(row.0), row)).collect();
    let mut block: Vec<u16> = Vec::with_capacity(1024);
    for (name, value) in variables.values() {
        block.extend([name, "=", value, "\0"].into_iter().flat_map(str::encode_utf16));
    }
    block.push(0);
    block
}

/// Gives the standard streams their handles.
fn enter_streams(process: &Process, present: [bool; 3], streams: &[OwnedFd]) -> Result<[Option<Standard>; 3], Refused> {
    let mut streams = streams.iter();
    let mut standard = [None; 3];
    for (index, present) in present.into_iter().enumerate() {
        let Some(stream) = streams.next().filter(|_| present) else { continue };
        let device = device(stream.as_fd(), index == 0);
        let ours = if device.is_console() || device == Device::Disk { stream.try_clone().ok() } else { None };
        let theirs = ours.as_ref().filter(|_| device.is_console()).and_then(|ours| ours.try_clone().ok());
        process.terminals.lock().unwrap_or_else(PoisonError::into_inner)[index] = theirs;
        let access = if index == 0 { FILE_GENERIC_READ } else { FILE_GENERIC_WRITE };
        let object = Arc::new(FileObject::plain(device, ours.map(Arc::new)));
        let handle = Handle { object: Object::File(object), access, flags: 0 };
        let handle = process.handles.lock().unwrap_or_else(PoisonError::into_inner).insert(handle);
        let handle = handle.map_err(|_| Refused::broken("the standard streams found no handle"))?;
        standard[index] = Some(Standard { handle, device: device as u32 });
    }
    Ok(standard)
}

/// What a stream of the shell's is.
fn device(stream: BorrowedFd<'_>, input: bool) -> Device {
    let Ok(facts) = fstat(stream) else { return Device::Character };
    match FileType::from_raw_mode(facts.st_mode) {
        FileType::RegularFile => Device::Disk,
        FileType::Fifo | FileType::Socket => Device::Pipe,
        FileType::CharacterDevice if isatty(stream) && input => Device::ConsoleInput,
        FileType::CharacterDevice if isatty(stream) => Device::ConsoleOutput,
        FileType::CharacterDevice if (rustix::fs::major(facts.st_rdev), rustix::fs::minor(facts.st_rdev)) == (1, 3) => Device::Null,
        _ => Device::Character,
    }
}

/// How many time stamps make a microsecond; measured only where calls are timed.
fn stamps_per_microsecond(wanted: bool) -> u32 {
    if !wanted {
        return 0;
    }
    let (start, clock) = (jail::time_stamp(), std::time::Instant::now());
    while clock.elapsed().as_micros() < 1000 {
        std::hint::spin_loop();
    }
    u32::try_from((jail::time_stamp() - start) / 1000).unwrap_or(u32::MAX).max(1)
}

/// Opens a gate when it is dropped: also where the thread that would open it cannot be had.
struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Makes the channel and the boot socket, and starts the process.
fn spawn(
    sandbox: &Arc<Sandbox>,
    process: &Arc<Process>,
    start: &Start,
    run: &Run,
    program: &OwnedFd,
    streams: &[OwnedFd],
    (wanted, narrow): (Layers, bool),
) -> Result<Launched, Refused> {
    let broken = |error: rustix::io::Errno| Refused::host("the process could not be started", error);
    let (server, memory, channel_socket) = channel::pair().map_err(broken)?;
    let bytes = start.encode();
    if bytes.len() > protocol::PAYLOAD {
        return Err(Refused::broken("the arguments and the environment are too long for a Windows program"));
    }
    server.put_start(&bytes);
    let (boot_theirs, boot) = socket::boot().map_err(broken)?;
    let mut descriptors: [Option<BorrowedFd<'_>>; descriptor::END as usize] = [None; descriptor::END as usize];
    let mut given = streams.iter();
    for (slot, present) in descriptors.iter_mut().zip(run.streams) {
        *slot = if present { given.next().map(AsFd::as_fd) } else { None };
    }
    for (number, source) in [
        (descriptor::CHANNEL, memory.as_fd()),
        (descriptor::SOCKET, channel_socket.as_fd()),
        (descriptor::BOOT, boot_theirs.as_fd()),
        (descriptor::SYSTEM, if narrow { sandbox.files.system32.as_fd() } else { sandbox.files.system64.as_fd() }),
        (descriptor::PROGRAM, program.as_fd()),
        (descriptor::SHARED_DATA, sandbox.clock.shared.as_fd()),
        (descriptor::TELEMETRY, process.telemetry.as_fd()),
        (descriptor::RECORDS, sandbox.records.shared.as_fd()),
    ] {
        descriptors[number as usize] = Some(source);
    }
    sandbox.enter(process.id, Arc::clone(process) as Arc<dyn Member>);
    // Done while the namespaces are made, and before the program runs.
    let gate = Arc::new(Gate::default());
    let (opens, prepared) = (Opens(Arc::clone(&gate)), Arc::clone(sandbox));
    service::start(process, server, move || {
        prepared.prepare();
        drop(opens);
    });
    let spawn = Spawn {
        executable: sandbox.files.runtime.as_fd(),
        arguments: &[c"win-compat-sandbox"],
        descriptors: &descriptors,
        layers: wanted,
        required: Layers::from_bits(run.required_layers),
        limits: Limits::standard(),
        after: Some(&gate),
    };
    let child = spawn.start().map_err(|error| {
        process.close_channels();
        sandbox.leave(process.id);
        Refused::broken(match error.missing {
            Some(layer) => format!("this host lacks the layer `{}` of the jail, which is required", layer.name()),
            None => format!("the process could not be started: {}: {}", error.step, plain(&error.error)),
        })
    })?;
    match child.descriptor.try_clone() {
        Ok(host) => process.set_host(host),
        Err(error) => {
            // Nobody could end it any more: it ends now.
            process.set_noted();
            let _ = rustix::process::pidfd_send_signal(&child.descriptor, rustix::process::Signal::KILL);
            return Err(Refused::host("a descriptor could not be had", error));
        }
    }
    Ok(Launched { process: Arc::clone(process), child, boot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_survive_the_command_line() {
        for (argument, quoted) in [
            ("plain", "plain"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a\"b", "\"a\\\"b\""),
            ("a\\\"b", "\"a\\\\\\\"b\""),
            ("ends in \\", "\"ends in \\\\\""),
            ("C:\\x\\", "C:\\x\\"),
        ] {
            let mut line = String::new();
            quote(argument, &mut line);
            assert_eq!(line, quoted, "{argument:?}");
        }
    }

    #[test]
    fn variables_are_sorted_and_the_users_win() {
        let block = String::from_utf16(&environment(&[("path".into(), "X".into()), ("A".into(), "1".into())], false)).unwrap();
        assert!(block.starts_with("A=1\0ALLUSERSPROFILE="));
        assert!(block.contains("\0path=X\0") && !block.contains("\0PATH="));
        assert!(block.ends_with("\0\0"));
        // Windows' upper case is one unit for each: these are two names.
        let block = String::from_utf16(&environment(&[("ß".into(), "1".into()), ("SS".into(), "2".into())], false)).unwrap();
        assert!(block.contains("\0SS=2\0") && block.contains("\0ß=1\0"));
    }
}
