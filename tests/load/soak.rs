//! Callers who come and go: each connects, signs in, searches over both transports, takes its grant back and leaves. What
//! the server holds meanwhile is told every minute, and after all of it there is no more than before.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::asker::{Asker, Resource};
use super::process::{Process, megabytes};
use super::{COLLECTIONS, World, number, password};
use crate::harness::Server;

/// How many come and go side by side, each with a name and an address of their own, where `CLIENTS` does not say.
const WORKERS: usize = 8;

/// A worker's shortest time for one visit: from one address three passwords a minute are looked at, after the first ten.
const VISIT: Duration = Duration::from_secs(20);

/// How often everybody comes at least, and no more often where `MINUTES` does not say: below what is held up.
const VISITS: usize = 2;

/// How much may be left when all are gone: memory that the allocator keeps, files of a pool.
const LEFT_BYTES: u64 = 48 * 1024 * 1024;
const LEFT_FILES: usize = 24;

fn told(begun: Instant, process: &Process) -> String {
    format!(
        "{:>5} s  {:>4} MB  {:>4} open files  {:>3} threads",
        begun.elapsed().as_secs(),
        megabytes(process.resident()),
        process.open_files(),
        process.threads()
    )
}

async fn visit(base: &str, worker: usize, turn: usize) {
    let mut asker = Asker::new(base, 2_000 + worker, worker % COLLECTIONS);
    let resource = if turn.is_multiple_of(2) { Resource::Collection } else { Resource::Stream };
    let refresh = asker.sign_in(&format!("person{worker}"), &password(worker), resource).await;
    for question in 0..3 {
        assert_eq!(asker.search(turn + question).await, 0);
    }
    asker.search_on_a_stream(turn).await;
    asker.revoke(&refresh).await;
}

async fn come_and_go(base: String, worker: usize, until: Instant, at_least: Duration) -> usize {
    for turn in 0.. {
        let begun = Instant::now();
        visit(&base, worker, turn).await;
        if Instant::now() >= until && turn + 1 >= VISITS {
            return turn + 1;
        }
        tokio::time::sleep(at_least.saturating_sub(begun.elapsed())).await;
    }
    unreachable!("the loop ends by the clock")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_come_and_go_leave_nothing_behind() {
    let (minutes, workers) = (number("MINUTES", 0), number("CLIENTS", WORKERS));
    let lasts = Duration::from_secs(minutes as u64 * 60);
    let at_least = if minutes == 0 { Duration::ZERO } else { VISIT };
    let world = World::new(workers);
    let server = Server::start(&world.ibid, &["--auth", "oauth"]);
    let process = Process(server.id());
    let begun = Instant::now();
    // Once, so that what is made at first use is there.
    for worker in 0..workers {
        visit(&server.base, worker, 0).await;
    }
    let (memory, files) = (process.resident(), process.open_files());
    println!("{}  warm", told(begun, &process));
    let mut coming = JoinSet::new();
    for worker in 0..workers {
        coming.spawn(come_and_go(server.base.clone(), worker, Instant::now() + lasts, at_least));
    }
    let mut visits = 0;
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    minute.tick().await;
    loop {
        tokio::select! {
            _ = minute.tick() => println!("{}", told(begun, &process)),
            done = coming.join_next() => match done {
                Some(done) => visits += done.unwrap(),
                None => break,
            },
        }
    }
    // Connections are closed when the server notices, and threads that wait for work end after ten seconds.
    let patience = Instant::now() + Duration::from_secs(60);
    while process.open_files() > files && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("{}  all gone, after {visits} visits of {workers}", told(begun, &process));
    assert!(visits >= workers);
    assert!(process.resident() < memory + LEFT_BYTES, "{memory} {}", process.resident());
    assert!(process.open_files() < files + LEFT_FILES, "{files} {}", process.open_files());
}
