//! `qsort` and its relatives: right, bounded, and safe with any comparison.

use crt::sort;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sorts elements of `SIZE` bytes by the number in their first bytes; answers how many comparisons that took.
fn sort<const SIZE: usize>(elements: &mut [[u8; SIZE]], mut compare: impl FnMut(&[u8; SIZE], &[u8; SIZE]) -> i32) -> usize {
    let mut comparisons = 0;
    let range = elements.as_ptr_range();
    let (start, end) = (range.start.cast::<u8>(), range.end.cast::<u8>());
    let count = elements.len();
    // SAFETY: the slice is valid; the comparison gets pointers into it.
    unsafe {
        sort::sort(elements.as_mut_ptr().cast(), count, SIZE, |one, other| {
            comparisons += 1;
            for element in [one, other] {
                assert!(element >= start && element < end && (element.addr() - start.addr()).is_multiple_of(SIZE));
            }
            compare(&*one.cast(), &*other.cast())
        });
    }
    comparisons
}

fn by_number<const SIZE: usize>(one: &[u8; SIZE], other: &[u8; SIZE]) -> i32 {
    one.cmp(other) as i32
}

fn check<const SIZE: usize>(numbers: &[u16]) -> usize {
    let element = |number: &u16| {
        let mut element = [0; SIZE];
        let bytes = number.to_be_bytes();
        element[..SIZE.min(2)].copy_from_slice(&bytes[..SIZE.min(2)]);
        element
    };
    let mut elements: Vec<[u8; SIZE]> = numbers.iter().map(element).collect();
    let mut sorted = elements.clone();
    sorted.sort();
    let comparisons = sort(&mut elements, by_number);
    assert_eq!(elements, sorted);
    comparisons
}

/// Inputs that are bad for one or another quicksort; none takes more than a few `n * log2(n)` comparisons.
#[test]
fn bounded() {
    let n = 20_000u32;
    let organ: Vec<u16> = (0..n).map(|i| i.min(n - i) as u16).collect();
    let patterns: [Vec<u16>; 6] = [
        (0..n).map(|i| i as u16).collect(),
        (0..n).rev().map(|i| i as u16).collect(),
        vec![7; n as usize],
        (0..n).map(|i| (i % 2) as u16).collect(),
        organ,
        (0..n).map(|i| (i * 7919 % 65_521) as u16).collect(),
    ];
    for pattern in &patterns {
        let comparisons = check::<4>(pattern);
        assert!(comparisons < 4 * n as usize * 15, "{comparisons}");
    }
}

/// A comparison that decides only when asked, so as to make quicksort slow (McIlroy's adversary).
#[test]
fn adversary() {
    let n = 4000;
    let mut elements: Vec<[u8; 8]> = (0..n as u64).map(u64::to_le_bytes).collect();
    let mut values = vec![None; n];
    let (mut solid, mut candidate) = (0u64, 0);
    let comparisons = sort(&mut elements, |one, other| {
        let (one, other) = (u64::from_le_bytes(*one) as usize, u64::from_le_bytes(*other) as usize);
        if values[one].is_none() && values[other].is_none() {
            solid += 1;
            values[if one == candidate { one } else { other }] = Some(solid);
        }
        if values[one].is_none() {
            candidate = one;
        } else if values[other].is_none() {
            candidate = other;
        }
        let key = |index: usize| values[index].unwrap_or(u64::MAX);
        key(one).cmp(&key(other)) as i32
    });
    assert!(comparisons < 12 * n * 12, "{comparisons}");
}

/// Whatever is answered, the elements stay the same ones.
#[test]
fn nonsense() {
    let original: Vec<[u8; 2]> = (0..3000u16).map(u16::to_be_bytes).collect();
    let mut seed = 1u32;
    let answers: [&mut dyn FnMut() -> i32; 4] = [&mut || 1, &mut || -1, &mut || 0, &mut || crt::random::next(&mut seed) - 16_384];
    for answer in answers {
        let mut elements = original.clone();
        let comparisons = sort(&mut elements, |_, _| answer());
        elements.sort();
        assert_eq!(elements, original);
        assert!(comparisons < 10 * 3000 * 12, "{comparisons}");
    }
}

/// The comparison may leave in the middle: nothing is lost or doubled.
#[test]
fn leaving() {
    let original: Vec<[u8; 3]> = (0..500u16).map(|number| [(number >> 8) as u8, number as u8, 9]).collect();
    for left in [0, 1, 10, 100, 1000, 3000] {
        let mut elements = original.clone();
        elements.reverse();
        let mut calls = 0;
        let result = catch_unwind(AssertUnwindSafe(|| {
            sort(&mut elements, |one, other| {
                calls += 1;
                if calls > left {
                    std::panic::resume_unwind(Box::new(()));
                }
                by_number(one, other)
            })
        }));
        assert!(result.is_err());
        elements.sort();
        assert_eq!(elements, original);
    }
}

#[test]
fn nothing_to_do() {
    // SAFETY: nothing is touched.
    unsafe {
        sort::sort(std::ptr::null_mut(), 0, 4, |_, _| panic!());
        sort::sort(std::ptr::null_mut(), 5, 0, |_, _| panic!());
        sort::sort(std::ptr::dangling_mut(), 1, 4, |_, _| panic!());
    }
}

#[test]
fn searching() {
    let numbers: Vec<u32> = (0..100).map(|number| number * 2).collect();
    let base = numbers.as_ptr().cast::<u8>();
    // SAFETY: only called with pointers to numbers.
    let compare = |one: *const u8, other: *const u8| unsafe { (*one.cast::<u32>()).cmp(&*other.cast::<u32>()) as i32 };
    for key in 0..201u32 {
        let pointer = (&raw const key).cast();
        let found = sort::search(pointer, base, numbers.len(), 4, compare);
        assert_eq!(sort::find(pointer, base, numbers.len(), 4, compare), found);
        match key % 2 == 0 && key < 200 {
            true => assert_eq!(found, base.wrapping_add(key as usize * 2)),
            false => assert!(found.is_null()),
        }
    }
    assert!(sort::search(base, base, 0, 4, compare).is_null());

    let (mut room, mut count) = ([5u32, 6, 0], 2);
    for (key, index, left) in [(6u32, 1, 2), (7, 2, 3)] {
        // SAFETY: there is room for a third.
        let found = unsafe { sort::find_or_add((&raw const key).cast(), room.as_mut_ptr().cast(), &mut count, 4, compare) };
        assert_eq!((found, count), (room.as_mut_ptr().wrapping_add(index).cast(), left));
    }
    assert_eq!(room, [5, 6, 7]);
}

/// The first numbers of the documented generator, without and with a seed.
#[test]
fn random() {
    let take = |seed| {
        let mut state = seed;
        [(); 5].map(|()| crt::random::next(&mut state))
    };
    assert_eq!(take(crt::random::SEED), [41, 18467, 6334, 26500, 19169]);
    assert_eq!(take(0), [38, 7719, 21238, 2437, 8855]);
    let mut state = u32::MAX;
    assert!((0..10_000).all(|_| (0..=crt::random::MAXIMUM).contains(&crt::random::next(&mut state))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sorts(numbers in prop::collection::vec(0..500u16, 0..300)) {
        check::<1>(&numbers);
        check::<2>(&numbers);
        check::<7>(&numbers);
        check::<8>(&numbers);
        check::<24>(&numbers);
        check::<100>(&numbers);
    }

    #[test]
    fn finds(numbers in prop::collection::btree_set(0..1000u32, 0..100), key in 0..1000u32) {
        let numbers: Vec<u32> = numbers.into_iter().collect();
        // SAFETY: only called with pointers to numbers.
        let compare = |one: *const u8, other: *const u8| unsafe { (*one.cast::<u32>()).cmp(&*other.cast::<u32>()) as i32 };
        let found = sort::search((&raw const key).cast(), numbers.as_ptr().cast(), numbers.len(), 4, compare);
        let index = (found.addr().wrapping_sub(numbers.as_ptr().addr())) / 4;
        match numbers.binary_search_by(|number| number.cmp(&key).then(Ordering::Equal)) {
            Ok(wanted) => prop_assert_eq!(index, wanted),
            Err(_) => prop_assert!(found.is_null()),
        }
    }
}
