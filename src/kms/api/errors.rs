//! The errors of KMS: code, HTTP status and message template in one table, and which one answers which error of the product.

use std::borrow::Cow;

use super::operation::{Denial, Invalid, Missing, Operation};
use crate::{
    access::{Caller, CommonField, Denied, Refusal},
    exchange::Failure,
    http::{BODY_MAX, BodyError, READ_TIMEOUT},
    kms::model::{Error, Field, KeyState},
    pop::{self, AdmissionError, ApiError, access_denied, codes},
};

// Sources: the error tables of both pages of CreateSecret, of the other operations and of the common errors. Where they
// differ: codes and limits of the newer page, texts of the newer page, else of the older one. The spelling is theirs.
codes! {
    MethodNotSupported = Gateway 403 "UnsupportedHTTPMethod" "This http method is not supported.";
    Unparsable = Gateway 400 "ParseRequestParameterException"
        "Server parse parameters exception. Please check your input params.";
    MissingParameter = Gateway 400 "MissingParameter" "The parameter \"%s\" needed but no provided.";
    NotValid = Service 400 "InvalidParameter" "The specified parameter is not valid. %s: %s";
    SomeNotValid = Service 400 "InvalidParameter" "some of the specified parameters \"%s\" is not valid";
    IsInvalid = Service 400 "InvalidParameter" "The specified parameter is invalid. %s: %s";
    TagKeyNotValid = Service 400 "InvalidParameter.TagKey" "The specified parameter is not valid.";
    TagValueNotValid = Service 400 "InvalidParameter.TagValue" "The specified parameter is not valid.";
    DuplicateTagKey = Service 400 "Duplicate.TagKey" "The specified tagKey is duplicate.";
    VersionNotValid = Gateway 400 "InvalidVersion" "Specified parameter Version is not valid.";
    ActionNotFound = Gateway 404 "InvalidAction.NotFound"
        "Specified api is not found, please check your url and method.";
    Unsupported = Service 400 "UnsupportedOperation" "This action is not supported.";
    AccessKeyNotFound = Gateway 404 "InvalidAccessKeyId.NotFound"
        "The Access Key ID provided does not exist in our records.";
    AccessKeyNotEnabled = Gateway 403 "Forbidden.AccessKey" "This AccessKey is not enabled.";
    IncompleteSignature = Gateway 400 "IncompleteSignature"
        "The request signature does not conform to Aliyun standards.";
    /// A client takes what stands behind the last colon for the string to sign, so nothing may follow it.
    SignatureMismatch = Gateway 400 "SignatureDoesNotMatch"
        "Specified signature is not matched with our calculation. server string to sign is:%s";
    IllegalTimestamp = Gateway 400 "IllegalTimestamp"
        "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied.";
    NonceUsed = Gateway 400 "SignatureNonceUsed" "Specified signature nonce was used already.";
    /// Of the platform's table of common errors, as those of tokens below.
    TokenExpired = Gateway 400 "InvalidSecurityToken.Expired" "Specified SecurityToken is expired.";
    TokenMalformed = Gateway 400 "InvalidSecurityToken.Malformed" "Specified SecurityToken is malformed.";
    TokenMismatch = Gateway 400 "InvalidSecurityToken.MismatchWithAccessKey"
        "Specified SecurityToken mismatch with the AccessKey.";
    ContentMd5Mismatch = Gateway 400 "ContentMD5NotMatched"
        "Specified Content-MD5 is not matched with the content of the request.";
    NotAuthorized = Service 403 "Forbidden.NoPermission" "You are not authorized to perform the operation.";
    ForbiddenForResource = Service 403 "Forbidden.NoPermission"
        "This operation for %s is forbidden by permission system.";
    InstanceNotFound = Service 403 "Forbidden.DKMSInstanceNotFound" "The specified DKMS Instance is not found.";
    InstanceNotConnected = Service 403 "Forbidden.DKMSInstanceStateInvalid" "The DKMS instance state is invalid.";
    TheResourceNotFound = Service 404 "Forbidden.ResourceNotFound" "The resource is not found.";
    ResourceNotFound = Service 404 "Forbidden.ResourceNotFound" "Resource not found";
    ResourceNotFoundStop = Service 404 "Forbidden.ResourceNotFound" "Resource not found.";
    KeyNotFound = Service 404 "Forbidden.KeyNotFound" "The specified Key is not found.";
    AliasNotFound = Service 404 "Forbidden.AliasNotFound" "The specified Alias is not found.";
    ResourceIdNotFound = Service 404 "InvalidResourceId.NotFound" "The specified ResourceId is not found.";
    AliasExists = Service 400 "AliasAlreadyExists" "AliasName Already Exists.";
    ResourceExists = Service 409 "Rejected.ResourceExist" "The resource already exists.";
    VersionExists = Service 409 "Rejected.ResourceExist" "The request was rejected becasue key already exsit";
    PlannedToBeDeleted = Service 409 "Rejected.ResourceInDeleteWindow" "The secret is planned to be deleted.";
    InDeletePeriod = Service 409 "Rejected.ResourceInDeleteWindow" "secret in delete peroid";
    NotDeleted = Service 409 "Rejected.ResourceInUse" "restore normal secret";
    KeyDisabled = Service 409 "Rejected.Disabled" "The request was rejected because the key state is Disabled.";
    KeyPendingDeletion = Service 409 "Rejected.PendingDeletion"
        "The request was rejected because the key state is PendingDeletion.";
    KeyPendingImport = Service 409 "Rejected.PendingImport"
        "The request was rejected because the key state is PendingImport.";
    KeyUnavailable = Service 409 "Rejected.Unavailable" "The request was rejected because the key state is Unavailable.";
    /// Of the tables of common errors and of states.
    KeyStateStays = Service 409 "Rejected.StateModifiedFailed" "Keystate modified failed.";
    QuotaExceeded = Service 400 "Rejected.LimitExceeded"
        "The request was rejected because user create resource limit was exceeded";
    StagesExceeded = Service 400 "Rejected.LimitExceeded" "exceed secret limits error";
    SharesExceeded = Service 400 "Rejected.ShareQuotaExceedLimit" "Instance Share Quota Exceed Limit.";
    StageMismatch = Service 400 "Rejected.InvalidRequest" "param mismatch";
    StageBuiltIn = Service 400 "Rejected.UnsupportedOperation" "secret stages in unnormal status";
    PolicyNotSupported = Service 400 "Forbidden.KeyPolicyUnSupported"
        "The specified key does not support key policy.";
    /// The status is not documented.
    DryRun = Service 400 "DryRunOperationError" "The request would succeed: it was a dry run.";
    /// As the one above, with the text that the request would get.
    DryRunInvalid = Service 400 "ValidationError" "%s";
    DryRunDenied = Service 400 "AccessDeniedError" "%s";
    Throttled = Gateway 429 "Rejected.Throttling" "QPS Limit Exceeded";
    CreateSecretThrottled = Gateway 429 "Rejected.Throttling" "The QPS upper limit is exceeded.";
    InternalFailure = Service 500 "InternalFailure" "Internal Failure";
    Unavailable = Gateway 503 "ServiceUnavailableTemporary" "Service Unavailable Temporary.";
    /// The tables of the operations that list this row spell it so.
    UnavailableForPolicies = Gateway 503 "SerivceUnvailableTemporary" "Service Unvailable Temporary";
}

/// What the platform answers with pages of its web server, as every product here does.
const OWN: &[pop::Code] = &[
    pop::Code::OriginForbidden,
    pop::Code::HostForbidden,
    pop::Code::BadRequest,
    pop::Code::RequestTimeout,
    pop::Code::BodyTooLarge,
];

/// Why a handler does not answer.
#[derive(Debug)]
pub enum Fault {
    /// A parameter is absent or cannot be read.
    Parameter(pop::Fault),
    /// The product has a reason.
    Product(Error),
    /// It is an answer already.
    Answer(ApiError),
}

impl Fault {
    /// Whether the caller had no right to what it asked for.
    pub const fn is_denial(&self) -> bool {
        matches!(self, Self::Product(error) if error.is_denial())
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self::Answer(error)
    }
}

impl From<pop::Fault> for Fault {
    fn from(fault: pop::Fault) -> Self {
        Self::Parameter(fault)
    }
}

/// Why a request is not answered with success.
#[derive(Debug)]
pub enum Refused {
    /// For no reason of the product.
    Failed(Failure),
    /// By a row of the table.
    Answered(ApiError),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Answered(error)
    }
}

impl Refused {
    /// How an operation answers that, or a request whose operation is not known.
    pub fn error(&self, operation: Option<Operation>) -> Cow<'_, ApiError> {
        match self {
            Self::Failed(failure) => Cow::Owned(failed(operation, failure)),
            Self::Answered(error) => Cow::Borrowed(error),
        }
    }
}

/// Every error that the product can answer.
pub fn entries() -> impl Iterator<Item = pop::Entry> {
    let of_service = Code::ALL.iter().map(|code| code.entry());
    of_service.chain(OWN.iter().map(|code| code.entry()))
}

/// A parameter is absent.
pub fn missing(parameter: &str) -> ApiError {
    ApiError::new(Code::MissingParameter, &[&parameter])
}

/// How an operation answers what is no reason of the product.
fn failed(operation: Option<Operation>, failure: &Failure) -> ApiError {
    let for_policies =
        [Operation::CreateKey, Operation::GetSecretPolicy, Operation::SetSecretPolicy];
    let unavailable = match operation {
        Some(operation) if for_policies.contains(&operation) => Code::UnavailableForPolicies,
        _ => Code::Unavailable,
    };
    match failure {
        Failure::Body(BodyError::TooLarge) => ApiError::new(pop::Code::BodyTooLarge, &[&BODY_MAX]),
        Failure::Body(BodyError::TooSlow) => {
            ApiError::new(pop::Code::RequestTimeout, &[&READ_TIMEOUT.as_secs()])
        }
        Failure::Body(BodyError::NoRoom) => ApiError::new(unavailable, &[]),
        Failure::Body(BodyError::Broken) => ApiError::new(pop::Code::BadRequest, &[]),
        Failure::Unwritable(error) => ApiError::new(unavailable, &[]).caused_by(error),
        Failure::Unwritten(error) => ApiError::new(Code::InternalFailure, &[]).caused_by(error),
    }
}

/// How an operation words why a request is not admitted.
pub fn refused(operation: Operation, error: AdmissionError) -> ApiError {
    let refusal = match error {
        AdmissionError::Refused(refusal) => refusal,
        AdmissionError::MissingVersion => return missing("Version"),
        AdmissionError::HostForbidden(host) => {
            return ApiError::new(pop::Code::HostForbidden, &[&host]);
        }
        AdmissionError::OriginForbidden => return ApiError::new(pop::Code::OriginForbidden, &[]),
        AdmissionError::Throttled { millis } => {
            let code = if operation == Operation::CreateSecret {
                Code::CreateSecretThrottled
            } else {
                Code::Throttled
            };
            // In seconds, other than SAE's clients read it (seen in the newer SDK for Python).
            return ApiError {
                retry_after: Some(millis.div_ceil(1000)),
                ..ApiError::new(code, &[])
            };
        }
    };
    let code = match refusal {
        Refusal::Missing(CommonField::AccessKeyId) => return missing("AccessKeyId"),
        Refusal::Missing(CommonField::Signature) => return missing("Signature"),
        Refusal::Missing(CommonField::SignatureNonce) => return missing("SignatureNonce"),
        Refusal::Missing(CommonField::ContentHash) => return missing("x-acs-content-sha256"),
        Refusal::Missing(CommonField::SecurityToken) => return missing("SecurityToken"),
        Refusal::Missing(CommonField::Timestamp)
        | Refusal::DateMalformed
        | Refusal::DateExpired => Code::IllegalTimestamp,
        Refusal::Incomplete => Code::IncompleteSignature,
        Refusal::UnknownMethod => {
            let why = "is no way to sign that is taken: HMAC-SHA1 and HMAC-SHA256 are";
            return ApiError::new(Code::NotValid, &[&"SignatureMethod", &why]);
        }
        Refusal::UnknownKey => Code::AccessKeyNotFound,
        Refusal::InactiveKey => Code::AccessKeyNotEnabled,
        Refusal::TokenExpired => Code::TokenExpired,
        Refusal::TokenMalformed => Code::TokenMalformed,
        Refusal::TokenMismatch => Code::TokenMismatch,
        Refusal::ContentMd5Mismatch => Code::ContentMd5Mismatch,
        Refusal::NonceUsed => Code::NonceUsed,
        Refusal::Acs3Mismatch { string_to_sign, .. }
        | Refusal::RoaMismatch { string_to_sign }
        | Refusal::RpcMismatch { string_to_sign } => {
            return ApiError::new(Code::SignatureMismatch, &[&string_to_sign]);
        }
    };
    ApiError::new(code, &[])
}

/// How an operation answers why its handler does not.
pub fn answered(operation: Operation, caller: &Caller, fault: Fault) -> ApiError {
    match fault {
        Fault::Answer(error) => error,
        Fault::Parameter(pop::Fault::Absent(parameter)) => missing(parameter),
        Fault::Parameter(pop::Fault::Invalid(parameter)) => {
            invalid(operation, parameter, "cannot be read")
        }
        Fault::Product(error) => of_product(operation, caller, error),
    }
}

/// How a dry run tells of an error: refusals have codes of their own (documented).
pub fn of_dry_run(error: ApiError) -> ApiError {
    let code = if error.access_denied.is_some() {
        Code::DryRunDenied
    } else if error.entry.code == Code::NotValid.entry().code {
        Code::DryRunInvalid
    } else {
        return error;
    };
    ApiError::new(code, &[&error.message])
}

fn invalid(operation: Operation, parameter: &str, why: &str) -> ApiError {
    match operation.invalid() {
        Invalid::NotValid => ApiError::new(Code::NotValid, &[&parameter, &why]),
        Invalid::Some => ApiError::new(Code::SomeNotValid, &[&parameter]),
        Invalid::OfEncrypt => ApiError::new(Code::IsInvalid, &[&parameter, &why]),
    }
}

fn of_product(operation: Operation, caller: &Caller, error: Error) -> ApiError {
    let code = match error {
        Error::Missing(field) => return missing(wire_name(field)),
        Error::Invalid(field, why) => return invalid(operation, wire_name(field), &why),
        Error::SecretNotFound | Error::UserNotFound => match operation.missing() {
            Missing::TheResource => Code::TheResourceNotFound,
            Missing::Resource => Code::ResourceNotFound,
            Missing::ResourceStop => Code::ResourceNotFoundStop,
        },
        Error::EncryptionKeyNotFound => Code::TheResourceNotFound,
        Error::PolicyNotFound => Code::ResourceNotFoundStop,
        Error::KeyNotFound => Code::KeyNotFound,
        Error::AliasNotFound => Code::AliasNotFound,
        Error::AliasExists => Code::AliasExists,
        Error::ResourceIdNotFound => Code::ResourceIdNotFound,
        Error::InstanceNotFound => Code::InstanceNotFound,
        Error::InstanceNotConnected => Code::InstanceNotConnected,
        Error::SecretExists => Code::ResourceExists,
        Error::VersionExists => Code::VersionExists,
        Error::SecretPlannedToBeDeleted if operation == Operation::CreateSecret => {
            Code::PlannedToBeDeleted
        }
        Error::SecretPlannedToBeDeleted => Code::InDeletePeriod,
        Error::SecretNotDeleted => Code::NotDeleted,
        Error::KeyState(KeyState::Disabled) => Code::KeyDisabled,
        Error::KeyState(KeyState::PendingDeletion) => Code::KeyPendingDeletion,
        Error::KeyState(KeyState::PendingImport) => Code::KeyPendingImport,
        Error::KeyState(KeyState::Unavailable) => Code::KeyUnavailable,
        // No operation is refused because a key is enabled.
        Error::KeyState(KeyState::Enabled) | Error::KeyStateStays(_) => Code::KeyStateStays,
        Error::Unsupported => Code::Unsupported,
        Error::PolicyUnsupported => Code::PolicyNotSupported,
        Error::TooManySecrets | Error::TooManyKeys | Error::TooManyAliases => Code::QuotaExceeded,
        // So many an hour is a rate, and no number of what there is (inferred).
        Error::TooManyRotations => Code::Throttled,
        Error::TooManyStages => Code::StagesExceeded,
        Error::TooManyShares => Code::SharesExceeded,
        Error::StageMismatch => Code::StageMismatch,
        Error::StageBuiltIn => Code::StageBuiltIn,
        Error::TagKeyInvalid(_) => Code::TagKeyNotValid,
        Error::TagValueInvalid(_) => Code::TagValueNotValid,
        Error::TagKeyDuplicate => Code::DuplicateTagKey,
        Error::DryRun => Code::DryRun,
        Error::Forbidden { action, resource, denied } => {
            return forbidden(operation, caller, &action, &resource, denied);
        }
        Error::Concealed(told) => return of_product(operation, caller, *told),
        Error::Damaged(..) | Error::Unavailable(_) => {
            return ApiError::new(Code::InternalFailure, &[]).caused_by(error);
        }
    };
    ApiError::new(code, &[])
}

fn forbidden(
    operation: Operation,
    caller: &Caller,
    action: &str,
    resource: &str,
    denied: Denied,
) -> ApiError {
    let account = caller.user().map_or("", |user| &user.account);
    let error = match operation.denial() {
        Denial::NotAuthorized => ApiError::new(Code::NotAuthorized, &[]),
        Denial::ForResource => ApiError::new(Code::ForbiddenForResource, &[&resource]),
    };
    let detail = access_denied(caller, action, account, denied);
    ApiError { access_denied: Some(Box::new(detail)), ..error }
}

fn wire_name(field: Field) -> &'static str {
    match field {
        Field::AliasName => "AliasName",
        Field::CiphertextBlob => "CiphertextBlob",
        Field::CustomData => "ExtendedConfig.CustomData",
        Field::Description => "Description",
        Field::EnableAutomaticRotation => "EnableAutomaticRotation",
        Field::EncryptionContext => "EncryptionContext",
        Field::EncryptionKey => "EncryptionKeyId",
        Field::ExcludedCharacters => "ExcludeCharacters",
        Field::ExtendedConfig => "ExtendedConfig",
        Field::Filters => "Filters",
        Field::Instance => "DKMSInstanceId",
        Field::KeyId => "KeyId",
        Field::KeySpec => "KeySpec",
        Field::KeyUsage => "KeyUsage",
        Field::MoveToVersion => "MoveToVersion",
        Field::NextToken => "NextToken",
        Field::NumberOfBytes => "NumberOfBytes",
        Field::Origin => "Origin",
        Field::PageNumber => "PageNumber",
        Field::PageSize => "PageSize",
        Field::PasswordLength => "PasswordLength",
        Field::PendingWindow => "PendingWindowInDays",
        Field::Plaintext => "Plaintext",
        Field::Policy => "Policy",
        Field::ProtectionLevel => "ProtectionLevel",
        Field::RecoveryWindow => "RecoveryWindowInDays",
        Field::RemoveFromVersion => "RemoveFromVersion",
        Field::ResourceIds => "ResourceId",
        Field::ResourceType => "ResourceType",
        Field::RotationInterval => "RotationInterval",
        Field::SecretData => "SecretData",
        Field::SecretDataType => "SecretDataType",
        Field::SecretName => "SecretName",
        Field::SecretType => "SecretType",
        Field::SecretsList => "SecretsList",
        Field::TagMembers => "Tag",
        Field::TagKeyMembers => "TagKey",
        Field::TagKeys => "TagKeys",
        Field::Tags => "Tags",
        Field::VersionId => "VersionId",
        Field::VersionStage => "VersionStage",
        Field::VersionStages => "VersionStages",
    }
}
