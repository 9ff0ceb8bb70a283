//! Which notes are kept back from whatever is not this machine: callers from elsewhere, and models that run elsewhere.
//! Here one note is judged, from its facts; the index judges a whole collection.

use crate::document::{Document, PropertyValue};
use crate::front_matter::{FRONT_MATTER, UNREADABLE};
use crate::grant::{Facts, Grant, Rule, What, same_words};
use crate::id::CollectionName;
use crate::mark::{marks, says_yes};

/// Which notes never leave this machine, whatever a grant says.
///
/// Where there are any such rules, a note whose front matter cannot be read is kept back too: it may say that it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Private {
    rules: Vec<Rule>,
    marks: Vec<String>,
}

impl Private {
    /// Notes that any of these name. A property that is to be a yes (`true`, `yes`, `x`, …) names the notes where it is
    /// anything but a clear no, in whatever words.
    pub fn of(named: impl IntoIterator<Item = What>) -> Private {
        let mut private = Private { rules: Vec::new(), marks: Vec::new() };
        for what in named {
            match what {
                What::Property(name, value) if says_yes(&value) => private.marks.push(name),
                what => private.rules.push(Rule::deny(what)),
            }
        }
        private
    }

    /// No note.
    pub fn nothing() -> Private {
        Private::of([])
    }

    /// Whether no note is kept back.
    pub fn is_nothing(&self) -> bool {
        self.rules.is_empty() && self.marks.is_empty()
    }

    /// The rules, each of which denies.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The names of the properties that keep a note back unless they [clearly say no](marks).
    pub fn marks(&self) -> &[String] {
        &self.marks
    }

    /// All of it as texts, in one order whatever order it was said in.
    pub fn texts(&self) -> Vec<String> {
        let marks = self.marks.iter().map(|name| Rule::deny(What::Property(name.clone(), "true".to_owned())));
        let rules = Grant::of(self.rules.iter().cloned().chain(marks));
        rules.rules().iter().map(ToString::to_string).collect()
    }

    /// Whether a note of a collection is kept back. `of_parts` are facts about parts of it: what they say, a property of
    /// the whole note would say too.
    pub fn keeps_back<'a>(
        &self,
        collection: &CollectionName,
        document: &'a Document,
        of_parts: impl IntoIterator<Item = (&'a str, &'a PropertyValue)>,
    ) -> bool {
        if self.is_nothing() {
            return false;
        }
        let of_whole = document.properties.iter().map(|(name, value)| (name.as_str(), value));
        let facts: Vec<(&str, &PropertyValue)> = of_whole.chain(of_parts).collect();
        let texts = |(name, value): &(&str, &PropertyValue)| {
            let name = (*name).to_owned();
            value.texts().into_iter().map(move |text| (name.clone(), text))
        };
        let properties: Vec<(String, String)> = facts.iter().flat_map(texts).collect();
        let (path, tags) = (document.path.as_str(), &document.tags);
        let asked = Facts { collection, path, tags, properties: &properties };
        let is_marked = |(name, value): &(&str, &PropertyValue)| {
            self.marks.iter().any(|mark| same_words(mark, name)) && marks(value)
        };
        let is_unreadable = |(name, value): &(String, String)| name == FRONT_MATTER && value == UNREADABLE;
        properties.iter().any(is_unreadable)
            || facts.iter().any(is_marked)
            // Rules that deny name a path whatever else the collection holds.
            || !Grant::of(self.rules.iter().cloned()).shows(&asked, |_| false)
    }
}

impl Default for Private {
    /// Notes with the tag `private` or one below it, or with a property `private` that is anything but a clear no.
    fn default() -> Private {
        let property = What::Property("private".to_owned(), "true".to_owned());
        Private::of([What::Tag("private".to_owned()), property])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::DocumentPath;

    fn document(path: &str, tags: &[&str], properties: &[(&str, PropertyValue)]) -> Document {
        Document {
            path: DocumentPath::new(path).unwrap(),
            title: String::new(),
            aliases: Vec::new(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            headings: Vec::new(),
            links: Vec::new(),
            properties: properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            block_ids: Vec::new(),
        }
    }

    #[track_caller]
    fn check(rules: &[&str], document: &Document, kept: bool) {
        let rules: Vec<Rule> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let private = Private::of(rules.into_iter().map(|rule| rule.what));
        assert_eq!(private.keeps_back(&"n".parse().unwrap(), document, []), kept, "{:?}", private.texts());
    }

    #[test]
    fn a_note_is_kept_back_by_its_tag_its_property_or_its_place() {
        let text = |text: &str| PropertyValue::Text(text.to_owned());
        let (usual, place) = (&["tag:private", "property:private=true"][..], &["path:Diary"][..]);
        check(usual, &document("a.md", &[], &[]), false);
        check(usual, &document("a.md", &["Private"], &[]), true);
        check(usual, &document("a.md", &["private/deep"], &[]), true);
        check(usual, &document("a.md", &["privateer"], &[]), false);
        check(usual, &document("a.md", &[], &[("Private", PropertyValue::Checkbox(true))]), true);
        check(usual, &document("a.md", &[], &[("private", text("perhaps"))]), true);
        check(usual, &document("a.md", &[], &[("private", text("no"))]), false);
        check(usual, &document("a.md", &[], &[("private", PropertyValue::Null)]), false);
        check(place, &document("Diary/a.md", &[], &[]), true);
        check(place, &document("diary/deep/a.md", &[], &[]), true);
        check(place, &document("Diaries.md", &["private"], &[]), false);
        let state = &["property:state=draft"][..];
        check(state, &document("a.md", &[], &[("state", text(" Draft "))]), true);
        check(
            state,
            &document("a.md", &[], &[("state", PropertyValue::List(vec![text("x"), text("draft")]))]),
            true,
        );
        check(
            state,
            &document("a.md", &[], &[("state", PropertyValue::Link("[[Draft|it]]".to_owned()))]),
            true,
        );
        check(state, &document("a.md", &[], &[("state", text("done"))]), false);
    }

    #[test]
    fn a_note_whose_front_matter_cannot_be_read_is_kept_back_where_any_is() {
        let unreadable = [(FRONT_MATTER, PropertyValue::Text(UNREADABLE.to_owned()))];
        check(&["tag:private"], &document("a.md", &[], &unreadable), true);
        check(&[], &document("a.md", &["private"], &unreadable), false);
    }

    #[test]
    fn a_note_of_which_a_part_is_private_is_kept_back() {
        let note = document("a.md", &[], &[]);
        for (name, value, kept) in [
            (FRONT_MATTER, PropertyValue::Text(UNREADABLE.to_owned()), true),
            ("private", PropertyValue::Checkbox(true), true),
            ("private", PropertyValue::Checkbox(false), false),
            ("task", PropertyValue::Text("open".to_owned()), false),
        ] {
            let kept_back = Private::default().keeps_back(&"n".parse().unwrap(), &note, [(name, &value)]);
            assert_eq!(kept_back, kept, "{name} {value:?}");
        }
    }

    #[test]
    fn the_same_rules_are_the_same_texts() {
        let said =
            |rules: &[&str]| Private::of(rules.iter().map(|rule| rule.parse::<Rule>().unwrap().what)).texts();
        assert_eq!(
            said(&["tag:b", "property:p=yes", "tag:a"]),
            said(&["property:p=x", "tag:a", "tag:b", "tag:b"])
        );
        assert_eq!(Private::default().texts().len(), 2);
        assert_eq!(Private::nothing().texts(), [""; 0]);
    }
}
