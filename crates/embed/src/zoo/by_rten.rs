//! A folder's network run by rten, which is in the program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::network::{Ends, Network, Output, Purpose, Runner, Tokens};
use crate::error::{EmbedError, UnknownPart};

/// The network and the places where it is fed and read.
#[derive(Clone)]
pub(super) struct RtenNetwork(Arc<Opened>);

struct Opened {
    path: PathBuf,
    model: Model,
    inputs: Vec<NodeId>,
    output: NodeId,
    ends: Ends,
}

impl RtenNetwork {
    /// Opens a graph and the weights beside it, which are then in memory once for all workers.
    pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Self, EmbedError> {
        let load = ModelOptions::with_all_ops().prepack_weights(true).load_file(path);
        let model = load.map_err(|source| EmbedError::Weights {
            model: path.display().to_string(),
            source: Box::new(source),
        })?;
        let names = |nodes: &[NodeId]| -> Vec<String> {
            let name = |&node: &NodeId| model.node_info(node)?.name().map(str::to_owned);
            nodes.iter().map(|node| name(node).unwrap_or_default()).collect()
        };
        let (inputs, outputs) = (names(model.input_ids()), names(model.output_ids()));
        let ends = Ends::of(path, purpose, &inputs, &outputs)?;
        let (inputs, output) = (model.input_ids().to_vec(), model.output_ids()[ends.output]);
        Ok(Self(Arc::new(Opened { path: path.to_owned(), model, inputs, output, ends })))
    }
}

impl Network for RtenNetwork {
    fn runner(&self) -> Result<Box<dyn Runner + Send>, EmbedError> {
        // rten runs on the threads of a pool; one thread per worker keeps workers off each other's cores.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let options = RunOptions::default().with_thread_pool(Some(pool));
        Ok(Box::new(RtenRunner { network: self.clone(), options }))
    }
}

struct RtenRunner {
    network: RtenNetwork,
    options: RunOptions,
}

impl Runner for RtenRunner {
    fn run(&mut self, tokens: &Tokens) -> Result<Output, EmbedError> {
        let Opened { path, model, inputs, output, ends } = &*self.network.0;
        let row = |input| ValueOrView::from(NdTensor::from_data([1, tokens.ids.len()], tokens.row(input)));
        let rows = inputs.iter().copied().zip(ends.inputs.iter().map(|&input| row(input))).collect();
        let run = model.run_n(rows, [*output], Some(self.options.clone()));
        let [value] = run.map_err(|source| EmbedError::Run {
            model: path.display().to_string(),
            bytes: tokens.bytes,
            source: Box::new(source),
        })?;
        let tensor = value.into_tensor::<f32>().ok_or_else(|| EmbedError::NotUnderstood {
            path: path.clone(),
            part: UnknownPart::Number("whole numbers".to_owned()),
        })?;
        ends.output(path, tensor.shape(), tensor.to_vec(), tokens.ids.len())
    }
}
