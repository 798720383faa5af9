//! The Router's behaviour, a sentence per test.

mod flow;
