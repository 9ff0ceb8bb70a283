//! The token counts of words seen lately, within bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Each of the two halves holds so many words; both together 65,536, or some 6 MB.
const HALF: usize = 32_768;

/// Words and their counts. When the recent half is full it becomes the old one, and the old one is forgotten;
/// a word that is asked for again moves back.
#[derive(Default)]
pub(super) struct Words {
    recent: HashMap<Box<str>, u16, Seed>,
    old: HashMap<Box<str>, u16, Seed>,
}

impl Words {
    /// Finds the count of `word`, or makes it.
    #[inline]
    pub(super) fn get_or_insert(&mut self, word: &str, count: impl FnOnce() -> usize) -> usize {
        if let Some(&tokens) = self.recent.get(word) {
            return usize::from(tokens);
        }
        let tokens = self.old.get(word).map_or_else(count, |&tokens| usize::from(tokens));
        if self.recent.len() >= HALF {
            self.old = std::mem::take(&mut self.recent);
        }
        if let Ok(short) = u16::try_from(tokens) {
            self.recent.insert(word.into(), short);
        }
        tokens
    }
}

/// Where the hash of every word begins: different in each table, so that nobody can write a text whose words
/// all collide.
struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Seed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0)
    }
}

/// A hash for short words: eight bytes at a time are multiplied to 128 bits, whose halves are folded together.
/// The standard one spends half of the counter's time.
struct Folded(u64);

impl Folded {
    /// An odd number with its bits well mixed (2^64 divided by the golden ratio).
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

    #[inline]
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(Self::FACTOR);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for Folded {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|&word| self.fold(u64::from_le_bytes(word)));
        let last = rest.iter().fold(rest.len() as u64 + 1, |last, &byte| (last << 8) | u64::from(byte));
        self.fold(last);
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        // `str` ends with a byte that is in no string; the length above already tells words apart.
        self.0 ^= u64::from(byte);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_counted_once_while_it_is_remembered() {
        let mut words = Words::default();
        let mut n_counted = 0;
        let mut ask = |word: &str| {
            words.get_or_insert(word, || {
                n_counted += 1;
                word.len()
            })
        };
        assert_eq!((ask("one"), ask("three"), ask("one")), (3, 5, 3));
        assert_eq!(n_counted, 2);
    }

    #[test]
    fn memory_is_bounded_and_words_in_use_stay() {
        let mut words = Words::default();
        words.get_or_insert("kept", || 7);
        for number in 0..5 * HALF {
            words.get_or_insert(&number.to_string(), || 1);
            assert_eq!(words.get_or_insert("kept", || unreachable!()), 7);
        }
        assert!(words.recent.len() <= HALF && words.old.len() <= HALF);
    }

    #[test]
    fn similar_words_have_different_hashes() {
        let seed = Seed::default();
        let hashes: std::collections::HashSet<u64> =
            (0..20_000).map(|number| seed.hash_one(format!("word{number}").as_str())).collect();
        assert_eq!(hashes.len(), 20_000);
    }
}
