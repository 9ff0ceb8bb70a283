//! The HTTP face: which paths there are, and what a request passes before it reaches one. Every refusal is JSON, also
//! those that rmcp would say in plain text.

mod door;
mod guard;
mod refusal;
mod routes;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use ibid_core::citation::PAGE_PATH;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::Site;
use crate::library::Library;
use crate::mcp::Handler;

/// The most bytes of a request's body. The longest question fits a hundred times.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The most requests in flight; the next one is told to come again.
const MAX_IN_FLIGHT: usize = 256;

/// What every handler may use.
#[derive(Clone)]
struct App {
    library: Arc<Library>,
    site: Arc<Site>,
    in_flight: Arc<Semaphore>,
    mcp: StreamableHttpService<Handler, NeverSessionManager>,
}

/// All paths, guarded. Both `/mcp` and `/mcp/` answer: clients do not follow a redirect.
pub(crate) fn router(library: Arc<Library>, site: Site) -> Router {
    // Hosts and origins are the guard's business, so that pages are guarded as well.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let served = library.clone();
    let mcp = StreamableHttpService::new(
        move || Ok(Handler::new(served.clone())),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let app = App { library, site: Arc::new(site), in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)), mcp };
    Router::new()
        .route("/", get(routes::home))
        .route("/style.css", get(routes::style))
        .route("/healthz", get(routes::healthz))
        .route("/readyz", get(routes::readyz))
        .route("/mcp", any(door::mcp))
        .route("/mcp/", any(door::mcp))
        .route(&format!("{PAGE_PATH}{{*id}}"), get(routes::document))
        .fallback(routes::not_found)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .with_state(app.clone())
        .layer(from_fn_with_state(app, guard::guard))
        .layer(CatchPanicLayer::custom(refusal::panicked))
}

#[cfg(test)]
mod tests;
