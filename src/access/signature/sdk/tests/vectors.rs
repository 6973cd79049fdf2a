//! Requests that official SDKs signed, as they came over the wire: they were made with
//! huaweicloudsdkcore 3.1.219 (Python), and those named `go_…` with huaweicloud-sdk-go-v3 0.1.207. The keys are made up.

use super::super::SignedRequest;

/// A request that is rightly signed.
pub struct Vector {
    pub name: &'static str,
    pub request: SignedRequest<'static>,
    pub body: &'static [u8],
    pub secret: &'static str,
    /// What the SDK made of it, where it can be asked.
    pub canonical_request: Option<&'static str>,
}

/// When all of them were signed: 2024-01-02T03:04:05Z in epoch milliseconds.
pub const SIGNED_AT: i64 = 1_704_164_645_000;

pub const SECRET: &str = "skExampleSecretKey0000000000000000000000";

/// The hash of the canonical request of each of the first vectors.
pub const CANONICAL_HASHES: [&str; 5] = [
    "e5b293ea75e06318cdaf4f3407a61d95731a735690ca7099a42fdaaddea9cd4f",
    "f7028515b026f65075af86a962d1721615f115db57372ea0e4323cadedb0b578",
    "02986010455ed71e0b333a0509bcbc193d355f9067ec2556397005d0930fb95a",
    "2942364b23aec44262f04685ee0ec4b8f5e0fc477389f9b86f224b7acb19dc40",
    "a8b9975aeb84e55780468efb85b96c8d03758bff3b56636979af63517e5286b1",
];

pub const VECTORS: [Vector; 23] = [
    // Create secret (POST, JSON body, no query).
    Vector {
        name: "V1",
        request: SignedRequest {
            method: "POST",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("content-type", b"application/json"),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-project-id;x-sdk-date, \
                        Signature=71958a72d41e82a94b00338a373be57c529749967155ac595db941e460c28748",
                ),
            ],
        },
        body: b"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\
                  \"metadata\":{\"name\":\"mysecret\"},\"type\":\"Opaque\",\
                  \"data\":{\"password\":\"cGFzc3dvcmQ=\",\"username\":\"dXNlcg==\"}}",
        secret: SECRET,
        canonical_request: Some(
            "POST\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            content-type:application/json\n\
            host:127.0.0.1:5000\n\
            x-project-id:0000000000000000000000000000abcd\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-project-id;x-sdk-date\n\
            ae3d24d9ac5232b83a6476162c6b05711308e91ff6a822ad666552d2134e5f49",
        ),
    },
    // List with query needing escaping, no body.
    Vector {
        name: "V2",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets",
            query: "fieldSelector=metadata.name%3Dmy%20secret~%2A&\
                       labelSelector=app%20in%20%28a%2Cb%29%2C%21x&limit=500",
            headers: &[
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-sdk-date, \
                        Signature=b318eb029e73d700c7a252ecaf203b6adc8d06febe93b011895920009044147d",
                ),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "GET\n\
            /api/v1/namespaces/default/secrets/\n\
            fieldSelector=metadata.name%3Dmy%20secret~%2A&labelSelector=app%20in%20%28a%2Cb%29%2C%21x&limit=500\n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // Patch of a type that is not JSON.
    Vector {
        name: "V3",
        request: SignedRequest {
            method: "PATCH",
            path: "/api/v1/namespaces/default/secrets/mysecret",
            query: "",
            headers: &[
                ("content-type", b"text/plain"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, \
                        Signature=d9047280ddcc06fb21641174f9b16b4b2941621b1e981f349ce6b5439cb3d4a8",
                ),
            ],
        },
        body: b"abc",
        secret: SECRET,
        canonical_request: Some(
            "PATCH\n\
            /api/v1/namespaces/default/secrets/mysecret/\n\
            \n\
            content-type:text/plain\n\
            host:127.0.0.1:5000\n\
            x-sdk-content-sha256:UNSIGNED-PAYLOAD\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-content-sha256;x-sdk-date\n\
            UNSIGNED-PAYLOAD",
        ),
    },
    // A JSON patch begins like JSON, and so is hashed.
    Vector {
        name: "V4",
        request: SignedRequest {
            method: "PATCH",
            path: "/api/v1/namespaces/default/secrets/mysecret",
            query: "dryRun=All",
            headers: &[
                ("content-type", b"application/json-patch+json"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-date, \
                        Signature=95512da5e561631b4aa794aee11061252952dc5e4516908d293e174dfb439fd1",
                ),
            ],
        },
        body: b"[{\"op\":\"remove\",\"path\":\"/data/a\"}]",
        secret: SECRET,
        canonical_request: Some(
            "PATCH\n\
            /api/v1/namespaces/default/secrets/mysecret/\n\
            dryRun=All\n\
            content-type:application/json-patch+json\n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-date\n\
            2297a0baeb33ec1a1c6d0cd72f6aa147a4a40e47b33e89ab51d61104e0e9aae1",
        ),
    },
    // Strategic merge content type is not signed; a path that is not ASCII.
    Vector {
        name: "V5",
        request: SignedRequest {
            method: "PATCH",
            path: "/api/v1/namespaces/default/secrets/é%20x",
            query: "",
            headers: &[
                ("content-type", b"application/strategic-merge-patch+json"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("x-auth-token", b"tok en"),
                ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-auth-token;x-sdk-content-sha256;x-sdk-date, \
                        Signature=d28a0a6559b7d742cb238ed59632eb9ed627256805d9ef52909bd2b05de885a3",
                ),
            ],
        },
        body: b"{\"data\":{\"a\":null}}",
        secret: SECRET,
        canonical_request: Some(
            "PATCH\n\
            /api/v1/namespaces/default/secrets/%C3%A9%20x/\n\
            \n\
            content-type:application/strategic-merge-patch+json\n\
            host:127.0.0.1:5000\n\
            x-auth-token:tok en\n\
            x-sdk-content-sha256:UNSIGNED-PAYLOAD\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-auth-token;x-sdk-content-sha256;x-sdk-date\n\
            UNSIGNED-PAYLOAD",
        ),
    },
    // A temporary key, a project, and headers that the HTTP library adds unsigned.
    Vector {
        name: "token_and_project",
        request: SignedRequest {
            method: "POST",
            path: "/api/v1/namespaces/default/secrets",
            query: "fieldManager=a%20b",
            headers: &[
                ("user-agent", b"huaweicloud-usdk-python/3.0"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("content-type", b"application/json"),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-security-token", b"FAKE-TOKEN/+=abc"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;user-agent;x-project-id;x-sdk-date;x-security-token, \
                        Signature=a7f15f5782f8781eccc1aa9511c8cc75534ce4354bac08d00b6aedd4064522ef",
                ),
                ("content-length", b"7"),
            ],
        },
        body: b"{\"a\":1}",
        secret: SECRET,
        canonical_request: Some(
            "POST\n\
            /api/v1/namespaces/default/secrets/\n\
            fieldManager=a%20b\n\
            content-type:application/json\n\
            host:127.0.0.1:5000\n\
            user-agent:huaweicloud-usdk-python/3.0\n\
            x-project-id:0000000000000000000000000000abcd\n\
            x-sdk-date:20240102T030405Z\n\
            x-security-token:FAKE-TOKEN/+=abc\n\
            \n\
            content-type;host;user-agent;x-project-id;x-sdk-date;x-security-token\n\
            015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
        ),
    },
    // The scope of a whole account.
    Vector {
        name: "domain",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("x-domain-id", b"0000000000000000000000000000d0d0"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-domain-id;x-sdk-date, \
                        Signature=6be2df21e69ee359b83b23cd858f01b797c493fe46e637fbb2139433fb5faaf4",
                ),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "GET\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            host:127.0.0.1:5000\n\
            x-domain-id:0000000000000000000000000000d0d0\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-domain-id;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // Parameters that repeat, are empty, not sorted as they are encoded, or full of what is encoded.
    Vector {
        name: "query",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets",
            query: "a=false&a=true&a%20b=%2B%20%26%3D%2541&a-b=&ab=x%2Fy%3Az%3F&b=a&b=a&\
                       b=z&limit=10&%C3%A9=%C3%BC~%2A%27%28%29%21",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-sdk-date, \
                        Signature=5cf65f31efcdf207b953154a8ef4061a0b4249e274ae8c72ee0fa61f97b98a91",
                ),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "GET\n\
            /api/v1/namespaces/default/secrets/\n\
            a=false&a=true&a%20b=%2B%20%26%3D%2541&a-b=&ab=x%2Fy%3Az%3F&b=a&b=a&b=z&limit=10&%C3%A9=%C3%BC~%2A%27%28%29%21\n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // The hash of nothing although the header says `UNSIGNED-PAYLOAD`.
    Vector {
        name: "delete_of_another_type",
        request: SignedRequest {
            method: "DELETE",
            path: "/api/v1/namespaces/default/secrets/x",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("content-type", b"text/plain"),
                ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, \
                        Signature=55443ea9069a229c5a236dcf255a112239d1f6dd5bb6363961365dc051f78da2",
                ),
                ("content-length", b"0"),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "DELETE\n\
            /api/v1/namespaces/default/secrets/x/\n\
            \n\
            content-type:text/plain\n\
            host:127.0.0.1:5000\n\
            x-sdk-content-sha256:UNSIGNED-PAYLOAD\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-content-sha256;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // The caller sets the body's hash.
    Vector {
        name: "own_digest",
        request: SignedRequest {
            method: "PUT",
            path: "/api/v1/namespaces/default/secrets/x",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("content-type", b"application/json"),
                (
                    "x-sdk-content-sha256",
                    b"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
                ),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, \
                        Signature=77fa3f5f695488c746907b4f988a60e99720671c9160c37e5d0780b921a68390",
                ),
                ("content-length", b"7"),
            ],
        },
        body: b"{\"a\":1}",
        secret: SECRET,
        canonical_request: Some(
            "PUT\n\
            /api/v1/namespaces/default/secrets/x/\n\
            \n\
            content-type:application/json\n\
            host:127.0.0.1:5000\n\
            x-sdk-content-sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-content-sha256;x-sdk-date\n\
            015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
        ),
    },
    // An encoded slash, two slashes, escapes of escapes, and what is encoded for the signature only.
    Vector {
        name: "path",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets/a%2Fb//%25zz%2541+~*%C3%A9%20c/",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-sdk-date, \
                        Signature=6ba7c5855d012c9e95497033693880ee6fd9a9c85aad03837229780f3055f3dc",
                ),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "GET\n\
            /api/v1/namespaces/default/secrets/a/b//%25zz%2541%2B~%2A%C3%A9%20c/\n\
            \n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // A path that ends with a slash.
    Vector {
        name: "root",
        request: SignedRequest {
            method: "GET",
            path: "/",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-sdk-date, \
                        Signature=c579c3961ed95c8daaf949d0a5f78303c45a9d2092ed1c6e09d5cafd8e314f88",
                ),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "GET\n\
            /\n\
            \n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // Blanks, an empty value, one that is not ASCII, and a name with `_`, which is not signed.
    Vector {
        name: "headers",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"application/json;as=Table, */*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("x-spaces", b"a  b"),
                ("x_under", b"u"),
                ("x-value", b"na\xc3\xafve \xc3\xa9"),
                ("x-empty", b""),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=accept;host;x-empty;x-sdk-date;x-spaces;x-value, \
                        Signature=92b0e0715da9a6203d6bb06630f3486b4ae0fe6a4bbf767d7548093daf962f1d",
                ),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: Some(
            "GET\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            accept:application/json;as=Table, */*\n\
            host:127.0.0.1:5000\n\
            x-empty:\n\
            x-sdk-date:20240102T030405Z\n\
            x-spaces:a  b\n\
            x-value:naïve é\n\
            \n\
            accept;host;x-empty;x-sdk-date;x-spaces;x-value\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // A body that is no text, and so is not signed.
    Vector {
        name: "protobuf",
        request: SignedRequest {
            method: "POST",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("content-type", b"application/vnd.kubernetes.protobuf"),
                ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-content-sha256;x-sdk-date, \
                        Signature=eadf3ae43ebac11b1ca72e9b68777d955f396d610c73e2ae412b839c6a36cd69",
                ),
                ("content-length", b"5"),
            ],
        },
        body: b"k8s\0\xff",
        secret: SECRET,
        canonical_request: Some(
            "POST\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            content-type:application/vnd.kubernetes.protobuf\n\
            host:127.0.0.1:5000\n\
            x-sdk-content-sha256:UNSIGNED-PAYLOAD\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-content-sha256;x-sdk-date\n\
            UNSIGNED-PAYLOAD",
        ),
    },
    // The SDK knows `Content-Type` in this spelling only: in another one the body is hashed.
    Vector {
        name: "hashed_merge_patch",
        request: SignedRequest {
            method: "PATCH",
            path: "/api/v1/namespaces/default/secrets/x",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("content-type", b"application/merge-patch+json"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-date, \
                        Signature=82523ffaccfbb830d1416bca73ae8751a8d4ff3f5577e5105ce743278a9f3d22",
                ),
                ("content-length", b"13"),
            ],
        },
        body: b"{\"data\":null}",
        secret: SECRET,
        canonical_request: Some(
            "PATCH\n\
            /api/v1/namespaces/default/secrets/x/\n\
            \n\
            content-type:application/merge-patch+json\n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-date\n\
            ba5f3ea40e95f49bce11942f375ebd3882eb837976eda5c0cb78b9b99ca7b485",
        ),
    },
    // No `Content-Type`.
    Vector {
        name: "untyped_body",
        request: SignedRequest {
            method: "POST",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-sdk-date, \
                        Signature=883f519477d8bbcbb259b05300c9f80aa1fae5a1cf139f069451999271f3902e",
                ),
                ("content-length", b"7"),
            ],
        },
        body: b"{\"a\":1}",
        secret: SECRET,
        canonical_request: Some(
            "POST\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-sdk-date\n\
            015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
        ),
    },
    // Every type that begins like JSON is hashed.
    Vector {
        name: "no_json_after_all",
        request: SignedRequest {
            method: "POST",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("content-type", b"application/jsonx"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=content-type;host;x-sdk-date, \
                        Signature=15e8fcb290ef67d4368947e8e1d28e141ab4d76d6b1d590633a311b5b32e7123",
                ),
                ("content-length", b"2"),
            ],
        },
        body: b"\xc3\xbc",
        secret: SECRET,
        canonical_request: Some(
            "POST\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            content-type:application/jsonx\n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            content-type;host;x-sdk-date\n\
            607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f",
        ),
    },
    // A secret that is longer than a block of the hash.
    Vector {
        name: "long_key",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("user-agent", b"python-requests/2.34.2"),
                ("accept-encoding", b"gzip, deflate"),
                ("accept", b"*/*"),
                ("connection", b"keep-alive"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("host", b"127.0.0.1:5000"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=host;x-sdk-date, \
                        Signature=0d8b84343c886810198dcc53147aee64c68839b6a0eab17d142c0f7d8d990469",
                ),
            ],
        },
        body: b"",
        secret: "skExampleskExampleskExampleskExampleskExampleskExample\
            skExampleskExampleskExampleskExampleskExampleskExample",
        canonical_request: Some(
            "GET\n\
            /api/v1/namespaces/default/secrets/\n\
            \n\
            host:127.0.0.1:5000\n\
            x-sdk-date:20240102T030405Z\n\
            \n\
            host;x-sdk-date\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
    },
    // The SDK for Go signs neither `host` nor `content-type`, and sends an empty parameter without its equals sign.
    Vector {
        name: "go_list",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets",
            query: "fieldSelector&labelSelector=b%20in%20%28x%2Cy%29&labelSelector=a%2A~&\
                       limit=500",
            headers: &[
                ("host", b"127.0.0.1:5000"),
                ("user-agent", b"Go-http-client/1.1"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=x-project-id;x-sdk-date;x-security-token, \
                        Signature=ac009612ce65f7acd7ae07bd09c461096d1572b1516139166188782be974b665",
                ),
                ("content-type", b"application/json"),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("x-security-token", b"FAKE-TOKEN/+=abc"),
                ("accept-encoding", b"gzip"),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: None,
    },
    // JSON.
    Vector {
        name: "go_create",
        request: SignedRequest {
            method: "POST",
            path: "/api/v1/namespaces/default/secrets",
            query: "",
            headers: &[
                ("host", b"127.0.0.1:5000"),
                ("user-agent", b"Go-http-client/1.1"),
                ("content-length", b"7"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=x-project-id;x-sdk-date, \
                        Signature=97034d3a8087dea8d19d0e17670e655d90ab048bbe9ca39345b05546d966fb41",
                ),
                ("content-type", b"application/json;charset=UTF-8"),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("accept-encoding", b"gzip"),
            ],
        },
        body: b"{\"a\":1}",
        secret: SECRET,
        canonical_request: None,
    },
    // Neither the type nor the body is signed.
    Vector {
        name: "go_merge_patch",
        request: SignedRequest {
            method: "PATCH",
            path: "/api/v1/namespaces/default/secrets/my%20secret",
            query: "",
            headers: &[
                ("host", b"127.0.0.1:5000"),
                ("user-agent", b"Go-http-client/1.1"),
                ("content-length", b"13"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=x-project-id;x-sdk-content-sha256;x-sdk-date, \
                        Signature=cc0582defc23ed241f9ee719270a42101bbea2961d21f26f3ca2ee094ee99955",
                ),
                ("content-type", b"application/merge-patch+json"),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("accept-encoding", b"gzip"),
            ],
        },
        body: b"{\"data\":null}",
        secret: SECRET,
        canonical_request: None,
    },
    // Unlike that for Python, it signs `UNSIGNED-PAYLOAD` also where there is no body.
    Vector {
        name: "go_delete_of_another_type",
        request: SignedRequest {
            method: "DELETE",
            path: "/api/v1/namespaces/default/secrets/%C3%A9%252F%20b+~%2A",
            query: "",
            headers: &[
                ("host", b"127.0.0.1:5000"),
                ("user-agent", b"Go-http-client/1.1"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=x-project-id;x-sdk-content-sha256;x-sdk-date, \
                        Signature=01b2f68e7c75c1832651c929dc2e3c06e10b027bf6e18e8e2e4b5f7171efafe9",
                ),
                ("content-type", b"text/plain"),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-sdk-content-sha256", b"UNSIGNED-PAYLOAD"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("accept-encoding", b"gzip"),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: None,
    },
    // An empty value, and a name with `_`, which is not signed.
    Vector {
        name: "go_headers",
        request: SignedRequest {
            method: "GET",
            path: "/api/v1/namespaces/default/secrets/",
            query: "",
            headers: &[
                ("host", b"127.0.0.1:5000"),
                ("user-agent", b"Go-http-client/1.1"),
                (
                    "authorization",
                    b"SDK-HMAC-SHA256 Access=AKEXAMPLE0000000000A, \
                        SignedHeaders=x-a;x-empty;x-project-id;x-sdk-date, \
                        Signature=9d06094cac6acac46e5ba66c3bcfff768dba96f724f519b0adef6df2f8b17abd",
                ),
                ("x-a", b"b"),
                ("x-empty", b""),
                ("x-project-id", b"0000000000000000000000000000abcd"),
                ("x-sdk-date", b"20240102T030405Z"),
                ("x_c", b"d"),
                ("accept-encoding", b"gzip"),
            ],
        },
        body: b"",
        secret: SECRET,
        canonical_request: None,
    },
];
