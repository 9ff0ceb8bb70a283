//! What the front page shows below the box for a question: what there is to ask, and the address for clients.

use std::sync::Arc;

use ibid_index::snapshot::Snapshot;
use maud::{Markup, html};

use super::moment;

/// The collections and the address, below the box for a question.
pub(crate) fn collections(snapshots: &[Arc<Snapshot>], base: &str, now: u64) -> Markup {
    html! {
        section {
            h2 { "Collections" }
            @if snapshots.is_empty() {
                p { "None yet. " code { "ibid index FOLDER" } " makes one." }
            } @else {
                div.scroll {
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
            }
        }
        section {
            h2 { "Connect" }
            p {
                "Give this address to an MCP client (Streamable HTTP): "
                code.id #mcp-address { (base) "/mcp" } " "
                button type="button" data-copy-from="mcp-address" data-scripted { "Copy" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::viewer::Viewer;

    #[test]
    fn the_front_page_gives_the_address_and_the_collections() {
        let garden = testing::garden();
        let page = collections(
            &garden.library.snapshots(&Viewer::owner()).unwrap(),
            "http://127.0.0.1:7117",
            testing::INDEXED_AT,
        )
        .into_string();
        assert!(page.contains("http://127.0.0.1:7117/mcp") && page.contains("<td>garden</td><td>4</td>"));
    }
}
