//! The bodies of replies.

use actix_web::{HttpResponse, http::StatusCode};
use serde::Serialize;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

use super::operation::Operation;
use crate::pop::{ApiError, Code, Frame, Origin};

/// What an operation answers when it succeeds. It may hold a secret's values, so it has no `Debug`.
pub enum Answer {
    /// The common envelope, around `Data` if there is any, which is JSON already.
    Data(Option<Box<RawValue>>),
    /// The envelope of `DescribeRegions`: an integer code, no `Data`, and the list of regions.
    Regions(Value),
}

impl Answer {
    /// The common envelope around that.
    ///
    /// # Errors
    /// [`Code::InternalError`] when JSON cannot say it: no map that is answered has other keys than texts.
    pub fn data(data: &impl Serialize) -> Result<Self, ApiError> {
        let unsaid = |error| ApiError::new(Code::InternalError, &[]).caused_by(error);
        Ok(Self::Data(Some(to_raw_value(data).map_err(unsaid)?)))
    }
}

/// The reply to a request that succeeded.
pub fn success(frame: &Frame, operation: Operation, answer: Answer) -> HttpResponse {
    let root = || format!("{}Response", operation.name());
    match answer {
        Answer::Regions(regions) => {
            let body = json!({
                "Code": 200, "Message": "success", "RequestId": frame.request_id, "Regions": regions,
            });
            frame.render(StatusCode::OK, root, &body)
        }
        Answer::Data(data) => {
            let body = Envelope {
                request_id: &frame.request_id,
                message: "success",
                trace_id: &frame.trace_id,
                data,
                code: "200",
                success: true,
            };
            frame.render(StatusCode::OK, root, &body)
        }
    }
}

/// What is around the `Data` of all operations but `DescribeRegions`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    request_id: &'a str,
    message: &'static str,
    trace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    code: &'static str,
    success: bool,
}

/// The reply to a request that failed. The gateway's errors lack what only the service knows.
pub fn failure(frame: &Frame, error: &ApiError) -> HttpResponse {
    let entry = error.entry;
    let recommend = format!(
        "https://api.aliyun.com/troubleshoot?q={}&product=sae&requestId={}",
        entry.code, frame.request_id
    );
    let members = [
        ("RequestId", frame.request_id.as_str().into()),
        ("HostId", frame.host.as_str().into()),
        ("Code", entry.code.into()),
        ("Message", error.message.as_str().into()),
        ("Recommend", recommend.into()),
    ];
    let of_service = [
        ("TraceId", frame.trace_id.as_str().into()),
        ("ErrorCode", entry.code.into()),
        ("Success", Value::Bool(false)),
    ];
    let more = if entry.origin == Origin::Service { &of_service[..] } else { &[] };
    frame.failure(error, members.into_iter().chain(more.iter().cloned()))
}
