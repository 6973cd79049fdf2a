//! Signatures without a server: what real clients sent, what a client of our own signs, and what an enemy would change,
//! against the functions that verify.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    // A test reads from top to bottom; what is fast or short does not matter here.
    clippy::pedantic,
    clippy::type_complexity
)]

#[path = "../common/mod.rs"]
mod common;

mod captures;
mod changed;
mod kms;
mod random;
mod sent;
mod spellings;
mod window;
