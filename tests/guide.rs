//! Every command of the guide, run in the order in which it is read, as a person with a shell runs them. What the commands
//! must answer is tested elsewhere; here they must exist and succeed.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::net::TcpSocket;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src");

/// The address that the guide names, and `ibid serve` takes where nothing is said.
const ADDRESS: &str = "127.0.0.1:7117";

/// A piece of shell in a chapter.
struct Commands {
    /// Whether it runs until the chapter ends.
    stays: bool,
    text: String,
}

/// The chapters in the order of the summary.
fn chapters() -> Vec<PathBuf> {
    let summary = fs::read_to_string(Path::new(GUIDE).join("SUMMARY.md")).unwrap();
    let links = summary.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(name, _)| Path::new(GUIDE).join(name)).collect()
}

fn commands(chapter: &str) -> Vec<Commands> {
    let mut commands: Vec<Commands> = Vec::new();
    let mut fence: Option<bool> = None;
    for line in chapter.lines() {
        match (line.strip_prefix("```"), fence) {
            (Some(info), None) => {
                let is_shell = info.split(' ').next() == Some("sh");
                fence = Some(is_shell);
                if is_shell {
                    commands.push(Commands { stays: info.ends_with(" background"), text: String::new() });
                }
            }
            (Some(_), Some(_)) => fence = None,
            (None, Some(true)) => {
                if let Some(last) = commands.last_mut() {
                    last.text.push_str(line);
                    last.text.push('\n');
                }
            }
            _ => {}
        }
    }
    commands
}

/// A person's home with the notes in it, and `ibid` on the path. Their server listens where no other test's does.
struct Home {
    folder: tempfile::TempDir,
    address: String,
    /// Has the address's port without listening there: nobody who takes any port is given it.
    _held: TcpSocket,
}

impl Home {
    fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let held = TcpSocket::new_v4().unwrap();
        // So that the server may listen where this is bound.
        held.set_reuseaddr(true).unwrap();
        held.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = held.local_addr().unwrap().to_string();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/vault"), &folder.path().join("Notes"));
        let program = folder.path().join("bin/ibid");
        fs::create_dir(folder.path().join("bin")).unwrap();
        let ibid = env!("CARGO_BIN_EXE_ibid");
        let script = format!(
            "#!/bin/sh\nif [ \"$1\" = serve ]; then shift; set -- serve --listen {address} \"$@\"; fi\nexec '{ibid}' \"$@\"\n"
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Home { folder, address, _held: held }
    }

    /// The chapter as one script: what stays is started and, if it is a server, waited for.
    fn script(&self, chapter: &str) -> String {
        let mut script = String::from("set -eu\n");
        for Commands { stays, text } in commands(chapter) {
            let text = text.replace(ADDRESS, &self.address);
            for line in text.lines().filter(|line| line.starts_with("ibid ")) {
                script.push_str(&format!("cat >&2 <<'LINE'\n$ {line}\nLINE\n"));
            }
            match stays {
                true => script.push_str(&format!("{} &\n", text.trim_end())),
                false => script.push_str(&text),
            }
            if stays && text.starts_with("ibid serve") {
                let (host, port) = self.address.split_once(':').unwrap();
                let waits = format!(
                    "n=0; until (exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null; do n=$((n + 1)); [ $n -lt 600 ]; sleep 0.1; done\n"
                );
                script.push_str(&waits);
            }
        }
        script
    }

    #[track_caller]
    fn check(&self, chapter: &Path) {
        let script = self.script(&fs::read_to_string(chapter).unwrap());
        let home = self.folder.path();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", home.join("bin").display());
        // Bash, for it alone can wait for an address by itself.
        let mut shell = Command::new("bash")
            .args(["-c", &script])
            .current_dir(home)
            .env_clear()
            .envs([("HOME", home.as_os_str()), ("PATH", path.as_ref()), ("LANG", "C.UTF-8".as_ref())])
            .stdin(Stdio::null())
            .stdout(fs::File::create(home.join("out")).unwrap())
            .stderr(fs::File::create(home.join("err")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let ended = shell.wait().unwrap();
        // What stays is in the shell's group, and outlives it.
        let group = format!("-{}", shell.id());
        Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status().unwrap();
        let told = fs::read_to_string(home.join("err")).unwrap();
        assert!(ended.success(), "{}: {ended}\n{told}", chapter.display());
        self.wait_until_free();
    }

    /// Until the chapter's server is gone, so that the next one may listen there.
    fn wait_until_free(&self) {
        for _ in 0..600 {
            if std::net::TcpStream::connect(&self.address).is_err() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("a server of the guide does not end");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn every_command_of_the_guide_runs() {
    let home = Home::new();
    let chapters = chapters();
    let n_commands: usize =
        chapters.iter().map(|chapter| commands(&fs::read_to_string(chapter).unwrap()).len()).sum();
    assert!(n_commands > 30, "{n_commands} pieces were found");
    chapters.iter().for_each(|chapter| home.check(chapter));
}

#[test]
fn what_the_guide_links_to_is_there() {
    let mut files: Vec<_> = fs::read_dir(GUIDE).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().is_some_and(|name| name != "SUMMARY.md") && file.is_file());
    files.sort();
    let mut listed = chapters();
    listed.sort();
    assert_eq!(files, listed);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            let is_there = target.starts_with("https://") || file.with_file_name(target).exists();
            assert!(is_there, "{}: {target}", file.display());
        }
    }
}
