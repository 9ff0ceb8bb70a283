//! Excalidraw notes: which they are, and what in them is drawing and not text. The text elements are ordinary lines.

use ibid_core::document::{Heading, PropertyValue};
use ibid_core::span::Span;

use super::{lines, merged, span_of};

/// The property by which the plugin knows its notes.
const MARK: &str = "excalidraw-plugin";

/// The headings under which the plugin keeps the drawing itself, compressed, and what is embedded in it.
const DRAWN: [&str; 2] = ["drawing", "embedded files"];

/// Whether these are the properties of a drawing.
pub(super) fn is_one(properties: &[(String, PropertyValue)]) -> bool {
    properties.iter().any(|(key, _)| key == MARK)
}

/// The sections nobody means to find, and the line that tells to switch the view.
pub(super) fn noise(text: &str, headings: &[Heading]) -> Vec<Span> {
    let is_drawn = |heading: &&Heading| DRAWN.contains(&heading.text.to_lowercase().as_str());
    let sections = headings.iter().filter(is_drawn).map(|heading| {
        let next = headings.iter().find(|next| next.span.start() > heading.span.start());
        let end = next.map_or(text.len(), |next| next.span.start() as usize);
        span_of(heading.span.start() as usize..end)
    });
    let switch = lines(text).filter(|line| is_switch(&text[line.clone()])).map(span_of);
    merged(sections.chain(switch).collect())
}

/// Whether a line only tells to open the note as a drawing, or only bears a comment mark.
fn is_switch(line: &str) -> bool {
    let line = line.trim();
    line == "%%" || (line.starts_with("==") && line.contains("EXCALIDRAW VIEW"))
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;

    use crate::extract::extract;

    #[test]
    fn the_words_of_a_drawing_are_text_and_the_rest_is_noise() {
        let text = "---\nexcalidraw-plugin: parsed\n---\n==⚠  Switch to EXCALIDRAW VIEW in the MORE OPTIONS menu ⚠==\n\n# Excalidraw Data\n\n## Text Elements\nproof the dough ^abc123\n\n%%\n## Drawing\n```compressed-json\nN4KAkARALgngDgUwgLgAQQQDwMYEMA2AlgCYBOuA7hADTgQBuCpAzoQPYB2KqATLZMzYBXUtiRoIACyhQ4zZAHoFAc0JRJQgEYA6bGwC2CgF7N6hbEcK4OCtptbErHALRY8RMpWdx8Q1TdIEfARcZgRmBShcZQUebQBGbR4aOiCEfQQOKGZuAG1wMFAwYogSbggAFgAxAGYATQBxAE4AEWaAYQAhAAVmqFaAKQBZAEk\n```\n%%";
        let extracted = extract(&DocumentPath::new("a.excalidraw.md").unwrap(), text);
        let noise: Vec<&str> = extracted.reading.noise.iter().filter_map(|span| span.quote(text)).collect();
        assert!(extracted.reading.comments.is_empty());
        assert_eq!(noise.len(), 2);
        assert!(
            noise[0].contains("Switch to")
                && noise[1].starts_with("%%\n## Drawing")
                && noise[1].ends_with("%%")
        );
        assert!(noise.iter().all(|part| !part.contains("proof the dough")));
        assert_eq!(extracted.document.block_ids[0].name, "abc123");
    }
}
