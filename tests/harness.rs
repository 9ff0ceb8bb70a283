//! A scratch world for each test: a vault, a data folder, and the binary between them. It knows how to run ibid and
//! nothing of what it should answer.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take by itself on a busy machine. Speed is measured by benches.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The binary with a data folder of its own.
pub(crate) struct Ibid {
    pub(crate) data: TempDir,
}

/// What a run gave back.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// Fails with everything the run said unless it ended with `code`.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl Ibid {
    pub(crate) fn new() -> Ibid {
        Ibid { data: tempfile::tempdir().unwrap() }
    }

    /// The command, its surroundings swept of whatever the machine has set.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ibid"));
        command
            .args(args)
            .env_clear()
            .env("IBID_DATA_DIR", self.data.path())
            .env("IBID_CONFIG", self.config())
            .stdin(Stdio::null());
        // Windows programs do not start without it.
        if let Some(root) = std::env::var_os("SystemRoot") {
            command.env("SystemRoot", root);
        }
        command
    }

    /// Where the settings are, if a test writes any.
    pub(crate) fn config(&self) -> PathBuf {
        self.data.path().join("config.toml")
    }

    /// The command under `strace -f`, which `injects` what the tests are after: see [`has_strace`].
    pub(crate) fn traced(&self, injects: &[String], args: &[&str]) -> Command {
        let plain = self.command(args);
        let mut command = Command::new("strace");
        let calls = injects.iter().map(|inject| inject.split(':').next().unwrap_or_default());
        let traced = format!("trace={}", calls.collect::<Vec<_>>().join(","));
        // Not with `--seccomp-bpf`, which would be quicker: strace 6.1 then counts wrongly.
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &traced]);
        for inject in injects {
            command.args(["-e", &format!("inject={inject}")]);
        }
        command.arg(plain.get_program()).args(plain.get_args()).env_clear().stdin(Stdio::null());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Indexes and expects it to work.
    #[track_caller]
    pub(crate) fn index(&self, folder: &Path, more: &[&str]) -> Value {
        let folder = folder.to_str().unwrap();
        self.run(&[&["index", folder, "--json", "--quiet"], more].concat()).ends_with(0).json()
    }

    /// The hits of a search, whatever it found.
    #[track_caller]
    pub(crate) fn hits(&self, args: &[&str]) -> Vec<Value> {
        let ran = self.run(&[&["search", "--json"], args].concat());
        assert!(ran.code < 2, "{}", ran.stderr);
        ran.json()["hits"].as_array().unwrap().clone()
    }

    /// The paths of the hits, best first.
    #[track_caller]
    pub(crate) fn paths(&self, args: &[&str]) -> Vec<String> {
        self.hits(args).iter().map(|hit| text(&hit["path"])).collect()
    }
}

/// Whether there is an `strace` that may trace: it fails or ends a process at the n-th of its writes, renames and the like,
/// without a line of that in the product.
pub(crate) fn has_strace() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let inject = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=unlink:error=EIO:when=9"];
        let tried = Command::new("strace").args(inject).arg("true").output();
        let works = tried.is_ok_and(|output| output.status.success());
        if !works {
            println!("skipped in part: there is no strace, or it may not trace");
        }
        works
    })
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

#[track_caller]
pub(crate) fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or_else(|| panic!("a number, not {value}")) as usize
}

/// A folder with these files, written long enough ago to be trusted by their time stamps.
pub(crate) fn vault(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, words) in files {
        write(folder.path(), path, words.as_bytes());
    }
    folder
}

/// Writes a file as if a minute ago.
pub(crate) fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    let past = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    File::options().write(true).open(&path).unwrap().set_modified(past).unwrap();
}

/// The repository's own vault.
pub(crate) fn demonstration_vault() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/vault")
}

/// The demonstration vault, indexed once for all tests that only ask.
pub(crate) fn demonstration() -> &'static Ibid {
    static INDEXED: OnceLock<(Ibid, File)> = OnceLock::new();
    let (ibid, _) = INDEXED.get_or_init(|| {
        let (data, lock) = outlasting(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("demonstration"));
        let ibid = Ibid { data };
        ibid.index(&demonstration_vault(), &["--name", "demo"]);
        (ibid, lock)
    });
    ibid
}

/// A folder below `root` for a static, which is never dropped, and the lock that holds it as long as this process lives.
/// What processes that are over left there is removed.
fn outlasting(root: &Path) -> (TempDir, File) {
    fs::create_dir_all(root).unwrap();
    // Held until the folder has its lock.
    let gate = File::create(root.join("gate")).unwrap();
    gate.lock().unwrap();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && File::create(path.with_extension("lock")).unwrap().try_lock().is_ok() {
            fs::remove_dir_all(&path).unwrap();
            fs::remove_file(path.with_extension("lock")).unwrap();
        }
    }
    let folder = tempfile::Builder::new().prefix("of").tempdir_in(root).unwrap();
    let lock = File::create(folder.path().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    (folder, lock)
}

/// The judged questions of the demonstration vault.
pub(crate) fn questions() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/questions.jsonl");
    fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every file below a folder with its bytes' hash and time of change, to compare before and after.
pub(crate) fn fingerprint(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let bytes = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            files.push((path, bytes, metadata.modified().unwrap()));
        }
    }
    files.sort();
    files
}

/// `ibid serve` on a port of its own, which follows nothing. Ends with the test.
pub(crate) struct Server {
    child: Child,
    /// Its address, without a path.
    pub(crate) base: String,
    // A server whose output nobody can take any more ends.
    _output: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start(ibid: &Ibid, flags: &[&str]) -> Server {
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--no-watch"], flags].concat();
        let mut command = ibid.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let base = line.split_whitespace().last().unwrap().trim_end_matches("/mcp").to_owned();
        Server { child, base, _output: output }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
