//! The gate's services for keys.

use super::Key;
use super::cache::Piece;
use crate::serve::{Answer, Serve};
use crate::{access, bitness, broker, handle, user};
use gate::service::{DeleteKey, DeleteKeyValue, FlushKey, NumberedKey, NumberedKeyValue, OpenKey, QueryKey, QueryKeyValue, RenameKey, SetKeyValue};
use protocol::PAYLOAD;
use protocol::key::{self as messages, ContinueValue, KeyValue, ListSubkeys, ListValues, NumberedValue, QueryValue, SetValue, Subkey, how};
use std::sync::Arc;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER, STATUS_NAME_TOO_LONG, STATUS_NO_MORE_ENTRIES, STATUS_OBJECT_NAME_NOT_FOUND,
};
use windows_sys::Win32::System::Registry::{
    KEY_ENUMERATE_SUB_KEYS, KEY_QUERY_VALUE, KEY_WOW64_32KEY, KEY_WOW64_64KEY, REG_OPTION_BACKUP_RESTORE, REG_OPTION_CREATE_LINK,
    REG_OPTION_OPEN_LINK, REG_OPTION_VOLATILE,
};

/// The longest path of Windows, in bytes of UTF-16.
const PATH_BYTES: usize = 2 * 32_767;
/// The longest name of a value, in bytes of UTF-16.
const NAME_BYTES: u64 = 2 * 16_383;
/// The largest value, in bytes.
const VALUE_BYTES: u64 = 1 << 20;
/// How many bytes of values are worth remembering.
const REMEMBERED: u32 = 2048;
/// How often a value that changes while it is read in pieces is read again.
const TRIES: u32 = 16;

/// Copies as much as fits.
fn put(address: u64, room: u32, bytes: &[u8]) -> Answer {
    Ok(user::write_bytes(address, &bytes[..bytes.len().min(room as usize)])?)
}

/// The name of a value.
fn name_of(address: u64, size: u64, missing: NTSTATUS) -> Result<Vec<u8>, NTSTATUS> {
    if size > NAME_BYTES { Err(missing) } else { Ok(user::read_vec(address, size, NAME_BYTES as usize)?) }
}

/// Which view of the registry an access asks for, as a bit of [`how`].
fn view_of(access: u32) -> Result<u32, NTSTATUS> {
    match access & (KEY_WOW64_32KEY | KEY_WOW64_64KEY) {
        0 if bitness::is_32() => Ok(how::VIEW_32),
        KEY_WOW64_32KEY => Ok(how::VIEW_32),
        0 | KEY_WOW64_64KEY => Ok(0),
        _ => Err(STATUS_INVALID_PARAMETER),
    }
}

impl Serve for OpenKey {
    fn serve(&mut self) -> Answer {
        const OBJ_OPENLINK: u32 = 0x100;
        const KNOWN: u32 = REG_OPTION_VOLATILE | REG_OPTION_CREATE_LINK | REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK;
        let view = view_of(self.access)?;
        if self.options & !KNOWN != 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let mut payload = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let path = payload.len() as u32;
        if self.create != 0 && self.class_size > 0 {
            if self.class_size > (PAYLOAD - payload.len()) as u64 {
                return Err(STATUS_INVALID_PARAMETER);
            }
            payload.extend(user::read_vec(self.class, self.class_size, PAYLOAD)?);
        }
        let option = |bit| self.options & bit != 0;
        let bits = [
            (how::MERGED, self.merged != 0),
            (how::LINK, self.object_flags & OBJ_OPENLINK != 0 || option(REG_OPTION_OPEN_LINK)),
            (how::CREATE, self.create != 0),
            (how::VOLATILE, option(REG_OPTION_VOLATILE)),
            (how::MAKE_LINK, option(REG_OPTION_CREATE_LINK)),
        ];
        let how = bits.iter().filter(|(_, is)| *is).fold(view, |all, (bit, _)| all | bit);
        let root = if self.root == 0 { 0 } else { handle::key(self.root)?.handle };
        let request = messages::OpenKey { root, access: self.access, object_flags: self.object_flags, how, path, pad: 0 };
        let (opened, values) = broker::ask(&request, &payload)?;
        self.handle = u64::from(opened.handle);
        self.made = opened.made;
        handle::insert_key(Arc::new(Key::new(&opened, values, access::inherit(self.object_flags))));
        Ok(())
    }
}

impl Serve for QueryKey {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        let (facts, bytes) = broker::ask(&messages::QueryKey { handle: key.handle }, &[])?;
        let (path, class) = bytes.split_at((facts.path as usize).min(bytes.len()));
        (self.written, self.subkeys, self.values, self.longest) = (facts.written, facts.subkeys, facts.values, facts.longest);
        (self.path_size, self.class_size, self.volatile, self.link) = (facts.path, facts.class, facts.volatile, facts.link);
        put(self.path, self.path_room, path)?;
        put(self.class, self.class_room, class)
    }
}

impl Key {
    /// The values, from the first one on, anew where they have changed; the call looks at them.
    fn with_values<T>(&self, look: impl FnOnce(&Piece) -> T) -> Result<Option<T>, NTSTATUS> {
        if self.changes().is_none() {
            return Ok(None);
        }
        let mut cache = self.cache();
        match &cache.values {
            Some(values) if values.is_fresh(self.changes()) => return Ok(Some(look(values))),
            // There is more than is worth remembering, most likely.
            Some(values) if !values.is_whole() => return Ok(None),
            _ => {}
        }
        let (list, bytes) = broker::ask(&ListValues { handle: self.handle, index: 0, room: REMEMBERED }, &[])?;
        let values = Piece::new::<KeyValue>(list.seen, 0, list.whole != 0, bytes);
        Ok(Some(look(cache.values.insert(values))))
    }

    /// A value of which more is wanted than one message brings: the rest of its data, as long as nobody changes it meanwhile.
    fn rest(
        &self,
        wanted: u32,
        first: (messages::ValueFound, Vec<u8>),
        mut ask: impl FnMut(u32) -> Result<(messages::ValueFound, Vec<u8>), NTSTATUS>,
    ) -> Result<(messages::ValueFound, Vec<u8>), NTSTATUS> {
        let (mut found, mut bytes) = first;
        let mut tries = 0;
        // The name, where it came along, stands before the data.
        while bytes.len() < wanted.min(found.size) as usize {
            let (more, piece) = ask(bytes.len() as u32)?;
            if (more.seen, more.size) != (found.seen, found.size) || piece.is_empty() {
                tries += 1;
                if tries > TRIES {
                    return Err(STATUS_INSUFFICIENT_RESOURCES);
                }
                (found, bytes) = ask(0)?;
                continue;
            }
            bytes.extend(piece);
        }
        Ok((found, bytes))
    }
}

impl Serve for QueryKeyValue {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        key.needs(KEY_QUERY_VALUE)?;
        let name = name_of(self.name, self.name_size, STATUS_OBJECT_NAME_NOT_FOUND)?;
        let remembered = key.with_values(|values| match values.named(&name)? {
            Some((record, _, data)) => {
                (self.kind, self.size) = (record.kind, record.data);
                Some(put(self.buffer, self.room, data))
            }
            None => Some(Err(STATUS_OBJECT_NAME_NOT_FOUND)),
        })?;
        if let Some(answer) = remembered.flatten() {
            return answer;
        }
        let ask = |offset| broker::ask(&QueryValue { handle: key.handle, offset }, &name);
        let (found, data) = key.rest(self.room, ask(0)?, ask)?;
        (self.kind, self.size) = (found.kind, found.size);
        put(self.buffer, self.room, &data)
    }
}

impl Serve for NumberedKeyValue {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        key.needs(KEY_QUERY_VALUE)?;
        let mut answer = |entry: Option<(KeyValue, &[u8], &[u8])>| {
            let (record, name, data) = entry.ok_or(STATUS_NO_MORE_ENTRIES)?;
            (self.kind, self.size, self.name_size) = (record.kind, record.data, record.name);
            put(self.name, self.name_room, name)?;
            put(self.buffer, self.room, data)
        };
        let mut cache = key.cache();
        let changes = key.changes();
        let remembered = [&cache.values, &cache.listed].into_iter().flatten().filter(|piece| piece.is_fresh(changes));
        let done = remembered.filter_map(|piece| piece.numbered(self.index)).next().map(&mut answer);
        if let Some(done) = done {
            cache.pass(self.index);
            return done;
        }
        let room = cache.room(self.index);
        let (list, bytes) = broker::ask(&ListValues { handle: key.handle, index: self.index, room }, &[])?;
        let piece = Piece::new::<KeyValue>(list.seen, self.index, list.whole != 0, bytes);
        let found = piece.numbered(self.index).map(&mut answer);
        cache.listed = Some(piece);
        drop(cache);
        if let Some(done) = found {
            return done;
        }
        // One that is too long for a list.
        let ask = |offset| {
            let (found, mut bytes) = broker::ask(&NumberedValue { handle: key.handle, index: self.index, offset }, &[])?;
            let data = bytes.split_off((found.name as usize).min(bytes.len()));
            Ok(((found, data), bytes))
        };
        let (first, name) = ask(0)?;
        let (found, data) = key.rest(self.room, first, |offset| ask(offset).map(|(found, _)| found))?;
        (self.kind, self.size, self.name_size) = (found.kind, found.size, found.name);
        put(self.name, self.name_room, &name)?;
        put(self.buffer, self.room, &data)
    }
}

impl Serve for NumberedKey {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        key.needs(KEY_ENUMERATE_SUB_KEYS)?;
        let mut answer = |entry: Option<(Subkey, &[u8], &[u8])>| {
            let (record, name, class) = entry.ok_or(STATUS_NO_MORE_ENTRIES)?;
            (self.written, self.name_size, self.class_size) = (record.written, record.name, record.class);
            put(self.name, self.name_room, name)?;
            put(self.class, self.class_room, class)
        };
        let mut cache = key.cache();
        let changes = key.changes();
        let remembered = cache.subkeys.as_ref().filter(|piece| piece.is_fresh(changes));
        if let Some(done) = remembered.and_then(|piece| piece.numbered(self.index)).map(&mut answer) {
            cache.pass(self.index);
            return done;
        }
        let room = cache.room(self.index);
        let (list, bytes) = broker::ask(&ListSubkeys { handle: key.handle, index: self.index, room }, &[])?;
        let piece = Piece::new::<Subkey>(list.seen, self.index, list.whole != 0, bytes);
        let done = answer(piece.numbered(self.index).flatten());
        cache.subkeys = Some(piece);
        done
    }
}

impl Serve for SetKeyValue {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        let name = name_of(self.name, self.name_size, STATUS_NAME_TOO_LONG)?;
        if self.size > VALUE_BYTES {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        let data = user::read_vec(self.buffer, self.size, VALUE_BYTES as usize)?;
        let (first, mut rest) = data.split_at(data.len().min(PAYLOAD - name.len()));
        let request = SetValue { handle: key.handle, kind: self.kind, name: name.len() as u32, size: data.len() as u32 };
        let (number, _) = broker::ask(&request, &[&name, first].concat())?;
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.len().min(PAYLOAD));
            broker::ask(&ContinueValue { number: number.value }, piece)?;
            rest = left;
        }
        Ok(())
    }
}

impl Serve for DeleteKeyValue {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        let name = name_of(self.name, self.name_size, STATUS_OBJECT_NAME_NOT_FOUND)?;
        broker::ask(&messages::DeleteValue { handle: key.handle }, &name).map(|_| ())
    }
}

impl Serve for DeleteKey {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        let request = messages::DeleteKey { handle: key.handle, below: self.below, how: view_of(self.access)? | how::LINK };
        let name = if self.below == 0 { Vec::new() } else { user::read_vec(self.name, self.name_size, PATH_BYTES)? };
        broker::ask(&request, &name).map(|_| ())
    }
}

impl Serve for RenameKey {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        broker::ask(&messages::RenameKey { handle: key.handle }, &name).map(|_| ())
    }
}

impl Serve for FlushKey {
    fn serve(&mut self) -> Answer {
        let key = handle::key(self.key)?;
        broker::ask(&messages::FlushKey { handle: key.handle }, &[]).map(|_| ())
    }
}
