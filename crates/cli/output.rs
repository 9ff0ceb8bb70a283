//! The two streams and what is behind them: a terminal of some width, or something that wants bytes. No wording here.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style};
use serde_json::Value;

use crate::failure::Failure;
use crate::text::safe_json;

/// A heading, a name.
pub(crate) const STRONG: Style = Style::new().bold();
/// What is there to be copied or skipped, not read.
pub(crate) const DIM: Style = Style::new().dimmed();
/// A matched word; seen also where there are no colours.
pub(crate) const MATCHED: Style =
    AnsiColor::Magenta.on_default().effects(Effects::BOLD.insert(Effects::UNDERLINE));
/// Where something stands.
pub(crate) const PLACE: Style = AnsiColor::Cyan.on_default();
/// The cited words in their document.
pub(crate) const CITED: Style = Style::new().invert();
/// Before an error.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Before a warning.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
/// Before advice.
pub(crate) const ADVICE: Style = AnsiColor::Cyan.on_default().bold();

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Where nobody says how wide it is.
const USUAL_WIDTH: usize = 80;

/// Standard output for people; takes styles and drops them where they are not wanted.
pub(crate) fn out() -> impl Write {
    anstream::stdout().lock()
}

/// Standard error for people.
pub(crate) fn err() -> impl Write {
    anstream::stderr().lock()
}

/// Whether a person looks at standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether styles on standard output are seen.
pub(crate) fn has_styles() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// The columns and lines of the terminal that a person looks at standard output on; `None` where there is none.
pub(crate) fn terminal() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size().filter(|_| is_terminal())?;
    Some((usize::from(width.0), usize::from(height.0)))
}

/// How many columns to fill.
pub(crate) fn width() -> usize {
    let terminal = terminal_size::terminal_size();
    terminal.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0)).clamp(20, WIDEST)
}

/// Prints a JSON object: on one line, or laid out where a person looks.
pub(crate) fn print_json(object: &Value) -> Result<(), Failure> {
    let json = if is_terminal() { format!("{object:#}") } else { object.to_string() };
    // Not through anstream: the bytes are to arrive as they are.
    let mut out = io::stdout().lock();
    writeln!(out, "{}", safe_json(&json))?;
    Ok(out.flush()?)
}

/// Prints a text byte for byte.
pub(crate) fn print_exactly(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
