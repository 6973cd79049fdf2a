//! The product KMS.

mod generated;
