//! TagResource, UntagResource, TagResources, UntagResources, ListTagResources.

use super::{harness::*, keys::PENDING_DELETION};

const INVALID: &str = "InvalidParameter";
const SECRETS: (&str, &str) = ("ResourceType", "secret");
const UNKNOWN: &str = "The specified ResourceId is not found.";

/// The tags of a secret, by key.
#[track_caller]
fn tags_of(kms: &Kms, name: &str) -> String {
    let shown = kms.ok("DescribeSecret", &[("SecretName", name), ("FetchTags", "true")]);
    let tags = shown["Tags"]["Tag"].as_array().unwrap().iter().map(|tag| {
        format!("{}={}", tag["TagKey"].as_str().unwrap(), tag["TagValue"].as_str().unwrap())
    });
    tags.collect::<Vec<_>>().join(" ")
}

/// Tags as TagResource has them.
fn listed(pairs: &[(&str, &str)]) -> String {
    let tags = pairs.iter().map(|(key, value)| json!({"TagKey": key, "TagValue": value}));
    Value::from_iter(tags).to_string()
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("k{number}")).collect()
}

/// `NAME.1`, `NAME.2` and so on.
fn members(name: &str, suffix: &str, texts: &[String]) -> Vec<(String, String)> {
    let texts = texts.iter().enumerate();
    texts.map(|(at, text)| (format!("{name}.{}{suffix}", at + 1), text.clone())).collect()
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Rows as texts, and the token.
#[track_caller]
fn rows(kms: &Kms, more: &[(&str, &str)]) -> (Vec<String>, String) {
    let answer = kms.ok("ListTagResources", &[&[SECRETS], more].concat());
    let rows = answer["TagResources"]["TagResource"].as_array().unwrap().iter().map(|row| {
        assert_eq!(
            (row["ResourceType"].as_str(), row.as_object().unwrap().len()),
            (Some("secret"), 4)
        );
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        format!("{} {}={}", text("ResourceId"), text("TagKey"), text("TagValue"))
    });
    (rows.collect(), answer["NextToken"].as_str().unwrap().to_owned())
}

#[test]
fn tags_changed() {
    let kms = Kms::start();
    kms.create_with("a", &[("Tags", &listed(&[("old", "1"), ("b", "2")]))]);
    let name = ("SecretName", "a");
    let before = kms.ok("DescribeSecret", &[name]);
    kms.wait(1);
    let tags = listed(&[("old", "new"), ("c", ""), ("a", "x")]);
    assert_eq!(kms.ok("TagResource", &[name, ("Tags", &tags)]), json!({}));
    assert_eq!(tags_of(&kms, "a"), "a=x b=2 c= old=new");
    assert_eq!(kms.ok("UntagResource", &[name, ("TagKeys", "b,none")]), json!({}));
    assert_eq!(tags_of(&kms, "a"), "a=x c= old=new");
    kms.ok("UntagResource", &[name, ("TagKeys", r#"["c","a","other"]"#)]);
    assert_eq!(tags_of(&kms, "a"), "old=new");
    let by_arn = arn("a");
    kms.ok("TagResource", &[("SecretName", &by_arn), ("Tags", &listed(&[("by", "arn")]))]);
    kms.ok("TagResource", &[name, ("Tags", "[]")]);
    assert_eq!(tags_of(&kms, "a"), "by=arn old=new");
    kms.ok("UntagResource", &[("SecretName", &by_arn), ("TagKeys", "by")]);
    assert_eq!(tags_of(&kms, "a"), "old=new");
    // Tags are beside the secret: it is not another one for them.
    assert_eq!(kms.ok("DescribeSecret", &[name]), before);
}

#[test]
fn exactly_one_resource_is_named() {
    let kms = Kms::start();
    kms.create("a");
    let (tags, keys) = (("Tags", r#"[{"TagKey":"k"}]"#), ("TagKeys", "k"));
    let why = "exactly one of SecretName, KeyId and CertificateId has to be named";
    let (name, key) = (("SecretName", "a"), ("KeyId", "key-hzz62f1cb66fa42qo5o4r"));
    let certificate = ("CertificateId", "c");
    for (action, what) in [("TagResource", tags), ("UntagResource", keys)] {
        for named in [&[][..], &[name, key], &[name, certificate], &[key, certificate]] {
            let parameters = [named, &[what]].concat();
            kms.refused(action, &parameters, 400, INVALID, &not_valid("SecretName", why));
        }
        // Certificates are not emulated.
        kms.refused(action, &[certificate, what], 400, "UnsupportedOperation", UNSUPPORTED);
        let none = [("SecretName", "b"), what];
        kms.refused(action, &none, 404, "Forbidden.ResourceNotFound", RESOURCE);
        let no_key = "The specified Key is not found.";
        kms.refused(action, &[key, what], 404, "Forbidden.KeyNotFound", no_key);
        kms.refused(action, &[name], 400, "MissingParameter", &missing(what.0));
        let message = not_valid("SecretName", "may hold letters, digits and _/+=.@- only");
        kms.refused(action, &[("SecretName", "a b"), what], 400, INVALID, &message);
    }
    assert_eq!(tags_of(&kms, "a"), "");
}

#[test]
fn tags_have_rules() {
    let kms = Kms::start();
    kms.create("a");
    let name = ("SecretName", "a");
    for (text, why) in [
        (listed(&[("a", "1"), ("a", "2")]), "has a key twice"),
        (listed(&[("", "v")]), "has a key that is empty"),
        (listed(&[("acs:a", "v")]), "has a key that may not begin with aliyun or acs:"),
        (listed(&[("k", "a b")]), r"has a value that may hold letters, digits and /\_-.+=:@ only"),
        (listed(&[(&"k".repeat(129), "v")]), "has a key that has more than 128 characters"),
        ("k=v".to_owned(), r#"is not a JSON array of {"TagKey":"…","TagValue":"…"}"#),
    ] {
        let parameters = [name, ("Tags", &text)];
        kms.refused("TagResource", &parameters, 400, INVALID, &not_valid("Tags", why));
    }
    for (text, why) in [
        ("a,,b", "has a key that is empty"),
        ("a, b", r"has a key that may hold letters, digits and /\_-.+=:@ only"),
        ("[1]", "is not a JSON array of texts"),
        ("[]", "does not name 1 to 20 keys"),
        (&numbered(0..21).join(","), "does not name 1 to 20 keys"),
        ("aliyun", "has a key that may not begin with aliyun or acs:"),
        (&"k".repeat(129), "has a key that has more than 128 characters"),
    ] {
        let parameters = [name, ("TagKeys", text)];
        kms.refused("UntagResource", &parameters, 400, INVALID, &not_valid("TagKeys", why));
    }
    let longest = "k".repeat(128);
    kms.ok("TagResource", &[name, ("Tags", &listed(&[(&longest, &longest)]))]);
    kms.ok("UntagResource", &[name, ("TagKeys", &longest)]);
    assert_eq!(tags_of(&kms, "a"), "");
    // As many keys as a resource can have.
    let keys = numbered(0..20);
    let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
    kms.ok("TagResource", &[name, ("Tags", &listed(&pairs))]);
    kms.ok("UntagResource", &[name, ("TagKeys", &keys.join(","))]);
    assert_eq!(tags_of(&kms, "a"), "");
}

#[test]
fn a_resource_has_20_tags() {
    let kms = Kms::start();
    let name = ("SecretName", "a");
    let keys = numbered(0..20);
    let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
    kms.create_with("a", &[("Tags", &listed(&pairs))]);
    kms.create("b");
    let why = "are more than 20 on one resource";
    let parameters = [name, ("Tags", &listed(&[("k20", "v")]))];
    kms.refused("TagResource", &parameters, 400, INVALID, &not_valid("Tags", why));
    let several = [SECRETS, ("ResourceId.1", "b"), ("ResourceId.2", "a"), ("Tag.1.Key", "k20")];
    kms.refused("TagResources", &several, 400, INVALID, &not_valid("Tag", why));
    assert_eq!(tags_of(&kms, "b"), "");
    // Others of the same keys take no more room.
    let other: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "w")).collect();
    kms.ok("TagResource", &[name, ("Tags", &listed(&other))]);
    assert_eq!(tags_of(&kms, "a").matches("=w").count(), 20);
    kms.ok("UntagResource", &[name, ("TagKeys", "k0")]);
    kms.ok("TagResource", &[name, ("Tags", &listed(&[("k20", "v")]))]);
    // And no more at once.
    let too_many = numbered(0..21);
    let pairs: Vec<(&str, &str)> = too_many.iter().map(|key| (key.as_str(), "v")).collect();
    let parameters = [("SecretName", "b"), ("Tags", &listed(&pairs))];
    kms.refused("TagResource", &parameters, 400, INVALID, &not_valid("Tags", why));
}

#[test]
fn many_writers_keep_to_20_tags() {
    let kms = Kms::start();
    kms.create("a");
    std::thread::scope(|scope| {
        for number in 0..32 {
            let kms = &kms;
            scope.spawn(move || {
                let tags = listed(&[(&format!("k{number}"), "v")]);
                let reply = kms.call("TagResource", &[("SecretName", "a"), ("Tags", &tags)]);
                assert!(reply.status == 200 || reply.code() == INVALID, "{}", reply.text());
            });
        }
    });
    assert_eq!(tags_of(&kms, "a").split(' ').count(), 20);
}

#[test]
fn several_resources_are_tagged_or_none() {
    let kms = Kms::start();
    for name in ["a", "b", "c"] {
        kms.create_with(name, &[("Tags", &listed(&[("k", "old")]))]);
    }
    let by_arn = arn("b");
    let named = [SECRETS, ("ResourceId.1", "a"), ("ResourceId.2", by_arn.as_str())];
    let tags =
        [("Tag.1.Key", "k"), ("Tag.1.Value", "new"), ("Tag.2.Key", "j"), ("Tag.2.Value", "")];
    assert_eq!(kms.ok("TagResources", &[&named[..], &tags].concat()), json!({}));
    let shown = |name| tags_of(&kms, name);
    assert_eq!([shown("a"), shown("b"), shown("c")], ["j= k=new", "j= k=new", "k=old"]);
    // One that is not there keeps all as they are.
    for (wrong, place) in [("none", "3"), ("a b", "1"), ("acs:kms:x", "2"), ("", "4")] {
        let mut named: Vec<(String, String)> = vec![("ResourceType".into(), "secret".into())];
        let mut names = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        names.insert(place.parse::<usize>().unwrap() - 1, wrong.to_owned());
        named.extend(members("ResourceId", "", &names));
        named.push(("Tag.1.Key".into(), "more".into()));
        let named = borrowed(&named);
        if wrong.is_empty() {
            kms.ok("TagResources", &named);
            kms.ok(
                "UntagResources",
                &named
                    .iter()
                    .map(
                        |(name, value)| {
                            if *name == "Tag.1.Key" {
                                ("TagKey.1", *value)
                            } else {
                                (*name, *value)
                            }
                        },
                    )
                    .collect::<Vec<_>>(),
            );
            continue;
        }
        kms.refused("TagResources", &named, 404, "InvalidResourceId.NotFound", UNKNOWN);
        let mut untag = named.clone();
        untag.push(("All", "true"));
        kms.refused("UntagResources", &untag, 404, "InvalidResourceId.NotFound", UNKNOWN);
        let all: Vec<_> =
            named.iter().copied().filter(|(name, _)| !name.starts_with("Tag")).collect();
        kms.refused("ListTagResources", &all, 404, "InvalidResourceId.NotFound", UNKNOWN);
    }
    assert_eq!([shown("a"), shown("b"), shown("c")], ["j= k=new", "j= k=new", "k=old"]);

    let keys = [("TagKey.1", "j"), ("TagKey.2", "none"), ("All", "true")];
    // The keys go before All, which is for requests without any.
    kms.ok("UntagResources", &[&named[..], &keys].concat());
    assert_eq!([shown("a"), shown("b"), shown("c")], ["k=new", "k=new", "k=old"]);
    let all = [SECRETS, ("ResourceId.1", "a"), ("ResourceId.2", "c"), ("All", "True")];
    kms.ok("UntagResources", &all);
    assert_eq!([shown("a"), shown("b"), shown("c")], ["", "k=new", ""]);
    kms.ok("UntagResources", &all);
}

#[test]
fn requests_for_several_have_rules() {
    let kms = Kms::start();
    kms.create("a");
    let (one, tag, key) = (("ResourceId.1", "a"), ("Tag.1.Key", "k"), ("TagKey.1", "k"));
    for (action, what) in
        [("TagResources", tag), ("UntagResources", key), ("ListTagResources", tag)]
    {
        kms.refused(action, &[one, what], 400, "MissingParameter", &missing("ResourceType"));
        for kind in ["certificate", "Secret", "alias"] {
            let parameters = [("ResourceType", kind), one, what];
            let message = not_valid("ResourceType", "is neither key nor secret");
            kms.refused(action, &parameters, 400, INVALID, &message);
        }
        if action != "ListTagResources" {
            kms.refused(action, &[SECRETS, what], 400, "MissingParameter", &missing("ResourceId"));
        }
        // Up to 50 resources, numbered from 1.
        let mut named = members("ResourceId", "", &vec!["a".to_owned(); 50]);
        kms.ok(action, &[&[SECRETS, what][..], &borrowed(&named)].concat());
        named.push(("ResourceId.51".into(), "a".into()));
        let parameters = [&[SECRETS, what][..], &borrowed(&named)].concat();
        let message = not_valid("ResourceId", "is numbered from 1 to 50");
        kms.refused(action, &parameters, 400, INVALID, &message);
        let parameters = [SECRETS, what, ("ResourceId.0", "a")];
        kms.refused(action, &parameters, 400, INVALID, &message);
        // None of that kind is there.
        let parameters = [("ResourceType", "key"), ("ResourceId.1", "key-none"), what];
        kms.refused(action, &parameters, 404, "InvalidResourceId.NotFound", UNKNOWN);
    }
    kms.refused("TagResources", &[SECRETS, one], 400, "MissingParameter", &missing("Tag"));
    kms.refused("UntagResources", &[SECRETS, one], 400, "MissingParameter", &missing("TagKey"));
    let no = [SECRETS, one, ("All", "false")];
    kms.refused("UntagResources", &no, 400, "MissingParameter", &missing("TagKey"));
    let parameters = [SECRETS, one, ("All", "yes")];
    let message = not_valid("All", "cannot be read");
    kms.refused("UntagResources", &parameters, 400, INVALID, &message);

    // Up to 20 tags.
    let keys = numbered(0..20);
    let mut tags = members("Tag", ".Key", &keys);
    kms.ok("TagResources", &[&[SECRETS, one][..], &borrowed(&tags)].concat());
    tags.push(("Tag.21.Value".into(), "v".into()));
    let message = not_valid("Tag", "is numbered from 1 to 20");
    for action in ["TagResources", "ListTagResources"] {
        let parameters = [&[SECRETS, one][..], &borrowed(&tags)].concat();
        kms.refused(action, &parameters, 400, INVALID, &message);
        let parameters = [SECRETS, one, ("Tag.0.Key", "k")];
        kms.refused(action, &parameters, 400, INVALID, &message);
    }
    let mut keys = members("TagKey", "", &keys);
    kms.ok("UntagResources", &[&[SECRETS, one][..], &borrowed(&keys)].concat());
    keys.push(("TagKey.21".into(), "k".into()));
    let message = not_valid("TagKey", "is numbered from 1 to 20");
    let parameters = [&[SECRETS, one][..], &borrowed(&keys)].concat();
    kms.refused("UntagResources", &parameters, 400, INVALID, &message);
    assert_eq!(tags_of(&kms, "a"), "");
}

#[test]
fn tags_of_several_have_rows_of_their_own() {
    const NOT_VALID: &str = "The specified parameter is not valid.";
    let kms = Kms::start();
    kms.create("a");
    let one = ("ResourceId.1", "a");
    let tag = |key: &str, value: &str| {
        let parameters = [SECRETS, one, ("Tag.1.Key", key), ("Tag.1.Value", value)];
        kms.call("TagResources", &parameters)
    };
    for key in ["aliyun-x", "acs:x", "a b", "中", &"k".repeat(129)] {
        let reply = tag(key, "v");
        let told = (reply.status, reply.code(), reply.message());
        let expected = (400, "InvalidParameter.TagKey".to_owned(), NOT_VALID.to_owned());
        assert_eq!(told, expected, "{key}");
        // A list that looks for it, and a request that takes it away, have no such row.
        let parameters = [SECRETS, one, ("Tag.1.Key", key)];
        let reply = kms.call("ListTagResources", &parameters);
        assert_eq!((reply.status, reply.code().as_str()), (400, INVALID));
        assert!(reply.message().starts_with(&not_valid("Tag", "")), "{}", reply.message());
        let parameters = [SECRETS, one, ("TagKey.1", key)];
        let reply = kms.call("UntagResources", &parameters);
        assert_eq!((reply.status, reply.code().as_str()), (400, INVALID));
        assert!(reply.message().starts_with(&not_valid("TagKey", "")), "{}", reply.message());
    }
    // A value without a key.
    let parameters = [SECRETS, one, ("Tag.1.Value", "v")];
    kms.refused("TagResources", &parameters, 400, "InvalidParameter.TagKey", NOT_VALID);
    for value in ["a b", "中", &"v".repeat(129)] {
        let reply = tag("k", value);
        let told = (reply.status, reply.code(), reply.message());
        let expected = (400, "InvalidParameter.TagValue".to_owned(), NOT_VALID.to_owned());
        assert_eq!(told, expected, "{value}");
    }
    for action in ["TagResources", "ListTagResources"] {
        let parameters =
            [SECRETS, one, ("Tag.1.Key", "k"), ("Tag.2.Key", "k"), ("Tag.2.Value", "v")];
        let twice = "The specified tagKey is duplicate.";
        kms.refused(action, &parameters, 400, "Duplicate.TagKey", twice);
    }
    assert_eq!(tag(&"k".repeat(128), &"v".repeat(128)).status, 200);
    assert_eq!(tags_of(&kms, "a").len(), 257);
}

#[test]
fn tags_are_listed_by_resource_and_by_tag() {
    let kms = Kms::start();
    kms.create_with("b", &[("Tags", &listed(&[("env", "prod"), ("team", "x")]))]);
    kms.create_with("a", &[("Tags", &listed(&[("env", "dev"), ("team", "x")]))]);
    kms.create("none");
    kms.create_with("c", &[("Tags", &listed(&[("env", ""), ("a", "prod")]))]);
    kms.create_with("b", &[("RegionId", "cn-beijing"), ("Tags", &listed(&[("there", "v")]))]);
    let rows = |more: &[(&str, &str)]| {
        let (rows, token) = rows(&kms, more);
        assert_eq!(token, "");
        rows.join(", ")
    };
    let all = "b env=prod, b team=x, a env=dev, a team=x, c a=prod, c env=";
    assert_eq!(rows(&[]), all);
    assert_eq!(rows(&[("NextToken", "")]), all);
    assert_eq!(rows(&[("ResourceId.1", "none")]), "");
    let by_arn = arn("b");
    let two = [("ResourceId.1", "c"), ("ResourceId.2", by_arn.as_str())];
    assert_eq!(rows(&two), "b env=prod, b team=x, c a=prod, c env=");
    // All tags of resources that have these.
    let prod = [("Tag.1.Key", "env"), ("Tag.1.Value", "prod")];
    assert_eq!(rows(&prod), "b env=prod, b team=x");
    assert_eq!(rows(&[("Tag.1.Key", "env")]), all);
    assert_eq!(rows(&[("Tag.1.Key", "env"), ("Tag.1.Value", "")]), "c a=prod, c env=");
    assert_eq!(
        rows(&[("Tag.1.Key", "team"), ("Tag.2.Key", "env"), ("Tag.2.Value", "dev")]),
        "a env=dev, a team=x"
    );
    assert_eq!(rows(&[("Tag.1.Key", "a"), ("Tag.2.Key", "team")]), "");
    assert_eq!(rows(&[("Tag.1.Key", "Env")]), "");
    assert_eq!(
        rows(&[two[0], two[1], ("Tag.1.Key", "team"), ("Tag.1.Value", "x")]),
        "b env=prod, b team=x"
    );
    assert_eq!(rows(&[("RegionId", "cn-beijing")]), "b there=v");
    // Those in their window are there, and those past it are not.
    kms.ok("DeleteSecret", &[("SecretName", "b"), ("RecoveryWindowInDays", "7")]);
    assert_eq!(rows(&[]), all);
    kms.wait(7 * DAY);
    assert_eq!(rows(&[]), "a env=dev, a team=x, c a=prod, c env=");
    assert_eq!(rows(&prod), "");
    let gone = [SECRETS, ("ResourceId.1", "b")];
    kms.refused("ListTagResources", &gone, 404, "InvalidResourceId.NotFound", UNKNOWN);
}

#[test]
fn a_page_has_200_tags_and_says_where_the_next_begins() {
    let kms = Kms::start();
    let keys = numbered(0..20);
    let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).collect();
    let tags = listed(&pairs);
    for number in 0..21 {
        kms.create_with(&format!("s{number:02}"), &[("Tags", &tags)]);
    }
    kms.ok("UntagResource", &[("SecretName", "s04"), ("TagKeys", "k3")]);
    // The pages of what is not there any more are filled up.
    kms.ok("DeleteSecret", &[("SecretName", "s02"), ("RecoveryWindowInDays", "7")]);
    kms.wait(7 * DAY);
    let names: Vec<String> =
        (0..21).filter(|number| *number != 2).map(|number| format!("s{number:02}")).collect();
    let named = members("ResourceId", "", &names);
    let mut expected: Vec<String> = names
        .iter()
        .flat_map(|name| {
            let mut sorted = keys.clone();
            sorted.sort();
            sorted.into_iter().map(move |key| format!("{name} {key}=v"))
        })
        .collect();
    expected.retain(|row| row != "s04 k3=v");
    assert_eq!(expected.len(), 399);
    for more in [
        vec![],
        borrowed(&named),
        vec![("Tag.1.Key", "k7")],
        vec![("Tag.1.Key", "k7"), ("Tag.2.Key", "k8"), ("Tag.2.Value", "v")],
    ] {
        let (first, token) = rows(&kms, &more);
        assert_eq!(first, expected[..200], "{more:?}");
        let next = [&more[..], &[("NextToken", token.as_str())]].concat();
        let (second, end) = rows(&kms, &next);
        assert_eq!(second, expected[200..], "{more:?}");
        assert_eq!(end, "");
        // It belongs to this list alone.
        for other in [&[][..], &[("Tag.1.Key", "k9")], &[("ResourceId.1", "s01")]] {
            if other != &more[..] {
                let parameters = [&[SECRETS], other, &[("NextToken", token.as_str())]].concat();
                let message = not_valid("NextToken", "was not given for this list");
                kms.refused("ListTagResources", &parameters, 400, INVALID, &message);
            }
        }
    }
    for token in ["x", "200", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let parameters = [SECRETS, ("NextToken", token)];
        let message = not_valid("NextToken", "was not given for this list");
        kms.refused("ListTagResources", &parameters, 400, INVALID, &message);
    }
    // A page that is just full is the last one.
    kms.ok("UntagResources", &[SECRETS, ("ResourceId.1", "s04"), ("All", "true")]);
    let ten: Vec<(String, String)> = members("ResourceId", "", &names[4..14]);
    let (full, token) = rows(&kms, &borrowed(&ten));
    assert_eq!((full.len(), token.as_str()), (200, ""));
}

#[test]
fn tags_in_json_and_by_get_are_the_same() {
    let kms = Kms::start();
    kms.create("a");
    kms.create("b");
    let body = json!({
        "ResourceType": "secret", "ResourceId.1": "a", "ResourceId.2": "b", "Tag.1.Key": "k",
        "Tag.1.Value": "v",
    });
    let system = query(&[("Action", "TagResources"), ("Version", "2016-01-20")]);
    let send = |request: Request| {
        let mut connection = kms.server.connect();
        connection.send(&request.bytes(kms.server.address)).unwrap();
        let reply = connection.receive();
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    send(Request::new("POST", format!("/?{system}")).json(&body));
    assert_eq!(tags_of(&kms, "b"), "k=v");
    let more = query(&[SECRETS, ("ResourceId.1", "b"), ("Tag.1.Key", "j")]);
    send(Request::new("GET", format!("/?{system}&{more}")));
    assert_eq!(tags_of(&kms, "b"), "j= k=v");
}

const KEYS: (&str, &str) = ("ResourceType", "key");
const NO_KEY: &str = "The specified Key is not found.";
const NO_ALIAS: &str = "The specified Alias is not found.";

/// Creates a key with these tags.
#[track_caller]
fn key(kms: &Kms, tags: &[(&str, &str)]) -> String {
    let made = kms.ok("CreateKey", &[("Tags", &listed(tags))]);
    made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

/// The tags of a key, by key.
#[track_caller]
fn tags_of_key(kms: &Kms, key: &str) -> String {
    let answer = kms.ok("ListResourceTags", &[("KeyId", key)]);
    let tags = answer["Tags"]["Tag"].as_array().unwrap().iter().map(|tag| {
        assert_eq!((tag["KeyId"].as_str(), tag.as_object().unwrap().len()), (Some(key), 3));
        format!("{}={}", tag["TagKey"].as_str().unwrap(), tag["TagValue"].as_str().unwrap())
    });
    tags.collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_have_tags() {
    let kms = Kms::start();
    let id = key(&kms, &[("b", "1")]);
    let bare = kms.ok("ListResourceTags", &[("KeyId", &key(&kms, &[]))]);
    assert_eq!(bare, json!({"Tags": {"Tag": []}}));
    kms.ok("CreateAlias", &[("KeyId", &id), ("AliasName", "alias/a")]);
    for (number, named) in [
        id.clone(),
        "alias/a".to_owned(),
        format!("acs:kms:{REGION}:{ACCOUNT}:key/{id}"),
        format!("acs:kms:{REGION}:{ACCOUNT}:alias/a"),
    ]
    .iter()
    .enumerate()
    {
        let tags = listed(&[(&format!("k{number}"), "v"), ("b", "2")]);
        assert_eq!(kms.ok("TagResource", &[("KeyId", named), ("Tags", &tags)]), json!({}));
    }
    assert_eq!(tags_of_key(&kms, &id), "b=2 k0=v k1=v k2=v k3=v");
    let keys = ("TagKeys", r#"["k0","k1","none"]"#);
    assert_eq!(kms.ok("UntagResource", &[("KeyId", &id), keys]), json!({}));
    assert_eq!(tags_of_key(&kms, &id), "b=2 k2=v k3=v");

    // What is taken away, and what is listed, is named by its id alone.
    let arn = format!("acs:kms:{REGION}:{ACCOUNT}:key/{id}");
    for named in ["alias/a", arn.as_str()] {
        for (action, more) in [("UntagResource", &[keys][..]), ("ListResourceTags", &[])] {
            let reply = kms.call(action, &[&[("KeyId", named)], more].concat());
            assert_eq!((reply.status, reply.code().as_str()), (400, INVALID), "{named}");
            assert!(reply.message().starts_with(&not_valid("KeyId", "")), "{}", reply.message());
        }
    }
    let none = ("KeyId", "key-hzz62f1cb66fa42qo5o4r");
    kms.refused("ListResourceTags", &[none], 404, "Forbidden.KeyNotFound", NO_KEY);
    kms.refused("ListResourceTags", &[], 400, "MissingParameter", &missing("KeyId"));
    let tags = ("Tags", "[]");
    kms.refused("TagResource", &[none, tags], 404, "Forbidden.KeyNotFound", NO_KEY);
    let alias = [("KeyId", "alias/none"), tags];
    kms.refused("TagResource", &alias, 404, "Forbidden.AliasNotFound", NO_ALIAS);
    let foreign = format!("acs:kms:{REGION}:{FOREIGN}:key/{id}");
    let foreign = [("KeyId", foreign.as_str()), tags];
    kms.refused("TagResource", &foreign, 404, "Forbidden.KeyNotFound", NO_KEY);

    kms.ok("ScheduleKeyDeletion", &[("KeyId", &id), ("PendingWindowInDays", "7")]);
    let late = [("KeyId", id.as_str()), ("Tags", r#"[{"TagKey":"late","TagValue":""}]"#)];
    kms.refuses("TagResource", &late, PENDING_DELETION);
    kms.refuses("UntagResource", &[late[0], ("TagKeys", "b")], PENDING_DELETION);
    // With one that could be tagged, neither is.
    let other = key(&kms, &[("c", "1")]);
    let both = [KEYS, ("ResourceId.1", other.as_str()), ("ResourceId.2", id.as_str())];
    let tag = [&both[..], &[("Tag.1.Key", "late")]].concat();
    kms.refuses("TagResources", &tag, PENDING_DELETION);
    for more in [("TagKey.1", "c"), ("All", "true")] {
        kms.refuses("UntagResources", &[&both[..], &[more]].concat(), PENDING_DELETION);
    }
    assert_eq!([tags_of_key(&kms, &id), tags_of_key(&kms, &other)], ["b=2 k2=v k3=v", "c=1"]);
    kms.wait(7 * DAY);
    kms.refused("ListResourceTags", &[("KeyId", &id)], 404, "Forbidden.KeyNotFound", NO_KEY);
    kms.refused("TagResource", &[("KeyId", &id), tags], 404, "Forbidden.KeyNotFound", NO_KEY);
}

#[test]
fn several_keys_are_tagged_or_none() {
    let kms = Kms::start();
    let ids = [key(&kms, &[]), key(&kms, &[("old", "1")])];
    // A secret with the number of a key keeps its own tags.
    for name in ["a", "b"] {
        kms.create_with(name, &[("Tags", &listed(&[("of", "secret")]))]);
    }
    let arn = format!("acs:kms:{REGION}:{ACCOUNT}:key/{}", ids[1]);
    let named = [KEYS, ("ResourceId.1", ids[0].as_str()), ("ResourceId.2", arn.as_str())];
    let tags = [("Tag.1.Key", "k"), ("Tag.1.Value", "v")];
    kms.ok("TagResources", &[&named[..], &tags].concat());
    assert_eq!([tags_of_key(&kms, &ids[0]), tags_of_key(&kms, &ids[1])], ["k=v", "k=v old=1"]);
    for other in ["key-hzz62f1cb66fa42qo5o4r", "alias/a", "a b", "acs:kms:x"] {
        let named = [&named[..], &[("ResourceId.3", other)]].concat();
        for (action, more) in [
            ("TagResources", &[("Tag.1.Key", "more")][..]),
            ("UntagResources", &[("All", "true")]),
            ("ListTagResources", &[]),
        ] {
            let parameters = [&named[..], more].concat();
            kms.refused(action, &parameters, 404, "InvalidResourceId.NotFound", UNKNOWN);
        }
    }
    assert_eq!([tags_of_key(&kms, &ids[0]), tags_of_key(&kms, &ids[1])], ["k=v", "k=v old=1"]);
    let rows = |more: &[(&str, &str)]| {
        let answer = kms.ok("ListTagResources", &[&[KEYS], more].concat());
        assert_eq!(answer["NextToken"], "");
        answer["TagResources"]["TagResource"].clone()
    };
    let row = |id: &str, key: &str, value: &str| json!({"ResourceId": id, "ResourceType": "key", "TagKey": key, "TagValue": value});
    let all = json!([row(&ids[0], "k", "v"), row(&ids[1], "k", "v"), row(&ids[1], "old", "1")]);
    assert_eq!(rows(&[]), all);
    assert_eq!(rows(&named[1..]), all);
    assert_eq!(rows(&[("Tag.1.Key", "k"), ("Tag.1.Value", "v")]), all);
    assert_eq!(rows(&[("Tag.1.Key", "old")]), json!([all[1], all[2]]));
    assert_eq!(rows(&[("Tag.1.Key", "of")]), json!([]));
    kms.ok("UntagResources", &[&named[..], &[("TagKey.1", "k")]].concat());
    assert_eq!(rows(&[]), json!([row(&ids[1], "old", "1")]));
    kms.ok("UntagResources", &[&named[..], &[("All", "true")]].concat());
    assert_eq!(rows(&[]), json!([]));
    assert_eq!([tags_of(&kms, "a"), tags_of(&kms, "b")], ["of=secret", "of=secret"]);
}

/// Requests for several resources at once are all done. PostgreSQL has many writers, which lock the resources in one order,
/// however they are named: none has to give way to another and begin again.
#[test]
fn many_requests_for_the_same_resources_are_all_done() {
    let kms = Kms::start();
    let retries = || {
        let metrics = kms.server.call("GET", "/metrics", &[]);
        let mut lines = metrics.text().lines();
        let found = lines.find(|line| line.starts_with("sae_secret_store_retries_total "));
        found.expect("the metric").to_owned()
    };
    let before = retries();
    for name in ["a", "b", "c", "d"] {
        kms.create(name);
    }
    std::thread::scope(|scope| {
        for number in 0..16 {
            let kms = &kms;
            scope.spawn(move || {
                let mut names = ["a".to_owned(), "b".to_owned(), "c".to_owned(), arn("d")];
                names.rotate_left(number % 4);
                if number % 2 == 0 {
                    names.reverse();
                    names[0] = arn(names[0].rsplit('/').next().unwrap());
                }
                let mut parameters = members("ResourceId", "", &names);
                parameters.push(("Tag.1.Key".into(), format!("k{number}")));
                kms.ok("TagResources", &[&[SECRETS][..], &borrowed(&parameters)].concat());
            });
        }
    });
    for name in ["a", "b", "c", "d"] {
        assert_eq!(tags_of(&kms, name).split(' ').count(), 16);
    }
    if postgres::server().is_some() {
        assert_eq!(retries(), before);
    }
}

/// Of resources with one tag each the last one of a page has none left on the next.
#[test]
fn pages_of_a_tag_have_all_its_resources() {
    let kms = Kms::start();
    kms.execute(&format!(
        "INSERT INTO kms_secrets (scope, id, uid, name, secret_type, rotation, created_at, updated_at)
         SELECT scope, id, '00000000000000000000000000000000', name, 'Generic', 'Disabled', 0, 0
         FROM (WITH RECURSIVE numbers(n) AS (SELECT 1001 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1450)
               SELECT '{ACCOUNT}/{REGION}' AS scope, n AS id, 's' || n AS name FROM numbers) AS made;
         INSERT INTO kms_tags (scope, kind, resource_id, tag_key, tag_value)
         SELECT scope, 'secret', id, 'k', 'v' FROM kms_secrets;"
    ));
    let expected: Vec<String> = (1001..=1450).map(|id| format!("s{id} k=v")).collect();
    for tag in [&[][..], &[("Tag.1.Key", "k")], &[("Tag.1.Key", "k"), ("Tag.1.Value", "v")]] {
        let (mut found, mut token) = (vec![], String::new());
        for size in [200, 200, 50] {
            let (page, next) = rows(&kms, &[tag, &[("NextToken", &token)]].concat());
            assert_eq!((page.len(), next.is_empty()), (size, size == 50));
            found.extend(page);
            token = next;
        }
        assert_eq!(found, expected);
    }
}
