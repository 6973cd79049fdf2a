#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

/// The value in the request samples of SAE's `CreateSecret` and `UpdateSecret` pages.
const DOCUMENTED: &str = "eyJhdXRocyI6eyJyZWdpc3RyeS12cGMuY24tYmVpamluZy5hbGl5dW5jcy5jb20iOnsidXNlc\
    m5hbWUiOiJ1c2VybmFtZSIsInBhc3N3b3JkIjoicGFzc3dvcmQiLCJhdXRoIjoiZFhObGNtNWhiV1U2Y0dGemMzZHZjbVE9In0\
    sInJlZ2lzdHJ5LmNuLWJlaWppbmcuYWxpeXVuY3MuY29tIjp7InVzZXJuYW1lIjoidXNlcm5hbWUiLCJwYXNzd29yZCI6InBhc\
    3N3b3JkIiwiYXV0aCI6ImRYTmxjbTVoYldVNmNHRnpjM2R2Y21RPSJ9fX0=";

const USER: &str = "CANARYUSER";
const PASSWORD: &str = "CANARYPASS";

fn base64(bytes: impl AsRef<[u8]>) -> String {
    GO_STANDARD.encode(bytes)
}

fn strict(text: &str) -> Result<(), String> {
    check(&base64(text), DockerConfigMode::Strict)
}

fn lenient(text: &str) -> Result<(), String> {
    check(&base64(text), DockerConfigMode::Lenient)
}

/// A configuration with one registry that has this entry.
fn config(entry: &str) -> String {
    format!(r#"{{"auths":{{"registry.example":{entry}}}}}"#)
}

fn entry(username: &str, password: &str, auth: &str) -> String {
    json!({"username": username, "password": password, "auth": auth}).to_string()
}

fn good_entry() -> String {
    entry(USER, PASSWORD, &base64(format!("{USER}:{PASSWORD}")))
}

fn at(registry: &str) -> String {
    let entry: Value = serde_json::from_str(&good_entry()).unwrap();
    json!({"auths": {registry: entry}}).to_string()
}

/// Values with each defect, and words that the reason must hold.
fn failing() -> Vec<(String, &'static str)> {
    let mut cases: Vec<(String, &'static str)> = vec![
        (String::new(), "the value is empty"),
        (base64(config(&good_entry())).trim_end_matches('=').to_owned() + "*", "is not base64"),
        (config(&good_entry()), "the value is not base64"),
        (base64(b"{\"auths\":\"CANARYPASS\xff\"}"), "not UTF-8"),
    ];
    cases.extend(failing_texts().into_iter().map(|(text, reason)| (base64(text), reason)));
    cases.extend(
        failing_entries().into_iter().map(|(entry, reason)| (base64(config(&entry)), reason)),
    );
    cases
}

fn failing_texts() -> Vec<(String, &'static str)> {
    let good = good_entry();
    vec![
        ("CANARYPASS".into(), "not valid JSON (line 1, column 1)"),
        (config(&good).replace("}}}", "}}"), "not valid JSON"),
        (config(&good) + "CANARYPASS", "not valid JSON"),
        ("[\"CANARYPASS\"]".into(), "not a JSON object"),
        ("\"CANARYPASS\"".into(), "not a JSON object"),
        ("{}".into(), "auths is missing"),
        (format!(r#"{{"registry.example":{good}}}"#), "auths is missing"),
        (r#"{"auths":"CANARYPASS"}"#.into(), "auths is not an object"),
        (r#"{"auths":["CANARYPASS"]}"#.into(), "auths is not an object"),
        (r#"{"auths":null}"#.into(), "auths is not an object"),
        (r#"{"auths":{}}"#.into(), "auths names no registry"),
        (r#"{"auths":{},"auths":{}}"#.into(), "key [auths] is repeated"),
        (r#"{"auths":{},"x":"CANARYPASS","x":1}"#.into(), "key [x] is repeated"),
        (format!(r#"{{"auths":{{"a":{good},"a":{good}}}}}"#), "auths: key [a] is repeated"),
        (
            format!(
                r#"{{"auths":{{"CANARYUSER:CANARYPASS@a":{good},"CANARYUSER:CANARYPASS@a":1}}}}"#
            ),
            "auths names a registry twice",
        ),
        (at("CANARYUSER:CANARYPASS@a"), "registry number 1: the name must not hold user"),
        (
            at("registry.example?token=CANARYPASS"),
            "registry number 1: the name must not hold a query",
        ),
        (at(""), "registry number 1: the name is empty"),
        (at("my_registry"), "registry [my_registry]: the host may hold only"),
        (
            format!(r#"{{"auths":{{"a":{good},"b:0":{good}}}}}"#),
            "registry [b:0]: the port is not a number from 1 to 65535",
        ),
        (
            format!(r#"{{"auths":{{"a":{good},"b c":1}}}}"#),
            "registry number 2: the name holds a space",
        ),
    ]
}

fn failing_entries() -> Vec<(String, &'static str)> {
    let auth = base64(format!("{USER}:{PASSWORD}"));
    // It ends in two when it is whole.
    let unpadded = base64(format!("{USER}:CANARYPASS1")).replace('=', "");
    assert_eq!(unpadded.len() % 4, 2);
    let mut cases = vec![
        ("\"CANARYPASS\"".to_owned(), "registry [registry.example]: its entry: not a JSON object"),
        ("null".to_owned(), "its entry: not a JSON object"),
        (
            good_entry().replace('}', ",\"auth\":\"CANARYPASS\"}"),
            "its entry: key [auth] is repeated",
        ),
        (
            good_entry().replace('}', ",\"x\":\"CANARYPASS\",\"x\":1}"),
            "its entry: a member is repeated",
        ),
        (good_entry().replace(PASSWORD, "CANARYPASS\\ud800"), "its entry: not valid JSON"),
        (entry("", PASSWORD, &auth), "username is empty"),
        (entry(USER, "", &base64("CANARYUSER:")), "password is empty"),
        (entry(USER, PASSWORD, ""), "auth is empty"),
        (
            entry("CANARY:USER", PASSWORD, &base64("CANARY:USER:CANARYPASS")),
            "username holds a colon",
        ),
        (entry(USER, PASSWORD, "CANARYUSER:CANARYPASS"), "[registry.example]: auth is not base64"),
        (entry(USER, PASSWORD, &format!("{auth}=")), "auth is not base64"),
        (entry(USER, "CANARYPASS1", &format!("{unpadded}=")), "auth is not base64"),
        (entry(USER, "CANARYPASS1", &format!("{unpadded} ")), "auth is not base64"),
        (entry(USER, PASSWORD, &format!(" {auth}")), "auth is not base64"),
        (
            entry(USER, PASSWORD, &base64("CANARYUSERCANARYPASS")),
            "auth does not decode to username:password",
        ),
        (entry("other", PASSWORD, &auth), "auth does not match username"),
        (entry("CANARY", PASSWORD, &auth), "auth does not match username"),
        (entry("CANARYUSERS", PASSWORD, &auth), "auth does not match username"),
        (entry(USER, "other", &auth), "auth does not match password"),
        (entry(USER, "CANARY", &auth), "auth does not match password"),
        (entry(USER, PASSWORD, &base64("CANARYUSER:CANARYPASS\n")), "auth does not match password"),
        (entry(USER, PASSWORD, &base64("CANARYUSER:")), "auth does not match password"),
        (
            entry(USER, PASSWORD, &base64("CANARYUSER:\u{0}CANARYPASS")),
            "auth does not match password",
        ),
        (entry(USER, PASSWORD, &base64(b"CANARYUSER:\xff")), "auth does not match password"),
    ];
    for (field, missing, mistyped) in [
        ("username", "username is missing", "username is not a string"),
        ("password", "password is missing", "password is not a string"),
        ("auth", "auth is missing", "auth is not a string"),
    ] {
        let mut fields: Map<String, Value> = serde_json::from_str(&good_entry()).unwrap();
        for wrong in [json!(null), json!(1), json!(true), json!([PASSWORD]), json!({PASSWORD: 1})] {
            fields.insert(field.into(), wrong);
            cases.push((Value::from(fields.clone()).to_string(), mistyped));
        }
        fields.shift_remove(field);
        cases.push((Value::from(fields).to_string(), missing));
    }
    cases
}

#[test]
fn the_documented_value_passes() {
    let decoded = decode_base64(DOCUMENTED).unwrap();
    assert!(decoded.starts_with(br#"{"auths":{"registry-vpc.cn-beijing.aliyuncs.com":{"#));
    assert_eq!(check(DOCUMENTED, DockerConfigMode::default()), Ok(()));
    assert_eq!(check(DOCUMENTED, DockerConfigMode::Strict), Ok(()));
    assert_eq!(check(DOCUMENTED, DockerConfigMode::Lenient), Ok(()));
}

#[test]
fn build_makes_the_documented_value() {
    let account = |host: &str| (host.into(), "username".into(), "password".into());
    let hosts = ["registry-vpc.cn-beijing.aliyuncs.com", "registry.cn-beijing.aliyuncs.com"];
    assert_eq!(build(&hosts.map(account)), DOCUMENTED);
}

#[test]
fn what_build_makes_passes() {
    let many: Vec<_> = ["z.example", "a.example:5000", "https://index.docker.io/v1/"]
        .map(|host| (host.into(), "üser \"x\"".into(), "p:a:s\\s\n😀".into()))
        .into();
    let value = build(&many);
    assert_eq!(check(&value, DockerConfigMode::Strict), Ok(()));
    let text = String::from_utf8(decode_base64(&value).unwrap().to_vec()).unwrap();
    assert!(text.find("z.example") < text.find("a.example"), "the order is kept");
    assert!(check(&build(&[]), DockerConfigMode::Strict).is_err());
}

#[test]
fn passwords_and_unknown_members_that_pass() {
    for password in ["a", ":", "::", "a:b", ":a", " ", "😀", "\u{0}"] {
        let entry = entry("u", password, &base64(format!("u:{password}")));
        assert_eq!(strict(&config(&entry)), Ok(()), "{password:?}");
    }
    let entry = good_entry().replace('}', r#","email":1,"identitytoken":"","x":[{"a":1,"a":2}]}"#);
    assert_eq!(strict(&config(&entry)), Ok(()));
    let config =
        config(&good_entry()).replacen('{', r#"{"credHelpers":{"a":1,"a":2},"HttpHeaders":0,"#, 1);
    assert_eq!(strict(&config), Ok(()));
    for registry in ["*.kubernetes.io", "[::1]:5000", "localhost:5000"] {
        assert_eq!(strict(&at(registry)), Ok(()));
    }
}

#[test]
fn each_defect_has_its_reason() {
    for (value, words) in failing() {
        let reason = check(&value, DockerConfigMode::Strict).expect_err(words);
        assert!(reason.contains(words), "{words:?} is not in {reason:?}");
    }
}

#[test]
fn no_reason_holds_a_value() {
    let auth = base64(format!("{USER}:{PASSWORD}"));
    let whole = base64(config(&good_entry()));
    let canaries =
        ["CANARY", &auth, auth.trim_end_matches('='), &base64(USER), &base64(PASSWORD), &whole];
    let mut seen = 0;
    for (value, _) in failing() {
        for mode in [DockerConfigMode::Strict, DockerConfigMode::Lenient] {
            let Err(reason) = check(&value, mode) else { continue };
            seen += 1;
            for canary in canaries {
                assert!(!reason.contains(canary), "{reason}");
            }
            assert!(value.is_empty() || !reason.contains(&value), "{reason}");
            assert!(!reason.contains(char::is_control), "{reason:?}");
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn lenient_asks_only_for_an_object_with_auths() {
    for text in [r#"{"auths":{}}"#, r#"{"x":1,"auths":{"":1,"a":[],"a":{"auth":"?"}}}"#] {
        assert_eq!(lenient(text), Ok(()), "{text}");
        assert!(strict(text).is_err(), "{text}");
    }
    for text in
        ["", "{", "[]", "1", "{}", r#"{"auths":[]}"#, r#"{"auths":null}"#, r#"{"Auths":{}}"#]
    {
        assert!(lenient(text).is_err(), "{text}");
    }
    assert!(lenient(r#"{"auths":{},"auths":{}}"#).is_err());
    assert!(check("", DockerConfigMode::Lenient).is_err());
    assert!(check("{\"auths\":{}}", DockerConfigMode::Lenient).is_err());
}

#[test]
fn base64_is_read_as_go_reads_it() {
    for (text, bytes) in [
        ("", ""),
        ("YQ==", "a"),
        ("YWI=", "ab"),
        ("YWJj", "abc"),
        ("\r\nY\nQ=\r\n=\n", "a"),
        // The last four bits are not zero.
        ("YR==", "a"),
    ] {
        assert_eq!(decode_base64(text).unwrap().as_slice(), bytes.as_bytes(), "{text:?}");
    }
    for text in [
        "YQ",
        "YQ=",
        "Y",
        "=",
        "YQ===",
        "YQ==YQ==",
        "YQ= =",
        " YQ==",
        "YQ==\t",
        "-_==",
        "YWJj=",
        "YW\u{e9}=",
    ] {
        assert!(decode_base64(text).is_none(), "{text:?}");
    }
}

#[test]
fn hostile_values_take_linear_time() {
    const MIB: usize = 1 << 20;
    let start = Instant::now();
    let numbers =
        |format: fn(usize) -> String| (0..MIB / 16).map(format).collect::<Vec<_>>().join(",");
    let empty = numbers(|n| format!(r#""r{n}":{{}}"#));
    let unused = numbers(|n| format!(r#""x{n}":1"#));
    for text in [
        format!(r#"{{"auths":{{{empty}}}}}"#),
        config(&format!("{{{unused}}}")),
        config(&"[".repeat(MIB)),
        format!(r#"{{"auths":{}"#, "{\"a\":".repeat(MIB / 5)),
        at(&"a.".repeat(MIB / 2)),
        at(&"a:".repeat(MIB / 2)),
        "\\ud800".repeat(MIB / 6),
    ] {
        assert!(strict(&text).unwrap_err().len() < 500);
    }
    let many = (0..MIB / 100).map(|n| (format!("r{n}.example"), USER.into(), PASSWORD.into()));
    assert_eq!(check(&build(&many.collect::<Vec<_>>()), DockerConfigMode::Strict), Ok(()));
    for garbage in ["\n".repeat(MIB), "A".repeat(MIB), "=".repeat(MIB), "é".repeat(MIB / 2)] {
        assert!(check(&garbage, DockerConfigMode::Strict).is_err());
    }
    assert!(start.elapsed() < Duration::from_mins(1));
}
