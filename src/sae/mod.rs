//! The product SAE: namespaces and their secrets.

pub mod api;
pub mod model;
pub mod service;
mod store;
