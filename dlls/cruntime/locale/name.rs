//! Categories and names of locales: what `setlocale` takes, and what it answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use guest::nls;

pub const LC_ALL: usize = 0;
pub const LC_COLLATE: usize = 1;
pub const LC_CTYPE: usize = 2;
pub const LC_MONETARY: usize = 3;
pub const LC_NUMERIC: usize = 4;
pub const LC_TIME: usize = 5;
pub const CATEGORIES: usize = 6;

/// What a category is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Whether it is English; else it is "C".
    pub english: bool,
    /// The code page, 0 for "C".
    pub page: u32,
    /// Whether it was asked for as Windows names locales (`en-US`).
    windows: bool,
}

/// The name of the user's locale as Windows has it, with a NUL.
pub static EN_US: [u16; 6] = [b'e' as u16, b'n' as u16, b'-' as u16, b'U' as u16, b'S' as u16, 0];

const CATEGORY_NAMES: [(usize, &str); 5] =
    [(LC_COLLATE, "LC_COLLATE"), (LC_CTYPE, "LC_CTYPE"), (LC_MONETARY, "LC_MONETARY"), (LC_NUMERIC, "LC_NUMERIC"), (LC_TIME, "LC_TIME")];

/// Words for the language, and for the language and the country together.
const LANGUAGES: [&str; 9] =
    ["english", "american", "american english", "american-english", "english-american", "english-us", "english-usa", "enu", "us"];
const ENGLISH: [&str; 3] = ["english", "enu", "en"];
const COUNTRIES: [&str; 6] = ["united states", "united-states", "america", "us", "usa", "united states of america"];

impl Name {
    /// The "C" locale.
    pub const C: Self = Self { english: false, page: 0, windows: false };
    const USER: Self = Self { english: true, page: nls::ANSI, windows: false };

    /// What one name means; nothing where there is no such locale.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "C" {
            return Some(Self::C);
        }
        let (language, page) = match text.split_once('.') {
            Some((language, page)) => (language, Some(page)),
            None => (text, None),
        };
        let language = language.to_ascii_lowercase();
        let windows = cfg!(dll = "ucrtbase") && matches!(language.as_str(), "en-us");
        let posix = cfg!(dll = "ucrtbase") && language == "en_us";
        let known = language.is_empty()
            || windows
            || posix
            || LANGUAGES.contains(&language.as_str())
            || language.split_once('_').is_some_and(|(language, country)| ENGLISH.contains(&language) && COUNTRIES.contains(&country));
        if !known {
            return None;
        }
        let page = match page {
            None => nls::ANSI,
            Some(page) => parse_page(page)?,
        };
        Some(Self { page, windows, ..Self::USER })
    }

    fn text(self) -> String {
        match (self.english, self.windows, self.page) {
            (false, ..) => "C".to_string(),
            (_, true, nls::ANSI) => "en-US".to_string(),
            (_, true, nls::UTF8) => "en-US.UTF-8".to_string(),
            (_, true, page) => format!("en-US.{page}"),
            (_, _, nls::UTF8) => "English_United States.utf8".to_string(),
            (_, _, page) => format!("English_United States.{page}"),
        }
    }
}

fn parse_page(text: &str) -> Option<u32> {
    let page = match text.to_ascii_lowercase().as_str() {
        "acp" => nls::ANSI,
        "ocp" => nls::OEM,
        "utf8" | "utf-8" if cfg!(dll = "ucrtbase") => nls::UTF8,
        number => number.parse().ok()?,
    };
    // Characters of more than two bytes came with the new runtime.
    (nls::is_known(page) && (page != nls::UTF8 || cfg!(dll = "ucrtbase"))).then_some(page)
}

/// What the names become when `text` is set for a category; nothing where it names no locale.
pub fn change(names: &[Name; CATEGORIES], category: usize, text: &str) -> Option<[Name; CATEGORIES]> {
    let mut names = *names;
    if category == LC_ALL && text.contains(';') {
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (word, value) = part.split_once('=')?;
            let (category, _) = CATEGORY_NAMES.iter().find(|(_, name)| *name == word)?;
            names[*category] = Name::parse(value)?;
        }
    } else if category == LC_ALL {
        names = [Name::parse(text)?; CATEGORIES];
    } else {
        *names.get_mut(category)? = Name::parse(text)?;
    }
    names[LC_ALL] = Name::C;
    Some(names)
}

/// What `setlocale` answers for each category.
pub fn texts(names: &[Name; CATEGORIES]) -> [(Vec<u8>, Vec<u16>); CATEGORIES] {
    core::array::from_fn(|category| {
        let first = names[LC_COLLATE];
        let mut text = if category != LC_ALL {
            names[category].text()
        } else if names[LC_COLLATE..].iter().all(|name| *name == first) {
            first.text()
        } else {
            let parts: Vec<String> = CATEGORY_NAMES.iter().map(|(category, word)| format!("{word}={}", names[*category].text())).collect();
            parts.join(";")
        };
        text.push('\0');
        (text.clone().into_bytes(), text.encode_utf16().collect())
    })
}
