//! Reading: a file becomes statements, each with its line. What is wrong is told with the line that it stands in.

use super::super::name::{LARGEST_VALUE as LARGEST, PARTS, wide};
use super::page;
use super::place::from_text;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// There is a key, below `\Registry`; values that follow are its own.
    Key {
        /// Where.
        path: Vec<u16>,
        /// Its class.
        class: Vec<u16>,
        /// It is a symbolic link.
        link: bool,
    },
    /// There is none, and nothing below it.
    RemoveKey {
        /// Where.
        path: Vec<u16>,
    },
    /// It has a value.
    Value {
        /// Its name.
        name: Vec<u16>,
        /// `REG_*`.
        kind: u32,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// It has no such value.
    RemoveValue {
        /// Its name.
        name: Vec<u16>,
    },
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The line's number, from 1 on.
    pub line: u32,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short: String = self.text.chars().take(120).collect();
        write!(out, "line {}: {}\n    {short}", self.line, self.what)
    }
}

/// Which kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Four,
    Five,
    Wine,
}

/// The text of a file: UTF-16 with its mark, UTF-8, or in version 4 the ANSI code page.
fn text(bytes: &[u8]) -> Vec<u16> {
    if let Some(units) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return units.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    }
    let is_ansi = bytes.starts_with(b"REGEDIT4");
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_ansi || text.is_ascii() => wide(text),
        _ => bytes.iter().map(|byte| page::unit(*byte)).collect(),
    }
}

/// Reads a file, statement by statement. A call that answers an error ends it there.
pub fn parse(bytes: &[u8], each: &mut dyn FnMut(u32, Statement) -> Result<(), String>) -> Result<(), Wrong> {
    let units = text(bytes);
    let mut lines = Lines { left: Some(&units), number: 0 };
    let mut reader = Reader { form: Form::Five, base: None, key: None, each };
    let head = loop {
        match lines.next() {
            None => return Err(Wrong { line: 1, text: String::new(), what: "the file is empty".into() }),
            Some((_, line)) if trimmed(line).is_empty() => {}
            Some(found) => break found,
        }
    };
    reader.form = match String::from_utf16_lossy(trimmed(head.1)).as_str() {
        "REGEDIT4" => Form::Four,
        "Windows Registry Editor Version 5.00" => Form::Five,
        "WINE REGISTRY Version 2" => Form::Wine,
        other => {
            let what =
                "this is no registry file: the first line must say `Windows Registry Editor Version 5.00`, `REGEDIT4` or `WINE REGISTRY Version 2`";
            return Err(Wrong { line: head.0, text: other.to_owned(), what: what.into() });
        }
    };
    while let Some((number, line)) = lines.next() {
        let mut joined = trimmed(line).to_vec();
        // Only lists of bytes are carried on, each line looked at once: a list may have a hundred thousand.
        let mut carries = joined.last() == Some(&PARTS) && list_of(&joined).is_some_and(is_list);
        let mut count = 0;
        while carries {
            joined.pop();
            let Some((_, more)) = lines.next() else { break };
            let more = trimmed(more);
            count += more.iter().filter(|unit| **unit == u16::from(b',')).count();
            if count > LARGEST {
                return Err(Wrong { line: number, text: String::from_utf16_lossy(&joined[..joined.len().min(120)]), what: TOO_LARGE.into() });
            }
            joined.extend(more);
            carries = more.last() == Some(&PARTS) && is_list(more);
        }
        reader.line(number, &joined).map_err(|what| Wrong { line: number, text: String::from_utf16_lossy(&joined), what })?;
    }
    reader.finish(lines.number)
}

/// What follows a line's last colon, where there is one.
fn list_of(line: &[u16]) -> Option<&[u16]> {
    line.iter().rposition(|unit| *unit == u16::from(b':')).map(|colon| &line[colon + 1..])
}

/// Whether this is a list of bytes, or a piece of one.
fn is_list(list: &[u16]) -> bool {
    list.iter().all(|unit| matches!(u8::try_from(*unit), Ok(b) if b.is_ascii_hexdigit() || b", \t\\".contains(&b)))
}

const TOO_LARGE: &str = "the value is larger than 1 MiB";

/// Lines with their numbers.
struct Lines<'a> {
    left: Option<&'a [u16]>,
    number: u32,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u32, &'a [u16]);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.left?;
        let end = left.iter().position(|unit| *unit == u16::from(b'\n'));
        self.left = end.map(|end| &left[end + 1..]);
        self.number += 1;
        let line = &left[..end.unwrap_or(left.len())];
        if end.is_none() && line.is_empty() {
            return None;
        }
        Some((self.number, line))
    }
}

fn trimmed(line: &[u16]) -> &[u16] {
    let is_blank = |unit: &u16| matches!(*unit, 0x20 | 0x09 | 0x0D);
    let start = line.iter().position(|unit| !is_blank(unit)).unwrap_or(line.len());
    let end = line.iter().rposition(|unit| !is_blank(unit)).map_or(start, |end| end + 1);
    &line[start..end]
}

/// A key that was read, and whose class and kind may follow.
struct Open {
    line: u32,
    path: Vec<u16>,
    class: Vec<u16>,
    link: bool,
    told: bool,
}

struct Reader<'a> {
    form: Form,
    /// Wine's files say once where their keys lie.
    base: Option<Vec<u16>>,
    key: Option<Open>,
    each: &'a mut dyn FnMut(u32, Statement) -> Result<(), String>,
}

const NO_KEY: &str = "a value must stand below a key";

impl Reader<'_> {
    fn finish(&mut self, line: u32) -> Result<(), Wrong> {
        self.tell_key().map_err(|what| Wrong { line, text: String::new(), what })
    }

    /// Tells the key that was read last, once.
    fn tell_key(&mut self) -> Result<(), String> {
        match &mut self.key {
            Some(open) if !open.told => {
                open.told = true;
                (self.each)(open.line, Statement::Key { path: open.path.clone(), class: open.class.clone(), link: open.link })
            }
            _ => Ok(()),
        }
    }

    fn line(&mut self, number: u32, line: &[u16]) -> Result<(), String> {
        let Some(first) = line.first().and_then(|unit| u8::try_from(*unit).ok()) else {
            return if line.is_empty() { Ok(()) } else { Err("this is no key, value or comment".into()) };
        };
        match first {
            b';' => {
                if self.form == Form::Wine
                    && let Some(place) = after(line, ";; All keys relative to ")
                {
                    self.base = Some(wine_base(&unescape(place, true)?)?);
                }
                Ok(())
            }
            b'#' if self.form == Form::Wine => self.option(line),
            b'[' => {
                self.tell_key()?;
                self.key(number, line)
            }
            b'"' | b'@' => {
                self.tell_key()?;
                if self.key.is_none() {
                    return Err(NO_KEY.into());
                }
                let statement = self.value(line)?;
                (self.each)(number, statement)
            }
            _ => Err("this is no key, value or comment".into()),
        }
    }

    /// Wine's lines about the file or a key.
    fn option(&mut self, line: &[u16]) -> Result<(), String> {
        let Some(open) = &mut self.key else { return Ok(()) };
        if line == wide("#link") {
            open.link = true;
        } else if let Some(class) = after(line, "#class=") {
            open.class = quoted(class, self.form)?.0;
        }
        Ok(())
    }

    fn key(&mut self, number: u32, line: &[u16]) -> Result<(), String> {
        let end = line.iter().rposition(|unit| *unit == u16::from(b']')).ok_or("the key's `]` is missing")?;
        let text = &line[1..end];
        let behind = trimmed(&line[end + 1..]);
        if self.form == Form::Wine {
            let mut path = self.base.clone().ok_or("the file does not say where its keys lie (`;; All keys relative to`)")?;
            path.push(PARTS);
            path.extend(unescape(text, true)?);
            self.key = Some(Open { line: number, path, class: Vec::new(), link: false, told: false });
            return Ok(());
        }
        if !behind.is_empty() && behind[0] != u16::from(b';') {
            return Err("nothing may follow the key".into());
        }
        let (removes, text) = match text.strip_prefix(&[u16::from(b'-')]) {
            Some(text) => (true, text),
            None => (false, text),
        };
        let path =
            from_text(text).ok_or("a key starts with HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER, HKEY_CLASSES_ROOT, HKEY_USERS or HKEY_CURRENT_CONFIG")?;
        if removes {
            self.key = None;
            return (self.each)(number, Statement::RemoveKey { path });
        }
        self.key = Some(Open { line: number, path, class: Vec::new(), link: false, told: false });
        Ok(())
    }

    fn value(&self, line: &[u16]) -> Result<Statement, String> {
        let (name, rest) = match line.strip_prefix(&[u16::from(b'@')]) {
            Some(rest) => (Vec::new(), rest),
            None => quoted(line, self.form)?,
        };
        let rest = trimmed(rest).strip_prefix(&[u16::from(b'=')]).ok_or("a `=` must follow the value's name")?;
        let rest = trimmed(rest);
        if rest == [u16::from(b'-')] {
            return Ok(Statement::RemoveValue { name });
        }
        let (kind, data) = self.data(rest)?;
        if data.len() > LARGEST {
            return Err(TOO_LARGE.into());
        }
        Ok(Statement::Value { name, kind, data })
    }

    fn data(&self, rest: &[u16]) -> Result<(u32, Vec<u8>), String> {
        const SZ: u32 = 1;
        const BINARY: u32 = 3;
        const DWORD: u32 = 4;
        if rest.first() == Some(&u16::from(b'"')) {
            let (text, behind) = quoted(rest, self.form)?;
            comment_only(behind)?;
            return Ok((SZ, terminated(&text)));
        }
        if let Some(number) = after(rest, "dword:") {
            let digits = without_comment(number);
            let text = String::from_utf16_lossy(trimmed(digits));
            let number = (1..=8).contains(&text.len()).then(|| u32::from_str_radix(&text, 16).ok()).flatten();
            return Ok((DWORD, number.ok_or("`dword:` wants one to eight hexadecimal digits")?.to_le_bytes().to_vec()));
        }
        if self.form == Form::Wine
            && let Some(rest) = after(rest, "str(")
        {
            let (kind, rest) = numbered(rest)?;
            let (text, behind) = quoted(rest, self.form)?;
            comment_only(behind)?;
            return Ok((kind, terminated(&text)));
        }
        let (kind, list) = match after(rest, "hex:") {
            Some(list) => (BINARY, list),
            None => match after(rest, "hex(") {
                Some(rest) => numbered(rest)?,
                None => return Err("a value is a text in quotes, `dword:`, `hex:` or `hex(..):`".into()),
            },
        };
        let mut data = bytes(without_comment(list))?;
        // In version 4 texts are bytes of the ANSI code page.
        if self.form == Form::Four && matches!(kind, 1 | 2 | 7) {
            data = data.iter().flat_map(|byte| page::unit(*byte).to_le_bytes()).collect();
        }
        Ok((kind, data))
    }
}

/// A number up to `):`, and what follows.
fn numbered(rest: &[u16]) -> Result<(u32, &[u16]), String> {
    let end = rest.iter().position(|unit| *unit == u16::from(b')')).ok_or("the `)` is missing")?;
    let kind = u32::from_str_radix(&String::from_utf16_lossy(&rest[..end]), 16).map_err(|_| "the value's type is no hexadecimal number")?;
    let list = rest[end + 1..].strip_prefix(&[u16::from(b':')]).ok_or("a `:` must follow the value's type")?;
    Ok((kind, list))
}

fn bytes(list: &[u16]) -> Result<Vec<u8>, String> {
    let list = trimmed(list);
    let mut found = Vec::new();
    if list.is_empty() {
        return Ok(found);
    }
    let list = list.strip_suffix(&[u16::from(b',')]).unwrap_or(list);
    for digits in list.split(|unit| *unit == u16::from(b',')) {
        let text = String::from_utf16_lossy(trimmed(digits));
        let byte = (1..=2).contains(&text.len()).then(|| u8::from_str_radix(&text, 16).ok()).flatten();
        found.push(byte.ok_or_else(|| format!("`{text}` is no byte of two hexadecimal digits"))?);
    }
    Ok(found)
}

fn without_comment(list: &[u16]) -> &[u16] {
    let end = list.iter().position(|unit| *unit == u16::from(b';')).unwrap_or(list.len());
    &list[..end]
}

fn comment_only(behind: &[u16]) -> Result<(), String> {
    let behind = trimmed(behind);
    if behind.is_empty() || behind[0] == u16::from(b';') { Ok(()) } else { Err("nothing may follow the text".into()) }
}

fn after<'a>(line: &'a [u16], start: &str) -> Option<&'a [u16]> {
    line.strip_prefix(wide(start).as_slice())
}

fn terminated(text: &[u16]) -> Vec<u8> {
    text.iter().copied().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A text in quotes, and what follows it.
fn quoted(line: &[u16], form: Form) -> Result<(Vec<u16>, &[u16]), String> {
    let inner = line.strip_prefix(&[u16::from(b'"')]).ok_or("a text starts with a quote")?;
    let mut at = 0;
    loop {
        match inner.get(at) {
            None => return Err("the text's closing quote is missing".into()),
            Some(&unit) if unit == u16::from(b'"') => return Ok((unescape(&inner[..at], form == Form::Wine)?, &inner[at + 1..])),
            Some(&PARTS) => at += 2,
            Some(_) => at += 1,
        }
    }
}

/// Takes backslashes out; Wine writes characters as C does.
fn unescape(text: &[u16], is_wine: bool) -> Result<Vec<u16>, String> {
    let mut found = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&unit, tail)) = rest.split_first() {
        rest = tail;
        if unit != PARTS {
            found.push(unit);
            continue;
        }
        let Some((&next, tail)) = rest.split_first() else { return Err("a backslash at the end".into()) };
        rest = tail;
        let letter = u8::try_from(next).unwrap_or(0);
        if !is_wine {
            found.push(next);
            continue;
        }
        found.push(match letter {
            b'n' => 0x0A,
            b'r' => 0x0D,
            b't' => 0x09,
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' => 0x1B,
            b'f' => 0x0C,
            b'v' => 0x0B,
            b'x' => digits(&mut rest, 16, 4).ok_or("`\\x` wants hexadecimal digits")?,
            b'0'..=b'7' => {
                rest = &text[text.len() - rest.len() - 1..];
                digits(&mut rest, 8, 3).ok_or("an octal number is wrong")?
            }
            _ => next,
        });
    }
    Ok(found)
}

/// Takes up to so many digits off.
fn digits(rest: &mut &[u16], radix: u32, most: usize) -> Option<u16> {
    let is_digit = |unit: &u16| char::from_u32((*unit).into()).is_some_and(|digit| digit.is_digit(radix));
    let count = rest.iter().take(most).take_while(|unit| is_digit(unit)).count();
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    u16::from_str_radix(&String::from_utf16_lossy(head), radix).ok()
}

/// Where the keys of one of Wine's files lie.
fn wine_base(place: &[u16]) -> Result<Vec<u16>, String> {
    let text = String::from_utf16_lossy(place);
    if text.eq_ignore_ascii_case("\\Machine") {
        Ok(wide("MACHINE"))
    } else if text.eq_ignore_ascii_case("\\User\\.Default") {
        Ok(wide("USER\\.Default"))
    } else if text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("\\User\\")) {
        // The user is another one here.
        let below = text.get(6..).and_then(|rest| rest.split_once('\\')).map_or(String::new(), |(_, below)| format!("\\{below}"));
        Ok(wide(&format!("USER\\{}{below}", super::USER_SID)))
    } else {
        Err("keys lie below \\\\Machine or \\\\User".into())
    }
}
