//! A fetched text and the verdicts on citations, for people and for pipes.

use std::io::Write;

use ibid_core::amount::{age, bytes};
use ibid_core::citation::{Citation, Reference};
use ibid_indexer::verify::Verdict;
use ibid_search::fetch::Fetched;

use crate::environment;
use crate::failure::Failure;
use crate::output::{self, CITED, DIM, STRONG};
use crate::text::{safe, safe_line};

/// Prints the text: on a terminal with the cited words marked out, elsewhere byte for byte and nothing else.
pub(crate) fn text(fetched: &Fetched) -> Result<(), Failure> {
    if !output::is_terminal() {
        return output::print_exactly(&fetched.text);
    }
    let mut out = output::out();
    write!(out, "{}", marked(fetched, output::has_styles()))?;
    if !fetched.text.ends_with('\n') {
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

/// The text for a terminal. Where styles are not seen the cited words stand in brackets that no note uses.
fn marked(fetched: &Fetched, styles: bool) -> String {
    let (cited, window) = (fetched.cited.span, fetched.window);
    // All of it is cited when all of it was asked for: then there is nothing to mark out.
    let inside = |byte: u32| (byte.saturating_sub(window.start()) as usize).min(fetched.text.len());
    let (start, end) = (inside(cited.start()), inside(cited.end()));
    let parts = (fetched.text.get(..start), fetched.text.get(start..end), fetched.text.get(end..));
    let (Some(before), Some(quote), Some(after)) = parts else { return safe(&fetched.text) };
    if cited == window {
        return safe(&fetched.text);
    }
    let quote = match styles {
        true => lines_in_style(&safe(quote)),
        false => format!("⟦{}⟧", safe(quote)),
    };
    format!("{}{quote}{}", safe(before), safe(after))
}

/// Each line by itself, so that the colour does not run on to the edge of the screen.
fn lines_in_style(quote: &str) -> String {
    let lines = quote
        .split('\n')
        .map(|line| if line.is_empty() { String::new() } else { format!("{CITED}{line}{CITED:#}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// Says on standard error what the text is and what was left out around it.
pub(crate) fn around(asked: &Reference, fetched: &Fetched) {
    let mut lines = Vec::new();
    let cited = fetched.cited.to_string();
    if matches!(asked, Reference::Quote(_)) && asked.to_string() != cited {
        lines.push(format!("these words were indexed again elsewhere: {cited}"));
    }
    if let Some(encoding) = &fetched.stored.decoded_from {
        lines.push(format!("the file is {encoding}: offsets count in the decoded text, not in the file"));
    }
    if let Some(address) = &fetched.stored.address {
        lines.push(format!("from {address}"));
    }
    if let Some(commit) = &fetched.commit {
        lines.push(format!("as in commit {commit}"));
    }
    lines.extend(left_out("before", fetched.window.start(), fetched.previous.as_ref()));
    let after = fetched.stored.text_bytes.saturating_sub(fetched.window.end());
    lines.extend(left_out("after", after, fetched.next.as_ref()));
    let mut err = output::err();
    // The text is printed already; nothing is lost when this cannot be.
    let _ = writeln!(err, "{DIM}{}{DIM:#}", safe_line(&place(fetched, environment::now())));
    for line in lines {
        let _ = writeln!(err, "note: {}", safe_line(&line));
    }
}

fn place(fetched: &Fetched, now: u64) -> String {
    let Fetched { document, line, cited, generation, indexed_at, .. } = fetched;
    let age = age(*indexed_at, now);
    format!(
        "{}:{line}, bytes {} of {}, indexed {age}, generation {generation}",
        document.path, cited.span, fetched.stored.text_bytes
    )
}

fn left_out(side: &str, amount: u32, continues: Option<&Citation>) -> Option<String> {
    let continues = continues?;
    Some(format!("{} {side} this were left out: `ibid fetch {continues}`", bytes(amount.into())))
}

/// Prints what became of a citation.
pub(crate) fn verdict(id: &str, verdict: &Verdict) -> Result<(), Failure> {
    let mut out = output::out();
    let id = safe_line(id);
    match verdict {
        Verdict::Unchanged => writeln!(out, "unchanged {id}")?,
        Verdict::Moved { to } => {
            writeln!(out, "moved {id} → {STRONG}{}{STRONG:#}", safe_line(&to.to_string()))?
        }
        Verdict::Changed => writeln!(out, "changed {id}")?,
        Verdict::Gone => writeln!(out, "gone {id}")?,
    }
    Ok(())
}
