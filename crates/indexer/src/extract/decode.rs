//! Bytes to text: UTF-8 as it is, anything else decoded. What is no text at all is refused, and told why.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// What UTF-8 with errors is called in [`Decoded::decoded_from`].
pub const BROKEN_UTF_8: &str = "utf-8 with errors";

/// Above this share of C0 controls valid UTF-8 is no text; coloured terminal logs stay below it.
const MAX_CONTROL_SHARE: f64 = 0.10;
/// The same for bytes that are not UTF-8, where compressed data would pass the larger share by chance.
const MAX_LEGACY_CONTROL_SHARE: f64 = 0.05;
/// Bytes that are neither UTF-8 nor UTF-16 and have more NULs than this are binary; old texts have none.
const MAX_LEGACY_NULS: usize = 4;
/// Above this share of characters that could not be decoded (U+FFFD, C1 controls) a guess was no good.
const MAX_UNDECODABLE_SHARE: f64 = 0.05;
/// UTF-16 shows without a mark when this share of the high bytes is NUL, as in any text mostly of Latin letters.
const MIN_HIGH_NUL_SHARE: f64 = 0.60;
/// And at most this share of the low ones.
const MAX_LOW_NUL_SHARE: f64 = 0.05;

/// A file's bytes as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text; a byte order mark in UTF-8 and all line ends stay.
    pub text: String,
    /// `None`: the text is the file's bytes. Otherwise the encoding, and spans count in the decoded text.
    pub decoded_from: Option<&'static str>,
}

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// They hold what no text holds.
    #[error("the file is binary: it has {controls} control characters in {bytes} bytes")]
    Binary {
        /// C0 controls other than white space.
        controls: usize,
        /// All bytes.
        bytes: usize,
    },
    /// No encoding makes sense of them.
    #[error("no encoding fits the file: {lost} of {characters} characters would be lost")]
    Undecodable {
        /// Characters that would be lost.
        lost: usize,
        /// All characters.
        characters: usize,
    },
    /// A span counts bytes with 32 bits.
    #[error("the file has {bytes} bytes, more than a citation can count")]
    TooLong {
        /// The bytes there are.
        bytes: usize,
    },
}

/// Decodes a file: UTF-8, UTF-16 by its mark or by its look, else the encoding that fits best.
///
/// Reads the bytes two to five times. Valid UTF-8 is not copied.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, NotText> {
    let decoded = match utf_16(&bytes) {
        Some((encoding, marked)) => decode_as(encoding, &bytes[if marked { 2 } else { 0 }..])?,
        None => match String::from_utf8(bytes) {
            Ok(text) => {
                refuse_controls(text.as_bytes(), MAX_CONTROL_SHARE)?;
                Decoded { text, decoded_from: None }
            }
            Err(error) => decode_legacy(error.as_bytes())?,
        },
    };
    match u32::try_from(decoded.text.len()) {
        Ok(_) => Ok(decoded),
        Err(_) => Err(NotText::TooLong { bytes: decoded.text.len() }),
    }
}

/// The kind of UTF-16 these bytes are, and whether a byte order mark says so.
fn utf_16(bytes: &[u8]) -> Option<(&'static Encoding, bool)> {
    match bytes {
        // The mark of UTF-32, which nobody writes notes in; read as UTF-16 every other character would be NUL.
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, ..] => return Some((UTF_16LE, true)),
        [0xfe, 0xff, ..] => return Some((UTF_16BE, true)),
        _ => {}
    }
    let pairs = bytes.as_chunks::<2>().0;
    let share = |high: usize| pairs.iter().filter(|pair| pair[high] == 0).count() as f64 / pairs.len() as f64;
    let (first, second) = match pairs {
        [] => return None,
        _ => (share(0), share(1)),
    };
    if second >= MIN_HIGH_NUL_SHARE && first <= MAX_LOW_NUL_SHARE {
        Some((UTF_16LE, false))
    } else if first >= MIN_HIGH_NUL_SHARE && second <= MAX_LOW_NUL_SHARE {
        Some((UTF_16BE, false))
    } else {
        None
    }
}

/// Decodes bytes that are not valid UTF-8.
fn decode_legacy(bytes: &[u8]) -> Result<Decoded, NotText> {
    refuse_controls(bytes, MAX_LEGACY_CONTROL_SHARE)?;
    let nuls = bytes.iter().filter(|byte| **byte == 0).count();
    if nuls > MAX_LEGACY_NULS {
        return Err(NotText::Binary { controls: nuls, bytes: bytes.len() });
    }
    if is_mostly_utf_8(bytes) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        return Ok(Decoded { text, decoded_from: Some(BROKEN_UTF_8) });
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    decode_as(detector.guess(None, chardetng::Utf8Detection::Deny), bytes)
}

/// Whether some bytes went bad in a UTF-8 text, rather than a text of another encoding passing for it in places.
///
/// Text in a legacy encoding forms a valid multi-byte sequence rarely; a good third of all would be far off.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut valid, mut broken) = (0usize, 0usize);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        // A sequence that the end of the file cuts short is how a truncated file ends, and says nothing else.
        let cut_short = chunks.peek().is_none() && valid > 0;
        broken += usize::from(!chunk.invalid().is_empty() && !cut_short);
    }
    valid > 0 && valid > 2 * broken
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Result<Decoded, NotText> {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let (mut lost, mut controls, mut characters) = (0, 0, 0);
    for character in text.chars() {
        characters += 1;
        lost += usize::from(matches!(character, '\u{fffd}' | '\u{80}'..='\u{9f}'));
        controls += usize::from(is_control(character as u32));
    }
    if controls as f64 > MAX_CONTROL_SHARE * characters as f64 {
        return Err(NotText::Binary { controls, bytes: bytes.len() });
    }
    if lost as f64 > MAX_UNDECODABLE_SHARE * characters as f64 {
        return Err(NotText::Undecodable { lost, characters });
    }
    debug_assert!(encoding != UTF_8);
    Ok(Decoded { text: text.into_owned(), decoded_from: Some(name(encoding)) })
}

/// The encoding's name as people write it, in lower case.
fn name(encoding: &'static Encoding) -> &'static str {
    match encoding.name() {
        "UTF-16LE" => "utf-16le",
        "UTF-16BE" => "utf-16be",
        "Shift_JIS" => "shift_jis",
        "EUC-JP" => "euc-jp",
        "EUC-KR" => "euc-kr",
        "Big5" => "big5",
        "GBK" => "gbk",
        other => other,
    }
}

fn refuse_controls(bytes: &[u8], share: f64) -> Result<(), NotText> {
    let controls = bytes.iter().filter(|byte| is_control(u32::from(**byte))).count();
    match controls as f64 > share * bytes.len() as f64 {
        true => Err(NotText::Binary { controls, bytes: bytes.len() }),
        false => Ok(()),
    }
}

/// A C0 control that is not white space.
fn is_control(code: u32) -> bool {
    code < 0x20 && !matches!(code, 0x09..=0x0d)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(bytes: &[u8], text: &str, from: Option<&str>) {
        let decoded = decode(bytes.to_vec()).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.decoded_from), (text, from));
    }

    fn utf_16_bytes(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn utf_8_stays_byte_for_byte() {
        for text in ["", "a", "\u{feff}a\r\nb\rc\n", "日本", "a\0b and more words after one NUL"] {
            check(text.as_bytes(), text, None);
        }
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let text = "hello wörld\n日本\n and more";
        for (little, name) in [(true, "utf-16le"), (false, "utf-16be")] {
            check(&utf_16_bytes(text, little), text, Some(name));
            check(&utf_16_bytes(&format!("\u{feff}{text}"), little), text, Some(name));
        }
    }

    #[test]
    fn a_few_bad_bytes_do_not_make_utf_8_something_exotic() {
        check("日本語の文章\u{0}".as_bytes().split_last().unwrap().1, "日本語の文章", None);
        check(
            &["naïve café über".as_bytes(), b" \xff ", "日本".as_bytes()].concat(),
            "naïve café über \u{fffd} 日本",
            Some(BROKEN_UTF_8),
        );
        check(&"日本".as_bytes()[..5], "日\u{fffd}", Some(BROKEN_UTF_8));
    }

    #[test]
    fn old_encodings_are_recognized() {
        let western = encoding_rs::WINDOWS_1252.encode("“smart” — quotes… café\n").0.repeat(20);
        check(&western, &"“smart” — quotes… café\n".repeat(20), Some("windows-1252"));
        let japanese = encoding_rs::SHIFT_JIS.encode("日本語の文章です。\n").0.repeat(20);
        check(&japanese, &"日本語の文章です。\n".repeat(20), Some("shift_jis"));
        let korean = encoding_rs::EUC_KR.encode("한글 문서\n").0.repeat(20);
        check(&korean, &"한글 문서\n".repeat(20), Some("euc-kr"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let every_byte: Vec<u8> = (0..=255).cycle().take(2560).collect();
        let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0"[..], &every_byte].concat();
        for bytes in [&every_byte[..], &png, &[0; 100], &b"a\0b\n".repeat(100), b"\xff\xfe\0\0a\0\0\0b\0\0\0"]
        {
            assert!(matches!(decode(bytes.to_vec()), Err(NotText::Binary { .. })), "{:?}", &bytes[..9]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_valid_text_is_never_changed(bytes: Vec<u8>, text in "\\PC*") {
            let _ = decode(bytes);
            prop_assert_eq!(decode(text.clone().into_bytes()).unwrap().text, text);
        }
    }
}
