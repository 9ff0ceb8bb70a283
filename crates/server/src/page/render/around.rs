//! What a note's rendering may ask about the rest of the vault: where a link leads, and what an embed shows. Whoever
//! answers knows who looks at the page; what that person may not see leads nowhere.

use ibid_core::document::Document;
use ibid_core::id::DocumentId;

/// Where links lead from, and how far others may be shown.
pub(crate) trait Around {
    /// The note that a link with this target leads to from `from`; `None` where it dangles.
    fn note(&self, from: &DocumentId, target: &str) -> Option<DocumentId>;

    /// The words of a note, or of the part of it that an anchor names, as far as `max_bytes`; `None` where they are not
    /// there.
    fn words(&self, of: &DocumentId, anchor: Option<&str>, max_bytes: usize) -> Option<Embedded>;
}

/// Words of one note that stand in another.
#[derive(Debug, Clone)]
pub(crate) struct Embedded {
    /// What is known of the note they are from.
    pub(crate) document: Document,
    /// The words.
    pub(crate) text: String,
    /// Where they stand in that note.
    pub(crate) start: usize,
    /// Whether there is more of them.
    pub(crate) is_cut: bool,
}

/// The address of an image that the note `of` shows, by the name it is shown by.
pub(crate) fn image_address(of: &DocumentId, target: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
    format!("{IMAGE_PATH}{}?name={name}", crate::address::page_id(of))
}

/// What begins the path of an image.
pub(crate) const IMAGE_PATH: &str = "/i/";
