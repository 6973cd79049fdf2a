//! The product KMS.

mod account;
mod audit;
mod batch;
mod common_errors;
mod crypto;
mod deletion;
mod encryption;
mod gateway;
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
