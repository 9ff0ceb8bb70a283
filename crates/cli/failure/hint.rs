//! What to do about each error. One function for each family; `None` where the message says it all.

mod measure;

use std::io;
use std::path::Path;

use ibid_core::id::CollectionName;
use ibid_core::query::{DATE_FORMS, MAX_QUERY_BYTES};
use ibid_embed::{DownloadError, EmbedError, RemoteError, UnknownPart};
use ibid_index::vector::VectorError;
use ibid_index::{OpenError, WriteError};
use ibid_indexer::BuildError;
use ibid_indexer::verify::VerifyError;
use ibid_measure::bench_error::BenchError;
use ibid_measure::dataset::DatasetError;
use ibid_search::{FetchError, SearchError};
use ibid_server::{AccessError, AskError, CertificateError, OidcError, ServeError};

use super::Failure;
use crate::command::connect::ConnectError;
use crate::environment::{ONNX_RUNTIME_LIBRARY, ONNX_RUNTIME_VARIABLE};
use crate::open::MODEL_BY_LANGUAGE;

/// How many edits may lie between a name that was typed and the one that was meant.
const FARTHEST_TYPO: usize = 3;

/// What a person can do.
pub(super) fn hint(failure: &Failure) -> Option<String> {
    let hint = match failure {
        Failure::Output(_) => return None,
        Failure::Input(error) | Failure::Start(error) => return of_io(error),
        Failure::NoDataFolder => {
            "say where to keep indexes with `--data-dir DIR` or IBID_DATA_DIR".to_owned()
        }
        Failure::Config { .. } | Failure::NoConfig { .. } => {
            "`ibid config --example` prints a file with every setting explained".to_owned()
        }
        Failure::NoCollections { .. } => "`ibid index PATH` indexes a folder of notes".to_owned(),
        Failure::UnknownCollection { name, known } => of_unknown(name, known),
        Failure::CollectionName { typed, .. } => {
            format!("{} is one; `ibid status` lists those there are", CollectionName::for_folder(typed))
        }
        Failure::NotAnId { .. } => "copy the whole id that `ibid search` shows under a hit".to_owned(),
        Failure::NotAQuote { .. } => "take the id of a hit: it ends in @, a hash and a byte range".to_owned(),
        Failure::FlagOfOne { .. } => {
            "without both, every collection is brought up to date as it is".to_owned()
        }
        Failure::FlagOfWeb { .. } => "give addresses: `ibid index https://…`".to_owned(),
        Failure::FlagOfFolder { .. } => {
            "give the folder of a Git repository, or leave the flag out".to_owned()
        }
        Failure::FolderAmongUrls { .. } => {
            "a run reads one folder, or any number of addresses that begin with https:// or http://"
                .to_owned()
        }
        Failure::UrlsFile { source, .. } => return of_io(source),
        Failure::NoUrls { .. } => "write one a line; a line that begins with # is none".to_owned(),
        Failure::Audit(error) => return of_io(error),
        Failure::NoServer => {
            "start `ibid serve`; one that asks for a token or sign-in is not announced there, so name its address: \
             `ibid doctor http://127.0.0.1:7117`"
                .to_owned()
        }
        Failure::NoToken { variable } => format!("set it first: {variable}=… ibid doctor …"),
        Failure::Connect(error) => return of_connect(error),
        Failure::NobodyToAsk { name } => format!("`ibid remove {name} --yes` removes it without asking"),
        Failure::SourceGone { name, set_in, is_indexed, .. } => of_gone(name, set_in.as_deref(), *is_indexed),
        Failure::SourceForgotten { name } => {
            format!("`ibid index PATH --name {name} --rebuild` makes it anew")
        }
        Failure::NotFresh { .. } => {
            "give `--wait-fresh` more seconds, or let `ibid watch` index beside your work".to_owned()
        }
        Failure::NothingCommitted { name } => {
            format!("its first run is under way or broke off; `ibid index PATH --name {name}` goes on")
        }
        Failure::Build { name, source } => return of_build(name, source),
        Failure::Open { name, source } => return of_open(Some(name), source),
        Failure::Store(source) => return of_open(None, source),
        Failure::Remove { name, source } => return of_write(name, source),
        Failure::Verify { source: VerifyError::Unreadable { source, .. }, .. } => return of_io(source),
        Failure::Verify { name, source: VerifyError::Source(source) } => return of_build(name, source),
        Failure::Verify { name, source: VerifyError::Read(_) } => rebuild(name),
        Failure::Search(source) => return of_search(source),
        Failure::Fetch(source) => of_fetch(source),
        Failure::Embed(source) => return of_embed(source),
        Failure::Listen { source, .. } => return of_listen(source),
        Failure::TokenFile { source, .. } => return of_io(source),
        Failure::Token { path, .. } => format!("make one: `openssl rand -hex 32 > {}`", quoted(path)),
        Failure::Serve(source) => return of_serve(source),
        Failure::Rule(_) => {
            "a rule reads collection:NAME, path:GLOB, tag:NAME, property:KEY=VALUE or tool:NAME, with - before it to deny; \
             a [ or { in a name that stands alone has a \\ before it"
                .to_owned()
        }
        Failure::HidesNothing { .. } => {
            "write it as `ibid search` lists the note, or take it with `--allow-empty` if the notes are still to come"
                .to_owned()
        }
        Failure::Tool(_) => "the tools are search, fetch, search_notes and related".to_owned(),
        Failure::Access(source) => return of_access(source),
        Failure::PasswordsDiffer => "type the same one twice".to_owned(),
        Failure::NoUsers => "`ibid user add` adds one".to_owned(),
        Failure::NoPeople { .. } => {
            "name them there: [serving.people.\"SUB\"], or [serving.people.\"*\"] for everybody".to_owned()
        }
        Failure::NoTokens => "`ibid token create --name NAME` makes one".to_owned(),
        Failure::Dataset(source) => return measure::of_dataset(source),
        Failure::DatasetWritten(error) => return of_io(&error.source),
        Failure::DatasetIndex { source } => return measure::of_index(source),
        Failure::NothingToMeasure { .. } => "measure `--mode lexical`, or index with a model".to_owned(),
        Failure::Measure(source) => return measure::of_run(source),
        Failure::EarlierRun(source) => return measure::of_record(source),
        Failure::WhichCollection { known } => {
            let names: Vec<&str> = known.iter().map(CollectionName::as_str).collect();
            format!("choose with `--collection`: {}", names.join(", "))
        }
        Failure::Plot { source, .. } => return of_io(source),
        Failure::NothingToPlot => "measure latency or http too: name them after `--only`".to_owned(),
        Failure::Bench { name, source } => return of_bench(name, source),
    };
    Some(hint)
}

fn of_unknown(name: &CollectionName, known: &[CollectionName]) -> String {
    let names: Vec<&str> = known.iter().map(CollectionName::as_str).collect();
    let distance = |known: &str| strsim::damerau_levenshtein(known, name.as_str());
    let nearest = names.iter().copied().min_by_key(|known| (distance(known), *known));
    match nearest {
        None => "nothing is indexed yet; `ibid index PATH` indexes a folder of notes".to_owned(),
        Some(near) if distance(near) <= FARTHEST_TYPO.min(near.len() / 2) => format!("did you mean {near}?"),
        Some(_) => format!("there are: {}", names.join(", ")),
    }
}

fn of_gone(name: &CollectionName, set_in: Option<&Path>, is_indexed: bool) -> String {
    match set_in {
        Some(file) => {
            // An index is of one folder for good.
            let anew = if is_indexed {
                format!(", then `ibid remove {name}` and `ibid index`")
            } else {
                String::new()
            };
            let file = quoted(file);
            format!(
                "is its disk mounted? if the folder moved, say so in {file}, under [collections.{name}]{anew}"
            )
        }
        None => format!(
            "is its disk mounted? if the folder moved: `ibid remove {name}`, then `ibid index` its new place"
        ),
    }
}

fn of_build(name: &CollectionName, error: &BuildError) -> Option<String> {
    let hint = match error {
        BuildError::SourceMissing { .. } => "check the path; put it in quotes if it has spaces".to_owned(),
        BuildError::SourceIsFile { path } => {
            format!("give its folder; `--include` picks single files: `ibid index {}`", quoted(path.parent()?))
        }
        BuildError::SourceUnreadable { source, .. } => return of_io(source),
        BuildError::NothingToIndex { .. } => {
            "ibid reads Markdown, plain text, PDF, HTML, Word, EPUB, e-mail, tables, source code and more; hidden and \
             ignored files, and what --include and --exclude keep out, do not count"
                .to_owned()
        }
        BuildError::SourceEmptied { path, .. } => format!(
            "is its disk mounted? nothing was removed; if it is meant to be empty: `ibid index {} --name {name} \
             --rebuild`",
            quoted(path)
        ),
        BuildError::IgnoreFile { .. } => {
            "mend the line, or save the file as UTF-8; what it hides would be found otherwise".to_owned()
        }
        BuildError::NameTaken { path, .. } => {
            format!("give this folder a name of its own: `ibid index {} --name NAME`", quoted(path))
        }
        BuildError::OtherModel { wanted, .. } => format!(
            "`ibid index --name {name} --model {wanted}` makes new vectors; the old ones answer until it is done"
        ),
        BuildError::NoRepository { .. } => {
            "without --revision the folder is indexed as it lies there".to_owned()
        }
        BuildError::Repository { .. } => "`git fsck` says what is wrong with it".to_owned(),
        BuildError::Revision { .. } => {
            "a revision is a branch, a tag or a commit: main, v1.0, HEAD~3, 1a2b3c4".to_owned()
        }
        BuildError::Url { .. } => {
            "an address looks like https://site.org/docs/; names and passwords do not belong in it".to_owned()
        }
        BuildError::NoPage { .. } => {
            "`--allow-domain HOST` allows another host, `--allow-private` this machine and private networks".to_owned()
        }
        BuildError::PagesFolder { source, .. } => return of_io(source),
        BuildError::Glob { .. } => "a pattern looks like 'Projects/**' or '*.md'".to_owned(),
        BuildError::Stopped => "the same command goes on".to_owned(),
        BuildError::Embed(error) => return of_embed(error),
        BuildError::Open(error) => return of_open(Some(name), error),
        BuildError::Read(_) => rebuild(name),
        BuildError::Write(error) => return of_write(name, error),
    };
    Some(hint)
}

fn of_open(name: Option<&CollectionName>, error: &OpenError) -> Option<String> {
    let again = || name.map_or_else(|| "`ibid index --rebuild` makes it anew".to_owned(), rebuild);
    match error {
        OpenError::Missing { .. } => Some("`ibid status` lists the collections".to_owned()),
        OpenError::Vectors(error) => match error.as_ref() {
            VectorError::Io { source, .. } => of_io(source).or_else(|| Some(again())),
            _ => Some(again()),
        },
        OpenError::Format { .. } => Some(of_format(name, error)),
        OpenError::Damaged { .. } => Some(again()),
        OpenError::Locked { .. } => {
            Some("wait until it has finished; a process that died does not hold the lock".to_owned())
        }
        OpenError::Io { source, .. } => of_io(source),
    }
}

fn of_format(name: Option<&CollectionName>, error: &OpenError) -> String {
    let name = name.map(|name| format!(" --name {name}")).unwrap_or_default();
    match error.is_older_format() {
        true => format!("`ibid index{name}` makes it anew from the notes: an earlier ibid wrote it"),
        false => format!(
            "another ibid wrote it: use that one, or let this one make it anew from the notes: `ibid index{name} \
             --rebuild`"
        ),
    }
}

fn of_write(name: &CollectionName, error: &WriteError) -> Option<String> {
    match error {
        WriteError::Io { source, .. } | WriteError::Vector(VectorError::Io { source, .. }) => of_io(source),
        WriteError::Open(error) => of_open(Some(name), error),
        WriteError::Vector(_) | WriteError::Lexical { .. } => Some(rebuild(name)),
    }
}

fn of_search(error: &SearchError) -> Option<String> {
    let hint = match error {
        SearchError::EmptyQuestion => "ask with words: `ibid search how long does it keep`".to_owned(),
        SearchError::QuestionTooLong { .. } => {
            format!("ask with the sentence that matters; {} kB are plenty", MAX_QUERY_BYTES / 1024)
        }
        SearchError::Limit { .. } | SearchError::TooManyPhrasings { .. } => return None,
        SearchError::UnknownDay { .. } => format!("a date is {DATE_FORMS}"),
        SearchError::NewestByMeaning => {
            "leave out `--mode semantic`, or `--sort` and `sort:newest`".to_owned()
        }
        SearchError::Glob { .. } => "a pattern looks like 'Projects/**' or '*.md'".to_owned(),
        SearchError::NoVectors { collection } => format!(
            "search it with `--mode lexical`, or give it vectors: `ibid index --name {collection} --model \
             {MODEL_BY_LANGUAGE}`"
        ),
        SearchError::VectorsDamaged { collection, .. } => {
            format!("search it with `--mode lexical`; {}", rebuild(collection))
        }
        SearchError::OtherModel { collection, .. } => {
            format!("search it with `--mode lexical`, or {}", rebuild(collection))
        }
        SearchError::Embed(error) => return of_embed(error),
        SearchError::Read(_) => "`ibid status` says which index is damaged".to_owned(),
    };
    Some(hint)
}

fn of_connect(error: &ConnectError) -> Option<String> {
    let hint = match error {
        ConnectError::NoFile { .. } => "without --write, what to paste is printed".to_owned(),
        ConnectError::Read { source, .. } | ConnectError::Write { source, .. } => return of_io(source),
        ConnectError::Edit { .. } => "put it right, or name another file with --file".to_owned(),
        ConnectError::NobodyToAsk { .. } => "`--yes` changes it without asking".to_owned(),
    };
    Some(hint)
}

fn of_fetch(error: &FetchError) -> String {
    match error {
        FetchError::UnknownCollection { .. } => "`ibid status` lists the collections".to_owned(),
        FetchError::UnknownDocument { document } => {
            format!("`ibid index --name {}` brings the index up to date", document.collection)
        }
        FetchError::UnknownPart { document, .. } => {
            format!("`ibid fetch {document}` shows what headings and blocks it has")
        }
        FetchError::Changed { reference } => {
            let document = reference.document();
            format!(
                "`ibid verify` looks in the file itself; `ibid fetch {document}` shows the note as it is indexed"
            )
        }
        FetchError::Read(_) => "`ibid status` says which index is damaged".to_owned(),
    }
}

fn of_embed(error: &EmbedError) -> Option<String> {
    let hint = match error {
        EmbedError::UnknownModel { nearest, .. } => {
            format!("did you mean {}? `ibid models` lists them", nearest.join(" or "))
        }
        EmbedError::OnnxRuntime { .. } | EmbedError::Weights { .. } | EmbedError::Run { .. } => format!(
            "ONNX Runtime may run what the engine in the program does not: get it with `pip download --no-deps onnxruntime` and `unzip onnxruntime-*.whl`, or from \
             https://github.com/microsoft/onnxruntime/releases; then set {ONNX_RUNTIME_VARIABLE} to the file \
             {ONNX_RUNTIME_LIBRARY} in it, whose name may go on with a version. The models in the program (`ibid \
             models`) need none of it"
        ),
        EmbedError::OnnxRuntimeRun { .. } => {
            "the network may be incomplete, or newer than the library: fetch it again, or try a newer ONNX Runtime".to_owned()
        }
        EmbedError::NotUnderstood { part: UnknownPart::Judge, .. } => {
            "`ibid search --rerank` takes it; what embeds is another kind of model: `ibid models`".to_owned()
        }
        EmbedError::NotUnderstood { part: UnknownPart::NoJudge(_), .. } => {
            "a reranker is a cross-encoder whose graph has one output, `logits`, with one number for a pair of texts".to_owned()
        }
        EmbedError::NotUnderstood { .. } => {
            "without it the model would give other vectors than it was trained for, so it is refused; choose another: `ibid \
             models`"
                .to_owned()
        }
        EmbedError::MissingModelFile { .. } => {
            "it must hold what the model's page on huggingface.co offers for ONNX; if it moved, `ibid index --name NAME \
             --model-dir DIR` records its new place"
                .to_owned()
        }
        EmbedError::Download { source, .. } => match **source {
            DownloadError::Checksum { .. } | DownloadError::TooLong { .. } => {
                "what came was removed; ask again, and if it happens again, trust neither the line nor the server".to_owned()
            }
            DownloadError::Status(401 | 403 | 404) => {
                "the hub has no such model, or wants a licence accepted first: fetch it as its page says and give its folder \
                 with `--model-dir`"
                    .to_owned()
            }
            DownloadError::NoNetwork => {
                "it must hold a network in ONNX; look for a repository of the same model that does, often by onnx-community \
                 or Xenova"
                    .to_owned()
            }
            _ => "check the network, or download the model elsewhere and give its folder with `--model-dir`; what came is \
                  kept, and the next run goes on with it"
                .to_owned(),
        },
        EmbedError::ModelFile { source, .. } => return of_io(source),
        EmbedError::ModelConfig { .. } | EmbedError::Tokenizer { .. } => {
            "the model's files may be incomplete: download them again".to_owned()
        }
        EmbedError::Remote(error) => return of_engine(error),
        _ => return None,
    };
    Some(hint)
}

/// What is wrong with an engine behind a url.
fn of_engine(error: &RemoteError) -> Option<String> {
    let hint = match error {
        RemoteError::NotSet { .. } => {
            "name it under [embedding] in the settings file (`ibid config` says where that is), or give the collection \
             another model: `ibid index --name NAME --model MODEL`"
        }
        RemoteError::NoKey { .. } => "set it where ibid is started, or leave `key_env` out of the settings",
        RemoteError::Address { .. } => {
            "it looks like http://127.0.0.1:11434/v1; a key stands in the variable that `key_env` names"
        }
        RemoteError::Beyond { .. } => {
            "`allow_remote = true` under [embedding] in the settings file allows it; the texts of notes then leave this \
             machine"
        }
        RemoteError::Away { .. } => "start the engine, or put its `url` right in the settings file",
        RemoteError::Silent { .. } => "`timeout` under [embedding] gives it more seconds",
        RemoteError::Redirect { .. } => "set `url` to where it leads, if that is where texts are to go",
        RemoteError::Status { status: 401 | 403, .. } => {
            "put the engine's key into the environment variable that `key_env` names"
        }
        RemoteError::Status { status: 404, .. } => {
            "`url` ends where the API begins, often in /v1, and `model` is what the engine calls it"
        }
        RemoteError::Changed { .. } | RemoteError::OtherSettings { .. } => {
            "`ibid index --name NAME --rebuild` embeds everything with the model as it is now; until then \
             `--mode lexical` searches by words"
        }
        _ => "it must speak the embeddings API of OpenAI: POST /embeddings",
    };
    Some(hint.to_owned())
}

fn of_serve(error: &ServeError) -> Option<String> {
    match error {
        ServeError::OpenToTheWorld { .. } => {
            Some("give it a secret with `--token-file FILE`, or listen on 127.0.0.1".to_owned())
        }
        ServeError::SignInAddress { .. } => Some(
            "name the address clients use with `--public-url https://HOST`; a proxy or a tunnel there speaks TLS"
                .to_owned(),
        ),
        ServeError::Oidc(OidcError::Issuer { .. }) => {
            Some("it is the `issuer` in the provider's metadata, letter by letter".to_owned())
        }
        ServeError::Oidc(OidcError::Rules { .. }) => {
            Some("rules read collection:NAME, path:GLOB, tag:NAME, property:KEY=VALUE or tool:NAME".to_owned())
        }
        ServeError::Certificate(error) => of_certificate(error),
        ServeError::Traces(_) => Some("OTLP over HTTP is usually at http://HOST:4318".to_owned()),
        ServeError::PublicUrl { .. } | ServeError::Origin { .. } | ServeError::Secrets { .. } => None,
        ServeError::Io { source } => of_io(source),
        ServeError::Handshake { .. } => {
            Some("`ibid mcp` is started by an MCP client; people use `ibid search`".to_owned())
        }
    }
}

fn of_certificate(error: &CertificateError) -> Option<String> {
    let hint = match error {
        CertificateError::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            "check the path; those of certbot lie in /etc/letsencrypt/live/HOST"
        }
        CertificateError::Unreadable { source, .. } => return of_io(source),
        CertificateError::NoCertificate { .. } => {
            "it begins with -----BEGIN CERTIFICATE-----; of certbot's files take fullchain.pem"
        }
        CertificateError::NoKey { .. } => {
            "it begins with -----BEGIN PRIVATE KEY----- and has no password; of certbot's files take privkey.pem"
        }
        CertificateError::Pair { .. } => "take the two files that were made together",
    };
    Some(hint.to_owned())
}

fn of_access(error: &AccessError) -> Option<String> {
    let hint = match error {
        AccessError::Open { source, .. } => return of_io(source),
        AccessError::Version { .. } => "a later ibid wrote it: use that one".to_owned(),
        AccessError::Unknown { .. } => {
            "`ibid user list` and `ibid token list` name those there are".to_owned()
        }
        AccessError::Taken { .. } => "choose another name, or remove that one first".to_owned(),
        AccessError::Sqlite(_)
        | AccessError::Randomness(_)
        | AccessError::Name { .. }
        | AccessError::Password(_) => return None,
    };
    Some(hint)
}

fn of_bench(name: &CollectionName, error: &BenchError) -> Option<String> {
    let hint = match error {
        BenchError::NoQuestions => "`--questions FILE` gives some: a question a line".to_owned(),
        BenchError::Questions(DatasetError::Read { source, .. }) => return of_io(source),
        BenchError::Questions(_) => "a line is a question as it is, or {\"question\": \"…\"}".to_owned(),
        BenchError::Search(error) | BenchError::Ask(AskError::Search(error)) => return of_search(error),
        BenchError::Ask(_) => return None,
        BenchError::Embed(error) => return of_embed(error),
        BenchError::Open(error) => return of_open(Some(name), error),
        BenchError::Read(_) => "`ibid status` says which index is damaged".to_owned(),
        BenchError::Build(error) => return of_build(name, error),
        BenchError::Serve(error) => return of_serve(error),
        BenchError::Spawn { source } | BenchError::Scratch { source } => return of_io(source),
        BenchError::Request { .. } | BenchError::Refused { .. } | BenchError::NeverReady => {
            "`ibid serve --verbose` and a question by hand may show why".to_owned()
        }
        BenchError::SearchEnded { .. } => format!("try `ibid search --collection {name} 'a question'`"),
    };
    Some(hint)
}

fn of_listen(error: &io::Error) -> Option<String> {
    match error.kind() {
        io::ErrorKind::AddrInUse => Some(
            "another program listens there, perhaps another `ibid serve`; choose with `--listen`".to_owned(),
        ),
        io::ErrorKind::AddrNotAvailable => {
            Some("this machine has no such address; choose with `--listen`".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            Some("ports below 1024 are reserved; choose with `--listen`".to_owned())
        }
        _ => None,
    }
}

fn of_io(error: &io::Error) -> Option<String> {
    use io::ErrorKind as Kind;
    let hint = match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            "make room on the disk and run it again; the last commit is whole, and nothing of it is lost"
        }
        Kind::ReadOnlyFilesystem => "choose a folder that can be written with `--data-dir DIR`",
        Kind::PermissionDenied => "check who owns it and who may read and write it",
        Kind::InvalidData => "what is read must be UTF-8",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn rebuild(name: &CollectionName) -> String {
    format!("`ibid index --name {name} --rebuild` makes it anew from the notes")
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@' | '%');
    match !path.is_empty() && path.chars().all(plain) {
        true => path.into_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests;
