//! By what results can be narrowed: collections, tags, folders, years, properties, each with the number of notes found that
//! have it. A choice is a part of the question in its own syntax, so it can be seen, kept and taken away again.

use std::collections::BTreeMap;
use std::sync::Arc;

use ibid_core::document::PropertyValue;
use ibid_core::hit::Hit;
use ibid_core::id::DocumentId;
use ibid_core::query::{Condition, parse};
use ibid_index::ReadError;
use ibid_index::snapshot::{Snapshot, StoredDocument};
use maud::{Markup, html};

use super::Asked;

/// So many choices of one kind are offered.
const MAX_CHOICES: usize = 8;

/// Longer values are no choice.
const MAX_VALUE_CHARS: usize = 40;

/// Properties that are shown as something else.
const OTHERWISE: [&str; 6] = ["tags", "tag", "aliases", "alias", "title", "cssclasses"];

/// Choices of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facet {
    pub(crate) name: &'static str,
    pub(crate) choices: Vec<Choice>,
}

/// Something that some of the notes found have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) label: String,
    /// How many of the notes found have it.
    pub(crate) notes: usize,
    /// What it adds to a question.
    adds: Adds,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Adds {
    /// A part of the question.
    Words(String),
    /// The collection to search.
    Collection(String),
}

/// How often each choice is met, by label.
type Counts = BTreeMap<(String, Adds), usize>;

/// Counts over the notes that `hits` are of, which are those that the asker sees. `may_tell` says whether a text may be
/// shown: one in which a secret stands may not. Costs a look at each of these notes.
pub(crate) fn count(
    snapshots: &[Arc<Snapshot>],
    hits: &[Hit],
    may_tell: &dyn Fn(&str) -> bool,
) -> Result<Vec<Facet>, ReadError> {
    let mut notes: Vec<&DocumentId> = hits.iter().map(|hit| &hit.citation.document).collect();
    notes.sort();
    notes.dedup();
    let [mut collections, mut tags, mut folders, mut years, mut properties]: [Counts; 5] = Default::default();
    for note in &notes {
        let Some(snapshot) = snapshots.iter().find(|snapshot| *snapshot.name() == note.collection) else {
            continue;
        };
        let Some(stored) = snapshot.document(&note.path)? else { continue };
        add(&mut collections, [(note.collection.to_string(), Adds::Collection(note.collection.to_string()))]);
        add(&mut tags, tags_of(&stored));
        add(&mut folders, folders_of(note.path.as_str()));
        add(&mut years, snapshot.date_of(&note.path)?.and_then(year_of));
        add(&mut properties, properties_of(&stored, may_tell));
    }
    let named = [
        ("Collection", collections),
        ("Tag", tags),
        ("Folder", folders),
        ("Year", years),
        ("Property", properties),
    ];
    let facets = named.into_iter().map(|(name, counts)| Facet { name, choices: choices(counts, may_tell) });
    Ok(facets
        .filter(|facet| !facet.choices.is_empty() && (facet.name != "Collection" || snapshots.len() > 1))
        .collect())
}

fn add(counts: &mut Counts, choices: impl IntoIterator<Item = (String, Adds)>) {
    let mut of_note: Vec<(String, Adds)> = choices.into_iter().collect();
    of_note.sort();
    of_note.dedup();
    for choice in of_note {
        *counts.entry(choice).or_default() += 1;
    }
}

fn choices(counts: Counts, may_tell: &dyn Fn(&str) -> bool) -> Vec<Choice> {
    let mut choices: Vec<Choice> = counts
        .into_iter()
        .filter(|((label, _), _)| may_tell(label))
        .map(|((label, adds), notes)| Choice { label, notes, adds })
        .collect();
    choices.sort_by(|a, b| b.notes.cmp(&a.notes).then_with(|| a.label.cmp(&b.label)));
    choices.truncate(MAX_CHOICES);
    choices
}

/// A part of a question that means exactly this condition; `None` where no text does.
fn words(text: String, meaning: &Condition) -> Option<Adds> {
    let parsed = parse(&text);
    let is_it =
        parsed.pieces.is_empty() && parsed.filter.none.is_empty() && parsed.filter.all == [meaning.clone()];
    is_it.then_some(Adds::Words(text))
}

fn quoted(text: &str) -> String {
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text.to_owned() }
}

/// Its tags and those above them.
fn tags_of(stored: &StoredDocument) -> Vec<(String, Adds)> {
    let with_above = |tag: &str| {
        let ends = tag.match_indices('/').map(|(at, _)| at).chain([tag.len()]);
        ends.map(|end| tag[..end].to_lowercase()).collect::<Vec<_>>()
    };
    let all = stored.document.tags.iter().flat_map(|tag| with_above(tag));
    all.filter_map(|tag| Some((format!("#{tag}"), words(format!("tag:{tag}"), &Condition::Tag(tag))?)))
        .collect()
}

/// Its folder and those above it.
fn folders_of(path: &str) -> Vec<(String, Adds)> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    ends.filter_map(|end| {
        let folder = &path[..end];
        // What a pattern would take for a sign stands for itself.
        let pattern: String = folder
            .chars()
            .map(|c| if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '"') { '?' } else { c })
            .collect();
        let glob = format!("{pattern}/**");
        Some((folder.to_owned(), words(format!("path:{}", quoted(&glob)), &Condition::Path(glob))?))
    })
    .collect()
}

fn year_of(second: i64) -> Option<(String, Adds)> {
    let year = jiff::Timestamp::from_second(second).ok()?.to_zoned(jiff::tz::TimeZone::UTC).year();
    let adds = format!("after:{year:04} before:{:04}", year + 1);
    (0..9_999).contains(&year).then(|| (format!("{year}"), Adds::Words(adds)))
}

fn properties_of(stored: &StoredDocument, may_tell: &dyn Fn(&str) -> bool) -> Vec<(String, Adds)> {
    let mut all = Vec::new();
    for (key, value) in &stored.document.properties {
        if OTHERWISE.contains(&key.to_lowercase().as_str()) {
            continue;
        }
        let values = match value {
            PropertyValue::List(values) => values.iter().collect(),
            value => vec![value],
        };
        for text in values.into_iter().filter_map(text_of) {
            let label = format!("{key}: {text}");
            let meaning = Condition::Property { key: key.clone(), value: Some(text.clone()) };
            let is_short = text.chars().count() <= MAX_VALUE_CHARS && may_tell(&label);
            if let Some(adds) = words(format!("[{key}:{text}]"), &meaning).filter(|_| is_short) {
                all.push((label, adds));
            }
        }
    }
    all
}

/// A value that people choose by. A date or a number is rather compared.
fn text_of(value: &PropertyValue) -> Option<String> {
    match value {
        PropertyValue::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        PropertyValue::Checkbox(is_set) => Some(is_set.to_string()),
        _ => None,
    }
}

impl Choice {
    /// The question with it, or without it where it has it already; and which of the two.
    fn turned(&self, asked: &Asked) -> (Asked, bool) {
        let mut turned = Asked { page: 1, ..asked.clone() };
        match &self.adds {
            Adds::Collection(name) => {
                let has = asked.collection.as_ref() == Some(name);
                turned.collection = (!has).then(|| name.clone());
                (turned, has)
            }
            Adds::Words(words) => match without(&asked.question, words) {
                Some(rest) => {
                    turned.question = rest;
                    (turned, true)
                }
                None => {
                    turned.question = format!("{} {words}", asked.question.trim()).trim().to_owned();
                    (turned, false)
                }
            },
        }
    }
}

/// The question without a part of it that stands between white space; `None` where it is not there.
fn without(question: &str, part: &str) -> Option<String> {
    let is_edge = |c: Option<char>| c.is_none_or(char::is_whitespace);
    let (at, _) = question.match_indices(part).find(|(at, _)| {
        is_edge(question[..*at].chars().next_back()) && is_edge(question[at + part.len()..].chars().next())
    })?;
    let (before, after) = (question[..at].trim_end(), question[at + part.len()..].trim_start());
    Some(format!("{before} {after}").trim().to_owned())
}

/// The choices as links.
pub(super) fn shown(asked: &Asked, facets: &[Facet]) -> Markup {
    html! {
        nav.facets aria-label="Narrow the results" {
            @for facet in facets {
                h2 { (facet.name) }
                ul {
                    @for choice in &facet.choices {
                        @let (turned, has) = choice.turned(asked);
                        li {
                            a href=(turned.address()) aria-current=[has.then_some("true")] {
                                bdi { (choice.label) } " " span.soft { (choice.notes) }
                                @if has { span.unseen { " (chosen; take it away)" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(choices: Vec<(String, Adds)>, expected: &[(&str, &str)]) {
        let shown: Vec<(String, String)> = choices
            .into_iter()
            .map(|(label, adds)| match adds {
                Adds::Words(words) => (label, words),
                Adds::Collection(name) => (label, format!("in {name}")),
            })
            .collect();
        let shown: Vec<(&str, &str)> =
            shown.iter().map(|(label, words)| (label.as_str(), words.as_str())).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_folder_is_a_pattern_that_means_it() {
        check(
            folders_of("Pain de/x y/a.md"),
            &[("Pain de", "path:\"Pain de/**\""), ("Pain de/x y", "path:\"Pain de/x y/**\"")],
        );
        check(folders_of("a[1]/b.md"), &[("a[1]", "path:a?1?/**")]);
        check(folders_of("a.md"), &[]);
    }

    #[test]
    fn a_year_is_a_time_from_and_to() {
        check(year_of(0).into_iter().collect(), &[("1970", "after:1970 before:1971")]);
        check(year_of(i64::MIN).into_iter().collect(), &[]);
    }

    #[test]
    fn a_choice_is_added_and_taken_away_again() {
        let asked = |question: &str| Asked { question: question.to_owned(), page: 3, ..Asked::default() };
        for (question, words, turned, has) in [
            ("rye", "tag:bread", "rye tag:bread", false),
            ("rye tag:bread", "tag:bread", "rye", true),
            ("tag:bread rye", "tag:bread", "rye", true),
            ("rye tag:breads", "tag:bread", "rye tag:breads tag:bread", false),
            ("", "[a:b]", "[a:b]", false),
        ] {
            let choice = Choice { label: String::new(), notes: 1, adds: Adds::Words(words.to_owned()) };
            let expected = Asked { page: 1, ..asked(turned) };
            assert_eq!(choice.turned(&asked(question)), (expected, has), "{question} {words}");
        }
        let choice = Choice { label: String::new(), notes: 1, adds: Adds::Collection("a".to_owned()) };
        let (chosen, has) = choice.turned(&asked("x"));
        assert_eq!((chosen.collection.as_deref(), has), (Some("a"), false));
        assert_eq!(choice.turned(&chosen).0.collection, None);
    }

    #[test]
    fn what_the_question_cannot_say_is_no_choice() {
        assert_eq!(
            words(
                "[a:b]c]".to_owned(),
                &Condition::Property { key: "a".to_owned(), value: Some("b]c".to_owned()) }
            ),
            None
        );
        assert_eq!(words("tag:a b".to_owned(), &Condition::Tag("a b".to_owned())), None);
    }
}
