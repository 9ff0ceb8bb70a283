//! Text that was encoded twice: UTF-8 that something read as Windows-1252 (or Latin-1) and wrote as UTF-8 again, so
//! that `é` is `Ã©` and `’` is `â€™`.
//!
//! A run of such characters is put right if all of it is UTF-8 when taken as bytes, and if it is nothing that people
//! write: `SÃO`, `“CAFÉ”` and `IRMÃ…` stay.

/// What Windows-1252 has at 0x80 to 0x9f; zero where it has nothing, and the control of Latin-1 stands.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“',
    '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The text with what was encoded twice put right; `None` where nothing was. Linear in the text.
pub(in crate::extract) fn repaired(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = text[at..].find(|c| byte_of(c).is_some()).map(|start| at + start) {
        let length = text[start..].find(|c| byte_of(c).is_none()).unwrap_or(text.len() - start);
        at = start + length;
        let after = text[at..].chars().next();
        if let Some(right) = repaired_run(text[..start].chars().next_back(), &text[start..at], after) {
            out.push_str(&text[done..start]);
            out.push_str(&right);
            done = at;
        }
    }
    (done > 0).then(|| {
        out.push_str(&text[done..]);
        out
    })
}

/// The byte a character was, if it was one above ASCII.
fn byte_of(character: char) -> Option<u8> {
    match character {
        '\u{80}'..='\u{ff}' => u8::try_from(u32::from(character)).ok(),
        '\0'..='\u{7f}' => None,
        _ => {
            let at = WINDOWS_1252.iter().position(|known| *known == character)?;
            u8::try_from(0x80 + at).ok()
        }
    }
}

fn repaired_run(before: Option<char>, run: &str, after: Option<char>) -> Option<String> {
    let bytes: Vec<u8> = run.chars().filter_map(byte_of).collect();
    let right = String::from_utf8(bytes).ok()?;
    // A control was nobody's text.
    if right.chars().any(|c| matches!(c, '\u{80}'..='\u{9f}')) {
        return None;
    }
    let mut characters = right.chars();
    let alone = characters.next().filter(|_| characters.next().is_none());
    match alone {
        Some(only) if !is_surely_wrong(only, before, run, after) => None,
        _ => Some(right),
    }
}

/// Whether nobody would have written `run`, which stands for one character.
fn is_surely_wrong(only: char, before: Option<char>, run: &str, after: Option<char>) -> bool {
    let mut parts = run.chars();
    let (first, second) = (parts.next().unwrap_or(' '), parts.next().unwrap_or(' '));
    // A word may end with the first and the second follow it: a quote that closes, a dash, a space of French.
    let closes = matches!(second, '”' | '“' | '’' | '‘' | '…' | '–' | '—' | '›' | '»' | '\u{a0}');
    let in_word = after.is_some_and(char::is_alphabetic);
    match u32::from(only) {
        // Signs and spaces after `Â`.
        0xa0..=0xbf => true,
        // Letters of western Europe after `Ã`, which only Portuguese has and never before such a sign in mid-word.
        0xc0..=0xff => in_word || !(closes && second != '\u{a0}' && before.is_some_and(char::is_uppercase)),
        // Letters of central Europe, Greek and Cyrillic.
        0x100..=0x17f | 0x380..=0x3ff | 0x400..=0x47f => in_word || !closes,
        // Quotes, dashes, the euro, arrows, marks.
        0x2000..=0x2bff => first == 'â' && (second == '€' || !closes),
        // Emoji and what else takes four.
        0x1_0000.. => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What reading UTF-8 as Windows-1252 makes of a text.
    fn broken(text: &str) -> String {
        let as_character = |byte: u8| match byte {
            0x80..=0x9f if WINDOWS_1252[usize::from(byte) - 0x80] != '\0' => {
                WINDOWS_1252[usize::from(byte) - 0x80]
            }
            byte => char::from(byte),
        };
        text.bytes().map(as_character).collect()
    }

    #[test]
    fn what_was_encoded_twice_is_put_right() {
        for (wrong, right) in [
            ("cafÃ©", "café"),
            ("donâ€™t", "don’t"),
            ("â€œquotedâ€\u{9d}", "“quoted”"),
            ("Ã–sterreich, CÃ”TE, Ã‰tat, voilÃ\u{a0}", "Österreich, CÔTE, État, voilà"),
            ("20Â°C, Â£5, Â«Â\u{a0}ouiÂ\u{a0}Â»", "20°C, £5, «\u{a0}oui\u{a0}»"),
            ("gÅ‚Ã³wny, ciÄ™Å¼ki", "główny, ciężki"),
            ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
            ("æ—¥æœ¬", "日本"),
            ("ok ðŸ˜€!", "ok 😀!"),
            ("â”œâ”€â”€ src", "├── src"),
            ("5 â‚¬ â†’ 6 â‚¬â„¢", "5 € → 6 €™"),
            ("\u{c3}\u{a9} by Latin-1 too: \u{e2}\u{80}\u{99}", "é by Latin-1 too: ’"),
        ] {
            assert_eq!(repaired(wrong).as_deref(), Some(right), "{wrong}");
            assert_eq!(repaired(right), None, "{right}");
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "",
            "plain ascii",
            "SÃO PAULO, IRMÃ, MAÇÃ, CORAÇÃO",
            "a “IRMÔ, a IRMÃ… e a “MANHÃ”, “AMANHÃ”.",
            "“CAFÉ” — LIBERTÉ… ÉGALITÉ\u{a0}!",
            "“café”… naïve, château, âge, “châteaux”",
            "„JAÜ“, Ä–, MÜ…, Å”",
            "«Été»",
            "日本語 привет 😀",
            "x² ± ½ © ® ™ € … • — –",
            "Ã is a letter, Â as well",
            "fiancée—née",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }

    #[test]
    fn a_run_that_is_no_utf_8_stays_and_others_are_put_right() {
        assert_eq!(repaired("SÃO cafÃ© SÃO").as_deref(), Some("SÃO café SÃO"));
        assert_eq!(repaired("éÃ"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_bounded_and_longer_words_come_back(text in "\\PC*", word in "[а-я日本語ąęłé]{2,8}") {
            if let Some(right) = repaired(&text) {
                prop_assert!(right.len() < text.len());
            }
            prop_assert_eq!(repaired(&broken(&word)), Some(word));
        }
    }
}
