//! Reads an audit file back.

use super::event::{Event, Kind, MAGIC, PIECE};
use std::collections::HashMap;
use zerocopy::{FromBytes, IntoBytes};

/// An event with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// Its text, empty where it has none.
    pub text: String,
}

/// The entries of an audit file, texts put together. A damaged piece is skipped. `None` where it is no audit file.
pub fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let events: Vec<Event> = bytes.chunks_exact(size_of::<Event>()).filter_map(|chunk| Event::read_from_bytes(chunk).ok()).collect();
    let first = events.first()?;
    if first.kind != Kind::Start as u8 || first.extra[0] != u64::from_le_bytes(MAGIC) {
        return None;
    }
    let mut texts: HashMap<u32, Vec<u8>> = HashMap::new();
    let mut entries = Vec::new();
    for event in events {
        match Kind::from_number(event.kind) {
            // Each run of the sandbox starts numbering anew.
            Some(Kind::Start) => texts.clear(),
            Some(Kind::Text) => {
                let text = texts.entry(event.text).or_default();
                if event.function_ix == 0 {
                    text.clear();
                }
                text.extend_from_slice(&event.extra.as_bytes()[..usize::from(event.duration_us).min(PIECE)]);
            }
            _ => {
                let text = texts.get(&event.text).map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
                entries.push(Entry { event, text });
            }
        }
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::super::event::{Outcome, Trust};
    use super::super::log::Log;
    use super::*;

    #[test]
    fn what_was_noted_is_read_back() {
        let folder = std::env::temp_dir().join(format!("audit-{}", std::process::id()));
        let path = folder.join("one.audit");
        let log = Log::new(7, path.clone());
        let long = "Z:\\a\\very\\long\\path\\that\\takes\\several\\events\\\u{e4}.txt";
        for text in [long, "", long] {
            log.note(Kind::Open, Trust::Evidence, Outcome::Error, text, Event { code: 5, ..Event::default() });
        }
        log.flush();
        let found = entries(&std::fs::read(&path).unwrap()).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        assert_eq!(found.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>(), [long, "", long]);
        assert!(found.iter().all(|entry| entry.event.sandbox == 7 && entry.event.code == 5));
    }

    #[test]
    fn what_is_no_audit_is_refused() {
        assert_eq!(entries(&[1; 640]), None);
        assert_eq!(entries(b""), None);
    }
}
