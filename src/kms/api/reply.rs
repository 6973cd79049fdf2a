//! The bodies of replies.

use actix_web::{HttpResponse, http::StatusCode};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::errors::Code;
use crate::{
    clock::Timestamp,
    pop::{ApiError, Frame},
};

/// The root of every reply as XML (documented for replies, and for errors).
pub const ROOT: &str = "KMS";

/// What an operation answers when it succeeds, as JSON. It may hold a secret's values, so it has no `Debug`.
pub struct Answer(Box<RawValue>);

/// The members of every reply: the id of its request, and those of the operation.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Members<'a, T: Serialize> {
    request_id: &'a str,
    #[serde(flatten)]
    more: &'a T,
}

/// The members of an operation that answers none.
#[derive(Serialize)]
pub struct Nothing {}

impl Answer {
    /// The reply to the request of that id, with the members of an operation.
    ///
    /// # Errors
    /// [`Code::InternalFailure`] when JSON cannot say it.
    pub fn new(request_id: &str, more: &impl Serialize) -> Result<Self, ApiError> {
        let unsaid = |error| ApiError::new(Code::InternalFailure, &[]).caused_by(error);
        to_raw_value(&Members { request_id, more }).map(Self).map_err(unsaid)
    }
}

/// The reply to a request that succeeded.
pub fn success(frame: &Frame, answer: &Answer) -> HttpResponse {
    frame.render(StatusCode::OK, || ROOT.to_owned(), &answer.0)
}

/// The reply to a request that failed: the documented members, and those of the platform's gateway.
pub fn failure(frame: &Frame, error: &ApiError) -> HttpResponse {
    let entry = error.entry;
    let recommend = format!(
        "https://error-center.aliyun.com/status/search?Keyword={}&source=PopGw",
        entry.code
    );
    let members = [
        ("RequestId", frame.request_id.as_str().into()),
        ("HttpStatus", entry.status.into()),
        ("HostId", frame.host.as_str().into()),
        ("Code", entry.code.into()),
        ("Message", error.message.as_str().into()),
        ("Recommend", recommend.into()),
    ];
    frame.failure(error, members)
}

/// A moment as replies have it: `2026-01-02T03:04:05Z`, whole seconds (documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = self.0.0.div_euclid(1000);
        let moment = jiff::Timestamp::from_second(seconds).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&moment)
    }
}
