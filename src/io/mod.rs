//! The only impure code.
