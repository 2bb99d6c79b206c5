//! A client and a server over one channel, in two threads of one process.
#![cfg(not(loom))]

use channel::{Client, Posted, Received, Server, pair};
use protocol::message::{Done, QueryPath};
use protocol::{Frame, PAYLOAD};
use rustix::fs::{MemfdFlags, memfd_create};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

fn connected() -> (Server, Client) {
    let (server, memory, socket) = pair().unwrap();
    (server, Client::new(memory.as_fd().try_clone_to_owned().unwrap(), socket).unwrap())
}

/// Answers `rounds` requests with their payload reversed.
fn serve(mut server: Server, rounds: usize, descriptor: Option<OwnedFd>) -> Server {
    let mut payload = Vec::new();
    for _ in 0..rounds {
        let Received::Request(request) = server.receive(None) else { panic!("the client is there") };
        server.payload(&request, &mut payload);
        payload.reverse();
        let descriptors: Vec<BorrowedFd<'_>> = descriptor.iter().map(AsFd::as_fd).collect();
        server.reply(Frame::reply(request.number, 0, &Done {}, 0), &payload, &descriptors);
    }
    server
}

#[test]
fn every_request_gets_its_own_reply() {
    let (server, mut client) = connected();
    let thread = std::thread::spawn(|| serve(server, 10_000, None));
    let mut back = Vec::new();
    for round in 0..10_000_u32 {
        let sent = [round.to_le_bytes(), (!round).to_le_bytes()].concat();
        let reply = client.call(&Frame::request(&QueryPath { root: round }, sent.len()), &sent).unwrap();
        client.payload(&reply, &mut back);
        back.reverse();
        assert_eq!(back, sent);
    }
    drop(thread.join().unwrap());
}

#[test]
fn a_descriptor_travels_with_its_reply() {
    let (server, mut client) = connected();
    let file = memfd_create("travels", MemfdFlags::CLOEXEC).unwrap();
    rustix::io::write(&file, b"here").unwrap();
    let thread = std::thread::spawn(|| serve(server, 1, Some(file)));
    let reply = client.call(&Frame::request(&QueryPath { root: 0 }, 0), &[]).unwrap();
    let [Some(received), None] = client.descriptors(&reply).unwrap() else { panic!("one descriptor was sent") };
    let mut bytes = [0; 4];
    rustix::io::pread(&received, &mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"here");
    drop(thread.join().unwrap());
}

#[test]
fn a_payload_that_claims_too_much_is_cut() {
    let (mut server, mut client) = connected();
    let thread = std::thread::spawn(move || {
        let mut request = Frame::request(&QueryPath { root: 0 }, 0);
        request.payload = u32::MAX;
        client.call(&request, &[])
    });
    let Received::Request(request) = server.receive(None) else { panic!("the client is there") };
    let mut payload = Vec::new();
    server.payload(&request, &mut payload);
    assert_eq!(payload.len(), PAYLOAD);
    server.closer().close();
    assert_eq!(thread.join().unwrap(), Err(channel::Gone));
}

#[test]
fn posted_handles_reach_another_thread_of_the_broker() {
    let (server, client) = connected();
    assert_eq!([client.post(4), client.post(8)], [Posted::Yes; 2]);
    let mut taken = Vec::new();
    server.closer().drain(|handle| taken.push(handle));
    assert_eq!(taken, [4, 8]);
}

#[test]
fn nothing_is_posted_to_a_server_at_rest() {
    let (server, client) = connected();
    server.rest();
    assert_eq!(client.post(4), Posted::No);
}

#[test]
fn a_server_waits_no_longer_than_its_limit() {
    let (mut server, _client) = connected();
    assert_eq!(server.receive(Some(Duration::from_millis(1))), Received::Nothing);
}

#[test]
fn memory_that_could_be_truncated_is_refused() {
    let unsealed = memfd_create("unsealed", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
    rustix::fs::ftruncate(&unsealed, 0x20000).unwrap();
    let (_, _, socket) = pair().unwrap();
    assert!(Client::new(unsealed, socket).is_err());
}

/// Descriptors under way count against all of the user's programs: a client that takes none gets one, and no more.
#[test]
fn descriptors_do_not_pile_up() {
    let (server, mut client) = connected();
    let file = memfd_create("piles", MemfdFlags::CLOEXEC).unwrap();
    let thread = std::thread::spawn(|| serve(server, 3, Some(file)));
    let request = Frame::request(&QueryPath { root: 0 }, 0);
    let sent: Vec<u32> = (0..2).map(|_| client.call(&request, &[]).unwrap().descriptors).collect();
    assert_eq!(sent, [1, 0]);
    assert!(matches!(client.descriptors(&Frame { descriptors: 1, ..request }), Ok([Some(_), None])));
    assert_eq!(client.call(&request, &[]).unwrap().descriptors, 1, "a client that takes them goes on");
    drop(thread.join().unwrap());
}
