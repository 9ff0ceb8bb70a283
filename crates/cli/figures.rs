//! How good the answers of a server are: collections with judged questions in the settings are measured while they are
//! served, when serving begins and after they changed. The overview shows the newest figures; nothing is kept of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use ibid_core::id::CollectionName;
use ibid_core::query::Mode;
use ibid_core::ranking::Ranking;
use ibid_embed::Reranker;
use ibid_index::snapshot::Snapshot;
use ibid_measure::dataset::Dataset;
use ibid_measure::metrics::Measure;
use ibid_measure::record::Record;
use ibid_measure::run::{Asked, RunError};
use ibid_server::{Figures, Library, Measured, Viewer};

use crate::environment;
use crate::failure::Failure;
use crate::open::{ModelChoice, SharedModels};

/// How often the collections are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// The least time between two measurements of a collection: notes are saved all the time, and figures move slowly.
const REST: Duration = Duration::from_secs(15 * 60);

/// A collection with questions, and what is known of it.
struct Subject {
    questions: PathBuf,
    /// The generation that was measured last, and when.
    measured: Option<(u64, Instant)>,
}

/// Begins to measure what the settings give questions for, on a thread that ends with the library.
pub(crate) fn measure_served(library: &Arc<Library>, models: Arc<SharedModels>) -> Result<Figures, Failure> {
    let figures = Figures::default();
    let configured = models.environment().config.collections.iter();
    let mut subjects: BTreeMap<CollectionName, Subject> = configured
        .filter_map(|(name, config)| {
            Some((name.clone(), Subject { questions: config.questions.clone()?, measured: None }))
        })
        .collect();
    if subjects.is_empty() {
        return Ok(figures);
    }
    let (library, put_into) = (Arc::downgrade(library), figures.clone());
    let work = move || {
        while look(&library, &mut subjects, &models, &put_into) {
            thread::sleep(LOOK_EVERY);
        }
    };
    thread::Builder::new().name("ibid-figures".to_owned()).spawn(work).map_err(Failure::Start)?;
    Ok(figures)
}

/// Measures what has changed. Gives whether the library is still there.
fn look(
    library: &Weak<Library>,
    subjects: &mut BTreeMap<CollectionName, Subject>,
    models: &SharedModels,
    figures: &Figures,
) -> bool {
    let seen = |library: Arc<Library>| (library.snapshots(&Viewer::owner()), library.reranker());
    let Some((snapshots, reranker)) = library.upgrade().map(seen) else { return false };
    for snapshot in snapshots.unwrap_or_default() {
        let generation = snapshot.manifest().generation;
        let Some(subject) = subjects.get_mut(snapshot.name()) else { continue };
        let is_due =
            subject.measured.is_none_or(|(known, when)| known != generation && when.elapsed() >= REST);
        if !is_due {
            continue;
        }
        subject.measured = Some((generation, Instant::now()));
        match measure(&subject.questions, snapshot.clone(), reranker.as_deref(), models) {
            Ok(measured) => figures.put(measured),
            Err(failure) => {
                let (collection, reason) = (snapshot.name(), failure.message());
                tracing::warn!(%collection, %reason, "its answers cannot be measured");
            }
        }
    }
    true
}

fn measure(
    questions: &Path,
    snapshot: Arc<Snapshot>,
    reranker: Option<&Reranker>,
    models: &SharedModels,
) -> Result<Measured, Failure> {
    let dataset = Dataset::read_questions(questions, None)?;
    let model = snapshot.manifest().model.as_ref().filter(|_| snapshot.damage().is_none());
    let embedder = model.map(|record| models.get(&ModelChoice::recorded(record))).transpose()?;
    let can = |mode: &Mode| embedder.is_some() || !mode.has_semantic();
    let modes: Vec<Mode> = Mode::NAMES.into_iter().map(|(_, mode)| mode).filter(can).collect();
    let asked = Asked::new(&dataset.questions, snapshot.clone(), embedder, Ranking::default())
        .map_err(RunError::from)?;
    let runs = modes.iter().map(|mode| asked.run(*mode, reranker, &|| ())).collect::<Result<Vec<_>, _>>()?;
    let record = Record::new(&dataset.name, &dataset.questions, &runs);
    Ok(told(&record, &snapshot, environment::now()))
}

/// As the page shows it: a column for every measure that any mode has.
fn told(record: &Record, snapshot: &Snapshot, now: u64) -> Measured {
    let all = Measure::OF_DOCUMENTS.into_iter().chain(Measure::OF_SPANS);
    let any = |measure: &Measure| record.modes.values().any(|mode| mode.mean(*measure).is_some());
    let measures: Vec<Measure> = all.filter(any).collect();
    let modes = record.modes.iter().map(|(name, mode)| {
        let values = measures.iter().map(|measure| Some(mode.mean(*measure)?.0));
        (name.clone(), values.collect())
    });
    Measured {
        collection: snapshot.name().to_string(),
        generation: snapshot.manifest().generation,
        measured_at: now,
        questions: record.per_question.len(),
        names: measures.iter().map(|measure| measure.name().to_owned()).collect(),
        modes: modes.collect(),
    }
}
