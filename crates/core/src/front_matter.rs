//! Whether a text begins as front matter does, by its look alone. What front matter says is read where notes are
//! indexed; whether it could be read decides whether a note may be served to callers from elsewhere.

/// What a note is known by whose front matter cannot be read: a property of this name, with [`UNREADABLE`].
pub const FRONT_MATTER: &str = "front-matter";

/// See [`FRONT_MATTER`].
pub const UNREADABLE: &str = "unreadable";

/// How a line of front matter separates a name from its value.
const NAME_ENDS: [(&str, char); 2] = [("---", ':'), ("+++", '=')];

/// Whether a text begins as front matter does, whatever follows.
pub fn opens(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first = text.split(['\n', '\r']).next().unwrap_or_default().trim_end();
    text.starts_with('{') || NAME_ENDS.iter().any(|(fence, _)| *fence == first)
}

/// Whether a text begins with front matter by its look, closed or not, also behind blank lines: between lines of `---`
/// (YAML) or `+++` (TOML) with a line that reads as a property, or in braces with a property in it (JSON). Where it is
/// not closed, the first line must read as a property. `is_cut` where the text goes on beyond what is given.
pub fn claims(text: &str, is_cut: bool) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if let Some(inner) = text.strip_prefix('{') {
        return reads_as_property(inner, ':');
    }
    let mut lines = text.split(['\n', '\r']);
    let opening = lines.next().unwrap_or_default().trim_end();
    let Some((_, name_end)) = NAME_ENDS.into_iter().find(|(fence, _)| *fence == opening) else {
        return false;
    };
    let mut lines = lines.filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next() else { return false };
    let closes = |line: &str| line.trim_end() == opening || (opening == "---" && line.trim_end() == "...");
    if closes(first) {
        return false;
    }
    if reads_as_property(first, name_end) {
        return true;
    }
    let mut has_property = false;
    let closed = lines.any(|line| {
        has_property |= reads_as_property(line, name_end);
        closes(line)
    });
    has_property && (closed || is_cut)
}

/// Whether a line begins with a name of a single word, in quotation marks or not, and what ends one.
fn reads_as_property(line: &str, name_end: char) -> bool {
    let name = line.split_once(name_end).map(|(name, _)| name.trim().trim_matches(['"', '\'']));
    name.is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_told_by_its_look() {
        for text in [
            "---\na: b\n---\n",
            "\u{feff}---\na: [\n...\nx",
            "\n\n---\nprivate: true\n---\nx",
            "---\r\nWords first\r\nprivate: [\r\n---",
            "---\nprivate: true\n\nNever closed.\n",
            "---\n\n\"private\": yes\nNever closed.\n",
            "+++\nprivate = true\n+++\nx",
            "+++\nprivate = [\n",
            "+++\n[extra]\nprivate = [\n+++\n",
            "{ \"private\": true",
            "{\n  private: yes\n}\nx",
        ] {
            assert!(claims(text, false), "{text:?}");
        }
        for text in [
            "",
            "---",
            "---\n---\nprivate: true",
            "+++\n+++\nprivate = true",
            "---\nJust prose\nhere.\n\n---\n",
            "---\nJust prose, and later\na: b\nnever closed",
            "---\nDear Bob, this: never closed",
            "----\na: b\n----\n",
            "Words\n---\na: b\n---\n",
            "+++\na: b\n+++\n",
            "{{title}}\n",
            "{Some words: in braces}",
            "# Title\n",
        ] {
            assert!(!claims(text, false), "{text:?}");
        }
        assert!(claims("---\nWords first\na: b\n", true));
    }
}
