//! Where the numbers are read: a listener of its own, with this one page and nothing else.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use http::uri::Authority;
use http::{HeaderValue, StatusCode, header};

use super::Metrics;
use crate::http::{internal_refusal, refused};
use crate::library::Library;
use crate::time::now;
use crate::viewer::Viewer;

/// What the text is.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

#[derive(Clone)]
struct Page {
    metrics: Arc<Metrics>,
    library: Arc<Library>,
    address: SocketAddr,
}

/// The page on a listener at `address`.
pub(crate) fn router(metrics: Arc<Metrics>, library: Arc<Library>, address: SocketAddr) -> Router {
    let page = Page { metrics, library, address };
    let nothing = || async { refused(StatusCode::NOT_FOUND, "not_found", "there is /metrics alone") };
    Router::new()
        .route("/metrics", get(text))
        .fallback(nothing)
        .method_not_allowed_fallback(nothing)
        .layer(from_fn_with_state(page.clone(), guard))
        .with_state(page)
}

/// On loopback a request names this machine: the page of a web site that points its own name here does not.
async fn guard(State(page): State<Page>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if page.address.ip().is_loopback() && !host.is_some_and(is_this_machine) {
        return refused(StatusCode::FORBIDDEN, "host", "this server does not go by that name");
    }
    next.run(request).await
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn text(State(Page { metrics, library, .. }): State<Page>) -> Response {
    let work = move |library: &Library| {
        let snapshots = library.snapshots(&Viewer::owner()).unwrap_or_else(|error| {
            tracing::error!(%error, "the collections cannot be counted");
            Vec::new()
        });
        metrics.text(&snapshots, now())
    };
    let Ok(Ok(text)) = library.run(work).await else { return internal_refusal() };
    let mut response = Response::new(text.into());
    response.headers_mut().insert(header::CONTENT_TYPE, OPEN_METRICS);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt as _;

    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn the_page_is_there_for_this_machine_alone_unless_asked_otherwise() {
        let garden = testing::garden();
        let ask = async |address: &str, method: &str, path: &str, host: &str| {
            let router = router(Arc::default(), garden.library.clone(), address.parse().unwrap());
            let request = Request::builder().method(method).uri(path).header("host", host);
            let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let status = response.status().as_u16();
            (
                status,
                String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap(),
            )
        };
        let (local, open) = ("127.0.0.1:9117", "0.0.0.0:9117");
        for (address, method, path, host, status) in [
            (local, "GET", "/metrics", "localhost:9117", 200),
            (local, "GET", "/metrics", "[::1]:9117", 200),
            (local, "GET", "/metrics", "evil.example", 403),
            (open, "GET", "/metrics", "ibid:9117", 200),
            (local, "GET", "/", "localhost", 404),
            (local, "GET", "/mcp", "localhost", 404),
            (local, "POST", "/metrics", "localhost", 404),
        ] {
            let (answered, body) = ask(address, method, path, host).await;
            assert_eq!(answered, status, "{method} {path} {host}: {body}");
            assert_eq!(body.ends_with("# EOF\n"), status == 200, "{body}");
        }
    }
}
