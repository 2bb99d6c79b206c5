//! One allocation: what VirtualAlloc, a mapped view or an image made.

use super::pages::{Page, Pages};
use std::sync::Arc;
use windows_sys::Win32::System::Memory::{MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE};

/// What made a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// VirtualAlloc and the like.
    Private,
    /// A view of a section.
    Mapped,
    /// A view of an image.
    Image,
    /// The system's own: threads' blocks, shared state. Guests see it as private, and cannot free it.
    System,
}

impl Kind {
    /// The `MEM_*` number.
    pub const fn number(self) -> u32 {
        match self {
            Self::Private | Self::System => MEM_PRIVATE,
            Self::Mapped => MEM_MAPPED,
            Self::Image => MEM_IMAGE,
        }
    }
}

/// What lies behind a region's committed pages.
#[derive(Clone, Debug)]
pub enum Backing {
    /// Fresh zeroes.
    Zero,
    /// What its maker mapped there; decommitting is not possible.
    Mapped,
    /// A section that must live as long as its view.
    #[expect(dead_code, reason = "it is held, not read")]
    Section(Arc<dyn std::any::Any + Send + Sync>),
}

/// One allocation.
#[derive(Clone, Debug)]
pub struct Region {
    /// Bytes.
    pub size: u64,
    /// What made it.
    pub kind: Kind,
    /// The `PAGE_*` it was made with.
    pub protect: u32,
    /// Its pages.
    pub pages: Pages,
    /// What lies behind them.
    #[expect(dead_code, reason = "it is held, not read")]
    pub backing: Backing,
}

impl Region {
    /// A region whose pages are all alike.
    pub fn new(size: u64, kind: Kind, protect: u32, page: Page, backing: Backing) -> Self {
        Self { size, kind, protect, pages: Pages::new(size, page), backing }
    }
}
