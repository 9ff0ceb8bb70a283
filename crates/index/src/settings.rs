//! How a collection was asked for: its folder, filters, language and model. The manifest says so too and goes before;
//! this copy, in a file of its own, is there when the manifest is not: after damage, or a kill while everything was being
//! made anew.

use std::fs;
use std::io;
use std::path::Path;

use ibid_core::id::CollectionName;
use serde::{Deserialize, Serialize};

use crate::error::{OpenError, WriteError};
use crate::lexical::sealed;
use crate::manifest::{Manifest, ModelRecord, SourceRecord};
use crate::store::{Layout, Store};

/// What a run of the indexer needs to know to make a collection again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where its documents come from.
    pub source: SourceRecord,
    /// Which model makes its vectors; `None` where it is indexed by words alone.
    pub model: Option<ModelRecord>,
}

impl From<&Manifest> for Settings {
    fn from(manifest: &Manifest) -> Settings {
        Settings { source: manifest.source.clone(), model: manifest.model.clone() }
    }
}

/// How a collection was asked for the last time, as far as it can be told whatever state its files are in, of this format
/// or another; `None` where nothing was ever begun.
///
/// Reads one or two small files, and checks no file that they name.
pub fn newest_settings(store: &Store, name: &CollectionName) -> Result<Option<Settings>, OpenError> {
    let layout = store.layout(name);
    let committed = in_manifest(&layout.commit_point());
    match committed {
        Ok(None) | Err(OpenError::Damaged { .. }) => match read(&layout)? {
            None => committed,
            copy => Ok(copy),
        },
        committed => committed,
    }
}

/// What the manifest in a commit point says, whose seal may be broken or missing: it has a hash of its own. `None` where
/// there is no commit point, or no commit.
fn in_manifest(path: &Path) -> Result<Option<Settings>, OpenError> {
    #[derive(Deserialize)]
    struct CommitPoint {
        payload: Option<String>,
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::io(path)(error)),
    };
    let damaged = |reason: &str| OpenError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    let first = serde_json::Deserializer::from_slice(&bytes).into_iter::<CommitPoint>().next();
    let Some(Ok(CommitPoint { payload })) = first else { return Err(damaged("its checksum does not match")) };
    let Some(payload) = payload else { return Ok(None) };
    let settings = Manifest::json_in(&payload).and_then(|json| serde_json::from_str(json).ok());
    settings.map(Some).ok_or_else(|| damaged("its manifest is not what was written"))
}

/// What the settings' own file says; `None` where it is not there or not what was written.
pub(crate) fn read(layout: &Layout) -> Result<Option<Settings>, OpenError> {
    match sealed::read(&layout.settings()) {
        Ok(json) => Ok(json.and_then(|json| serde_json::from_slice(&json).ok())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::io(&layout.settings())(error)),
    }
}

/// Replaces the settings' own file where it says something else.
pub(crate) fn write(layout: &Layout, settings: &Settings) -> Result<(), WriteError> {
    if read(layout)?.as_ref() == Some(settings) {
        return Ok(());
    }
    let json = serde_json::to_vec(settings).expect("settings hold only texts, numbers and lists");
    sealed::replace(&layout.settings(), &json).map_err(WriteError::io(&layout.settings()))
}
