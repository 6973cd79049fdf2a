//! The request target: RFC 9112, section 3.2.

use actix_web::http::Uri;

use super::{LONG_PATH, Refusal};

/// The longest target that stays in the request line, in bytes. The dispatcher takes 65,534.
const UNCHANGED: usize = 60_000;
/// The longest path that a long target leaves in the request line, in bytes.
const KEPT_PATH: usize = 2_048;
/// The longest authority of a long target, in bytes.
const AUTHORITY: usize = 1_024;
/// The piece of a long target that is checked at once, in bytes.
const PIECE: usize = 32_768;

/// Checks a target; answers the path to put into the request line if the target cannot stay there:
/// because it is too long, or because its query has visible characters that the dispatcher's URI
/// does not take, such as the quotes of JSON that was not percent-encoded.
///
/// # Errors
/// [`Refusal::Malformed`] for everything that is not the path, an `http` or `https` URI, or the
/// `*` of an `OPTIONS` request, for a fragment, and for a path with characters that a URI does not
/// have.
pub(super) fn check<'a>(method: &str, target: &'a str) -> Result<Option<&'a str>, Refusal> {
    if target == "*" {
        return if method == "OPTIONS" { Ok(None) } else { Err(Refusal::Malformed) };
    }
    let (origin, path_and_query) = split_origin(target)?;
    if target.len() <= UNCHANGED && is_uri(target) {
        return Ok(None);
    }
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let origin_is_uri = origin.is_empty() || (origin.len() <= AUTHORITY && is_uri(origin));
    if !origin_is_uri || !has_uri_pieces(path) || !is_visible(query) {
        return Err(Refusal::Malformed);
    }
    Ok(Some(match path {
        "" => "/",
        long if long.len() > KEPT_PATH => LONG_PATH,
        path => path,
    }))
}

/// Splits a target into scheme with authority (empty for a bare path), and the rest.
fn split_origin(target: &str) -> Result<(&str, &str), Refusal> {
    if target.starts_with('/') {
        return Ok(("", target));
    }
    let (scheme, rest) = target.split_once("://").ok_or(Refusal::Malformed)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(Refusal::Malformed);
    }
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if authority == 0 {
        return Err(Refusal::Malformed);
    }
    target.split_at_checked(scheme.len() + 3 + authority).ok_or(Refusal::Malformed)
}

/// Asks the dispatcher's own parser, and refuses a fragment, which it would drop silently.
fn is_uri(text: &str) -> bool {
    !text.contains('#') && Uri::try_from(text).is_ok()
}

/// Asks the same for a path longer than the parser takes at once.
fn has_uri_pieces(path: &str) -> bool {
    path.as_bytes().chunks(PIECE).all(|piece| {
        let whole = [b"/", piece].concat();
        std::str::from_utf8(&whole).is_ok_and(is_uri)
    })
}

fn is_visible(query: &str) -> bool {
    query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn short_targets_stay() {
        for target in [
            "/",
            "/a/b?c=d&e=%20f",
            "/a\"?b={c:1}",
            "http://host/path?x",
            "HTTPS://host:443",
            "//double",
            "/a?b://c",
        ] {
            assert_eq!(check("GET", target), Ok(None), "{target}");
        }
        assert_eq!(check("OPTIONS", "*"), Ok(None));
        let longest = format!("/?{}", "x".repeat(UNCHANGED - 2));
        assert_eq!(check("GET", &longest), Ok(None));
    }

    #[test]
    fn long_and_odd_targets_leave_their_path() {
        let query = "q".repeat(UNCHANGED);
        for (target, path) in [
            (format!("/a/b?{query}"), "/a/b"),
            (format!("http://host/a?{query}"), "/a"),
            (format!("http://host?{query}"), "/"),
            ("/a?b={\"c\":1}".to_owned(), "/a"),
            ("http://host/a?<|>^`\\".to_owned(), "/a"),
            (format!("/{query}"), LONG_PATH),
            (format!("/{}?{query}", "p".repeat(KEPT_PATH)), LONG_PATH),
        ] {
            assert_eq!(check("GET", &target), Ok(Some(path)));
        }
    }

    #[test]
    fn other_forms_are_malformed() {
        let query = "q".repeat(UNCHANGED);
        for target in [
            "*",
            "a",
            "host:443",
            "ftp://host/",
            "http:///path",
            "http://",
            "/a#b",
            "/ü",
            "/a?b=ü",
            "/a?b=\u{7f}",
            "/a`",
            "http://ho st/",
            "http://a@/",
            &format!("/a?{query}#"),
            &format!("/a?{query}ü"),
            &format!("/a?{query}\u{1}"),
            &format!("/a`?{query}"),
            &format!("http://a:b:c/?{query}"),
            &format!("http://{query}/"),
        ] {
            assert_eq!(check("GET", target), Err(Refusal::Malformed));
        }
    }
}
