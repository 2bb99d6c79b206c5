//! Files of checksummed records: the journal, which grows by one write for each change, and the index, which is written whole.
//!
//! A file starts with what it is: magic, version, generation, the volume's number. A record is its length, its number in the
//! file, a checksum, its bytes. Damage is found by checksum, named, and stepped over: what is behind it is still read.

use super::bytes::{Reader, Writer};
use rustix::fs::{FallocateFlags, Mode, OFlags, fallocate, fdatasync, ftruncate, openat};
use rustix::io::{Errno, Result as HostResult, pread, pwrite};
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What a store writes down.
pub trait Entry: Sized {
    /// What its files start with.
    const MAGIC: &'static [u8; 8];
    /// The version of the format that this program writes.
    const VERSION: u32;
    /// The longest record, in bytes.
    const LONGEST: usize;
    /// As bytes.
    fn encode(&self, out: &mut Writer);
    /// From bytes, all of which it takes.
    fn decode(bytes: &[u8]) -> Option<Self>;
    /// It makes room: on a disk that is full it may use what was set aside.
    fn makes_room(&self) -> bool;
}

/// Bytes of a file's head, its checksum the last of them.
pub const HEAD: usize = 8 + 4 + 8 + 8 + 8;
/// Bytes in front of a record's own.
const FRAME: usize = 4 + 4 + 8;

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which of the store's indexes it is, or belongs to.
    pub generation: u64,
    /// The volume's number, which programs see.
    pub device: u64,
}

/// Why a file cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Its head is damaged, or it is another kind of file.
    Damaged,
    /// A newer program wrote it.
    Newer(u32),
    /// The host refused.
    Host(Errno),
}

/// What was read.
#[derive(Debug)]
pub struct Read {
    /// The head.
    pub head: Head,
    /// Ranges of bytes that hold no record, though records follow or they are too long for one that was cut off.
    pub damaged: Vec<(u64, u64)>,
    /// Bytes at the end that are the start of a record: its write was cut off.
    pub torn: u64,
    /// Where the next record goes.
    pub length: u64,
    /// The next record's number.
    pub sequence: u32,
}

/// Where a record starts, and its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// In bytes from the file's start.
    pub offset: u64,
    /// Its number in the file.
    pub sequence: u32,
}

/// A file that records are appended to.
#[derive(Debug)]
pub struct Log<R> {
    kind: PhantomData<fn(R)>,
    file: OwnedFd,
    generation: u64,
    sequence: u32,
    /// Bytes of it that are records.
    pub length: u64,
    buffer: Writer,
    /// Up to where the host has set room aside.
    reserved: u64,
    /// A record may stand half at the end, and could not be taken back.
    broken: bool,
    /// Where a test's disk is full.
    #[cfg(test)]
    full: u64,
}

impl<R: Entry> Log<R> {
    /// Makes a file, over whatever has its name.
    pub fn make(folder: BorrowedFd<'_>, name: &str, head: Head) -> HostResult<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let file = openat(folder, name, flags, Mode::from_raw_mode(0o600))?;
        let mut bytes = Writer::default();
        bytes.raw(R::MAGIC).word(R::VERSION).long(head.generation).long(head.device);
        let check = checksum(&[&bytes.0]);
        bytes.long(check);
        let mut log = Self {
            kind: PhantomData,
            file,
            generation: head.generation,
            sequence: 0,
            length: 0,
            buffer: Writer::default(),
            reserved: 0,
            broken: false,
            #[cfg(test)]
            full: u64::MAX,
        };
        log.write(&bytes.0)?;
        Ok(log)
    }

    /// Goes on behind what was read.
    pub fn go_on(file: OwnedFd, read: &Read) -> HostResult<Self> {
        if read.torn > 0 {
            ftruncate(&file, read.length)?;
        }
        let Read { head, length, sequence, .. } = *read;
        Ok(Self {
            kind: PhantomData,
            file,
            generation: head.generation,
            sequence,
            length,
            buffer: Writer::default(),
            reserved: 0,
            broken: false,
            #[cfg(test)]
            full: u64::MAX,
        })
    }

    /// Appends records, all or none. Those that make room may use what was set aside for them: on a disk that is full, files can be
    /// deleted.
    pub fn append(&mut self, records: &[R]) -> HostResult<()> {
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.0.clear();
        let first = self.sequence;
        for record in records {
            self.frame(record, &mut bytes);
        }
        let makes_room = records.iter().all(R::makes_room);
        let room = self.reserve(bytes.0.len() as u64);
        let done = if makes_room { Ok(()) } else { room }.and_then(|()| self.write(&bytes.0));
        if done.is_err() {
            self.sequence = first;
        }
        self.buffer = bytes;
        done
    }

    /// Where the next record goes, behind what was gathered.
    pub fn place(&self, bytes: &Writer) -> Place {
        Place { offset: self.length + bytes.0.len() as u64, sequence: self.sequence }
    }

    /// No record was ever written.
    pub fn is_bare(&self) -> bool {
        self.sequence == 0
    }

    /// What records are read from.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Adds a record to what will be written at once.
    pub fn gather(&mut self, record: &R, bytes: &mut Writer) -> HostResult<()> {
        const MOST: usize = 1 << 20;
        self.frame(record, bytes);
        if bytes.0.len() >= MOST { self.finish(bytes) } else { Ok(()) }
    }

    /// Writes what was gathered.
    pub fn finish(&mut self, bytes: &mut Writer) -> HostResult<()> {
        self.write(&bytes.0)?;
        bytes.0.clear();
        Ok(())
    }

    fn frame(&mut self, record: &R, bytes: &mut Writer) {
        let start = bytes.0.len();
        bytes.word(0).word(self.sequence).long(0);
        record.encode(bytes);
        let (frame, payload) = bytes.0[start..].split_at_mut(FRAME);
        frame[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        let check = record_checksum(self.generation, self.sequence, payload);
        frame[8..].copy_from_slice(&check.to_le_bytes());
        self.sequence = self.sequence.wrapping_add(1);
    }

    fn write(&mut self, bytes: &[u8]) -> HostResult<()> {
        if self.broken {
            return Err(Errno::IO);
        }
        let mut done = 0;
        while done < bytes.len() {
            match self.write_some(&bytes[done..], self.length + done as u64) {
                Ok(0) => return self.take_back(Errno::IO),
                Ok(more) => done += more,
                Err(Errno::INTR) => {}
                Err(error) => return self.take_back(error),
            }
        }
        self.length += done as u64;
        Ok(())
    }

    /// Sees that there is room for so many bytes, and for the records that make room behind them.
    fn reserve(&mut self, bytes: u64) -> HostResult<()> {
        const KEPT: u64 = 16 << 10;
        const STEP: u64 = 64 << 10;
        if self.length + bytes + KEPT <= self.reserved {
            return Ok(());
        }
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.length, bytes + KEPT + STEP) {
            Ok(()) => self.reserved = self.length + bytes + KEPT + STEP,
            // A host that sets nothing aside says with the write whether there is room.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.reserved = u64::MAX,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    #[cfg(not(test))]
    fn write_some(&self, bytes: &[u8], at: u64) -> HostResult<usize> {
        pwrite(&self.file, bytes, at)
    }

    #[cfg(test)]
    fn write_some(&self, bytes: &[u8], at: u64) -> HostResult<usize> {
        let room = usize::try_from(self.full.saturating_sub(at)).unwrap_or(usize::MAX);
        if room == 0 { Err(Errno::NOSPC) } else { pwrite(&self.file, &bytes[..bytes.len().min(room)], at) }
    }

    /// From so many more bytes on, the disk is full.
    #[cfg(test)]
    pub fn fill_disk_after(&mut self, bytes: u64) {
        self.full = self.length + bytes;
    }

    /// Half a record must not stay.
    fn take_back(&mut self, error: Errno) -> HostResult<()> {
        self.broken = ftruncate(&self.file, self.length).is_err();
        self.reserved = 0;
        Err(error)
    }

    /// Sees that everything is on the disk.
    pub fn sync(&self) -> HostResult<()> {
        fdatasync(&self.file)
    }
}

/// Reads a file's records in their order.
pub fn read<R: Entry>(file: impl AsFd, mut each: impl FnMut(R)) -> Result<Read, Unreadable> {
    read_places(file, |record, _, _| each(record))
}

/// Reads a file's records in their order, each with where it starts and where it ends.
pub fn read_places<R: Entry>(file: impl AsFd, mut each: impl FnMut(R, Place, u64)) -> Result<Read, Unreadable> {
    let mut window = Window { file: file.as_fd(), start: 0, bytes: Vec::new(), at: 0, whole: false };
    window.fill(HEAD).map_err(Unreadable::Host)?;
    let head = head::<R>(window.rest())?;
    window.at = HEAD;
    let mut read = Read { head, damaged: Vec::new(), torn: 0, length: HEAD as u64, sequence: 0 };
    loop {
        window.fill(FRAME + R::LONGEST).map_err(Unreadable::Host)?;
        if window.rest().is_empty() {
            return Ok(read);
        }
        if let Some((record, size)) = record_at(window.rest(), head.generation, read.sequence, 0) {
            let place = Place { offset: window.position(), sequence: read.sequence };
            read.sequence = read.sequence.wrapping_add(1);
            window.at += size;
            read.length = window.position();
            each(record, place, read.length);
            continue;
        }
        // The next record that is whole is looked for in all that is left; some may be lost between.
        const MOST_LOST: u32 = 1 << 20;
        window.fill(usize::MAX).map_err(Unreadable::Host)?;
        let (from, rest) = (window.position(), window.rest());
        let found = next_record::<R>(rest, head.generation, read.sequence, MOST_LOST);
        if let Some(next) = found {
            read.damaged.push((from, from + next as u64));
            read.sequence = u32::from_le_bytes(rest[next + 4..next + 8].try_into().unwrap_or_default());
            window.at += next;
            continue;
        }
        if is_torn::<R>(rest) {
            read.torn = rest.len() as u64;
        } else {
            let end = from + rest.len() as u64;
            read.damaged.push((from, end));
            // What comes next must be found behind the damage.
            read.length = end;
            read.sequence = read.sequence.wrapping_add(1);
        }
        return Ok(read);
    }
}

/// Reads the records of a part of a file, in their order. False where something in it is damaged: what is whole was read.
pub fn read_part<R: Entry>(file: impl AsFd, generation: u64, place: Place, length: usize, mut each: impl FnMut(R)) -> HostResult<bool> {
    let mut bytes = vec![0; length];
    let mut done = 0;
    while done < length {
        match pread(&file, &mut bytes[done..], place.offset + done as u64) {
            Ok(0) => break,
            Ok(more) => done += more,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    let (mut rest, mut sequence, mut whole) = (&bytes[..done], place.sequence, done == length);
    while !rest.is_empty() {
        if let Some((record, size)) = record_at::<R>(rest, generation, sequence, 0) {
            sequence = sequence.wrapping_add(1);
            rest = &rest[size..];
            each(record);
            continue;
        }
        whole = false;
        let Some(next) = next_record::<R>(rest, generation, sequence, 1 << 20) else { break };
        rest = &rest[next..];
        sequence = Reader(&rest[4..]).word().unwrap_or_default();
    }
    Ok(whole)
}

/// Where the next whole record is, behind damage. A program that fills its records with what looks like the start of one makes the
/// search long; it ends before it takes seconds, and all that is left counts as damaged.
fn next_record<R: Entry>(rest: &[u8], generation: u64, sequence: u32, lost: u32) -> Option<usize> {
    let mut budget = 1_usize << 29;
    (1..rest.len()).find(|next| {
        let at = &rest[*next..];
        let from = &mut Reader(at);
        let length = from.word().unwrap_or_default() as usize;
        let is_near = from.word().is_some_and(|number| number.wrapping_sub(sequence) <= lost);
        if !is_near || length > R::LONGEST || length > budget {
            return false;
        }
        budget -= length;
        record_at::<R>(at, generation, sequence, lost).is_some()
    })
}

/// A part of a file in memory: an index may be long.
struct Window<'a> {
    file: BorrowedFd<'a>,
    /// Where the bytes start in the file.
    start: u64,
    bytes: Vec<u8>,
    /// How many of them are done with.
    at: usize,
    /// They reach to the file's end.
    whole: bool,
}

impl Window<'_> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn position(&self) -> u64 {
        self.start + self.at as u64
    }

    /// Sees that so many bytes are there, unless the file ends before.
    fn fill(&mut self, wanted: usize) -> HostResult<()> {
        const STEP: usize = 1 << 20;
        if self.whole || self.rest().len() >= wanted {
            return Ok(());
        }
        self.start = self.position();
        self.bytes.drain(..self.at);
        self.at = 0;
        while !self.whole && self.bytes.len() < wanted {
            let before = self.bytes.len();
            self.bytes.resize(before + STEP, 0);
            let got = pread(self.file, &mut self.bytes[before..], self.start + before as u64)?;
            self.bytes.truncate(before + got);
            self.whole = got == 0;
        }
        Ok(())
    }
}

fn head<R: Entry>(bytes: &[u8]) -> Result<Head, Unreadable> {
    let from = &mut Reader(bytes);
    let parts = (|| Some((from.array::<8>()?, from.word()?, from.long()?, from.long()?, from.long()?)))();
    let (magic, version, generation, device, check) = parts.ok_or(Unreadable::Damaged)?;
    if magic != *R::MAGIC || check != checksum(&[&bytes[..HEAD - 8]]) {
        return Err(Unreadable::Damaged);
    }
    // A version's number is covered by the checksum: it is no damage.
    if version > R::VERSION { Err(Unreadable::Newer(version)) } else { Ok(Head { generation, device }) }
}

/// The record that starts here, if it is whole, with the bytes it takes. Its number may be up to so many behind the next one.
fn record_at<R: Entry>(bytes: &[u8], generation: u64, sequence: u32, lost: u32) -> Option<(R, usize)> {
    let from = &mut Reader(bytes);
    let (length, number, check) = (from.word()? as usize, from.word()?, from.long()?);
    if length == 0 || length > R::LONGEST || number.wrapping_sub(sequence) > lost {
        return None;
    }
    let payload = from.0.get(..length)?;
    if record_checksum(generation, number, payload) != check {
        return None;
    }
    Some((R::decode(payload)?, FRAME + length))
}

/// Whether the rest of a file looks like a record whose write was cut off: too short for what it says, or nothing but zeroes,
/// which a host leaves that lost its power.
fn is_torn<R: Entry>(rest: &[u8]) -> bool {
    let length = Reader(rest).word().unwrap_or_default() as usize;
    rest.len() < FRAME || rest.iter().all(|byte| *byte == 0) || (1..=R::LONGEST).contains(&length) && rest.len() < FRAME + length
}

fn checksum(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn record_checksum(generation: u64, sequence: u32, payload: &[u8]) -> u64 {
    let mut front = [0; 12];
    front[..8].copy_from_slice(&generation.to_le_bytes());
    front[8..].copy_from_slice(&sequence.to_le_bytes());
    checksum(&[&front, payload])
}
