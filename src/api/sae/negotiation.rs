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
/// the `Accept` header likes it better than JSON. No `Accept` header is ever refused.
pub fn choose(accept: Option<&str>, parameters: &Parameters) -> Format {
    match parameters.text("Format").ok().flatten() {
        Some(format) if format.eq_ignore_ascii_case("xml") => return Format::Xml,
        Some(format) if format.eq_ignore_ascii_case("json") => return Format::Json,
        _ => {}
    }
    accept.map_or(Format::Json, from_accept)
}

/// How much a type is wanted: by its quality, then by how exactly it is named, then by how early.
#[derive(PartialEq, PartialOrd)]
struct Wanted {
    quality: f32,
    named: bool,
    earliness: std::cmp::Reverse<usize>,
}

fn from_accept(accept: &str) -> Format {
    let json =
        wanted(accept, |range| range == "application/json", |range| range == "application/*");
    let xml = wanted(
        accept,
        |range| matches!(range, "application/xml" | "text/xml"),
        |range| matches!(range, "application/*" | "text/*"),
    );
    match (xml, json) {
        (Some(xml), None) if xml.named && xml.quality > 0.0 => Format::Xml,
        (Some(xml), Some(json)) if xml.named && xml > json => Format::Xml,
        _ => Format::Json,
    }
}

fn wanted(
    accept: &str,
    named: impl Fn(&str) -> bool,
    alike: impl Fn(&str) -> bool,
) -> Option<Wanted> {
    let mut best: Option<(u8, Wanted)> = None;
    for (index, item) in accept.split(',').enumerate() {
        let mut pieces = item.split(';').map(str::trim);
        let range = pieces.next().unwrap_or_default().to_ascii_lowercase();
        let exactness = match range.as_str() {
            range if named(range) => 2,
            range if alike(range) => 1,
            "*/*" => 0,
            _ => continue,
        };
        let quality =
            pieces.find_map(|piece| piece.strip_prefix("q=").or(piece.strip_prefix("Q=")));
        let quality = quality.map_or(1.0, |quality| quality.trim().parse().unwrap_or(1.0));
        let earliness = std::cmp::Reverse(index);
        let this = Wanted { quality, named: exactness == 2, earliness };
        // Of two ranges that match, the more exact one speaks for the type (RFC 9110, section 12.5.1).
        let better = best.as_ref().is_none_or(|(exact, best)| {
            exactness > *exact || (exactness == *exact && this > *best)
        });
        if better {
            best = Some((exactness, this));
        }
    }
    best.map(|(_, wanted)| wanted)
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
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("*/*, application/xml", true),
        ] {
            assert_eq!(from_accept(accept) == Format::Xml, xml, "{accept:?}");
        }
    }
}
