//! What the products write their queries with.

pub(crate) use super::{
    connection::AnyConnection,
    engine::is_of_primary_key,
    prepared::{Piece, Prepared},
    tx::{corrupt, unavailable},
};
