//! A dense layer behind the pooling: its weights and its arithmetic. sentence-transformers keeps one in a folder of its
//! own, such as `2_Dense`.

use std::path::Path;

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::json::Json;
use crate::error::{EmbedError, UnknownPart};

const CONFIG: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.safetensors";

/// A linear map and what is done to each value after it.
pub(super) struct Dense {
    n_in: usize,
    n_out: usize,
    /// Row by row, a row for each value that comes out.
    weights: Vec<f32>,
    /// Empty where the layer has none.
    bias: Vec<f32>,
    activation: Activation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activation {
    Identity,
    Tanh,
}

impl Dense {
    /// Reads the layer of a folder. It takes four bytes a weight.
    pub(super) fn read(folder: &Path) -> Result<Self, EmbedError> {
        let config = Json::read(&folder.join(CONFIG))?
            .ok_or_else(|| EmbedError::MissingModelFile { folder: folder.to_owned(), wanted: CONFIG })?;
        let activation = match config.text("activation_function") {
            // What a layer has whose configuration names nothing.
            None => Activation::Tanh,
            Some(class) => match class.rsplit('.').next() {
                Some("Identity") => Activation::Identity,
                Some("Tanh") => Activation::Tanh,
                _ => return Err(config.unknown(UnknownPart::Activation(class.to_owned()))),
            },
        };
        for (key, only) in
            [("module_input_name", "sentence_embedding"), ("module_output_name", "sentence_embedding")]
        {
            if let Some(other) = config.text(key).filter(|name| *name != only) {
                return Err(config.unknown(UnknownPart::Module(format!("Dense of {other}"))));
            }
        }
        let path = folder.join(WEIGHTS);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(EmbedError::MissingModelFile { folder: folder.to_owned(), wanted: WEIGHTS });
            }
            read => read.map_err(|source| EmbedError::ModelFile { path: path.clone(), source })?,
        };
        let shapeless = |part| EmbedError::NotUnderstood { path: path.clone(), part };
        let broken =
            |source| EmbedError::Weights { model: path.display().to_string(), source: Box::new(source) };
        let tensors = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let linear = tensors.tensor("linear.weight").map_err(broken)?;
        let &[n_out, n_in] = linear.shape() else {
            return Err(shapeless(UnknownPart::Shape(linear.shape().to_vec())));
        };
        let mut layer =
            Self { n_in, n_out, weights: floats(&linear).map_err(shapeless)?, bias: Vec::new(), activation };
        if tensors.names().contains(&"linear.bias") {
            let bias = tensors.tensor("linear.bias").map_err(broken)?;
            layer.bias = floats(&bias).map_err(shapeless)?;
            if layer.bias.len() != n_out {
                return Err(shapeless(UnknownPart::Shape(bias.shape().to_vec())));
            }
        }
        Ok(layer)
    }

    /// How many values go in, and how many come out.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.n_in, self.n_out)
    }

    /// Applies the layer to a vector of `n_in` values.
    pub(super) fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let rows = self.weights.chunks_exact(self.n_in.max(1));
        let bias = self.bias.iter().copied().chain(std::iter::repeat(0.0));
        let value = |(row, bias): (&[f32], f32)| {
            let sum = row.iter().zip(vector).map(|(weight, value)| weight * value).sum::<f32>() + bias;
            match self.activation {
                Activation::Identity => sum,
                Activation::Tanh => sum.tanh(),
            }
        };
        rows.zip(bias).map(value).collect()
    }
}

/// The values of a tensor, whatever their width on disk.
fn floats(tensor: &TensorView<'_>) -> Result<Vec<f32>, UnknownPart> {
    let halves = || tensor.data().as_chunks::<2>().0.iter();
    match tensor.dtype() {
        Dtype::F32 => {
            Ok(tensor.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        }
        Dtype::F16 => Ok(halves().map(|bytes| half::f16::from_le_bytes(*bytes).to_f32()).collect()),
        Dtype::BF16 => Ok(halves().map(|bytes| half::bf16::from_le_bytes(*bytes).to_f32()).collect()),
        other => Err(UnknownPart::Number(format!("{other:?}"))),
    }
}
