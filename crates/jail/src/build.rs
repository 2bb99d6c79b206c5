//! Compiles the rules into a BPF program, once for all processes.
//!
//! The numbers are searched by halves: the kernel runs the program for every number there is when it is installed (to
//! remember those that are always allowed), and again at each call whose arguments matter.

#[allow(dead_code, reason = "the crate reads the rest")]
#[path = "rules.rs"]
mod rules;

use rules::{Must, OWN_PROCESS_STAND_IN, QUIETLY_REFUSED, RULES};

/// An instruction: code, jump if true, jump if false, constant.
type Instruction = (u16, u8, u8, u32);

/// What is done about a run of numbers.
#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Allow,
    /// The broker is told, and answers.
    Tell,
    Refuse,
    Check(u8, Must),
}

// linux/bpf_common.h
const LOAD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_NOT_LESS: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
// struct seccomp_data of linux/seccomp.h
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;
// linux/audit.h
const AUDIT_ARCH_X86_64: u32 = 0xC000_003E;

const ALLOW: Instruction = (RETURN, 0, 0, libc::SECCOMP_RET_ALLOW);
const TELL: Instruction = (RETURN, 0, 0, libc::SECCOMP_RET_USER_NOTIF);
const REFUSE: Instruction = (RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32);

fn main() {
    println!("cargo::rerun-if-changed=src/rules.rs");
    // Calls by another architecture's numbers (int 0x80) are forbidden calls as all others.
    let mut program = vec![(LOAD, 0, 0, ARCHITECTURE), (JUMP_EQUAL, 1, 0, AUDIT_ARCH_X86_64), TELL, (LOAD, 0, 0, NUMBER)];
    program.extend(search(&runs()));
    let rows = program.iter().map(|row| format!("{row:?},\n")).collect::<String>();
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(format!("{folder}/filter.rs"), format!("&[\n{rows}]")).expect("the build folder is writable");
}

/// All numbers as runs, each by its first number; neighbours differ.
fn runs() -> Vec<(u32, Verdict)> {
    let verdict = |argument: Option<(u8, Must)>| argument.map_or(Verdict::Allow, |(index, must)| Verdict::Check(index, must));
    let mut known: Vec<(u32, Verdict)> = RULES.iter().map(|rule| (number(rule.number), verdict(rule.argument))).collect();
    known.extend(QUIETLY_REFUSED.iter().map(|refused| (number(*refused), Verdict::Refuse)));
    known.sort_by_key(|(number, _)| *number);
    assert!(known.is_sorted_by(|one, next| one.0 < next.0), "a system call has two rules");
    let mut runs = Vec::new();
    let mut next = 0;
    for (number, verdict) in known {
        if number > next {
            runs.push((next, Verdict::Tell));
        }
        runs.push((number, verdict));
        next = number + 1;
    }
    runs.push((next, Verdict::Tell));
    runs.dedup_by(|one, before| one.1 == before.1);
    runs
}

fn number(number: i64) -> u32 {
    u32::try_from(number).expect("a system call's number")
}

/// The search for a number's run; the number is loaded.
fn search(runs: &[(u32, Verdict)]) -> Vec<Instruction> {
    if let [(_, verdict)] = runs {
        return decide(*verdict);
    }
    let (below, above) = runs.split_at(runs.len() / 2);
    let (left, right) = (search(below), search(above));
    let over = u8::try_from(left.len()).expect("a jump reaches 255 instructions");
    [vec![(JUMP_NOT_LESS, over, 0, above[0].0)], left, right].concat()
}

fn decide(verdict: Verdict) -> Vec<Instruction> {
    let (index, must) = match verdict {
        Verdict::Allow => return vec![ALLOW],
        Verdict::Tell => return vec![TELL],
        Verdict::Refuse => return vec![REFUSE],
        Verdict::Check(index, must) => (index, must),
    };
    // Descriptors, flags and numbers are 32 bits wide; the kernel ignores the rest of the register for them too.
    let load = (LOAD, 0, 0, ARGUMENTS + 8 * u32::from(index));
    let narrow = |value: u64| u32::try_from(value).expect("a rule's value has 32 bits");
    let any = |values: &[u32]| {
        let compare = values.iter().enumerate().map(|(at, value)| (JUMP_EQUAL, (values.len() - at) as u8, 0, *value));
        [vec![load], compare.collect(), vec![TELL, ALLOW]].concat()
    };
    match must {
        Must::Equal(value) => any(&[narrow(value)]),
        Must::OneOf(values) => any(&values.iter().map(|value| narrow(*value)).collect::<Vec<_>>()),
        Must::OwnProcess => any(&[OWN_PROCESS_STAND_IN]),
        Must::Lack(bits) => vec![load, (JUMP_ANY_BIT, 1, 0, narrow(bits)), ALLOW, TELL],
        Must::Differ(value) => vec![load, (JUMP_EQUAL, 1, 0, narrow(value)), ALLOW, TELL],
    }
}
