//! JSON and XML, for successes and for errors.

use serde_json::json;

use crate::common::{Request, TestServer, query, server::*};

#[test]
fn every_operation_answers_xml() {
    let server = TestServer::start();
    let id = server
        .create_secret("cn-beijing:busy", "used", "Opaque", &json!({"k": "<&>", ".k": "\""}))
        .secret_id()
        .to_string();
    let secret = [("NamespaceId", "cn-beijing:busy"), ("SecretId", id.as_str())];
    let namespace = [("NamespaceId", "cn-beijing:test"), ("NamespaceName", "test")];
    let page = [("CurrentPage", "1"), ("PageSize", "10")];
    let new = [("NamespaceId", "cn-beijing:new"), ("NamespaceName", "<new>")];
    let made = [
        ("NamespaceId", "cn-beijing:busy"),
        ("SecretName", "x"),
        ("SecretType", "Opaque"),
        ("SecretData", "{\"k\":\"canary-not-a-secret\"}"),
    ];
    let changed = [secret[0], secret[1], ("SecretData", "{\"k\":\"canary-not-a-secret\"}")];
    let cases: Vec<(&str, &str, &str, &[(&str, &str)], &str)> = vec![
        (
            "GET",
            SECRET,
            "DescribeSecret",
            &secret,
            "<SecretData>{&quot;k&quot;:&quot;&lt;&amp;&gt;&quot;,&quot;.k&quot;:&quot;\\&quot;&quot;}</SecretData><RelateApps><AppName>test-app</AppName>",
        ),
        (
            "GET",
            SECRETS,
            "ListSecrets",
            &secret,
            "<Data><Secrets><NamespaceId>cn-beijing:busy</NamespaceId>",
        ),
        ("POST", SECRET, "CreateSecret", &made, "<Data><SecretId>"),
        (
            "PUT",
            SECRET,
            "UpdateSecret",
            &changed,
            "</SecretId></Data><Code>200</Code><Success>true</Success></UpdateSecretResponse>",
        ),
        ("DELETE", SECRET, "DeleteSecret", &secret, "<Data><SecretId>"),
        (
            "GET",
            NAMESPACE,
            "DescribeNamespace",
            &namespace,
            "<EnableMicroRegistration>true</EnableMicroRegistration>",
        ),
        ("PUT", NAMESPACE, "UpdateNamespace", &namespace, "<NamespaceName>test</NamespaceName>"),
        ("POST", NAMESPACE, "CreateNamespace", &new, "<NamespaceName>&lt;new&gt;</NamespaceName>"),
        ("DELETE", NAMESPACE, "DeleteNamespace", &new, "</TraceId><Code>200</Code>"),
        (
            "GET",
            NAMESPACES,
            "DescribeNamespaces",
            &page,
            "<TotalSize>4</TotalSize><Namespaces><NamespaceId>",
        ),
        ("GET", NAMESPACE_LIST, "DescribeNamespaceList", &[], "</Data><Data><NamespaceId>"),
        (
            "GET",
            NAMESPACE_RESOURCES,
            "DescribeNamespaceResources",
            &namespace,
            "<AppCount>0</AppCount>",
        ),
        (
            "GET",
            REGIONS,
            "DescribeRegions",
            &[],
            "<Regions><Region><RegionId>cn-beijing</RegionId>",
        ),
    ];
    for (method, path, operation, parameters, part) in cases {
        let reply =
            server.send(&Request::new(method, format!("{path}?{}", query(parameters))).xml());
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("text/xml;charset=utf-8"))
        );
        let text = reply.text();
        assert!(
            text.contains(&format!("<{operation}Response>")) && text.contains(part),
            "{operation}: {text}"
        );
        assert!(!text.contains("ErrorCode"), "{text}");
    }
}

#[test]
fn errors_answer_xml_with_what_old_clients_read() {
    let server = TestServer::start();
    for (path, code) in
        [("/nowhere", "InvalidApi.NotFound"), (SECRETS, "InvalidParameter.NotEmpty")]
    {
        let reply = server.send(&Request::new("GET", path).header("Accept", "text/xml"));
        assert_eq!(reply.header("content-type"), Some("text/xml;charset=utf-8"));
        let text = reply.text();
        let order: Vec<_> =
            ["<Error>", "<RequestId>", "<HostId>", &format!("<Code>{code}</Code>"), "<Message>"]
                .iter()
                .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} in {text}")))
                .collect();
        assert!(order.is_sorted(), "{text}");
    }
}

#[test]
fn the_format_parameter_wins_over_accept() {
    let server = TestServer::start();
    let ask = |format: &str, accept: &str| {
        let request =
            Request::new("GET", format!("{REGIONS}?Format={format}")).header("Accept", accept);
        server.send(&request).header("content-type").unwrap().to_owned()
    };
    assert_eq!(ask("XML", "application/json"), "text/xml;charset=utf-8");
    assert_eq!(ask("json", "application/xml"), "application/json;charset=utf-8");
    assert_eq!(ask("None", "*/*"), "application/json;charset=utf-8");
}

#[test]
fn ids_have_their_documented_forms_and_stand_in_headers_too() {
    let server = TestServer::start();
    let mut seen = std::collections::HashSet::new();
    for path in [REGIONS, SECRETS, "/nowhere"] {
        let reply = server.send(&Request::new("GET", path));
        let request_id = reply.header("x-acs-request-id").expect("a request id").to_owned();
        assert_eq!(reply.json()["RequestId"], request_id.as_str());
        assert!(request_id.len() == 36 && request_id == request_id.to_uppercase(), "{request_id}");
        let trace_id = reply.header("x-acs-trace-id").expect("a trace id").to_owned();
        let (hexadecimal, rest) = trace_id.split_at(8);
        assert!(hexadecimal.chars().all(|c| c.is_ascii_hexdigit()), "{trace_id}");
        assert!(rest[..17].chars().all(|c| c.is_ascii_digit()), "{trace_id}");
        assert!(
            rest.len() == 22 && rest[17..18].chars().all(|c| c.is_ascii_lowercase()),
            "{trace_id}"
        );
        assert!(seen.insert(request_id) && seen.insert(trace_id));
    }
}
