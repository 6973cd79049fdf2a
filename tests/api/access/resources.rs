//! Which resources a policy's statements are about.

use super::*;

/// A world in which each user, `AK-0` and so on, has one of these policies.
fn world_of(policies: &[String]) -> String {
    let users = policies.iter().enumerate().map(|(number, policy)| {
        let key = format!("{{ id: AK-{number}, secret: s-{number} }}");
        format!("  - {{ name: u{number}, access_keys: [{key}], policies: [{policy}] }}\n")
    });
    format!("{WORLD}users:\n{}", users.collect::<String>())
}

fn allow(resource: &str) -> String {
    let resource = format!("{resource:?}");
    format!(
        "{{ Version: '1', Statement: [{{ Effect: Allow, Action: 'sae:*', Resource: {resource} }}] }}"
    )
}

fn status(server: &TestServer, number: usize, request: Request) -> u16 {
    let signer = Signer::new(&format!("AK-{number}"), &format!("s-{number}"));
    server.send(&signer.sign(request, None)).status
}

fn get(path: &str, parameters: &[(&str, &str)]) -> Request {
    Request::new("GET", format!("{path}?{}", query(parameters)))
}

#[test]
fn nothing_is_shared_across_accounts() {
    let user = "name: partner, account: '2000000000000002', policies: [AdministratorAccess]";
    let keys = "access_keys: [{ id: LTAI5tPartner, secret: partner-not-real }]";
    let sts =
        "{ id: STS.partner, secret: s, token: t, expires: 2090-01-01T00:00:00Z, user: partner }";
    let world = format!("{WORLD}users: [{{ {user}, {keys} }}]\nsts: [{sts}]\n");
    let server = TestServer::start_with(&world, |_| {});
    let temporary = Signer::new("STS.partner", "s").token("t");
    for (signer, kind) in [
        (Signer::new("LTAI5tPartner", "partner-not-real"), "SubUser"),
        (temporary, "AssumedRoleUser"),
    ] {
        for operation in Operation::ALL {
            let reply = server.send(&signer.sign(request_for(*operation), None));
            check(&reply, Gateway::NoPermission.entry());
            let detail = &reply.json()["AccessDeniedDetail"];
            assert_eq!(detail["AuthPrincipalOwnerId"], "2000000000000002");
            assert_eq!(detail["AuthPrincipalType"], kind);
            assert_eq!(detail["NoPermissionType"], "ImplicitDeny");
        }
    }
}

#[test]
fn a_statement_applies_where_its_resources_cover_the_region() {
    let cases = [
        ("*", 200, 200),
        ("acs:sae:*:*:*", 200, 200),
        ("acs:sae:*:1000000000000001:*", 200, 200),
        ("acs:sae:cn-beijing:*:*", 200, 403),
        ("acs:sae:cn-hangzhou:*:*", 403, 200),
        ("acs:sae:*:1000000000000002:*", 403, 403),
        ("acs:sae:*:*:application/*", 403, 403),
        ("acs:sae:*:*:namespace/cn-beijing:test", 403, 403),
        ("acs:oss:*:*:*", 403, 403),
    ];
    let policies = cases.map(|(resource, _, _)| allow(resource));
    let server = TestServer::start_with(&world_of(&policies), |_| {});
    for (number, (resource, beijing, hangzhou)) in cases.into_iter().enumerate() {
        let secrets = |namespace: &str| get(SECRETS, &[("NamespaceId", namespace)]);
        assert_eq!(status(&server, number, secrets("cn-beijing:test")), beijing, "{resource}");
        assert_eq!(status(&server, number, secrets("cn-hangzhou")), hangzhou, "{resource}");
        // Parameters in a body count as those of a query do.
        let name = format!("s{number}");
        let body = json!({
            "NamespaceId": "cn-hangzhou", "SecretName": name, "SecretType": "Opaque",
            "SecretData": {"k": "canary-not-a-secret"},
        });
        let create = Request::new("POST", SECRET.to_owned()).json(&body);
        assert_eq!(status(&server, number, create), hangzhou, "{resource}");
        // What else is wrong is told to those that may do it.
        let wrong = if hangzhou == 200 { 400 } else { 403 };
        assert_eq!(status(&server, number, secrets("cn-hangzhou:NOT")), wrong, "{resource}");
    }
}

#[test]
fn a_region_that_is_allowed_opens_no_other() {
    let server = TestServer::start_with(&world_of(&[allow("acs:sae:cn-beijing:*:*")]), |_| {});
    let ask = |request: Request| status(&server, 0, request);
    let (here, there) = (("RegionId", "cn-beijing"), ("RegionId", "cn-hangzhou"));
    let secret_there = ("NamespaceId", "cn-hangzhou");
    // An operation on a namespace is where the namespace is.
    assert_eq!(ask(get(SECRETS, &[here, secret_there])), 403);
    assert_eq!(
        ask(get(SECRETS, &[here, secret_there]).header("x-acs-region-id", "cn-beijing")),
        403
    );
    assert_eq!(ask(get(SECRETS, &[there, ("NamespaceId", "cn-beijing:test")])), 200);
    // What stands in the query is what is done, whatever the body says.
    let body = json!({"NamespaceId": "cn-beijing:test", "NamespaceName": "n"});
    let target = format!("{NAMESPACE}?{}", query(&[("NamespaceId", "cn-hangzhou:n")]));
    assert_eq!(ask(Request::new("POST", target).json(&body)), 403);
    let short = |region| get(NAMESPACE, &[("NameSpaceShortId", "test"), region]);
    assert_eq!((ask(short(here)), ask(short(there))), (200, 403));
    // A list is of a region; of all regions when none is named, whatever namespace is.
    for path in [NAMESPACE_LIST, REGIONS] {
        assert_eq!(ask(get(path, &[here])), 200, "{path}");
        assert_eq!(ask(get(path, &[]).header("x-acs-region-id", "cn-beijing")), 200, "{path}");
        for parameters in [&[there][..], &[], &[("NamespaceId", "cn-beijing:test")]] {
            assert_eq!(ask(get(path, parameters)), 403, "{path} {parameters:?}");
        }
    }
}

#[test]
fn a_denial_holds_in_its_region() {
    let policy = "{ Version: '1', Statement: [{ Effect: Allow, Action: '*', Resource: '*' }, \
                  { Effect: Deny, Action: '*', Resource: 'acs:sae:cn-hangzhou:*:*' }] }";
    let server = TestServer::start_with(&world_of(&[policy.to_owned()]), |_| {});
    for (path, parameter, expected) in [
        (SECRETS, Some(("NamespaceId", "cn-beijing")), 200),
        (SECRETS, Some(("NamespaceId", "cn-hangzhou")), 403),
        (NAMESPACE_LIST, Some(("RegionId", "cn-beijing")), 200),
        (NAMESPACE_LIST, None, 403),
    ] {
        let request = get(path, parameter.as_slice());
        assert_eq!(status(&server, 0, request), expected, "{path} {parameter:?}");
    }
}

#[test]
fn system_policies_of_the_account_and_of_other_services_are_known() {
    let policies =
        ["AdministratorAccess", "AliyunOSSFullAccess", "AliyunSAEFullAccess, AliyunOSSFullAccess"];
    let server = TestServer::start_with(&world_of(&policies.map(str::to_owned)), |_| {});
    for (number, expected) in [200, 403, 200].into_iter().enumerate() {
        let request = get(SECRETS, &[("NamespaceId", "cn-beijing")]);
        assert_eq!(status(&server, number, request), expected, "{}", policies[number]);
    }
}
