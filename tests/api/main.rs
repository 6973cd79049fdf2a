//! Black-box tests over a socket: every operation, every error, both formats.
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

mod access;
mod bodies;
mod browsers;
mod captures;
mod concurrency;
mod connections;
mod formats;
mod gateway;
mod kms;
mod leaks;
mod namespaces;
mod openapi;
mod ops;
mod product;
mod refusals;
mod secret_data;
mod secrets;
mod types;
mod worlds;
