//! How a request came: over TLS or not.

use actix_web::{HttpMessage, HttpRequest};

/// In the extensions of every request that came over TLS. Only the front door sets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secure;

/// Whether the request came over TLS that ends here. What a proxy in front of us spoke with the
/// client does not count.
#[must_use]
pub fn is_secure(request: &HttpRequest) -> bool {
    request.extensions().contains::<Secure>()
}
