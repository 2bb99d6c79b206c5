//! 32-bit programs: those that run, and what they can try that 64-bit ones cannot.

use crate::attack::Attack;
use runs::home::outcome;
use runs::{Home, guest};

/// The smallest program prints and ends.
#[test]
fn a_32_bit_program_runs() {
    let home = Home::new();
    let outcome = home.run(&[], "32/hello", &[]);
    assert_eq!((outcome.code, outcome.out.as_str(), outcome.err.as_str()), (0, "Hello, world!\r\n", ""), "{outcome:?}");
    home.ends();
}

/// A program whose headers were changed.
fn changed(change: impl FnOnce(&mut [u8], usize)) -> Vec<u8> {
    let mut bytes = std::fs::read(guest("32/hello")).expect("it was built");
    let signature = u32::from_le_bytes(bytes[0x3C..0x40].try_into().expect("four bytes")) as usize;
    change(&mut bytes, signature);
    bytes
}

const CHARACTERISTICS: usize = 22;
const IMAGE_BASE: usize = 24 + 28;
const SIZE_OF_IMAGE: usize = 24 + 56;

fn set(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Runs a program that cannot be loaded; answers what is said of it.
fn refused(name: &str, program: Vec<u8>) -> String {
    let home = Home::new();
    let file = home.write(name, program);
    let outcome = outcome(home.command(&["run", "--yes", "--", &file.display().to_string()]), b"");
    assert!(matches!(outcome.code, 125 | 126) && outcome.out.is_empty(), "{outcome:?}");
    home.ends();
    outcome.err
}

/// An image that has lost its relocations goes to its own place or nowhere; that may be taken, or above what it says it takes.
#[test]
fn images_without_relocations_keep_their_place() {
    for base in [0x7FFE_0000, 0x9000_0000] {
        let program = changed(|bytes, signature| {
            bytes[signature + CHARACTERISTICS] = bytes[signature + CHARACTERISTICS] & !0x20 | 1;
            set(bytes, signature + IMAGE_BASE, base);
        });
        let said = refused("stripped.exe", program);
        assert!(said.contains("0xc0000018"), "{base:#x}: {said}");
    }
}

/// What has no room below 4 GiB is refused.
#[test]
fn images_larger_than_the_address_space() {
    let program = changed(|bytes, signature| set(bytes, signature + SIZE_OF_IMAGE, 0xF000_0000));
    let said = refused("huge.exe", program);
    assert!(!said.is_empty());
}

/// The host's calls are refused and told of, whichever way 32-bit code makes them; in 64-bit mode too, where it can go by itself.
#[test]
fn calls_of_the_hosts_are_refused() {
    let attack = Attack::new();
    let outcome = attack.home.run(&[], "32/hostile_32", &["int80"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "int 0x80: -38\n"), "{outcome:?}");
    assert_eq!(attack.forbidden(), [20]);
    let outcome = attack.home.run(&[], "32/hostile_32", &["syscall"]);
    let (refused, unknown) = (outcome.out == "syscall: -38\n" && outcome.code == 0, outcome.code == 139 && outcome.err.contains("illegal"));
    assert!(refused || unknown, "{outcome:?}");
    let outcome = attack.home.run(&[], "32/hostile_32", &["far"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "far: -38\n"), "{outcome:?}");
    attack.home.ends();
}

/// What `sysenter` comes back to is nowhere, and so the program's own crash; so is a fault in 64-bit mode.
#[test]
fn wrong_turns_are_the_programs_own_crash() {
    for what in ["sysenter", "far-fault"] {
        let home = Home::new();
        let outcome = home.run(&[], "32/hostile_32", &[what]);
        assert_eq!(outcome.code, 139, "{what}: {outcome:?}");
        home.ends();
    }
}

/// Of an image that lists its handlers no other one is called, and none on the stack: the exception ends the program. Code that is no image's
/// is nobody's to list.
#[test]
fn handlers_that_are_not_listed_are_not_called() {
    for (which, code, said) in [("listed", 0, "called\nwent on\n"), ("made", 0, "called\nwent on\n"), ("other", 139, ""), ("stack", 139, "")] {
        let home = Home::new();
        let outcome = home.run(&[], "32/safe_handlers", &[which]);
        assert_eq!((outcome.code, outcome.out.as_str()), (code, said), "{which}: {outcome:?}");
        home.ends();
    }
}
