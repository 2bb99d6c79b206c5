//! Doing what a file says.

use super::change::New;
use super::name::names;
use super::text::Statement;
use super::walk::{How, REG_LINK};
use super::{ROOT, Registry};
use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND, STATUS_QUOTA_EXCEEDED, STATUS_REGISTRY_CORRUPT,
};

/// Does the statements of a file, one after the other.
#[derive(Debug, Default)]
pub struct Importer {
    at: Option<u32>,
    /// Keys that were named, and values.
    pub count: (u64, u64),
}

fn sentence(status: NTSTATUS) -> String {
    match status {
        STATUS_QUOTA_EXCEEDED => "the registry has no room for it".to_owned(),
        STATUS_REGISTRY_CORRUPT => "the registry is damaged, and its journal is full".to_owned(),
        STATUS_OBJECT_NAME_COLLISION => "another key has this name".to_owned(),
        _ => format!("it is refused ({status:#010x})"),
    }
}

impl Registry {
    /// The key of a path below `\Registry`, made with those above it that are missing.
    pub fn make_path(&mut self, path: &[u16], class: &[u16], link: bool) -> Result<u32, NTSTATUS> {
        let mut at = ROOT;
        let mut left = names(path).filter(|name| !name.is_empty()).peekable();
        while let Some(name) = left.next() {
            let last = left.peek().is_none();
            let how = How { link: last && link, ..How::default() };
            let new = New { class: if last { class } else { &[] }, volatile: false, link: false };
            at = match self.find(at, name, how) {
                Err(STATUS_OBJECT_NAME_NOT_FOUND) => self.create(at, name, how, &New { link: last && link, ..new })?.0,
                found => found?,
            };
        }
        Ok(at)
    }

    /// Deletes a key with all that is below it.
    pub fn delete_all(&mut self, id: u32) -> Result<(), NTSTATUS> {
        let mut left = vec![id];
        while let Some(at) = left.last().copied() {
            let below = self.subkeys(at, 0)?.next().map(|(_, id)| id);
            match below {
                Some(below) => left.push(below),
                None => {
                    self.delete(at)?;
                    left.pop();
                }
            }
        }
        Ok(())
    }
}

impl Importer {
    /// Does one; what cannot be done is told in words.
    pub fn apply(&mut self, registry: &mut Registry, statement: &Statement) -> Result<(), String> {
        match statement {
            Statement::Key { path, class, link } => {
                self.at = Some(registry.make_path(path, class, *link).map_err(sentence)?);
                self.count.0 += 1;
            }
            Statement::RemoveKey { path } => {
                self.at = None;
                match registry.find(ROOT, path, How { link: true, ..How::default() }) {
                    Ok(id) => registry.delete_all(id).map_err(sentence)?,
                    Err(_) => return Ok(()),
                }
                self.count.0 += 1;
            }
            Statement::Value { name, kind, data } => {
                let at = self.at.ok_or("a value must stand below a key")?;
                // What a link leads to is written as others are, and a link that is set already is left.
                if *kind == REG_LINK && registry.value(at, name).is_ok_and(|value| value.data[..] == data[..]) {
                    return Ok(());
                }
                registry.set(at, name, *kind, data).map_err(sentence)?;
                self.count.1 += 1;
            }
            Statement::RemoveValue { name } => {
                let at = self.at.ok_or("a value must stand below a key")?;
                match registry.unset(at, name) {
                    Ok(()) | Err(STATUS_OBJECT_NAME_NOT_FOUND) => self.count.1 += 1,
                    Err(status) => return Err(sentence(status)),
                }
            }
        }
        registry.take_events();
        Ok(())
    }
}
