//! Events: 64 bytes each, in the order in which they happened. Texts travel in events of their own, and are referred to
//! by number.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The first bytes of an audit file.
pub const MAGIC: [u8; 8] = *b"WCAUDIT1";
/// No function of the ledger, no text.
pub const NONE: u32 = 0;

/// One event.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Event {
    /// A [`Kind`] as a number.
    pub kind: u8,
    /// A [`Trust`] as a number.
    pub trust: u8,
    /// An [`Outcome`] as a number.
    pub outcome: u8,
    /// The DLL's number in the ledger.
    pub dll_ix: u8,
    /// The function's number in its DLL, in the ledger; `u16::MAX` for none.
    pub function_ix: u16,
    /// How long the call took in microseconds; 0 when not measured, saturating.
    pub duration_us: u16,
    /// The sandbox's number.
    pub sandbox: u32,
    /// The process's number.
    pub process: u32,
    /// When, in 100 ns since 1601 (UTC).
    pub time: i64,
    /// The error or exit code.
    pub code: u32,
    /// The number of a text, or `NONE`.
    pub text: u32,
    /// How often, for events that stand for several.
    pub count: u64,
    /// What else the kind carries.
    pub extra: [u64; 3],
}

const _: () = assert!(size_of::<Event>() == 64);

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $number:literal $text:literal, )* }) => {
        $(#[$meta])*
        #[repr(u8)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$variant_meta])* $variant = $number, )* }

        impl $name {
            /// The value with this number, if there is one.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $( $number => Some(Self::$variant), )* _ => None }
            }

            /// Its name in listings and in JSON.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }
    };
}

numbered! {
    /// What happened.
    Kind {
        /// The head of a file; the time is the file's start.
        Start = 0 "start",
        /// A piece of a text: its number, the piece's number and length, up to 24 bytes.
        Text = 1 "text",
        /// Win32 calls: one function, one outcome, a count.
        WinShimCall = 2 "call",
        /// A process started; the text is its program.
        ProcessStart = 3 "process-start",
        /// A process ended.
        ProcessExit = 4 "process-exit",
        /// A folder was granted.
        Grant = 5 "grant",
        /// A file was opened, or refused.
        Open = 6 "open",
        /// A system call that no program may make.
        ForbiddenCall = 7 "forbidden-call",
        /// A layer of the jail is missing.
        LayerMissing = 8 "layer-missing",
        /// Something that was looked for and is not there.
        Probe = 9 "probe",
        /// Memory became writable and executable.
        WritableCode = 10 "writable-code",
        /// A message on the channel that is none.
        Malformed = 11 "malformed-message",
        /// Text that the program wrote for a debugger.
        DebugText = 12 "debug-text",
        /// A file was changed other than by writing: deleted, renamed, linked.
        Change = 13 "change",
        /// Something in the sandbox's own files is damaged.
        Damage = 14 "damage",
    }
}

numbered! {
    /// Who says so.
    Trust {
        /// The sandbox process itself, which may lie.
        Advisory = 0 "advisory",
        /// The broker or the kernel.
        Evidence = 1 "evidence",
    }
}

numbered! {
    /// How a call ended (ADR-016).
    Outcome {
        /// It succeeded.
        Ok = 0 "ok",
        /// It answered an error.
        Error = 1 "error",
        /// No DLL exports the function.
        Unsupported = 2 "unsupported",
        /// The function's router has no row for the arguments.
        NoMatch = 3 "no-match",
    }
}

/// Bytes of a text that one event carries.
pub const PIECE: usize = 24;

/// The events that carry a text.
pub fn text_events(number: u32, text: &str) -> impl Iterator<Item = Event> + '_ {
    text.as_bytes().chunks(PIECE).enumerate().map(move |(index, piece)| {
        let mut bytes = [0; PIECE];
        bytes[..piece.len()].copy_from_slice(piece);
        Event {
            kind: Kind::Text as u8,
            trust: Trust::Evidence as u8,
            function_ix: index as u16,
            duration_us: piece.len() as u16,
            text: number,
            extra: zerocopy::transmute!(bytes),
            ..Event::default()
        }
    })
}
