//! Opens the ONNX Runtime library before ort asks for it, because ort panics where it is missing.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

use crate::error::OnnxRuntimeReason;

/// The process's environment: ort knows one.
static OPEN: Mutex<Option<Environment>> = Mutex::new(None);

/// Opens the first candidate that is a usable library. The process keeps the first one ever opened: later calls give
/// that one whatever usable file they name.
pub(super) fn open(candidates: &[PathBuf]) -> Result<Environment, OnnxRuntimeReason> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut refused = Vec::new();
    for candidate in candidates.iter().filter(|path| path.is_file()) {
        // ort takes a relative path from the executable's folder; the caller meant the working folder.
        let path = candidate.canonicalize().unwrap_or_else(|_| candidate.clone());
        let builder = match ort::init_from(&path) {
            Ok(builder) => builder,
            Err(error) => {
                refused.push((candidate.clone(), error));
                continue;
            }
        };
        if let Some(environment) = &*open {
            return Ok(environment.clone());
        }
        let environment = builder.build().map_err(OnnxRuntimeReason::Environment)?;
        *open = Some(environment.clone());
        return Ok(environment);
    }
    Err(match (candidates, refused) {
        ([], _) => OnnxRuntimeReason::NoCandidate,
        (_, refused) if refused.is_empty() => OnnxRuntimeReason::NotFound,
        (_, refused) => OnnxRuntimeReason::Refused(refused),
    })
}
