//! Pages as they are printed, as Markdown: a heading `## Page 3` for each page with words, and its paragraphs.
//!
//! The heading is of level 2 because a heading of level 1 at the top of a text is its title. What the words are and
//! where they stand is hayro's work, which reads and draws everything a PDF may hold; here nothing is drawn, and where
//! glyphs stand tells lines and paragraphs. Pictures of pages are not read.

mod glyphs;
mod packed;
mod paragraphs;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use encoding_rs::UTF_16BE;
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::hayro_syntax::metadata::Metadata;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError};
use hayro_interpret::kurbo::Rect;
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, TransformExt, interpret_page};

use super::writing::{self, Front};
use super::{Kind, MAX_TEXT_BYTES, Unreadable};
use glyphs::{Glyphs, Line, TooMuch};

/// What may be drawn of any file: glyphs, paths, forms. A page of text has some thousand.
const MIN_DRAWN: usize = 2_000_000;
/// And for each byte of the file; text packs to about two glyphs a byte.
const DRAWN_PER_BYTE: usize = 4;

/// A PDF as Markdown.
///
/// hayro panics on some broken files (its change log tells of one or another in each release), so a panic while it
/// reads is caught and the file is called broken. The panic hook is still told.
pub(super) fn to_markdown(bytes: &[u8]) -> Result<String, Unreadable> {
    let kind = Kind::Pdf;
    packed::check(bytes)?;
    let read = catch_unwind(AssertUnwindSafe(|| read(bytes)));
    let (pages, front) = match read {
        Ok(read) => read?,
        Err(cause) if cause.is::<TooMuch>() => {
            return Err(Unreadable::broken(kind, "it draws more than a file of its size can mean to"));
        }
        Err(_) => return Err(Unreadable::broken(kind, "its reader gave up")),
    };
    if pages.iter().all(Vec::is_empty) {
        return Err(Unreadable::NoText { kind, n_pages: pages.len() });
    }
    let mut out = front.finish();
    let words = paragraphs::Words::of(&pages);
    for (n, lines) in pages.iter().enumerate().filter(|(_, lines)| !lines.is_empty()) {
        out.push_str(&format!("## Page {}\n\n", n + 1));
        for paragraph in paragraphs::of_page(lines, &words) {
            for line in paragraph.lines() {
                out.push_str(&writing::prose_line(line));
                out.push('\n');
            }
            out.push('\n');
        }
        if out.len() > MAX_TEXT_BYTES {
            return Err(Unreadable::TooLarge { kind, limit_bytes: MAX_TEXT_BYTES });
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// The lines of each page, and what the file says of itself.
fn read(bytes: &[u8]) -> Result<(Vec<Vec<Line>>, Front), Unreadable> {
    let kind = Kind::Pdf;
    let pdf = Pdf::new(Arc::new(bytes.to_vec())).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Unreadable::Encrypted { kind },
        LoadPdfError::Decryption(_) => Unreadable::broken(kind, "its encryption is of no known kind"),
        LoadPdfError::Invalid => Unreadable::broken(kind, "it is no PDF, or its end is missing"),
    })?;
    let cache = InterpreterCache::new();
    let mut left = MIN_DRAWN.saturating_add(DRAWN_PER_BYTE.saturating_mul(bytes.len()));
    let mut pages = Vec::new();
    for page in pdf.pages().iter() {
        let (width, height) = page.render_dimensions();
        let everywhere = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let to_top_left = page.initial_transform(true).to_kurbo();
        let settings = InterpreterSettings::default();
        let mut context = Context::new(to_top_left, everywhere, &cache, pdf.xref(), settings);
        let mut glyphs = Glyphs::new(left);
        // One page that cannot be drawn does not take the others with it.
        let drawn = catch_unwind(AssertUnwindSafe(|| interpret_page(page, &mut context, &mut glyphs)));
        if let Err(cause) = drawn
            && cause.is::<TooMuch>()
        {
            resume_unwind(cause);
        }
        let (lines, rest) = glyphs.finish();
        left = rest;
        pages.push(lines);
    }
    Ok((pages, front(pdf.metadata())))
}

/// What the file says of itself, unless its writer filled in something for want of anything better.
fn front(metadata: &Metadata) -> Front {
    let mut front = Front::default();
    let text = |bytes: &Option<Box<[u8]>>| bytes.as_deref().map(text).unwrap_or_default();
    let title = text(&metadata.title);
    let title = title.strip_prefix("Microsoft Word - ").unwrap_or(&title);
    let says_nothing = |value: &str| {
        let value = value.trim_matches(['(', ')']).to_ascii_lowercase();
        matches!(value.as_str(), "untitled" | "anonymous" | "unspecified")
    };
    for (key, value) in
        [("title", title), ("author", &text(&metadata.author)), ("subject", &text(&metadata.subject))]
    {
        if !says_nothing(value) {
            front.add(key, value);
        }
    }
    if let Some(date) =
        metadata.creation_date.filter(|date| (1..=12).contains(&date.month) && (1..=31).contains(&date.day))
    {
        front.add("created", &format!("{:04}-{:02}-{:02}", date.year, date.month, date.day));
    }
    front.add_list("keywords", text(&metadata.keywords).split([',', ';']));
    front
}

/// What PDF's own encoding has from 0x80 on, where Latin-1 has controls.
const PDF_SIGNS: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ',
    'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', ' ', '€',
];

/// A text string of PDF: UTF-16 or UTF-8 by its mark, else PDF's own encoding.
fn text(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0,
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        rest => rest
            .iter()
            .map(|byte| *PDF_SIGNS.get(usize::from(byte.wrapping_sub(0x80))).unwrap_or(&char::from(*byte)))
            .collect(),
    };
    writing::one_line(&text)
}
