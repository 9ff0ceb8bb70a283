//! A file's bytes as the text that is indexed and cited: as they are, decoded, put right, or made into Markdown where
//! the file is no text. Says nothing about what the text means.

use ibid_core::id::DocumentPath;

use super::convert::{self, Unreadable, mojibake};
use super::decode::{Decoded, NotText, decode};
use super::format::Format;

/// What a text with characters that were encoded twice is called in [`Decoded::decoded_from`].
const ENCODED_TWICE: &str = "utf-8 encoded twice";
/// What marks a note that the importer of AI chats wrote: a property, or its callouts.
const MARKS_OF_IMPORTED_CHAT: [&str; 2] = ["\nnexus:", "[!nexus_"];

/// Why a file gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoText {
    /// It should be a text, and is none.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// It should be a document of its kind, and cannot be read as one.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// The text of a file. Equal paths and bytes give equal texts, so that citations can be compared with a file again.
///
/// Costs a few passes over the bytes of a text; for PDF and the like it takes milliseconds a page.
pub fn text_of(path: &DocumentPath, bytes: Vec<u8>) -> Result<Decoded, NoText> {
    match Format::of(path) {
        Some(Format::Converted(kind)) => {
            let text = convert::to_markdown(kind, &bytes)?;
            Ok(Decoded { text, decoded_from: Some(kind.name()) })
        }
        Some(Format::Media(_)) => Ok(Decoded { text: String::new(), decoded_from: None }),
        Some(Format::Markdown) => Ok(put_right(decode(bytes)?)),
        _ => Ok(decode(bytes)?),
    }
}

/// Chats are exported by tools that encode them twice; what people write themselves is never touched.
fn put_right(decoded: Decoded) -> Decoded {
    let is_imported = MARKS_OF_IMPORTED_CHAT.iter().any(|mark| decoded.text.contains(mark));
    match is_imported.then(|| mojibake::repaired(&decoded.text)).flatten() {
        Some(text) => Decoded { text, decoded_from: Some(ENCODED_TWICE) },
        None => decoded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, bytes: &[u8], text: &str, from: Option<&str>) {
        let decoded = text_of(&DocumentPath::new(name).unwrap(), bytes.to_vec()).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.decoded_from), (text, from), "{name}");
    }

    #[test]
    fn chats_that_were_encoded_twice_are_put_right_and_other_notes_are_left_alone() {
        check("a.md", "cafÃ©".as_bytes(), "cafÃ©", None);
        check("a.md", ">[!nexus_user]\n> cafÃ©".as_bytes(), ">[!nexus_user]\n> café", Some(ENCODED_TWICE));
        check("a.md", "---\nnexus: x\n---\ncafé".as_bytes(), "---\nnexus: x\n---\ncafé", None);
    }

    #[test]
    fn what_is_no_text_is_made_into_one_or_listed_without_words() {
        check("a.html", b"<p>rye &amp; oat</p>", "rye & oat\n", Some("HTML"));
        check("a.png", b"\x89PNG", "", None);
        let refused = text_of(&DocumentPath::new("a.pdf").unwrap(), b"rye".to_vec());
        assert!(matches!(refused, Err(NoText::Unreadable(Unreadable::Broken { .. }))), "{refused:?}");
    }
}
