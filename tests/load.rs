//! Many callers of one server, each with an address and a grant of their own: nothing is lost, nothing of one comes to
//! another, and whoever is slow or stuck holds nobody up. `make load` asks ten thousand times, `make soak` goes on for
//! half an hour; speed is told there and never asserted.

mod asker;
mod process;
mod soak;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ibid_server::{AccessStore, NewToken, Scopes};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::harness::{Ibid, Server, vault};
use asker::{Asker, SUBJECTS, address};
use process::{Process, megabytes};

/// How many ask, and how often in all, where `CLIENTS` and `SEARCHES` do not say.
const CLIENTS: usize = 60;
const SEARCHES: usize = 300;

/// How many collections there are; every caller sees one.
const COLLECTIONS: usize = 8;

/// One in so many callers signs in, as a person's client does; the others have tokens of the command line.
const SIGNED_IN_EVERY: usize = 25;

/// How many of the callers ask at once where speed is told: fewer than a server turns away.
const SIDE_BY_SIDE: usize = 32;

/// How many turns the two servers take, so that what else the machine does meets both.
const TURNS: usize = 10;

/// How often a caller may ask at once before they are told to come again, with room to spare.
const AT_ONCE: usize = 190;

/// Shorter than anything that is stuck is waited for, and longer than anything that is not stuck takes.
const HELD_UP: Duration = Duration::from_secs(45);

/// How much a server that has served may have grown since it was warm.
const GROWTH: u64 = 64 * 1024 * 1024;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn password(person: usize) -> String {
    format!("correct horse battery {person}")
}

/// Collections, and people who may sign in.
struct World {
    ibid: Ibid,
    store: Arc<AccessStore>,
}

impl World {
    fn new(people: usize) -> World {
        let ibid = Ibid::new();
        for collection in 0..COLLECTIONS {
            let note = |subject: &str| {
                let filler =
                    "Kept in the drawer beneath the window, with the receipts of the year. ".repeat(12);
                (
                    format!("{subject}.md"),
                    format!("# {subject}\n\nThe {subject} is of mark{collection}x.\n\n{filler}\n"),
                )
            };
            let notes: Vec<_> = SUBJECTS.iter().map(|subject| note(subject)).collect();
            let notes: Vec<_> = notes.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
            ibid.index(vault(&notes).path(), &["--name", &format!("c{collection}"), "--model", "none"]);
        }
        let store = Arc::new(AccessStore::open(ibid.data.path()).unwrap());
        for person in 0..people {
            store.add_user(&format!("person{person}"), &password(person), 1).unwrap();
        }
        World { ibid, store }
    }

    /// Callers of a guarded server, each with a grant of their own.
    async fn callers(&self, base: &str, clients: usize) -> Vec<Asker> {
        let mut callers = Vec::new();
        for client in 0..clients {
            let mut asker = Asker::new(base, client, client % COLLECTIONS);
            match client % SIGNED_IN_EVERY {
                0 => {
                    asker.sign_in("person0", &password(0), asker::Resource::Collection).await;
                }
                _ => {
                    let rules = [format!("collection:c{}", asker.collection)];
                    let scopes = Scopes::parse("notes:search notes:read").unwrap();
                    let name = format!("t{client}");
                    let token = NewToken { name: &name, scopes, rules: &rules, expires: None };
                    asker.token = Some(self.store.create_token(&token, 1).unwrap().reveal().to_owned());
                }
            }
            callers.push(asker);
        }
        callers
    }
}

/// Everybody asks `each` times, all at once; gives how often one was told to come again.
async fn all_ask(askers: &[Asker], each: usize) -> usize {
    let mut asking = JoinSet::new();
    for asker in askers {
        let asker = asker.clone();
        asking.spawn(async move {
            let mut turned_away = 0;
            for turn in 0..each {
                turned_away += asker.search(turn).await;
            }
            turned_away
        });
    }
    asking.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_at_once_lose_nothing_and_are_never_mixed_up() {
    let (clients, searches) = (number("CLIENTS", CLIENTS), number("SEARCHES", SEARCHES));
    let world = World::new(1);
    let server = Server::start(&world.ibid, &["--auth", "oauth"]);
    let process = Process(server.id());
    let callers = world.callers(&server.base, clients).await;
    let each = searches.div_ceil(clients).max(2);
    let mut turned_away = all_ask(&callers, each / 2).await;
    let warm = process.resident();
    let begun = Instant::now();
    turned_away += all_ask(&callers, each - each / 2).await;
    let (took, after) = (begun.elapsed(), process.resident());
    println!(
        "{clients} callers at once, {} searches, all answered and each with what is its own; {turned_away} times one was \
         told to come again; the second half took {:.1} s; {} MB when half was done, {} MB at the end, {} MB at most",
        each * clients,
        took.as_secs_f64(),
        megabytes(warm),
        megabytes(after),
        megabytes(process.peak()),
    );
    assert!(after < warm + GROWTH, "{warm} {after}");
    let written = process::audited(world.ibid.data.path(), each * clients).await;
    for (client, caller) in callers.iter().enumerate().filter(|(client, _)| client % SIGNED_IN_EVERY != 0) {
        assert_eq!(written.get(&format!("t{client}")), Some(&each), "{}", caller.collection);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_layers_cost_is_told() {
    let searches = number("SEARCHES", SEARCHES);
    let world = World::new(1);
    let open = Server::start(&world.ibid, &["--auth", "none"]);
    let guarded = Server::start(&world.ibid, &["--auth", "oauth"]);
    let callers = world.callers(&guarded.base, SIDE_BY_SIDE).await;
    let strangers: Vec<_> =
        (0..SIDE_BY_SIDE).map(|client| Asker::new(&open.base, client, client % COLLECTIONS)).collect();
    let each = (searches / SIDE_BY_SIDE / TURNS).clamp(1, AT_ONCE / TURNS);
    let sides = [(&strangers, Process(open.id())), (&callers, Process(guarded.id()))];
    for (askers, _) in &sides {
        all_ask(askers, 2).await;
    }
    let mut told = [(Duration::ZERO, Duration::ZERO); 2];
    for turn in 0..TURNS {
        for side in [turn % 2, 1 - turn % 2] {
            let (askers, process) = &sides[side];
            let (begun, worked) = (Instant::now(), process.worked());
            assert_eq!(all_ask(askers, each).await, 0, "nobody is told to come again");
            told[side].0 += begun.elapsed();
            told[side].1 += process.worked() - worked;
        }
    }
    let count = (each * TURNS * SIDE_BY_SIDE) as f64;
    for ((took, worked), name) in told.iter().zip(["without authentication", "with every layer"]) {
        println!(
            "{name}: {count} searches by {SIDE_BY_SIDE} at once, {:.0}/s, {:.2} ms of processor each",
            count / took.as_secs_f64(),
            worked.as_secs_f64() * 1000.0 / count
        );
    }
    println!("ratio of throughput: {:.2}", told[0].0.as_secs_f64() / told[1].0.as_secs_f64());
    assert!(told.iter().all(|(took, _)| !took.is_zero()));
}

/// Connections that are begun and then left as they are.
async fn left_alone(base: &str, count: usize, sent: &str) -> Vec<TcpStream> {
    let to = base.trim_start_matches("http://").parse().unwrap();
    let mut left = Vec::new();
    for n in 0..count {
        let socket = TcpSocket::new_v4().unwrap();
        // A few addresses, as somebody who means harm has.
        socket.bind((address(5_000 + n % 8), 0).into()).unwrap();
        let mut connection = socket.connect(to).await.unwrap();
        connection.write_all(sent.as_bytes()).await.unwrap();
        left.push(connection);
    }
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_slow_or_stuck_holds_nobody_up() {
    let world = World::new(1);
    let server = Server::start(&world.ibid, &["--auth", "oauth"]);
    let callers = world.callers(&server.base, 4).await;
    let host = server.base.trim_start_matches("http://");
    let token = callers[1].token.clone().unwrap();
    let head = format!("Host: {host}\r\nContent-Type: application/json\r\n");
    let form = format!("Host: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    let mut left = left_alone(&server.base, 300, "POST /mcp HTTP/1.1\r\nHost: ").await;
    // Bodies that do not come: of strangers, where they may send one, and of somebody who has a token.
    left.extend(
        left_alone(&server.base, 300, &format!("POST /token HTTP/1.1\r\n{form}Content-Length: 9\r\n\r\n{{"))
            .await,
    );
    let mine =
        format!("POST /mcp HTTP/1.1\r\n{head}Authorization: Bearer {token}\r\nContent-Length: 9\r\n\r\n{{");
    left.extend(left_alone(&server.base, 300, &mine).await);
    // Answers and streams that nobody reads.
    let asks = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let one = format!(
        "POST /mcp HTTP/1.1\r\n{head}Accept: application/json, text/event-stream\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\n\r\n{asks}",
        asks.len()
    );
    left.extend(left_alone(&server.base, 16, &one.repeat(8)).await);
    let stream = format!(
        "GET /sse HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    left.extend(left_alone(&server.base, 40, &stream).await);
    let begun = Instant::now();
    for turn in 0..10 {
        for caller in [&callers[0], &callers[2], &callers[3]] {
            assert_eq!(caller.search(turn).await, 0, "nobody else is told to come again");
        }
    }
    let took = begun.elapsed();
    println!("30 searches beside {} connections that are stuck: {:.1} s", left.len(), took.as_secs_f64());
    assert!(took < HELD_UP, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a27_a_hundred_logins_at_once_take_little_memory_and_hold_nobody_up() {
    let world = World::new(1);
    let server = Server::start(&world.ibid, &["--auth", "oauth"]);
    let callers = world.callers(&server.base, 2).await;
    let process = Process(server.id());
    callers[1].search(0).await;
    let before = process.peak();
    let mut logins = JoinSet::new();
    for n in 0..100 {
        let asker = Asker::new(&server.base, 1_000 + n, 0);
        // Half of them go before they are told, which must not free their places.
        let patience = if n % 2 == 0 { Duration::from_millis(100) } else { Duration::from_secs(300) };
        logins.spawn(async move {
            tokio::time::timeout(patience, asker.log_in("nobody", "wrong password")).await
        });
    }
    let begun = Instant::now();
    for turn in 0..10 {
        assert_eq!(callers[1].search(turn).await, 0);
    }
    let searched = begun.elapsed();
    let told = logins
        .join_all()
        .await
        .into_iter()
        .flatten()
        .filter(|status| matches!(status, 403 | 429 | 503))
        .count();
    let grown = process.peak().saturating_sub(before);
    println!(
        "100 logins at once: {told} told no, {} MB more at most, 10 searches meanwhile took {:.2} s",
        megabytes(grown),
        searched.as_secs_f64()
    );
    assert!(told >= 50, "{told} of those who waited were told");
    // Each look takes 19 MB, and two are looked at together.
    assert!(grown < 100 * 1024 * 1024, "{grown}");
    assert!(searched < HELD_UP, "{searched:?}");
}
