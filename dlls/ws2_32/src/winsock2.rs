//! winsock2.h: sockets. None is ever made, for no network can be granted: `socket` says that the network is down, and to
//! whatever else takes a socket the number it was given is none.

use crate::startup::{check, failure};
use core::ffi::c_void;
use guest::call::{Bool, FileHandle, Number};
use guest::error::Win32Error;
use guest::shim;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, AF_UNSPEC, FD_SET, WSAEAFNOSUPPORT, WSAEFAULT, WSAEINVAL, WSAENETDOWN, WSAENOTSOCK,
};

guest::imports! {
    "kernel32" {
        fn GetComputerNameExA(kind: i32, buffer: *mut u8, room: *mut u32) -> i32;
    }
}

/// What every function says to a number that is no socket.
fn no_socket<T>(_socket: usize) -> Result<T, Win32Error> {
    check()?;
    Err(failure(WSAENOTSOCK))
}

fn refuse(family: i32) -> Win32Error {
    match check() {
        Err(error) => error,
        Ok(()) if [AF_UNSPEC, AF_INET, AF_INET6].iter().any(|known| i32::from(*known) == family) => failure(WSAENETDOWN),
        Ok(()) => failure(WSAEAFNOSUPPORT),
    }
}

/// Makes a socket.
#[shim(ix = 19, mapping = "refused: no network can be granted", risk = Isolation("a connection that nobody granted"))]
pub unsafe extern "system" fn socket(family: i32, _kind: i32, _protocol: i32) -> Result<FileHandle, Win32Error> {
    Err(refuse(family))
}

/// Makes a socket.
#[shim(ix = 10, mapping = "refused: no network can be granted", risk = Isolation("a connection that nobody granted"))]
pub unsafe extern "system" fn WSASocketW(
    family: i32,
    _kind: i32,
    _protocol: i32,
    _information: *const c_void,
    _group: u32,
    _flags: u32,
) -> Result<FileHandle, Win32Error> {
    Err(refuse(family))
}

/// Makes a socket.
#[shim(ix = 58, mapping = "refused: no network can be granted", risk = Isolation("a connection that nobody granted"))]
pub unsafe extern "system" fn WSASocketA(
    family: i32,
    _kind: i32,
    _protocol: i32,
    _information: *const c_void,
    _group: u32,
    _flags: u32,
) -> Result<FileHandle, Win32Error> {
    Err(refuse(family))
}

/// Lists the protocols: the network is down.
#[shim(ix = 72, mapping = "refused: no network can be granted", risk = Wrong("a protocol that is not there"))]
pub unsafe extern "system" fn WSAEnumProtocolsW(_wanted: *const i32, _buffer: *mut c_void, length: *mut u32) -> Result<Number, Win32Error> {
    check()?;
    Err(failure(if length.is_null() { WSAEFAULT } else { WSAENETDOWN }))
}

/// Controls a socket.
#[shim(ix = 13, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn WSAIoctl(
    socket: usize,
    _code: u32,
    _input: *const c_void,
    _input_size: u32,
    _output: *mut c_void,
    _output_size: u32,
    _done: *mut u32,
    _overlapped: *mut c_void,
    _routine: *const c_void,
) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Answers how an overlapped call on a socket ended.
#[shim(ix = 51, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn WSAGetOverlappedResult(
    socket: usize,
    _overlapped: *const c_void,
    _done: *mut u32,
    _wait: i32,
    _flags: *mut u32,
) -> Result<Bool, Win32Error> {
    no_socket(socket)
}

/// Waits for sockets, of which there are none: sets that are empty are an error, and others hold no sockets.
#[shim(ix = 14, mapping = "no socket exists", risk = Functional("a wait that does not end"))]
pub unsafe extern "system" fn select(
    _count: i32,
    read: *mut FD_SET,
    write: *mut FD_SET,
    except: *mut FD_SET,
    _timeout: *const c_void,
) -> Result<Number, Win32Error> {
    check()?;
    let filled = [read, write, except].iter().any(|set| set.as_ref().is_some_and(|set| set.fd_count > 0));
    Err(failure(if filled { WSAENOTSOCK } else { WSAEINVAL }))
}

/// Whether a socket is in a set.
#[shim(ix = 24, mapping = "memory alone", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn __WSAFDIsSet(socket: usize, set: *mut FD_SET) -> i32 {
    set.as_ref().is_some_and(|set| set.fd_array.iter().take(set.fd_count as usize).any(|entry| *entry == socket)).into()
}

/// The computer's name.
#[shim(ix = 31, mapping = "GetComputerNameExA", risk = Wrong("a wrong name"))]
pub unsafe extern "system" fn gethostname(name: *mut u8, room: i32) -> Result<Number, Win32Error> {
    /// `ComputerNameDnsHostname`.
    const HOST: i32 = 1;
    check()?;
    let mut size = u32::try_from(room).unwrap_or(0);
    if name.is_null() || size == 0 || GetComputerNameExA(HOST, name, &raw mut size) == 0 {
        return Err(failure(WSAEFAULT));
    }
    Ok(Number(0))
}

/// Closes a socket.
#[shim(ix = 1, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn closesocket(socket: usize) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Gives a socket its own address.
#[shim(ix = 4, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn bind(socket: usize, _address: *const c_void, _length: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Connects a socket.
#[shim(ix = 16, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn connect(socket: usize, _address: *const c_void, _length: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Lets a socket wait for connections.
#[shim(ix = 18, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn listen(socket: usize, _backlog: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Ends one direction of a socket.
#[shim(ix = 21, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn shutdown(socket: usize, _how: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Sends over a socket.
#[shim(ix = 9, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn send(socket: usize, _buffer: *const u8, _length: i32, _flags: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Receives from a socket.
#[shim(ix = 8, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn recv(socket: usize, _buffer: *mut u8, _length: i32, _flags: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Sends to an address.
#[shim(ix = 43, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn sendto(
    socket: usize,
    _buffer: *const u8,
    _length: i32,
    _flags: i32,
    _to: *const c_void,
    _to_length: i32,
) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Receives from any address.
#[shim(ix = 42, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn recvfrom(
    socket: usize,
    _buffer: *mut u8,
    _length: i32,
    _flags: i32,
    _from: *mut c_void,
    _from_length: *mut i32,
) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Answers a socket's own address.
#[shim(ix = 12, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn getsockname(socket: usize, _name: *mut c_void, _length: *mut i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Answers the address of a socket's other end.
#[shim(ix = 11, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn getpeername(socket: usize, _name: *mut c_void, _length: *mut i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Answers an option of a socket.
#[shim(ix = 7, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn getsockopt(socket: usize, _level: i32, _option: i32, _value: *mut u8, _length: *mut i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Sets an option of a socket.
#[shim(ix = 2, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn setsockopt(socket: usize, _level: i32, _option: i32, _value: *const u8, _length: i32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Sets or answers a mode of a socket.
#[shim(ix = 17, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn ioctlsocket(socket: usize, _command: i32, _argument: *mut u32) -> Result<Number, Win32Error> {
    no_socket(socket)
}

/// Takes a connection.
#[shim(ix = 22, mapping = "no socket exists", risk = Wrong("a wrong answer"))]
pub unsafe extern "system" fn accept(socket: usize, _address: *mut c_void, _length: *mut i32) -> Result<FileHandle, Win32Error> {
    no_socket(socket)
}
