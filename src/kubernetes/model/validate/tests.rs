use super::*;
use crate::kubernetes::model::{Json, decode};

/// What is wrong with a secret of JSON: each as `field: reason: message`.
fn wrong(text: &str) -> Vec<String> {
    told(secret(&decode::secret(Json::of(text)).unwrap().object))
}

fn told(causes: Vec<Cause>) -> Vec<String> {
    let told = |cause: Cause| {
        let reason = cause.reason.trim_start_matches("FieldValue");
        format!("{}: {reason}: {}", cause.field, cause.message)
    };
    causes.into_iter().map(told).collect()
}

/// A secret named `s` with these members.
fn with(members: &str) -> String {
    format!(r#"{{"metadata":{{"name":"s"}},{members}}}"#)
}

#[test]
fn a_name_is_required_and_follows_its_rule() {
    let required = "metadata.name: Required: Required value: name or generateName is required";
    assert_eq!(wrong("{}"), [required]);
    assert_eq!(wrong(r#"{"metadata":{"name":"a.b-c"}}"#), [""; 0]);
    let [only] = wrong(r#"{"metadata":{"name":"A"}}"#).try_into().unwrap();
    assert!(only.starts_with(
        r#"metadata.name: Invalid: Invalid value: "A": a lowercase RFC 1123 subdomain"#
    ));
    let both = wrong(r#"{"metadata":{"name":"Gen-2j9bm","generateName":"Gen-"}}"#);
    assert_eq!(both.len(), 2);
    assert!(
        both[0].starts_with(r#"metadata.generateName: Invalid: Invalid value: "Gen-": a lower"#)
    );
}

#[test]
fn all_that_is_wrong_is_told_in_order() {
    let causes = wrong(
        r#"{"metadata":{"name":"s","generation":-1,"labels":{"a b":"c d"},"annotations":{"a b":""},
            "ownerReferences":[{"kind":"Pod","name":"p","uid":"u"}],"finalizers":["x"]},"data":{"..":"","a*b":""}}"#,
    );
    let fields: Vec<&str> = causes.iter().map(|told| told.split(": ").next().unwrap()).collect();
    assert_eq!(
        fields,
        [
            "metadata.generation",
            "metadata.labels",
            "metadata.labels",
            "metadata.annotations",
            "metadata.ownerReferences[0].apiVersion",
            "metadata.finalizers[0]",
            "data[..]",
            "data[a*b]",
        ]
    );
    assert_eq!(
        causes[0],
        "metadata.generation: Invalid: Invalid value: -1: must be greater than or equal to 0"
    );
    assert_eq!(
        causes[4],
        "metadata.ownerReferences[0].apiVersion: Required: Required value: must not be empty"
    );
    assert_eq!(
        causes[5],
        "metadata.finalizers[0]: Invalid: Invalid value: \"x\": name is neither a standard finalizer name nor is it fully qualified"
    );
}

#[test]
fn sizes_have_limits() {
    let mut big = Secret::default();
    big.metadata.name = "s".to_owned();
    let half = zeroize::Zeroizing::new(vec![b'x'; DATA_MAX / 2]);
    big.data.0.insert("a".to_owned(), half.clone());
    big.data.0.insert("b".to_owned(), half);
    assert_eq!(secret(&big), []);
    big.data.0.insert("c".to_owned(), zeroize::Zeroizing::new(vec![0]));
    assert_eq!(told(secret(&big)), ["data: TooLong: Too long: may not be more than 1048576 bytes"]);
    let mut noted = Secret::default();
    noted.metadata.name = "s".to_owned();
    noted.metadata.annotations.insert("k".to_owned(), "v".repeat(ANNOTATIONS_MAX - 1));
    assert_eq!(secret(&noted), []);
    noted.metadata.annotations.insert("l".to_owned(), String::new());
    let expected = ["metadata.annotations: TooLong: Too long: may not be more than 262144 bytes"];
    assert_eq!(told(secret(&noted)), expected);
}

#[test]
fn owners_are_whole_and_one_of_them_controls() {
    let owner = |name: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"Pod","name":"{name}","uid":"u","controller":true}}"#)
    };
    let both = format!(
        r#"{{"metadata":{{"name":"s","ownerReferences":[{},{}]}}}}"#,
        owner("p"),
        owner("q")
    );
    let expected = format!(
        "metadata.ownerReferences: Invalid: Invalid value: [{},{}]: Only one reference can have Controller set to true. Found \"true\" in references for Pod/p and Pod/q",
        owner("p"),
        owner("q")
    );
    assert_eq!(wrong(&both), [expected]);
    let event = r#"{"metadata":{"name":"s","ownerReferences":[{"apiVersion":"v1","kind":"Event","name":"p","uid":"u1"}]}}"#;
    assert_eq!(
        wrong(event),
        [
            r#"metadata.ownerReferences[0]: Invalid: Invalid value: {"apiVersion":"v1","kind":"Event","name":"p","uid":"u1"}: /v1, Kind=Event is disallowed from being an owner"#
        ]
    );
    let versions = r#"{"metadata":{"name":"s","ownerReferences":[{"apiVersion":"a/b/c","kind":"Pod","name":"p","uid":"u"}]}}"#;
    assert_eq!(
        wrong(versions),
        [
            r#"metadata.ownerReferences[0].apiVersion: Invalid: Invalid value: "a/b/c": must be <group>/<version> or <version>"#
        ]
    );
}

#[test]
fn types_ask_for_their_keys() {
    let required = |keys: &[&str]| -> Vec<String> {
        keys.iter().map(|key| format!("data[{key}]: Required: Required value")).collect()
    };
    for (members, expected) in [
        (r#""type":"kubernetes.io/tls""#, required(&["tls.crt", "tls.key"])),
        (r#""type":"kubernetes.io/tls","data":{"tls.crt":"","tls.key":""}"#, vec![]),
        (r#""type":"kubernetes.io/basic-auth""#, required(&["username", "password"])),
        (r#""type":"kubernetes.io/basic-auth","data":{"password":""}"#, vec![]),
        (r#""type":"kubernetes.io/ssh-auth""#, required(&["ssh-privatekey"])),
        (
            r#""type":"kubernetes.io/ssh-auth","data":{"ssh-privatekey":""}"#,
            required(&["ssh-privatekey"]),
        ),
        (r#""type":"kubernetes.io/ssh-auth","data":{"ssh-privatekey":"YQ=="}"#, vec![]),
        (r#""type":"kubernetes.io/dockercfg""#, required(&[".dockercfg"])),
        (r#""type":"kubernetes.io/dockerconfigjson""#, required(&[".dockerconfigjson"])),
        (r#""type":"kubernetes.io/.dockerconfigjson""#, vec![]),
        (r#""type":"bootstrap.kubernetes.io/token""#, vec![]),
        (r#""type":"opaque""#, vec![]),
    ] {
        assert_eq!(wrong(&with(members)), expected, "{members}");
    }
    let token = r#"{"metadata":{"name":"s","annotations":{"kubernetes.io/service-account.name":"?"}},"type":"kubernetes.io/service-account-token"}"#;
    assert_eq!(wrong(&token.replace('?', "default")), [""; 0]);
    let expected =
        "metadata.annotations[kubernetes.io/service-account.name]: Required: Required value";
    assert_eq!(wrong(&token.replace('?', "")), [expected]);
}

#[test]
fn a_docker_configuration_is_an_object_and_never_shown() {
    let docker = |value: &str| {
        wrong(&with(&format!(
            r#""type":"kubernetes.io/dockerconfigjson","stringData":{{".dockerconfigjson":{}}}"#,
            serde_json::to_string(value).unwrap()
        )))
    };
    for taken in [r#"{"auths":{}}"#, " {\"auths\":null} ", "null", r#"{"a":1,"a":2}"#] {
        assert_eq!(docker(taken), [""; 0], "{taken}");
    }
    for (refused, why) in [
        ("", "unexpected end of JSON input"),
        ("s3cr3t", "invalid character 's' looking for beginning of value"),
        ("{'a':1}", r"invalid character '\'' looking for beginning of object key string"),
        (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
        ("[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        ("5", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
    ] {
        let expected = format!(
            "data[.dockerconfigjson]: Invalid: Invalid value: \"<secret contents redacted>\": {why}"
        );
        assert_eq!(docker(refused), [expected], "{refused}");
    }
}

#[test]
fn what_never_changes_is_held() {
    let read = |text: &str| decode::secret(Json::of(text)).unwrap().object;
    let old = read(r#"{"metadata":{"name":"s","uid":"u"},"type":"a","data":{"k":"YQ=="}}"#);
    let changed = |change: &dyn Fn(&mut Secret)| {
        let mut new = old.clone();
        change(&mut new);
        told(secret_update(&new, &old))
    };
    assert_eq!(changed(&|_| {}), [""; 0]);
    assert_eq!(changed(&|new| new.data.0.clear()), [""; 0]);
    assert_eq!(
        changed(&|new| {
            new.secret_type = "b".to_owned();
            new.metadata.uid = "v".to_owned();
        }),
        [
            "metadata.uid: Invalid: Invalid value: \"v\": field is immutable",
            "type: Invalid: Invalid value: \"b\": field is immutable"
        ]
    );
    let fixed = Secret { immutable: Some(true), ..old.clone() };
    let mut new = Secret { immutable: None, ..fixed.clone() };
    new.data.0.clear();
    let why = "Forbidden: Forbidden: field is immutable when `immutable` is set";
    assert_eq!(
        told(secret_update(&new, &fixed)),
        [format!("immutable: {why}"), format!("data: {why}")]
    );
    assert_eq!(secret_update(&fixed, &old), [], "it can be set");
}

#[test]
fn what_is_being_deleted_gets_no_new_finalizers() {
    let read = |finalizers: &str| {
        let text = format!(
            r#"{{"metadata":{{"name":"s","deletionTimestamp":"2024-01-01T00:00:00Z","finalizers":[{finalizers}]}}}}"#
        );
        decode::secret(Json::of(&text)).unwrap().object
    };
    let old = read(r#""example.com/f""#);
    assert_eq!(secret_update(&read(""), &old), []);
    assert_eq!(
        told(secret_update(&read(r#""example.com/f","example.com/g""#), &old)),
        [
            r#"metadata.finalizers: Forbidden: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/g"}"#
        ]
    );
}

#[test]
fn the_name_of_a_namespace_is_a_label() {
    let wrong = |name: &str| {
        let text = format!(r#"{{"metadata":{{"name":"{name}"}}}}"#);
        told(namespace(&decode::namespace(Json::of(&text)).unwrap().object))
    };
    assert_eq!(wrong("team-a"), [""; 0]);
    assert_eq!(
        wrong("a.b"),
        [r#"metadata.name: Invalid: Invalid value: "a.b": must not contain dots"#]
    );
    let text = r#"{"metadata":{"name":"n"},"spec":{"finalizers":["x"]}}"#;
    let found = namespace(&decode::namespace(Json::of(text)).unwrap().object);
    assert_eq!(
        told(found),
        [
            r#"spec.finalizers: Invalid: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified"#
        ]
    );
}
