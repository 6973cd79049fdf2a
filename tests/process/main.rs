//! Black-box tests of the built binary: restarts, kills, a database that goes away, the command line, TLS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    // A test reads from top to bottom; what is fast or short does not matter here.
    clippy::pedantic,
    clippy::type_complexity,
    // What a test has counted; `--nocapture` shows it.
    clippy::print_stdout
)]

#[path = "../common/mod.rs"]
mod common;

mod audit;
mod backup;
mod callers;
mod child;
mod cli;
mod connections;
mod database;
mod due;
mod durability;
mod footprint;
mod hostile;
mod kills;
mod logs;
mod outage;
mod postgres;
mod rotation;
mod scanner;
mod sealing;
mod settings;
mod tls;
mod torture;
mod unread;
mod upkeep;
