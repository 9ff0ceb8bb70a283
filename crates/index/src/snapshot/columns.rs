//! The columns of one segment: what is known of each chunk without reading it. What the values mean is the schema's.

use ibid_core::language::Language;
use tantivy::columnar::{Column, StrColumn};
use tantivy::{SegmentReader, TantivyError};

use crate::vector::VectorKey;

/// Open columns of a segment; a value is looked up by the chunk's number in it.
pub(super) struct SegmentColumns {
    /// `None` where no chunk of the segment has one; so for all that are optional.
    pub(super) vector_key: Option<Column<u64>>,
    pub(super) start: Column<u64>,
    pub(super) cited: Option<Column<u64>>,
    pub(super) link: Option<StrColumn>,
    pub(super) embed: Option<StrColumn>,
    pub(super) alias: Option<StrColumn>,
    pub(super) line: Column<u64>,
    pub(super) language: Column<u64>,
    pub(super) path: Option<StrColumn>,
    pub(super) modified: Column<u64>,
    pub(super) size: Column<u64>,
    pub(super) content: Column<u64>,
    pub(super) date: Column<i64>,
}

impl SegmentColumns {
    pub(super) fn open(reader: &SegmentReader) -> tantivy::Result<SegmentColumns> {
        let columns = reader.fast_fields();
        Ok(SegmentColumns {
            vector_key: columns.column_opt("vector_key")?,
            start: columns.u64("start")?,
            cited: columns.column_opt("cited")?,
            link: columns.str("link")?,
            embed: columns.str("embed")?,
            alias: columns.str("alias")?,
            line: columns.u64("line")?,
            language: columns.u64("language")?,
            path: columns.str("path")?,
            modified: columns.u64("modified")?,
            size: columns.u64("size")?,
            content: columns.u64("content")?,
            date: columns.i64("date")?,
        })
    }

    pub(super) fn vector_key_of(&self, doc: u32) -> Option<VectorKey> {
        self.vector_key.as_ref()?.first(doc).map(VectorKey)
    }

    pub(super) fn language_of(&self, doc: u32) -> Language {
        let number = self.language.first(doc).unwrap_or(0) as usize;
        Language::ALL.get(number).map_or_else(Language::default, |&(_, language)| language)
    }

    /// The paths of its chunks, decoded once for many lookups.
    pub(super) fn paths(&self) -> tantivy::Result<Paths<'_>> {
        let terms = self.path.as_ref().map_or_else(|| Ok(Vec::new()), terms_of)?;
        Ok(Paths { column: self.path.as_ref(), terms })
    }
}

/// The paths of a segment's documents, decoded.
pub(super) struct Paths<'a> {
    column: Option<&'a StrColumn>,
    terms: Vec<String>,
}

impl Paths<'_> {
    /// The path of a chunk's document.
    pub(super) fn of(&self, doc: u32) -> &str {
        let ord = self.column.and_then(|column| column.ords().first(doc));
        ord.map_or("", |ord| &self.terms[ord as usize])
    }
}

/// Every term of a column, in the order by which its chunks name them. Read from front to back: to look one up decodes all
/// before it in its block.
pub(super) fn terms_of(column: &StrColumn) -> tantivy::Result<Vec<String>> {
    let mut terms = Vec::with_capacity(column.num_terms());
    let mut stream = column.dictionary().stream()?;
    while stream.advance() {
        let term = std::str::from_utf8(stream.key());
        terms.push(term.map_err(|error| TantivyError::InternalError(error.to_string()))?.to_owned());
    }
    Ok(terms)
}
