//! What goes over the wire: answers and fetched words as the JSON that clients know. Converted by hand, so that no
//! type below this crate has a JSON form to keep.

use std::collections::BTreeMap;

use ibid_core::amount::rfc3339;
use ibid_core::citation::{Citation, Reference};
use ibid_core::hash::ContentHash;
use ibid_core::hit::{Answer, Hit, Searched};
use ibid_core::note::sentences;
use ibid_core::query::Offer;
use ibid_search::fetch::Fetched;
use ibid_search::related::{LinkedNote, Related, SimilarNote};
use serde::Serialize;

use crate::address::{answer_url, document_url, page_url};
use crate::library::Found;
use crate::outgoing::Done;

/// An answer of `search` and `search_notes`.
#[derive(Debug, Serialize)]
pub(crate) struct SearchOut {
    results: Vec<ResultOut>,
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    offers: Vec<OfferOut>,
    mode: &'static str,
    #[serde(rename = "match")]
    matches: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    indexed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    searched: Vec<SearchedOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_secrets: Option<usize>,
}

/// A filter that the question asks for in words.
#[derive(Debug, Serialize)]
struct OfferOut {
    said: String,
    adds: String,
}

#[derive(Debug, Serialize)]
struct ResultOut {
    id: String,
    #[serde(rename = "match")]
    matches: &'static str,
    title: String,
    url: String,
    text: String,
    start: u32,
    end: u32,
    answer_start: u32,
    answer_end: u32,
    line: u32,
    cut_before: bool,
    cut_after: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    table_head: Option<String>,
    collection: String,
    path: String,
    headings: Vec<String>,
    embedded_in: Vec<String>,
    also_in: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    found_by: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

#[derive(Debug, Serialize)]
struct SearchedOut {
    collection: String,
    generation: u64,
    indexed_at: String,
    documents: u64,
}

/// An answer of `fetch`.
#[derive(Debug, Serialize)]
pub(crate) struct FetchOut {
    id: String,
    title: String,
    text: String,
    url: String,
    start: u32,
    end: u32,
    metadata: BTreeMap<&'static str, String>,
}

impl SearchOut {
    /// `base` is where pages are; empty where there are none.
    pub(crate) fn new(found: Found, done: &Done, base: &str) -> SearchOut {
        let offer = |offer: &Offer| OfferOut { said: offer.said().to_owned(), adds: offer.adds() };
        let offers = found.answer.offers().map(offer).collect();
        let Found { answer: Answer { hits, mode, matches, searched, notes }, also } = found;
        let mut notes = sentences(&notes);
        notes.extend(also);
        notes.extend(done.notes());
        SearchOut {
            results: hits.into_iter().map(|hit| ResultOut::new(hit, base)).collect(),
            notes,
            offers,
            mode: mode.name(),
            matches: matches.name(),
            indexed_at: searched.iter().map(|searched| searched.indexed_at).min().map(rfc3339),
            generation: match searched.as_slice() {
                [one] => Some(one.generation),
                _ => None,
            },
            searched: searched.into_iter().map(SearchedOut::new).collect(),
            masked_secrets: Some(done.masked).filter(|masked| *masked > 0),
        }
    }
}

impl ResultOut {
    fn new(hit: Hit, base: &str) -> ResultOut {
        let Citation { document, span, .. } = &hit.citation;
        ResultOut {
            id: hit.citation.to_string(),
            matches: hit.matches.name(),
            title: hit.title,
            url: answer_url(base, &hit.citation, hit.answer),
            text: hit.snippet.text,
            start: span.start(),
            end: span.end(),
            answer_start: hit.answer.start(),
            answer_end: hit.answer.end(),
            line: hit.line,
            cut_before: hit.snippet.cut_before,
            cut_after: hit.snippet.cut_after,
            table_head: hit.snippet.table_head.map(|head| head.text),
            collection: document.collection.to_string(),
            path: document.path.to_string(),
            headings: hit.headings,
            embedded_in: hit.embedded_in.iter().map(|by| by.document.to_string()).collect(),
            also_in: hit.also_in.iter().map(|other| other.document.to_string()).collect(),
            found_by: hit.found_by,
            commit: hit.commit,
            address: hit.address,
        }
    }
}

impl SearchedOut {
    fn new(searched: Searched) -> SearchedOut {
        SearchedOut {
            collection: searched.collection.to_string(),
            generation: searched.generation,
            indexed_at: rfc3339(searched.indexed_at),
            documents: searched.documents,
        }
    }
}

/// An answer of `related`.
#[derive(Debug, Serialize)]
pub(crate) struct RelatedOut {
    id: String,
    title: String,
    links: Vec<LinkedOut>,
    backlinks: Vec<LinkedOut>,
    similar: Vec<SimilarOut>,
    dangling: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_secrets: Option<usize>,
}

#[derive(Debug, Serialize)]
struct LinkedOut {
    id: String,
    title: String,
    url: String,
    /// The citation of the passage in which the link stands.
    place: String,
    line: u32,
    embed: bool,
}

#[derive(Debug, Serialize)]
struct SimilarOut {
    id: String,
    title: String,
    url: String,
    /// The citation of the passage most alike.
    passage: String,
    cosine: f32,
}

impl RelatedOut {
    pub(crate) fn new(related: Related, done: &Done, base: &str) -> RelatedOut {
        let linked = |note: LinkedNote| LinkedOut {
            id: note.document.to_string(),
            title: note.title,
            url: document_url(base, &note.document),
            place: note.place.to_string(),
            line: note.line,
            embed: note.embed,
        };
        let similar = |note: SimilarNote| SimilarOut {
            id: note.document.to_string(),
            title: note.title,
            url: document_url(base, &note.document),
            passage: note.passage.to_string(),
            cosine: note.cosine,
        };
        RelatedOut {
            id: related.document.to_string(),
            title: related.title,
            links: related.links.into_iter().map(linked).collect(),
            backlinks: related.backlinks.into_iter().map(linked).collect(),
            similar: related.similar.into_iter().map(similar).collect(),
            dangling: related.dangling,
            notes: done.notes(),
            masked_secrets: Some(done.masked).filter(|masked| *masked > 0),
        }
    }
}

impl FetchOut {
    /// `asked` is the id that was fetched: a whole note keeps its id, a quote that moved gets its new one.
    pub(crate) fn new(asked: &Reference, fetched: Fetched, done: &Done, base: &str) -> FetchOut {
        let (id, url) = match asked {
            Reference::Quote(_) | Reference::Part { .. } => {
                (fetched.cited.to_string(), page_url(base, &fetched.cited))
            }
            Reference::Document(document) => (document.to_string(), document_url(base, document)),
        };
        FetchOut {
            url,
            start: fetched.cited.span.start(),
            end: fetched.cited.span.end(),
            metadata: metadata(asked, &id, &fetched, done),
            id,
            title: fetched.stored.document.title,
            text: fetched.text,
        }
    }
}

fn metadata(asked: &Reference, id: &str, fetched: &Fetched, done: &Done) -> BTreeMap<&'static str, String> {
    let (cited, window, stored) = (&fetched.cited.span, &fetched.window, &fetched.stored);
    let mut metadata = BTreeMap::from([
        ("collection", fetched.document.collection.to_string()),
        ("path", fetched.document.path.to_string()),
        ("citation", fetched.cited.to_string()),
        ("line", fetched.line.to_string()),
        ("byte_start", cited.start().to_string()),
        ("byte_end", cited.end().to_string()),
        ("text_start", window.start().to_string()),
        ("text_end", window.end().to_string()),
        ("omitted_before", window.start().to_string()),
        ("omitted_after", (stored.text_bytes.saturating_sub(window.end())).to_string()),
        ("indexed_at", rfc3339(fetched.indexed_at)),
        ("generation", fetched.generation.to_string()),
    ]);
    let quote = quote_in_window(fetched).filter(|quote| quote.len() == cited.len() as usize);
    // A hash of words with a secret in them is what guesses at the secret can be tried on.
    let quote = quote.filter(|_| !done.quote_is_masked);
    let nothing_masked = done.masked == 0;
    let moved_from = match asked {
        Reference::Quote(citation) => Some(citation.to_string()).filter(|asked| asked != id),
        Reference::Part { .. } | Reference::Document(_) => None,
    };
    let sometimes = [
        ("document_blake3", nothing_masked.then(|| stored.content_hash.clone())),
        ("masked_secrets", (!nothing_masked).then(|| done.masked.to_string())),
        ("unseen_characters", done.unseen.summary()),
        ("quote_blake3", quote.map(|quote| ContentHash::of(quote.as_bytes()).to_string())),
        ("headings", (!fetched.headings.is_empty()).then(|| fetched.headings.join(" > "))),
        ("tags", (!stored.document.tags.is_empty()).then(|| stored.document.tags.join(", "))),
        ("previous", fetched.previous.as_ref().map(ToString::to_string)),
        ("next", fetched.next.as_ref().map(ToString::to_string)),
        ("decoded_from", stored.decoded_from.clone()),
        ("commit", fetched.commit.clone()),
        ("address", stored.address.clone()),
        ("anchor", fetched.anchor.clone()),
        ("moved_from", moved_from),
    ];
    metadata.extend(sometimes.into_iter().filter_map(|(name, value)| Some((name, value?))));
    metadata
}

/// The cited bytes as far as the window holds them.
pub(crate) fn quote_in_window(fetched: &Fetched) -> Option<&str> {
    let (cited, window) = (fetched.cited.span, fetched.window);
    let start = cited.start().checked_sub(window.start())?;
    let end = cited.end().min(window.end()).checked_sub(window.start())?;
    fetched.text.get(start as usize..end as usize)
}
