//! `ibid connect`: what to paste where so that a client finds ibid, or the client's settings file changed to that effect.
//! Such a file is changed only after its change was shown, and what it was is kept beside it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::args::ConnectArgs;
use crate::ask::is_confirmed;
use crate::connect::edit::{EditError, with_entry};
use crate::connect::place::{Platform, settings_file};
use crate::connect::{Client, Way, mcp_address, steps};
use crate::environment::{self, Environment};
use crate::failure::{Failure, Outcome};
use crate::open;
use crate::output::{self, DIM, STRONG};
use crate::text::safe;

/// Why a client's settings could not be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("{client} has no settings file that ibid could write")]
    NoFile { client: &'static str },
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is left as it is: {source}")]
    Edit { path: PathBuf, source: EditError },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("nobody is there to ask whether {path} may be changed")]
    NobodyToAsk { path: PathBuf },
}

pub(crate) fn run(args: &ConnectArgs, environment: &Environment) -> Result<Outcome, Failure> {
    let way = way(args, environment)?;
    let own = environment::home().and_then(|home| settings_file(args.client, Platform::HERE, &home));
    let file = args.file.clone().or(own);
    if args.write {
        let file = file.ok_or(ConnectError::NoFile { client: args.client.title() })?;
        return write(args, &way, &file);
    }
    let shown = file.map(|file| file.to_string_lossy().into_owned());
    let mut out = output::out();
    for (at, step) in steps(args.client, &way, shown.as_deref()).iter().enumerate() {
        writeln!(out, "{STRONG}{}{STRONG:#} {}", at + 1, safe(&step.say))?;
        if let Some(paste) = &step.paste {
            // Unadorned at the line's beginning, so that whole lines can be copied.
            writeln!(out, "\n{}\n", safe(paste))?;
        }
    }
    out.flush()?;
    Ok(Outcome::Done)
}

fn way(args: &ConnectArgs, environment: &Environment) -> Result<Way, Failure> {
    if let Some(url) = &args.url {
        return Ok(Way::Server { url: mcp_address(url), token_env: args.token_env.clone() });
    }
    open::named(&environment.store, &args.collection)?;
    program(&args.collection, environment)
}

/// How a client starts ibid by itself, for these collections or all.
pub(crate) fn program(collections: &[String], environment: &Environment) -> Result<Way, Failure> {
    let mut arguments = vec!["mcp".to_owned()];
    // The client starts it with an environment of its own: what was said here is said there.
    for (flag, path) in environment.unusual_places() {
        arguments.extend([flag.to_owned(), path.to_string_lossy().into_owned()]);
    }
    for name in collections {
        arguments.extend(["--collection".to_owned(), name.clone()]);
    }
    let program = environment::program().map_err(Failure::Start)?;
    Ok(Way::Program { program: program.to_string_lossy().into_owned(), arguments })
}

fn write(args: &ConnectArgs, way: &Way, file: &Path) -> Result<Outcome, Failure> {
    let failed = |source| ConnectError::Write { path: file.to_owned(), source };
    let before = match fs::read_to_string(file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(ConnectError::Read { path: file.to_owned(), source }.into()),
    };
    let old = before.as_deref().unwrap_or_default();
    let new = with_entry(args.client, way, old).map_err(|source| match source {
        EditError::NoFile { client } => ConnectError::NoFile { client },
        source => ConnectError::Edit { path: file.to_owned(), source },
    })?;
    let shown = file.to_string_lossy();
    let mut out = output::out();
    if before.as_deref() == Some(new.as_str()) {
        writeln!(out, "{} has it already", safe(&shown))?;
        return Ok(Outcome::Done);
    }
    let changed = TextDiff::from_lines(old, &new);
    write!(out, "{}", safe(&changed.unified_diff().header(&shown, &shown).to_string()))?;
    out.flush()?;
    drop(out);
    let question = format!("change {shown} so?");
    if !args.yes {
        let answer = is_confirmed(&question).map_err(Failure::Input)?;
        match answer {
            Some(true) => {}
            Some(false) => {
                writeln!(output::err(), "nothing was changed")?;
                return Ok(Outcome::Nothing);
            }
            None => return Err(ConnectError::NobodyToAsk { path: file.to_owned() }.into()),
        }
    }
    let kept = before.is_some().then(|| keep(file)).transpose().map_err(failed)?;
    replace(file, &new).map_err(failed)?;
    let mut out = output::out();
    writeln!(out, "changed {}; start {} anew", safe(&shown), args.client.title())?;
    if let Some(kept) = kept {
        writeln!(out, "{DIM}as it was{DIM:#}  {}", safe(&kept.to_string_lossy()))?;
    }
    if args.client == Client::Codex && args.url.is_some() && args.token_env.is_none() {
        writeln!(out, "{DIM}sign in{DIM:#}    if the server asks for it: codex mcp login ibid")?;
    }
    Ok(Outcome::Done)
}

/// Copies the file beside itself, under the first name that is free, so that no earlier copy is lost.
fn keep(file: &Path) -> io::Result<PathBuf> {
    for number in 0.. {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(if number == 0 { ".bak".to_owned() } else { format!(".bak{number}") });
        let kept = file.with_file_name(name);
        if !kept.exists() {
            fs::copy(file, &kept)?;
            return Ok(kept);
        }
    }
    unreachable!("a free name is found among endless ones")
}

/// Puts the text in the file's place whole or not at all, with the rights it had. A link is followed.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut half = tempfile::NamedTempFile::new_in(folder)?;
    half.write_all(text.as_bytes())?;
    half.as_file().sync_all()?;
    if let Ok(about) = fs::metadata(&file) {
        fs::set_permissions(half.path(), about.permissions())?;
    }
    half.persist(&file)?;
    Ok(())
}
