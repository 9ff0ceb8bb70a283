//! Hashes of content: the long one identifies bytes, the short one rides in a citation.

use std::fmt;
use std::str::FromStr;

/// How many hexadecimal digits of a quote's hash a citation shows: 48 bits, enough that no edit keeps it by accident.
const QUOTE_HASH_DIGITS: usize = 12;

/// The BLAKE3 hash of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> ContentHash {
        ContentHash(*blake3::hash(bytes).as_bytes())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes 32 bytes written earlier by [`ContentHash::as_bytes`].
    pub fn from_bytes(bytes: [u8; 32]) -> ContentHash {
        ContentHash(bytes)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// The first 48 bits of the BLAKE3 hash of a quote, as citations show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuoteHash(u64);

impl QuoteHash {
    /// Hashes `quote`. Costs about 0.1 µs for a chunk.
    pub fn of(quote: &str) -> QuoteHash {
        let hash = blake3::hash(quote.as_bytes());
        let mut first = [0; 8];
        first[2..].copy_from_slice(&hash.as_bytes()[..6]);
        QuoteHash(u64::from_be_bytes(first))
    }

    /// The 48 bits as a number, for an index to look up.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Takes a number written earlier by [`QuoteHash::as_u64`].
    pub fn from_u64(bits: u64) -> QuoteHash {
        QuoteHash(bits & 0xffff_ffff_ffff)
    }
}

impl fmt::Display for QuoteHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$x}", self.0, width = QUOTE_HASH_DIGITS)
    }
}

/// Why a text is no quote hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quote hash is {QUOTE_HASH_DIGITS} hexadecimal digits")]
pub struct QuoteHashError;

impl FromStr for QuoteHash {
    type Err = QuoteHashError;

    fn from_str(digits: &str) -> Result<QuoteHash, QuoteHashError> {
        if digits.len() != QUOTE_HASH_DIGITS || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(QuoteHashError);
        }
        u64::from_str_radix(digits, 16).map(QuoteHash).map_err(|_| QuoteHashError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_hash_is_the_start_of_the_content_hash() {
        let long = ContentHash::of(b"flour").to_string();
        let short = QuoteHash::of("flour");
        assert_eq!(short.to_string(), long[..12]);
        assert_eq!(short.to_string().parse(), Ok(short));
        assert_eq!(QuoteHash::from_u64(short.as_u64()), short);
    }

    #[test]
    fn anything_but_twelve_hexadecimal_digits_is_refused() {
        for text in ["", "12345678901", "1234567890123", "12345678901g", "+23456789012"] {
            assert_eq!(text.parse::<QuoteHash>(), Err(QuoteHashError), "{text}");
        }
    }
}
