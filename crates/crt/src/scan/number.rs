//! `%d %i %u %o %x %p` and `%f`.

use super::Scan;
use super::spec::Spec;
use crate::Unit;
use crate::number::{Integer, Parser, integer};

impl<C: Unit> Scan<'_, C> {
    pub(super) fn integer(&mut self, spec: &Spec) -> bool {
        self.skip_blanks();
        let Some(number) = self.magnitude(spec) else { return false };
        let value = match (self.options.msvcrt_like(), spec.letter) {
            (true, _) => number.wrapped(),
            (_, b'd' | b'i') => number.to_i64().0 as u64,
            _ => number.to_u64().0,
        };
        self.store(spec, &value.to_le_bytes()[..spec.integer_size()], true);
        true
    }

    fn magnitude(&mut self, spec: &Spec) -> Option<Integer> {
        let mut left = spec.limit();
        let mut number = Integer::default();
        if let Some(sign) = self.reader.peek().filter(|unit| matches!(unit.ascii(), b'+' | b'-')) {
            number.negative = sign.ascii() == b'-';
            self.accept(&mut left);
        }
        let (mut base, prefix) = match spec.letter {
            b'i' => (10, true),
            b'o' => (8, false),
            b'x' | b'X' => (16, true),
            b'p' | b'P' => (16, !self.options.msvcrt_like()),
            _ => (10, false),
        };
        if prefix && left > 0 && self.reader.peek().is_some_and(|unit| unit.ascii() == b'0') {
            self.accept(&mut left);
            if left > 0 && self.reader.peek().is_some_and(|unit| matches!(unit.ascii(), b'x' | b'X')) {
                self.accept(&mut left);
                base = 16;
            } else {
                number.length = 1;
                base = if spec.letter == b'i' { 8 } else { base };
            }
        }
        while left > 0 {
            let digit = self.reader.peek().filter(|unit| unit.ascii().is_ascii()).and_then(integer::digit);
            let Some(digit) = digit.filter(|&digit| digit < base) else { break };
            self.accept(&mut left);
            number.push(digit, base);
            number.length = 1;
        }
        (number.length > 0).then_some(number)
    }

    fn accept(&mut self, left: &mut usize) {
        self.reader.next();
        *left -= 1;
    }

    pub(super) fn real(&mut self, spec: &Spec) -> bool {
        self.skip_blanks();
        let mut parser = Parser::new(self.options.rules());
        let mut left = spec.limit();
        while left > 0 && self.reader.peek().is_some_and(|unit| parser.push(unit)) {
            self.accept(&mut left);
        }
        // What was taken beyond a number cannot be put back, so that `1e` is none.
        if parser.complete() == 0 || parser.complete() < parser.length() {
            return false;
        }
        if spec.is_double() {
            let (value, _) = parser.finish::<f64>();
            self.store(spec, &value.to_bits().to_le_bytes(), true);
        } else {
            let (value, _) = parser.finish::<f32>();
            self.store(spec, &value.to_bits().to_le_bytes(), true);
        }
        true
    }
}
