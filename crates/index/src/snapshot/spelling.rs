//! What a filter may have meant that no note passes: tags and properties of other notes that are spelt nearly so.

use std::collections::BTreeMap;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;
use tantivy::schema::Field;

use super::Snapshot;
use super::allow::Rule;
use crate::error::ReadError;
use crate::writer::property_term;

/// A shorter tag or property has neighbours that mean something else.
const MIN_CHARS: usize = 3;
/// Nobody guesses what is longer, and what is built to look for it grows with its length (30 kB a character).
const MAX_CHARS: usize = 64;
/// From this many characters on, two slips are forgiven.
const MIN_TWICE_MISSPELT_CHARS: usize = 6;

impl Snapshot {
    /// The tags, or the properties as `key` or `key=value`, that are spelt nearly as the one a rule demands, each with how
    /// many of the notes seen have it, that one left out. Empty for other rules, and for what is very short or long.
    ///
    /// Costs a walk of all tags or properties, and a look at the chunks that have a near one.
    pub fn spelt_nearly(&self, rule: &Rule<'_>) -> Result<BTreeMap<String, u64>, ReadError> {
        match rule {
            Rule::Tag(tag) => self.terms_near(self.fields.tag, &tag.to_lowercase()),
            Rule::Property(key, value) => self.terms_near(self.fields.property, &property_term(key, *value)),
            _ => Ok(BTreeMap::new()),
        }
    }

    fn terms_near(&self, field: Field, wanted: &str) -> Result<BTreeMap<String, u64>, ReadError> {
        let notes = |term: &str| {
            let documents = self.documents_with(Term::from_field_text(field, term))?;
            Ok::<_, ReadError>(documents.len() as u64)
        };
        let slips = match wanted.chars().count() {
            MIN_TWICE_MISSPELT_CHARS..=MAX_CHARS => 2,
            MIN_CHARS..MIN_TWICE_MISSPELT_CHARS => 1,
            _ => return Ok(BTreeMap::new()),
        };
        let query = FuzzyTermQuery::new(Term::from_field_text(field, wanted), slips, true);
        let automaton = query.automaton().map_err(|error| self.read_error(error))?;
        let mut near = BTreeMap::new();
        for reader in self.searcher.segment_readers() {
            let inverted = reader.inverted_index(field).map_err(|error| self.read_error(error))?;
            let terms = inverted.terms().search(&automaton).into_stream();
            let mut terms = terms.map_err(|error| self.read_error(error.into()))?;
            while let Some((term, _)) = terms.next() {
                let Ok(term) = std::str::from_utf8(term) else { continue };
                let is_compared_by = term.contains(char::is_control);
                if !is_compared_by && term != wanted && !near.contains_key(term) {
                    near.insert(term.to_owned(), notes(term)?);
                }
            }
        }
        near.retain(|_, notes| *notes > 0);
        Ok(near)
    }
}
