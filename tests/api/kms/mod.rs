//! The product KMS.

mod account;
mod batch;
mod common_errors;
mod crypto;
mod deletion;
mod encryption;
mod generated;
mod harness;
mod keys;
mod lists;
mod managed;
mod password;
mod policies;
mod rights;
mod rotation;
mod secrets;
mod tags;
mod versions;
mod world;
