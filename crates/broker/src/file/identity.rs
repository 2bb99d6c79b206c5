//! Files by their numbers: opening one, and the names that it has.

use super::{Answer, lock};
use crate::object::FileObject;
use crate::process::Process;
use crate::reply::Reply;
use gate::file::LinkName;
use protocol::message::{Done, OpenFile};
use store::{FileId, Look, Path};
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, FILE_OPEN_BY_FILE_ID, FILE_OPEN_REPARSE_POINT};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_NOT_FOUND,
};
use zerocopy::IntoBytes;

/// The number that a name without letters is: eight bytes, or sixteen where volumes have longer ones. What is no number of ours would be
/// an object's identifier, and no file has one.
fn number(payload: &[u8]) -> Result<u64, NTSTATUS> {
    match *payload.as_chunks::<8>().0 {
        [number] if payload.len() == 8 => Ok(u64::from_le_bytes(number)),
        [number, high] if payload.len() == 16 && high == [0; 8] => Ok(u64::from_le_bytes(number)),
        [_, _] if payload.len() == 16 => Err(STATUS_OBJECT_NAME_NOT_FOUND),
        _ => Err(STATUS_INVALID_PARAMETER),
    }
}

impl Process {
    /// Opens the file with a number on the volume that another open file lies on. What its path is granted counts, as by any other name.
    pub(super) fn open_by_id(&self, request: &OpenFile, payload: &[u8]) -> Answer {
        let mut shown = String::from("a file by its number");
        let answer = self.open_identified(request, payload, &mut shown);
        self.note_open(&shown, request.access, answer.as_ref().err().copied());
        answer
    }

    fn open_identified(&self, request: &OpenFile, payload: &[u8], shown: &mut String) -> Answer {
        let id = number(payload)?;
        if request.disposition != FILE_OPEN || request.root == 0 {
            return Err(STATUS_INVALID_PARAMETER);
        }
        let hint = lock(&self.handles).get(request.root, 0)?.file()?.clone();
        let (inside, (device, own)) = hint.inside().zip(hint.id()).ok_or(STATUS_INVALID_PARAMETER)?;
        self.settle();
        let root = inside.volume.metadata(&Path::default(), Look::default())?;
        // The hint itself and the volume's own folder need not be looked for.
        let path = match (device, id) {
            (_, id) if id == own => Some(inside.path.clone()),
            id if id == (root.device, root.id) => Some(Path::default()),
            id => inside.volume.paths(id, 1)?.pop(),
        };
        let path = inside.drive_path(&path.ok_or(STATUS_INVALID_PARAMETER)?);
        *shown = path.display();
        let known = inside.volume.metadata(&path.path.names().skip(inside.mount.count()).collect(), Look { link: true, attributes: false })?;
        let follows = known.link && request.options & FILE_OPEN_REPARSE_POINT == 0;
        let request = OpenFile { root: 0, options: request.options & !FILE_OPEN_BY_FILE_ID, ..*request };
        self.through(&path, |at| self.open_on_drive(&request, &path, at, (!follows).then_some((device, id))))
    }

    /// Every name of an open file, as far as its volume is granted.
    pub(super) fn link_names(&self, object: &FileObject) -> Answer {
        let (inside, id) = object.inside().zip(object.id()).ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let metadata = self.metadata_of(object)?.ok_or(STATUS_INVALID_DEVICE_REQUEST)?;
        let most = if metadata.folder { 1 } else { metadata.links.max(1) as usize };
        let paths = if most == 1 { vec![inside.path.clone()] } else { inside.volume.paths(id, most)? };
        let mut records = Vec::new();
        for path in paths {
            let mut folder = path.clone();
            folder.pop();
            let (_, parent): FileId = inside.volume.metadata(&folder, Look::default()).map(|metadata| (metadata.device, metadata.id))?;
            let name = path.last().unwrap_or_default();
            records.extend_from_slice(LinkName { parent, name_size: 2 * name.len() as u32, pad: 0 }.as_bytes());
            records.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
            records.resize(records.len().next_multiple_of(8), 0);
        }
        if records.len() > protocol::PAYLOAD {
            return Err(STATUS_INSUFFICIENT_RESOURCES);
        }
        Ok(Reply::value(&Done {}).with_payload(records))
    }
}
