//! `win-compat run`.

use crate::arguments::RunArguments;
use crate::sandbox;
use crate::signals::Signals;
use broker::plain;
use broker::policy::{self, Grant, Policy};
use broker::wire::{Answer, Ended, Run, Say, Signal, VERSION, receive, send, send_streams};
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

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
    let lost = |_| String::from("the broker has gone");
    send(&stream, &Say::Hello { version: VERSION }).map_err(lost)?;
    let present = present_streams();
    let streams: Vec<BorrowedFd<'_>> = present.iter().flatten().copied().collect();
    send(&stream, &Say::Run(Box::new(Run { streams: present.map(|stream| stream.is_some()), ..run }))).map_err(lost)?;
    send_streams(&stream, &streams).map_err(lost)?;
    attend(&stream)
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
    let grant = |write| move |folder: &PathBuf| Grant { folder: folder.clone(), write };
    policy.grants.extend(arguments.ro.iter().map(grant(false)).chain(arguments.rw.iter().map(grant(true))));
    policy.strict_imports |= arguments.strict_imports;
    Ok(policy)
}

fn request(arguments: &RunArguments, policy: &Policy) -> Result<Run, String> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| format!("{}: {}", path.display(), plain(&error)));
    let program = arguments.program.canonicalize().or_else(|_| absolute(&arguments.program))?;
    let folder = match &arguments.cwd {
        Some(folder) => folder.canonicalize().map_err(|error| format!("--cwd {}: {}", folder.display(), plain(&error)))?,
        None => std::env::current_dir().map_err(|error| format!("the current folder: {}", plain(&error)))?,
    };
    let grants =
        policy.grants.iter().map(|grant| Ok(Grant { folder: absolute(&grant.folder)?, write: grant.write })).collect::<Result<_, String>>()?;
    Ok(Run {
        program,
        arguments: arguments.arguments.clone(),
        folder,
        grants,
        strict_imports: policy.strict_imports,
        per_call: policy.per_call,
        environment: arguments.env.clone(),
        without_layers: arguments.without.unwrap_or_default().bits(),
        required_layers: arguments.require.unwrap_or_default().bits(),
        streams: [false; 3],
    })
}

/// The standard streams that are open.
fn present_streams() -> [Option<BorrowedFd<'static>>; 3] {
    let open = |stream: BorrowedFd<'static>| rustix::fs::fcntl_getfl(stream).is_ok().then_some(stream);
    [open(rustix::stdio::stdin()), open(rustix::stdio::stdout()), open(rustix::stdio::stderr())]
}

/// Attends a run to its end.
fn attend(stream: &UnixStream) -> Result<u8, String> {
    let mut signals = Signals::new().map_err(|error| plain(&error))?;
    loop {
        let mut descriptors = [PollFd::new(stream, PollFlags::IN), PollFd::from_borrowed_fd(signals.descriptor(), PollFlags::IN)];
        let _ = poll(&mut descriptors, None);
        let [from_broker, signal] = descriptors.map(|descriptor| !descriptor.revents().is_empty());
        if signal {
            for number in signals.take() {
                pass_on(stream, number);
            }
        }
        if !from_broker {
            continue;
        }
        match receive::<Answer>(stream) {
            Ok(Answer::Welcome { version }) if version != VERSION => {
                return Err(format!("the sandbox's broker is of another version ({version}, not {VERSION}); end its programs first"));
            }
            Ok(Answer::Welcome { .. } | Answer::Started { .. } | Answer::Terminal { .. }) => {}
            Ok(Answer::DebugText(text)) => eprintln!("win-compat: debug: {}", text.trim_end()),
            Ok(Answer::Ended(ended)) => return Ok(tell_end(&ended)),
            Ok(Answer::Failed { code, sentence, missing }) => {
                eprintln!("win-compat: {sentence}");
                for name in missing {
                    eprintln!("  {name}");
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

fn pass_on(stream: &UnixStream, number: i32) {
    let signal = match number {
        SIGINT => Signal::Interrupt,
        SIGQUIT => Signal::Break,
        SIGTERM | SIGHUP => Signal::Terminate,
        SIGTSTP => Signal::Stop,
        SIGCONT => Signal::Continue,
        _ => return,
    };
    let _ = send(stream, &Say::Signal(signal));
    if number == SIGTSTP {
        // The processes stop first; then this one, as the shell expects.
        let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
    }
}

/// Says how the program ended, as far as its user must know; answers the exit code.
fn tell_end(ended: &Ended) -> u8 {
    for file in &ended.not_granted {
        eprintln!("win-compat: the program asked for {}, which is not granted; {} would grant it", file.path.display(), file.flag);
    }
    if let Some(crash) = &ended.crash {
        eprintln!("win-compat: the program crashed: {crash} (exit code {:#010x})", ended.code);
        return CRASHED;
    }
    match ended.code & 0xFF {
        0 if ended.code != 0 => 1,
        code => code as u8,
    }
}
