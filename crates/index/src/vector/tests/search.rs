//! Searches: the scan against plain floats, the graph against the scan.

use super::*;

/// The true nearest of the allowed rows, by plain floats.
fn truth(vectors: &Vectors, query: &[f32], k: usize, allowed: &RowSet) -> Vec<u32> {
    let mut all: Vec<(u32, f32)> = allowed
        .iter()
        .map(|row| (row, vectors.vector(row).iter().zip(query).map(|(a, b)| a * b).sum()))
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.iter().take(k).map(|(row, _)| *row).collect()
}

/// The part of the true nearest that is found, over all questions.
fn recall(vectors: &Vectors, questions: &[Vec<f32>], k: usize, allowed: &RowSet) -> f64 {
    let (mut found, mut wanted) = (0, 0);
    for question in questions {
        let truth = truth(vectors, question, k, allowed);
        let hits = vectors.nearest(question, k, allowed);
        assert!(hits.iter().all(|(row, _)| allowed.contains(*row)), "only allowed rows are given back");
        assert!(hits.is_sorted_by(|a, b| (b.1, a.0) <= (a.1, b.0)), "best first, equals by row");
        assert_eq!(hits.len(), truth.len());
        found += hits.iter().filter(|(row, _)| truth.contains(row)).count();
        wanted += truth.len();
    }
    found as f64 / wanted as f64
}

/// Stores all but the last 40 of the vectors, asks with these, and checks the recall of the scan with every `step`-th
/// row allowed.
fn check_scan(mut made: Vec<Vec<f32>>, step: usize) {
    let dir = tempfile::tempdir().unwrap();
    let rows = made.len() - 40;
    let questions = made.split_off(rows);
    let files =
        [stored(dir.path(), 1, 0, &made[..rows / 3]), stored(dir.path(), 2, rows as u64, &made[rows / 3..])];
    let vectors = Vectors::open(dir.path(), made[0].len(), &files, None).unwrap();
    let allowed = every(rows as u32, step as u32 / 2, step);
    for k in [1, 10, 100] {
        let found = recall(&vectors, &questions, k, &allowed);
        assert!(found >= 0.995, "recall@{k} of {rows} by {step}: {found}");
    }
}

#[test]
fn the_scan_finds_what_floats_find() {
    for rows in [3, 1_000, 40_000] {
        check_scan(clustered(rows + 40, 50, 0.5, rows as u64), 1);
    }
}

#[test]
fn the_scan_finds_what_floats_find_among_few() {
    for rows in [1_000, 40_000] {
        check_scan(clustered(rows + 40, 50, 0.5, rows as u64), 100);
    }
}

#[test]
fn comparing_signs_first_loses_nothing_that_matters() {
    for step in [1, 2] {
        check_scan(turned(&clustered(16_040, 50, 0.5, 5), 256, 6), step);
    }
}

/// Few numbers of such a question are large, and its signs know nothing of that: they alone found .93 to .98 of the ten
/// nearest, in the mean over such worlds.
#[test]
fn a_question_whose_direction_lies_in_few_numbers_finds_its_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let mut made = turned(&[clustered(16_000, 50, 0.5, 5), clustered(40, 50, 0.5, 99)].concat(), 384, 6);
    let mut questions = made.split_off(16_000);
    questions.iter_mut().flatten().for_each(|value| *value = value.powi(3));
    let files = [stored(dir.path(), 1, 0, &made)];
    let vectors = Vectors::open(dir.path(), 384, &files, None).unwrap();
    let found = recall(&vectors, &questions, 10, &RowSet::full(16_000));
    assert!(found >= 0.995, "{found}");
}

#[test]
fn equal_vectors_are_given_by_row_whether_signs_are_compared_or_not() {
    for (rows, wide) in [(1_000, 256), (10_000, 256), (10_000, 300), (10_000, 384), (10_000, WIDE)] {
        let dir = tempfile::tempdir().unwrap();
        let few = turned(&clustered(100, 10, 0.5, 3), wide, 4);
        let made: Vec<Vec<f32>> = (0..rows).map(|row| few[row % 100].clone()).collect();
        let files = [stored(dir.path(), 1, 0, &made)];
        let vectors = Vectors::open(dir.path(), wide, &files, None).unwrap();
        let found = vectors.nearest(&few[0], 10, &RowSet::full(rows as u32));
        assert_eq!(rows_of(&found), (0..10).map(|at| at * 100).collect::<Vec<u32>>());
    }
}

#[test]
fn a_question_without_direction_is_answered_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let vectors = opened(dir.path(), &[stored(dir.path(), 1, 0, &clustered(20, 2, 0.5, 1))], None);
    for odd in [0.0, f32::NAN, f32::INFINITY] {
        let hits = vectors.nearest(&[odd; WIDE], 2, &RowSet::full(20));
        assert_eq!(hits, [(0, 0.0), (1, 0.0)]);
    }
    assert!(vectors.nearest(&[1.0; WIDE], 0, &RowSet::full(20)).is_empty());
    assert!(vectors.nearest(&[1.0; WIDE], 9, &RowSet::empty(20)).is_empty());
}

#[test]
fn the_graph_finds_what_the_scan_finds() {
    let dir = tempfile::tempdir().unwrap();
    let mut made = clustered(4_540, 50, 0.5, 11);
    let questions = made.split_off(4_500);
    let first = [stored(dir.path(), 1, 0, &made[..1_000]), stored(dir.path(), 2, 1_000, &made[1_000..4_000])];
    let plain = opened(dir.path(), &first, None);
    let record = build_graph(dir.path(), 3, &plain, 2, 1_000).unwrap().unwrap();
    assert!(build_graph(dir.path(), 4, &plain, 2, 4_001).unwrap().is_none());
    assert!(record.fits(&first) && !record.fits(&first[..1]) && !wants_rebuild(&record, 4_000, 4_000));
    let check = |files: &[VectorFileRecord], allowed: &RowSet, what: &str| {
        let walked = opened(dir.path(), files, Some(&record));
        walked.verify().unwrap();
        for k in [10, 40] {
            let found = recall(&walked, &questions, k, allowed);
            assert!(found >= 0.99, "recall@{k} {what}: {found}");
        }
    };
    check(&first, &RowSet::full(4_000), "as built");
    check(&first, &every(4_000, 1, 3), "after removals");
    check(&first, &every(4_000, 5, 100), "with few allowed");
    let more = [first.to_vec(), vec![stored(dir.path(), 5, 4_000, &made[4_000..])]].concat();
    check(&more, &RowSet::full(4_500), "with rows added");
    check(&more, &every(4_500, 0, 2), "with rows added and removed");
}

#[test]
fn every_row_finds_itself_though_the_graph_loses_some() {
    let dir = tempfile::tempdir().unwrap();
    let mut lost = 0;
    for (number, spread) in [(1, 0.3), (3, 0.02)] {
        let made = clustered(3_000, 5, spread, 13);
        let files = [stored(dir.path(), number, 0, &made)];
        // One thread: which rows are lost must not change from run to run.
        let record = build_graph(dir.path(), number + 1, &opened(dir.path(), &files, None), 1, 0);
        let record = record.unwrap().unwrap();
        lost += record.unreachable;
        let walked = opened(dir.path(), &files, Some(&record));
        let all = RowSet::full(3_000);
        for (row, vector) in (0..).zip(&made) {
            let hits = walked.nearest(vector, 10, &all);
            assert_eq!(hits[0].0, row, "at {spread}");
        }
    }
    assert!(lost > 0, "the vectors are alike enough to try it");
}

#[test]
fn rows_without_end_of_the_same_are_left_to_the_scan() {
    let dir = tempfile::tempdir().unwrap();
    let made = vec![Random(1).vector(); 2_500];
    let files = [stored(dir.path(), 1, 0, &made)];
    let plain = opened(dir.path(), &files, None);
    assert_eq!(build_graph(dir.path(), 2, &plain, 2, 0).unwrap(), None);
}

#[test]
fn one_thread_builds_the_same_graph_twice() {
    let dir = tempfile::tempdir().unwrap();
    let vectors = opened(dir.path(), &[stored(dir.path(), 1, 0, &clustered(1_500, 20, 0.5, 17))], None);
    let [first, second] =
        [2, 3].map(|number| build_graph(dir.path(), number, &vectors, 1, 0).unwrap().unwrap());
    assert_eq!(first.checksum, second.checksum);
}

#[test]
fn a_graph_of_other_files_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let files = [1, 2].map(|seed| stored(dir.path(), seed, 0, &clustered(200, 5, 0.5, seed)));
    let vectors = opened(dir.path(), &files[..1], None);
    let record = build_graph(dir.path(), 3, &vectors, 1, 0).unwrap().unwrap();
    let refused = Vectors::open(dir.path(), WIDE, &files[1..], Some(&record)).err().unwrap();
    assert!(matches!(refused, VectorError::OtherFiles { path } if path.ends_with("graph-3.hnsw")));
}

#[test]
fn a_graph_is_built_anew_when_a_quarter_is_stale() {
    let record = |rows| GraphRecord {
        name: String::new(),
        rows,
        files: 1,
        over: String::new(),
        unreachable: 0,
        checksum: String::new(),
    };
    for (covered, rows, alive, expected) in [
        (100, 100, 100, false),
        (100, 100, 75, false),
        (100, 100, 74, true),
        (75, 100, 100, false),
        (74, 100, 100, true),
        (90, 100, 84, true),
    ] {
        assert_eq!(wants_rebuild(&record(covered), rows, alive), expected, "{covered} {rows} {alive}");
    }
}
