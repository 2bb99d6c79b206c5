//! Times the registry: `bench_registry COUNT ROUNDS` makes so many keys, opens, lists and deletes them, as often, and prints one line per
//! case, `name<TAB>nanoseconds` for each key or value, the median of the rounds. `bench_registry COUNT ROUNDS WORD` repeats what is done
//! with single keys for the cases with the word in their names alone, for a profiler to look at.
#![cfg_attr(target_os = "windows", no_std, no_main)]

#[cfg(target_os = "windows")]
extern crate alloc;

guests::program! {
    fn main() -> u32 {
        bench::bench()
    }
}

#[cfg(target_os = "windows")]
mod bench {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;
    use core::ptr::{null, null_mut};
    use guests::clock::nanoseconds;
    use guests::registry::{Key, create_with, open};
    use guests::{arguments, print, wide};
    use windows_sys::Win32::System::Registry::{
        HKEY, HKEY_CURRENT_USER, KEY_ALL_ACCESS, KEY_READ, REG_DWORD, RegCloseKey, RegCreateKeyExW, RegDeleteKeyW, RegDeleteValueW, RegEnumKeyExW,
        RegEnumValueW, RegOpenKeyExW, RegQueryValueExW, RegSetValueExW,
    };

    const PLACE: &str = "Software\\WcBench";

    /// The times of each case, in the order in which they are told.
    #[derive(Default)]
    struct Times {
        cases: Vec<(&'static str, Vec<i64>)>,
        word: String,
    }

    impl Times {
        /// Times a case over all names; answers the code of the first call that fails.
        fn each<'a>(&mut self, case: &'static str, names: &'a [Vec<u16>], call: impl FnMut(&'a [u16]) -> u32) -> Result<(), u32> {
            let start = nanoseconds();
            if let Some(code) = names.iter().map(Vec::as_slice).map(call).find(|code| *code != 0) {
                print(&format!("{case} failed\n"));
                return Err(code);
            }
            let time = (nanoseconds() - start) / names.len().max(1) as i64;
            match self.cases.iter_mut().find(|(name, _)| *name == case) {
                Some((_, times)) => times.push(time),
                None => self.cases.push((case, Vec::from([time]))),
            }
            Ok(())
        }

        /// The same of a case that may be done again and again, and only where it is asked for.
        fn again<'a>(&mut self, case: &'static str, names: &'a [Vec<u16>], call: impl FnMut(&'a [u16]) -> u32) -> Result<(), u32> {
            if case.contains(self.word.as_str()) { self.each(case, names, call) } else { Ok(()) }
        }
    }

    pub fn bench() -> u32 {
        let arguments = arguments();
        let number = |place: usize| arguments.get(place).and_then(|word| word.parse::<usize>().ok());
        let (Some(count), Some(rounds)) = (number(1), number(2)) else {
            print("bench_registry COUNT ROUNDS [WORD]\n");
            return 2;
        };
        let names: Vec<Vec<u16>> = (0..count).map(|number| wide(&format!("{PLACE}\\key {number}"))).collect();
        let mut times = Times { word: arguments.get(3).cloned().unwrap_or_default(), ..Times::default() };
        for _ in 0..rounds {
            if let Err(code) = round(&mut times, &names) {
                print(&format!("it failed with error {code}\n"));
                return 1;
            }
        }
        for (name, mut times) in times.cases {
            times.sort_unstable();
            print(&format!("{name}\t{}\n", times[times.len() / 2]));
        }
        0
    }

    fn set(key: HKEY, name: &[u16]) -> u32 {
        // SAFETY: the name ends in a NUL; the data live through the call.
        unsafe { RegSetValueExW(key, name.as_ptr(), 0, REG_DWORD, [1_u8, 2, 3, 4].as_ptr(), 4) }
    }

    fn query(key: HKEY, name: &[u16]) -> u32 {
        let (mut kind, mut data, mut size) = (0, [0_u8; 4], 4);
        // SAFETY: as above.
        unsafe { RegQueryValueExW(key, name.as_ptr(), null(), &raw mut kind, data.as_mut_ptr(), &raw mut size) }
    }

    fn round(times: &mut Times, names: &[Vec<u16>]) -> Result<(), u32> {
        let value = wide("value");
        let top = create_with(HKEY_CURRENT_USER, PLACE, 0, KEY_ALL_ACCESS)?.0;
        times.each("RegCreateKeyEx of a new key, RegSetValueEx, RegCloseKey", names, |name| {
            let mut key = null_mut();
            // SAFETY: the name ends in a NUL; the places live through the call.
            let code = unsafe { RegCreateKeyExW(HKEY_CURRENT_USER, name.as_ptr(), 0, null(), 0, KEY_ALL_ACCESS, null(), &raw mut key, null_mut()) };
            if code != 0 {
                return code;
            }
            let key = Key(key);
            set(key.0, &value)
        })?;
        times.again("RegOpenKeyEx, RegQueryValueEx, RegCloseKey", names, |name| {
            let mut key = null_mut();
            // SAFETY: as above.
            let code = unsafe { RegOpenKeyExW(HKEY_CURRENT_USER, name.as_ptr(), 0, KEY_READ, &raw mut key) };
            if code != 0 {
                return code;
            }
            let code = query(key, &value);
            // SAFETY: the handle is open.
            unsafe { RegCloseKey(key) };
            code
        })?;
        times.again("RegOpenKeyEx of a missing key", names, |_| if open(top.0, "missing", KEY_READ).is_err_and(|code| code == 2) { 0 } else { 1 })?;
        set(top.0, &value);
        times.again("RegQueryValueEx of an open key", names, |_| query(top.0, &value))?;
        times.again("RegSetValueEx of a value that is there", names, |_| set(top.0, &value))?;
        let mut index = 0;
        times.again("RegEnumKeyEx, for each key", names, |_| {
            let (mut name, mut room) = ([0_u16; 256], 256);
            index += 1;
            // SAFETY: the buffer has that many units.
            unsafe { RegEnumKeyExW(top.0, index - 1, name.as_mut_ptr(), &raw mut room, null(), null_mut(), null_mut(), null_mut()) }
        })?;
        let values = open_values()?;
        times.each("RegSetValueEx of a new value", names, |name| set(values.0, name))?;
        let mut index = 0;
        times.again("RegEnumValue, for each value", names, |_| {
            let (mut name, mut room, mut data, mut size) = ([0_u16; 256], 256, [0_u8; 16], 16);
            index += 1;
            // SAFETY: the buffers have that many units and bytes.
            unsafe { RegEnumValueW(values.0, index - 1, name.as_mut_ptr(), &raw mut room, null(), null_mut(), data.as_mut_ptr(), &raw mut size) }
        })?;
        // SAFETY: the name ends in a NUL.
        times.each("RegDeleteValue", names, |name| unsafe { RegDeleteValueW(values.0, name.as_ptr()) })?;
        // SAFETY: as above.
        times.each("RegDeleteKey", names, |name| unsafe { RegDeleteKeyW(HKEY_CURRENT_USER, name.as_ptr()) })
    }

    fn open_values() -> Result<Key, u32> {
        create_with(HKEY_CURRENT_USER, "Software\\WcBench values", 0, KEY_ALL_ACCESS).map(|(key, _)| key)
    }
}
