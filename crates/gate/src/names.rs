//! What the machine and the user are called inside of a sandbox, until the policy says it.

/// The computer.
pub const COMPUTER: &str = "SANDBOX";
/// The user.
pub const USER: &str = "user";
/// The edition of Windows (`PRODUCT_PROFESSIONAL`, winnt.h).
pub const EDITION: u32 = 0x30;
/// The user's SID, which names the user's part of the registry.
pub const USER_SID: &str = "S-1-5-21-1004336348-1177238915-682003330-1001";
