//! Requests about keys, hostile ones among them.

use crate::hostile::Hostile;
use protocol::key::{ContinueValue, DeleteKey, KeyOpened, OpenKey, QueryValue, SetValue, how};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_OBJECT_PATH_SYNTAX_BAD,
};

fn bytes(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn open(hostile: &Hostile, path: &str, access: u32, bits: u32) -> Result<KeyOpened, NTSTATUS> {
    let path = bytes(path);
    let request = OpenKey { access, how: bits, path: path.len() as u32, ..OpenKey::default() };
    hostile.process.open_key(&request, &path).map(|reply| reply.frame.get())
}

#[test]
fn a_key_grants_what_its_handle_says_and_no_more() {
    let folder = std::env::temp_dir().join(format!("broker-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let hostile = Hostile::new(&folder).unwrap();
    let path = "\\Registry\\Machine\\Software\\T";
    assert_eq!(open(&hostile, "Machine", 1, 0).err(), Some(STATUS_OBJECT_PATH_SYNTAX_BAD));
    assert_eq!(open(&hostile, path, 1, 0).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    let reader = open(&hostile, path, 1, how::CREATE).unwrap();
    let set = |handle, size, payload: &[u8]| hostile.process.set_value(&SetValue { handle, kind: 3, name: 2, size }, payload);
    assert_eq!(set(reader.handle, 1, b"x\0y").err(), Some(STATUS_ACCESS_DENIED));
    let writer = open(&hostile, path, 2, 0).unwrap();
    assert_eq!(set(writer.handle, u32::MAX, b"x\0y").err(), Some(STATUS_INVALID_PARAMETER));
    assert_eq!(set(writer.handle, 0, b"x\0y").err(), Some(STATUS_INVALID_PARAMETER), "more than it says");
    assert_eq!(set(writer.handle, 1, b"x").err(), Some(STATUS_INVALID_PARAMETER), "less than its name");
    // What is never ended takes the place of eight at most.
    let started: Vec<u32> = (0..20).map(|_| set(writer.handle, 1 << 20, b"x\0y").unwrap().frame.get::<protocol::message::Word>().value).collect();
    let go_on = |number| hostile.process.continue_value(&ContinueValue { number }, &[1; 10]).map(|_| ());
    assert_eq!(go_on(started[0]), Err(STATUS_INSUFFICIENT_RESOURCES));
    assert_eq!(go_on(started[19]), Ok(()));
    let query = QueryValue { handle: reader.handle, offset: u32::MAX };
    assert_eq!(hostile.process.query_value(&query, &bytes("x")).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(hostile.process.query_value(&QueryValue { handle: 4, offset: 0 }, b"").err(), Some(STATUS_INVALID_HANDLE));
    assert_eq!(hostile.process.delete_key(&DeleteKey { handle: writer.handle, ..DeleteKey::default() }, &[]).err(), Some(STATUS_ACCESS_DENIED));
    std::fs::remove_dir_all(&folder).unwrap();
}
