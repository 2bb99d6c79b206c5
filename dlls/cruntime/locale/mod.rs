//! locale.h: the locale of the process and of threads.
//!
//! Two languages are known: "C", and the English of the United States, which is the user's; each with any code page that
//! `guest::nls` has. Locales are never given back, so that what `setlocale` and `localeconv` answered stays valid: there is
//! one per combination of names that was ever set.

mod conv;
mod name;
mod page;
mod set;

pub use name::{LC_COLLATE, LC_CTYPE, LC_MONETARY, LC_NUMERIC};
pub use page::Page;

use super::lock::{self, Guarded};
use super::thread;
use alloc::boxed::Box;
use alloc::vec::Vec;
use conv::Conventions;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use crt::{Codec, class};
use name::{CATEGORIES, Name};

/// A locale. What `_create_locale` answers is a pointer to one, whose first members are `_locale_t`'s.
#[repr(C)]
pub struct Locale {
    information: *const Self,
    multibyte: *const Self,
    /// By category; the first is not used.
    names: [Name; CATEGORIES],
    /// What `setlocale` answers by category, each with a NUL, narrow and wide.
    texts: [(Vec<u8>, Vec<u16>); CATEGORIES],
    /// The locale's name as Windows has it, for `___lc_locale_name_func`.
    windows_names: [*const u16; CATEGORIES],
    pub page: &'static Page,
    conventions: Conventions,
}

// SAFETY: a locale never changes.
unsafe impl Sync for Locale {}
// SAFETY: as above.
unsafe impl Send for Locale {}

/// The locale of the process; NULL for "C" before anybody asked.
static CURRENT: AtomicPtr<Locale> = AtomicPtr::new(core::ptr::null_mut());
/// Whether any thread ever had a locale of its own.
static OWN_LOCALES: AtomicBool = AtomicBool::new(false);
/// Every locale that was ever made.
static ALL: Guarded<Vec<&'static Locale>> = Guarded::new(lock::LOCALE, Vec::new());

impl Locale {
    fn new(names: [Name; CATEGORIES]) -> Box<Self> {
        let mut locale = Box::new(Self {
            information: core::ptr::null(),
            multibyte: core::ptr::null(),
            names,
            texts: name::texts(&names),
            windows_names: names.map(|name| if name.english { name::EN_US.as_ptr() } else { core::ptr::null() }),
            page: Page::of(names[LC_CTYPE].page),
            conventions: Conventions::of(names[LC_MONETARY].english, names[LC_NUMERIC].english),
        });
        locale.information = &raw const *locale;
        locale.multibyte = &raw const *locale;
        locale
    }

    /// The locale with these names, made once.
    fn interned(names: [Name; CATEGORIES]) -> &'static Self {
        ALL.with(|all| match all.iter().find(|locale| locale.names == names) {
            Some(locale) => *locale,
            None => {
                let locale: &'static Self = Box::leak(Self::new(names));
                all.push(locale);
                locale
            }
        })
    }

    /// Whether a category is that of the "C" locale.
    pub fn is_c(&self, category: usize) -> bool {
        self.names.get(category).is_none_or(|name| !name.english)
    }

    /// The conversion between wide and multibyte text.
    pub fn codec(&self) -> &'static dyn Codec {
        self.page
    }

    /// Lower case of wide characters: of ASCII in "C", of Unicode elsewhere.
    pub fn wide_lower(&self) -> fn(u16) -> u16 {
        if self.is_c(LC_CTYPE) { class::to_lower } else { class::unicode_lower }
    }

    /// Upper case of wide characters.
    pub fn wide_upper(&self) -> fn(u16) -> u16 {
        if self.is_c(LC_CTYPE) { class::to_upper } else { class::unicode_upper }
    }

    /// The code page of a category, 0 for "C".
    pub fn page_of(&self, category: usize) -> u32 {
        self.names.get(category).map_or(0, |name| name.page)
    }
}

/// The calling thread's locale.
#[inline]
pub fn current() -> &'static Locale {
    if OWN_LOCALES.load(Ordering::Relaxed) && thread::current().own_locale.get() {
        // SAFETY: only interned locales are kept there.
        if let Some(locale) = unsafe { thread::current().locale.get().cast::<Locale>().as_ref() } {
            return locale;
        }
    }
    global()
}

/// The process's locale.
#[inline]
fn global() -> &'static Locale {
    // SAFETY: only interned locales are kept there.
    match unsafe { CURRENT.load(Ordering::Acquire).as_ref() } {
        Some(locale) => locale,
        None => start(),
    }
}

#[cold]
fn start() -> &'static Locale {
    let c = Locale::interned([Name::C; CATEGORIES]);
    CURRENT.store(core::ptr::from_ref(c).cast_mut(), Ordering::Release);
    c
}

/// What a `_locale_t` parameter means: NULL is the thread's locale.
///
/// # Safety
/// It comes from `_create_locale`, or is NULL.
pub unsafe fn given(locale: *const Locale) -> &'static Locale {
    // SAFETY: as the caller promises.
    match unsafe { locale.as_ref() } {
        // SAFETY: as the caller promises.
        Some(locale) => unsafe { &*locale.information },
        None => current(),
    }
}
