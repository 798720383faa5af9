//! The IVR: trees ([`tree`]) and what is wrong with them ([`check`]), where one caller stands ([`session`], `keys`), opening hours
//! ([`hours`]), and how numbers are spoken ([`spoken`]). Pure: it says what to play and when it wants to be asked again; it never sees a
//! packet or a message.

pub mod check;
pub mod hours;
mod keys;
pub mod session;
pub mod spoken;
pub mod tree;

#[cfg(test)]
mod tests;

pub use session::{Input, Session, Step};
pub use tree::Trees;
