//! Traces of what a server does, for a collector that its owner named (OTLP over HTTP): how long a request, a tool, a leg of
//! a search took, and how it ended. No word of a question or a note is in them, no token and no name of a person. Nothing is
//! sent where nobody asked for it.

use std::fmt;
use std::io::Read;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;
use ureq::Agent;
use url::Url;

/// What spans that are traced have as their target, here and in `ibid-search`.
pub(crate) const TRACED: &str = "ibid::traced";

/// How long sending may take.
const WITHIN: Duration = Duration::from_secs(5);

/// The most bytes of a collector's answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// What stands behind a collector's address where it takes traces.
const PATH: &str = "/v1/traces";

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The address is none.
    #[error("{endpoint:?} is no address of a collector: it reads http://HOST:4318 or https://HOST")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// The exporter says no.
    #[error("cannot send traces: {source}")]
    Exporter {
        /// Its reason.
        #[from]
        source: ExporterBuildError,
    },
}

/// Sends traces from a thread of its own, some at a time.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traces")
    }
}

impl Traces {
    /// To the collector at `endpoint`, an address without `/v1/traces`. Asks nobody yet.
    ///
    /// What else the environment says of OpenTelemetry (headers, sizes of batches, names of the service) its own libraries
    /// read.
    pub fn to(endpoint: &str) -> Result<Traces, TracesError> {
        let wrong = || TracesError::Endpoint { endpoint: endpoint.to_owned() };
        let url = Url::parse(endpoint.trim()).map_err(|_| wrong())?;
        let bare = url.query().is_none() && url.fragment().is_none() && url.has_host();
        if !matches!(url.scheme(), "http" | "https") || !bare {
            return Err(wrong());
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new())
            .with_endpoint(format!("{}{PATH}", url.as_str().trim_end_matches('/')))
            .with_timeout(WITHIN)
            .build()?;
        let resource = Resource::builder().with_service_name("ibid").build();
        let provider =
            SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        Ok(Traces { provider })
    }

    /// What subscribers are given, to see what is traced.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        OpenTelemetryLayer::new(self.provider.tracer("ibid"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(TRACED, LevelFilter::INFO))
    }

    /// Sends what is left. Blocks, for 5 seconds at most.
    pub fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(WITHIN) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The span of a request, left in it for whoever answers on another thread.
#[derive(Debug, Clone)]
pub(crate) struct Traced(pub(crate) Span);

/// Posts to the collector.
#[derive(Debug)]
struct Sender(Agent);

impl Sender {
    fn new() -> Sender {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(WITHIN))
            .build();
        Sender(Agent::new_with_config(config))
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let answer = self.0.run(Request::from_parts(parts, body.to_vec()))?;
        let (parts, mut body) = answer.into_parts();
        let mut bytes = Vec::new();
        body.as_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut bytes)?;
        Ok(Response::from_parts(parts, bytes.into()))
    }
}

/// As the trait is written out that `async_trait` makes.
impl HttpClient for Sender {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        // The thread that sends has nothing else to do, so it may be held.
        Box::pin(async move { self.send(request) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_an_address() {
        for (endpoint, is_one) in [
            ("http://127.0.0.1:4318", true),
            ("https://collector.example/base/", true),
            ("127.0.0.1:4318", false),
            ("grpc://127.0.0.1:4317", false),
            ("http://collector.example?x=1", false),
            ("", false),
        ] {
            assert_eq!(Traces::to(endpoint).is_ok(), is_one, "{endpoint}");
        }
    }
}
