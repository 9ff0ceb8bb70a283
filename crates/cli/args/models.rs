//! The arguments of `ibid models`: which models there are, getting one, and looking whether one runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// List the models that `ibid index --model` takes, fetch one, or check one
#[derive(Debug, Args)]
#[command(after_help = "\
Any repository of the hub can be named that holds an embedding model in ONNX: OWNER/NAME, and OWNER/NAME#model_int8 for one \
of its networks. Everything runs without more than this program; where an ONNX Runtime library is found, it is used because \
it is faster.")]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    pub(crate) what: Option<ModelsCommand>,
    /// Print one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Fetch a model without indexing anything, and check it
    Get {
        /// Its name, as `ibid models` lists it
        name: String,
    },
    /// Load the model of a folder, embed three sentences, and say what was understood of it and what it does not state
    Check {
        /// The folder, laid out as on the hub
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Its name, which tells its family where no file does [default: the folder's]
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
    },
}
