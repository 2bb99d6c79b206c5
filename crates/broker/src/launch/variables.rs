//! The variables by which a program is told of the machine and of the folders of programs: they differ with its bitness, and a child of
//! the other bitness gets its own ("WOW64 Implementation Details", learn.microsoft.com).

/// What 64-bit and 32-bit programs see as one variable, and where the other finds it.
const FOLDERS: [[&str; 3]; 2] =
    [["ProgramFiles", "ProgramW6432", "ProgramFiles(x86)"], ["CommonProgramFiles", "CommonProgramW6432", "CommonProgramFiles(x86)"]];
const PROCESSOR: &str = "PROCESSOR_ARCHITECTURE";
const NATIVE: &str = "PROCESSOR_ARCHITEW6432";

const EQUALS: u16 = b'=' as u16;

/// The variables of an environment, `name=value` each, in their order.
struct Variables(Vec<Vec<u16>>);

impl Variables {
    fn find(&self, name: &str) -> Option<usize> {
        let wide: Vec<u16> = name.encode_utf16().collect();
        let is_it = |variable: &Vec<u16>| {
            let length = variable.iter().skip(1).position(|unit| *unit == EQUALS).map_or(0, |at| at + 1);
            store::same(&variable[..length], &wide)
        };
        self.0.iter().position(is_it)
    }

    fn value(&self, name: &str) -> Option<Vec<u16>> {
        self.find(name).map(|at| self.0[at][name.encode_utf16().count() + 1..].to_vec())
    }

    /// Changes a variable, where there is one.
    fn set(&mut self, name: &str, value: &[u16]) {
        if let Some(at) = self.find(name) {
            self.0[at].truncate(name.encode_utf16().count() + 1);
            self.0[at].extend(value);
        }
    }
}

/// The environment that a program of one bitness gets from a process of the other one.
pub fn adapted(block: &[u16], narrow: bool) -> Vec<u16> {
    let mut variables = Variables(block.split(|unit| *unit == 0).take_while(|variable| !variable.is_empty()).map(<[u16]>::to_vec).collect());
    for [own, wide, short] in FOLDERS {
        if let Some(folder) = variables.value(if narrow { short } else { wide }) {
            variables.set(own, &folder);
        }
    }
    let (processor, native) = (variables.find(PROCESSOR), variables.value(NATIVE));
    match (processor, native) {
        (Some(at), None) if narrow => {
            let told = variables.value(PROCESSOR).unwrap_or_default();
            variables.set(PROCESSOR, &"x86".encode_utf16().collect::<Vec<_>>());
            variables.0.insert(at + 1, NATIVE.encode_utf16().chain([EQUALS]).chain(told).collect());
        }
        (Some(_), Some(native)) if !narrow => {
            variables.set(PROCESSOR, &native);
            let at = variables.find(NATIVE);
            at.map(|at| variables.0.remove(at));
        }
        _ => {}
    }
    let mut block: Vec<u16> = variables.0.iter().flat_map(|variable| variable.iter().copied().chain([0])).collect();
    block.push(0);
    block
}

#[cfg(test)]
mod tests {
    use super::adapted;

    fn block(text: &str) -> Vec<u16> {
        text.replace(';', "\0").encode_utf16().chain([0, 0]).collect()
    }

    #[test]
    fn children_of_the_other_bitness() {
        let wide = block(
            "=C:=C:\\x;CommonProgramFiles=C;CommonProgramFiles(x86)=C86;PROCESSOR_ARCHITECTURE=AMD64;PROGRAMFILES=P;ProgramFiles(x86)=P86;ProgramW6432=P;zone=1",
        );
        let narrow = block(
            "=C:=C:\\x;CommonProgramFiles=C86;CommonProgramFiles(x86)=C86;PROCESSOR_ARCHITECTURE=x86;PROCESSOR_ARCHITEW6432=AMD64;PROGRAMFILES=P86;ProgramFiles(x86)=P86;ProgramW6432=P;zone=1",
        );
        assert_eq!(adapted(&wide, true), narrow);
        // What the common folder was called for 64-bit programs nobody says.
        let back = adapted(&narrow, false);
        assert_eq!(String::from_utf16_lossy(&back), String::from_utf16_lossy(&wide).replace("CommonProgramFiles=C\0", "CommonProgramFiles=C86\0"));
        assert_eq!(adapted(&block("a=b"), true), block("a=b"));
        assert_eq!(adapted(&[0], true), [0]);
    }
}
