//! What the engine finds wrong with its own file.

use super::{
    Result, engine,
    tx::{Tx, unavailable},
};

impl Tx<'_> {
    /// What the engine itself finds wrong with its file and with references between rows. Names tables, indexes and row
    /// numbers.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn defects(&mut self) -> Result<Vec<String>> {
        engine::defects(self.connection).map_err(unavailable)
    }
}
