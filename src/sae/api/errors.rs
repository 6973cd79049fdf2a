//! The errors of SAE: code, HTTP status and message template in one table, and which one answers which error of the product.

use std::fmt::Display;

use crate::{
    access::{CommonField, Refusal},
    pop::{self, AdmissionError, ApiError, Entry, Fault, codes},
    sae::model::{Error, Field},
};

// Sources. Secrets: the error tables of CreateSecret and UpdateSecret. Namespaces: the error tables of the namespace
// operations.
codes! {
    NotEmpty = Service 400 "InvalidParameter.NotEmpty" "You must specify the parameter %s.";
    Obviously = Service 400 "InvalidParameter.Obviously" "The specified parameter is invalid {%s}.";
    WithMessage = Service 400 "InvalidParameter.WithMessage" "The parameter is invalid {%s}: %s";
    SecretNameConflict = Service 400 "SecretNameConflict.AlreadyExist"
        "The specified SecretName [%s] already exist in this namespace.";
    SecretQuota = Service 400 "QuotaExceeded.SecretInNamespace" "The specified secret exceeded quota [%s].";
    KeyQuota = Service 400 "QuotaExceeded.SecretDataKey"
        "The specified key in SecretData exceeded quota [%s].";
    SecretType = Service 400 "InvalidSecretType.NotAvailable"
        "The specified SecretType [%s] is not supported.";
    SecretId = Service 400 "InvalidSecretId.NotFound"
        "The specified SecretId [%s] does not exist in our records.";
    SecretDataKey = Service 400 "InvalidSecretDataKey.NotFound"
        "The specified Key [%s] does not exist in the specified Secret [%s].";
    NamespaceNotFound = Service 404 "InvalidNamespaceId.NotFound" "The specified NamespaceId does not exist.";
    NamespaceExists = Service 400 "InstanceExist.NamespaceId" "The specified namespace ID already exists.";
    NamespaceUppercase = Service 400 "InvalidNamespace.WithUppercase"
        "This namespace does not support creating SAE apps because it contains uppercase letters.";
    NamespaceFormat = Service 400 "InvalidNamespaceId.Format" "The specified NamespaceId is invalid.";
    NamespaceSuffix = Service 400 "InvalidNamespaceIdSuffix.Format"
        "The specified NamespaceId is invalid. NamespaceId can only contain alphabetical letters or numbers.";
    NamespaceName = Service 400 "InvalidNamespaceName.Format"
        "The specified NamespaceName is invalid. The name of the namespace cannot exceed 63 characters in length.";
    NamespaceQuota = Service 400 "Exceed.Namespace" "Too many namespaces have been created.";
    ApplicationsExist = Service 400 "Namespace.AppExists" "Please delete the application first.";
    ClustersExist = Service 400 "InvalidOperation.NamespaceClusterNotDeleted"
        "The specified NamespaceId contains clusters.";
    Upgrading = Service 400 "System.Upgrading" "The system is being upgraded. Please try again later.";
    RpcError = Service 500 "OperationFailed.RPCError" "Internal RPC request processing error.";
}

/// Every error that the product can answer: its own and those of the gateway.
pub fn entries() -> impl Iterator<Item = Entry> {
    let gateway = pop::Code::ALL.iter().map(|code| code.entry());
    gateway.chain(Code::ALL.iter().map(|code| code.entry()))
}

/// The gateway's row for a request that is not admitted.
pub fn refused(error: AdmissionError) -> ApiError {
    let code = match error {
        AdmissionError::Refused(refusal) => return not_authenticated(refusal),
        AdmissionError::MissingVersion => pop::Code::MissingVersion,
        AdmissionError::HostForbidden(host) => {
            return ApiError::new(pop::Code::HostForbidden, &[&host]);
        }
        AdmissionError::OriginForbidden => pop::Code::OriginForbidden,
        AdmissionError::Throttled { millis } => {
            let throttled = ApiError::new(pop::Code::ThrottlingUser, &[]);
            return ApiError { retry_after: Some(millis), ..throttled };
        }
    };
    ApiError::new(code, &[])
}

fn not_authenticated(refusal: Refusal) -> ApiError {
    use pop::Code;
    let code = match refusal {
        Refusal::Missing(CommonField::AccessKeyId) => Code::MissingAccessKeyId,
        Refusal::Missing(CommonField::Signature) => Code::MissingSignature,
        Refusal::Missing(CommonField::Timestamp) => Code::MissingTimestamp,
        Refusal::Missing(CommonField::SignatureNonce) => Code::MissingSignatureNonce,
        Refusal::Missing(CommonField::ContentHash) => Code::MissingContentSha256,
        Refusal::Missing(CommonField::SecurityToken) => Code::MissingSecurityToken,
        Refusal::Incomplete => Code::IncompleteSignature,
        Refusal::UnknownMethod => Code::SignatureMethodNotValid,
        Refusal::UnknownKey => Code::AccessKeyNotFound,
        Refusal::InactiveKey => Code::AccessKeyInactive,
        Refusal::DateMalformed => Code::TimestampFormat,
        Refusal::DateExpired => Code::TimestampExpired,
        Refusal::TokenExpired => Code::TokenExpired,
        Refusal::TokenMalformed => Code::TokenMalformed,
        Refusal::TokenMismatch => Code::TokenMismatch,
        Refusal::ContentMd5Mismatch => Code::ContentMd5Mismatch,
        Refusal::NonceUsed => Code::NonceUsed,
        Refusal::Acs3Mismatch { string_to_sign, canonical_request } => {
            let blanks: [&dyn Display; 2] = [&string_to_sign, &canonical_request];
            return ApiError::new(Code::Acs3SignatureMismatch, &blanks);
        }
        Refusal::RoaMismatch { string_to_sign } | Refusal::RpcMismatch { string_to_sign } => {
            return ApiError::new(Code::RoaSignatureMismatch, &[&string_to_sign]);
        }
    };
    ApiError::new(code, &[])
}

/// How SAE words what is wrong with a parameter.
pub fn worded(fault: Fault) -> ApiError {
    match fault {
        Fault::Absent(parameter) => ApiError::new(Code::NotEmpty, &[&parameter]),
        Fault::Invalid(parameter) => ApiError::new(Code::Obviously, &[&parameter]),
    }
}

/// The parameter of that wire name is refused for that reason.
pub fn with_message(parameter: &str, reason: impl Display) -> ApiError {
    ApiError::new(Code::WithMessage, &[&parameter, &reason])
}

fn wire_name(field: Field) -> &'static str {
    match field {
        Field::NamespaceId => "NamespaceId",
        Field::NamespaceDescription => "NamespaceDescription",
        Field::SecretId => "SecretId",
        Field::SecretName => "SecretName",
        Field::SecretData => "SecretData",
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(field) => worded(Fault::Absent(wire_name(field))),
            Error::Malformed(field) => worded(Fault::Invalid(wire_name(field))),
            Error::SecretDataInvalid(reason) => with_message("SecretData", reason),
            Error::SecretKeyInvalid(key, reason) => {
                with_message("SecretData", format_args!("{key}: {reason}"))
            }
            Error::NamespaceNotFound => Self::new(Code::NamespaceNotFound, &[]),
            Error::NamespaceExists => Self::new(Code::NamespaceExists, &[]),
            Error::NamespaceIdFormat => Self::new(Code::NamespaceFormat, &[]),
            Error::NamespaceIdSuffix => Self::new(Code::NamespaceSuffix, &[]),
            Error::NamespaceIdUppercase => Self::new(Code::NamespaceUppercase, &[]),
            Error::NamespaceNameFormat => Self::new(Code::NamespaceName, &[]),
            Error::TooManyNamespaces(_) => Self::new(Code::NamespaceQuota, &[]),
            Error::NamespaceHasApplications => Self::new(Code::ApplicationsExist, &[]),
            Error::NamespaceHasClusters => Self::new(Code::ClustersExist, &[]),
            Error::Upgrading => Self::new(Code::Upgrading, &[]),
            Error::SecretTypeUnsupported(given) => Self::new(Code::SecretType, &[&given]),
            Error::SecretKeyMissing(key, secret) => {
                Self::new(Code::SecretDataKey, &[&key, &secret])
            }
            Error::SecretExists(name) => Self::new(Code::SecretNameConflict, &[&name]),
            Error::SecretNotFound(id) => Self::new(Code::SecretId, &[&id]),
            Error::TooManySecrets(quota) => Self::new(Code::SecretQuota, &[&quota]),
            Error::TooManyKeys(quota) => Self::new(Code::KeyQuota, &[&quota]),
            Error::Damaged(..) | Error::Unavailable(_) => {
                Self::new(Code::RpcError, &[]).caused_by(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_row_stands_once() {
        let mut seen = HashSet::new();
        for entry in entries() {
            assert!(seen.insert((entry.code, entry.template)), "{entry:?} repeats another row");
        }
    }

    #[test]
    fn blanks_are_filled_in_order_and_once() {
        let error = ApiError::new(Code::SecretDataKey, &[&"%s", &"b"]);
        assert_eq!(
            error.message,
            "The specified Key [%s] does not exist in the specified Secret [b]."
        );
    }
}
