//! What the machine and the user are called inside of a sandbox, until the policy says it.

/// The computer.
pub const COMPUTER: &str = "SANDBOX";
/// The user.
pub const USER: &str = "user";
/// The edition of Windows (`PRODUCT_PROFESSIONAL`, winnt.h).
pub const EDITION: u32 = 0x30;
