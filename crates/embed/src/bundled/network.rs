//! A compiled-in network and the worker that runs it on one thread. What a text is turned into before the
//! network sees it is each model's own.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueOrView, op_registry};
use rten_tensor::prelude::*;

use crate::embedder::{EmbedWorker, ModelIdentity, checked};
use crate::error::EmbedError;

/// What a text is to the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Something to be found.
    Document,
    /// A question.
    Query,
}

/// Turns a text into what a network is fed with, in the order of its inputs.
pub(super) trait Feed: Send + Sync {
    fn inputs(&self, text: &str, role: Role) -> Result<Vec<ValueOrView<'static>>, EmbedError>;
}

/// The network and the places where it is fed and read.
pub(super) struct Network {
    model: Model,
    inputs: Vec<NodeId>,
    output: NodeId,
}

impl Network {
    /// Unpacks the graph of the model called `name`, which is fed at `inputs`.
    pub(super) fn load(name: &str, graph: &'static [u8], inputs: &[&str]) -> Result<Self, EmbedError> {
        // Only the operators the graphs have: the linker drops the rest of rten.
        let operators = op_registry!(
            Add,
            Cast,
            Div,
            DynamicQuantizeLinear,
            Erf,
            Gather,
            LayerNormalization,
            MatMul,
            MatMulInteger,
            Mul,
            ReduceL2,
            ReduceMean,
            Reshape,
            Shape,
            Slice,
            Softmax,
            Squeeze,
            Sub,
            Transpose,
            Unsqueeze
        );
        let model = ModelOptions::with_ops(operators)
            .prepack_weights(true)
            .load_static_slice(graph)
            .map_err(|source| EmbedError::Weights { model: name.to_owned(), source: Box::new(source) })?;
        let node = |node| {
            model.node_id(node).map_err(|source| EmbedError::Run {
                model: name.to_owned(),
                bytes: 0,
                source: Box::new(source),
            })
        };
        Ok(Self {
            inputs: inputs.iter().map(|&input| node(input)).collect::<Result<_, _>>()?,
            output: node("sentence_embedding")?,
            model,
        })
    }

    fn run(&self, inputs: Vec<ValueOrView>, options: RunOptions) -> Result<Vec<f32>, rten::RunError> {
        let inputs = self.inputs.iter().copied().zip(inputs).collect();
        let [output] = self.model.run_n(inputs, [self.output], Some(options))?;
        Ok(output.into_tensor::<f32>().map(|vector| vector.to_vec()).unwrap_or_default())
    }
}

/// One thread's hold on a network.
pub(super) struct NetworkWorker<F> {
    identity: ModelIdentity,
    network: Arc<Network>,
    feed: F,
    options: RunOptions,
}

impl<F: Feed> NetworkWorker<F> {
    pub(super) fn new(identity: ModelIdentity, network: Arc<Network>, feed: F) -> Self {
        // rten runs on the threads of a pool; one thread per worker keeps workers off each other's cores.
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        Self { identity, network, feed, options: RunOptions::default().with_thread_pool(Some(pool)) }
    }

    fn embed(&self, text: &str, role: Role) -> Result<Vec<f32>, EmbedError> {
        let inputs = self.feed.inputs(text, role)?;
        let vector = self.network.run(inputs, self.options.clone()).map_err(|source| EmbedError::Run {
            model: self.identity.name.clone(),
            bytes: text.len(),
            source: Box::new(source),
        })?;
        checked(&self.identity, vector)
    }
}

impl<F: Feed> EmbedWorker for NetworkWorker<F> {
    fn embed_document(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.embed(text, Role::Document)
    }

    fn embed_query(&mut self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.embed(text, Role::Query)
    }
}
