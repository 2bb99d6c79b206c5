//! Makes small images for the tests, and the seeds of the fuzzer.
//!
//! One section `.data` (address 0x1000, file offset 0x400) takes what is put, and a section `.zero` follows that only memory has.

/// File offsets of the headers.
pub const SIGNATURE: usize = 0x80;
pub const OPTIONAL: usize = SIGNATURE + 24;
/// Where `.data` starts in memory and in the file.
pub const DATA: u32 = 0x1000;
pub const RAW: usize = 0x400;
/// Preferred address.
pub const BASE: u64 = 0x40_0000;

pub const EXPORT: usize = 0;
pub const IMPORT: usize = 1;
pub const RESOURCE: usize = 2;
pub const EXCEPTION: usize = 3;
pub const CERTIFICATE: usize = 4;
pub const RELOCATION: usize = 5;
pub const DEBUG: usize = 6;
pub const TLS: usize = 9;
pub const CONFIG: usize = 10;
pub const DELAY: usize = 13;
pub const DOTNET: usize = 14;

/// The offset of a directory that a frame does not have.
const NOWHERE: u16 = u16::MAX;

pub const KINDS: [Kind; 2] = [Kind::Pe32, Kind::Pe64];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pe32,
    Pe64,
}

/// An image under construction.
#[derive(Clone)]
pub struct Builder {
    pub kind: Kind,
    pub data: Vec<u8>,
    pub directories: [(u32, u32); 16],
    /// How much longer `.data` is in memory than in the file.
    pub zeros: u32,
}

impl Builder {
    pub fn new(kind: Kind) -> Self {
        Self { kind, data: Vec::new(), directories: [(0, 0); 16], zeros: 0 }
    }

    /// Puts bytes, aligned to 8, and returns their address.
    pub fn put(&mut self, bytes: &[u8]) -> u32 {
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        let rva = self.here();
        self.data.extend(bytes);
        rva
    }

    /// The address of what is put next, if that is aligned.
    pub fn here(&self) -> u32 {
        DATA + self.data.len() as u32
    }

    pub fn text(&mut self, text: &str) -> u32 {
        self.put(&[text.as_bytes(), &[0]].concat())
    }

    pub fn words(&mut self, words: &[u32]) -> u32 {
        self.put(&bytes(words))
    }

    /// Puts numbers as wide as a pointer.
    pub fn pointers(&mut self, pointers: &[u64]) -> u32 {
        let width = self.width();
        let bytes: Vec<u8> = pointers.iter().flat_map(|pointer| pointer.to_le_bytes().into_iter().take(width)).collect();
        self.put(&bytes)
    }

    pub fn width(&self) -> usize {
        if self.kind == Kind::Pe64 { 8 } else { 4 }
    }

    /// Names a function for an import table.
    pub fn hint(&mut self, hint: u16, name: &str) -> u64 {
        self.put(&[&hint.to_le_bytes(), name.as_bytes(), &[0]].concat()).into()
    }

    /// The entry that imports a function by number.
    pub fn ordinal(&self, ordinal: u16) -> u64 {
        u64::from(ordinal) | 1 << (self.width() * 8 - 1)
    }

    pub fn directory(&mut self, index: usize, rva: u32, size: usize) {
        self.directories[index] = (rva, size as u32);
    }

    /// Puts a table of words and enters it as a directory.
    pub fn table(&mut self, index: usize, words: &[u32]) -> u32 {
        let rva = self.words(words);
        self.directory(index, rva, words.len() * 4);
        rva
    }

    /// The file offset of a section header.
    pub fn section(&self, index: usize) -> usize {
        self.optional_end() + 40 * index
    }

    /// The file offset of what has an address in `.data`.
    pub fn offset(rva: u32) -> usize {
        (rva - DATA) as usize + RAW
    }

    fn optional_end(&self) -> usize {
        OPTIONAL + if self.kind == Kind::Pe64 { 112 } else { 96 } + 16 * 8
    }

    /// The bytes of the file.
    pub fn file(&self) -> Vec<u8> {
        let raw = (self.data.len() as u32).max(1).next_multiple_of(0x200);
        let virtual_size = raw + self.zeros;
        let zero = DATA + virtual_size.next_multiple_of(0x1000);

        let mut file = vec![0; RAW];
        set(&mut file, 0, b"MZ");
        set(&mut file, 60, &(SIGNATURE as u32).to_le_bytes());
        set(&mut file, SIGNATURE, b"PE\0\0");
        let (machine, magic, flags) = if self.kind == Kind::Pe64 { (0x8664, 0x20b, 0x22) } else { (0x14c, 0x10b, 0x102) };
        let optional_size = self.optional_end() - OPTIONAL;
        set(&mut file, SIGNATURE + 4, &halves(&[machine, 2, 0x5678, 0x1234, 0, 0, 0, 0, optional_size as u16, flags]));
        self.optional_header(&mut file, magic, zero + 0x1000);
        let flags = [0xe000_0060, 0xc000_0080];
        section(&mut file, self.section(0), b".data\0\0\0", [virtual_size, DATA, raw, RAW as u32], flags[0]);
        section(&mut file, self.section(1), b".zero\0\0\0", [0x800, zero, 0, 0], flags[1]);
        file.extend(&self.data);
        file.resize(RAW + raw as usize, 0);
        file
    }

    fn optional_header(&self, file: &mut [u8], magic: u16, image: u32) {
        set(file, OPTIONAL, &halves(&[magic, 0x0e02]));
        set(file, OPTIONAL + 16, &bytes(&[DATA, DATA, DATA]));
        let base = if self.kind == Kind::Pe64 { OPTIONAL + 24 } else { OPTIONAL + 28 };
        set(file, base, &BASE.to_le_bytes()[..self.width()]);
        set(file, OPTIONAL + 32, &bytes(&[0x1000, 0x200]));
        set(file, OPTIONAL + 40, &halves(&[6, 1, 7, 2, 5, 3]));
        set(file, OPTIONAL + 56, &bytes(&[image, RAW as u32, 0]));
        set(file, OPTIONAL + 68, &halves(&[3, 0x8160]));
        for (index, size) in [0x10_0000_u64, 0x1000, 0x20_0000, 0x2000].into_iter().enumerate() {
            set(file, OPTIONAL + 72 + index * self.width(), &size.to_le_bytes()[..self.width()]);
        }
        let count = self.optional_end() - 16 * 8 - 4;
        set(file, count, &16_u32.to_le_bytes());
        for (index, (rva, size)) in self.directories.into_iter().enumerate() {
            set(file, count + 4 + index * 8, &bytes(&[rva, size]));
        }
    }

    /// The image without what can be made anew: kind, directories, data. A fuzzer changes it without breaking the headers.
    pub fn to_frame(&self) -> Vec<u8> {
        let offset = |rva: u32| (rva.wrapping_sub(DATA)) as u16;
        let directories = self.directories.iter().flat_map(|(rva, size)| [if *rva == 0 { NOWHERE } else { offset(*rva) }, *size as u16]);
        let mut frame = vec![(self.kind == Kind::Pe64).into()];
        frame.extend(directories.flat_map(u16::to_le_bytes));
        frame.extend(&self.data);
        frame
    }

    /// The image of a frame.
    pub fn from_frame(frame: &[u8]) -> Option<Self> {
        let (kind, rest) = frame.split_first()?;
        let (directories, data) = rest.split_first_chunk::<64>()?;
        let mut image = Self::new(if kind & 1 == 1 { Kind::Pe64 } else { Kind::Pe32 });
        for (index, entry) in directories.as_chunks::<4>().0.iter().enumerate() {
            let (offset, size) = (u16::from_le_bytes([entry[0], entry[1]]), u16::from_le_bytes([entry[2], entry[3]]));
            if offset != NOWHERE {
                image.directories[index] = (DATA.wrapping_add(offset.into()), size.into());
            }
        }
        image.zeros = if kind & 2 == 2 { 0x400 } else { 0 };
        image.data = data.to_vec();
        Some(image)
    }

    /// The same image as it lies in memory.
    pub fn mapped(&self) -> Vec<u8> {
        let file = self.file();
        let size = u32::from_le_bytes(file[OPTIONAL + 56..][..4].try_into().unwrap());
        let mut image = vec![0; size as usize];
        set(&mut image, 0, &file[..RAW]);
        set(&mut image, DATA as usize, &file[RAW..]);
        image
    }
}

fn section(file: &mut [u8], at: usize, name: &[u8; 8], numbers: [u32; 4], flags: u32) {
    set(file, at, name);
    set(file, at + 8, &bytes(&numbers));
    set(file, at + 36, &flags.to_le_bytes());
}

/// Overwrites bytes.
pub fn set(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..][..bytes.len()].copy_from_slice(bytes);
}

pub fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub fn halves(halves: &[u16]) -> Vec<u8> {
    halves.iter().flat_map(|half| half.to_le_bytes()).collect()
}
