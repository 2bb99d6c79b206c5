//! Programs and DLLs made of a list of calls, for what no linker would write: damaged headers, circles, forwarders to nowhere.
//!
//! They lie at the address that they name, so that their code may hold addresses: each gets a base of its own. Their bitness is that
//! of all the tests' programs.

#[allow(dead_code, reason = "the reader's own tests use more of it")]
#[path = "../../../../crates/pe/tests/pe/builder.rs"]
pub mod builder;

use builder::{Builder, DELAY, EXPORT, IMPORT, Kind, OPTIONAL, SIGNATURE, TLS, bytes, set};
use runs::is_narrow;

/// Where programs lie.
pub const PROGRAM: u64 = 0x40_0000;
/// Where DLLs lie; the next one is so much further.
pub const LIBRARY: u64 = 0x1000_0000;

/// An argument of a call.
#[derive(Clone, Copy)]
pub enum Argument {
    Number(u64),
    /// What the last call answered.
    Last,
}
use Argument::{Last, Number};

/// Where an export leads.
#[derive(Clone)]
pub enum Exported {
    Code(u32),
    Forward(&'static str),
}

/// What the programs are.
pub fn kind() -> Kind {
    if is_narrow() { Kind::Pe32 } else { Kind::Pe64 }
}

/// Code of a function that may call, and answers a number. What the last call answered is in rbx, ebx.
#[derive(Clone)]
pub struct Code(Vec<u8>);

/// The bytes of an address or number in the code.
fn immediate(value: u64) -> Vec<u8> {
    value.to_le_bytes()[..if is_narrow() { 4 } else { 8 }].to_vec()
}

impl Default for Code {
    fn default() -> Self {
        // push rbx; sub rsp, 0x20: aligned, with room for the called function's parameters. Or push ebp; mov ebp, esp; push ebx.
        Self(if is_narrow() { vec![0x55, 0x89, 0xE5, 0x53] } else { vec![0x53, 0x48, 0x83, 0xEC, 0x20] })
    }
}

impl Code {
    /// The instructions of either bitness.
    fn add(mut self, wide: &[&[u8]], narrow: &[&[u8]]) -> Self {
        self.0.extend(if is_narrow() { narrow } else { wide }.concat());
        self
    }

    /// Calls what a slot of the import table holds.
    pub fn call(mut self, slot: u64, arguments: &[Argument]) -> Self {
        if is_narrow() {
            // push number; push ebx.
            for argument in arguments.iter().rev() {
                match argument {
                    Number(number) => self.0.extend([[0x68].as_slice(), &immediate(*number)].concat()),
                    Last => self.0.push(0x53),
                }
            }
        } else {
            let registers = [([0x48, 0xB9], [0x48, 0x89, 0xD9]), ([0x48, 0xBA], [0x48, 0x89, 0xDA]), ([0x49, 0xB8], [0x49, 0x89, 0xD8])];
            for (argument, (into, from_rbx)) in arguments.iter().zip(registers) {
                match argument {
                    Number(number) => self.0.extend([into.as_slice(), &immediate(*number)].concat()),
                    Last => self.0.extend(from_rbx),
                }
            }
        }
        // mov rax, slot; call [rax]; mov rbx, rax. Whoever takes the arguments off a 32-bit stack: lea esp, [ebp - 4].
        let slot = immediate(slot);
        self.add(&[&[0x48, 0xB8], &slot, &[0xFF, 0x10, 0x48, 0x89, 0xC3]], &[&[0xB8], &slot, &[0xFF, 0x10, 0x89, 0xC3, 0x8D, 0x65, 0xFC]])
    }

    /// Calls the function whose address the last call answered.
    pub fn call_last(self) -> Self {
        // call rbx; mov rbx, rax.
        self.add(&[&[0xFF, 0xD3, 0x48, 0x89, 0xC3]], &[&[0xFF, 0xD3, 0x89, 0xC3, 0x8D, 0x65, 0xFC]])
    }

    /// Adds what the second parameter holds to a word, as a notice's reason.
    pub fn add_reason(self, word: u64) -> Self {
        // mov rax, word; add [rax], edx. Or mov eax, word; mov ecx, [ebp + 12]; add [eax], ecx.
        let word = immediate(word);
        self.add(&[&[0x48, 0xB8], &word, &[0x01, 0x10]], &[&[0xB8], &word, &[0x8B, 0x4D, 0x0C, 0x01, 0x08]])
    }

    /// Answers a number where the last call answered 0.
    pub fn answer_if_zero(self, number: u32) -> Self {
        self.answer_unless(0x75, number)
    }

    /// Answers a number where the last call did not answer 0.
    pub fn answer_if_not_zero(self, number: u32) -> Self {
        self.answer_unless(0x74, number)
    }

    fn answer_unless(self, jump: u8, number: u32) -> Self {
        let answer = Self(Vec::new()).answer(number).0;
        // test rbx, rbx; jump over the answer.
        let jump = [jump, answer.len() as u8];
        self.add(&[&[0x48, 0x85, 0xDB], &jump, &answer], &[&[0x85, 0xDB], &jump, &answer])
    }

    /// Answers a number.
    pub fn answer(mut self, number: u32) -> Self {
        self.0.extend([[0xB8].as_slice(), &number.to_le_bytes()].concat());
        self.leave()
    }

    /// Answers what the last call answered.
    pub fn answer_last(mut self) -> Self {
        self.0.extend([0x89, 0xD8]);
        self.leave()
    }

    /// Answers what a word holds.
    pub fn answer_word(self, word: u64) -> Self {
        let word = immediate(word);
        self.add(&[&[0x48, 0xB8], &word, &[0x8B, 0x00]], &[&[0xB8], &word, &[0x8B, 0x00]]).leave()
    }

    /// A 32-bit function leaves its parameters where they are; the loader bears with that, as Windows' does.
    fn leave(self) -> Self {
        self.add(&[&[0x48, 0x83, 0xC4, 0x20, 0x5B, 0xC3]], &[&[0x5B, 0x5D, 0xC3]])
    }
}

/// A program or DLL under construction.
pub struct Program {
    pub image: Builder,
    base: u64,
    dll: bool,
    entry: u32,
    /// Import descriptors without the last, empty one.
    imports: Vec<u32>,
    delayed: Vec<u32>,
}

impl Program {
    /// A program.
    pub fn new() -> Self {
        Self::at(PROGRAM, false)
    }

    /// A DLL at a base.
    pub fn library(base: u64) -> Self {
        Self::at(base, true)
    }

    fn at(base: u64, dll: bool) -> Self {
        let mut image = Builder::new(kind());
        // Nothing that counts has the first address.
        image.words(&[0]);
        Self { image, base, dll, entry: 0, imports: Vec::new(), delayed: Vec::new() }
    }

    /// The address of what lies at an offset from the base.
    pub fn address(&self, rva: u32) -> u64 {
        self.base + u64::from(rva)
    }

    /// Puts a text that ends in a NUL; answers its address.
    pub fn text(&mut self, text: &str) -> u64 {
        let rva = self.image.text(text);
        self.address(rva)
    }

    /// Puts a word; answers its address.
    pub fn word(&mut self, value: u32) -> u64 {
        let rva = self.image.words(&[value]);
        self.address(rva)
    }

    /// Imports functions, `#9` by number; answers the addresses of their slots.
    pub fn import<const COUNT: usize>(&mut self, dll: &str, functions: [&str; COUNT]) -> [u64; COUNT] {
        let mut thunks = self.thunks(&functions);
        thunks.push(0);
        let (names, slots, dll) = (self.image.pointers(&thunks), self.image.pointers(&thunks), self.image.text(dll));
        self.imports.extend([names, 0, 0, dll, slots]);
        std::array::from_fn(|index| self.address(slots) + (self.image.width() * index) as u64)
    }

    /// Imports functions when they are first used; answers the addresses of their slots, which the program's own code has to fill.
    pub fn delay<const COUNT: usize>(&mut self, dll: &str, functions: [&str; COUNT]) -> [u64; COUNT] {
        let mut thunks = self.thunks(&functions);
        thunks.push(0);
        let (names, slots) = (self.image.pointers(&thunks), self.image.pointers(&[0; 8]));
        let (dll, handle) = (self.image.text(dll), self.image.words(&[0, 0]));
        self.delayed.extend([1, dll, handle, slots, names, 0, 0, 0]);
        std::array::from_fn(|index| self.address(slots) + (self.image.width() * index) as u64)
    }

    fn thunks(&mut self, functions: &[&str]) -> Vec<u64> {
        let thunk = |name: &&str| match name.strip_prefix('#') {
            Some(number) => self.image.ordinal(number.parse().expect("a number")),
            None => self.image.hint(0, name),
        };
        functions.iter().map(thunk).collect()
    }

    /// Puts a function.
    pub fn function(&mut self, code: Code) -> u32 {
        self.image.put(&code.0)
    }

    /// Puts the function that the image starts with.
    pub fn start(&mut self, code: Code) {
        self.entry = self.function(code);
    }

    /// Exports functions; names in the order of their bytes.
    pub fn export(&mut self, exports: &[(&str, Exported)]) {
        let own = self.image.text("own.dll");
        let names: Vec<u32> = exports.iter().map(|(name, _)| self.image.text(name)).collect();
        let count = exports.len() as u32;
        let start = self.image.words(&[0; 10]);
        // What lies inside of the directory is a forwarder.
        let targets: Vec<u32> = exports
            .iter()
            .map(|(_, target)| match target {
                Exported::Code(rva) => *rva,
                Exported::Forward(text) => self.image.text(text),
            })
            .collect();
        let (targets, names) = (self.image.words(&targets), self.image.words(&names));
        let numbers: Vec<u8> = (0..count as u16).flat_map(u16::to_le_bytes).collect();
        let numbers = self.image.put(&numbers);
        let table = [0, 0, 0, own, 1, count, count, targets, names, numbers];
        let at = (start - builder::DATA) as usize;
        set(&mut self.image.data, at, &bytes(&table));
        let size = self.image.here() - start;
        self.image.directory(EXPORT, start, size as usize);
    }

    /// Gives the image TLS callbacks, by their addresses.
    pub fn callbacks(&mut self, callbacks: &[u64]) {
        let list = self.image.pointers(&[callbacks, &[0]].concat());
        let (template, index) = (self.image.words(&[7, 0]), self.image.words(&[0]));
        let addresses = [template, template + 8, index, list].map(|rva| self.address(rva));
        let table = self.image.pointers(&addresses);
        self.image.words(&[0, 0]);
        self.image.directory(TLS, table, 4 * self.image.width() + 8);
    }

    /// The bytes of the file.
    pub fn file(mut self) -> Vec<u8> {
        for (index, mut table, width) in [(IMPORT, self.imports.clone(), 5), (DELAY, self.delayed.clone(), 8)] {
            if !table.is_empty() {
                table.extend(vec![0; width]);
                self.image.table(index, &table);
            }
        }
        let mut file = self.image.file();
        set(&mut file, OPTIONAL + 16, &self.entry.to_le_bytes());
        let base = immediate(self.base);
        set(&mut file, OPTIONAL + 32 - base.len(), &base);
        let flags: u16 = if self.dll { 0x2022 } else { 0x22 };
        set(&mut file, SIGNATURE + 22, &flags.to_le_bytes());
        file
    }
}

/// A program that answers a number.
pub fn answering(number: u32) -> Program {
    let mut program = Program::new();
    program.start(Code::default().answer(number));
    program
}
