//! What the processes of a sandbox see of each other: who is there, and what is known of each. What only a process itself knows, it
//! says in its outline.

use super::{Process, lock};
use crate::life::Life;
use crate::reply::Reply;
use gate::process::{Facts, MemoryUse, OUTLINE, Outline, Row, ThreadRow};
use protocol::PAYLOAD;
use protocol::message::{Done, QueryProcess};
use protocol::sight::ListProcesses;
use rustix::io::pread;
use std::os::fd::AsFd;
use windows_sys::Win32::Foundation::NTSTATUS;
use zerocopy::{FromBytes, IntoBytes};

type Answer = Result<Reply, NTSTATUS>;

/// What is known of a process whether it runs or not.
fn facts_of(life: &Life, memory: MemoryUse) -> Facts {
    let end = life.ended();
    Facts {
        times: [life.created, end.map_or(0, |end| end.at)],
        used: life.used(),
        memory,
        ids: [life.id, life.parent],
        thread: life.thread,
        code: end.map_or(0, |end| end.code),
        ended: end.is_some().into(),
        narrow: life.narrow.into(),
        ..Facts::default()
    }
}

fn bytes_of(text: &[u16]) -> Vec<u8> {
    text.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

impl Process {
    /// What is known of a process.
    pub fn query_process(&self, request: &QueryProcess) -> Answer {
        let life = self.life_of(request.number)?;
        let running = self.sandbox.process(life.id).filter(|_| life.ended().is_none());
        let facts = match running.and_then(|process| Row::read_from_prefix(&process.row()).map(|(row, _)| row).ok()) {
            Some(row) => row.facts,
            None => facts_of(&life, MemoryUse::default()),
        };
        Ok(Reply::value(&facts).with_payload(bytes_of(&life.image)))
    }

    /// Lists the processes of the sandbox.
    pub fn list_processes(&self, request: &ListProcesses) -> Answer {
        let mut rows = Vec::new();
        for (_, process) in self.sandbox.processes(request.after) {
            let row = process.row();
            if rows.len() + row.len() > PAYLOAD {
                break;
            }
            rows.extend(row);
        }
        Ok(Reply::value(&Done {}).with_payload(rows))
    }

    /// This process as a row of a list, and its program's path and its threads behind it. It always fits into a payload alone.
    pub(super) fn shown(&self) -> Vec<u8> {
        let (peb, handles, mut threads) = self.outline().unwrap_or_default();
        if threads.is_empty() {
            // It has not begun.
            threads.push(ThreadRow { id: self.life.thread, priority: 0 });
        }
        let kept = lock(&self.handles).all().count() as u32;
        let facts = Facts { peb, handles: handles.saturating_add(kept), threads: threads.len() as u32, ..facts_of(&self.life, self.life.memory()) };
        let mut image = bytes_of(&self.life.image);
        let row = Row { facts, image: image.len() as u32, pad: 0 };
        image.resize(image.len().next_multiple_of(8), 0);
        [row.as_bytes(), &image, threads.as_bytes()].concat()
    }

    /// What it says of itself: where its PEB lies, how many handles are its own, its threads.
    fn outline(&self) -> Option<(u64, u32, Vec<ThreadRow>)> {
        let mut bytes = vec![0; size_of::<Outline>()];
        let read = pread(self.telemetry.as_fd(), &mut bytes, OUTLINE).ok()?;
        let outline = Outline::read_from_bytes(bytes.get(..read)?).ok()?;
        Some((outline.peb, outline.handles, outline.threads.iter().filter(|thread| thread.id != 0).copied().collect()))
    }
}

const _: () = assert!(size_of::<Row>() + 2 * 0x8000 + size_of::<Outline>() < PAYLOAD);
