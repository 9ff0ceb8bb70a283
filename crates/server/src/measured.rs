//! What was measured of the answers to judged questions, as the overview shows it. Who measures, and when, is the business
//! of whoever serves.

use std::sync::{Arc, Mutex, PoisonError};

/// The figures of one collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The collection.
    pub collection: String,
    /// The generation that was asked.
    pub generation: u64,
    /// When, in seconds since 1970.
    pub measured_at: u64,
    /// How many questions were asked.
    pub questions: usize,
    /// What the columns are: `ndcg@10`, `mrr@10`, …
    pub names: Vec<String>,
    /// A row for each mode: its name, and a value for each column; none where a measure does not apply.
    pub modes: Vec<(String, Vec<Option<f64>>)>,
}

/// The newest figures of every collection that has any. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    // Held for a copy, never across an await.
    all: Arc<Mutex<Vec<Measured>>>,
}

impl Figures {
    /// Puts figures in the place of earlier ones of their collection.
    pub fn put(&self, measured: Measured) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| known.collection != measured.collection);
        all.push(measured);
        all.sort_by(|a, b| a.collection.cmp(&b.collection));
    }

    /// All of them, by collection.
    pub(crate) fn all(&self) -> Vec<Measured> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_figures_replace_older_ones_of_the_same_collection() {
        let figures = Figures::default();
        for (collection, generation) in [("notes", 1), ("attic", 4), ("notes", 2)] {
            figures.put(Measured {
                collection: collection.to_owned(),
                generation,
                measured_at: 0,
                questions: 1,
                names: Vec::new(),
                modes: Vec::new(),
            });
        }
        let seen: Vec<_> = figures.all().into_iter().map(|of| (of.collection, of.generation)).collect();
        assert_eq!(seen, [("attic".to_owned(), 4), ("notes".to_owned(), 2)]);
    }
}
