//! Characters that are there and not seen: controls, marks that turn the direction of what follows, spaces of no width,
//! tag characters. They are counted and named, not replaced: a quote stays the bytes that were indexed, and many of them
//! are needed (a mark of direction in Hebrew, tags in a flag). What joins letters and emoji is not among them.

use std::collections::BTreeSet;

/// The most kinds that are named.
const MAX_NAMED: usize = 8;

/// What is there and not seen in some texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Unseen {
    count: usize,
    kinds: BTreeSet<char>,
}

impl Unseen {
    /// Counts those of a text.
    pub(crate) fn look_at(&mut self, text: &str) {
        // Most texts are ASCII throughout, where there are few to look for.
        for c in text.chars().filter(|&c| is_unseen(c)) {
            self.count += 1;
            self.kinds.insert(c);
        }
    }

    /// How many, and of which kinds; `None` where there are none.
    pub(crate) fn summary(&self) -> Option<String> {
        let named: Vec<_> =
            self.kinds.iter().take(MAX_NAMED).map(|&kind| format!("U+{:04X}", u32::from(kind))).collect();
        let more = if self.kinds.len() > MAX_NAMED { ", …" } else { "" };
        (self.count > 0).then(|| format!("{} ({}{more})", self.count, named.join(", ")))
    }

    /// The same as a sentence.
    pub(crate) fn note(&self) -> Option<String> {
        let plural = if self.count == 1 { "" } else { "s" };
        self.summary()
            .map(|summary| format!("character{plural} that cannot be seen in the results: {summary}"))
    }
}

fn is_unseen(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{180e}' | '\u{3164}' | '\u{feff}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{206a}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e01ef}' => true,
        c => c.is_control(),
    }
}
