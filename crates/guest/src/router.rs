//! Routers: tables of argument combinations, first match wins. The tokens that are executed are the text that the
//! catalog publishes.

use crate::error::{Failure, Status, Win32Error};
use alloc::format;

/// Declares a router as a function from the arguments to a result; each row is a condition and what it leads to.
///
/// ```ignore
/// router! {
///     /// By the kind of device.
///     pub fn device_control(code: u32) -> Result<Answer, Win32Error> for "DeviceIoControl", otherwise Win32Error(ERROR_NOT_SUPPORTED); {
///         is_disk(code) => Err(Win32Error(ERROR_ACCESS_DENIED));
///         code == FSCTL_QUERY_ALLOCATED_RANGES => Ok(Answer::Ranges);
///     }
/// }
/// ```
#[macro_export]
macro_rules! router {
    (
        $(#[$meta:meta])*
        $visibility:vis fn $name:ident ( $($argument:ident : $kind:ty),* ) -> Result<$ok:ty, $error:ty> for $function:literal, otherwise $last:expr; {
            $( $condition:expr => $outcome:expr; )*
        }
    ) => {
        $(#[$meta])*
        $visibility fn $name($($argument: $kind),*) -> Result<$ok, $error> {
            #[cfg(target_os = "windows")]
            const _: () = {
                // Function, then condition and outcome of each row in order.
                const PARTS: &[&str] =
                    &[$function, $( "\0", stringify!($condition), "\0", stringify!($outcome), )* "\0otherwise\0", stringify!($last)];
                const LENGTH: usize = $crate::router::length(PARTS);
                #[used]
                #[unsafe(link_section = ".shims")]
                static ROW: $crate::row::Row<{ $crate::row::padded(LENGTH) }> = $crate::row::Row::parts($crate::row::RowKind::Routes, PARTS);
            };
            $( if $condition { return $outcome; } )*
            $crate::router::no_match($function, &[$((stringify!($argument), &$argument as &dyn core::fmt::Debug)),*], $last)
        }
    };
}

/// The length of all parts together.
pub const fn length(parts: &[&str]) -> usize {
    let (mut length, mut index) = (0, 0);
    while index < parts.len() {
        length += parts[index].len();
        index += 1;
    }
    length
}

/// An error that a router can answer where it has no row.
pub trait Refusal: Copy {
    /// The code that the audit shows.
    fn code(self) -> u32;
}

impl Refusal for Win32Error {
    fn code(self) -> u32 {
        self.0
    }
}

impl Refusal for Status {
    fn code(self) -> u32 {
        self.0 as u32
    }
}

impl Refusal for Failure {
    fn code(self) -> u32 {
        self.0 as u32
    }
}

/// Tells the audit that a router had no row, and answers the router's error.
#[cold]
pub fn no_match<T, E: Refusal>(function: &str, arguments: &[(&str, &dyn core::fmt::Debug)], error: E) -> Result<T, E> {
    let mut text = alloc::string::String::from(function);
    for (name, value) in arguments {
        text += &format!(" {name}={value:x?}");
    }
    crate::teb::report(gate::service::ReportKind::NoMatch, u32::MAX, &text, error.code());
    Err(error)
}
