//! Which databases this version can work with.

use diesel::{
    backend::Backend,
    migration::{Migration, MigrationSource, MigrationVersion},
};
use diesel_migrations::EmbeddedMigrations;

use super::BoxError;

/// Where diesel records which migrations were applied.
pub const TABLE: &str = "__diesel_schema_migrations";

pub const FOREIGN: &str = "it is no database of this program";
pub const NOT_CURRENT: &str = "it was made by an older version: `serve` brings it up to date";

/// Refuses a database to which a migration was applied that this version does not have. One that is older than all of them
/// is of a schema that was never released, and nothing brings it up to date.
pub fn refuse_unknown<DB: Backend>(
    migrations: &EmbeddedMigrations,
    applied: &[MigrationVersion<'_>],
) -> Result<(), BoxError> {
    let known: Vec<Box<dyn Migration<DB>>> = migrations.migrations()?;
    let known: Vec<MigrationVersion<'_>> = known.iter().map(|it| it.name().version()).collect();
    let Some(unknown) = applied.iter().find(|applied| !known.contains(applied)) else {
        return Ok(());
    };
    Err(if known.iter().all(|known| unknown < known) {
        format!(
            "it was made by a version before the first release (migration {unknown}) and cannot be brought up to date: \
             start with a new database"
        )
    } else {
        format!("it was made by a newer version (migration {unknown})")
    }
    .into())
}
