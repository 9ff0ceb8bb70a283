//! What the two engines that run a folder's network have in common: what they are fed with and what they give. Each
//! engine has a file of its own.

use std::path::Path;

use tokenizers::Encoding;

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
    /// What a tokenizer made of a text of so many bytes, or of two together.
    pub(super) fn of(encoding: &Encoding, first_position: usize, bytes: usize) -> Self {
        let (ids, types) = (encoding.get_ids().to_vec(), encoding.get_type_ids().to_vec());
        Self { ids, types, first_position, bytes }
    }

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

/// What a network is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Vectors of texts.
    Embedding,
    /// A number for a question and a passage.
    Judging,
}

/// What a network made of a text.
pub(super) enum Output {
    /// How well a passage answers: the network judges.
    Score(f32),
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
    /// What the output holds.
    gives: Gives,
}

/// What the output of a graph holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// A vector for each token.
    Tokens,
    /// One vector: the graph pools.
    Sentence,
    /// One number.
    Score,
}

impl Ends {
    /// Recognises them by name. A graph that asks for more than is known here computes something else.
    pub(super) fn of(
        path: &Path,
        purpose: Purpose,
        inputs: &[String],
        outputs: &[String],
    ) -> Result<Self, EmbedError> {
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
        // A graph with one output may call it as it likes: its shape says what it is.
        let only = || (outputs.len() == 1).then_some(0);
        let found = match (purpose, place(SENTENCE), place(LOGITS)) {
            (Purpose::Embedding, Some(output), _) => Some((output, Gives::Sentence)),
            (Purpose::Embedding, None, Some(_)) if outputs.len() == 1 => {
                return Err(unknown(UnknownPart::Judge));
            }
            (Purpose::Embedding, None, _) => {
                let tokens = TOKENS.iter().find_map(|name| place(name)).or_else(only);
                tokens.map(|output| (output, Gives::Tokens))
            }
            (Purpose::Judging, None, Some(output)) => Some((output, Gives::Score)),
            (Purpose::Judging, ..) => return Err(unknown(UnknownPart::NoJudge(outputs.to_vec()))),
        };
        let (output, gives) = found.ok_or_else(|| unknown(UnknownPart::Output(outputs.to_vec())))?;
        Ok(Self { inputs, output, gives })
    }

    /// Takes what the engine gave for one text of `n_tokens` tokens.
    pub(super) fn output(
        &self,
        path: &Path,
        shape: &[usize],
        values: Vec<f32>,
        n_tokens: usize,
    ) -> Result<Output, EmbedError> {
        match (self.gives, shape, &values[..]) {
            (Gives::Score, [1, 1] | [1], [score]) => Ok(Output::Score(*score)),
            (Gives::Sentence, [1, _], _) => Ok(Output::Sentence(values)),
            (Gives::Tokens, &[1, rows, width], _) if rows == n_tokens && width > 0 => {
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

    fn ends(purpose: Purpose, inputs: &[&str], outputs: &[&str]) -> Result<Ends, UnknownPart> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let ends = Ends::of(Path::new("model.onnx"), purpose, &owned(inputs), &owned(outputs));
        ends.map_err(|error| match error {
            EmbedError::NotUnderstood { part, .. } => part,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn the_output_that_has_all_modules_behind_it_is_preferred() {
        let found = |outputs: &[&str]| {
            ends(Purpose::Embedding, &["input_ids"], outputs).map(|ends| (ends.output, ends.gives))
        };
        assert_eq!(found(&["token_embeddings", "sentence_embedding"]), Ok((1, Gives::Sentence)));
        assert_eq!(found(&["last_hidden_state", "pooler_output"]), Ok((0, Gives::Tokens)));
        assert_eq!(found(&["1234"]), Ok((0, Gives::Tokens)));
    }

    #[test]
    fn a_graph_that_asks_for_a_cache_or_vectors_is_refused() {
        for asked in ["past_key_values.0.key", "inputs_embeds", "pixel_values"] {
            let error = ends(Purpose::Embedding, &["input_ids", asked], &["last_hidden_state"]).unwrap_err();
            assert_eq!(error, UnknownPart::Input(asked.to_owned()));
        }
    }

    #[test]
    fn a_graph_that_judges_is_no_model_of_vectors_and_the_other_way_round() {
        assert_eq!(ends(Purpose::Embedding, &["input_ids"], &["logits"]), Err(UnknownPart::Judge));
        assert!(ends(Purpose::Judging, &["input_ids"], &["logits"]).is_ok());
        for outputs in [&["last_hidden_state"][..], &["1234"], &["sentence_embedding", "logits"]] {
            let names = outputs.iter().map(ToString::to_string).collect();
            assert_eq!(ends(Purpose::Judging, &["input_ids"], outputs), Err(UnknownPart::NoJudge(names)));
        }
    }

    #[test]
    fn a_judgement_is_one_number() {
        let ends = ends(Purpose::Judging, &["input_ids"], &["logits"]).unwrap();
        let is_one = |shape: &[usize], values: &[f32]| {
            matches!(ends.output(Path::new("m"), shape, values.to_vec(), 3), Ok(Output::Score(_)))
        };
        assert!(is_one(&[1, 1], &[0.5]) && is_one(&[1], &[0.5]));
        // Three classes, such as those of a network that finds contradictions, are no order.
        assert!(!is_one(&[1, 3], &[0.1, 0.2, 0.3]) && !is_one(&[1, 3, 1], &[0.1, 0.2, 0.3]));
    }

    #[test]
    fn a_shape_that_is_no_vector_for_each_token_is_refused() {
        let ends = ends(Purpose::Embedding, &["input_ids"], &["1234"]).unwrap();
        let output = |shape: &[usize]| ends.output(Path::new("m"), shape, Vec::new(), 3);
        assert!(output(&[1, 3, 8]).is_ok());
        for shape in [&[1, 8][..], &[1, 4, 8], &[2, 3, 8], &[8], &[1, 3, 0]] {
            assert!(matches!(output(shape), Err(EmbedError::NotUnderstood { .. })), "{shape:?}");
        }
    }
}
