//! Power that is lost, and disks that are full: what was flushed is there, and of what came later a beginning.

use super::{Home, Step, apply, sorted};
use crate::objects::Finding;
use windows_sys::Win32::Foundation::STATUS_DISK_FULL;

fn random(seed: &mut u64, most: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % most.max(1)
}

fn some_step(seed: &mut u64) -> Step {
    let (key, name) = (random(seed, 12), random(seed, 6) as u8);
    match random(seed, 12) {
        0..=3 => Step::Make(key, name, false),
        4..=7 => Step::Set(key, name, 3, vec![name; random(seed, 40)]),
        8..=9 => Step::Unset(key, name),
        10 => Step::Delete(key),
        _ => Step::Rename(key, name),
    }
}

#[test]
fn lost_power_leaves_what_was_flushed_and_a_beginning_of_the_rest() {
    let mut seed = 11;
    for round in 0..40 {
        let home = Home::new("registry-power");
        let mut registry = home.open();
        let (folds, flushes) = (random(&mut seed, 30), random(&mut seed, 30));
        let (mut states, mut kept, mut ends) = (vec![sorted(&mut registry)], None, Vec::new());
        for number in 0..30 {
            let _ = apply(&mut registry, &some_step(&mut seed));
            states.push(sorted(&mut registry));
            ends.push(registry.disk.as_ref().unwrap().journal.as_ref().unwrap().length);
            if number == folds {
                registry.fold().unwrap();
            }
            if number == flushes || number == folds {
                registry.flush().unwrap();
                let disk = registry.disk.as_ref().unwrap();
                kept = Some((states.len() - 1, disk.generation, disk.journal.as_ref().unwrap().length));
            }
        }
        let (flushed, generation, least) = kept.unwrap();
        drop(registry);
        let journal = home.place().join(super::super::disk::journal_name(generation));
        let mut bytes = std::fs::read(&journal).unwrap();
        let cut = least as usize + random(&mut seed, bytes.len() - least as usize + 1);
        bytes.truncate(cut);
        // A host may keep a file's new length, and not its bytes.
        let ends = [36].into_iter().chain(ends).any(|end| end == cut as u64);
        bytes.resize(if ends { cut + 100 } else { cut }, 0);
        std::fs::write(&journal, bytes).unwrap();
        let mut registry = home.open();
        assert!(registry.damage.iter().all(Finding::is_harmless), "round {round}: {:?}", registry.damage);
        let found = sorted(&mut registry);
        assert!(states[flushed..].contains(&found), "round {round}: neither what was flushed nor anything later");
        registry.finish();
        drop(registry);
        assert!(home.verify().findings.iter().all(Finding::is_harmless));
        assert_eq!(sorted(&mut home.open()), found);
    }
}

#[test]
fn a_full_disk_leaves_what_was_confirmed() {
    let mut seed = 5;
    for room in 0..60 {
        let home = Home::new("registry-full");
        let mut registry = home.open();
        for _ in 0..10 {
            let _ = apply(&mut registry, &some_step(&mut seed));
        }
        registry.disk.as_mut().unwrap().journal.as_mut().unwrap().fill_disk_after(room * 5);
        let mut full = 0;
        for _ in 0..20 {
            let before = sorted(&mut registry);
            let done = apply(&mut registry, &some_step(&mut seed));
            if done.is_err() {
                assert_eq!(sorted(&mut registry), before, "what failed with {done:?} did nothing");
            }
            full += u32::from(done == Err(STATUS_DISK_FULL));
        }
        assert!(full > 0, "the disk is full");
        let confirmed = sorted(&mut registry);
        drop(registry);
        assert_eq!(sorted(&mut home.open()), confirmed);
        assert_eq!(home.verify().findings, vec![]);
    }
}
