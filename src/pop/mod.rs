//! Alibaba Cloud's gateway, as its products share it: who is admitted, where parameters stand, in which format is answered,
//! and how errors look.

mod admission;
mod error;
mod format;
mod parameters;
mod region;
mod reply;
mod request;
mod trace;
mod xml;

pub use admission::{Admission, Wanted, authorize};
pub(crate) use error::codes;
pub use error::{AccessDenied, ApiError, Code, Detail, Entry, Origin};
pub use format::Format;
pub use parameters::{BodyRole, Malformed, Parameters, Structure, Unacceptable};
pub use region::{DOCUMENTED_REGIONS, RegionId};
pub use reply::{EXPOSED_HEADERS, Frame, REQUEST_ID};
pub(crate) use request::request;
pub use request::{Fault, Parameter, first_fault};
pub use trace::TraceIds;
