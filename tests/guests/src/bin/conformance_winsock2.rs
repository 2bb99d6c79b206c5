//! winsock2.h and ws2tcpip.h: the start of Winsock, addresses as text, and what is no socket. No test needs a network.
#![cfg_attr(target_os = "windows", no_std, no_main)]
#![cfg(target_os = "windows")]

extern crate alloc;

use core::ptr::null_mut;
use guests::files::ansi;
use guests::{Cases, case, holds, narrow, same, wide};
use windows_sys::Win32::Networking::WinSock::*;

guests::program! {
    fn main() -> u32 {
        let mut cases = Cases::new();
        starting(&mut cases);
        addresses(&mut cases);
        sockets(&mut cases);
        cases.code()
    }
}

/// A number that is no socket.
const NO_SOCKET: SOCKET = 0x1234_5678;

fn startup(version: u16) -> (i32, u16, u16) {
    let mut data: WSADATA = unsafe { core::mem::zeroed() };
    let code = unsafe { WSAStartup(version, &raw mut data) };
    (code, data.wVersion, data.wHighVersion)
}

fn failed(answer: i32) -> (i32, i32) {
    (answer, unsafe { WSAGetLastError() })
}

fn starting(cases: &mut Cases) {
    case!(cases, "ws2_32!WSACleanup ws2_32!gethostname", Failure, "before Winsock is started", wine = "Wine needs no start for a name", {
        same!(failed(unsafe { WSACleanup() }), (SOCKET_ERROR, WSANOTINITIALISED));
        let mut name = [0; 10];
        same!(failed(unsafe { gethostname(name.as_mut_ptr(), 10) }), (SOCKET_ERROR, WSANOTINITIALISED));
    });
    case!(cases, "ws2_32!WSAStartup ws2_32!WSACleanup", Success, "as often as it is ended", {
        same!(startup(0x0202), (0, 0x0202, 0x0202));
        same!(startup(0x0101), (0, 0x0101, 0x0202));
        same!(startup(0x0909), (0, 0x0202, 0x0202));
        same!(unsafe { (WSACleanup(), WSACleanup(), WSACleanup()) }, (0, 0, 0));
        same!(failed(unsafe { WSACleanup() }), (SOCKET_ERROR, WSANOTINITIALISED));
    });
    case!(cases, "ws2_32!WSAStartup", Failure, "a version that never was, no place for the answer", {
        same!(startup(0x0000).0, WSAVERNOTSUPPORTED);
        same!(unsafe { WSAStartup(0x0202, null_mut()) }, WSAEFAULT);
    });
    case!(cases, "ws2_32!WSAGetLastError ws2_32!WSASetLastError", Total, "the thread's error", {
        unsafe { WSASetLastError(WSAENOTSOCK) };
        same!((unsafe { WSAGetLastError() }, guests::last_error()), (WSAENOTSOCK, WSAENOTSOCK as u32));
    });
    startup(0x0202);
}

fn addresses(cases: &mut Cases) {
    case!(cases, "ws2_32!htons ws2_32!htonl ws2_32!ntohs ws2_32!ntohl", Total, "the order of bytes", {
        same!(unsafe { (htons(0x1234), htonl(0x1234_5678)) }, (0x3412, 0x7856_3412));
        same!(unsafe { (ntohs(0x1234), ntohl(0x1234_5678)) }, (0x3412, 0x7856_3412));
    });
    case!(cases, "ws2_32!inet_addr", Success, "numbers in dots", {
        let address = |text: &str| unsafe { inet_addr(ansi(text).as_ptr()) };
        same!((address("127.0.0.1"), address("10.1"), address("0x7f.1")), (0x0100_007F, 0x0100_000A, 0x0100_007F));
    });
    case!(cases, "ws2_32!inet_addr", Failure, "what is no address", {
        let address = |text: &str| unsafe { inet_addr(ansi(text).as_ptr()) };
        same!((address("1.2.3.256"), address("name")), (INADDR_NONE, INADDR_NONE));
    });
    case!(cases, "ws2_32!inet_pton ws2_32!InetPtonW ws2_32!inet_ntop ws2_32!InetNtopW", Success, "both families, there and back", {
        let mut four = [0_u8; 4];
        same!(unsafe { inet_pton(AF_INET.into(), ansi("192.168.1.20").as_ptr(), four.as_mut_ptr().cast()) }, 1);
        same!(four, [192, 168, 1, 20]);
        let mut six = [0_u8; 16];
        same!(unsafe { InetPtonW(AF_INET6.into(), wide("fe80::1:2").as_ptr(), six.as_mut_ptr().cast()) }, 1);
        same!((six[0], six[1], six[13], six[15]), (0xFE, 0x80, 1, 2));
        let (mut bytes, mut units) = ([0_u8; 50], [0_u16; 50]);
        holds!(!unsafe { inet_ntop(AF_INET.into(), four.as_ptr().cast(), bytes.as_mut_ptr(), 50) }.is_null());
        same!(&bytes[..13], b"192.168.1.20\0");
        holds!(!unsafe { InetNtopW(AF_INET6.into(), six.as_ptr().cast(), units.as_mut_ptr(), 50) }.is_null());
        same!(narrow(&units), "fe80::1:2");
    });
    case!(cases, "ws2_32!inet_pton ws2_32!InetPtonW", Failure, "another text, another family", {
        let mut four = [0_u8; 4];
        same!(unsafe { inet_pton(AF_INET.into(), ansi("1.2.3").as_ptr(), four.as_mut_ptr().cast()) }, 0);
        same!(unsafe { InetPtonW(AF_INET6.into(), wide("1.2.3.4.5").as_ptr(), four.as_mut_ptr().cast()) }, 0);
        same!(failed(unsafe { inet_pton(99, ansi("1.2.3.4").as_ptr(), four.as_mut_ptr().cast()) }), (-1, WSAEAFNOSUPPORT));
        same!(failed(unsafe { InetPtonW(99, wide("1.2.3.4").as_ptr(), four.as_mut_ptr().cast()) }), (-1, WSAEAFNOSUPPORT));
    });
    case!(cases, "ws2_32!inet_ntop ws2_32!InetNtopW", Failure, "too little room, another family", {
        let (four, mut bytes, mut units) = ([127_u8, 0, 0, 1], [0_u8; 5], [0_u16; 5]);
        holds!(unsafe { inet_ntop(AF_INET.into(), four.as_ptr().cast(), bytes.as_mut_ptr(), 5) }.is_null());
        holds!(unsafe { InetNtopW(AF_INET.into(), four.as_ptr().cast(), units.as_mut_ptr(), 5) }.is_null());
        holds!(unsafe { inet_ntop(99, four.as_ptr().cast(), bytes.as_mut_ptr(), 5) }.is_null());
        same!(unsafe { WSAGetLastError() }, WSAEAFNOSUPPORT);
    });
}

fn sockets(cases: &mut Cases) {
    case!(
        cases,
        "ws2_32!closesocket ws2_32!bind ws2_32!connect ws2_32!listen ws2_32!accept ws2_32!shutdown ws2_32!send ws2_32!recv ws2_32!setsockopt \
         ws2_32!getsockopt ws2_32!ioctlsocket ws2_32!getsockname ws2_32!getpeername ws2_32!sendto ws2_32!recvfrom",
        Failure,
        "a number that is no socket",
        {
            const NOT: (i32, i32) = (SOCKET_ERROR, WSAENOTSOCK);
            let mut address: SOCKADDR = unsafe { core::mem::zeroed() };
            address.sa_family = AF_INET;
            let (mut size, mut bytes, mut word) = (16, [0_u8; 16], 0_u32);
            let (place, buffer) = (&raw mut address, bytes.as_mut_ptr());
            same!(failed(unsafe { closesocket(NO_SOCKET) }), NOT);
            same!(failed(unsafe { bind(NO_SOCKET, place, 16) }), NOT);
            same!(failed(unsafe { connect(NO_SOCKET, place, 16) }), NOT);
            same!(failed(unsafe { listen(NO_SOCKET, 1) }), NOT);
            same!((unsafe { accept(NO_SOCKET, null_mut(), null_mut()) }, unsafe { WSAGetLastError() }), (INVALID_SOCKET, WSAENOTSOCK));
            same!(failed(unsafe { shutdown(NO_SOCKET, 0) }), NOT);
            same!(failed(unsafe { send(NO_SOCKET, buffer, 1, 0) }), NOT);
            same!(failed(unsafe { recv(NO_SOCKET, buffer, 1, 0) }), NOT);
            same!(failed(unsafe { sendto(NO_SOCKET, buffer, 1, 0, place, 16) }), NOT);
            same!(failed(unsafe { recvfrom(NO_SOCKET, buffer, 1, 0, place, &raw mut size) }), NOT);
            same!(failed(unsafe { setsockopt(NO_SOCKET, SOL_SOCKET, SO_REUSEADDR, buffer, 4) }), NOT);
            same!(failed(unsafe { getsockopt(NO_SOCKET, SOL_SOCKET, SO_REUSEADDR, buffer, &raw mut size) }), NOT);
            same!(failed(unsafe { ioctlsocket(NO_SOCKET, FIONBIO, &raw mut word) }), NOT);
            same!(failed(unsafe { getsockname(NO_SOCKET, place, &raw mut size) }), NOT);
            same!(failed(unsafe { getpeername(NO_SOCKET, place, &raw mut size) }), NOT);
        }
    );
    case!(cases, "ws2_32!socket ws2_32!WSASocketW ws2_32!WSASocketA", Failure, "a family that is not there", {
        same!((unsafe { socket(99, SOCK_STREAM, 0) }, unsafe { WSAGetLastError() }), (INVALID_SOCKET, WSAEAFNOSUPPORT));
    });
    case!(cases, "ws2_32!socket ws2_32!WSASocketW", Failure, "no network is granted", wine = "Wine has the host's network", {
        same!((unsafe { socket(AF_INET.into(), SOCK_STREAM, 0) }, unsafe { WSAGetLastError() }), (INVALID_SOCKET, WSAENETDOWN));
        let made = unsafe { WSASocketW(AF_INET.into(), SOCK_STREAM, 0, core::ptr::null(), 0, 0) };
        same!((made, unsafe { WSAGetLastError() }), (INVALID_SOCKET, WSAENETDOWN));
    });
    case!(cases, "ws2_32!select", Failure, "no sockets at all", {
        same!(failed(unsafe { select(0, null_mut(), null_mut(), null_mut(), core::ptr::null()) }), (SOCKET_ERROR, WSAEINVAL));
    });
    case!(cases, "ws2_32!__WSAFDIsSet", Total, "a number in a set", {
        let mut set: FD_SET = unsafe { core::mem::zeroed() };
        (set.fd_count, set.fd_array[0]) = (1, 7);
        same!(unsafe { (__WSAFDIsSet(7, &raw mut set), __WSAFDIsSet(8, &raw mut set)) }, (1, 0));
    });
    case!(cases, "ws2_32!gethostname", Success, "a name", {
        let mut name = [0_u8; 64];
        same!(unsafe { gethostname(name.as_mut_ptr(), 64) }, 0);
        holds!(name[0] != 0);
    });
    case!(cases, "ws2_32!gethostname", Failure, "no room for a name", {
        let mut name = [0_u8; 1];
        same!(failed(unsafe { gethostname(name.as_mut_ptr(), 0) }), (SOCKET_ERROR, WSAEFAULT));
    });
}
