//! Compiles the rules into a BPF program, once for all processes.

#[allow(dead_code, reason = "the crate reads the rest")]
#[path = "rules.rs"]
mod rules;

use rules::{Must, QUIETLY_REFUSED, RULES};
use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, sock_filter};
use std::collections::BTreeMap;

/// Stand-ins that the compiler's library has words for: what they stand for is put in afterwards.
const NOTIFY_STAND_IN: SeccompAction = SeccompAction::Trace(0x77);
const OWN_PROCESS_STAND_IN: u64 = 0x5AFE_C0DE;

fn main() {
    println!("cargo::rerun-if-changed=src/rules.rs");
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in RULES {
        let alternatives = match rule.argument {
            None => vec![],
            Some((index, must)) => match must {
                Must::Equal(value) => vec![compare(index, SeccompCmpOp::Eq, value)],
                Must::Lack(bits) => vec![compare_masked(index, bits)],
                Must::Differ(value) => vec![compare(index, SeccompCmpOp::Ne, value)],
                Must::OneOf(values) => values.iter().map(|value| compare(index, SeccompCmpOp::Eq, *value)).collect(),
                Must::OwnProcess => vec![compare(index, SeccompCmpOp::Eq, OWN_PROCESS_STAND_IN)],
            },
        };
        rules.insert(rule.number, alternatives);
    }
    let filter = SeccompFilter::new(rules, NOTIFY_STAND_IN, SeccompAction::Allow, TargetArch::x86_64).expect("the rules are well formed");
    let mut program: BpfProgram = filter.try_into().expect("the rules compile");
    for instruction in &mut program {
        // Calls by another architecture's numbers (int 0x80) are killed by the compiler's own choice; here they are
        // forbidden calls as all others.
        let returns = [u32::from(NOTIFY_STAND_IN), libc::SECCOMP_RET_KILL_PROCESS];
        if instruction.code == RETURN && returns.contains(&instruction.k) {
            instruction.k = libc::SECCOMP_RET_USER_NOTIF;
        }
    }
    let quiet = QUIETLY_REFUSED.iter().flat_map(|number| refuse(*number));
    // Behind the check of the architecture, which the compiler puts first: load, compare, kill, load the number.
    let program: Vec<sock_filter> = program[..3].iter().cloned().chain(quiet).chain(program[3..].iter().cloned()).collect();
    let rows = program.iter().map(|row| format!("({}, {}, {}, {}),\n", row.code, row.jt, row.jf, row.k)).collect::<String>();
    let folder = std::env::var("OUT_DIR").expect("cargo sets it");
    std::fs::write(format!("{folder}/filter.rs"), format!("&[\n{rows}]")).expect("the build folder is writable");
}

fn compare(index: u8, operation: SeccompCmpOp, value: u64) -> SeccompRule {
    // Descriptors, flags and numbers are 32 bits wide; the kernel ignores the rest of the register for them too.
    let width = if value >> 32 == 0 { SeccompCmpArgLen::Dword } else { SeccompCmpArgLen::Qword };
    SeccompRule::new(vec![SeccompCondition::new(index, width, operation, value).expect("an argument's index")]).expect("one condition")
}

/// None of these bits.
fn compare_masked(index: u8, bits: u64) -> SeccompRule {
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), 0);
    SeccompRule::new(vec![condition.expect("an argument's index")]).expect("one condition")
}

const LOAD_NUMBER: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

fn refuse(number: i64) -> [sock_filter; 3] {
    [
        sock_filter { code: LOAD_NUMBER, jt: 0, jf: 0, k: 0 },
        sock_filter { code: JUMP_EQUAL, jt: 0, jf: 1, k: number as u32 },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32 },
    ]
}
