//! From rows to edges: hnsw_rs chooses them, this flattens them and tries every row. Writes no file.

use hnsw_rs::anndists::dist::Distance;
use hnsw_rs::hnsw::Hnsw;
use rayon::prelude::*;

use super::links::{Links, NO_LINK, Shape};
use super::walk;
use crate::vector::kernel;
use crate::vector::quantised::Query;
use crate::vector::row_set::RowSet;
use crate::vector::table::Table;

/// Links of a row per upper layer (`M` of the paper); twice as many at the bottom.
const DEGREE: usize = 16;

/// How many neighbours are looked at to choose them (`ef_construction` of the paper).
const EF_CONSTRUCTION: usize = 200;

/// hnsw_rs has room for so many layers.
const MAX_LAYERS: usize = 16;

/// Rows inserted one after the other before threads begin: in a small graph they would only see each
/// other's unfinished work.
const FIRST_ROWS: u32 = 1_024;

/// The width of the beam with which a row must find itself: that of the smallest search, so that what is
/// found here is found there.
const SELF_CHECK_WIDTH: usize = crate::vector::RESCORE_MIN;

/// hnsw_rs is given row numbers for vectors; this looks them up in the files, so that they are not copied.
struct RowDistance<'a>(&'a Table);

impl Distance<u32> for RowDistance<'_> {
    /// One less the cosine by bytes. hnsw_rs asserts that distances are neither negative nor NaN: here they
    /// are neither, whatever the files hold.
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        let ((a, a_scale), (b, b_scale)) = (self.0.bytes(a[0]), self.0.bytes(b[0]));
        let cosine = kernel::byte_product(a, b) as f32 * a_scale * b_scale;
        if cosine.is_nan() { 2.0 } else { (1.0 - cosine).clamp(0.0, 2.0) }
    }
}

/// Chooses the edges of all rows. Gives the shape and the words of the graph but for the unreachable rows.
pub(super) fn connect(table: &Table, threads: usize) -> (Shape, Vec<u32>) {
    let hnsw: Hnsw<u32, RowDistance> =
        Hnsw::new(DEGREE, table.rows as usize, MAX_LAYERS, EF_CONSTRUCTION, RowDistance(table));
    let insert = |row: u32| hnsw.insert_slice((&[row], row as usize));
    let first = if threads > 1 { FIRST_ROWS.min(table.rows) } else { table.rows };
    (0..first).for_each(insert);
    (first..table.rows).into_par_iter().for_each(insert);
    flatten(&hnsw, table.rows)
}

fn flatten(hnsw: &Hnsw<u32, RowDistance>, rows: u32) -> (Shape, Vec<u32>) {
    let points = hnsw.get_point_indexation();
    let top = usize::from(hnsw.get_max_level_observed());
    let mut bottom = vec![NO_LINK; rows as usize * 2 * DEGREE];
    // For each upper layer its rows, each with its links.
    let mut upper: Vec<Vec<(u32, Vec<u32>)>> = vec![Vec::new(); top];
    let mut entry = 0;
    for level in 0..=top {
        for point in points.get_layer_iterator(level) {
            let row = point.get_origin_id() as u32;
            let neighbours = point.get_neighborhood_id();
            let links = |layer: usize| {
                let linked = neighbours[layer].iter().map(|neighbour| neighbour.d_id as u32);
                linked.filter(move |&link| link != row)
            };
            let place = &mut bottom[row as usize * 2 * DEGREE..][..2 * DEGREE];
            place.iter_mut().zip(links(0)).for_each(|(place, link)| *place = link);
            for layer in 1..=level {
                upper[layer - 1].push((row, links(layer).take(DEGREE).collect()));
            }
            // The lowest row of the highest layer: a choice that no thread can change.
            if level == top && (upper.last().is_none_or(|top| top.len() == 1) || row < entry) {
                entry = row;
            }
        }
    }
    let counts = upper.iter().map(|layer| layer.len() as u32).collect();
    let shape = Shape::of(rows, DEGREE as u32, entry, counts);
    let mut words = shape.header().to_vec();
    words.append(&mut bottom);
    for mut layer in upper {
        layer.sort_unstable();
        words.extend(layer.iter().map(|(row, _)| row));
        for (_, links) in layer {
            words.extend(links.iter().copied().chain(std::iter::repeat(NO_LINK)).take(DEGREE));
        }
    }
    (shape, words)
}

/// The rows that their own vector does not find, ascending.
///
/// Any such graph has some, most of them among near-duplicates: each neighbour's list is full of rows
/// nearer still, and no edge leads to the one that came last.
pub(super) fn unreachable(table: &Table, links: &Links) -> Vec<u32> {
    let all = RowSet::full(table.rows);
    (0..table.rows)
        .into_par_iter()
        .filter(|&row| {
            let query = Query::of(table.floats(row));
            let found = walk::beam(links, table, &query, SELF_CHECK_WIDTH, &all);
            !found.iter().any(|scored| scored.row == row)
        })
        .collect()
}
