//! The command line as it is typed. The doc comments are the help text; a test holds all of it against `help.txt`.
//! Nothing is looked up here: a name is only text until [`crate::open`] has seen the data folder.

mod access;
mod bench;
mod connect;
mod measure;
mod models;
mod oidc;
mod reach;
mod visit;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use anstream::ColorChoice;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use ibid_core::fusion::Fusion;
use ibid_core::language::Language;
use ibid_core::query::{
    Condition, DATE_FORMS, DEFAULT_LIMIT, DEFAULT_PER_DOCUMENT, Day, MAX_LIMIT, Mode, Order, PROPERTY_FORMS,
};

pub(crate) use access::{AccessArgs, Admission, CreateArgs, TokenArgs, TokenCommand, UserArgs, UserCommand};
pub(crate) use bench::{BenchArgs, Part};
pub(crate) use connect::ConnectArgs;
pub(crate) use measure::MeasureArgs;
pub(crate) use models::{ModelsArgs, ModelsCommand};
pub(crate) use oidc::OidcArgs;
pub(crate) use reach::ReachArgs;
pub(crate) use visit::{AuditArgs, DoctorArgs};

use crate::config::{Background, Percent};
use crate::environment::{self, Environment};
use crate::follow::Manners;
use crate::pace::Pace;

/// Search your notes; every answer is a citation that can be checked
#[derive(Debug, Parser)]
#[command(name = "ibid", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 found or done, 1 nothing found, 2 error, 130 stopped by ctrl-c")]
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
    /// Keep indexes in this folder [env: IBID_DATA_DIR] [default: the platform's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Read settings from this file [env: IBID_CONFIG] [default: config.toml in the platform's settings folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
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
    Related(RelatedArgs),
    Status(StatusArgs),
    Check(CheckArgs),
    Config(ConfigArgs),
    Remove(RemoveArgs),
    Models(ModelsArgs),
    Measure(MeasureArgs),
    Watch(WatchArgs),
    Serve(ServeArgs),
    Mcp(McpArgs),
    Connect(ConnectArgs),
    Doctor(DoctorArgs),
    Audit(AuditArgs),
    User(UserArgs),
    Token(TokenArgs),
    Bench(BenchArgs),
}

/// Index a folder of notes, a Git revision or web pages, or bring indexes up to date
#[derive(Debug, Default, Args)]
#[command(after_help = "\
With PATH, indexes that folder. Without, brings every collection up to date, those of the settings file included, or \
the one that --name names.

Only what changed since the last run is read. Notes are never written to. Hidden files, and files that .gitignore, \
.ignore or .ibidignore in the folder name, are left out.

Ctrl-C commits what is embedded and says how to go on; a second one ends at once.

With --revision, indexes the folder as a commit of its Git repository has it: hits name the commit. A branch is looked \
up anew in each run.

With addresses (https://…), indexes those pages and what they link to on the same hosts: as robots.txt allows, one page \
a second, at most 10 MB each, and only from public addresses of the network. Pages are kept in the data folder. They are \
asked for again by `ibid index` alone, never by watch, serve or mcp; a page that cannot be reached stays as it was.")]
pub(crate) struct IndexArgs {
    /// The folder, or addresses of web pages
    #[arg(value_name = "PATH or URL")]
    pub(crate) paths: Vec<PathBuf>,
    /// Name the collection [default: after the folder]
    #[arg(long, short)]
    pub(crate) name: Option<String>,
    /// Index only files that match, such as 'Projects/**' [default: as last time]
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files that match, such as 'Archive/**' [default: as last time]
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Read all notes as of this language: 'de', 'fr', …; 'auto' lets each tell by its words [default: as last time, or
    /// 'auto']
    #[arg(long, value_name = "CODE", value_parser = languages())]
    pub(crate) language: Option<LanguageChoice>,
    /// Index the folder as this branch, tag or commit of its Git repository has it
    #[arg(long, value_name = "REV")]
    pub(crate) revision: Option<String>,
    /// Embed with this model: 'english', 'multilingual' or one that `ibid models` lists; 'auto' takes the one of these two
    /// that suits the notes, 'none' indexes by words alone [default: as last time, or auto]. The old vectors answer
    /// until the new ones are there
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Read the model from this folder instead of downloading it
    #[arg(long, value_name = "DIR")]
    pub(crate) model_dir: Option<PathBuf>,
    /// Use this many threads [default: as many as there are cores]
    #[arg(long, value_name = "N", conflicts_with = "cpu")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Embed with at most this share of all cores, 1 to 100
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) cpu: Option<u8>,
    /// Make everything anew; needed after damage. What stands answers until it is done, if it can be read
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Print each report as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) json: bool,
    // The last one: its heading is that of all that follows.
    #[command(flatten)]
    pub(crate) web: WebArgs,
}

/// How web pages are asked for.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Web pages")]
pub(crate) struct WebArgs {
    /// Read the addresses in this file too, one a line; links are not followed from them unless --depth says so
    #[arg(long, value_name = "FILE")]
    pub(crate) urls: Option<PathBuf>,
    /// Read pages of this host: 'site.org', 'site.org:8080', '*.site.org' [default: those of the addresses]
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_domain: Vec<String>,
    /// Ask for at most this many pages [default: as last time, or 500]
    #[arg(long, value_name = "N")]
    pub(crate) max_pages: Option<NonZero<usize>>,
    /// Follow links this far [default: as last time, or 8; 0 with --urls]
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<usize>,
    /// Wait this long between two pages of a host [default: as last time, or 1]
    #[arg(long, value_name = "SECONDS", value_parser = delay)]
    pub(crate) delay: Option<Duration>,
    /// Ask hosts in private networks too, this machine among them
    #[arg(long)]
    pub(crate) allow_private: bool,
}

/// Ask a question and get cited answers
#[derive(Debug, Args)]
#[command(after_help = "\
In a question:
  \"rye bread\"        these words in this order
  -rye               no passage with this word; a hyphen excludes any of these
  ferm*              any word that begins so
  tag:bread          notes with this tag or one below it
  path:Daily/**      notes whose path matches, or holds this
  title:levain       notes with this in the title or an alias
  after:2024-06      notes of this day, month or year, or later
  before:2025-01-15  notes from before it
  after:last-week    the same as people say it: yesterday, since-monday, in-march
  sort:newest        the newest first, of notes that hold a word of the question
  [status:done]      notes with this value of a property; [status] with any
  rating:>=4         notes whose number or date compares so; also >, < and <=
  task:open          passages with an open task; due:<2024-07 by its date
  comment:check      passages with this in a comment
Everything else is words. Of filters, these and the flags, all must hold.
A question that begins with a hyphen stands after --: ibid search -- '-tag:recipe bread'

Every hit carries an id, which names the exact bytes: give it to `ibid fetch` and `ibid verify`. Exit code 1 says that \
nothing was found.")]
pub(crate) struct SearchArgs {
    /// The question; '-' reads it from standard input
    #[arg(required = true, num_args = 1..)]
    pub(crate) question: Vec<String>,
    /// Ask the same in other words too, or in another language, or a part of it; may be repeated
    #[arg(long, value_name = "QUESTION")]
    pub(crate) also: Vec<String>,
    /// Search by words and meaning, by words, or by meaning
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
    /// Search only notes whose path matches 'Daily/**' or holds 'daily'
    #[arg(long, value_name = "GLOB")]
    pub(crate) path: Vec<String>,
    /// Search only notes with this tag or one below it
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// Search only notes with these words in the title or an alias
    #[arg(long, value_name = "WORDS")]
    pub(crate) title: Vec<String>,
    /// Search only notes with this property, or this value of it
    #[arg(long, value_name = "KEY[=VALUE]", value_parser = property)]
    pub(crate) property: Vec<Condition>,
    /// Search only notes of this day, month, year or period ('last week'), or later
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) after: Option<Day>,
    /// Search only notes from before this day, month, year or period
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) before: Option<Day>,
    /// Show the best first, or the newest of what holds a word of the question
    #[arg(long, value_name = "ORDER", default_value = Order::default().name(), value_parser = orders())]
    pub(crate) sort: Order,
    /// Choose how the two lists become one
    #[arg(long, default_value = Fusion::NAMES[0].0, value_parser = fusions())]
    pub(crate) fusion: Fusion,
    #[command(flatten)]
    pub(crate) second: RerankArgs,
    /// First index what was saved before now, for at most so many seconds (10 if no number is given)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    pub(crate) wait_fresh: Option<u16>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what each list said of every hit
    #[arg(long)]
    pub(crate) explain: bool,
    /// Do not page a long answer through $PAGER
    #[arg(long)]
    pub(crate) no_pager: bool,
}

/// Which second model reads what was found.
#[derive(Debug, Args)]
pub(crate) struct RerankArgs {
    /// Let this reranker put the first 20 passages in order: a folder, a repository of the hub, or 'none' [default: that of
    /// the settings, or none]
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) rerank: Option<String>,
}

/// Show the text behind an id, the cited words marked
#[derive(Debug, Args)]
#[command(after_help = "\
Gives the text as it was indexed. Where the output is not a terminal it is that text and nothing else; what was left \
out of a long one is told on standard error.

Exit code 1 says that the note is there and the cited words are not any more, 2 that the id leads to no note.")]
pub(crate) struct FetchArgs {
    /// The id of a hit, of a note (collection:path), or the address of its page
    pub(crate) id: String,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what a note links to, what links to it, and what is alike
#[derive(Debug, Args)]
#[command(after_help = "\
Every line carries an id: of a link, the passage in which it stands; of a note alike, the passage that is most alike. \
Exit code 1 says that nothing is near, 2 that the id leads to no note.")]
pub(crate) struct RelatedArgs {
    /// The id of a note (collection:path) or of a hit in it
    pub(crate) id: String,
    /// Show at most this many of each kind
    #[arg(long, short = 'n', value_name = "N", default_value_t = DEFAULT_LIMIT)]
    pub(crate) limit: usize,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compare citations with the files as they are now
#[derive(Debug, Args)]
#[command(after_help = "\
Prints a line for each:
  unchanged ID      the words stand where they stood
  moved ID → NEW    the words stand elsewhere now, at the new id
  changed ID        the note is there, the words are not
  gone ID           neither is there

Exit code 0 says that all are unchanged, 1 that one or more are not, 2 that one or more could not be compared.")]
pub(crate) struct VerifyArgs {
    /// The ids of hits
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what is indexed, how much, when and with which model
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 1 says that nothing is indexed yet, 2 that a collection is damaged or cannot be opened."
)]
pub(crate) struct StatusArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show the settings in force and where each comes from
#[derive(Debug, Args)]
#[command(after_help = "\
Settings are read from one file, which is never written. It may name collections with their folders: then `ibid index` \
without a path indexes them all. Flags go before the file, and the file before what was said at the last run.")]
pub(crate) struct ConfigArgs {
    /// Print a file with every setting explained
    #[arg(long)]
    pub(crate) example: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "example")]
    pub(crate) json: bool,
}

/// Check that indexes are what was written: every file, every note, every vector
#[derive(Debug, Args)]
#[command(after_help = "\
Compares every file with its checksum, puts every note together from its passages, and counts those that have their \
vector. It only reads, and may run beside anything else.

Exit code 0 says that all is whole, 1 that nothing is committed yet, 2 that something is damaged or cannot be read.")]
pub(crate) struct CheckArgs {
    /// Check only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
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

/// Keep indexes up to their folders while notes change
#[derive(Debug, Args)]
#[command(after_help = "\
Indexes what changed since the last run, then each note as it is saved, until ctrl-c. `ibid serve` does the same beside \
its serving. A folder that is gone, or has lost all its notes at once, is taken for an unmounted disk: its index stays.")]
pub(crate) struct WatchArgs {
    /// Watch only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
    #[command(flatten)]
    pub(crate) background: BackgroundArgs,
}

/// How much of the machine is taken by what goes on beside a person's work.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BackgroundArgs {
    /// Embed with at most this share of all cores, 1 to 100 [default: as set, or 50]; other programs go first anyway
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    cpu: Option<u8>,
    /// Embed much text on battery too, not only what was just saved
    #[arg(long)]
    on_battery: bool,
}

/// What indexing in the background may take of all cores: the others answer questions.
const BACKGROUND_PERCENT: u8 = 50;

/// What goes on beside a person's work, flags and settings taken together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    /// The share of all cores, in percent.
    pub(crate) cpu: u8,
    pub(crate) on_battery: bool,
}

impl BackgroundArgs {
    /// Flags first, then what is set.
    pub(crate) fn share(&self, set: &Background) -> Share {
        Share {
            cpu: self.cpu.or(set.cpu.map(|Percent(cpu)| cpu)).unwrap_or(BACKGROUND_PERCENT),
            on_battery: self.on_battery || set.on_battery.unwrap_or(false),
        }
    }

    /// As the follower wants to know it.
    pub(crate) fn manners(&self, environment: &Environment) -> Manners {
        let share = self.share(&environment.config.background);
        Manners { pace: Pace::of(share.cpu, environment::cores()), spares_battery: !share.on_battery }
    }
}

/// Whether and how a server follows its folders, and how it answers.
#[derive(Debug, Args)]
pub(crate) struct ServedArgs {
    /// Leave the indexes as they are: do not follow changes of the notes
    #[arg(long)]
    pub(crate) no_watch: bool,
    #[command(flatten)]
    pub(crate) second: RerankArgs,
    #[command(flatten)]
    pub(crate) share: BackgroundArgs,
}

/// Serve search to MCP clients and browsers over HTTP
#[derive(Debug, Args)]
#[command(after_help = "\
Answers at /mcp, and shows cited notes at the addresses that hits carry. A note that is saved meanwhile is found within \
seconds. An address that other machines can reach needs a token, or people who sign in.

With --public-url https://HOST, and people added by `ibid user add`, clients that know OAuth (ChatGPT, Claude, Codex) \
send them here to sign in and to choose what the client may see. Tokens of `ibid token create` open it too.")]
pub(crate) struct ServeArgs {
    /// Listen here
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7117", value_parser = reach::with_port)]
    pub(crate) listen: SocketAddr,
    /// Serve only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
    /// Say that clients reach the server at this address: its own name, or that of a proxy or a tunnel before it
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Allow pages of this web origin to call the server; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Let in only who presents the token in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) oidc: OidcArgs,
    #[command(flatten)]
    pub(crate) background: ServedArgs,
    /// Log more; RUST_LOG chooses in detail
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Serve search to one MCP client over standard input and output
#[derive(Debug, Args)]
#[command(after_help = "It is started by the client: give it the command `ibid mcp`.")]
pub(crate) struct McpArgs {
    /// Serve only this collection; may be repeated
    #[arg(long, short, value_name = "NAME")]
    pub(crate) collection: Vec<String>,
    #[command(flatten)]
    pub(crate) background: ServedArgs,
    /// Log more; RUST_LOG chooses in detail
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// What `--language` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LanguageChoice {
    /// Each note tells by its words.
    Detected,
    /// All are in this one.
    Fixed(Language),
}

fn languages() -> impl TypedValueParser<Value = LanguageChoice> {
    let codes = Language::ALL.map(|(code, _)| code);
    PossibleValuesParser::new(["auto"].into_iter().chain(codes)).map(|typed| match typed.parse() {
        Ok(language) => LanguageChoice::Fixed(language),
        Err(_) => LanguageChoice::Detected,
    })
}

/// The longest that one thing is measured: an hour.
const MAX_SECONDS: f64 = 3_600.0;

fn seconds(typed: &str) -> Result<f64, String> {
    let number = typed.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= MAX_SECONDS);
    number.ok_or_else(|| format!("it takes seconds, more than 0 and at most {MAX_SECONDS}"))
}

fn delay(typed: &str) -> Result<Duration, String> {
    delay_of(typed.parse::<f64>().unwrap_or(f64::NAN))
}

/// So many seconds between two pages, if that is not too many.
pub(crate) fn delay_of(seconds: f64) -> Result<Duration, String> {
    match (0.0..=MAX_SECONDS).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err(format!("it takes seconds, 0 to {MAX_SECONDS}")),
    }
}

fn day(typed: &str) -> Result<Day, String> {
    Day::read(typed).ok_or_else(|| format!("it takes {DATE_FORMS}"))
}

fn property(typed: &str) -> Result<Condition, String> {
    Condition::property_of(typed).ok_or_else(|| format!("it takes {PROPERTY_FORMS}"))
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
    names.map(|typed| {
        Mode::NAMES.into_iter().find(|(name, _)| *name == typed).map_or(Mode::default(), |(_, mode)| mode)
    })
}

fn orders() -> impl TypedValueParser<Value = Order> {
    let names = PossibleValuesParser::new(Order::NAMES.map(|(name, _)| name));
    names.map(|typed| {
        let known = Order::NAMES.into_iter().find(|(name, _)| *name == typed);
        known.map_or(Order::default(), |(_, order)| order)
    })
}

fn fusions() -> impl TypedValueParser<Value = Fusion> {
    let names = PossibleValuesParser::new(Fusion::NAMES.map(|(name, _)| name));
    names.map(|typed| {
        let known = Fusion::NAMES.into_iter().find(|(name, _)| *name == typed);
        known.map_or(Fusion::default(), |(_, fusion)| fusion)
    })
}

#[cfg(test)]
mod tests;
