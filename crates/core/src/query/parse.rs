//! What a typed question means: words, `"exact phrases"`, `-not`, `prefix*`, `tag:`, `path:`, `title:`, `before:`,
//! `after:`, `task:`, `comment:`, `[property:value]`, `property:>=4` and `sort:newest`. Everything else is just words: no
//! text is an error.

use super::date::Day;
use super::period::Period;
use super::{Comparison, Condition, Filter, Order};

/// The shortest beginning that `prefix*` takes; a shorter one names half the dictionary.
const MIN_PREFIX_CHARS: usize = 2;

/// What `task:` takes: the states of the tasks in a passage.
const TASK_STATES: [&str; 3] = ["open", "done", "cancelled"];

/// A question taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// What is looked for, in order.
    pub pieces: Vec<Piece>,
    /// What is demanded besides. Phrases are among [`Parsed::pieces`], not here.
    pub filter: Filter,
    /// In which order hits are wanted, if it says so; the last one counts.
    pub order: Option<Order>,
}

/// A part of what is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words; more of them are better.
    Words(String),
    /// Words that must follow each other.
    Phrase(String),
    /// Any word that begins so.
    Prefix(String),
}

impl Parsed {
    /// What is looked for as one text, without any sign: what the embedder is given.
    pub fn plain(&self) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Words(text) | Piece::Phrase(text) | Piece::Prefix(text) => text.clone(),
        };
        self.pieces.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    /// The phrases.
    pub fn phrases(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Phrase(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Reads a question. Linear in its length.
pub fn parse(question: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = question;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return parsed };
        let negated = first == '-' && rest[1..].starts_with(|c: char| !c.is_whitespace() && c != '-');
        let body = if negated { &rest[1..] } else { rest };
        let (meaning, length) = read(body);
        rest = &body[length..];
        match (meaning, negated) {
            (Meaning::Order(order), false) => parsed.order = Some(order),
            // No order is excluded by a hyphen, but words are.
            (Meaning::Order(_), true) => {
                parsed.filter.none.push(Condition::Words(body[..length].to_owned()));
            }
            (Meaning::Condition(condition), false) => parsed.filter.all.push(condition),
            (Meaning::Condition(condition), true) => parsed.filter.none.push(condition),
            (Meaning::Piece(piece), false) => add(&mut parsed.pieces, piece),
            (Meaning::Piece(Piece::Words(text) | Piece::Phrase(text) | Piece::Prefix(text)), true) => {
                parsed.filter.none.push(Condition::Words(text));
            }
        }
    }
}

/// Puts words that follow each other together.
fn add(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Words(before)), Piece::Words(word)) => {
            before.push(' ');
            before.push_str(&word);
        }
        (_, piece) => pieces.push(piece),
    }
}

enum Meaning {
    Piece(Piece),
    Condition(Condition),
    Order(Order),
}

/// Reads what a text that begins with no white space begins with, and its length.
fn read(text: &str) -> (Meaning, usize) {
    if let Some((phrase, length)) = quoted(text) {
        return (Meaning::Piece(Piece::Phrase(phrase.to_owned())), length);
    }
    if let Some((condition, length)) = property(text) {
        return (Meaning::Condition(condition), length);
    }
    if let Some((condition, length)) = field(text) {
        return (Meaning::Condition(condition), length);
    }
    if let Some((order, length)) = order(text) {
        return (Meaning::Order(order), length);
    }
    // A quotation mark within a word, as of inches or minutes, does not begin a phrase.
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let word = &text[..length];
    if let Some(beginning) = word.strip_suffix('*')
        && beginning.chars().count() >= MIN_PREFIX_CHARS
        && beginning.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    {
        return (Meaning::Piece(Piece::Prefix(beginning.to_owned())), length);
    }
    (Meaning::Piece(Piece::Words(word.to_owned())), length)
}

/// `sort:newest` at the beginning of a text, and its length.
fn order(text: &str) -> Option<(Order, usize)> {
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let (name, wanted) = text[..length].split_once(':')?;
    let known = Order::NAMES.into_iter().find(|(order, _)| wanted.eq_ignore_ascii_case(order));
    known.filter(|_| name.eq_ignore_ascii_case("sort")).map(|(_, order)| (order, length))
}

/// `"words"` at the beginning of a text, and the length with the marks.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let open = text.chars().next()?;
    let close = match open {
        '"' => '"',
        '“' => '”',
        '„' => '“',
        '«' => '»',
        '「' => '」',
        _ => return None,
    };
    let inner = &text[open.len_utf8()..];
    let end = inner.find(close)?;
    let words = inner[..end].trim();
    words.contains(char::is_alphanumeric).then_some((words, open.len_utf8() + end + close.len_utf8()))
}

/// `[key]` or `[key:value]` at the beginning of a text; `[[` is a link.
fn property(text: &str) -> Option<(Condition, usize)> {
    let inner = text.strip_prefix('[').filter(|inner| !inner.starts_with('['))?;
    let end = closing(inner)?;
    let (key, value) = match inner[..end].split_once(':') {
        Some((key, value)) => (key, Some(unquoted(value.trim()).to_owned())),
        None => (&inner[..end], None),
    };
    let key = unquoted(key.trim()).to_owned();
    if key.is_empty() || value.as_deref() == Some("") {
        return None;
    }
    let compared = value.as_deref().and_then(Comparison::split);
    let condition = match compared {
        Some((comparison, operand)) => Condition::Compared { comparison, value: operand.to_owned(), key },
        None => Condition::Property { key, value },
    };
    Some((condition, end + 2))
}

/// Where a bracket closes that was opened before `text`, on the same line; links inside have brackets of their own.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, sign) in text.char_indices() {
        match sign {
            '[' => open += 1,
            ']' if open == 1 => return Some(at),
            ']' => open -= 1,
            '\n' => return None,
            _ => {}
        }
    }
    None
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The name of a property before `:>`: one word.
fn property_name(name: &str) -> Option<String> {
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_name.then(|| name.to_owned())
}

/// `tag:bread` and its like at the beginning of a text; `None` where the value makes no sense.
fn field(text: &str) -> Option<(Condition, usize)> {
    let (name, after) = text.split_once(':')?;
    let word = || {
        let length = after.find(char::is_whitespace).unwrap_or(after.len());
        (&after[..length], length)
    };
    let (value, mut length) = quoted(after).unwrap_or_else(word);
    if value.is_empty() {
        return None;
    }
    let mut day = || match Day::read(value) {
        Some(day) => Some(day),
        // Without quotation marks, which a shell takes away: "after:last week".
        None => {
            let (period, longer) = Period::begins(after)?;
            length = longer;
            Some(Day::Said(period))
        }
    };
    let condition = match name.to_ascii_lowercase().as_str() {
        "tag" => Condition::Tag(value.trim_start_matches('#').to_owned()),
        "path" => Condition::Path(value.to_owned()),
        "title" => Condition::Title(value.to_owned()),
        "before" => Condition::Before(day()?),
        "after" => Condition::From(day()?),
        "comment" => Condition::Comment(value.to_owned()),
        "task" if TASK_STATES.contains(&value.to_ascii_lowercase().as_str()) => {
            Condition::Property { key: "task".into(), value: Some(value.to_owned()) }
        }
        _ => {
            let (comparison, operand) = Comparison::split(value)?;
            Condition::Compared { key: property_name(name)?, comparison, value: operand.to_owned() }
        }
    };
    Some((condition, name.len() + 1 + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Piece {
        Piece::Words(text.into())
    }

    fn phrase(text: &str) -> Piece {
        Piece::Phrase(text.into())
    }

    fn check(question: &str, pieces: &[Piece], all: &[Condition], none: &[Condition]) {
        let parsed = parse(question);
        assert_eq!(parsed.pieces, pieces, "{question}");
        assert_eq!(parsed.filter, Filter { all: all.to_vec(), none: none.to_vec() }, "{question}");
    }

    #[test]
    fn words_are_words() {
        check("  how salty\tis brine ", &[words("how salty is brine")], &[], &[]);
        check("", &[], &[], &[]);
    }

    #[test]
    fn quoted_words_are_a_phrase_in_any_quotation_marks() {
        for question in ["\"rye bread\"", "“rye bread”", "„rye bread“", "« rye bread »"] {
            check(question, &[phrase("rye bread")], &[], &[]);
        }
        check("why \"rye bread\" sticks", &[words("why"), phrase("rye bread"), words("sticks")], &[], &[]);
    }

    #[test]
    fn a_hyphen_before_a_word_excludes_it() {
        check("bread -rye", &[words("bread")], &[], &[Condition::Words("rye".into())]);
        check("bread -\"rye bread\"", &[words("bread")], &[], &[Condition::Words("rye bread".into())]);
        check("bread -tag:Draft", &[words("bread")], &[], &[Condition::Tag("Draft".into())]);
    }

    #[test]
    fn a_hyphen_elsewhere_is_part_of_the_words() {
        for question in ["e-mail", "a - b", "a -- b", "-", "salt --help"] {
            check(question, &[words(question)], &[], &[]);
        }
    }

    #[test]
    fn fields_narrow_the_search() {
        check("tag:#bread", &[], &[Condition::Tag("bread".into())], &[]);
        check("path:\"My Notes\" x", &[words("x")], &[Condition::Path("My Notes".into())], &[]);
        check("Title:levain", &[], &[Condition::Title("levain".into())], &[]);
        check("after:1970-01-02", &[], &[Condition::From(Day::Exact(86_400))], &[]);
        check("before:1971", &[], &[Condition::Before(Day::Exact(365 * 86_400))], &[]);
        let status = Condition::Property { key: "status".into(), value: Some("done".into()) };
        check("[status:done]", &[], std::slice::from_ref(&status), &[]);
        check("-[\"status\": \"done\"]", &[], &[], &[status]);
        let books = Condition::Property { key: "categories".into(), value: Some("[[Books]]".into()) };
        check("[categories:[[Books]]]", &[], &[books], &[]);
        check("[status]", &[], &[Condition::Property { key: "status".into(), value: None }], &[]);
    }

    #[test]
    fn dates_are_taken_as_people_say_them() {
        let from = |said: &str| [Condition::From(Day::read(said).unwrap())];
        check("rye after:last-week", &[words("rye")], &from("last-week"), &[]);
        check("after:\"last week\" rye", &[words("rye")], &from("last week"), &[]);
        check("after:„seit Montag“", &[], &from("seit Montag"), &[]);
        check("after:上周 面包", &[words("面包")], &from("上周"), &[]);
        let before = Condition::Before(Day::read("yesterday").unwrap());
        check("-before:yesterday", &[], &[], &[before]);
        check("after:last week rye", &[words("rye")], &from("last week"), &[]);
        check("rye after:3 days ago", &[words("rye")], &from("3 days ago"), &[]);
        check("after:last orders", &[words("after:last orders")], &[], &[]);
        check("before:\"the war\"", &[words("before:\"the war\"")], &[], &[]);
    }

    #[test]
    fn the_newest_are_asked_for_first() {
        for (question, order, pieces) in [
            ("rye Sort:newest", Some(Order::Newest), vec![words("rye")]),
            ("sort:newest sort:best", Some(Order::Best), vec![]),
            ("how to sort:quickly", None, vec![words("how to sort:quickly")]),
            ("sort:", None, vec![words("sort:")]),
        ] {
            let parsed = parse(question);
            assert_eq!((parsed.order, parsed.pieces), (order, pieces), "{question}");
        }
        check("rye -sort:newest", &[words("rye")], &[], &[Condition::Words("sort:newest".into())]);
    }

    #[test]
    fn properties_compare() {
        let compared = |key: &str, comparison, value: &str| {
            let (key, value) = (key.to_owned(), value.to_owned());
            [Condition::Compared { key, comparison, value }]
        };
        check("created:>2024-06", &[], &compared("created", Comparison::Greater, "2024-06"), &[]);
        check("rating:>=4 x", &[words("x")], &compared("rating", Comparison::GreaterOrEqual, "4"), &[]);
        check("[due date:<2024-06-01]", &[], &compared("due date", Comparison::Less, "2024-06-01"), &[]);
        check("-rating:<=2.5", &[], &[], &compared("rating", Comparison::LessOrEqual, "2.5"));
        check("a:>b a:> -- x", &[words("a:>b a:> -- x")], &[], &[]);
    }

    #[test]
    fn tasks_and_comments_are_asked_for() {
        let open = Condition::Property { key: "task".into(), value: Some("open".into()) };
        check("task:open flour", &[words("flour")], &[open], &[]);
        check("comment:\"to check\"", &[], &[Condition::Comment("to check".into())], &[]);
        check("task:force", &[words("task:force")], &[], &[]);
    }

    #[test]
    fn what_makes_no_sense_as_a_field_is_just_words() {
        for question in [
            "before:lunch",
            "tag:",
            "path: x",
            "https://example.com",
            "note:this",
            "[[link]]",
            "[]",
            "[a",
            "\"",
            "\"\"",
            "6\" pan",
            "a\"b c\"",
            "*",
            "a*",
            "**bold*",
            "what is 2*3*",
            "AND OR NOT (",
            "\"no end",
        ] {
            check(question, &[words(question)], &[], &[]);
        }
    }

    #[test]
    fn a_star_ends_a_beginning() {
        check("ferm* now", &[Piece::Prefix("ferm".into()), words("now")], &[], &[]);
    }

    proptest! {
        #[test]
        fn no_text_is_an_error_and_none_is_lost(question in "\\PC{0,60}") {
            let parsed = parse(&question);
            let asked = question.chars().any(char::is_alphanumeric);
            prop_assert!(
                !asked || !parsed.pieces.is_empty() || !parsed.filter.is_empty() || parsed.order.is_some()
            );
        }
    }
}
