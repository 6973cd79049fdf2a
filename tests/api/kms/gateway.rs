//! How a request is read, whatever operation it is for: region, format, bodies, lists, and the order of its checks.

use super::harness::*;
use crate::common::Signer;

const INVALID: &str = "InvalidParameter";

/// A request without a signature.
fn request(method: &str, action: &str, parameters: Given) -> Request {
    let parameters = [&[("Action", action), ("Version", "2016-01-20")], parameters].concat();
    Request::new(method, format!("/?{}", query(&parameters)))
}

#[test]
fn a_region_is_named_by_its_parameter_or_by_the_host() {
    let kms = Kms::start_and("", |settings| {
        let names = [
            "kms.cn-beijing.aliyuncs.com",
            "kms-vpc.cn-beijing.aliyuncs.com",
            "kms.cn-shanghai.aliyuncs.com",
            "kms.aliyuncs.com",
            "sae.cn-beijing.aliyuncs.com",
            "kms.cn-beijing.example.org",
            "kms.my-team.example.org",
        ];
        settings.allowed_host = names.map(str::to_owned).to_vec();
    });
    for region in [REGION, "cn-beijing"] {
        kms.create_with("s", &[("RegionId", region)]);
    }
    let describe = |host: &str, more: Given| {
        let parameters = [&[("SecretName", "s")], more].concat();
        kms.server.send(&request("GET", "DescribeSecret", &parameters).header("Host", host))
    };
    let region_of = |host: &str, more: Given| {
        let arn = describe(host, more).json()["Arn"].as_str().expect(host).to_owned();
        arn.split(':').nth(2).unwrap().to_owned()
    };
    for (host, region) in [
        ("kms.cn-beijing.localhost", "cn-beijing"),
        ("kms.cn-beijing.localhost:8080", "cn-beijing"),
        ("kms.cn-beijing.aliyuncs.com", "cn-beijing"),
        ("kms-vpc.cn-beijing.aliyuncs.com", "cn-beijing"),
        ("KMS.cn-Beijing.AliyunCS.com", "cn-beijing"),
        ("kms.cn-beijing.example.org", "cn-beijing"),
        ("kms.my-team.example.org", REGION),
        ("sae.cn-beijing.aliyuncs.com", REGION),
        ("kms.aliyuncs.com", REGION),
        ("kms.localhost", REGION),
        ("localhost", REGION),
    ] {
        assert_eq!(region_of(host, &[]), region, "{host}");
        assert_eq!(region_of(host, &[("RegionId", "cn-beijing")]), "cn-beijing", "{host}");
    }
    for host in ["kms.cn-shanghai.localhost", "kms.cn-shanghai.aliyuncs.com"] {
        let message = not_valid("RegionId", "is not served here");
        failed(&describe(host, &[]), 400, INVALID, &message);
    }
}

#[test]
fn xml_is_asked_for_in_two_spellings() {
    let kms = Kms::start();
    for (format, is_xml) in [
        ("xml", true),
        ("XML", true),
        ("Xml", false),
        ("xML", false),
        ("JSON", false),
        ("None", false),
        ("", false),
    ] {
        let reply = kms.call("DescribeRegions", &[("Format", format)]);
        let expected =
            if is_xml { "text/xml;charset=utf-8" } else { "application/json;charset=utf-8" };
        assert_eq!(reply.header("content-type"), Some(expected), "{format}");
    }
}

#[test]
fn a_form_that_is_no_text_is_refused_as_a_whole() {
    let kms = Kms::start();
    kms.create("s");
    let update = |form: &[u8]| {
        let request = request("POST", "UpdateSecret", &[]);
        kms.server.send(&request.body("application/x-www-form-urlencoded", form))
    };
    for form in [
        &b"SecretName=%ff%fe"[..],
        b"SecretName=s&Description=%zz",
        b"SecretName=s&Description=\xff",
        b"SecretName=s&%zz=1",
    ] {
        let message = "Server parse parameters exception. Please check your input params.";
        failed(&update(form), 400, "ParseRequestParameterException", message);
    }
    for (form, description) in [
        (&b"SecretName=s&Description=%E4%B8%AD+b"[..], "中 b"),
        (b"SecretName=s&Description= b ", " b "),
    ] {
        assert_eq!(update(form).status, 200);
        assert_eq!(kms.describe("s")["Description"], description);
    }
}

#[test]
fn a_map_may_be_an_object_of_a_json_body_or_a_text_in_it() {
    let kms = Kms::start();
    let account = r#"{"Accounts":[{"AccountName":"a","AccountPassword":"canary-in-a-map"}]}"#;
    let config = r#"{"SecretSubType":"SingleUser","DBInstanceId":"rm-1"}"#;
    let managed = [("SecretType", "Rds"), ("ExtendedConfig", config), ("SecretData", account)];
    kms.create_with("s", &managed);
    for (sent, kept) in [
        (json!({"a": "1"}), r#"{"a":"1"}"#),
        (json!(r#"{"b":"2"}"#), r#"{"b":"2"}"#),
        (json!("{}"), "{}"),
    ] {
        let body = json!({"SecretName": "s", "ExtendedConfig.CustomData": sent});
        let reply = kms.server.send(&request("POST", "UpdateSecret", &[]).json(&body));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let shown = kms.describe("s")["ExtendedConfig"].as_str().unwrap().to_owned();
        assert!(shown.ends_with(&format!(r#","CustomData":{kept}}}"#)), "{shown}");
    }

    let made = kms.ok("CreateKey", &[]);
    let key = &made["KeyMetadata"]["KeyId"];
    for sent in [json!({"a": "1", "b": "2"}), json!(r#"{"b":"2","a":"1"}"#)] {
        let body = json!({"KeyId": key, "Plaintext": "c3BlY2ltZW4=", "EncryptionContext": sent});
        let reply = kms.server.send(&request("POST", "Encrypt", &[]).json(&body)).json();
        let blob = reply["CiphertextBlob"].as_str().unwrap();
        let context = ("EncryptionContext", r#"{"a":"1","b":"2"}"#);
        let opened = kms.ok("Decrypt", &[("CiphertextBlob", blob), context]);
        assert_eq!(opened["Plaintext"], "c3BlY2ltZW4=");
    }
}

#[test]
fn no_member_of_a_list_is_left_out_unseen() {
    let kms = Kms::start();
    kms.create("s");
    kms.create("t");
    let of_kind = [("ResourceType", "secret"), ("ResourceId.1", "s")];
    let tag = [("Tag.1.Key", "k"), ("Tag.1.Value", "v")];
    let resources = not_valid("ResourceId", "is numbered from 1 to 50");
    let tags = not_valid("Tag", "is numbered from 1 to 20");
    let keys = not_valid("TagKey", "is numbered from 1 to 20");
    for name in ["ResourceId.0", "ResourceId.51", "ResourceId.60", "ResourceId.01", "ResourceId.x"]
    {
        for action in ["TagResources", "ListTagResources"] {
            let given = [&of_kind[..], &tag, &[(name, "t")]].concat();
            kms.refused(action, &given, 400, INVALID, &resources);
        }
    }
    for name in ["Tag.0.Key", "Tag.25.Key", "Tag.25.Value", "Tag.x.Key", "Tag.2.Kye", "Tag.2"] {
        for action in ["TagResources", "ListTagResources"] {
            let given = [&of_kind[..], &tag, &[(name, "x")]].concat();
            kms.refused(action, &given, 400, INVALID, &tags);
        }
    }
    for name in ["TagKey.0", "TagKey.21", "TagKey.300", "TagKey.one"] {
        let given = [&of_kind[..], &[("TagKey.1", "k"), (name, "x")]].concat();
        kms.refused("UntagResources", &given, 400, INVALID, &keys);
    }
    // A gap is none of the reasons.
    let gaps = [of_kind[0], ("ResourceId.3", "s"), ("ResourceId.50", "t"), ("Tag.20.Key", "k")];
    kms.ok("TagResources", &gaps);
    for name in ["s", "t"] {
        let described = kms.ok("DescribeSecret", &[("SecretName", name), ("FetchTags", "true")]);
        assert_eq!(described["Tags"]["Tag"], json!([{"TagKey": "k", "TagValue": ""}]), "{name}");
    }
}

#[test]
fn the_signature_is_checked_before_its_time() {
    let kms = Kms::start();
    let (late, mismatch) = (3600, "SignatureDoesNotMatch");
    let time = "The input parameter \"Timestamp\" that is mandatory for processing this request is not supplied.";
    let parameters = [("SecretName", "mine")];
    let rotator = kms.user("rotator");
    failed(&rotator.call_at(late, "DescribeSecret", &parameters), 400, "IllegalTimestamp", time);
    let other = rotator.with_id("AK-nobody");
    assert_eq!(other.call_at(late, "DescribeSecret", &parameters).code(), mismatch);

    let signed = |secret: &str| {
        let signer = Signer::new("AK-rotator", secret).version("2016-01-20").at(START + late);
        let request = Request::new("GET", format!("/?{}", query(&parameters)));
        kms.server.send(&signer.sign(request, Some("DescribeSecret")))
    };
    failed(&signed("secret-of-rotator"), 400, "IllegalTimestamp", time);
    assert_eq!(signed("secret-of-nobody").code(), mismatch);
}

#[test]
fn the_logs_have_the_code_of_the_reply() {
    let kms = Kms::start_and("", |settings| settings.audit_log = Some("/dev/full".into()));
    // What this one did is owed to the audit log, which takes no other until it is written.
    assert_eq!(kms.call("DescribeRegions", &[]).status, 500);
    for (action, code) in
        [("CreateKey", "SerivceUnvailableTemporary"), ("ListKeys", "ServiceUnavailableTemporary")]
    {
        assert_eq!(kms.call(action, &[]).code(), code);
        let metrics = kms.server.call("GET", "/metrics", &[]);
        let line = format!(
            "sae_secret_requests_total{{service=\"kms\",operation=\"{action}\",code=\"{code}\"}} 1"
        );
        assert!(metrics.text().lines().any(|known| known == line), "{line}");
    }
}

#[test]
fn metrics_tell_the_products_apart_and_count_what_kms_has() {
    let kms = Kms::start();
    kms.create("s");
    kms.create_with("s", &[("RegionId", "cn-beijing")]);
    kms.ok("CreateKey", &[]);
    kms.server.call("GET", SECRETS, &[("NamespaceId", REGION)]).data();
    kms.listed(&[]);
    let metrics = kms.server.call("GET", "/metrics", &[]);
    for line in [
        "sae_secret_requests_total{service=\"kms\",operation=\"CreateSecret\",code=\"200\"} 2",
        "sae_secret_requests_total{service=\"kms\",operation=\"ListSecrets\",code=\"200\"} 1",
        "sae_secret_requests_total{service=\"sae\",operation=\"ListSecrets\",code=\"200\"} 1",
        "sae_secret_request_duration_seconds_count{service=\"kms\",operation=\"CreateKey\"} 1",
        "sae_secret_kms_secrets 2",
        "sae_secret_kms_keys 1",
        "sae_secret_secrets 0",
    ] {
        assert!(metrics.text().lines().any(|known| known == line), "{line} in\n{}", metrics.text());
    }
}

#[test]
fn a_header_that_means_something_stands_once() {
    let kms = Kms::start_with(
        "users: [{ name: full, policies: [AliyunKMSFullAccess], \
         access_keys: [{ id: AK-full, secret: secret-of-full }] }]",
    );
    kms.create("s");
    let signer = Signer::new("AK-full", "secret-of-full").version("2016-01-20");
    let signer = signer.at(START);
    let sent = |headers: &[(&str, &str)]| {
        let request = Request::new("POST", "/?SecretName=s");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        kms.server.send(&signer.sign(request, None))
    };
    let reply = sent(&[("x-acs-action", "DescribeSecret")]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    // Signed are the values in the order of the alphabet: whoever turned them around would choose the operation.
    for headers in [
        [("x-acs-action", "DescribeSecret"), ("x-acs-action", "DeleteSecret")],
        [("x-acs-action", "DeleteSecret"), ("x-acs-action", "DescribeSecret")],
    ] {
        let message = "The request signature does not conform to Aliyun standards.";
        failed(&sent(&headers), 400, "IncompleteSignature", message);
    }
    assert_eq!(kms.describe("s")["PlannedDeleteTime"], Value::Null);
}
