//! Pages and their files as answers: the headers each of them has. What they show is made in [`crate::page`].

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use maud::Markup;

use crate::library::pictures::Picture;
use crate::page::asset::Asset;

/// A page. Nobody may frame it or keep it for others; it loads nothing from elsewhere, and runs and wears nothing that
/// stands within it. Its forms lead to this server.
pub(super) fn page(status: StatusCode, page: &Markup) -> Response {
    with_policy(
        status,
        page,
        "script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'",
    )
}

/// A page without a script; `leads_to` is where its forms may lead, as `form-action` has it.
pub(super) fn form_page(status: StatusCode, page: &Markup, leads_to: &str) -> Response {
    with_policy(status, page, &format!("base-uri 'none'; form-action {leads_to}"))
}

fn with_policy(status: StatusCode, page: &Markup, allowed: &str) -> Response {
    let policy = format!("default-src 'none'; style-src 'self'; {allowed}; frame-ancestors 'none'");
    let mut response = (status, Body::from(page.0.clone())).into_response();
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Only a host that stands in it could spoil it, and those are checked before: then no page is better than a free one.
    match HeaderValue::from_str(&policy) {
        Ok(policy) => drop(headers.insert(header::CONTENT_SECURITY_POLICY, policy)),
        Err(_) => return super::gate::internal(),
    }
    response
}

/// A file that pages load. Under an address that names its content it is kept for good, else asked about each time.
pub(super) fn asset(asset: &Asset, uri: &Uri, asked: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", asset.version());
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(asset.content).into_response(),
    };
    let names_content = uri.query().and_then(|query| query.strip_prefix("v=")) == Some(asset.version());
    let kept = if names_content { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// An image of a vault. Opened by itself it can do nothing either, and no other site can show it.
pub(super) fn picture(picture: Picture) -> Response {
    let mut response = Body::from(picture.bytes).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, picture.media_type),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "private, max-age=60"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
