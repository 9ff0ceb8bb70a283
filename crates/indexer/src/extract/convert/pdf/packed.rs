//! How much a PDF unpacks to, before its reader unpacks it without a limit.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::super::{Kind, Unreadable};

/// What may be unpacked of any file, in bytes.
const MIN_LIMIT_BYTES: usize = 16 * 1024 * 1024;
/// And for each of its own bytes; pages pack to a fifth.
const MAX_RATIO: usize = 100;
/// A blank scan packs to a thousandth. Pictures are never unpacked, so only absurd ones are refused; in bytes.
const MAX_PICTURE_BYTES: u64 = 1024 * 1024 * 1024;
/// How often a stream may be packed in a packed stream and still be looked through.
const MAX_WRAPS: usize = 4;
/// Where a stream's dictionary is looked for, in bytes before it.
const DICTIONARY_BYTES: usize = 600;

/// Refuses a file whose streams of text unpack to more than [`MAX_RATIO`] times the file.
///
/// Unpacks each deflated stream that can be seen from outside, and keeps nothing. A stream that is packed in other ways
/// as well, or encrypted, is not seen; it grows by a thousand times at most.
pub(super) fn check(bytes: &[u8]) -> Result<(), Unreadable> {
    let kind = Kind::Pdf;
    let limit = MIN_LIMIT_BYTES.saturating_add(MAX_RATIO.saturating_mul(bytes.len()));
    let mut left = limit as u64;
    let mut at = 0;
    while let Some(start) = find(&bytes[at..], b"stream").map(|found| at + found + b"stream".len()) {
        at = start;
        let data = bytes[start..].strip_prefix(b"\r").unwrap_or(&bytes[start..]);
        let Some(data) = data.strip_prefix(b"\n").filter(|data| is_zlib(data)) else { continue };
        let dictionary = &bytes[start.saturating_sub(DICTIONARY_BYTES)..start];
        let dictionary = &dictionary[rfind(dictionary, b"endobj").unwrap_or(0)..];
        let is_picture = find(dictionary, b"/Image").is_some() && find(dictionary, b"/Width").is_some();
        let most = if is_picture { MAX_PICTURE_BYTES } else { left };
        let (packed, unpacked) = unpacked(data, most + 1);
        if unpacked > most {
            return Err(Unreadable::TooLarge { kind, limit_bytes: limit });
        }
        left -= if is_picture { 0 } else { unpacked };
        // What was unpacked is not looked through again, or streams in streams would cost time in their square.
        at += packed;
    }
    Ok(())
}

/// How many bytes went in and came out, up to `most`; the larger of what the layers make.
fn unpacked(data: &[u8], most: u64) -> (usize, u64) {
    let mut largest = 0;
    let mut packed = 0;
    for wraps in 1..=MAX_WRAPS {
        let mut counted = data;
        let mut layers: Box<dyn Read> = Box::new(ZlibDecoder::new(&mut counted));
        for _ in 1..wraps {
            layers = Box::new(ZlibDecoder::new(layers));
        }
        let mut head = [0; 2];
        let n_head = layers.read(&mut head).unwrap_or(0);
        let rest = drain(&mut *layers, most);
        drop(layers);
        packed = packed.max(data.len() - counted.len());
        largest = largest.max(n_head as u64 + rest);
        if largest > most || n_head < 2 || !is_zlib(&head) {
            break;
        }
    }
    (packed, largest)
}

/// How much there is to read, up to `most`. What breaks off counts as far as it goes.
fn drain(from: &mut dyn Read, most: u64) -> u64 {
    let mut buffer = [0; 16 * 1024];
    let mut n_bytes = 0;
    while n_bytes <= most {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => n_bytes += n as u64,
        }
    }
    n_bytes
}

/// Whether bytes begin as a zlib stream does.
fn is_zlib(data: &[u8]) -> bool {
    matches!(data, [method, flags, ..] if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, word)
}

fn rfind(bytes: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(bytes, word)
}
