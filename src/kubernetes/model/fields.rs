//! Who owns which fields of a Secret and of a Namespace: field sets, the list `managedFields`, and
//! server-side apply.
//!
//! * [`set`]: sets of field paths and their JSON form.
//! * [`schema`]: which parts of an object are maps, sets, keyed lists or atomic.
//! * [`managers`]: the list of owners, after an update and after an apply.
//! * [`apply`]: an applied configuration merged into the live object.
//!
//! Objects are JSON values as the server answers them: decoded and defaulted, `data` in base64,
//! nothing empty that the wire form leaves out. No message of this module holds a value of `data`
//! or `stringData`.

pub mod apply;
pub mod managers;
pub mod schema;
pub mod set;
