//! ioapiset.h: control codes, overlapped requests and what became of them, completion ports.

mod control;
mod overlapped;
mod port;
