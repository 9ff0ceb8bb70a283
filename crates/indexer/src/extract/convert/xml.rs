//! XML as a row of starts, ends and words. Namespaces are left out of names; entities other than the five and numbers
//! are dropped, so none of them can grow.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Kind, Unreadable};

/// A piece of XML.
pub(super) enum Piece<'x> {
    /// An element begins; an empty one ends at once.
    Start(Element<'x>),
    /// The element of this local name ends.
    End(&'x str),
    /// Words inside it.
    Words(&'x str),
}

/// An element's name and attributes.
pub(super) struct Element<'x>(&'x BytesStart<'x>);

impl Element<'_> {
    /// The local name.
    pub(super) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of the attribute with this local name.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        // The check for doubles would compare each with each.
        self.0.attributes().with_checks(false).flatten().find_map(|attribute| {
            (attribute.key.local_name().into_inner() == name).then(|| {
                attribute
                    .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                    .unwrap_or(attribute.value.clone())
                    .into_owned()
            })
        })
    }
}

/// Reads a file of XML, piece by piece.
pub(super) fn read(kind: Kind, bytes: &[u8], mut each: impl FnMut(Piece<'_>)) -> Result<(), Unreadable> {
    let text = super::html::decode(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => each(Piece::Start(Element(&start))),
            Ok(Event::End(end)) => each(Piece::End(end.local_name().into_inner())),
            Ok(Event::Text(words)) => each(Piece::Words(&words.xml10_content())),
            Ok(Event::CData(words)) => each(Piece::Words(&words.xml10_content())),
            Ok(Event::GeneralRef(entity)) => {
                let named = match &*entity.borrow().into_inner() {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    "nbsp" => Some(' '),
                    _ => entity.resolve_char_ref().ok().flatten(),
                };
                let words = named.map_or(Cow::Borrowed(""), |character| Cow::Owned(character.to_string()));
                each(Piece::Words(&words));
            }
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                let at = reader.error_position();
                return Err(Unreadable::broken(kind, format_args!("{error}, at byte {at} of its XML")));
            }
        }
    }
}
