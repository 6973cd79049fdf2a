//! The application as both protocols reach it.

use std::{
    rc::Rc,
    task::{Context, Poll},
};

use actix_http::Request;
use actix_service::Service;
use actix_web::HttpMessage as _;

use crate::http::arrival::Secure;

/// One worker's application, which every connection of the worker shares.
pub(super) struct Entry<S> {
    application: Rc<S>,
    is_secure: bool,
}

impl<S> Entry<S> {
    /// `is_secure` says that all requests come over TLS.
    pub(super) fn new(application: S, is_secure: bool) -> Self {
        Self { application: Rc::new(application), is_secure }
    }
}

impl<S> Clone for Entry<S> {
    fn clone(&self) -> Self {
        Self { application: Rc::clone(&self.application), is_secure: self.is_secure }
    }
}

impl<S: Service<Request>> Service<Request> for Entry<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.application.poll_ready(cx)
    }

    fn call(&self, request: Request) -> Self::Future {
        if self.is_secure {
            request.extensions_mut().insert(Secure);
        }
        self.application.call(request)
    }
}
