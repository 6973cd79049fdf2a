//! What can be done with the keys of the database.

mod list;
mod prepare;
mod retire;
mod rotate;

pub use list::{KeyState, Keys, MasterState};
pub use prepare::PrepareError;
pub use retire::{RetireError, Retired};
pub use rotate::Rotated;
