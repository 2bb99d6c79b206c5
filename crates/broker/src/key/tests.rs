//! Requests about keys, hostile ones among them.
