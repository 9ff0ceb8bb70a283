//! The settings file: what a person says once for all runs. It is read, explained and checked, never written. Flags go
//! before it, and it goes before what is recorded of an earlier run.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ibid_core::grant::{Rule, What};
use ibid_core::id::CollectionName;
use ibid_core::language::Language;
use ibid_core::private::Private;
use ibid_embed::{BundledModel, RemoteOptions};
use ibid_server::{Person, SecretRules};
use serde::Deserialize;

use crate::args::{LanguageChoice, delay_of};
use crate::open::{MODEL_BY_LANGUAGE, NO_MODEL};

/// The file as it could be, with every setting explained. `ibid config --example` prints it; a test reads it.
pub(crate) const EXAMPLE: &str = include_str!("config/example.toml");

/// What the file says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) background: Background,
    pub(crate) serving: Serving,
    pub(crate) embedding: Option<EmbeddingConfig>,
    pub(crate) reranking: Option<RerankingConfig>,
    pub(crate) collections: BTreeMap<CollectionName, CollectionConfig>,
}

/// Somebody else's engine that embeds, behind a url.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmbeddingConfig {
    /// Where its API begins.
    pub(crate) url: String,
    /// What it calls the model.
    pub(crate) model: String,
    /// How many numbers its vectors have.
    pub(crate) dimensions: NonZero<usize>,
    /// The environment variable that holds its key.
    pub(crate) key_env: Option<String>,
    /// Whether it may be beyond this machine.
    pub(crate) allow_remote: Option<bool>,
    /// How long a request may take.
    pub(crate) timeout: Option<Timeout>,
    /// What is put before a question, in place of what models of this name want.
    pub(crate) query_prefix: Option<String>,
    /// What is put before a text to be found.
    pub(crate) document_prefix: Option<String>,
}

impl EmbeddingConfig {
    /// Whether it may be beyond this machine.
    pub(crate) fn may_be_remote(&self) -> bool {
        self.allow_remote.unwrap_or(false)
    }

    /// How long a request may take.
    pub(crate) fn timeout(&self) -> Timeout {
        self.timeout.unwrap_or(Timeout(DEFAULT_TIMEOUT))
    }

    /// How it is asked, with this key.
    pub(crate) fn options(&self, key: Option<String>) -> RemoteOptions {
        RemoteOptions {
            url: self.url.clone(),
            model: self.model.clone(),
            dimensions: self.dimensions.get(),
            key,
            allow_remote: self.may_be_remote(),
            timeout: Duration::from_secs(self.timeout().0),
            query_prefix: self.query_prefix.clone(),
            document_prefix: self.document_prefix.clone(),
        }
    }

    /// The words that name something else where a model is named cannot name this one.
    fn check(&self) -> Result<(), ConfigError> {
        let is_word = |model: &str| {
            let bundled = BundledModel::called(model);
            [NO_MODEL, MODEL_BY_LANGUAGE].contains(&model)
                || bundled.is_some_and(|bundled| bundled.name() != model)
        };
        match is_word(&self.model) || self.model.trim().is_empty() {
            true => Err(ConfigError::EngineModel { model: self.model.clone() }),
            false => Ok(()),
        }
    }
}

/// What puts the first passages of an answer in order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RerankingConfig {
    /// The reranker's name.
    pub(crate) model: String,
    /// Where it is read from; without it it is fetched.
    pub(crate) model_dir: Option<PathBuf>,
}

/// In seconds: an engine that has to read its model into memory first takes that long.
const DEFAULT_TIMEOUT: u64 = 60;

/// 1 to 600 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Timeout(pub(crate) u64);

/// What goes out to clients, whoever they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Serving {
    /// Notes that no caller from elsewhere sees.
    pub(crate) private: Option<Vec<PrivateRule>>,
    /// Whether secrets are masked.
    pub(crate) mask_secrets: Option<bool>,
    /// Kinds of secrets that are not.
    pub(crate) leave_secrets: Option<Vec<String>>,
    /// Patterns of more secrets.
    pub(crate) more_secrets: Option<Vec<String>>,
    /// Who of an identity provider's people may come in, by what it calls them.
    #[serde(default)]
    pub(crate) people: BTreeMap<String, PersonConfig>,
}

/// One who signs in elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonConfig {
    /// What the audit log calls them.
    pub(crate) name: Option<String>,
    /// What they may see: rules as `ibid token create --rule` takes them; none for everything.
    #[serde(default)]
    pub(crate) rules: Vec<GrantRule>,
}

/// A rule of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct GrantRule(Rule);

impl TryFrom<String> for GrantRule {
    type Error = String;

    fn try_from(typed: String) -> Result<GrantRule, String> {
        typed.parse().map(GrantRule).map_err(|error| format!("{typed:?} is no rule: {error}"))
    }
}

impl Serving {
    /// Which notes are kept back.
    pub(crate) fn private(&self) -> Private {
        let rules = self.private.as_ref();
        rules.map_or_else(Private::default, |rules| Private::of(rules.iter().map(|rule| rule.0.what.clone())))
    }

    /// Who signs in elsewhere may come in.
    pub(crate) fn people(&self) -> impl Iterator<Item = (String, Person)> {
        self.people.iter().map(|(subject, PersonConfig { name, rules })| {
            let rules = rules.iter().map(|GrantRule(rule)| rule.to_string()).collect();
            (subject.clone(), Person { name: name.clone(), rules })
        })
    }

    /// Which secrets are masked.
    pub(crate) fn secrets(&self) -> SecretRules {
        SecretRules {
            masked: self.mask_secrets.unwrap_or(true),
            left: self.leave_secrets.clone().unwrap_or_default(),
            more: self.more_secrets.clone().unwrap_or_default(),
        }
    }
}

/// Names notes: `tag:NAME`, `property:KEY=VALUE` or `path:GLOB`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PrivateRule(pub(crate) Rule);

impl TryFrom<String> for PrivateRule {
    type Error = String;

    fn try_from(typed: String) -> Result<PrivateRule, String> {
        let wrong =
            || format!("{typed:?} names no notes: it takes tag:NAME, property:KEY=VALUE or path:GLOB");
        let rule: Rule = typed.parse().map_err(|_| wrong())?;
        let names_notes = matches!(rule.what, What::Tag(_) | What::Property(..) | What::Path(_));
        if names_notes && !rule.deny { Ok(PrivateRule(rule)) } else { Err(wrong()) }
    }
}

/// What indexing beside a person's work may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Background {
    /// The share of all cores, in percent.
    pub(crate) cpu: Option<Percent>,
    /// Whether much text is embedded on battery too.
    pub(crate) on_battery: Option<bool>,
}

/// 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub(crate) struct Percent(pub(crate) u8);

/// What is to be indexed, and how. What is not said stays as it was indexed the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionConfig {
    /// The folder.
    pub(crate) path: Option<PathBuf>,
    /// The branch, tag or commit of its Git repository.
    pub(crate) revision: Option<String>,
    /// The web pages, in place of a folder.
    pub(crate) web: Option<WebConfig>,
    /// Only files that match.
    pub(crate) include: Option<Vec<String>>,
    /// Never files that match.
    pub(crate) exclude: Option<Vec<String>>,
    /// What all of them are written in.
    pub(crate) language: Option<LanguageSetting>,
    /// What embeds.
    pub(crate) model: Option<String>,
    /// Where that is read from.
    pub(crate) model_dir: Option<PathBuf>,
    /// Judged questions about its notes.
    pub(crate) questions: Option<PathBuf>,
}

/// Web pages, and how they are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebConfig {
    /// Where reading begins.
    pub(crate) urls: Vec<String>,
    /// Hosts whose pages are read.
    #[serde(default)]
    pub(crate) allow_domains: Vec<String>,
    /// How many pages at most.
    pub(crate) max_pages: Option<NonZero<usize>>,
    /// How far links are followed.
    pub(crate) depth: Option<usize>,
    /// How long to wait between two pages of a host.
    pub(crate) delay: Option<Delay>,
    /// Whether hosts in private networks are asked too.
    pub(crate) allow_private: Option<bool>,
}

/// Given in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Delay(pub(crate) Duration);

/// A language, or that each note tells by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LanguageSetting(pub(crate) LanguageChoice);

/// Why the settings cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read it: {0}")]
    Unreadable(#[source] io::Error),
    #[error("{place}{reason}")]
    NotSettings {
        /// The line by its number and as it stands, if it is known which.
        place: String,
        reason: String,
    },
    #[error("collections.{name} takes a path or web pages, not both")]
    TwoSources { name: CollectionName },
    #[error("collections.{name}.web names no urls")]
    NoUrls { name: CollectionName },
    #[error("embedding.model is {model:?}, which means something else where a model is named")]
    EngineModel { model: String },
    #[error("{name:?} cannot name a collection: {reason}")]
    Name { name: String, reason: ibid_core::id::CollectionNameError },
}

/// On one line, since that is what an error is; toml's own words draw a picture of several.
fn not_settings(text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(String::new, |before| {
        let at = before.matches('\n').count();
        match text.lines().nth(at).unwrap_or_default().trim() {
            "" => format!("line {}: ", at + 1),
            line => format!("line {}, `{line}`: ", at + 1),
        }
    });
    let reason = error.message().lines().map(str::trim).collect::<Vec<_>>().join(", ");
    ConfigError::NotSettings { place, reason }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    background: Background,
    #[serde(default)]
    serving: Serving,
    embedding: Option<EmbeddingConfig>,
    reranking: Option<RerankingConfig>,
    #[serde(default)]
    collections: BTreeMap<String, CollectionConfig>,
}

impl Config {
    /// Reads the file; where there is none, nothing is set. Paths in it count from the folder it lies in, `~/` from
    /// `home`.
    pub(crate) fn read(path: &Path, home: Option<&Path>) -> Result<Config, ConfigError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(error) => return Err(ConfigError::Unreadable(error)),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        Config::of(&text, |path| match (path.strip_prefix("~"), home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => folder.join(path),
        })
    }

    fn of(text: &str, absolute: impl Fn(PathBuf) -> PathBuf) -> Result<Config, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| not_settings(text, &error))?;
        file.embedding.as_ref().map_or(Ok(()), EmbeddingConfig::check)?;
        let mut config = Config {
            background: file.background,
            serving: file.serving,
            embedding: file.embedding,
            reranking: file.reranking.map(|reranking| RerankingConfig {
                model_dir: reranking.model_dir.map(&absolute),
                ..reranking
            }),
            collections: BTreeMap::new(),
        };
        for (name, mut collection) in file.collections {
            collection.path = collection.path.map(&absolute);
            collection.model_dir = collection.model_dir.map(&absolute);
            collection.questions = collection.questions.map(&absolute);
            let name: CollectionName = name.parse().map_err(|reason| ConfigError::Name { name, reason })?;
            match &collection.web {
                Some(_) if collection.path.is_some() || collection.revision.is_some() => {
                    return Err(ConfigError::TwoSources { name });
                }
                Some(web) if web.urls.is_empty() => return Err(ConfigError::NoUrls { name }),
                _ => {}
            }
            config.collections.insert(name, collection);
        }
        Ok(config)
    }
}

impl TryFrom<i64> for Percent {
    type Error = String;

    fn try_from(number: i64) -> Result<Percent, String> {
        match u8::try_from(number) {
            Ok(percent @ 1..=100) => Ok(Percent(percent)),
            _ => Err(format!("{number} is not 1 to 100 percent")),
        }
    }
}

impl TryFrom<i64> for Timeout {
    type Error = String;

    fn try_from(seconds: i64) -> Result<Timeout, String> {
        match u64::try_from(seconds) {
            Ok(seconds @ 1..=600) => Ok(Timeout(seconds)),
            _ => Err(format!("{seconds} is not 1 to 600 seconds")),
        }
    }
}

impl TryFrom<f64> for Delay {
    type Error = String;

    fn try_from(seconds: f64) -> Result<Delay, String> {
        delay_of(seconds).map(Delay)
    }
}

impl TryFrom<String> for LanguageSetting {
    type Error = String;

    fn try_from(typed: String) -> Result<LanguageSetting, String> {
        match typed.parse::<Language>() {
            Ok(language) => Ok(LanguageSetting(LanguageChoice::Fixed(language))),
            Err(_) if typed == "auto" => Ok(LanguageSetting(LanguageChoice::Detected)),
            Err(_) => Err(format!("{typed:?} is no language here; see `ibid index --help`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        Config::of(text, |path| Path::new("/home/ada").join(path))
    }

    fn check(text: &str, says: &str) {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text:?}: {error}");
    }

    #[test]
    fn what_is_private_is_named_by_rules_about_notes() {
        let config =
            read("[serving]\nprivate = [\"tag:work\", \"path:Diary\"]\nmask_secrets = false").unwrap();
        assert_eq!(config.serving.private.as_ref().map(Vec::len), Some(2));
        assert!(!config.serving.secrets().masked);
        for wrong in ["tool:search", "collection:a", "-tag:a", "diary", ""] {
            check(&format!("[serving]\nprivate = [\"{wrong}\"]"), "names no notes");
        }
    }

    #[test]
    fn people_who_sign_in_elsewhere_have_rules() {
        let text =
            "[serving.people.\"auth0|1\"]\nname = \"ada\"\nrules = [\"-path:Diary\"]\n[serving.people.\"*\"]";
        let config = read(text).unwrap();
        let people: Vec<_> = config.serving.people().collect();
        assert_eq!(people[0], ("*".to_owned(), Person::default()));
        let ada = Person { name: Some("ada".to_owned()), rules: vec!["-path:Diary".to_owned()] };
        assert_eq!(people[1], ("auth0|1".to_owned(), ada));
        check("[serving.people.a]\nrules = [\"diary\"]", "is no rule");
        check("[serving.people.a]\nrule = [\"path:a\"]", "unknown field `rule`");
    }

    #[test]
    fn the_example_sets_what_is_the_case_anyway() {
        let config = read(EXAMPLE).unwrap();
        assert_eq!(config.background, Background { cpu: Some(Percent(50)), on_battery: Some(false) });
        assert!(config.collections.is_empty() && config.embedding.is_none() && config.reranking.is_none());
        // What it shows commented out is right too.
        let uncommented: String = EXAMPLE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        let config = read(&uncommented).unwrap();
        let EmbeddingConfig {
            url,
            model,
            dimensions,
            key_env,
            allow_remote,
            timeout,
            query_prefix,
            document_prefix,
        } = config.embedding.unwrap();
        assert!(!url.is_empty() && !model.is_empty() && dimensions.get() == 768 && key_env.is_some());
        assert_eq!(
            (allow_remote, timeout),
            (Some(false), Some(Timeout(DEFAULT_TIMEOUT))),
            "what is the case anyway"
        );
        let RerankingConfig { model, model_dir } = config.reranking.unwrap();
        assert!(!model.is_empty() && model_dir.is_some());
        // What the program puts before the texts of models of that name anyway.
        assert_eq!(query_prefix.as_deref(), Some("search_query: "));
        assert_eq!(document_prefix.as_deref(), Some("search_document: "));
        let names: Vec<_> = config.collections.keys().map(CollectionName::as_str).collect();
        assert_eq!(names, ["garden", "handbook"]);
        let mut collections = config.collections.into_values();
        let CollectionConfig { path, revision, web, include, exclude, language, model, model_dir, questions } =
            collections.next().unwrap();
        assert!(
            path.is_some() && revision.is_some() && web.is_none() && include.is_some() && exclude.is_some()
        );
        assert!(language.is_some() && model.is_some() && model_dir.is_some() && questions.is_some());
        let WebConfig { urls, allow_domains, max_pages, depth, delay, allow_private } =
            collections.next().unwrap().web.unwrap();
        assert!(!urls.is_empty() && !allow_domains.is_empty());
        assert_eq!(allow_private, Some(false), "what is the case anyway");
        assert_eq!((max_pages.map(NonZero::get), depth), (Some(500), Some(8)), "what is the case anyway");
        assert_eq!(delay, Some(Delay(Duration::from_secs(1))), "what is the case anyway");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        check("[background]\ncpu = 0", "0 is not 1 to 100 percent");
        check("[background]\ncpus = 5", "unknown field `cpus`");
        check("\n[colections.x]", "line 2, `[colections.x]`: unknown field `colections`");
        check("[background]\ncpu =\n", "line 2, `cpu =`: ");
        check("x = \"\"\"\n", "line 2: ");
        for wrong in ["[background]\ncpu =\n", "[background", "a\r\n=", "x = \"\"\"\n\n"] {
            assert!(!read(wrong).unwrap_err().to_string().contains(['\n', '\r']), "{wrong:?}");
        }
        let engine = |more: &str| format!("[embedding]\nurl = \"http://127.0.0.1/v1\"\n{more}");
        check(&engine("model = \"m\""), "missing field `dimensions`");
        check(&engine("model = \"m\"\ndimensions = 0"), "dimensions");
        check(&engine("model = \"m\"\ndimensions = 3\ntimeout = 0"), "0 is not 1 to 600 seconds");
        check(&engine("model = \"m\"\ndimensions = 3\nkey = \"secret\""), "unknown field `key`");
        for word in ["none", "auto", "english", "Multilingual", " "] {
            check(&engine(&format!("model = \"{word}\"\ndimensions = 3")), "means something else");
        }
        check("[collections.x]\nlanguage = \"klingon\"", "no language here");
        check("[collections.\"a b/\"]", "cannot name a collection");
        let both = "[collections.x]\npath = \"a\"\nweb = { urls = [\"https://a.org\"] }";
        check(both, "collections.x takes a path or web pages, not both");
        check("[collections.x.web]\nurls = []", "collections.x.web names no urls");
        check("[collections.x.web]\ndepth = 1", "missing field `urls`");
        check("[collections.x.web]\nurls = [\"a\"]\ndelay = -1", "0 to 3600");
    }

    #[test]
    fn paths_count_from_where_the_file_lies_or_from_home() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        fs::write(&file, "collections.a.path = \"Notes\"\ncollections.b.path = \"~/Notes\"").unwrap();
        let config = Config::read(&file, Some(Path::new("/home/ada"))).unwrap();
        let paths: Vec<_> =
            config.collections.into_values().filter_map(|collection| collection.path).collect();
        assert_eq!(paths, [folder.path().join("Notes"), PathBuf::from("/home/ada/Notes")]);
        let missing = Config::read(&folder.path().join("none.toml"), None).unwrap();
        assert!(missing.collections.is_empty());
    }
}
