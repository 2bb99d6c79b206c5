//! The string functions: what Wine 8 answers, and what the documentation adds.
#![expect(clippy::undocumented_unsafe_blocks, reason = "every pointer is to an array of the test that is large enough")]

use crt::class::to_lower;
use crt::text::{self, Room, TRUNCATE};
use crt::{Errno, Unit, Units};
use proptest::prelude::*;
use std::ptr::null_mut;

fn units<C: Unit>(text: &[C]) -> Units<'_, C> {
    assert_eq!(text.last(), Some(&C::NUL));
    // SAFETY: the text ends with a NUL.
    unsafe { Units::new(text.as_ptr()) }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[test]
fn comparing() {
    let compare = |one: &str, other: &str| (text::compare(one.bytes(), other.bytes()), text::compare(wide(one), wide(other)));
    assert_eq!(compare("a", "z"), (-1, -1));
    assert_eq!(compare("z", "a"), (1, 1));
    assert_eq!(compare("a", "a"), (0, 0));
    assert_eq!(compare("a", "ab"), (-1, -1));
    assert_eq!(text::compare(*b"a", *b"\xFF"), -1);
    assert_eq!(text::compare_bounded(*b"abc", *b"abz", 2), 0);
    assert_eq!(text::compare_bounded(*b"abc", *b"abz", 3), -1);
    assert_eq!(text::compare_bounded(*b"abc", *b"abz", usize::MAX), -1);
    let folded = |one: &[u8], other: &[u8]| text::compare_folded(one.iter().copied(), other.iter().copied(), to_lower);
    assert_eq!([folded(b"a", b"Z"), folded(b"Z", b"b"), folded(b"A", b"a"), folded(b"a", b"\xFF"), folded(b"a", b"")], [-25, 24, 0, -158, 97]);
    assert_eq!(text::compare_folded(wide("À"), wide("à"), to_lower), -32);
    assert_eq!(text::compare_folded_bounded(*b"ABC", *b"abz", 2, to_lower), 0);
    assert_eq!(text::compare_folded_bounded(*b"ABC", *b"abz", 3, to_lower), -23);
    assert_eq!(text::compare_memory(b"a\0b", b"a\0c"), -1);
    assert_eq!(text::compare_memory_folded(b"a\0B", b"A\0c", to_lower), -1);
    assert_eq!(text::compare_memory_folded::<u8>(b"", b"", to_lower), 0);
}

#[test]
fn searching() {
    let text = *b"hello world";
    assert_eq!(text::find(text, b'l'), Some(2));
    assert_eq!(text::find(text, b'x'), None);
    assert_eq!(text::find(text, 0), Some(11));
    assert_eq!(text::find_last(text, b'l'), Some(9));
    assert_eq!(text::find_last(text, 0), Some(11));
    assert_eq!(text::find_last(text, b'x'), None);
    for (needle, index) in [("", Some(0)), ("h", Some(0)), ("world", Some(6)), ("lo w", Some(3)), ("worlds", None), ("ll", Some(2)), ("lll", None)] {
        assert_eq!(text::find_text(text.into_iter(), needle.bytes()), index, "{needle}");
        assert_eq!(text::find_text(wide("hello world").into_iter(), wide(needle)), index);
    }
    assert_eq!(text::find_text(b"aaab".iter().copied(), *b"aab"), Some(1));
    assert_eq!(text::find_text(b"".iter().copied(), *b"a"), None);
    assert_eq!(text::span(*b"aabbc", *b"ab"), 4);
    assert_eq!(text::span(*b"aabbc", *b""), 0);
    assert_eq!(text::span_until(*b"hello, world", *b" ,"), 5);
    assert_eq!(text::span_until(*b"hello", *b""), 5);
    assert_eq!(text::find_any(*b"hello, world", *b" ,"), Some(5));
    assert_eq!(text::find_any(*b"hello", *b"xyz"), None);
    assert_eq!(text::span(wide("аб\u{100}c"), wide("\u{100}баc")), 4);
    assert_eq!(text::find_any(wide("abcд"), wide("яд")), Some(3));
    // SAFETY: the unit is found before the slice ends.
    assert_eq!(unsafe { text::find_in_memory(b"a\0b".as_ptr(), b'b', usize::MAX) }, Some(2));
    // SAFETY: the count is the slice's.
    assert_eq!(unsafe { text::find_in_memory(b"a\0b".as_ptr(), b'c', 3) }, None);
}

#[test]
fn writing() {
    let run = |work: &dyn Fn(*mut u8)| {
        let mut memory = *b"ab\0.......";
        work(memory.as_mut_ptr());
        memory
    };
    assert_eq!(&run(&|at| unsafe { text::copy(at, *b"xyz") }), b"xyz\0......");
    assert_eq!(&run(&|at| unsafe { text::append(at, *b"cd") }), b"abcd\0.....");
    assert_eq!(&run(&|at| unsafe { text::copy_bounded(at, *b"xyz", 5) }), b"xyz\0\0.....");
    assert_eq!(&run(&|at| unsafe { text::copy_bounded(at, *b"xyz", 2) }), b"xy\0.......");
    assert_eq!(&run(&|at| unsafe { text::append_bounded(at, *b"cdef", 2) }), b"abcd\0.....");
    assert_eq!(&run(&|at| unsafe { text::append_bounded(at, *b"cdef", usize::MAX) }), b"abcdef\0...");
    assert_eq!(&run(&|at| unsafe { text::fill(at, b'x') }), b"xx\0.......");
    assert_eq!(&run(&|at| unsafe { text::fill_bounded(at, b'x', 1) }), b"xb\0.......");
    assert_eq!(&run(&|at| unsafe { text::reverse(at) }), b"ba\0.......");
    assert_eq!(&run(&|at| unsafe { text::change(at, crt::class::to_upper) }), b"AB\0.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::transform(at, *b"xyz", 5) }, 3)), b"xyz\0......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::transform(at, *b"xyz", 3) }, 3)), b"xyz.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::transform(at, *b"xyz", 0) }, 3)), b"ab\0.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::copy_until(at, b"xyz".as_ptr(), b'y', 3) }, Some(2))), b"xy\0.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::copy_until(at, b"xyz".as_ptr(), b'q', 3) }, None)), b"xyz.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::move_memory(at, 5, b"xyz".as_ptr(), 3) }, Ok(()))), b"xyz.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::move_memory(at, 2, b"xyz".as_ptr(), 3) }, Err(Errno::Range))), b"ab\0.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::copy_memory(at, 5, b"xyz".as_ptr(), 3) }, Ok(()))), b"xyz.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::copy_memory(at, 2, b"xyz".as_ptr(), 3) }, Err(Errno::Range))), b"\0\0\0.......");
    assert_eq!(&run(&|at| assert_eq!(unsafe { text::copy_memory(at, 5, null_mut(), 3) }, Err(Errno::Invalid))), b"\0\0\0\0\0.....");
    assert_eq!(unsafe { text::copy_memory::<u8>(null_mut(), 0, null_mut(), 0) }, Ok(()));
    assert_eq!(unsafe { text::copy_memory(null_mut(), 5, b"x".as_ptr(), 1) }, Err(Errno::Invalid));
}

#[test]
fn secure() {
    let run = |size: usize, work: &dyn Fn(&mut Room<u8>) -> Result<(), Errno>| {
        let mut memory = *b"ab\0.......";
        // SAFETY: the size is less than the ten bytes.
        let result = work(&mut unsafe { Room::new(memory.as_mut_ptr(), size) }.unwrap());
        (result, String::from_utf8(memory[..7].to_vec()).unwrap())
    };
    let none = None::<[u8; 0]>;
    for (size, work, result, memory) in [
        (5, &(|room: &mut Room<u8>| text::copy_s(room, Some(*b"abcd"))) as &dyn Fn(&mut Room<u8>) -> _, Ok(()), "abcd\0.."),
        (4, &|room| text::copy_s(room, Some(*b"abcd")), Err(Errno::Range), "\0bc...."),
        (5, &|room| text::copy_s(room, none), Err(Errno::Invalid), "\0b\0...."),
        (5, &|room| text::append_s(room, Some(*b"cd")), Ok(()), "abcd\0.."),
        (4, &|room| text::append_s(room, Some(*b"cd")), Err(Errno::Range), "\0bc...."),
        // EINVAL is documented for a buffer without NUL; Wine says ERANGE.
        (2, &|room| text::append_s(room, Some(*b"c")), Err(Errno::Invalid), "\0b\0...."),
        (5, &|room| text::append_s(room, none), Err(Errno::Invalid), "\0b\0...."),
        (5, &|room| text::copy_bounded_s(room, Some(*b"abcdef"), 4), Ok(()), "abcd\0.."),
        (5, &|room| text::copy_bounded_s(room, Some(*b"abcdef"), 5), Err(Errno::Range), "\0bcd..."),
        (5, &|room| text::copy_bounded_s(room, Some(*b"abcdef"), TRUNCATE), Err(Errno::Truncated), "abcd\0.."),
        (5, &|room| text::copy_bounded_s(room, Some(*b"abcd"), TRUNCATE), Ok(()), "abcd\0.."),
        (5, &|room| text::copy_bounded_s(room, Some(*b"xy"), 4), Ok(()), "xy\0...."),
        (5, &|room| text::copy_bounded_s(room, none, 0), Ok(()), "\0b\0...."),
        (5, &|room| text::copy_bounded_s(room, none, 1), Err(Errno::Invalid), "\0b\0...."),
        (5, &|room| text::append_bounded_s(room, Some(*b"cdef"), 2), Ok(()), "abcd\0.."),
        (5, &|room| text::append_bounded_s(room, Some(*b"cdef"), 3), Err(Errno::Range), "\0bcd..."),
        (5, &|room| text::append_bounded_s(room, Some(*b"cdef"), TRUNCATE), Err(Errno::Truncated), "abcd\0.."),
        (2, &|room| text::append_bounded_s(room, Some(*b"c"), 1), Err(Errno::Invalid), "\0b\0...."),
        (5, &|room| text::append_bounded_s(room, none, 0), Ok(()), "ab\0...."),
        (5, &|room| text::append_bounded_s(room, none, 1), Err(Errno::Invalid), "\0b\0...."),
        (3, &|room| text::append_bounded_s(room, Some(*b"c"), TRUNCATE), Err(Errno::Truncated), "ab\0...."),
        (3, &|room| text::change_s(room, crt::class::to_upper), Ok(()), "AB\0...."),
        (2, &|room| text::change_s(room, crt::class::to_upper), Err(Errno::Invalid), "\0b\0...."),
        (3, &|room| text::fill_s(room, b'x'), Ok(()), "xx\0...."),
        (3, &|room| text::fill_bounded_s(room, b'x', 1), Ok(()), "xb\0...."),
        (3, &|room| text::fill_bounded_s(room, b'x', 9), Ok(()), "xx\0...."),
        (2, &|room| text::fill_bounded_s(room, b'x', 1), Err(Errno::Invalid), "\0b\0...."),
    ] {
        assert_eq!(run(size, work), (result, memory.to_string()));
    }
    assert_eq!(unsafe { Room::<u8>::new(null_mut(), 5) }.err(), Some(Errno::Invalid));
    assert_eq!(unsafe { Room::<u8>::new(std::ptr::dangling_mut(), 0) }.err(), Some(Errno::Invalid));
    assert!(unsafe { Room::<u8>::optional(null_mut(), 0) }.unwrap().is_none());
    assert!(unsafe { Room::<u8>::optional(null_mut(), 1) }.is_err());
    assert!(unsafe { Room::<u8>::optional(std::ptr::dangling_mut(), 0) }.is_err());
}

#[test]
fn tokens() {
    let mut text = *b",,a,b,,c,\0";
    let (mut context, mut start, mut found) = (null_mut(), text.as_mut_ptr(), Vec::new());
    loop {
        // SAFETY: the text ends with a NUL.
        let token = unsafe { text::token(start, *b",", &mut context) };
        if token.is_null() {
            break;
        }
        // SAFETY: a token ends with a NUL.
        found.push(unsafe { Units::new(token) }.map(char::from).collect::<String>());
        start = null_mut();
    }
    assert_eq!(found, ["a", "b", "c"]);
    assert!(unsafe { text::token(null_mut(), *b",", &mut context) }.is_null());
    let mut nothing = null_mut::<u16>();
    assert!(unsafe { text::token(null_mut(), wide(","), &mut nothing) }.is_null());
    assert_eq!(unsafe { text::token_s(null_mut(), Some(wide(",")), Some(&mut nothing)) }, Err(Errno::Invalid));
    assert_eq!(unsafe { text::token_s(null_mut(), None::<[u16; 0]>, Some(&mut nothing)) }, Err(Errno::Invalid));
    assert_eq!(unsafe { text::token_s(null_mut::<u16>(), Some(wide(",")), None) }, Err(Errno::Invalid));
    let mut words = wide("red apple\0");
    let first = unsafe { text::token_s(words.as_mut_ptr(), Some(wide(" ")), Some(&mut nothing)) };
    assert_eq!((first, nothing), (Ok(words.as_mut_ptr()), words.as_mut_ptr().wrapping_add(4)));
    let second = unsafe { text::token_s(null_mut(), Some(wide(" ")), Some(&mut nothing)) };
    assert_eq!((second, nothing), (Ok(words.as_mut_ptr().wrapping_add(4)), words.as_mut_ptr().wrapping_add(9)));
}

#[test]
fn units_stop_at_the_nul() {
    assert_eq!(units(b"ab\0").collect::<Vec<u8>>(), b"ab");
    assert_eq!(units::<u16>(&wide("ab\0")).count(), 2);
    assert_eq!(text::find(units(b"ab\0"), b'b'), Some(1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// All lengths at all alignments, with other NULs before and behind.
    #[test]
    fn lengths(length in 0..70usize, offset in 0..40usize, filler in 1..=u8::MAX) {
        let mut memory = vec![0u8; offset];
        memory.extend(std::iter::repeat_n(filler, length));
        memory.extend([0, filler, 0, 0, 0]);
        let text = memory[offset..].as_ptr();
        // SAFETY: a NUL stands behind the text.
        prop_assert_eq!(unsafe { text::length(text) }, length);
        // SAFETY: as above.
        prop_assert_eq!(unsafe { text::bounded_length(text, 10) }, length.min(10));
        // Wide text, also at odd addresses, whose units have zeros in one of their bytes.
        let mut memory = vec![0u8; offset];
        (0..length).for_each(|index| memory.extend(if index % 2 == 0 { [filler, 0] } else { [0, filler] }));
        memory.extend([0, 0, 7, 0, 0, 0]);
        // SAFETY: as above.
        prop_assert_eq!(unsafe { text::length(memory[offset..].as_ptr().cast::<u16>()) }, length);
    }

    #[test]
    fn finds_like_rust(text in "[ab]{0,12}", needle in "[ab]{0,4}") {
        prop_assert_eq!(text::find_text(text.bytes(), needle.bytes()), text.find(&needle));
        prop_assert_eq!(text::compare(text.bytes(), needle.bytes()), text.cmp(&needle) as i32);
    }
}
