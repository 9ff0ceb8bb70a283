//! Every error's way out: message, hint, exit code. The crates below say what failed and where; what to do about it is
//! said here and in [`hint`], and nowhere else.

mod hint;
mod kind;

use std::any::Any;
use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anstyle::Style;
use ibid_core::citation::CitationError;
use ibid_core::grant::RuleError;
use ibid_core::id::{CollectionName, CollectionNameError};
use ibid_embed::EmbedError;
use ibid_index::{OpenError, WriteError};
use ibid_indexer::BuildError;
use ibid_indexer::verify::VerifyError;
use ibid_measure::bench_error::BenchError;
use ibid_measure::dataset::DatasetError;
use ibid_measure::record::RecordError;
use ibid_measure::run::RunError;
use ibid_measure::written::WrittenError;
use ibid_search::{FetchError, SearchError};
use ibid_server::{AccessError, ServeError, TokenError, UnknownTool};
use serde_json::{Value, json};

use crate::command::connect::ConnectError;
use crate::config::ConfigError;
use crate::output::{self, ADVICE, BAD, DOUBTFUL};
use crate::text::safe_line;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Found, or done.
    Done,
    /// Nothing found, or not as it was.
    Nothing,
    /// Parts failed, and their errors are printed.
    Partly,
}

const NOTHING_FOUND: u8 = 1;
const ERROR: u8 = 2;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot write the output")]
    Output(#[from] io::Error),
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error("nobody says where the home folder is, so there is no data folder")]
    NoDataFolder,
    #[error("the settings in {path} cannot be used: {source}")]
    Config { path: PathBuf, source: Box<ConfigError> },
    #[error("there are no settings at {path}")]
    NoConfig { path: PathBuf },
    #[error("nothing is indexed yet in {data_dir}")]
    NoCollections { data_dir: PathBuf },
    #[error("there is no collection {name}")]
    UnknownCollection { name: CollectionName, known: Vec<CollectionName> },
    #[error("{source}")]
    CollectionName { typed: String, source: CollectionNameError },
    #[error("\"{id}\" is no id: {source}")]
    NotAnId { id: String, source: CitationError },
    #[error("{id} names a whole note, not words in it")]
    NotAQuote { id: String },
    #[error("{flag} needs PATH or --name: it is of one collection")]
    FlagOfOne { flag: &'static str },
    #[error("{flag} is about web pages, and a folder is indexed")]
    FlagOfWeb { flag: &'static str },
    #[error("{flag} is about a folder, and web pages are indexed")]
    FlagOfFolder { flag: &'static str },
    #[error("{path} is no address of a web page, and the others are")]
    FolderAmongUrls { path: PathBuf },
    #[error("cannot read the addresses in {path}")]
    UrlsFile { path: PathBuf, source: io::Error },
    #[error("{path} holds no address")]
    NoUrls { path: PathBuf },
    #[error("nobody is there to ask whether {name} may be removed")]
    NobodyToAsk { name: CollectionName },
    #[error("the folder {root} of the collection {name} is not there")]
    SourceGone {
        name: CollectionName,
        root: PathBuf,
        /// The settings file, where that says which folder it is.
        set_in: Option<PathBuf>,
        /// Whether there is an index of it.
        is_indexed: bool,
    },
    #[error("the index of {name} does not say any more which folder it is of")]
    SourceForgotten { name: CollectionName },
    #[error("indexing took longer than {seconds} s")]
    NotFresh { seconds: u64 },
    #[error("the collection {name} has no first commit yet")]
    NothingCommitted { name: CollectionName },
    #[error("{source}")]
    Build { name: CollectionName, source: Box<BuildError> },
    #[error("{source}")]
    Open { name: CollectionName, source: OpenError },
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("{source}")]
    Remove { name: CollectionName, source: WriteError },
    #[error("{source}")]
    Verify { name: CollectionName, source: VerifyError },
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Embed(#[from] EmbedError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("cannot read the audit log")]
    Audit(#[source] io::Error),
    #[error("no server on this data folder can be found")]
    NoServer,
    #[error("there is no token in {variable}")]
    NoToken { variable: String },
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("cannot read the token in {path}")]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("{path} holds no token: {source}")]
    Token { path: PathBuf, source: TokenError },
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error(transparent)]
    Tool(#[from] UnknownTool),
    #[error("the rule {rule} hides nothing: it names no note and no collection")]
    HidesNothing { rule: String },
    #[error("the two passwords differ")]
    PasswordsDiffer,
    #[error("nobody could sign in: there are no users")]
    NoUsers,
    #[error("nobody could come in: {path} names none of the identity provider's people")]
    NoPeople { path: PathBuf },
    #[error("nobody could come in: there are no tokens")]
    NoTokens,
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    DatasetWritten(#[from] WrittenError),
    #[error("{source}")]
    DatasetIndex { source: Box<BuildError> },
    #[error("{mode} cannot be measured: there are no vectors")]
    NothingToMeasure { mode: &'static str },
    #[error(transparent)]
    Measure(#[from] RunError),
    #[error(transparent)]
    EarlierRun(#[from] RecordError),
    #[error("there are several collections, and one is measured")]
    WhichCollection { known: Vec<CollectionName> },
    #[error("cannot write the plot {path}")]
    Plot { path: PathBuf, source: io::Error },
    #[error("a plot is of latency, and it is not measured")]
    NothingToPlot,
    #[error("{source}")]
    Bench { name: CollectionName, source: Box<BenchError> },
}

impl Failure {
    /// What failed, and why, down to the system's reason.
    pub(crate) fn message(&self) -> String {
        let mut message = self.to_string();
        let mut source = self.source();
        while let Some(error) = source {
            let reason = error.to_string();
            // Some errors print their reason themselves.
            if !message.contains(&reason) {
                message.push_str(": ");
                message.push_str(&reason);
            }
            source = error.source();
        }
        message
    }

    /// Prints message and hint.
    pub(crate) fn print(&self) {
        print_lines((BAD, "error"), &self.message(), hint::hint(self).as_deref());
    }

    /// For programs.
    pub(crate) fn as_json(&self) -> Value {
        json!({ "kind": kind::kind(self).name(), "message": self.message(), "hint": hint::hint(self) })
    }

    /// Prints it as an object for programs, on standard output, where they wait for one.
    fn print_json(&self) {
        // Nobody is left to be told when this fails.
        let _ = output::print_json(&json!({ "error": self.as_json() }));
    }

    /// Prints it as something that did not keep the command from doing the rest.
    pub(crate) fn print_as_warning(&self) {
        print_lines((DOUBTFUL, "warning"), &self.message(), hint::hint(self).as_deref());
    }

    fn exit_code(&self) -> u8 {
        match self {
            Failure::Fetch(FetchError::Changed { .. }) => NOTHING_FOUND,
            _ => ERROR,
        }
    }

    /// Whether whoever read the output has gone, as `head` does when it has enough.
    fn is_closed_pipe(&self) -> bool {
        matches!(self, Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The exit code of a command; prints its error, if it has one that nobody has seen, and once more for programs where they
/// asked for JSON.
pub(crate) fn exit_code(ended: thread::Result<Result<Outcome, Failure>>, in_json: bool) -> ExitCode {
    match ended {
        Ok(Ok(Outcome::Done)) => ExitCode::SUCCESS,
        Ok(Ok(Outcome::Nothing)) => ExitCode::from(NOTHING_FOUND),
        Ok(Err(failure)) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            failure.print();
            if in_json {
                failure.print_json();
            }
            ExitCode::from(failure.exit_code())
        }
        // The hook has printed the panic.
        Ok(Ok(Outcome::Partly)) | Err(_) => ExitCode::from(ERROR),
    }
}

/// Prints what clap says of a command line it cannot read, or the help that was asked for; once more for programs where
/// JSON is asked for. Exits as clap does.
pub(crate) fn refuse(error: &clap::Error) -> ! {
    let in_json = std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json");
    if in_json && error.use_stderr() {
        // Nobody is left to be told when this fails.
        let _ = output::print_json(&of_command_line(&error.to_string()));
    }
    error.exit()
}

/// As an object: what clap prints up to its first empty line, on one line.
fn of_command_line(printed: &str) -> Value {
    let said = printed.split("\n\n").next().unwrap_or(printed);
    let message = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let kind = ibid_server::audit::Outcome::Validation.name();
    json!({ "error": { "kind": kind, "message": message, "hint": "`--help` says what the command takes" } })
}

/// Makes a panic read like an error, with what it was and where, for a report.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let place =
            panic.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        let message = format!("internal error: {}{place}", words_of(panic.payload()));
        let hint = "this is a fault of ibid; the notes are untouched. `ibid status` says whether the indexes are whole";
        print_lines((BAD, "error"), &message, Some(hint));
    }));
}

fn words_of(payload: &dyn Any) -> &str {
    let words = payload.downcast_ref::<&str>().copied();
    words.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

fn print_lines((style, word): (Style, &str), message: &str, hint: Option<&str>) {
    let mut err = output::err();
    // Nobody is left to be told when this fails.
    let _ = writeln!(err, "{style}{word}:{style:#} {}", safe_line(message));
    if let Some(hint) = hint {
        let _ = writeln!(err, "{ADVICE}hint:{ADVICE:#} {}", safe_line(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_said_once() {
        let denied = || io::Error::new(io::ErrorKind::PermissionDenied, "denied");
        let path = PathBuf::from("/x");
        let name: CollectionName = "garden".parse().unwrap();
        let source = Box::new(BuildError::SourceUnreadable { path: path.clone(), source: denied() });
        assert_eq!(Failure::Build { name, source }.message(), "cannot read the folder /x: denied");
        let failure = Failure::Embed(EmbedError::ModelFile { path, source: denied() });
        assert_eq!(failure.message(), "cannot read /x: denied");
    }

    #[test]
    fn a_command_line_that_cannot_be_read_is_an_object_too() {
        let printed =
            "error: invalid value 'foo' for '--mode <MODE>'\n  [possible values: a, b]\n\nFor more\n";
        assert_eq!(
            of_command_line(printed)["error"],
            json!({
                "kind": "validation",
                "message": "invalid value 'foo' for '--mode <MODE>' [possible values: a, b]",
                "hint": "`--help` says what the command takes",
            })
        );
    }

    #[test]
    fn a_panic_is_an_error_like_any_other() {
        let ended = std::panic::catch_unwind(|| panic!("torn"));
        assert_eq!(words_of(ended.as_ref().unwrap_err().as_ref()), "torn");
        // ExitCode has no other way to be compared.
        assert_eq!(format!("{:?}", exit_code(ended, false)), format!("{:?}", ExitCode::from(ERROR)));
    }

    #[test]
    fn only_words_that_changed_are_no_error() {
        let reference = Box::new("garden:a.md@123456789012:0-4".parse().unwrap());
        assert_eq!(Failure::Fetch(FetchError::Changed { reference }).exit_code(), NOTHING_FOUND);
        let collection = "garden".parse().unwrap();
        assert_eq!(Failure::Fetch(FetchError::UnknownCollection { collection }).exit_code(), ERROR);
        assert!(Failure::Output(io::ErrorKind::BrokenPipe.into()).is_closed_pipe());
        assert!(!Failure::Output(io::ErrorKind::StorageFull.into()).is_closed_pipe());
    }
}
