//! What the engine finds wrong with its own file.

use super::{Result, engine, tx::Tx};

impl Tx<'_> {
    /// What the engine itself finds wrong with its file and with references between rows. Names tables, indexes and row
    /// numbers.
    pub fn defects(&mut self) -> Result<Vec<String>> {
        Ok(engine::defects(self.connection)?)
    }
}
