//! The only reader of the environment (but for `NO_COLOR`, which anstream reads): where the data folder is, where an
//! ONNX Runtime library may be, where models come from, how much to log, what time it is and where.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use ibid_core::query::Date;
use ibid_embed::zoo::HUB;
use ibid_index::store::Store;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::args::Global;
use crate::config::Config;
use crate::failure::{Failure, quoted};
use crate::pager::Pager;

/// The variable that names the data folder.
const DATA_DIR_VARIABLE: &str = "IBID_DATA_DIR";

/// The variable that names the settings file.
const CONFIG_VARIABLE: &str = "IBID_CONFIG";

/// The variable that names an ONNX Runtime library, as ort and everything built on it knows it.
pub(crate) const ONNX_RUNTIME_VARIABLE: &str = "ORT_DYLIB_PATH";

/// The variable that names a mirror of the model hub, as the hub's own programs know it.
const HUB_VARIABLE: &str = "HF_ENDPOINT";

/// The variables that name a proxy to addresses with TLS, the first that is set counts.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Where libraries lie when a person or a package put them there.
const LIBRARY_FOLDERS: [&str; 6] = [
    "/usr/local/lib",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/opt/homebrew/lib",
];

/// The command as it was typed, for a shell.
pub(crate) fn command_line() -> String {
    let typed = env::args_os().skip(1).map(|word| quoted(Path::new(&word)));
    ["ibid".to_owned()].into_iter().chain(typed).collect::<Vec<_>>().join(" ")
}

/// What the world around the program is like.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// Where indexes are kept.
    pub(crate) store: Store,
    /// What the settings file says.
    pub(crate) config: Config,
    /// Where that file is, or would be.
    pub(crate) config_file: PathBuf,
    /// Nothing but results and errors is wanted.
    pub(crate) quiet: bool,
}

impl Environment {
    /// Looks for the data folder, and does not create it; reads the settings.
    pub(crate) fn new(global: &Global) -> Result<Environment, Failure> {
        // Not read by clap: an argument with a variable behind it counts as typed, and `ibid` alone must show the help.
        let given = global.data_dir.clone().or_else(|| path_in(DATA_DIR_VARIABLE));
        let data_dir = match given {
            Some(given) => std::path::absolute(&given).map_err(|_| Failure::NoDataFolder)?,
            None => strategy()?.data_dir(),
        };
        let given = global.config.clone().or_else(|| path_in(CONFIG_VARIABLE));
        let config_file = match given {
            Some(given) => std::path::absolute(&given).map_err(|_| Failure::NoDataFolder)?,
            None => strategy()?.config_dir().join("config.toml"),
        };
        let config = Config::read(&config_file, home().as_deref())
            .map_err(|source| Failure::Config { path: config_file.clone(), source: Box::new(source) })?;
        if global.config.is_some() && !config_file.is_file() {
            return Err(Failure::NoConfig { path: config_file });
        }
        Ok(Environment { store: Store::at(data_dir), config, config_file, quiet: global.quiet })
    }

    /// The flags that lead another process to the same folder and the same settings, where they are not the platform's.
    pub(crate) fn unusual_places(&self) -> Vec<(&'static str, &Path)> {
        let usual = strategy().ok().map(|usual| (usual.data_dir(), usual.config_dir().join("config.toml")));
        let (data_dir, config_file) = usual.unzip();
        let data = (data_dir.as_deref() != Some(self.store.data_dir())).then(|| self.store.data_dir());
        let is_unusual = config_file.as_ref() != Some(&self.config_file) && self.config_file.is_file();
        let config = is_unusual.then_some(self.config_file.as_path());
        let data = data.map(|data| ("--data-dir", data));
        data.into_iter().chain(config.map(|config| ("--config", config))).collect()
    }

    /// Where fetched models are kept.
    pub(crate) fn model_cache(&self) -> PathBuf {
        self.store.data_dir().join("models")
    }

    /// The address that models are fetched from.
    pub(crate) fn hub(&self) -> String {
        secret(HUB_VARIABLE).unwrap_or_else(|| HUB.to_owned())
    }

    /// The proxy on the way to an address; to one without TLS there is none, for it is on this machine or near.
    pub(crate) fn proxy_to(&self, address: &str) -> Option<String> {
        let is_far = address.starts_with("https:");
        PROXY_VARIABLES.iter().filter(|_| is_far).find_map(|variable| secret(variable))
    }

    /// Where an ONNX Runtime library may be, the best place first.
    ///
    /// What the variable names, then what lies in the data folder, beside the program, and where systems keep libraries.
    pub(crate) fn onnx_runtime(&self) -> Vec<PathBuf> {
        let named = path_in(ONNX_RUNTIME_VARIABLE);
        let program = env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
        let own = [Some(self.store.data_dir().to_owned()), program].into_iter().flatten();
        let own = own.flat_map(|folder| match libraries_in(&folder) {
            // Named although it is not there, so that the error says where it could be put.
            found if found.is_empty() => vec![folder.join(ONNX_RUNTIME_LIBRARY)],
            found => found,
        });
        let systems = LIBRARY_FOLDERS.iter().flat_map(|folder| libraries_in(Path::new(folder)));
        named.into_iter().chain(own).chain(systems).collect()
    }
}

/// What a variable holds, without the white space at its ends; an empty one holds nothing.
pub(crate) fn secret(variable: &str) -> Option<String> {
    let value = env::var(variable).ok()?.trim().to_owned();
    Some(value).filter(|value| !value.is_empty())
}

/// The variable that names a collector of traces, as everything that knows OpenTelemetry reads it.
const COLLECTOR_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Where traces are sent, if anybody said so.
pub(crate) fn collector() -> Option<String> {
    secret(COLLECTOR_VARIABLE)
}

/// The person's home folder.
pub(crate) fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// This program's own file.
pub(crate) fn program() -> std::io::Result<PathBuf> {
    env::current_exe()
}

/// Where the platform keeps what belongs to a program.
fn strategy() -> Result<impl AppStrategy, Failure> {
    let app = AppStrategyArgs { app_name: "ibid".to_owned(), ..AppStrategyArgs::default() };
    choose_app_strategy(app).map_err(|_| Failure::NoDataFolder)
}

/// The name the library has by itself.
pub(crate) const ONNX_RUNTIME_LIBRARY: &str = match () {
    () if cfg!(windows) => "onnxruntime.dll",
    () if cfg!(target_os = "macos") => "libonnxruntime.dylib",
    () => "libonnxruntime.so",
};

/// The libraries in a folder: its plain name, then names with a version, as the Python package has them.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let stem = ONNX_RUNTIME_LIBRARY.split('.').next().unwrap_or(ONNX_RUNTIME_LIBRARY);
    let extension = ONNX_RUNTIME_LIBRARY.rsplit('.').next().unwrap_or_default();
    let is_library = |name: &str| {
        let rest = name.strip_prefix(stem).unwrap_or_default();
        rest.starts_with('.') && rest.split('.').any(|part| part == extension)
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_library))
        .map(|entry| entry.path())
        .collect();
    found.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    found
}

/// The path in a variable; an empty one is none.
fn path_in(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The program by which a person reads what is longer than their terminal.
pub(crate) fn pager() -> Option<Pager> {
    Pager::of(env::var("PAGER").ok().as_deref(), env::var("LESS").ok().as_deref())
}

/// What `RUST_LOG` says, if it says anything.
pub(crate) fn log_directives() -> Option<String> {
    env::var("RUST_LOG").ok().filter(|directives| !directives.trim().is_empty())
}

/// Nanoseconds since 1970.
pub(crate) fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    now_ns() / 1_000_000_000
}

/// The person's time zone, as the system has it; UTC where it has none.
pub(crate) fn zone() -> TimeZone {
    TimeZone::system()
}

/// The day it is for the person.
pub(crate) fn today() -> Date {
    Timestamp::now().to_zoned(zone()).date()
}

/// How many threads can run at once.
pub(crate) fn cores() -> std::num::NonZero<usize> {
    std::thread::available_parallelism().unwrap_or(std::num::NonZero::<usize>::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_library_with_a_version_is_found_after_the_plain_one() {
        let folder = tempfile::tempdir().unwrap();
        let names =
            ["libonnxruntime.so.1.31.1", "libonnxruntime.so", "libonnxruntime_providers_shared.so", "x.so"];
        names.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        let found = libraries_in(folder.path());
        let found: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(found, ["libonnxruntime.so", "libonnxruntime.so.1.31.1"]);
    }
}
