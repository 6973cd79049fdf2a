//! The operations on namespaces and regions.

use serde_json::{Value, json};

use crate::common::{Request, TestServer, query, server::*};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["NamespaceId"].as_str().unwrap()).collect()
}

#[test]
fn a_namespace_lives_and_dies() {
    let server = TestServer::start();
    let created = server.call(
        "POST",
        NAMESPACE,
        &[
            ("NamespaceId", "cn-beijing:new1"),
            ("NamespaceName", "名 n+a*m~e"),
            ("NamespaceDescription", "a <description>"),
            ("EnableMicroRegistration", "False"),
        ],
    );
    let expected = json!({
        "NamespaceId": "cn-beijing:new1", "NameSpaceShortId": "new1", "NamespaceName": "名 n+a*m~e",
        "NamespaceDescription": "a <description>", "RegionId": "cn-beijing", "EnableMicroRegistration": false,
    });
    assert_eq!(created.data(), expected);
    let named = [("NamespaceId", "cn-beijing:new1")];
    assert_eq!(server.call("GET", NAMESPACE, &named).data(), expected);

    let rename = [named[0], ("NamespaceName", "other")];
    let updated = server.call("PUT", NAMESPACE, &rename).data();
    assert_eq!(updated["NamespaceName"], "other");
    assert_eq!(updated["NamespaceDescription"], "a <description>", "what is absent stays");
    assert_eq!(updated["EnableMicroRegistration"], false);
    let all =
        [rename[0], rename[1], ("NamespaceDescription", ""), ("EnableMicroRegistration", "true")];
    let updated = server.call("PUT", NAMESPACE, &all).data();
    assert_eq!(
        (&updated["NamespaceDescription"], &updated["EnableMicroRegistration"]),
        (&json!(""), &json!(true))
    );
    assert_eq!(server.call("GET", NAMESPACE, &named).data(), updated);

    let deleted = server.call("DELETE", NAMESPACE, &named);
    assert_eq!(deleted.status, 200);
    assert!(deleted.json().get("Data").is_none());
    for method in ["GET", "DELETE"] {
        server.call(method, NAMESPACE, &named).assert_error(404, "InvalidNamespaceId.NotFound");
    }
    server.call("PUT", NAMESPACE, &rename).assert_error(404, "InvalidNamespaceId.NotFound");
}

#[test]
fn deleting_a_namespace_removes_its_secrets_and_frees_their_places() {
    let server = TestServer::start();
    server.create_namespace("cn-beijing:new", "new").data();
    let data = json!({"k": "canary-not-a-secret"});
    let id = server.create_secret("cn-beijing:new", "a", "Opaque", &data).secret_id();
    server.call("DELETE", NAMESPACE, &[("NamespaceId", "cn-beijing:new")]);
    server.describe_secret("cn-beijing:new", id).assert_error(404, "InvalidNamespaceId.NotFound");
    server.create_namespace("cn-beijing:new", "new").data();
    assert_eq!(server.list_secrets("cn-beijing:new").data(), json!({"Secrets": []}));
    server.describe_secret("cn-beijing:new", id).assert_error(400, "InvalidSecretId.NotFound");
    assert!(server.create_secret("cn-beijing:new", "a", "Opaque", &data).secret_id() > id);
}

#[test]
fn short_ids_name_a_namespace_of_the_callers_region() {
    let server = TestServer::start_with(WORLD, |settings| {
        settings.allowed_host = vec!["sae.cn-hangzhou.aliyuncs.com".to_owned()];
    });
    let short = [("NameSpaceShortId", "shorty"), ("NamespaceName", "n")];
    let created = server.call("POST", NAMESPACE, &short).data();
    assert_eq!(created["NamespaceId"], "cn-beijing:shorty", "the first region stands in");
    let request = Request::new("POST", format!("{NAMESPACE}?{}", query(&short)));
    let request = request.header("x-acs-region-id", "cn-hangzhou");
    assert_eq!(server.send(&request).data()["NamespaceId"], "cn-hangzhou:shorty");
    let by_parameter = [short[0], ("RegionId", "cn-hangzhou")];
    assert_eq!(server.call("GET", NAMESPACE, &by_parameter).data()["RegionId"], "cn-hangzhou");
    let by_host = Request::new("GET", format!("{NAMESPACE}?{}", query(&short)));
    let by_host = by_host.header("Host", "sae.cn-hangzhou.aliyuncs.com");
    assert_eq!(server.send(&by_host).data()["RegionId"], "cn-hangzhou");
    let both = [short[0], ("NamespaceId", "cn-beijing:test")];
    assert_eq!(server.call("GET", NAMESPACE, &both).data()["NamespaceId"], "cn-beijing:test");
    for (id, code) in [
        ("a".repeat(21), "InvalidNamespaceId.Format"),
        ("A".to_owned(), "InvalidNamespace.WithUppercase"),
        ("a_b".to_owned(), "InvalidNamespaceIdSuffix.Format"),
    ] {
        server.call("GET", NAMESPACE, &[("NameSpaceShortId", &id)]).assert_error(400, code);
    }
}

#[test]
fn a_region_that_is_not_served_is_never_taken_for_another() {
    let server = TestServer::start();
    for (region, code) in [
        ("us-west-1", "InvalidNamespaceId.Format"),
        ("CN-HANGZHOU", "InvalidParameter.Obviously"),
        ("%", "InvalidParameter.Obviously"),
    ] {
        let parameters = [("NameSpaceShortId", "test"), ("RegionId", region)];
        server.call("DELETE", NAMESPACE, &parameters).assert_error(400, code);
        server.call("GET", NAMESPACE, &parameters).assert_error(400, code);
    }
    let twice =
        format!("{NAMESPACE}?NameSpaceShortId=test&RegionId=cn-beijing&RegionId=cn-hangzhou");
    server.send(&Request::new("DELETE", twice)).assert_error(400, "InvalidParameter.Obviously");
    assert_eq!(server.call("GET", NAMESPACE, &[("NamespaceId", "cn-beijing:test")]).status, 200);
    let by_header = |values: &[&str]| {
        let request = Request::new("GET", format!("{NAMESPACE}?NameSpaceShortId=test"));
        let request = values.iter().fold(request, |it, value| it.header("x-acs-region-id", value));
        server.send(&request)
    };
    assert_eq!(by_header(&[""]).data()["NamespaceId"], "cn-beijing:test");
    assert_eq!(by_header(&["cn-beijing", "cn-beijing"]).data()["NamespaceId"], "cn-beijing:test");
    by_header(&["us-west-1"]).assert_error(400, "InvalidNamespaceId.Format");
    by_header(&["cn-beijing", "cn-hangzhou"]).assert_error(400, "InvalidParameter.Obviously");
    by_header(&["ü"]).assert_error(400, "InvalidParameter.Obviously");
    let elsewhere = [("RegionId", "us-west-1"), ("CurrentPage", "1"), ("PageSize", "9")];
    assert_eq!(server.call("GET", NAMESPACE_LIST, &elsewhere).data(), json!([]));
    assert_eq!(server.call("GET", NAMESPACES, &elsewhere).data()["TotalSize"], 0);
    let ignored = [("RegionId", "%"), ("NamespaceId", "cn-beijing")];
    assert_eq!(server.call("GET", SECRETS, &ignored).status, 200);
}

#[test]
fn the_default_namespace_is_not_found_by_what_names_one_namespace() {
    let server = TestServer::start();
    let named = |id: &'static str| [("NamespaceId", id), ("NamespaceName", "n")];
    for region in ["cn-beijing", "cn-hangzhou"] {
        for method in ["GET", "PUT", "DELETE"] {
            let reply = server.call(method, NAMESPACE, &named(region));
            reply.assert_error(404, "InvalidNamespaceId.NotFound");
            // Serverless Devs knows it by this sentence.
            assert_eq!(reply.message(), "The specified NamespaceId does not exist.");
        }
        let created = server.call("POST", NAMESPACE, &named(region));
        created.assert_error(400, "InvalidNamespaceId.Format");
        assert_eq!(server.list_secrets(region).status, 200);
    }
    for id in ["us-west-1", "cn-beijing:", "CN-BEIJING", "cn-beijing ", "beijing"] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let reply = server.call(method, NAMESPACE, &named(id));
            reply.assert_error(400, "InvalidNamespaceId.Format");
        }
    }
    // What else is wrong with the request is said first.
    let long = [("NamespaceId", "cn-beijing"), ("NamespaceName", &"n".repeat(65))];
    server.call("PUT", NAMESPACE, &long).assert_error(400, "InvalidNamespaceName.Format");
    let nameless = server.call("PUT", NAMESPACE, &[("NamespaceId", "cn-beijing")]);
    nameless.assert_error(400, "InvalidParameter.NotEmpty");
}

#[test]
fn limits_of_names_ids_and_descriptions_hold() {
    let server = TestServer::start();
    let create = |id: &str, name: &str, description: &str| {
        server.call(
            "POST",
            NAMESPACE,
            &[("NamespaceId", id), ("NamespaceName", name), ("NamespaceDescription", description)],
        )
    };
    let id = format!("cn-beijing:{}", "a".repeat(32));
    create(&id, &"名".repeat(64), &"描".repeat(100)).data();
    create(&format!("{id}a"), "n", "").assert_error(400, "InvalidNamespaceId.Format");
    create("cn-beijing:a", &"名".repeat(65), "").assert_error(400, "InvalidNamespaceName.Format");
    create("cn-beijing:a", "a\u{0}", "").assert_error(400, "InvalidNamespaceName.Format");
    for description in ["描".repeat(101), "a\u{0}".to_owned(), "a\u{ffff}".to_owned()] {
        let reply = create("cn-beijing:a", "n", &description);
        reply.assert_error(400, "InvalidParameter.Obviously");
        assert!(reply.message().contains("{NamespaceDescription}"));
    }
    let odd = [
        ("NamespaceId", "cn-beijing:a"),
        ("NamespaceName", "n"),
        ("EnableMicroRegistration", "yes"),
    ];
    let reply = server.call("POST", NAMESPACE, &odd);
    reply.assert_error(400, "InvalidParameter.Obviously");
    assert!(reply.message().contains("{EnableMicroRegistration}"));
}

#[test]
fn pages_hold_the_custom_namespaces() {
    let server = TestServer::start();
    for index in 0..3 {
        server.create_namespace(&format!("cn-hangzhou:n{index}"), "n").data();
    }
    let page = |number: &str, size: &str| {
        server.call("GET", NAMESPACES, &[("CurrentPage", number), ("PageSize", size)])
    };
    let first = page("1", "2").data();
    assert_eq!(
        (&first["CurrentPage"], &first["PageSize"], &first["TotalSize"]),
        (&json!(1), &json!(2), &json!(7))
    );
    let mut seen: Vec<String> = vec![];
    for number in ["1", "2", "3", "4", "5"] {
        seen.extend(ids(&page(number, "2").data()["Namespaces"]).iter().map(ToString::to_string));
    }
    assert_eq!(
        seen,
        [
            "cn-beijing:busy",
            "cn-beijing:clustered",
            "cn-beijing:small",
            "cn-beijing:test",
            "cn-hangzhou:n0",
            "cn-hangzhou:n1",
            "cn-hangzhou:n2",
        ]
    );
    assert_eq!(page("1", "0").data()["Namespaces"], json!([]));
    assert_eq!(page("1", "10000").data()["TotalSize"], 7);
    assert_eq!(page("4294967295", "10000").data()["Namespaces"], json!([]));
    let region = [("CurrentPage", "1"), ("PageSize", "9"), ("RegionId", "cn-hangzhou")];
    assert_eq!(server.call("GET", NAMESPACES, &region).data()["TotalSize"], 3);
    for (number, size, parameter) in [
        ("0", "1", "CurrentPage"),
        ("-1", "1", "CurrentPage"),
        ("x", "1", "CurrentPage"),
        ("4294967296", "1", "CurrentPage"),
        ("1", "10001", "PageSize"),
        ("1", "1.5", "PageSize"),
    ] {
        let reply = page(number, size);
        reply.assert_error(400, "InvalidParameter.Obviously");
        assert!(reply.message().contains(&format!("{{{parameter}}}")), "{}", reply.message());
    }
}

#[test]
fn the_list_begins_with_the_default_namespace() {
    let server = TestServer::start();
    let all = server.call("GET", NAMESPACE_LIST, &[]).data();
    assert_eq!(
        ids(&all),
        [
            "cn-beijing",
            "cn-beijing:busy",
            "cn-beijing:clustered",
            "cn-beijing:small",
            "cn-beijing:test",
            "cn-hangzhou",
        ]
    );
    assert_eq!((&all[0]["Custom"], &all[1]["Custom"]), (&json!(false), &json!(true)));
    assert_eq!(all[0]["NameSpaceShortId"], "");
    let defaults = server.call("GET", NAMESPACE_LIST, &[("ContainCustom", "False")]).data();
    assert_eq!(ids(&defaults), ["cn-beijing", "cn-hangzhou"]);
    let both =
        [("ContainCustom", "true"), ("HybridCloudExclude", "true"), ("RegionId", "cn-hangzhou")];
    assert_eq!(ids(&server.call("GET", NAMESPACE_LIST, &both).data()), ["cn-hangzhou"]);
    server
        .call("GET", NAMESPACE_LIST, &[("ContainCustom", "maybe")])
        .assert_error(400, "InvalidParameter.Obviously");
}

#[test]
fn resources_tell_what_runs_in_a_namespace() {
    let server = TestServer::start();
    let resources = |id: &str| server.call("GET", NAMESPACE_RESOURCES, &[("NamespaceId", id)]);
    let busy = resources("cn-beijing:busy").data();
    assert_eq!((&busy["AppCount"], &busy["UserId"]), (&json!(1), &json!("1000000000000001")));
    let tenant = busy["TenantId"].clone();
    assert_eq!(resources("cn-beijing:busy").data()["TenantId"], tenant);
    assert_eq!(resources("cn-beijing").data()["NamespaceId"], "cn-beijing");
    resources("cn-shanghai").assert_error(400, "InvalidNamespaceId.Format");
    resources("cn-beijing:nowhere").assert_error(404, "InvalidNamespaceId.NotFound");
}

#[test]
fn regions_have_their_own_envelope() {
    let server = TestServer::start();
    let body = server.call("GET", REGIONS, &[]).json();
    assert_eq!(body["Code"], 200);
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["Code", "Message", "RequestId", "Regions"]);
    assert_eq!(
        body["Regions"]["Region"],
        json!([
            {"RegionId": "cn-beijing", "LocalName": "China (Beijing)", "RegionEndpoint": "sae.cn-beijing.aliyuncs.com",
             "RecommendZones": {"RecommendZone": []}},
            {"RegionId": "cn-hangzhou", "LocalName": "China (Hangzhou)", "RegionEndpoint": "sae.cn-hangzhou.aliyuncs.com",
             "RecommendZones": {"RecommendZone": []}},
        ])
    );
    let of_one = server.call("GET", REGIONS, &[("RegionId", "cn-beijing")]).json();
    assert_eq!(of_one["Regions"], body["Regions"], "all of them, whichever is named");
}
