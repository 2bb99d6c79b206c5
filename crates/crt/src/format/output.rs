//! The sink of one call, with the count of what went there. Small pieces are gathered, so that they cost no call each.

use super::{Error, Sink};
use crate::Unit;

/// How many units are gathered.
const STAGE: usize = 64;

pub(super) struct Output<'a, C> {
    sink: Option<&'a mut dyn Sink<C>>,
    count: usize,
    stage: [C; STAGE],
    staged: usize,
}

impl<'a, C: Unit> Output<'a, C> {
    pub(super) fn new(sink: &'a mut dyn Sink<C>) -> Self {
        Self { sink: Some(sink), ..Self::nowhere() }
    }

    /// An output that drops everything.
    pub(super) fn nowhere() -> Self {
        Self { sink: None, count: 0, stage: [C::NUL; STAGE], staged: 0 }
    }

    pub(super) fn count(&self) -> Result<i32, Error> {
        i32::try_from(self.count).map_err(|_| Error::Overflow)
    }

    pub(super) fn put(&mut self, units: &[C]) -> Result<(), Error> {
        self.add(units.len())?;
        match self.room(units.len())? {
            Some(room) => room.copy_from_slice(units),
            None => self.sink.as_mut().map_or(Ok(()), |sink| sink.put(units))?,
        }
        Ok(())
    }

    pub(super) fn fill(&mut self, byte: u8, count: usize) -> Result<(), Error> {
        if count == 0 {
            return Ok(());
        }
        self.add(count)?;
        match self.room(count)? {
            Some(room) => room.fill(C::from_ascii(byte)),
            None => self.sink.as_mut().map_or(Ok(()), |sink| sink.fill(C::from_ascii(byte), count))?,
        }
        Ok(())
    }

    pub(super) fn put_ascii(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.add(bytes.len())?;
        for bytes in bytes.chunks(STAGE) {
            if let Some(room) = self.room(bytes.len())? {
                room.iter_mut().zip(bytes).for_each(|(place, &byte)| *place = C::from_ascii(byte));
            }
        }
        Ok(())
    }

    /// Gives the sink what was gathered.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let staged = &self.stage[..self.staged];
        self.staged = 0;
        match &mut self.sink {
            Some(sink) if !staged.is_empty() => Ok(sink.put(staged)?),
            _ => Ok(()),
        }
    }

    /// The place for `count` units on the stage; none if they are too many for it, which is empty then.
    fn room(&mut self, count: usize) -> Result<Option<&mut [C]>, Error> {
        if count > STAGE - self.staged {
            self.flush()?;
        }
        if count > STAGE {
            return Ok(None);
        }
        let start = self.staged;
        self.staged += count;
        Ok(Some(&mut self.stage[start..start + count]))
    }

    /// Counts before anything is written, so that a huge width costs nothing.
    fn add(&mut self, count: usize) -> Result<(), Error> {
        self.count = self.count.checked_add(count).filter(|&count| count <= i32::MAX as usize).ok_or(Error::Overflow)?;
        Ok(())
    }
}
