//! The product: secrets and keys of Alibaba Cloud KMS, version 2016-01-20.

pub mod api;
pub mod model;
pub mod service;
mod store;
