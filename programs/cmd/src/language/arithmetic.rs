//! `set /a`: whole numbers of 32 bits, with the operators of C.

use super::compare::number;
use alloc::string::String;
use alloc::vec::Vec;

/// Where variables are read and kept.
pub trait Memory {
    /// A variable's text.
    fn get(&self, name: &str) -> Option<String>;
    /// Keeps a number under a name.
    fn set(&mut self, name: &str, value: i32);
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// An operand is missing.
    Operand,
    /// A division by zero.
    Zero,
    /// A number that is none.
    Number,
    /// A number that does not fit into 32 bits.
    Range,
    /// An operator is missing, or is none.
    Operator,
    /// Parentheses do not match.
    Parentheses,
    /// An assignment to something that is no variable.
    Assignment,
}

impl Wrong {
    /// The exit code by which Windows tells it.
    pub fn code(self) -> u32 {
        match self {
            Self::Parentheses => 0x4000_23CC,
            Self::Operator => 0x4000_23CD,
            Self::Operand => 0x4000_23CE,
            Self::Number => 0x4000_23CF,
            Self::Range => 0x4000_23D0,
            Self::Zero => 0x4000_23D1,
            Self::Assignment => 0x4000_23D2,
        }
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Operand => "Missing operand.",
            Self::Zero => "Divide by zero error.",
            Self::Number => "Invalid number: a number is decimal, hexadecimal (0x11) or octal (021).",
            Self::Range => "Invalid number: 32 bits are all that a number has.",
            Self::Operator => "Missing operator.",
            Self::Parentheses => "Unbalanced parenthesis.",
            Self::Assignment => "Only a variable can be assigned to.",
        }
    }
}

/// The deepest nesting.
const DEEPEST: u32 = 100;

/// What stands for a value: a variable where one was named, so that it can be assigned to.
enum Operand {
    Name(String),
    Value(i32),
}

struct Reader<'a> {
    characters: Vec<char>,
    at: usize,
    depth: u32,
    memory: &'a mut dyn Memory,
}

/// Works an expression out. What was assigned before a mistake stays assigned.
pub fn evaluate(text: &str, memory: &mut dyn Memory) -> Result<i32, Wrong> {
    // Quotes group nothing here.
    let characters: Vec<char> = text.chars().filter(|character| *character != '"').collect();
    let mut reader = Reader { characters, at: 0, depth: 0, memory };
    let value = reader.list()?;
    reader.blanks();
    match reader.peek() {
        None => Ok(value),
        Some(')') => Err(Wrong::Parentheses),
        Some(_) => Err(Wrong::Operator),
    }
}

/// The binary operators by how close they bind.
const LEVELS: [&[&str]; 6] = [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "%"]];
const ASSIGNMENTS: [&str; 11] = ["<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|=", "="];

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(index, wanted)| self.characters.get(self.at + index) == Some(&wanted))
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.starts(text);
        if found {
            self.at += text.chars().count();
        }
        found
    }

    fn list(&mut self) -> Result<i32, Wrong> {
        loop {
            let value = self.assignment()?;
            self.blanks();
            if !self.take(",") {
                return Ok(value);
            }
        }
    }

    fn assignment(&mut self) -> Result<i32, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong::Parentheses);
        }
        let value = self.assignment_inside();
        self.depth -= 1;
        value
    }

    fn assignment_inside(&mut self) -> Result<i32, Wrong> {
        let left = self.binary(0)?;
        self.blanks();
        let Some(operator) = ASSIGNMENTS.iter().find(|operator| self.take(operator)) else { return self.value(left) };
        let Operand::Name(name) = left else { return Err(Wrong::Assignment) };
        let right = self.assignment()?;
        let value = match operator.strip_suffix('=') {
            Some("") | None => right,
            Some(operator) => apply(operator, self.read(&name)?, right)?,
        };
        self.memory.set(&name, value);
        Ok(value)
    }

    fn binary(&mut self, level: usize) -> Result<Operand, Wrong> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            self.blanks();
            let is_it = |operator: &&&str| {
                self.starts(operator)
                    && !ASSIGNMENTS.iter().any(|longer| longer.len() > operator.len() && longer.starts_with(**operator) && self.starts(longer))
            };
            let Some(operator) = operators.iter().find(is_it) else { return Ok(left) };
            self.take(operator);
            let right = self.binary(level + 1)?;
            let (first, second) = (self.value(left)?, self.value(right)?);
            left = Operand::Value(apply(operator, first, second)?);
        }
    }

    fn unary(&mut self) -> Result<Operand, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong::Parentheses);
        }
        let operand = self.unary_inside();
        self.depth -= 1;
        operand
    }

    fn unary_inside(&mut self) -> Result<Operand, Wrong> {
        self.blanks();
        let Some(first) = self.peek() else { return Err(Wrong::Operand) };
        match first {
            '!' | '~' | '-' | '+' => {
                self.at += 1;
                let operand = self.unary()?;
                let value = self.value(operand)?;
                Ok(Operand::Value(match first {
                    '!' => i32::from(value == 0),
                    '~' => !value,
                    '-' => value.wrapping_neg(),
                    _ => value,
                }))
            }
            '(' => {
                self.at += 1;
                let value = self.list()?;
                self.blanks();
                if self.take(")") { Ok(Operand::Value(value)) } else { Err(Wrong::Parentheses) }
            }
            _ => self.word(),
        }
    }

    /// A number, or a variable's name: all that is no operator and no blank.
    fn word(&mut self) -> Result<Operand, Wrong> {
        let start = self.at;
        while self.peek().is_some_and(|character| !character.is_whitespace() && !"+-*/%()!~&|^<>=,".contains(character)) {
            self.at += 1;
        }
        let word: String = self.characters[start..self.at].iter().collect();
        match word.chars().next() {
            None => Err(Wrong::Operand),
            Some(digit) if digit.is_ascii_digit() => literal(&word).map(Operand::Value),
            Some(_) => Ok(Operand::Name(word)),
        }
    }

    fn value(&self, operand: Operand) -> Result<i32, Wrong> {
        match operand {
            Operand::Value(value) => Ok(value),
            Operand::Name(name) => self.read(&name),
        }
    }

    /// A variable's number: what its text begins with, and 0 where that is none.
    fn read(&self, name: &str) -> Result<i32, Wrong> {
        let Some(text) = self.memory.get(name) else { return Ok(0) };
        let text = text.trim_start();
        let end = text.char_indices().find(|(at, character)| !character.is_ascii_alphanumeric() && !(*at == 0 && "+-".contains(*character)));
        let text = &text[..end.map_or(text.len(), |(at, _)| at)];
        Ok(number(text).map_or(0, |number| number as i32))
    }
}

fn literal(word: &str) -> Result<i32, Wrong> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if word.len() > 1 && word.starts_with('0') => (&word[1..], 8),
        None => (word, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Wrong::Number);
    }
    let value = u64::from_str_radix(digits, radix).map_err(|_| Wrong::Range)?;
    // All bits of a hexadecimal or octal number may be set.
    let most = if radix == 10 { i32::MAX as u64 } else { u64::from(u32::MAX) };
    if value > most { Err(Wrong::Range) } else { Ok(value as u32 as i32) }
}

fn apply(operator: &str, left: i32, right: i32) -> Result<i32, Wrong> {
    Ok(match operator {
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" | "%" if right == 0 => return Err(Wrong::Zero),
        "/" => left.wrapping_div(right),
        "%" => left.wrapping_rem(right),
        "&" => left & right,
        "^" => left ^ right,
        "|" => left | right,
        "<<" => left.checked_shl(right as u32).unwrap_or(0),
        ">>" => left.checked_shr(right as u32).unwrap_or(left >> 31),
        _ => return Err(Wrong::Operator),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Map(BTreeMap<String, String>);

    impl Memory for Map {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).cloned()
        }
        fn set(&mut self, name: &str, value: i32) {
            self.0.insert(name.into(), value.to_string());
        }
    }

    #[test]
    fn expressions() {
        let mut memory = Map([("a", "5"), ("t", "x"), ("o", "010"), ("s", " 7 apples")].map(|(name, text)| (name.into(), text.into())).into());
        for (text, result) in [
            ("1+2*3", Ok(7)),
            ("(1+2)*3", Ok(9)),
            ("-7/2", Ok(-3)),
            ("-7%3", Ok(-1)),
            ("1<<4|1", Ok(17)),
            ("6&3^1", Ok(3)),
            ("!0+~0", Ok(0)),
            ("0x10+010", Ok(24)),
            ("a*2", Ok(10)),
            ("t+1", Ok(1)),
            ("o", Ok(8)),
            ("s", Ok(7)),
            ("n=a+1, n*=2", Ok(12)),
            ("n", Ok(12)),
            ("x=y=3", Ok(3)),
            ("a<<=1", Ok(10)),
            ("- - 3", Ok(3)),
            ("2147483647+1", Ok(i32::MIN)),
            ("\"1 + 1\"", Ok(2)),
            ("1/0", Err(Wrong::Zero)),
            ("08", Err(Wrong::Number)),
            ("99999999999", Err(Wrong::Range)),
            ("1 2", Err(Wrong::Operator)),
            ("1+", Err(Wrong::Operand)),
            ("(1", Err(Wrong::Parentheses)),
            ("1)", Err(Wrong::Parentheses)),
            ("3=4", Err(Wrong::Assignment)),
        ] {
            assert_eq!(evaluate(text, &mut memory), result, "{text}");
        }
        assert_eq!((memory.get("x"), memory.get("y")), (Some("3".into()), Some("3".into())));
        assert_eq!(evaluate(&"(".repeat(100_000), &mut memory), Err(Wrong::Parentheses));
        assert_eq!(evaluate(&"-".repeat(100_000), &mut memory), Err(Wrong::Parentheses));
    }

    proptest! {
        #[test]
        fn any_expression_ends(text in "[0-9ax()+\\-*/%!~&|^<>=, ]{0,60}") {
            let _ = evaluate(&text, &mut Map::default());
        }
    }
}
