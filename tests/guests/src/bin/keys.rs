//! Does things to keys below `HKEY_CURRENT_USER` that its arguments name, with commas between, and says what came of each:
//! `keys set Software\A name text , get Software\A name`. A key that starts with `HKLM\` is below that root.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        keys::main()
    }
}

#[cfg(target_os = "windows")]
mod keys {
    use alloc::format;
    use alloc::string::String;
    use guests::registry::{create_with, get, names, open, set, text};
    use guests::{narrow, print, wide};
    use windows_sys::Win32::System::Registry::{
        HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_ALL_ACCESS, KEY_READ, REG_DWORD, REG_OPTION_VOLATILE, REG_SZ, RegDeleteKeyW, RegFlushKey,
    };
    use windows_sys::Win32::System::Threading::{INFINITE, Sleep};

    /// Does all; answers how many failed.
    pub fn main() -> u32 {
        guests::steps::all(run)
    }

    fn place(path: &str) -> (HKEY, &str) {
        path.strip_prefix("HKLM\\").map_or((HKEY_CURRENT_USER, path), |path| (HKEY_LOCAL_MACHINE, path))
    }

    fn done(code: u32) -> Result<String, u32> {
        if code == 0 { Ok("done".into()) } else { Err(code) }
    }

    fn run(step: &[&str]) -> Result<String, u32> {
        let (root, path) = place(step.get(1).copied().unwrap_or_default());
        match step {
            ["set", _, name, value] => done(set(&create_with(root, path, 0, KEY_ALL_ACCESS)?.0, name, REG_SZ, &text(value))),
            ["volatile", _] => create_with(root, path, REG_OPTION_VOLATILE, KEY_ALL_ACCESS).map(|_| "done".into()),
            ["get", _, name] => {
                let (kind, data) = get(&open(root, path, KEY_READ)?, name)?;
                let units: alloc::vec::Vec<u16> = data.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
                Ok(if kind == REG_SZ { narrow(units.strip_suffix(&[0]).unwrap_or(&units)) } else { format!("{kind} {data:?}") })
            }
            ["list", _] => Ok(names(&open(root, path, KEY_READ)?).join(" ")),
            // SAFETY: a terminated name.
            ["delete", _] => done(unsafe { RegDeleteKeyW(root, wide(path).as_ptr()) }),
            // SAFETY: the key is open.
            ["flush", _] => done(unsafe { RegFlushKey(open(root, path, KEY_READ)?.0) }),
            // Until somebody ends it.
            ["wait"] => {
                print("waiting\n");
                // SAFETY: a plain number.
                unsafe { Sleep(INFINITE) };
                Ok("done".into())
            }
            // So many values, in keys of a thousand each.
            ["fill", _, count] => {
                let count: u32 = count.parse().map_err(|_| 87_u32)?;
                for first in (0..count).step_by(1000) {
                    let key = create_with(root, &format!("{path}\\{}", first / 1000), 0, KEY_ALL_ACCESS)?.0;
                    for number in first..count.min(first + 1000) {
                        done(set(&key, &format!("value{number}"), REG_DWORD, &number.to_le_bytes()))?;
                    }
                }
                Ok("done".into())
            }
            _ => Err(87),
        }
    }
}
