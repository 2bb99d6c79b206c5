//! The directory of pipes: names, instances, and how connections end.

use super::end::{Bond, End};
use super::{Connected, Pipes, Shape};
use gate::pipe::State;
use std::sync::Arc;
use std::time::{Duration, Instant};
use windows_sys::Wdk::Storage::FileSystem::{FILE_CREATE, FILE_OPEN, FILE_OPEN_IF};
use windows_sys::Win32::Foundation::{
    STATUS_ACCESS_DENIED, STATUS_INSTANCE_NOT_AVAILABLE, STATUS_INSUFFICIENT_RESOURCES, STATUS_IO_TIMEOUT, STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_PIPE_CLOSING, STATUS_PIPE_CONNECTED, STATUS_PIPE_DISCONNECTED, STATUS_PIPE_NOT_AVAILABLE,
    STATUS_PROCESS_IS_TERMINATING,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE};

const SHAPE: Shape = Shape { messages: false, share: FILE_SHARE_READ | FILE_SHARE_WRITE, most: 2, patience: Duration::from_millis(1) };

fn name(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn make(pipes: &Pipes, text: &str) -> u64 {
    pipes.create(&name(text), FILE_OPEN_IF, SHAPE, [0; 2], 1).expect("an instance").instance
}

/// The end of whom an instance belongs to.
fn served(instance: u64) -> End {
    End { instance, connection: None, name: Arc::from([]), told: 0.into() }
}

fn held(client: Connected) -> End {
    End { instance: client.instance, connection: Some(client.connection), name: client.name, told: 0.into() }
}

fn state(pipes: &Pipes, instance: u64) -> State {
    pipes.standing(instance).expect("it is there").state
}

#[test]
fn a_name_has_as_many_instances_as_its_first_one_said() {
    let pipes = Pipes::default();
    let create = |text: &str, disposition, shape| pipes.create(&name(text), disposition, shape, [0; 2], 1).map(|made| made.first);
    assert_eq!(create("a", FILE_OPEN, SHAPE), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(create("a", FILE_CREATE, SHAPE), Ok(true));
    assert_eq!(create("A", FILE_CREATE, SHAPE), Err(STATUS_ACCESS_DENIED));
    assert_eq!(create("A", FILE_OPEN_IF, Shape { messages: true, ..SHAPE }), Err(STATUS_ACCESS_DENIED));
    assert_eq!(create("A", FILE_OPEN_IF, Shape { share: FILE_SHARE_READ, ..SHAPE }), Err(STATUS_ACCESS_DENIED));
    assert_eq!(create("A", FILE_OPEN, Shape { most: 9, ..SHAPE }), Ok(false));
    assert_eq!(create("a", FILE_OPEN_IF, SHAPE), Err(STATUS_INSTANCE_NOT_AVAILABLE));
    assert_eq!(create("", FILE_OPEN_IF, SHAPE), Err(STATUS_OBJECT_NAME_INVALID));
    assert_eq!(create(&"x".repeat(513), FILE_OPEN_IF, SHAPE), Err(STATUS_OBJECT_NAME_INVALID));
    assert_eq!(pipes.instances(&name("a")), Some([2, 2]));
    assert_eq!(pipes.list().len(), 1);
}

#[test]
fn clients_take_the_instances_in_their_order() {
    let pipes = Pipes::default();
    assert_eq!(pipes.connect(&name("a"), 2).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    let (first, second) = (make(&pipes, "a"), make(&pipes, "a"));
    let clients = [pipes.connect(&name("A"), 2).unwrap(), pipes.connect(&name("a"), 3).unwrap()];
    assert_eq!(clients.each_ref().map(|client| client.instance), [first, second]);
    assert_eq!(clients[1].connection.processes, [1, 3]);
    assert_eq!(pipes.connect(&name("a"), 2).err(), Some(STATUS_PIPE_NOT_AVAILABLE));
    assert_eq!(pipes.listen(first).err(), Some(STATUS_PIPE_CONNECTED));
}

#[test]
fn a_connection_ends_once_and_says_how() {
    let pipes = Pipes::default();
    let instance = make(&pipes, "a");
    let client = pipes.connect(&name("a"), 2).unwrap();
    let (descriptor, connection) = (Arc::clone(&client.descriptor), Arc::clone(&client.connection));
    let link = pipes.standing(instance).unwrap().link.unwrap();
    rustix::io::write(&link, b"unread").unwrap();
    pipes.disconnect(instance).unwrap();
    assert_eq!((connection.bond(), state(&pipes, instance)), (Bond::Severed, State::Disconnected));
    assert_eq!(rustix::io::read(&descriptor, &mut [0; 8]), Ok(0), "what was not read is gone");
    assert_eq!(pipes.disconnect(instance).err(), Some(STATUS_PIPE_DISCONNECTED));
    // The client goes later, and changes nothing for the next one.
    assert!(pipes.listen(instance).unwrap().1);
    let next = pipes.connect(&name("a"), 3).unwrap();
    pipes.close(&held(client));
    assert_eq!((connection.bond(), state(&pipes, instance)), (Bond::Severed, State::Connected));
    assert_eq!(pipes.standing(instance).unwrap().generation, 2);
    pipes.close(&held(next));
    assert_eq!(state(&pipes, instance), State::Closing);
    assert_eq!(pipes.listen(instance).err(), Some(STATUS_PIPE_CLOSING));
    pipes.close(&served(instance));
    assert_eq!(pipes.list().len(), 0);
}

#[test]
fn whoever_waits_for_a_client_sees_one_come_and_go() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let pipes = Pipes::default();
    let instance = make(&pipes, "a");
    let (event, anew) = pipes.listen(instance).unwrap();
    let ready = || poll(&mut [PollFd::new(&event, PollFlags::IN)], Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1);
    assert!(!anew && !ready());
    let _client = pipes.connect(&name("a"), 2).unwrap();
    assert!(ready());
    pipes.disconnect(instance).unwrap();
    assert!(!ready());
}

#[test]
fn waits_end_with_an_instance_the_time_or_the_process() {
    let pipes = Arc::new(Pipes::default());
    let wait = |limit| pipes.wait(&name("a"), limit, || false);
    assert_eq!(wait(None), Err(STATUS_OBJECT_NAME_NOT_FOUND));
    let instance = make(&pipes, "a");
    assert_eq!(wait(None), Ok(()));
    let client = pipes.connect(&name("a"), 2).unwrap();
    let start = Instant::now();
    assert_eq!(wait(Some(Duration::from_millis(5))), Err(STATUS_IO_TIMEOUT));
    assert!(start.elapsed() >= Duration::from_millis(5));
    assert_eq!(pipes.wait(&name("a"), Some(Duration::MAX), || true), Err(STATUS_PROCESS_IS_TERMINATING));
    let waiting = {
        let pipes = Arc::clone(&pipes);
        std::thread::spawn(move || pipes.wait(&name("a"), Some(Duration::MAX), || false))
    };
    pipes.close(&held(client));
    pipes.disconnect(instance).unwrap();
    pipes.listen(instance).unwrap();
    assert_eq!(waiting.join().unwrap(), Ok(()));
}

#[test]
fn a_sandbox_has_so_many_instances_and_no_more() {
    let pipes = Pipes::default();
    let shape = Shape { most: u32::MAX, ..SHAPE };
    for _ in 0..super::MOST {
        pipes.create(&name("a"), FILE_OPEN_IF, shape, [0; 2], 1).expect("an instance");
    }
    assert_eq!(pipes.create(&name("b"), FILE_OPEN_IF, shape, [0; 2], 1).err(), Some(STATUS_INSUFFICIENT_RESOURCES));
}
