//! The errors that every operation shares: those of requests that are not admitted, and those of a server that fails.

use sae_secret::kms::api::Operation;

use super::{
    harness::*,
    keys::Row,
    rights::{Made, make, request_for},
};
use crate::common::Signer;

/// Two users with keys, one of which is not enabled.
const USERS: &str = r#"
users:
  - name: full
    access_keys: [{ id: AK-full, secret: secret-of-full }]
    policies: [AliyunKMSFullAccess]
  - name: off
    access_keys: [{ id: AK-off, secret: secret-of-off, status: Inactive }]
    policies: [AliyunKMSFullAccess]
"#;

const UNPARSABLE: Row = (
    400,
    "ParseRequestParameterException",
    "Server parse parameters exception. Please check your input params.",
);
const INVALID_VERSION: Row = (400, "InvalidVersion", "Specified parameter Version is not valid.");
const INCOMPLETE: Row =
    (400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.");
const TIMESTAMP: Row = (
    400,
    "IllegalTimestamp",
    "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied.",
);
const FAILURE: Row = (500, "InternalFailure", "Internal Failure");

/// Those of a list of secrets, which needs no more.
fn list() -> Request {
    Request::new("POST", "/?Action=ListSecrets&Version=2016-01-20")
}

#[track_caller]
fn refuses(reply: &Reply, (status, code, message): Row) {
    failed(reply, status, code, message);
}

#[test]
fn a_request_says_who_signed_it_and_when() {
    let kms = Kms::start_with(USERS);
    kms.create("s");
    let full = kms.user("full");
    for (action, given) in
        [("DescribeSecret", &[("SecretName", "s")][..]), ("ListKmsInstances", &[])]
    {
        let without = |name: &str| kms.send(&full.request(0, &[name], action, given).0);
        refuses(&without("Timestamp"), TIMESTAMP);
        for name in ["Action", "Version", "AccessKeyId", "Signature"] {
            failed(&without(name), 400, "MissingParameter", &missing(name));
        }
        // What has a default, and what only makes a request the only one of its kind.
        for name in ["SignatureMethod", "SignatureVersion", "SignatureNonce"] {
            assert_eq!(without(name).status, 200, "{name}");
        }
    }
}

#[test]
fn there_is_one_version() {
    let kms = Kms::start_with(USERS);
    let signed = |version| {
        let signer = Signer::new("AK-full", "secret-of-full").version(version).at(START);
        kms.send(&signer.sign(Request::new("POST", "/"), Some("ListSecrets")))
    };
    assert_eq!(signed("2016-01-20").status, 200);
    refuses(&signed("2016-01-21"), INVALID_VERSION);
    for version in ["2016-01-21", "2016-1-20", "1", "2016-01-20%20"] {
        let request = Request::new("GET", format!("/?Action=ListSecrets&Version={version}"));
        refuses(&kms.send(&request), INVALID_VERSION);
    }
    let request = Request::new("GET", "/?Action=ListSecrets");
    failed(&kms.send(&request), 400, "MissingParameter", &missing("Version"));
}

#[test]
fn a_header_of_a_signature_has_its_form() {
    let kms = Kms::start_with(USERS);
    let signer = Signer::new("AK-full", "secret-of-full").version("2016-01-20").at(START);
    let with = |change: fn(&str) -> String| {
        let mut request = signer.sign(Request::new("POST", "/"), Some("ListSecrets"));
        let (_, header) = request.headers.last_mut().unwrap();
        *header = change(header);
        kms.send(&request)
    };
    assert_eq!(with(str::to_owned).status, 200);
    let spoilt: [fn(&str) -> String; 6] = [
        |_| "Basic abc".to_owned(),
        |_| "ACS3-HMAC-SHA256".to_owned(),
        |header| header.replacen("ACS3", "ACS4", 1),
        |header| format!("{header},More=1"),
        |header| format!("{header},Signature=00"),
        |_| "ACS3-HMAC-SHA256 Credential=AK-full,SignedHeaders=host,Signature=00".to_owned(),
    ];
    for (number, change) in spoilt.into_iter().enumerate() {
        let reply = with(change);
        assert_eq!((number, reply.status, reply.code()), (number, 400, INCOMPLETE.1.to_owned()));
        assert_eq!(reply.message(), INCOMPLETE.2);
    }
}

#[test]
fn a_signature_is_that_of_an_enabled_key() {
    let kms = Kms::start_with(USERS);
    let off = (403, "Forbidden.AccessKey", "This AccessKey is not enabled.");
    refuses(&kms.user("off").call("ListSecrets", &[]), off);
    // Clients compare what stands behind the last words to the text that they signed.
    let wrong = kms.user("other").with_id("AK-full");
    let (request, signed) = wrong.request(0, &[], "ListSecrets", &[("PageSize", "7")]);
    let message = format!(
        "Specified signature is not matched with our calculation. server string to sign is:{signed}"
    );
    failed(&kms.send(&request), 400, "SignatureDoesNotMatch", &message);
}

#[test]
fn a_nonce_is_used_once_where_only_the_cloud_refuses_another_time() {
    let used = (400, "SignatureNonceUsed", "Specified signature nonce was used already.");
    for is_strict in [false, true] {
        let kms = Kms::start_and(USERS, |settings| settings.kms_strict = is_strict);
        let (request, _) = kms.user("full").request(0, &[], "ListSecrets", &[]);
        assert_eq!(kms.send(&request).status, 200);
        let again = kms.send(&request);
        if is_strict {
            refuses(&again, used);
        } else {
            assert_eq!(again.status, 200, "{}", again.text());
        }
        assert_eq!(kms.user("full").call("ListSecrets", &[]).status, 200);
        // Without one nobody can tell whether it was sent before.
        let (request, _) = kms.user("full").request(0, &["SignatureNonce"], "ListSecrets", &[]);
        if is_strict {
            failed(&kms.send(&request), 400, "MissingParameter", &missing("SignatureNonce"));
        } else {
            assert_eq!(kms.send(&request).status, 200);
        }
    }
}

#[test]
fn a_get_may_have_its_parameters_in_a_form_or_an_object() {
    let kms = Kms::start_with(USERS);
    kms.create("s");
    kms.put("s", "v2", &[]);
    let target = "/?Version=2016-01-20&Action=GetSecretValue&SecretName=s";
    let old = [("VersionStage", "ACSPrevious")];
    let form = "application/x-www-form-urlencoded";
    for request in [
        Request::new("GET", target).body(form, query(&old)),
        Request::new("GET", target).json(&json!({"VersionStage": "ACSPrevious"})),
    ] {
        assert_eq!(kms.send(&request).json()["VersionId"], "v1");
    }
    let caller = kms.user("full");
    let (post, _) = caller.request(0, &[], "GetSecretValue", &[("SecretName", "s")]);
    let (get, _) = caller.request_by("GET", 0, &[], "GetSecretValue", &[("SecretName", "s")]);
    for request in [post, get] {
        let reply = kms.send(&request);
        assert_eq!(reply.json()["VersionId"], "v2", "{}", reply.text());
    }
}

#[test]
fn nothing_is_added_to_a_request_that_is_signed_by_parameters() {
    let kms = Kms::start_with(USERS);
    kms.create("s");
    let (signed, _) =
        kms.user("full").request_by("GET", 0, &[], "DescribeSecret", &[("SecretName", "s")]);
    // All of it in the query, as most clients send it.
    let target = format!("{}&SecretName=s", signed.target);
    let fresh = || Request::new("GET", target.clone());
    assert_eq!(kms.send(&fresh()).status, 200);
    let added = r#"{"ForceDeleteWithoutRecovery":"true"}"#;
    let marked = format!("\u{feff}{added}");
    for request in [
        fresh().header("Authorization", "").header("x-acs-action", "DeleteSecret"),
        fresh().header("x-acs-action", "DeleteSecret"),
    ] {
        assert_eq!(kms.send(&request).json()["SecretName"], "s");
        assert_eq!(kms.describe("s")["PlannedDeleteTime"], json!(null));
    }
    for body in [added, marked.as_str()] {
        for request in [fresh(), fresh().header("Authorization", "")] {
            let request = request.header("x-acs-action", "DeleteSecret");
            let reply = kms.send(&request.body("application/json", body));
            assert_eq!(
                (reply.status, reply.code()),
                (400, "ParseRequestParameterException".to_owned())
            );
        }
    }
    kms.describe("s");
}

#[test]
fn a_body_holds_parameters() {
    let kms = Kms::start();
    let form = "application/x-www-form-urlencoded";
    for request in [
        list().body("application/json", "[1]"),
        list().body("application/json", r#"{"a":"#),
        list().body("text/plain", "PageNumber=1"),
        list().body(form, "PageNumber=1").header("Content-Encoding", "gzip"),
    ] {
        refuses(&kms.send(&request), UNPARSABLE);
    }
    for request in [
        list().body("application/json", r#"{"PageNumber":1}"#),
        list().body(form, "PageNumber=1").header("Content-Encoding", "identity"),
    ] {
        assert_eq!(kms.send(&request).status, 200);
    }
}

/// The API has these operations as well.
#[test]
fn what_is_not_emulated_says_so() {
    const NAMES: &str = "
        AsymmetricDecrypt AsymmetricEncrypt AsymmetricSign AsymmetricVerify CertificatePrivateKeyDecrypt
        CertificatePrivateKeySign CertificatePublicKeyEncrypt CertificatePublicKeyVerify ConnectKmsInstance
        CreateApplicationAccessPoint CreateCertificate CreateClientKey CreateKeyVersion CreateNetworkRule
        CreatePolicy DeleteApplicationAccessPoint DeleteCertificate DeleteClientKey DeleteKeyMaterial
        DeleteNetworkRule DeletePolicy DescribeApplicationAccessPoint DescribeCertificate DescribeKeyVersion
        DescribeNetworkRule DescribePolicy DescribeService ExportCertificate ExportDataKey
        GenerateAndExportDataKey GetCertificate GetClientKey GetDefaultKmsInstance GetKeyPolicy GetKmsInstance
        GetKmsInstanceQuotaInfos GetParametersForImport GetPublicKey ImportKeyMaterial
        ListApplicationAccessPoints ListCertificates ListClientKeys ListKeyVersions ListNetworkRules ListPolicies
        ReEncrypt ReleaseKmsInstance SetDeletionProtection SetKeyPolicy UpdateApplicationAccessPoint
        UpdateCertificateStatus UpdateKmsInstanceBindVpc UpdateNetworkRule UpdatePolicy UpdateRotationPolicy
        UploadCertificate";
    let kms = Kms::start();
    let names: Vec<&str> = NAMES.split_whitespace().collect();
    assert_eq!(names.len(), 56);
    for name in names {
        kms.refused(name, &[], 400, "UnsupportedOperation", UNSUPPORTED);
    }
}

/// The table that an operation cannot do without; `None` where it needs no database.
fn table_of(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::CreateSecret
        | Operation::DescribeSecret
        | Operation::ListSecrets
        | Operation::UpdateSecret
        | Operation::DeleteSecret
        | Operation::RestoreSecret
        | Operation::PutSecretValue
        | Operation::GetSecretValue
        | Operation::BatchGetSecretValue
        | Operation::ListSecretVersionIds
        | Operation::UpdateSecretVersionStage
        | Operation::RotateSecret
        | Operation::UpdateSecretRotationPolicy
        | Operation::SetSecretPolicy
        | Operation::GetSecretPolicy => Some("kms_secrets"),
        Operation::TagResource
        | Operation::UntagResource
        | Operation::TagResources
        | Operation::UntagResources
        | Operation::ListTagResources
        | Operation::ListResourceTags => Some("kms_tags"),
        Operation::CreateKey
        | Operation::DescribeKey
        | Operation::ListKeys
        | Operation::UpdateKeyDescription
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::ScheduleKeyDeletion
        | Operation::CancelKeyDeletion
        | Operation::GenerateDataKey
        | Operation::GenerateDataKeyWithoutPlaintext
        | Operation::Encrypt
        | Operation::Decrypt => Some("kms_keys"),
        Operation::CreateAlias
        | Operation::UpdateAlias
        | Operation::DeleteAlias
        | Operation::ListAliases
        | Operation::ListAliasesByKeyId => Some("kms_aliases"),
        Operation::GetRandomPassword
        | Operation::DescribeRegions
        | Operation::ListKmsInstances
        | Operation::OpenKmsService
        | Operation::DescribeAccountKmsStatus => None,
    }
}

#[test]
fn a_table_that_is_gone_is_an_internal_failure() {
    let kms = Kms::start();
    let made = make(&kms);
    let shown = || {
        let secret = kms.ok("DescribeSecret", &[("SecretName", "s"), ("FetchTags", "true")]);
        (secret, kms.value("s"), kms.key_metadata(&made.key), kms.ok("ListKeys", &[]))
    };
    let before = shown();
    for table in ["kms_secrets", "kms_tags", "kms_keys", "kms_aliases"] {
        kms.execute(&format!("ALTER TABLE {table} RENAME TO hidden"));
        for operation in Operation::ALL.iter().filter(|it| table_of(**it) == Some(table)) {
            let (parameters, _) = request_for(*operation, &made);
            refuses(&kms.call(operation.name(), &parameters), FAILURE);
        }
        kms.execute(&format!("ALTER TABLE hidden RENAME TO {table}"));
    }
    assert_eq!(shown(), before);
    kms.ok("CreateKey", &[]);
}

/// What was done and could not be written down is told as a failure; from then on nothing is done.
#[test]
fn nothing_is_done_that_cannot_be_written_down() {
    let made =
        Made { key: "key-hzz62f1cb66fa42qo5o4r".to_owned(), blob: "c3BlY2ltZW4=".to_owned() };
    for first in Operation::ALL.iter().filter(|it| table_of(**it).is_none()) {
        let kms = Kms::start_and("", |settings| settings.audit_log = Some("/dev/full".into()));
        let (parameters, _) = request_for(*first, &made);
        refuses(&kms.call(first.name(), &parameters), FAILURE);
        for operation in Operation::ALL {
            let (parameters, _) = request_for(*operation, &made);
            // As the tables of these operations spell it.
            let row = match operation {
                Operation::CreateKey | Operation::GetSecretPolicy | Operation::SetSecretPolicy => {
                    (503, "SerivceUnvailableTemporary", "Service Unvailable Temporary")
                }
                _ => (503, "ServiceUnavailableTemporary", "Service Unavailable Temporary."),
            };
            refuses(&kms.call(operation.name(), &parameters), row);
        }
    }
}
