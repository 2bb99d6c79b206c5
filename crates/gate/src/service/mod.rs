//! The gate's services. A request is read and written back as a whole; every service answers with an NTSTATUS. Each request stands in
//! the file of its subject; the numbers stand here, and are permanent.

/// A request that the gate knows.
pub trait Service: Copy + Default {
    /// The number that names the service at the gate.
    const NUMBER: u32;
}

/// No request is larger, in bytes.
pub const MAX_REQUEST: usize = 256;

macro_rules! requests {
    ($(
        $(#[$meta:meta])*
        $name:ident { $( $(#[$field_meta:meta])* $field:ident: $kind:ty, )* }
    )*) => {
        $(
            $(#[$meta])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, Default)]
            pub struct $name { $( $(#[$field_meta])* pub $field: $kind, )* }

            const _: () = assert!(size_of::<$name>() <= super::MAX_REQUEST && align_of::<$name>() <= 8);
        )*
    };
}

mod file;
mod io;
mod job;
mod key;
mod memory;
mod object;
mod pipe;
mod process;
mod thread;

pub use file::*;
pub use io::*;
pub use job::*;
pub use key::*;
pub use memory::*;
pub use object::*;
pub use pipe::*;
pub use process::*;
pub use thread::*;

macro_rules! services {
    ($($number:literal $name:ident,)*) => {
        $(
            impl Service for $name {
                const NUMBER: u32 = $number;
            }
        )*

        /// How many numbers are given out.
        pub const COUNT: usize = [$($number),*].len();

        /// The services' names by number.
        pub static NAMES: [&str; COUNT] = {
            let mut names = [""; COUNT];
            // The gate's table is made in the order in which the rows stand.
            let mut next = 0;
            $( assert!($number == next); names[$number] = stringify!($name); next += 1; )*
            let _ = next;
            names
        };

        /// Calls back with every service: `callback!(Name, Name, ..)` in the order of their numbers.
        #[macro_export]
        macro_rules! for_each_service {
            ($callback:ident) => { $callback! { $($name),* } };
        }
    };
}

services! {
    0 TerminateProcess,
    1 Crash,
    2 AllocateMemory,
    3 FreeMemory,
    4 ProtectMemory,
    5 QueryMemory,
    6 MapSystemImage,
    7 CreateSection,
    8 MapView,
    9 UnmapView,
    10 OpenFile,
    11 QueryPath,
    12 ReadFile,
    13 WriteFile,
    14 QueryFile,
    15 Position,
    16 SetEnd,
    17 SetFacts,
    18 SetDisposition,
    19 RenameFile,
    20 ListFolder,
    21 QueryVolume,
    22 QueryName,
    23 FlushFile,
    24 CloseHandle,
    25 DuplicateHandle,
    26 QueryHandle,
    27 SetHandle,
    28 CreateObject,
    29 Signal,
    30 Wait,
    31 WaitAddress,
    32 WakeAddress,
    33 Delay,
    34 CreateThread,
    35 ExitThread,
    36 SuspendThread,
    37 QueryThread,
    38 SetThread,
    39 QueryProcess,
    40 QuerySystem,
    41 Random,
    42 Report,
    43 DebugPrint,
    44 Console,
    45 WaitControl,
    46 OpenThread,
    47 LockMemory,
    48 CurrentProcessor,
    49 SetAffinity,
    50 SignalAndWait,
    51 QueryObject,
    52 QueryTimeZone,
    53 QueryDrives,
    54 QueryLink,
    55 SetTimer,
    56 QueueCall,
    57 TakeCall,
    58 TerminateThread,
    59 ThreadContext,
    60 CreateStack,
    61 FreeStack,
    62 QueryObjectName,
    63 CompareObjects,
    64 PostCompletion,
    65 TakeCompletions,
    66 SetFilePort,
    67 FileModes,
    68 CancelRequests,
    69 CancelThread,
    70 CreatePipe,
    71 QueryPipe,
    72 PeekPipe,
    73 PollSockets,
    74 LockFile,
    75 UnlockFile,
    76 AlertThread,
    77 TestAlert,
    78 AlertThreadId,
    79 WaitAlert,
    80 MeetAtKey,
    81 TransferSegments,
    82 ReadChanges,
    83 StreamSize,
    84 SetSparse,
    85 ZeroData,
    86 AllocatedRanges,
    87 ReadClock,
    88 CreateProcess,
    89 OpenProcess,
    90 QueryOther,
    91 OpenKey,
    92 QueryKey,
    93 QueryKeyValue,
    94 NumberedKeyValue,
    95 NumberedKey,
    96 SetKeyValue,
    97 DeleteKeyValue,
    98 DeleteKey,
    99 RenameKey,
    100 FlushKey,
    101 NotifyKey,
    102 AssignProcess,
    103 TerminateJob,
    104 QueryJob,
    105 LimitJob,
    106 WatchJob,
    107 InJob,
    108 CreateNamedPipe,
    109 ListenPipe,
    110 DisconnectPipe,
    111 WaitPipe,
    112 QueryNamedPipe,
    113 ListProcesses,
    114 CopyMemory,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_unique() {
        assert!(NAMES.iter().all(|name| !name.is_empty()));
    }

    #[test]
    fn unknown_numbers_name_nothing() {
        assert_eq!(ObjectKind::from_number(2), Some(ObjectKind::Mutant));
        assert_eq!(ObjectKind::from_number(99), None);
    }
}
