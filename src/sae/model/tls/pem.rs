//! PEM blocks, read as Go's `encoding/pem` reads them. The libraries at hand differ from it in what they pass
//! over (a malformed block, blanks at the ends of lines, a label that turns up within a line), and it is its
//! verdict that counts.

use zeroize::Zeroizing;

use super::decode_base64;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "\n-----END ";
const DASHES: &str = "-----";

/// One block.
pub(super) struct Block<'a> {
    /// What stands in the `BEGIN` line.
    pub(super) label: &'a str,
    headers: &'a str,
    pub(super) der: Zeroizing<Vec<u8>>,
}

impl Block<'_> {
    pub(super) fn is_private_key(&self) -> bool {
        self.label == "PRIVATE KEY" || self.label.ends_with(" PRIVATE KEY")
    }

    /// Whether the key is encrypted, by PKCS#8 or by RFC 1421, section 4.6.1.1.
    pub(super) fn is_encrypted(&self) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY" || self.headers.contains("ENCRYPTED")
    }
}

/// The blocks of a text, at least one.
///
/// # Errors
/// Where there is none, what is wrong with the last that was tried.
pub(super) fn blocks(mut text: &str) -> Result<Vec<Block<'_>>, &'static str> {
    let mut found = Vec::new();
    let mut defect = if text.contains("\\n") {
        "the line ends of the PEM text are written as a backslash and an n"
    } else if text.contains('\r') && !text.contains('\n') {
        "the lines of the PEM text end in CR alone"
    } else if text.contains(END.trim_start()) {
        "an END line of PEM does not begin its line"
    } else {
        "a PEM block has no END line"
    };
    while let Some(end) = text.find(END) {
        let (before, after) = text.split_at(end + 1);
        let after = after.strip_prefix(END.trim_start()).unwrap_or(after);
        text = match block(before, after) {
            Ok((block, rest)) => {
                found.push(block);
                rest
            }
            Err(reason) => {
                defect = reason;
                after
            }
        };
    }
    if found.is_empty() { Err(defect) } else { Ok(found) }
}

/// The block that `before` holds and whose label `after` repeats, and what comes after its `END` line.
fn block<'a>(before: &'a str, after: &'a str) -> Result<(Block<'a>, &'a str), &'static str> {
    const MALFORMED: &str = "a BEGIN line of PEM is malformed";
    let (outside, inside) =
        before.rsplit_once(BEGIN).ok_or("an END line of PEM has no BEGIN line")?;
    if !outside.is_empty() && !outside.ends_with('\n') {
        return Err("a BEGIN line of PEM does not begin its line");
    }
    let (line, mut body) = line(inside);
    let label = line.strip_suffix(DASHES).ok_or(MALFORMED)?;
    let headers = body;
    while let (header, rest) = self::line(body)
        && header.contains(':')
    {
        if rest.is_empty() {
            return Err("a PEM block holds headers only");
        }
        body = rest;
    }
    let headers = headers.strip_suffix(body).unwrap_or_default();
    let (end, rest) = self::line(after);
    if end.strip_prefix(label) != Some(DASHES) {
        return Err("an END line of PEM does not match its BEGIN line");
    }
    let packed = Zeroizing::new(body.replace([' ', '\t'], ""));
    let der = decode_base64(&packed).ok_or("a PEM block is not base64")?;
    Ok((Block { label, headers, der }, rest))
}

/// The first line of a text without its end and the blanks before it, and the rest.
fn line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let line = if line.len() < text.len() { line.strip_suffix('\r').unwrap_or(line) } else { line };
    (line.trim_end_matches([' ', '\t']), rest)
}
