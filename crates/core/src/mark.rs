//! What a property says that marks a note as private: anything but a clear no, in whatever words a person puts it.

use crate::document::PropertyValue;

/// How people say no. What is not here keeps a note back.
const NO: [&str; 18] = [
    "0", "aus", "false", "falsch", "falso", "faux", "n", "nao", "não", "nee", "nei", "nein", "nej", "no",
    "non", "null", "off", "~",
];

/// How people say yes.
const YES: [&str; 11] = ["1", "ja", "on", "oui", "sì", "true", "vrai", "wahr", "x", "y", "yes"];

/// Whether a text says no, or nothing. Case and white space around it do not matter.
pub fn says_no(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.is_empty() || NO.contains(&text.as_str())
}

/// Whether a text says yes and nothing else. What is neither a yes nor a no marks a note all the same.
pub fn says_yes(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    YES.contains(&text.as_str())
}

/// Whether the value of a property marks its note: there is one, and it is not a clear no. Of several values, one that
/// marks it is enough.
pub fn marks(value: &PropertyValue) -> bool {
    match value {
        PropertyValue::Null => false,
        PropertyValue::Checkbox(on) => *on,
        PropertyValue::Number(number) => *number != 0.0,
        PropertyValue::Text(text) => !says_no(text),
        PropertyValue::Date(..) | PropertyValue::DateTime(..) | PropertyValue::Link(_) => true,
        PropertyValue::List(values) => values.iter().any(marks),
        PropertyValue::Map(entries) => !entries.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_but_a_clear_no_marks() {
        for yes in [
            "y", "x", "1", "true", "yes", "on", "wahr", "oui", "ja", " JA ", "Yes", "perhaps", "✓", "n/a",
            "-",
        ] {
            assert!(marks(&PropertyValue::Text(yes.to_owned())), "{yes}");
        }
        for no in ["", " ", "no", "No", "FALSE", "off", "n", "0", "nein", "Non", "falsch"] {
            assert!(!marks(&PropertyValue::Text(no.to_owned())), "{no}");
        }
        let text = |text: &str| PropertyValue::Text(text.to_owned());
        for (value, expected) in [
            (PropertyValue::Null, false),
            (PropertyValue::Checkbox(true), true),
            (PropertyValue::Checkbox(false), false),
            (PropertyValue::Number(0.0), false),
            (PropertyValue::Number(-1.0), true),
            (PropertyValue::Link("[[Me]]".to_owned()), true),
            (PropertyValue::List(vec![]), false),
            (PropertyValue::List(vec![text("no"), PropertyValue::List(vec![text("yes")])]), true),
            (PropertyValue::List(vec![text("no"), PropertyValue::Null]), false),
            (PropertyValue::Map(vec![("until".to_owned(), PropertyValue::Null)]), true),
        ] {
            assert_eq!(marks(&value), expected, "{value:?}");
        }
    }

    #[test]
    fn no_word_is_a_yes_and_a_no() {
        assert!(YES.iter().all(|word| says_yes(word) && !says_no(word)));
        assert!(says_yes("YES") && !says_yes("perhaps"));
    }
}
