//! Calls and their legs as plain values, the table that holds them, and the record each leaves.

pub mod record;
