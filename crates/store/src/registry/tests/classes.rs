//! The merged view of classes of programs that mean no good, or much.

use super::{NO_MORE, PLAIN, memory};
use crate::registry::{Key, New, Registry, name::wide};
use std::time::{Duration, Instant};

const MANY: usize = 20_000;

/// A class that the user and the machine have, each with many values and keys of its own and as many that both have.
fn merged(registry: &mut Registry) -> Key {
    let root = registry.classes().unwrap();
    for (number, place) in [root.id, root.under.unwrap()].into_iter().enumerate() {
        let class = registry.create(place, &wide(".many"), PLAIN, &New::default()).unwrap().0;
        for value in 0..MANY {
            let name = wide(&if value % 2 == 0 { format!("both {value}") } else { format!("{number} alone {value}") });
            registry.set(class, &name, 4, &(number as u32).to_le_bytes()).unwrap();
            registry.create(class, &name, PLAIN, &New::default()).unwrap();
        }
    }
    registry.find_key(root, &wide(".MANY"), PLAIN).unwrap()
}

#[test]
fn many_values_and_keys_of_both_are_told_at_once() {
    let mut registry = memory();
    let key = merged(&mut registry);
    let all = MANY + MANY / 2;
    let start = Instant::now();
    let facts = registry.facts_of(key).unwrap();
    assert_eq!((facts.subkeys, facts.values), (all as u32, all as u32));
    let mut told = (0, 0);
    registry.each_value(key, all - 1, |value| (told.0 += 1, value.data[0] == 1).1).unwrap();
    registry.each_subkey(key, all - 1, |_, _, _| (told.1 += 1, true).1).unwrap();
    assert_eq!(told, (1, 1));
    // Comparing each name with each takes half a minute where nothing is optimised.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(registry.each_value(key, all, |_| true), NO_MORE);
    assert_eq!(registry.each_subkey(key, all, |_, _, _| true), NO_MORE);
}

#[test]
fn what_is_told_from_each_position_is_the_same_list() {
    let mut registry = memory();
    let root = registry.classes().unwrap();
    for (place, names) in [(root.id, ["b", "D", "e"]), (root.under.unwrap(), ["A", "B", "d"])] {
        let class = registry.create(place, &wide(".few"), PLAIN, &New::default()).unwrap().0;
        for name in names {
            registry.set(class, &wide(name), 1, &[]).unwrap();
            registry.create(class, &wide(name), PLAIN, &New::default()).unwrap();
        }
    }
    let key = registry.find_key(root, &wide(".few"), PLAIN).unwrap();
    for position in 0..4 {
        let (mut values, mut keys) = (Vec::new(), Vec::new());
        registry.each_value(key, position, |value| (values.push(String::from_utf16(&value.name).unwrap()), true).1).unwrap();
        registry.each_subkey(key, position, |name, _, _| (keys.push(String::from_utf16(name).unwrap()), true).1).unwrap();
        assert_eq!(values, ["b", "D", "e", "A"][position..], "the user's come first");
        assert_eq!(keys, ["A", "b", "D", "e"][position..], "and a user's name before the machine's");
    }
}
