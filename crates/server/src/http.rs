//! The HTTP face: which paths there are, and what a request passes before it reaches one. Every refusal is JSON, also
//! those that rmcp would say in plain text.

mod account;
mod activity;
mod answer;
mod connect;
mod cookie;
mod door;
mod gate;
mod guard;
mod overview;
mod owner;
mod pages;
mod refusal;
mod schemes;
mod search;
mod sign_in;
mod sse;
mod streams;
mod visit;

pub(crate) use gate::internal as internal_refusal;
pub(crate) use refusal::refusal as refused;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{any, get, post};
use futures_util::future::BoxFuture;
use ibid_core::citation::PAGE_PATH;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::audit::AuditId;
use crate::config::Site;
use crate::crowd::Crowd;
use crate::library::Library;
use crate::mcp::Handler;
use crate::metrics::Metrics;
use crate::oauth::limits::Limits;
use crate::outgoing::Outgoing;
use crate::page::asset::Asset;
use crate::page::render::around::IMAGE_PATH;
use crate::viewer::Viewer;
use crate::walk::Walks;

pub(crate) use streams::Streams;

/// The most bytes of a request's body. The longest question fits a hundred times.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The most requests in flight; the next one is told to come again.
const MAX_IN_FLIGHT: usize = 256;

/// The most of one principal among them, and of those who are on their way in: of one address, and of all. Their bodies
/// may be slow to come, and what they ask for takes a while.
const MAX_OF_PRINCIPAL: usize = 64;
const MAX_OF_STRANGER: usize = 16;
const MAX_OF_STRANGERS: usize = 64;

/// The longest a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

type Mcp = Arc<dyn Fn(&App, Viewer, Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// What every handler may use.
#[derive(Clone)]
struct App {
    library: Arc<Library>,
    site: Arc<Site>,
    in_flight: Arc<Semaphore>,
    principals: Arc<Crowd>,
    strangers: Arc<Crowd>,
    limits: Arc<Limits>,
    /// The longest a request may take, its body's arrival included.
    request_timeout: Duration,
    outgoing: Arc<Outgoing>,
    /// What answers MCP, for one caller; all else is the same whatever it is.
    mcp: Mcp,
    streams: Arc<Streams>,
    metrics: Arc<Metrics>,
    /// How entries of the audit log are named.
    audit_ids: fn() -> AuditId,
    /// The doctor's last walk.
    walks: Walks,
}

/// Every path of a server on `library`, guarded, and counted in `metrics`. Whoever stops it closes the `streams`.
pub(crate) fn router(
    library: Arc<Library>,
    site: Site,
    outgoing: Arc<Outgoing>,
    streams: Arc<Streams>,
    metrics: Arc<Metrics>,
) -> Router {
    routes(App { streams, metrics, ..app(library, site, outgoing) })
}

fn app(library: Arc<Library>, site: Site, outgoing: Arc<Outgoing>) -> App {
    App {
        library,
        site: Arc::new(site),
        in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
        principals: Arc::new(Crowd::new(MAX_OF_PRINCIPAL, MAX_IN_FLIGHT)),
        strangers: Arc::new(Crowd::new(MAX_OF_STRANGER, MAX_OF_STRANGERS)),
        limits: Arc::new(Limits::default()),
        request_timeout: REQUEST_TIMEOUT,
        outgoing,
        mcp: Arc::new(answer),
        streams: Arc::default(),
        metrics: Arc::default(),
        audit_ids: AuditId::drawn,
        walks: Walks::default(),
    }
}

/// Answers MCP as this server does.
fn answer(app: &App, viewer: Viewer, request: Request) -> BoxFuture<'static, Response> {
    let handler = Handler::new(app.library.clone(), viewer, app.outgoing.clone());
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        Arc::<NeverSessionManager>::default(),
        mcp_config(),
    );
    Box::pin(async move { service.handle(request).await.map(Body::new) })
}

/// How rmcp speaks MCP: one request, one answer, nothing kept between them. Hosts and origins are the guard's business, so
/// that pages are guarded as well.
fn mcp_config() -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .disable_allowed_hosts()
        .disable_allowed_origins()
}

/// `/mcp` and `/mcp/` answer alike, and so with the others: clients do not follow a redirect. `/c/NAME/mcp` is the same
/// with one collection.
fn routes(app: App) -> Router {
    let router = Router::new()
        .route("/", get(search::search))
        .route("/search", get(search::search))
        .route(&format!("{IMAGE_PATH}{{*id}}"), get(pages::picture))
        .route("/overview", get(overview::show))
        .route("/activity", get(activity::show))
        .route("/activity/revoke", post(activity::revoke))
        .route("/connect", get(connect::show))
        .route("/connect/steps", get(connect::steps))
        .route("/connect/walk", post(connect::walk))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route(&format!("{PAGE_PATH}{{*id}}"), get(pages::document));
    let mut router =
        Asset::ALL.iter().fold(router, |router, asset| router.route(asset.path, get(pages::asset)));
    for slash in ["", "/"] {
        router = router
            .route(&format!("/mcp{slash}"), any(door::mcp))
            .route(&format!("/sse{slash}"), get(sse::open))
            .route(&format!("/message{slash}"), post(sse::message))
            .route(&format!("/c/{{collection}}/mcp{slash}"), any(door::mcp_of_collection))
            .route(&format!("/c/{{collection}}/sse{slash}"), get(sse::open_of_collection))
            .route(&format!("/c/{{collection}}/message{slash}"), post(sse::message_of_collection));
    }
    sign_in::add_routes(router, &app)
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .with_state(app.clone())
        .layer(from_fn_with_state(app, guard::guard))
        .layer(CatchPanicLayer::custom(refusal::panicked))
}

#[cfg(test)]
mod tests;
