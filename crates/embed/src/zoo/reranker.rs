//! A network that reads a question and a passage together and says how well the one answers the other: a cross-encoder. It
//! is slower than a comparison of vectors by far, since nothing of it can be made beforehand, and is asked about few
//! passages. Which those are, and what becomes of its numbers, is the caller's business.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokenizers::Tokenizer;

use super::files::ModelFiles;
use super::network::{Network, Output, Purpose, Runner, Tokens};
use super::recipe::Recipe;
use super::{Engine, ZooOptions, hub, recipe, split, tokenizer};
use crate::bundled::beginning;
use crate::error::{EmbedError, UnknownPart};

/// A cross-encoder of a folder or of the model hub, opened; for many threads at once.
pub struct Reranker {
    name: String,
    engine: &'static str,
    file: PathBuf,
    recipe: Recipe,
    /// Cuts both texts together, from the longer one.
    tokenizer: Tokenizer,
    network: Box<dyn Network>,
    /// Held for a pop or a push, never while a runner runs. One that is lost to a panic is not put back.
    idle: Mutex<Vec<Box<dyn Runner + Send>>>,
}

impl Reranker {
    /// Opens it and lets it judge once. It blocks while the model is fetched, as [`ZooEmbedder::load`] does.
    ///
    /// # Errors
    /// When the name is unknown, a file cannot be had or read, the graph does not give one number for a pair, or no engine
    /// can run it.
    ///
    /// [`ZooEmbedder::load`]: super::ZooEmbedder::load
    pub fn load(options: &ZooOptions) -> Result<Self, EmbedError> {
        let (_, stem) = split(&options.name);
        let (name, folder) = match &options.model_dir {
            Some(dir) => (options.name.clone(), dir.clone()),
            None => {
                let fetched = hub::fetch(options)?;
                (fetched.name, fetched.folder)
            }
        };
        let recipe = recipe::read_reranker(&folder)?;
        let files = ModelFiles::find(&folder, stem)?;
        let tokenizer = tokenizer(&name, &files.tokenizer, recipe.max_tokens)?;
        let engine = Engine::open(&options.onnx_runtime, &files.network, Purpose::Judging)?;
        let (network, idle) = (engine.network, Mutex::default());
        let reranker =
            Self { name, engine: engine.name, file: files.network, recipe, tokenizer, network, idle };
        reranker.scores(&[("", "")], 1)?;
        if options.model_dir.is_none() {
            hub::keep_that_it_ran(&options.cache_dir, &reranker.name, reranker.engine);
        }
        Ok(reranker)
    }

    /// Its repository, or the name that the caller gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How well each passage answers its question, in the order of the pairs: any number, the larger the better. Those of
    /// several questions have one scale.
    ///
    /// Costs a run of the network for each pair, on at most `n_threads` threads; how many changes no number.
    ///
    /// # Errors
    /// When the network fails, or gives something else than a number.
    pub fn scores(&self, pairs: &[(&str, &str)], n_threads: usize) -> Result<Vec<f32>, EmbedError> {
        let on_each = pairs.len().div_ceil(n_threads.max(1)).max(1);
        let (here, others) = pairs.split_at(on_each.min(pairs.len()));
        thread::scope(|scope| {
            let others: Vec<_> =
                others.chunks(on_each).map(|pairs| scope.spawn(|| self.scores_of(pairs))).collect();
            let mut scores = self.scores_of(here)?;
            for other in others {
                scores.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
            }
            Ok(scores)
        })
    }

    fn scores_of(&self, pairs: &[(&str, &str)]) -> Result<Vec<f32>, EmbedError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let borrowed = idle().pop();
        let mut runner = borrowed.map_or_else(|| self.network.runner(), Ok)?;
        let scores = pairs.iter().map(|&(question, passage)| self.score(&mut *runner, question, passage));
        let scores = scores.collect::<Result<Vec<f32>, _>>()?;
        idle().push(runner);
        Ok(scores)
    }

    fn score(&self, runner: &mut dyn Runner, question: &str, passage: &str) -> Result<f32, EmbedError> {
        let pair = [question, passage].map(|text| self.recipe.as_trained(beginning(text)));
        let [question, read] = pair;
        let encoding = self
            .tokenizer
            .encode_fast((question, read), true)
            .map_err(|source| EmbedError::Tokenize { model: self.name.clone(), source })?;
        let tokens = Tokens::of(&encoding, self.recipe.first_position, passage.len());
        let not_understood = |part| EmbedError::NotUnderstood { path: self.file.clone(), part };
        if tokens.ids.is_empty() {
            return Err(not_understood(UnknownPart::NoFrame));
        }
        match runner.run(&tokens)? {
            Output::Score(score) if score.is_finite() => Ok(score),
            Output::Score(_) => Err(EmbedError::NoScore { model: self.name.clone(), bytes: passage.len() }),
            Output::Sentence(_) | Output::Tokens { .. } => {
                Err(not_understood(UnknownPart::NoJudge(Vec::new())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde::Deserialize;

    use super::super::tests::{DATA, copy_of, library, options};
    use super::*;

    /// A score that `data/shapes/build.py` kept.
    #[derive(Deserialize)]
    struct Kept {
        question: String,
        passage: String,
        score: f32,
    }

    fn load(shape: &str, onnx_runtime: &[&Path]) -> Reranker {
        let dir = Path::new(DATA).join("shapes").join(shape);
        Reranker::load(&options(shape, Some(&dir), onnx_runtime)).unwrap()
    }

    fn error(dir: &Path) -> EmbedError {
        Reranker::load(&options("r", Some(dir), &[])).err().expect("an error")
    }

    /// Every kept score is what `reranker` gives, on one thread and on three.
    fn check_kept(shape: &str, reranker: &Reranker) {
        let lines =
            fs::read_to_string(Path::new(DATA).join("shapes").join(shape).join("scores.jsonl")).unwrap();
        let kept: Vec<Kept> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let pairs: Vec<(&str, &str)> =
            kept.iter().map(|kept| (kept.question.as_str(), kept.passage.as_str())).collect();
        let scores = reranker.scores(&pairs, 1).unwrap();
        assert_eq!(scores, reranker.scores(&pairs, 3).unwrap(), "threads change nothing");
        assert_eq!(scores.len(), 7);
        for (score, kept) in scores.iter().zip(&kept) {
            let difference = (score - kept.score).abs();
            assert!(difference < 1e-3, "{shape} by {}, {:?}: {score}", reranker.engine, kept.question);
        }
    }

    #[test]
    fn rten_gives_the_scores_of_onnx_runtime() {
        for shape in ["cross-encoder", "shared-words"] {
            check_kept(shape, &load(shape, &[]));
        }
        assert_eq!(load("cross-encoder", &[]).recipe.max_tokens, 48);
    }

    #[test]
    fn onnx_runtime_gives_the_same_scores_where_it_is_there() {
        let Some(library) = library() else { return };
        for shape in ["cross-encoder", "shared-words"] {
            let reranker = load(shape, &[&library]);
            assert_ne!(reranker.engine, load(shape, &[]).engine);
            check_kept(shape, &reranker);
        }
    }

    #[test]
    fn a_passage_of_a_megabyte_has_a_score() {
        let reranker = load("cross-encoder", &[]);
        let long = "é the ".repeat(150_000);
        assert_eq!(reranker.scores(&[("router", &long), (&long, "router")], 2).unwrap().len(), 2);
        assert!(reranker.scores(&[], 2).unwrap().is_empty());
    }

    #[test]
    fn a_model_that_makes_vectors_is_no_reranker() {
        let dir = Path::new(DATA).join("shapes/modernbert");
        assert!(matches!(
            error(&dir),
            EmbedError::NotUnderstood { part: UnknownPart::NoJudge(names), .. } if names == ["last_hidden_state"]
        ));
    }

    #[test]
    fn a_folder_that_lacks_a_file_is_told_which() {
        let dir = copy_of("shared-words");
        fs::remove_file(dir.path().join("tokenizer.json")).unwrap();
        assert!(matches!(error(dir.path()), EmbedError::MissingModelFile { wanted: "tokenizer.json", .. }));
    }
}
