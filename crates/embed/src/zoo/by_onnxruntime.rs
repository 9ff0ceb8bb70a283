//! A folder's network run by ONNX Runtime, which is faster than rten and not in the program: a library that the caller
//! names. fastembed, which wraps the same crate, knows no dense layers, no other pooling than two, and tables of its own in
//! place of the model's files; with what is around the network being ours, both engines give one model the same vectors.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::{Session, SessionInputValue};
use ort::value::{Tensor, TensorElementType, ValueType};

use super::network::{Ends, Network, Output, Purpose, Runner, Tokens};
use crate::error::{EmbedError, UnknownPart};

/// A network that ONNX Runtime can open.
pub(super) struct OnnxRuntimeNetwork {
    environment: Environment,
    path: PathBuf,
    purpose: Purpose,
    /// The session that showed that it opens; the first runner takes it.
    first: Mutex<Option<Session>>,
}

impl OnnxRuntimeNetwork {
    /// Opens a graph and the weights beside it.
    pub(super) fn open(environment: Environment, path: &Path, purpose: Purpose) -> Result<Self, EmbedError> {
        let first = Mutex::new(Some(session(&environment, path)?));
        Ok(Self { environment, path: path.to_owned(), purpose, first })
    }
}

fn failed(path: &Path, source: ort::Error) -> EmbedError {
    EmbedError::OnnxRuntimeRun { path: path.to_owned(), source: Box::new(source) }
}

/// A session on one thread. Each has the weights in memory for itself.
fn session(environment: &Environment, path: &Path) -> Result<Session, EmbedError> {
    let builder = Session::builder(environment).map_err(|source| failed(path, source))?;
    let mut builder = builder.with_intra_threads(1).map_err(|source| failed(path, source.into()))?;
    builder.commit_from_file(path).map_err(|source| failed(path, source))
}

impl Network for OnnxRuntimeNetwork {
    fn runner(&self) -> Result<Box<dyn Runner + Send>, EmbedError> {
        // Held for a move, never while a session is made.
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let session = first.map_or_else(|| session(&self.environment, &self.path), Ok)?;
        let names = |outlets: &[ort::value::Outlet]| -> Vec<String> {
            outlets.iter().map(|outlet| outlet.name().to_owned()).collect()
        };
        let (inputs, outputs) = (names(session.inputs()), names(session.outputs()));
        let ends = Ends::of(&self.path, self.purpose, &inputs, &outputs)?;
        let narrow = session
            .inputs()
            .iter()
            .map(|input| matches!(input.dtype(), ValueType::Tensor { ty: TensorElementType::Int32, .. }));
        let narrow = narrow.collect();
        Ok(Box::new(OnnxRuntimeRunner { path: self.path.clone(), session, ends, narrow }))
    }
}

struct OnnxRuntimeRunner {
    path: PathBuf,
    session: Session,
    ends: Ends,
    /// Which inputs take 32 bits in place of 64.
    narrow: Vec<bool>,
}

impl Runner for OnnxRuntimeRunner {
    fn run(&mut self, tokens: &Tokens) -> Result<Output, EmbedError> {
        let Self { path, session, ends, narrow } = self;
        let shape = [1, tokens.ids.len()];
        let row = |(&input, &narrow): (_, &bool)| -> ort::Result<SessionInputValue<'_>> {
            let row = tokens.row(input);
            if narrow {
                return Ok(Tensor::from_array((shape, row))?.into());
            }
            let row: Vec<i64> = row.into_iter().map(i64::from).collect();
            Ok(Tensor::from_array((shape, row))?.into())
        };
        let rows = ends.inputs.iter().zip(&*narrow).map(row).collect::<ort::Result<Vec<_>>>();
        let rows = rows.map_err(|source| failed(path, source))?;
        let outputs = session.run(rows.as_slice()).map_err(|source| failed(path, source))?;
        let (shape, values) =
            outputs[ends.output].try_extract_tensor::<f32>().map_err(|_| EmbedError::NotUnderstood {
                path: path.clone(),
                part: UnknownPart::Number("no 32-bit floats".to_owned()),
            })?;
        let shape: Vec<usize> = shape.iter().map(|&side| usize::try_from(side).unwrap_or_default()).collect();
        ends.output(path, &shape, values.to_vec(), tokens.ids.len())
    }
}
