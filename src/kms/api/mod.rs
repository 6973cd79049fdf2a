//! The product's wire: requests of RPC style, by GET and POST on `/`.

mod account;
mod batch;
mod crypto;
mod errors;
mod keys;
mod lists;
mod operation;
mod password;
mod policies;
mod product;
mod reply;
mod request;
mod rotation;
mod secrets;
mod tags;

pub use errors::entries;
pub use operation::Operation;
pub use product::{Kms, serve};
