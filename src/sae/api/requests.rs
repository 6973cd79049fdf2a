//! What each operation takes. Rules with a meaning of their own (names, ids, the data) belong to the model's types and are
//! not repeated here.

use crate::pop::{Structure, request};

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
        "SecretData" secret_data: Structure,
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
        "SecretData" secret_data: Structure,
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
