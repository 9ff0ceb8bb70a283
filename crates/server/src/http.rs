//! The HTTP face: which paths there are, and what a request passes before it reaches one. Every refusal is JSON, also
//! those that rmcp would say in plain text.

mod account;
mod cookie;
mod door;
mod gate;
mod guard;
mod pages;
mod refusal;
mod schemes;
mod sign_in;

pub(crate) use gate::internal as internal_refusal;
pub(crate) use refusal::refusal as refused;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use ibid_core::citation::PAGE_PATH;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::audit::AuditId;
use crate::config::Site;
use crate::library::Library;
use crate::mcp::Handler;
use crate::metrics::Metrics;
use crate::oauth::limits::Limits;
use crate::outgoing::Outgoing;
use crate::viewer::Viewer;

/// The most bytes of a request's body. The longest question fits a hundred times.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The most requests in flight; the next one is told to come again.
const MAX_IN_FLIGHT: usize = 256;

/// The longest a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What every handler may use.
#[derive(Clone)]
struct App {
    library: Arc<Library>,
    site: Arc<Site>,
    in_flight: Arc<Semaphore>,
    limits: Arc<Limits>,
    /// The longest a request may take, its body's arrival included.
    request_timeout: Duration,
    outgoing: Arc<Outgoing>,
    metrics: Arc<Metrics>,
    /// How entries of the audit log are named.
    audit_ids: fn() -> AuditId,
}

/// Every path of a server on `library`, guarded, and counted in `metrics`.
pub(crate) fn router(
    library: Arc<Library>,
    site: Site,
    outgoing: Arc<Outgoing>,
    metrics: Arc<Metrics>,
) -> Router {
    routes(App { metrics, ..app(library, site, outgoing) })
}

fn app(library: Arc<Library>, site: Site, outgoing: Arc<Outgoing>) -> App {
    App {
        library,
        site: Arc::new(site),
        in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
        limits: Arc::new(Limits::default()),
        request_timeout: REQUEST_TIMEOUT,
        outgoing,
        metrics: Arc::default(),
        audit_ids: AuditId::drawn,
    }
}

impl App {
    /// MCP as it is spoken with one caller. It holds pointers only, so it is made for each request.
    fn mcp(&self, viewer: Viewer) -> StreamableHttpService<Handler, NeverSessionManager> {
        // Hosts and origins are the guard's business, so that pages are guarded as well.
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(MAX_BODY_BYTES)
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let handler = Handler::new(self.library.clone(), viewer, self.outgoing.clone());
        StreamableHttpService::new(move || Ok(handler.clone()), Arc::default(), config)
    }
}

/// Both `/mcp` and `/mcp/` answer: clients do not follow a redirect. `/c/NAME/mcp` is the same with one collection.
fn routes(app: App) -> Router {
    let router = Router::new()
        .route("/", get(pages::home))
        .route("/style.css", get(pages::style))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/mcp", any(door::mcp))
        .route("/mcp/", any(door::mcp))
        .route("/c/{collection}/mcp", any(door::mcp_of_collection))
        .route("/c/{collection}/mcp/", any(door::mcp_of_collection))
        .route(&format!("{PAGE_PATH}{{*id}}"), get(pages::document));
    sign_in::add_routes(router, &app)
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .with_state(app.clone())
        .layer(from_fn_with_state(app, guard::guard))
        .layer(CatchPanicLayer::custom(refusal::panicked))
}

#[cfg(test)]
mod tests;
