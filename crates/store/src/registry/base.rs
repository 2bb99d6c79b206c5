//! The built-in base: what programs expect to find. It lies in `base/` as `.reg` files, so that one can read it; a large key is read
//! when somebody first looks there.

use super::name::{fold, names, wide};
use super::node::{NOBODY, Node, Pending};
use super::text::{Statement, parse};
use super::values::Value;
use super::{ROOT, Registry};

/// What every sandbox has.
const BASE: &str = include_str!("base/base.reg");

/// Keys that are read when somebody looks at them, below `\Registry`, and what they hold.
const LATER: &[(&str, &str)] = &[("MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones", include_str!("base/zones.reg"))];

/// When the base was made, as programs are told: 1 January 2024.
const MADE: i64 = 133_485_408_000_000_000;

/// A value of the base that is another one on each machine or in each sandbox.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The key, below `\Registry`.
    pub path: String,
    /// The value's name.
    pub name: String,
    /// `REG_*`.
    pub kind: u32,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Fact {
    /// A text (`REG_SZ`).
    pub fn text(path: &str, name: &str, text: &str) -> Self {
        let data = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        Self { path: path.to_owned(), name: name.to_owned(), kind: 1, data }
    }

    /// A number (`REG_DWORD`).
    pub fn number(path: &str, name: &str, number: u32) -> Self {
        Self { path: path.to_owned(), name: name.to_owned(), kind: 4, data: number.to_le_bytes().to_vec() }
    }
}

impl Registry {
    /// Reads the base.
    pub(super) fn load_base(&mut self, facts: &[Fact]) {
        let root = self.insert(Node { base: true, ..Node::new(&wide("REGISTRY"), NOBODY) });
        debug_assert_eq!(root, ROOT, "the root comes first");
        self.load_text(BASE);
        for fact in facts {
            let id = self.base_key(&wide(&fact.path));
            self.base_value(id, wide(&fact.name).into(), fact.kind, fact.data.clone().into());
        }
        for (path, text) in LATER {
            let id = self.base_key(&wide(path));
            self.node_mut(id).pending = Some(Box::new(Pending { base: Some(text), part: None }));
        }
        self.software = self.base_key(&wide("MACHINE\\SOFTWARE"));
        self.wow = self.base_key(&wide("MACHINE\\SOFTWARE\\Wow6432Node"));
        self.private = ["MACHINE\\SAM\\SAM", "MACHINE\\SECURITY"].map(|path| self.base_key(&wide(path)));
    }

    /// Reads a piece of the base.
    pub(super) fn load_text(&mut self, text: &str) {
        let mut at = ROOT;
        let done = parse(text.as_bytes(), &mut |_, statement| {
            match statement {
                Statement::Key { path, link, .. } => {
                    at = self.base_key(&path);
                    self.node_mut(at).link |= link;
                }
                Statement::Value { name, kind, data } => self.base_value(at, name.into(), kind, data.into()),
                Statement::RemoveKey { .. } | Statement::RemoveValue { .. } => {}
            }
            Ok(())
        });
        debug_assert!(done.is_ok(), "the base is one of our own files: {done:?}");
    }

    fn base_key(&mut self, path: &[u16]) -> u32 {
        let mut at = ROOT;
        for name in names(path) {
            let folded = fold(name);
            at = match self.node(at).subkeys.get(&folded).copied() {
                Some(below) => below,
                None => {
                    let below = self.insert(Node { base: true, written: MADE, ..Node::new(name, at) });
                    let above = self.node_mut(at);
                    above.subkeys.insert(folded, below);
                    above.grow_for(name, &[]);
                    below
                }
            };
        }
        at
    }

    fn base_value(&mut self, id: u32, name: Box<[u16]>, kind: u32, data: Box<[u8]>) {
        let node = self.node_mut(id);
        if kind == super::walk::REG_LINK {
            node.link = true;
        }
        node.longest.value = node.longest.value.max(2 * name.len() as u32);
        node.longest.data = node.longest.data.max(data.len() as u32);
        node.values.set(Value { name, kind, data, base: true, own: false });
    }
}
