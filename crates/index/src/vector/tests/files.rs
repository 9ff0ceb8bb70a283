//! Files: what is written is read, once, in order, and merges keep what they should.

use super::*;

#[test]
fn what_is_written_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let vectors = clustered(300, 5, 0.5, 1);
    let mut shuffled = keyed(1000, &vectors);
    shuffled.reverse();
    let record = write(dir.path(), 7, WIDE, shuffled).unwrap();
    assert_eq!((record.name.as_str(), record.rows), ("vectors-7.vec", 300));
    let opened = opened(dir.path(), &[record], None);
    opened.verify().unwrap();
    for (row, vector) in (0..).zip(&vectors) {
        let key = VectorKey(1000 + u64::from(row));
        assert_eq!((opened.row_of(key), opened.key(row)), (Some(row), key));
        assert!((opened.cosine(row, vector) - 1.0).abs() < 1e-5);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let off = opened.vector(row).iter().zip(vector).map(|(kept, value)| (kept - value / length).abs());
        assert!(off.fold(0.0, f32::max) < 1e-6);
    }
    assert_eq!((opened.row_of(VectorKey(999)), opened.row_of(VectorKey(1300))), (None, None));
}

#[test]
fn the_first_of_equal_keys_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, c] = [1, 2, 3].map(|seed| Random(seed).vector());
    let rows = [(5, &a), (3, &b), (5, &c)].map(|(key, vector)| (VectorKey(key), vector.clone()));
    let first = write(dir.path(), 1, WIDE, rows.to_vec()).unwrap();
    let second = stored(dir.path(), 2, 5, std::slice::from_ref(&b));
    let opened = opened(dir.path(), &[first, second], None);
    assert_eq!((opened.rows(), opened.row_of(VectorKey(5))), (3, Some(1)));
    assert!(opened.cosine(1, &a) > 0.999);
}

#[test]
fn nothing_is_a_file_too() {
    let dir = tempfile::tempdir().unwrap();
    let query = Random(1).vector();
    for files in [vec![], vec![stored(dir.path(), 1, 0, &[])]] {
        let opened = opened(dir.path(), &files, None);
        opened.verify().unwrap();
        assert_eq!((opened.rows(), opened.row_of(VectorKey(1))), (0, None));
        assert!(opened.nearest(&query, 10, &RowSet::full(5)).is_empty());
        assert_eq!(merge(dir.path(), 2, &opened, &|_| true).unwrap().rows, 0);
    }
}

#[test]
fn equal_rows_give_equal_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let vectors = clustered(200, 3, 0.5, 4);
    let mut shuffled = keyed(0, &vectors);
    shuffled.reverse();
    let first = stored(dir.path(), 1, 0, &vectors);
    assert_eq!(first.checksum, write(dir.path(), 2, WIDE, shuffled).unwrap().checksum);
    // What was read, written again, is the same, and so is what was merged.
    let opened = opened(dir.path(), std::slice::from_ref(&first), None);
    let read = (0..200).map(|row| (opened.key(row), opened.vector(row).to_vec())).collect();
    assert_eq!(first.checksum, write(dir.path(), 3, WIDE, read).unwrap().checksum);
    assert_eq!(first.checksum, merge(dir.path(), 4, &opened, &|_| true).unwrap().checksum);
}

#[test]
fn a_merge_keeps_exactly_what_it_is_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let vectors = clustered(500, 5, 0.5, 5);
    // Keys 0..200, 150..350, 400..500: the middle file repeats fifty of the first.
    let files = [(1, 0..200), (2, 150..350), (3, 400..500)]
        .map(|(number, range)| stored(dir.path(), number, range.start as u64, &vectors[range]));
    let sources = opened(dir.path(), &files, None);
    let merged = merge(dir.path(), 4, &sources, &|VectorKey(key)| key % 3 != 0).unwrap();
    let merged = opened(dir.path(), &[merged], None);
    merged.verify().unwrap();
    let expected: Vec<u64> = (0..350).chain(400..500).filter(|key| key % 3 != 0).collect();
    let found: Vec<u64> = (0..merged.rows()).map(|row| merged.key(row).0).collect();
    assert_eq!(found, expected);
    for row in 0..merged.rows() {
        let source = sources.row_of(merged.key(row)).unwrap();
        assert_eq!(merged.vector(row), sources.vector(source));
    }
    let query = Random(6).vector();
    let keys = |vectors: &Vectors, allowed: &RowSet| -> Vec<(VectorKey, f32)> {
        let hits = vectors.nearest(&query, 20, allowed);
        hits.iter().map(|(row, cosine)| (vectors.key(*row), *cosine)).collect()
    };
    let mut allowed = RowSet::empty(sources.rows());
    expected.iter().for_each(|key| {
        allowed.insert(sources.row_of(VectorKey(*key)).unwrap());
    });
    assert_eq!(keys(&merged, &RowSet::full(merged.rows())), keys(&sources, &allowed));
}

#[test]
fn what_cannot_be_kept_is_refused_by_key() {
    let dir = tempfile::tempdir().unwrap();
    let refused =
        |dimensions, vector| write(dir.path(), 1, dimensions, vec![(VectorKey(9), vector)]).unwrap_err();
    assert!(matches!(refused(4, vec![1.0; 3]), VectorError::VectorLength { key: 9, found: 3, wanted: 4 }));
    assert!(matches!(refused(2, vec![1.0, f32::NAN]), VectorError::NotFinite { key: 9 }));
    assert!(matches!(refused(0, vec![]), VectorError::DimensionsRange { found: 0, .. }));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a refusal leaves nothing behind");
    let zero = write(dir.path(), 1, WIDE, vec![(VectorKey(1), vec![0.0; WIDE])]).unwrap();
    assert_eq!(opened(dir.path(), &[zero], None).cosine(0, &Random(1).vector()), 0.0);
}

#[test]
fn a_number_used_anew_leaves_readers_their_file() {
    let dir = tempfile::tempdir().unwrap();
    let vectors = clustered(50, 5, 0.5, 8);
    let old = opened(dir.path(), &[stored(dir.path(), 1, 0, &vectors)], None);
    let before = old.vector(49).to_vec();
    stored(dir.path(), 1, 0, &vectors[..1]);
    assert_eq!(old.vector(49), before);
}

#[test]
fn records_name_all_their_files() {
    let dir = tempfile::tempdir().unwrap();
    let files = [1, 2].map(|number| stored(dir.path(), number, number * 100, &clustered(60, 5, 0.5, number)));
    let vectors = opened(dir.path(), &files, None);
    let graph = build_graph(dir.path(), 3, &vectors, 1, 0).unwrap();
    let mut names = files_of(&files, graph.as_ref());
    names.sort_unstable();
    let mut found: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(names, found);
}

fn check_first_to_merge(rows: &[u32], covered: u32, first: usize) {
    let record = |rows: &u32| VectorFileRecord { name: String::new(), rows: *rows, checksum: String::new() };
    let files: Vec<_> = rows.iter().map(record).collect();
    let (name, over, checksum) = (String::new(), String::new(), String::new());
    let graph = GraphRecord { name, rows: 0, files: covered, over, unreachable: 0, checksum };
    assert_eq!(
        first_to_merge(&files, (covered > 0).then_some(&graph)),
        first,
        "{rows:?}, {covered} in a graph"
    );
}

#[test]
fn of_too_many_vector_files_the_newest_are_merged_and_much_larger_ones_left_alone() {
    check_first_to_merge(&[], 0, 0);
    check_first_to_merge(&[9; 8], 0, 8);
    check_first_to_merge(&[9; 9], 0, 0);
    check_first_to_merge(&[40_000, 1, 1, 1, 1, 1, 1, 1, 1], 0, 1);
    check_first_to_merge(&[40_000, 8, 1, 1, 1, 1, 1, 1, 1], 0, 1);
    check_first_to_merge(&[40_000, 100, 1, 1, 1, 1, 1, 1, 1], 0, 2);
    check_first_to_merge(&[40_000, 100, 1, 1, 1, 1, 1, 1, 9_900], 0, 0);
    check_first_to_merge(&[8_192, 8_192, 8_192, 8_192, 6_000, 1, 1, 1, 1], 0, 0);
    // Each is much larger than all after it together: the two last are merged all the same.
    check_first_to_merge(&[600_000, 90_000, 17_000, 3_300, 650, 130, 26, 5, 1], 0, 7);
    check_first_to_merge(&[9; 9], 3, 9);
    check_first_to_merge(&[9; 12], 3, 3);
    check_first_to_merge(&[9; 12], 12, 12);
    check_first_to_merge(&[9, 9, 9, 9, 9, 9, 9, 9, 60_000, 1], 8, 10);
    check_first_to_merge(&[u32::MAX; 9], 0, 0);
}
