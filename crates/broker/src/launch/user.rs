//! A program that the user starts: from a path of the host, with the shell's streams.

use super::program::{Refused, is_32_bit, open_inside, open_program};
use crate::audit::{Event, Kind, Outcome, Trust};
use crate::drive::USER;
use crate::handle::{Handle, Heritage, Object, Table};
use crate::life::Life;
use crate::namespace::Namespace;
use crate::object::FileObject;
use crate::plan::Plan;
use crate::sandbox::Sandbox;
use crate::session::Session;
use crate::terms::Terms;
use crate::wire::Run;
use gate::file::Device;
use protocol::start::{Parameters, Standard};
use rustix::fs::{FileType, fstat};
use rustix::termios::isatty;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use store::Metadata;
use windows_sys::Wdk::Storage::FileSystem::FILE_SYNCHRONOUS_IO_NONALERT;
use windows_sys::Win32::Foundation::HANDLE_FLAG_INHERIT;
use windows_sys::Win32::Storage::FileSystem::{FILE_GENERIC_READ, FILE_GENERIC_WRITE};

/// What a program of the user's is started with.
pub fn plan(sandbox: &Arc<Sandbox>, session: &Arc<Session>, run: &Run, streams: Vec<OwnedFd>) -> Result<Plan, Refused> {
    let mut namespace = Namespace::new(Arc::clone(&sandbox.drive), Arc::clone(&sandbox.system));
    for grant in &run.grants {
        let folder = namespace.grant(&grant.folder, grant.access, &sandbox.overlays).map_err(Refused::broken)?;
        let event = Event { extra: [grant.access.number(), 0, 0], ..Event::default() };
        sandbox.log.note(Kind::Grant, Trust::Evidence, Outcome::Ok, &folder.display().to_string(), event);
    }
    for drive in &run.drives {
        namespace.show_drive(drive.letter, &drive.folder).map_err(Refused::broken)?;
    }
    let (program, shown) = match run.program.to_str().filter(|_| run.program.is_relative()) {
        Some(inside) => open_inside(&namespace, inside)?,
        None => {
            let program = open_program(&run.program)?;
            let shown = namespace.show_program(&run.program);
            (program, shown.ok_or_else(|| Refused::broken(format!("{}: Windows has no way to say this path", run.program.display())))?)
        }
    };
    let narrow = is_32_bit(&program);
    let mut handles = Table::default();
    let (mut born, mut terminals) = ([const { None }; 3], [const { None }; 3]);
    let mut streams = streams.into_iter();
    for (index, _) in run.streams.into_iter().enumerate().filter(|(_, present)| *present) {
        let Some(stream) = streams.next() else { continue };
        let (standard, terminal) = enter_stream(&mut handles, &stream, index)?;
        terminals[index] = terminal;
        born[index] = Some((stream, standard));
    }
    let on_console = terminals.iter().any(Option::is_some);
    let parameters = Parameters {
        command_line: command_line(&shown, &run.arguments),
        directory: working_folder(&namespace, &run.folder),
        environment: environment(&run.environment, narrow),
        title: shown.clone(),
        console: on_console.into(),
        standard: born.each_ref().map(|born| born.as_ref().map_or(0, |(_, standard)| standard.handle)),
        program: shown.clone(),
        ..Parameters::default()
    };
    let no_room = || Refused::broken("the sandbox has no room for another process");
    let berth = sandbox.berth().ok_or_else(no_room)?;
    let terms = Terms {
        namespace: Arc::new(namespace),
        session: Arc::clone(session),
        strict_imports: run.strict_imports,
        per_call: run.per_call,
        without_layers: run.without_layers,
        required_layers: run.required_layers,
        had_layers: Default::default(),
        refused: Default::default(),
    };
    let life = Arc::new(Life::new(berth.id, 0, berth.thread(), shown, narrow, false));
    sandbox.dispatcher.begin(&life).map_err(|_| no_room())?;
    let keeper = Arc::clone(sandbox);
    Ok(Plan {
        berth,
        life,
        shown: run.program.display().to_string(),
        file: Metadata::of(&program).ok().map(|metadata| (metadata.device, metadata.id)),
        program,
        terms: Arc::new(terms),
        parameters,
        handles: Heritage::new(handles, move |handle| keeper.let_go(handle)),
        terminals,
        born,
        inherited: Vec::new(),
        suspended: false,
        ignores_control: false,
    })
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
    let folded = |name: &str| store::fold(&name.encode_utf16().collect::<Vec<u16>>());
    let variables: BTreeMap<Box<[u16]>, (&str, &str)> = base.into_iter().chain(native).chain(extra).map(|row| (folded(row.0), row)).collect();
    let mut block: Vec<u16> = Vec::with_capacity(1024);
    for (name, value) in variables.values() {
        block.extend([name, "=", value, "\0"].into_iter().flat_map(str::encode_utf16));
    }
    block.push(0);
    block
}

/// What a standard stream of the user's is to the process: the handle that it gets, and whether it is a terminal.
fn enter_stream(handles: &mut Table, stream: &OwnedFd, index: usize) -> Result<(Standard, Option<OwnedFd>), Refused> {
    let device = device(stream.as_fd(), index == 0);
    // The broker keeps its own, for children that inherit it.
    let ours = stream.try_clone().map_err(|error| Refused::host("a descriptor could not be had", error))?;
    let terminal = if device.is_console() { ours.try_clone().ok() } else { None };
    let access = if index == 0 { FILE_GENERIC_READ } else { FILE_GENERIC_WRITE };
    let object = Arc::new(FileObject { mode: FILE_SYNCHRONOUS_IO_NONALERT, ..FileObject::plain(device, Some(Arc::new(ours))) });
    let handle = handles.insert(Handle { object: Object::File(object), access, flags: HANDLE_FLAG_INHERIT });
    let handle = handle.map_err(|_| Refused::broken("the standard streams found no handle"))?;
    Ok((Standard { handle, device: device as u32 }, terminal))
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
