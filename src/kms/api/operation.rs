//! The operations: names, methods, and which of the documented texts each answers its errors with, in one table.

use std::str::FromStr;

/// How an operation words that a parameter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// `The specified parameter is not valid.`, then which and why.
    NotValid,
    /// `some of the specified parameters "…" is not valid`.
    Some,
    /// `The specified parameter is invalid.`, then which and why.
    OfEncrypt,
}

/// How an operation words that a secret does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// `The resource is not found.`
    TheResource,
    /// `Resource not found`
    Resource,
    /// `Resource not found.`
    ResourceStop,
}

/// How an operation words that its caller has no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// `You are not authorized to perform the operation.`
    NotAuthorized,
    /// `This operation for … is forbidden by permission system.`
    ForResource,
}

macro_rules! operations {
    ($($name:ident $invalid:ident $missing:ident $denial:ident;)*) => {
        /// An operation of the product; its name is the value of `Action` or `x-acs-action`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $(
            #[doc = concat!("`", stringify!($name), "`")]
            $name,
        )* }

        impl Operation {
            /// Every operation there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The operation's name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// The action that a policy has to allow for the operation (documented: `kms:` and the operation's name; that of
            /// `GetSecretValue` for each secret of a batch).
            #[must_use]
            pub const fn action(self) -> &'static str {
                if matches!(self, Self::BatchGetSecretValue) {
                    return Self::GetSecretValue.action();
                }
                match self { $(Self::$name => concat!("kms:", stringify!($name)),)* }
            }

            pub(super) const fn invalid(self) -> Invalid {
                match self { $(Self::$name => Invalid::$invalid,)* }
            }

            pub(super) const fn missing(self) -> Missing {
                match self { $(Self::$name => Missing::$missing,)* }
            }

            pub(super) const fn denial(self) -> Denial {
                match self { $(Self::$name => Denial::$denial,)* }
            }
        }
    };
}

// Sources: the error tables of the operations. Where one lists no row, its kin's is taken (inferred).
operations! {
    CreateSecret NotValid TheResource NotAuthorized;
    DescribeSecret NotValid Resource NotAuthorized;
    ListSecrets Some Resource ForResource;
    UpdateSecret Some Resource ForResource;
    DeleteSecret NotValid Resource ForResource;
    RestoreSecret Some Resource ForResource;
    PutSecretValue Some Resource ForResource;
    GetSecretValue NotValid ResourceStop ForResource;
    BatchGetSecretValue NotValid ResourceStop ForResource;
    ListSecretVersionIds Some Resource ForResource;
    UpdateSecretVersionStage Some Resource ForResource;
    GetRandomPassword Some Resource ForResource;
    RotateSecret NotValid Resource ForResource;
    UpdateSecretRotationPolicy NotValid Resource ForResource;
    SetSecretPolicy NotValid ResourceStop ForResource;
    GetSecretPolicy NotValid ResourceStop ForResource;
    TagResource NotValid Resource ForResource;
    UntagResource NotValid Resource ForResource;
    TagResources NotValid Resource ForResource;
    UntagResources NotValid Resource ForResource;
    ListTagResources NotValid Resource ForResource;
    ListResourceTags NotValid Resource ForResource;
    CreateKey NotValid Resource ForResource;
    DescribeKey NotValid Resource ForResource;
    ListKeys NotValid Resource ForResource;
    UpdateKeyDescription NotValid Resource ForResource;
    EnableKey NotValid Resource ForResource;
    DisableKey NotValid Resource ForResource;
    ScheduleKeyDeletion NotValid Resource ForResource;
    CancelKeyDeletion NotValid Resource ForResource;
    CreateAlias NotValid Resource ForResource;
    UpdateAlias NotValid Resource ForResource;
    DeleteAlias NotValid Resource ForResource;
    ListAliases NotValid Resource ForResource;
    ListAliasesByKeyId NotValid Resource ForResource;
    GenerateDataKey NotValid Resource ForResource;
    GenerateDataKeyWithoutPlaintext NotValid Resource ForResource;
    Encrypt OfEncrypt Resource ForResource;
    Decrypt NotValid Resource ForResource;
    DescribeRegions NotValid Resource ForResource;
    ListKmsInstances NotValid Resource ForResource;
    OpenKmsService NotValid Resource ForResource;
    DescribeAccountKmsStatus NotValid Resource ForResource;
}

/// The API's other operations, which are not emulated (the operations of the official SDK 3.3.1 for Python).
const NOT_EMULATED: &[&str] = &[
    "AsymmetricDecrypt",
    "AsymmetricEncrypt",
    "AsymmetricSign",
    "AsymmetricVerify",
    "CertificatePrivateKeyDecrypt",
    "CertificatePrivateKeySign",
    "CertificatePublicKeyEncrypt",
    "CertificatePublicKeyVerify",
    "ConnectKmsInstance",
    "CreateApplicationAccessPoint",
    "CreateCertificate",
    "CreateClientKey",
    "CreateKeyVersion",
    "CreateNetworkRule",
    "CreatePolicy",
    "DeleteApplicationAccessPoint",
    "DeleteCertificate",
    "DeleteClientKey",
    "DeleteKeyMaterial",
    "DeleteNetworkRule",
    "DeletePolicy",
    "DescribeApplicationAccessPoint",
    "DescribeCertificate",
    "DescribeKeyVersion",
    "DescribeNetworkRule",
    "DescribePolicy",
    "DescribeService",
    "ExportCertificate",
    "ExportDataKey",
    "GenerateAndExportDataKey",
    "GetCertificate",
    "GetClientKey",
    "GetDefaultKmsInstance",
    "GetKeyPolicy",
    "GetKmsInstance",
    "GetKmsInstanceQuotaInfos",
    "GetParametersForImport",
    "GetPublicKey",
    "ImportKeyMaterial",
    "ListApplicationAccessPoints",
    "ListCertificates",
    "ListClientKeys",
    "ListKeyVersions",
    "ListNetworkRules",
    "ListPolicies",
    "ReEncrypt",
    "ReleaseKmsInstance",
    "SetDeletionProtection",
    "SetKeyPolicy",
    "UpdateApplicationAccessPoint",
    "UpdateCertificateStatus",
    "UpdateKmsInstanceBindVpc",
    "UpdateNetworkRule",
    "UpdatePolicy",
    "UpdateRotationPolicy",
    "UploadCertificate",
];

/// Why a text is no operation that can be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOperation {
    Unknown,
    NotEmulated,
}

impl FromStr for Operation {
    type Err = NoOperation;

    fn from_str(name: &str) -> Result<Self, NoOperation> {
        let known = Self::ALL.iter().find(|operation| operation.name() == name).copied();
        let is_known = NOT_EMULATED.contains(&name);
        known.ok_or(if is_known { NoOperation::NotEmulated } else { NoOperation::Unknown })
    }
}
