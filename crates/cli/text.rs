//! Words for the eye: what a terminal may be sent, amounts and ages; lines are broken in [`wrap`]. Pure:
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

/// How long ago `then` was, in the largest unit that fits.
pub(crate) fn age(then: u64, now: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(365 * 86_400, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let passed = now.saturating_sub(then);
    let fitting = UNITS.iter().find(|(seconds, _)| passed >= *seconds);
    fitting.map_or_else(
        || "just now".to_owned(),
        |(seconds, unit)| format!("{} ago", many(passed / seconds, unit)),
    )
}

/// A time that passes: `42 s`, `3 min 05 s`, `2 h 10 min`.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A number of things: `1 note`, `48,209 notes`.
pub(crate) fn many(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with a comma at every thousand.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// An amount of bytes in the decimal units of disks.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => many(bytes, "byte"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Seconds since 1970 as RFC 3339 in UTC; empty for a moment that has no such form.
pub(crate) fn rfc3339(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    moment.map_or_else(String::new, |moment| moment.to_string())
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
    fn an_age_is_told_in_its_largest_unit() {
        for (passed, told) in [
            (0, "just now"),
            (1, "1 second ago"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (200_000, "2 days ago"),
            (40_000_000, "1 year ago"),
            (400_000 * 86_400, "1,095 years ago"),
        ] {
            assert_eq!(age(1_000, 1_000 + passed), told);
        }
        assert_eq!(age(1_000, 10), "just now");
    }

    #[test]
    fn amounts_are_short() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (48_209, "48,209"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), shown);
        }
        for (amount, shown) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_234, "1.2 kB"),
            (238_000_000, "238.0 MB"),
            (1_500_000_000, "1.5 GB"),
        ] {
            assert_eq!(bytes(amount), shown);
        }
        for (seconds, shown) in [(42, "42 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")] {
            assert_eq!(duration(seconds), shown);
        }
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }
}
