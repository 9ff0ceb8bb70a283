//! Tasks as they are written: a list item with a box, and the dates the Tasks plugin writes behind signs. Where an item
//! begins and ends is not known here.

use crate::document::PropertyValue;

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

/// The state of a task (`open`, `done`, `cancelled`) and the words after its box; `None` where the item has no box.
///
/// An item in a quote may have the quote's marks before it.
pub fn state(item: &str) -> Option<(&'static str, &str)> {
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

/// The dates behind the signs among a task's words, each with what it is of.
pub fn dates(words: &str) -> impl Iterator<Item = (&'static str, PropertyValue)> {
    DATES.into_iter().chain(OTHER_SIGNS).filter_map(|(sign, of)| Some((of, date_after(words, sign)?)))
}

/// The date that follows a sign.
fn date_after(words: &str, sign: &str) -> Option<PropertyValue> {
    let (_, after) = words.split_once(sign)?;
    // Some signs come with a variation selector, which makes them a picture.
    let date = after.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{fe0f}').get(..10)?;
    Some(PropertyValue::of_text(date)).filter(|value| matches!(value, PropertyValue::Date(..)))
}
