//! What stands around a note, for one viewer: where its links lead, and the words it embeds. All of it is read from the
//! snapshots that the viewer is served from, so what they may not see is not there.

use std::sync::Arc;

use ibid_core::citation::Reference;
use ibid_core::id::{DocumentId, DocumentPath};
use ibid_index::snapshot::Snapshot;
use ibid_search::FetchError;
use ibid_search::fetch::fetch;

use crate::outgoing::Outgoing;
use crate::page::render::around::{Around, Embedded};

/// The notes that one viewer sees at one moment.
pub(crate) struct Vault<'a> {
    snapshots: &'a [Arc<Snapshot>],
    /// What masks secrets on their way out; nothing does on the owner's own machine.
    outgoing: Option<&'a Outgoing>,
}

impl<'a> Vault<'a> {
    pub(crate) fn new(snapshots: &'a [Arc<Snapshot>], outgoing: Option<&'a Outgoing>) -> Vault<'a> {
        Vault { snapshots, outgoing }
    }
}

impl Around for Vault<'_> {
    fn note(&self, from: &DocumentId, target: &str) -> Option<DocumentId> {
        let snapshot = self.snapshots.iter().find(|snapshot| *snapshot.name() == from.collection)?;
        let told = |error| tracing::error!(%error, "links cannot be read");
        let graph = snapshot.links().map_err(told).ok()?;
        let path = graph.path(graph.resolve(from.path.as_str(), target)?);
        Some(DocumentId { collection: from.collection.clone(), path: DocumentPath::new(path)? })
    }

    fn words(&self, of: &DocumentId, anchor: Option<&str>, max_bytes: usize) -> Option<Embedded> {
        let reference = match anchor {
            Some(anchor) => Reference::Part { document: of.clone(), anchor: anchor.to_owned() },
            None => Reference::Document(of.clone()),
        };
        let mut fetched = match fetch(self.snapshots, &reference) {
            Ok(fetched) => fetched,
            Err(FetchError::Read(error)) => {
                tracing::error!(%error, "what a note embeds cannot be read");
                return None;
            }
            Err(_) => return None,
        };
        if let Some(outgoing) = self.outgoing {
            let told = |error| tracing::error!(%error, "what a note embeds cannot be masked");
            outgoing.fetched(self.snapshots, &mut fetched).map_err(told).ok()?;
        }
        let (cited, window) = (fetched.cited.span, fetched.window);
        let start = cited.start().max(window.start());
        let from = (start - window.start()) as usize;
        let to = (cited.end().min(window.end()).saturating_sub(window.start()) as usize).max(from);
        let to = fetched.text.floor_char_boundary(to.min(from + max_bytes)).max(from);
        let is_cut = start as usize + to - from < cited.end() as usize
            || (anchor.is_none() && window.end() < fetched.stored.text_bytes);
        Some(Embedded {
            text: fetched.text.get(from..to)?.to_owned(),
            document: fetched.stored.document,
            start: start as usize,
            is_cut,
        })
    }
}

#[cfg(test)]
mod tests {
    use ibid_core::grant::Grant;

    use super::*;
    use crate::library::Library;
    use crate::page::reader::{Reading, View};
    use crate::testing::{self, Note};
    use crate::viewer::Viewer;
    use ibid_core::private::Private;

    /// What a viewer is shown of a note in a vault where another is private and a third lies in `Diary`.
    fn shown(viewer: &Viewer, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let store = ibid_index::store::Store::at(folder.path());
        let key = "AKIAQ7ZP3MXK5LTB2WRD";
        let notes = [
            Note { path: "Note.md", title: "Note", text },
            Note { path: "Secret plan.md", title: "Secret plan", text: "#private the plan\n" },
            Note { path: "Diary/Monday.md", title: "Monday", text: "It rained.\n" },
            Note { path: "Keys.md", title: "Keys", text: &format!("the key is {key}\n") },
        ];
        testing::index(&store, "vault", &notes);
        let library = Library::open(store, None, Box::new(|_| panic!("no collection has a model"))).unwrap();
        let asked: Reference = "vault:Note.md".parse().unwrap();
        let fetched = library.fetch(viewer, &asked).unwrap();
        let snapshots = library.snapshots(viewer).unwrap();
        let outgoing = testing::outgoing();
        let vault = Vault::new(&snapshots, viewer.is_remote().then_some(&*outgoing));
        Reading::new(asked, fetched, View::Rendered, None, &vault).text
    }

    fn elsewhere(rules: &[&str]) -> Viewer {
        Viewer::remote(Grant::parse(rules).unwrap(), &Private::default()).unwrap()
    }

    #[test]
    fn what_may_not_be_seen_is_as_what_is_not_there() {
        let text = "![[Secret plan]] [[Secret plan]] [[Monday]] ![[Monday]] [a](Diary/Monday.md)\n";
        let own = shown(&Viewer::owner(), text);
        assert!(own.contains("the plan") && own.contains("It rained.") && !own.contains("dangling"), "{own}");
        let other = shown(&elsewhere(&["-path:Diary"]), text);
        assert!(
            !other.contains("the plan") && !other.contains("rained") && !other.contains("href=\"/d/"),
            "{other}"
        );
        let absent =
            shown(&Viewer::owner(), &text.replace("Secret plan", "Never there").replace("Monday", "Neverx"));
        let renamed = other.replace("Secret plan", "Never there").replace("Monday", "Neverx");
        assert_eq!(renamed, absent, "nothing tells the two apart");
    }

    #[test]
    fn what_is_embedded_is_masked_on_its_way_out() {
        let text = "![[Keys]]\n";
        assert!(shown(&Viewer::owner(), text).contains("AKIAQ7ZP3MXK5LTB2WRD"));
        let other = shown(&elsewhere(&[]), text);
        assert!(other.contains("the key is ********************") && !other.contains("AKIA"), "{other}");
    }
}
