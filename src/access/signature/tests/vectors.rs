//! Every vector of `tests/fixtures/sae/vectors.md`, which an official SDK made: each text on the way to the signature,
//! and the signature. The requests are written here as the SDK sends them, which is not as it signs them.

use super::{
    super::{
        KeyMaterial, SignedRequest,
        acs3::{self, Algorithm, Style},
        roa::{self, EmptyValues},
    },
    acs3 as acs3_authorization, roa as roa_authorization,
};

use crate::access::Refusal;

const VECTORS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sae/vectors.md"));

/// The body whose hashes vectors 2 of the older and 3 of the newer way carry.
const BODY: &[u8] = br#"{"SecretData":"{\"k1\":\"djE=\"}"}"#;

/// The section of one vector.
struct Vector(&'static str);

impl Vector {
    fn of(title: &str) -> Self {
        let mut sections = VECTORS.split("### ").filter(|section| section.starts_with(title));
        let (first, second) = (sections.next(), sections.next());
        assert!(second.is_none(), "{title} stands twice");
        Self(first.unwrap_or_else(|| panic!("no vector {title}")))
    }

    /// The rest of the line that starts so.
    fn line(&self, start: &str) -> &'static str {
        let found = self.0.lines().find_map(|line| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("no {start}"))
    }

    fn canonical_request(&self) -> &'static str {
        self.0.split("----\n").nth(1).unwrap().strip_suffix('\n').unwrap()
    }

    fn secret(&self) -> &'static str {
        self.line("AK=").split_once(" SK=").unwrap().1
    }

    fn access_key_id(&self) -> &'static str {
        self.line("AK=").split_once(" SK=").unwrap().0
    }
}

fn secret(text: &str) -> KeyMaterial {
    KeyMaterial::Secret(text.to_owned().into())
}

fn check_acs3(title: &str, request: &SignedRequest<'_>, body: &[u8]) {
    let vector = Vector::of(title);
    let authorization = acs3_authorization(vector.line("Authorization: "));
    assert_eq!(authorization.access_key_id, vector.access_key_id());
    assert_eq!(authorization.algorithm, Algorithm::HmacSha256);
    let hash = authorization.algorithm.hash(body);
    assert_eq!(request.values("x-acs-content-sha256").next(), Some(hash.as_bytes()));
    let canonical = acs3::canonical_request(request, &authorization, Style::Roa, hash.as_bytes());
    assert_eq!(std::str::from_utf8(&canonical).unwrap(), vector.canonical_request());
    let text = acs3::string_to_sign(authorization.algorithm, &canonical);
    assert_eq!(text.replace('\n', "\\n"), vector.line("string-to-sign: "));
    assert!(text.ends_with(vector.line("sha256(CR)=")));
    assert_eq!(acs3::unsigned_header(request, &authorization, Style::Roa), None);
    assert_eq!(acs3::verify(request, &authorization, &secret(vector.secret()), Style::Roa), Ok(()));
    let wrong = acs3::verify(request, &authorization, &secret("another"), Style::Roa);
    let told = Refusal::Acs3Mismatch {
        canonical_request: vector.canonical_request().to_owned(),
        string_to_sign: text,
    };
    assert_eq!(wrong, Err(told));
}

fn check_roa(title: &str, request: &SignedRequest<'_>, empty_values: EmptyValues) {
    let vector = Vector::of(title);
    let authorization = roa_authorization(vector.line("Authorization: "));
    assert_eq!(authorization.access_key_id, vector.access_key_id());
    let text = roa::string_to_sign(request, empty_values);
    let text = std::str::from_utf8(&text).unwrap();
    let expected = vector.line("string-to-sign (JSON escaped): ");
    assert_eq!(text, serde_json::from_str::<String>(expected).unwrap());
    assert_eq!(roa::verify(request, &authorization, &secret(vector.secret())), Ok(()));
    let wrong = roa::verify(request, &authorization, &secret("another")).unwrap_err();
    let told = roa::string_to_sign(request, EmptyValues::WithEqualsSign);
    let told = String::from_utf8(told).unwrap();
    assert_eq!(wrong, Refusal::RoaMismatch { string_to_sign: told });
}

#[test]
fn acs3_list() {
    let request = SignedRequest {
        method: "GET",
        path: "/pop/v1/sam/secret/secrets",
        query: "NamespaceId=cn-beijing:test",
        headers: &[
            ("host", b"sae.cn-beijing.aliyuncs.com"),
            ("x-acs-version", b"2019-05-06"),
            ("x-acs-action", b"ListSecrets"),
            ("user-agent", b"not signed"),
            ("x-acs-date", b"2026-01-02T03:04:05Z"),
            ("x-acs-signature-nonce", b"0123456789abcdef0123456789abcdef"),
            ("accept", b"application/json"),
            (
                "x-acs-content-sha256",
                b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
        ],
    };
    check_acs3("ACS3 #1", &request, b"");
}

#[test]
fn acs3_create_with_a_token_and_strange_characters() {
    let request = SignedRequest {
        method: "POST",
        path: "/pop/v1/sam/secret/secret",
        // A space as `+`, `*` and `~` both ways, no order, an empty value without its equals sign.
        query: "SecretType=kubernetes.io%2Fdockerconfigjson&SecretName=registry-auth-acree\
            &SecretData=%7b%22SecretData%22%3A%22%7B%5C%22k+1%5C%22%3A%5C%22a%2Bb*c%7Ed/%C3%A9=%5C%22%7D%22%7D\
            &NamespaceId=cn-beijing%3atest&Empty",
        headers: &[
            ("x-acs-security-token", b"FAKETOKEN/+=abc"),
            ("x-acs-accesskey-id", b"STS.fakeid"),
            ("x-acs-version", b"2019-05-06"),
            ("x-acs-action", b"CreateSecret"),
            ("x-acs-date", b"2026-01-02T03:04:05Z"),
            ("x-acs-signature-nonce", b"ffffffffffffffffffffffffffffffff"),
            (
                "x-acs-content-sha256",
                b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            ("user-agent", b"  demo agent\t"),
            ("host", b"sae.cn-beijing.aliyuncs.com"),
            ("accept", b"application/json"),
        ],
    };
    check_acs3("ACS3 #2", &request, b"");
}

#[test]
fn acs3_update_with_a_body() {
    let request = SignedRequest {
        method: "PUT",
        path: "/pop/v1/sam/secret/secret",
        query: "SecretId=16&NamespaceId=cn-beijing%3Atest",
        headers: &[
            ("accept", b"application/json"),
            ("content-type", b"application/json; charset=utf-8"),
            ("host", b"sae.cn-beijing.aliyuncs.com"),
            ("x-acs-action", b"UpdateSecret"),
            (
                "x-acs-content-sha256",
                b"4be5cc2e462c255dfe5fa4f7b39419020ce8e8803d4974ae70ebc4a2e27447e6",
            ),
            ("x-acs-date", b"2026-01-02T03:04:05Z"),
            ("x-acs-signature-nonce", b"00000000000000000000000000000003"),
            ("x-acs-version", b"2019-05-06"),
        ],
    };
    check_acs3("ACS3 #3", &request, BODY);
}

#[test]
fn roa_list() {
    let request = SignedRequest {
        method: "GET",
        path: "/pop/v1/sam/secret/secrets",
        query: "NamespaceId=cn-beijing%3Atest",
        headers: &[
            ("date", b"Fri, 02 Jan 2026 03:04:05 GMT"),
            ("host", b"not signed"),
            ("x-acs-version", b"2019-05-06"),
            ("accept", b"application/json"),
            ("x-acs-signature-version", b"1.0"),
            ("x-acs-signature-method", b"HMAC-SHA1"),
            ("x-acs-signature-nonce", b"0123456789abcdef0123456789abcdef"),
            ("x-acs-action", b"ListSecrets"),
            ("x-sdk-client", b"not signed"),
        ],
    };
    check_roa("ROA-SHA1 #1", &request, EmptyValues::WithEqualsSign);
    check_roa("ROA-SHA1 #1", &request, EmptyValues::BareName);
}

#[test]
fn roa_update_with_a_body() {
    let request = SignedRequest {
        method: "PUT",
        path: "/pop/v1/sam/secret/secret",
        query: "SecretId=16&NamespaceId=cn-beijing:test&RegionId=cn-beijing",
        headers: &[
            ("accept", b"application/json"),
            ("content-md5", b"s35SqnS//Cn4X67sRWSlfQ=="),
            ("content-type", b"application/json"),
            ("date", b"Fri, 02 Jan 2026 03:04:05 GMT"),
            ("x-acs-region-id", b"cn-beijing"),
            ("x-acs-signature-method", b"HMAC-SHA1"),
            ("x-acs-signature-version", b"1.0"),
            ("x-acs-version", b"2019-05-06"),
        ],
    };
    assert_eq!(roa::content_md5(BODY), "s35SqnS//Cn4X67sRWSlfQ==");
    check_roa("ROA-SHA1 #2", &request, EmptyValues::WithEqualsSign);
}

#[test]
fn roa_with_an_empty_value() {
    let request = SignedRequest {
        method: "POST",
        path: "/pop/v1/paas/namespace",
        query: "NamespaceName=%E5%90%8D+n%2Ba*m~e&NamespaceId=cn-beijing%3Atest&NamespaceDescription=",
        headers: &[
            ("accept", b"application/json"),
            ("date", b"Fri, 02 Jan 2026 03:04:05 GMT"),
            ("x-acs-signature-method", b"HMAC-SHA1"),
            ("x-acs-signature-nonce", b"n3"),
            ("x-acs-signature-version", b"1.0"),
            ("x-acs-version", b"2019-05-06"),
        ],
    };
    check_roa("ROA-SHA1 #3", &request, EmptyValues::BareName);
}

#[test]
fn every_vector_is_checked() {
    assert_eq!(VECTORS.matches("### ").count(), 6);
}
