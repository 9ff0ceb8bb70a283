//! Tasks: list items with a box, as [`ibid_core::task`] reads them. Dates in brackets are inline fields, which
//! [`super::obsidian`] reads.

use ibid_core::document::PropertyValue;
use ibid_core::task;

use super::{Block, BlockKind, Fact};

/// The state and the dates of every task, in order.
pub(super) fn find(text: &str, blocks: &[Block]) -> Vec<Fact> {
    let mut facts = Vec::new();
    for block in blocks.iter().filter(|block| block.kind == BlockKind::ListItem) {
        let Some(words) = block.span.quote(text) else { continue };
        let Some((state, words)) = task::state(words) else { continue };
        let mut add =
            |key: &'static str, value| facts.push(Fact { span: block.span, key: key.into(), value });
        add("task", PropertyValue::Text(state.to_owned()));
        for (key, date) in task::dates(words) {
            add(key, date);
        }
    }
    facts
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
