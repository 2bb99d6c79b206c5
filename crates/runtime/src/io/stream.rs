//! Streams beside a file's bytes: the broker keeps them, and their bytes move in its messages.

use crate::file::{File, Turn, position};
use crate::serve::{Answer, Serve};
use crate::{broker, handle, user};
use gate::service::{AT_END, HERE, StreamSize};
use protocol::message::{Stream, StreamKind};
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_END_OF_FILE};

fn ask(file: &File, kind: StreamKind, offset: u64, length: u32, payload: &[u8]) -> Result<(u32, Vec<u8>), NTSTATUS> {
    let request = Stream { offset, handle: file.handle, kind: kind as u32, length, pad: 0 };
    broker::ask(&request, payload).map(|(word, bytes)| (word.value, bytes))
}

/// Runs a transfer at the position that it names, or at the handle's own, which moves on.
fn at(file: &File, offset: i64, transfer: impl FnOnce(u64) -> Result<u64, NTSTATUS>) -> Result<u64, NTSTATUS> {
    let shared = file.shared().filter(|_| file.object.is_synchronous());
    let _turn = shared.map(Turn::take);
    let start = match shared {
        _ if offset == AT_END => u64::MAX,
        Some(shared) if offset == HERE => shared.offset.load(Ordering::Relaxed),
        _ => position(offset)?,
    };
    let done = transfer(start)?;
    if let Some(shared) = shared
        && start != u64::MAX
    {
        shared.offset.store(start + done, Ordering::Relaxed);
    }
    Ok(done)
}

/// Reads from a stream; answers how many bytes.
pub fn read(file: &File, buffer: u64, length: u64, offset: i64) -> Result<u64, NTSTATUS> {
    let most = length.min(protocol::PAYLOAD as u64) as u32;
    // There is nothing to read behind the end.
    let offset = if offset == AT_END { HERE } else { offset };
    let done = at(file, offset, |start| {
        let (_, bytes) = ask(file, StreamKind::Read, start, most, &[])?;
        user::write_bytes(buffer, &bytes)?;
        Ok(bytes.len() as u64)
    })?;
    if done == 0 && length > 0 { Err(STATUS_END_OF_FILE) } else { Ok(done) }
}

/// Writes to a stream, all of it or nothing.
pub fn write(file: &File, buffer: u64, length: u64, offset: i64) -> Result<u64, NTSTATUS> {
    let bytes = user::read_vec(buffer, length, protocol::PAYLOAD)?;
    at(file, offset, |start| ask(file, StreamKind::Write, start, bytes.len() as u32, &bytes).map(|(done, _)| done.into()))
}

/// Sets a stream's size.
pub fn cut(file: &File, size: u64) -> Answer {
    ask(file, StreamKind::Cut, size, 0, &[]).map(|_| ())
}

impl Serve for StreamSize {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let (size, _) = ask(&file, StreamKind::Size, 0, 0, &[])?;
        (self.present, self.size) = ((size > 0).into(), size.saturating_sub(1));
        Ok(())
    }
}
