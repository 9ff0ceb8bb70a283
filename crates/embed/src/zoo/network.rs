//! What the two engines that run a folder's network have in common: what they are fed with and what they give. Each
//! engine has a file of its own.

use std::path::Path;

use crate::error::{EmbedError, UnknownPart};

/// A network that an engine has opened, shared by its workers.
pub(super) trait Network: Send + Sync {
    /// Makes what one thread needs to run it.
    fn runner(&self) -> Result<Box<dyn Runner + Send>, EmbedError>;
}

/// One thread's hold on a network.
pub(super) trait Runner {
    /// Runs the network on one text of at least one token.
    fn run(&mut self, tokens: &Tokens) -> Result<Output, EmbedError>;
}

/// What one text is to a network.
pub(super) struct Tokens {
    pub(super) ids: Vec<u32>,
    pub(super) types: Vec<u32>,
    /// The number of the first position.
    pub(super) first_position: usize,
    /// The length of the text, for messages.
    pub(super) bytes: usize,
}

impl Tokens {
    /// A number for each token.
    pub(super) fn row(&self, input: Input) -> Vec<i32> {
        match input {
            Input::Ids => self.ids.iter().map(|id| id.cast_signed()).collect(),
            Input::Mask => vec![1; self.ids.len()],
            Input::Types => self.types.iter().map(|kind| kind.cast_signed()).collect(),
            Input::Positions => (self.first_position as i32..).take(self.ids.len()).collect(),
        }
    }
}

/// One of the rows a network is fed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Ids,
    Mask,
    Types,
    Positions,
}

/// What a network made of a text.
pub(super) enum Output {
    /// One vector: the graph has pooled.
    Sentence(Vec<f32>),
    /// A vector for each token, `width` numbers long.
    Tokens { values: Vec<f32>, width: usize },
}

/// The output of a graph that has done all the modules which sentence-transformers lists.
const SENTENCE: &str = "sentence_embedding";

/// The outputs that hold a vector for each token.
const TOKENS: [&str; 2] = ["last_hidden_state", "token_embeddings"];

/// The output of a network that judges, and embeds nothing.
const LOGITS: &str = "logits";

/// The places where a graph is fed and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ends {
    /// What goes in, in the graph's order.
    pub(super) inputs: Vec<Input>,
    /// The output's place among all of them.
    pub(super) output: usize,
    /// Whether the graph pools.
    pub(super) pools: bool,
}

impl Ends {
    /// Recognises them by name. A graph that asks for more than is known here computes something else.
    pub(super) fn of(path: &Path, inputs: &[String], outputs: &[String]) -> Result<Self, EmbedError> {
        let unknown = |part| EmbedError::NotUnderstood { path: path.to_owned(), part };
        let known = |name: &String| match name.as_str() {
            "input_ids" => Ok(Input::Ids),
            "attention_mask" => Ok(Input::Mask),
            "token_type_ids" => Ok(Input::Types),
            "position_ids" => Ok(Input::Positions),
            other => Err(unknown(UnknownPart::Input(other.to_owned()))),
        };
        let inputs: Vec<Input> = inputs.iter().map(known).collect::<Result<_, _>>()?;
        let place = |wanted: &str| outputs.iter().position(|name| name == wanted);
        if let Some(output) = place(SENTENCE) {
            return Ok(Self { inputs, output, pools: true });
        }
        // A graph with one output may call it as it likes: its shape says what it is.
        let only = || (outputs.len() == 1 && outputs != [LOGITS]).then_some(0);
        match TOKENS.iter().find_map(|name| place(name)).or_else(only) {
            Some(output) => Ok(Self { inputs, output, pools: false }),
            None => Err(unknown(UnknownPart::Output(outputs.to_vec()))),
        }
    }

    /// Takes what the engine gave for one text of `n_tokens` tokens.
    pub(super) fn output(
        &self,
        path: &Path,
        shape: &[usize],
        values: Vec<f32>,
        n_tokens: usize,
    ) -> Result<Output, EmbedError> {
        match *shape {
            [1, _] if self.pools => Ok(Output::Sentence(values)),
            [1, rows, width] if !self.pools && rows == n_tokens && width > 0 => {
                Ok(Output::Tokens { values, width })
            }
            _ => Err(EmbedError::NotUnderstood {
                path: path.to_owned(),
                part: UnknownPart::Shape(shape.to_vec()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(inputs: &[&str], outputs: &[&str]) -> Result<Ends, UnknownPart> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        Ends::of(Path::new("model.onnx"), &owned(inputs), &owned(outputs)).map_err(|error| match error {
            EmbedError::NotUnderstood { part, .. } => part,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn the_output_that_has_all_modules_behind_it_is_preferred() {
        let found = |outputs: &[&str]| ends(&["input_ids"], outputs).map(|ends| (ends.output, ends.pools));
        assert_eq!(found(&["token_embeddings", "sentence_embedding"]), Ok((1, true)));
        assert_eq!(found(&["last_hidden_state", "pooler_output"]), Ok((0, false)));
        assert_eq!(found(&["1234"]), Ok((0, false)));
    }

    #[test]
    fn a_graph_that_judges_or_asks_for_a_cache_or_vectors_is_refused() {
        let judges = UnknownPart::Output(vec!["logits".to_owned()]);
        assert_eq!(ends(&["input_ids"], &["logits"]), Err(judges));
        for asked in ["past_key_values.0.key", "inputs_embeds", "pixel_values"] {
            let error = ends(&["input_ids", asked], &["last_hidden_state"]).unwrap_err();
            assert_eq!(error, UnknownPart::Input(asked.to_owned()));
        }
    }

    #[test]
    fn a_shape_that_is_no_vector_for_each_token_is_refused() {
        let ends = ends(&["input_ids"], &["1234"]).unwrap();
        let output = |shape: &[usize]| ends.output(Path::new("m"), shape, Vec::new(), 3);
        assert!(output(&[1, 3, 8]).is_ok());
        for shape in [&[1, 8][..], &[1, 4, 8], &[2, 3, 8], &[8], &[1, 3, 0]] {
            assert!(matches!(output(shape), Err(EmbedError::NotUnderstood { .. })), "{shape:?}");
        }
    }
}
