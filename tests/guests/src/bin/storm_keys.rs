//! Works at random on keys below `HKEY_CURRENT_USER\Software\Storm`, and says what it begins and what was confirmed:
//! `storm_keys SEED STEPS`. Whoever ends it at any point knows from that what must be there (`cargo xtask crash`).
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        storm::storm()
    }
}

#[cfg(target_os = "windows")]
mod storm {
    use alloc::format;
    use alloc::string::String;
    use core::ptr::null;
    use guests::random::Random;
    use guests::registry::{Key, create_with, open, set};
    use guests::{arguments, print, wide};
    use windows_sys::Win32::System::Registry::{
        HKEY_CURRENT_USER, KEY_ALL_ACCESS, REG_BINARY, RegDeleteKeyW, RegDeleteValueW, RegFlushKey, RegRenameKey,
    };

    const PLACE: &str = "Software\\Storm";
    const KEYS: u64 = 18;
    const VALUES: u64 = 5;

    /// Does its steps; answers the exit code.
    pub fn storm() -> u32 {
        let arguments = arguments();
        let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
        let (Some(seed), Some(steps)) = (number(1), number(2)) else { return 100 };
        let Ok((top, _)) = create_with(HKEY_CURRENT_USER, PLACE, 0, KEY_ALL_ACCESS) else { return 101 };
        let mut random = Random(seed);
        let mut next = |most| random.below(most);
        for step in 0..steps {
            let (verb, one, other, value, length) = (next(16), path(next(KEYS)), path(next(KEYS)), next(VALUES), next(300));
            let word = match verb {
                0..=8 => "set",
                9..=11 => "unset",
                12..=13 => "delete",
                14 => "rename",
                _ => "flush",
            };
            print(&format!("begin {step} {word} {one} {other} {value} {length}\n"));
            match work(&top, word, &one, &other, &format!("v{value}"), (seed << 32 | step, length)) {
                0 => print(&format!("end {step}\n")),
                error => print(&format!("error {step} {error}\n")),
            }
        }
        print("over\n");
        0
    }

    /// Where a key lies: some are below others.
    fn path(number: u64) -> String {
        let top = number % 6;
        if number < 6 { format!("k{top}") } else { format!("k{top}\\s{}", number / 6) }
    }

    fn work(top: &Key, word: &str, one: &str, other: &str, value: &str, (key, length): (u64, u64)) -> u32 {
        let name = wide(one);
        let opened = || open(top.0, one, KEY_ALL_ACCESS);
        match word {
            "set" => {
                let bytes: alloc::vec::Vec<u8> =
                    (0..length.div_ceil(8)).flat_map(|at| (key ^ at << 17).to_le_bytes()).take(length as usize).collect();
                create_with(top.0, one, 0, KEY_ALL_ACCESS).map_or_else(|code| code, |(key, _)| set(&key, value, REG_BINARY, &bytes))
            }
            // SAFETY: the handle is open, the name ends in a NUL.
            "unset" => opened().map_or_else(|code| code, |key| unsafe { RegDeleteValueW(key.0, wide(value).as_ptr()) }),
            // SAFETY: as above.
            "delete" => unsafe { RegDeleteKeyW(top.0, name.as_ptr()) },
            // SAFETY: as above.
            "rename" => opened().map_or_else(|code| code, |key| unsafe { RegRenameKey(key.0, null(), wide(last(other)).as_ptr()) }),
            // SAFETY: the handle is open.
            _ => unsafe { RegFlushKey(top.0) },
        }
    }

    /// A path's last name: what a key is renamed to stays below the same key.
    fn last(path: &str) -> &str {
        path.rsplit('\\').next().unwrap_or(path)
    }
}
