//! Errors as Alibaba Cloud's gateway and the services behind it tell them: code, HTTP status and message template in one
//! table for the gateway, one for each service. In a template each `%s` is filled in order; braces and brackets are part of
//! the text.

use std::fmt::Display;

use serde_json::Value;

use crate::{
    exchange::Failure,
    http::{BODY_MAX, BodyError, READ_TIMEOUT},
};

/// Which part answers with an error: the platform's gateway, or the service behind it. Their bodies differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Refused before it reached the service.
    Gateway,
    /// Refused by the service.
    Service,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The HTTP status.
    pub status: u16,
    /// The symbolic code, which the SDKs raise.
    pub code: &'static str,
    /// The message, with `%s` for what is filled in.
    pub template: &'static str,
    /// Which part answers.
    pub origin: Origin,
}

/// Declares a table of errors: name, origin, HTTP status, symbolic code, message with `%s` for what is filled in.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $origin:ident $status:literal $code:literal $template:literal;)*) => {
        /// An error of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $template] $(#[$doc])* $name,)* }

        impl Code {
            /// Every error there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The error's row of the table.
            #[must_use]
            pub const fn entry(self) -> $crate::pop::Entry {
                match self {
                    $(Self::$name => $crate::pop::Entry {
                        status: $status,
                        code: $code,
                        template: $template,
                        origin: $crate::pop::Origin::$origin,
                    },)*
                }
            }
        }

        impl From<Code> for $crate::pop::Entry {
            fn from(code: Code) -> Self {
                code.entry()
            }
        }
    };
}

pub(crate) use codes;

// Source: the platform's table of common errors; the rows marked "own" are this server's, for what the platform answers with
// pages of its web server.
codes! {
    ApiNotFound = Gateway 404 "InvalidApi.NotFound"
        "Specified api is not found, please check your url and method.";
    /// The action header names another operation than method and path do.
    ActionNotFound = Gateway 404 "InvalidAction.NotFound"
        "Specified api is not found, please check your url and method.";
    MethodNotSupported = Gateway 400 "UnsupportedHTTPMethod" "This http method not supported.";
    VersionNotValid = Gateway 400 "InvalidVersion" "Specified parameter Version is not valid.";
    MissingAccessKeyId = Gateway 400 "MissingAccessKeyId" "AccessKeyId is mandatory for this action.";
    MissingSignature = Gateway 400 "MissingSignature" "Signature is mandatory for this action.";
    MissingTimestamp = Gateway 400 "MissingTimestamp" "Timestamp is mandatory for this action.";
    /// A signed request of the newer way has no nonce.
    MissingSignatureNonce = Gateway 400 "MissingSignatureNonce" "SignatureNonce is mandatory for this action.";
    /// A signed request of the newer way has no hash of its body. The name is inferred from the pattern of the others.
    MissingContentSha256 = Gateway 400 "MissingContentSha256" "ContentSha256 is mandatory for this action.";
    MissingVersion = Gateway 400 "MissingVersion" "Version is mandatory for this action.";
    MissingSecurityToken = Gateway 400 "MissingSecurityToken" "SecurityToken is mandatory for this action.";
    IncompleteSignature = Gateway 400 "IncompleteSignature" "The request signature does not conform to Aliyun standards.";
    SignatureMethodNotValid = Gateway 400 "InvalidSignatureMethod" "Specified signature method is not valid.";
    AccessKeyNotFound = Gateway 404 "InvalidAccessKeyId.NotFound" "Specified access key is not found.";
    AccessKeyInactive = Gateway 400 "InvalidAccessKeyId.Inactive" "Specified access key is disabled.";
    TimestampFormat = Gateway 400 "InvalidTimeStamp.Format"
        "Specified time stamp or date value is not well formatted.";
    TimestampExpired = Gateway 400 "InvalidTimeStamp.Expired" "Specified time stamp or date value is expired.";
    TokenExpired = Gateway 400 "InvalidSecurityToken.Expired" "Specified SecurityToken is expired.";
    TokenMalformed = Gateway 400 "InvalidSecurityToken.Malformed" "Specified SecurityToken is malformed.";
    TokenMismatch = Gateway 400 "InvalidSecurityToken.MismatchWithAccessKey"
        "Specified SecurityToken mismatch with the AccessKey.";
    /// The signature of the newer way is another one.
    Acs3SignatureMismatch = Gateway 400 "SignatureDoesNotMatch"
        "Specified signature does not match our calculation. server StringToSign is [%s] server CanonicalRequest is [%s]";
    /// The signature of the older way is another one. One client splits the message at its colons.
    RoaSignatureMismatch = Gateway 400 "SignatureDoesNotMatch"
        "Specified signature is not matched with our calculation. server string to sign is:%s";
    /// The body is not the one whose MD5 was given. The message is inferred.
    ContentMd5Mismatch = Gateway 400 "ContentMD5NotMatched"
        "Specified Content-MD5 is not matched with the content of the request.";
    NonceUsed = Gateway 400 "SignatureNonceUsed" "Specified signature nonce was used already.";
    ThrottlingUser = Gateway 400 "Throttling.User" "Request was denied due to user flow control.";
    NoPermission = Gateway 403 "NoPermission" "You are not authorized to perform this operation.";
    /// What was done cannot be written to the audit log, the parser of a body panicked, or an answer cannot be serialised.
    InternalError = Gateway 500 "InternalError" "The request processing has failed due to some unknown error.";
    /// The server cannot take the request now: large bodies leave no room for another, or the audit log cannot be written.
    ServiceUnavailable = Gateway 503 "ServiceUnavailable" "The request has failed due to a temporary failure of the server.";
    /// Own: the product has an operation there, and this server has not.
    NotEmulated = Gateway 404 "InvalidApi.NotFound"
        "Specified api is not found, please check your url and method. %s knows this operation, but this server does not emulate it.";
    /// Own: a browser sends an unsigned request for a page of an origin that is not named.
    OriginForbidden = Gateway 403 "Forbidden.Origin"
        "Unsigned requests of pages of this origin are not taken: sign them, or start the server with --cors-origin and the origin.";
    /// Own: an unsigned request for a host name that may be another site's.
    HostForbidden = Gateway 403 "Forbidden.Host"
        "Unsigned requests are not taken under the host name [%s]: sign them, or start the server with --allowed-host and the name.";
    /// Own: the body ended early, or its chunks are no chunks.
    BadRequest = Gateway 400 "BadRequest" "The request is not well-formed HTTP: look at its Content-Length and Transfer-Encoding.";
    /// Own: the request did not arrive in time.
    RequestTimeout = Gateway 408 "RequestTimeout" "The request did not arrive within %s seconds.";
    /// Own: the body is too large.
    BodyTooLarge = Gateway 413 "RequestEntityTooLarge" "The request body exceeds the limit of %s bytes.";
}

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    pub entry: Entry,
    /// The row's template with its blanks filled in.
    pub message: String,
    /// What goes only to the log.
    pub cause: Option<String>,
    /// Why the caller may not: the member `AccessDeniedDetail`.
    pub access_denied: Option<Box<Value>>,
    /// When to try again: the header `x-acs-retry-after`, in the product's unit.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// An error with the blanks of its template filled in.
    pub fn new(code: impl Into<Entry>, blanks: &[&dyn Display]) -> Self {
        let entry = code.into();
        let mut blanks = blanks.iter();
        let mut message = String::new();
        for (index, piece) in entry.template.split("%s").enumerate() {
            if index > 0 {
                message.extend(blanks.next().map(ToString::to_string));
            }
            message.push_str(piece);
        }
        Self { entry, message, cause: None, access_denied: None, retry_after: None }
    }

    pub fn caused_by(self, cause: impl Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Body(BodyError::TooLarge) => Self::new(Code::BodyTooLarge, &[&BODY_MAX]),
            Failure::Body(BodyError::TooSlow) => {
                Self::new(Code::RequestTimeout, &[&READ_TIMEOUT.as_secs()])
            }
            Failure::Body(BodyError::NoRoom) => Self::new(Code::ServiceUnavailable, &[]),
            Failure::Body(BodyError::Broken) => Self::new(Code::BadRequest, &[]),
            Failure::Unwritable(error) => Self::new(Code::ServiceUnavailable, &[]).caused_by(error),
            Failure::Unwritten(error) => Self::new(Code::InternalError, &[]).caused_by(error),
        }
    }
}
