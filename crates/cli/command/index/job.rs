//! What one run is to index, decided from the flags and from what is recorded of an earlier run. Nothing is written.

use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_core::language::Language;
use ibid_embed::BundledModel;
use ibid_index::manifest::{Origin, WebRecord};
use ibid_index::settings::{Settings, newest_settings};
use ibid_index::store::Store;
use ibid_indexer::{BuildError, BuildOptions, Follower, Model, SourceChoice};

use super::web;
use crate::args::{IndexArgs, LanguageChoice};
use crate::config::{CollectionConfig, Config, LanguageSetting};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::open::{self, MODEL_BY_LANGUAGE, ModelChoice, NO_MODEL, RemoteChoice};

/// Which model a collection gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobModel {
    /// None: it is indexed by words alone.
    WordsAlone,
    /// The one that was named, or is recorded.
    Named(ModelChoice),
    /// The one that suits the languages of its notes: of a collection that is new, where nobody named another.
    ByLanguage,
}

impl JobModel {
    /// The model of a collection that stands already. One that no run has come to write down yet is in any language.
    pub(crate) fn of_existing(&self) -> Option<ModelChoice> {
        match self {
            JobModel::WordsAlone => None,
            JobModel::Named(choice) => Some(choice.clone()),
            JobModel::ByLanguage => Some(ModelChoice::bundled(BundledModel::Multilingual)),
        }
    }
}

/// One source to become one collection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// The folder; of web pages, the one they are kept in.
    pub(crate) root: PathBuf,
    pub(crate) source: SourceChoice,
    pub(crate) name: CollectionName,
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) language: Option<Language>,
    pub(crate) model: JobModel,
    /// Whether the model is named for this collection, and not just the one of last time.
    names_model: bool,
}

impl Job {
    /// The collection that PATH or `--name` names.
    pub(super) fn of_one(args: &IndexArgs, environment: &Environment) -> Result<Job, Failure> {
        let store = &environment.store;
        let addresses = web::addresses(args)?;
        if !addresses.is_empty() {
            return Job::of_web(args, environment, &addresses);
        }
        let Some(path) = args.paths.first() else {
            let typed = args.name.as_deref().ok_or(Failure::FlagOfOne { flag: "--name" })?;
            let name = open::collection_name(typed)?;
            if !environment.config.collections.contains_key(&name) {
                open::named(store, args.name.as_slice())?;
            }
            return Job::named(args, environment, name);
        };
        if let Some(flag) = web::flag(&args.web) {
            return Err(Failure::FlagOfWeb { flag });
        }
        let given = args.name.as_deref().map(open::collection_name).transpose()?;
        let root = canonical(path).map_err(|source| Failure::Build {
            name: given.clone().unwrap_or_else(|| name_after(path)),
            source: Box::new(source),
        })?;
        let name = match given {
            Some(name) => name,
            None => match set_for(&environment.config, &root, args.revision.as_deref()) {
                Some(name) => name,
                None => collection_of(store, &root, args.revision.as_deref())?
                    .unwrap_or_else(|| name_of(&root, args.revision.as_deref())),
            },
        };
        let recorded = recorded(args, store, &name)?;
        if let Some(other) = recorded.as_ref().filter(|recorded| recorded.source.root != root) {
            return Err(taken(name, other, root));
        }
        let source = folder_choice(args, environment.config.collections.get(&name), recorded.as_ref());
        Ok(Job::new(args, (root, source), name, &environment.config, recorded.as_ref()))
    }

    /// The collection of these web pages.
    fn of_web(args: &IndexArgs, environment: &Environment, addresses: &[String]) -> Result<Job, Failure> {
        let given = args.name.as_deref().map(open::collection_name).transpose()?;
        let after_host = |record: &WebRecord| CollectionName::for_folder(&web::name(record));
        let failed = |source| {
            let name = given.clone().unwrap_or_else(|| CollectionName::for_folder("web"));
            Failure::Build { name, source: Box::new(source) }
        };
        let name = match &given {
            Some(name) => name.clone(),
            None => after_host(&web::record(&args.web, None, addresses, None).map_err(failed)?),
        };
        Job::of_pages(args, environment, name, addresses)
    }

    /// The collection of this name, of these web pages, or where there are none of those of last time.
    fn of_pages(
        args: &IndexArgs,
        environment: &Environment,
        name: CollectionName,
        addresses: &[String],
    ) -> Result<Job, Failure> {
        if args.revision.is_some() {
            return Err(Failure::FlagOfFolder { flag: "--revision" });
        }
        let recorded = recorded(args, &environment.store, &name)?;
        let failed = |source| Failure::Build { name: name.clone(), source: Box::new(source) };
        if let Some(of_folder) = recorded.as_ref().filter(|last| !is_of_web(last)) {
            return Err(taken(name, of_folder, addresses.first().map(PathBuf::from).unwrap_or_default()));
        }
        let set = environment.config.collections.get(&name).and_then(|set| set.web.as_ref());
        let record = web::record(&args.web, set, addresses, recorded.as_ref()).map_err(failed)?;
        // Where the data folder is now.
        let place = (environment.store.pages(&name), SourceChoice::Web { record, fetches: false });
        Ok(Job::new(args, place, name, &environment.config, recorded.as_ref()))
    }

    /// Every collection that is set, and every other as it was indexed the last time, or why it is not known how.
    pub(super) fn of_all(
        args: &IndexArgs,
        environment: &Environment,
    ) -> Result<Vec<Result<Job, Failure>>, Failure> {
        let settings = [
            ("--include", !args.include.is_empty()),
            ("--exclude", !args.exclude.is_empty()),
            ("--language", args.language.is_some()),
            ("--revision", args.revision.is_some()),
            ("--model", args.model.is_some()),
            ("--model-dir", args.model_dir.is_some()),
        ];
        let given = settings.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag);
        if let Some(flag) = given.or_else(|| web::flag(&args.web)) {
            return Err(Failure::FlagOfOne { flag });
        }
        let store = &environment.store;
        let mut names = store.collections()?;
        names.extend(environment.config.collections.keys().cloned());
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Err(Failure::NoCollections { data_dir: store.data_dir().to_owned() });
        }
        Ok(names.into_iter().map(|name| Job::named(args, environment, name)).collect())
    }

    /// A collection as it is set, or else as it was indexed the last time, but for what `args` say.
    pub(crate) fn named(
        args: &IndexArgs,
        environment: &Environment,
        name: CollectionName,
    ) -> Result<Job, Failure> {
        let recorded = recorded(args, &environment.store, &name)?;
        let set = environment.config.collections.get(&name);
        let path = set.and_then(|set| set.path.clone());
        let web = set.and_then(|set| set.web.as_ref());
        let was_web = recorded.as_ref().filter(|last| is_of_web(last));
        match (was_web, &path) {
            // Pages are kept in a folder of ours, never in one that somebody names.
            (Some(last), Some(path)) => return Err(taken(name, last, path.clone())),
            _ if web.is_some() || was_web.is_some() => {
                return Job::of_pages(args, environment, name, web.map_or(&[], |web| web.urls.as_slice()));
            }
            _ => {}
        }
        if let Some(flag) = web::flag(&args.web) {
            return Err(Failure::FlagOfWeb { flag });
        }
        let set_in = path.is_some().then(|| environment.config_file.clone());
        let last = || recorded.as_ref().map(|recorded| recorded.source.root.clone());
        let Some(root) = path.or_else(last) else {
            return Err(Failure::SourceForgotten { name });
        };
        if !root.is_dir() {
            return Err(Failure::SourceGone { name, root, set_in, is_indexed: recorded.is_some() });
        }
        // Two ways to write one folder are one folder.
        let root = fs::canonicalize(&root).unwrap_or(root);
        let source = folder_choice(args, set, recorded.as_ref());
        Ok(Job::new(args, (root, source), name, &environment.config, recorded.as_ref()))
    }

    /// What says when to run again: events in the folder, or a look at where the revision stands.
    pub(crate) fn follower(&self) -> Follower {
        match &self.source {
            SourceChoice::Revision(revision) => Follower::of_revision(&self.root, revision),
            SourceChoice::Folder | SourceChoice::Web { .. } => Follower::new(&self.root),
        }
    }

    /// Whether its documents come from the network.
    pub(crate) fn is_web(&self) -> bool {
        matches!(self.source, SourceChoice::Web { .. })
    }

    /// The folder, or the addresses.
    pub(crate) fn shown(&self) -> String {
        match &self.source {
            SourceChoice::Web { record, .. } => record.urls.join(" "),
            SourceChoice::Folder | SourceChoice::Revision(_) => self.root.to_string_lossy().into_owned(),
        }
    }

    /// One run with `model`, which is [`Job::model`] loaded, where it is known. It asks nothing of the network.
    pub(crate) fn options(&self, model: Option<Model>, threads: NonZero<usize>, now: u64) -> BuildOptions {
        BuildOptions {
            root: self.root.clone(),
            source: self.source.clone(),
            name: self.name.clone(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            language: self.language,
            model,
            threads,
            rebuild: false,
            may_change_model: self.names_model,
            now,
            restate_after: Duration::ZERO,
            clock: Instant::now,
        }
    }

    /// Flags first, then what is set, then what is recorded.
    fn new(
        args: &IndexArgs,
        (root, source): (PathBuf, SourceChoice),
        name: CollectionName,
        config: &Config,
        last: Option<&Settings>,
    ) -> Job {
        let set = config.collections.get(&name).cloned().unwrap_or_default();
        let globs =
            |given: &[String], set: &Option<Vec<String>>, recorded: fn(&Settings) -> &Vec<String>| match (
                given, set,
            ) {
                ([], Some(set)) => set.clone(),
                ([], None) => last.map(recorded).cloned().unwrap_or_default(),
                (given, _) => given.to_vec(),
            };
        // Whoever names a model wants its vectors, whatever made those that are there.
        let names_model = [&args.model, &set.model].iter().any(|name| name.is_some())
            || [&args.model_dir, &set.model_dir].iter().any(|folder| folder.is_some());
        Job {
            names_model,
            include: globs(&args.include, &set.include, |last| &last.source.include),
            exclude: globs(&args.exclude, &set.exclude, |last| &last.source.exclude),
            language: language(args, &set, last),
            model: model(args, &set, last, config),
            root,
            source,
            name,
        }
    }
}

fn is_of_web(last: &Settings) -> bool {
    matches!(last.source.origin, Origin::Web(_))
}

/// Why a collection that is of something else cannot be of `path`.
fn taken(name: CollectionName, last: &Settings, path: PathBuf) -> Failure {
    let source = BuildError::NameTaken { name: name.clone(), indexed: last.source.root.clone(), path };
    Failure::Build { name, source: Box::new(source) }
}

/// The revision asked for or set, or the kind of source of last time.
fn folder_choice(args: &IndexArgs, set: Option<&CollectionConfig>, last: Option<&Settings>) -> SourceChoice {
    let recorded = || match SourceChoice::recorded(&last?.source.origin) {
        // A folder is never where pages are kept.
        SourceChoice::Web { .. } => None,
        of_folder => Some(of_folder),
    };
    let asked = args.revision.as_ref().or_else(|| set?.revision.as_ref());
    asked.cloned().map(SourceChoice::Revision).or_else(recorded).unwrap_or(SourceChoice::Folder)
}

fn language(args: &IndexArgs, set: &CollectionConfig, last: Option<&Settings>) -> Option<Language> {
    let recorded = || last?.source.language.as_deref()?.parse().ok();
    match args.language.or(set.language.map(|LanguageSetting(choice)| choice)) {
        Some(LanguageChoice::Fixed(language)) => Some(language),
        Some(LanguageChoice::Detected) => None,
        None => recorded(),
    }
}

fn model(args: &IndexArgs, set: &CollectionConfig, last: Option<&Settings>, config: &Config) -> JobModel {
    let recorded = last.map(|last| last.model.as_ref());
    // Made anew, a collection takes the model as the engine has it now.
    let as_recorded = |choice: ModelChoice| match args.rebuild {
        true => ModelChoice { remote: choice.remote.map(|_| RemoteChoice::AsItIs), ..choice },
        false => choice.that_made(recorded.flatten()),
    };
    // A name and a folder belong together: what a flag says of either stands for both.
    // By language means once: settings that say so keep what was chosen then.
    let is_set = set.model.as_deref() != Some(MODEL_BY_LANGUAGE);
    let (name, folder) = match (&args.model, &args.model_dir) {
        (None, None) => (set.model.as_ref().filter(|_| is_set), &set.model_dir),
        (name, folder) => (name.as_ref(), folder),
    };
    let folder = folder.as_ref().map(|dir| fs::canonicalize(dir).unwrap_or_else(|_| dir.clone()));
    match (name.map(String::as_str), folder, recorded) {
        (Some(NO_MODEL), ..) => JobModel::WordsAlone,
        (Some(MODEL_BY_LANGUAGE), None, _) => JobModel::ByLanguage,
        (Some(name), folder, _) => JobModel::Named(as_recorded(ModelChoice::called(name, folder, config))),
        (None, None, None) => match config.embedding.as_ref().filter(|_| is_set) {
            Some(engine) => JobModel::Named(ModelChoice::of_engine(engine)),
            None => JobModel::ByLanguage,
        },
        (None, None, Some(Some(record))) => JobModel::Named(as_recorded(ModelChoice::recorded(record))),
        (None, None, Some(None)) => JobModel::WordsAlone,
        // The folder of the recorded model may have moved; another model's folder gives it its name.
        (None, Some(folder), recorded) => {
            let name =
                recorded.flatten().filter(|model| model.folder.is_some()).map(|model| model.name.clone());
            let own = || folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            JobModel::Named(ModelChoice {
                name: name.unwrap_or_else(own),
                folder: Some(folder),
                remote: None,
            })
        }
    }
}

/// The collection that the settings make of `root`, or of that revision of it.
fn set_for(config: &Config, root: &Path, revision: Option<&str>) -> Option<CollectionName> {
    let is_of_root = |set: &CollectionConfig| {
        set.revision.as_deref() == revision
            && set.path.as_ref().is_some_and(|path| fs::canonicalize(path).is_ok_and(|path| path == root))
    };
    config.collections.iter().find(|(_, set)| is_of_root(set)).map(|(name, _)| name.clone())
}

/// What is recorded of a collection; nothing where it is to be made anew and cannot be read.
fn recorded(args: &IndexArgs, store: &Store, name: &CollectionName) -> Result<Option<Settings>, Failure> {
    match newest_settings(store, name) {
        Err(_) if args.rebuild => Ok(None),
        read => read.map_err(|source| Failure::Open { name: name.clone(), source }),
    }
}

/// The collection that was made from `root`, or from that revision of it: the one with its name if there are several,
/// else the first.
fn collection_of(
    store: &Store,
    root: &Path,
    revision: Option<&str>,
) -> Result<Option<CollectionName>, Failure> {
    let is_of_root = |name: &CollectionName| {
        let Ok(Some(recorded)) = newest_settings(store, name) else { return false };
        let of_revision = match &recorded.source.origin {
            Origin::Commit { revision, .. } => Some(revision.as_str()),
            _ => None,
        };
        recorded.source.root == root && of_revision == revision
    };
    let mut of_root: Vec<_> = store.collections()?.into_iter().filter(is_of_root).collect();
    let own = of_root.iter().position(|name| *name == name_of(root, revision)).unwrap_or(0);
    Ok((own < of_root.len()).then(|| of_root.swap_remove(own)))
}

fn name_after(root: &Path) -> CollectionName {
    CollectionName::for_folder(&root.file_name().unwrap_or_default().to_string_lossy())
}

fn name_of(root: &Path, revision: Option<&str>) -> CollectionName {
    let Some(revision) = revision else { return name_after(root) };
    let folder = root.file_name().unwrap_or_default().to_string_lossy();
    CollectionName::for_folder(&format!("{folder}-{revision}"))
}

/// The folder, absolute and without links; checked before anything long begins.
fn canonical(path: &Path) -> Result<PathBuf, BuildError> {
    let owned = || path.to_owned();
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => BuildError::SourceMissing { path: owned() },
        _ => BuildError::SourceUnreadable { path: owned(), source },
    };
    let root = fs::canonicalize(path).map_err(unreadable)?;
    match root.is_dir() {
        true => Ok(root),
        false => Err(BuildError::SourceIsFile { path: root }),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use ibid_index::manifest::{ModelRecord, RemoteRecord, SourceRecord};

    use super::*;
    use crate::args::{Cli, Command};
    use crate::config::EmbeddingConfig;

    fn args(flags: &[&str]) -> IndexArgs {
        let cli = Cli::try_parse_from(["ibid", "index"].iter().chain(flags)).unwrap();
        let Command::Index(args) = cli.command else { panic!("not an index command") };
        args
    }

    fn record(name: &str, folder: Option<&str>) -> ModelRecord {
        let (engine, checksum) = (String::new(), String::new());
        ModelRecord {
            name: name.to_owned(),
            engine,
            dimensions: 3,
            checksum,
            folder: folder.map(PathBuf::from),
            remote: None,
        }
    }

    fn settings(model: Option<ModelRecord>) -> Settings {
        let source = SourceRecord {
            root: "/notes".into(),
            include: vec!["a/**".to_owned()],
            exclude: vec!["b".to_owned()],
            language: None,
            origin: Origin::Folder,
        };
        Settings { source, model }
    }

    fn place() -> (PathBuf, SourceChoice) {
        ("/notes".into(), SourceChoice::Folder)
    }

    #[test]
    fn a_revision_is_the_one_named_or_the_one_of_last_time() {
        let revision = |revision: &str| SourceChoice::Revision(revision.to_owned());
        let of_commit = || {
            let mut recorded = settings(None);
            recorded.source.origin =
                Origin::Commit { revision: "main".to_owned(), commit: "c0ffee".to_owned() };
            Some(recorded)
        };
        let set = |revision: &str| {
            Some(CollectionConfig { revision: Some(revision.to_owned()), ..CollectionConfig::default() })
        };
        for (flags, set, last, wanted) in [
            (&[][..], None, None, SourceChoice::Folder),
            (&[], None, of_commit(), revision("main")),
            (&[], set("v2"), of_commit(), revision("v2")),
            (&[], Some(CollectionConfig::default()), of_commit(), revision("main")),
            (&["--revision", "v1"], None, of_commit(), revision("v1")),
            (&["--revision", "v1"], set("v2"), Some(settings(None)), revision("v1")),
        ] {
            let chosen = folder_choice(&args(flags), set.as_ref(), last.as_ref());
            assert_eq!(chosen, wanted, "{flags:?}, {set:?}");
        }
    }

    #[test]
    fn flags_go_before_what_is_recorded() {
        let name: CollectionName = "garden".parse().unwrap();
        let recorded = settings(None);
        for (flags, include, exclude) in [
            (&[][..], &["a/**"][..], &["b"][..]),
            (&["--include", "c", "--include", "d"], &["c", "d"], &["b"]),
            (&["--exclude", ""], &["a/**"], &[""]),
        ] {
            let job = Job::new(&args(flags), place(), name.clone(), &Config::default(), Some(&recorded));
            assert_eq!((job.include, job.exclude), (owned(include), owned(exclude)), "{flags:?}");
        }
        let job = Job::new(&args(&[]), place(), name, &Config::default(), None);
        assert_eq!((job.include, job.model), (vec![], JobModel::ByLanguage));
    }

    #[test]
    fn what_is_set_stands_between_flags_and_what_is_recorded() {
        let name: CollectionName = "garden".parse().unwrap();
        let set = CollectionConfig {
            include: Some(owned(&["s"])),
            language: Some(LanguageSetting(LanguageChoice::Detected)),
            model: Some("e5".to_owned()),
            ..CollectionConfig::default()
        };
        let config = Config { collections: [(name.clone(), set)].into(), ..Config::default() };
        let recorded = settings(Some(record("bge", None)));
        let job = |flags: &[&str]| Job::new(&args(flags), place(), name.clone(), &config, Some(&recorded));
        assert_eq!((job(&[]).include, job(&[]).exclude), (owned(&["s"]), owned(&["b"])));
        assert_eq!(job(&["--include", "f"]).include, owned(&["f"]));
        let named =
            |name: &str| JobModel::Named(ModelChoice { name: name.to_owned(), folder: None, remote: None });
        assert_eq!(job(&[]).model, named("e5"));
        assert_eq!(job(&["--model", "x"]).model, named("x"));
        assert_eq!(job(&["--language", "de"]).language, "de".parse().ok());
    }

    fn owned(globs: &[&str]) -> Vec<String> {
        globs.iter().map(|glob| (*glob).to_owned()).collect()
    }

    #[test]
    fn the_model_is_the_one_named_or_the_one_of_last_time() {
        let choice = |name: &str, folder: Option<&str>| {
            JobModel::Named(ModelChoice {
                name: name.to_owned(),
                folder: folder.map(PathBuf::from),
                remote: None,
            })
        };
        let bge = || settings(Some(record("bge", None)));
        let own = || settings(Some(record("mine", Some("/old"))));
        for (flags, last, wanted) in [
            (&[][..], Some(bge()), choice("bge", None)),
            (&[], Some(own()), choice("mine", Some("/old"))),
            (&[], Some(settings(None)), JobModel::WordsAlone),
            (&[], None, JobModel::ByLanguage),
            (&["--model", "none"], Some(bge()), JobModel::WordsAlone),
            (&["--model", "auto"], Some(bge()), JobModel::ByLanguage),
            (&["--model", "english"], Some(bge()), choice("all-MiniLM-L6-v2", None)),
            (&["--model", "Multilingual"], None, choice("multilingual-e5-small", None)),
            (&["--model", "e5"], Some(own()), choice("e5", None)),
            (&["--model-dir", "/none/e5"], None, choice("e5", Some("/none/e5"))),
            (&["--model-dir", "/none/e5"], Some(bge()), choice("e5", Some("/none/e5"))),
            (&["--model-dir", "/none/new"], Some(own()), choice("mine", Some("/none/new"))),
            (&["--model", "x", "--model-dir", "/none/e5"], Some(own()), choice("x", Some("/none/e5"))),
        ] {
            let config = Config::default();
            assert_eq!(
                model(&args(flags), &CollectionConfig::default(), last.as_ref(), &config),
                wanted,
                "{flags:?}"
            );
        }
        // Settings that say "auto" choose once.
        let auto = CollectionConfig { model: Some("auto".to_owned()), ..CollectionConfig::default() };
        assert_eq!(model(&args(&[]), &auto, None, &Config::default()), JobModel::ByLanguage);
        assert_eq!(model(&args(&[]), &auto, Some(&bge()), &Config::default()), choice("bge", None));
    }

    #[test]
    fn the_engine_of_the_settings_has_new_collections_and_those_that_name_its_model() {
        let engine = "[embedding]\nurl = \"http://127.0.0.1/v1\"\nmodel = \"bge\"\ndimensions = 3";
        let engine =
            Config { embedding: toml::from_str::<Engine>(engine).unwrap().embedding, ..Config::default() };
        let remote = |checksum: &str| {
            let remote = RemoteRecord { leaves_machine: false, probes: Vec::new() };
            ModelRecord { remote: Some(remote), checksum: checksum.to_owned(), ..record("bge", None) }
        };
        let choice = |remote: Option<RemoteChoice>| {
            JobModel::Named(ModelChoice { name: "bge".to_owned(), folder: None, remote })
        };
        let as_recorded = || choice(Some(RemoteChoice::AsRecorded(Box::new(remote("r")))));
        let as_it_is = || choice(Some(RemoteChoice::AsItIs));
        let english = || JobModel::Named(ModelChoice::bundled(BundledModel::English));
        for (flags, set, last, wanted) in [
            (&[][..], None, None, as_it_is()),
            (&[], Some("auto"), None, JobModel::ByLanguage),
            (&[], Some("english"), None, english()),
            (&["--model", "auto"], None, None, JobModel::ByLanguage),
            (&["--model", "none"], None, None, JobModel::WordsAlone),
            (&["--model", "bge"], None, None, as_it_is()),
            // What stands keeps its model.
            (&[], None, Some(None), JobModel::WordsAlone),
            (&[], None, Some(Some(record("bge", None))), choice(None)),
            (&[], None, Some(Some(remote("r"))), as_recorded()),
            (&["--model", "bge"], None, Some(Some(remote("r"))), as_recorded()),
            (&[], Some("bge"), Some(Some(remote("r"))), as_recorded()),
            // Another one by that name made its vectors: they are made anew.
            (&["--model", "bge"], None, Some(Some(record("bge", None))), as_it_is()),
            (&["--rebuild"], None, Some(Some(remote("r"))), as_it_is()),
            (&["--rebuild", "--model", "bge"], None, Some(Some(remote("r"))), as_it_is()),
        ] {
            let last = last.map(settings);
            let set = CollectionConfig { model: set.map(str::to_owned), ..CollectionConfig::default() };
            assert_eq!(
                model(&args(flags), &set, last.as_ref(), &engine),
                wanted,
                "{flags:?} {set:?} {last:?}"
            );
        }
    }

    /// The settings file, as far as it names an engine.
    #[derive(serde::Deserialize)]
    struct Engine {
        embedding: Option<EmbeddingConfig>,
    }
}
