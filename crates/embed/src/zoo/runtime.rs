//! Opens the ONNX Runtime library before fastembed asks for it, because fastembed panics where it is missing.

use std::path::PathBuf;

use crate::error::{EmbedError, OnnxRuntimeReason};

/// Opens the first candidate that is a usable library. The process keeps the first one ever opened: later
/// calls succeed with it whatever usable file they name.
pub(super) fn open(candidates: &[PathBuf]) -> Result<(), EmbedError> {
    let mut refused = Vec::new();
    for candidate in candidates.iter().filter(|path| path.is_file()) {
        // ort takes a relative path from the executable's folder; the caller meant the working folder.
        let path = candidate.canonicalize().unwrap_or_else(|_| candidate.clone());
        match ort::init_from(&path) {
            // fastembed makes its own environment; two in one process are an error.
            Ok(_environment) => return Ok(()),
            Err(error) => refused.push((candidate.clone(), error)),
        }
    }
    let reason = match (candidates, refused) {
        ([], _) => OnnxRuntimeReason::NoCandidate,
        (_, refused) if refused.is_empty() => OnnxRuntimeReason::NotFound,
        (_, refused) => OnnxRuntimeReason::Refused(refused),
    };
    Err(EmbedError::OnnxRuntime { looked_in: candidates.to_vec(), reason })
}
