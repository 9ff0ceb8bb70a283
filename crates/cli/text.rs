//! Words for the eye: what a terminal may be sent, and how long something takes; lines are broken in [`wrap`]. Pure:
//! nothing is printed here.

pub(crate) mod wrap;

/// Text of notes, names and errors as a terminal may show it: control characters and those that turn the direction of
/// writing stand as visible signs. Line ends and tabs are kept.
pub(crate) fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\r' if characters.peek() == Some(&'\n') => {}
            _ => push_safe(&mut shown, character),
        }
    }
    shown
}

/// The same on one line.
pub(crate) fn safe_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|character| push_safe(&mut shown, character));
    shown
}

fn push_safe(shown: &mut String, character: char) {
    match character {
        // The block of pictures for control characters has the order of the characters themselves.
        '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(character))),
        '\u{7f}' => shown.push('␡'),
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character)))
        }
        _ if turns_direction(character) => shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(character))),
        _ => shown.push(character),
    }
}

/// The characters with the Unicode property Bidi_Control.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A JSON text in which no character can disturb a terminal. It means the same: such characters stand in strings only.
pub(crate) fn safe_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ if turns_direction(character) => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A time that passes: `42 s`, `3 min 05 s`, `2 h 10 min`.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_note_reaches_the_terminal_as_a_command() {
        for (text, shown) in [
            ("plain é 日本 👩\u{200d}🍳", "plain é 日本 👩\u{200d}🍳"),
            ("\u{1b}[31mred", "␛[31mred"),
            ("\u{1b}]0;title\u{7}", "␛]0;title␇"),
            ("a\0b\u{7f}\u{8}", "a␀b␡␈"),
            ("\u{9b}31m", "⟨U+009B⟩31m"),
            ("evil\u{202e}txt.exe\u{2069}", "evil⟨U+202E⟩txt.exe⟨U+2069⟩"),
            ("one\r\ntwo\tthree\rfour", "one\ntwo\tthree␍four"),
        ] {
            assert_eq!(safe(text), shown);
        }
        assert_eq!(safe_line("a\nb\r\n\t"), "a␊b␍␊␉");
    }

    #[test]
    fn json_says_the_same_with_every_such_character_escaped() {
        let value = serde_json::json!({ "text": "\u{1b}[31m \u{9b} \u{202e} \u{7f} 日" });
        let shown = safe_json(&value.to_string());
        assert!(
            !shown.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7f}']) && shown.contains('日'),
            "{shown}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn a_time_that_passes_is_told_in_two_units_at_most() {
        for (seconds, shown) in [(42, "42 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")] {
            assert_eq!(duration(seconds), shown);
        }
    }
}
