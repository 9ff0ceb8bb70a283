//! `ibid config`: which settings are in force, and where each of them comes from. It reads and explains; the file is
//! written by people.

use std::io::Write;

use ibid_core::id::CollectionName;
use ibid_core::language::Language;
use ibid_index::settings::newest_settings;
use ibid_indexer::SourceChoice;
use serde_json::{Map, Value, json};

use crate::args::{BackgroundArgs, ConfigArgs, IndexArgs};
use crate::command::index::{Job, JobModel};
use crate::config::{CollectionConfig, EXAMPLE, EmbeddingConfig};
use crate::environment::Environment;
use crate::failure::{Failure, Outcome};
use crate::open::{MODEL_BY_LANGUAGE, NO_MODEL};
use crate::output::{self, DIM, STRONG};
use crate::text::safe_line;

/// Settings of one thing, under a name.
struct Section {
    name: String,
    /// Whether a collection is indexed already; `None` of what is no collection.
    is_indexed: Option<bool>,
    settings: Vec<Setting>,
    /// Why it could not be indexed now.
    trouble: Option<Failure>,
}

/// One setting in force.
struct Setting {
    key: &'static str,
    value: Value,
    from: &'static str,
}

pub(crate) fn run(args: &ConfigArgs, environment: &Environment) -> Result<Outcome, Failure> {
    if args.example {
        write!(output::out(), "{EXAMPLE}")?;
        return Ok(Outcome::Done);
    }
    let mut sections = vec![background(environment), serving(environment)];
    sections.extend(environment.config.embedding.as_ref().map(embedding));
    let mut names = environment.store.collections()?;
    names.extend(environment.config.collections.keys().cloned());
    names.sort();
    names.dedup();
    for name in names {
        sections.push(collection(name, environment));
    }
    match args.json {
        true => output::print_json(&as_json(&sections, environment))?,
        false => print(&sections, environment)?,
    }
    let troubles: Vec<_> = sections.iter().filter_map(|section| section.trouble.as_ref()).collect();
    troubles.iter().for_each(|trouble| trouble.print());
    Ok(if troubles.is_empty() { Outcome::Done } else { Outcome::Partly })
}

fn background(environment: &Environment) -> Section {
    let said = &environment.config.background;
    let share = BackgroundArgs::default().share(said);
    let setting =
        |key, value, is_said| Setting { key, value, from: if is_said { "file" } else { "default" } };
    let settings = vec![
        setting("cpu", json!(share.cpu), said.cpu.is_some()),
        setting("on_battery", json!(share.on_battery), said.on_battery.is_some()),
    ];
    Section { name: "background".to_owned(), is_indexed: None, settings, trouble: None }
}

fn serving(environment: &Environment) -> Section {
    let said = &environment.config.serving;
    let setting =
        |key, value, is_said| Setting { key, value, from: if is_said { "file" } else { "default" } };
    let secrets = said.secrets();
    let private: Vec<String> = match &said.private {
        Some(rules) => rules.iter().map(|rule| rule.0.to_string()).collect(),
        None => vec!["tag:private".to_owned(), "property:private=true".to_owned()],
    };
    let settings = vec![
        setting("private", json!(private), said.private.is_some()),
        setting("mask_secrets", json!(secrets.masked), said.mask_secrets.is_some()),
        setting("leave_secrets", json!(secrets.left), said.leave_secrets.is_some()),
        setting("more_secrets", json!(secrets.more), said.more_secrets.is_some()),
    ];
    Section { name: "serving".to_owned(), is_indexed: None, settings, trouble: None }
}

/// The engine that embeds, of which nothing is set by itself.
fn embedding(said: &EmbeddingConfig) -> Section {
    let setting =
        |key, value, is_said| Setting { key, value, from: if is_said { "file" } else { "default" } };
    let settings = vec![
        setting("url", json!(said.url), true),
        setting("model", json!(said.model), true),
        setting("dimensions", json!(said.dimensions), true),
        setting("key_env", json!(said.key_env), said.key_env.is_some()),
        setting("allow_remote", json!(said.may_be_remote()), said.allow_remote.is_some()),
        setting("timeout", json!(said.timeout().0), said.timeout.is_some()),
        setting("query_prefix", json!(said.query_prefix), said.query_prefix.is_some()),
        setting("document_prefix", json!(said.document_prefix), said.document_prefix.is_some()),
    ];
    Section { name: "embedding".to_owned(), is_indexed: None, settings, trouble: None }
}

/// What a run of `ibid index` would do now.
fn collection(name: CollectionName, environment: &Environment) -> Section {
    let said = environment.config.collections.get(&name).cloned().unwrap_or_default();
    // What cannot be read is there all the same; why it cannot is told by the job.
    let recorded = newest_settings(&environment.store, &name);
    let is_indexed = recorded.map_or(true, |recorded| recorded.is_some());
    let otherwise = if is_indexed { "last run" } else { "default" };
    let (mut settings, mut trouble) = (Vec::new(), None);
    let mut set = |key, value, is_said| {
        settings.push(Setting { key, value, from: if is_said { "file" } else { otherwise } });
    };
    match Job::named(&IndexArgs::default(), environment, name.clone()) {
        Ok(job) => {
            source(&job, &said, &mut set);
            let model = match &job.model {
                JobModel::WordsAlone => NO_MODEL,
                JobModel::Named(model) => &model.name,
                JobModel::ByLanguage => MODEL_BY_LANGUAGE,
            };
            set("include", json!(job.include), said.include.is_some());
            set("exclude", json!(job.exclude), said.exclude.is_some());
            set("language", json!(job.language.map_or("auto", Language::code)), said.language.is_some());
            set("model", json!(model), said.model.is_some() || said.model_dir.is_some());
        }
        Err(failure) => {
            if let Some(path) = &said.path {
                set("path", json!(path.to_string_lossy()), true);
            }
            trouble = Some(failure);
        }
    }
    if let Some(file) = &said.questions {
        set("questions", json!(file.to_string_lossy()), true);
    }
    Section { name: name.to_string(), is_indexed: Some(is_indexed), settings, trouble }
}

/// What the collection is made of.
fn source(job: &Job, said: &CollectionConfig, set: &mut dyn FnMut(&'static str, Value, bool)) {
    let root = || json!(job.root.to_string_lossy());
    match &job.source {
        SourceChoice::Folder => set("path", root(), said.path.is_some()),
        SourceChoice::Revision(revision) => {
            set("path", root(), said.path.is_some());
            set("revision", json!(revision), said.revision.is_some());
        }
        SourceChoice::Web { record, .. } => {
            let web = said.web.as_ref();
            set("urls", json!(record.urls), web.is_some());
            let domains = web.is_some_and(|web| !web.allow_domains.is_empty());
            set("allow_domains", json!(record.domains), domains);
            set("max_pages", json!(record.max_pages), web.is_some_and(|web| web.max_pages.is_some()));
            set("depth", json!(record.depth), web.is_some_and(|web| web.depth.is_some()));
            let seconds = record.delay_ms as f64 / 1e3;
            set("delay", json!(seconds), web.is_some_and(|web| web.delay.is_some()));
            set(
                "allow_private",
                json!(record.allow_private),
                web.is_some_and(|web| web.allow_private.is_some()),
            );
        }
    }
}

fn as_json(sections: &[Section], environment: &Environment) -> Value {
    let file = &environment.config_file;
    let of = |section: &Section| -> Map<String, Value> {
        let settings = section.settings.iter();
        settings
            .map(|Setting { key, value, from }| ((*key).to_owned(), json!({ "value": value, "from": from })))
            .collect()
    };
    let collections = sections.iter().filter_map(|section| {
        let mut object = of(section);
        object.insert("name".to_owned(), json!(section.name));
        object.insert("indexed".to_owned(), json!(section.is_indexed?));
        if let Some(trouble) = &section.trouble {
            object.insert("error".to_owned(), trouble.as_json());
        }
        Some(Value::Object(object))
    });
    json!({
        "file": file.to_string_lossy(),
        "file_exists": file.is_file(),
        "background": sections.first().map(of),
        "serving": sections.get(1).map(of),
        "embedding": sections.get(2).filter(|section| section.is_indexed.is_none()).map(of),
        "collections": collections.collect::<Vec<_>>(),
    })
}

fn print(sections: &[Section], environment: &Environment) -> Result<(), Failure> {
    let mut out = output::out();
    let file = &environment.config_file;
    let missing = if file.is_file() { "" } else { " (not there; `ibid config --example` shows one)" };
    writeln!(out, "{DIM}file{DIM:#}  {}{missing}", safe_line(&file.to_string_lossy()))?;
    for Section { name, is_indexed, settings, .. } in sections {
        let pending = if *is_indexed == Some(false) { " (not indexed yet)" } else { "" };
        writeln!(out, "\n{STRONG}{name}{STRONG:#}{pending}")?;
        for Setting { key, value, from } in settings {
            writeln!(out, "  {key:<15}  {}  {DIM}{from}{DIM:#}", words(value))?;
        }
    }
    Ok(out.flush()?)
}

/// A value as people write it.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => safe_line(text),
        Value::Null => "-".to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join("  "),
        other => other.to_string(),
    }
}
