//! The gate's services for files.

use super::{File, end_of, position};
use crate::broker::Arrived;
use crate::io::host::status;
use crate::io::stream;
use crate::serve::{Answer, Serve};
use crate::{access, broker, handle, user};
use gate::file::{Device, Facts};
use gate::service::{
    Console, FlushFile, ListFolder, OpenFile, Position, QueryDrives, QueryFile, QueryLink, QueryName, QueryPath, QueryVolume, RenameFile,
    SetDisposition, SetEnd, SetFacts,
};
use protocol::message;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_BUFFER_OVERFLOW, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_APPEND_DATA, FILE_WRITE_DATA};

/// The longest path of Windows, in bytes of UTF-16.
const PATH_BYTES: usize = 2 * 32_767;

impl Serve for OpenFile {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let request = message::OpenFile {
            root: folder(self.root)?,
            access: self.access,
            share: self.share,
            disposition: self.disposition,
            options: self.options,
            attributes: self.attributes,
            object_flags: self.object_flags,
        };
        let Arrived { reply: opened, descriptor, lost } = broker::open(&request, &name)?;
        if lost {
            let _ = broker::close(opened.handle, true);
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        self.handle = u64::from(opened.handle);
        self.information = u64::from(opened.information);
        let file = File::new(&opened, descriptor);
        if file.device == Device::Pipe && self.root != 0 {
            file.object.set_client_of(&handle::file(self.root)?.object);
        }
        file.set_inherit(access::inherit(self.object_flags));
        handle::insert_file(Arc::new(file));
        Ok(())
    }
}

/// The broker's number of a folder handle, or 0 for none.
fn folder(handle: u64) -> Result<u32, NTSTATUS> {
    if handle == 0 { Ok(0) } else { handle::file(handle).map(|file| file.handle) }
}

impl Serve for QueryPath {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let (facts, _) = broker::ask(&message::QueryPath { root: folder(self.root)? }, &name)?;
        Ok(user::write(self.facts, &facts)?)
    }
}

impl Serve for QueryFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        let facts = match file.device {
            Device::Disk => {
                let (facts, _) = broker::ask(&message::QueryFile { handle: file.handle }, &[])?;
                facts
            }
            _ => Facts::default(),
        };
        let facts = Facts { device: file.device as u32, access: file.access, mode: file.mode, ..facts };
        Ok(user::write(self.facts, &facts)?)
    }
}

impl Serve for Position {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        match file.shared() {
            Some(shared) if self.set != 0 => shared.offset.store(position(self.position)?, Ordering::Relaxed),
            Some(shared) => self.position = shared.offset.load(Ordering::Relaxed) as i64,
            None if file.device == Device::Disk => {
                use rustix::fs::{SeekFrom, seek};
                let to = if self.set != 0 { SeekFrom::Start(position(self.position)?) } else { SeekFrom::Current(0) };
                self.position = seek(file.descriptor()?, to).map_err(|error| status(error, file.folder))? as i64;
            }
            None => return Err(STATUS_INVALID_DEVICE_REQUEST),
        }
        Ok(())
    }
}

impl Serve for SetEnd {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        if file.device != Device::Disk {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        file.needs(FILE_WRITE_DATA)?;
        if file.is_stream() {
            return stream::cut(&file, self.size);
        }
        if self.size < end_of(&file)? {
            // Others may have mapped it: what is to go is the broker's to cut.
            broker::ask(&message::CutFile { handle: file.handle, size: self.size, pad: 0 }, &[])?;
        }
        if self.size > end_of(&file)? {
            rustix::fs::ftruncate(file.descriptor()?, self.size).map_err(|error| status(error, file.folder))?;
        }
        Ok(())
    }
}

impl Serve for SetFacts {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        broker::ask(&message::SetFacts { handle, times: self.times, attributes: self.attributes }, &[]).map(|_| ())
    }
}

impl Serve for SetDisposition {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        broker::ask(&message::SetDisposition { handle, flags: self.flags }, &[]).map(|_| ())
    }
}

impl Serve for RenameFile {
    fn serve(&mut self) -> Answer {
        let name = user::read_vec(self.name, self.name_size, PATH_BYTES)?;
        let handle = handle::file(self.file)?.handle;
        let request = message::RenameFile { handle, root: folder(self.root)?, replace: self.replace, link: self.link };
        broker::ask(&request, &name).map(|_| ())
    }
}

impl Serve for ListFolder {
    fn serve(&mut self) -> Answer {
        let pattern = user::read_vec(self.pattern, self.pattern_size, PATH_BYTES)?;
        let handle = handle::file(self.file)?.handle;
        let bytes = self.buffer_size.min(protocol::PAYLOAD as u64) as u32;
        let request = message::ListFolder { handle, restart: self.restart, most: self.most, bytes };
        let (_, records) = broker::ask(&request, &pattern)?;
        user::write_bytes(self.buffer, &records[..records.len().min(bytes as usize)])?;
        self.written = records.len() as u64;
        Ok(())
    }
}

impl Serve for QueryVolume {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        if file.device != Device::Disk {
            return Err(STATUS_INVALID_DEVICE_REQUEST);
        }
        let (volume, _) = broker::ask(&message::QueryVolume { handle: file.handle }, &[])?;
        Ok(user::write(self.volume, &volume)?)
    }
}

impl Serve for QueryName {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        let (_, name) = broker::ask(&message::QueryName { handle, kind: self.kind }, &[])?;
        self.size = name.len() as u64;
        let fits = name.len().min(self.buffer_size as usize) & !1;
        user::write_bytes(self.buffer, &name[..fits])?;
        if fits < name.len() { Err(STATUS_BUFFER_OVERFLOW) } else { Ok(()) }
    }
}

impl Serve for QueryLink {
    fn serve(&mut self) -> Answer {
        let handle = handle::file(self.file)?.handle;
        let (relative, path) = broker::ask(&message::QueryLink { handle }, &[])?;
        self.relative = relative.value;
        self.size = path.len() as u64;
        let fits = path.len().min(self.buffer_size as usize) & !1;
        user::write_bytes(self.buffer, &path[..fits])?;
        if fits < path.len() { Err(STATUS_BUFFER_OVERFLOW) } else { Ok(()) }
    }
}

impl Serve for QueryDrives {
    fn serve(&mut self) -> Answer {
        let (drives, _) = broker::ask(&message::QueryDrives {}, &[])?;
        self.drives = drives.value;
        Ok(())
    }
}

impl Serve for FlushFile {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.file)?;
        file.needs(FILE_WRITE_DATA | FILE_APPEND_DATA)?;
        match file.device {
            // The broker keeps every byte of it at once.
            Device::Disk if file.is_stream() => Ok(()),
            Device::Disk => {
                rustix::fs::fsync(file.descriptor()?).map_err(|error| status(error, file.folder))?;
                // The name is the broker's business.
                broker::ask(&message::FlushFile { handle: file.handle }, &[]).map(|_| ())
            }
            Device::Pipe if file.object.is_pipe() => file.object.flush_pipe(),
            // Nothing of it is buffered, and FlushFileBuffers is documented to say so with this error.
            Device::ConsoleInput | Device::ConsoleOutput => Err(STATUS_INVALID_HANDLE),
            _ => Ok(()),
        }
    }
}

impl Serve for Console {
    fn serve(&mut self) -> Answer {
        let file = handle::file(self.handle)?;
        if !file.device.is_console() {
            return Err(STATUS_INVALID_HANDLE);
        }
        let (state, _) = broker::ask(&message::Console { handle: file.handle, kind: self.kind, mode: self.mode }, &[])?;
        self.mode = state.mode;
        self.size = [state.columns, state.rows];
        Ok(())
    }
}
