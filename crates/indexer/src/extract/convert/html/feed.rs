//! Feeds a page to html5ever's tokenizer such that no tag costs more than it should.
//!
//! The tokenizer compares each attribute of a tag with all before it, so a tag of a megabyte would take minutes. What
//! is fed piece by piece without a token coming out is a huge tag, a huge value (an image in the page), or a huge
//! comment; of such a one the middle is left out.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::writer::{Content, Writer};

/// How much is fed at once, in bytes.
const PIECE_BYTES: usize = 4096;
/// After so many pieces without a token only the end of a tag or comment can bring one.
const MAX_SILENT_PIECES: usize = 2;

/// Hands the tokens on, and tells whether there were any.
struct Sink {
    writer: RefCell<Writer>,
    heard: Cell<bool>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
        if matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        self.heard.set(true);
        match self.writer.borrow_mut().token(token) {
            Content::Markup => TokenSinkResult::Continue,
            Content::Title => TokenSinkResult::RawData(Rcdata),
            Content::Raw => TokenSinkResult::RawData(Rawtext),
            Content::Script => TokenSinkResult::RawData(ScriptData),
            Content::Plain => TokenSinkResult::Plaintext,
        }
    }
}

/// Feeds the whole text to the writer.
pub(super) fn feed(text: &str, writer: Writer) -> Writer {
    let sink = Sink { writer: RefCell::new(writer), heard: Cell::new(false) };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = text;
    let mut silent = 0;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        queue.push_back(StrTendril::from_slice(piece));
        tokenizer.sink.heard.set(false);
        // It also stops where a script would run; nothing does here.
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        rest = after;
        silent = if tokenizer.sink.heard.get() { 0 } else { silent + 1 };
        if silent > 0 {
            rest = &rest[next_end(rest, silent > MAX_SILENT_PIECES)..];
        }
    }
    tokenizer.end();
    tokenizer.sink.writer.into_inner()
}

/// Where something that has begun may end: a quote or `>`; only `>` where quotes are not to be trusted.
fn next_end(rest: &str, only_tags: bool) -> usize {
    let ends = |byte: &u8| *byte == b'>' || !only_tags && matches!(byte, b'"' | b'\'');
    let at = rest.bytes().position(|byte| ends(&byte)).unwrap_or(rest.len());
    // The end of a comment keeps its dashes.
    if rest[..at].ends_with("--") { at - 2 } else { at }
}
