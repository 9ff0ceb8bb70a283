//! A set of rows, one bit each. Says nothing about what makes a row a member.

use std::ops::Range;

const WORD: u32 = u64::BITS;

/// Which of the rows `0..capacity` are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    capacity: u32,
}

impl RowSet {
    /// Holds none of `capacity` rows.
    pub fn empty(capacity: u32) -> RowSet {
        RowSet { words: vec![0; capacity.div_ceil(WORD) as usize], capacity }
    }

    /// Holds all of `capacity` rows.
    pub fn full(capacity: u32) -> RowSet {
        let mut words = vec![u64::MAX; capacity.div_ceil(WORD) as usize];
        if let Some(last) = words.last_mut()
            && !capacity.is_multiple_of(WORD)
        {
            *last = low_bits(capacity % WORD);
        }
        RowSet { words, capacity }
    }

    /// How many rows it could hold; all others it never contains.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Adds a row; says whether it was absent. A row beyond the capacity is not added.
    pub fn insert(&mut self, row: u32) -> bool {
        let absent = row < self.capacity && !self.contains(row);
        if absent {
            self.words[(row / WORD) as usize] |= 1 << (row % WORD);
        }
        absent
    }

    /// Takes a row out; says whether it was there.
    pub fn remove(&mut self, row: u32) -> bool {
        let present = self.contains(row);
        if present {
            self.words[(row / WORD) as usize] &= !(1 << (row % WORD));
        }
        present
    }

    /// Says whether the row is a member.
    pub fn contains(&self, row: u32) -> bool {
        self.words.get((row / WORD) as usize).is_some_and(|word| word >> (row % WORD) & 1 == 1)
    }

    /// Counts the members: a pass over the words.
    pub fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Says whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Keeps only what `other` holds too.
    pub fn intersect(&mut self, other: &RowSet) {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        for (word, other) in self.words.iter_mut().zip(others) {
            *word &= other;
        }
    }

    /// The members, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.within(0..self.capacity)
    }

    /// The members within a range, ascending; costs a step per 64 rows and one per member.
    pub(super) fn within(&self, rows: Range<u32>) -> impl Iterator<Item = u32> + '_ {
        self.words_within(rows).flat_map(|(base, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                word &= word.wrapping_sub(1);
                (bit < WORD).then_some(base + bit)
            })
        })
    }

    /// Hands the members within a range to `each`, ascending. Some times as fast as [`RowSet::within`], whose steps are
    /// too many for the compiler to see through.
    pub(super) fn visit(&self, rows: Range<u32>, mut each: impl FnMut(u32)) {
        for (base, mut word) in self.words_within(rows) {
            while word != 0 {
                each(base + word.trailing_zeros());
                word &= word - 1;
            }
        }
    }

    /// The words of a range, each with its first row, without the members outside the range.
    fn words_within(&self, rows: Range<u32>) -> impl Iterator<Item = (u32, u64)> + '_ {
        let rows = rows.start.min(self.capacity)..rows.end.min(self.capacity);
        let words =
            rows.start / WORD..if rows.is_empty() { rows.start / WORD } else { rows.end.div_ceil(WORD) };
        words.map(move |index| {
            let base = index * WORD;
            let mut word = self.words[index as usize];
            if base < rows.start {
                word &= !low_bits(rows.start - base);
            }
            if rows.end - base < WORD {
                word &= low_bits(rows.end - base);
            }
            (base, word)
        })
    }
}

/// A word whose lowest `count` bits are set; `count` is below 64.
fn low_bits(count: u32) -> u64 {
    (1 << count) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(capacity: u32, members: &[u32], rows: Range<u32>, expected: &[u32]) {
        let mut set = RowSet::empty(capacity);
        for &member in members {
            assert!(set.insert(member), "{member} was absent");
        }
        let mut visited = Vec::new();
        set.visit(rows.clone(), |row| visited.push(row));
        assert_eq!(visited, expected);
        assert_eq!(set.within(rows).collect::<Vec<_>>(), expected);
        assert_eq!(set.iter().collect::<Vec<_>>(), members);
        assert_eq!(set.len() as usize, members.len());
    }

    #[test]
    fn a_range_is_cut_out_at_every_place() {
        let members = [0, 1, 62, 63, 64, 65, 127, 128, 129];
        for start in 0..=130 {
            for end in start..=131 {
                let expected: Vec<u32> =
                    members.iter().copied().filter(|row| (start..end).contains(row)).collect();
                check(130, &members, start..end, &expected);
            }
        }
    }

    #[test]
    fn a_full_set_holds_exactly_its_rows() {
        for capacity in [0, 1, 63, 64, 65, 128, 200] {
            let set = RowSet::full(capacity);
            assert_eq!(set.iter().collect::<Vec<_>>(), (0..capacity).collect::<Vec<_>>());
            assert!(!set.contains(capacity));
        }
    }

    #[test]
    fn what_is_removed_or_not_shared_is_gone() {
        let mut set = RowSet::full(100);
        assert!(set.remove(7) && !set.remove(7) && !set.remove(100) && !set.insert(100));
        let mut other = RowSet::empty(70);
        other.insert(7);
        other.insert(8);
        set.intersect(&other);
        assert_eq!(set.iter().collect::<Vec<_>>(), [8]);
        assert!(!set.is_empty() && RowSet::empty(0).is_empty());
    }
}
