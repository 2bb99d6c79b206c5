//! Little-endian numbers, names and hashes in the records of a store. Reading is total: what is too short is no value.

/// Appends values.
#[derive(Debug, Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn byte(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub fn short(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn word(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn long(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn time(&mut self, value: i64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A name of at most 65,535 units; names of files have 255.
    pub fn name(&mut self, name: &[u16]) -> &mut Self {
        self.short(name.len() as u16);
        self.0.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
        self
    }
}

/// Takes values off.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    pub fn array<const SIZE: usize>(&mut self) -> Option<[u8; SIZE]> {
        let (head, tail) = self.0.split_first_chunk::<SIZE>()?;
        self.0 = tail;
        Some(*head)
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn word(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn time(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub fn name(&mut self) -> Option<Box<[u16]>> {
        let length = usize::from(self.short()?);
        let (head, tail) = self.0.split_at_checked(2 * length)?;
        self.0 = tail;
        Some(head.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect())
    }
}
