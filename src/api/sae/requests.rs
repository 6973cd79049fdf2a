//! What each operation takes: which parameters in which order, which are required, and their declarative limits.
//!
//! Rules with a meaning of their own (names, ids, the data) belong to the domain's types and are not repeated here.

use validator::Validate;

use super::{
    codes::ApiError,
    parameters::{Malformed, Parameters},
    secret_data::RawSecretData,
};

/// The code under which the validator reports an absent parameter.
const ABSENT: &str = "absent";

/// A type that a parameter can be read as.
pub trait Parameter: Sized {
    /// The parameter of that name, `None` when it is absent.
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed>;
}

impl Parameter for String {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        parameters.text(name)
    }
}

impl Parameter for bool {
    /// `true` and `false` in any case: Python's clients send `True`.
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        match parameters.text(name)? {
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) if !text.is_empty() => Err(Malformed),
            _ => Ok(None),
        }
    }
}

impl Parameter for u32 {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        match parameters.text(name)? {
            Some(text) if text.is_empty() => Ok(None),
            Some(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => Err(Malformed),
            Some(text) => text.parse().map(Some).map_err(|_| Malformed),
            None => Ok(None),
        }
    }
}

impl Parameter for RawSecretData {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        parameters.structure(name)
    }
}

/// Declares a request: its fields in the documented order, each with its wire name, its type and its limits.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $(
        $(#[$limit:meta])* $wire:literal $field:ident: $type:ty,
    )* }) => {
        $(#[$doc])*
        #[derive(Debug, Validate)]
        pub struct $name { $(
            #[doc = concat!("The parameter `", $wire, "`.")]
            $(#[$limit])*
            pub $field: Option<$type>,
        )* }

        impl $name {
            /// Reads the request.
            ///
            /// # Errors
            /// `InvalidParameter.NotEmpty` for the first required parameter that is absent or empty, else
            /// `InvalidParameter.Obviously` for the first that cannot be read or is beyond its limits.
            pub fn read(parameters: &Parameters) -> Result<Self, ApiError> {
                let mut malformed = Vec::new();
                let request = Self { $(
                    $field: <$type as Parameter>::find(parameters, $wire).unwrap_or_else(|Malformed| {
                        malformed.push($wire);
                        None
                    }),
                )* };
                first_error(&request, &malformed, &[$((stringify!($field), $wire),)*])?;
                Ok(request)
            }
        }
    };
}

fn first_error(
    request: &impl Validate,
    malformed: &[&str],
    fields: &[(&str, &str)],
) -> Result<(), ApiError> {
    let errors = request.validate().err().unwrap_or_default();
    let errors = errors.field_errors();
    let has = |field: &str, absent: bool| {
        errors
            .get(field)
            .is_some_and(|found| found.iter().any(|error| (error.code == ABSENT) == absent))
    };
    for (field, wire) in fields {
        if has(field, true) && !malformed.contains(wire) {
            return Err(ApiError::not_empty(wire));
        }
    }
    for (field, wire) in fields {
        if malformed.contains(wire) || has(field, false) {
            return Err(ApiError::obviously(wire));
        }
    }
    Ok(())
}

request! {
    /// `CreateSecret`.
    CreateSecretRequest {
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "NamespaceId" namespace_id: String,
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "SecretName" secret_name: String,
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "SecretType" secret_type: String,
        #[validate(required(code = "absent"))]
        "SecretData" secret_data: RawSecretData,
    }
}

request! {
    /// `UpdateSecret`.
    UpdateSecretRequest {
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "NamespaceId" namespace_id: String,
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "SecretId" secret_id: String,
        #[validate(required(code = "absent"))]
        "SecretData" secret_data: RawSecretData,
    }
}

request! {
    /// `DescribeSecret` and `DeleteSecret`.
    OneSecretRequest {
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "NamespaceId" namespace_id: String,
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "SecretId" secret_id: String,
    }
}

request! {
    /// `ListSecrets`.
    ListSecretsRequest {
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "NamespaceId" namespace_id: String,
    }
}

request! {
    /// `CreateNamespace` and `UpdateNamespace`.
    WriteNamespaceRequest {
        #[validate(required(code = "absent"), length(min = 1, code = "absent"))]
        "NamespaceName" namespace_name: String,
        "NamespaceId" namespace_id: String,
        "NameSpaceShortId" short_id: String,
        "NamespaceDescription" description: String,
        "EnableMicroRegistration" micro_registration: bool,
    }
}

request! {
    /// `DescribeNamespace`, `DeleteNamespace` and `DescribeNamespaceResources`.
    OneNamespaceRequest {
        "NamespaceId" namespace_id: String,
        "NameSpaceShortId" short_id: String,
    }
}

request! {
    /// `DescribeNamespaces`. Pages count from 1 and have 0 to 10,000 entries: the operation's parameter table.
    PageRequest {
        #[validate(required(code = "absent"), range(min = 1))]
        "CurrentPage" current_page: u32,
        #[validate(required(code = "absent"), range(max = 10_000))]
        "PageSize" page_size: u32,
    }
}

request! {
    /// `DescribeNamespaceList`.
    NamespaceListRequest {
        "ContainCustom" contain_custom: bool,
        #[expect(dead_code, reason = "checked, and without effect: no emulated namespace is hybrid")]
        "HybridCloudExclude" hybrid_cloud_exclude: bool,
    }
}
