//! The words of ibid, and nothing that touches the world.
//!
//! Every other crate speaks in these types. There is no I/O here, no clock, no environment, no index:
//! what is in this crate can be reasoned about, and tested, on paper.
//!
//! # Glossary
//!
//! | word | meaning |
//! | --- | --- |
//! | source | where documents come from: a folder, a vault |
//! | vault | an Obsidian folder as a source |
//! | collection | a named set of documents that can be asked alone |
//! | document | one text with a path, a title, and structure |
//! | text | the bytes of a document as they were indexed; for UTF-8 files the bytes on disk |
//! | span | a half-open byte range in one text, on character boundaries |
//! | quote | the exact bytes of a span |
//! | chunk | a span of a document that is indexed and embedded |
//! | heading path | the headings above a chunk, outermost first |
//! | context | title and heading path, put before a chunk's words for the embedder only |
//! | citation | document, span and hash: leads back to the quote, and tells when it changed |
//! | generation | everything one commit made: words, vectors, texts |
//! | snapshot | one generation as a reader holds it while commits go on |
//! | leg | one ranked list within a query: lexical or semantic |
//! | candidate | what one leg found, before fusion |
//! | hit | a candidate after fusion, cited |
//! | answer | the hits, and what was not searched, given back for a query |
//! | link, backlink | a link leads from a document to another; there it is a backlink |
//! | embed | a link that stands for the words it leads to (`![[note]]`) |
//! | anchor | what a link names within a document: a heading, or a block by its `^name` |
//! | dangling | of a link: leading to no document of the collection |
//! | snippet | the part of a quote that is shown, with the matched words marked |
//! | grant | what one caller may see and use, as rules that allow and rules that deny |
//! | viewer | a caller as the server sees one: a grant, whether it asks from elsewhere, and what is never shown there |
//! | score | comparable within one leg or one answer only; `rank` starts at 1 |

pub mod address;
pub mod amount;
pub mod chunk;
pub mod citation;
pub mod comment;
pub mod document;
pub mod front_matter;
pub mod fusion;
pub mod grant;
pub mod hash;
pub mod hit;
pub mod id;
pub mod language;
pub mod links;
pub mod mark;
pub mod note;
pub mod private;
pub mod query;
pub mod ranking;
pub mod span;
pub mod task;
