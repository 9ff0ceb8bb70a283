//! How many tokens a text has, fast enough to ask about every heading. It makes no token ids.

mod pieces;
mod tokenizer;
mod words;

use std::sync::Arc;

use tokenizers::{Model, Tokenizer};

use crate::error::EmbedError;
use pieces::{Kind, next_piece};
#[cfg(test)]
pub(crate) use tokenizer::TOKENIZER_JSON;
pub(crate) use tokenizer::bundled_tokenizer;
use words::Words;

/// A word of more characters is a single unknown token to BERT. To a reader it is not.
const MAX_WORD_CHARS: usize = 100;

/// Such a word is counted as if it had a token per so many bytes, lest a chunk of megabytes pass for short.
const BYTES_PER_TOKEN_OF_HUGE_WORD: usize = 8;

/// Longer words are hardly ever seen twice.
const MAX_CACHED_BYTES: usize = 64;

/// Makes a counter of the bundled model's tokens. The tokenizer is read once per process and the model not at
/// all; a counter costs nothing and is made for each thread.
///
/// # Errors
/// When the compiled-in tokenizer does not open, which the tests of this crate exclude.
pub fn bundled_tokens() -> Result<TokenCounter, EmbedError> {
    bundled_tokenizer().map(TokenCounter::new)
}

/// Counts the tokens of the bundled model, special tokens left out.
///
/// The count is the tokenizer's own, with two exceptions, both upwards: a run of more than 100 bytes without a
/// space counts at least one token per 8 bytes, and one of several thousand bytes up to 100 tokens more per
/// 4,096 bytes. Words are remembered, so a counter grows faster with use; it belongs to one thread.
pub struct TokenCounter {
    tokenizer: Arc<Tokenizer>,
    words: Words,
}

impl TokenCounter {
    pub(crate) fn new(tokenizer: Arc<Tokenizer>) -> Self {
        Self { tokenizer, words: Words::default() }
    }

    /// Counts the tokens of `text`.
    pub fn count(&mut self, text: &str) -> usize {
        let (mut at, mut tokens) = (0, 0);
        while at < text.len() {
            let (end, kind) = next_piece(text, at);
            tokens += self.cost(&text[at..end], kind);
            at = end;
        }
        tokens
    }

    /// Finds how much of the beginning of `text` has at most `max` tokens, as a byte index on a character
    /// boundary: the end of a word, with the space after it, if one lies in the second half of what fits, else
    /// the end of a part of a word, else wherever the limit falls. Never 0 for a text that is not empty, so a first character of more than
    /// `max` tokens passes the limit. It reads no further than the limit.
    pub fn split_at_tokens(&mut self, text: &str, max: usize) -> usize {
        let (mut at, mut used) = (0, 0);
        let (mut word_end, mut used_at_word_end) = (0, 0);
        while at < text.len() {
            let (end, kind) = next_piece(text, at);
            let cost = self.cost(&text[at..end], kind);
            if used + cost > max {
                if word_end > 0 && used_at_word_end >= max / 2 {
                    return word_end;
                }
                if at > 0 && cost <= max / 2 {
                    return at;
                }
                let inside = self.longest_beginning(&text[at..end], max - used);
                let first_char = text.chars().next().map_or(0, char::len_utf8);
                return (at + inside).max(first_char);
            }
            (at, used) = (end, used + cost);
            if matches!(kind, Kind::Space | Kind::Ideograph) {
                (word_end, used_at_word_end) = (at, used);
            }
        }
        text.len()
    }

    /// How many bytes of a piece have at most `max` tokens. More bytes do not always mean more tokens, so this
    /// need not be the very longest; what it returns does fit.
    fn longest_beginning(&mut self, piece: &str, max: usize) -> usize {
        let limit = MAX_WORD_CHARS + (max + 1) * BYTES_PER_TOKEN_OF_HUGE_WORD;
        let (mut fits, mut beyond) = (0, piece.len().min(limit));
        while beyond - fits > 1 {
            let middle = piece.floor_char_boundary(fits.midpoint(beyond));
            if middle > fits && self.count(&piece[..middle]) <= max {
                fits = middle;
            } else {
                beyond = fits.midpoint(beyond);
            }
        }
        fits
    }

    fn cost(&mut self, piece: &str, kind: Kind) -> usize {
        match kind {
            Kind::Space => 0,
            Kind::Mark | Kind::Ideograph => 1,
            Kind::Word if piece.len() > MAX_WORD_CHARS => piece.len() / BYTES_PER_TOKEN_OF_HUGE_WORD,
            Kind::Word | Kind::Mixed if piece.len() <= MAX_CACHED_BYTES => {
                let tokenizer = &self.tokenizer;
                self.words.get_or_insert(piece, || tokens_of(tokenizer, piece, kind))
            }
            Kind::Word => tokens_of(&self.tokenizer, piece, kind),
            Kind::Mixed | Kind::Cut => {
                let tokens = tokens_of(&self.tokenizer, piece, kind);
                let huge = piece.len() > MAX_WORD_CHARS;
                let least = if huge { piece.len() / BYTES_PER_TOKEN_OF_HUGE_WORD } else { 0 };
                // The word over the cut may have more tokens than its two parts: as many as it has
                // characters, and only while these are few enough not to be one unknown token.
                tokens.max(least) + if kind == Kind::Cut { MAX_WORD_CHARS } else { 0 }
            }
        }
    }
}

/// Asks the tokenizer. It fails on nothing but a vocabulary without an unknown token; then every byte counts.
fn tokens_of(tokenizer: &Tokenizer, piece: &str, kind: Kind) -> usize {
    let tokens = match kind {
        Kind::Word => tokenizer.get_model().tokenize(&piece.to_ascii_lowercase()).map(|tokens| tokens.len()),
        _ => tokenizer.encode_fast(piece, false).map(|encoding| encoding.len()),
    };
    tokens.unwrap_or(piece.len())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn real_count(text: &str) -> usize {
        bundled_tokenizer().unwrap().encode_fast(text, false).unwrap().len()
    }

    fn check(text: &str) {
        let mut counter = bundled_tokens().unwrap();
        let (cold, warm) = (counter.count(text), counter.count(text));
        assert_eq!((cold, warm), (real_count(text), real_count(text)), "{text:?}");
    }

    #[test]
    fn the_count_is_the_tokenizers_in_every_script() {
        for text in [
            "",
            "The naïve café's menu: 3×4=12, don't (re)read \"it\"—e-mail me@example.org!",
            "Съешь же ещё этих мягких французских булок, да выпей чаю.",
            "مرحبا بالعالم، كيف حالك؟ هذا نصٌّ مُشَكَّل.",
            "नमस्ते दुनिया। यह एक परीक्षण है॥",
            "私は昨日、東京へ行きました。カタカナ・テスト（試験）「引用」！",
            "한국어 문장입니다. 띄어쓰기가 있습니다.",
            "ภาษาไทยไม่มีช่องว่าง Ελληνικά άρθρα עברית 🦀👩‍🚀",
            "[CLS] a[SEP]b [MASK][[PAD]] [unk] [UNK]x",
            "a\u{b}b c\u{c}d e\u{85}f g\u{0}h i\u{200b}j k\u{a0}l m\u{3000}n o\u{feff}p",
            "fn main() { let x: Vec<u8> = vec![0x1f; 16]; } // https://example.org/a_b?c=d&e=%20",
        ] {
            check(text);
        }
    }

    #[test]
    fn every_character_counts_as_in_the_tokenizer() {
        let mut counter = bundled_tokens().unwrap();
        // The planes between are unassigned or private.
        let codes: Vec<u32> = (0..0x33500).chain(0xE0000..0xE0200).collect();
        for block in codes.chunks(64) {
            let text = |around: &str| {
                let chars = block.iter().filter_map(|&code| char::from_u32(code));
                chars.map(|c| format!("b{c}{around}")).collect::<String>()
            };
            for text in [text(" "), text("g "), text("\u{301}x ")] {
                assert_eq!(counter.count(&text), real_count(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn a_huge_word_is_not_one_token() {
        let mut counter = bundled_tokens().unwrap();
        for text in ["a".repeat(4000), "ก".repeat(1000), "ж".repeat(3000)] {
            assert_eq!(real_count(&text), 1);
            assert!(counter.count(&text) >= text.len() / BYTES_PER_TOKEN_OF_HUGE_WORD);
        }
    }

    #[test]
    fn a_megabyte_without_spaces_is_counted_and_split_in_time() {
        for word in ["日本語", "ひらがな", "ก", "a", "é\u{0}", "한국"] {
            let text = word.repeat(1_000_000 / word.len());
            let mut counter = bundled_tokens().unwrap();
            let start = Instant::now();
            counter.count(&text);
            let counted = start.elapsed();
            let (mut rest, mut parts) = (&text[..text.floor_char_boundary(100_000)], 0);
            while !rest.is_empty() {
                rest = &rest[counter.split_at_tokens(rest, 230)..];
                parts += 1;
            }
            let (all, split) = (start.elapsed(), start.elapsed() - counted);
            // It takes a second; in the square of its length it would take an hour.
            assert!(all < Duration::from_secs(120), "{word}: {counted:?}, {split:?} for {parts} parts");
        }
    }

    /// The part fits, ends on a character, and the parts make the text.
    fn check_split(text: &str, max: usize) {
        let mut counter = bundled_tokens().unwrap();
        let mut at = 0;
        while at < text.len() {
            let end = at + counter.split_at_tokens(&text[at..], max);
            assert!(end > at && text.is_char_boundary(end), "{text:?} {at}");
            let part = &text[at..end];
            assert!(counter.count(part) <= max || part.chars().count() == 1, "{part:?}");
            at = end;
        }
    }

    #[test]
    fn a_text_is_split_between_words() {
        let mut counter = bundled_tokens().unwrap();
        for (text, max, wanted) in [
            ("one two three four", 3, "one two three "),
            ("one two", 5, "one two"),
            ("東京へ行く", 2, "東京"),
            ("one aa-bb-cc-dd-ee-ff-gg", 8, "one aa-bb-cc-dd"),
            ("x", 0, "x"),
            ("", 3, ""),
        ] {
            let end = counter.split_at_tokens(text, max);
            assert_eq!(&text[..end], wanted);
        }
    }

    #[test]
    fn every_part_of_an_endless_word_fits() {
        for text in ["a".repeat(9_000), "ก".repeat(2_000), "0f3a".repeat(30), "한국".repeat(900)] {
            [1, 5, 230].iter().for_each(|&max| check_split(&text, max));
        }
    }

    /// Short words of anything, and anything that may stand between them.
    fn spaced_words() -> impl Strategy<Value = String> {
        let word = prop_oneof![any::<String>(), "[a-zA-Z0-9'._-]{1,12}", "\\PC{0,9}", "[\\[\\]A-Z]{1,6}"];
        let short = word.prop_map(|word| word.chars().take(16).collect::<String>());
        let space = prop::sample::select(vec![" ", "\n", "\t", "\u{a0}", "\u{3000}", "\r\n", "\u{2028}"]);
        prop::collection::vec((short, space), 0..24)
            .prop_map(|parts| parts.into_iter().flat_map(|(word, space)| [word, space.to_owned()]).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

        #[test]
        fn short_words_of_any_characters_count_as_in_the_tokenizer(text in spaced_words()) {
            prop_assert_eq!(bundled_tokens().unwrap().count(&text), real_count(&text));
        }

        #[test]
        fn no_text_counts_less_than_in_the_tokenizer(text in "[\\PC \n]{0,400}", word in "\\PC{1,3}") {
            for text in [text, word.repeat(1700)] {
                prop_assert!(bundled_tokens().unwrap().count(&text) >= real_count(&text));
            }
        }

        #[test]
        fn parts_fit_and_make_the_text(text in spaced_words(), max in 1..40usize) {
            check_split(&text, max);
        }
    }
}
