//! Whether anything is being asked on a connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use prometheus_client::metrics::gauge::Gauge;
use tokio::time::{Instant, sleep_until};

/// What happens on one connection. Clones are the same one.
#[derive(Clone)]
pub(super) struct Pulse(Arc<Mutex<Beats>>, Gauge);

// Held for one look, never across an await.
struct Beats {
    running: usize,
    last: Instant,
}

/// A request that is being answered, until it is dropped.
pub(super) struct Beat {
    pulse: Pulse,
    _counted: Counted,
}

/// One that a gauge counts until it is dropped.
pub(super) struct Counted(Gauge);

impl Counted {
    pub(super) fn on(gauge: &Gauge) -> Counted {
        gauge.inc();
        Counted(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Pulse {
    /// `running` counts requests of all connections.
    pub(super) fn new(running: &Gauge) -> Pulse {
        Pulse(Arc::new(Mutex::new(Beats { running: 0, last: Instant::now() })), running.clone())
    }

    fn look<T>(&self, look: impl FnOnce(&mut Beats) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A request begins.
    pub(super) fn begin(&self) -> Beat {
        self.look(|beats| beats.running += 1);
        Beat { pulse: self.clone(), _counted: Counted::on(&self.1) }
    }

    /// Ends when nothing has been asked for so long.
    pub(super) async fn still_for(&self, time: Duration) {
        loop {
            let until = self.look(|beats| {
                let from = if beats.running > 0 { Instant::now() } else { beats.last };
                from + time
            });
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.pulse.look(|beats| {
            beats.running -= 1;
            beats.last = Instant::now();
        });
    }
}

/// An answer's body, with which its request ends.
pub(super) struct Held {
    body: Body,
    _beat: Beat,
}

impl Held {
    pub(super) fn new(body: Body, beat: Beat) -> Held {
        Held { body, _beat: beat }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
