//! The IVR: trees as checked at load ([`tree`]), where one caller stands ([`session`]), opening hours ([`hours`]), and how numbers are
//! spoken ([`spoken`]). Pure: it says what to play and when it wants to be asked again; it never sees a packet or a message.

pub mod session;
pub mod tree;

pub use session::{Input, Session, Step};
pub use tree::Trees;
