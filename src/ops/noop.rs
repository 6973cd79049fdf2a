//! What the server costs when it has nothing to do: the yardstick of `make bench`.

use actix_web::{HttpRequest, HttpResponse, http::header::CONTENT_TYPE, web};

use super::note;
use crate::http::discard_body;

/// The path of the endpoint.
pub const PATH: &str = "/noop";

/// A reply of the form and about the length of CreateSecret's.
const REPLY: &str = r#"{"RequestId":"00000000-0000-4000-8000-000000000000","Message":"success","TraceId":"000000000000000000000000000000","Data":{"SecretId":1000000},"Code":"200","Success":true}"#;

/// Routes the endpoint: any method. It is served only where the settings ask for it, and so has no place in the document.
pub fn route(config: &mut web::ServiceConfig) {
    config.service(web::resource(PATH).to(noop));
}

/// Takes the body off the wire and always answers the same. The request passes the listener, the framing and the lifecycle
/// as any other does; its signature is not checked.
async fn noop(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    // An unread body would cost the connection.
    discard_body(payload).await;
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json;charset=utf-8"))
        .body(REPLY);
    note(&request, "Noop", &response);
    response
}
