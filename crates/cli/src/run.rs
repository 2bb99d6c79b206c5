//! `win-compat run`.

use crate::arguments::RunArguments;
use crate::sandbox;
use crate::signals::Signals;
use crate::terminals::Terminals;
use broker::plain;
use broker::policy::{self, Access, Grant, Policy};
use broker::wire::{Answer, Ended, Run, Say, Signal, receive, send, send_streams};
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGWINCH};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use terminal::{Mode, shown};

/// The exit code after a crash.
const CRASHED: u8 = 139;
/// The exit code where the broker was lost.
const BROKEN: u8 = 125;

/// Runs a program; answers the exit code, or one sentence.
pub fn run(arguments: &RunArguments) -> Result<u8, String> {
    if let Some(flag) = arguments.planned.given() {
        return Err(format!("{flag} is not there yet"));
    }
    jail::host()?;
    let policy = policy(arguments)?;
    let run = request(arguments, &policy)?;
    let stream = sandbox::connect(arguments.sandbox.as_deref(), &policy)?;
    let lost = |_| String::from(sandbox::GONE);
    if arguments.sandbox.is_some() {
        sandbox::greet(&stream)?;
    }
    let present = present_streams();
    let (terminals, stand_ins) = Terminals::new(present).map_err(|error| format!("the terminal: {}", plain(&error)))?;
    let streams = present.iter().zip(&stand_ins);
    let streams: Vec<BorrowedFd<'_>> = streams.filter_map(|(stream, stand_in)| stand_in.as_ref().map(AsFd::as_fd).or(*stream)).collect();
    send(&stream, &Say::Run(Box::new(Run { streams: present.map(|stream| stream.is_some()), ..run }))).map_err(lost)?;
    send_streams(&stream, &streams).map_err(lost)?;
    drop(stand_ins);
    attend(&stream, terminals)
}

/// The policy: the file's, widened or narrowed by the flags.
fn policy(arguments: &RunArguments) -> Result<Policy, String> {
    let mut policy = match &arguments.policy {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {}", path.display(), plain(&error)))?;
            policy::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => Policy::default(),
    };
    for (folders, access) in [(&arguments.ro, Access::Read), (&arguments.rw, Access::Write), (&arguments.overlay, Access::Overlay)] {
        policy.grants.extend(folders.iter().map(|folder| Grant { folder: folder.clone(), access }));
    }
    policy.drives.extend(arguments.drive.iter().cloned());
    for folder in policy.grants.iter_mut().map(|grant| &mut grant.folder).chain(policy.drives.iter_mut().map(|drive| &mut drive.folder)) {
        *folder = sayable(absolute(folder)?)?;
    }
    policy.strict_imports |= arguments.strict_imports;
    policy.quota_bytes = arguments.quota_bytes.or(policy.quota_bytes);
    policy.quota_objects = arguments.quota_objects.or(policy.quota_objects);
    Ok(policy)
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {}", path.display(), plain(&error)))
}

/// A path that Windows programs can be told of.
fn sayable(path: PathBuf) -> Result<PathBuf, String> {
    let says = path.to_str().is_some();
    if says { Ok(path) } else { Err(format!("{}: Windows has no way to say this name (it is not UTF-8)", path.display())) }
}

fn request(arguments: &RunArguments, policy: &Policy) -> Result<Run, String> {
    let (program, rest) = arguments.program.split_first().ok_or("which program?")?;
    let program = Path::new(program);
    let program = match program.canonicalize() {
        Ok(found) => sayable(found)?,
        Err(_) if is_inside(program) => program.to_owned(),
        Err(_) => sayable(absolute(program)?)?,
    };
    let folder = match &arguments.cwd {
        Some(folder) => sayable(folder.canonicalize().map_err(|error| format!("--cwd {}: {}", folder.display(), plain(&error)))?)?,
        // A folder that programs cannot be told of is none that they could be granted.
        None => sayable(std::env::current_dir().map_err(|error| format!("the current folder: {}", plain(&error)))?).unwrap_or("/".into()),
    };
    Ok(Run {
        program,
        arguments: rest.iter().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        folder,
        grants: policy.grants.clone(),
        drives: policy.drives.clone(),
        strict_imports: policy.strict_imports,
        per_call: policy.per_call,
        environment: arguments.env.clone(),
        without_layers: arguments.without.unwrap_or_default().bits(),
        required_layers: arguments.require.unwrap_or_default().bits(),
        streams: [false; 3],
    })
}

/// Whether a path says where programs see a file: on a drive.
fn is_inside(path: &Path) -> bool {
    matches!(path.to_str().map(str::as_bytes), Some([letter, b':', b'\\' | b'/', ..]) if letter.is_ascii_alphabetic())
}

/// The standard streams that are open.
fn present_streams() -> [Option<BorrowedFd<'static>>; 3] {
    let open = |stream: BorrowedFd<'static>| rustix::fs::fcntl_getfl(stream).is_ok().then_some(stream);
    [open(rustix::stdio::stdin()), open(rustix::stdio::stdout()), open(rustix::stdio::stderr())]
}

/// Attends a run to its end.
fn attend(stream: &UnixStream, mut terminals: Terminals) -> Result<u8, String> {
    let mut ending = None;
    // Caught until the process ends: giving back the handlers one by one would only make its user wait.
    let mut signals = ManuallyDrop::new(Signals::new().map_err(|error| plain(&error))?);
    loop {
        // A run that was told to end reads no more, and does not stop for what it could read.
        let ends = |ending| matches!(ending, Some(SIGTERM | SIGHUP));
        let typed = terminals.input().filter(|_| !ends(ending));
        let mut descriptors = vec![PollFd::new(stream, PollFlags::IN), PollFd::from_borrowed_fd(signals.descriptor(), PollFlags::IN)];
        descriptors.extend(typed.map(|typed| PollFd::from_borrowed_fd(typed, PollFlags::IN)));
        let _ = poll(&mut descriptors, None);
        let ready: Vec<bool> = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty()).collect();
        let (from_broker, signal, typed) = (ready[0], ready[1], ready.get(2) == Some(&true));
        if signal {
            for number in signals.take() {
                ending = Some(number).filter(|number| [SIGINT, SIGQUIT, SIGTERM, SIGHUP].contains(number)).or(ending);
                pass_on(stream, &mut terminals, number);
            }
        } else if typed && terminals.may_read() {
            terminals.pass_input();
        } else if typed {
            pass_on(stream, &mut terminals, SIGTTIN);
            // Whoever let it go on may have told it to end as well, which comes first.
            continue;
        }
        if !from_broker {
            continue;
        }
        match receive::<Answer>(stream) {
            Ok(Answer::Welcome { .. } | Answer::Stopped { .. }) => {}
            Ok(Answer::TerminalMode { lines, echo, interrupts }) => {
                terminals.set_mode(Mode { lines, echo, interrupts });
                let _ = send(stream, &Say::TerminalSet);
            }
            Ok(Answer::TerminalInput) => {
                terminals.want_input();
                if !terminals.may_read() && !ends(ending) {
                    pass_on(stream, &mut terminals, SIGTTIN);
                }
            }
            Ok(Answer::DebugText(text)) => {
                for line in text.lines() {
                    eprintln!("win-compat: debug: {}", shown(line));
                }
            }
            Ok(Answer::Ended(ended)) => {
                terminals.finish();
                let code = tell_end(&ended);
                if let Some(number) = ending.filter(|number| is_end_by(*number, ended.code)) {
                    // A shell must see that the signal ended the run: it ends its loops then.
                    let _ = signal_hook::low_level::emulate_default_handler(number);
                }
                return Ok(code);
            }
            Ok(Answer::Failed { code, sentence, missing }) => {
                eprintln!("win-compat: {}", shown(&sentence));
                for name in missing {
                    eprintln!("  {}", shown(&name));
                }
                return Ok(code);
            }
            Err(_) => {
                eprintln!("win-compat: the broker has gone, and the program with it");
                return Ok(BROKEN);
            }
        }
    }
}

fn pass_on(stream: &UnixStream, terminals: &mut Terminals, number: i32) {
    let signal = match number {
        SIGINT => Signal::Interrupt,
        SIGQUIT => Signal::Break,
        SIGTERM | SIGHUP => Signal::Terminate,
        SIGTSTP | SIGTTIN => Signal::Stop,
        SIGCONT => Signal::Continue,
        SIGWINCH => return terminals.resize(),
        _ => return,
    };
    let _ = send(stream, &Say::Signal(signal));
    match signal {
        // The processes stop first; then this one, as the shell expects.
        Signal::Stop => {
            terminals.stop();
            let _ = signal_hook::low_level::emulate_default_handler(number);
        }
        Signal::Continue => terminals.go_on(),
        Signal::Interrupt | Signal::Break | Signal::Terminate => {}
    }
}

/// Whether a program's exit code is that of one which a signal ended.
fn is_end_by(number: i32, code: u32) -> bool {
    const STATUS_CONTROL_C_EXIT: u32 = 0xC000_013A;
    const TERMINATED: u32 = 1;
    code == if matches!(number, SIGINT | SIGQUIT) { STATUS_CONTROL_C_EXIT } else { TERMINATED }
}

/// Says how the program ended, as far as its user must know; answers the exit code.
fn tell_end(ended: &Ended) -> u8 {
    for file in &ended.not_granted {
        eprintln!(
            "win-compat: the program asked for {}, which is not granted; {} would grant it",
            shown(&file.path.to_string_lossy()),
            shown(&file.flag)
        );
    }
    if let Some(crash) = &ended.crash {
        eprintln!("win-compat: the program crashed: {} (exit code {:#010x})", shown(crash), ended.code);
        return CRASHED;
    }
    match ended.code & 0xFF {
        0 if ended.code != 0 => 1,
        code => code as u8,
    }
}
