use super::*;

fn read(text: &str) -> Result<Decoded<Secret>, String> {
    secret(Json::of(text))
}

fn findings(text: &str) -> Vec<String> {
    read(text).unwrap().findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_secret_is_read() {
    let found = read(
        r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","generateName":"b-","namespace":"c","uid":"u",
        "resourceVersion":"7","generation":3,"creationTimestamp":"2024-01-02T03:04:05+01:00","deletionGracePeriodSeconds":0,
        "labels":{"l":"1","n":null},"annotations":{"a":"é"},"finalizers":["x/y"],
        "ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u1","controller":true}],
        "managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2024-01-02T03:04:05Z",
        "fieldsType":"FieldsV1","fieldsV1":{"f:data":{}}}]},
        "immutable":false,"data":{"k":"YQ==","n":null,"l":[97,98]},"stringData":{"k":"over","s":"\u00e9"},"type":"t"}"#,
    );
    let Decoded { object, findings } = found.unwrap();
    assert_eq!(findings, []);
    let json = serde_json::to_value(&object).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "metadata": {"name": "a", "generateName": "b-", "namespace": "c", "uid": "u", "resourceVersion": "7",
                "generation": 3, "creationTimestamp": "2024-01-02T02:04:05Z", "deletionGracePeriodSeconds": 0,
                "labels": {"l": "1", "n": ""}, "annotations": {"a": "é"},
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u1", "controller": true}],
                "finalizers": ["x/y"],
                "managedFields": [{"manager": "m", "operation": "Update", "apiVersion": "v1",
                    "time": "2024-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}}}]},
            "immutable": false,
            "data": {"k": "b3Zlcg==", "l": "YWI=", "n": "", "s": "w6k="},
            "type": "t",
        })
    );
}

#[test]
fn null_and_nothing_are_the_same() {
    let empty = read("{}").unwrap();
    for text in [
        "null",
        r#"{"metadata":null,"data":null,"stringData":null,"type":null,"immutable":null}"#,
        r#"{"metadata":{"creationTimestamp":null,"labels":null,"finalizers":null,"ownerReferences":null}}"#,
    ] {
        assert_eq!(read(text).unwrap(), empty, "{text}");
    }
    assert_eq!(serde_json::to_string(&empty.object).unwrap(), r#"{"metadata":{}}"#);
}

#[test]
fn the_first_wrong_type_is_told_in_the_real_servers_words() {
    for (text, expected) in [
        ("[]", "json: cannot unmarshal array into Go value of type v1.Secret"),
        (
            r#"{"data":[]}"#,
            "json: cannot unmarshal array into Go struct field Secret.data of type map[string][]uint8",
        ),
        (
            r#"{"data":{"k":1}}"#,
            "json: cannot unmarshal number into Go struct field Secret.data of type []uint8",
        ),
        (
            r#"{"data":{"k":["x"]}}"#,
            "json: cannot unmarshal string into Go struct field Secret.data of type uint8",
        ),
        (
            r#"{"data":{"k":[256]}}"#,
            "json: cannot unmarshal number into Go struct field Secret.data of type uint8",
        ),
        (
            r#"{"stringData":{"k":1}}"#,
            "json: cannot unmarshal number into Go struct field Secret.stringData of type string",
        ),
        (
            r#"{"immutable":"yes"}"#,
            "json: cannot unmarshal string into Go struct field Secret.immutable of type bool",
        ),
        (
            r#"{"metadata":[]}"#,
            "json: cannot unmarshal array into Go struct field Secret.metadata of type v1.ObjectMeta",
        ),
        (
            r#"{"metadata":{"labels":{"a":1}}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            r#"{"metadata":{"generation":7.0}}"#,
            "json: cannot unmarshal number 7.0 into Go struct field ObjectMeta.metadata.generation of type int64",
        ),
        (
            r#"{"metadata":{"creationTimestamp":5}}"#,
            "json: cannot unmarshal number into Go value of type string",
        ),
        (
            r#"{"metadata":{"creationTimestamp":"yesterday"}}"#,
            r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#,
        ),
        (r#"{"data":{"k":"YQ"},"immutable":"yes"}"#, "illegal base64 data at input byte 0"),
    ] {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn what_is_unknown_or_repeated_is_found_once_and_in_order() {
    assert_eq!(
        findings(
            r#"{"bogus":1,"data":{"a":"YQ==","a":"Yg==","a":"Yw=="},"alpha":2,"bogus":3,
            "metadata":{"name":"x","name":"y","ownerReferences":[{"uid":"u","zap":1,"uid":"v"}],"labels":{"l":"1","l":"2"},"Foo":1}}"#
        ),
        [
            r#"unknown field "bogus""#,
            r#"duplicate field "data.a""#,
            r#"unknown field "alpha""#,
            r#"duplicate field "metadata.name""#,
            r#"unknown field "metadata.ownerReferences[0].zap""#,
            r#"duplicate field "metadata.ownerReferences[0].uid""#,
            r#"duplicate field "metadata.labels.l""#,
            r#"unknown field "metadata.Foo""#,
        ]
    );
    assert_eq!(
        findings(r#"{"a\"b":1,"c\nd":2,"é":3,"Data":{}}"#),
        [
            r#"unknown field "a\"b""#,
            r#"unknown field "c\nd""#,
            r#"unknown field "é""#,
            r#"unknown field "Data""#,
        ]
    );
    let secret = read(r#"{"data":{"a":"YQ==","a":"Yg=="},"metadata":{"name":"x","name":"y"}}"#)
        .unwrap()
        .object;
    assert_eq!(secret.metadata.name, "y");
    assert_eq!(**secret.data.0.get("a").unwrap(), *b"b");
}

#[test]
fn a_namespace_is_read() {
    let text = r#"{"metadata":{"name":"n"},"spec":{"finalizers":["kubernetes"],"zap":1},"status":{"phase":"Active"}}"#;
    let Decoded { object, findings } = namespace(Json::of(text)).unwrap();
    assert_eq!(findings, [Finding::Unknown("spec.zap".to_owned())]);
    assert_eq!(
        serde_json::to_string(&object).unwrap(),
        r#"{"metadata":{"name":"n"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}"#
    );
}

#[test]
fn what_an_object_says_that_it_is() {
    let meta = |text| type_meta(Json::of(text));
    let expected = TypeMeta { api_version: "v1".to_owned(), kind: "Secret".to_owned() };
    assert_eq!(meta(r#"{"kind":"Secret","x":1,"apiVersion":"v1"}"#), Ok(expected));
    assert_eq!(meta("null"), Ok(TypeMeta::default()));
    assert_eq!(
        meta(r#"{"kind":5}"#).unwrap_err(),
        "json: cannot unmarshal number into Go struct field .kind of type string"
    );
    assert!(
        meta("[]")
            .unwrap_err()
            .starts_with("json: cannot unmarshal array into Go value of type struct {")
    );
}

#[test]
fn no_error_holds_a_value() {
    for text in [
        r#"{"data":{"k":"s3cr3t!"}}"#,
        r#"{"data":{"k":[83,1e99]}}"#,
        r#"{"stringData":{"k":["s3cr3t"]}}"#,
        r#"{"data":"s3cr3t"}"#,
    ] {
        let error = read(text).unwrap_err();
        assert!(
            !error.contains("s3cr3t") && !error.contains("83") && !error.contains("1e99"),
            "{error}"
        );
    }
}
