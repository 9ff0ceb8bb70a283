//! Where a document or a quote can be opened: the address of its page, the URI of its resource, and back.

use std::fmt::Display;

use ibid_core::citation::{Citation, CitationError, PAGE_PATH, Reference};
use ibid_core::id::DocumentId;
use ibid_core::span::Span;
use percent_encoding::{CONTROLS, utf8_percent_encode};

/// What begins the URI of a resource.
pub(crate) const RESOURCE_SCHEME: &str = "ibid://";

/// The fragment at which a browser finds the cited words on their page.
pub(crate) const CITED: &str = "cited";

/// What an address says of the place of an answer within its quote, in bytes of the note: `at=start-end`.
pub(crate) const AT: &str = "at";

/// The page that shows a quote, under a server's base address; empty where there is no server.
pub fn page_url(base: &str, citation: &Citation) -> String {
    match base {
        "" => String::new(),
        base => format!("{base}{}#{CITED}", page_path(citation)),
    }
}

/// The page that shows a quote and opens at `answer` in it, under a server's base address; empty where there is no server.
pub fn answer_url(base: &str, citation: &Citation, answer: Span) -> String {
    match base {
        "" => String::new(),
        base => format!("{base}{}", answer_path(citation, answer)),
    }
}

/// The path of the page that opens at an answer; that of the quote where it holds none.
pub(crate) fn answer_path(citation: &Citation, answer: Span) -> String {
    let at = if answer.is_empty() { String::new() } else { format!("?{AT}={answer}") };
    format!("{}{at}#{CITED}", page_path(citation))
}

/// The page that shows a document, under a server's base address; empty where there is no server.
pub fn document_url(base: &str, document: &DocumentId) -> String {
    match base {
        "" => String::new(),
        base => format!("{base}{}", page_path(document)),
    }
}

/// The path of the page for an id.
pub(crate) fn page_path(id: impl Display) -> String {
    format!("{PAGE_PATH}{}", page_id(id))
}

/// An id as it stands in a path: its text needs only its letters outside ASCII escaped.
pub(crate) fn page_id(id: impl Display) -> String {
    ascii(&id.to_string())
}

/// The URI of a document as a resource: the collection where a host stands, so that every URI parser takes it.
pub(crate) fn resource_uri(document: &DocumentId) -> String {
    format!("{RESOURCE_SCHEME}{}/{}", document.collection, resource_path(document))
}

/// The path part of [`resource_uri`].
pub(crate) fn resource_path(document: &DocumentId) -> String {
    let id = document.to_string();
    let path = id.split_once(':').map_or(id.as_str(), |(_, path)| path);
    ascii(path)
}

/// What a resource's URI names; an id written right after the scheme is understood too.
pub(crate) fn reference_of_resource(uri: &str) -> Result<Reference, CitationError> {
    let rest = uri.strip_prefix(RESOURCE_SCHEME).ok_or(CitationError::NoCollection)?;
    match rest.split_once('/') {
        Some((collection, path)) if !collection.contains(':') => format!("{collection}:{path}").parse(),
        _ => rest.parse(),
    }
}

fn ascii(id: &str) -> String {
    utf8_percent_encode(id, CONTROLS).to_string()
}

#[cfg(test)]
mod tests {
    use ibid_core::hash::QuoteHash;
    use ibid_core::id::DocumentPath;

    use super::*;

    const PATHS: [&str; 6] = [
        "Bread/Levain.md",
        "Pain de campagne.md",
        "日本/味噌.md",
        "100%20.md",
        "a@b:c#d?e.md",
        "_x_/<y>\"z\".md",
    ];

    fn citation(path: &str) -> Citation {
        let document =
            DocumentId { collection: "garden".parse().unwrap(), path: DocumentPath::new(path).unwrap() };
        Citation { document, hash: QuoteHash::of("flour"), span: Span::claimed(3, 8).unwrap() }
    }

    #[test]
    fn a_page_address_leads_back_to_its_citation() {
        for path in PATHS {
            let cited = citation(path);
            let url = page_url("http://127.0.0.1:7117", &cited);
            assert!(url.is_ascii() && url.ends_with("#cited"), "{url}");
            assert!(url.parse::<http::Uri>().is_ok(), "{url}");
            assert_eq!(url.parse(), Ok(Reference::Quote(cited)));
        }
        assert_eq!(page_url("", &citation("a.md")), "");
        let cited = citation("a.md");
        let at = |start, end| answer_url("https://n.example", &cited, Span::claimed(start, end).unwrap());
        assert!(at(4, 6).ends_with(":3-8?at=4-6#cited"), "{}", at(4, 6));
        assert_eq!(at(4, 6).parse(), Ok(Reference::Quote(cited.clone())));
        assert_eq!(at(3, 3), page_url("https://n.example", &cited));
        assert_eq!(
            document_url("https://n.example", &citation("味 b.md").document),
            "https://n.example/d/garden:%E5%91%B3%20b.md"
        );
    }

    #[test]
    fn a_resource_uri_leads_back_to_its_document() {
        for path in PATHS {
            let cited = citation(path);
            let uri = resource_uri(&cited.document);
            assert!(uri.is_ascii() && uri.starts_with("ibid://garden/"), "{uri}");
            assert_eq!(reference_of_resource(&uri), Ok(Reference::Document(cited.document.clone())));
            let quote = format!("{uri}@{}:{}", cited.hash, cited.span);
            assert_eq!(reference_of_resource(&quote), Ok(Reference::Quote(cited.clone())));
            assert_eq!(reference_of_resource(&format!("ibid://{cited}")), Ok(Reference::Quote(cited)));
        }
    }

    #[test]
    fn another_uri_is_no_resource() {
        for uri in
            ["", "ibid://", "ibid://garden", "ibid://garden/", "file:///etc/passwd", "ibid://garden/../x"]
        {
            assert!(reference_of_resource(uri).is_err(), "{uri}");
        }
    }
}
