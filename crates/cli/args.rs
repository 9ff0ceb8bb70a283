//! The command line as it is typed. The doc comments are the help text; a test holds all of it against `help.txt`.
//! Nothing is looked up here: a name is only text until [`crate::open`] has seen the data folder.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use anstream::ColorChoice;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use ibid_core::fusion::Fusion;
use ibid_core::query::{DEFAULT_LIMIT, DEFAULT_PER_DOCUMENT, MAX_LIMIT, Mode};

/// Search your notes; every answer is a citation that can be checked
///
/// Exit codes: 0 found or done, 1 nothing found, 2 error.
#[derive(Debug, Parser)]
#[command(name = "ibid", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Keep indexes in this folder instead of the platform's data folder
    #[arg(long, global = true, value_name = "DIR", env = "IBID_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print results and errors, nothing else
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Choose when to use colours and other emphasis
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = colours())]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Index(IndexArgs),
    Search(SearchArgs),
    Fetch(FetchArgs),
    Verify(VerifyArgs),
    Status(StatusArgs),
    Remove(RemoveArgs),
    Models(ModelsArgs),
    Serve(ServeArgs),
    Mcp(McpArgs),
}

/// Index a folder of notes, or bring indexes up to date
///
/// With PATH, indexes that folder. Without, brings every collection up to date, or the one that --name names.
///
/// Only what changed since the last run is read. Notes are never written to. Hidden files, and files that .gitignore,
/// .ignore or .ibidignore in the folder name, are left out.
#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    /// The folder
    pub(crate) path: Option<PathBuf>,
    /// Name the collection [default: after the folder]
    #[arg(long, short)]
    pub(crate) name: Option<String>,
    /// Index only files that match, such as 'Projects/**' [default: as last time]
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files that match, such as 'Archive/**' [default: as last time]
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Embed with this model (see `ibid models`); 'none' indexes by words alone [default: as last time, or the bundled
    /// model]
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Read the model from this folder instead of downloading it
    #[arg(long, value_name = "DIR")]
    pub(crate) model_dir: Option<PathBuf>,
    /// Use this many threads [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Forget the old index first; needed after a change of model, a new format, or damage
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Print each report as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
}

/// Ask a question and get cited answers
///
/// Searches by words and by meaning at once. Exit code 1 says that nothing was found.
#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// The question; '-' reads it from standard input
    #[arg(required = true, num_args = 1..)]
    pub(crate) question: Vec<String>,
    /// Search by both, by words, or by meaning
    #[arg(long, default_value = Mode::Hybrid.name(), value_parser = modes())]
    pub(crate) mode: Mode,
    /// Show at most this many hits
    #[arg(long, short = 'n', value_name = "N", default_value_t = DEFAULT_LIMIT, help = format!(
        "Show at most this many hits, 1 to {MAX_LIMIT}"
    ))]
    pub(crate) limit: usize,
    /// Show at most this many hits in one note
    #[arg(long, value_name = "N", default_value_t = NonZero::new(DEFAULT_PER_DOCUMENT).unwrap_or(NonZero::<usize>::MIN))]
    pub(crate) per_document: NonZero<usize>,
    /// Search only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
    /// Search only notes whose path matches, such as 'Daily/**'
    #[arg(long, value_name = "GLOB")]
    pub(crate) path: Option<String>,
    /// Search only notes with this tag or one below it
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Choose how the two lists become one
    #[arg(long, default_value = Fusion::NAMES[0].0, value_parser = fusions())]
    pub(crate) fusion: Fusion,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what each list said of every hit
    #[arg(long)]
    pub(crate) explain: bool,
}

/// Show the text behind an id, the cited words marked
///
/// Gives the text as it was indexed. Where the output is not a terminal it is that text and nothing else; what was left
/// out of a long one is told on standard error.
///
/// Exit code 1 says that the note is there and the cited words are not any more; 2 that the id leads to no note.
#[derive(Debug, Args)]
pub(crate) struct FetchArgs {
    /// The id of a hit, of a note (collection:path), or the address of its page
    pub(crate) id: String,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compare citations with the files as they are now
///
/// Prints a line for each: unchanged; moved, with the new id; changed, when the note is there and the words are not; gone,
/// when neither is. Exit code 0 says that all are unchanged, 1 that one or more are not.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The ids of hits
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what is indexed, how much, when and with which model
///
/// Exit code 1 says that nothing is indexed yet; 2 that a collection cannot be opened.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Remove a collection's index; the notes stay
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The collection
    pub(crate) name: String,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// List the models that `ibid index --model` takes
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Serve search to MCP clients and browsers over HTTP
///
/// Answers at /mcp, and shows cited notes at the addresses that hits carry. New generations appear without a restart.
/// Other machines can connect only where a token is set.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Listen here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7117")]
    pub(crate) listen: SocketAddr,
    /// Serve only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
    /// Say that clients reach the server at this address, behind a proxy or a tunnel
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Allow pages of this web origin to call the server; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Let in only who presents the token in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Log more; RUST_LOG chooses in detail
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Serve search to one MCP client over standard input and output
///
/// Started by the client: give it the command `ibid mcp`.
#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// Serve only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
    /// Log more; RUST_LOG chooses in detail
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

fn colours() -> impl TypedValueParser<Value = ColorChoice> {
    PossibleValuesParser::new(["auto", "always", "never"]).map(|typed| match typed.as_str() {
        "always" => ColorChoice::Always,
        "never" => ColorChoice::Never,
        _ => ColorChoice::Auto,
    })
}

fn modes() -> impl TypedValueParser<Value = Mode> {
    let names = PossibleValuesParser::new(Mode::NAMES.map(|(name, _)| name));
    names.map(|typed| Mode::NAMES.into_iter().find(|(name, _)| *name == typed).map_or(Mode::default(), |(_, mode)| mode))
}

fn fusions() -> impl TypedValueParser<Value = Fusion> {
    let names = PossibleValuesParser::new(Fusion::NAMES.map(|(name, _)| name));
    names.map(|typed| {
        let known = Fusion::NAMES.into_iter().find(|(name, _)| *name == typed);
        known.map_or(Fusion::default(), |(_, fusion)| fusion)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The help of the program and of every command, as `ibid help` prints it on a terminal of 100 columns.
    fn all_help() -> String {
        let mut program = Cli::command().term_width(100);
        program.build();
        let mut help = format!("$ ibid --help\n{}", program.render_long_help());
        for command in program.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            help.push_str(&format!("\n\n$ ibid {} --help\n{}", command.get_name().to_owned(), command.render_long_help()));
        }
        // clap leaves spaces at the ends of some lines.
        help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
    }

    #[test]
    fn the_help_reads_as_in_help_txt() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/cli/help.txt");
        let help = all_help();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &help).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == help, "the help changed; look at it with UPDATE=1 and `git diff`\n{help}");
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_question_needs_no_quotes_and_flags_may_follow() {
        let cli = Cli::try_parse_from(["ibid", "search", "how", "wet", "is", "rye", "--limit", "3"]).unwrap();
        let Command::Search(args) = cli.command else { panic!("not a search") };
        assert_eq!((args.question.join(" ").as_str(), args.limit), ("how wet is rye", 3));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            &["ibid", "search"][..],
            &["ibid", "search", "x", "--mode", "fuzzy"],
            &["ibid", "search", "x", "--per-document", "0"],
            &["ibid", "index", "--threads", "0"],
            &["ibid", "verify"],
            &["ibid", "serve", "--listen", "7117"],
        ] {
            assert!(Cli::try_parse_from(line).is_err(), "{line:?}");
        }
    }
}
