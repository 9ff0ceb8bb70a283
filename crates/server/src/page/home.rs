//! The front page: what this is, what it holds, and the address to copy.

use std::sync::Arc;

use ibid_index::snapshot::Snapshot;
use maud::{Markup, html};

use super::frame::{Frame, Menu, Place};
use super::moment;

/// What this is, what it holds, and the address to copy.
pub(crate) fn home(menu: &Menu, snapshots: &[Arc<Snapshot>], base: &str, now: u64) -> Markup {
    let body = html! {
        h1 { "ibid" }
        p { "Searches your notes; every answer is a citation that can be checked." }
        h2 { "Connect" }
        p { "Give this address to an MCP client (Streamable HTTP):" }
        p { code.id { (base) "/mcp" } }
        h2 { "Collections" }
        @if snapshots.is_empty() {
            p { "None yet. " code { "ibid index FOLDER" } " makes one." }
        } @else {
            table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Notes" } th scope="col" { "Indexed" } } }
                tbody {
                    @for snapshot in snapshots {
                        tr {
                            td { (snapshot.name()) }
                            td { (snapshot.documents()) }
                            td { (moment(snapshot.manifest().indexed_at, now)) }
                        }
                    }
                }
            }
        }
    };
    Frame { here: Some(Place::Search), ..Frame::new("ibid", menu) }.around(&body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::viewer::Viewer;

    #[test]
    fn the_front_page_gives_the_address_and_the_collections() {
        let garden = testing::garden();
        let page = home(
            &Menu::default(),
            &garden.library.snapshots(&Viewer::owner()).unwrap(),
            "http://127.0.0.1:7117",
            testing::INDEXED_AT,
        )
        .into_string();
        assert!(page.contains("http://127.0.0.1:7117/mcp") && page.contains("<td>garden</td><td>4</td>"));
    }
}
