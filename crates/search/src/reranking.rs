//! The first passages of an answer in the order that a reranker gives them, which reads each beside the question. Which
//! passages there are, and what they score, is settled before.

use ibid_core::hit::Hit;
use ibid_core::query::Order;
use ibid_embed::{EmbedError, Reranker};
use ibid_index::snapshot::StoredChunk;

use crate::inquiry::Inquiry;
use crate::named::is_called;

/// How many of the first passages are read. More cost more, and what stands later is seldom what was looked for.
pub(crate) const RERANKED: usize = 20;

/// A hit with the passage that it shows.
pub(crate) struct Found {
    pub(crate) hit: Hit,
    pub(crate) passage: StoredChunk,
    /// The phrasing for which it is shown.
    pub(crate) phrasing: usize,
}

/// Whether the order of an answer is a reranker's to give: not where a filter alone was asked, or the newest first.
pub(crate) fn may_rerank(inquiries: &[Inquiry]) -> bool {
    inquiries
        .iter()
        .all(|inquiry| inquiry.question.order == Order::Best && !inquiry.question.plain.is_empty())
}

/// Puts the first hits in the order of what `reranker` says of them, each beside the phrasing for which it is shown; equal
/// ones stay as they were. Notes that the question calls by name stay first, and keep their order.
///
/// Costs a run of the reranker for each, side by side on all cores.
pub(crate) fn rerank(
    reranker: &Reranker,
    found: &mut [Found],
    inquiries: &[Inquiry],
) -> Result<(), EmbedError> {
    let called = found.iter().take_while(|found| is_called(found.hit.name)).count();
    let end = found.len().min(RERANKED).max(called);
    let read = &mut found[called..end];
    let texts: Vec<String> = read.iter().map(|found| read_text(&found.passage)).collect();
    let question = |found: &Found| inquiries[found.phrasing].question.plain.as_str();
    let pairs: Vec<(&str, &str)> =
        read.iter().zip(&texts).map(|(found, text)| (question(found), text.as_str())).collect();
    let scores = reranker.scores(&pairs, rayon::current_num_threads())?;
    for (found, score) in read.iter_mut().zip(scores) {
        found.hit.rerank = Some(score);
    }
    read.sort_by(|a, b| {
        let [a, b] = [a, b].map(|found| found.hit.rerank.unwrap_or_default());
        b.total_cmp(&a)
    });
    Ok(())
}

/// A passage as it is read: with its title and headings, without which many say little.
fn read_text(passage: &StoredChunk) -> String {
    let mut above: Vec<&str> = vec![passage.title.as_str()];
    above.extend(passage.headings.iter().map(String::as_str));
    above.dedup();
    format!("{}\n{}", above.join(" > "), passage.text)
}
