//! A question that a person answers with yes or no.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::output;
use crate::text::safe_line;

/// Whether the person at the terminal says yes; `None` where nobody is there to be asked.
pub(crate) fn is_confirmed(question: &str) -> io::Result<Option<bool>> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    write!(output::err(), "{} [y/N] ", safe_line(question))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
}
