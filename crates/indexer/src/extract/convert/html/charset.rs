//! The encoding of a page: a byte order mark, else what the page says, else UTF-8 if it is that, else a guess.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Where a page must have said its encoding, in bytes; the standard says 1,024 and pages are later than that.
const MAX_DECLARED_AT: usize = 4096;

/// Decodes a page; what does not fit its encoding becomes U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(encoding) = declared(&bytes[..bytes.len().min(MAX_DECLARED_AT)]) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Allow).decode_without_bom_handling(bytes).0
}

/// What `charset=` in a `<meta>`, or `encoding=` in the declaration of XML, names.
fn declared(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.to_ascii_lowercase();
    let xml = head.starts_with(b"<?xml").then(|| named_after(&head, b"encoding")).flatten();
    let meta = || {
        memchr_all(&head, b"<meta").find_map(|at| {
            let tag = &head[at..];
            let end = tag.iter().position(|byte| *byte == b'>').unwrap_or(tag.len());
            named_after(&tag[..end], b"charset")
        })
    };
    // Bytes in which this could be read are no UTF-16, whatever they say.
    xml.or_else(meta).map(|encoding| match encoding == UTF_16LE || encoding == UTF_16BE {
        true => UTF_8,
        false => encoding,
    })
}

/// The places of `word`.
fn memchr_all<'h>(head: &'h [u8], word: &'h [u8]) -> impl Iterator<Item = usize> + 'h {
    head.windows(word.len()).enumerate().filter(move |(_, at)| *at == word).map(|(at, _)| at)
}

/// The encoding named after `key=`, in quotes or without.
fn named_after(text: &[u8], key: &[u8]) -> Option<&'static Encoding> {
    let after = memchr_all(text, key).next()? + key.len();
    let value = text[after..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|byte| matches!(byte, b'"' | b'\'' | b';' | b' ' | b'>' | b'/' | b'?'));
    Encoding::for_label(&value[..end.unwrap_or(value.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_decoded_as_it_says() {
        let western = |head: &str| [head.as_bytes(), b"caf\xe9 \x93x\x94"].concat();
        for (bytes, expected) in [
            (western("<meta charset=windows-1252>"), "<meta charset=windows-1252>café “x”"),
            (western("<META CHARSET = 'ISO-8859-1'/>"), "<META CHARSET = 'ISO-8859-1'/>café “x”"),
            (
                western("<meta content='text/html; charset=latin1'>"),
                "<meta content='text/html; charset=latin1'>café “x”",
            ),
            (
                [&b"<?xml version='1.0' encoding='shift_jis'?>"[..], b"\x93\xfa"].concat(),
                "<?xml version='1.0' encoding='shift_jis'?>日",
            ),
            (b"\xef\xbb\xbfcaf\xc3\xa9".to_vec(), "café"),
            (b"\xff\xfea\0\xe9\0".to_vec(), "aé"),
            ("no word of it: 日本".into(), "no word of it: 日本"),
            ("<meta charset=utf-16>é".into(), "<meta charset=utf-16>é"),
            (b"Un caf\xe9, une cr\xe8me br\xfbl\xe9e".to_vec(), "Un café, une crème brûlée"),
        ] {
            assert_eq!(decode(&bytes), expected);
        }
    }
}
