//! JSON or XML.

use super::parameters::Parameters;

/// The format of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json;charset=utf-8`.
    Json,
    /// `text/xml;charset=utf-8`: the only XML that the official clients read.
    Xml,
}

/// The format that a request asks for: the parameter `Format` where it says `JSON` or `XML`, else XML if and only if
/// the `Accept` header likes it best. No `Accept` header is ever refused.
pub fn choose(accept: Option<&str>, parameters: &Parameters) -> Format {
    match parameters.text("Format").ok().flatten() {
        Some(format) if format.eq_ignore_ascii_case("xml") => return Format::Xml,
        Some(format) if format.eq_ignore_ascii_case("json") => return Format::Json,
        _ => {}
    }
    accept.map_or(Format::Json, from_accept)
}

/// XML when the type that is liked best, the first of equals, is an XML one.
fn from_accept(accept: &str) -> Format {
    let mut best = ("", 0.0);
    for item in accept.split(',') {
        let mut pieces = item.split(';').map(str::trim);
        let media_type = pieces.next().unwrap_or_default();
        let quality =
            pieces.find_map(|piece| piece.strip_prefix("q=").or(piece.strip_prefix("Q=")));
        let quality: f32 = quality.map_or(1.0, |quality| quality.trim().parse().unwrap_or(1.0));
        if quality > best.1 {
            best = (media_type, quality);
        }
    }
    let is_xml = ["application/xml", "text/xml"].iter().any(|xml| best.0.eq_ignore_ascii_case(xml));
    if is_xml { Format::Xml } else { Format::Json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_decides() {
        for (accept, xml) in [
            ("application/json", false),
            ("application/xml", true),
            ("text/xml", true),
            ("TEXT/XML; charset=utf-8", true),
            ("*/*", false),
            ("", false),
            ("nonsense", false),
            ("application/octet-stream", false),
            ("text/html", false),
            ("text/*", false),
            ("application/json, application/xml", false),
            ("application/xml, application/json", true),
            ("application/xml;q=0.5, application/json;q=0.4", true),
            ("application/xml;q=0.4, application/json;q=0.5", false),
            ("application/xml;q=0", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("*/*, application/xml", false),
            ("application/xml, */*", true),
        ] {
            assert_eq!(from_accept(accept) == Format::Xml, xml, "{accept:?}");
        }
    }
}
