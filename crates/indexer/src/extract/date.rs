//! The date of a note: what `before:` and `after:` compare. It comes from the note; where the note says nothing, the
//! file's time of change is the caller's to take.

use ibid_core::document::{Document, PropertyValue};
use ibid_core::query::day_of;

/// The properties that tell a note's date, the first that does counts.
const DATE_PROPERTIES: [&str; 5] = ["date", "created", "date created", "create_time", "published"];

/// The date a property tells, else the one the file's name begins with, as daily notes have it; in seconds since 1970.
pub(crate) fn of(document: &Document) -> Option<i64> {
    let told = |name: &str| {
        let (_, value) = document.properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        match value {
            PropertyValue::Text(text) => day_of(text),
            PropertyValue::Date(text, _) | PropertyValue::DateTime(text, _) => day_of(text),
            _ => None,
        }
    };
    let named = || day_of(document.path.stem().get(..10)?);
    DATE_PROPERTIES.into_iter().find_map(told).or_else(named)
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;

    use super::*;

    fn check(path: &str, properties: &[(&str, &str)], expected: Option<i64>) {
        let text = |(key, value): &(&str, &str)| ((*key).into(), PropertyValue::Text((*value).into()));
        let document = Document {
            path: DocumentPath::new(path).unwrap(),
            title: String::new(),
            aliases: Vec::new(),
            tags: Vec::new(),
            headings: Vec::new(),
            links: Vec::new(),
            properties: properties.iter().map(text).collect(),
            block_ids: Vec::new(),
        };
        assert_eq!(of(&document), expected, "{path} {properties:?}");
    }

    #[test]
    fn a_note_has_the_date_it_tells_of_itself() {
        check("Daily/1970-01-02 Friday.md", &[], Some(86_400));
        check("Daily/1970-01-02.md", &[("created", "1970-01-01T10:00")], Some(0));
        check("a.md", &[("Date", "1970-01-03"), ("created", "1970-01-01")], Some(2 * 86_400));
        check("a.md", &[("date", "soon"), ("created", "1970-01-01")], Some(0));
        check("chat.md", &[("create_time", "1970-01-02T10:00:00.000Z")], Some(86_400));
        check("a.md", &[], None);
        check("笔记笔记.md", &[], None);
    }
}
