//! `ibid doctor` against `ibid serve`, signing in as a browser does, and `ibid audit` of what happened.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::harness::{Ibid, Server, ran, text, vault};

const PASSWORD: &str = "correct horse battery staple";

fn notes() -> (tempfile::TempDir, Ibid) {
    let (notes, ibid) = (vault(&[("a.md", "# Notes\n\nThe rye notes.\n")]), Ibid::new());
    ibid.index(notes.path(), &["--name", "n", "--model", "none"]);
    (notes, ibid)
}

/// The steps as (step, state).
fn steps(stdout: &str) -> Vec<(String, String)> {
    let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (text(&line["step"]), text(&line["state"]))).collect()
}

/// A browser of a person who signs in and agrees to everything: follows redirects by hand, keeps cookies, sends forms.
struct Person {
    agent: ureq::Agent,
    cookies: String,
}

impl Person {
    fn new() -> Person {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        Person { agent: ureq::Agent::new_with_config(config), cookies: String::new() }
    }

    /// Gives the body, or where it leads on.
    fn take(&mut self, mut response: ureq::http::Response<ureq::Body>) -> Result<String, String> {
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookies = format!("{}; {pair}", self.cookies).trim_start_matches("; ").to_owned();
        }
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        match location {
            Some(location) => Err(location),
            None => Ok(response.body_mut().read_to_string().unwrap()),
        }
    }

    fn get(&mut self, base: &str, address: &str) -> Result<String, String> {
        let address = if address.starts_with('/') { format!("{base}{address}") } else { address.to_owned() };
        let response =
            self.agent.get(&address).header("cookie", &self.cookies).header("accept", "text/html").call();
        self.take(response.unwrap())
    }

    fn post(&mut self, base: &str, path: &str, form: &[(String, String)]) -> Result<String, String> {
        let request = self.agent.post(format!("{base}{path}")).header("cookie", &self.cookies);
        let response =
            request.header("origin", base).send_form(form.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        self.take(response.unwrap())
    }

    /// Signs in on the page and agrees; ends where the client waits.
    fn agree(&mut self, base: &str, page: &str) {
        let mut next = self.get(base, page);
        for _ in 0..8 {
            match next {
                Err(location) if location.contains("/callback") => {
                    assert!(self.get(base, &location).is_ok());
                    return;
                }
                Err(location) => next = self.get(base, &location),
                Ok(body) => {
                    let action = attribute(&body[body.find("<form").unwrap()..], "action");
                    let mut form = inputs(&body);
                    if body.contains("type=\"password\"") {
                        form.retain(|(name, _)| {
                            !matches!(name.as_str(), "name" | "user" | "username" | "password")
                        });
                        form.push((name_of_user_field(&body), "ada".to_owned()));
                        form.push(("password".to_owned(), PASSWORD.to_owned()));
                    }
                    next = self.post(base, &action, &form);
                }
            }
        }
        panic!("the pages lead nowhere: {next:?}");
    }
}

fn attribute(tag: &str, name: &str) -> String {
    let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap_or(("", "\""));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// What a person sends who leaves everything as it is and presses the first button that agrees.
fn inputs(body: &str) -> Vec<(String, String)> {
    let tags = body.split('<').filter(|tag| tag.starts_with("input"));
    let mut form: Vec<(String, String)> = tags
        .filter(|tag| {
            !matches!(attribute(tag, "type").as_str(), "radio" | "checkbox") || tag.contains("checked")
        })
        .map(|tag| (attribute(tag, "name"), attribute(tag, "value")))
        .collect();
    let button = body.split('<').find(|tag| tag.starts_with("button") && tag.contains("name=\""));
    form.extend(button.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))));
    form
}

fn name_of_user_field(body: &str) -> String {
    let tag =
        body.split('<').find(|tag| tag.starts_with("input") && tag.contains("autocomplete=\"username\""));
    attribute(tag.expect("there is a field for the name"), "name")
}

#[test]
fn the_doctor_walks_the_whole_way_of_each_client_and_all_of_it_is_written_down() {
    let (_notes, ibid) = notes();
    let mut adding = ibid.command(&["user", "add", "ada"]);
    let mut adding =
        adding.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(adding.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    ran(adding.wait_with_output().unwrap()).ends_with(0);
    let server = Server::start(&ibid, &["--auth", "oauth"]);
    for walker in ["chatgpt", "claude"] {
        let mut doctor: Command = ibid.command(&["doctor", &server.base, "--as", walker, "--json"]);
        let mut doctor = doctor.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(doctor.stderr.take().unwrap());
        let base = server.base.clone();
        let person = thread::spawn(move || {
            let mut line = String::new();
            while said.read_line(&mut line).unwrap() > 0 && !line.starts_with("http") {
                line.clear();
            }
            if !line.is_empty() {
                Person::new().agree(&base, line.trim());
            }
        });
        let ended = ran(doctor.wait_with_output().unwrap());
        assert!(person.join().is_ok(), "{}", ended.stdout);
        let walked = steps(&ended.stdout);
        assert!(walked.iter().all(|(_, state)| state == "well"), "{}", ended.stdout);
        assert_eq!(walked.len(), 14, "{}", ended.stdout);
        ended.ends_with(0);
    }
    let audited = ibid.run(&["audit", "--call", "fetch", "--who", "ada", "--json"]).ends_with(0);
    let fetched: Value = serde_json::from_str(audited.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((text(&fetched["client"]), text(&fetched["outcome"])), ("ibid doctor".into(), "ok".into()));
    assert!(text(&fetched["returned"][0]["id"]).starts_with("n:a.md"), "{fetched}");
    assert!(!ibid.run(&["audit", "--limit", "1000", "--json"]).ends_with(0).stdout.contains(PASSWORD));
    ibid.run(&["audit", "--id", &text(&fetched["id"])]).ends_with(0);
    ibid.run(&["audit", "--who", "eve"]).ends_with(1);
}

#[test]
fn the_doctor_names_the_first_step_that_fails() {
    let (_notes, ibid) = notes();
    let open = Server::start(&ibid, &[]);
    let all = ibid.run(&["doctor", &open.base, "--as", "claude", "--json"]).ends_with(0);
    assert_eq!(
        steps(&all.stdout).iter().filter(|(_, state)| state == "skipped").count(),
        8,
        "{}",
        all.stdout
    );

    let token = ibid.run(&["token", "create", "--name", "t"]).ends_with(0).stdout;
    let guarded = Server::start(&ibid, &["--auth", "token"]);
    let check = |address: &str, step: &str| {
        let failed = ibid.run(&["doctor", address, "--json"]).ends_with(1);
        let last: Value = serde_json::from_str(failed.stdout.lines().last().unwrap()).unwrap();
        assert_eq!(
            (text(&last["step"]), text(&last["state"])),
            (step.to_owned(), "ill".to_owned()),
            "{last}"
        );
        assert!(!text(&last["advice"]).is_empty());
    };
    check("http://127.0.0.1:9/mcp", "connection");
    check("http://notes.example.org/mcp", "address");
    check(&format!("{}/nowhere", open.base), "connection");
    check(&guarded.base, "challenge");

    let mut with_token = ibid.command(&["doctor", &guarded.base, "--token-env", "T", "--json"]);
    let ended = ran(with_token.env("T", token.trim()).output().unwrap()).ends_with(0);
    assert!(steps(&ended.stdout).contains(&("fetch".to_owned(), "well".to_owned())), "{}", ended.stdout);
    let none = ibid.run(&["doctor", &guarded.base, "--token-env", "NOT_SET"]).ends_with(2);
    assert!(none.stderr.contains("NOT_SET"), "{}", none.stderr);
}
