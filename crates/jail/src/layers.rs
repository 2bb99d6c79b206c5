//! The layers of the jail, and what a host offers of them.

use std::fmt;

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Layer {
    /// The allowlist of system calls; without it nothing runs.
    Seccomp = 1 << 0,
    /// A user namespace: no capability of the host's, no user of the host's.
    User = 1 << 1,
    /// A mount namespace with an empty, read-only root.
    Mount = 1 << 2,
    /// A process namespace: no process of the host's can be named.
    Pid = 1 << 3,
    /// A network namespace without any interface.
    Net = 1 << 4,
    /// An IPC namespace: no System V objects or message queues of the host's.
    Ipc = 1 << 5,
    /// Landlock: no path of the host can be opened.
    Landlock = 1 << 6,
    /// Syscall user dispatch: system calls of guest code are told from the runtime's.
    Dispatch = 1 << 7,
}

impl Layer {
    /// All of them, outermost first.
    pub const ALL: [Self; 8] = [Self::Seccomp, Self::User, Self::Mount, Self::Pid, Self::Net, Self::Ipc, Self::Landlock, Self::Dispatch];

    /// Its name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seccomp => "seccomp",
            Self::User => "user",
            Self::Mount => "mount",
            Self::Pid => "pid",
            Self::Net => "net",
            Self::Ipc => "ipc",
            Self::Landlock => "landlock",
            Self::Dispatch => "dispatch",
        }
    }

    /// What it is for, in a few words.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Seccomp => "only listed system calls; the kernel reports all others",
            Self::User => "no capability and no user of the host",
            Self::Mount => "an empty, read-only root folder",
            Self::Pid => "no process of the host can be named",
            Self::Net => "no network interface at all",
            Self::Ipc => "no System V objects of the host",
            Self::Landlock => "no path of the host can be opened",
            Self::Dispatch => "system calls made by the program's own code are told apart",
        }
    }
}

/// A set of layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers(u32);

impl Layers {
    /// All layers.
    pub const ALL: Self = Self(0xFF);

    /// The set with these bits; unknown ones are dropped.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The set as bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether a layer is in the set.
    pub const fn has(self, layer: Layer) -> bool {
        self.0 & layer as u32 != 0
    }

    /// The set without a layer.
    #[must_use]
    pub const fn without(self, layer: Layer) -> Self {
        Self(self.0 & !(layer as u32))
    }

    /// The set without what this kernel does not have at all. Namespaces can still be refused when they are made.
    #[must_use]
    pub fn supported(self) -> Self {
        const VERSION: u32 = 1;
        // SAFETY: asks for the version of Landlock alone.
        let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0, VERSION) };
        if version < 1 { self.without(Layer::Landlock) } else { self }
    }

    /// The set without those of another.
    #[must_use]
    pub const fn without_all(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The set with a layer.
    #[must_use]
    pub const fn with(self, layer: Layer) -> Self {
        Self(self.0 | layer as u32)
    }

    /// The layers of the set.
    pub fn iter(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| self.has(*layer))
    }

    /// The layers that are missing.
    pub fn missing(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| !self.has(*layer))
    }

    /// Reads names separated by commas; answers the first that is no layer.
    pub fn parse(names: &str) -> Result<Self, String> {
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).try_fold(Self::default(), |set, name| {
            Layer::ALL.into_iter().find(|layer| layer.name() == name).map(|layer| set.with(layer)).ok_or_else(|| name.to_owned())
        })
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Layer::name).collect();
        f.write_str(&names.join(", "))
    }
}

/// What the host's kernel and processor must offer for anything to run: one sentence that names what is missing.
pub fn host() -> Result<(), String> {
    const HWCAP2_FSGSBASE: u64 = 1 << 1;
    // SAFETY: reading the auxiliary vector.
    if unsafe { libc::getauxval(libc::AT_HWCAP2) } & HWCAP2_FSGSBASE == 0 {
        return Err("this machine lacks FSGSBASE, which Windows programs need here (a processor of 2012 or later, Linux 5.9 or later)".into());
    }
    let release = rustix::system::uname();
    let release = release.release().to_string_lossy();
    let mut numbers = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < (5, 16) {
        return Err(format!("this kernel is Linux {release}; 5.16 or newer is needed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_sets_and_sets_make_names() {
        let set = Layers::parse("net, user").unwrap();
        assert!(set.has(Layer::Net) && set.has(Layer::User) && !set.has(Layer::Pid));
        assert_eq!(set.to_string(), "user, net");
        assert_eq!(Layers::parse("net,wings"), Err("wings".into()));
    }
}
