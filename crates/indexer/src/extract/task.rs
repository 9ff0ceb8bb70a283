//! Tasks: list items with a box, their state, and the dates the Tasks plugin writes beside them. Dates in brackets are
//! inline fields, which [`super::obsidian`] reads.

use ibid_core::document::PropertyValue;

use super::{Block, BlockKind, Fact};

/// What stands before a task's dates, and what the date is of.
const DATES: [(&str, &str); 6] = [
    ("📅", "due"),
    ("⏳", "scheduled"),
    ("🛫", "start"),
    ("➕", "created"),
    ("✅", "done"),
    ("❌", "cancelled"),
];

/// Other signs for the same.
const OTHER_SIGNS: [(&str, &str); 4] = [("🗓", "due"), ("📆", "due"), ("⌛", "scheduled"), ("⏰", "due")];

/// The state and the dates of every task, in order.
pub(super) fn find(text: &str, blocks: &[Block]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for block in blocks.iter().filter(|block| block.kind == BlockKind::ListItem) {
        let Some(words) = block.span.quote(text) else { continue };
        let Some((state, words)) = state(words) else { continue };
        let mut add =
            |key: &'static str, value| facts.push(Fact { span: block.span, key: key.into(), value });
        add("task", PropertyValue::Text(state.to_owned()));
        for (sign, key) in DATES.into_iter().chain(OTHER_SIGNS) {
            if let Some(date) = date_after(words, sign) {
                add(key, date);
            }
        }
    }
    facts
}

/// The state of a task and the words after its box; `None` where the item has no box.
fn state(item: &str) -> Option<(&'static str, &str)> {
    // An item in a quote has the quote's marks before it.
    let item = item.trim_start_matches(|c: char| c.is_whitespace() || c == '>');
    let rest = match item.strip_prefix(['-', '*', '+']) {
        Some(rest) => rest,
        None => {
            let digits = item.bytes().take_while(u8::is_ascii_digit).count();
            item.get(digits..).filter(|_| digits > 0)?.strip_prefix(['.', ')'])?
        }
    };
    let inner = rest.trim_start_matches([' ', '\t']).strip_prefix('[')?;
    let sign = inner.chars().next()?;
    let words = inner[sign.len_utf8()..].strip_prefix(']')?;
    let is_apart = words.is_empty() || words.starts_with(char::is_whitespace);
    let state = match sign {
        'x' | 'X' => "done",
        '-' => "cancelled",
        // `[/]` is begun, `[>]` put off, and a theme may have more: none of them is done.
        _ => "open",
    };
    is_apart.then_some((state, words))
}

/// The date that follows a sign.
fn date_after(words: &str, sign: &str) -> Option<PropertyValue> {
    let (_, after) = words.split_once(sign)?;
    // Some signs come with a variation selector, which makes them a picture.
    let date = after.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{fe0f}').get(..10)?;
    Some(PropertyValue::of_text(date)).filter(|value| matches!(value, PropertyValue::Date(..)))
}

#[cfg(test)]
mod tests {
    use ibid_core::id::DocumentPath;

    use crate::extract::extract;

    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let extracted = extract(&DocumentPath::new("a.md").unwrap(), text);
        let told: Vec<_> = extracted
            .reading
            .facts
            .iter()
            .map(|fact| match &fact.value {
                PropertyValue::Text(text) | PropertyValue::Date(text, _) => {
                    (fact.key.as_ref(), text.as_str())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn a_box_tells_the_state_of_a_task() {
        check(
            "- [ ] a\n- [x] b\n* [X] c\n1. [-] d\n+ [/] e",
            &[("task", "open"), ("task", "done"), ("task", "done"), ("task", "cancelled"), ("task", "open")],
        );
        check("> - [ ] quoted", &[("task", "open")]);
        check("- [link](x)\n- []\n- [a]b\n- x", &[]);
    }

    #[test]
    fn dates_stand_after_their_signs() {
        check(
            "- [ ] feed ⏳ 2024-06-01 📅2024-06-02 🔁 every day",
            &[("task", "open"), ("due", "2024-06-02"), ("scheduled", "2024-06-01")],
        );
        check(
            "- [x] bake ➕ 2024-06-01 ✅ 2024-06-03",
            &[("task", "done"), ("created", "2024-06-01"), ("done", "2024-06-03")],
        );
        check("- [ ] soon 📅 tomorrow", &[("task", "open")]);
        check("- [ ] brackets [due:: 2024-06-02]", &[("task", "open"), ("due", "2024-06-02")]);
    }

    #[test]
    fn nested_items_are_tasks_of_their_own() {
        check("- [ ] a\n  - [x] b\n", &[("task", "open"), ("task", "done")]);
        check(
            "- [ ] a\n\t- [x] b\n\t\t- [-] c\r\n\t- [ ] d",
            &[("task", "open"), ("task", "done"), ("task", "cancelled"), ("task", "open")],
        );
    }
}
