//! A server on loopback that speaks HTTP as far as an engine of embeddings does, and keeps what it was sent. What it
//! answers is the test's. It is part of the tests of `ibid-embed` too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// One request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    /// `POST /v1/embeddings`.
    pub(crate) line: String,
    /// Its headers, in lower case.
    pub(crate) headers: Vec<String>,
    /// The model that was named.
    pub(crate) model: String,
    /// The texts.
    pub(crate) texts: Vec<String>,
}

/// What is sent back.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status with more headers, each with its line end, and a body.
    Status(u16, &'static str, String),
    /// A good answer of which so many bytes are sent, before the connection ends.
    Cut(usize, String),
    /// Nothing, for as long as the other side waits.
    Silence,
    /// Nothing: the connection ends.
    Nothing,
}

impl Reply {
    /// These vectors, in this order.
    pub(crate) fn vectors(vectors: &[Vec<f32>]) -> Reply {
        let data = vectors.iter().enumerate();
        let data: Vec<Value> =
            data.map(|(index, vector)| json!({ "index": index, "embedding": vector })).collect();
        Reply::Status(200, "", json!({ "object": "list", "data": data }).to_string())
    }
}

/// The server. It ends with the test's process; [`Engine::leave`] ends it before.
pub(crate) struct Engine {
    /// Where its API begins.
    pub(crate) url: String,
    /// What it was sent so far.
    pub(crate) sent: Arc<Mutex<Vec<Sent>>>,
    is_gone: Arc<Mutex<bool>>,
}

impl Engine {
    /// Begins to listen, and answers each request with what `reply` has for it and for how many came before it.
    pub(crate) fn start(reply: impl Fn(&Sent, usize) -> Reply + Send + Sync + 'static) -> Engine {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sent, is_gone) = (Arc::<Mutex<Vec<Sent>>>::default(), Arc::new(Mutex::new(false)));
        let (reply, kept, gone) = (Arc::new(reply), sent.clone(), is_gone.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if *gone.lock().unwrap() {
                    return;
                }
                let (reply, kept) = (reply.clone(), kept.clone());
                thread::spawn(move || serve(&stream.unwrap(), reply.as_ref(), &kept));
            }
        });
        Engine { url, sent, is_gone }
    }

    /// Every text that was sent.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().flat_map(|sent| sent.texts.clone()).collect()
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// Ends: from now on nobody listens there.
    pub(crate) fn leave(&self) {
        *self.is_gone.lock().unwrap() = true;
        // Wakes the listener, which then ends and takes its socket along.
        let address = self.url.trim_start_matches("http://").trim_end_matches("/v1");
        let _ = TcpStream::connect(address);
        while TcpStream::connect(address).is_ok() {
            thread::yield_now();
        }
    }
}

/// One request; the connection then ends, so that none outlives the server.
fn serve(stream: &TcpStream, reply: &(dyn Fn(&Sent, usize) -> Reply + Send + Sync), kept: &Mutex<Vec<Sent>>) {
    let mut reader = BufReader::new(stream);
    let mut sent = Sent::default();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if sent.line.is_empty() {
            sent.line = line.trim_end_matches(" HTTP/1.1").to_owned();
            continue;
        }
        let header = line.to_lowercase();
        if let Some(bytes) = header.strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        sent.headers.push(header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    sent.model = body["model"].as_str().unwrap_or_default().to_owned();
    let texts = body["input"].as_array().into_iter().flatten();
    sent.texts = texts.map(|text| text.as_str().unwrap().to_owned()).collect();
    let before = {
        let mut kept = kept.lock().unwrap();
        kept.push(sent.clone());
        kept.len() - 1
    };
    let head = |status: u16, headers: &str, length: usize| {
        format!("HTTP/1.1 {status} .\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n")
    };
    // The other side may have had enough.
    let mut stream = stream;
    let _ = match reply(&sent, before) {
        Reply::Status(status, headers, body) => {
            stream.write_all((head(status, headers, body.len()) + &body).as_bytes())
        }
        Reply::Cut(bytes, body) => stream.write_all((head(200, "", body.len()) + &body[..bytes]).as_bytes()),
        Reply::Silence => reader.read(&mut [0]).map(|_| ()),
        Reply::Nothing => Ok(()),
    };
}
