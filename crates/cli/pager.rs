//! Long output a page at a time, by the program that a person has for it: where they look at a terminal, and it is
//! shorter than what there is to read. What is shown is made elsewhere.

use std::io::{self, Write};
use std::process::{Child, Command, ExitStatus, Stdio};

use unicode_width::UnicodeWidthStr;

use crate::failure::Failure;
use crate::output;

/// Used where nobody named another.
const USUAL: &str = "less";

/// What `less` is told where nobody told it anything: leave at once where everything fits (F), show styles and links (R),
/// leave the screen as it is in the end (X).
const LESS: &str = "FRX";

/// What a shell ends with where there is no such program, or none that may be run.
const NOT_RUN: [i32; 2] = [126, 127];

/// The program that shows pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pager {
    command: String,
    /// The value of `LESS` it is given; none where it is another program.
    less: Option<String>,
    /// Whether a person named it.
    is_named: bool,
}

impl Pager {
    /// By the variables `PAGER` and `LESS`; `None` where nothing is to be paged.
    pub(crate) fn of(pager: Option<&str>, less: Option<&str>) -> Option<Pager> {
        let command = pager.unwrap_or(USUAL).trim();
        let program = command.split_whitespace().next().unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or_default();
        // What only passes on what it is given pages nothing.
        if name.is_empty() || (name == "cat" && program == command) {
            return None;
        }
        let less = (name == "less").then(|| match less {
            None | Some("") => LESS.to_owned(),
            // Without it the codes of styles are shown in place of styles.
            Some(set) => format!("{set} -R"),
        });
        Some(Pager { command: command.to_owned(), less, is_named: pager.is_some() })
    }

    /// The program; a shell reads what a person wrote, as for every other program that pages.
    fn program(&self) -> Command {
        let mut program = match self.is_named {
            true if cfg!(unix) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &self.command]);
                shell
            }
            _ => {
                let mut words = self.command.split_whitespace();
                let mut program = Command::new(words.next().unwrap_or(USUAL));
                program.args(words);
                program
            }
        };
        program.envs(self.less.as_ref().map(|less| ("LESS", less)));
        program
    }
}

/// Shows a text with styles, by the pager where there is one and the terminal is too short. Blocks until the person has
/// read it.
pub(crate) fn show(text: &[u8], pager: Option<&Pager>) -> Result<(), Failure> {
    if let Some(pager) = pager
        && output::terminal().is_some_and(|(columns, lines)| rows(text, columns) >= lines)
        && paged(text, pager)
    {
        return Ok(());
    }
    let mut out = output::out();
    out.write_all(text)?;
    Ok(out.flush()?)
}

/// How many rows a text takes of a terminal.
fn rows(text: &[u8], columns: usize) -> usize {
    let plain = anstream::adapter::strip_bytes(text).into_vec();
    let plain = String::from_utf8_lossy(&plain);
    plain.lines().map(|line| line.width().div_ceil(columns.max(1)).max(1)).sum()
}

/// Gives whether the pager showed it.
fn paged(text: &[u8], pager: &Pager) -> bool {
    let plain;
    let text = match pager.less.is_some() && output::has_styles() {
        true => text,
        // What another program makes of styles is not known.
        false => {
            plain = anstream::adapter::strip_bytes(text).into_vec();
            &plain
        }
    };
    let _spared = spare();
    let Ok(mut child) = pager.program().stdin(Stdio::piped()).spawn() else { return false };
    let ended = read_by(&mut child, text);
    ended.is_ok_and(|status| !status.code().is_some_and(|code| NOT_RUN.contains(&code)))
}

fn read_by(child: &mut Child, text: &[u8]) -> io::Result<ExitStatus> {
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(text) {
            // Whoever has seen enough leaves before the end.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait()
}

/// Lets ctrl-c reach the pager alone, which knows it: ended by it, this program would leave the pager behind on the
/// terminal. Lasts as long as the process.
fn spare() -> Option<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    #[cfg(unix)]
    {
        let _inside = runtime.enter();
        // Whether it comes is not asked; that somebody listens for it is enough.
        drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).ok()?);
    }
    Some(runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_is_what_the_variables_say() {
        for (pager, less, command, told) in [
            (None, None, "less", Some("FRX")),
            (None, Some("-i -M"), "less", Some("-i -M -R")),
            (Some("/usr/bin/less -S"), None, "/usr/bin/less -S", Some("FRX")),
            (Some("more"), Some("-R"), "more", None),
            (Some("cat > page"), None, "cat > page", None),
        ] {
            let chosen = Pager::of(pager, less).unwrap();
            assert_eq!((chosen.command.as_str(), chosen.less.as_deref()), (command, told), "{pager:?}");
        }
        for none in ["", "  ", "cat", "/bin/cat "] {
            assert_eq!(Pager::of(Some(none), None), None, "{none:?}");
        }
    }

    #[test]
    fn rows_are_counted_as_a_terminal_breaks_lines() {
        for (text, columns, counted) in [
            ("", 80, 0),
            ("one\n\ntwo\n", 80, 3),
            ("12345678\n", 4, 2),
            ("123456789\n", 4, 3),
            ("味噌汁\n", 4, 2),
            ("\u{1b}[1m1234\u{1b}[0m\n", 4, 1),
            ("\u{1b}]8;;http://h/1234567890\u{1b}\\1234\u{1b}]8;;\u{1b}\\\n", 4, 1),
        ] {
            assert_eq!(rows(text.as_bytes(), columns), counted, "{text:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pager_that_is_not_there_shows_nothing() {
        for (pager, shown) in [("true", true), ("exit 1", true), ("/nowhere/pager", false)] {
            assert_eq!(paged(b"words\n", &Pager::of(Some(pager), None).unwrap()), shown, "{pager}");
        }
        let unnamed = Pager { command: "/nowhere/pager".to_owned(), less: None, is_named: false };
        assert!(!paged(b"words\n", &unnamed));
    }
}
