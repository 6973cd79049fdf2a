//! Alibaba Cloud's gateway, as its products share it: who is admitted, where parameters stand, in which format is answered,
//! and how errors look.

mod admission;
mod error;
mod parameters;
mod reply;
mod request;
mod trace;
mod xml;

pub(crate) use admission::{Admission, AdmissionError, access_denied, environment};
pub(crate) use error::{ApiError, codes};
pub use error::{Code, Entry, Origin};
pub use parameters::{BodyRole, Malformed, Parameters, Structure, Unacceptable, is_object};
pub use reply::REQUEST_ID;
pub(crate) use reply::{EXPOSED_HEADERS, Format, Frame, Unsayable, Xml};
pub(crate) use request::{Fault, Parameter, first_fault, request};
pub(crate) use trace::TraceIds;
