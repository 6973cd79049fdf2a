//! The same name more than once: in one place, and in several.

use super::*;
use crate::common::encoded;

/// What small requests may make the process hold, in KiB; the largest here is of 4 MiB, as in the test of many keys.
const ALLOWED_KIB: u64 = 160 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";
const NAMED: &str = "NamespaceId=cn-beijing%3Atest&SecretName=n&SecretType=Opaque";

/// What comes of a creation.
enum Outcome {
    /// The key `k` has this value.
    Kept(&'static str),
    Refused(&'static str),
}

use Outcome::{Kept, Refused};

const OBVIOUSLY: Outcome = Refused("InvalidParameter.Obviously");
const WITH_MESSAGE: Outcome = Refused("InvalidParameter.WithMessage");

#[test]
fn a_name_that_stands_twice_is_refused_or_means_one_thing() {
    let data = |value: &str| encoded(&json!({ "k": value }).to_string());
    let (a, b) = (data("first"), data("second"));
    let escaped = "{\"SecretData\":{\"k\":\"first\",\"\\u006b\":\"second\"}}";
    let cases: Vec<(String, &str, String, Outcome)> = vec![
        // In a JSON body, also of equal values, and in the data.
        (
            String::new(),
            "",
            r#"{"SecretData":{"k":"first"},"SecretData":{"k":"first"}}"#.into(),
            WITH_MESSAGE,
        ),
        (String::new(), "", r#"{"x":1,"x":1,"SecretData":{"k":"first"}}"#.into(), WITH_MESSAGE),
        (String::new(), "", r#"{"SecretData":{"k":"first","k":"first"}}"#.into(), WITH_MESSAGE),
        (
            String::new(),
            "",
            r#"{"SecretData":"{\"k\":\"first\",\"k\":\"second\"}"}"#.into(),
            WITH_MESSAGE,
        ),
        (
            String::new(),
            "",
            r#"{"SecretData":{"Data":{"k":"first","k":"second"}}}"#.into(),
            WITH_MESSAGE,
        ),
        (String::new(), "", escaped.into(), WITH_MESSAGE),
        (
            format!("&SecretData={}", encoded(r#"{"k":"first","k":"second"}"#)),
            "",
            String::new(),
            WITH_MESSAGE,
        ),
        // In a query and in a form equal values are one.
        (format!("&SecretData={a}&SecretData={b}"), "", String::new(), OBVIOUSLY),
        (format!("&SecretData={a}&SecretData={a}"), "", String::new(), Kept("first")),
        (String::new(), FORM, format!("SecretData={a}&SecretData={b}"), OBVIOUSLY),
        (String::new(), FORM, format!("SecretData={a}&SecretData={a}"), Kept("first")),
        ("&SecretData.k=first&SecretData.k=second".into(), "", String::new(), OBVIOUSLY),
        ("&SecretData.k=first&SecretData%2Ek=first".into(), "", String::new(), Kept("first")),
        (String::new(), FORM, "SecretData.k=first&SecretData.k=second".into(), OBVIOUSLY),
        (String::new(), FORM, format!("SecretData={a}&SecretData.k=second"), OBVIOUSLY),
        // The query wins over whatever the body is.
        (format!("&SecretData={a}"), FORM, format!("SecretData={b}"), Kept("first")),
        (format!("&SecretData={a}"), "", r#"{"SecretData":{"k":"second"}}"#.into(), Kept("first")),
        (format!("&SecretData={a}"), FORM, "SecretData.k=second".into(), Kept("first")),
        (
            "&SecretData.k=first".into(),
            "",
            r#"{"SecretData":{"k":"second"}}"#.into(),
            Kept("first"),
        ),
        // What is unreadable in the query is not looked for elsewhere.
        ("&SecretData=%FF".into(), "", r#"{"SecretData":{"k":"second"}}"#.into(), OBVIOUSLY),
        (
            "&NamespaceId=cn-beijing%3Abusy".into(),
            "",
            r#"{"SecretData":{"k":"first"}}"#.into(),
            OBVIOUSLY,
        ),
        ("&SecretName=other".into(), FORM, format!("SecretData={a}"), OBVIOUSLY),
        (
            format!("&SecretData={a}"),
            FORM,
            "SecretName=other&NamespaceId=cn-beijing%3Abusy".into(),
            Kept("first"),
        ),
        // Another case is another name.
        (format!("&SecretData={a}&secretdata={b}"), FORM, format!("SECRETDATA={b}"), Kept("first")),
    ];
    let repeated = r#""k":"","#.repeat(590_000);
    attack("duplicates", ALLOWED_KIB, |server| {
        let mut client = Client::new(server);
        for _ in 0..10 * torture::rounds(1) {
            for (more, content_type, body, outcome) in &cases {
                let mut request = Request::new("POST", format!("{SECRET}?{NAMED}{more}"));
                if !body.is_empty() {
                    let json = "application/json";
                    let kind = if content_type.is_empty() { json } else { content_type };
                    request = request.body(kind, body.as_str());
                }
                let reply = client.send(&request);
                match outcome {
                    Kept(value) => {
                        assert_eq!(reply.status, 200, "{more} {body}: {}", reply.text());
                        let data = client.take(reply.secret_id());
                        assert_eq!(data, json!({ "k": value }), "{more} {body}");
                    }
                    Refused(code) => {
                        assert_eq!(
                            (reply.status, reply.code().as_str()),
                            (400, *code),
                            "{more} {body}"
                        );
                    }
                }
            }
        }
        for _ in 0..torture::rounds(1) {
            for body in [
                format!("{{\"SecretData\":{{{repeated}\"k\":\"\"}}}}"),
                format!("{{{repeated}\"SecretData\":{{}}}}"),
            ] {
                let request = Request::new("POST", format!("{SECRET}?{NAMED}"));
                let reply = client.send(&request.body("application/json", body));
                reply.assert_error(400, "InvalidParameter.WithMessage");
            }
        }
        client.sent
    });
}
