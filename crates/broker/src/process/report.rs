//! What a process tells of itself: advisory, but for its end, which ends it in any case.

use super::Process;
use crate::audit::{Event, Kind, Outcome, Trust};
use crate::wire::Answer;
use gate::service::ReportKind;
use protocol::message::{Exit, Report};
use std::sync::Arc;
use windows_sys::Win32::Foundation::NTSTATUS;

impl Process {
    /// What only the process itself knows. True when that was its last word.
    pub fn report(self: &Arc<Self>, report: &Report, payload: &[u8]) -> bool {
        let text = String::from_utf8_lossy(&payload[..payload.len().min(4096)]).into_owned();
        match report.kind {
            protocol::FAILURE => {
                let unfit = report.code as NTSTATUS == protocol::start::UNFIT;
                let text = if unfit { format!("{}: {text}", self.program) } else { text };
                self.fail(report.code as NTSTATUS, text);
                return true;
            }
            protocol::DEBUG_TEXT => {
                self.note(Kind::DebugText, Trust::Advisory, Outcome::Ok, &text, self.event());
                self.terms.session.send_in_time(&Answer::DebugText(text));
                return false;
            }
            _ => {}
        }
        let function = catalog::by_slot(report.slot as usize);
        let event = Event {
            dll_ix: function.map_or(u8::MAX, |function| function.dll_ix),
            function_ix: function.map_or(u16::MAX, |function| function.function_ix),
            duration_us: report.duration.min(u16::MAX.into()) as u16,
            code: report.code,
            count: 1,
            ..self.event()
        };
        let (kind, outcome) = match ReportKind::from_number(report.kind) {
            Some(ReportKind::Unsupported) => (Kind::WinShimCall, Outcome::Unsupported),
            Some(ReportKind::NoMatch) => (Kind::WinShimCall, Outcome::NoMatch),
            Some(ReportKind::Call) => (Kind::WinShimCall, Outcome::Ok),
            Some(ReportKind::Failure) => (Kind::WinShimCall, Outcome::Error),
            Some(ReportKind::Probe) => (Kind::Probe, Outcome::Error),
            Some(ReportKind::WritableCode) => (Kind::WritableCode, Outcome::Ok),
            Some(ReportKind::Image) => (Kind::DebugText, Outcome::Ok),
            Some(ReportKind::Panic) => (Kind::DebugText, Outcome::Error),
            Some(ReportKind::SystemCall) => (Kind::ForbiddenCall, Outcome::Error),
            Some(ReportKind::CannotStart) => {
                self.fail(protocol::start::UNFIT, text);
                return true;
            }
            None => (Kind::Malformed, Outcome::Error),
        };
        if report.kind == ReportKind::Panic as u32 {
            self.terms.session.send_in_time(&Answer::DebugText(format!("internal error: {text}")));
        }
        self.note(kind, Trust::Advisory, outcome, &text, event);
        false
    }
}

/// What happened in a crash, in one line.
pub(super) fn describe(exit: &Exit, module: &[u8]) -> String {
    let module: Vec<u16> = module.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let module = String::from_utf16_lossy(&module);
    let place = if module.is_empty() { format!("at {:#x}", exit.at) } else { format!("at {module}+{:#x}", exit.offset) };
    let [kind, address] = exit.parameter;
    let what = match exit.code {
        0xC000_0005 => match kind {
            0 => format!("access violation reading {address:#x}"),
            1 => format!("access violation writing {address:#x}"),
            _ => format!("access violation executing {address:#x}"),
        },
        0xC000_0006 => format!("in-page error {} {address:#x}", if kind == 0 { "reading" } else { "writing" }),
        0xC000_00FD => "stack overflow".into(),
        0x8000_0001 => "guard page violation".into(),
        0x8000_0002 => "misaligned access".into(),
        0x8000_0004 => "single step".into(),
        0xC000_008D..=0xC000_0093 => "floating-point exception".into(),
        // Of Microsoft's compilers, and of GCC.
        0xE06D_7363 | 0x2047_4343 => "uncaught C++ exception".into(),
        0xC000_0094 => "integer division by zero".into(),
        0xC000_001D => "illegal instruction".into(),
        0xC000_0096 => "privileged instruction".into(),
        0x8000_0003 => "breakpoint".into(),
        0xC000_0409 => format!("fast fail {kind}"),
        0xC000_0139 if module.contains('!') => return format!("{module} was called, which is not in the catalog"),
        0xC000_0139 => "an entry point that was not found".into(),
        _ => "exception".into(),
    };
    format!("{what} {place}")
}
