//! Walking a graph towards a question: down the layers greedily, then a beam along the bottom.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::links::Links;
use crate::vector::best::Scored;
use crate::vector::quantised::Query;
use crate::vector::row_set::RowSet;
use crate::vector::table::Table;

/// The nearest allowed rows that a beam of `width` finds, in no order; at most `width` of them.
///
/// Rows that are not allowed are passed through but not kept: the beam widens by itself until it holds
/// enough of the others. Ends in any case, as no row is visited twice.
pub(super) fn beam(
    links: &Links,
    table: &Table,
    query: &Query,
    width: usize,
    allowed: &RowSet,
) -> Vec<Scored> {
    let start = descend(links, table, query);
    let mut visited = RowSet::empty(links.shape.rows);
    visited.insert(start.row);
    let mut frontier = BinaryHeap::from([Reverse(start)]);
    // The worst on top: it is the one to beat.
    let mut found = BinaryHeap::new();
    if allowed.contains(start.row) && width > 0 {
        found.push(start);
    }
    let mut fresh = Vec::new();
    while let Some(Reverse(nearest)) = frontier.pop() {
        if found.len() >= width && found.peek().is_none_or(|worst| nearest > *worst) {
            break;
        }
        fresh.clear();
        fresh.extend(links.of(0, nearest.row).filter(|&row| visited.insert(row)));
        table.score(query, fresh.iter().copied(), |scored| {
            if found.len() < width || found.peek().is_some_and(|worst| scored < *worst) {
                frontier.push(Reverse(scored));
                if allowed.contains(scored.row) {
                    found.push(scored);
                    if found.len() > width {
                        found.pop();
                    }
                }
            }
        });
    }
    found.into_vec()
}

/// Where to begin at the bottom: each upper layer is followed as long as it leads nearer.
fn descend(links: &Links, table: &Table, query: &Query) -> Scored {
    let mut here = Scored::at(links.entry(), f32::NEG_INFINITY);
    table.score(query, [here.row].into_iter(), |scored| here = scored);
    for layer in (1..=links.top()).rev() {
        loop {
            let mut next = here;
            table.score(query, links.of(layer, here.row), |scored| next = next.min(scored));
            if next == here {
                break;
            }
            here = next;
        }
    }
    here
}
