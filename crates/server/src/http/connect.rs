//! `/connect`, for owners: what to paste where, and the doctor's walk. A form begins it or calls it off; the page shows how
//! far it is, and `/connect/steps` that part alone, for the script that looks again and again. How it looks is told in
//! [`crate::page::connect`].

use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{StatusCode, Uri};

use super::App;
use super::answer::page;
use super::owner::Owner;
use super::sign_in::{query_of, read_form, redirect};
use super::visit::Visit;
use crate::page::connect::{self, Connect, walker};
use crate::page::problem;
use crate::time::now;
use crate::walk::UnderWay;

/// The purpose of the proof in the form.
const PROOF: &str = "walk";

/// The longest that a browser without a script waits for the page after the walk.
const REST_WITHIN: Duration = Duration::from_secs(15);

pub(super) async fn show(State(app): State<App>, owner: Owner, visit: Visit, uri: Uri) -> Response {
    let address = format!("{}/mcp", visit.base);
    let said = query_of(&uri).one("said").ok().flatten().and_then(|said| match said {
        "busy" => Some("One is under way already: this is how far it is."),
        _ => None,
    });
    let shown = Connect {
        guides: app.site.guides.of(&address),
        is_local: !app.site.is_public(),
        address,
        walked: app.walks.last(),
        proof: owner.proof(PROOF),
        said,
    };
    page(StatusCode::OK, &connect::page(&visit.menu, &shown, now()))
}

/// How far the walk is, and nothing around it.
pub(super) async fn steps(State(app): State<App>, _owner: Owner) -> Response {
    page(StatusCode::OK, &connect::walk(app.walks.last().as_ref(), now()))
}

/// Begins a walk or calls it off. Where no script looks after it, the answer waits until there is something to see.
pub(super) async fn walk(State(app): State<App>, owner: Owner, visit: Visit, request: Request) -> Response {
    let Some(form) = read_form(request).await.filter(|form| owner.sent(form, PROOF)) else {
        let why = "The form did not come from a page of this server in this browser, or the server was started anew since. \
                   Load the page again.";
        return page(StatusCode::FORBIDDEN, &problem(&visit.menu, "Nothing was walked", why, None));
    };
    let field = |name| form.one(name).ok().flatten().unwrap_or_default();
    let begun = match field("do") {
        "stop" => {
            app.walks.call_off();
            Ok(())
        }
        _ => {
            let Some(walker) = walker(field("as")) else {
                let why = "Choose whose way is walked.";
                return page(StatusCode::BAD_REQUEST, &problem(&visit.menu, "Nothing was walked", why, None));
            };
            // The address the server has for itself: a request may name any port.
            app.walks.begin(format!("{}/mcp", app.site.own_base()), walker, now())
        }
    };
    if field("live").is_empty() {
        app.walks.rest(REST_WITHIN).await;
    }
    match begun {
        Ok(()) => redirect("/connect#check"),
        Err(UnderWay) => redirect("/connect?said=busy#check"),
    }
}
